"""A worker is replaced while it serves: nobody notices, and who is at rest goes on with the new one."""
import os
import signal
import ssl
import threading
import unittest

import wire
from certificates import make_certificate
from control import Refused, Request, address_of, schema
from harness import ProcessTest, until, wait_gone


def https_body(address, folder, *backends):
    make_certificate(folder, "c", "example.com")
    return (f'[[listeners]]\nprotocol = "https"\naddress = "{address}"\ncertificate = "{folder}/c.pem"\nkey = "{folder}/c.key"\n'
            f'[clusters.web]\nprotocol = "http"\nfrontends = [{{ address = "{address}", hostname = "example.com", '
            f'certificate = "{folder}/c.pem", key = "{folder}/c.key" }}]\n'
            f'backends = [{", ".join(f"{{ address = {chr(34)}{backend.text}{chr(34)} }}" for backend in backends)}]\n')


def echo(stream):
    while data := stream.socket.recv(1 << 16):
        stream.send(data)


class Replaced(ProcessTest):
    def replace(self, seki, worker_id):
        with seki.control() as control:
            return control.ask(Request(upgrade_worker=worker_id)).message

    def ids(self, seki):
        with seki.control() as control:
            return [worker.id for worker in control.workers() if worker.run_state == schema.RUNNING]

    def ask(self, client):
        client.send(wire.request())
        return client.read_response().status

    def test_idle_clients_go_on_with_the_successor_and_the_old_process_is_gone(self):
        seki = self.http(self.backend())
        (old,) = seki.worker_pids()
        clients = [seki.connect() for _ in range(50)]
        self.assertEqual([self.ask(client) for client in clients], [200] * 50)
        said = self.replace(seki, 0)
        self.assertIn("worker 0 is replaced by worker 1, 50 connections moved, 0 still in the old one", said)
        wait_gone(old)
        self.assertEqual([self.ask(client) for client in clients], [200] * 50)
        self.assertEqual(seki.get().status, 200)
        self.assertIn("50 connections moved", seki.log())
        self.assertNotIn("is killed", seki.log())
        said = self.replace(seki, 1)
        self.assertIn("worker 1 is replaced by worker 2, 50 connections moved", said)
        self.assertEqual([self.ask(client) for client in clients], [200] * 50)
        for client in clients:
            client.close()

    def test_limits_of_a_source_hold_for_clients_that_move(self):
        limit = 10
        seki = self.http(self.backend(), worker_count=2, max_connections_per_ip=limit)
        clients = [seki.connect() for _ in range(limit)]
        self.assertEqual([self.ask(client) for client in clients], [200] * limit)
        newcomer = seki.connect()
        self.assertEqual(self.ask(newcomer), 429)
        for worker_id in (0, 1):
            self.assertIn(", 0 still in the old one", self.replace(seki, worker_id))
            self.assertEqual(self.ask(newcomer), 429)
        self.assertEqual([self.ask(client) for client in clients], [200] * limit)
        clients.pop().close()
        until(lambda: self.ask(newcomer) == 200, "the place of the one that has gone")
        with seki.connect() as late:
            self.assertEqual(self.ask(late), 429)
        close = Request(close_sessions=schema.CloseSessions(cluster_id="web"))
        with seki.control() as control:
            self.assertEqual(control.ask(close).content.closed_sessions.closed, limit)
        for client in [*clients, newcomer]:
            client.close()

    def test_newcomers_wait_when_those_who_moved_fill_the_successor(self):
        seki = self.http(self.backend(), max_connections=5)
        clients = [seki.connect() for _ in range(5)]
        self.assertEqual([self.ask(client) for client in clients], [200] * 5)
        self.assertIn("5 connections moved", self.replace(seki, 0))
        newcomer = seki.connect()
        newcomer.send(wire.request())
        self.assertEqual([self.ask(client) for client in clients], [200] * 5)
        clients.pop().close()
        self.assertEqual(newcomer.read_response().status, 200)
        for client in [*clients, newcomer]:
            client.close()

    def test_of_tls_too(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version):
                seki = self.instance()
                seki.body = https_body(seki.text, seki.folder, self.backend())
                seki.start()
                (old,) = seki.worker_pids()
                context = ssl.create_default_context(cafile=str(seki.folder / "c.pem"))
                context.minimum_version = context.maximum_version = version
                clients = []
                for _ in range(10):
                    plain = seki.connect()
                    plain.socket = context.wrap_socket(plain.socket, server_hostname="example.com")
                    clients.append(plain)
                self.assertEqual([self.ask(client) for client in clients], [200] * 10)
                self.assertIn("10 connections moved, 0 still", self.replace(seki, 0))
                wait_gone(old)
                self.assertEqual([self.ask(client) for client in clients], [200] * 10)
                for client in clients:
                    client.close()

    def test_a_client_of_a_listener_that_is_gone_stays_and_is_served(self):
        answer = threading.Event()
        backend = self.backend(respond=lambda request: (request.target == "/" or answer.wait(wire.PATIENCE_SECONDS)) and
                               wire.response(b"here"))
        seki = self.http(backend)
        (old,) = seki.worker_pids()
        with seki.connect() as idle, seki.connect() as busy:
            self.assertEqual(self.ask(idle), 200)
            busy.send(wire.request(target="/slow"))
            backend.wait_requests(2)
            address = address_of(seki.address)
            with seki.control() as control:
                control.ask(Request(deactivate_listener=schema.DeactivateListener(address=address, proxy=schema.HTTP,
                                                                                  to_scm=False)))
                control.ask(Request(remove_listener=schema.RemoveListener(address=address, proxy=schema.HTTP)))
            self.assertIn("0 connections moved", self.replace(seki, 0))
            answer.set()
            self.assertEqual(busy.read_response().status, 200)
            self.assertTrue(idle.at_end(), "closed in order, as in any drain")
        wait_gone(old)

    def test_what_runs_is_finished_and_moves_then_or_before(self):
        answer = threading.Event()
        backend = self.backend(respond=lambda request: answer.wait(wire.PATIENCE_SECONDS) and wire.response(b"late"))
        seki = self.http(backend)
        (old,) = seki.worker_pids()
        with seki.connect() as client:
            client.send(wire.request())
            backend.wait_requests(1)
            # At once if it has run for long enough by now.
            self.assertRegex(self.replace(seki, 0), "0 connections moved, 1 still|1 connections moved, 0 still")
            answer.set()
            response = client.read_response()
            self.assertEqual((response.status, response.body), (200, b"late"))
            self.assertIsNone(response.get("Connection"))
            wait_gone(old)
            self.assertEqual(self.ask(client), 200)

    def test_what_runs_moves_to_whoever_serves_by_then(self):
        answer = threading.Event()
        backend = self.backend(respond=lambda request: answer.wait(wire.PATIENCE_SECONDS) and wire.response(b"late"))
        seki = self.http(backend)
        pids = seki.worker_pids()
        with seki.connect() as client:
            client.send(wire.request())
            backend.wait_requests(1)
            for number in range(3):
                self.assertIn(f"replaced by worker {number + 1}", self.replace(seki, number))
                pids += [pid for pid in seki.worker_pids() if pid not in pids]
            answer.set()
            self.assertEqual(client.read_response().status, 200)
            for pid in pids[:-1]:
                wait_gone(pid)
            self.assertEqual(self.ask(client), 200)

    def test_a_successor_that_is_silent_or_dies_gets_nobody(self):
        # The old one is stopped while it begins to give, so that the successor can be stopped or killed before it takes.
        for act in (signal.SIGSTOP, signal.SIGKILL):
            with self.subTest(act):
                seki = self.http(self.backend(), worker_count=1, worker_timeout=60)
                clients = [seki.connect() for _ in range(5)]
                self.assertEqual([self.ask(client) for client in clients], [200] * 5)
                (old,) = seki.worker_pids()
                os.kill(old, signal.SIGSTOP)
                asked = seki.control()
                asked.send(Request(upgrade_worker=0))
                until(lambda: "worker 1 serves" in seki.log(), "the successor")
                with seki.control() as control:
                    successor = next(worker.pid for worker in control.workers() if worker.id == 1)
                os.kill(successor, act)
                os.kill(old, signal.SIGCONT)
                self.assertIn("0 connections moved", asked.final().message)
                asked.close()
                wait_gone(old)
                self.assertIn("clients do not move to the next worker any more: ", seki.log())
                if act == signal.SIGSTOP:
                    os.kill(successor, signal.SIGKILL)
                self.assertEqual(seki.get().status, 200)
                for client in clients:
                    client.close()

    def test_under_load_no_request_fails(self):
        seki = self.http(self.backend(), worker_count=2)
        over, failures, count = threading.Event(), [], [0]

        def ask():
            with seki.connect() as client:
                while not over.is_set():
                    try:
                        status = self.ask(client)
                    except (OSError, wire.Truncated) as error:
                        return failures.append(repr(error))
                    count[0] += 1
                    if status != 200:
                        failures.append(status)

        clients = [threading.Thread(target=ask) for _ in range(8)]
        for client in clients:
            client.start()
        try:
            for _ in range(10):
                self.replace(seki, min(self.ids(seki)))
        finally:
            over.set()
            for client in clients:
                client.join()
        self.assertEqual(failures, [])
        self.assertGreater(count[0], 100)

    def test_who_is_not_there_cannot_be_replaced(self):
        seki = self.http(self.backend())
        with seki.control() as control, self.assertRaisesRegex(Refused, "there is no worker 7 that serves"):
            control.ask(Request(upgrade_worker=7))
        self.assertEqual(self.ids(seki), [0])


if __name__ == "__main__":
    unittest.main()
