"""HAProxy and nginx as Debian 12 has them, under the same load as Seki and under what their operators do to them.

Both are set up as somebody would who wants nobody to be lost: with the means that their manuals name for it, as the
services of Debian run them, with as many workers (nginx) or threads (HAProxy) as Seki has workers, the keep-alive of
backends on, and every limit of time or number off that would close a client which only rests. Nothing makes old processes
end before their clients do: no `hard-stop-after`, no `worker_shutdown_timeout`, as is the default of both. What an act
returns are the processes that are to go by it.
"""
import asyncio
import contextlib
import os
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time

from certificates import make_certificate
from harness import free_port

RESTART_SECONDS = 0.1  # systemd's RestartSec, where nothing else is said


class Peer:
    """Runs as a copy of its executable, by which its processes are known, whoever their parent is."""

    PATIENCE_SECONDS = 5  # for an old process; slow requests take two
    workers = 2

    def __init__(self, web, raw):
        self.web, self.raw, self.hosts = web, raw, 0
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="seki-endurance-"))
        self.folder.chmod(0o711)  # nginx keeps parts of bodies there, as another user
        self.binary = self.folder / pathlib.Path(self.EXECUTABLE).name
        shutil.copy(self.EXECUTABLE, self.binary)
        make_certificate(self.folder, "c", "example.com")
        (self.folder / "both.pem").write_bytes((self.folder / "c.pem").read_bytes() + (self.folder / "c.key").read_bytes())
        self.ports = [free_port("127.0.0.1") for _ in range(3)]

    @classmethod
    def installed(cls):
        return all(pathlib.Path(path).exists() for path in (cls.EXECUTABLE, *cls.NEEDS))

    def processes(self):
        found = []
        for entry in os.listdir("/proc"):
            with contextlib.suppress(OSError):
                if entry.isdigit() and os.readlink(f"/proc/{entry}/exe").startswith(str(self.binary)):
                    found.append(int(entry))
        return found

    async def running(self):
        return {pid: pid for pid in self.processes()}

    async def until(self, enough):
        deadline = time.monotonic() + 60
        while not enough():
            assert time.monotonic() < deadline, f"{self.NAME} is not what it should be for a minute"
            await asyncio.sleep(0.01)

    def children(self):
        return set(self.processes()) - {self.master()}

    async def come_new(self, old):
        """Until as many workers as there are have come beside the old ones."""
        await self.until(lambda: len(self.children() - old) >= self.PROCESSES)

    async def answers(self):
        while True:
            with contextlib.suppress(OSError):
                for port in self.ports:
                    (await asyncio.open_connection("127.0.0.1", port))[1].close()
                return
            await asyncio.sleep(0.02)

    async def reload(self):
        self.hosts += 1
        self.write()
        old = self.children()
        os.kill(self.master(), self.RELOAD)
        await self.come_new(old)
        return old

    async def stop(self):
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in self.processes():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            deadline = time.monotonic() + 2
            while self.processes() and time.monotonic() < deadline:
                await asyncio.sleep(0.02)
        shutil.rmtree(self.folder, ignore_errors=True)


