"""Limits per source, which hold over all workers together."""
import os
import signal
import threading
import time
import unittest

import wire
from backend import Gate
from control import Request, cluster, schema
from harness import ProcessTest, until

WORKERS = 4
FIRST, SECOND, THIRD = "127.1.2.1", "127.1.2.2", "127.1.2.3"


def request_from(seki, source):
    """One request on a new connection, which stays open: (connection, answer)."""
    client = seki.connect(source)
    client.send(wire.request())
    return client, client.read_response()


def fill(seki, source):
    """Connections from the source, one after another, until one is refused: those that were not."""
    clients = []
    while True:
        client, answer = request_from(seki, source)
        if answer.status == 429:
            client.close()
            return clients
        assert answer.status == 200, answer
        clients.append(client)


def close_all(clients):
    for client in clients:
        client.close()


def client_sessions(seki):
    """The worker of each client's connection, by the client's port."""
    with seki.control() as control:
        sessions = control.ask(Request(query_sessions=schema.QuerySessions())).content.sessions.vec
    described = [(session.line.split(), session.worker_id) for session in sessions]
    return {int(words[2].split(":")[1]): worker for words, worker in described if words[1] == "client"}


class Eviction(ProcessTest):
    def test_lets_in_who_waits_and_closes_who_has_been_idle_longest(self):
        seki = self.http(self.backend(), max_connections=5, evict_on_queue_full=True)
        clients = []
        for _ in range(5):
            client, answer = request_from(seki, FIRST)
            self.assertEqual(answer.status, 200)
            clients.append(client)
        late, answer = request_from(seki, SECOND)
        self.assertEqual(answer.status, 200)
        self.assertTrue(clients[0].at_end(), "the first one is closed")
        for client in clients[1:]:
            client.send(wire.request())
            self.assertEqual(client.read_response().status, 200)
        close_all([*clients, late])

    def test_waits_until_somebody_is_idle(self):
        gate = Gate()
        self.addCleanup(gate.open)

        def respond(_):
            gate.wait()
            return wire.response()

        backend = self.backend(respond=respond)
        seki = self.http(backend, max_connections=1, evict_on_queue_full=True)
        busy = seki.connect(FIRST)
        busy.send(wire.request())
        backend.wait_requests(1)
        late = seki.connect(SECOND)
        late.send(wire.request())
        gate.open()
        self.assertEqual(busy.read_response().status, 200)
        self.assertEqual(late.read_response().status, 200)
        self.assertTrue(busy.at_end())
        close_all([busy, late])


