"""HTTP/1.1 through the real binary: exact bytes on both sides."""
import os
import re
import unittest

import wire
from backend import Gate
from harness import ProcessTest

ULID = re.compile(r"^[0-9A-HJKMNP-TV-Z]{26}$")


class Connections(ProcessTest):
    def test_a_connection_carries_one_request_after_the_other(self):
        backend = self.backend()
        seki = self.http(backend)
        with seki.connect() as client:
            for turn in range(20):
                client.send(wire.request(target=f"/{turn}"))
                self.assertEqual(client.read_response().body, b"backend")
        self.assertEqual([request.target for request in backend.requests], [f"/{turn}" for turn in range(20)])

    def test_clients_share_the_connections_to_a_backend(self):
        backend = self.backend()
        seki = self.http(backend)
        for _ in range(10):
            with seki.connect() as client:
                client.send(wire.request())
                client.read_response()
        self.assertEqual(backend.connections, 1)

    def test_pipelined_requests_are_answered_in_order(self):
        backend = self.backend(respond=lambda request: wire.response(request.target.encode()))
        seki = self.http(backend)
        with seki.connect() as client:
            client.send(b"".join(wire.request(target=f"/{turn}") for turn in range(10)))
            answers = [client.read_response().body for _ in range(10)]
        self.assertEqual(answers, [f"/{turn}".encode() for turn in range(10)])

    def test_connection_close_is_obeyed(self):
        seki = self.http(self.backend())
        with seki.connect() as client:
            client.send(wire.request(fields=["Connection: close"]))
            response = client.read_response()
            self.assertEqual(response.get("Connection"), "close")
            self.assertTrue(client.at_end())

    def test_http_1_0_closes_unless_told_otherwise(self):
        seki = self.http(self.backend())
        with seki.connect() as client:
            client.send(b"GET / HTTP/1.0\r\nHost: example.com\r\n\r\n")
            self.assertEqual(client.read_response().body, b"backend")
            self.assertTrue(client.at_end())

    def test_http_1_0_keeps_alive_when_asked(self):
        seki = self.http(self.backend())
        with seki.connect() as client:
            for _ in range(3):
                client.send(b"GET / HTTP/1.0\r\nHost: example.com\r\nConnection: keep-alive\r\n\r\n")
                response = client.read_response()
                self.assertEqual(response.body, b"backend")
                self.assertEqual((response.get("Connection") or "").lower(), "keep-alive")

    def test_a_request_may_come_byte_by_byte(self):
        backend = self.backend()
        seki = self.http(backend)
        with seki.connect() as client:
            for byte in wire.request("POST", "/slow", body=b"body"):
                client.send(bytes([byte]))
            self.assertEqual(client.read_response().status, 200)
        self.assertEqual(backend.requests[0].body, b"body")

    def test_a_client_that_finished_sending_still_gets_its_answer(self):
        seki = self.http(self.backend())
        with seki.connect() as client:
            client.send(wire.request())
            client.finish()
            self.assertEqual(client.read_response().body, b"backend")
            self.assertTrue(client.at_end())

    def test_backends_take_turns(self):
        backends = [self.backend(f"b{number}") for number in range(3)]
        seki = self.http(*backends)
        with seki.connect() as client:
            answers = []
            for _ in range(9):
                client.send(wire.request())
                answers.append(client.read_response().body)
        self.assertEqual(sorted(answers), sorted([b"b0", b"b1", b"b2"] * 3))


