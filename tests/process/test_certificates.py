"""Certificates of a server that runs: added, exchanged and removed through the command line, and seen in the handshakes of
every worker."""
import hashlib
import os
import signal
import socket
import ssl
import unittest

from certificates import make_certificate
from harness import ProcessTest, until

HANDSHAKES = 8  # enough to meet each of two workers, nearly always


class Certificates(ProcessTest):
    def start(self, **settings):
        """Serves a.example with the certificate `a`; the listener's own one is `own`."""
        self.seki = self.instance(worker_count=2, **settings)
        self.own = make_certificate(self.seki.folder, "own", "own.example")
        self.first = make_certificate(self.seki.folder, "a", "a.example")
        self.seki.body = f"""
[[listeners]]
protocol = "https"
address = "{self.seki.text}"
certificate = "own.pem"
key = "own.key"

[clusters.web]
protocol = "http"
backends = [{{ address = "{self.backend().text}" }}]
frontends = [{{ address = "{self.seki.text}", hostname = "a.example", certificate = "a.pem", key = "a.key" }}]
"""
        self.seki.start()

    def ctl(self, verb, *options):
        return self.seki.ctl("-t", "60000", "certificate", verb, "-a", self.seki.text, *options)

    def file(self, name):
        return str(self.seki.folder / name)

    def shown(self, host):
        """The fingerprints that clients of the host are shown."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        seen = set()
        for _ in range(HANDSHAKES):
            with socket.create_connection(self.seki.address, timeout=30) as plain:
                with context.wrap_socket(plain, server_hostname=host) as client:
                    seen.add(hashlib.sha256(client.getpeercert(binary_form=True)).hexdigest())
        return seen

    def test_are_those_of_the_file(self):
        self.start()
        self.assertEqual(self.shown("a.example"), {self.first})
        self.assertEqual(self.shown("unknown.example"), {self.own})
        self.assertEqual(self.shown(None), {self.own})

    def test_come_and_go_while_it_runs(self):
        self.start()
        wild = make_certificate(self.seki.folder, "wild", "*.b.example")
        added = self.ctl("add", "--certificate", self.file("wild.pem"), "--key", self.file("wild.key"))
        self.assertEqual(added.code, 0, added)
        self.assertEqual(self.shown("x.b.example"), {wild})
        listed = self.seki.ctl("--json", "certificate", "list", "-d", "x.b.example")
        self.assertIn(wild, listed.out)
        self.assertNotIn(self.first, listed.out)
        self.assertEqual(self.ctl("remove", "-f", wild).code, 0)
        self.assertEqual(self.shown("x.b.example"), {self.own})
        self.assertEqual(self.ctl("remove", "-f", wild).code, 1)

    def test_are_exchanged_in_one_step_and_stay_with_new_workers(self):
        self.start()
        second = make_certificate(self.seki.folder, "second", "a.example")
        exchanged = self.ctl("replace", "--new-certificate", self.file("second.pem"), "--new-key",
                             self.file("second.key"), "--old-certificate", self.file("a.pem"))
        self.assertEqual(exchanged.code, 0, exchanged)
        self.assertEqual(self.shown("a.example"), {second})
        dead = self.seki.worker_pids()[0]
        os.kill(dead, signal.SIGKILL)
        until(lambda: self.seki.worker_pids() and dead not in self.seki.worker_pids(), "a new worker")
        until(lambda: self.seki.ctl("status").out.count("RUNNING") == 2, "it to run")
        self.assertEqual(self.shown("a.example"), {second})

    def test_that_are_wrong_change_nothing(self):
        self.start()
        refused = self.ctl("replace", "--new-certificate", self.file("own.pem"), "--new-key", self.file("a.key"),
                           "--old-certificate", self.file("a.pem"))
        self.assertEqual(refused.code, 1)
        self.assertIn("the key does not belong to the certificate", refused.err)
        self.assertEqual(self.shown("a.example"), {self.first})


if __name__ == "__main__":
    unittest.main()
