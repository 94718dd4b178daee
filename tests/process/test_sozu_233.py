"""What Sōzu 2.3 brought besides: header predicates, silence, limits of networks and attempts, sessions that are closed,
clusters that go as a whole, interfaces of listeners, names of backends."""
import json
import threading
import unittest

import wire
from control import Request, address_of, schema
from harness import ProcessTest, http_body, until


class Gate:
    """Lets answers to /slow wait."""

    def __init__(self):
        self._opened = threading.Event()

    def open(self):
        self._opened.set()

    def wait(self, request):
        if request.target == "/slow":
            self._opened.wait(wire.PATIENCE_SECONDS)
        return wire.response(b"one")


class HeaderPredicates(ProcessTest):
    def test_lead_elsewhere_from_the_file_and_while_it_runs(self):
        plain, beta = self.backend("plain"), self.backend("beta")
        seki = self.instance()
        seki.body = http_body(seki.text, plain) + f"""
[clusters.beta]
protocol = "http"
[[clusters.beta.frontends]]
address = "{seki.text}"
hostname = "example.com"
header_predicates = [{{ name = "X-Beta", match = "regex", value = "[0-9]+" }}, {{ name = "X-On", match = "present" }}]
[[clusters.beta.backends]]
backend_id = "beta"
address = "{beta.text}"
"""
        seki.start()
        self.assertEqual(seki.get().body, b"plain")
        self.assertEqual(seki.get(fields=["x-beta: 12", "x-on:"]).body, b"beta")
        self.assertEqual(seki.get(fields=["x-beta: 12"]).body, b"plain")
        self.assertEqual(seki.get(fields=["x-beta: 12a", "x-on: 1"]).body, b"plain")
        shown = seki.ctl("frontend", "list", "-i", "beta").out
        self.assertIn("predicate x-beta ~= [0-9]+", shown)
        rule = ["-a", seki.text, "--host", "example.com", "-p", "/only", "--match-header", "exact=X-Env=next"]
        added = seki.ctl("frontend", "http", "add", *rule, "id", "beta")
        self.assertEqual(added.code, 0, added)
        self.assertEqual(seki.get("/only/this", fields=["X-ENV: next"]).body, b"beta")
        self.assertEqual(seki.get("/only/this").body, b"plain")
        self.assertEqual(seki.ctl("frontend", "http", "update", *rule, "--header", "response=x-seen=1").code, 0)
        self.assertEqual(seki.get("/only/this", fields=["X-ENV: next"]).get("x-seen"), "1")
        saved = seki.folder / "saved.json"
        self.assertEqual(seki.ctl("state", "save", "-f", str(saved)).code, 0)
        self.assertIn("ADD_HTTP_FRONTEND_WITH_HEADER_PREDICATES", saved.read_text())
        self.assertEqual(seki.ctl("frontend", "http", "remove", *rule).code, 0)
        self.assertEqual(seki.get("/only/this", fields=["x-env: next"]).body, b"plain")
        self.assertEqual(seki.ctl("frontend", "http", "remove", *rule).code, 1)

    def test_have_verbs_of_their_own(self):
        seki = self.http(self.backend("plain"))
        frontend = schema.RequestHttpFrontend(cluster_id="web", address=address_of(seki.address), hostname="example.com",
                                              path=schema.PathRule(kind=schema.PREFIX, value="/x"), position=schema.TREE)
        frontend.redirect = schema.SILENT_CLOSE
        frontend.header_predicates.add(name="a", kind=schema.HEADER_MATCH_KIND_PRESENT)
        with seki.control() as control:
            control.ask(Request(add_http_frontend_with_header_predicates=frontend))
            self.assertEqual(self.silenced(seki, "/x", "a: 1"), b"")
            control.ask(Request(remove_http_frontend_with_header_predicates=frontend))
            del frontend.header_predicates[:]
            control.ask(Request(add_http_frontend_with_silent_close=frontend))
        self.assertEqual(self.silenced(seki, "/x"), b"")

    @staticmethod
    def silenced(seki, target, *fields):
        with seki.connect() as client:
            client.send(wire.request(target=target, fields=fields))
            return client.take_rest()


class Silence(ProcessTest):
    def test_closes_without_a_byte_and_is_logged_as_444(self):
        seki = self.http(self.backend())
        added = seki.ctl("frontend", "http", "add", "-a", seki.text, "--host", "example.com", "-p", "/secret",
                         "--redirect", "silent_close", "deny")
        self.assertEqual(added.code, 0, added)
        for body in (b"", b"x" * 100_000):
            with seki.connect() as client:
                client.send(wire.request("POST", "/secret", body=body))
                self.assertEqual(client.take_rest(), b"")
        self.assertEqual(seki.get("/").status, 200)
        until(lambda: seki.log().count("silent_close") == 2, "two lines of access log")
        self.assertRegex(seki.log(), r" 444 .*silent_close")


