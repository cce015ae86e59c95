"""Where the calibration departs from what is promised: whether that is the method's, and goes as trials grow.

Three ways to tell: larger trials; the exact coverage where a count decides it; and the same trials in R, where Rscript,
survival and cmprsk are installed.
"""

from __future__ import annotations

import math
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln
from survival_trials import AT, CONTROL, OTHER, TAU, Trial, draw, streams

from equipoise import survival
from equipoise.survival._bands import confidence_limits

PER_ARM = (100, 400, 1600)
"""Participants of an arm in the larger trials."""
SAME_TRIALS = 500
"""Trials that R is given too."""

Table = list[list[str]]
Numbers = NDArray[np.float64]
Bools = NDArray[np.bool_]
INCIDENCE = CONTROL / (CONTROL + OTHER) * (1.0 - math.exp(-(CONTROL + OTHER) * AT))
MEDIAN = math.log(2.0) / CONTROL
RATIO = 0.7
"""Hazard ratio of the two-arm intervals."""
COUNTED = {"median, log-log band": 0.5, "cumulative incidence at 0.6, delta": INCIDENCE}
"""Intervals whose coverage a binomial count decides, with the share of that count."""

LARGER_TESTS: dict[str, Callable[[Trial], float]] = {
    "log-rank": lambda t: survival.logrank(t.time, t.event, t.arm).p_value,
    "log-rank, late weights (0, 1)": lambda t: survival.logrank(t.time, t.event, t.arm, gamma=1).p_value,
    "log-rank, modest weights (t* 0.6)": lambda t: survival.logrank(t.time, t.event, t.arm, t_star=AT).p_value,
    "max-combo": lambda t: survival.max_combo(t.time, t.event, t.arm).p_value,
}


def with_error(share: float, count: int, nominal: float) -> str:
    """A share in per cent and the Monte-Carlo error of the nominal one."""
    return f"{100 * share:.2f} ± {100 * math.sqrt(nominal * (1.0 - nominal) / count):.2f}"


def larger_sizes(replicates: int) -> Table:
    """By test and trial size, how often p < 0.05 without an effect."""
    found = {name: [0] * len(PER_ARM) for name in LARGER_TESTS}
    for column, per_arm in enumerate(PER_ARM):
        for rng in streams(replicates, f"grow{per_arm}"):
            trial = draw(rng, 2 * per_arm)
            for name, test in LARGER_TESTS.items():
                found[name][column] += test(trial) < 0.05
    return [[name, *(with_error(k / replicates, replicates, 0.05) for k in row)] for name, row in found.items()]


def larger_coverages(replicates: int) -> Table:
    """By interval and trial size, how often it holds the truth, and how often it would by the binomial distribution."""
    held: dict[str, list[int]] = {}
    for column, per_arm in enumerate(PER_ARM):
        for rng in streams(replicates, f"wide{per_arm}"):
            for name, (low, high, truth) in _intervals(rng, 2 * per_arm):
                held.setdefault(name, [0] * len(PER_ARM))[column] += low <= truth <= high
    rows: Table = []
    for name, counts in held.items():
        cells = [with_error(k / replicates, replicates, 0.95) for k in counts]
        share = COUNTED.get(name)
        exact = ["" if share is None else f"{100 * exact_coverage(2 * n, share):.2f}" for n in PER_ARM]
        rows.append([name, *(cell for pair in zip(cells, exact, strict=True) for cell in pair)])
    return rows


def _intervals(rng: np.random.Generator, n: int) -> Iterator[tuple[str, tuple[float, float, float]]]:
    """Limits, each with the truth, that stand out in small trials."""
    one, competing, two = draw(rng, n), draw(rng, n, competing=True), draw(rng, n, RATIO)
    median = survival.kaplan_meier(one.time, one.event).median
    yield "median, log-log band", (median.conf_low, _or_infinite(median.conf_high), MEDIAN)
    for variance in ("aalen", "delta"):
        at = survival.cumulative_incidence(competing.time, competing.cause, variance=variance).at(AT, cause=1)
        yield f"cumulative incidence at 0.6, {variance}", (at.conf_low[0], at.conf_high[0], INCIDENCE)
    means = survival.rmst(two.time, two.event, two.arm, tau=TAU, covariates=two.covariate).adjusted
    assert means is not None
    truth = (1.0 - math.exp(-TAU * CONTROL * RATIO)) / (CONTROL * RATIO) - (1.0 - math.exp(-TAU * CONTROL)) / CONTROL
    yield "RMST difference, adjusted", (means.conf_low, means.conf_high, truth)


def _or_infinite(limit: float) -> float:
    """An upper limit that is not reached holds everything."""
    return math.inf if math.isnan(limit) else limit


def exact_coverage(n: int, share: float) -> float:
    """Coverage of a log-log interval for `share` where nobody is censored before: a sum over binomial counts.

    That of the delta variance of an incidence; and of the median, whose limits hold it where the band there holds 1/2.
    """
    k = np.arange(n + 1.0)
    low, high = confidence_limits(k / n, np.sqrt(k / n * (1.0 - k / n) / n), "log-log", 0.95)
    log_chance = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + k * math.log(share)
    chance = np.exp(log_chance + (n - k) * math.log(1.0 - share))
    return float(chance[(low <= share) & (share <= high)].sum())


# The same trials in R ---------------------------------------------------------------------------------------------

