"""A worker is replaced while requests run in it, in the middle of their bodies: they go on with the new one, whatever is
still to come, and the old process is gone before they end."""
import os
import ssl
import threading
import unittest

import wire
from certificates import make_certificate
from control import Request
from harness import ProcessTest, http_body, until, wait_gone
from test_backend_tls import SecureBackend
from test_replace_worker import https_body

PIECE = os.urandom(300_000)
PIECES = 4
VERSIONS = (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3)


def framing(chunked):
    return b"Transfer-Encoding: chunked\r\n\r\n" if chunked else b"Content-Length: %d\r\n\r\n" % (PIECES * len(PIECE))


def framed(chunked, data=PIECE):
    return b"%x\r\n%s\r\n" % (len(data), data) if chunked else data


def end(chunked):
    return b"0\r\n\r\n" if chunked else b""


class Steps:
    """A script of a backend that sends, or takes, a piece of a body when the test says so."""

    def __init__(self):
        self.allowed = threading.Semaphore(0)
        self.got = []

    def answer(self, chunked):
        def script(stream):
            stream.take_until(b"\r\n\r\n")
            stream.send(b"HTTP/1.1 200 OK\r\n" + framing(chunked))
            for _ in range(PIECES):
                self.allowed.acquire(timeout=wire.PATIENCE_SECONDS)
                stream.send(framed(chunked))
            stream.send(end(chunked))
            self.serve(stream)

        return script

    def take(self, stream):
        request = stream.read_head()
        stream.read_body(request)
        self.got.append(request)
        stream.send(wire.response(b"taken"))
        self.serve(stream)

    @staticmethod
    def serve(stream):
        while True:
            try:
                if stream.read_request() is None:
                    return
                stream.send(wire.response(b"kept"))
            except (OSError, wire.Truncated):
                return


class Downloads(threading.Thread):
    """Reads one answer, and counts the bytes meanwhile."""

    def __init__(self, client):
        super().__init__()
        self.client = client
        self.response = None
        self.start()

    def run(self):
        try:
            self.response = self.client.read_response()
        except (OSError, wire.Truncated) as error:
            self.response = error


class Requests(ProcessTest):
    def replace(self, seki, worker_id):
        with seki.control() as control:
            return control.ask(Request(upgrade_worker=worker_id)).message

    def secured(self, seki, version):
        context = ssl.create_default_context(cafile=str(seki.folder / "c.pem"))
        context.minimum_version = context.maximum_version = version
        client = seki.connect()
        client.socket = context.wrap_socket(client.socket, server_hostname="example.com")
        return client

    def replaced_three_times(self, seki, work):
        """Each old process is gone though the request runs; between two replacements comes `work`."""
        for worker_id in range(PIECES - 1):
            (old,) = seki.worker_pids()
            self.replace(seki, worker_id)
            wait_gone(old)
            work()
        self.assertNotIn("is killed", seki.log())

    def goes_on(self, client):
        client.send(wire.request())
        self.assertEqual(client.read_response().body, b"kept")

    def download(self, seki, client, steps):
        client.send(wire.request(target="/down"))
        reading = Downloads(client)
        steps.allowed.release()
        self.replaced_three_times(seki, steps.allowed.release)
        reading.join(wire.PATIENCE_SECONDS)
        self.assertEqual(getattr(reading.response, "status", reading.response), 200)
        self.assertTrue(reading.response.body == PIECE * PIECES)
        self.goes_on(client)
        until(lambda: seki.log().count("/down 200") == 1, "one line in the log")

    def upload(self, seki, client, steps, chunked):
        client.send(b"POST /up HTTP/1.1\r\nHost: example.com\r\n" + framing(chunked) + framed(chunked))
        self.replaced_three_times(seki, lambda: client.send(framed(chunked)))
        client.send(end(chunked))
        self.assertEqual(client.read_response().body, b"taken")
        self.assertTrue(steps.got[0].body == PIECE * PIECES)
        self.goes_on(client)

    def test_downloads(self):
        for chunked in (False, True):
            with self.subTest(chunked=chunked):
                steps = Steps()
                seki = self.http(self.backend(script=steps.answer(chunked)))
                with seki.connect() as client:
                    self.download(seki, client, steps)

    def test_uploads(self):
        for chunked in (False, True):
            with self.subTest(chunked=chunked):
                steps = Steps()
                seki = self.http(self.backend(script=steps.take))
                with seki.connect() as client:
                    self.upload(seki, client, steps, chunked)

    def secure_instance(self, script, version):
        seki = self.instance()
        make_certificate(seki.folder, "b", "b.example")
        backend = SecureBackend("secure", seki.folder, "b", version=version, script=script)
        self.addCleanup(backend.close)
        seki.body = https_body(seki.text, seki.folder, backend)
        seki.body += '\n[clusters.web.tls]\nca_certificates = ["b.pem"]\nserver_name = "b.example"\n'
        seki.start()
        return seki

    def test_downloads_through_tls_on_both_sides(self):
        for version in VERSIONS:
            with self.subTest(version):
                steps = Steps()
                seki = self.secure_instance(steps.answer(True), version)
                with self.secured(seki, version) as client:
                    self.download(seki, client, steps)

    def test_uploads_through_tls_on_both_sides(self):
        for version in VERSIONS:
            with self.subTest(version):
                steps = Steps()
                seki = self.secure_instance(steps.take, version)
                with self.secured(seki, version) as client:
                    self.upload(seki, client, steps, False)

    def test_that_wait_for_their_answer(self):
        answer = threading.Event()
        backend = self.backend(respond=lambda request: answer.wait(wire.PATIENCE_SECONDS) and wire.response(b"late"))
        seki = self.http(backend)
        with seki.connect() as client:
            client.send(wire.request())
            backend.wait_requests(1)
            self.replaced_three_times(seki, lambda: None)
            answer.set()
            self.assertEqual(client.read_response().body, b"late")

    def test_whose_client_takes_the_last_of_an_answer_slowly(self):
        large = os.urandom(1 << 20) * 8
        backend = self.backend(respond=lambda request: wire.response(large))
        seki = self.http(backend)
        with seki.connect() as client:
            client.send(wire.request())
            backend.wait_requests(1)
            self.replaced_three_times(seki, lambda: None)
            self.assertTrue(client.read_response().body == large)


if __name__ == "__main__":
    unittest.main()