class Bodies(ProcessTest):
    def test_a_chunked_request_arrives_whole_with_its_trailers(self):
        backend = self.backend()
        seki = self.http(backend)
        with seki.connect() as client:
            client.send(b"POST /up HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n" +
                        wire.chunks(b"one", b"two" * 1000, b"three", trailers=["X-Sum: 42"]))
            self.assertEqual(client.read_response().status, 200)
        request = backend.requests[0]
        self.assertEqual(request.body, b"one" + b"two" * 1000 + b"three")
        self.assertIsNone(request.get("Content-Length"))
        self.assertEqual(request.trailers, [("X-Sum", "42")])

    def test_a_chunked_response_arrives_whole(self):
        parts = [os.urandom(size) for size in (1, 100, 20_000, 70_000)]
        answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + wire.chunks(*parts)
        seki = self.http(self.backend(respond=lambda _: answer))
        with seki.connect() as client:
            for _ in range(2):
                client.send(wire.request())
                self.assertEqual(client.read_response().body, b"".join(parts))

    def test_large_bodies_pass_both_ways(self):
        body = os.urandom(1 << 20)
        backend = self.backend(respond=lambda request: wire.response(request.body))
        seki = self.http(backend)
        with seki.connect() as client:
            for _ in range(3):
                client.send(wire.request("POST", "/echo", body=body))
                self.assertEqual(client.read_response().body, body)

    def test_the_answer_to_head_has_a_length_and_no_body(self):
        seki = self.http(self.backend())
        with seki.connect() as client:
            for _ in range(2):
                client.send(wire.request("HEAD"))
                response = client.read_response(to="HEAD")
                self.assertEqual((response.status, response.get("Content-Length")), (200, "7"))
            client.send(wire.request())
            self.assertEqual(client.read_response().body, b"backend")

    def test_204_and_304_have_no_body(self):
        for status in ("204 No Content", "304 Not Modified"):
            with self.subTest(status):
                answer = f"HTTP/1.1 {status}\r\nETag: \"x\"\r\n\r\n".encode()
                seki = self.http(self.backend(respond=lambda _, answer=answer: answer))
                with seki.connect() as client:
                    for _ in range(2):
                        client.send(wire.request())
                        self.assertEqual(client.read_response().status, int(status[:3]))

    def test_a_response_that_ends_with_the_connection_is_passed_on(self):
        def script(stream):
            stream.read_request()
            stream.send(b"HTTP/1.1 200 OK\r\n\r\nuntil the end")

        seki = self.http(self.backend(script=script))
        with seki.connect() as client:
            client.send(wire.request())
            self.assertEqual(client.read_response().body, b"until the end")

    def test_a_truncated_body_does_not_look_complete(self):
        heads = [b"Content-Length: 100\r\n\r\nonly this", b"Transfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n"]
        for head in heads:
            with self.subTest(head):
                def script(stream, head=head):
                    stream.read_request()
                    stream.send(b"HTTP/1.1 200 OK\r\n" + head)

                seki = self.http(self.backend(script=script))
                with seki.connect() as client:
                    client.send(wire.request())
                    with self.assertRaises((wire.Truncated, ConnectionError)):
                        client.read_response()

    def test_expect_100_continue_waits_for_the_backend(self):
        def script(stream):
            request = stream.read_head()
            stream.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            stream.read_body(request)
            stream.send(wire.response(request.body))

        seki = self.http(self.backend(script=script))
        with seki.connect() as client:
            client.send(b"PUT / HTTP/1.1\r\nHost: example.com\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
            self.assertEqual(client.read_response().status, 100)
            client.send(b"body")
            self.assertEqual(client.read_response().body, b"body")

    def test_an_early_answer_reaches_a_client_that_still_sends(self):
        def script(stream):
            stream.read_head()
            stream.send(wire.response(b"too large", "413 Content Too Large", ["Connection: close"]))

        seki = self.http(self.backend(script=script))
        with seki.connect() as client:
            client.send(b"PUT / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 1000000\r\n\r\nbegin")
            self.assertEqual(client.read_response().status, 413)


class Answers(ProcessTest):
    def test_an_unknown_host_is_404(self):
        seki = self.http(self.backend())
        self.assertEqual(seki.get(host="unknown.example").status, 404)

    def test_the_connection_goes_on_after_a_404(self):
        seki = self.http(self.backend())
        with seki.connect() as client:
            client.send(wire.request(host="unknown.example"))
            self.assertEqual(client.read_response().status, 404)
            client.send(wire.request())
            self.assertEqual(client.read_response().status, 200)

    def test_a_cluster_without_backends_is_503(self):
        self.assertEqual(self.http().get().status, 503)

    def test_backends_that_refuse_connections_are_503(self):
        backend = self.backend()
        seki = self.http(backend)
        backend.close()
        self.assertEqual(seki.get().status, 503)

    def test_a_post_that_the_backend_swallowed_is_502_and_not_sent_twice(self):
        backend = self.backend(script=lambda stream: backend.note(stream.read_request()))
        seki = self.http(backend)
        with seki.connect() as client:
            client.send(wire.request("POST", body=b"pay"))
            self.assertEqual(client.read_response().status, 502)
        self.assertEqual(len(backend.requests), 1)

    def test_a_get_is_tried_again_when_a_kept_connection_turns_out_dead(self):
        def script(stream):
            backend.note(stream.read_request())
            stream.send(wire.response(b"once"))  # and closes

        backend = self.backend(script=script)
        seki = self.http(backend)
        with seki.connect() as client:
            for _ in range(10):
                client.send(wire.request())
                self.assertEqual(client.read_response().body, b"once")

    def test_garbage_from_the_backend_is_502(self):
        seki = self.http(self.backend(respond=lambda _: b"NONSENSE\r\n\r\n"))
        self.assertEqual(seki.get().status, 502)

    def test_a_silent_backend_is_504(self):
        gate = Gate()
        self.addCleanup(gate.open)

        def respond(_):
            gate.wait()
            return wire.response()

        self.assertEqual(self.http(self.backend(respond=respond), back_timeout=1).get().status, 504)

    def test_malformed_requests_are_400(self):
        backend = self.backend()
        seki = self.http(backend)
        hostile = [
            b"GET / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: example.com\r\nHost: other.example\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: example.com\r\nX : space\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: example.com\r\nX: a\r\n folded\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
            b"POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: +3\r\n\r\nabc",
            b"GET / HTTP/1.1\r\nHost: example.com\r\nX: a\x00b\r\n\r\n",
        ]
        for bytes_sent in hostile:
            with self.subTest(bytes_sent), seki.connect() as client:
                client.send(bytes_sent)
                self.assertEqual(client.read_response().status, 400)
                self.assertTrue(client.at_end())
        self.assertEqual(backend.requests, [])


class Headers(ProcessTest):
    def exchange(self, *fields, answer=()):
        """What the backend got and what the client got."""
        backend = self.backend(respond=lambda _: wire.response(fields=answer))
        self.seki = self.http(backend)
        with self.seki.connect() as client:
            self.client_port = client.socket.getsockname()[1]
            self.client_ip = client.socket.getsockname()[0]
            client.send(wire.request(fields=fields))
            response = client.read_response()
        return backend.requests[0], response

    def test_the_backend_learns_who_asks(self):
        request, _ = self.exchange()
        self.assertEqual(request.get("X-Forwarded-For"), self.client_ip)
        self.assertEqual(request.get("X-Forwarded-Proto"), "http")
        self.assertEqual(request.get("X-Forwarded-Port"), str(self.seki.address[1]))
        forwarded = request.get("Forwarded")
        self.assertIn("proto=http", forwarded)
        self.assertIn(f"{self.client_ip}:{self.client_port}", forwarded)
        self.assertIn(f"by={self.seki.ip}", forwarded)
        self.assertEqual(request.get("Host"), "example.com")

    def test_forwarding_headers_are_appended_to(self):
        request, _ = self.exchange("X-Forwarded-For: 192.0.2.1", "Forwarded: for=192.0.2.1", "X-Forwarded-Proto: https",
                                   "X-Forwarded-Port: 443")
        self.assertEqual(", ".join(request.all("X-Forwarded-For")), f"192.0.2.1, {self.client_ip}")
        self.assertTrue(", ".join(request.all("Forwarded")).startswith("for=192.0.2.1"))
        self.assertEqual(request.get("X-Forwarded-Proto"), "https")
        self.assertEqual(request.get("X-Forwarded-Port"), "443")

    def test_every_exchange_has_an_id_that_both_sides_see(self):
        request, response = self.exchange()
        self.assertRegex(request.get("Sozu-Id"), ULID)
        self.assertEqual(response.get("Sozu-Id"), request.get("Sozu-Id"))
        self.assertEqual(request.get("X-Request-Id"), request.get("Sozu-Id"))

    def test_a_request_id_of_the_client_is_kept(self):
        request, _ = self.exchange("X-Request-Id: mine")
        self.assertEqual(request.get("X-Request-Id"), "mine")

    def test_fields_of_the_connection_stay_on_it(self):
        request, response = self.exchange("Connection: X-Secret, keep-alive", "X-Secret: 1", "Keep-Alive: timeout=5",
                                          "Proxy-Connection: keep-alive", "X-Open: 2",
                                          answer=["Connection: X-Hidden", "X-Hidden: 1", "Keep-Alive: timeout=5",
                                                  "X-Seen: 2"])
        for name in ("X-Secret", "Keep-Alive", "Proxy-Connection"):
            self.assertIsNone(request.get(name), name)
        for name in ("X-Hidden", "Keep-Alive"):
            self.assertIsNone(response.get(name), name)
        self.assertEqual((request.get("X-Open"), response.get("X-Seen")), ("2", "2"))

    def test_other_fields_pass_in_order_and_unchanged(self):
        fields = ["X-B: 1", "Cookie: a=1; b=2", "x-a:  spaced  ", "X-B: 2", "Accept: */*", "X-Empty:",
                  "X-High: \xe4\xf6"]
        request, _ = self.exchange(*fields)
        names = {field.split(":")[0].lower() for field in fields}
        passed = [(name, value) for name, value in request.fields if name.lower() in names]
        self.assertEqual(passed, [tuple(part.strip() for part in field.split(":", 1)) for field in fields])

    def test_cookies_of_the_backend_are_not_merged(self):
        _, response = self.exchange(answer=["Set-Cookie: a=1", "Set-Cookie: b=2"])
        self.assertEqual(response.all("Set-Cookie"), ["a=1", "b=2"])


if __name__ == "__main__":
    unittest.main()