class Limits(ProcessTest):
    def test_of_networks_hold_over_all_workers(self):
        seki = self.http(self.backend(), worker_count=2, max_connections_per_subnet=3, subnet_ipv4_prefix=24)
        clients = []

        def ask(source):
            client = seki.connect(source)
            client.send(wire.request())
            clients.append(client)
            self.addCleanup(client.close)
            return client.read_response().status

        self.assertEqual([ask(f"127.1.2.{n}") for n in range(1, 6)], [200, 200, 200, 429, 429])
        self.assertEqual(ask("127.1.3.1"), 200)
        shown = seki.ctl("subnet-connection-limit", "show").out
        self.assertEqual(shown, "3 connections per network and cluster, networks of /24 (IPv4) and /128 (IPv6)\n")
        self.assertEqual(seki.ctl("subnet-connection-limit", "set", "4").code, 0)
        self.assertEqual([ask("127.1.2.7"), ask("127.1.2.8")], [200, 429])
        self.assertEqual(seki.ctl("subnet-connection-limit", "remove").code, 0)
        self.assertEqual(ask("127.1.2.9"), 200)
        self.assertIn("Unlimited (0)", seki.ctl("subnet-connection-limit", "show").out)
        with seki.control() as control:
            answer = control.ask(Request(query_max_connections_per_subnet=schema.QueryMaxConnectionsPerSubnet()))
        limit = answer.content.max_connections_per_subnet_limit
        self.assertEqual((limit.limit, limit.ipv4_prefix, limit.ipv6_prefix), (0, 24, 128))

    def test_of_attempts_are_set_for_all_and_for_a_cluster(self):
        refused = [self.backend(f"b{n}") for n in range(8)]
        for backend in refused:
            backend.close()
        seki = self.http(*refused, log_level="info,backend=debug")

        def tried(times):
            before = seki.log().count("cannot connect")
            self.assertEqual(seki.get().status, 503)
            until(lambda: seki.log().count("cannot connect") - before == times, f"{times} attempts")

        tried(5)
        self.assertEqual(seki.ctl("connection-attempts", "set", "2").code, 0)
        tried(2)
        changed = seki.ctl("cluster", "connection-attempts", "set", "-i", "web", "7")
        self.assertEqual(changed.code, 0, changed)
        tried(7)
        self.assertEqual(seki.ctl("cluster", "connection-attempts", "unset", "-i", "web").code, 0)
        tried(2)
        self.assertNotEqual(seki.ctl("connection-attempts", "set", "0").code, 0)


class Clusters(ProcessTest):
    def test_sessions_are_closed_when_they_are_idle_and_drained_when_not(self):
        gate = Gate()
        slow = self.backend("slow", respond=gate.wait)
        seki = self.http(slow, worker_count=2)
        idle = [seki.connect() for _ in range(3)]
        for client in idle:
            client.send(wire.request())
            self.assertEqual(client.read_response().status, 200)
        busy = seki.connect()
        busy.send(wire.request(target="/slow"))
        slow.wait_requests(4)
        closed = seki.ctl("--json", "cluster", "close-sessions", "-i", "web").json
        self.assertEqual(closed, {"CLOSED_SESSIONS": {"closed": "3", "draining": "1"}})
        for client in idle:
            self.assertTrue(client.at_end())
            client.close()
        gate.open()
        answer = busy.read_response()
        self.assertEqual((answer.status, answer.get("Connection")), (200, "close"))
        self.assertTrue(busy.at_end())
        busy.close()
        self.assertEqual(seki.get().status, 200)
        self.assertEqual(seki.ctl("cluster", "close-sessions", "-i", "web", "--backend-id", "other").out,
                         "0 closed, 0 end when what they are at has ended\n")

    def test_tunnels_are_cut(self):
        backend = self.backend("one", script=lambda stream: stream.take_rest())
        seki = self.tcp(backend)
        client = seki.connect()
        client.send(b"hello")
        backend.wait(lambda: backend.connections == 1, "the tunnel")
        until(lambda: "1 closed" in seki.ctl("cluster", "close-sessions", "-i", "tunnel", "-a", backend.text).out,
              "the tunnel to be closed")
        with self.assertRaises(ConnectionError):
            client.take_rest()
        client.close()

    def test_tags_and_frontends_of_a_cluster_are_shown(self):
        seki = self.http(self.backend())
        added = seki.ctl("frontend", "http", "add", "-a", seki.text, "--host", "other.example", "--tags", "owner=ann",
                         "id", "web")
        self.assertEqual(added.code, 0, added)
        self.assertIn("owner=ann", seki.ctl("cluster", "tags", "-i", "web").out)
        tags = seki.ctl("--json", "cluster", "tags", "-i", "web").json
        self.assertIn({"frontend": f"http {seki.text};other.example;P", "tags": {"owner": "ann"}}, tags)
        self.assertEqual(seki.ctl("cluster", "tags", "-i", "nobody").code, 1)
        self.assertIn("other.example", seki.ctl("frontend", "list", "-i", "web").out)
        missing = seki.ctl("frontend", "list", "-i", "nobody")
        self.assertEqual((missing.code, missing.err), (1, "there is no frontend of a cluster 'nobody'\n"))

    def test_go_with_their_frontends_and_backends(self):
        backend = self.backend("one")
        seki = self.http(backend, worker_count=2)
        self.assertEqual(seki.get().status, 200)
        removed = seki.ctl("cluster", "remove", "-i", "web")
        self.assertEqual(removed.code, 0, removed)
        self.assertNotIn("warning", removed.out)
        self.assertEqual([seki.get().status for _ in range(4)], [404] * 4)
        for arguments in (("backend", "remove", "-i", "web", "--backend-id", "one", "-a", backend.text),
                          ("frontend", "http", "remove", "-a", seki.text, "--host", "example.com")):
            self.assertEqual(seki.ctl(*arguments).code, 0, "it has gone already")
        self.assertEqual(seki.ctl("cluster", "remove", "-i", "web").code, 1)
        for arguments in (("cluster", "add", "-i", "web", "--load-balancing-policy", "random"),
                          ("backend", "add", "-i", "web", "--backend-id", "one", "-a", backend.text),
                          ("frontend", "http", "add", "-a", seki.text, "--host", "example.com", "id", "web")):
            self.assertEqual(seki.ctl(*arguments).code, 0, arguments)
        self.assertEqual(seki.get().status, 200)


