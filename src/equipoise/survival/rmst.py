"""Restricted mean survival time: the mean of the time lived until tau, by group, compared and adjusted.

Sources: Royston and Parmar, BMC Medical Research Methodology 2013; Uno et al., Journal of Clinical Oncology 2014
(difference, ratio, and the restricted mean time lost, tau less the mean). With fractional weights the variance is
the infinitesimal jackknife. The adjusted difference: Tian, Zhao and Wei, Biostatistics 2014, in
`rmst_regression`. Numbers agree with R's survival and survRM2.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from equipoise.errors import DataError
from equipoise.estimates.result import Column, Result, percent, show
from equipoise.survival._arrays import (
    Floats,
    Ints,
    check_level,
    read_entry,
    read_event,
    read_groups,
    read_time,
    read_weights,
)
from equipoise.survival._number import Difference, Ratio, difference_of, ratio_of
from equipoise.survival._restricted_mean import areas_to, check_tau
from equipoise.survival._risk_sets import TIME_TOLERANCE
from equipoise.survival.kaplan_meier import KaplanMeier, kaplan_meier
from equipoise.survival.rmst_regression import RmstRegression, fit_rmst_regression


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RmstComparison(Result):
    """The restricted mean survival time of one group beside that of another.

    Attributes:
        group: label of the one.
        reference: label of the other, the first group.
        difference: mean of the group less that of the reference.
        ratio: mean of the group over that of the reference.
        lost_ratio: time lost of the group over that of the reference.
    """

    group: Hashable
    reference: Hashable
    difference: Difference
    ratio: Ratio
    lost_ratio: Ratio

    def _title(self) -> str:
        limits = percent(self.difference.conf_level)
        return f"Restricted mean survival time of {self.group} beside {self.reference}, {limits} limits"

    def _columns(self) -> Mapping[str, Column]:
        found = {"difference": self.difference, "ratio": self.ratio, "ratio of time lost": self.lost_ratio}
        columns: dict[str, Column] = {"measure": list(found)}
        for name in ("value", "conf_low", "conf_high", "p_value"):
            columns[name] = [getattr(number, name) for number in found.values()]
        return columns

    def lines(self) -> list[str]:
        """The same, a line each."""
        over = f"({self.group} / {self.reference})"
        return [
            f"difference ({self.group} - {self.reference}) {self.difference!r}",
            f"ratio {over} {self.ratio!r}",
            f"ratio of time lost {over} {self.lost_ratio!r}",
        ]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Rmst(Result):
    """Restricted mean survival times, per group.

    Attributes:
        tau: the time they are restricted to.
        groups: (g,) labels; `(None,)` where all participants are one group.
        value: (g,) restricted means.
        std_error: (g,) standard errors; the time lost, tau less the mean, has the same.
        conf_low: (g,) lower limits, normal.
        conf_high: (g,) upper limits.
        comparisons: (g - 1,) each further group beside the first; not adjusted for their number.
        adjusted: the difference of two groups adjusted for covariates, where these were given.
        regression: the model behind `adjusted`.
        conf_level: two-sided level of all limits.
    """

    tau: float
    groups: tuple[Hashable, ...]
    value: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    comparisons: tuple[RmstComparison, ...]
    adjusted: Difference | None
    regression: RmstRegression | None
    conf_level: float

    @property
    def lost(self) -> Floats:
        """(g,) restricted mean times lost, tau less the mean."""
        return self.tau - self.value

    @property
    def difference(self) -> Difference | None:
        """Mean of the second of two groups less that of the first; None with a single group.

        Raises:
            DataError: with more than two groups, which `comparisons` has.
        """
        found = self._of_two("difference")
        return None if found is None else found.difference

    @property
    def ratio(self) -> Ratio | None:
        """Mean of the second of two groups over that of the first; None with a single group.

        Raises:
            DataError: with more than two groups, which `comparisons` has.
        """
        found = self._of_two("ratio")
        return None if found is None else found.ratio

    @property
    def lost_ratio(self) -> Ratio | None:
        """Time lost of the second of two groups over that of the first; None with a single group.

        Raises:
            DataError: with more than two groups, which `comparisons` has.
        """
        found = self._of_two("lost_ratio")
        return None if found is None else found.lost_ratio

    def _of_two(self, what: str) -> RmstComparison | None:
        if len(self.groups) > 2:
            raise DataError(
                f"{what}: {len(self.groups)} groups; .comparisons has each beside the first, {self.groups[0]}"
            )
        return self.comparisons[0] if self.comparisons else None

    def _title(self) -> str:
        return f"Restricted mean survival time to {show(self.tau)}, {percent(self.conf_level)} limits"

    def _columns(self) -> Mapping[str, Column]:
        return {
            "group": self.groups,
            "value": self.value,
            "std_error": self.std_error,
            "conf_low": self.conf_low,
            "conf_high": self.conf_high,
            "lost": self.lost,
        }

    def _notes(self) -> list[str]:
        notes = [line for comparison in self.comparisons for line in comparison.lines()]
        return notes if self.adjusted is None else [*notes, f"adjusted difference {self.adjusted!r}"]


def rmst(
    time: Any,
    event: Any,
    group: Any = None,
    *,
    tau: float,
    entry: Any = None,
    weights: Any = None,
    covariates: Any = None,
    names: Sequence[str] | None = None,
    conf_level: float = 0.95,
    time_tolerance: float = TIME_TOLERANCE,
) -> Rmst:
    """The mean time lived until `tau` per group, and each further group's beside the first's.

    Args:
        time: (n,) end of follow-up.
        event: (n,) 1 for an event, 0 for censored.
        group: (n,) labels; None for all participants together.
        tau: the time to restrict to, not beyond the last time of any group.
        entry: (n,) start of observation: at risk in (entry, time].
        weights: (n,) case weights, 0 or more; fractional ones give the robust variance.
        covariates: (n,) or (n, p): adjust the difference of two groups for them; without entry and weights only.
        names: (p,) of the covariates.
        conf_level: two-sided level.
        time_tolerance: times closer than this times the mean time are tied.

    Raises:
        DataError: for input that cannot be used, naming the rows; for a `tau` beyond a group's last time.
    """
    level = check_level(conf_level)
    times = read_time(time)
    n = times.size
    events = read_event(event, n)
    entries, w = read_entry(entry, times), read_weights(weights, n)
    codes, labels = (np.zeros(n, np.int64), (None,)) if group is None else read_groups(group, n)
    tolerance = float(time_tolerance) * float(times.mean())
    for g, label in enumerate(labels):
        check_tau(tau, float(times[codes == g].max()), tolerance, "" if label is None else f" of group {label}")
    means = np.array(
        [
            _mean(times, events, entries, w, codes == g, tau=float(tau), tolerance=time_tolerance)
            for g in range(len(labels))
        ]
    )
    value, std_error = means.T
    limits = Difference(0.0, 1.0, level).conf_high * std_error
    model = None
    if covariates is not None:
        if len(labels) != 2 or entries.size or w.size:
            raise DataError("covariates: the adjusted difference needs two groups, and takes no entry and no weights")
        model = fit_rmst_regression(
            times, events, codes, covariates, tau=float(tau), names=names, conf_level=level, tolerance=tolerance
        )
    return Rmst(
        tau=float(tau),
        groups=labels,
        value=value,
        std_error=std_error,
        conf_low=value - limits,
        conf_high=value + limits,
        comparisons=_comparisons(labels, value, std_error, tau=float(tau), level=level),
        adjusted=None if model is None else Difference(float(model.coef[1]), float(model.std_error[1]), level),
        regression=model,
        conf_level=level,
    )


def _comparisons(
    labels: tuple[Hashable, ...], value: Floats, std_error: Floats, *, tau: float, level: float
) -> tuple[RmstComparison, ...]:
    """Each further group beside the first."""
    first, first_error = float(value[0]), float(std_error[0])
    return tuple(
        RmstComparison(
            group=label,
            reference=labels[0],
            difference=difference_of(mean, first, error, first_error, level),
            ratio=ratio_of(mean, first, error, first_error, level),
            lost_ratio=ratio_of(tau - mean, tau - first, error, first_error, level),
        )
        for label, mean, error in zip(labels[1:], value[1:].tolist(), std_error[1:].tolist(), strict=True)
    )


def _mean(
    times: Floats, events: Ints, entries: Floats, w: Floats, rows: Any, *, tau: float, tolerance: float
) -> tuple[float, float]:
    """The restricted mean of some rows and its standard error."""
    t, e = times[rows], events[rows]
    entry = entries[rows] if entries.size else None
    weight = w[rows] if w.size else None
    curve = kaplan_meier(t, e, entry=entry, weights=weight, time_tolerance=tolerance)
    if curve.variance == "greenwood":
        found = curve.rmst(min(tau, float(curve.time[-1])))
        return found.value, found.std_error
    mean, after = areas_to(curve.time, curve.survival, tau)
    return mean, _jackknife(curve, after, t, e, entry=entry, w=w[rows])


def _jackknife(curve: KaplanMeier, after: Floats, t: Floats, e: Ints, *, entry: Any, w: Floats) -> float:
    """The root of the sum over rows of (weight times the derivative of the mean by the weight) squared.

    The derivative is the sum, over event times while at risk, of area after the time d/(n (n - d)), less
    the area after the own event over (n - d).
    """
    area = np.zeros(curve.time.size)
    area[: after.size] = after
    n, d = curve.at_risk, curve.events
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.where(area > 0.0, area * d / (n * (n - d)), 0.0)
        own = np.where(area > 0.0, area / (n - d), 0.0)
    total = np.concatenate([[0.0], np.cumsum(step)])
    at = np.searchsorted(curve.time, t + curve.tolerance, side="right")
    begin = 0 if entry is None else np.searchsorted(curve.time, entry + curve.tolerance, side="right")
    derivative = total[at] - total[begin] - np.where(e == 1, own[at - 1], 0.0)
    return math.sqrt(float(np.sum((w * derivative) ** 2)))
