"""What requests and tunnels lead to: one program beside ours, so that load and answers have a processor each."""
import asyncio
import base64
import contextlib
import hashlib
import os
import random

PIECE = random.Random(1).randbytes(16 * 1024)
PIECES = 40  # of a slow body
PAUSE_SECONDS = 0.05


async def read_head(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    return head[0], fields


async def body_pieces(reader, fields):
    if "chunked" in fields.get("transfer-encoding", ""):
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            yield (await reader.readexactly(size + 2))[:-2]
        await reader.readuntil(b"\r\n")
        return
    left = int(fields.get("content-length", 0))
    while left:
        piece = await reader.readexactly(min(left, len(PIECE)))
        left -= len(piece)
        yield piece


async def serve_http(reader, writer):
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            first, fields = await read_head(reader)
            target = first.split(" ")[1]
            if target == "/socket":
                key = fields.get("sec-websocket-key", "") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 4.2.2
                accept = base64.b64encode(hashlib.sha1(key.encode()).digest())
                writer.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                             b"Sec-WebSocket-Accept: %s\r\n\r\n" % accept)
                return await echo(reader, writer)
            digest = hashlib.sha256()
            async for piece in body_pieces(reader, fields):
                digest.update(piece)
            if target.startswith("/slow"):
                await send_slowly(writer, chunked=target.endswith("chunked"))
            else:
                body = digest.hexdigest().encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            await writer.drain()
    writer.close()


async def send_slowly(writer, chunked):
    size = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % (len(PIECE) * PIECES)
    writer.write(b"HTTP/1.1 200 OK\r\n" + size + b"\r\n\r\n")
    for _ in range(PIECES):
        writer.write(b"%x\r\n%s\r\n" % (len(PIECE), PIECE) if chunked else PIECE)
        await writer.drain()
        await asyncio.sleep(PAUSE_SECONDS)
    if chunked:
        writer.write(b"0\r\n\r\n")


async def echo(reader, writer):
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.close()


async def serve(pipe):
    web = await asyncio.start_server(serve_http, "127.0.0.1", 0, backlog=4096)
    raw = await asyncio.start_server(echo, "127.0.0.1", 0, backlog=4096)
    os.write(pipe, b"%d %d\n" % (web.sockets[0].getsockname()[1], raw.sockets[0].getsockname()[1]))
    async with web, raw:
        await asyncio.gather(web.serve_forever(), raw.serve_forever())


def begin_backends():
    """(pid, port of HTTP, port of TCP) of a process that ends with ours."""
    ends = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(ends[0])
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(serve(ends[1]))
        os._exit(0)
    os.close(ends[1])
    web, raw = os.read(ends[0], 64).split()
    return pid, int(web), int(raw)
