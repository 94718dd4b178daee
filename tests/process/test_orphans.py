"""The supervisor is killed (-9) and its workers are not: they serve on, and the next start adopts them."""
import contextlib
import os
import pathlib
import re
import signal
import ssl
import subprocess
import threading
import unittest

import wire
from certificates import make_certificate
from control import add_backend, schema
from harness import ROOT, ProcessTest, free_port, http_body, is_gone, until, wait_gone
from test_replace_tunnels import echo, switch_and_echo
from test_replace_worker import https_body

UPGRADE = ["Connection: Upgrade", "Upgrade: websocket"]


class OrphansTest(ProcessTest):
    def running(self, seki):
        """The ids and pids of workers that serve."""
        with seki.control() as control:
            return {worker.id: worker.pid for worker in control.workers() if worker.run_state == schema.RUNNING}

    def ask(self, client):
        client.send(wire.request())
        return client.read_response().status

    def kill(self, seki):
        """The pids of its workers, each of which knows that it has no supervisor any more; or it has been replaced."""
        def noticed(pid):
            return len(re.findall(rf" {pid} ERROR .*going on until another one adopts this worker", seki.log()))

        pids = self.running(seki).values()
        before = {pid: noticed(pid) for pid in pids}
        seki.kill()
        until(lambda: all(noticed(pid) > before[pid] or is_gone(pid) for pid in pids),
              "the workers to notice")
        return pids

    def start_anew(self, seki, old):
        """Starts, and waits until new workers serve in place of these."""
        seki.start()
        until(lambda: len(now := set(self.running(seki).values())) == seki.settings["worker_count"] and
              not now & set(old), "new workers to take over")

    def adopted(self, seki, old):
        """Waits until the processes of the workers that were adopted are gone."""
        for pid in old:
            wait_gone(pid)
        until(lambda: not set(old) & set(seki.orphans()), "their files to go")


class Load:
    """Clients that must not notice anything, each in a thread."""

    def __init__(self, test):
        self.over = threading.Event()
        self.failed = []
        self.done = 0
        self.threads = []
        test.addCleanup(self.end)

    def run(self, act):
        def repeat():
            while not self.over.is_set():
                try:
                    act()
                    self.done += 1
                except (OSError, AssertionError, wire.Truncated, ValueError) as problem:
                    self.failed.append(f"{act.__qualname__}: {problem!r}")

        self.threads.append(threading.Thread(target=repeat))
        self.threads[-1].start()

    def wait_for_more(self, count=50):
        enough = self.done + count
        until(lambda: self.done >= enough or self.failed, "the load to go on")

    def end(self):
        self.over.set()
        for thread in self.threads:
            thread.join()
        self.threads = []
        return self.failed


