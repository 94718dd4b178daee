"""TLS to backends, which are servers of Python's: whom we take them for, what we show, what becomes of a request when they
are not the ones that are meant, and what changes while Seki runs."""
import hashlib
import shutil
import socket
import ssl
import subprocess
import threading
import unittest

import wire
from backend import Backend
from certificates import make_certificate
from harness import ProcessTest, http_body, tcp_body, until


class SecureBackend(Backend):
    """Through TLS; remembers of each handshake the name that was asked for, whether it was resumed, and who showed what."""

    def __init__(self, name, folder, certificate, asks_for=None, version=None, **how):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / f"{certificate}.pem", folder / f"{certificate}.key")
        if version is not None:
            self.context.minimum_version = self.context.maximum_version = version
        if asks_for is not None:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(folder / f"{asks_for}.pem")
        self.names = []
        self.context.sni_callback = lambda _socket, asked, _context: self.names.append(asked)
        self.resumed = []
        self.shown = []
        self.secured_sockets = []
        super().__init__(name, **how)

    def _run(self, stream):
        try:
            stream.socket.settimeout(wire.PATIENCE_SECONDS)
            stream.socket = self.context.wrap_socket(stream.socket, server_side=True)
        except (ssl.SSLError, OSError) as error:
            self.errors.append(error)
            stream.close()
            return
        self.resumed.append(stream.socket.session_reused)
        self.shown.append(stream.socket.getpeercert(True))
        super()._run(stream)


