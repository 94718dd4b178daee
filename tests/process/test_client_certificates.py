"""Clients that show certificates: who is let in, what backends are told of him, and what becomes of that when the policy
changes, with clients of other makers."""
import hashlib
import json
import os
import signal
import socket
import ssl
import subprocess
import unittest

import wire
from certificates import Authority, make_certificate
from control import Request
from harness import ProcessTest, until

HEADERS = 'client_auth_headers = { subject = "X-Subject", san = "X-San", fingerprint = "X-Print", verify_result = "X-Verify" }'
REQUEST = b"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"


class ClientCertificates(ProcessTest):
    def start(self, mode="required", listener="", **settings):
        self.seki = self.instance(worker_count=2, **settings)
        make_certificate(self.seki.folder, "a", "a.example")
        self.authority = Authority(self.seki.folder, "clients")
        self.alice = self.authority.issue("alice", subjectAltName="DNS:alice.example,email:alice@a.example")
        self.authority.list_revoked()
        self.web = self.backend("first")
        self.seki.body = f"""
[[listeners]]
protocol = "https"
address = "{self.seki.text}"
certificate = "a.pem"
key = "a.key"
client_auth = "{mode}"
client_ca_certificates = ["clients/ca.pem"]
client_ca_crls = ["clients/crl.pem"]
{HEADERS}
{listener}

[clusters.web]
protocol = "http"
backends = [{{ address = "{self.web.text}" }}]
frontends = [{{ address = "{self.seki.text}", hostname = "a.example" }}]
"""
        self.seki.start()

    def curl(self, *options, version="--tlsv1.3"):
        return subprocess.run(["curl", "-sS", *version.split(), "--cacert", self.seki.folder / "a.pem", "--resolve",
                               f"a.example:{self.seki.address[1]}:{self.seki.address[0]}", *options,
                               f"https://a.example:{self.seki.address[1]}/"], capture_output=True, text=True, check=False,
                              timeout=wire.PATIENCE_SECONDS)

    def as_client(self, pair):
        return ["--cert", str(pair[0]), "--key", str(pair[1])]

    def context(self, pair=None, version=ssl.TLSVersion.TLSv1_3):
        context = ssl.create_default_context(cafile=str(self.seki.folder / "a.pem"))
        context.minimum_version = context.maximum_version = version
        if pair:
            context.load_cert_chain(*pair)
        return context

    def ask(self, context, session=None, request=REQUEST):
        """The answer, the session, and whether it was resumed; an ssl.SSLError where it comes to nothing."""
        plain = socket.create_connection(self.seki.address, timeout=wire.PATIENCE_SECONDS)
        with context.wrap_socket(plain, server_hostname="a.example", session=session) as client:
            client.sendall(request)
            answer = b""
            while piece := client.recv(65536):
                answer += piece
            return answer, client.session, client.session_reused

    def refusal(self, context, session=None):
        with self.assertRaises(ssl.SSLError) as raised:
            self.ask(context, session)
        return raised.exception.reason

    def metric(self, name):
        """Of all workers together."""
        request = Request()
        request.query_metrics.metric_names.append(name)
        with self.seki.control() as control:
            return control.ask(request).content.metrics.proxying[name].count

    def update(self, *options):
        done = self.seki.ctl("-t", "60000", "listener", "https", "update", "-a", self.seki.text, *options)
        self.assertEqual(done.code, 0, done)

    def test_clients_are_known_to_backends_in_every_version_and_kind_of_record(self):
        for listener in ("", "own_tls_records = false"):
            self.start(listener=listener)
            der = ssl.PEM_cert_to_DER_cert(self.alice[0].read_text())
            for version in ("--tlsv1.2 --tls-max 1.2", "--tlsv1.3"):
                with self.subTest(listener=listener, version=version):
                    done = self.curl(*self.as_client(self.alice), version=version)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))
                    request = self.web.requests[-1]
                    self.assertEqual(request.get("X-Subject"), "CN=alice")
                    self.assertEqual(request.get("X-San"), "DNS:alice.example, email:alice@a.example")
                    self.assertEqual(request.get("X-Print"), hashlib.sha256(der).hexdigest())
                    self.assertEqual(request.get("X-Verify"), "SUCCESS")
            log = self.seki.log()
            self.assertIn(f"client-subject=CN=alice, client-fingerprint={hashlib.sha256(der).hexdigest()}]", log)
            self.seki.stop()

    def test_who_shows_none_or_a_bad_one_is_told_and_counted(self):
        self.start()
        mallory = Authority(self.seki.folder, "others").issue("mallory")
        self.assertEqual(self.refusal(self.context()), "TLSV13_ALERT_CERTIFICATE_REQUIRED")
        self.assertEqual(self.refusal(self.context(version=ssl.TLSVersion.TLSv1_2)), "SSLV3_ALERT_HANDSHAKE_FAILURE")
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            self.assertEqual(self.refusal(self.context(mallory, version)), "TLSV1_ALERT_UNKNOWN_CA")
        self.assertEqual(self.metric("tls.handshake.failed.no_certificates_present"), 2)
        self.assertEqual(self.metric("tls.handshake.failed.invalid_certificate"), 2)
        self.ask(self.context(self.alice))
        self.assertEqual(self.metric("tls.client_certificates"), 1)

    def test_clients_are_told_whose_certificates_are_wanted(self):
        self.start()
        done = subprocess.run(["openssl", "s_client", "-connect", self.seki.text, "-servername", "a.example", "-CAfile",
                               self.seki.folder / "a.pem", "-cert", self.alice[0], "-key", self.alice[1]], input=REQUEST,
                              capture_output=True, check=False, timeout=wire.PATIENCE_SECONDS)
        self.assertIn(b"Acceptable client certificate CA names\nCN = clients", done.stdout)

    def test_nobody_says_himself_what_backends_are_told(self):
        self.start("optional")
        forged = ["-H", "X-Subject: CN=admin", "-H", "x_subject: CN=admin", "-H", "X-VERIFY: SUCCESS", "-H", "X.Print: ab",
                  "-H", "X_San: DNS:admin"]
        self.assertEqual(self.curl(*forged).returncode, 0)
        request = self.web.requests[-1]
        self.assertEqual([field for field in request.fields if field[0].lower().startswith(("x-s", "x_s", "x-v", "x.p", "x-p"))],
                         [("X-Verify", "NONE")])
        trailers = (b"POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                    b"2\r\nhi\r\n0\r\nX-Subject: CN=admin\r\nX_Verify: SUCCESS\r\n\r\n")
        self.assertIn(b"200 OK", self.ask(self.context(), request=trailers)[0])
        request = self.web.requests[-1]
        self.assertEqual(request.body, b"hi")
        self.assertNotIn("admin", str(vars(request)))

    def test_a_session_that_is_resumed_by_any_worker_is_the_clients(self):
        self.start()
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.context(self.alice, version)
            _, session, _ = self.ask(context)
            for _ in range(6):
                answer, session, resumed = self.ask(context, session)
                self.assertTrue(resumed)
                self.assertIn(b"200 OK", answer)
                self.assertEqual(self.web.requests[-1].get("X-Subject"), "CN=alice")
                self.assertEqual(self.web.requests[-1].get("X-San"), "DNS:alice.example, email:alice@a.example")

    def test_who_was_revoked_is_out_with_the_next_connection_and_no_ticket_helps(self):
        self.start()
        context = self.context(self.alice)
        _, session, _ = self.ask(context)
        self.authority.revoke("alice")
        self.update("--client-auth", "required", "--client-ca-certificate", str(self.authority.certificate),
                    "--client-ca-crl", str(self.authority.list_revoked()))
        self.assertEqual(self.refusal(context, session), "SSLV3_ALERT_CERTIFICATE_REVOKED")
        for pid in self.seki.worker_pids():  # those to come know it too
            os.kill(pid, signal.SIGKILL)
            until(lambda pid=pid: pid not in self.seki.worker_pids() and len(self.seki.worker_pids()) == 2, "another worker")
        until(lambda: self.seki.ctl("status").out.count("RUNNING") == 2, "them to run")
        self.assertEqual(self.refusal(context), "SSLV3_ALERT_CERTIFICATE_REVOKED")
        bob = self.authority.issue("bob")
        self.assertIn(b"200 OK", self.ask(self.context(bob))[0])

    def test_the_policy_is_replaced_as_a_whole_and_headers_stay(self):
        self.start()
        others = Authority(self.seki.folder, "others")
        mallory = others.issue("mallory")
        self.update("--client-auth", "optional", "--client-ca-certificate", str(others.certificate))
        self.assertEqual(self.refusal(self.context(self.alice)), "TLSV1_ALERT_UNKNOWN_CA")
        self.ask(self.context(mallory))
        self.assertEqual(self.web.requests[-1].get("X-Subject"), "CN=mallory")
        self.ask(self.context())
        self.assertEqual(self.web.requests[-1].get("X-Verify"), "NONE")
        self.update("--client-auth", "none")
        self.ask(self.context(self.alice))
        self.assertEqual(self.web.requests[-1].get("X-Verify"), "NONE")

    def test_what_cannot_be_read_keeps_it_from_starting(self):
        self.start()
        (self.seki.folder / "clients/crl.pem").write_text("nonsense")
        done = self.seki.ctl("config", "check", "--json")
        self.assertEqual(done.code, 1)
        self.assertEqual([(each["key"], each["message"]) for each in json.loads(done.out) if each["severity"] == "error"],
                         [("listeners[0].client_ca_crls",
                           "it holds no list of revoked certificates (X509 CRL) in PEM")])
        (self.seki.folder / "clients/crl.pem").unlink()
        self.assertIn("client_ca_crls", self.seki.ctl("config", "check").err)


if __name__ == "__main__":
    unittest.main()
