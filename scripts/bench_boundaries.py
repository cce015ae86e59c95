"""Speed of group-sequential boundaries beside R's rpact, where it is installed."""

from __future__ import annotations

from bench_samples import clock
from bench_timings import shown
from rpact_designs import Answer, Design, rpact_says
from targets import Target, within

FIVE = (0.2, 0.4, 0.6, 0.8, 1.0)
MOST = 2e-3
"""Seconds that five looks may take."""
TIMED = (
    Design(FIVE, "spending:obrien-fleming", runs=50),
    Design(FIVE, "spending:hsd:-4", alpha=0.05, sides=2, runs=50),
    Design(FIVE, "obrien-fleming", runs=50),
    Design(FIVE, "pocock", runs=50),
    Design(FIVE, "spending:obrien-fleming", futility="spending:hsd:-2", runs=10),
    Design(FIVE, "spending:obrien-fleming", futility="spending:hsd:-2", binding=True, runs=10),
)


def words(design: Design) -> str:
    """A design as the reader knows it."""
    sides = "one-sided" if design.sides == 1 else "two-sided"
    futility = f", futility {design.futility}, {'binding' if design.binding else 'not binding'}"
    return f"{design.bounds}, {sides}" + (futility if design.futility else "")


def boundary_seconds() -> list[tuple[Design, float, Answer | None]]:
    """Each design with the seconds of our call and rpact's answer; their bounds agree or nothing is believed."""
    answers = rpact_says(TIMED)
    rows: list[tuple[Design, float, Answer | None]] = []
    for i, design in enumerate(TIMED):
        answer = None if answers is None else answers[i]
        if answer is not None and max(abs(design.ours().critical_values - answer.critical)) > 1e-5:
            raise SystemExit(f"{words(design)}: rpact's bounds are {answer.critical}")
        rows.append((design, clock(design.ours), answer))
    return rows


def boundary_rows(found: list[tuple[Design, float, Answer | None]]) -> list[list[str]]:
    """Cells of a table: design, our time, rpact's, how many times as fast."""
    rows = []
    for design, ours, answer in found:
        theirs = None if answer is None else answer.seconds
        times = "" if theirs is None else f"{theirs / ours:,.0f}"
        rows.append([words(design), shown(ours), shown(theirs), times])
    return rows


def boundary_target(found: list[tuple[Design, float, Answer | None]]) -> Target:
    """Five looks in under two milliseconds, whatever their rule."""
    design, slowest, _ = max(found, key=lambda row: row[1])
    return within(
        f"boundaries for five looks: under {1e3 * MOST:.0f} ms a call",
        slowest,
        MOST,
        f"{shown(slowest)} at most ({words(design)})",
    )


HEADINGS = ["five looks", "Equipoise", "rpact", "times as fast"]
