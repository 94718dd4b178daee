"""Large bodies, several at once and through slow peers: every byte arrives, and memory stays within its limits."""
import hashlib
import os
import pathlib
import socket
import threading
import unittest
from concurrent import futures

import wire
from harness import ProcessTest, sanitizer_runtimes

MIB = 1 << 20
BULK_BYTES = 64 * MIB
BLOCK = bytes(range(256)) * 256  # 64 KiB
SLOW_PIECE = 16 << 10            # what a slow peer reads at a time,
SLOW_ROOM = 64 << 10             # and what its kernel takes meanwhile


def blocks():
    """BULK_BYTES that differ from block to block."""
    for number in range(BULK_BYTES // len(BLOCK)):
        yield number.to_bytes(8, "big") + BLOCK[8:]


def _digest_of_blocks():
    digest = hashlib.sha256()
    for block in blocks():
        digest.update(block)
    return digest.hexdigest()


DIGEST = _digest_of_blocks()


class Plain:
    """Bodies of a length that is known."""

    field = f"Content-Length: {BULK_BYTES}"

    @staticmethod
    def send(stream):
        for block in blocks():
            stream.send(block)

    @staticmethod
    def pieces(stream):
        left = BULK_BYTES
        while left > 0 and (piece := stream.take_some(min(left, SLOW_PIECE))):
            left -= len(piece)
            yield piece


class Chunked:
    field = "Transfer-Encoding: chunked"

    @staticmethod
    def send(stream):
        for block in blocks():
            stream.send(b"%x\r\n%b\r\n" % (len(block), block))
        stream.send(b"0\r\n\r\n")

    @staticmethod
    def pieces(stream):
        while (left := int(stream.take_until(b"\r\n"), 16)) > 0:
            while left > 0:
                piece = stream.take_some(min(left, SLOW_PIECE))
                left -= len(piece)
                yield piece
            stream.take(2)
        stream.take(2)


class Meter:
    """The most memory and pipes that a process had whenever it was asked."""

    def __init__(self, pid):
        self._proc = pathlib.Path(f"/proc/{pid}")
        self._lock = threading.Lock()
        self._before_kib = self._most_kib = self._anonymous_kib()
        self.most_pipes = 0

    def sample(self):
        anonymous, pipes = self._anonymous_kib(), self._pipes()
        with self._lock:
            self._most_kib = max(self._most_kib, anonymous)
            self.most_pipes = max(self.most_pipes, pipes)

    @property
    def growth_kib(self):
        return self._most_kib - self._before_kib

    def _anonymous_kib(self):
        rollup = (self._proc / "smaps_rollup").read_text(encoding="ascii")
        return int(rollup.split("\nAnonymous:")[1].split()[0])

    def _pipes(self):
        found = set()
        for fd in (self._proc / "fd").iterdir():
            try:
                target = os.readlink(fd)
            except FileNotFoundError:
                continue  # closed meanwhile
            if target.startswith("pipe:"):
                found.add(target)
        return len(found)


def slow(stream):
    stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SLOW_ROOM)
    return stream


class Transfers:
    """So many at once, each with a body up and a body down. Whoever receives is slow, and measures at each MiB."""

    COUNT = 4

    def __init__(self, body):
        self._body = body
        self._meter = None
        self.arrived_up, self.arrived_down = [], []

    def run(self, seki):
        """Returns what was measured."""
        self._meter = Meter(seki.worker_pids()[0])
        with futures.ThreadPoolExecutor(self.COUNT) as clients:
            list(clients.map(self.be_client, [seki] * self.COUNT))
        return self._meter

    def _digest(self, stream):
        digest, size = hashlib.sha256(), 0
        for piece in self._body.pieces(stream):
            digest.update(piece)
            if (size + len(piece)) // MIB > size // MIB:
                self._meter.sample()
            size += len(piece)
        return digest.hexdigest()


class HttpTransfers(Transfers):
    """First up, then down."""

    def be_client(self, seki):
        with seki.connect() as client:
            slow(client).send(wire.request(method="POST", fields=[self._body.field]))
            self._body.send(client)
            assert client.read_head().status == 200
            self.arrived_down.append(self._digest(client))

    def be_backend(self, stream):
        slow(stream).read_head()
        self.arrived_up.append(self._digest(stream))
        stream.send(f"HTTP/1.1 200 OK\r\n{self._body.field}\r\n\r\n".encode())
        self._body.send(stream)


class TunnelTransfers(Transfers):
    """Both ways at once."""

    def be_client(self, seki):
        with seki.connect() as client:
            self._both_ways(client, self.arrived_down)

    def be_backend(self, stream):
        self._both_ways(stream, self.arrived_up)

    def _both_ways(self, stream, arrived):
        with futures.ThreadPoolExecutor(1) as sender:
            sent = sender.submit(self._body.send, slow(stream))
            arrived.append(self._digest(stream))
            sent.result()


class Bulk(ProcessTest):
    # Buffers for just so many exchanges, and as few pipes as there can be.
    LIMITS = {"max_buffers": 2 * Transfers.COUNT, "max_connections": 4 * 16}
    MOST_PIPES = 4
    MOST_GROWTH = 2 * Transfers.COUNT * 16393 + (256 << 10)  # max_buffers × buffer_size, and a little

    def check(self, transfers, start):
        backend = self.backend(script=transfers.be_backend)
        seki = start(backend, **self.LIMITS)
        meter = transfers.run(seki)
        backend.wait(lambda: len(transfers.arrived_up) == Transfers.COUNT, "the uploads")
        self.assertEqual(transfers.arrived_up, [DIGEST] * Transfers.COUNT)
        self.assertEqual(transfers.arrived_down, [DIGEST] * Transfers.COUNT)
        self.assertEqual(backend.errors, [])
        print(f"anonymous memory grew by {meter.growth_kib} KiB, {meter.most_pipes} pipes", flush=True)
        self.assertLessEqual(meter.most_pipes, self.MOST_PIPES)
        if not sanitizer_runtimes():  # whose own memory grows
            self.assertLessEqual(meter.growth_kib * 1024, self.MOST_GROWTH)

    def test_bodies_of_a_known_length(self):
        self.check(HttpTransfers(Plain), self.http)

    def test_bodies_in_chunks(self):
        self.check(HttpTransfers(Chunked), self.http)

    def test_tunnels_both_ways_at_once(self):
        self.check(TunnelTransfers(Plain), self.tcp)


if __name__ == "__main__":
    unittest.main()
