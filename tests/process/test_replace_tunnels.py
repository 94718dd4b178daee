"""A worker is replaced while it carries tunnels: they go on with the new one, whatever passes through them, and the old
process is gone at once."""
import hashlib
import os
import re
import select
import signal
import ssl
import threading
import unittest

import wire
from certificates import make_certificate
from control import Request, schema
from harness import ProcessTest, http_body, until, wait_gone
from test_backend_tls import SecureBackend
from test_replace_worker import https_body
from test_unix_backends import body as unix_body, unix_listener

SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\n"
UPGRADE = wire.request(fields=["Connection: upgrade", "Upgrade: chat"])


def echo(stream):
    while data := stream.take_some(1 << 16):
        stream.send(data)
    stream.finish()


def switch_and_echo(stream):
    stream.take_until(b"\r\n\r\n")
    stream.send(SWITCHING)
    while data := stream.take_some(1 << 16):
        stream.send(data)


class Traffic:
    """Bytes that go round through an echoing backend, all the time, until it is over."""

    def __init__(self, client):
        self.client = client
        self.over = threading.Event()
        self.errors = []
        self.sent, self.got = hashlib.sha256(), hashlib.sha256()
        self.sent_bytes = self.got_bytes = 0
        self.reading = threading.Thread(target=self._guard, args=(self._read,))
        self.writing = threading.Thread(target=self._guard, args=(self._write,))
        self.reading.start()
        self.writing.start()

    def _guard(self, work):
        try:
            work()
        except (OSError, wire.Truncated) as error:
            self.errors.append(repr(error))

    def _write(self):
        number = 0
        while not self.over.is_set() or number < 50:
            piece = hashlib.sha256(str(number).encode()).digest() * (1 + number * 37 % 3000)
            self.client.send(piece)
            self.sent.update(piece)
            self.sent_bytes += len(piece)
            number += 1
        self.client.finish()

    def _read(self):
        while data := self.client.take_some(1 << 16):
            self.got.update(data)
            self.got_bytes += len(data)

    def wait_for_more(self):
        before = self.got_bytes
        until(lambda: self.got_bytes > before + (1 << 20) or self.errors, "bytes to go round")

    def end(self):
        self.over.set()
        self.writing.join(wire.PATIENCE_SECONDS)
        self.reading.join(wire.PATIENCE_SECONDS)
        return self.sent.digest() == self.got.digest() and not self.errors


class SecureTraffic:
    """The same through TLS, by one thread: the connection's state is not for two."""

    most_on_their_way = 1 << 20

    def __init__(self, client):
        self.socket = client.socket
        self.socket.setblocking(False)
        self.over = threading.Event()
        self.errors = []
        self.sent, self.got = hashlib.sha256(), hashlib.sha256()
        self.sent_bytes = self.got_bytes = 0
        self.pieces = 0
        self.waiting = b""
        self.working = threading.Thread(target=self._work)
        self.working.start()

    def wait_for_more(self):
        before = self.got_bytes
        until(lambda: self.got_bytes > before + (1 << 20) or self.errors, "bytes to go round")

    def end(self):
        self.over.set()
        self.working.join(wire.PATIENCE_SECONDS)
        return self.sent.digest() == self.got.digest() and not self.errors

    def _work(self):
        try:
            while not self.over.is_set() or self.got_bytes < self.sent_bytes:
                if not self._write() | self._read():
                    select.select([self.socket], [self.socket] if self.waiting else [], [], 0.1)
        except OSError as error:
            self.errors.append(repr(error))

    def _write(self):
        if not self.waiting and not self.over.is_set() and self.sent_bytes - self.got_bytes < self.most_on_their_way:
            self.waiting = hashlib.sha256(str(self.pieces).encode()).digest() * (1 + self.pieces * 37 % 3000)
            self.pieces += 1
        if not self.waiting:
            return False
        try:
            taken = self.socket.send(self.waiting)
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return False
        self.sent.update(self.waiting[:taken])
        self.sent_bytes += taken
        self.waiting = self.waiting[taken:]
        return True

    def _read(self):
        try:
            data = self.socket.recv(1 << 16)
        except (ssl.SSLWantWriteError, ssl.SSLWantReadError):
            return False
        if not data:
            raise ConnectionError("it ended")
        self.got.update(data)
        self.got_bytes += len(data)
        return True


