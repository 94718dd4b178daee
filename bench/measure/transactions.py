"""What many changes at once cost: a transaction of 10,000, batches one after another, single changes with an answer each,
memory after many cycles; and the state of many hosts, saved and loaded."""
import time

import control
from control import Request, schema
from measure import begin, machine, report
from measure.changes import NOBODY, loaded, pair_of_text

MANY = 10_000             # in one transaction
PART = 1000               # of them in one frame
SINGLES = 4000            # one after another
CYCLES = 50_000           # of an addition and its removal
FEW_HOSTS = 10
MOST_SECONDS = 1.0        # of a transaction
LEAST_IN_BATCHES = 10_000  # changes a second
LEAST_SINGLES = 1000
MOST_GROWTH_MIB = 2


def additions(listener, count):
    """A host each: a cluster, its frontend and its backend."""
    for number in range(count // 3 + 1):
        name = f"new-{number}"
        yield Request(add_cluster=control.cluster(name))
        yield Request(add_http_frontend=control.frontend(listener, f"{name}.bench.test", name))
        yield control.add_backend(name, "first", ("127.0.0.1", NOBODY))


def removals(listener, count):
    for number in range(count // 3 + 1):
        name = f"new-{number}"
        yield control.remove_backend(name, "first", ("127.0.0.1", NOBODY))
        yield Request(remove_http_frontend=control.frontend(listener, f"{name}.bench.test", name))
        yield Request(remove_cluster=name)


def apply(client, changes):
    """As one, in parts; returns seconds from the first byte to the answer."""
    frames = []
    for start in range(0, len(changes), PART):
        frames.append(schema.ChangeSet(changes=changes[start:start + PART], more=start + PART < len(changes)))
    began, held = time.monotonic(), None
    for frame in frames:
        if held is not None:
            frame.id = held
        held = client.ask(Request(apply_changes=frame)).content.change_set.id
    return time.monotonic() - began


def mib_of(proxy):
    return {pid: begin.own_mib(pid) for pid in machine.tree(proxy.pid)}


def measure(work, peer, hosts):
    found = {}
    with loaded(work, peer, FEW_HOSTS) as (proxy, client):
        listener = pair_of_text(proxy.site.http)
        there = list(additions(listener, MANY))[:MANY]
        back = list(removals(listener, MANY))
        # Those whose last host is not complete cannot be taken back whole.
        complete = MANY // 3
        cpu = machine.cpu_ns(proxy.pid)
        found["seconds"] = apply(client, there)
        found["cpu_us"] = (machine.cpu_ns(proxy.pid) - cpu) / 1e3 / MANY
        apply(client, back[:3 * complete] + [Request(remove_cluster=f"new-{complete}")])
        found["batches"] = batches(client, listener)
        found["singles"] = singles(client)
        found["growth"] = cycles(proxy, client)
    found.update(state_of_many(work, peer, hosts))
    return found


def batches(client, listener):
    """Changes a second, in transactions of 300 that add hosts and of 300 that take them away."""
    there, back = list(additions(listener, 299))[:300], list(removals(listener, 299))[:300]
    count, began = 0, time.monotonic()
    while time.monotonic() - began < 3:
        apply(client, there)
        apply(client, back)
        count += len(there) + len(back)
    return count / (time.monotonic() - began)


def singles(client):
    began = time.monotonic()
    for number in range(SINGLES // 2):
        client.ask(Request(add_cluster=control.cluster(f"one-{number}")))
    for number in range(SINGLES // 2):
        client.ask(Request(remove_cluster=f"one-{number}"))
    return SINGLES / (time.monotonic() - began)


def cycles(proxy, client):
    """By how many MiB the process that grew most did, from the first tenth of the cycles to the end."""
    changes = [Request(add_cluster=control.cluster("turn")),
               control.add_backend("turn", "first", ("127.0.0.1", NOBODY)),
               control.remove_backend("turn", "first", ("127.0.0.1", NOBODY)), Request(remove_cluster="turn")]
    batch = changes * 50
    def turn(count):
        for _ in range(count // 100):
            apply(client, batch)
    turn(CYCLES // 10)
    before = mib_of(proxy)
    turn(CYCLES - CYCLES // 10)
    after = mib_of(proxy)
    return max(after[pid] - mib for pid, mib in before.items())


def state_of_many(work, peer, hosts):
    found = {}
    with loaded(work, peer, hosts) as (proxy, client):
        for form in ("json", "binpb"):
            path = proxy.site.folder / f"state.{form}"
            began = time.monotonic()
            client.ask(Request(save_state=str(path)))
            found[f"save {form}"] = time.monotonic() - began
            found[f"bytes {form}"] = path.stat().st_size
    for form in ("json", "binpb"):
        with loaded(work, peer, FEW_HOSTS) as (proxy, client):
            path = work / "run" / f"seki-{hosts}" / f"state.{form}"
            began = time.monotonic()
            client.ask(Request(load_state=str(path)))
            found[f"load {form}"] = time.monotonic() - began
            found[f"mib {form}"] = sum(mib_of(proxy).values())
    return found


def table(found, hosts):
    lines = [
        [f"a transaction of {MANY:,}", f"{found['seconds']:.2f} s, {found['cpu_us']:.0f} µs of CPU a change"],
        ["batches of 300, changes a second", f"{found['batches']:,.0f}"],
        ["single changes a second, OK each", f"{found['singles']:,.0f}"],
        [f"growth over {CYCLES:,} cycles", f"{found['growth']:.1f} MiB"],
    ]
    for form in ("json", "binpb"):
        lines += [[f"{hosts:,} hosts saved ({form})", f"{found[f'save {form}']:.2f} s, {found[f'bytes {form}'] / 2**20:.0f} MiB"],
                  [f"{hosts:,} hosts loaded ({form})",
                   f"{found[f'load {form}']:.2f} s, then {found[f'mib {form}']:.0f} MiB in all processes"]]
    return report.table(["", ""], lines)


def claims(found):
    yield f"a transaction of {MANY:,} takes less than {MOST_SECONDS} s", f"{found['seconds']:.2f} s", \
        found["seconds"] < MOST_SECONDS
    yield f"{LEAST_IN_BATCHES:,} changes a second in batches", f"{found['batches']:,.0f}", \
        found["batches"] >= LEAST_IN_BATCHES
    yield f"{LEAST_SINGLES:,} single changes a second", f"{found['singles']:,.0f}", found["singles"] >= LEAST_SINGLES
    yield f"{CYCLES:,} cycles leave memory flat", f"{found['growth']:+.1f} MiB", found["growth"] < MOST_GROWTH_MIB
