"""The log-rank test and its weighted forms.

Sources: Mantel 1966; Peto and Peto 1972; Gehan 1965; Tarone and Ware 1977; Harrington and Fleming, Biometrika
1982; Magirr and Burman, Statistics in Medicine 2019; Andersen, Borgan, Gill and Keiding 1993, section V.2. With
ties the variance is hypergeometric.
Fleming-Harrington numbers agree with `survdiff` of R's survival, which offers gamma = 0 only.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from equipoise.errors import DataError, NoEventsError
from equipoise.estimates.result import Column, Result, show, show_p
from equipoise.survival import logrank_kernels as kernels
from equipoise.survival._arrays import (
    Floats,
    Ints,
    read_entry,
    read_event,
    read_groups,
    read_strata,
    read_time,
    require_events,
)
from equipoise.survival._normal import chi_squared_p
from equipoise.survival._packed import packed
from equipoise.survival._risk_sets import TIME_TOLERANCE, risk_sets

Weighting = Literal["gehan", "tarone-ware", "peto", "modified-peto"]
_SCHEMES: dict[str | None, int] = {
    None: kernels.FLEMING_HARRINGTON,
    "gehan": kernels.GEHAN,
    "tarone-ware": kernels.TARONE_WARE,
    "peto": kernels.PETO,
    "modified-peto": kernels.MODIFIED_PETO,
}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LogRank(Result):
    """A log-rank test of `g` groups.

    Attributes:
        statistic: chi-squared statistic.
        df: degrees of freedom: groups with somebody at risk at an event, less 1.
        p_value: two-sided.
        z: with two groups (O - E)/sqrt(V) of the last: negative when it has fewer events than expected. NaN
            otherwise.
        observed: (g,) weighted events.
        expected: (g,) their expectation if all groups had the same hazard.
        variance: (g, g) covariance of observed less expected; its rows sum to 0.
        groups: (g,) labels, in order.
        n: (g,) rows in each group.
        strata: number of strata.
        method: the weights, in words.
    """

    statistic: float
    df: int
    p_value: float
    z: float
    observed: Floats
    expected: Floats
    variance: Floats
    groups: tuple[Hashable, ...]
    n: tuple[int, ...]
    strata: int
    method: str

    def _title(self) -> str:
        stratified = f", {self.strata} strata" if self.strata > 1 else ""
        return f"{self.method[0].upper()}{self.method[1:]}{stratified}"

    def _columns(self) -> Mapping[str, Column]:
        with np.errstate(divide="ignore", invalid="ignore"):
            return {
                "group": self.groups,
                "n": self.n,
                "observed": self.observed,
                "expected": self.expected,
                "(O-E)^2/V": (self.observed - self.expected) ** 2 / np.diag(self.variance),
            }

    def _notes(self) -> list[str]:
        z = "" if math.isnan(self.z) else f", z {show(self.z)}"
        return [f"chi-squared {show(self.statistic)} on {self.df} df, p {show_p(self.p_value)}{z}"]


def logrank(
    time: Any,
    event: Any,
    group: Any,
    *,
    strata: Any = None,
    entry: Any = None,
    rho: float = 0.0,
    gamma: float = 0.0,
    weights: Weighting | None = None,
    t_star: float | None = None,
    time_tolerance: float = TIME_TOLERANCE,
) -> LogRank:
    """Test whether groups have the same hazard.

    Args:
        time: (n,) end of follow-up.
        event: (n,) 1 for an event, 0 for censored.
        group: (n,) labels of two or more groups.
        strata: (n,) labels, or several such columns; observed, expected and variance are added over strata.
        entry: (n,) start of observation: at risk in (entry, time].
        rho: Fleming-Harrington weight S(t-)^rho (1 - S(t-))^gamma, S the pooled Kaplan-Meier curve of the
            stratum.
        gamma: see `rho`.
        weights: no case weights, but a weight function instead of Fleming-Harrington's: `gehan` the number at risk
            n, `tarone-ware` its root, `peto` the product of 1 - d/(n + 1) through t, `modified-peto` that times
            n/(n + 1).
        t_star: instead of either: the modest weights 1/max(S(t-), S(t*)) of Magirr and Burman, which grow until
            `t_star` and stay; S is the pooled curve of the stratum. 0 is the log-rank test.
        time_tolerance: times closer than this times the mean time are tied.

    Raises:
        NoEventsError: if there are no events, or none with two groups at risk.
        DataError: for input that cannot be used, naming the rows; for a single group.
    """
    times = read_time(time)
    n = times.size
    events = read_event(event, n)
    codes, labels = read_groups(group, n)
    stratum, strata_labels = read_strata(strata, n)
    entries = read_entry(entry, times)
    scheme = _scheme(rho, gamma, weights, t_star)
    if len(labels) < 2:
        raise DataError(f"group: only one group, {labels[0]!r}; a comparison needs two")
    require_events(events, "a log-rank test")

    strata_count = max(1, len(strata_labels))
    trial = _Data(times, events, entries, codes, len(labels), stratum, strata_count)
    weighting = _Weighting(scheme, float(rho), float(gamma), t_star)
    observed, expected, variance = _sums(trial, weighting, time_tolerance)
    statistic, df, z = _statistic(observed - expected, expected, variance)
    return LogRank(
        statistic=statistic,
        df=df,
        p_value=chi_squared_p(statistic, df),
        z=z,
        observed=observed,
        expected=expected,
        variance=variance,
        groups=labels,
        n=tuple(np.bincount(codes, minlength=len(labels)).tolist()),
        strata=strata_count,
        method=_method(rho, gamma, weights, t_star),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Data:
    """What was given, checked: (n,) arrays, `entry` and `stratum` empty where there are none."""

    time: Floats
    event: Ints
    entry: Floats
    group: Ints
    groups: int
    stratum: Ints
    strata: int


@dataclass(frozen=True, slots=True)
class _Weighting:
    """Which weights, and their parameters."""

    scheme: int
    rho: float
    gamma: float
    t_star: float | None

    def until(self, tolerance: float) -> tuple[int, float, float, float]:
        """The arguments of the kernels, t* with what counts as tied with it."""
        return self.scheme, self.rho, self.gamma, math.inf if self.t_star is None else float(self.t_star) + tolerance


def _sums(data: _Data, weighting: _Weighting, time_tolerance: float) -> tuple[Floats, Floats, Floats]:
    """Observed (g,), expected (g,) and the variance (g, g) of their difference; by packed rows where there are such."""
    g = data.groups
    sums = np.zeros(g), np.zeros(g), np.zeros((g, g))
    cell = data.group if data.stratum.size == 0 else data.group + g * data.stratum
    keys = None
    if data.entry.size == 0:
        keys = packed(data.time, data.event, cell, g * data.strata, time_tolerance=time_tolerance)
    if keys is not None:
        at_risk = keys.count.reshape(-1, 2).sum(axis=1).astype(np.float64)
        kernels.logrank_sums_of_keys(
            keys.time, keys.keys, keys.width, keys.tolerance, data.strata, at_risk, *weighting.until(keys.tolerance),
            *sums,
        )  # fmt: skip  # arguments that belong together share a line
        return sums
    sets = risk_sets(data.time, data.entry, data.stratum, data.strata, time_tolerance=time_tolerance)
    kernels.logrank_sums(
        sets.time, sets.order, sets.run_start, sets.stratum_run, sets.run_time, sets.enter, sets.first,
        data.event, data.group, *weighting.until(sets.tolerance), *sums,
    )  # fmt: skip  # arguments that belong together share a line
    return sums


def _scheme(rho: float, gamma: float, weights: str | None, t_star: float | None) -> int:
    """The number of the weights asked for, of which there may be one kind."""
    if weights is not None and not isinstance(weights, str):
        raise DataError(
            f"weights: a name is needed, that of the test's weight function: {', '.join(get_args(Weighting))}; case "
            "weights are not offered here: cox takes them, and with robust=True its Wald test compares the groups"
        )
    if weights is not None and weights not in get_args(Weighting):
        raise DataError(f"weights: {weights!r} is unknown; choose one of {', '.join(get_args(Weighting))}")
    if weights is not None and (rho or gamma):
        raise DataError("weights: rho and gamma are Fleming-Harrington weights; give one or the other")
    if rho < 0 or gamma < 0:
        raise DataError("rho, gamma: a negative power gives infinite weights; give 0 or more")
    if t_star is None:
        return _SCHEMES[weights]
    if weights is not None or rho or gamma:
        raise DataError("t_star: modest weights stand alone; leave out rho, gamma and weights")
    if not t_star >= 0.0:
        raise DataError(f"t_star: {t_star} is no time; give 0 or a time after it")
    return kernels.MODESTLY_WEIGHTED


def _statistic(difference: Floats, expected: Floats, variance: Floats) -> tuple[float, int, float]:
    """Chi-squared, its degrees of freedom, and z where there are two groups."""
    spread = variance.diagonal()
    at_risk = np.flatnonzero((expected > 0.0) & (spread > 0.0))
    if at_risk.size < 2:
        raise NoEventsError(
            "event: at no event are participants of two groups at risk together; these data compare no groups"
        )
    if difference.size == 2:
        z = float(difference[1]) / math.sqrt(float(spread[1]))
        return z * z, 1, z
    kept = at_risk[:-1]
    inverse_times = np.linalg.solve(variance[np.ix_(kept, kept)], difference[kept])
    return float(difference[kept] @ inverse_times), int(kept.size), math.nan


def _method(rho: float, gamma: float, weights: Weighting | None, t_star: float | None) -> str:
    if t_star is not None:
        return f"log-rank, modest weights (t* {show(float(t_star))})"
    if weights is not None:
        return f"log-rank, {weights} weights"
    return "log-rank" if rho == gamma == 0 else f"log-rank, Fleming-Harrington weights ({rho:g}, {gamma:g})"
