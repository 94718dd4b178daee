"""What systemd is told (sd_notify(3)): the test is the service manager."""
import os
import shutil
import socket
import tempfile
import unittest

import wire
from control import Refused, Request, schema
from harness import ProcessTest, http_body


class Told(ProcessTest):
    def setUp(self):
        super().setUp()
        folder = tempfile.mkdtemp(prefix="seki-notify-")
        self.addCleanup(shutil.rmtree, folder)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(wire.PATIENCE_SECONDS)
        self.addCleanup(self.socket.close)
        self.path = os.path.join(folder, "notify")
        self.socket.bind(self.path)

    def started(self, **environment):
        seki = self.instance(worker_count=2)
        seki.body = http_body(seki.text, self.backend())
        seki.environment |= {"NOTIFY_SOCKET": self.path, **environment}
        return seki.start()

    def next(self):
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().splitlines())

    def until(self, key):
        while key not in (told := self.next()):
            self.assertIn("WATCHDOG", told)
        return told

    def test_when_it_serves_reloads_and_stops(self):
        seki = self.started()
        ready = self.next()
        self.assertEqual((ready["READY"], ready["MAINPID"], ready["STATUS"]), ("1", str(seki.process.pid), "2 workers serve"))
        with seki.control() as control:
            control.ask(Request(reload=schema.Reload(dry_run=True)))
            control.ask(Request(reload_configuration=""))
            reloading = self.next()
            self.assertEqual(reloading["RELOADING"], "1")
            self.assertGreater(int(reloading["MONOTONIC_USEC"]), 0)
            self.assertEqual(self.next()["READY"], "1")
            with self.assertRaises(Refused):
                control.ask(Request(reload_configuration="/nowhere.toml"))
            self.assertEqual(self.next()["RELOADING"], "1")
            self.assertEqual(self.next()["READY"], "1", "it serves as before")
        seki.stop()
        self.assertEqual(self.next()["STOPPING"], "1")

    def test_at_a_name_that_is_in_no_file_system(self):
        self.socket.close()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(wire.PATIENCE_SECONDS)
        self.addCleanup(self.socket.close)
        self.socket.bind("")  # the kernel chooses one (unix(7), Autobind feature)
        self.path = "@" + self.socket.getsockname()[1:].decode()
        self.started()
        self.assertEqual(self.next()["READY"], "1")

    def test_that_it_is_alive_as_often_as_it_wants(self):
        seki = self.started(WATCHDOG_USEC="20000")
        self.until("READY")
        for _ in range(3):
            self.assertEqual(self.next(), {"WATCHDOG": "1"})
        seki.stop()
        self.until("STOPPING")

    def test_nothing_of_it_reaches_the_workers(self):
        seki = self.started(WATCHDOG_USEC="10000000", WATCHDOG_PID="1")
        self.assertEqual(self.next()["READY"], "1")
        for pid in seki.worker_pids():
            with open(f"/proc/{pid}/environ", "rb") as environment:
                self.assertNotIn(b"NOTIFY_SOCKET", environment.read())

    def test_nobody_who_listens_there_is_no_reason_not_to_serve(self):
        self.socket.close()
        os.unlink(self.path)
        seki = self.started()
        self.assertEqual(seki.get().status, 200)
        self.assertIn("the service manager cannot be told (READY=1): No such file", seki.log())


if __name__ == "__main__":
    unittest.main()