class Everything:
    """An instance with a listener of each kind, and clients of each kind."""

    def __init__(self, test, **settings):
        self.test = test
        web, raw = test.backend("web"), test.backend("raw", script=echo)
        chat = test.backend("chat", script=switch_and_echo)
        self.seki = seki = test.instance(worker_count=2, **settings)
        self.https, self.tcp = (seki.ip, free_port(seki.ip)), (seki.ip, free_port(seki.ip))
        make_certificate(seki.folder, "c", "example.com")
        pair = f'certificate = "{seki.folder}/c.pem", key = "{seki.folder}/c.key"'
        seki.body = f"""
[[listeners]]
protocol = "http"
address = "{seki.text}"
[[listeners]]
protocol = "https"
address = "{self.https[0]}:{self.https[1]}"
certificate = "{seki.folder}/c.pem"
key = "{seki.folder}/c.key"
[[listeners]]
protocol = "tcp"
address = "{self.tcp[0]}:{self.tcp[1]}"
[clusters.web]
protocol = "http"
frontends = [{{ address = "{seki.text}", hostname = "example.com" }},
             {{ address = "{self.https[0]}:{self.https[1]}", hostname = "example.com", {pair} }}]
backends = [{{ address = "{web.text}" }}]
[clusters.chat]
protocol = "http"
frontends = [{{ address = "{seki.text}", hostname = "chat.example" }}]
backends = [{{ address = "{chat.text}" }}]
[clusters.raw]
protocol = "tcp"
frontends = [{{ address = "{self.tcp[0]}:{self.tcp[1]}" }}]
backends = [{{ address = "{raw.text}" }}]
"""
        seki.start()
        self.context = ssl.create_default_context(cafile=str(seki.folder / "c.pem"))

    def secure(self):
        client = wire.connect(self.https)
        client.socket = self.context.wrap_socket(client.socket, server_hostname="example.com")
        return client

    def websocket(self):
        client = self.seki.connect()
        client.send(wire.request(host="chat.example", fields=UPGRADE))
        assert client.read_head().status == 101
        return client

    def fresh(self):
        with self.seki.connect() as client:
            assert self.test.ask(client) == 200

    def fresh_secure(self):
        with self.secure() as client:
            assert self.test.ask(client) == 200

    def asks(self, client):
        def keep_alive():
            assert self.test.ask(client) == 200
        return keep_alive

    def talks(self, client):
        def talk():
            client.send(b"hello")
            assert client.take(5) == b"hello"
        return talk

    def everybody(self, stack):
        """Who is at rest, and what goes on all the time."""
        enter = stack.enter_context
        resting = [enter(self.seki.connect()) for _ in range(10)] + [enter(self.secure()) for _ in range(10)]
        for client in resting:
            assert self.test.ask(client) == 200
        busy = [self.fresh, self.fresh_secure, self.asks(enter(self.seki.connect())), self.asks(enter(self.secure())),
                self.talks(enter(wire.connect(self.tcp))), self.talks(enter(self.websocket()))]
        return resting, busy


