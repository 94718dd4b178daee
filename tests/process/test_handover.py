"""Connections with records of Seki's go on in another process, with clients of other makers that notice nothing: OpenSSL's
command line, curl, Chromium. Two processes (tests/tls/handover) do it; the first one is gone before the second one says a
word."""
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest

import harness
import wire
from certificates import make_certificate

PROGRAM = pathlib.Path(harness.BINARY).resolve().parent / "tests/tls/handover"


def text_of(size):
    return "".join(f"{n} " for n in range(size)).encode()[:size]


class Relay:
    """Between a client and the first process: passes so many bytes on in either direction, and the rest when it is
    released. With `tail` set, the last bytes of what the client says next stay behind likewise."""

    def __init__(self, port, to_client=None, to_server=None):
        self._port = port
        self._limits = (to_server, to_client)
        self.tail = 0
        self.kept = threading.Event()
        self._released = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def release(self):
        self._released.set()

    def close(self):
        self._released.set()
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
            except OSError:
                return
            ends = ((client, server), (server, client))
            for (source, sink), limit in zip(ends, self._limits):
                threading.Thread(target=self._pass, args=(source, sink, limit, source is client), daemon=True).start()

    def _pass(self, source, sink, limit, from_client):
        passed = 0
        try:
            while True:
                most = 65536 if limit is None or self._released.is_set() else min(65536, limit - passed)
                if most == 0:
                    self.kept.set()
                    self._released.wait(wire.PATIENCE_SECONDS)
                    continue
                data = source.recv(most)
                if not data:
                    break
                passed += len(data)
                if from_client and self.tail > 0:
                    sink.sendall(data[: -self.tail])
                    data, self.tail = data[-self.tail :], 0
                    self.kept.set()
                    self._released.wait(wire.PATIENCE_SECONDS)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the other direction has seen it


