"""A bare Debian 12 that runs: systemd is its first process. It has a network of its own, which leads nowhere, and shows
itself as a container.

Its namespaces begin in a control group of their own, below which systemd makes those of its units.
"""
import os
import pathlib
import subprocess
import time

from bare_debian import BareDebian, tell

PACKAGES = ("systemd-sysv", "dbus")
NAMESPACES = ("--mount", "--pid", "--cgroup", "--uts", "--ipc", "--net")
BOOT = pathlib.Path(__file__).resolve().parent / "boot_debian"
PATIENCE_SECONDS = 60


class BootedDebian(BareDebian):
    def __init__(self, folder):
        super().__init__(folder / "booted")
        self.folder = folder

    def make(self, sources, packages=()):
        super().make(sources, [*PACKAGES, *packages])
        # A getty has no console here.
        (self.root / "etc/systemd/system/console-getty.service").symlink_to("/dev/null")

    def fetch(self, *files):
        """What apt will install for these packages is on the disk afterwards."""
        self.command("apt-get", "update", "-q")
        self.command("apt-get", "install", "-q", "-y", "--no-install-recommends", "--download-only", *files)

    def boot(self):
        tell("booting it")
        groups = self.folder / "groups"
        groups.mkdir()
        subprocess.run(["mount", "-t", "cgroup2", "cgroup2", groups], check=True)
        group = groups / group_of(self.folder)
        group.mkdir()
        self._starter = subprocess.Popen(
            ["unshare", *NAMESPACES, "--fork", "--kill-child", BOOT, self.root], stdin=subprocess.DEVNULL,
            preexec_fn=lambda: (group / "cgroup.procs").write_text(str(os.getpid())))
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (state := self._state()) not in ("running", "degraded"):
            if time.monotonic() > deadline or self._starter.poll() is not None:
                raise subprocess.CalledProcessError(1, f"systemd of the bare Debian, which is {state or 'silent'}")
            time.sleep(0.1)
        tell(f"it is {state}")

    def _first(self):
        """Its first process, as it is known here; None: there is none yet."""
        children = pathlib.Path(f"/proc/{self._starter.pid}/task/{self._starter.pid}/children").read_text(encoding="ascii").split()
        return int(children[0]) if children else None

    def _state(self):
        if (first := self._first()) is None or pathlib.Path(f"/proc/{first}/comm").read_text(encoding="ascii") != "systemd\n":
            return None
        return subprocess.run(["nsenter", f"--target={first}", *NAMESPACES, "systemctl", "is-system-running"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False).stdout.strip()

    def beside(self, *command):
        """With the files of this machine, among the processes and in the network of that one."""
        inside = ["unshare", "--mount", "--mount-proc", *command]
        subprocess.run(["nsenter", f"--target={self._first()}", "--pid", "--net", *inside], check=True, stdin=subprocess.DEVNULL)

    def end(self):
        self._starter.kill()
        self._starter.wait()


def remove_group(folder):
    """What boot() has made for a Debian in this folder, when all its processes have ended. It may be absent."""
    script = 'mkdir -p "$0" && mount -t cgroup2 cgroup2 "$0" && [ ! -d "$0/$1" ] || find "$0/$1" -type d -delete'
    subprocess.run(["unshare", "--mount", "sh", "-c", script, f"{folder}/groups", group_of(folder)], check=False)


def group_of(folder):
    return pathlib.Path(folder).name
