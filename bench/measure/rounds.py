"""Interleaved rounds: in each, every proxy gets one slice, in random order, so that a noisy second hits all alike."""
import contextlib
import random
import time

from measure import machine
from measure.running import Load, Origin, Proxy

FIELDS = ("scenario", "peer", "round", "cpu_us", "rps", "p50_us", "p99_us", "utilisation", "ok", "errors", "not_ok")


def run(work, peers, scenario, count, tell):
    """(rows of FIELDS, {peer: (user, system) µs per request}) of one scenario."""
    rows, split = [], {}
    order = random.Random(scenario.name)
    with contextlib.ExitStack() as stack:
        origin = stack.enter_context(Origin(work))
        running = {name: _start(work, stack, name, peers[name], origin, scenario)
                   for name in scenario.peers if name in peers}
        before = {name: machine.cpu_split_us(proxy.pid) for name, (proxy, _) in running.items()}
        for number in range(count):
            names = list(running)
            order.shuffle(names)
            for name in names:
                rows.append({"scenario": scenario.name, "peer": name, "round": number,
                             **_measure(*running[name], scenario.requests)})
            if (number + 1) % 10 == 0:
                tell(f"{scenario.name}: {number + 1} of {count} rounds")
        for name, (proxy, _) in running.items():
            requests = max(1, sum(row["ok"] for row in rows if row["peer"] == name))
            after = machine.cpu_split_us(proxy.pid)
            split[name] = tuple((now - then) / requests for now, then in zip(after, before[name]))
    return rows, split


def _start(work, stack, name, peer, origin, scenario):
    proxy = Proxy(work, name, peer, origin.port)
    stack.callback(proxy.stop)
    load = Load(work, scenario.address(proxy.site), "-D", "20", *scenario.options)
    stack.callback(load.close)
    return proxy, load


def _measure(proxy, load, requests):
    before = machine.cpu_ns(proxy.pid)
    result = load.slice(requests)
    time.sleep(0.005)  # what it does after the last byte belongs to it
    spent_ns = machine.cpu_ns(proxy.pid) - before
    return {
        "cpu_us": round(spent_ns / 1e3 / max(1, result["ok"]), 3),
        "rps": round(result["rps"]),
        "p50_us": result["p50_us"],
        "p99_us": result["p99_us"],
        "utilisation": round(spent_ns / 1e9 / max(1e-9, result["elapsed_s"]), 3),
        **{key: result[key] for key in ("ok", "errors", "not_ok")},
    }
