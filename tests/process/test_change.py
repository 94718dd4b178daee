"""Changes while the proxy runs: OK means that every worker serves the new state."""
import resource
import threading
import unittest

import wire
from backend import Gate
from control import (Control, Refused, Request, add_backend, address_of, cluster, frontend, remove_backend, schema)
from harness import ProcessTest, free_port


class Changes(ProcessTest):
    def everybody_answers(self, seki, connections=20, **how):
        """Bodies that fresh connections get; enough of them to meet every worker."""
        return {seki.get(**how).body for _ in range(connections)}

    def test_a_backend_is_added_and_removed_by_the_command_line(self):
        one, two = self.backend("one"), self.backend("two")
        seki = self.http(one, worker_count=2)
        self.assertEqual(self.everybody_answers(seki), {b"one"})

        identity = ["--id", "web", "--backend-id", "two", "--address", two.text]
        added = seki.ctl("--json", "backend", "add", *identity)
        self.assertEqual(added.code, 0, added)
        self.assertEqual(self.everybody_answers(seki), {b"one", b"two"})

        removed = seki.ctl("backend", "remove", *identity)
        self.assertEqual(removed.code, 0, removed)
        self.assertIn("Success", removed.out)
        self.assertEqual(self.everybody_answers(seki), {b"one"})

    def test_a_backend_is_taken_out_of_service_and_comes_back(self):
        one, two = self.backend("one"), self.backend("two")
        seki = self.http(one, two, worker_count=2)
        identity = ["--id", "web", "--backend-id", "two", "--address", two.text]
        for state, answers in (("drain", {b"one"}), ("maintenance", {b"one"}), ("ready", {b"one", b"two"})):
            done = seki.ctl("backend", "set-state", *identity, state)
            self.assertEqual(done.code, 0, done)
            self.assertEqual(self.everybody_answers(seki), answers)
            self.assertIn(state.upper(), seki.ctl("cluster", "list", "--id", "web").out)
        self.assertEqual(seki.ctl("backend", "set-state", "--id", "web", "--backend-id", "three", "--address",
                                  two.text, "drain").code, 1)

    def test_a_backend_is_added_and_removed_by_the_protocol(self):
        one, two = self.backend("one"), self.backend("two")
        seki = self.http(one, worker_count=2)
        with seki.control() as control:
            control.ask(add_backend("web", "two", two.address))
            self.assertEqual(self.everybody_answers(seki), {b"one", b"two"})
            control.ask(remove_backend("web", "one", one.address))
            self.assertEqual(self.everybody_answers(seki), {b"two"})

    def test_a_backend_that_is_added_with_weight_zero_gets_its_share(self):
        one, two = self.backend("one"), self.backend("two")
        seki = self.http(one)
        request = add_backend("web", "two", two.address)
        request.add_backend.load_balancing_parameters.weight = 0  # as sozu's command line does
        with seki.control() as control:
            control.ask(request)
        bodies = [seki.get().body for _ in range(10)]
        self.assertEqual((bodies.count(b"one"), bodies.count(b"two")), (5, 5))

    def test_a_route_to_a_new_cluster_appears_and_goes(self):
        seki = self.http(self.backend("old"), worker_count=2)
        fresh = self.backend("fresh")
        with seki.control() as control:
            control.ask(Request(add_cluster=cluster("fresh")))
            control.ask(add_backend("fresh", "fresh", fresh.address))
            rule = frontend(seki.address, "fresh.example", "fresh")
            self.assertEqual(seki.get(host="fresh.example").status, 404)
            control.ask(Request(add_http_frontend=rule))
            self.assertEqual(self.everybody_answers(seki, host="fresh.example"), {b"fresh"})
            self.assertEqual(self.everybody_answers(seki), {b"old"})
            control.ask(Request(remove_http_frontend=rule))
            self.assertEqual({seki.get(host="fresh.example").status for _ in range(20)}, {404})

    def test_longer_prefixes_win(self):
        root, api = self.backend("root"), self.backend("api")
        seki = self.http(root)
        with seki.control() as control:
            control.ask(Request(add_cluster=cluster("api")))
            control.ask(add_backend("api", "api", api.address))
            control.ask(Request(add_http_frontend=frontend(seki.address, "example.com", "api", prefix="/api")))
        self.assertEqual(seki.get("/api/users").body, b"api")
        self.assertEqual(seki.get("/").body, b"root")

    def test_a_route_is_added_by_the_command_line(self):
        seki = self.http(self.backend("old"), worker_count=2)
        done = seki.ctl("frontend", "http", "add", "--address", seki.text, "--hostname", "second.example", "id", "web")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.everybody_answers(seki, host="second.example"), {b"old"})

    def test_an_exchange_ends_with_the_backend_that_it_began_with(self):
        gate = Gate()

        def respond(_):
            gate.wait()
            return wire.response(b"finished")

        backend = self.backend("slow", respond=respond)
        seki = self.http(backend)
        with seki.connect() as client, seki.control() as control:
            client.send(wire.request())
            backend.wait_requests(1)
            control.ask(remove_backend("web", "slow", backend.address))
            gate.open()
            self.assertEqual(client.read_response().body, b"finished")
        self.assertEqual(seki.get().status, 503)

    def test_requests_never_fail_while_backends_come_and_go(self):
        stays, comes = self.backend("stays"), self.backend("comes")
        seki = self.http(stays, worker_count=2)
        stop = threading.Event()
        statuses = []

        def load():
            with seki.connect() as client:
                while not stop.is_set():
                    client.send(wire.request())
                    statuses.append(client.read_response().status)

        clients = [threading.Thread(target=load) for _ in range(4)]
        for client in clients:
            client.start()
        with seki.control() as control:
            for _ in range(100):
                control.ask(add_backend("web", "comes", comes.address))
                control.ask(remove_backend("web", "comes", comes.address))
        stop.set()
        for client in clients:
            client.join()
        self.assertEqual(set(statuses), {200})


