"""Workers that die, hang and crash again and again."""
import contextlib
import os
import signal
import threading
import unittest

import wire
from harness import ProcessTest, until, wait_gone, wait_stopped


class Crash(ProcessTest):
    def kill_worker(self, seki, index=0):
        pid = seki.worker_pids()[index]
        os.kill(pid, signal.SIGKILL)
        return pid

    def replaced(self, seki, dead):
        """Waits until as many workers as configured run, `dead` not among them."""
        def complete():
            with seki.control() as control:
                workers = control.status()
            return dead not in [worker.pid for worker in workers] and seki._all_run(workers)

        until(complete, "a new worker")

    def test_a_killed_worker_is_replaced_with_its_state(self):
        first, second = self.backend("first"), self.backend("second")
        seki = self.http(first)
        identity = ["--id", "web", "--backend-id", "second", "--address", second.text]
        self.assertEqual(seki.ctl("backend", "add", *identity).code, 0)
        dead = self.kill_worker(seki)
        self.replaced(seki, dead)
        self.assertEqual({seki.get().body for _ in range(10)}, {b"first", b"second"})

    def test_connections_after_a_kill_are_all_answered(self):
        seki = self.http(self.backend(), worker_count=2)
        for _ in range(3):
            self.kill_worker(seki)
            self.assertEqual([seki.get().status for _ in range(50)], [200] * 50)

    def test_under_load_only_the_dead_workers_connections_break(self):
        seki = self.http(self.backend(), worker_count=2)
        stop = threading.Event()
        begun = threading.Barrier(9)
        outcomes = []

        def load():
            with seki.connect() as client:
                waits = True
                while not stop.is_set():
                    client.send(wire.request())
                    outcomes.append(client.read_response().status)
                    if waits:
                        begun.wait(wire.PATIENCE_SECONDS)
                        waits = False

        def guarded():
            try:
                load()
            except (ConnectionError, wire.Truncated):
                pass  # it was the dead worker's

        clients = [threading.Thread(target=guarded) for _ in range(8)]
        for client in clients:
            client.start()
        begun.wait(wire.PATIENCE_SECONDS)
        dead = self.kill_worker(seki)
        self.assertEqual([seki.get().status for _ in range(100)], [200] * 100)
        stop.set()
        for client in clients:
            client.join()
        self.assertEqual(set(outcomes), {200})
        self.replaced(seki, dead)

    def hang_and_kill(self, seki, pid):
        """Whoever comes while it hangs, and whoever comes when it was killed, is answered."""
        os.kill(pid, signal.SIGSTOP)
        wait_stopped(pid)
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(seki.connect()) for _ in range(200)]
            for client in clients:
                client.send(wire.request())
            os.kill(pid, signal.SIGKILL)
            self.assertEqual([seki.get().status for _ in range(200)], [200] * 200)
            self.assertEqual([client.read_response().status for client in clients], [200] * 200)

    def test_who_waits_in_a_hung_workers_queue_is_answered_when_it_is_killed(self):
        seki = self.http(self.backend(), worker_count=2)
        self.hang_and_kill(seki, seki.worker_pids()[0])

    def test_likewise_while_the_worker_crashes_in_a_loop(self):
        seki = self.http(self.backend(), worker_count=2)
        with seki.control() as control:
            steady = {worker.id: worker.pid for worker in control.workers()}[1]

        def crashing():
            """The next one in the slot of those that crash, whatever it does at that moment."""
            return [pid for pid in seki.worker_pids() if pid != steady]

        for _ in range(5):
            pid, = until(crashing, "a worker to start")
            self.hang_and_kill(seki, pid)
            wait_gone(pid)
        self.assertIn(steady, seki.worker_pids())

    def test_while_a_worker_crashes_in_a_loop_everybody_is_served(self):
        seki = self.http(self.backend(), worker_count=2)
        with seki.control() as control:
            steady = {worker.id: worker.pid for worker in control.workers()}[1]
        for _ in range(8):
            for pid in seki.worker_pids():
                if pid != steady:
                    os.kill(pid, signal.SIGKILL)
                    wait_gone(pid)
            self.assertEqual([seki.get().status for _ in range(20)], [200] * 20)
        self.assertIn(steady, seki.worker_pids())

    def test_a_crash_leaves_a_line_that_names_the_signal(self):
        seki = self.http(self.backend())
        dead = self.kill_worker(seki)
        self.replaced(seki, dead)
        self.assertRegex(seki.log(), r"(?i)SIGKILL|signal 9|killed")

    def test_one_that_hangs_while_nobody_wants_anything_of_it_is_replaced(self):
        seki = self.http(self.backend(), worker_timeout=2)
        (pid,) = seki.worker_pids()
        os.kill(pid, signal.SIGSTOP)
        wait_gone(pid)
        self.replaced(seki, pid)
        self.assertRegex(seki.log(), rf"\(pid {pid}\) is killed: it does not answer \(status, 2 s\): it is stopped")
        self.assertEqual(seki.get().status, 200)

    def test_a_change_is_right_though_a_worker_dies_in_it(self):
        first, second = self.backend("first"), self.backend("second")
        seki = self.http(first, worker_count=2)
        for number in range(5):
            dead = self.kill_worker(seki, number % 2)
            identity = ["--id", "web", "--backend-id", f"second-{number}", "--address", second.text]
            self.assertEqual(seki.ctl("-t", "60000", "backend", "add", *identity).code, 0)
            self.assertIn(b"second", {seki.get().body for _ in range(20)})
            self.replaced(seki, dead)
            self.assertEqual(seki.ctl("-t", "60000", "backend", "remove", *identity).code, 0)
            self.assertEqual({seki.get().body for _ in range(20)}, {b"first"})

    def test_a_worker_that_hangs_in_a_change_is_replaced_and_the_change_stands(self):
        first, second = self.backend("first"), self.backend("second")
        seki = self.http(first, worker_count=2, worker_timeout=1)
        hung = seki.worker_pids()[0]
        os.kill(hung, signal.SIGSTOP)
        identity = ["--id", "web", "--backend-id", "second", "--address", second.text]
        done = seki.ctl("-t", "60000", "backend", "add", *identity)
        self.assertEqual(done.code, 0, done)
        wait_gone(hung)
        self.replaced(seki, hung)
        self.assertEqual({seki.get().body for _ in range(40)}, {b"first", b"second"})

if __name__ == "__main__":
    unittest.main()