class BackendTls(ProcessTest):
    def setUp(self):
        self.seki = self.instance(worker_count=1, log_level="info,backend=debug,seki_tls=debug")
        self.folder = self.seki.folder
        make_certificate(self.folder, "b", "b.example")

    def secure(self, name="first", certificate="b", **how):
        made = SecureBackend(name, self.folder, certificate, **how)
        self.addCleanup(made.close)
        return made

    def start(self, backend, keys='ca_certificates = ["b.pem"]\nserver_name = "b.example"'):
        self.seki.body = http_body(self.seki.text, backend) + f"\n[clusters.web.tls]\n{keys}\n"
        return self.seki.start()

    def logged(self, text):
        until(lambda: text in self.seki.log(), f"'{text}' in the log")

    def refused(self, keys, why, certificate="b", **how):
        backend = self.secure(certificate=certificate, **how)
        self.start(backend, keys)
        self.assertEqual(self.seki.get().status, 503)
        self.assertEqual(backend.requests, [])
        self.logged(why)
        metrics = self.seki.ctl("metrics", "get").out
        self.assertIn("backend.tls.failed", metrics)

    def make_old(self, name, host):
        """A certificate whose days are over."""
        key, request = self.folder / f"{name}.key", self.folder / f"{name}.csr"
        subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key,
                        "-out", request, "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}"], check=True,
                       stderr=subprocess.DEVNULL)
        subprocess.run(["openssl", "x509", "-req", "-in", request, "-key", key, "-days", "-1", "-copy_extensions", "copy",
                        "-out", self.folder / f"{name}.pem"], check=True, stderr=subprocess.DEVNULL)

    def test_requests_are_answered_and_sessions_resumed_with_both_versions(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):
                backend = self.secure(version=version)
                self.start(backend)
                for _ in range(3):
                    with self.seki.connect() as client:
                        client.send(wire.request(fields=["Connection: close"]))
                        answer = client.read_response()
                        self.assertEqual((answer.status, answer.body), (200, b"first"))
                request = backend.requests[-1]
                self.assertEqual(request.get("X-Forwarded-Proto"), "http")
                self.assertEqual(backend.names, ["b.example"])
                self.assertEqual(backend.resumed, [False])
                # They share one connection; one that the backend is busy with makes another one necessary.
                with self.seki.connect() as first, self.seki.connect() as second:
                    first.send(wire.request(method="POST", fields=["Content-Length: 1"]))
                    second.send(wire.request())
                    self.assertEqual(second.read_response().status, 200)
                    first.send(b"x")
                    self.assertEqual(first.read_response().status, 200)
                self.assertEqual(backend.resumed, [False, True])
                self.seki.stop()

    def test_long_bodies_pass_both_ways(self):
        body = bytes(range(256)) * 16384
        backend = self.secure(respond=lambda request: wire.response(request.body))
        self.start(backend)
        with self.seki.connect() as client:
            client.send(wire.request(method="POST", fields=[f"Content-Length: {len(body)}"], body=body))
            self.assertEqual(client.read_response().body, body)

    def test_a_certificate_that_nobody_we_trust_has_signed_is_refused(self):
        make_certificate(self.folder, "other", "b.example")
        self.refused('ca_certificates = ["other.pem"]\nserver_name = "b.example"', "self-signed certificate")

    def test_the_system_does_not_trust_it_either(self):
        self.refused('server_name = "b.example"', "self-signed certificate")

    def test_whom_the_system_trusts_is_trusted(self):
        folder = self.folder / "trusted"
        folder.mkdir()
        name = subprocess.run(["openssl", "x509", "-in", self.folder / "b.pem", "-noout", "-hash"], check=True,
                              capture_output=True, text=True).stdout.strip()
        shutil.copy(self.folder / "b.pem", folder / f"{name}.0")
        for where in ({"SSL_CERT_FILE": str(self.folder / "b.pem")}, {"SSL_CERT_DIR": f"/nowhere:{folder}"}):
            with self.subTest(**where):
                self.seki.environment |= where
                self.start(self.secure(), 'server_name = "b.example"')
                self.assertEqual(self.seki.get().status, 200)
                self.seki.stop()
                for variable in where:
                    del self.seki.environment[variable]

    def test_a_certificate_for_another_name_is_refused(self):
        self.refused('ca_certificates = ["b.pem"]\nserver_name = "c.example"', "(it is not for c.example)")

    def test_without_a_name_it_has_to_be_for_the_address(self):
        self.refused('ca_certificates = ["b.pem"]', "(it is not for 127.0.0.1)")

    def test_a_certificate_that_has_expired_is_refused(self):
        self.make_old("old", "b.example")
        self.refused('ca_certificates = ["old.pem"]\nserver_name = "b.example"', "certificate has expired", certificate="old")

    def test_a_key_that_is_not_pinned_is_refused(self):
        self.refused(f'pinned_keys = ["{"0" * 64}"]', "the key of its certificate is not pinned")

    def test_a_pinned_key_is_enough(self):
        spki = subprocess.run(["openssl", "x509", "-in", self.folder / "b.pem", "-noout", "-pubkey"], check=True,
                              capture_output=True).stdout
        der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=spki, check=True, capture_output=True)
        self.start(self.secure(), f'pinned_keys = ["{hashlib.sha256(der.stdout).hexdigest()}"]')
        self.assertEqual(self.seki.get().status, 200)

    def test_nobody_is_refused_where_nobody_asks(self):
        self.start(self.secure(), "verify = false")
        self.assertEqual(self.seki.get().status, 200)

    def test_backends_that_ask_are_shown_a_certificate(self):
        make_certificate(self.folder, "me", "proxy.example")
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):
                backend = self.secure(asks_for="me", version=version)
                self.start(backend, 'ca_certificates = ["b.pem"]\nserver_name = "b.example"\n'
                                    'certificate = "me.pem"\nkey = "me.key"')
                self.assertEqual(self.seki.get().status, 200)
                mine = ssl.PEM_cert_to_DER_cert((self.folder / "me.pem").read_text())
                self.assertEqual(backend.shown, [mine])
                self.seki.stop()

    def test_backends_that_ask_in_vain_are_held_to_their_refusal(self):
        make_certificate(self.folder, "me", "proxy.example")
        for version, why in ((ssl.TLSVersion.TLSv1_2, "alert handshake failure"),
                             (ssl.TLSVersion.TLSv1_3, "tlsv13 alert certificate required")):
            with self.subTest(version):
                self.start(self.secure(asks_for="me", version=version))
                self.assertIn(self.seki.get().status, (502, 503))
                self.logged(why)
                self.seki.stop()

    def test_a_backend_without_tls_is_refused(self):
        backend = self.backend("first", script=lambda stream: stream.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
        self.start(backend)
        self.assertEqual(self.seki.get().status, 503)
        self.logged("it speaks plain HTTP")

    def test_a_backend_that_is_silent_in_the_handshake_is_given_up_in_time(self):
        def silent(stream):
            while stream.socket.recv(4096):
                pass

        self.seki.body = http_body(self.seki.text, self.backend("first", script=silent))
        self.seki.body += "connect_timeout = 1\n[clusters.web.tls]\nverify = false\n"
        self.seki.start()
        self.assertEqual(self.seki.get().status, 503)
        self.logged("TLS: the handshake is not done")

    def test_tcp_goes_through_tls_as_well(self):
        def echo(stream):
            while got := stream.socket.recv(65536):
                stream.socket.sendall(got)
            stream.socket.unwrap()

        backend = self.secure(script=echo)
        self.seki.body = tcp_body(self.seki.text, backend)
        self.seki.body += '\n[clusters.tunnel.tls]\nca_certificates = ["b.pem"]\nserver_name = "b.example"\n'
        self.seki.start()
        sent = bytes(range(256)) * 4096
        with socket.create_connection(self.seki.address, timeout=wire.PATIENCE_SECONDS) as client:
            got = bytearray()

            def read():
                while piece := client.recv(65536):
                    got.extend(piece)

            reading = threading.Thread(target=read)
            reading.start()
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)
            reading.join(wire.PATIENCE_SECONDS)
        self.assertEqual(bytes(got), sent)

    def test_another_policy_counts_for_new_connections_at_once(self):
        backend = self.secure()
        self.start(backend)
        self.assertEqual(self.seki.get().status, 200)
        self.assertEqual(self.seki.get().status, 200)
        self.assertEqual(backend.connections, 1)
        common = ["-t", "60000", "cluster", "add", "--id", "web", "--load-balancing-policy", "round_robin", "--backend-tls",
                  "--backend-ca-certificate", str(self.folder / "b.pem")]
        done = self.seki.ctl(*common, "--backend-server-name", "c.example")
        self.assertEqual(done.code, 0, done)
        self.assertEqual(self.seki.get().status, 503)
        self.assertEqual(len(backend.requests), 2)
        self.assertEqual(self.seki.ctl(*common, "--backend-server-name", "b.example").code, 0)
        until(lambda: self.seki.get().status == 200, "the backend to be tried again")
        self.assertNotIn(True, backend.resumed)

    def test_what_cannot_be_read_is_named(self):
        (self.folder / "nonsense.pem").write_text("nonsense")
        self.seki.body = http_body(self.seki.text, self.backend("first"))
        self.seki.body += '\n[clusters.web.tls]\nca_certificates = ["nonsense.pem"]\npinned_keys = ["12"]\n'
        self.seki.write_config()
        done = self.seki.ctl("config", "check")
        self.assertEqual(done.code, 1)
        self.assertIn("ca_certificates", done.err)
        self.assertIn("pinned_keys: '12' is no SHA-256", done.err)


if __name__ == "__main__":
    unittest.main()
