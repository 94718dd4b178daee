"""Settings of a server that runs, changed through the command line: seen on the wire, kept by new workers, and refused
as a whole when something in them is wrong."""
import os
import signal
import threading
import unittest

import wire
from control import Request, address_of, schema
from harness import ProcessTest, until

LIMITED = "127.1.3.1"


class Updates(ProcessTest):
    def update(self, seki, *options):
        return seki.ctl("-t", "60000", "listener", "http", "update", "-a", seki.text, *options)

    def updated(self, seki, *options):
        done = self.update(seki, *options)
        self.assertEqual(done.code, 0, done)

    def replace_worker(self, seki):
        dead = seki.worker_pids()[0]
        os.kill(dead, signal.SIGKILL)
        until(lambda: seki.worker_pids() and dead not in seki.worker_pids(), "a new worker")
        until(lambda: seki.ctl("status").out.count("RUNNING") == seki.settings["worker_count"], "it to run")

    def test_of_a_listener_hold_for_the_next_connection_and_for_new_workers(self):
        backend = self.backend()
        seki = self.http(backend)
        self.updated(seki, "--sozu-id-header", "X-Trace", "--send-x-real-ip", "--answer", "404=HTTP/1.1 404 Gone\n\nhere")
        for _ in range(2):
            self.assertIsNotNone(seki.get().get("X-Trace"))
            self.assertEqual(backend.requests[-1].get("X-Real-IP"), seki.ip if seki.ip == "127.0.0.1" else "127.0.0.1")
            self.assertEqual(seki.get(host="unknown.example").body, b"here")
            self.replace_worker(seki)
        self.updated(seki, "--no-send-x-real-ip", "--answer", "404=")
        seki.get()
        self.assertIsNone(backend.requests[-1].get("X-Real-IP"))
        self.assertNotEqual(seki.get(host="unknown.example").body, b"here")

    def test_leave_connections_that_are_there_as_they_were(self):
        seki = self.http(self.backend())
        with seki.connect() as client:
            client.send(wire.request())
            before = client.read_response()
            self.updated(seki, "--sozu-id-header", "X-Trace")
            client.send(wire.request())
            self.assertEqual(client.read_response().get("Sozu-Id") is None, before.get("Sozu-Id") is None)
        self.assertIsNotNone(seki.get().get("X-Trace"))

    def test_that_are_wrong_in_one_thing_change_nothing(self):
        seki = self.http(self.backend())
        for options in (["--front-timeout", "0"], ["--answer", "404=nonsense"], ["--sozu-id-header", "not a token"]):
            refused = self.update(seki, "--sozu-id-header", "X-Trace", *options) if options[0] != "--sozu-id-header" \
                else self.update(seki, *options)
            self.assertEqual(refused.code, 1, options)
            self.assertIsNone(seki.get().get("X-Trace"), options)
        self.assertIn("404", self.update(seki, "--answer", "404=nonsense").err)
        missing = seki.ctl("listener", "http", "update", "-a", "127.0.0.1:1", "--front-timeout", "5")
        self.assertEqual(missing.code, 1)
        self.assertIn("127.0.0.1:1", missing.err)

    def test_of_the_timeouts_of_a_tcp_listener_are_told(self):
        seki = self.tcp(self.backend(script=lambda stream: stream.send(stream.take_some(9))))
        done = seki.ctl("listener", "tcp", "update", "-a", seki.text, "--front-timeout", "77")
        self.assertEqual(done.code, 0, done)
        self.assertIn("77", seki.ctl("listener", "list").out)

    def test_of_the_connections_of_a_source_hold_at_once_and_for_new_workers(self):
        seki = self.http(self.backend())

        def ask(source=LIMITED):
            client = seki.connect(source)
            self.addCleanup(client.close)
            client.send(wire.request())
            return client.read_response().status

        self.assertEqual([ask(), ask()], [200, 200])
        self.assertEqual(seki.ctl("connection-limit", "set", "1").code, 0)
        self.assertIn("1", seki.ctl("connection-limit", "show").out)
        self.assertEqual(ask(), 429, "there are two already")
        self.assertEqual([ask("127.1.3.2"), ask("127.1.3.2")], [200, 429])
        self.replace_worker(seki)
        self.assertEqual([ask("127.1.3.3"), ask("127.1.3.3")], [200, 429])
        self.assertEqual(seki.ctl("connection-limit", "remove").code, 0)
        self.assertEqual([ask("127.1.3.3"), ask("127.1.3.3")], [200, 200])

    # ---- frontends

    def update_frontend(self, seki, *options):
        return seki.ctl("-t", "60000", "frontend", "http", "update", "-a", seki.text, "--hostname", "example.com",
                        *options)

    def canary(self, **settings):
        """An instance with a second cluster, to which nothing leads yet; and its backend."""
        backend, new = self.backend(), self.backend("new", respond=lambda _: wire.response(b"new"))
        seki = self.http(backend, **settings)
        for arguments in (["cluster", "add", "-i", "new", "--load-balancing-policy", "random"],
                          ["backend", "add", "-i", "new", "--backend-id", "new", "-a", new.text]):
            done = seki.ctl(*arguments)
            self.assertEqual(done.code, 0, done)
        return seki, new

    def test_of_a_frontend_s_weights_lose_no_request(self):
        seki, new = self.canary(worker_count=2)
        ended = threading.Event()
        statuses = set()

        def ask():
            while not ended.is_set():
                statuses.add(seki.get().status)

        clients = [threading.Thread(target=ask) for _ in range(4)]
        for client in clients:
            client.start()
        try:
            with seki.control() as control:
                for weight in range(1, 101):
                    update = schema.UpdateHttpFrontend(address=address_of(seki.address), hostname="example.com")
                    update.path.kind, update.path.value = schema.PREFIX, ""
                    update.split.add(cluster_id="web", weight=101 - weight)
                    update.split.add(cluster_id="new", weight=weight)
                    control.ask(Request(update_http_frontend=update))
        finally:
            ended.set()
            for client in clients:
                client.join()
        self.assertEqual(statuses, {200})
        self.assertTrue(new.requests)

    def test_of_a_frontend_keep_what_they_do_not_name_and_hold_for_new_workers(self):
        seki, _ = self.canary()
        for options in (["--header", "response=X-Kept=1"], ["--tags", "owner=ann"], ["id", "new"]):
            done = self.update_frontend(seki, *options)
            self.assertEqual(done.code, 0, done)
        for _ in range(2):
            answer = seki.get()
            self.assertEqual((answer.body, answer.get("X-Kept")), (b"new", "1"))
            self.replace_worker(seki)
        self.assertEqual(self.update_frontend(seki, "--reset", "headers", "--split", "web=1,new=0").code, 0)
        answer = seki.get()
        self.assertEqual((answer.body != b"new", answer.get("X-Kept")), (True, None))
        self.assertEqual(self.update_frontend(seki, "deny").code, 0)
        self.assertEqual(seki.get().status, 401)

    def test_of_a_frontend_that_are_wrong_or_of_none_change_nothing(self):
        seki, _ = self.canary()
        before = seki.ctl("--json", "frontend", "list").out
        for options, word in ((["--rewrite-path", "/$PATH[9]"], "rewrite_path"), (["--reset", "hostname"], "reset"),
                              (["--path-prefix", "/none", "--back-timeout", "5"], "/none"),
                              (["--split", "web=0,new=0"], "split")):
            refused = self.update_frontend(seki, *options)
            self.assertEqual(refused.code, 1, refused)
            self.assertIn(word, refused.err)
        self.assertEqual(seki.ctl("--json", "frontend", "list").out, before)
        self.assertEqual(seki.get().status, 200)


if __name__ == "__main__":
    unittest.main()
