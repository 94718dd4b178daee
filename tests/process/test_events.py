"""Events: those who subscribed hear what happens, in order, and who does not read holds up nobody."""
import json
import os
import signal
import socket
import subprocess
import unittest

from control import Request, cluster, frontend, remove_backend, schema
from harness import BINARY, ProcessTest, free_port, http_body, until


def name(event):
    return schema.EventKind.Name(event.kind)


class Subscriber:
    def __init__(self, test, seki):
        self.control = seki.control()
        test.addCleanup(self.control.close)
        self.control.send(Request(subscribe_events=schema.SubscribeEvents()))
        test.assertEqual(self.next(), ("main", "EVENTS_SUBSCRIBED"))

    def receive(self):
        response = self.control.receive()
        assert response.status == schema.PROCESSING
        return response

    def next(self):
        response = self.receive()
        return response.message, name(response.content.event)

    def next_of_main(self):
        """What workers tell, when they have let go of what was removed, comes at any time."""
        while (event := self.next())[0] != "main":
            pass
        return event

    def until(self, wanted):
        """All up to the event of this kind, which comes last."""
        while True:
            response = self.receive()
            if name(response.content.event) == wanted:
                return response


class Events(ProcessTest):
    def test_what_is_done_as_one_is_told_as_one(self):
        seki = self.http(self.backend())
        subscriber = Subscriber(self, seki)
        path = str(seki.folder / "state.json")
        with seki.control() as control:
            control.ask(Request(save_state=path))
            self.assertEqual(subscriber.next_of_main(), ("main", "STATE_SAVED"))
            control.ask(Request(remove_cluster="web"))
            self.assertEqual(subscriber.next_of_main(), ("main", "CLUSTER_REMOVED"))
            control.ask(Request(load_state=path))
            self.assertEqual(subscriber.next_of_main(), ("main", "STATE_LOADED"))
            control.ask(Request(remove_cluster="web"))
            self.assertEqual(subscriber.next_of_main(), ("main", "CLUSTER_REMOVED"))
            control.ask(Request(reload=schema.Reload(dry_run=True, exact=True)))
            control.ask(Request(reload=schema.Reload(exact=True)))
            self.assertEqual(subscriber.next_of_main(), ("main", "CONFIGURATION_RELOADED"))
            several = [Request(add_cluster=cluster("one")), Request(add_cluster=cluster("two"))]
            control.ask(Request(apply_changes=schema.ChangeSet(changes=several)))
            self.assertEqual([subscriber.next_of_main()[1] for _ in range(2)], ["CLUSTER_ADDED"] * 2)

    def test_changes_are_told_in_order_to_each_subscriber(self):
        seki = self.http(self.backend())
        subscribers = [Subscriber(self, seki) for _ in range(2)]
        self.assertEqual(subscribers[0].next(), ("main", "EVENTS_SUBSCRIBED"))
        with seki.control() as control:
            for number in range(20):
                control.ask(Request(add_cluster=cluster(f"c{number}")))
            control.ask(Request(add_http_frontend=frontend(seki.address, "b.example", "c1")))
            control.ask(Request(remove_http_frontend=frontend(seki.address, "b.example", "c1")))
            control.ask(Request(remove_cluster="c1"))
            control.ask(Request(Logging="info"))
            control.ask(Request(configure_metrics=schema.CLEAR))
        for subscriber in subscribers:
            events = [subscriber.receive().content.event for _ in range(25)]
            self.assertEqual([event.cluster_id for event in events[:20]], [f"c{number}" for number in range(20)])
            self.assertEqual([name(event) for event in events[20:]],
                             ["FRONTEND_ADDED", "FRONTEND_REMOVED", "CLUSTER_REMOVED", "LOGGING_LEVEL_CHANGED",
                              "METRICS_CONFIGURED"])
            self.assertEqual(events[20].address.port, seki.address[1])

    def test_listeners_come_and_go(self):
        seki = self.http(self.backend())
        subscriber = Subscriber(self, seki)
        address = f"{seki.ip}:{free_port(seki.ip)}"
        for verb in ("add", "activate", "deactivate", "remove"):
            done = seki.ctl("listener", "http", verb, "-a", address)
            self.assertEqual(done.code, 0, done)
        kinds = [subscriber.next()[1] for _ in range(4)]
        self.assertEqual(kinds, ["LISTENER_ADDED", "LISTENER_ACTIVATED", "LISTENER_DEACTIVATED", "LISTENER_REMOVED"])

    def test_backends_that_fail_and_work_again_are_told_by_workers(self):
        backend = self.backend()
        seki = self.http(backend)
        subscriber = Subscriber(self, seki)
        backend.close()
        until(lambda: seki.get().status == 503, "the backend to fail")
        down = subscriber.until("BACKEND_DOWN")
        self.assertRegex(down.message, r"^\d+$")
        self.assertEqual((down.content.event.cluster_id, down.content.event.backend_id), ("web", "backend"))
        self.assertEqual(down.content.event.address.port, int(backend.text.rsplit(":", 1)[1]))
        self.assertEqual(subscriber.until("NO_AVAILABLE_BACKENDS").content.event.cluster_id, "web")

    def test_a_removed_backend_is_told_when_its_last_connection_ends(self):
        backend = self.backend()
        seki = self.http(backend)
        self.assertEqual(seki.get().status, 200)
        subscriber = Subscriber(self, seki)
        pair = (backend.text.rsplit(":", 1)[0], int(backend.text.rsplit(":", 1)[1]))
        with seki.control() as control:
            control.ask(remove_backend("web", "backend", pair))
        released = subscriber.until("REMOVED_BACKEND_HAS_NO_CONNECTIONS").content.event
        self.assertEqual(released.backend_id, "backend")

    def test_a_worker_that_is_killed_and_replaced_is_told(self):
        seki = self.http(self.backend())
        subscriber = Subscriber(self, seki)
        os.kill(seki.worker_pids()[0], signal.SIGKILL)
        self.assertEqual(subscriber.until("WORKER_KILLED").message, "0")
        self.assertEqual(subscriber.until("WORKER_RELAUNCHED").message, "1")

    def test_a_stop_is_told(self):
        seki = self.http(self.backend())
        subscriber = Subscriber(self, seki)
        seki.signal(signal.SIGTERM)
        self.assertEqual(subscriber.until("SOZU_STOP_REQUESTED").message, "main")

    def test_other_verbs_go_on_on_the_same_connection(self):
        seki = self.http(self.backend())
        subscriber = Subscriber(self, seki)
        subscriber.control.send(Request(list_workers=schema.ListWorkers()))
        self.assertEqual(len(subscriber.control.final().content.workers.vec), 1)

    def test_who_does_not_read_loses_events_and_is_told_how_many(self):
        seki = self.http(self.backend())
        subscriber = Subscriber(self, seki)
        subscriber.control._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        changes = 6000
        ids = "x" * 200
        with seki.control() as control:
            for number in range(changes):
                control.send(Request(add_cluster=cluster(f"{ids}{number % 2}")))
                control.send(Request(remove_cluster=f"{ids}{number % 2}"))
                control.final()
                control.final()
        seen = lost = 0
        while seen + lost < 2 * changes:
            response = subscriber.receive()
            for warning in response.warnings:
                lost += int(warning.split()[0])
            seen += response.content.HasField("event")
        self.assertEqual(seen + lost, 2 * changes)
        self.assertGreater(lost, 0)

    def test_the_command_line_prints_them(self):
        seki = self.http(self.backend())
        with subprocess.Popen([BINARY, "-c", seki.config, "--json", "events"], stdout=subprocess.PIPE,
                              text=True) as follower:
            try:
                self.assertIn("EVENTS_SUBSCRIBED", follower.stdout.readline())
                with seki.control() as control:
                    control.ask(Request(add_cluster=cluster("shop")))
                event = json.loads(follower.stdout.readline())
                self.assertEqual(event["source"], "main")
                self.assertIn("shop", json.dumps(event))
            finally:
                follower.terminate()


