"""Tunnels: bytes in both directions, half-closes, and much of both."""
import hashlib
import threading
import unittest

import wire
from harness import ProcessTest

BULK_BYTES = 64 << 20
BLOCK = bytes(range(256)) * 256  # 64 KiB


def send_bulk(stream):
    """Sends BULK_BYTES that differ from block to block, and returns their digest."""
    digest = hashlib.sha256()
    for number in range(BULK_BYTES // len(BLOCK)):
        block = number.to_bytes(8, "big") + BLOCK[8:]
        digest.update(block)
        stream.send(block)
    return digest.hexdigest()


def receive_all(stream):
    """(bytes, digest) of everything until the end of the stream."""
    digest, size = hashlib.sha256(), 0
    while data := stream.socket.recv(1 << 18):
        digest.update(data)
        size += len(data)
    return size, digest.hexdigest()


def echo(stream):
    while data := stream.socket.recv(1 << 16):
        stream.send(data)


class Tunnel(ProcessTest):
    def test_bytes_pass_both_ways(self):
        seki = self.tcp(self.backend(script=echo))
        with seki.connect() as client:
            for size in (1, 10, 1000, 100_000):
                client.send(b"x" * size)
                self.assertEqual(client.take(size), b"x" * size)

    def test_the_backend_may_speak_first(self):
        seki = self.tcp(self.backend(script=lambda stream: stream.send(b"220 welcome\r\n")))
        with seki.connect() as client:
            self.assertEqual(client.take_rest(), b"220 welcome\r\n")

    def test_a_client_that_finished_sending_goes_on_receiving(self):
        def script(stream):
            received = stream.take_rest()
            stream.send(b"got " + received)

        seki = self.tcp(self.backend(script=script))
        with seki.connect() as client:
            client.send(b"all of it")
            client.finish()
            self.assertEqual(client.take_rest(), b"got all of it")

    def test_a_backend_that_finished_sending_goes_on_receiving(self):
        received = []
        done = threading.Event()

        def script(stream):
            stream.send(b"that is all")
            stream.finish()
            received.append(stream.take_rest())
            done.set()

        seki = self.tcp(self.backend(script=script))
        with seki.connect() as client:
            self.assertEqual(client.take_rest(), b"that is all")
            client.send(b"but I have more")
            client.finish()
            self.assertTrue(done.wait(wire.PATIENCE_SECONDS))
        self.assertEqual(received, [b"but I have more"])

    def test_a_reset_of_the_client_reaches_the_backend(self):
        ended = threading.Event()

        def script(stream):
            stream.take(5)
            stream.at_end_quietly()
            ended.set()

        backend = self.backend(script=script)
        seki = self.tcp(backend)
        with seki.connect() as client:
            client.send(b"hello")
            backend.wait(lambda: backend.connections == 1, "the connection")
            client.reset()
        self.assertTrue(ended.wait(wire.PATIENCE_SECONDS))

    def test_a_dead_backend_is_passed_over(self):
        dead, alive = self.backend("dead"), self.backend("alive", script=echo)
        seki = self.tcp(dead, alive)
        dead.close()
        for _ in range(6):
            with seki.connect() as client:
                client.send(b"ping")
                self.assertEqual(client.take(4), b"ping")

    def test_without_any_backend_the_client_is_sent_away(self):
        seki = self.tcp()
        with seki.connect() as client:
            self.assertTrue(client.at_end_quietly())


class Bulk(ProcessTest):
    def test_64_mib_arrive_unchanged_both_ways_at_once(self):
        uploads = []

        def script(stream):
            sender = threading.Thread(target=lambda: (downloads.append(send_bulk(stream)), stream.finish()))
            sender.start()
            uploads.append(receive_all(stream))
            sender.join()

        downloads = []
        backend = self.backend(script=script)
        seki = self.tcp(backend)
        with seki.connect() as client:
            sent = []
            sender = threading.Thread(target=lambda: (sent.append(send_bulk(client)), client.finish()))
            sender.start()
            received = receive_all(client)
            sender.join()
        backend.wait(lambda: uploads, "the upload to end")
        self.assertEqual(received, (BULK_BYTES, downloads[0]))
        self.assertEqual(uploads[0], (BULK_BYTES, sent[0]))

    def test_64_mib_of_http_body_arrive_unchanged(self):
        digests = []

        def download(stream):
            stream.read_request()
            stream.send(f"HTTP/1.1 200 OK\r\nContent-Length: {BULK_BYTES}\r\nConnection: close\r\n\r\n".encode())
            digests.append(send_bulk(stream))

        seki = self.http(self.backend(script=download))
        with seki.connect() as client:
            client.send(wire.request(fields=["Connection: close"]))
            response = client.read_head()
            self.assertEqual(response.status, 200)
            early = client.take(len(client.buffer))
            digest, size = hashlib.sha256(early), len(early)
            while data := client.socket.recv(1 << 18):
                digest.update(data)
                size += len(data)
        self.assertEqual((size, digest.hexdigest()), (BULK_BYTES, digests[0]))


if __name__ == "__main__":
    unittest.main()
