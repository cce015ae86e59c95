"""Speed: the estimators beside R, lifelines, scikit-survival and statsmodels, simulated trials and boundaries beside
rpact, their growth, compilation, and a rehearsal.

All packages are given the same data in one run. Results are compared before times are believed: a difference is an
error and no page is written. The cells of packages that are not installed stay empty. Writes Markdown to
docs/validation/speed.md.

Run: python scripts/bench.py [--out docs/validation]
     python scripts/bench.py --only design [--quick]     one part, printed and not written

EQUIPOISE_BENCH_LONG=1 also runs R's `crr` on 20,000 participants and 1e8 simulated trials, which are left out
otherwise: about eight minutes each.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from textwrap import fill

import bench_r as r
import numpy as np
from bench_compilation import compilation_part
from bench_design import design_part
from bench_growth import MEASURED, Growth, growths
from bench_peers import COMPETING, LARGE, SMALL, installed
from bench_samples import SLOW, SLOWEST, Sample, clock
from bench_targets import MILLION, growth_targets, speed_targets
from bench_timings import EXACT, NAMES, TOLERANCES, Bench, shown
from machine import stamp, table
from targets import Target, judged, target_table

from equipoise.protocol import load
from equipoise.rehearsal import analyse_rehearsal, rehearse

Part = Callable[[], tuple[str, list[Target]]]
"""Measures something; its section of the page and its targets."""
LONG = 120.0
"""Seconds beyond which a call of R is foretold rather than made, unless asked for by the next."""
LONG_SWITCH = "EQUIPOISE_BENCH_LONG"
"""The environment variable that asks for it, if 1."""


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
    if foretold < LONG or os.environ.get(LONG_SWITCH) == "1":
        bench.r([r.CRR], 20_000)
        return bench, ""
    note = (
        f"`crr` takes {whole / half:.1f} times as long for 5,000 as for 2,500 participants. For 20,000 it would take "
        f"about {foretold:,.0f} s by that growth and was not run; it is with `{LONG_SWITCH}=1`."
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


def rehearsal_rows() -> list[list[str]]:
    protocol = load("jcog1017")
    rehearsal = rehearse(protocol, seed=1)
    analyse_rehearsal(rehearsal)
    rehearsing = clock(lambda: rehearse(protocol, seed=1), 3)
    analysing = clock(lambda: analyse_rehearsal(rehearsal), 3)
    return [
        [f"rehearsal of jcog1017 (570 registrations, {len(rehearsal.journal):,} entries)", f"{rehearsing:.2f}"],
        ["its data sets and all its analyses", f"{analysing:.2f}"],
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


def estimators_part() -> tuple[str, list[Target]]:
    """The sections on estimators and their targets."""
    big = large()
    sort = clock(lambda: np.argsort(big.sample.time))
    few = small()
    causes, crr_note = competing()
    found = growths()
    targets = [*speed_targets(big, few, causes, sort), *growth_targets(found)]
    text = f"""## How the estimators were measured

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

## Growth of the estimators

One covariate. Each row in a process of its own. Memory is the highest during the call beyond what the process held
before it, result included, over the size of the input (which is not in it: add 1 to count it); it is measured
from n = {MEASURED:,} on, below which what the interpreter keeps in reserve hides it, and on Linux only.

{growth_table(found)}
"""
    return text, targets


def rehearsal_part() -> tuple[str, list[Target]]:
    """The section on a rehearsal, which has no target."""
    return f"## A rehearsal\n\n{table(['what', 'seconds'], rehearsal_rows())}\n", []


def parts(*, quick: bool) -> dict[str, Part]:
    """What there is to be measured, by name, in the order of the page."""
    long = os.environ.get(LONG_SWITCH) == "1"
    return {
        "estimators": estimators_part,
        "design": lambda: design_part(quick=quick, long=long, switch=LONG_SWITCH),
        "compilation": compilation_part,
        "rehearsal": rehearsal_part,
    }


def page(chosen: Mapping[str, Part]) -> tuple[str, list[Target]]:
    """What is measured, as Markdown, and its targets."""
    busy, began = load_average(), time.perf_counter()
    measured = [part() for part in chosen.values()]
    targets = [target for _, own in measured for target in own]
    minutes = (time.perf_counter() - began) / 60
    text = f"""# Speed

{stamp("numpy", "numba", "equipoise")}
{fill("Beside: " + versions(), 120)}

Made by `make bench` in {minutes:.1f} minutes. One sample on one machine that other work was using too: processes at
work in the minute before the run {busy} on average, in its last minute {load_average()}, the benchmark's own included.
Read the figures as orders of magnitude, and a target narrowly reached or missed as open.

## Targets

{target_table(targets)}

"""
    return text + "\n".join(section for section, _ in measured), targets


def main() -> None:
    parser = argparse.ArgumentParser(
        description="Time the estimators, simulated trials and boundaries beside other packages, and a rehearsal.",
        epilog=f"With {LONG_SWITCH}=1 in the environment also R's crr on 20,000 participants and 1e8 simulated trials: "
        "about eight minutes each.",
    )
    every = parts(quick=False)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "docs" / "validation")
    parser.add_argument("--only", choices=every, help="measure this part and print it; no page is written")
    parser.add_argument("--quick", action="store_true", help="with --only design: few trials, to see that it works")
    options = parser.parse_args()
    if options.quick and options.only != "design":
        parser.error("--quick goes with --only design")
    chosen = parts(quick=options.quick)
    text, targets = page(chosen if options.only is None else {options.only: chosen[options.only]})
    if options.only is None:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "speed.md").write_text(text, encoding="utf-8")
    print(text)
    judged("Speed", targets)


if __name__ == "__main__":
    main()
