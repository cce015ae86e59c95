"""Speed: the estimators beside R, lifelines, scikit-survival and statsmodels, their growth, and a rehearsal.

All packages are given the same data in one run. Results are compared before times are believed: a difference is an
error and no page is written. The cells of packages that are not installed stay empty. Writes Markdown to
docs/validation/speed.md.

Run: python scripts/bench.py [--out docs/validation]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

import bench_r as r
import numpy as np
from bench_growth import MEASURED, Growth, growths
from bench_peers import COMPETING, LARGE, SMALL, installed
from bench_samples import SLOW, SLOWEST, Sample, clock
from bench_targets import MILLION, Target, growth_targets, speed_targets, within
from bench_timings import EXACT, NAMES, TOLERANCES, Bench, shown
from machine import stamp, table

from equipoise.protocol import load
from equipoise.rehearsal import analyse_rehearsal, rehearse

LONG = 120.0
"""Seconds beyond which a call of R is foretold rather than made."""


def large() -> Bench:
    """A million participants, five covariates."""
    bench = Bench(Sample.draw(MILLION, 5))
    bench.r([r.KM, r.LOGRANK, r.COXPH, r.COXPH_FIT, r.COXFIT6], MILLION)
    for peer in LARGE:
        bench.peer(peer)
    return bench


def small() -> Bench:
    """Four hundred participants, three covariates."""
    bench = Bench(Sample.draw(400, 3))
    bench.r([r.LOGRANK, r.COXPH, r.COXPH_FIT, r.COXFIT6], 400)
    for peer in SMALL:
        bench.peer(peer)
    return bench


def competing() -> tuple[Bench, str]:
    """Two causes, three covariates; and what is to be said of crr."""
    bench = Bench(Sample.draw(MILLION, 3))
    for n in (20_000, MILLION):
        bench.r([r.CUMINC, r.CUMINC_ONE], n)
    for peer in COMPETING:
        bench.peer(peer)
    for n in (2_500, 5_000):
        bench.r([r.CRR], n)
    bench.ours("fine-gray", 20_000)
    half, whole = (bench.seconds("fine-gray", n, r.CRR.call) for n in (2_500, 5_000))
    if half is None or whole is None:
        return bench, ""
    foretold = whole * (whole / half) ** 2
    if foretold < LONG:
        bench.r([r.CRR], 20_000)
        return bench, ""
    note = (
        f"`crr` takes {whole / half:.1f} times as long for 5,000 as for 2,500 participants. For 20,000 it would take "
        f"about {foretold:,.0f} s by that growth and was not run."
    )
    return bench, note


def growth_table(found: Sequence[Growth]) -> str:
    rows = []
    for growth in found:
        memory = "" if growth.memory is None else f"{growth.memory:.1f}"
        size, seconds = f"{growth.n:,}", shown(growth.seconds)
        unit, sort = f"{growth.per_comparison:.2f} ns", shown(growth.argsort)
        rows.append([NAMES[growth.estimate], size, seconds, unit, sort, memory])
    return table(["estimate", "n", "time", "time / (n log2 n)", "one argsort", "memory beside the input / input"], rows)


@dataclass(frozen=True)
class FirstUse:
    """Seconds of calling every family of kernels in a fresh interpreter, and how many kernels that used."""

    seconds: float
    processor: float
    used: int
    made: int

    @classmethod
    def measured(cls, cache: Path) -> FirstUse:
        program = Path(__file__).with_name("bench_first_use.py")
        environment = os.environ | {"EQUIPOISE_CACHE": str(cache)}
        command = [sys.executable, str(program)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        seconds, processor, used, made = done.stdout.split()
        return cls(float(seconds), float(processor), int(used), int(made))


def compilation() -> tuple[list[list[str]], Target]:
    """Rows and the target of compiling the whole package."""
    with tempfile.TemporaryDirectory() as folder:
        cold, warm = FirstUse.measured(Path(folder)), FirstUse.measured(Path(folder))
    kernels = f"{cold.used} of {cold.made} kernels"
    rows = [
        [
            f"every family of kernels called in a fresh interpreter, empty cache ({kernels})",
            f"{cold.seconds:.2f}",
            f"{cold.processor:.2f}",
        ],
        ["the same with all kernels from the cache", f"{warm.seconds:.2f}", f"{warm.processor:.2f}"],
    ]
    words = "compilation of the whole package: under 20 s cold"
    text = (
        f"{cold.processor:.1f} s of processor time for {kernels}, imports and estimates included; "
        f"{cold.seconds:.1f} s on the clock, beside other work"
    )
    return rows, within(words, cold.processor, 20, text)


def rehearsal_rows() -> list[list[str]]:
    protocol = load("jcog1017")
    rehearsal = rehearse(protocol, seed=1)
    analyse_rehearsal(rehearsal)
    rehearsing = clock(lambda: rehearse(protocol, seed=1), 3)
    analysing = clock(lambda: analyse_rehearsal(rehearsal), 3)
    return [
        [f"rehearsal of jcog1017 (570 registrations, {len(rehearsal.journal):,} entries)", f"{rehearsing:.2f}", ""],
        ["its data sets and all its analyses", f"{analysing:.2f}", ""],
    ]


def versions() -> str:
    """Packages compared with, and those that are absent."""
    peers = {peer.package: installed(peer.package) for peer in LARGE}
    python = [f"{name} {number or 'not installed'}" for name, number in peers.items()]
    others = [f"{name} {number}" for name, number in r.versions().items()] or ["R not installed"]
    return ", ".join(python + others) + "."


def load_average() -> str:
    """Processes at work in the last minute, where the system says."""
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def page() -> str:
    """Everything that is measured, as Markdown."""
    busy, began = load_average(), time.perf_counter()
    big = large()
    sort = clock(lambda: np.argsort(big.sample.time))
    few = small()
    causes, crr_note = competing()
    found = growths()
    compiled, compile_target = compilation()
    seconds = [*compiled, *rehearsal_rows()]
    targets = [*speed_targets(big, few, causes, sort), *growth_targets(found), compile_target]
    minutes = (time.perf_counter() - began) / 60
    return f"""# Speed

