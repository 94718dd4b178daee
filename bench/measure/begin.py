"""What is noticed of workers that begin with many hosts: how long the supervisor leaves a client of its command socket
without an answer, how often the configuration lies in memory, and when the new worker serves."""
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import time

import control
from measure import machine, report
from measure.peers import Site
from measure.running import certificate, free_address

WORKERS = 2
NOBODY = 9                # a port that no backend has to be on: nothing is asked of it
PATIENCE_SECONDS = 120
MOST_MS = 50              # that a client waits for its answer
SNAPSHOT = "memfd:seki-snapshot"


class Asker(threading.Thread):
    """Asks for the status without a pause, from the moment on at which somebody listens."""

    def __init__(self, pid, path):
        super().__init__(daemon=True)
        self._pid, self._path = pid, path
        self._ends = False
        self.longest = (0, 0)  # ms of an answer, ms of CPU time that the supervisor used meanwhile
        self.answers = 0
        self.states = {}       # of each worker, by its id
        self.pids = {}
        self.failure = None

    def run(self):
        try:
            with self._connected() as client:
                while not self._ends:
                    self._ask(client)
        except Exception as error:  # noqa: BLE001: told by whoever waits
            self.failure = error

    def _connected(self):
        while True:
            try:
                return control.Control(self._path)
            except (FileNotFoundError, ConnectionRefusedError):
                time.sleep(0.0005)

    def _ask(self, client):
        cpu, began = own_cpu_ns(self._pid), time.monotonic()
        workers = client.status()
        took = 1e3 * (time.monotonic() - began)
        self.longest = max(self.longest, (took, (own_cpu_ns(self._pid) - cpu) / 1e6))
        self.answers += 1
        self.pids = {worker.id: worker.pid for worker in workers}
        self.states = {worker.id: worker.run_state for worker in workers}

    def serving(self):
        if self.failure:
            raise self.failure
        return [id_ for id_, state in self.states.items() if state == control.schema.RUNNING]

    def take_longest(self):
        longest, self.longest = self.longest, (0, 0)
        return longest

    def end(self):
        self._ends = True
        self.join()


def own_cpu_ns(pid):
    return int(pathlib.Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0])


def snapshots(pid):
    """{inode: bytes} of those that the process or its workers hold now."""
    found = {}
    for process in machine.tree(pid):
        try:
            for entry in os.scandir(f"/proc/{process}/fd"):
                if SNAPSHOT in os.readlink(entry.path):
                    about = os.stat(entry.path)
                    found[about.st_ino] = about.st_blocks * 512
        except OSError:
            pass  # it ended, or closed it
    return found


class Figures:
    def __init__(self):
        self.seconds = 0
        self.longest = (0, 0)
        self.answers = 0
        self.copies = 0
        self.snapshot_mib = 0
        self.supervisor_mib = 0
        self.workers_mib = []


def measure(work, peer, hosts):
    """{when: Figures}"""
    folder = work / "run" / f"begin-{hosts}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    site = Site(folder=folder, http=free_address(), tcp=free_address(), https=free_address(),
                certificate=certificate(work), origin_port=NOBODY, hosts=hosts)
    for name, text in peer.files(site).items():
        (folder / name).write_text(text.replace("worker_count = 1", f"worker_count = {WORKERS}"), encoding="utf-8")
    process = subprocess.Popen(peer.command(site), preexec_fn=machine.pin(machine.PROXY_CPU | machine.LOAD_CPU))
    asker = Asker(process.pid, str(folder / "command.sock"))
    asker.start()
    try:
        start = _until(process, asker, lambda: len(asker.serving()) == WORKERS)
        victim = asker.serving()[0]
        os.kill(asker.pids[victim], signal.SIGKILL)
        replaced = _until(process, asker, lambda: max(asker.serving(), default=0) >= WORKERS)
        asker.end()
        return {"start": start, "replacement": replaced}
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def _until(process, asker, enough):
    pid = process.pid
    figures = Figures()
    answers, began = asker.answers, time.monotonic()
    while not enough():
        now = snapshots(pid)
        figures.copies = max(figures.copies, len(now))
        figures.snapshot_mib = max(figures.snapshot_mib, sum(now.values()) / 2**20)
        if process.poll() is not None or time.monotonic() > began + PATIENCE_SECONDS:
            raise RuntimeError(f"waited in vain: {asker.states}")
        time.sleep(0.005)
    figures.seconds = time.monotonic() - began
    figures.longest, figures.answers = asker.take_longest(), asker.answers - answers
    figures.supervisor_mib = own_mib(pid)
    figures.workers_mib = [own_mib(asker.pids[id_]) for id_ in asker.serving()]
    return figures


def own_mib(pid):
    lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def table(found, hosts):
    head = ["", "seconds", "answers", "longest answer, ms", "CPU of the supervisor in it, ms", "snapshots at once",
            "MiB of them", "supervisor, MiB", "workers, MiB"]
    return f"{hosts:,} hosts, {WORKERS} workers\n\n" + report.table(head, [
        [when, f"{each.seconds:.2f}", each.answers, *(f"{ms:.1f}" for ms in each.longest), each.copies,
         f"{each.snapshot_mib:.0f}", f"{each.supervisor_mib:.0f}", ", ".join(f"{mib:.0f}" for mib in each.workers_mib)]
        for when, each in found.items()])


def claims(found):
    for when, each in found.items():
        yield f"no answer takes {MOST_MS} ms during the {when}", f"{each.longest[0]:.1f} ms", each.longest[0] < MOST_MS
        yield f"the configuration is in memory once for all who begin ({when})", each.copies, each.copies <= 1
