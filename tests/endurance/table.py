"""What a run found, as the tables of docs/never-lose.md."""
import asyncio
import collections
import contextlib
import dataclasses
import datetime
import pathlib
import shlex
import statistics
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

from measure import machine  # noqa: E402

BEGIN, END = "<!-- tests/endurance/run --table writes from here -->", "<!-- to here -->"
# How a client notices: nobody took its connection; the answer to its request did not come whole and right; its connection
# was closed while it wanted nothing; it was told to close it with an answer, and has lost nothing.
REFUSED, FAILED, CLOSED, TOLD = "refused", "failed", "closed", "told to close"
LINES = (("keep-alive: failed requests", FAILED, ("keep-alive",)),
         ("keep-alive: closed between requests", CLOSED, ("keep-alive",)),
         ("keep-alive: told to close, in order", TOLD, ("keep-alive",)),
         ("new connections: failed requests", FAILED, ("new connections",)),
         ("slow downloads that failed", FAILED, ("download, counted", "download, chunked")),
         ("slow uploads that failed", FAILED, ("upload, counted", "upload, chunked")),
         ("WebSockets closed", CLOSED, ("WebSocket",)),
         ("TCP tunnels closed", CLOSED, ("TCP tunnel",)),
         ("connections at rest closed", CLOSED, ("idle",)),
         ("connections that nobody took", REFUSED, None))


@dataclasses.dataclass
class Row:
    """One kind of event, so many times."""

    event: str
    times: int
    patience: float = 0  # seconds that were waited for old processes
    done: int = 0  # answers
    noticed: collections.Counter = dataclasses.field(default_factory=collections.Counter)  # by (how, kind)
    gone: list = dataclasses.field(default_factory=list)  # seconds after the command; None: was still there
    freed: int = 0  # of those that were still there: how many went when their tunnels had ended
    kib: tuple = (0, 0, 0)  # memory before, at its most, after
    silences: list = dataclasses.field(default_factory=list)  # seconds, of each tunnel in each event

    def count(self, how, kinds):
        return sum(number for (which, kind), number in self.noticed.items()
                   if which == how and (kinds is None or kind.partition(" ")[2] in kinds or kind in kinds))

    def lost(self):
        return sum(number for (how, _), number in self.noticed.items() if how != TOLD)

    def stays(self):
        known = [seconds for seconds in self.gone if seconds is not None]
        if not self.gone:
            return "–"
        if len(known) < len(self.gone):
            late = len(self.gone) - len(known)
            rest = "with its last tunnel" if self.freed == late else "even when its tunnels had ended"
            some = f"{late} of {len(self.gone)}: " if known else ""
            return f"{some}after {self.patience:.0f} s still there; ends {rest}"
        return f"{statistics.median(known):.1f} s, {max(known):.1f} s"

    def memory(self):
        return ", ".join(f"{kib / 1024:.0f}" for kib in self.kib)

    def silence(self):
        found = sorted(self.silences)
        if not found:
            return "–"
        return ", ".join(f"{found[min(len(found) - 1, int(len(found) * share))] * 1000:.0f}" for share in (0.5, 0.99, 1))


class Memory:
    """The proportional set size of processes, before, at its most, and after; by asking fifty times a second."""

    def __init__(self, processes):
        self.processes = processes
        self.before = self.most = self.now()
        self.task = asyncio.create_task(self.watch())

    def now(self):
        return machine.pss_kib_of(self.processes())

    async def watch(self):
        while True:
            await asyncio.sleep(0.02)
            self.most = max(self.most, self.now())

    async def end(self):
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task
        after = self.now()
        return self.before, max(self.most, after), after


def lines(cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def render_one(version, rows):
    out = [f"### {version}", "", lines(["", *(row.event for row in rows)]), "|---" * (len(rows) + 1) + "|",
           lines(["times", *(row.times for row in rows)]), lines(["answers meanwhile", *(f"{row.done:,}" for row in rows)])]
    out += [lines([name, *(f"{row.count(how, kinds):,}" for row in rows)]) for name, how, kinds in LINES]
    out.append(lines(["the old process is gone: median, longest", *(row.stays() for row in rows)]))
    out.append(lines(["memory before, at its most, after (MiB)", *(row.memory() for row in rows)]))
    if any(row.silences for row in rows):
        out.append(lines(["longest silence of a tunnel: p50, p99, max (ms)", *(row.silence() for row in rows)]))
    return "\n".join(out)


def render(found, options):
    """`found`: a list of (version, rows)."""
    command = shlex.join(["tests/endurance/run", *sys.argv[1:]])
    head = (f"{datetime.date.today()}, `{command}`: {options.idle:,} connections at rest, {options.clients} clients of each kind "
            f"over HTTP and as many over HTTPS, {options.clients} TCP tunnels. {machine.description()}.")
    return "\n\n".join([head, *(render_one(version, rows) for version, rows in found)])


def write(page, text):
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}", encoding="utf-8")
