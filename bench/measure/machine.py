"""What the kernel tells about processes: their CPU time and their memory; and which CPU they may use."""
import os
import pathlib
import resource

PROXY_CPU = {0}
LOAD_CPU = {min(1, (os.cpu_count() or 1) - 1)}  # load generator and origin
TICK_US = 1_000_000 // os.sysconf("SC_CLK_TCK")


def pin(cpus):
    return lambda: os.sched_setaffinity(0, cpus)


def raise_descriptor_limit():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def tree(pid):
    """The process and all its descendants."""
    found = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in pathlib.Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                found += tree(int(child))
    except OSError:
        pass  # it ended meanwhile
    return found


def cpu_ns(pid):
    """CPU time of the tree so far, by the scheduler's own count."""
    total = 0
    for process in tree(pid):
        try:
            for task in os.listdir(f"/proc/{process}/task"):
                total += int(pathlib.Path(f"/proc/{process}/task/{task}/schedstat").read_text().split()[0])
        except OSError:
            pass
    return total


def cpu_split_us(pid):
    """(user, system) of the tree so far; by ticks, so only long spans tell something."""
    user = system = 0
    for process in tree(pid):
        try:
            fields = pathlib.Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
            user += int(fields[11])
            system += int(fields[12])
        except OSError:
            pass
    return user * TICK_US, system * TICK_US


def pss_kib(pid):
    """Memory of the tree, shared pages divided among those who share them."""
    return pss_kib_of(tree(pid))


def pss_kib_of(processes):
    total = 0
    for process in processes:
        try:
            for line in pathlib.Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        except OSError:
            pass
    return total


def description():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="ascii")
                  if line.startswith("model name")), "unknown CPU")
    uname = os.uname()
    return f"{os.cpu_count()} CPUs {model}, {uname.sysname} {uname.release}"
