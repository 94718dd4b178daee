"""Tunnels: bytes in both directions and half-closes."""
import threading
import unittest

import wire
from harness import ProcessTest

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


if __name__ == "__main__":
    unittest.main()
