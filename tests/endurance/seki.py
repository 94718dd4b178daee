"""Seki with two workers, from a copy of its executable in a folder of its own, and what its operators do to it."""
import asyncio
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile

import table
from certificates import make_certificate
from harness import free_port


class Seki:
    PATIENCE_SECONDS = 2  # for an old process

    def __init__(self, binary, web, raw, silent, pause):
        self.pause = pause
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="seki-endurance-"))
        self.binary = self.folder / "seki"
        shutil.copy(binary, self.binary)
        make_certificate(self.folder, "c", "example.com")
        self.certificate, self.key = self.folder / "c.pem", self.folder / "c.key"
        self.command = [self.binary, "-c", self.folder / "seki.toml"]
        self.ports = [free_port("127.0.0.1") for _ in range(4)]
        self.web, self.raw, self.silent = web, raw, silent
        self.workers, self.hosts = 2, 0

    def settings(self):
        return f"""command_socket = "{self.folder}/seki.sock"
log_level = "warn"
access_logs_target = "file://{self.folder}/access"
"""

    def write(self):
        (self.folder / "seki.toml").write_text(self.text(), encoding="utf-8")

    def text(self):
        http, https, tcp, silent = self.ports
        more = "".join(f'[clusters.more{number}]\nprotocol = "http"\nfrontends = [{{ address = "127.0.0.1:{http}", '
                       f'hostname = "h{number}.example" }}]\nbackends = [{{ address = "127.0.0.1:{self.web}" }}]\n'
                       for number in range(self.hosts, self.hosts + 10))
        pem, key = self.certificate, self.key
        return f"""{self.settings()}worker_count = {self.workers}
max_connections = 10000
front_timeout = 3600
back_timeout = 3600
[[listeners]]
protocol = "http"
address = "127.0.0.1:{http}"
[[listeners]]
protocol = "https"
address = "127.0.0.1:{https}"
certificate = "{pem}"
key = "{key}"
[[listeners]]
protocol = "tcp"
address = "127.0.0.1:{tcp}"
[[listeners]]
protocol = "tcp"
address = "127.0.0.1:{silent}"
[clusters.web]
protocol = "http"
frontends = [{{ address = "127.0.0.1:{http}", hostname = "example.com" }},
             {{ address = "127.0.0.1:{https}", hostname = "example.com", certificate = "{pem}", key = "{key}" }}]
backends = [{{ address = "127.0.0.1:{self.web}" }}]
[clusters.raw]
protocol = "tcp"
frontends = [{{ address = "127.0.0.1:{tcp}" }}]
backends = [{{ address = "127.0.0.1:{self.raw}" }}]
[clusters.silent]
protocol = "tcp"
frontends = [{{ address = "127.0.0.1:{silent}" }}]
backends = [{{ address = "127.0.0.1:{self.silent}" }}]
{more}"""

    async def start(self, former=frozenset()):
        """Until there are workers enough, none of them a former one."""
        self.write()
        log = open(self.folder / "log", "ab")
        self.process = await asyncio.create_subprocess_exec(
            *self.command, "start", stdout=log, stderr=log, stdin=asyncio.subprocess.DEVNULL)
        while len(now := set((await self.running()).values())) != self.workers or now & former:
            assert self.process.returncode is None, (self.folder / "log").read_text(errors="replace")[-2000:]
            await asyncio.sleep(0.05)

    async def ctl(self, *arguments):
        made = await asyncio.create_subprocess_exec(
            *self.command, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        out, err = await made.communicate()
        return made.returncode, (out + err).decode()

    async def must(self, *arguments):
        code, said = await self.ctl(*arguments)
        assert code == 0, (arguments, said)

    async def running(self):
        """The ids and pids of workers that serve."""
        code, said = await self.ctl("status", "--json")
        if code != 0:
            return {}
        return {worker["id"]: worker["pid"] for worker in json.loads(said)["WORKERS"]["vec"]
                if worker["run_state"] == "RUNNING"}

    def version(self):
        return subprocess.run([self.binary, "--version"], capture_output=True, text=True, check=True).stdout.split("\n")[0]

    def processes(self):
        return table.machine.tree(self.process.pid)

    async def upgrade(self):
        aside = self.folder / "seki.new"
        shutil.copy(self.binary, aside)
        aside.rename(self.binary)
        await self.must("upgrade")

    async def replace_worker(self):
        await self.must("upgrade", "--worker", str(random.choice(list(await self.running()))))

    async def set_workers(self, count):
        self.workers = count
        self.write()
        await self.must("reload")

    async def reload(self):
        self.hosts += 1
        self.write()
        await self.must("reload")

    async def kill_worker(self):
        victim_id, victim = random.choice(list((await self.running()).items()))
        os.kill(victim, signal.SIGKILL)
        while victim_id in (now := await self.running()) or len(now) != self.workers:
            await asyncio.sleep(0.05)

    async def kill_supervisor(self):
        former = set((await self.running()).values())
        self.process.kill()
        await self.process.wait()
        await asyncio.sleep(0.5)  # the workers serve on
        await self.start(former)

    async def stop(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            if self.process.returncode is None:
                self.process.send_signal(number)
        await self.process.wait()
        for file in self.folder.glob("seki.sock.worker-*"):
            for number in (signal.SIGTERM, signal.SIGINT):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(file.name.rsplit("-", 1)[1]), number)