class Interfaces(ProcessTest):
    def test_of_listeners_belong_to_their_names(self):
        seki = self.instance()
        seki.body = http_body(seki.text, self.backend()).replace('protocol = "http"', 'protocol = "http"\ninterface = "lo"', 1)
        seki.start()
        self.assertEqual(seki.get().status, 200)
        self.assertIn(f"{seki.text}%lo", seki.ctl("listener", "list").out)
        without = seki.ctl("listener", "http", "deactivate", "-a", seki.text)
        self.assertEqual(without.code, 1)
        self.assertEqual(seki.ctl("listener", "http", "deactivate", "-a", seki.text, "--interface", "lo").code, 0)
        with self.assertRaises(ConnectionError):
            seki.connect()
        self.assertEqual(seki.ctl("listener", "http", "activate", "-a", seki.text, "--interface", "lo").code, 0)
        self.assertEqual(seki.get().status, 200)
        seki.body = seki.body.replace('interface = "lo"\n', "")
        seki.write_config()
        reloaded = seki.ctl("reload")
        self.assertEqual(reloaded.code, 1)
        self.assertIn("cannot change its interface", reloaded.err)
        self.assertEqual(seki.get().status, 200)
        self.assertEqual(seki.ctl("listener", "http", "remove", "-a", seki.text, "--interface", "lo").code, 0)

    def test_that_are_not_there_are_refused(self):
        seki = self.instance()
        seki.body = http_body(seki.text).replace('protocol = "http"', 'protocol = "http"\ninterface = "nowhere0"', 1)
        seki.write_config()
        checked = seki.ctl("config", "check")
        self.assertEqual(checked.code, 1)
        self.assertIn("there is no network interface 'nowhere0'", checked.out + checked.err)
        seki.body = seki.body.replace("nowhere0", "a/b")
        seki.write_config()
        checked = seki.ctl("config", "check")
        self.assertIn("listeners[0].interface: it must be the name of a network interface", checked.out + checked.err)


class Hosts(ProcessTest):
    def test_of_backends_are_looked_up_when_the_file_is_read(self):
        backend = self.backend("one")
        seki = self.instance()
        seki.body = http_body(seki.text, backend).replace(backend.text, f"localhost:{backend.address[1]}")
        seki.start()
        self.assertEqual(seki.get().status, 200)
        self.assertIn(f"one-{backend.text}", json.dumps(seki.ctl("--json", "cluster", "list", "-i", "web").json))
        seki.body = seki.body.replace("localhost:", "nobody.invalid:")
        seki.write_config()
        checked = seki.ctl("config", "check")
        self.assertEqual(checked.code, 1)
        self.assertRegex(checked.out + checked.err, r"seki\.toml:\d+:\d+: clusters\.web\.backends\[0\]\.address: cannot resolve "
                                                    "'nobody.invalid': ")
        self.assertEqual(seki.ctl("reload").code, 1)
        self.assertEqual(seki.get().status, 200)


if __name__ == "__main__":
    unittest.main()
