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
from harness import ProcessTest  # noqa: E402

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


if __name__ == "__main__":
    unittest.main(verbosity=2)