class Listeners(ProcessTest):
    def test_a_listener_is_added_activated_deactivated_and_removed(self):
        seki = self.http(self.backend(), worker_count=2)
        second = (seki.ip, free_port(seki.ip))
        text = "{}:{}".format(*second)
        route = ["frontend", "http", "add", "--address", text, "--hostname", "example.com", "id", "web"]
        for command in (["listener", "http", "add", "-a", text], ["listener", "http", "activate", "-a", text], route):
            done = seki.ctl(*command)
            self.assertEqual(done.code, 0, (command, done))
        with wire.connect(second) as client:
            client.send(wire.request())
            self.assertEqual(client.read_response().body, b"backend")

        self.assertEqual(seki.ctl("listener", "http", "deactivate", "-a", text).code, 0)
        with self.assertRaises(ConnectionRefusedError):
            wire.connect(second)
        self.assertEqual(seki.ctl("listener", "http", "remove", "-a", text).code, 0)
        self.assertEqual(seki.get().status, 200)

    def test_a_listener_on_an_address_in_use_is_refused_and_nothing_changes(self):
        seki = self.http(self.backend())
        taken = self.backend("taken")
        self.assertEqual(seki.ctl("listener", "http", "add", "-a", taken.text).code, 0)
        refused = seki.ctl("listener", "http", "activate", "-a", taken.text)
        self.assertEqual(refused.code, 1)
        self.assertIn(taken.text, refused.err)
        self.assertEqual(seki.get().status, 200)

    def test_a_listener_that_a_worker_has_no_descriptor_for_is_refused_and_nothing_changes(self):
        seki = self.http(self.backend(), worker_count=2)
        second = (seki.ip, free_port(seki.ip))
        text = "{}:{}".format(*second)
        self.assertEqual(seki.ctl("listener", "http", "add", "-a", text).code, 0)
        before = seki.worker_pids()
        limits = resource.prlimit(before[1], resource.RLIMIT_NOFILE)
        resource.prlimit(before[1], resource.RLIMIT_NOFILE, (0, limits[1]))
        refused = seki.ctl("listener", "http", "activate", "-a", text)
        self.assertEqual(refused.code, 1)
        self.assertIn("0 of 1 listening sockets arrived: too many descriptors are open", refused.err)
        with self.assertRaises(ConnectionRefusedError):
            wire.connect(second)
        resource.prlimit(before[1], resource.RLIMIT_NOFILE, limits)
        self.assertEqual(seki.ctl("listener", "http", "activate", "-a", text).code, 0)
        self.assertEqual(seki.worker_pids(), before, seki.log())

    def test_a_listener_goes_and_comes_at_once(self):
        seki = self.http(self.backend(), worker_count=2)
        at_once = [Request(deactivate_listener=schema.DeactivateListener(address=address_of(seki.address),
                                                                         proxy=schema.HTTP, to_scm=False)),
                   Request(activate_listener=schema.ActivateListener(address=address_of(seki.address),
                                                                     proxy=schema.HTTP, from_scm=False))]
        for _ in range(20):
            with seki.control() as one, seki.control() as other:
                one.send(at_once[0])
                other.send(at_once[1])
                for control in (one, other):
                    response = control.final()
                    self.assertEqual(response.status, schema.OK, response.message)
            with seki.control() as control:
                control.ask(at_once[1])  # in case it came first
            self.assertEqual(seki.get().status, 200)

    def test_an_update_holds_for_new_connections_in_every_worker(self):
        backend = self.backend()
        seki = self.http(backend, worker_count=2)
        with seki.connect() as early:
            early.send(wire.request())
            early.read_response()
            done = seki.ctl("listener", "http", "update", "-a", seki.text, "--send-x-real-ip", "--front-timeout", "7")
            self.assertEqual(done.code, 0, done)
            for _ in range(20):
                self.assertEqual(seki.get().status, 200)
            self.assertTrue(all(request.get("X-Real-IP") for request in backend.requests[1:]))
            early.send(wire.request())
            early.read_response()
            self.assertIsNone(backend.requests[-1].get("X-Real-IP"))
        listener = seki.ctl("--json", "listener", "list").json["LISTENERS_LIST"]["http_listeners"][seki.text]
        self.assertEqual((listener["front_timeout"], listener["back_timeout"]), (7, 30))
        self.assertTrue(listener["active"])

    def test_an_update_of_a_listener_that_is_not_there_is_refused(self):
        seki = self.http(self.backend())
        refused = seki.ctl("listener", "tcp", "update", "-a", seki.text, "--front-timeout", "7")
        self.assertEqual(refused.code, 1)
        self.assertIn(f"Did not find TcpListener with address or id '{seki.text}'", refused.err)


