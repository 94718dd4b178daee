"""Processes of a measurement: the origin, a proxy, a load generator. Each on ports that the kernel chose."""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from measure import machine
from measure.peers import ROOT, Seki, Site

SOURCES = pathlib.Path(__file__).resolve().parents[1] / "src"


def prepare():
    """Everything that a measurement needs; returns the folder to work in."""
    work = pathlib.Path(os.environ.get("BENCH_WORK", os.path.join(tempfile.gettempdir(), "seki-bench")))
    subprocess.run([str(ROOT / "tools/install"), "bench"], check=True)
    if "SEKI_BINARY" not in os.environ:
        for step in (["--preset", "release"], ["--build", "--preset", "release", "--target", "seki"]):
            subprocess.run(["cmake", *step], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    build_tools(work)
    machine.raise_descriptor_limit()
    os.sched_setaffinity(0, machine.LOAD_CPU)
    return work


def build_tools(work):
    work.mkdir(parents=True, exist_ok=True)
    headers = max(path.stat().st_mtime for path in SOURCES.glob("*.h"))
    for name, options in {"origin": [], "floor": [], "load": [], "change": [], "wrap_worker": ["-shared", "-fPIC"],
                          "count_calls": ["-shared", "-fPIC"]}.items():
        source, program = SOURCES / f"{name}.cpp", work / name
        libraries = ["-lssl", "-lcrypto"] if name == "load" else []
        if not program.exists() or program.stat().st_mtime < max(source.stat().st_mtime, headers):
            subprocess.run(["g++", "-std=c++23", "-O2", "-Wall", "-Wextra", *options, "-o", program, source, *libraries],
                           check=True)


def certificate(work):
    """PEM of a certificate for bench.test with its key (P-256) behind it, made once."""
    made = work / "bench.pem"
    if not made.exists():
        aside = work / "bench.new"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650",
                        "-subj", "/CN=bench.test", "-addext", "subjectAltName=DNS:bench.test", "-keyout", aside, "-out",
                        work / "bench.crt"], check=True, stderr=subprocess.DEVNULL)
        aside.write_text((work / "bench.crt").read_text() + aside.read_text())
        aside.rename(made)
    return made


def free_address():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"127.0.0.1:{probe.getsockname()[1]}"


def connects(address):
    try:
        _connect(address).close()
        return True
    except OSError:
        return False


def answers(address):
    """Whether somebody answers a request, whatever he says: a socket that listens may be one that nobody serves yet."""
    try:
        with _connect(address) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: nobody.test\r\nConnection: close\r\n\r\n")
            return client.recv(5) == b"HTTP/"
    except OSError:
        return False


def _connect(address):
    ip, port = address.split(":")
    return socket.create_connection((ip, int(port)), timeout=1)


class Origin:
    """The backend; with `hosts` it listens on so many consecutive addresses besides."""

    def __init__(self, work, hosts=0):
        self._single = self._start(work, "127.0.0.1:0")
        self.port = int(self._single.stdout.readline().split()[1])
        self._many = None
        if hosts:
            self._many = self._start(work, f"127.1.0.1:{self.port}", "-r", str(hosts))
            self._many.stdout.readline()

    def _start(self, work, address, *more):
        return subprocess.Popen([str(work / "origin"), "-l", address, *more], stdout=subprocess.PIPE, text=True,
                                preexec_fn=machine.pin(machine.LOAD_CPU))

    @property
    def cpu_ns(self):
        return sum(machine.cpu_ns(process.pid) for process in (self._single, self._many) if process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in (self._single, self._many):
            if process:
                process.terminate()
                process.wait()


class Proxy:
    """One running peer. `wrap` are the words of a program that its processes run under, valgrind for one."""

    def __init__(self, work, name, peer, origin_port, wrap=(), environment=None, patience_seconds=30, **site):
        folder = work / "run" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.name = name
        self.site = Site(folder=folder, http=free_address(), tcp=free_address(), https=free_address(),
                         certificate=certificate(work), origin_port=origin_port, **site)
        if name.startswith("floor"):
            self.site.tcp = self.site.https = self.site.http  # it does not know the difference
        for file, text in peer.files(self.site).items():
            if wrap and isinstance(peer, Seki) and file.endswith(".toml"):
                text = "worker_seccomp = false\n" + text  # valgrind has no seccomp(2)
            (folder / file).write_text(text)
        started = time.monotonic()
        self._out = open(folder / "out", "w", encoding="utf-8")
        environment = {**os.environ, **(environment or {})}
        if wrap and isinstance(peer, Seki):
            environment |= {"LD_PRELOAD": str(work / "wrap_worker"), "BENCH_WRAP": " ".join(wrap)}
            wrap = ()
        self._process = subprocess.Popen([*wrap, *peer.command(self.site)], stdin=subprocess.DEVNULL, stdout=self._out,
                                         stderr=subprocess.STDOUT, env=environment,
                                         preexec_fn=machine.pin(machine.PROXY_CPU))
        self.pid = self._process.pid
        try:
            self._wait_ready(started + patience_seconds)
        except RuntimeError:
            self.stop()
            raise
        self.start_seconds = time.monotonic() - started
        time.sleep(0.2)  # let it finish what it does after it listens

    def _wait_ready(self, deadline):
        while not (answers(self.site.http) and connects(self.site.tcp) and connects(self.site.https)):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not start: {(self.site.folder / 'out').read_text()[-2000:]}")
            time.sleep(0.01)

    def finish(self):
        """Asks it to end by itself, and waits."""
        self._process.terminate()
        self._process.wait(60)

    def stop(self):
        everybody = machine.tree(self.pid)
        self._process.terminate()
        try:
            self._process.wait(3)
        except subprocess.TimeoutExpired:
            pass
        for pid in everybody:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self._process.wait()
        self._out.close()


class Load:
    """One load generator, warm, bound to one proxy; runs slices of so many requests."""

    def __init__(self, work, address, *options):
        self._process = subprocess.Popen([str(work / "load"), "-a", address, *options], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True, preexec_fn=machine.pin(machine.LOAD_CPU))
        said = self._process.stdout.readline().strip()
        if said != "READY":
            self.close()
            raise RuntimeError(f"the load generator could not warm up: {said}")

    def slice(self, requests):
        self.begin(requests)
        return self.end()

    def begin(self, requests):
        """Of a slice, which goes on by itself until end() has its figures."""
        self._process.stdin.write(f"{requests}\n")
        self._process.stdin.flush()

    def end(self):
        return json.loads(self._process.stdout.readline())

    def told(self):
        """What it says unasked: how opening idle connections went."""
        return json.loads(self._process.stdout.readline())

    def close(self):
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


class Changer:
    """Changes at a steady rate, from one client of a command socket, while it is entered."""

    def __init__(self, work, command_socket, requests, rate):
        frames = work / "change.frames"
        payloads = [request.SerializeToString() for request in requests]
        frames.write_bytes(b"".join((len(payload) + 8).to_bytes(8, "little") + payload for payload in payloads))
        command = [str(work / "change"), "-s", command_socket, "-f", str(frames), "-r", str(rate)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                         preexec_fn=machine.pin(machine.LOAD_CPU))
        self.told = {}

    def __enter__(self):
        self._tell("begin")
        return self

    def __exit__(self, *_):
        self._tell("end")
        self.told = json.loads(self._process.stdout.readline())

    def _tell(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def close(self):
        self._process.stdin.close()
        self._process.wait(5)
        self._process.stdout.close()
