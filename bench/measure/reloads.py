"""Reloads under load: each changes a few of many hosts, and nobody who asks for the others notices."""
import contextlib
import random
import statistics
import time

import control
from control import Request, schema
from measure import report
from measure.running import Load, Origin, Proxy

RELOADS = 100
CHANGED = 100             # hosts in each of them
ASKED = 100               # hosts that are asked for, the first ones; they are never changed
REQUESTS_PER_SECOND = 2000
CONNECTIONS = 64


class File:
    """The configuration of the proxy, of which hosts are changed: their backend has another weight."""

    def __init__(self, path, hosts):
        self._path = path
        before, *self._clusters = path.read_text(encoding="utf-8").split("\n[clusters.web-")
        self._before = before
        assert len(self._clusters) == hosts

    def change(self, numbers, weight):
        for number in numbers:
            head, _, rest = self._clusters[number].partition("backends = [{ address = ")
            address = rest.split('"')[1]
            self._clusters[number] = f'{head}backends = [{{ address = "{address}", weight = {weight} }}]\n'
        self._path.write_text("\n[clusters.web-".join([self._before, *self._clusters]), encoding="utf-8")


def reload(client, numbers):
    """Seconds that it took, and whether it said exactly what was changed."""
    began = time.monotonic()
    answer = client.ask(Request(reload=schema.Reload()))
    took = time.monotonic() - began
    found = {(entry.kind, entry.thing, tuple(entry.fields), entry.name.split(" ")[0].split("/")[0])
             for entry in answer.content.differences.vec}
    wanted = {(schema.CHANGED, "Backend", ("load_balancing_parameters",)) for _ in numbers}
    right = len(answer.content.differences.vec) == len(numbers) and {entry[:3] for entry in found} == wanted
    return took, right


def measure(work, peer, hosts):
    with contextlib.ExitStack() as stack:
        origin = stack.enter_context(Origin(work, hosts=hosts))
        proxy = Proxy(work, f"seki-{hosts}", peer, origin.port, hosts=hosts)
        stack.callback(proxy.stop)
        load = Load(work, proxy.site.http, "-c", str(CONNECTIONS), "-w", "2000", "-N", str(ASKED), "-r",
                    str(REQUESTS_PER_SECOND), "-D", "600")
        stack.callback(load.close)
        client = stack.enter_context(control.Control(str(proxy.site.folder / "command.sock")))
        file = File(proxy.site.folder / "seki.toml", hosts)
        slices, reloads = [], []
        for number in range(RELOADS):
            numbers = random.sample(range(ASKED, hosts), CHANGED)
            file.change(numbers, 101 + number)  # 100 is what they begin with
            load.begin(REQUESTS_PER_SECOND)
            reloads.append(reload(client, numbers))
            slices.append(load.end())
        return slices, reloads


def table(found, hosts):
    slices, reloads = found
    took = [seconds for seconds, _ in reloads]
    return report.table(["", ""], [
        [f"reloads of {hosts:,} hosts, {CHANGED} changed", len(reloads)],
        ["seconds, median and longest", f"{statistics.median(took):.2f}, {max(took):.2f}"],
        ["requests meanwhile", f"{sum(each['ok'] for each in slices):,}"],
        ["failed", sum(each["errors"] + each["not_ok"] for each in slices)],
        ["connections that were closed", sum(each["idle_closes"] for each in slices)],
        ["p99 of a second, median and worst, ms",
         ", ".join(f"{1e-3 * choose([each['p99_us'] for each in slices]):.1f}" for choose in (statistics.median, max))],
    ])


def claims(found):
    slices, reloads = found
    failed = sum(each["errors"] + each["not_ok"] for each in slices)
    closed = sum(each["idle_closes"] for each in slices)
    wrong = sum(not right for _, right in reloads)
    yield "no request fails", failed, failed == 0
    yield "no connection outside the change is closed", closed, closed == 0
    yield "each reload says what was changed, and nothing else", f"{wrong} wrong", wrong == 0
