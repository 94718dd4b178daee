#!/usr/bin/python3
"""Sōzu's own command line as a client of Seki's command socket: what it changes is in force, what it asks is answered.

    cargo install sozu --version 2.3.3
    tests/conformance/sozu_cli.py

$SOZU names the program, else it is looked for in $PATH; without it everything is skipped. SEKI_BINARY names Seki's.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "process"))
import wire  # noqa: E402
from certificates import make_certificate  # noqa: E402
from control import Request, cluster  # noqa: E402
from harness import ProcessTest, free_port, until  # noqa: E402

SOZU = os.environ.get("SOZU") or shutil.which("sozu")


@unittest.skipUnless(SOZU, "there is no sozu: set $SOZU, or cargo install sozu --version 2.3.3")
class SozuCommandLine(ProcessTest):
    def sozu(self, seki, *arguments):
        """Runs it with a configuration of its own, that names our socket."""
        config = seki.folder / "sozu.toml"
        config.write_text(f'command_socket = "{seki.socket_path}"\nctl_command_timeout = 10000\n'
                          'log_level = "error"\nlog_target = "stdout"\n')
        return subprocess.run([SOZU, "--config", str(config), *arguments], capture_output=True, text=True, check=False,
                              timeout=wire.PATIENCE_SECONDS)

    def done(self, seki, *arguments):
        done = self.sozu(seki, *arguments)
        self.assertEqual(done.returncode, 0, done)
        return done.stdout

    def test_a_backend_that_it_adds_gets_its_share_and_goes_again(self):
        one, two = self.backend("one"), self.backend("two")
        seki = self.http(one)
        identity = ["--id", "web", "--backend-id", "two", "--address", two.text]
        self.assertIn("Success", self.done(seki, "backend", "add", *identity))
        bodies = [seki.get().body for _ in range(20)]
        self.assertEqual((bodies.count(b"one"), bodies.count(b"two")), (10, 10))
        self.done(seki, "backend", "remove", *identity)
        self.assertEqual({seki.get().body for _ in range(10)}, {b"one"})

    def test_it_shows_what_a_change_leads_to(self):
        seki = self.http(self.backend())
        said = self.done(seki, "backend", "add", "--id", "wbe", "--backend-id", "two", "--address", "127.0.0.1:1")
        self.assertIn("warning: there is no cluster 'wbe'", said)

    def test_it_makes_a_route_from_nothing(self):
        seki = self.instance().start()
        backend = self.backend("made")
        self.done(seki, "listener", "http", "add", "-a", seki.text)
        self.done(seki, "listener", "http", "activate", "-a", seki.text)
        self.done(seki, "cluster", "add", "--id", "made", "--load-balancing-policy", "round_robin")
        self.done(seki, "backend", "add", "--id", "made", "--backend-id", "one", "--address", backend.text)
        self.done(seki, "frontend", "http", "add", "-a", seki.text, "--hostname", "made.example", "id", "made")
        self.assertEqual(seki.get(host="made.example").body, b"made")
        self.assertIn("made", self.done(seki, "cluster", "list"))
        self.assertIn("made.example", self.done(seki, "frontend", "list"))

    def test_it_reads_every_answer(self):
        seki = self.http(self.backend())
        self.assertIn("RUNNING", self.done(seki, "status"))
        for question in (["listener", "list"], ["cluster", "list", "--id", "web"], ["metrics", "get"],
                         ["state", "stats"], ["connection-limit", "show"]):
            with self.subTest(question=question):
                self.done(seki, *question)
        workers = json.loads(self.done(seki, "--json", "status"))["WORKERS"]["vec"]
        self.assertEqual([worker["pid"] for worker in workers], seki.worker_pids())

    def test_what_is_refused_is_an_error_there_too(self):
        seki = self.http(self.backend())
        refused = self.sozu(seki, "cluster", "remove", "--id", "nobody")
        self.assertEqual(refused.returncode, 1, refused)
        self.assertIn("Did not find", refused.stderr + refused.stdout)

    # Every command of it that there is, one after another on one instance, with what each says.
    def test_every_command_does_what_it_says_or_is_refused_in_words(self):
        backend = self.backend("made")
        seki = self.http(self.backend())
        other, secured, raw = (f"{seki.ip}:{free_port(seki.ip)}" for _ in range(3))
        first, second = (make_certificate(seki.folder, name, "tls.example") for name in ("first", "second"))
        pem = {name: [str(seki.folder / f"{name}.{kind}") for kind in ("pem", "key")] for name in ("first", "second")}
        state = str(seki.folder / "state.json")
        rule = ["--address", other, "--hostname", "made.example"]
        tls_rule = ["--address", secured, "--hostname", "tls.example"]
        backend_id = ["--id", "made", "--backend-id", "one", "--address", backend.text]
        for line in (
                ["listener", "http", "add", "-a", other], ["listener", "http", "activate", "-a", other],
                ["listener", "http", "update", "--address", other, "--front-timeout", "50"],
                ["listener", "https", "add", "-a", secured], ["listener", "https", "activate", "-a", secured],
                ["listener", "tcp", "add", "--address", raw], ["listener", "tcp", "activate", "--address", raw],
                ["listener", "list"],
                ["cluster", "add", "--id", "made", "--load-balancing-policy", "round_robin"],
                ["cluster", "list"], ["cluster", "list", "--id", "made"], ["cluster", "list", "--domain", "example.com"],
                ["backend", "add", *backend_id],
                ["frontend", "http", "add", *rule, "--tags", "owner=a", "id", "made"],
                ["frontend", "https", "add", *tls_rule, "id", "made"],
                ["frontend", "tcp", "add", "--id", "made", "--address", raw],
                ["frontend", "list"], ["frontend", "list", "--http", "--domain", "made"],
                ["certificate", "add", "--address", secured, "--certificate", pem["first"][0], "--certificate-chain",
                 pem["first"][0], "--key", pem["first"][1]],
                ["certificate", "list"], ["certificate", "list", "--domain", "tls.example"],
                ["certificate", "list", "--fingerprint", first],
                ["certificate", "replace", "--address", secured, "--new-certificate", pem["second"][0],
                 "--new-certificate-chain", pem["second"][0], "--new-key", pem["second"][1], "--fingerprint", first],
                ["state", "save", "--file", state], ["state", "load", "--file", state], ["state", "stats"],
                ["metrics", "get"], ["metrics", "get", "--list"], ["metrics", "get", "--clusters", "made"],
                ["metrics", "disable"], ["metrics", "enable"], ["metrics", "clear"],
                ["logging", "debug"], ["logging", "info"], ["status"], ["reload"], ["config", "check"],
                ["connection-limit", "set", "10"], ["connection-limit", "show"], ["connection-limit", "remove"],
                ["upgrade", "--worker", "0"], ["upgrade"], ["cluster", "tags", "--id", "made"],
                ["subnet-connection-limit", "set", "10"], ["subnet-connection-limit", "show"],
                ["subnet-connection-limit", "remove"], ["connection-attempts", "set", "3"],
                ["cluster", "connection-attempts", "set", "--id", "made", "2"],
                ["cluster", "connection-attempts", "unset", "--id", "made"],
                ["cluster", "close-sessions", "--id", "made"],
                ["certificate", "remove", "--address", secured, "--fingerprint", second],
                ["frontend", "tcp", "remove", "--id", "made", "--address", raw],
                ["frontend", "https", "remove", *tls_rule, "id", "made"],
                ["frontend", "http", "remove", *rule, "id", "made"],
                ["backend", "remove", *backend_id], ["cluster", "remove", "--id", "made"],
                *(["listener", kind, verb, "--address", address] for kind, address in
                  (("http", other), ("https", secured), ("tcp", raw)) for verb in ("deactivate", "remove"))):
            with self.subTest(" ".join(line)):
                self.done(seki, *line)
        for line in (
                ["cluster", "h2", "enable", "--id", "web"], ["cluster", "health-check", "set", "--id", "web"],
                ["listener", "udp", "add", "--address", other]):
            with self.subTest(" ".join(line)):
                refused = self.sozu(seki, *line)
                self.assertIn("not available yet", refused.stdout + refused.stderr)
                self.assertNotEqual(refused.returncode, 0)
        self.assertEqual(seki.get().status, 200)
        self.done(seki, "shutdown")
        seki.process.wait(wire.PATIENCE_SECONDS)

    def test_it_hears_events(self):
        seki = self.http(self.backend())
        self.done(seki, "status")
        config = seki.folder / "loud.toml"  # it logs what it hears
        config.write_text((seki.folder / "sozu.toml").read_text().replace('"error"', '"info"'))
        heard = seki.folder / "heard"
        with open(heard, "wb") as out, subprocess.Popen([SOZU, "--config", str(config), "events"], stdout=out) as events:
            try:
                with seki.control() as control:
                    def change_and_hear():
                        control.ask(Request(add_cluster=cluster("heard")))
                        control.ask(Request(remove_cluster="heard"))
                        said = heard.read_text()
                        return "cluster added, backend=, cluster=heard" in said and "cluster removed" in said
                    until(change_and_hear, "events")
            finally:
                events.terminate()


if __name__ == "__main__":
    unittest.main(verbosity=2)
