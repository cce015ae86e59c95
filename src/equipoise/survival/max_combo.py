"""The maximum of several Fleming-Harrington tests, with its joint-normal p-value.

Sources: Lin et al. (Cross-Pharma Non-proportional Hazards Working Group), Statistics in Biopharmaceutical Research
2020; Karrison, Stata Journal 2016. Under the null hypothesis the tests are jointly normal; the covariance of two of
them is the hypergeometric variance with the product of their weights.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr

from equipoise.errors import DataError, NoEventsError
from equipoise.estimates.result import Column, Result, show, show_p
from equipoise.survival._arrays import (
    Floats,
    read_entry,
    read_event,
    read_groups,
    read_strata,
    read_time,
    require_events,
)
from equipoise.survival._multivariate_normal import box_probability
from equipoise.survival._normal import two_sided_p
from equipoise.survival._risk_sets import TIME_TOLERANCE, risk_sets
from equipoise.survival.logrank_kernels import two_group_events

FH_DEFAULT = ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
"""The powers (rho, gamma) of the four tests: log-rank, late, early and middle differences."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MaxCombo(Result):
    """A max-combo test of two groups.

    Attributes:
        statistic: the largest |z|; one-sided, the largest -z, which favours the last group.
        p_value: of that maximum, from the joint normal distribution of the tests.
        z: (k,) of each test, (O - E)/sqrt(V) of the last group: negative when it has fewer events than expected.
        correlation: (k, k) of the tests under the null hypothesis.
        weights: (k,) pairs (rho, gamma) of the Fleming-Harrington weights.
        sides: 2, or 1 towards fewer events in the last group.
        groups: the two labels.
        strata: number of strata.
    """

    statistic: float
    p_value: float
    z: Floats
    correlation: Floats
    weights: tuple[tuple[float, float], ...]
    sides: int
    groups: tuple[Hashable, ...]
    strata: int

    def _title(self) -> str:
        return f"Max-combo of {len(self.weights)} log-rank tests" + (
            f", {self.strata} strata" if self.strata > 1 else ""
        )

    def _columns(self) -> Mapping[str, Column]:
        return {
            "rho": [rho for rho, _ in self.weights],
            "gamma": [gamma for _, gamma in self.weights],
            "z": self.z,
            "p_value": [two_sided_p(float(z)) for z in self.z],
        }

    def _notes(self) -> list[str]:
        first, last = self.groups
        return [
            f"{last} against {first}: a negative z favours {last}; the table's p-values are each test's own, two-sided",
            f"maximum {show(self.statistic)}, p {show_p(self.p_value)}, "
            + ("two-sided" if self.sides == 2 else f"one-sided towards fewer events in {last}"),
        ]


def max_combo(
    time: Any,
    event: Any,
    group: Any,
    *,
    strata: Any = None,
    entry: Any = None,
    weights: Sequence[tuple[float, float]] = FH_DEFAULT,
    sides: int = 2,
    time_tolerance: float = TIME_TOLERANCE,
) -> MaxCombo:
    """Test two groups by the largest of several weighted log-rank tests.

    Args:
        time: (n,) end of follow-up.
        event: (n,) 1 for an event, 0 for censored.
        group: (n,) labels of two groups.
        strata: (n,) labels, or several such columns; each weight is that of the stratum's pooled curve.
        entry: (n,) start of observation: at risk in (entry, time].
        weights: pairs (rho, gamma) of Fleming-Harrington weights S(t-)^rho (1 - S(t-))^gamma.
        sides: 2, or 1: p is then the chance of as large an advantage of the last group.
        time_tolerance: times closer than this times the mean time are tied.

    Raises:
        NoEventsError: if there are no events, or none that tells the groups apart under one of the weights.
        DataError: for input that cannot be used, naming the rows; unless there are two groups.
    """
    times = read_time(time)
    n = times.size
    events = read_event(event, n)
    codes, labels = read_groups(group, n)
    stratum, strata_labels = read_strata(strata, n)
    entries = read_entry(entry, times)
    pairs = _pairs(weights)
    if sides not in {1, 2}:
        raise DataError(f"sides: {sides} is neither 1 nor 2")
    if len(labels) != 2:
        raise DataError(f"group: {len(labels)} groups; a max-combo test compares two")
    require_events(events, "a max-combo test")
    sets = risk_sets(times, entries, stratum, max(1, len(strata_labels)), time_tolerance=time_tolerance)
    y, d, y1, d1, survival = (np.empty(sets.run_time.size) for _ in range(5))
    k = two_group_events(
        sets.order, sets.run_start, sets.stratum_run, sets.run_time, sets.enter, sets.first, events, codes,
        y, d, y1, d1, survival,
    )  # fmt: skip  # arguments that belong together share a line
    w = np.array([survival[:k] ** rho * (1.0 - survival[:k]) ** gamma for rho, gamma in pairs])
    z, correlation = _tests(w, y[:k], d[:k], y1[:k], d1[:k])
    statistic = float(np.abs(z).max()) if sides == 2 else float((-z).max())
    return MaxCombo(
        statistic=statistic,
        p_value=_p_value(statistic, correlation, sides),
        z=z,
        correlation=correlation,
        weights=pairs,
        sides=sides,
        groups=labels,
        strata=max(1, len(strata_labels)),
    )


def _tests(w: Floats, y: Floats, d: Floats, y1: Floats, d1: Floats) -> tuple[Floats, Floats]:
    """z (k,) of each row of weights `w` (k, m) and their correlation, by the numbers at risk and of events (m,)."""
    share = y1 / y
    spread = share * (1.0 - share) * d * (y - d) / np.maximum(y - 1.0, 1.0)
    covariance = (w * spread) @ w.T
    variance = covariance.diagonal()
    if not bool(np.all(variance > 0.0)):
        raise NoEventsError(
            "event: under some weights no event tells the groups apart; leave those weights out or give more data"
        )
    return w @ (d1 - d * share) / np.sqrt(variance), covariance / np.sqrt(np.outer(variance, variance))


def _p_value(statistic: float, correlation: Floats, sides: int) -> float:
    """The chance that the largest of jointly normal tests is at least the statistic."""
    high = np.full(correlation.shape[0], statistic)
    inside = box_probability(-high if sides == 2 else np.full(high.size, -np.inf), high, correlation)
    alone = two_sided_p(statistic) if sides == 2 else float(ndtr(-statistic))
    return min(1.0, max(alone, 1.0 - inside))  # the integral is exact to 1e-9, which tiny p need not reach


def _pairs(weights: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """The pairs as floats, each once."""
    try:
        pairs = tuple((float(rho), float(gamma)) for rho, gamma in weights)
    except (TypeError, ValueError):
        raise DataError(
            "weights: pairs (rho, gamma) of Fleming-Harrington weights are needed, such as [(0, 0), (0, 1)]; case "
            "weights are not offered"
        ) from None
    if not pairs or any(rho < 0.0 or gamma < 0.0 for rho, gamma in pairs):
        raise DataError("weights: give at least one pair (rho, gamma) of powers that are 0 or more")
    if len(set(pairs)) < len(pairs):
        raise DataError("weights: the same pair (rho, gamma) twice; give each once")
    return pairs
