"""What many hosts cost, each with a backend of its own: start, memory, and time and instructions per request."""
import contextlib
import random
import statistics

from measure import counts, machine, report
from measure.running import Load, Origin, Proxy
from measure.scenarios import SCENARIOS

LONGEST_START_SECONDS = 1
MOST_INSTRUCTIONS = 1.05  # per request, of those with one host
CASES = ("1 of 1", "1 of many", "half in turn")


class Figures:
    """One peer with one host and with many. Instructions are counted of Seki only."""

    def __init__(self, one, all_hosts):
        self.start_seconds = [proxy.start_seconds for proxy in (one, all_hosts)]
        self.pss_mib = [machine.pss_kib(proxy.pid) / 1024 for proxy in (one, all_hosts)]
        self.cpu_us = {case: [] for case in CASES}  # of one request, in each round
        self.instructions = []

    @property
    def increase(self):
        """(median, low, high): µs that a request costs more when half of the hosts are called in turn."""
        more = [in_turn - one for one, in_turn in zip(self.cpu_us["1 of 1"], self.cpu_us["half in turn"])]
        return statistics.median(more), *report.interval(more)


class LastHost:
    """S1, asking the last of the hosts."""

    def __init__(self, hosts):
        self.options = (*SCENARIOS["S1"].options, "-N", "1", "-h", str(hosts - 1))

    def address(self, site):
        return site.http


def measure(work, chosen, many, rounds):
    """{peer: its figures}, all peers in every round."""
    found, cases = {}, {}
    with contextlib.ExitStack() as stack:
        for name, peer in chosen.items():
            origin = stack.enter_context(Origin(work, hosts=many))  # together they would need too many descriptors
            one, all_hosts = (_start(stack, work, name, peer, origin, hosts) for hosts in (1, many))
            found[name] = Figures(one, all_hosts)
            half = many // 2
            for case, proxy, requests, asks in (
                    ("1 of 1", one, 4000, ("-N", "1")),
                    ("1 of many", all_hosts, 4000, ("-N", "1", "-h", str(many - 1))),
                    ("half in turn", all_hosts, half, ("-N", str(half), "-w", str(many)))):
                cases[name, case] = proxy, _load(stack, work, proxy, *asks), requests
        for _ in range(rounds):
            for name, case in random.sample(list(cases), len(cases)):
                found[name].cpu_us[case].append(_cpu_us(*cases[name, case]))
    found["seki"].instructions = [counts.instructions(work, "seki", chosen["seki"], LastHost(hosts), hosts=hosts)
                                  for hosts in (1, many)]
    return found


def _start(stack, work, name, peer, origin, hosts):
    proxy = Proxy(work, f"{name}-{hosts}", peer, origin.port, hosts=hosts, patience_seconds=60)
    stack.callback(proxy.stop)
    return proxy


def _load(stack, work, proxy, *options):
    made = Load(work, proxy.site.http, "-c", "64", "-w", "4000", "-D", "30", *options)
    stack.callback(made.close)
    return made


def _cpu_us(proxy, generator, requests):
    before = machine.cpu_ns(proxy.pid)
    result = generator.slice(requests)
    assert result["errors"] == result["not_ok"] == 0, result
    return (machine.cpu_ns(proxy.pid) - before) / 1e3 / result["ok"]


def table(found, many):
    head = ["", "start s, 1 host", f"start s, {many:,}", "PSS MiB, 1", f"PSS MiB, {many:,}", "µs/request, 1 of 1",
            f"1 of {many:,}", f"{many // 2:,} in turn", "increase, µs", "instructions, 1 → all"]
    lines = [[name, *(f"{seconds:.2f}" for seconds in figures.start_seconds),
              *(f"{mib:.0f}" for mib in figures.pss_mib),
              *(f"{statistics.median(costs):.1f}" for costs in figures.cpu_us.values()),
              show_increase(figures), " → ".join(f"{count:,.0f}" for count in figures.instructions) or "–"]
             for name, figures in found.items()]
    return report.table(head, lines)


def claims(found, many):
    """[(what is claimed, the figure, whether it holds)]"""
    seki = found["seki"]
    made = [(f"start with {many:,} hosts takes less than {LONGEST_START_SECONDS} s", f"{seki.start_seconds[1]:.2f} s",
             seki.start_seconds[1] < LONGEST_START_SECONDS)]
    more = seki.instructions[1] / seki.instructions[0]
    made.append(("instructions per request are at most 5 % more than with one host", f"{(more - 1) * 100:+.1f} %",
                 more <= MOST_INSTRUCTIONS))
    if "haproxy" in found:
        theirs = found["haproxy"]
        made.append((f"{many // 2:,} hosts called in turn cost at most as much more as with HAProxy",
                     f"{show_increase(seki)} µs, HAProxy {show_increase(theirs)} µs",
                     seki.increase[0] <= theirs.increase[0]))
    return made


def show_increase(figures):
    return "{:+.1f} [{:+.1f} – {:+.1f}]".format(*figures.increase)
