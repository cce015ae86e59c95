"""Gray's test: do groups have the same cumulative incidence of a cause?

Source: Gray, Annals of Statistics 1988, with the corrections for ties of cmprsk, whose `cuminc` it equals. It
compares incidences; whether the cause itself acts alike, the others left aside, is the question of a log-rank
test of the cause-specific hazard.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from equipoise._kernel import as_int
from equipoise.errors import DataError, NoEventsError
from equipoise.estimates.result import Column, Result, show
from equipoise.survival._arrays import NO_FLOATS, Floats, read_causes, read_groups, read_strata, read_time
from equipoise.survival._normal import chi_squared_p
from equipoise.survival._risk_sets import TIME_TOLERANCE, risk_sets
from equipoise.survival.gray_kernels import gray_sums


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class GrayTest(Result):
    """A test of equal cumulative incidences in `g` groups.

    Attributes:
        statistic: chi-squared statistic.
        df: degrees of freedom: groups with somebody at risk, less 1.
        p_value: two-sided.
        z: with two groups the score of the last over its standard deviation: negative when it has fewer events
            of the cause than expected. NaN otherwise.
        cause: the cause.
        groups: (g,) labels, in order.
        events: (g,) events of the cause.
        score: (g,) weighted events less their expectation.
        variance: (g, g) covariance of the scores.
        rho: power of the weight (1 - F(t-))^rho.
        strata: number of strata.
    """

    statistic: float
    df: int
    p_value: float
    z: float
    cause: int
    groups: tuple[Hashable, ...]
    events: tuple[int, ...]
    score: Floats
    variance: Floats
    rho: float
    strata: int

    def _title(self) -> str:
        return f"Gray's test of cause {self.cause}" + (f", {self.strata} strata" if self.strata > 1 else "")

    def _columns(self) -> Mapping[str, Column]:
        return {
            "group": self.groups,
            "events": self.events,
            "score": self.score,
            "std_error": np.sqrt(self.variance.diagonal()),
        }

    def _notes(self) -> list[str]:
        return [f"chi-squared {show(self.statistic)} on {self.df} df, p {show(self.p_value)}"]


def gray_test(
    time: Any,
    event: Any,
    group: Any,
    *,
    cause: int = 1,
    strata: Any = None,
    rho: float = 0.0,
    time_tolerance: float = TIME_TOLERANCE,
) -> GrayTest:
    """Test whether groups have the same cumulative incidence of `cause`, in the presence of other causes.

    Args:
        time: (n,) end of follow-up.
        event: (n,) 0 for censored, else the cause, a whole number.
        group: (n,) labels of two or more groups.
        cause: the cause tested; all others compete.
        strata: (n,) labels, or several such columns; scores and variances are added over strata.
        rho: power of the weight (1 - F(t-))^rho, F the incidence under the null hypothesis.
        time_tolerance: times closer than this times the mean time are tied.

    Raises:
        NoEventsError: if there are no events of the cause, or none with two groups at risk.
        DataError: for input that cannot be used, naming the rows; for a single group.
    """
    times = read_time(time)
    n = times.size
    causes = read_causes(event, n)
    codes, labels = read_groups(group, n)
    stratum, strata_labels = read_strata(strata, n)
    if len(labels) < 2:
        raise DataError(f"group: only one group, {labels[0]!r}; a comparison needs two")
    own = causes == cause
    if cause < 1 or not own.any():
        found = np.unique(causes[causes > 0]).tolist()
        raise NoEventsError(f"event: no events of cause {cause} among {n} rows; causes that occur are {found}")
    sets = risk_sets(times, NO_FLOATS, stratum, max(1, len(strata_labels)), time_tolerance=time_tolerance)
    g = len(labels)
    score, variance = np.zeros(g), np.zeros((g, g))
    three = as_int(np.where(own, 1, np.where(causes > 0, 2, 0)))
    room = (np.empty((8, g)), np.empty((3, g, g)), np.empty((g, g, g)))
    gray_sums(sets.order, sets.run_start, sets.stratum_run, three, codes, float(rho), *room, score, variance)
    kept = np.flatnonzero(variance.diagonal() > 0.0)
    if kept.size < 2:
        raise NoEventsError(
            "event: at no event are participants of two groups at risk together; these data compare none"
        )
    kept = kept[:-1] if g > 2 else np.array([1])
    statistic = float(score[kept] @ np.linalg.solve(variance[np.ix_(kept, kept)], score[kept]))
    return GrayTest(
        statistic=statistic,
        df=int(kept.size),
        p_value=chi_squared_p(statistic, int(kept.size)),
        z=float(score[1]) / math.sqrt(float(variance[1, 1])) if g == 2 else math.nan,
        cause=int(cause),
        groups=labels,
        events=tuple(np.bincount(codes[own], minlength=g).tolist()),
        score=score,
        variance=variance,
        rho=float(rho),
        strata=max(1, len(strata_labels)),
    )
