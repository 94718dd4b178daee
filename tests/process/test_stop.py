"""How it ends: softly, hard, and by what signals not at all."""
import os
import signal
import subprocess
import unittest

import wire
from backend import Gate
from control import Request, schema
from harness import BINARY, ProcessTest, http_body, until, wait_gone, wait_stopped


class Stop(ProcessTest):
    def setUp(self):
        self.gate = Gate()
        self.addCleanup(self.gate.open)

        def respond(_):
            self.gate.wait()
            return wire.response(b"finished")

        self.slow = self.backend("slow", respond=respond)
        self.seki = self.http(self.slow, worker_count=2, pid_file_path="seki.pid")

    def running_exchange(self):
        client = self.seki.connect()
        self.addCleanup(client.close)
        client.send(wire.request())
        self.slow.wait_requests(1)
        return client

    def wait_for_refusal(self):
        """A soft stop is in force when nobody new gets in; asked by connecting until the first refusal."""
        while True:
            try:
                self.seki.connect().close()
            except ConnectionRefusedError:
                return
            except ConnectionResetError:
                pass  # the socket was closed while it connected; the next one will tell

    def test_a_soft_stop_lets_running_exchanges_finish(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            with self.subTest(number.name):
                self.setUp()
                client = self.running_exchange()
                self.seki.signal(number)
                self.wait_for_refusal()
                self.assertIsNone(self.seki.process.poll())
                self.gate.open()
                self.assertEqual(client.read_response().body, b"finished")
                self.assertTrue(client.at_end())
                self.assertEqual(self.seki.wait(), 0)
                self.assertIn(f"{number.name} by uid {os.getuid()}, pid {os.getpid()}: it is to stop", self.seki.log())

    def test_a_soft_stop_closes_idle_connections(self):
        self.gate.open()
        client = self.running_exchange()
        client.read_response()
        self.seki.signal(signal.SIGTERM)
        self.assertTrue(client.at_end())
        self.assertEqual(self.seki.wait(), 0)

    def test_a_second_signal_stops_hard(self):
        client = self.running_exchange()
        self.seki.signal(signal.SIGTERM)
        self.wait_for_refusal()
        self.seki.signal(signal.SIGTERM)
        self.seki.wait()
        self.assertTrue(client.at_end_quietly())

    def test_shutdown_by_the_command_line_waits_for_the_last_exchange(self):
        client = self.running_exchange()
        with subprocess.Popen([BINARY, "-c", self.seki.config, "shutdown"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as shutdown:
            self.wait_for_refusal()
            self.gate.open()
            self.assertEqual(client.read_response().body, b"finished")
            client.close()
            _, err = shutdown.communicate(timeout=wire.PATIENCE_SECONDS)
            self.assertEqual(shutdown.returncode, 0, err)
        self.assertEqual(self.seki.wait(), 0)

    def test_a_hard_shutdown_waits_for_nobody(self):
        client = self.running_exchange()
        done = self.seki.ctl("shutdown", "--hard")
        self.assertEqual(done.code, 0, done)
        self.seki.wait()
        self.assertTrue(client.at_end_quietly())

    def test_hangup_and_broken_pipes_kill_nobody(self):
        self.gate.open()
        workers = self.seki.worker_pids()
        for pid in [self.seki.process.pid, *workers]:
            os.kill(pid, signal.SIGHUP)
            os.kill(pid, signal.SIGPIPE)
        self.assertEqual([self.seki.get().status for _ in range(20)], [200] * 20)
        self.assertEqual(self.seki.worker_pids(), workers)

    def test_signals_that_mean_something_to_other_servers_kill_nobody(self):
        self.gate.open()
        workers = self.seki.worker_pids()
        numbers = [signal.SIGUSR2, signal.SIGALRM, signal.SIGWINCH, signal.SIGIO, signal.SIGRTMIN + 3]
        for pid in [*workers, self.seki.process.pid]:
            for number in numbers:
                os.kill(pid, number)
        for pid in workers:
            os.kill(pid, signal.SIGQUIT)
        sender = f"by uid {os.getuid()}, pid {os.getpid()}: this signal means nothing here"
        for name in ("SIGUSR2", "SIGALRM", "SIGRTMIN+3"):
            until(lambda name=name: f"{name} {sender}" in self.seki.log(), f"a line about {name}")
        self.assertEqual([self.seki.get().status for _ in range(20)], [200] * 20)
        self.assertEqual(self.seki.worker_pids(), workers)

    def test_the_signals_of_a_rotation_open_all_logs_again(self):
        self.gate.open()
        for number in (signal.SIGHUP, signal.SIGUSR1):
            with self.subTest(number.name):
                seki = self.instance()
                names = ["log", "access"]
                seki.settings |= {"log_target": f"file://{seki.folder}/log",
                                  "access_logs_target": f"file://{seki.folder}/access"}
                seki.body = http_body(seki.text, self.slow)
                seki.start()
                for name in names:
                    os.rename(seki.folder / name, seki.folder / f"{name}.1")
                seki.signal(number)
                until(lambda: all((seki.folder / name).exists() for name in names), "new logs")
                until(lambda: number.name in (seki.folder / "log").read_text(), "a line about the signal")
                seki.get("/after")
                until(lambda: "/after" in (seki.folder / "access").read_text(), "the line of a request")

    def wait_until_it_drains(self):
        until(lambda: not os.path.exists(self.seki.socket_path), "the command socket to be given up")

    def successor(self):
        """Another instance with the same addresses, command socket and pid file."""
        seki = self.instance(worker_count=2, command_socket=self.seki.socket_path,
                             pid_file_path=str(self.seki.folder / "seki.pid"))
        seki.address = self.seki.address
        seki.body = self.seki.body
        return seki

    def test_a_successor_starts_and_serves_while_the_first_one_drains(self):
        pid_file = self.seki.folder / "seki.pid"
        client = self.running_exchange()
        self.seki.signal(signal.SIGTERM)
        self.wait_until_it_drains()
        self.assertFalse(pid_file.exists())
        successor = self.successor().start()
        self.assertIsNone(self.seki.process.poll())
        another = successor.connect()
        self.addCleanup(another.close)
        another.send(wire.request())
        self.gate.open()
        self.assertEqual(another.read_response().body, b"finished")
        self.assertEqual(client.read_response().body, b"finished")
        self.assertEqual(self.seki.wait(), 0)
        self.assertEqual(successor.get().status, 200)
        self.assertEqual(int(pid_file.read_text()), successor.process.pid)
        self.assertTrue(os.path.exists(successor.socket_path))

    def test_who_waits_in_a_queue_when_the_stop_comes_is_answered(self):
        self.gate.open()
        workers = self.seki.worker_pids()
        for pid in workers:
            os.kill(pid, signal.SIGSTOP)
        for pid in workers:
            wait_stopped(pid)
        clients = [self.seki.connect() for _ in range(100)]
        for client in clients:
            self.addCleanup(client.close)
            client.send(wire.request())
        self.seki.signal(signal.SIGTERM)
        until(lambda: "stopping when" in self.seki.log(), "the stop")
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
        self.assertEqual([client.read_response().body for client in clients], [b"finished"] * 100)
        self.assertEqual(self.seki.wait(), 0)

    def test_a_soft_stop_ends_at_its_deadline(self):
        client = self.running_exchange()
        done = self.seki.ctl("shutdown", "--deadline", "1")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.seki.wait(), 0)
        self.assertTrue(client.at_end_quietly())
        self.assertIn("the time for a soft stop is over", self.seki.log())

    def ask_to_stop(self, control, deadline=None):
        control.send(Request(soft_stop=schema.SoftStop(deadline=deadline)))

    def assert_stopped(self, *asked, at_deadline):
        for control in asked:
            self.assertEqual(control.final().message, "all workers have ended")
        self.assertEqual(self.seki.wait(), 0)
        self.assertEqual("the time for a soft stop is over" in self.seki.log(), at_deadline)

    def test_a_second_soft_stop_while_one_drains_brings_its_end_nearer(self):
        for deadline in (None, 3600):
            with self.subTest(deadline=deadline):
                self.setUp()
                client = self.running_exchange()
                with self.seki.control() as first, self.seki.control() as second:
                    self.ask_to_stop(first, deadline)
                    self.wait_until_it_drains()
                    self.ask_to_stop(second, 1)
                    self.assertTrue(client.at_end_quietly())
                    self.assert_stopped(first, second, at_deadline=True)

    def test_a_second_soft_stop_puts_off_no_end(self):
        for deadline in (None, 0, 3600):
            with self.subTest(deadline=deadline):
                self.setUp()
                client = self.running_exchange()
                with self.seki.control() as first, self.seki.control() as second:
                    # It hears both at once, so the first one cannot be over before the second is there.
                    self.seki.signal(signal.SIGSTOP)
                    wait_stopped(self.seki.process.pid)
                    self.ask_to_stop(first, 1)
                    self.ask_to_stop(second, deadline)
                    self.seki.signal(signal.SIGCONT)
                    self.assertTrue(client.at_end_quietly())
                    self.assert_stopped(first, second, at_deadline=True)

    def test_a_second_soft_stop_is_not_a_hard_one(self):
        client = self.running_exchange()
        with self.seki.control() as first, self.seki.control() as second:
            self.ask_to_stop(first)
            self.wait_until_it_drains()
            self.ask_to_stop(second)
            until(lambda: self.seki.log().count("SoftStop by") == 2, "the second one to be heard")
            self.gate.open()
            self.assertEqual(client.read_response().body, b"finished")
            self.assert_stopped(first, second, at_deadline=False)

    def test_a_hard_stop_ends_a_soft_one_that_drains(self):
        client = self.running_exchange()
        with self.seki.control() as soft, self.seki.control() as hard:
            self.ask_to_stop(soft, 3600)
            self.wait_until_it_drains()
            hard.send(Request(hard_stop=schema.HardStop()))
            self.assertTrue(client.at_end_quietly())
            self.assert_stopped(soft, hard, at_deadline=False)

    def test_a_soft_stop_that_names_no_deadline_has_that_of_the_file(self):
        self.seki = self.http(self.slow, shutdown_timeout=1)
        client = self.running_exchange()
        self.seki.signal(signal.SIGTERM)
        self.assertTrue(client.at_end_quietly())
        self.assert_stopped(at_deadline=True)

    def test_nothing_is_left_behind(self):
        workers = self.seki.worker_pids()
        self.seki.signal(signal.SIGTERM)
        self.assertEqual(self.seki.wait(), 0)
        for pid in workers:
            wait_gone(pid)
        self.assertFalse(os.path.exists(self.seki.socket_path))


if __name__ == "__main__":
    unittest.main()
