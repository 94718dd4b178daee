"""Backends that do what a test tells them, and remember exactly what they got."""
import socket
import threading

import wire


class Backend:
    """A TCP server on a port of the kernel's choice, or whatever else listens, with a thread for each connection.

    `respond` makes the bytes of the answer from a request; it may wait for what the test does. For anything but one
    answer for one request give `script` instead: it gets the connection as a wire.Stream and does what it likes.
    """

    def __init__(self, name="backend", respond=None, script=None, listener=None):
        self.name = name
        self._respond = respond or (lambda request: wire.response(self.name.encode()))
        self._script = script or self._serve
        self._changed = threading.Condition()
        self._streams = []
        self.requests = []
        self.connections = 0
        self.errors = []
        self._listener = listener or socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.address = self._listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def text(self):
        return "{}:{}".format(*self.address)

    def close(self):
        """Refuses new connections and ends the ones that are open. Closing again does nothing."""
        if self._listener.fileno() < 0:
            return
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept, which would hold the socket otherwise
        self._listener.close()
        with self._changed:
            streams, self._streams = self._streams, []
        for stream in streams:
            try:
                stream.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # the other side was faster

    def wait(self, enough, what="what the test waits for"):
        """Waits until `enough()` holds, which is asked again after everything that happens here."""
        with self._changed:
            if not self._changed.wait_for(enough, wire.PATIENCE_SECONDS):
                raise AssertionError(f"{self.name} waited in vain for {what}")

    def wait_requests(self, count):
        self.wait(lambda: len(self.requests) >= count, f"{count} requests, got {len(self.requests)}")

    def note(self, request):
        with self._changed:
            self.requests.append(request)
            self._changed.notify_all()

    def _accept(self):
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return  # closed
            stream = wire.Stream(accepted)
            with self._changed:
                self.connections += 1
                self._streams.append(stream)
                self._changed.notify_all()
            threading.Thread(target=self._run, args=(stream,), daemon=True).start()

    def _run(self, stream):
        try:
            self._script(stream)
        except (ConnectionError, wire.Truncated, OSError) as error:
            self.errors.append(error)
        finally:
            with self._changed:
                if stream in self._streams:
                    self._streams.remove(stream)
                self._changed.notify_all()
            stream.close()

    def _serve(self, stream):
        while (request := stream.read_request()) is not None:
            self.note(request)
            answer = self._respond(request)
            if request.method == "HEAD":
                answer = answer[: answer.index(b"\r\n\r\n") + 4]
            stream.send(answer)


class Gate:
    """Holds a backend's answer back until the test opens it."""

    def __init__(self):
        self._open = threading.Event()

    def open(self):
        self._open.set()

    def wait(self):
        if not self._open.wait(wire.PATIENCE_SECONDS):
            raise AssertionError("nobody opened the gate")