PROGRAM = """
suppressMessages({library(survival); library(cmprsk)})
arguments <- commandArgs(TRUE); folder <- arguments[1]; trials <- as.integer(arguments[2])
read <- function(name) matrix(readBin(file.path(folder, name), "double", 1e8), trials, byrow = TRUE)
weighted <- function(time, event, arm, weight) {
  f <- survfit(Surv(time, event) ~ 1); n <- f$n.risk; d <- f$n.event
  n1 <- sapply(f$time, function(t) sum(time[arm == 1] >= t))
  d1 <- sapply(f$time, function(t) sum(event[arm == 1 & time == t]))
  w <- weight(f$time, c(1, f$surv[-length(f$surv)]), f$surv); p <- n1 / n
  z <- sum(w * (d1 - d * p)) / sqrt(sum((w^2 * d * p * (1 - p) * (n - d) / (n - 1))[n > 1]))
  2 * pnorm(-abs(z))
}
late <- function(time, before, after) 1 - before
modest <- function(time, before, after) 1 / pmax(before, c(1, after)[1 + sum(time <= 0.6)])
times <- read("test_time"); events <- read("test_event"); arms <- read("test_arm")
medians <- read("median_time"); deaths <- read("median_event")
incident <- read("incidence_time"); causes <- read("incidence_cause")
for (i in seq_len(trials)) {
  t <- times[i, ]; e <- events[i, ]; a <- arms[i, ]
  q <- quantile(survfit(Surv(medians[i, ], deaths[i, ]) ~ 1, conf.type = "log-log"), 0.5)
  at <- timepoints(cuminc(incident[i, ], causes[i, ]), 0.6)
  p <- c(weighted(t, e, a, late), weighted(t, e, a, modest))
  cat(sprintf("%.17g", c(p, q$lower, q$upper, at$est[1], at$var[1])), "\\n")
}
"""


@dataclass(frozen=True)
class SameTrials:
    """Trials of the tables: those of the tests and of the median with 60 participants, of the incidence with 200."""

    tests: Sequence[Trial]
    medians: Sequence[Trial]
    incidences: Sequence[Trial]

    @classmethod
    def first(cls, count: int) -> SameTrials:
        tests = [draw(rng, 60, competing=True) for rng in streams(count, "size600")]
        medians = [draw(rng, 60) for rng in streams(count, "cover60")]
        incidences = []
        for rng in streams(count, "cover200"):
            draw(rng, 200), draw(rng, 200, RATIO)  # those of the other intervals of the table come first
            incidences.append(draw(rng, 200, competing=True))
        return cls(tests, medians, incidences)

    def write(self, folder: Path) -> None:
        columns = {
            "test_time": [t.time for t in self.tests],
            "test_event": [t.event for t in self.tests],
            "test_arm": [t.arm for t in self.tests],
            "median_time": [t.time for t in self.medians],
            "median_event": [t.event for t in self.medians],
            "incidence_time": [t.time for t in self.incidences],
            "incidence_cause": [t.cause for t in self.incidences],
        }
        for name, values in columns.items():
            np.array(values, dtype=np.float64).tofile(folder / name)

    def ours(self) -> Numbers:
        """A row a trial, as R gives it: two p-values, both limits of the median, incidence and its variance."""
        rows = []
        for test, median, incidence in zip(self.tests, self.medians, self.incidences, strict=True):
            late, modest = (LARGER_TESTS[name](test) for name in list(LARGER_TESTS)[1:3])
            middle = survival.kaplan_meier(median.time, median.event).median
            at = survival.cumulative_incidence(incidence.time, incidence.cause).at(AT, cause=1)
            rows.append(
                [late, modest, middle.conf_low, middle.conf_high, float(at.incidence[0]), float(at.std_error[0]) ** 2]
            )
        return np.array(rows)


def by_r(trials: SameTrials) -> Numbers | None:
    """The same rows by R; None where it or a package is missing."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        trials.write(Path(folder))
        (Path(folder) / "same.R").write_text(PROGRAM, encoding="utf-8")
        command = [rscript, str(Path(folder) / "same.R"), folder, str(len(trials.tests))]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return None
    return np.array(
        [[math.nan if cell == "NA" else float(cell) for cell in row.split()] for row in done.stdout.splitlines()]
    )


def same_trials() -> Table:
    """What both find on the same trials and the largest difference; empty without R."""
    trials = SameTrials.first(SAME_TRIALS)
    ours, theirs = trials.ours(), by_r(trials)
    if theirs is None:
        return []
    questions: dict[str, tuple[Callable[[Numbers], Bools], list[int]]] = {
        "log-rank, late weights, 60: p < 0.05": (lambda found: found[:, 0] < 0.05, [0]),
        "log-rank, modest weights, 60: p < 0.05": (lambda found: found[:, 1] < 0.05, [1]),
        "limits of the median, 60: hold it": (lambda found: (found[:, 2] <= MEDIAN) & ~(found[:, 3] < MEDIAN), [2, 3]),
        "incidence, aalen, 200: limits hold it": (_incidence_held, [4, 5]),
    }
    rows: Table = []
    for name, (answer, columns) in questions.items():
        if not np.array_equal(np.isnan(ours[:, columns]), np.isnan(theirs[:, columns])):
            raise SystemExit(f"{name}: not known in other trials than by R")
        largest = float(np.nanmax(np.abs(ours[:, columns] - theirs[:, columns])))
        shares = [f"{100 * answer(found).mean():.1f}" for found in (ours, theirs)]
        rows.append([name, *shares, f"{largest:.0e}"])
    return rows


def _incidence_held(found: Numbers) -> Bools:
    """Whether log-log limits by the incidence and its variance hold the truth."""
    low, high = confidence_limits(found[:, 4].copy(), np.sqrt(found[:, 5]), "log-log", 0.95)
    return (low <= INCIDENCE) & (high >= INCIDENCE)