class Nginx(Peer):
    NAME, EXECUTABLE = "nginx", os.environ.get("NGINX", "/usr/sbin/nginx")
    STREAM = "/usr/lib/nginx/modules/ngx_stream_module.so"
    NEEDS = (STREAM,)
    RELOAD, PROCESSES = signal.SIGHUP, Peer.workers

    def version(self):
        said = subprocess.run([self.EXECUTABLE, "-v"], capture_output=True, text=True, check=True).stderr
        return "nginx " + said.split("/")[1].strip()

    def write(self):
        http, https, tcp = self.ports
        temporary = " ".join(f"{kind}_temp_path {self.folder}/{kind};"
                             for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        location = "location / { proxy_pass http://web; }"
        more = "\n".join(f"  server {{ listen 127.0.0.1:{http}; server_name h{number}.example; {location} }}"
                         for number in range(self.hosts, self.hosts + 10))
        (self.folder / "nginx.conf").write_text(f"""load_module {self.STREAM};
user www-data; worker_processes {self.workers}; worker_rlimit_nofile 20000;
pid {self.folder}/pid; error_log {self.folder}/log crit;
events {{ worker_connections 10000; }}
http {{
  access_log {self.folder}/access; {temporary}
  keepalive_timeout 3600s; keepalive_requests 1000000000; proxy_read_timeout 3600s;
  ssl_certificate {self.folder}/c.pem; ssl_certificate_key {self.folder}/c.key; ssl_session_cache shared:tls:10m;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
  proxy_http_version 1.1; proxy_set_header Host $host;
  proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade;
  upstream web {{ server 127.0.0.1:{self.web}; keepalive 64; }}
  server {{ listen 127.0.0.1:{http} backlog=4096; listen 127.0.0.1:{https} ssl backlog=4096; server_name example.com; {location} }}
{more}
}}
stream {{ server {{ listen 127.0.0.1:{tcp} backlog=4096; proxy_timeout 3600s; proxy_pass 127.0.0.1:{self.raw}; }} }}
""", encoding="utf-8")

    def master(self):
        """None: there is none just now, in an upgrade."""
        try:
            return int((self.folder / "pid").read_text())
        except (FileNotFoundError, ValueError):  # it is empty when it has just been made
            return None

    async def start(self):
        self.write()
        begun = await asyncio.create_subprocess_exec(self.binary, "-c", self.folder / "nginx.conf", "-e", self.folder / "log",
                                                     stdin=subprocess.DEVNULL)
        assert await begun.wait() == 0, (self.folder / "log").read_text()
        await self.answers()

    async def upgrade(self):
        """As the manual has it: a new master beside the old one, then the old one's workers go, then it itself."""
        old, master = set(self.processes()), self.master()
        os.kill(master, signal.SIGUSR2)
        await self.until(lambda: self.master() not in (None, master))
        await self.until(lambda: len(set(self.processes()) - old) >= 1 + self.PROCESSES)
        os.kill(master, signal.SIGWINCH)
        await asyncio.sleep(0.5)  # the operator looks whether the new ones do
        os.kill(master, signal.SIGQUIT)
        return old

    async def kill_worker(self):
        victim = random.choice(list(self.children()))
        old = self.children()
        os.kill(victim, signal.SIGKILL)
        await self.until(lambda: self.children() - old)
        return {victim}

    async def restart(self):
        """As Debian's unit: QUIT, after five seconds TERM and after that KILL, then a start."""
        old, master = set(self.processes()), self.master()
        for number, patience_seconds in ((signal.SIGQUIT, 5), (signal.SIGTERM, 1), (signal.SIGKILL, 1)):
            left = old & set(self.processes())
            for pid in left & {master} if number == signal.SIGQUIT else left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            deadline = time.monotonic() + patience_seconds
            while old & set(self.processes()) and time.monotonic() < deadline:
                await asyncio.sleep(0.01)
        await self.start()
        return old

    def events(self, times):
        return (("reload (HUP)", [self.reload] * times), ("binary upgrade (USR2, WINCH, QUIT)", [self.upgrade] * times),
                ("a worker is killed (-9)", [self.kill_worker] * times), ("restart of the service", [self.restart] * times))


class Haproxy(Peer):
    NAME, EXECUTABLE = "haproxy", os.environ.get("HAPROXY", "/usr/sbin/haproxy")
    NEEDS = ()
    RELOAD, PROCESSES = signal.SIGUSR2, 1

    def version(self):
        said = subprocess.run([self.EXECUTABLE, "-v"], capture_output=True, text=True, check=True).stdout
        return "HAProxy " + said.split("version ")[1].split(" ")[0]

    def write(self):
        http, https, tcp = self.ports
        more = "".join(f"  use_backend web if {{ req.hdr(host) -i h{number}.example }}\n"
                       for number in range(self.hosts, self.hosts + 10))
        (self.folder / "haproxy.cfg").write_text(f"""global
  user haproxy
  group haproxy
  nbthread {self.workers}
  maxconn 8000
  stats socket {self.folder}/stats.sock mode 660 level admin expose-fd listeners
defaults
  mode http
  timeout connect 5s
  timeout client 3600s
  timeout server 3600s
  timeout http-keep-alive 3600s
  timeout tunnel 3600s
  http-reuse safe
frontend web
  bind 127.0.0.1:{http} backlog 4096
  bind 127.0.0.1:{https} backlog 4096 ssl crt {self.folder}/both.pem alpn http/1.1
  use_backend web if {{ req.hdr(host) -i example.com }}
{more}backend web
  server s 127.0.0.1:{self.web}
listen raw
  mode tcp
  bind 127.0.0.1:{tcp} backlog 4096
  server s 127.0.0.1:{self.raw}
""", encoding="utf-8")

    def master(self):
        return self.process.pid

    async def start(self):
        self.write()
        log = open(self.folder / "log", "ab")
        self.process = await asyncio.create_subprocess_exec(
            self.binary, "-W", "-db", "-S", self.folder / "master.sock", "-f", self.folder / "haproxy.cfg", stdout=log, stderr=log,
            stdin=asyncio.subprocess.DEVNULL)
        await self.answers()

    async def restart(self):
        """As Debian's unit: TERM, and a start."""
        old = set(self.processes())
        self.process.terminate()
        await self.process.wait()
        await self.start()
        return old

    async def kill_worker(self):
        """The master ends with its worker, and systemd starts it again."""
        old = set(self.processes())
        os.kill(random.choice(list(self.children())), signal.SIGKILL)
        await self.process.wait()
        await asyncio.sleep(RESTART_SECONDS)
        await self.start()
        return old

    def events(self, times):
        return (("reload (USR2)", [self.reload] * times), ("the worker is killed (-9)", [self.kill_worker] * times),
                ("restart of the service", [self.restart] * times))


PEERS = {peer.NAME: peer for peer in (Haproxy, Nginx)}
