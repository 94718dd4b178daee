"""Starts the real binary for a test, and takes everything away again.

The binary is $SEKI_BINARY, or build/release/seki. Each instance has a folder, a command socket and an address of
127.0.0.0/8 of its own, so that tests cannot meet each other. Tests wait for events (an answer, an end of stream, the
end of a process); where only asking tells, as for readiness, they ask again until it is so.
"""
import contextlib
import functools
import itertools
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import wire
from backend import Backend
from control import Control, schema

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SEKI_BINARY", str(ROOT / "build/release/seki"))
REFUSED = re.compile(r"the system call .* is refused by the sandbox")
SANITIZER = re.compile(r"AddressSanitizer|LeakSanitizer|runtime error:|check failed", re.IGNORECASE)

_instances = itertools.count(1)


def own_ip():
    """An address that nobody else on this machine listens on: made from our process id and a counter."""
    number = (os.getpid() << 6) + next(_instances)
    return f"127.{1 + (number >> 16) % 254}.{(number >> 8) % 256}.{1 + number % 254}"


_given_places = set()


def free_port(ip):
    """One that nobody was given before: whoever was may not have bound it yet."""
    while True:
        with socket.create_server((ip, 0), family=socket.AF_INET6 if ":" in ip else socket.AF_INET) as probe:
            place = probe.getsockname()[:2]
        if place not in _given_places:
            _given_places.add(place)
            return place[1]


def until(enough, what, patience_seconds=wire.PATIENCE_SECONDS):
    """Asks again and again; for what announces itself by no event."""
    deadline = time.monotonic() + patience_seconds
    while not (result := enough()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain for {what}")
        select.select([], [], [], 0.01)
    return result


def wait_stopped(pid):
    """Waits until SIGSTOP has stopped it. It may have been killed since."""
    def stopped():
        try:
            stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
        except (FileNotFoundError, ProcessLookupError):
            return True
        return stat.rsplit(")", 1)[1].split()[0] in "TZX"

    until(stopped, f"process {pid} to stop")


@functools.cache
def sanitizer_runtimes():
    """The libraries of ASan that the binary was built with; none in a release."""
    needed = subprocess.run(["ldd", BINARY], capture_output=True, text=True, check=True).stdout
    return re.findall(r"=> (\S*libasan\S*)", needed)


def is_gone(pid, patience_seconds=0):
    """Whether it has ended, child or not, or does so within that time."""
    try:
        watched = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([watched], [], [], patience_seconds)[0])
    finally:
        os.close(watched)


def wait_gone(pid):
    if not is_gone(pid, wire.PATIENCE_SECONDS):
        raise AssertionError(f"process {pid} does not end")


class Result:
    """How one run of the command line ended."""

    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr

    @property
    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"<exit {self.code}, out {self.out!r}, err {self.err!r}>"


