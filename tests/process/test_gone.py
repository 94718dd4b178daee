"""Clients that go, on the kernel's own connections: whoever works for one is told at once, in whatever state it is."""
import threading

import wire
from backend import Backend
from harness import ProcessTest, http_body, tcp_body, until

HEAD = b"\r\n\r\n"
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
UPGRADE = ["Connection: upgrade", "Upgrade: chat"]
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\n"
UPLOAD = b"POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 100000000\r\n\r\n"


class Working(Backend):
    """Says `answer` when it has seen a head, and then nothing more. Knows when its connection has ended."""

    def __init__(self, answer=b"", reads=True):
        self.asked = threading.Event()
        self.told = threading.Event()
        self._goes_on = threading.Event()
        self._answer = answer
        self._reads = reads
        super().__init__(script=self._work)

    def read_on(self):
        self._goes_on.set()

    def _work(self, stream):
        stream.take_until(HEAD)
        stream.send(self._answer)
        self.asked.set()
        if not self._reads:
            self._goes_on.wait(wire.PATIENCE_SECONDS)
        try:
            stream.take_rest()
        except ConnectionError:
            pass
        self.told.set()


class GoneClients(ProcessTest):
    def working(self, **how):
        backend = Working(**how)
        self.addCleanup(backend.close)
        return backend

    def serving(self, backend, half_close="2"):
        """No time but that of half-closed clients ends anything during a test."""
        seki = self.instance(front_timeout=3600, back_timeout=3600)
        seki.body = http_body(seki.text, backend).replace(
            "[clusters", f"client_half_close_timeout = {half_close}\n\n[clusters", 1)
        return seki.start()

    def asking(self, seki, backend, request, answer):
        client = seki.connect()
        client.send(request)
        self.assertTrue(backend.asked.wait(wire.PATIENCE_SECONDS))
        if answer:
            client.take_until(answer[-4:])
        return client

    STATES = {
        "waiting": (wire.request(), b""),
        "within its body": (UPLOAD + b"abc", b""),
        "at an idle stream": (wire.request(), STREAM + b"5\r\ndata:\r\n"),
        "upgraded": (wire.request(fields=UPGRADE), SWITCHING),
    }

    def test_a_reset_ends_the_backends_connection_at_once(self):
        for state, (request, answer) in self.STATES.items():
            with self.subTest(state):
                backend = self.working(answer=answer)
                client = self.asking(self.serving(backend, '"off"'), backend, request, answer)
                client.reset()
                self.assertTrue(backend.told.wait(wire.PATIENCE_SECONDS), "the backend works on")

    def test_a_reset_is_noticed_while_the_backend_reads_nothing(self):
        backend = self.working(reads=False)
        client = self.asking(self.serving(backend, '"off"'), backend, UPLOAD, b"")
        client.socket.setblocking(False)
        try:
            while client.socket.send(bytes(1 << 20)):  # until nobody takes any more
                pass
        except BlockingIOError:
            pass
        client.reset()
        backend.read_on()
        self.assertTrue(backend.told.wait(wire.PATIENCE_SECONDS), "the backend works on")

    def test_a_reset_ends_a_tunnel(self):
        backend = self.working(answer=b"welcome")
        seki = self.instance()
        seki.body = tcp_body(seki.text, backend)
        client = self.asking(seki.start(), backend, HEAD, b"welcome")
        client.reset()
        self.assertTrue(backend.told.wait(wire.PATIENCE_SECONDS), "the backend works on")

    def test_an_end_of_input_leaves_some_time_where_a_client_waits(self):
        for state in ("waiting", "at an idle stream"):
            with self.subTest(state):
                request, answer = self.STATES[state]
                backend = self.working(answer=answer)
                seki = self.serving(backend, "1")
                client = self.asking(seki, backend, request, answer)
                client.finish()
                self.assertTrue(backend.told.wait(wire.PATIENCE_SECONDS), "the backend works on")
                until(lambda: "client_half_close_timeout" in seki.log(), "the line of the access log")
                client.close()

    def test_a_client_that_closed_is_499_in_the_log(self):
        backend = self.working()
        seki = self.serving(backend, "0")
        with self.asking(seki, backend, wire.request(target="/gone"), b""):
            pass
        self.assertTrue(backend.told.wait(wire.PATIENCE_SECONDS), "the backend works on")
        seki.stop()
        self.assertRegex(seki.log(), r"GET /gone 499 \| client_half_close_timeout")


class EarlyAnswers(ProcessTest):
    def test_reach_a_client_that_sends_everything_before_it_reads(self):
        seki = self.instance()
        seki.body = http_body(seki.text, self.backend()).replace("[clusters", "max_body_bytes = 1000\n\n[clusters", 1)
        with seki.start().connect() as client:
            client.send(wire.request("POST", body=bytes(32 << 20)))
            self.assertEqual(client.read_response().status, 413)
            self.assertTrue(client.at_end())