class Audit(ProcessTest):
    def entries(self, path):
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []

    def audited(self, **settings):
        seki = self.instance(audit_logs_target="audit.log", audit_logs_json_target="audit.json", **settings)
        seki.body = http_body(seki.text, self.backend())
        return seki.start()

    def test_every_verb_is_written_with_who_asked_and_what_came_of_it(self):
        seki = self.audited()
        path = seki.folder / "audit.json"
        with seki.control() as control:
            control.ask(Request(add_cluster=cluster("shop")))
            control.send(Request(remove_cluster="nobody\n\x1b[2J"))
            self.assertEqual(control.final().status, schema.FAILURE)
            control.ask(Request(query_clusters_hashes=schema.QueryClustersHashes()))
        until(lambda: any(entry["verb"] == "query_clusters_hashes" for entry in self.entries(path)), "the last entry")
        entries = [entry for entry in self.entries(path) if entry["verb"] != "status"]
        self.assertEqual([(entry["verb"], entry["result"]) for entry in entries],
                         [("cluster_added", "ok"), ("cluster_removed", "err"), ("query_clusters_hashes", "ok")])
        for entry in entries:
            self.assertEqual((entry["actor"]["uid"], entry["actor"]["pid"]), (os.getuid(), os.getpid()))
        self.assertEqual(len({entry["session_ulid"] for entry in entries}), 1)
        self.assertEqual(entries[0]["target"], "cluster:shop")
        text = (seki.folder / "audit.log").read_text(encoding="utf-8")
        self.assertNotIn("\x1b", text)
        self.assertEqual(text.count("\n"), text.count("\tAUDIT\tCommand("))
        self.assertEqual((seki.folder / "audit.log").stat().st_mode & 0o777, 0o640)

    def test_actions_are_counted(self):
        seki = self.audited()
        with seki.control() as control:
            control.ask(Request(add_cluster=cluster("shop")))
            query = schema.QueryMetricsOptions(list=False, no_clusters=True, workers=False)
            main = control.ask(Request(query_metrics=query)).content.metrics.main
        self.assertEqual(main["config.cluster_added"].count, 1)

    def test_who_may_only_read_changes_nothing(self):
        seki = self.audited(command_readonly_uids=[os.getuid()], command_socket_mode="0660")
        self.assertEqual(os.stat(seki.socket_path).st_mode & 0o777, 0o660)
        with seki.control() as control:
            control.ask(Request(list_workers=schema.ListWorkers()))
            control.send(Request(add_cluster=cluster("shop")))
            answer = control.final()
            self.assertEqual(answer.status, schema.FAILURE)
            self.assertIn("may only read", answer.message)
        until(lambda: any(entry["verb"] == "cluster_added" and entry["result"] == "err"
                          for entry in self.entries(seki.folder / "audit.json")), "the refusal to be written")

    def test_a_mode_that_locks_the_owner_out_is_refused(self):
        for mode in ("0060", "1777", "abc", "0o600"):
            seki = self.instance(command_socket_mode=mode)
            seki.write_config()
            done = seki.ctl("config", "check")
            self.assertEqual(done.code, 1, mode)
            self.assertIn("command_socket_mode", done.err)


if __name__ == "__main__":
    unittest.main()
