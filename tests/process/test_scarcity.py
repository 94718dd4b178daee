"""A system that lacks something: whoever asks for it is refused, and nobody else notices."""
import base64
import os
import signal
import unittest

import wire
from halting import Scarcity
from harness import ProcessTest, http_body, until, wait_gone


# "open" as crypt(5) has it, of the slow kind.
OPEN = ("$6$rounds=1000$salt$9wsgqo4VATepSwXp38MoKAlcCnZ3S4GPGrKZs4N7"
        "cAslC91R9ZSQQC6MiOB.h9d98QShSp6WKbP12HBwRvx1V0")


class Scarce(ProcessTest):
    def scarce(self, **settings):
        seki = self.instance(**settings)
        seki.body = http_body(seki.text, self.backend())
        return seki, Scarcity(seki)

    def test_a_worker_that_cannot_be_started_or_watched_is_tried_again_while_others_serve(self):
        for call in ("epoll_ctl", "socketpair", "posix_spawn"):
            with self.subTest(call):
                seki, scarcity = self.scarce(worker_count=2)
                seki.start()
                dead, living = seki.worker_pids()
                scarcity.refuse(f"supervisor {call}")
                os.kill(dead, signal.SIGKILL)
                wait_gone(dead)
                until(lambda: "the next one starts in" in seki.log(), "an attempt that fails")
                self.assertEqual([seki.get().status for _ in range(20)], [200] * 20)
                scarcity.refuse()
                until(lambda: seki._is_ready(), "both workers to run")
                self.assertIn(living, seki.worker_pids())

    def test_a_supervisor_that_cannot_begin_says_why(self):
        for call in ("epoll_create1", "epoll_ctl", "signalfd", "socketpair", "posix_spawn"):
            with self.subTest(call):
                seki, scarcity = self.scarce()
                scarcity.refuse(f"supervisor {call}")
                seki.spawn()
                self.assertEqual(seki.wait(), 1, seki.log())
                self.assertIn("seki: cannot start: ", seki.log())
                self.assertFalse(os.path.exists(seki.socket_path))

    def ask(self, client, authorization):
        client.send(wire.request(fields=[authorization]))
        return client.read_response().status

    def refuse_while_hashing(self, call):
        authorization = "Authorization: Basic " + base64.b64encode(b"fred:open").decode()
        seki, scarcity = self.scarce()
        seki.body = seki.body.replace("hostname =", "required_auth = true, hostname =").replace(
            "backends =", f'authorized_hashes = ["fred:{OPEN}"]\nbackends =')
        seki.start()
        workers = seki.worker_pids()
        with seki.connect() as client:
            # The second one shows that the connection is watched.
            for _ in range(2):
                client.send(wire.request())
                self.assertEqual(client.read_response().status, 401)
            scarcity.refuse(f"worker {call}")
            self.assertEqual(self.ask(client, authorization), 503)
            scarcity.refuse()
            # What could not be found out in the end is not tried again at once.
            until(lambda: self.ask(client, authorization) != 503, "another try")
            self.assertEqual(self.ask(client, authorization), 200)
        self.assertEqual(seki.worker_pids(), workers)

    def test_a_password_that_cannot_be_hashed_is_answered_503_and_costs_nobody_a_connection(self):
        for call in ("eventfd", "pthread_create", "epoll_ctl", "crypt_ra"):
            with self.subTest(call):
                self.refuse_while_hashing(call)


if __name__ == "__main__":
    unittest.main()
