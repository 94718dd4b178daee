"""What changes cost while many hosts are loaded: CPU time, allocations, bytes on sockets; and what requests notice."""
import contextlib
import itertools
import random
import statistics
import struct

import control
from measure import machine, report
from measure.running import Changer, Load, Origin, Proxy

COUNTED = ("allocations", "bytes allocated", "bytes sent")
PAIRS = 500               # of an addition and its removal, for one figure
NOBODY = 9                # a port that no backend has to be on: nothing is asked of it
MOST_CPU_US = 1000
CHANGES_PER_SECOND = 220
LEAST_RATE = 200
MOST_P99 = 1.1
REQUESTS_PER_SECOND = 5000
SLICE_SECONDS = 1
HOSTS_ASKED = 100


def pairs_of(listener, backend, host=1):
    """{what: (the change, the one that takes it back)}; the cluster of the first two is one that requests go to."""
    rule = control.frontend(listener, "extra.bench.test", f"web-{host}")
    extra = (f"web-{host}", "extra", backend)
    return {
        "backend": (control.add_backend(*extra), control.remove_backend(*extra)),
        "frontend": (control.Request(add_http_frontend=rule), control.Request(remove_http_frontend=rule)),
        "cluster": (control.Request(add_cluster=control.cluster("extra")), control.Request(remove_cluster="extra")),
    }


def pair_of_text(text):
    ip, port = text.split(":")
    return ip, int(port)


@contextlib.contextmanager
def loaded(work, peer, hosts, **how):
    """A proxy with so many hosts, and a client of its command socket."""
    proxy = Proxy(work, f"seki-{hosts}", peer, NOBODY, hosts=hosts, **how)
    try:
        with control.Control(str(proxy.site.folder / "command.sock")) as client:
            yield proxy, client
    finally:
        proxy.stop()


def per_change(proxy, client, pair, meter):
    """What `meter` (numbers that grow) says of one change, over PAIRS pairs of a warm process."""
    for _ in range(2):
        before = meter(proxy)
        for _ in range(PAIRS):
            client.ask(pair[0])
            client.ask(pair[1])
        after = meter(proxy)
    return [(now - then) / (2 * PAIRS) for now, then in zip(after, before)]


def cpu_us(proxy):
    return [machine.cpu_ns(proxy.pid) / 1e3]


def counts_in(folder):
    """A meter that reads what count_calls.cpp writes."""
    def read(proxy):
        files = [(folder / str(pid)).read_bytes() for pid in machine.tree(proxy.pid)]
        return [sum(numbers) for numbers in zip(*(struct.unpack("3Q", data) for data in files))]
    return read


def costs(work, peer, hosts):
    """{what: [CPU µs, *COUNTED] of one change}"""
    folder = work / "counts"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    counting = {"LD_PRELOAD": str(work / "count_calls"), "BENCH_COUNTS": str(folder)}
    found = {}
    for meter, environment in ((cpu_us, {}), (counts_in(folder), counting)):
        with loaded(work, peer, hosts, environment=environment) as (proxy, client):
            listener = pair_of_text(proxy.site.http)
            for what, pair in pairs_of(listener, ("127.0.0.1", NOBODY)).items():
                found.setdefault(what, []).extend(per_change(proxy, client, pair, meter))
    return found


def cost_table(few, many, hosts):
    """One change with few hosts loaded and with many."""
    head = ["a change of a", "hosts", "CPU µs", *COUNTED]
    lines = [[what, f"{count:,}", *(f"{value:.1f}" for value in found[what])]
             for what in few for count, found in zip(hosts, (few, many))]
    return report.table(head, lines)


def cost_claims(few, many, hosts):
    dearest = max(found[0] for found in many.values())
    different = [what for what in few if few[what][1:] != many[what][1:]]
    return [(f"a change with {hosts[1]:,} hosts costs at most {MOST_CPU_US} µs of CPU in all processes",
             f"{dearest:.0f} µs", dearest <= MOST_CPU_US),
            (f"and the same allocations and bytes as with {hosts[0]}", ", ".join(different) or "the same",
             not different)]


def latencies(work, peer, hosts, rounds):
    """[(slice without changes, slice with them, how the changes went)] of each round, in random order within it."""
    with contextlib.ExitStack() as stack:
        origin = stack.enter_context(Origin(work, hosts=hosts))
        proxy = Proxy(work, f"seki-{hosts}", peer, origin.port, hosts=hosts)
        stack.callback(proxy.stop)
        load = Load(work, proxy.site.http, "-c", "64", "-w", "10000", "-N", str(HOSTS_ASKED), "-r",
                    str(REQUESTS_PER_SECOND))
        stack.callback(load.close)
        pairs = pairs_of(pair_of_text(proxy.site.http), ("127.0.0.1", origin.port)).values()
        changer = Changer(work, str(proxy.site.folder / "command.sock"), itertools.chain.from_iterable(pairs),
                          CHANGES_PER_SECOND)
        stack.callback(changer.close)
        return [_round(load, changer) for _ in range(rounds)]


def _round(load, changer):
    def quiet():
        return load.slice(REQUESTS_PER_SECOND * SLICE_SECONDS)

    def busy():
        with changer:
            return quiet()

    slices = {}
    for run in random.sample([quiet, busy], 2):
        slices[run] = run()
    return slices[quiet], slices[busy], changer.told


def latency_table(found):
    head = ["", "p50 µs", "p99 µs", "p99.9 µs", "requests/s", "failed", "changes/s, least"]
    lines = []
    for at, what, changes in ((0, "without changes", "–"), (1, "with changes", f"{_least_rate(found):.0f}")):
        results = [entry[at] for entry in found]
        median = [statistics.median(result[key] for result in results)
                  for key in ("p50_us", "p99_us", "p999_us", "rps")]
        lines.append([what, *(f"{value:,.0f}" for value in median), _failed(results), changes])
    return report.table(head, lines)


def latency_claims(found):
    ratios = [busy["p99_us"] / quiet["p99_us"] for quiet, busy, _ in found]
    ratio = (statistics.median(ratios), *report.interval(ratios))
    failed = _failed([result for entry in found for result in entry[:2]])
    refused = sum(told["failed"] for _, _, told in found)
    return [("no request fails", f"{failed} failed", failed == 0),
            (f"there are at least {LEAST_RATE} changes a second, and none is refused",
             f"{_least_rate(found):.0f}, {refused} refused", _least_rate(found) >= LEAST_RATE and refused == 0),
            (f"p99 with changes is at most {MOST_P99} × p99 without", report.show_ratio(ratio), ratio[0] <= MOST_P99)]


def _least_rate(found):
    return min(told["per_second"] for _, _, told in found)


def _failed(results):
    return sum(result["errors"] + result["not_ok"] for result in results)
