"""A worker that is killed or hangs at each step of a change: clients get the old answer or the new one and nothing
else, and what the change itself is answered is what happened (docs/life-of-a-change.md).
"""
import threading
import time
import unittest

import wire
from control import Request, add_backend, address_of, cluster, frontend, schema
from halting import Halt
from harness import ProcessTest, free_port, http_body, until, wait_gone

# Each place between an order, its report, and the next order.
PREPARE = [("before", "prepare"), ("obeyed", "prepare"), ("answered", "prepare")]
COMMIT = [("before", "commit"), ("obeyed", "commit"), ("answered", "commit")]
UNASSIGN = [("before", "unassign"), ("obeyed", "unassign"), ("answered", "unassign")]
UNDECIDED = PREPARE[:2]

NOTHING = "refused, or closed before a byte of an answer"
CONNECTIONS = 40  # enough to meet every worker


def begin(address, host):
    """A new connection with its request; None if it was refused."""
    try:
        client = wire.connect(address)
        client.send(wire.request(host=host, fields=["Connection: close"]))
        return client
    except ConnectionError:
        return None


def outcome(client):
    """The status and the body that it gets, or NOTHING. Half an answer raises."""
    if client is None:
        return NOTHING
    with client:
        if client.at_end_quietly():
            return NOTHING
        response = client.read_response()
        return response.status, response.body if response.status == 200 else b""


class Crowd:
    """Clients that connect and ask all the time."""

    def __init__(self, address, host, size=4):
        self._over = threading.Event()
        self._outcomes = []  # (when it began, what came)
        self._threads = [threading.Thread(target=self._run, args=(address, host)) for _ in range(size)]
        for thread in self._threads:
            thread.start()

    def _run(self, address, host):
        while not self._over.is_set():
            began = time.monotonic()
            try:
                came = outcome(begin(address, host))
            except (OSError, ValueError, AssertionError, wire.Truncated) as error:
                came = repr(error)  # compared with what may come, and found to be something else
            self._outcomes.append((began, came))

    def leave(self):
        self._over.set()
        for thread in self._threads:
            thread.join()

    def came_to_those_before(self, moment):
        return {came for began, came in self._outcomes if began <= moment}

    def came_to_those_after(self, moment):
        return {came for began, came in self._outcomes if began > moment}


class Steps:
    """The tests of one change, which the classes below name: `old` and `new` are what clients get before and after."""

    def start(self, workers):
        """`fresh.example` has a cluster and no frontend, the second listener is not active."""
        web, fresh = self.backend("web"), self.backend("fresh")
        seki = self.instance(worker_count=workers, worker_timeout=1)
        seki.body = http_body(seki.text, web)
        seki.second = (seki.ip, free_port(seki.ip))
        seki.halt = Halt(seki)
        seki.start()
        listener = schema.HttpListenerConfig(address=address_of(seki.second), sticky_name="S")
        with seki.control() as control:
            control.ask(Request(add_cluster=cluster("fresh")))
            control.ask(add_backend("fresh", "fresh", fresh.address))
            control.ask(Request(add_http_listener=listener))
            control.ask(Request(add_http_frontend=frontend(seki.second, "example.com", "web")))
            for request in self.beforehand(seki):
                control.ask(request)
        self.everybody_gets(self.old, seki)
        return seki

    def beforehand(self, seki):
        return []

    def everybody_gets(self, wanted, seki):
        self.assertEqual({outcome(begin(*self.clients(seki))) for _ in range(CONNECTIONS)}, {wanted})

    def change_with_a_halt(self, act, step, workers, status):
        seki = self.start(workers)
        crowd = Crowd(*self.clients(seki))
        try:
            with seki.control() as control:
                seki.halt.arm(*step, act)
                control.send(self.request(seki))
                halted = seki.halt.wait()
                moment = time.monotonic()
                waiting = [begin(*self.clients(seki)) for _ in range(CONNECTIONS)]
                response = control.final()
            self.assertEqual(response.status, status, response.message)
            wanted = self.new if status == schema.OK else self.old
            self.everybody_gets(wanted, seki)
            came = {outcome(client) for client in waiting}
        finally:
            crowd.leave()
        came |= crowd.came_to_those_after(moment)
        self.assertLessEqual(came, self.meanwhile if status == schema.OK else {self.old})
        # Some of these were the halted worker's own, and died with it.
        self.assertLessEqual(crowd.came_to_those_before(moment), {self.old, self.new, NOTHING})
        wait_gone(halted)
        until(seki._is_ready, "the next worker")
        self.everybody_gets(wanted, seki)
        seki.stop()
        return response

    def test_a_worker_is_killed_at_each_step_and_the_change_stands(self):
        for step in self.steps:
            with self.subTest(step):
                self.change_with_a_halt("kill", step, 2, schema.OK)

    def test_a_worker_hangs_at_each_step_and_the_change_stands(self):
        for step in self.steps[:-1]:  # at the last one it owes no answer
            with self.subTest(step):
                self.change_with_a_halt("stop", step, 2, schema.OK)

    def test_the_only_worker_is_killed_at_each_step(self):
        self.the_only_worker_halts("kill", self.steps)

    def test_the_only_worker_hangs_at_each_step(self):
        self.the_only_worker_halts("stop", self.steps[:-1])

    def the_only_worker_halts(self, act, steps):
        for step in steps:
            with self.subTest(step):
                status = schema.FAILURE if step in UNDECIDED else schema.OK
                response = self.change_with_a_halt(act, step, 1, status)
                if status == schema.FAILURE:
                    self.assertEqual(response.message, "no worker survived preparing it")

    def test_a_worker_that_hangs_after_it_is_killed_by_the_next_change(self):
        seki = self.start(2)
        with seki.control() as control:
            seki.halt.arm(*self.steps[-1], "stop")
            control.ask(self.request(seki))
            hung = seki.halt.wait()
            waiting = [begin(*self.clients(seki)) for _ in range(CONNECTIONS)]
            control.ask(Request(add_cluster=cluster("next")))
        wait_gone(hung)
        self.assertEqual({outcome(client) for client in waiting}, {self.new})
        self.everybody_gets(self.new, seki)


