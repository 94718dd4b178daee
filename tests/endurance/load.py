"""Clients of every kind, over HTTP and over HTTPS, that know what is to come back, and note what did not."""
import asyncio
import base64
import collections
import hashlib
import os
import ssl

from backends import PAUSE_SECONDS, PIECE, PIECES, body_pieces, read_head
from table import CLOSED, FAILED, REFUSED, TOLD


class Refused(OSError):
    """A connection that nobody took, or who took it did not finish its handshake."""


class Closed(EOFError):
    """A connection that was closed while nothing was asked of it."""


class Losses:
    """What clients of all kinds noticed, by how (table.py) and kind."""

    def __init__(self):
        self.done = collections.Counter()
        self.noticed = collections.Counter()
        self.reasons = collections.Counter()

    def lose(self, kind, reason, tunnel=False):
        how = REFUSED if isinstance(reason, Refused) else CLOSED if tunnel or isinstance(reason, Closed) else FAILED
        self.noticed[how, kind] += 1
        self.reasons[kind, str(reason)[:60] or type(reason).__name__] += 1


class Load:
    def __init__(self, port, secure, losses, clients, idle):
        self.port, self.losses, self.clients, self.idle = port, losses, clients, idle
        self.context = None
        if secure:
            self.context = ssl.create_default_context()
            self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
        self.scheme = "https" if secure else "http"
        self.over = False
        self.turn = 0  # tunnels of an earlier turn end
        self.tasks = []

    async def connect(self):
        try:
            return await asyncio.open_connection("127.0.0.1", self.port, ssl=self.context, limit=1 << 20)
        except OSError as reason:
            raise Refused(f"no connection: {reason}") from reason

    def begin(self):
        kinds = {"keep-alive": self.keep_alive, "new connections": self.fresh, "download, counted": self.download,
                 "download, chunked": self.download_chunked, "upload, counted": self.upload,
                 "upload, chunked": self.upload_chunked, "WebSocket": self.websocket}
        for kind, run in kinds.items():
            self.tasks += [asyncio.create_task(self.repeat(f"{self.scheme} {kind}", run)) for _ in range(self.clients)]

    async def repeat(self, kind, run):
        while not self.over:
            try:
                await run(kind)
            except (OSError, EOFError, ValueError, AssertionError) as reason:
                if not self.over:
                    self.losses.lose(kind, reason, tunnel=run in (self.websocket, getattr(self, "tunnel", None)))
                    await asyncio.sleep(0.1)

    async def ask(self, reader, writer, line="GET / HTTP/1.1", fields="", body=()):
        writer.write(f"{line}\r\nHost: example.com\r\n{fields}\r\n".encode())
        for piece in body:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(PAUSE_SECONDS)
        first, answered = await read_head(reader)
        if not first.startswith("HTTP/1.1 200"):
            raise ValueError(first)
        digest, size = hashlib.sha256(), 0
        text = b""
        async for piece in body_pieces(reader, answered):
            digest.update(piece)
            size += len(piece)
            text = piece
        return digest.hexdigest(), size, text.decode("latin-1"), answered

    async def keep_alive(self, kind):
        reader, writer = await self.connect()
        try:
            while not self.over:
                answered = (await self.ask(reader, writer))[3]
                self.losses.done[kind] += 1
                if answered.get("connection", "").lower() == "close":
                    self.losses.noticed[TOLD, kind] += 1
                    return
                await asyncio.sleep(0.02)
                if reader.at_eof():
                    raise Closed("closed between two requests")
        finally:
            writer.close()

    async def fresh(self, kind):
        reader, writer = await self.connect()
        try:
            await self.ask(reader, writer)
            self.losses.done[kind] += 1
        finally:
            writer.close()
        await asyncio.sleep(0.02)

    async def one(self, kind, wanted, **request):
        reader, writer = await self.connect()
        try:
            digest, size, text, _ = await self.ask(reader, writer, **request)
            assert wanted in ((digest, size), text), f"wrong body of {size} bytes"
            self.losses.done[kind] += 1
        finally:
            writer.close()

    SLOW = (hashlib.sha256(PIECE * PIECES).hexdigest(), len(PIECE) * PIECES)

    async def download(self, kind):
        await self.one(kind, self.SLOW, line="GET /slow/counted HTTP/1.1")

    async def download_chunked(self, kind):
        await self.one(kind, self.SLOW, line="GET /slow/chunked HTTP/1.1")

    async def upload(self, kind):
        await self.one(kind, self.SLOW[0], line="POST /up HTTP/1.1", fields=f"Content-Length: {self.SLOW[1]}\r\n",
                       body=[PIECE] * PIECES)

    async def upload_chunked(self, kind):
        chunks = [b"%x\r\n%s\r\n" % (len(PIECE), PIECE)] * PIECES + [b"0\r\n\r\n"]
        await self.one(kind, self.SLOW[0], line="POST /up HTTP/1.1", fields="Transfer-Encoding: chunked\r\n", body=chunks)

    async def websocket(self, kind):
        reader, writer = await self.connect()
        try:
            key = base64.b64encode(os.urandom(16)).decode()
            writer.write(f"GET /socket HTTP/1.1\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                         f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
            first, _ = await read_head(reader)
            if " 101 " not in first:
                raise ValueError(first)
            await self.talk(reader, writer, kind)
        finally:
            writer.close()

    async def talk(self, reader, writer, kind):
        turn = self.turn
        while not self.over and self.turn == turn:
            said = os.urandom(64)
            writer.write(said)
            assert await reader.readexactly(64) == said, "other bytes came back"
            self.losses.done[kind] += 1
            await asyncio.sleep(0.05)

    async def at_rest(self):
        reader, writer = await self.connect()
        await self.ask(reader, writer)
        return reader, writer

    async def open_idle(self):
        self.resting = [await self.at_rest() for _ in range(self.idle)]

    async def wake_idle(self):
        """Each asks for something. Who was lost comes anew."""
        kind = f"{self.scheme} idle"
        for number, (reader, writer) in enumerate(self.resting):
            try:
                if reader.at_eof():
                    raise Closed("closed while at rest")
                await self.ask(reader, writer)
                self.losses.done[kind] += 1
            except (OSError, EOFError, ValueError) as reason:
                self.losses.lose(kind, reason, tunnel=True)
                writer.close()
                self.resting[number] = await self.at_rest()

    async def end(self):
        self.over = True
        await asyncio.gather(*self.tasks)
        for _, writer in self.resting:
            writer.close()


class Tunnels(Load):
    def begin(self):
        self.resting = []
        self.tasks = [asyncio.create_task(self.repeat("TCP tunnel", self.tunnel)) for _ in range(self.clients)]

    async def tunnel(self, kind):
        reader, writer = await self.connect()
        try:
            await self.talk(reader, writer, kind)
        finally:
            writer.close()