class Protocol(ProcessTest):
    def test_requests_of_one_connection_are_all_answered_in_order(self):
        seki = self.http(self.backend())
        with seki.control() as control:
            for _ in range(50):
                control.send(Request(list_workers=schema.ListWorkers()))
                control.send(Request(list_listeners=schema.ListListeners()))
            for _ in range(50):
                self.assertEqual(control.final().content.WhichOneof("content_type"), "workers")
                self.assertEqual(control.final().content.WhichOneof("content_type"), "listeners_list")

    def test_what_cannot_be_understood_is_refused_and_the_connection_goes_on(self):
        seki = self.http(self.backend())
        undecodable, unknown_verb, nothing = b"\xff\xff\xff\xff", b"\xc2\xbb\x01\x00", b""
        with seki.control() as control:
            for payload in (undecodable, unknown_verb, nothing):
                control.send_frame(payload)
                self.assertEqual(control.final().status, schema.FAILURE, payload)
            self.assertEqual(len(control.workers()), 1)

    def test_what_a_question_leaves_out_ends_no_worker(self):
        seki = self.http(self.backend(), worker_count=2)
        pids = seki.worker_pids()
        empty_metrics, empty_kill = schema.Request(), schema.Request()
        empty_metrics.query_metrics.SetInParent()
        empty_kill.kill_session.SetInParent()
        # Groups of an unknown field, so deep that they can be read here and not within an order.
        groups = 97
        deep = schema.Request(status=schema.Status()).SerializeToString()
        deep += b"\xfb\xff\x03" * groups + b"\xfc\xff\x03" * groups
        with seki.control() as control:
            for payload in (empty_metrics.SerializePartialToString(), empty_kill.SerializePartialToString(), deep):
                control.send_frame(payload)
                control.final()
        self.assertEqual(seki.worker_pids(), pids)

    def test_a_frame_that_is_too_large_disturbs_nobody(self):
        seki = self.http(self.backend())
        with seki.control() as hostile, seki.control() as other:
            hostile.send_bytes((1 << 40).to_bytes(8, "little") + b"x" * 1000)
            self.assertEqual(len(other.workers()), 1)
        self.assertEqual(seki.get().status, 200)

    def test_half_a_frame_disturbs_nobody(self):
        seki = self.http(self.backend())
        with seki.control() as slow, seki.control() as other:
            slow.send_bytes((100).to_bytes(8, "little") + b"x")
            self.assertEqual(len(other.workers()), 1)

    def test_a_change_that_makes_no_sense_is_refused_with_a_reason(self):
        seki = self.http(self.backend())
        nobody = schema.RemoveListener(address=address_of(("127.9.9.9", 9)), proxy=schema.HTTP)
        with seki.control() as control:
            for request in (Request(remove_listener=nobody), Request(remove_cluster="nobody"),
                            remove_backend("web", "nobody", ("127.9.9.9", 9))):
                with self.subTest(request.WhichOneof("request_type")), self.assertRaises(Refused) as refused:
                    control.ask(request)
                self.assertTrue(str(refused.exception))
        self.assertEqual(seki.get().status, 200)


