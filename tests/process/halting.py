"""Libraries that are preloaded into an instance, and what one of them does: it halts one worker exactly at one step of
a change (halt_at_step.cpp).
"""
import atexit
import functools
import pathlib
import shutil
import subprocess
import tempfile

from harness import sanitizer_runtimes, wait_gone, wait_stopped

# What is preloaded reads files within workers.
OPEN_TO_FILES = {"worker_seccomp": False, "worker_landlock": False}
SOURCES = pathlib.Path(__file__).resolve().parent


@functools.cache
def preload(source):
    """What LD_PRELOAD is to say. The runtime of ASan wants to be the first (libasan), where there is one."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="seki-preload-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    library = folder / "preloaded.so"
    options = ["-std=c++23", "-O2", "-Wall", "-Wextra", "-shared", "-fPIC"]
    subprocess.run(["g++", *options, "-o", library, SOURCES / source], check=True)
    return " ".join([*sanitizer_runtimes(), str(library)])


class Halt:
    """The step of a change at which a worker of an instance stops ("stop") or dies ("kill"). Made before the start."""

    def __init__(self, seki):
        self._seki = seki
        self._file = seki.folder / "halt"
        seki.settings |= OPEN_TO_FILES
        seki.environment |= {"LD_PRELOAD": preload("halt_at_step.cpp"), "SEKI_HALT_FILE": str(self._file)}

    def arm(self, when, order, act, worker_id=0):
        """`when` is before, obeyed or answered."""
        with self._seki.control() as control:
            self._pid = next(worker.pid for worker in control.workers() if worker.id == worker_id)
        self._act = act
        written = self._file.with_suffix(".new")
        written.write_text(f"{worker_id} {when} {order} {act}\n", encoding="ascii")
        written.rename(self._file)

    def wait(self):
        """Until the step was reached; returns the worker's process id."""
        if self._act == "kill":
            wait_gone(self._pid)
        else:
            wait_stopped(self._pid)
        return self._pid


class Scarcity:
    """What the system refuses to an instance (refuse_calls.cpp). Made before the start."""

    def __init__(self, seki):
        self._file = seki.folder / "refuse"
        seki.settings |= OPEN_TO_FILES
        seki.environment |= {"LD_PRELOAD": preload("refuse_calls.cpp"), "SEKI_REFUSE_FILE": str(self._file)}

    def refuse(self, *calls):
        """Each is "supervisor epoll_ctl" or the like; none: it is over."""
        written = self._file.with_suffix(".new")
        written.write_text("".join(f"{call}\n" for call in calls), encoding="ascii")
        written.rename(self._file)
