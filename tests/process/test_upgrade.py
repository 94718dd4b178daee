"""Another executable takes the place of the one that runs: the same process, and nobody notices."""
import os
import pathlib
import shutil
import signal
import ssl
import threading
import unittest

import wire
from certificates import make_certificate
from control import Refused, Request, add_backend, address_of, cluster, frontend, schema
from halting import Scarcity
from harness import BINARY, ProcessTest, http_body, tcp_body, until, wait_gone
from test_replace_tunnels import echo
from test_replace_worker import https_body


class UpgradeTest(ProcessTest):
    def with_own_binary(self, seki):
        """It runs from a file that may be replaced."""
        seki.binary = str(seki.folder / "seki")
        shutil.copy(BINARY, seki.binary)
        return seki

    def install(self, seki, executable, mode=0o755):
        """As a package does: another file takes its name."""
        written = seki.folder / "seki.new"
        written.write_bytes(executable)
        written.chmod(mode)
        written.rename(seki.binary)

    def running(self, seki):
        """The workers' ids and pids."""
        with seki.control() as control:
            return {worker.id: worker.pid for worker in control.workers() if worker.run_state == schema.RUNNING}

    def ask(self, client):
        client.send(wire.request())
        return client.read_response().status


class Upgraded(UpgradeTest):
    def test_the_installed_executable_takes_over_and_clients_stay_connected(self):
        seki = self.with_own_binary(self.instance(worker_count=2))
        seki.body = http_body(seki.text, self.backend())
        seki.start()
        old = self.running(seki)
        clients = [seki.connect() for _ in range(20)]
        self.assertEqual([self.ask(client) for client in clients], [200] * 20)
        self.install(seki, pathlib.Path(BINARY).read_bytes() + b"another version")
        done = seki.ctl("upgrade")
        self.assertEqual(done.code, 0, done)
        self.assertIn("2 workers replaced, 20 connections moved, 0 still in the old ones", done.out)
        self.assertTrue(pathlib.Path(f"/proc/{seki.process.pid}/exe").read_bytes().endswith(b"another version"))
        self.assertEqual(pathlib.Path(f"/proc/{seki.process.pid}/comm").read_text(encoding="ascii"), "seki\n")
        for pid in old.values():
            wait_gone(pid)
        new = self.running(seki)
        self.assertEqual(list(new), [2, 3])
        for pid in new.values():
            self.assertTrue(pathlib.Path(f"/proc/{pid}/exe").read_bytes().endswith(b"another version"))
        self.assertEqual([self.ask(client) for client in clients], [200] * 20)
        self.assertEqual(seki.get().status, 200)
        self.assertIn("nothing is different", seki.ctl("reload").out)
        self.assertIn("Upgrade successful", seki.ctl("upgrade").out)
        self.assertEqual([self.ask(client) for client in clients], [200] * 20)
        for client in clients:
            client.close()
        seki.stop()
        self.assertEqual(seki.process.returncode, 0, "the one that took over ends as the first one would have")

    def test_tunnels_go_on(self):
        seki = self.with_own_binary(self.instance(worker_count=2))
        seki.body = tcp_body(seki.text, self.backend(script=echo))
        seki.start()
        old = self.running(seki)
        clients = [seki.connect() for _ in range(10)]
        for client in clients:
            client.send(b"before")
            self.assertEqual(client.take(6), b"before")
        self.assertIn("2 workers replaced, 10 connections moved, 0 still in the old ones", seki.ctl("upgrade").out)
        for pid in old.values():
            wait_gone(pid)
        for client in clients:
            client.send(b"after")
            self.assertEqual(client.take(5), b"after")
            client.finish()
            self.assertTrue(client.at_end())
            client.close()

    def test_what_was_changed_while_it_ran_stays_with_its_version(self):
        shop = self.backend("shop")
        seki = self.http(self.backend())
        with seki.control() as control:
            control.ask(Request(add_cluster=cluster("shop")))
            control.ask(add_backend("shop", "one", shop.address))
            control.ask(Request(add_http_frontend=frontend(seki.address, "shop.example", "shop")))
            self.assertEqual(seki.ctl("logging", "debug").code, 0)
            before = seki.ctl("state", "version", "--json").json
            control.ask(Request(upgrade_main=schema.UpgradeMain()))
            self.assertEqual(seki.get(host="shop.example").status, 200)
            self.assertEqual(seki.ctl("state", "version", "--json").json, before)
            control.ask(Request(remove_cluster="shop"))
        self.assertEqual(seki.get(host="shop.example").status, 404)
        self.assertIn("DEBUG", seki.log().split("another executable takes over")[1])

    def test_what_was_counted_goes_on(self):
        seki = self.http(self.backend())

        def counted(control):
            metrics = control.ask(Request(query_metrics=schema.QueryMetricsOptions(
                list=False, no_clusters=False, workers=False, metric_names=["http.requests", "requests"]))).content.metrics
            return metrics.proxying["http.requests"].count, metrics.clusters["web"].cluster["requests"].count

        for _ in range(3):
            self.assertEqual(seki.get().status, 200)
        with seki.control() as control:
            for number in range(2):
                (old,) = seki.worker_pids()
                self.assertEqual(seki.get().status, 200)
                control.ask(Request(upgrade_worker=number))
                wait_gone(old)
            control.ask(Request(upgrade_main=schema.UpgradeMain()))
            self.assertEqual(seki.get().status, 200)
            until(lambda: counted(control) == (6, 6), "all requests to be counted")
            control.ask(Request(configure_metrics=schema.CLEAR))
            self.assertEqual(counted(control), (0, 0))

    def test_clients_of_the_command_socket_keep_their_connections_and_hear_of_events(self):
        seki = self.http(self.backend())
        with seki.control() as follower, seki.control() as halfway, seki.control() as other, seki.control() as asker:
            follower.send(Request(subscribe_events=schema.SubscribeEvents()))
            self.assertEqual(follower.receive().content.event.kind, schema.EVENTS_SUBSCRIBED)
            question = Request(status=schema.Status()).SerializePartialToString()
            whole = (len(question) + 8).to_bytes(8, "little") + question
            halfway.send_bytes(whole[:5])
            asker.send(Request(upgrade_main=schema.UpgradeMain()))
            other.send(Request(status=schema.Status()))
            self.assertEqual(asker.final().status, schema.OK)
            self.assertEqual(other.final().status, schema.OK)
            halfway.send_bytes(whole[5:])
            self.assertEqual(halfway.final().status, schema.OK)
            kinds = []
            while schema.WORKER_UPGRADED not in kinds:
                kinds.append(follower.receive().content.event.kind)
            other.ask(Request(add_cluster=cluster("shop")))
            while schema.CLUSTER_ADDED not in kinds:
                kinds.append(follower.receive().content.event.kind)

    def test_requests_that_run_are_finished_and_those_that_come_are_served(self):
        answer = threading.Event()
        backend = self.backend(respond=lambda request: (request.target == "/" or answer.wait(wire.PATIENCE_SECONDS)) and
                               wire.response(b"late"))
        seki = self.http(backend, worker_count=2)
        old = self.running(seki)
        with seki.connect() as client:
            client.send(wire.request(target="/slow"))
            backend.wait_requests(1)
            over = threading.Event()
            failed = []

            def load():
                while not over.is_set():
                    if seki.get().status != 200:
                        failed.append(1)

            loads = [threading.Thread(target=load) for _ in range(4)]
            for thread in loads:
                thread.start()
            for _ in range(3):
                with seki.control() as control:
                    control.ask(Request(upgrade_main=schema.UpgradeMain()))
            over.set()
            for thread in loads:
                thread.join()
            self.assertEqual(failed, [])
            answer.set()
            response = client.read_response()
            self.assertEqual((response.status, response.body), (200, b"late"))
            for pid in old.values():
                wait_gone(pid)
            self.assertEqual(self.ask(client), 200)

    def test_sessions_of_tls_are_resumed_with_the_new_workers(self):
        seki = self.instance()
        seki.body = https_body(seki.text, seki.folder, self.backend())
        seki.start()
        context = ssl.create_default_context(cafile=str(seki.folder / "c.pem"))
        with seki.connect() as first:
            first.socket = context.wrap_socket(first.socket, server_hostname="example.com")
            self.assertEqual(self.ask(first), 200)
            session = first.socket.session
            with seki.control() as control:
                control.ask(Request(upgrade_main=schema.UpgradeMain()))
            self.assertEqual(self.ask(first), 200, "the connection has moved")
        with seki.connect() as second:
            second.socket = context.wrap_socket(second.socket, server_hostname="example.com", session=session)
            self.assertTrue(second.socket.session_reused)
            self.assertEqual(self.ask(second), 200)


