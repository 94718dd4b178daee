"""Seki as its package installs it, in a Debian of whose processes we are one."""
import asyncio
import os
import pathlib
import time

from certificates import make_certificate
from seki import Seki

PATIENCE_SECONDS = 60
UNIT = "system.slice/seki.service"
DROP_IN = """[Service]
WatchdogSec=5
"""


class See:
    """Says what is as it should be, and counts."""

    def __init__(self):
        self.good = self.bad = 0

    def __call__(self, what, is_so, otherwise=""):
        print(f"{'ok' if is_so else 'FAILED'}: {what}", flush=True)
        if is_so:
            self.good += 1
        else:
            self.bad += 1
            print(otherwise, flush=True)


see = See()


class Packaged(Seki):
    PATIENCE_SECONDS = 5
    ENTER = ["nsenter", "--target=1", "--mount", "--uts", "--ipc", "--cgroup", "env", "-i", "HOME=/root", "LC_ALL=C.UTF-8",
             "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive"]

    def __init__(self, web, raw, silent):
        self.root = pathlib.Path("/proc/1/root")
        self.certificate, self.key = "/etc/ssl/c.pem", "/etc/ssl/c.key"
        self.command = [*self.ENTER, "seki"]
        self.ports = [80, 443, 9000, 9001]
        self.web, self.raw, self.silent = web, raw, silent
        self.workers, self.hosts, self.pause = 2, 0, 0
        self.told = []

    async def ask(self, *command, told=b""):
        """(exit code, what it says)"""
        made = await asyncio.create_subprocess_exec(*self.ENTER, *command, stdin=asyncio.subprocess.PIPE,
                                                    stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        said, _ = await made.communicate(told)
        return made.returncode, said.decode()

    async def do(self, *command):
        code, said = await self.ask(*command)
        if code != 0:
            raise AssertionError(f"{' '.join(command)}: {code}\n{said}\n{(await self.journal())[-3000:]}")
        return said

    def settings(self):
        """Those of the package, but that a stop does not wait long."""
        return """command_socket = "/run/seki/seki.sock"
saved_state = "/var/lib/seki/state.json"
automatic_state_save = true
shutdown_timeout = 3
access_logs_target = "file:///var/log/seki/access.log"
"""

    def write(self):
        self.write_file(self.text())

    def write_file(self, text):
        (self.root / "etc/seki/seki.toml").write_text(text, encoding="utf-8")

    async def prepare(self):
        """A certificate, and a watchdog that does not let us wait long."""
        (self.root / "etc/ssl").mkdir(exist_ok=True)
        make_certificate(self.root / "etc/ssl", "c", "example.com")
        await self.do("chgrp", "seki", "/etc/ssl/c.key")
        await self.do("chmod", "640", "/etc/ssl/c.key")
        folder = self.root / "etc/systemd/system/seki.service.d"
        folder.mkdir()
        (folder / "watchdog.conf").write_text(DROP_IN, encoding="utf-8")
        await self.do("systemctl", "daemon-reload")
        await self.do("systemctl", "restart", "seki")

    async def start(self, former=frozenset()):
        self.write()
        await self.do("systemctl", "reload", "seki")

    async def stop(self):
        pass

    def version(self):
        return "seki, as the package has it"

    def processes(self):
        group = self.root / "sys/fs/cgroup" / UNIT / "cgroup.procs"
        return [int(pid) for pid in group.read_text(encoding="ascii").split()] if group.exists() else []

    async def main_pid(self):
        return int(await self.do("systemctl", "show", "--property=MainPID", "--value", "seki"))

    async def is_active(self):
        return (await self.ask("systemctl", "is-active", "seki"))[1] == "active\n"

    def runs_installed(self, pid):
        return os.path.samefile(f"/proc/{pid}/exe", self.root / "usr/bin/seki")

    async def installed(self):
        """What dpkg wants and has, and the version."""
        _, said = await self.ask("dpkg-query", "-W", "-f", "${db:Status-Abbrev}|${Version}", "seki")
        return tuple(said.replace(" ", "").split("|"))

    async def user(self):
        """Its line of /etc/passwd; None: there is none."""
        code, said = await self.ask("getent", "passwd", "seki")
        return said if code == 0 else None

    async def journal(self):
        return (await self.ask("journalctl", "--no-pager", "--unit=seki", "--output=cat"))[1]

    async def until(self, so):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not await so():
            assert time.monotonic() < deadline, (await self.journal())[-3000:]
            await asyncio.sleep(0.05)

    async def serves_anew(self, former):
        """Until there are workers enough, none of them a former one."""
        while len(now := set((await self.running()).values())) != self.workers or now & former:
            await asyncio.sleep(0.05)

    async def answers(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.ports[0])
        writer.write(b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n")
        first = await reader.readline()
        writer.close()
        return first == b"HTTP/1.1 200 OK\r\n"

    async def left(self):
        """Files with its name, but those that we brought."""
        found = (await self.do("find", "/", "-xdev", "-name", "*seki*")).split()
        return [path for path in found if not path.startswith(("/root/", "/etc/systemd/system/seki.service.d"))]