class CommandLine(ProcessTest):
    def test_status_is_a_table_for_people_and_json_for_programs(self):
        seki = self.http(self.backend(), worker_count=2)
        table = seki.ctl("status")
        self.assertEqual(table.code, 0, table)
        self.assertIn("RUNNING", table.out)
        workers = seki.ctl("--json", "status").json["WORKERS"]["vec"]
        self.assertEqual([(worker["id"], worker["run_state"]) for worker in workers], [(0, "RUNNING"), (1, "RUNNING")])
        self.assertEqual(sorted(worker["pid"] for worker in workers), sorted(seki.worker_pids()))

    def test_what_was_configured_is_listed(self):
        seki = self.http(self.backend("one"))
        listener = seki.ctl("--json", "listener", "list").json["LISTENERS_LIST"]["http_listeners"]
        self.assertEqual(list(listener), [seki.text])
        frontends = seki.ctl("--json", "frontend", "list").json["FRONTEND_LIST"]["http_frontends"]
        self.assertEqual([(entry["hostname"], entry["cluster_id"]) for entry in frontends], [("example.com", "web")])
        self.assertEqual(frontends[0]["address"], seki.text)
        self.assertIn("web", seki.ctl("cluster", "list").out)
        self.assertIn("one", seki.ctl("cluster", "list", "--id", "web").out)

    def test_sessions_are_listed_and_killed(self):
        seki = self.http(self.backend())
        with seki.connect() as client:
            client.send(wire.request())
            client.read_response()
            sessions = seki.ctl("--json", "sessions", "list").json["SESSIONS"]["vec"]
            port = str(client.socket.getsockname()[1])
            mine = [session for session in sessions if port in session["line"]]
            self.assertEqual(len(mine), 1, sessions)
            killed = seki.ctl("sessions", "kill", mine[0]["id"])
            self.assertEqual(killed.code, 0, killed)
            self.assertTrue(client.at_end_quietly())
        self.assertEqual(seki.get().status, 200)

    def test_a_failure_is_exit_code_1_and_a_mistake_2(self):
        seki = self.http(self.backend())
        self.assertEqual(seki.ctl("cluster", "remove", "--id", "nobody").code, 1)
        self.assertEqual(seki.ctl("cluster", "remov").code, 2)

    def test_a_change_with_a_consequence_is_made_and_warned_of(self):
        seki = self.http(self.backend())
        identity = ["--id", "wbe", "--backend-id", "two", "--address", "127.0.0.1:1"]
        added = seki.ctl("backend", "add", *identity)
        self.assertEqual(added.code, 0, added)
        self.assertIn("warning: there is no cluster 'wbe'", added.out)
        self.assertRegex(seki.log(), "WARN .*there is no cluster 'wbe'")
        warnings = seki.ctl("--json", "backend", "add", *identity).json["warnings"]
        self.assertEqual(len(warnings), 1, warnings)
        self.assertNotIn("warnings", seki.ctl("--json", "cluster", "add", "--id", "wbe", "--load-balancing-policy",
                                              "random").json)

    def test_a_question_for_what_is_not_there_is_exit_code_1(self):
        seki = self.http(self.backend())
        missing = seki.ctl("cluster", "list", "--id", "nobody")
        self.assertEqual((missing.code, missing.out), (1, ""))
        self.assertIn("there is no cluster 'nobody'", missing.err)
        self.assertEqual(seki.ctl("metrics", "get", "--names", "http.request").code, 1)
        self.assertEqual(seki.ctl("cluster", "list", "--id", "web").code, 0)

    def test_the_log_filter_changes(self):
        seki = self.http(self.backend(), worker_count=2)
        self.assertEqual(seki.ctl("logging", "debug").code, 0)
        self.assertEqual(seki.get().status, 200)


class SlowReader(ProcessTest):
    def test_a_client_that_reads_no_answers_disturbs_nobody(self):
        seki = self.http(self.backend())
        with Control(seki.socket_path) as deaf, seki.control() as other:
            deaf._socket.settimeout(0)
            try:
                for _ in range(100_000):
                    deaf.send(Request(list_listeners=schema.ListListeners()))
            except (BlockingIOError, ConnectionError):
                pass  # the supervisor reads no more from it
            self.assertEqual(len(other.workers()), 1)
        self.assertEqual(seki.get().status, 200)


if __name__ == "__main__":
    unittest.main()
