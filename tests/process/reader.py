"""A person who reads a document and types what it says.

What is fenced is a file: the one that the paragraph before it names as `name` and a colon, else seki.toml. A line that is
indented by four blanks is a command. Behind its `#` stands what it prints, in parts between `…`; `fails:` before that says
that its exit code is not 0. A program that stays (a server) gets a terminal of its own. Addresses and ports of the document
become ones that nobody else has.
"""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import wire
from harness import BINARY, SANITIZER, ProcessTest, free_port, own_ip, until

SEKI = str(pathlib.Path(BINARY).resolve())
STAYS = re.compile(r"(seki -c \S+ start|python3 -m http\.server .*|python3 \S+\.py)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"`([\w.-]+)`[^`\n]*:\s*\Z")


class Command:
    """A line to type, and what the document says of it."""

    def __init__(self, line):
        self.line, _, said = (part.strip() for part in re.split(r"\s+(#)\s+", line.strip() + " # ", maxsplit=1))
        said = said.removesuffix("#").strip()
        self.fails = said.startswith("fails:")
        self.said = [part for part in re.split(r"\s*…\s*", said.removeprefix("fails:").strip()) if part]
        self.stays = STAYS.fullmatch(self.line) is not None

    def is_answered_by(self, printed):
        """Whether the parts stand there, in their order."""
        place = 0
        for part in self.said:
            if (place := printed.find(part, place)) < 0:
                return False
            place += len(part)
        return True


class Text:
    """A part of a document: its files, and its commands in their order."""

    def __init__(self, text):
        self.text = text
        self.files = []
        for fence in FENCE.finditer(text):
            name = NAMED.search(text[:fence.start()].rstrip())
            if fence[1] == "toml" or name:
                self.files.append((name[1] if name else "seki.toml", fence[2]))
        lines = FENCE.sub("", text).splitlines()
        self.commands = [Command(line) for line in lines if line.startswith("    ") and line.strip()]


class Addresses:
    """Puts addresses of the test in the place of those that documents write."""

    def __init__(self, text):
        self.ip = own_ip()
        self.ports = {}
        for port in sorted(set(re.findall(r"(?:\d:|example:|http\.server .*)(\d{4})\b", text))):
            self.ports[port] = next(free for free in iter(lambda: str(free_port(self.ip)), None)
                                    if free not in self.ports.values())

    def here(self, text):
        text = re.sub(r"\b(127\.0\.0\.1|0\.0\.0\.0)\b", self.ip, text)
        return re.sub(r"\b\d{4}\b", lambda port: self.ports.get(port[0], port[0]), text)


class Reader(ProcessTest):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="seki-typed-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        (self.folder / "bin").mkdir()
        (self.folder / "bin/seki").symlink_to(SEKI)
        # Debian's python3, which has the modules that documents ask for, goes before others.
        self.environment = {**os.environ, "PATH": f"{self.folder}/bin:/usr/bin:{os.environ['PATH']}", "PYTHONUNBUFFERED": "1"}
        self.work = self.folder / "work"
        self.work.mkdir()
        self.terminals = []
        self.addCleanup(self.close_terminals)

    def read(self, text):
        """Saves what there is to save, and types all of it."""
        part = Text(text)
        self.addresses = Addresses(text)
        for name, content in part.files:
            (self.work / name).write_text(self.addresses.here(content), encoding="utf-8")
        for command in part.commands:
            self.obey(command)

    def obey(self, command):
        line = self.addresses.here(command.line)
        if command.stays:
            self.open_terminal(line)
            return
        command = Command(self.addresses.here(f"{command.line} # {'fails: ' * command.fails}{' … '.join(command.said)}"))
        printed = []

        def typed():
            printed.append(self.type(line, fails=command.fails))
            return command.is_answered_by(printed[-1])

        if not command.said:
            self.type(line, fails=command.fails)
            return
        try:
            until(typed, f"{command.said}")
        except AssertionError:
            self.fail(f"{line}\nis to print {command.said}, and prints\n{printed[-1]}\n{self.screens()}")

    def type(self, line, folder=None, fails=False):
        """What the command prints, on both outputs."""
        done = subprocess.run(["bash", "-c", line], cwd=folder or self.work, env=self.environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              timeout=wire.PATIENCE_SECONDS, check=False)
        self.assertEqual(done.returncode != 0, fails, f"{line}\n{done.stdout}{self.screens()}")
        return done.stdout

    def open_terminal(self, line):
        screen = self.folder / f"terminal-{len(self.terminals) + 1}"
        with open(screen, "wb") as shown:
            process = subprocess.Popen(["bash", "-c", "exec " + line], cwd=self.work, env=self.environment,
                                       stdin=subprocess.DEVNULL, stdout=shown, stderr=subprocess.STDOUT)
        self.terminals.append((process, screen))

        def is_ready():
            if process.poll() is not None:
                raise AssertionError(f"{line} ended:\n{screen.read_text(errors='replace')}")
            if not line.startswith("seki"):
                return screen.stat().st_size > 0  # each says something when it serves
            asked = subprocess.run(["bash", "-c", line.removesuffix("start") + "status"], cwd=self.work, text=True,
                                   env=self.environment, capture_output=True, check=False)
            return asked.returncode == 0 and "RUNNING" in asked.stdout.upper()

        until(is_ready, f"{line} to serve")

    def screens(self):
        return "".join(f"--- {screen.name}\n{screen.read_text(errors='replace')[-3000:]}" for _, screen in self.terminals)

    def close_terminals(self):
        """Ends what stays, the latest first; a second signal, since nobody waits for sessions here."""
        for process, _ in reversed(self.terminals):
            for _ in range(2):
                process.terminate()
            process.wait(wire.PATIENCE_SECONDS)
        shown, self.terminals = self.screens(), []
        self.assertIsNone(SANITIZER.search(shown), shown)