class Settings(UpgradeTest):
    """Those of the process come into force by the same path, which a reload takes by itself."""

    def reload(self, seki, **settings):
        seki.settings |= settings
        seki.write_config()
        return seki.ctl("reload")

    def test_the_number_of_workers_grows_and_shrinks_and_nobody_is_lost(self):
        seki = self.http(self.backend(), worker_count=2)
        clients = [seki.connect() for _ in range(20)]
        self.assertEqual([self.ask(client) for client in clients], [200] * 20)
        over = threading.Event()
        failed = []

        def load():
            while not over.is_set():
                if seki.get().status != 200:
                    failed.append(1)

        loads = [threading.Thread(target=load) for _ in range(2)]
        for thread in loads:
            thread.start()
        for count in (4, 1, 3):
            done = self.reload(seki, worker_count=count)
            self.assertEqual(done.code, 0, done)
            self.assertEqual(len(self.running(seki)), count)
            self.assertEqual([self.ask(client) for client in clients], [200] * 20)
        over.set()
        for thread in loads:
            thread.join()
        self.assertEqual(failed, [])
        for pid in self.running(seki).values():
            os.kill(pid, signal.SIGKILL)
        until(lambda: len(self.running(seki)) == 3, "each to be replaced")
        self.assertEqual(seki.get().status, 200)
        for client in clients:
            client.close()

    def test_a_reload_makes_both_what_is_new_of_the_process_and_of_the_rest(self):
        other = self.backend("other")
        seki = self.http(self.backend())
        with seki.connect() as client:
            self.assertEqual(self.ask(client), 200)
            seki.body += (f'[clusters.other]\nprotocol = "http"\nfrontends = [{{ address = "{seki.text}", '
                          f'hostname = "other.example" }}]\nbackends = [{{ address = "{other.text}" }}]\n')
            seki.settings["buffer_size"] = 20000
            seki.write_config()
            dry = seki.ctl("reload", "--dry-run")
            self.assertIn("setting of the process: buffer_size: 16393, then 20000", dry.out)
            self.assertEqual(list(self.running(seki)), [0])
            done = seki.ctl("reload")
            self.assertEqual(done.code, 0, done)
            self.assertIn("+ Cluster other", done.out)
            self.assertNotIn("buffer_size", done.out)
            self.assertEqual(list(self.running(seki)), [1])
            self.assertEqual(seki.get(host="other.example").status, 200)
            self.assertEqual(self.ask(client), 200)
        self.assertIn("nothing is different", seki.ctl("reload").out)

    def test_that_no_worker_can_begin_with_are_refused_and_nothing_is_changed(self):
        seki = self.instance()
        scarcity = Scarcity(seki)
        seki.body = http_body(seki.text, self.backend())
        seki.start()
        old = self.running(seki)
        scarcity.refuse("worker prctl")
        seki.body = seki.body.replace("example.com", "new.example")
        done = self.reload(seki, buffer_size=20000)
        self.assertEqual(done.code, 1)
        self.assertIn("worker 0 is not replaced", done.err)
        self.assertEqual(self.running(seki), old)
        self.assertEqual(seki.get().status, 200)
        scarcity.refuse()
        self.assertEqual(self.reload(seki).code, 0)
        self.assertEqual(seki.get(host="new.example").status, 200)
        self.assertNotIn(0, self.running(seki), "the settings are tried again")

    def test_the_path_of_the_command_socket_waits_for_the_next_start(self):
        seki = self.http(self.backend())
        config = pathlib.Path(seki.config)
        config.write_text(config.read_text(encoding="utf-8").replace('"seki.sock"', '"other.sock"'), encoding="utf-8")
        with seki.control() as control:
            answer = control.ask(Request(reload=schema.Reload()))
            self.assertEqual([setting.split(":")[0] for setting in answer.content.differences.after_restart],
                             ["command_socket"])
        self.assertEqual(list(self.running(seki)), [0])
        with seki.control() as control:
            control.ask(Request(upgrade_main=schema.UpgradeMain()))
            self.assertEqual(len(control.ask(Request(reload=schema.Reload())).content.differences.after_restart), 1)
        self.assertIn("stays the command socket", seki.log())


