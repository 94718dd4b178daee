"""HTTP/1.1 and TCP over plain sockets: what both the scripted backends and the test's clients read and write.

Nothing here corrects what the proxy sent: heads are kept byte for byte, and an end of stream in the wrong place is an
error. Every wait ends after PATIENCE_SECONDS, which only a failing test reaches.
"""
import socket

PATIENCE_SECONDS = 60


class Truncated(Exception):
    """The stream ended in the middle of a message."""


class Message:
    """A request or a response as it came: start line, fields in order, body with the chunked coding taken off."""

    def __init__(self, head):
        self.head = head
        lines = head.decode("latin-1").split("\r\n")
        self.start_line = lines[0]
        self.fields = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if line]
        self.body = b""
        self.trailers = []

    def all(self, name):
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def get(self, name):
        """The value of a field that must not be there twice; None if it is absent."""
        values = self.all(name)
        assert len(values) < 2, f"{name} is there {len(values)} times: {values}"
        return values[0] if values else None

    @property
    def chunked(self):
        return "chunked" in (self.get("Transfer-Encoding") or "").lower()

    @property
    def status(self):
        return int(self.start_line.split(" ")[1])

    @property
    def target(self):
        return self.start_line.split(" ")[1]

    @property
    def method(self):
        return self.start_line.split(" ")[0]

    def __repr__(self):
        return f"<{self.start_line!r} {self.fields} {len(self.body)} bytes>"


class Stream:
    """A connected socket with a buffer for what came too early."""

    def __init__(self, connected):
        self.socket = connected
        self.socket.settimeout(PATIENCE_SECONDS)
        if connected.family != socket.AF_UNIX:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with RST in place of FIN."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def finish(self):
        """Says that nothing more will be sent."""
        self.socket.shutdown(socket.SHUT_WR)

    def _fill(self):
        data = self.socket.recv(1 << 16)
        self.buffer += data
        return bool(data)

    def take(self, size):
        while len(self.buffer) < size:
            if not self._fill():
                raise Truncated(f"{size} bytes wanted, {len(self.buffer)} came: {bytes(self.buffer[:200])!r}")
        taken = bytes(self.buffer[:size])
        del self.buffer[:size]
        return taken

    def take_some(self, most):
        """What is here, at least a byte; nothing at the end."""
        if not self.buffer:
            return self.socket.recv(most)
        return self.take(min(most, len(self.buffer)))

    def take_until(self, mark):
        start = 0
        while (found := self.buffer.find(mark, start)) < 0:
            start = max(0, len(self.buffer) - len(mark) + 1)
            if not self._fill():
                raise Truncated(f"no {mark!r} in {bytes(self.buffer[:200])!r}")
        return self.take(found + len(mark))

    def take_rest(self):
        while self._fill():
            pass
        return self.take(len(self.buffer))

    def at_end(self):
        """Waits for a byte or the end; True if it is the end. A reset is no clean end and raises."""
        return not self.buffer and not self._fill()

    def _take_chunks(self, message):
        parts = []
        while True:
            size = int(self.take_until(b"\r\n").split(b";")[0], 16)
            if size == 0:
                break
            parts.append(self.take(size))
            assert self.take(2) == b"\r\n", "a chunk does not end with CRLF"
        while (line := self.take_until(b"\r\n")) != b"\r\n":
            name, value = line.decode("latin-1").split(":", 1)
            message.trailers.append((name, value.strip()))
        message.body = b"".join(parts)

    def read_request(self):
        """The next request with its body, or None if the peer closed instead of sending one."""
        if self.at_end_quietly():
            return None
        request = self.read_head()
        self.read_body(request)
        return request

    def at_end_quietly(self):
        try:
            return self.at_end()
        except ConnectionError:
            return True

    def read_head(self):
        return Message(self.take_until(b"\r\n\r\n")[:-2])

    def read_body(self, request):
        if request.chunked:
            self._take_chunks(request)
        elif (length := request.get("Content-Length")) is not None:
            request.body = self.take(int(length))

    def read_response(self, to="GET"):
        """The next response, whatever its status; `to` is the method that it answers (RFC 9112 §6.3)."""
        response = self.read_head()
        if to == "HEAD" or response.status in (204, 304) or response.status < 200:
            return response
        if response.chunked or response.get("Content-Length") is not None:
            self.read_body(response)
        else:
            response.body = self.take_rest()
        return response


def connect(address, source=None):
    """A client's connection to ("ip", port), from an address that may be given."""
    origin = None if source is None else (source, 0)
    return Stream(socket.create_connection(address, timeout=PATIENCE_SECONDS, source_address=origin))


def request(method="GET", target="/", host="example.com", fields=(), body=b""):
    """The bytes of a plain request."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", *fields]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def response(body=b"ok", status="200 OK", fields=()):
    """The bytes of a plain response."""
    lines = [f"HTTP/1.1 {status}", *fields, f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def chunks(*parts, trailers=()):
    """A body in the chunked coding, one chunk for each part."""
    coded = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts)
    return coded + b"0\r\n" + b"".join(line.encode() + b"\r\n" for line in trailers) + b"\r\n"
