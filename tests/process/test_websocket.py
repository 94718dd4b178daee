"""WebSocket through Seki, spoken by a library that knows nothing of it."""
import asyncio
import http
import unittest

from harness import ProcessTest, http_body

try:
    import websockets
except ImportError:
    websockets = None


class Served:
    """What http_body() wants to know of a backend."""

    name = "chat"

    def __init__(self, server):
        self.text = "{}:{}".format(*server.sockets[0].getsockname())


async def echo(socket):
    async for message in socket:
        await socket.send(message)


@unittest.skipUnless(websockets, "python3-websockets is not installed")
class WebSocket(ProcessTest):
    def converse(self, conversation, handler=echo, **serving):
        """Runs `conversation(connect)` with a server behind Seki; `connect` takes the options of websockets.connect."""
        async def run():
            async with websockets.serve(handler, "127.0.0.1", 0, **serving) as server:
                seki = self.instance()
                seki.body = http_body(seki.text, Served(server))
                await asyncio.to_thread(seki.start)
                host, port = seki.address

                def connect(**options):
                    return websockets.connect("ws://example.com/chat?room=1", host=host, port=port, **options)

                await conversation(connect)

        asyncio.run(run())

    def test_carries_messages_of_all_sizes_in_both_directions(self):
        async def conversation(connect):
            async with connect(max_size=None) as socket:
                for size in (0, 1, 125, 126, 65535, 65536, 1 << 20):
                    message = bytes(i % 251 for i in range(size))
                    await socket.send(message)
                    self.assertEqual(await socket.recv(), message)
                await socket.send(["in ", "several ", "frames"])
                self.assertEqual(await socket.recv(), "in several frames")

        self.converse(conversation, max_size=None)

    def test_carries_pings_and_what_was_agreed_upon(self):
        async def conversation(connect):
            async with connect(subprotocols=["other", "chat"]) as socket:
                self.assertEqual(socket.subprotocol, "chat")
                self.assertEqual([extension.name for extension in socket.extensions], ["permessage-deflate"])
                self.assertEqual(socket.response_headers.get_all("Sec-WebSocket-Protocol"), ["chat"])
                await (await socket.ping(b"are you there"))

        self.converse(conversation, subprotocols=["chat"])

    def test_shows_each_end_how_the_other_one_closed(self):
        seen = asyncio.Queue()

        async def close_or_hear(socket):
            if await socket.recv() == "you close":
                return await socket.close(4001, "as you wish")
            await socket.wait_closed()
            await seen.put((socket.close_code, socket.close_reason))

        async def conversation(connect):
            async with connect() as socket:
                await socket.send("you close")
                await socket.wait_closed()
                self.assertEqual((socket.close_code, socket.close_reason), (4001, "as you wish"))
            async with connect() as socket:
                await socket.send("I close")
                await socket.close(4002, "enough")
            self.assertEqual(await seen.get(), (4002, "enough"))

        self.converse(conversation, close_or_hear)

    def test_lets_many_talk_at_once(self):
        async def one(connect, number):
            async with connect() as socket:
                for i in range(20):
                    await socket.send(f"{number}: {i}")
                    self.assertEqual(await socket.recv(), f"{number}: {i}")

        async def conversation(connect):
            await asyncio.gather(*(one(connect, number) for number in range(50)))

        self.converse(conversation)

    def test_stays_http_when_the_server_declines(self):
        async def decline(path, _):
            return http.HTTPStatus.OK, [("X-Path", path)], b"no socket here"

        async def conversation(connect):
            with self.assertRaises(websockets.InvalidStatusCode) as declined:
                await connect()
            self.assertEqual(declined.exception.status_code, 200)
            self.assertEqual(declined.exception.headers["X-Path"], "/chat?room=1")

        self.converse(conversation, process_request=decline)
