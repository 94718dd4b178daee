"""Backends on UNIX sockets: requests, tunnels and TLS go there, and the address is only who they are."""
import os
import socket
import ssl
import threading
import unittest

import wire
from backend import Backend
from certificates import make_certificate
from harness import ProcessTest, until

IDENTITY = "127.0.0.1:9"  # nobody is there


def unix_listener(path):
    made = socket.socket(socket.AF_UNIX)
    made.bind(path)
    made.listen(64)
    return made


def body(seki, path, protocol="http", more=""):
    hostname = ', hostname = "example.com"' if protocol == "http" else ""
    return f"""
[[listeners]]
protocol = "{protocol}"
address = "{seki.text}"

[clusters.web]
protocol = "{protocol}"
frontends = [{{ address = "{seki.text}"{hostname} }}]
backends = [{{ backend_id = "one", address = "{IDENTITY}", unix_path = "{path}" }}]
{more}
"""


class UnixBackends(ProcessTest):
    def setUp(self):
        self.seki = self.instance(log_level="info,backend=debug")
        self.path = str(self.seki.folder / "app.sock")

    def server(self, path=None, **how):
        name = path or self.path
        made = Backend("one", listener=unix_listener(name.replace("@", "\0", 1) if name.startswith("@") else name), **how)
        self.addCleanup(made.close)
        return made

    def test_serve_requests_over_connections_that_are_kept(self):
        server = self.server()
        self.seki.body = body(self.seki, self.path)
        self.seki.start()
        with self.seki.connect() as client:
            for _ in range(3):
                client.send(wire.request(host="example.com"))
                self.assertEqual(client.read_response().body, b"one")
        self.assertEqual(server.connections, 1)
        until(lambda: f"web one {IDENTITY}" in self.seki.log() or IDENTITY in self.seki.log(), "a line of access log")
        shown = self.seki.ctl("cluster", "list", "-i", "web")
        self.assertIn(f"{IDENTITY} at {self.path}", shown.out)

    def test_with_abstract_names_come_and_go_while_it_runs(self):
        name = f"@seki-test-{os.getpid()}"
        server = self.server(name)
        first = self.server()
        self.seki.body = body(self.seki, self.path)
        self.seki.start()
        self.assertEqual(self.seki.get().body, b"one")
        self.assertEqual(first.connections, 1)
        moved = self.seki.ctl("backend", "add", "-i", "web", "--backend-id", "one", "-a", IDENTITY, "--unix-path", name)
        self.assertEqual(moved.code, 0, moved)
        self.assertEqual(self.seki.get().body, b"one")
        self.assertEqual((first.connections, server.connections), (1, 1))
        saved = self.seki.folder / "saved.json"
        self.assertEqual(self.seki.ctl("state", "save", "-f", str(saved)).code, 0)
        self.assertIn("ADD_UNIX_BACKEND", saved.read_text())
        gone = self.seki.ctl("backend", "remove", "-i", "web", "--backend-id", "one", "-a", IDENTITY)
        self.assertEqual(gone.code, 0, gone)
        self.assertEqual(self.seki.get().status, 503)
        self.assertEqual(self.seki.ctl("state", "load", "-f", str(saved)).code, 0)
        self.assertEqual(self.seki.get().body, b"one")

    def test_that_nobody_listens_on_are_down_until_somebody_does(self):
        self.seki.body = body(self.seki, self.path)
        self.seki.start()
        self.assertEqual(self.seki.get().status, 503)
        until(lambda: f"at {self.path} is down" in self.seki.log(), "the backend to be down")
        self.server()
        until(lambda: self.seki.get().status == 200, "the backend to be tried again")
        self.assertIn(f"at {self.path} works again", self.seki.log())

    def test_take_tunnels_and_large_bodies(self):
        bulk = os.urandom(3_000_000)

        def echo(stream):
            while data := stream.socket.recv(65536):
                stream.socket.sendall(data)

        self.server(script=echo)
        self.seki.body = body(self.seki, self.path, "tcp")
        self.seki.start()
        with self.seki.connect() as client:
            sender = threading.Thread(target=lambda: (client.send(bulk), client.finish()))
            sender.start()
            self.assertEqual(client.take_rest(), bulk)
            sender.join()

    def test_are_spoken_to_through_tls(self):
        make_certificate(self.seki.folder, "b", "b.example")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.seki.folder / "b.pem", self.seki.folder / "b.key")

        def serve(stream):
            stream.socket = context.wrap_socket(stream.socket, server_side=True)
            stream.read_request()
            stream.send(wire.response(b"secured"))

        self.server(script=serve)
        tls = '[clusters.web.tls]\nca_certificates = ["b.pem"]\nserver_name = "b.example"'
        self.seki.body = body(self.seki, self.path, more=tls)
        self.seki.start()
        self.assertEqual(self.seki.get().body, b"secured")

    def test_are_refused_where_the_path_is_none(self):
        for path, why in (("app.sock", "is neither an absolute path nor '@' and a name"), ("", "the path is missing"),
                          ("@", "the name behind '@' is missing"), ("/" + "x" * 107, "too long for a socket")):
            with self.subTest(path):
                self.seki.body = body(self.seki, path)
                self.seki.write_config()
                checked = self.seki.ctl("config", "check")
                self.assertEqual(checked.code, 1)
                self.assertIn("clusters.web.backends[0].unix_path", checked.out + checked.err)
                self.assertIn(why, checked.out + checked.err)


if __name__ == "__main__":
    unittest.main()
