"""Timings of one sample by all packages, results compared, and their table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import bench_r as r
import numpy as np
from bench_peers import Peer, installed, prepared
from bench_samples import Sample, clock, ours
from machine import table

TOLERANCES = {"cox": 1e-5, "fine-gray": 1e-5}
"""Differences up to which fitted coefficients are the same, relative to the largest: fits stop at different points."""
EXACT = 1e-8
"""The same for what is computed in closed form."""

NAMES = {
    "km": "Kaplan-Meier",
    "logrank": "log-rank test",
    "cox": "Cox model, Efron",
    "fine-gray": "Fine-Gray model",
    "incidence": "cumulative incidence",
    "gray": "cumulative incidence by group and Gray's test of both causes",
}


@dataclass(frozen=True)
class Timing:
    """A call that was timed; `seconds` is None where the package is not installed or the call was not made."""

    estimate: str
    n: int
    package: str
    call: str
    seconds: float | None
    difference: float | None = None


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def difference(estimate: str, expected: Sequence[float], found: Sequence[float], who: str) -> float:
    """The largest difference relative to the largest number; stop if the results are not the same."""
    mine, theirs = np.asarray(expected), np.asarray(found)
    size = float(np.max(np.abs(mine - theirs)) / np.max(np.abs(mine)))
    if not size <= TOLERANCES.get(estimate, EXACT):
        raise SystemExit(f"{NAMES[estimate]}: {mine.tolist()} here and {theirs.tolist()} by {who}")
    return size


class Bench:
    """Timings of one sample, of as many of its first participants as each package can bear."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.timings: list[Timing] = []
        self.expected: dict[tuple[str, int], list[float]] = {}

    def ours(self, estimate: str, n: int) -> None:
        """Time Equipoise, once for each size."""
        if (estimate, n) in self.expected:
            return
        work = ours(estimate, self.sample.first(n))
        self.expected[estimate, n] = work()
        seconds = clock(work)
        say(f"{NAMES[estimate]} n = {n:,}: {shown(seconds)}")
        self.timings.append(Timing(estimate, n, "**Equipoise**", "", seconds))

    def add(self, timing: Timing, values: Sequence[float]) -> None:
        """Keep another package's timing if its values are Equipoise's."""
        expected = self.expected[timing.estimate, timing.n]
        found = difference(timing.estimate, expected, values, f"{timing.package} {timing.call}")
        say(f"    {timing.package} {timing.call}: {shown(timing.seconds)}")
        self.timings.append(replace(timing, difference=found))
        self.ours_again(timing.estimate, timing.n)

    def ours_again(self, estimate: str, n: int) -> None:
        """Time Equipoise once more: other work seldom leaves it every core at one given moment."""
        seconds = clock(ours(estimate, self.sample.first(n)))
        for place, timing in enumerate(self.timings):
            if (timing.estimate, timing.n, timing.call) == (estimate, n, ""):
                self.timings[place] = replace(timing, seconds=min(seconds, timing.seconds or seconds))

    def r(self, calls: Sequence[r.RCall], n: int) -> None:
        """Time calls of R, all in one process."""
        for call in calls:
            self.ours(call.estimate, n)
        found = r.r_says(self.sample.first(n), calls)
        for call in calls:
            absent = Timing(call.estimate, n, f"R {call.package}", call.call, None)
            if call.key in found:
                seconds, values = found[call.key]
                self.add(replace(absent, seconds=seconds), values)
            else:
                self.timings.append(absent)

    def peer(self, peer: Peer) -> None:
        """Time a Python package."""
        self.ours(peer.estimate, peer.size)
        absent = Timing(peer.estimate, peer.size, peer.package, peer.call, None)
        if not installed(peer.package):
            self.timings.append(absent)
            return
        work = prepared(peer, self.sample.first(peer.size))
        values = work()
        self.add(replace(absent, seconds=clock(work)), values)

    def seconds(self, estimate: str, n: int, call: str = "") -> float | None:
        """Seconds of a call, by default of Equipoise."""
        for timing in self.timings:
            if (timing.estimate, timing.n, timing.call) == (estimate, n, call):
                return timing.seconds
        return None

    def table(self) -> str:
        """All timings: by estimate, the largest samples first, Equipoise above the packages with the same data."""
        order = list(NAMES)
        rows = []
        for t in sorted(self.timings, key=lambda t: (order.index(t.estimate), -t.n)):
            mine = self.seconds(t.estimate, t.n)
            ratio = "" if t.seconds is None or mine is None else f"{t.seconds / mine:,.1f}"
            gap = "" if t.difference is None else f"{t.difference:.0e}"
            rows.append([NAMES[t.estimate], f"{t.n:,}", t.package, t.call, shown(t.seconds), ratio, gap])
        return table(["estimate", "n", "package", "call", "time", "times Equipoise's", "difference in result"], rows)


def shown(seconds: float | None) -> str:
    """Seconds in a unit that suits them."""
    if seconds is None:
        return ""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{1e9 * seconds:.0f} ns"