class Tunnels(ProcessTest):
    def replace(self, seki, worker_id):
        with seki.control() as control:
            return control.ask(Request(upgrade_worker=worker_id)).message

    def says(self, client, text):
        client.send(text)
        self.assertEqual(client.take(len(text)), text)

    def replaced_three_times(self, seki, work):
        """Between two replacements comes `work`; each old process is gone when nothing but that keeps it."""
        for worker_id in range(3):
            (old,) = seki.worker_pids()
            self.assertIn("1 connections moved, 0 still in the old one", self.replace(seki, worker_id))
            wait_gone(old)
            work()
        self.assertNotIn("is killed", seki.log())

    def test_of_tcp_under_traffic_lose_no_byte_in_three_replacements(self):
        seki = self.tcp(self.backend(script=echo))
        with seki.connect() as client:
            traffic = Traffic(client)
            traffic.wait_for_more()
            self.replaced_three_times(seki, traffic.wait_for_more)
            self.assertTrue(traffic.end(), traffic.errors)
        self.assertEqual(traffic.got_bytes, traffic.sent_bytes)
        until(lambda: seki.log().count(f" {traffic.sent_bytes} ") == 1, "one line in the log with all bytes")

    def test_that_are_half_closed_stay_so(self):
        go_on = threading.Event()

        def answer(stream):
            got = stream.take_rest()
            go_on.wait(wire.PATIENCE_SECONDS)
            stream.send(b"got " + got)

        seki = self.tcp(self.backend(script=answer))
        with seki.connect() as client:
            client.send(b"all of it")
            client.finish()
            until(lambda: "tunnel" in seki.ctl("sessions", "list").out, "the tunnel")
            self.replaced_three_times(seki, lambda: None)
            go_on.set()
            self.assertEqual(client.take_rest(), b"got all of it")

    def test_of_upgraded_connections(self):
        seki = self.http(self.backend(script=switch_and_echo))
        with seki.connect() as client:
            client.send(UPGRADE)
            self.assertTrue(client.take_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101"))
            self.replaced_three_times(seki, lambda: self.says(client, b"hello"))
        until(lambda: "WS" in seki.log() and " 101 " in seki.log(), "the line in the log")

    def test_of_https(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):
                seki = self.instance()
                seki.body = https_body(seki.text, seki.folder, self.backend(script=switch_and_echo))
                seki.start()
                with self.secured(seki, version) as client:
                    large = os.urandom(300_000)
                    self.replaced_three_times(seki, lambda: [self.says(client, b"hello"), self.talk(client, large)])

    def talk(self, client, data):
        """A piece after the other: a socket of ssl is not for two threads at once."""
        for begin in range(0, len(data), 10_000):
            piece = data[begin:begin + 10_000]
            client.send(piece)
            self.assertEqual(client.take(len(piece)), piece)

    def test_to_backends_with_tls(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):
                seki = self.instance()
                make_certificate(seki.folder, "b", "b.example")
                backend = SecureBackend("secure", seki.folder, "b", version=version, script=switch_and_echo)
                self.addCleanup(backend.close)
                seki.body = http_body(seki.text, backend)
                seki.body += '\n[clusters.web.tls]\nca_certificates = ["b.pem"]\nserver_name = "b.example"\n'
                seki.start()
                with seki.connect() as client:
                    client.send(UPGRADE)
                    self.assertTrue(client.take_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101"))
                    self.replaced_three_times(seki, lambda: self.says(client, b"hello"))

    def test_through_tls_on_both_sides_lose_no_byte_under_traffic(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):
                seki = self.instance()
                make_certificate(seki.folder, "b", "b.example")
                backend = SecureBackend("secure", seki.folder, "b", version=version, script=switch_and_echo)
                self.addCleanup(backend.close)
                seki.body = https_body(seki.text, seki.folder, backend)
                seki.body += '\n[clusters.web.tls]\nca_certificates = ["b.pem"]\nserver_name = "b.example"\n'
                seki.start()
                with self.secured(seki, version) as client:
                    traffic = SecureTraffic(client)
                    traffic.wait_for_more()
                    self.replaced_three_times(seki, traffic.wait_for_more)
                    self.assertTrue(traffic.end(), traffic.errors)

    def secured(self, seki, version):
        """A connection of HTTPS that has been upgraded."""
        context = ssl.create_default_context(cafile=str(seki.folder / "c.pem"))
        context.minimum_version = context.maximum_version = version
        client = seki.connect()
        client.socket = context.wrap_socket(client.socket, server_hostname="example.com")
        client.send(UPGRADE)
        self.assertTrue(client.take_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101"))
        return client

    def wait_stuck(self, seki):
        until(lambda: re.search("unsent=[1-9]", seki.ctl("sessions", "list").out), "the worker to have bytes that nobody takes")

    def test_through_tls_take_along_a_record_that_has_left_in_part(self):
        large = os.urandom(1 << 20) * 16
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):

                def flood(stream):
                    stream.take_until(b"\r\n\r\n")
                    stream.send(SWITCHING + large)

                seki = self.instance()
                seki.body = https_body(seki.text, seki.folder, self.backend(script=flood))
                seki.start()
                with self.secured(seki, version) as client:
                    self.wait_stuck(seki)
                    self.replaced_three_times(seki, lambda: self.wait_stuck(seki))
                    self.assertTrue(client.take(len(large)) == large)
                    self.assertTrue(client.at_end())

    def test_to_backends_with_tls_take_along_a_record_that_has_left_in_part(self):
        large = os.urandom(1 << 20) * 16
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):
                go_on, got = threading.Event(), []

                def stall(stream, go_on=go_on, got=got):
                    stream.take_until(b"\r\n\r\n")
                    stream.send(SWITCHING)
                    go_on.wait(wire.PATIENCE_SECONDS)
                    got.append(stream.take(len(large)))
                    stream.send(b"thanks")

                seki = self.instance()
                make_certificate(seki.folder, "b", "b.example")
                backend = SecureBackend("secure", seki.folder, "b", version=version, script=stall)
                self.addCleanup(backend.close)
                seki.body = http_body(seki.text, backend)
                seki.body += '\n[clusters.web.tls]\nca_certificates = ["b.pem"]\nserver_name = "b.example"\n'
                seki.start()
                with seki.connect() as client:
                    client.send(UPGRADE)
                    self.assertTrue(client.take_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101"))
                    writing = threading.Thread(target=client.send, args=(large,))
                    writing.start()
                    self.wait_stuck(seki)
                    self.replaced_three_times(seki, lambda: self.wait_stuck(seki))
                    go_on.set()
                    writing.join()
                    self.assertEqual(client.take(6), b"thanks")
                    self.assertTrue(got[0] == large)

    def test_through_tls_that_are_half_closed_stay_so(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):
                got = []

                def end_first(stream, got=got):
                    stream.take_until(b"\r\n\r\n")
                    stream.send(SWITCHING + b"bye")
                    stream.finish()
                    got.append(stream.take_rest())

                seki = self.instance()
                backend = self.backend(script=end_first)
                seki.body = https_body(seki.text, seki.folder, backend)
                seki.start()
                with self.secured(seki, version) as client:
                    self.assertEqual(client.take_rest(), b"bye")
                    self.replaced_three_times(seki, lambda: client.send(b"more, "))
                backend.wait(lambda: got, "what the client sent behind the end of the backend")
                self.assertEqual(got, [b"more, " * 3])

    def test_whose_tls_openssl_does_stay_with_the_old_worker_until_they_end(self):
        seki = self.instance()
        seki.body = https_body(seki.text, seki.folder, self.backend(script=switch_and_echo)).replace(
            'protocol = "https"', 'protocol = "https"\nown_tls_records = false', 1)
        seki.start()
        (old,) = seki.worker_pids()
        context = ssl.create_default_context(cafile=str(seki.folder / "c.pem"))
        with seki.connect() as client:
            client.socket = context.wrap_socket(client.socket, server_hostname="example.com")
            client.send(UPGRADE)
            self.assertTrue(client.take_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101"))
            self.assertIn("0 connections moved, 1 still in the old one", self.replace(seki, 0))
            self.says(client, b"hello")
        wait_gone(old)

    def test_go_on_in_the_old_worker_when_the_successor_is_silent_or_dies(self):
        # The old one is stopped while it begins to give, so that the successor can be stopped or killed before it takes.
        for act in (signal.SIGSTOP, signal.SIGKILL):
            with self.subTest(act):
                seki = self.tcp(self.backend(script=echo), worker_timeout=60)
                (old,) = seki.worker_pids()
                with seki.connect() as client:
                    self.says(client, b"before")
                    os.kill(old, signal.SIGSTOP)
                    asked = seki.control()
                    asked.send(Request(upgrade_worker=0))
                    until(lambda: "worker 1 serves" in seki.log(), "the successor")
                    with seki.control() as control:
                        successor = next(worker.pid for worker in control.workers() if worker.id == 1)
                    os.kill(successor, act)
                    os.kill(old, signal.SIGCONT)
                    self.assertIn("0 connections moved, 1 still in the old one", asked.final().message)
                    asked.close()
                    self.says(client, b"and after")
                wait_gone(old)
                if act == signal.SIGSTOP:
                    os.kill(successor, signal.SIGKILL)

    def test_go_on_under_another_configuration(self):
        seki = self.tcp(self.backend(script=echo))
        (old,) = seki.worker_pids()
        with seki.connect() as client:
            self.says(client, b"before")
            with seki.control() as control:
                control.ask(Request(remove_cluster="tunnel"))
            self.assertIn("1 connections moved, 0 still", self.replace(seki, 0))
            wait_gone(old)
            self.says(client, b"after")
        until(lambda: "tunnel" in seki.log().split("is replaced by", 1)[1], "the line in the log, with the cluster's name")

    def test_to_backends_on_unix_sockets(self):
        seki = self.instance()
        path = str(seki.folder / "app.sock")
        backend = self.backend(script=echo, listener=unix_listener(path))
        seki.body = unix_body(seki, path, protocol="tcp")
        seki.start()
        with seki.connect() as client:
            self.says(client, b"before")
            self.replaced_three_times(seki, lambda: self.says(client, b"hello"))
        self.assertEqual(backend.connections, 1)

    def clients_of(self, seki):
        """How many each worker has."""
        said = seki.ctl("sessions", "rebalance").out
        return sorted(int(number) for number in re.findall(r"worker \d+ has (\d+)", said)), said

    def test_are_spread_over_the_workers_when_that_is_asked_for(self):
        seki = self.tcp(self.backend(script=echo), worker_count=1)
        clients = [seki.connect() for _ in range(40)]
        for client in clients:
            self.says(client, b"before")
        self.assertEqual(self.clients_of(seki)[0], [40])
        seki.settings["worker_count"] = 3
        seki.write_config()
        self.assertEqual(seki.ctl("reload").code, 0)
        counts, said = self.clients_of(seki)
        self.assertEqual(counts, [13, 13, 14], said)
        for client in clients:
            self.says(client, b"after")
        self.assertIn(": worker", said)
        self.assertIn("0 connections moved", seki.ctl("sessions", "rebalance").out)
        for client in clients:
            client.close()

    def test_that_hold_a_worker_that_is_to_end_are_shown(self):
        seki = self.instance()
        seki.body = https_body(seki.text, seki.folder, self.backend(script=switch_and_echo)).replace(
            'protocol = "https"', 'protocol = "https"\nown_tls_records = false', 1)
        seki.start()
        self.assertNotIn("tunnel", seki.ctl("sessions", "list", "--draining").out)
        context = ssl.create_default_context(cafile=str(seki.folder / "c.pem"))
        with seki.connect() as client:
            client.socket = context.wrap_socket(client.socket, server_hostname="example.com")
            client.send(UPGRADE)
            self.assertTrue(client.take_until(b"\r\n\r\n").startswith(b"HTTP/1.1 101"))
            self.assertNotIn("tunnel", seki.ctl("sessions", "list", "--draining").out)
            self.replace(seki, 0)
            self.assertIn("tunnel", seki.ctl("sessions", "list", "--draining").out)

    def test_are_counted_where_they_are(self):
        seki = self.tcp(self.backend(script=echo))
        clients = [seki.connect() for _ in range(100)]
        for client in clients:
            self.says(client, b"before")
        (old,) = seki.worker_pids()
        self.assertIn("100 connections moved, 0 still in the old one", self.replace(seki, 0))
        wait_gone(old)
        for client in clients:
            self.says(client, b"after")
        with seki.control() as control:
            figures = control.ask(Request(query_metrics=schema.QueryMetricsOptions(
                metric_names=["protocol.tcp", "backend.connections", "client.connections"]))).content
        self.assertEqual(str(figures).count("gauge: 100"), 3, figures)
        for client in clients:
            client.close()


if __name__ == "__main__":
    unittest.main()
