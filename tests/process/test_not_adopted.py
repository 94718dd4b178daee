"""Workers whose supervisor was killed and that are not adopted: the start fails or is killed too, others are in the way."""
import contextlib
import os
import pathlib
import re
import signal
import socket
import threading
import unittest

import wire
from control import Request, schema
from halting import Scarcity
from harness import http_body, until, wait_gone, wait_stopped
from test_orphans import Everything, Load, OrphansTest


class NotAdopted(OrphansTest):
    def test_with_the_key_they_end_with_their_last_session(self):
        answer = threading.Event()
        self.addCleanup(answer.set)
        backend = self.backend(respond=lambda request: answer.wait(wire.PATIENCE_SECONDS) and wire.response(b"late"))
        seki = self.http(backend, worker_count=2, orphaned_workers="drain")
        pids = seki.worker_pids()
        self.assertEqual(seki.orphans(), [])
        with seki.connect() as client:
            client.send(wire.request())
            backend.wait_requests(1)
            seki.kill()
            answer.set()
            self.assertEqual(client.read_response().body, b"late")
        for pid in pids:
            wait_gone(pid)

    def test_workers_that_had_not_begun_end(self):
        seki = self.instance()
        seki.body = http_body(seki.text, self.backend())
        scarcity = Scarcity(seki)
        seki.start()
        (old,) = seki.worker_pids()
        scarcity.refuse("worker prctl")
        os.kill(old, signal.SIGKILL)
        until(lambda: "die early" in seki.log(), "a worker that cannot begin")
        seki.kill()
        until(lambda: not seki.orphans(), "the workers to end")

    def test_a_start_that_fails_leaves_them_serving_and_a_later_one_adopts_them(self):
        seki = self.instance(worker_count=2)
        scarcity = Scarcity(seki)
        seki.body = http_body(seki.text, self.backend())
        seki.start()
        good = seki.body
        with seki.connect() as client:
            self.assertEqual(self.ask(client), 200)
            old = self.kill(seki)
            taken = self.backend("taken")
            for spoil, why in ((lambda: setattr(seki, "body", good + "[clusters.web]\n"), "is not valid"),
                               (lambda: setattr(seki, "body", good + http_body(taken.text, taken, cluster="taken")),
                                "already in use"),
                               (lambda: scarcity.refuse("worker prctl"), "cannot begin"),
                               (lambda: scarcity.refuse("supervisor posix_spawn"), "cannot start a worker")):
                with self.subTest(why):
                    spoil()
                    seki.spawn()
                    self.assertEqual(seki.wait(), 1)
                    self.assertIn(why, seki.log())
                    self.assertEqual(set(seki.orphans()), set(old))
                    self.assertEqual(self.ask(client), 200)
                    self.assertEqual([seki.get().status for _ in range(20)], [200] * 20)
                    seki.body = good
                    scarcity.refuse()
            seki.start()
            self.adopted(seki, old)
            self.assertEqual(self.ask(client), 200)

    def test_whoever_adopts_and_is_killed_at_a_step_of_it_leaves_them_to_the_next_one(self):
        everything = Everything(self)
        seki = everything.seki
        with contextlib.ExitStack() as stack:
            resting, busy = everything.everybody(stack)
            load = Load(self)
            for act in busy:
                load.run(act)
            for step in ("is adopted", "worker [0-9]+ started", "worker [0-9]+ serves", "goes: its connections are for",
                         "is replaced by worker"):
                with self.subTest(step):
                    self.kill(seki)
                    before = len(seki.log())
                    seki.spawn()
                    until(lambda: re.search(step, seki.log()[before:]), step)
                    seki.kill()
                    load.wait_for_more()
                    seki.start()
                    self.assertEqual([self.ask(client) for client in resting], [200] * 20)
            self.assertEqual(load.end(), [])
        until(lambda: len(seki.orphans()) == 2, "all former workers to end")

    def test_a_supervisor_that_is_killed_in_an_upgrade_leaves_old_and_new_workers_to_the_next_one(self):
        everything = Everything(self)
        seki = everything.seki
        with contextlib.ExitStack() as stack:
            resting, busy = everything.everybody(stack)
            load = Load(self)
            for act in busy:
                load.run(act)
            for step in ("another executable takes over", "is to be replaced by worker", "worker [0-9]+ serves",
                         "is replaced by worker"):
                with self.subTest(step):
                    before = len(seki.log())
                    with seki.control() as control:
                        control.send(Request(upgrade_main=schema.UpgradeMain()))
                        until(lambda: re.search(step, seki.log()[before:]), step)
                        seki.kill()
                    load.wait_for_more()
                    seki.start()
                    self.assertEqual([self.ask(client) for client in resting], [200] * 20)
                    until(lambda: len(seki.orphans()) == 2, "all former workers to end")
                    self.assertEqual(len(self.running(seki)), 2)
            self.assertEqual(load.end(), [])

    def test_of_several_that_start_at_once_one_adopts_them_and_the_others_are_refused(self):
        seki = self.http(self.backend(), worker_count=2)
        for _ in range(3):
            old = self.kill(seki)
            began = []
            for _ in range(4):
                seki.spawn_again()
                began.append(seki.process)
            until(lambda: len([one for one in began if one.poll() is not None]) == 3, "three to be refused")
            (seki.process,) = [one for one in began if one.poll() is None]
            self.assertEqual([one.returncode for one in began if one is not seki.process], [1] * 3)
            self.adopted(seki, old)
            until(lambda: len(self.running(seki)) == 2, "new workers")
            self.assertEqual(seki.get().status, 200)

    def test_one_that_hangs_is_left_alone_and_the_others_are_adopted(self):
        seki = self.http(self.backend(), worker_count=2, worker_timeout=1)
        hung, well = self.kill(seki)
        os.kill(hung, signal.SIGSTOP)
        wait_stopped(hung)
        seki.start()
        self.adopted(seki, [well])
        self.assertIn(f"process {hung}, a worker without a supervisor, is left alone: it does not answer", seki.log())
        os.kill(hung, signal.SIGCONT)
        until(lambda: seki.log().count("going on until another one adopts this worker") == 3, "it to notice")
        os.kill(hung, signal.SIGTERM)
        wait_gone(hung)
        self.assertEqual([seki.get().status for _ in range(20)], [200] * 20)

    def test_what_lies_beside_the_command_socket_is_no_worker(self):
        seki = self.instance()
        (seki.folder / "seki.sock.worker-1").write_text("no socket")
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(str(seki.folder / "seki.sock.worker-2"))
        with socket.socket(socket.AF_UNIX) as silent:
            silent.bind(str(seki.folder / "seki.sock.worker-3"))
            silent.listen()
            (seki.folder / "seki.sock.worker-x").write_text("no number")
            seki.settings["worker_timeout"] = 1
            seki.body = http_body(seki.text, self.backend())
            seki.start()
        self.assertEqual(seki.get().status, 200)
        self.assertFalse((seki.folder / "seki.sock.worker-2").exists())
        self.assertTrue((seki.folder / "seki.sock.worker-1").exists())
        self.assertIn("process 1, a worker without a supervisor, is left alone", seki.log())
        self.assertIn("process 3, a worker without a supervisor, is left alone", seki.log())

    def test_somebody_who_connects_and_talks_nonsense_or_nothing_is_in_nobodys_way(self):
        seki = self.http(self.backend())
        (pid,) = self.kill(seki)
        path = f"{seki.socket_path}.worker-{pid}"
        for said in (b"", b"\x01", b"\xff" * 8, (12).to_bytes(8, "little") + b"\xff" * 4,
                     (10).to_bytes(8, "little") + b"\x08\x01"):
            with socket.socket(socket.AF_UNIX) as nobody:
                nobody.connect(path)
                nobody.sendall(said)
                if len(said) > 1:
                    self.assertEqual(nobody.recv(1), b"", "he is dropped")
        with socket.socket(socket.AF_UNIX) as silent:
            silent.connect(path)
            self.assertEqual(seki.get().status, 200)
            seki.start()
        self.adopted(seki, [pid])

    def test_the_file_is_for_our_user_only_and_goes_with_its_worker(self):
        seki = self.http(self.backend())
        (pid,) = seki.worker_pids()
        file = pathlib.Path(f"{seki.socket_path}.worker-{pid}")
        self.assertEqual(file.stat().st_mode & 0o777, 0o600)
        seki.stop()
        self.assertFalse(file.exists())

    def test_a_stop_leaves_no_worker_that_another_instance_could_find(self):
        answer = threading.Event()
        self.addCleanup(answer.set)
        backend = self.backend(respond=lambda request: answer.wait(wire.PATIENCE_SECONDS) and wire.response(b"late"))
        seki = self.http(backend)
        (pid,) = seki.worker_pids()
        with seki.connect() as client:
            client.send(wire.request())
            backend.wait_requests(1)
            seki.signal(signal.SIGTERM)
            until(lambda: not pathlib.Path(seki.socket_path).exists(), "the command socket to be given up")
            self.assertEqual(seki.orphans(), [])
            seki.kill()
            answer.set()
            self.assertEqual(client.read_response().body, b"late")
        wait_gone(pid)


if __name__ == "__main__":
    unittest.main()
