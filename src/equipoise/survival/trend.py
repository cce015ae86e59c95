"""The log-rank test for a trend over ordered groups.

Source: Tarone, Biometrika 1975: the scores' sum of observed less expected, against its variance.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from equipoise.errors import DataError, NoEventsError
from equipoise.estimates.result import Column, Result, show
from equipoise.survival._arrays import Floats, numbers
from equipoise.survival._normal import two_sided_p
from equipoise.survival._risk_sets import TIME_TOLERANCE
from equipoise.survival.logrank import LogRank, Weighting, logrank


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class TrendTest(Result):
    """A test for a trend in the hazard.

    Attributes:
        statistic: z squared, chi-squared on 1 degree of freedom.
        df: 1.
        p_value: two-sided.
        z: negative when groups with higher scores have fewer events than expected.
        scores: (g,) of the groups.
        logrank: the test of any difference that it is computed from.
    """

    statistic: float
    df: int
    p_value: float
    z: float
    scores: Floats
    logrank: LogRank

    @property
    def groups(self) -> tuple[Hashable, ...]:
        """(g,) labels, in order."""
        return self.logrank.groups

    def _title(self) -> str:
        return f"Trend test, {self.logrank.method}"

    def _columns(self) -> Mapping[str, Column]:
        test = self.logrank
        return {"group": test.groups, "score": self.scores, "observed": test.observed, "expected": test.expected}

    def _notes(self) -> list[str]:
        return [f"z {show(self.z)}, p {show(self.p_value)}"]


def logrank_trend(
    time: Any,
    event: Any,
    group: Any,
    *,
    scores: Any = None,
    strata: Any = None,
    entry: Any = None,
    rho: float = 0.0,
    gamma: float = 0.0,
    weights: Weighting | None = None,
    time_tolerance: float = TIME_TOLERANCE,
) -> TrendTest:
    """Test whether the hazard rises or falls over ordered groups.

    Args:
        time: (n,) end of follow-up.
        event: (n,) 1 for an event, 0 for censored.
        group: (n,) labels; their order is that of `logrank`.
        scores: (g,) of the groups in that order; 1, 2, ... if not given.
        strata: as in `logrank`, like the options that follow.
        entry: (n,) start of observation.
        rho: Fleming-Harrington power.
        gamma: Fleming-Harrington power.
        weights: other weights.
        time_tolerance: times closer than this times the mean time are tied.

    Raises:
        NoEventsError: if there are no events, or none with groups of different scores at risk.
        DataError: for input that cannot be used; if scores are not one a group, or all the same.
    """
    test = logrank(
        time, event, group, strata=strata, entry=entry, rho=rho, gamma=gamma, weights=weights,
        time_tolerance=time_tolerance,
    )  # fmt: skip  # arguments that belong together share a line
    g = len(test.groups)
    values = np.arange(1.0, g + 1.0) if scores is None else numbers(scores, "scores")
    if values.size != g or not bool(np.isfinite(values).all()) or float(np.ptp(values)) == 0.0:
        raise DataError(f"scores: give {g} numbers, one a group, not all the same")
    centred = values - values.mean()
    spread = float(centred @ test.variance @ centred)
    if spread <= 0.0:
        raise NoEventsError("event: at no event are groups of different scores at risk together")
    z = float(centred @ (test.observed - test.expected)) / math.sqrt(spread)
    return TrendTest(statistic=z * z, df=1, p_value=two_sided_p(z), z=z, scores=values, logrank=test)