class Refusals(UpgradeTest):
    """Everything is as it was, and the answer says why."""

    def running_instance(self):
        seki = self.with_own_binary(self.instance(worker_count=2))
        scarcity = Scarcity(seki)
        seki.body = http_body(seki.text, self.backend())
        seki.start()
        return seki, scarcity

    def assert_unmoved(self, seki, old, client, why):
        with seki.control() as waiting:
            with seki.control() as control, self.assertRaisesRegex(Refused, why):
                control.ask(Request(upgrade_main=schema.UpgradeMain()))
            self.assertEqual(self.running(seki), old)
            self.assertEqual(self.ask(client), 200)
            waiting.ask(Request(add_cluster=cluster("still-obeyed")))
            waiting.ask(Request(remove_cluster="still-obeyed"))

    def test_of_an_executable_that_is_none(self):
        seki, _ = self.running_instance()
        old = self.running(seki)
        with seki.connect() as client:
            self.assertEqual(self.ask(client), 200)
            for executable, mode, why in (
                    (b"no program", 0o755, "cannot take over: Exec format error"),
                    (pathlib.Path(BINARY).read_bytes(), 0o644, "cannot take over: Permission denied"),
                    (pathlib.Path("/bin/true").read_bytes(), 0o755, "it is no Seki that can take over"),
                    (pathlib.Path("/bin/false").read_bytes(), 0o755, "it ended with code 1")):
                self.install(seki, executable, mode)
                self.assert_unmoved(seki, old, client, why)
            os.unlink(seki.binary)
            self.assert_unmoved(seki, old, client, "cannot be opened: .*No such file")
            self.install(seki, pathlib.Path(BINARY).read_bytes())
            self.assertIn("Upgrade successful", seki.ctl("upgrade").out)
            self.assertEqual(self.ask(client), 200)

    def test_of_a_configuration_file_that_is_broken(self):
        seki, _ = self.running_instance()
        old = self.running(seki)
        written = pathlib.Path(seki.config).read_text(encoding="utf-8")
        with seki.connect() as client:
            self.assertEqual(self.ask(client), 200)
            pathlib.Path(seki.config).write_text("worker_count = many\n" + written, encoding="utf-8")
            self.assert_unmoved(seki, old, client, "the configuration is not valid(.|\n)*seki.toml")
            pathlib.Path(seki.config).write_text(written, encoding="utf-8")
            self.assertIn("Upgrade successful", seki.ctl("upgrade").out)

    def test_of_what_cannot_be_taken_over_twice_end_the_program_and_workers_serve_on_until_the_next_start(self):
        seki, scarcity = self.running_instance()
        pids = self.running(seki).values()
        with seki.connect() as client:
            self.assertEqual(self.ask(client), 200)
            scarcity.refuse("successor epoll_create1", "former epoll_create1")
            with seki.control() as control:
                control.send(Request(upgrade_main=schema.UpgradeMain()))
                self.assertNotEqual(seki.wait(), 0)
            self.assertIn("it was given back", seki.log())
            scarcity.refuse()
            self.assertEqual(self.ask(client), 200)
            seki.start()
            for pid in pids:
                wait_gone(pid)
            self.assertEqual(self.ask(client), 200)

    def test_a_certificate_is_added_while_a_worker_of_the_former_program_drains(self):
        seki = self.instance()
        seki.body = https_body(seki.text, seki.folder, self.backend())
        seki.start()
        make_certificate(seki.folder, "d", "other.example")
        context = ssl.create_default_context(cafile=str(seki.folder / "c.pem"))
        with seki.connect() as client:
            client.socket = context.wrap_socket(client.socket, server_hostname="example.com")
            head = wire.request()
            client.send(head[:20])
            until(lambda: "reading a head" in seki.ctl("sessions", "list").out, "what cannot move yet")
            with seki.control() as control:
                control.ask(Request(upgrade_main=schema.UpgradeMain()))
                pair = schema.CertificateAndKey(certificate=(seki.folder / "d.pem").read_text(),
                                                key=(seki.folder / "d.key").read_text())
                control.ask(Request(add_certificate=schema.AddCertificate(address=address_of(seki.address),
                                                                          certificate=pair)))
            client.send(head[20:])
            self.assertEqual(client.read_response().status, 200)
        other = ssl.create_default_context(cafile=str(seki.folder / "d.pem"))
        with seki.connect() as client:
            client.socket = other.wrap_socket(client.socket, server_hostname="other.example")

    def test_where_the_system_has_no_room_at_a_step(self):
        seki, scarcity = self.running_instance()
        old = self.running(seki)
        # Those of the trial, of the last moment, and of the program that has taken over: this one gives back.
        steps = (("supervisor fork", "not upgraded"), ("supervisor memfd_create", "not upgraded"),
                 ("trial epoll_create1", "cannot take over"), ("trial signalfd", "cannot take over"),
                 ("trial epoll_ctl", "cannot take over"), ("supervisor execveat", "cannot be run: Cannot allocate memory"),
                 ("successor epoll_create1", "not upgraded"), ("successor signalfd", "not upgraded"),
                 ("successor epoll_ctl", "not upgraded"), ("worker prctl", "worker 0 is not replaced: its successor"),
                 ("successor posix_spawn", "worker 0 is not replaced: cannot start a worker"))
        with seki.connect() as client:
            self.assertEqual(self.ask(client), 200)
            for step, why in steps:
                with self.subTest(step):
                    scarcity.refuse(step)
                    self.assert_unmoved(seki, old, client, why)
                    scarcity.refuse()
            self.assertIn("Upgrade successful", seki.ctl("upgrade").out)
            self.assertEqual(self.ask(client), 200)

    def test_of_a_second_one_at_once_and_of_one_while_it_stops(self):
        answer = threading.Event()
        self.addCleanup(answer.set)
        backend = self.backend(respond=lambda request: answer.wait(wire.PATIENCE_SECONDS) and wire.response(b"late"))
        seki = self.http(backend)
        with seki.control() as one, seki.control() as two:
            one.send(Request(upgrade_main=schema.UpgradeMain()))
            two.send(Request(upgrade_main=schema.UpgradeMain()))
            answers = [one.final(), two.final()]
        self.assertEqual(answers[0].status, schema.OK)
        if answers[1].status == schema.FAILURE:  # the two may also have come one after the other
            self.assertIn("under way", answers[1].message)
        with seki.connect() as client:
            client.send(wire.request())
            backend.wait_requests(1)
            with seki.control() as control, seki.control() as stopping:
                stopping.send(Request(soft_stop=schema.SoftStop()))
                until(lambda: "stopping when" in seki.log(), "the stop to begin")
                with self.assertRaisesRegex(Refused, "stopping"):
                    control.ask(Request(upgrade_main=schema.UpgradeMain()))
                answer.set()
                self.assertEqual(client.read_response().status, 200)


if __name__ == "__main__":
    unittest.main()
