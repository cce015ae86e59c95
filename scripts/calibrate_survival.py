"""Size of the tests and coverage of the intervals of `equipoise.survival`, by simulation.

Each replicate draws a two-arm trial whose truth is known, with its own random stream. Times are exponential, so that
survival, restricted means, incidences and hazard ratios have closed forms. The page says what was found beside what
was promised and the Monte-Carlo error of finding it; and of what departs from it, whether that goes as trials grow and
whether R finds the same.

Run: python scripts/calibrate_survival.py                      write docs/validation/survival_calibration.md
     python scripts/calibrate_survival.py --replicates 500     fewer replicates
"""

from __future__ import annotations

import argparse
import datetime
import math
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from textwrap import fill
from typing import get_args

import numpy as np
from numpy.typing import NDArray
from survival_departures import (
    INCIDENCE,
    PER_ARM,
    RATIO,
    SAME_TRIALS,
    Table,
    exact_coverage,
    larger_coverages,
    larger_sizes,
    same_trials,
)
from survival_trials import AT, CONTROL, OTHER, SEED, TAU, Trial, draw, draw_subdistribution, streams

from equipoise import survival
from equipoise.errors import DataError
from equipoise.survival._bands import ConfType

PAGE = Path(__file__).parent.parent / "docs" / "validation" / "survival_calibration.md"
REPLICATES = 5000
LEVEL = 0.95
CONF_TYPES = get_args(ConfType)


# Size of the tests ------------------------------------------------------------------------------------------------

TESTS: dict[str, Callable[[Trial], float]] = {
    "log-rank": lambda t: survival.logrank(t.time, t.event, t.arm).p_value,
    "log-rank, stratified": lambda t: survival.logrank(t.time, t.event, t.arm, strata=t.stratum).p_value,
    "log-rank, late weights (0, 1)": lambda t: survival.logrank(t.time, t.event, t.arm, gamma=1).p_value,
    "log-rank, modest weights (t* 0.6)": lambda t: survival.logrank(t.time, t.event, t.arm, t_star=AT).p_value,
    "max-combo": lambda t: survival.max_combo(t.time, t.event, t.arm).p_value,
    "max-combo, one-sided": lambda t: survival.max_combo(t.time, t.event, t.arm, sides=1).p_value,
    "trend over three groups": lambda t: survival.logrank_trend(t.time, t.event, (t.stratum * 7 + t.arm) % 3).p_value,
    "Cox, Wald": lambda t: float(survival.cox(t.time, t.event, t.arm).p_value[0]),
    "Fine-Gray, Wald": lambda t: float(survival.fine_gray(t.time, t.cause, t.arm).p_value[0]),
    "Gray": lambda t: survival.gray_test(t.time, t.cause, t.arm).p_value,
    "Gray, stratified": lambda t: survival.gray_test(t.time, t.cause, t.arm, strata=t.stratum).p_value,
    "milestone difference": lambda t: difference_p(survival.milestone(t.time, t.event, t.arm, at=AT)),
    "RMST difference": lambda t: difference_p(survival.rmst(t.time, t.event, t.arm, tau=TAU)),
    "win ratio": lambda t: survival.win_ratio([(t.time, t.event)], t.arm).ratio.p_value,
}


def difference_p(result: survival.Milestone | survival.Rmst) -> float:
    """The p-value of a difference of two arms."""
    return math.nan if result.difference is None else result.difference.p_value


def sizes(replicates: int, n: int, *, strata: bool) -> list[tuple[str, float, int]]:
    """The share of trials without any effect in which each test has p < 0.05, and of how many."""
    rejected = dict.fromkeys(TESTS, 0)
    counted = dict.fromkeys(TESTS, 0)
    for rng in streams(replicates, f"size{n}{strata:d}"):
        trial = draw(rng, n, strata=strata, competing=True)
        for name, test in TESTS.items():
            try:
                p = test(trial)
            except DataError:  # a sample without the events that the test needs
                p = math.nan
            counted[name] += not math.isnan(p)
            rejected[name] += p < 1.0 - LEVEL
    return [(name, rejected[name] / counted[name], counted[name]) for name in TESTS]


# Coverage of the intervals ----------------------------------------------------------------------------------------

Limits = tuple[float, float, float]
"""Lower and upper limit and the truth."""


def one_arm_intervals(trial: Trial) -> Iterator[tuple[str, Limits]]:
    """Intervals of a single arm with one cause, hazard `CONTROL`."""
    time, event = trial.time, trial.event
    truth = math.exp(-CONTROL * AT)
    for conf_type in CONF_TYPES:
        curve = survival.kaplan_meier(time, event, conf_type=conf_type)
        at = curve.at(AT)
        yield f"Kaplan-Meier at 0.6, {conf_type}", (at.conf_low[0], at.conf_high[0], truth)
        if conf_type == "log-log":
            median = curve.median
            high = math.inf if math.isnan(median.conf_high) else median.conf_high
            yield "median, log-log band", (median.conf_low, high, math.log(2.0) / CONTROL)
            later = curve.conditional(0.3).at(AT)
            yield "survival at 0.6 given 0.3", (later.conf_low[0], later.conf_high[0], math.exp(-CONTROL * (AT - 0.3)))
            mean = curve.rmst(TAU)
            yield "RMST to 0.75", (mean.conf_low, mean.conf_high, (1.0 - math.exp(-TAU * CONTROL)) / CONTROL)
    hazard = survival.nelson_aalen(time, event).at(AT)
    yield "cumulative hazard at 0.6, log", (hazard.conf_low[0], hazard.conf_high[0], CONTROL * AT)
    spline = survival.royston_parmar(time, event, inner_knots=1).predict(AT)
    yield "spline model, survival at 0.6", (spline.conf_low[0], spline.conf_high[0], truth)