class ConnectionsPerSource(ProcessTest):
    def limited(self, limit, **settings):
        return self.http(self.backend(), worker_count=WORKERS, max_connections_per_ip=limit, **settings)

    def test_are_exact_when_they_come_one_after_another(self):
        seki = self.limited(10, retry_after=7)
        held = {source: fill(seki, source) for source in (FIRST, SECOND, THIRD)}
        self.assertEqual([len(clients) for clients in held.values()], [10, 10, 10])
        self.assertGreater(len(set(client_sessions(seki).values())), 1, "they are spread over the workers")
        client, answer = request_from(seki, FIRST)
        self.assertEqual((answer.status, answer.get("Retry-After")), (429, "7"))

        held[FIRST].pop().close()
        def admitted():
            client.send(wire.request())
            return client.read_response().status == 200
        until(admitted, "the place of the one that has gone")
        self.assertEqual(fill(seki, FIRST), [])
        close_all([client, *held[FIRST], *held[SECOND], *held[THIRD]])

    def test_never_exceed_the_limit_whoever_comes_at_the_same_time(self):
        limit = 3
        seki = self.limited(limit)
        lock = threading.Lock()
        held, most, statuses = 0, 0, []

        def come_and_go():
            nonlocal held, most
            for _ in range(100):
                client, answer = request_from(seki, FIRST)
                if answer.status == 200:
                    with lock:
                        held += 1
                        most = max(most, held)
                    client.send(wire.request())
                    answer = client.read_response()
                    with lock:
                        held -= 1
                client.close()
                statuses.append(answer.status)

        clients = [threading.Thread(target=come_and_go) for _ in range(12)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        self.assertEqual(len(statuses), 1200)
        self.assertEqual(set(statuses), {200, 429})
        self.assertLessEqual(most, limit)
        until(lambda: not client_sessions(seki), "the end of all connections")
        left = fill(seki, FIRST)
        self.assertEqual(len(left), limit, "nothing is left behind")
        close_all(left)

    def test_of_a_killed_worker_are_forgotten(self):
        limit = 20
        seki = self.limited(limit)
        clients = {client.socket.getsockname()[1]: client for client in fill(seki, FIRST)}
        for _ in range(3):
            self.assertEqual(len(clients), limit)
            workers = client_sessions(seki)
            owners = [workers[port] for port in clients]
            victim = max(set(owners), key=owners.count)
            with seki.control() as control:
                pid = next(worker.pid for worker in control.workers() if worker.id == victim)
            os.kill(pid, signal.SIGKILL)
            lost = [port for port in clients if workers[port] == victim]
            for port in lost:
                client = clients.pop(port)
                self.assertTrue(client.at_end_quietly())
                client.close()
            until(lambda: self.come_back(seki, clients), "the places of the killed worker")
            for client in fill(seki, FIRST):
                clients[client.socket.getsockname()[1]] = client
            self.assertEqual([self.ask_again(client) for client in clients.values()], [200] * limit)
        close_all(clients.values())

    def come_back(self, seki, clients):
        client, answer = request_from(seki, FIRST)
        if answer.status == 200:
            clients[client.socket.getsockname()[1]] = client
            return True
        client.close()
        return False

    def ask_again(self, client):
        client.send(wire.request())
        return client.read_response().status

    def test_of_a_cluster_come_before_those_of_all(self):
        seki = self.limited(2)
        web = cluster("web")
        web.max_connections_per_ip = 5
        with seki.control() as control:
            control.ask(Request(add_cluster=web))
        clients = fill(seki, FIRST)
        self.assertEqual(len(clients), 5)
        self.assertIn("connections.rejected_per_cluster_ip", seki.ctl("metrics", "get").out)
        close_all(clients)

    def test_end_tunnels_cleanly(self):
        greeting = b"220 welcome\r\n"

        def script(stream):
            stream.send(greeting)
            stream.take_rest()

        seki = self.tcp(self.backend(script=script), worker_count=WORKERS, max_connections_per_ip=3)
        tunnels = [seki.connect(FIRST) for _ in range(3)]
        for tunnel in tunnels:
            self.assertEqual(tunnel.take(len(greeting)), greeting)
        for _ in range(5):
            with seki.connect(FIRST) as refused:
                refused.send(b"let me in")
                self.assertTrue(refused.at_end(), "which no reset is")
        with seki.connect(SECOND) as other:
            self.assertEqual(other.take(len(greeting)), greeting)
        close_all(tunnels)


class RequestsPerSource(ProcessTest):
    BURST = 20

    def test_have_a_burst_and_a_rate_in_all_workers_together(self):
        seki = self.http(self.backend(), worker_count=WORKERS)
        web = cluster("web")
        web.rate_limit.requests_per_second = 1
        web.rate_limit.burst = self.BURST
        with seki.control() as control:
            control.ask(Request(add_cluster=web))
        begin = time.monotonic()
        answers = []

        def ask():
            for _ in range(10):
                client, answer = request_from(seki, FIRST)
                client.close()
                answers.append(answer)

        clients = [threading.Thread(target=ask) for _ in range(8)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        served = [answer for answer in answers if answer.status == 200]
        refused = [answer for answer in answers if answer.status == 429]
        self.assertEqual(len(served) + len(refused), 80)
        self.assertLessEqual(len(served), self.BURST + int(time.monotonic() - begin) + 1)
        self.assertGreater(len(served), self.BURST // 2)
        self.assertEqual({answer.get("Retry-After") for answer in refused}, {"1"})
        client, answer = request_from(seki, SECOND)
        self.assertEqual(answer.status, 200)
        client.close()

        def served_again():
            again, answer = request_from(seki, FIRST)
            again.close()
            return answer.status == 200
        until(served_again, "the next token")


if __name__ == "__main__":
    unittest.main()