@unittest.skipUnless(PROGRAM.exists(), f"{PROGRAM} was not built")
class HandOver(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="seki-handover-"))
        self.addCleanup(shutil.rmtree, self.folder)
        make_certificate(self.folder, "a", "a.example")
        self.second = self.run_process([PROGRAM, "second", "socket"])
        self.hear(self.second, "ready")
        self.first = self.run_process([PROGRAM, "first", "a.pem", "a.key", "socket"])
        self.port = int(self.hear(self.first, "port ").split()[1])

    def run_process(self, command, **how):
        process = subprocess.Popen(command, cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **how)

        def end():
            process.kill()
            process.wait()
            process.stdin.close()
            process.stdout.close()

        self.addCleanup(end)
        return process

    def hear(self, process, what):
        """Reads what it says until it says that."""
        for line in process.stdout:
            if line.decode().startswith(what):
                return line.decode()
        self.fail(f"'{what}' was not said")

    def tell(self, process, what):
        process.stdin.write(what + b"\n")
        process.stdin.flush()

    def relay(self, **limits):
        made = Relay(self.port, **limits)
        self.addCleanup(made.close)
        return made

    def move(self):
        """The first process gives all away and is gone, then the second one goes on."""
        self.tell(self.first, b"move")
        self.assertEqual(self.first.wait(wire.PATIENCE_SECONDS), 0)
        self.assertNotEqual(self.hear(self.second, "received").split()[1], "0")
        self.tell(self.second, b"go")

    def s_client(self, port, *more):
        return self.run_process(["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{port}", "-servername", "a.example",
                                 "-CAfile", "a.pem", "-verify_return_error", *more], stderr=subprocess.DEVNULL)

    def ask(self, client, size):
        self.tell(client, b"GET /%d HTTP/1.1\r\nHost: a.example\r\n\r" % size)

    def expect(self, client, size):
        got = b""
        while b"\r\n\r\n" not in got:
            got += client.stdout.read1(65536)
        body = got.split(b"\r\n\r\n", 1)[1]
        while len(body) < size:
            piece = client.stdout.read1(65536)
            self.assertTrue(piece, "the connection ended")
            body += piece
        self.assertEqual(body, text_of(size))

    def right_behind_the_handshake(self, version):
        client = self.s_client(self.port, version)
        self.hear(self.first, "open")
        self.move()
        self.ask(client, 100_000)
        self.expect(client, 100_000)
        self.ask(client, 10)
        self.expect(client, 10)

    def test_right_behind_the_tickets(self):
        self.right_behind_the_handshake("-tls1_3")

    def test_right_behind_a_handshake_of_the_older_version(self):
        self.right_behind_the_handshake("-tls1_2")

    def test_in_the_middle_of_a_body_and_of_a_record(self):
        relay = self.relay(to_client=20_000)
        client = self.s_client(relay.port)
        self.ask(client, 1_000_000)
        self.hear(self.first, "blocked")
        self.move()
        relay.release()
        self.expect(client, 1_000_000)
        self.ask(client, 1000)
        self.expect(client, 1000)

    def test_after_keys_have_changed(self):
        # Without -quiet, s_client obeys commands; what it says of itself goes to the same place.
        client = self.run_process(["openssl", "s_client", "-connect", f"127.0.0.1:{self.port}", "-servername", "a.example",
                                   "-CAfile", "a.pem", "-tls1_3"], stderr=subprocess.STDOUT)
        self.hear(self.first, "open")
        said = b""

        def wait_for(mark):
            nonlocal said
            while mark not in said:
                piece = client.stdout.read1(65536)
                self.assertTrue(piece, said)
                said += piece
            said = said.split(mark, 1)[1]

        for _ in range(2):
            self.tell(client, b"K")
            wait_for(b"KEYUPDATE")
            self.ask(client, 100)
            wait_for(text_of(100))
        self.move()
        self.ask(client, 120)
        wait_for(text_of(120))
        self.tell(client, b"K")
        wait_for(b"KEYUPDATE")
        self.ask(client, 140)
        wait_for(text_of(140))

    def test_with_a_part_of_a_record_unread(self):
        relay = self.relay()
        client = self.s_client(relay.port)
        self.hear(self.first, "open")
        relay.tail = 10
        self.ask(client, 5000)
        self.assertTrue(relay.kept.wait(wire.PATIENCE_SECONDS))
        self.hear(self.first, "read")
        self.move()
        relay.release()
        self.expect(client, 5000)

    def curl(self, port, *arguments):
        return self.run_process(["curl", "-sS", "--cacert", "a.pem", "--resolve", f"a.example:{port}:127.0.0.1", *arguments])

    @unittest.skipUnless(shutil.which("curl"), "curl is not here")
    def test_curl_is_answered_to_the_end(self):
        relay = self.relay(to_client=50_000)
        client = self.curl(relay.port, f"https://a.example:{relay.port}/3000000", f"https://a.example:{relay.port}/1000")
        self.hear(self.first, "blocked")
        self.move()
        relay.release()
        self.assertEqual(client.stdout.read(), text_of(3_000_000) + text_of(1000))
        self.assertEqual(client.wait(wire.PATIENCE_SECONDS), 0)

    @unittest.skipUnless(shutil.which("curl"), "curl is not here")
    def test_curl_has_the_whole_of_its_upload_taken(self):
        body = text_of(2_000_000)
        (self.folder / "body").write_bytes(body)
        relay = self.relay(to_server=333_333)
        client = self.curl(relay.port, "--data-binary", "@body", "-H", "Expect:", f"https://a.example:{relay.port}/")
        self.hear(self.first, "open")
        self.assertTrue(relay.kept.wait(wire.PATIENCE_SECONDS))
        self.hear(self.first, "read")
        self.move()
        relay.release()
        self.assertEqual(client.stdout.read(), body)
        self.assertEqual(client.wait(wire.PATIENCE_SECONDS), 0)

    @unittest.skipUnless(shutil.which("chromium"), "chromium is not here")
    def test_chromium_shows_the_page(self):
        relay = self.relay(to_client=50_000)
        with tempfile.TemporaryDirectory() as profile:
            client = self.run_process(["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}",
                                       "--disable-dev-shm-usage", "--ignore-certificate-errors", "--dump-dom",
                                       f"https://127.0.0.1:{relay.port}/300000"], stderr=subprocess.DEVNULL)
            self.hear(self.first, "blocked")
            self.move()
            relay.release()
            page = client.stdout.read()
            client.wait(wire.PATIENCE_SECONDS)
        self.assertIn(text_of(300_000).strip(), page)


if __name__ == "__main__":
    unittest.main()