def two_arm_intervals(trial: Trial, ratio: float) -> Iterator[tuple[str, Limits]]:
    """Intervals of the comparison of two arms with proportional hazards."""
    time, event, arm = trial.time, trial.event, trial.arm
    model = survival.cox(time, event, arm)
    yield "Cox hazard ratio", (model.conf_low[0], model.conf_high[0], ratio)
    means = survival.rmst(time, event, arm, tau=TAU, covariates=trial.covariate)
    truths = [(1.0 - math.exp(-TAU * h)) / h for h in (CONTROL, CONTROL * ratio)]
    assert means.difference is not None
    assert means.ratio is not None
    assert means.adjusted is not None
    yield "RMST difference", (means.difference.conf_low, means.difference.conf_high, truths[1] - truths[0])
    yield "RMST difference, adjusted", (means.adjusted.conf_low, means.adjusted.conf_high, truths[1] - truths[0])
    yield "RMST ratio", (means.ratio.conf_low, means.ratio.conf_high, truths[1] / truths[0])
    milestone = survival.milestone(time, event, arm, at=AT).difference
    assert milestone is not None
    true = math.exp(-CONTROL * ratio * AT) - math.exp(-CONTROL * AT)
    yield "milestone difference at 0.6", (milestone.conf_low, milestone.conf_high, true)
    weibull = survival.parametric(time, event, arm)
    yield "Weibull coefficient of the arm", (weibull.conf_low[1], weibull.conf_high[1], -math.log(ratio))


def competing_intervals(trial: Trial) -> Iterator[tuple[str, Limits]]:
    """Intervals of incidences with two causes."""
    both = CONTROL + OTHER
    truth = CONTROL / both * (1.0 - math.exp(-both * AT))
    for variance in ("aalen", "delta"):
        at = survival.cumulative_incidence(trial.time, trial.cause, variance=variance).at(AT, cause=1)
        yield f"cumulative incidence at 0.6, {variance}", (at.conf_low[0], at.conf_high[0], truth)
    n = trial.time.size
    states = survival.occupation_probabilities(np.arange(n), np.zeros(n), trial.time, np.zeros(n, int), trial.cause)
    found = states.at(AT, 1)
    yield "state probability at 0.6", (found.conf_low[0], found.conf_high[0], truth)


def fine_gray_intervals(trial: Trial, entry: NDArray[np.float64], ratio: float) -> Iterator[tuple[str, Limits]]:
    """Intervals of the subdistribution hazard ratio: of all, and of those who are seen from `entry` on."""
    late = trial.time > entry
    for name, kept, given in (("", slice(None), None), (", delayed entry", late, entry[late])):
        fit = survival.fine_gray(trial.time[kept], trial.cause[kept], trial.arm[kept], entry=given)
        yield f"Fine-Gray hazard ratio{name}", (fit.conf_low[0], fit.conf_high[0], ratio)


def coverages(replicates: int, n: int, ratio: float = RATIO) -> list[tuple[str, float, int]]:
    """The share of intervals that hold the truth, and of how many."""
    held: dict[str, int] = {}
    counted: dict[str, int] = {}
    for rng in streams(replicates, f"cover{n}"):
        one, two = draw(rng, n), draw(rng, n, ratio)
        competing = draw(rng, n, competing=True)
        proportional = draw_subdistribution(rng, n, ratio)
        entry = rng.uniform(0.0, 0.5, n) * (rng.uniform(size=n) < 0.7)
        for intervals in (
            one_arm_intervals(one),
            two_arm_intervals(two, ratio),
            competing_intervals(competing),
            fine_gray_intervals(proportional, entry, ratio),
        ):
            try:
                for name, (low, high, truth) in intervals:
                    known = not (math.isnan(low) or math.isnan(high))
                    counted[name] = counted.get(name, 0) + known
                    held[name] = held.get(name, 0) + (known and low <= truth <= high)
            except DataError:  # a small sample may not be followed to tau: the intervals that remain do not exist
                continue
    return [(name, held[name] / count, count) for name, count in counted.items() if count]


# The page ---------------------------------------------------------------------------------------------------------

