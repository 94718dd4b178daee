"""Tables from raw rounds. A ratio is the median of the ratios within each round, with a bootstrap 95 % interval."""
import random
import statistics

REFERENCES = ("haproxy", "nginx")
BOOTSTRAPS = 1000


def interval(values):
    draw = random.Random(7)
    medians = sorted(statistics.median(draw.choices(values, k=len(values))) for _ in range(BOOTSTRAPS))
    return medians[int(BOOTSTRAPS * 0.025)], medians[int(BOOTSTRAPS * 0.975)]


def ratio(rows, peer, reference):
    """(median, low, high) of the peer's CPU time over the reference's in the same round; None for itself."""
    if peer == reference:
        return None
    base = {row["round"]: row["cpu_us"] for row in rows if row["peer"] == reference}
    values = [row["cpu_us"] / base[row["round"]] for row in rows if row["peer"] == peer and base.get(row["round"])]
    return (statistics.median(values), *interval(values)) if values else None


def show_ratio(found):
    return "{:.2f} [{:.2f}–{:.2f}]".format(*found) if found else "–"


def table(head, lines):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head),
                      *("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)]) + "\n"


def verdict(claims):
    """Claims, each (what, figure, whether it holds), in lines."""
    return "\n".join(f"{'holds' if holds else 'DOES NOT HOLD'}: {what}: {figure}" for what, figure, holds in claims)


def scenario_table(rows, split):
    """The cost of one scenario, cheapest first."""
    references = [name for name in REFERENCES if any(row["peer"] == name for row in rows)]
    lines = []
    for peer in dict.fromkeys(row["peer"] for row in rows):
        mine = [row for row in rows if row["peer"] == peer]
        median = {key: statistics.median(row[key] for row in mine)
                  for key in ("cpu_us", "rps", "p50_us", "p99_us", "utilisation")}
        user, system = split[peer]
        failed = sum(row["errors"] + row["not_ok"] for row in mine)
        lines.append((median["cpu_us"], [
            peer, f"{median['cpu_us']:.1f}", f"{user:.1f}", f"{system:.1f}",
            *(show_ratio(ratio(rows, peer, reference)) for reference in references),
            f"{median['rps']:,.0f}", f"{median['p50_us']:,.0f}", f"{median['p99_us']:,.0f}",
            f"{median['utilisation']:.2f}", failed]))
    head = ["", "CPU µs/request", "user", "system", *(f"÷ {name}" for name in references),
            "requests/s", "p50 µs", "p99 µs", "CPU used", "failed"]
    return table(head, [line for _, line in sorted(lines, key=lambda item: item[0])])


def calls_table(calls):
    """{(scenario, peer): {call: times}} as a table."""
    return table(["", "", "system calls/request", "which"],
                 [[scenario, peer, f"{sum(counts.values()):.2f}",
                   ", ".join(f"{call} {times:.2f}" for call, times in counts.items() if times >= 0.005)]
                  for (scenario, peer), counts in calls.items()])
