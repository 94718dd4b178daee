"""What rules, clusters and listeners of a configuration file make of requests, on the real binary."""
import base64
import unittest

import wire
from harness import ProcessTest

BODY = """
[[listeners]]
protocol = "http"
address = "{address}"
max_body_bytes = 100
answers = {{ "404" = "HTTP/1.1 404 Nothing\\nX-Mine: %HOST\\n\\nnothing at %PATH" }}

[clusters.old]
protocol = "http"
backends = [{{ address = "{one}" }}]

[[clusters.old.frontends]]
address = "{address}"
hostname = "old.example"
redirect = "permanent_redirect"
rewrite_host = "new.example"

[[clusters.old.frontends]]
address = "{address}"
hostname = "*.shop.example"
path = "/v[0-9]+/(.*)"
path_type = "REGEX"
rewrite_host = "inner.example"
rewrite_path = "/$HOST[1]/$PATH[1]"
headers = [{{ position = "request", key = "X-Edit", value = "yes" }},
           {{ position = "response", key = "Server", value = "" }}]

[[clusters.old.frontends]]
address = "{address}"
hostname = "beta.example"
match_headers = [{{ name = "X-Beta", value = "1" }}]

[clusters.guarded]
protocol = "http"
sticky_session = true
authorized_hashes = ["fred:{crypted}"]
www_authenticate = "Basic realm=\\"x\\""
frontends = [{{ address = "{address}", hostname = "guarded.example", required_auth = true }},
             {{ address = "{address}", hostname = "sticky.example" }},
             {{ address = "{address}", hostname = "beta.example" }}]
backends = [{{ address = "{two}", backend_id = "two" }}, {{ address = "{three}", backend_id = "three" }}]
"""
# What `openssl passwd -6 -salt salt secret` prints.
CRYPTED = "$6$salt$egUxKNxDs8kPfh8iPMNcosMhb2eWah6d3R44JDm5Rj/j/XWR5E33QPd0YmHXoDHOIDR6kL5D3JcQcz0O8FHE00"


def authorization(user, password):
    return "Authorization: Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Rules(ProcessTest):
    def setUp(self):
        echo = self.backend("one", respond=lambda request: wire.response(
            request.target.encode(), fields=["Server: secret", "X-Got: " + (request.get("X-Edit") or "-")]))
        self.two, self.three = self.backend("two"), self.backend("three")
        self.seki = self.instance(worker_count=2)
        self.seki.body = BODY.format(address=self.seki.text, one=echo.text, two=self.two.text, three=self.three.text,
                                     crypted=CRYPTED)
        self.seki.start()

    def test_a_redirect_leads_to_the_new_host(self):
        answer = self.seki.get("/a?b=c", "old.example")
        self.assertEqual((answer.status, answer.get("Location")), (308, "http://new.example/a?b=c"))

    def test_a_rewrite_uses_what_the_rule_caught_and_edits_are_made(self):
        answer = self.seki.get("/v12/item?id=7", "blue.shop.example")
        self.assertEqual((answer.status, answer.body), (200, b"/blue/item?id=7"))
        self.assertEqual((answer.get("X-Got"), answer.get("Server")), ("yes", None))
        self.assertEqual(self.seki.get("/other", "blue.shop.example").status, 404)
        self.assertEqual(self.seki.get("/v1/x", "a.blue.shop.example").status, 404)

    def test_a_header_chooses_the_rule(self):
        self.assertEqual(self.seki.get("/x", "beta.example", ["X-Beta: 1"]).body, b"/x")
        self.assertIn(self.seki.get("/x", "beta.example").body, (b"two", b"three"))

    def test_an_answer_is_the_operators_own(self):
        answer = self.seki.get("/where", "unknown.example")
        self.assertEqual((answer.status, answer.get("X-Mine"), answer.body),
                         (404, "unknown.example", b"nothing at /where"))

    def test_a_password_is_checked_by_a_slow_hash(self):
        refused = self.seki.get("/", "guarded.example")
        self.assertEqual((refused.status, refused.get("WWW-Authenticate")), (401, 'Basic realm="x"'))
        for _ in range(4):
            self.assertEqual(self.seki.get("/", "guarded.example", [authorization("fred", "secret")]).status, 200)
        self.assertEqual(self.seki.get("/", "guarded.example", [authorization("fred", "wrong")]).status, 401)
        self.assertEqual(self.seki.get("/", "guarded.example", [authorization("jane", "secret")]).status, 401)

    def test_a_cookie_keeps_a_client_at_its_backend(self):
        first = self.seki.get("/", "sticky.example")
        cookie = first.get("Set-Cookie").split(";")[0]
        self.assertEqual(cookie, "SOZUBALANCEID=" + first.body.decode())
        for _ in range(10):
            again = self.seki.get("/", "sticky.example", [f"Cookie: {cookie}"])
            self.assertEqual((again.body, again.get("Set-Cookie")), (first.body, None))

    def test_a_backend_in_maintenance_gets_nothing(self):
        done = self.seki.ctl("backend", "set-state", "-i", "guarded", "--backend-id", "two", "-a", self.two.text,
                             "maintenance")
        self.assertEqual(done.code, 0, done)
        self.assertEqual({self.seki.get("/", "sticky.example").body for _ in range(10)}, {b"three"})

    def test_a_listener_is_changed_while_it_serves(self):
        with self.seki.connect() as client:
            client.send(b"POST / HTTP/1.1\r\nHost: sticky.example\r\nContent-Length: 101\r\n\r\n")
            self.assertEqual(client.read_response().status, 413)
        done = self.seki.ctl("listener", "http", "update", "-a", self.seki.text, "--max-body-bytes", "200")
        self.assertEqual(done.code, 0, done)
        with self.seki.connect() as client:
            client.send(b"POST / HTTP/1.1\r\nHost: sticky.example\r\nContent-Length: 101\r\n\r\n" + bytes(101))
            self.assertEqual(client.read_response().status, 200)


if __name__ == "__main__":
    unittest.main()
