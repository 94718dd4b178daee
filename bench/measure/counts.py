"""Counts that carry no noise of the clock: system calls, and instructions of user space, per request."""
import re
import signal
import subprocess
import time

from measure import machine
from measure.running import Load, Origin, Proxy

STRACE_LINE = re.compile(r"\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$")
VALGRIND_TOTAL = re.compile(r"I\s+refs:\s+([\d,]+)")


def system_calls(work, name, peer, scenario):
    """{call: times per request}, by strace over one slice of a warm proxy."""
    with Origin(work) as origin:
        proxy = Proxy(work, name, peer, origin.port)
        try:
            load = Load(work, scenario.address(proxy.site), "-D", "60", *scenario.options)
            out = work / "strace.out"
            pids = [word for pid in machine.tree(proxy.pid) for word in ("-p", str(pid))]
            strace = ["strace", "-f", "-c", "-o", str(out), *pids]
            with subprocess.Popen(strace, stderr=subprocess.PIPE, text=True) as trace:
                for _ in range(len(pids) // 2):
                    trace.stderr.readline()  # "Process … attached"
                requests = load.slice(scenario.requests)["ok"]
                trace.send_signal(signal.SIGINT)
                trace.wait(10)
            load.close()
            return _calls(out.read_text(), requests)
        finally:
            proxy.stop()


def _calls(report, requests):
    counts = {}
    for line in report.splitlines():
        if (found := STRACE_LINE.match(line.rstrip())) and found[2] != "total":
            counts[found[2]] = int(found[1]) / requests
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def instructions(work, name, peer, scenario, requests=2000, **site):
    """User instructions per request: the slope between two counts of requests, by valgrind."""
    small = _instructions(work, name, peer, scenario, requests, site)
    large = _instructions(work, name, peer, scenario, 3 * requests, site)
    return (large[1] - small[1]) / (large[0] - small[0])


def _instructions(work, name, peer, scenario, requests, site):
    for old in work.glob("valgrind.*"):
        old.unlink()
    wrap = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--trace-children=yes",
            "--cachegrind-out-file=/dev/null", f"--log-file={work}/valgrind.%p"]
    with Origin(work, hosts=site.get("hosts", 0)) as origin:
        proxy = Proxy(work, name, peer, origin.port, wrap=wrap, patience_seconds=120, **site)
        try:
            load = Load(work, scenario.address(proxy.site), "-D", "120", *scenario.options)
            done = load.slice(requests)["ok"]
            load.close()
            time.sleep(0.5)  # the proxy notices that the clients left
            proxy.finish()
        finally:
            proxy.stop()
    totals = [VALGRIND_TOTAL.search(log.read_text()) for log in work.glob("valgrind.*")]
    return done, sum(int(found[1].replace(",", "")) for found in totals if found)