{stamp("numpy", "numba", "equipoise")}
{fill("Beside: " + versions(), 120)}

Made by `make bench` in {minutes:.1f} minutes. One sample on one machine that other work was using too: processes at
work in the minute before the run {busy} on average, in its last minute {load_average()}, the benchmark's own included.
Read the figures as orders of magnitude, and a target narrowly reached or missed as open.

## Targets

{table(["target", "found", ""], [target.cells() for target in targets])}

## How it was measured

- All packages are given the same participants: two groups, normal covariates, exponential survival, censoring, no ties.
- Results are compared first; were one different there would be no page. The last column is the largest difference from
  Equipoise's result relative to the largest number in it. It may be {EXACT:g} for what is computed in closed form and
  {TOLERANCES["cox"]:g} for fitted coefficients, since fits stop at different points. Compared are survival or incidence
  at month 24, test statistics, and coefficients.
- The fastest of several runs counts; calls of more than {SLOW:g} s are run three times and those of
  more than {SLOWEST:g} s once. Equipoise has been called before, so its kernels are compiled; it is
  timed before and after each other package, since other work seldom leaves it every core at one given moment.
- Equipoise's times hold everything that a user pays for: checking and copying the input, sorting, the estimate and its
  result. Data frames and other forms of input that a package wants are made before its clock starts. Equipoise uses
  every core, R one.
- Packages that slow down with n are given the first participants only: as many as they can bear in a few seconds. The
  row of Equipoise above them is for the same participants.
- An empty time means that the package is not installed.

## A million participants, five covariates

{big.table()}

One `argsort` of the million times by numpy: {shown(sort)}.

## Four hundred participants, three covariates

{few.table()}

## Competing risks: two causes, three covariates

{causes.table()}

{fill(crr_note, 120)}

## Growth

One covariate. Each row in a process of its own. Memory is the highest during the call beyond what the process held
before it, result included, over the size of the input (which is not in it: add 1 to count it); it is measured
from n = {MEASURED:,} on, below which what the interpreter keeps in reserve hides it, and on Linux only.

{growth_table(found)}

## Compilation and a rehearsal

{table(["what", "seconds", "of processor time"], seconds)}
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the estimators beside other packages, and a rehearsal.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "docs" / "validation")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    text = page()
    (options.out / "speed.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
