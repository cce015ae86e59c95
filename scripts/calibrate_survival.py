"""Size of the tests and coverage of the intervals of `equipoise.survival`, by simulation.

Each replicate draws a two-arm trial whose truth is known, with its own random stream. Times are exponential, so that
survival, restricted means, incidences and hazard ratios have closed forms. The page says what was found beside what
was promised and the Monte-Carlo error of finding it.

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
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from equipoise import survival
from equipoise.errors import DataError
from equipoise.survival._bands import ConfType

PAGE = Path(__file__).parent.parent / "docs" / "validation" / "survival_calibration.md"
REPLICATES = 5000
SEED = 20240607
LEVEL = 0.95

CONTROL, OTHER, AT, TAU, FOLLOWED = 1.0, 0.5, 0.6, 1.0, (0.8, 2.5)
"""Hazard of the control arm, hazard of the competing cause, the time read, tau, and the range of censoring times."""
CONF_TYPES = get_args(ConfType)


@dataclass(frozen=True)
class Trial:
    """One simulated trial of two arms of equal size, in four strata."""

    time: NDArray[np.float64]
    event: NDArray[np.int64]
    cause: NDArray[np.int64]
    arm: NDArray[np.int64]
    stratum: NDArray[np.int64]
    covariate: NDArray[np.float64]


def draw(
    rng: np.random.Generator, n: int, ratio: float = 1.0, *, strata: bool = False, competing: bool = False
) -> Trial:
    """A trial of `n` participants with the hazard ratio `ratio`.

    Strata multiply the hazard by 0.5, 0.8, 1.25 and 2. A competing cause has the hazard `OTHER` in both arms.
    """
    arm = np.arange(n) % 2
    stratum = rng.integers(0, 4, n)
    hazard = CONTROL * np.where(arm == 1, ratio, 1.0)
    if strata:
        hazard = hazard * np.array([0.5, 0.8, 1.25, 2.0])[stratum]
    first = rng.exponential(1.0 / hazard)
    second = rng.exponential(1.0 / OTHER, n) if competing else np.full(n, np.inf)
    end = rng.uniform(*FOLLOWED, n)
    seen = np.minimum(np.minimum(first, second), end)
    cause = np.where(seen == end, 0, np.where(first < second, 1, 2))
    return Trial(seen, (cause > 0).astype(np.int64), cause, arm, stratum, rng.normal(size=n))


def streams(replicates: int, what: str) -> Iterator[np.random.Generator]:
    """A random stream for each replicate of one question."""
    key = int.from_bytes(what.encode()[:8].ljust(8, b"\0"), "little")
    for k in range(replicates):
        yield np.random.Generator(np.random.Philox(key=[SEED + k, key]))


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
    "Gray": lambda t: survival.gray_test(t.time, t.cause, t.arm).p_value,
    "Gray, stratified": lambda t: survival.gray_test(t.time, t.cause, t.arm, strata=t.stratum).p_value,
    "milestone difference": lambda t: difference_p(survival.milestone(t.time, t.event, t.arm, at=AT)),
    "RMST difference": lambda t: difference_p(survival.rmst(t.time, t.event, t.arm, tau=0.75)),
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
            mean = curve.rmst(0.75)
            yield "RMST to 0.75", (mean.conf_low, mean.conf_high, (1.0 - math.exp(-0.75 * CONTROL)) / CONTROL)
    hazard = survival.nelson_aalen(time, event).at(AT)
    yield "cumulative hazard at 0.6, log", (hazard.conf_low[0], hazard.conf_high[0], CONTROL * AT)
    spline = survival.royston_parmar(time, event, inner_knots=1).predict(AT)
    yield "spline model, survival at 0.6", (spline.conf_low[0], spline.conf_high[0], truth)


def two_arm_intervals(trial: Trial, ratio: float) -> Iterator[tuple[str, Limits]]:
    """Intervals of the comparison of two arms with proportional hazards."""
    time, event, arm = trial.time, trial.event, trial.arm
    model = survival.cox(time, event, arm)
    yield "Cox hazard ratio", (model.conf_low[0], model.conf_high[0], ratio)
    means = survival.rmst(time, event, arm, tau=0.75, covariates=trial.covariate)
    truths = [(1.0 - math.exp(-0.75 * h)) / h for h in (CONTROL, CONTROL * ratio)]
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


def coverages(replicates: int, n: int, ratio: float = 0.7) -> list[tuple[str, float, int]]:
    """The share of intervals that hold the truth, and of how many."""
    held: dict[str, int] = {}
    counted: dict[str, int] = {}
    for rng in streams(replicates, f"cover{n}"):
        one, two = draw(rng, n), draw(rng, n, ratio)
        competing = draw(rng, n, competing=True)
        for intervals in (one_arm_intervals(one), two_arm_intervals(two, ratio), competing_intervals(competing)):
            try:
                for name, (low, high, truth) in intervals:
                    known = not (math.isnan(low) or math.isnan(high))
                    counted[name] = counted.get(name, 0) + known
                    held[name] = held.get(name, 0) + (known and low <= truth <= high)
            except DataError:  # a small sample may not be followed to tau: the intervals that remain do not exist
                continue
    return [(name, held[name] / count, count) for name, count in counted.items() if count]


# The page ---------------------------------------------------------------------------------------------------------


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
        "Two arms of equal size; exponential times with hazard 1 in the control arm, censored uniformly between 0.8\n"
        "and 2.5, so that about three in four have the event. Where causes compete the other has hazard 0.5. Shares\n"
        "are in per cent. A distance beyond 3 errors is more than chance: it is what the method does at that sample\n"
        "size, and a reason to prefer another where the table shows one. Turnbull's estimate has no interval.",
        "## Size: how often p < 0.05 without an effect",
    ]
    for n, strata in ((60, False), (200, False), (200, True)):
        said = "; hazards of the four strata 0.5, 0.8, 1.25 and 2" if strata else ""
        parts += [f"### {n} participants{said}", "\n".join(table(sizes(replicates, n, strata=strata), 0.05, "test"))]
    parts.append("## Coverage: how often a 95 % interval holds the truth (hazard ratio 0.7)")
    for n in (60, 200):
        parts += [f"### {n} participants", "\n".join(table(coverages(replicates, n), LEVEL, "interval"))]
    print(f"{time.perf_counter() - began:.0f} s")
    return "\n\n".join(parts) + "\n"


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
