"""Certificates of a server that runs: added, exchanged and removed through the command line, and seen in the handshakes of
every worker."""
import hashlib
import os
import signal
import socket
import ssl
import subprocess
import unittest

import wire
from certificates import Authority, make_certificate
from control import Request, schema
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

    def test_figures_say_when_the_first_of_them_ends(self):
        self.start()
        with self.seki.control() as control:
            query = schema.QueryMetricsOptions(list=False, no_clusters=False, workers=False)
            figures = control.ask(Request(query_metrics=query)).content.metrics.main
        own = ssl._ssl._test_decode_cert(self.file("own.pem"))
        first = ssl._ssl._test_decode_cert(self.file("a.pem"))
        ends = [ssl.cert_time_to_seconds(certificate["notAfter"]) for certificate in (own, first)]
        self.assertEqual(figures["tls.cert.min_expires_at_seconds"].gauge, min(ends))
        self.assertEqual(figures["tls.cert.expired"].gauge, 0)

    def staple(self, host, *options):
        """What openssl says of the OCSP response that it gets."""
        return subprocess.run(["openssl", "s_client", "-connect", self.seki.text, "-servername", host, "-status", *options],
                              input="", capture_output=True, text=True, check=False, timeout=wire.PATIENCE_SECONDS).stdout

    def test_an_ocsp_response_is_sent_to_clients_that_ask(self):
        self.start()
        authority = Authority(self.seki.folder, "authority")
        certificate, key = authority.issue("b.example", subjectAltName="DNS:b.example")
        response = authority.vouch("b.example")
        add = ("--certificate", str(certificate), "--certificate-chain", str(authority.certificate), "--key", str(key))
        self.assertEqual(self.ctl("add", *add).code, 0)
        self.assertIn("OCSP response: no response sent", self.staple("b.example"))
        done = self.ctl("add", *add, "--ocsp-response", str(response))
        self.assertEqual((done.code, done.err), (0, ""))
        for version in ("-tls1_2", "-tls1_3"):
            for _ in range(HANDSHAKES):
                self.assertIn("Cert Status: good", self.staple("b.example", version))
        refused = self.ctl("add", "--certificate", self.file("a.pem"), "--key", self.file("a.key"), "--ocsp-response",
                           str(response))
        self.assertEqual(refused.code, 1)
        self.assertIn("ocsp_response", refused.err)
        self.assertIn("about another certificate", refused.err)
        # Who comes later has it as well, and a file may name it.
        self.seki.stop()
        self.seki.body = f"""
[[listeners]]
protocol = "https"
address = "{self.seki.text}"
certificate = "{certificate}"
certificate_chain = "{authority.certificate}"
key = "{key}"
ocsp_response = "{response}"
"""
        self.seki.start()
        for host in ("b.example", "unknown.example"):
            self.assertIn("Cert Status: good", self.staple(host))

    def test_of_each_worker_can_be_asked_for(self):
        self.start()
        shown = self.seki.ctl("certificate", "list", "--workers")
        self.assertEqual((shown.code, shown.err), (0, ""))
        for part in ("worker 0", "worker 1", "a.example", "own.example", self.first, self.own):
            self.assertIn(part, shown.out)
        one = self.seki.ctl("certificate", "list", "-w", "-d", "a.example")
        self.assertIn(self.first, one.out)
        self.assertNotIn(self.own, one.out)
        stranger = self.seki.ctl("certificate", "list", "-w", "-d", "stranger.example")
        self.assertEqual(stranger.code, 0)
        self.assertIn(self.own, stranger.out)
        found = self.seki.ctl("--json", "certificate", "list", "-w", "-f", self.first)
        self.assertEqual(found.code, 0)
        self.assertIn("BEGIN CERTIFICATE", found.out)
        self.assertNotIn("PRIVATE KEY", found.out)
        missing = self.seki.ctl("certificate", "list", "-w", "-f", "0" * 64)
        self.assertEqual(missing.code, 1)
        self.assertIn("worker 0: there is no certificate", missing.err)

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
