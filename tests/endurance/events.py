"""What happens to a product while clients of every kind are connected to it, and what they notice of that."""
import asyncio
import collections
import pathlib
import random
import time

import table
from load import Load, Tunnels


def runs(pid):
    """Who has ended may not have been reaped yet, by whoever that falls to."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


async def gone_after(pids, patience_seconds):
    """Seconds until none of them is there; None: some still are."""
    begun = time.monotonic()
    while any(runs(pid) for pid in pids):
        if time.monotonic() - begun > patience_seconds:
            return None
        await asyncio.sleep(0.01)
    return time.monotonic() - begun


async def happen(product, loads, name, acts, silence=None):
    """What clients noticed meanwhile, how soon processes that were replaced had ended, what memory all took."""
    losses = loads[0].losses
    row = table.Row(name, len(acts), product.PATIENCE_SECONDS)
    before, done = collections.Counter(losses.noticed), sum(losses.done.values())
    memory = table.Memory(product.processes)
    for act in acts:
        old = set((await product.running()).values())
        if silence:
            await silence.begin(product.ports[3])
        begun = time.monotonic()
        replaced = await act()
        if replaced is None:
            replaced = old - set((await product.running()).values())
        ended = await gone_after(replaced, product.PATIENCE_SECONDS)
        if replaced:
            row.gone.append(None if ended is None else time.monotonic() - begun)
        if silence:
            row.silences += await silence.end()
            await asyncio.sleep(random.uniform(0, product.pause))
        else:
            await renew_tunnels(product, loads, replaced, row)
    for load in loads:
        await load.wake_idle()
    row.kib = await memory.end()
    row.noticed, row.done = losses.noticed - before, sum(losses.done.values()) - done
    say(row)
    return row


async def renew_tunnels(product, loads, replaced, row):
    """Of who leaves them where they are: in each event it has some, whatever became of those before."""
    for load in loads:
        load.turn += 1
    if row.gone and row.gone[-1] is None:
        row.freed += await gone_after(replaced, product.PATIENCE_SECONDS) is not None
    await asyncio.sleep(0.3)


def say(row):
    kinds = ", ".join(f"{count} × {kind} {how}" for (how, kind), count in sorted(row.noticed.items()))
    late = row.gone.count(None)
    gone = f"{late} of {len(row.gone)} later than {row.patience} s" if late else f"{max(row.gone, default=0):.2f} s"
    print(f"| {row.event} | {row.times} | {row.done} | {row.lost()} | {kinds} | {gone} |", flush=True)


async def under_load(product, options, losses, act):
    """Starts it, has clients of every kind, and awaits act(loads)."""
    try:
        await product.start()
        loads = [Load(product.ports[0], False, losses, options.clients, options.idle // 2),
                 Load(product.ports[1], True, losses, options.clients, options.idle - options.idle // 2),
                 Tunnels(product.ports[2], False, losses, options.clients, 0)]
        for load in loads[:2]:
            await load.open_idle()
        for load in loads:
            load.begin()
        await asyncio.sleep(2)
        print(f"{product.version()}\n\n| What happens | times | answered meanwhile | lost | of them | old processes gone |\n"
              "|---|---|---|---|---|---|", flush=True)
        await act(loads)
        for load in loads:
            await load.end()
        print()
        for (kind, reason), count in losses.reasons.most_common(20):
            print(f"    {count} × {kind}: {reason}")
    finally:
        await product.stop()
