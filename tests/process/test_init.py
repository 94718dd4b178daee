"""The verb that writes a first file: what it writes is valid, and serves when it is started."""
import os
import pty
import select
import shlex
import signal
import subprocess

import wire
from certificates import make_certificate
from harness import BINARY, ProcessTest, free_port


class Dialogue:
    """`seki init` at a terminal of its own."""

    def __init__(self, folder, *arguments):
        self.process, self._terminal = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever runs the tests in the background has it ignored
            os.execv(BINARY, [BINARY, "init", *arguments])
        self.text = ""

    def read_until(self, wanted):
        while wanted not in self.text:
            assert select.select([self._terminal], [], [], wire.PATIENCE_SECONDS)[0], self.text
            self.text += os.read(self._terminal, 4096).decode()

    def answer(self, question, line):
        self.read_until(question)
        self.text = ""
        os.write(self._terminal, line)

    def end(self):
        _, status = os.waitpid(self.process, 0)
        os.close(self._terminal)
        return os.waitstatus_to_exitcode(status)


class Init(ProcessTest):
    def setUp(self):
        super().setUp()
        self.seki = self.instance()

    def init(self, *arguments):
        return subprocess.run([BINARY, "init", *arguments], cwd=self.seki.folder, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)

    def test_what_it_writes_is_valid_and_serves(self):
        backend = self.backend("first")
        make_certificate(self.seki.folder, "c", "example.com")
        https = f"{self.seki.ip}:{free_port(self.seki.ip)}"
        done = self.init("--hostname", "example.com", "--backend", backend.text, "--http", self.seki.text, "--https", https,
                         "--certificate", "c.pem", "--key", "c.key")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        check, start, request = [shlex.split(line) for line in done.stdout.splitlines() if line.startswith("    ")]
        self.assertEqual(start, ["seki", "-c", "seki.toml", "start"])
        checked = subprocess.run([BINARY, *check[1:]], cwd=self.seki.folder, capture_output=True, text=True, check=False)
        self.assertEqual((checked.returncode, checked.stderr), (0, ""), checked.stdout)
        self.seki.spawn_again()
        self.seki.settings["worker_count"] = 2
        self.seki.wait_ready()
        self.assertEqual(self.seki.get().status, 301)
        request = [word.replace(":127.0.0.1", f":{self.seki.ip}") for word in request]
        asked = subprocess.run([*request, "-s"], cwd=self.seki.folder, capture_output=True, text=True, check=False)
        self.assertEqual((asked.returncode, asked.stdout), (0, "first"), asked.stderr)

    def test_it_asks_at_a_terminal(self):
        dialogue = Dialogue(self.seki.folder, "-o", "asked.toml")
        dialogue.answer("Host names", b"a.example\n")
        dialogue.answer("servers", b"nonsense\n")
        dialogue.answer("'nonsense' is no address", b"127.0.0.1:9\n")
        dialogue.answer("Certificate", b"\n")
        dialogue.read_until("asked.toml is written")
        self.assertEqual(dialogue.end(), 0)
        self.assertIn('hostname = "a.example"', (self.seki.folder / "asked.toml").read_text())

    def test_who_breaks_off_finds_no_file(self):
        for key in (b"\x03", b"\x04"):
            with self.subTest(key=key):
                dialogue = Dialogue(self.seki.folder, "-o", "never.toml")
                dialogue.answer("Host names", b"a.example\n")
                dialogue.answer("servers", key)
                self.assertNotEqual(dialogue.end(), 0)
                self.assertFalse((self.seki.folder / "never.toml").exists())

    def test_a_file_that_is_there_is_left_alone(self):
        (self.seki.folder / "seki.toml").write_text("mine")
        arguments = ["--hostname", "a.example", "--backend", "127.0.0.1:9"]
        done = self.init(*arguments)
        self.assertEqual((done.returncode, done.stderr), (1, "seki.toml is there already; --force overwrites it\n"))
        self.assertEqual((self.seki.folder / "seki.toml").read_text(), "mine")
        self.assertEqual(self.init(*arguments, "--force").returncode, 0)
        self.assertIn("a.example", (self.seki.folder / "seki.toml").read_text())