class ARouteIsAdded(Steps, ProcessTest):
    old, new = (404, b""), (200, b"fresh")
    meanwhile = {old, new}
    steps = [*PREPARE, *COMMIT]

    def clients(self, seki):
        return seki.address, "fresh.example"

    def request(self, seki):
        return Request(add_http_frontend=frontend(seki.address, "fresh.example", "fresh"))


class AListenerIsActivated(Steps, ProcessTest):
    """It is bound before it is prepared: who comes from then on waits, and is answered."""

    old, new = NOTHING, (200, b"web")
    meanwhile = {new}
    steps = [*PREPARE, *COMMIT]

    def clients(self, seki):
        return seki.second, "example.com"

    def request(self, seki):
        return Request(activate_listener=schema.ActivateListener(address=address_of(seki.second), proxy=schema.HTTP,
                                                                 from_scm=False))


class AListenerIsDeactivated(Steps, ProcessTest):
    """Who waits in the queue of the halted worker when the change is decided is refused, as after it."""

    old, new = (200, b"web"), NOTHING
    meanwhile = {old, new}
    steps = [*PREPARE, *UNASSIGN, *COMMIT]

    def clients(self, seki):
        return seki.second, "example.com"

    def beforehand(self, seki):
        return [AListenerIsActivated.request(self, seki)]

    def request(self, seki):
        return Request(deactivate_listener=schema.DeactivateListener(address=address_of(seki.second), proxy=schema.HTTP,
                                                                     to_scm=False))


class ManyChangesAreMadeAsOne(Steps, ProcessTest):
    """All of them or none: clients of the one see it when those of the other do."""

    old, new = (404, b""), (200, b"fresh")
    meanwhile = {old, new}
    steps = [*PREPARE, *COMMIT]

    def clients(self, seki):
        return seki.address, "fresh.example"

    def request(self, seki):
        changes = schema.ChangeSet()
        changes.changes.append(Request(add_http_frontend=frontend(seki.address, "fresh.example", "fresh")))
        changes.changes.append(AListenerIsActivated.request(self, seki))
        changes.changes.extend(Request(add_cluster=cluster(f"c{number}")) for number in range(100))
        return Request(apply_changes=changes)

    def everybody_gets(self, wanted, seki):
        super().everybody_gets(wanted, seki)
        second = {outcome(begin(seki.second, "example.com")) for _ in range(CONNECTIONS)}
        self.assertEqual(second, {(200, b"web")} if wanted == self.new else {NOTHING})


if __name__ == "__main__":
    unittest.main()
