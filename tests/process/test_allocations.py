"""A request on warm connections allocates nothing: the allocator itself is asked (count_allocations.cpp)."""
import collections
import mmap
import pathlib
import random
import selectors
import socket
import struct
import subprocess
import unittest

import harness
import wire

LIBRARY = pathlib.Path(harness.BINARY).parent / "tests/process/libcount_allocations.so"
CONNECTIONS = 64
REQUESTS = 10_000
BODY = bytes(1024)


def is_sanitized():
    return b"__asan_init" in pathlib.Path(harness.BINARY).read_bytes()


class Tally:
    """The memory that a worker with the library shares with us."""

    HEAD = struct.Struct("=QQ")
    CALL = struct.Struct("=Q31Q")
    KEPT = 32

    def __init__(self, folder):
        self.path = folder / "allocations"
        self.path.write_bytes(bytes(self.HEAD.size + self.KEPT * self.CALL.size))
        with open(self.path, "r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 0)

    def count(self, on):
        self._memory[:8] = int(on).to_bytes(8, "little")

    @property
    def calls(self):
        return self.HEAD.unpack_from(self._memory)[1]

    def told(self, pid):
        """Where the first calls came from, for people."""
        frames = [self.CALL.unpack_from(self._memory, self.HEAD.size + number * self.CALL.size)
                  for number in range(min(self.calls, self.KEPT))]
        places = names_of(pid, {address for depth, *addresses in frames for address in addresses[:depth]})
        traces = ("\n".join(f"    {places[address]}" for address in addresses[2:depth]) for depth, *addresses in frames)
        return "\n".join(f"{self.calls} allocations, the first of them:\n{trace}\n" for trace in traces)


def names_of(pid, addresses):
    """Function and line of each address in a running process."""
    regions = []
    for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
        span, _, offset, _, _, *path = line.split()
        begin, end = (int(part, 16) for part in span.split("-"))
        if path and path[0].startswith("/"):
            regions.append((begin, end, begin - int(offset, 16), path[0]))
    names = {}
    for address in addresses:
        base, path = next(((base, path) for begin, end, base, path in regions if begin <= address < end), (0, "?"))
        names[address] = f"{path}+{address - base:#x}"
        if path == str(pathlib.Path(harness.BINARY).resolve()):
            # The address behind the call belongs to the next line.
            told = subprocess.run(["addr2line", "-Cfe", path, hex(address - base - 1)], capture_output=True, text=True,
                                  check=False)
            names[address] = told.stdout.strip().replace("\n", " at ") or names[address]
    return names


class Load:
    """Clients and the backend in one thread, so that it is the test who says what comes together at the worker."""

    def __init__(self):
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=CONNECTIONS)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self.clients = []
        self.name = "backend"

    @property
    def text(self):
        return "{}:{}".format(*self._listener.getsockname())

    def connect(self, seki):
        self.clients = [seki.connect() for _ in range(CONNECTIONS)]

    def close(self):
        for key in list(self._selector.get_map().values()):
            key.fileobj.close()
        self._selector.close()
        for client in self.clients:
            client.close()

    def exchange(self, clients, all_at_once):
        """A request of each and its answer; with `all_at_once` the backend answers the first one after the last one."""
        for client in clients:
            client.send(wire.request(fields=["User-Agent: load"]))
        waiting = collections.deque()
        came = 0
        while came < len(clients) or waiting:
            if came < len(clients):
                requests = self._requests()
                came += len(requests)
                waiting.extend(requests)
            if came == len(clients) or not all_at_once:
                while waiting:
                    waiting.popleft().sendall(wire.response(BODY))
        for client in clients:
            response = client.read_response()
            assert response.status == 200 and response.body == BODY, response

    def _requests(self):
        """The connections on which a request came. A request is one segment here."""
        ready = [key.fileobj for key, _ in self._selector.select(wire.PATIENCE_SECONDS)]
        assert ready, "no request comes"
        if self._listener in ready:
            ready.remove(self._listener)
            self._selector.register(self._listener.accept()[0], selectors.EVENT_READ)
        for backend in ready:
            assert backend.recv(1 << 16).endswith(b"\r\n\r\n")
        return ready


class Allocations(harness.ProcessTest):
    def setUp(self):
        if is_sanitized():
            raise unittest.SkipTest("sanitizers hook the allocator themselves")

    def observed(self, **settings):
        """A started instance, what it serves, and the tally of its worker."""
        load = Load()
        self.addCleanup(load.close)
        seki = self.instance(**settings)
        seki.body = harness.http_body(seki.text, load)
        tally = Tally(seki.folder)
        seki.environment = {"LD_PRELOAD": str(LIBRARY), "COUNT_ALLOCATIONS": str(tally.path)}
        return seki.start(), load, tally

    def count(self, **settings):
        """How much is allocated when everything is warm, and where."""
        seki, load, tally = self.observed(access_logs_target="file:///dev/null", **settings)
        load.connect(seki)
        # Warm is who has had as much to do at once as there ever is.
        for _ in range(3):
            load.exchange(load.clients, all_at_once=True)
        [worker] = seki.worker_pids()
        tally.count(True)
        dice = random.Random(1)
        served = 0
        while served < REQUESTS:
            some = dice.sample(load.clients, dice.randint(1, CONNECTIONS))
            load.exchange(some, all_at_once=dice.random() < 0.5)
            served += len(some)
        tally.count(False)
        return tally.calls, tally.told(worker)

    def test_the_library_counts(self):
        # A connection is not a request: it is allocated, and seen to be.
        seki, _, tally = self.observed()
        tally.count(True)
        seki.connect().close()
        harness.until(lambda: tally.calls > 0, "an allocation")

    def test_none_is_made_for_a_request(self):
        calls, told = self.count(log_level="info,seki_access=off")
        self.assertEqual(calls, 0, told)

    def test_none_is_made_for_a_line_of_the_access_log(self):
        calls, told = self.count()
        self.assertEqual(calls, 0, told)


if __name__ == "__main__":
    unittest.main()