class Seki:
    """One instance: its files, and its process once it is started."""

    GLOBAL = {"worker_count": 1, "max_connections": 1000, "worker_timeout": 30}

    def __init__(self, body="", **settings):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="seki-test-"))
        self.ip = own_ip()
        self.address = (self.ip, free_port(self.ip))
        self.settings = {"command_socket": "seki.sock", **self.GLOBAL, **settings}
        self.body = body
        self.environment = {"ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0"}
        self.prepare = None  # done in the child before it becomes Seki
        self.may_be_refused = False  # a worker does what its sandbox forbids
        self.passed = ()  # descriptors that it inherits
        self.binary = BINARY
        self.process = None

    @property
    def text(self):
        """The address of the first listener as the configuration writes it."""
        return "{}:{}".format(*self.address)

    @property
    def config(self):
        return str(self.folder / "seki.toml")

    @property
    def socket_path(self):
        return str(self.folder / self.settings["command_socket"])  # which may be absolute

    def write_config(self):
        lines = [f"{key} = {json.dumps(value)}" for key, value in self.settings.items()]
        (self.folder / "seki.toml").write_text("\n".join([*lines, "", self.body]))

    def spawn(self):
        """Starts the process without waiting for anything."""
        self.write_config()
        return self.spawn_again()

    def spawn_again(self):
        """Likewise, with the file as it is: nobody who reads it at this moment finds half of it."""
        environment = {**os.environ, **self.environment}
        with open(self.folder / "out", "ab") as out, open(self.folder / "err", "ab") as err:
            self.process = subprocess.Popen([self.binary, "-c", self.config, "start"], stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=err, env=environment, preexec_fn=self.prepare, pass_fds=self.passed)
        return self

    def start(self):
        """Starts, and waits until every worker says that it runs."""
        self.spawn()
        return self.wait_ready()

    def wait_ready(self):
        until(self._is_ready, "Seki to be ready")
        return self

    def _is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"Seki ended with {self.process.returncode}:\n{self.log()}")
        try:
            with self.control() as control:
                return self._all_run(control.status())
        except (OSError, wire.Truncated):
            return False

    def _all_run(self, workers):
        running = [worker for worker in workers if worker.run_state == schema.RUNNING]
        return len(running) == self.settings["worker_count"]

    def log(self):
        parts = [self.folder / "out", self.folder / "err"]
        return "\n".join(path.read_text(errors="replace") for path in parts if path.exists())

    def control(self):
        return Control(self.socket_path)

    def ctl(self, *arguments, said=None):
        """Runs the command line against this instance; `said` comes on its standard input."""
        return Result(subprocess.run([BINARY, "-c", self.config, *arguments], input=said, capture_output=True, text=True,
                                     timeout=wire.PATIENCE_SECONDS, check=False))

    def worker_pids(self):
        with self.control() as control:
            return [worker.pid for worker in control.workers() if worker.run_state != schema.STOPPED]

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        """The exit code, once there is one."""
        return self.process.wait(wire.PATIENCE_SECONDS)

    def kill(self):
        """The supervisor alone, at once: its workers are orphans then."""
        self.signal(signal.SIGKILL)
        self.wait()

    def orphans(self):
        """Processes of workers that have a file by which a supervisor finds them, if there is none."""
        found = []
        for file in pathlib.Path(self.socket_path).parent.glob(pathlib.Path(self.socket_path).name + ".worker-*"):
            pid = int(file.name.rsplit("-", 1)[1])
            with contextlib.suppress(OSError):
                if b"worker" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
                    found.append(pid)
        return found

    def end_orphans(self):
        """Softly, then at once: two signals, since the same one may be delivered once only. Where another instance has
        the command socket, they are its workers."""
        with contextlib.suppress(OSError):
            self.control().close()
            return
        pids = self.orphans()
        for pid in pids:
            for number in (signal.SIGCONT, signal.SIGTERM, signal.SIGINT):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
        for pid in pids:
            wait_gone(pid)

    def stop(self):
        """Ends the process in whatever state it is; the workers go with it."""
        if self.process is None:
            return
        if self.process.poll() is not None:
            return self.end_orphans()
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGTERM)
        try:
            self.wait()
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def remove(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def connect(self, source=None):
        return wire.connect(self.address, source)

    def get(self, target="/", host="example.com", fields=()):
        """One request on a connection of its own."""
        with self.connect() as client:
            client.send(wire.request(target=target, host=host, fields=["Connection: close", *fields]))
            return client.read_response()


def http_body(address, *backends, cluster="web", hostname="example.com"):
    """A listener, and one route from `hostname` to a cluster of these backends."""
    entries = ", ".join(f'{{ backend_id = "{backend.name}", address = "{backend.text}" }}' for backend in backends)
    return f"""
[[listeners]]
protocol = "http"
address = "{address}"

[clusters.{cluster}]
protocol = "http"
frontends = [{{ address = "{address}", hostname = "{hostname}" }}]
backends = [{entries}]
"""


def tcp_body(address, *backends, cluster="tunnel"):
    entries = ", ".join(f'{{ backend_id = "{backend.name}", address = "{backend.text}" }}' for backend in backends)
    return f"""
[[listeners]]
protocol = "tcp"
address = "{address}"

[clusters.{cluster}]
protocol = "tcp"
frontends = [{{ address = "{address}" }}]
backends = [{entries}]
"""


class ProcessTest(unittest.TestCase):
    """A test with instances and backends that are gone after it. A sanitizer's complaint fails it, and what
    the sandbox of a worker refuses."""

    def backend(self, name="backend", **how):
        made = Backend(name, **how)
        self.addCleanup(made.close)
        return made

    def instance(self, **settings):
        seki = Seki(**settings)
        self.addCleanup(self._take_away, seki)
        return seki

    def http(self, *backends, **settings):
        """A started instance that routes example.com to the backends."""
        seki = self.instance(**settings)
        seki.body = http_body(seki.text, *backends)
        return seki.start()

    def tcp(self, *backends, **settings):
        seki = self.instance(**settings)
        seki.body = tcp_body(seki.text, *backends)
        return seki.start()

    def _take_away(self, seki):
        well = getattr(self._outcome, "success", True)
        try:
            seki.stop()
            complaint = SANITIZER.search(seki.log())
            self.assertIsNone(complaint, "a process complained")
            refused = None if seki.may_be_refused else REFUSED.search(seki.log())
            self.assertIsNone(refused, "a worker was refused what it does")
        except BaseException:
            well = False
            raise
        finally:
            if not well:
                print(f"\n--- log of {self.id()}\n{seki.log()[-8000:]}\n---", flush=True)
            seki.remove()