TRIALS = """Two arms of equal size; exponential times with hazard 1 in the control arm, censored uniformly between 0.8
and 2.5, so that about three in four have the event. Where causes compete the other has hazard 0.5. For the Fine-Gray
model subdistribution hazards are proportional; with delayed entry seven in ten enter between 0 and 0.5. Shares are in
per cent. A distance beyond 3 errors is more than chance; the last section says of what. Turnbull's estimate has no
interval."""
WEIGHTED = """Weighted log-rank tests reject a little too often in small trials: their weights leave few events that
count, and the normal distribution of the statistic is reached later than by the log-rank test. It goes as trials grow
({replicates} replicates each, ± the Monte-Carlo error)."""
WHOLE = """Limits of the median and of an incidence hold the truth if the number of events until a time is in a range,
since nobody is censored before 0.8. Counts are whole, so coverage jumps from one number of participants to the next, to
either side of 95 %. `exact` is the sum of the binomial probabilities of those counts, without any simulation; for the
median of 60 participants it is {median:.1f} %, for the incidence of 200 with the delta variance {incidence:.1f} %.
Aalen's variance is a little larger and now and then takes in one count more, which is worth up to one per cent. The
adjusted difference of restricted means has a sandwich variance, which is a little small with 30 an arm."""
BY_R = f"""The first {SAME_TRIALS} trials of the tables above in R: survival (`survfit`; for the weighted tests, which
`survdiff` does not have, sums over its risk sets) and cmprsk (`timepoints`). The numbers on each trial are the same,
hence size and coverage are."""


def table(rows: Sequence[tuple[str, float, int]], nominal: float, heading: str) -> list[str]:
    """A table of shares beside what is nominal, in per cent."""
    lines = [f"| {heading} | nominal | found | Monte-Carlo error | distance in errors |", "|---|---:|---:|---:|---:|"]
    for name, share, count in rows:
        error = math.sqrt(nominal * (1.0 - nominal) / count)
        numbers = f"{100 * nominal:.1f} | {100 * share:.2f} | {100 * error:.2f} | {(share - nominal) / error:+.1f}"
        lines.append(f"| {name} | {numbers} |")
    return lines


def machine() -> str:
    """The model of the processor and the number of its cores."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores"


def page(replicates: int) -> str:
    """The whole page."""
    began = time.perf_counter()
    parts = [
        "# Calibration of the survival estimators",
        f"Written by `scripts/calibrate_survival.py` on {datetime.datetime.now(tz=datetime.UTC).date().isoformat()}; "
        f"{machine()}; {replicates} replicates a table, seed {SEED}.",
        fill(TRIALS, 120),
        "## Size: how often p < 0.05 without an effect",
    ]
    often = 2 * replicates
    sizes(1, 60, strata=False), coverages(1, 60)  # compiled once, before there are several processes
    with ProcessPoolExecutor() as pool:
        larger = pool.submit(larger_sizes, often), pool.submit(larger_coverages, replicates), pool.submit(same_trials)
        found = {
            (n, strata): pool.submit(sizes, replicates, n, strata=strata)
            for n, strata in ((60, False), (200, False), (200, True))
        }
        held = {n: pool.submit(coverages, replicates, n) for n in (60, 200)}
        for (n, strata), rows in found.items():
            said = "; hazards of the four strata 0.5, 0.8, 1.25 and 2" if strata else ""
            parts += [f"### {n} participants{said}", "\n".join(table(rows.result(), 0.05, "test"))]
        parts.append(f"## Coverage: how often a 95 % interval holds the truth (hazard ratio {RATIO})")
        for n, rows in held.items():
            parts += [f"### {n} participants", "\n".join(table(rows.result(), LEVEL, "interval"))]
        parts += departures(often, *(part.result() for part in larger))
    print(f"{time.perf_counter() - began:.0f} s")
    return "\n\n".join(parts) + "\n"


def departures(often: int, larger: Table, coverage: Table, compared: Table) -> list[str]:
    """What stands out above: sizes in larger trials, by `often` replicates each, coverage there, and R's numbers."""
    sizes = [f"{n} an arm" for n in PER_ARM]
    both = [cell for n in sizes for cell in (n, "exact")]
    whole = WHOLE.format(median=100 * exact_coverage(60, 0.5), incidence=100 * exact_coverage(200, INCIDENCE))
    by_r = [fill(BY_R, 120), "\n".join(columns(["trials", "Equipoise", "R", "largest difference"], compared))]
    return [
        "## What stands out, and why",
        fill(WEIGHTED.format(replicates=often), 120),
        "\n".join(columns(["size", *sizes], larger)),
        fill(whole, 120),
        "\n".join(columns(["coverage", *both], coverage)),
        *(by_r if compared else []),
    ]


def columns(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A table whose first column is words and whose others are numbers."""
    rule = "|---|" + "---:|" * (len(heading) - 1)
    return [f"| {' | '.join(heading)} |", rule, *(f"| {' | '.join(row)} |" for row in rows)]


def main(argv: Sequence[str] | None = None) -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replicates", type=int, default=REPLICATES)
    parser.add_argument("--out", type=Path, default=PAGE)
    options = parser.parse_args([] if argv is None else argv)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(page(options.replicates), encoding="utf-8")
    print(f"wrote {options.out}")


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
