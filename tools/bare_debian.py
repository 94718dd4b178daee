"""A bare Debian 12 in a folder, with the packages from where apt of this machine gets them. Needs root."""
import os
import re
import shutil
import subprocess
import sys
import time

RELEASE = "bookworm"
# What of apt's settings tells how to reach its sources.
REACHING = re.compile(r"Acquire::(https?|Retries|ForceIPv\w+|Check-\w+)\b")
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def tell(text):
    print(f"{time.strftime('%T')}  {text}", flush=True)


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


class Sources:
    """Where apt of this machine finds Debian 12, and how."""

    def __init__(self):
        listed = output("apt-get", "indextargets", "--format", "$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)",
                        "Created-By: Packages")
        words = [line.split() for line in listed.splitlines()]
        self.lines = sorted({" ".join(["deb", *rest]) for origin, *rest in words
                             if origin == "Debian" and rest[1].startswith(RELEASE)})
        self.mirror = next((line.split()[1] for line in self.lines if line.split()[2] == RELEASE), None)
        if self.mirror is None:
            sys.exit(f"tools/fresh: apt of this machine knows no mirror of {RELEASE} (try apt-get update)")
        self.settings = [line for line in output("apt-config", "dump").splitlines() if REACHING.match(line)]

    def environment(self):
        """For debootstrap, which does not ask apt."""
        proxies = {}
        for line in self.settings:
            if named := re.fullmatch(r'Acquire::(https?)::[Pp]roxy "(.+)";', line):
                proxies[f"{named[1]}_proxy"] = named[2]
        return {**os.environ, **proxies}

    def write(self, etc):
        (etc / "apt/sources.list").write_text("\n".join(self.lines) + "\n")
        (etc / "apt/apt.conf.d/90fresh").write_text("\n".join(self.settings) + "\n")
        for name in ("hosts", "resolv.conf"):
            shutil.copy(f"/etc/{name}", etc / name)


class BareDebian:
    """What is mounted ends with the namespace that it was made in."""

    def __init__(self, root):
        self.root = root

    def make(self, sources, packages=()):
        tell(f"making a bare Debian 12 in {self.root}")
        log = self.root.parent / f"{self.root.name}.log"
        https = any("https:" in line for line in sources.lines)
        included = ",".join(["apt"] + ["ca-certificates"] * https + list(packages))
        with open(log, "wb") as out:
            done = subprocess.run(["debootstrap", "--variant=minbase", f"--include={included}", RELEASE, self.root,
                                   sources.mirror], env=sources.environment(), stdout=out, stderr=out, check=False)
        if done.returncode != 0:
            sys.exit(log.read_text(errors="replace")[-3000:] + "tools/fresh: debootstrap failed")
        sources.write(self.root / "etc")

    def mount(self):
        for kind, place in (("proc", "proc"), ("sysfs", "sys")):
            subprocess.run(["mount", "-t", kind, kind, self.root / place], check=True)
        subprocess.run(["mount", "--rbind", "/dev", self.root / "dev"], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "shm", self.root / "dev/shm"], check=True)

    def words(self, command, user="root", folder="/", environment=()):
        """The command as it is said outside."""
        return ["chroot", f"--userspec={user}", f"--groups={user}", self.root, "env", "-i", PATH, f"USER={user}",
                f"TERM={os.environ.get('TERM', 'dumb')}", *environment, "sh", "-c", 'cd "$0" && exec "$@"', folder, *command]

    def command(self, *command, **how):
        subprocess.run(self.words(command, **how), check=True, stdin=subprocess.DEVNULL)

    def packages(self):
        return set(output(*self.words(["dpkg-query", "-W", "-f", "${Package}\n"])).split())