class Adopted(OrphansTest):
    def test_three_times_in_a_row_under_every_kind_of_load_nobody_notices(self):
        everything = Everything(self)
        seki = everything.seki
        with contextlib.ExitStack() as stack:
            resting, busy = everything.everybody(stack)
            load = Load(self)
            for act in busy:
                load.run(act)
            for round_ in range(3):
                with self.subTest(round_):
                    load.wait_for_more()
                    old = self.kill(seki)
                    load.wait_for_more()
                    self.assertEqual(seki.get().status, 200, "new connections are accepted")
                    seki.start()
                    self.adopted(seki, old)
                    self.assertFalse(set(old) & set(self.running(seki).values()))
                    self.assertEqual(len(self.running(seki)), 2)
                    self.assertEqual([self.ask(client) for client in resting], [200] * 20)
            load.wait_for_more()
            self.assertEqual(load.end(), [])
        self.assertEqual(list(self.running(seki)), [6, 7], "numbers of workers go on")
        self.assertIn("2 workers of a supervisor that has died replaced", seki.log())

    def test_while_nobody_is_there_a_signal_ends_a_worker_as_it_ends_a_supervisor(self):
        answer = threading.Event()
        self.addCleanup(answer.set)
        backend = self.backend(respond=lambda request: (request.target == "/" or answer.wait(wire.PATIENCE_SECONDS)) and
                               wire.response(b"late"))
        seki = self.http(backend)
        with seki.connect() as client:
            client.send(wire.request(target="/slow"))
            backend.wait_requests(1)
            os.kill(seki.worker_pids()[0], signal.SIGTERM)
            self.assertEqual(seki.get().status, 200, "it has a supervisor, whose business it is")
            (pid,) = self.kill(seki)
            self.assertEqual(seki.orphans(), [pid])
            os.kill(pid, signal.SIGTERM)
            until(lambda: "ending when the last session has ended" in seki.log(), "the signal to be read")
            with self.assertRaises(ConnectionRefusedError):
                until(lambda: seki.connect().close(), "the listening socket to close")
            answer.set()
            self.assertEqual(client.read_response().body, b"late")
        wait_gone(pid)
        seki.start()
        self.assertEqual(seki.get().status, 200)
        self.assertEqual(len(list(seki.folder.glob("seki.sock.worker-*"))), 1, "what was left behind is removed")

    def test_the_line_of_the_document_ends_them_and_nobody_else(self):
        seki = self.http(self.backend(), worker_count=2)
        pids = self.kill(seki)
        text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
        (line,) = [line for line in text.splitlines() if line.startswith("    for file in")]
        pathlib.Path(f"{seki.socket_path}.worker-{os.getpid()}").touch()
        subprocess.run(["sh", "-c", line.replace("/run/seki/seki.sock", seki.socket_path)], check=False)
        for pid in pids:
            wait_gone(pid)

    def test_a_second_signal_ends_it_at_once(self):
        backend = self.backend(script=lambda stream: stream.take_rest())
        seki = self.http(backend)
        with seki.connect() as client:
            client.send(wire.request())
            backend.wait(lambda: backend.connections == 1)
            (pid,) = self.kill(seki)
            os.kill(pid, signal.SIGTERM)
            until(lambda: "ending when the last session has ended" in seki.log(), "the signal to be read")
            os.kill(pid, signal.SIGTERM)
            wait_gone(pid)
            self.assertTrue(client.at_end_quietly())

    def test_what_cannot_move_yet_stays_with_the_old_worker(self):
        seki = self.http(self.backend())
        with seki.connect() as client:
            head = wire.request()
            client.send(head[:20])
            until(lambda: "reading a head" in seki.ctl("sessions", "list").out, "the beginning of a head to be read")
            (pid,) = self.kill(seki)
            self.start_anew(seki, [pid])
            with seki.control() as control:
                states = {worker.pid: worker.run_state for worker in control.workers()}
            self.assertEqual(states[pid], schema.STOPPING)
            self.assertEqual(seki.ctl("upgrade").code, 0, "another program goes on with who is no child of it")
            client.send(head[20:])
            self.assertEqual(client.read_response().status, 200)
            self.adopted(seki, [pid])
            self.assertEqual(self.ask(client), 200, "its connection has moved")
        seki.stop()
        self.assertEqual(seki.process.returncode, 0)

    def test_one_that_hangs_when_it_was_adopted_is_killed_like_any_other(self):
        # A connection that no other worker can take over keeps it from ending.
        seki = self.instance(worker_timeout=2)
        seki.body = https_body(seki.text, seki.folder, self.backend(script=switch_and_echo)).replace(
            'protocol = "https"', 'protocol = "https"\nown_tls_records = false', 1)
        seki.start()
        context = ssl.create_default_context(cafile=str(seki.folder / "c.pem"))
        with seki.connect() as client:
            client.socket = context.wrap_socket(client.socket, server_hostname="example.com")
            client.send(wire.request(fields=UPGRADE))
            self.assertEqual(client.read_head().status, 101)
            old = self.kill(seki)
            self.start_anew(seki, old)
            (pid,) = old
            os.kill(pid, signal.SIGSTOP)
            wait_gone(pid)
        self.assertRegex(seki.log(), rf"\(pid {pid}\) is killed: it does not (answer|end)")
        until(lambda: f"(pid {pid}) has ended" in seki.log(), "its end to be noticed")
        self.assertEqual(len(self.running(seki)), 1)

    def test_and_so_it_is_when_the_next_supervisor_is_killed_too(self):
        answer = threading.Event()
        self.addCleanup(answer.set)
        backend = self.backend(respond=lambda request: (request.target == "/" or answer.wait(wire.PATIENCE_SECONDS)) and
                               wire.response(b"late"))
        seki = self.http(backend, worker_count=2)
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(seki.connect()) for _ in range(10)]
            for client in clients:
                client.send(wire.request(target="/slow"))
            backend.wait_requests(10)
            first = self.kill(seki)
            self.start_anew(seki, first)
            second = self.kill(seki)
            self.start_anew(seki, second)
            self.adopted(seki, second)
            answer.set()
            self.assertEqual([client.read_response().body for client in clients], [b"late"] * 10)
            self.adopted(seki, first)
            self.assertEqual([self.ask(client) for client in clients], [200] * 10)

    def test_the_number_of_workers_may_be_another_one(self):
        seki = self.http(self.backend(), worker_count=2)
        load = Load(self)
        clients = [seki.connect() for _ in range(20)]
        self.assertEqual([self.ask(client) for client in clients], [200] * 20)

        def fresh():
            assert seki.get().status == 200

        load.run(fresh)
        for count in (4, 1, 3):
            old = self.kill(seki)
            seki.settings["worker_count"] = count
            seki.start()
            self.adopted(seki, old)
            self.assertEqual(len(self.running(seki)), count)
            self.assertEqual([self.ask(client) for client in clients], [200] * 20)
        self.assertEqual(load.end(), [])
        for client in clients:
            client.close()

    def test_listeners_may_have_come_and_gone_and_cover_others(self):
        backend = self.backend()
        seki = self.instance()
        gone = f"{seki.ip}:{free_port(seki.ip)}"
        seki.body = http_body(seki.text, backend) + http_body(gone, backend, cluster="gone")
        seki.start()
        old = self.kill(seki)
        everywhere = f"0.0.0.0:{seki.address[1]}"
        come = (seki.ip, free_port(seki.ip))
        seki.body = http_body(everywhere, backend) + http_body("{}:{}".format(*come), backend, cluster="come")
        seki.start()
        self.adopted(seki, old)
        self.assertEqual(seki.get().status, 200)
        with wire.connect(come) as client:
            self.assertEqual(self.ask(client), 200)
        with self.assertRaises(ConnectionRefusedError):
            wire.connect((seki.ip, int(gone.rsplit(":", 1)[1])))

    def test_there_may_be_more_listeners_than_go_into_one_message(self):
        seki = self.instance()
        taken = [(seki.ip, free_port(seki.ip)) for _ in range(300)]
        six = free_port("::1")
        listeners = [f"{ip}:{port}" for ip, port in taken] + [f"[::1]:{six}"]
        seki.body = http_body(seki.text, self.backend())
        seki.body += "".join(f'[[listeners]]\nprotocol = "http"\naddress = "{address}"\n' for address in listeners)
        seki.start()
        old = self.kill(seki)
        seki.start()
        self.adopted(seki, old)
        self.assertEqual(seki.get().status, 200)
        for address in (*taken, ("::1", six)):
            with wire.connect(address) as client:
                self.assertEqual(self.ask(client), 404)

    def test_of_one_that_stood_in_for_a_dead_one_all_sockets_are_taken(self):
        seki = self.http(self.backend(), worker_count=2, worker_automatic_restart=False)
        dead = seki.worker_pids()[1]
        os.kill(dead, signal.SIGKILL)
        wait_gone(dead)
        until(lambda: dead not in self.running(seki).values(), "its death to be noticed")
        old = self.kill(seki)
        self.assertEqual(len(old), 1)
        clients = [seki.connect() for _ in range(20)]
        self.start_anew(seki, old)
        self.adopted(seki, old)
        self.assertEqual([self.ask(client) for client in clients], [200] * 20)
        self.assertEqual([seki.get().status for _ in range(20)], [200] * 20)
        for client in clients:
            client.close()

    def test_who_is_to_drain_from_now_on_adopts_all_the_same(self):
        seki = self.http(self.backend())
        old = self.kill(seki)
        seki.settings["orphaned_workers"] = "drain"
        self.start_anew(seki, old)
        self.adopted(seki, old)
        new = seki.worker_pids()
        seki.kill()
        for pid in new:
            wait_gone(pid)

    def test_what_was_saved_is_there_and_what_was_not_is_gone(self):
        first, second = self.backend("first"), self.backend("second")
        for saves in (True, False):
            with self.subTest(saves):
                seki = self.instance()
                if saves:
                    seki.settings |= {"saved_state": "state.json", "automatic_state_save": True}
                seki.body = http_body(seki.text, first)
                seki.start()
                with seki.control() as control:
                    control.ask(add_backend("web", "second", second.address))
                saved = seki.folder / "state.json"
                if saves:
                    until(lambda: saved.exists() and b"second" in saved.read_bytes(), "the state to be saved")
                old = self.kill(seki)
                self.assertEqual({seki.get().body for _ in range(20)}, {b"first", b"second"})
                seki.start()
                self.adopted(seki, old)
                self.assertEqual({seki.get().body for _ in range(20)}, {b"first", b"second"} if saves else {b"first"})


if __name__ == "__main__":
    unittest.main()
