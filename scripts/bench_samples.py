"""Data of the benchmark, what Equipoise computes of them, and the clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise import survival

Values = list[float]
Work = Callable[[], Values]

SLOW, SLOWEST = 1.5, 7.0
"""Seconds above which a call is repeated twice only, and above which it is not repeated."""

HORIZON = 24.0
"""The month at which curves are compared."""

EFFECTS = np.array([0.3, -0.2, 0.1, 0.0, 0.4])


@dataclass(frozen=True)
class Sample:
    """`n` participants in two groups, with `p` covariates and two competing causes; no two times are tied."""

    time: NDArray[np.float64]
    event: NDArray[np.int64]
    group: NDArray[np.int64]
    cause: NDArray[np.int64]
    covariates: NDArray[np.float64]

    @classmethod
    def draw(cls, n: int, p: int) -> Sample:
        """Exponential survival, uniform censoring of about four in ten.

        Observed times keep their ranks but are moved to evenly spaced quantiles, so that they are not tied by any
        package's tolerance, even ten million of them.
        """
        rng = np.random.default_rng(1)
        x = rng.normal(size=(n, p))
        event_at = rng.exponential(size=n) * np.exp(-x @ EFFECTS[:p])
        censored_at = rng.uniform(0.0, 4.0, n)
        event = (event_at <= censored_at).astype(np.int64)
        times = np.empty(n)
        times[np.argsort(np.minimum(event_at, censored_at))] = -40.0 * np.log1p(-(np.arange(n) + 0.5) / n)
        cause = event * (1 + (rng.uniform(size=n) < 0.4))
        return cls(times, event, (x[:, 0] > 0).astype(np.int64), cause, x)

    def first(self, n: int) -> Sample:
        """The first `n` participants."""
        return Sample(self.time[:n], self.event[:n], self.group[:n], self.cause[:n], self.covariates[:n])


def ours(estimate: str, s: Sample) -> Work:
    """What Equipoise computes for an estimate, giving the numbers that are compared with a peer's."""

    def incidence() -> Values:
        curve = survival.cumulative_incidence(s.time, s.cause).curves[0]
        return [float(curve.at([HORIZON]).incidence[0])]

    def gray() -> Values:
        survival.cumulative_incidence(s.time, s.cause, group=s.group)
        return [survival.gray_test(s.time, s.cause, s.group, cause=cause).statistic for cause in (1, 2)]

    works: dict[str, Work] = {
        "km": lambda: [float(survival.kaplan_meier(s.time, s.event).at([HORIZON]).survival[0])],
        "logrank": lambda: [survival.logrank(s.time, s.event, s.group).statistic],
        "cox": lambda: list(survival.cox(s.time, s.event, s.covariates).coef),
        "fine-gray": lambda: list(survival.fine_gray(s.time, s.cause, s.covariates).coef),
        "incidence": incidence,
        "gray": gray,
    }
    return works[estimate]


def clock(work: Callable[[], object], runs: int = 5) -> float:
    """Seconds of one call: the fastest of several runs, each of as many calls as fill 20 milliseconds.

    The first call counts as well.
    """
    began = time.perf_counter()
    work()
    best = time.perf_counter() - began
    if best > SLOW:
        runs = 2 if best < SLOWEST else 0
    for _ in range(runs):
        calls = max(1, int(0.02 / best))
        began = time.perf_counter()
        for _ in range(calls):
            work()
        best = min(best, (time.perf_counter() - began) / calls)
    return best
