"""HTTPS as clients of other makers see it: OpenSSL's command line, curl, Python; over several workers, with changes of keys,
and while certificates are exchanged."""
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

import wire
from certificates import make_certificate
from harness import ProcessTest

REQUEST = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
LAST_REQUEST = REQUEST.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


class Https(ProcessTest):
    def start(self, listener="", **settings):
        self.seki = self.instance(worker_count=2, **settings)
        make_certificate(self.seki.folder, "a", "a.example")
        self.seki.body = f"""
[[listeners]]
protocol = "https"
address = "{self.seki.text}"
certificate = "a.pem"
key = "a.key"
{listener}

[clusters.web]
protocol = "http"
backends = [{{ address = "{self.backend('first').text}" }}]
frontends = [{{ address = "{self.seki.text}", hostname = "a.example" }}]
"""
        self.seki.start()

    def context(self):
        """Who trusts the certificate and nothing else."""
        return ssl.create_default_context(cafile=str(self.seki.folder / "a.pem"))

    def connect(self, context, **how):
        plain = socket.create_connection(self.seki.address, timeout=wire.PATIENCE_SECONDS)
        return context.wrap_socket(plain, server_hostname="a.example", **how)

    def ask(self, client):
        client.sendall(REQUEST)
        return client.recv(65536)

    def test_sessions_are_resumed_by_whichever_worker(self):
        self.start()
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.context()
            context.minimum_version = context.maximum_version = version
            with self.connect(context) as first:
                self.assertIn(b"200 OK", self.ask(first))
                session = first.session
            for _ in range(8):
                with self.connect(context, session=session) as again:
                    self.assertTrue(again.session_reused)
                    self.assertIn(b"200 OK", self.ask(again))
                    session = again.session

    def test_sessions_are_resumed_by_servers_that_have_the_same_secret(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with tempfile.NamedTemporaryFile() as secret:
            secret.write(os.urandom(48))
            secret.flush()
            self.start(tls_ticket_secret_file=secret.name)
            with self.connect(context) as client:
                self.assertIn(b"200 OK", self.ask(client))
                session = client.session
            self.start(tls_ticket_secret_file=secret.name)
            with self.connect(context, session=session) as client:
                self.assertTrue(client.session_reused)
            self.start()
            with self.connect(context, session=session) as client:
                self.assertFalse(client.session_reused)

    def test_a_secret_that_is_set_at_run_time_is_one_for_all_workers_and_leaves_no_trace(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

        def session_of():
            with self.connect(context) as client:
                self.assertIn(b"200 OK", self.ask(client))
                return client.session

        def resumes(session):
            answers = set()
            for _ in range(8):
                with self.connect(context, session=session) as client:
                    answers.add(client.session_reused)
            self.assertEqual(len(answers), 1, "all workers are of one mind")
            return answers.pop()

        secret = "a secret of 32 bytes or of more than that"
        self.start()
        before = session_of()
        done = self.seki.ctl("ticket-secret", "set", "--file", "-", said=secret)
        self.assertEqual((done.code, done.err), (0, ""))
        self.assertTrue(resumes(before))
        after = session_of()
        saved = self.seki.folder / "saved.json"
        for options, there in (((), True), (("--without-keys",), False)):
            self.assertEqual(self.seki.ctl("state", "save", "--file", str(saved), *options).code, 0)
            self.assertEqual("SET_TLS_TICKET_SECRET" in saved.read_text(), there)
            saved.unlink()
        self.assertNotIn(secret[:20], self.seki.log())
        self.seki.stop()
        (self.seki.folder / "secret").write_text(secret)
        self.start(tls_ticket_secret_file=str(self.seki.folder / "secret"))
        self.assertTrue(resumes(after))
        self.assertFalse(resumes(before))

    def test_a_secret_that_is_too_short_keeps_it_from_starting(self):
        with tempfile.NamedTemporaryFile() as secret:
            secret.write(b"short")
            secret.flush()
            seki = self.instance(tls_ticket_secret_file=secret.name)
            seki.write_config()
            done = seki.ctl("config", "check")
            self.assertEqual(done.code, 1)
            self.assertIn("tls_ticket_secret_file", done.err)
            self.assertIn("5 bytes are too few", done.err)

    def test_every_version_and_kind_of_record_is_served(self):
        for listener in ("", "own_tls_records = false"):
            with self.subTest(listener):
                self.start(listener)
                for version in ("--tls-max 1.2", "--tlsv1.3"):
                    done = subprocess.run(["curl", "-sS", *version.split(), "--cacert", self.seki.folder / "a.pem",
                                           "--resolve", f"a.example:{self.seki.address[1]}:{self.seki.address[0]}",
                                           f"https://a.example:{self.seki.address[1]}/"], capture_output=True, text=True,
                                          check=False, timeout=wire.PATIENCE_SECONDS)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))
                    self.assertIn("first", done.stdout)
                self.seki.stop()

    def test_keys_change_within_a_connection(self):
        """OpenSSL's client does so when it is told, between two requests."""
        self.start()
        client = subprocess.Popen(["openssl", "s_client", "-connect", self.seki.text, "-servername", "a.example", "-tls1_3",
                                   "-CAfile", self.seki.folder / "a.pem", "-verify_return_error"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.addCleanup(client.stdout.close)
        printed = b""

        def wait_for(count):
            nonlocal printed
            while printed.count(b"200 OK") < count:
                piece = client.stdout.read1(65536)
                self.assertTrue(piece, printed)
                printed += piece

        client.stdin.write(REQUEST)
        client.stdin.flush()
        wait_for(1)
        client.stdin.write(b"K\n")  # KeyUpdate, and the same of the other side
        client.stdin.flush()
        while b"KEYUPDATE" not in printed:
            piece = client.stdout.read1(65536)
            self.assertTrue(piece, printed)
            printed += piece
        client.stdin.write(REQUEST)
        client.stdin.flush()
        wait_for(2)
        client.stdin.write(LAST_REQUEST)
        client.stdin.flush()
        wait_for(3)
        client.stdin.close()
        self.assertEqual(client.wait(wire.PATIENCE_SECONDS), 0)

    def test_certificates_are_exchanged_while_connections_serve(self):
        self.start()
        ended = threading.Event()
        wrong = []

        def keep_asking():
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with self.connect(context) as client:
                while not ended.is_set():
                    if b"200 OK" not in self.ask(client):
                        wrong.append("no answer")
                        return

        asking = [threading.Thread(target=keep_asking) for _ in range(2)]
        for thread in asking:
            thread.start()
        try:
            for n in range(10):
                make_certificate(self.seki.folder, f"new{n}", "a.example")
                done = self.seki.ctl("-t", "60000", "certificate", "add", "-a", self.seki.text, "--certificate",
                                     str(self.seki.folder / f"new{n}.pem"), "--key", str(self.seki.folder / f"new{n}.key"))
                self.assertEqual(done.code, 0, done)
        finally:
            ended.set()
            for thread in asking:
                thread.join()
        self.assertEqual(wrong, [])

    @unittest.skipUnless(shutil.which("gnutls-cli"), "gnutls-cli is not here")
    def test_gnutls_is_served(self):
        self.start()
        done = subprocess.run(["gnutls-cli", "--x509cafile", self.seki.folder / "a.pem", "--sni-hostname", "a.example",
                               "--verify-hostname", "a.example", "-p", str(self.seki.address[1]), self.seki.address[0]],
                              input=LAST_REQUEST, capture_output=True, check=False, timeout=wire.PATIENCE_SECONDS)
        self.assertIn(b"200 OK", done.stdout)


if __name__ == "__main__":
    unittest.main()
