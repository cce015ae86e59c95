"""Cumulative incidence with competing events.

Sources: Aalen and Johansen 1978; Gray 1988 (the variance `aalen`, as in cmprsk `cuminc`); Marubini and
Valsecchi 1995 (the variance `delta`, without delayed entry equal to the infinitesimal jackknife of R's
`survfit`). One less Kaplan-Meier is not an incidence when another event can come first.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from equipoise.errors import DataError
from equipoise.estimates.result import Column, Result, percent
from equipoise.survival._arrays import (
    NO_INTS,
    Floats,
    as_codes,
    check_level,
    read_causes,
    read_entry,
    read_groups,
    read_time,
)
from equipoise.survival._bands import confidence_limits
from equipoise.survival._risk_sets import TIME_TOLERANCE, risk_sets, steps_at
from equipoise.survival.incidence_kernels import aalen_johansen


def _named(cause: int, group: Hashable) -> str:
    """Whose incidence it is, as a title."""
    return f"Cumulative incidence of cause {cause}" + ("" if group is None else f", group {group}")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class IncidenceAt(Result):
    """A cumulative incidence read at given times.

    Attributes:
        cause: the code of the cause.
        group: label of the group; None where all participants are one.
        time: (k,) the times asked for.
        incidence: (k,) probabilities; NaN after the group's last time, unless nobody is left without an
            event.
        std_error: (k,) standard errors.
        conf_low: (k,) lower limits, log-log.
        conf_high: (k,) upper limits.
        conf_level: two-sided level.
    """

    _shown: ClassVar[tuple[str, ...]] = ("time", "incidence", "std_error", "conf_low", "conf_high")

    cause: int
    group: Hashable
    time: Floats
    incidence: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    conf_level: float

    def _title(self) -> str:
        return f"{_named(self.cause, self.group)}, {percent(self.conf_level)} limits"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class IncidenceCurve(Result):
    """The cumulative incidence of one cause in one group; arrays have one entry a distinct time of the group.

    Attributes:
        cause: the code of the cause.
        group: label of the group; None where all participants are one.
        time: (m,) distinct times, ascending.
        at_risk: (m,) at risk just before the time.
        events: (m,) events of the cause.
        incidence: (m,) F(t), from the time on.
        survival: (m,) probability of no event of any cause; with the incidences of all causes it sums to 1.
        std_error: (m,) of F(t).
        conf_low: (m,) lower limits, symmetric on the scale log(-log F).
        conf_high: (m,) upper limits; NaN where F is 0 or 1.
        conf_level: two-sided level.
        tolerance: distance below which two times are one.
    """

    _shown: ClassVar[tuple[str, ...]] = (
        "time",
        "at_risk",
        "events",
        "incidence",
        "std_error",
        "conf_low",
        "conf_high",
    )

    cause: int
    group: Hashable
    time: Floats
    at_risk: Floats
    events: Floats
    incidence: Floats
    survival: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    conf_level: float
    tolerance: float

    def at(self, times: ArrayLike) -> IncidenceAt:
        """The curve at `times`; NaN after the group's last time, unless nobody is left without an event.

        Raises:
            DataError: if a time is missing or negative.
        """
        asked = read_time(np.atleast_1d(np.asarray(times)), "times")
        curves = (
            (self.incidence, 0.0),
            (self.std_error, 0.0),
            (self.conf_low, math.nan),
            (self.conf_high, math.nan),
        )
        value, std_error, low, high = steps_at(self.time, curves, float(self.survival[-1]), asked, self.tolerance)
        return IncidenceAt(self.cause, self.group, asked, value, std_error, low, high, self.conf_level)

    def _title(self) -> str:
        return _named(self.cause, self.group)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CumulativeIncidence(Result):
    """Cumulative incidences of every cause in every group.

    Attributes:
        causes: codes of the causes that occur.
        groups: labels; `(None,)` where all participants are one group.
        curves: one a group and cause, groups outermost.
        variance: `aalen` or `delta`.
        conf_level: two-sided level.
    """

    causes: tuple[int, ...]
    groups: tuple[Hashable, ...]
    curves: tuple[IncidenceCurve, ...]
    variance: str
    conf_level: float

    def curve(self, cause: int | None = None, group: Hashable = None) -> IncidenceCurve:
        """The curve of one cause in one group; either may be left out where there is only one.

        Raises:
            DataError: if there is no such curve, or several.
        """
        found = [c for c in self.curves if cause in {None, c.cause} and (group is None or c.group == group)]
        if len(found) != 1:
            raise DataError(
                f"cause {cause}, group {group!r}: {len(found)} curves; causes are {list(self.causes)}, "
                f"groups {list(self.groups)}"
            )
        return found[0]

    def at(self, times: ArrayLike, *, cause: int | None = None, group: Hashable = None) -> IncidenceAt:
        """One curve read at `times`; see `curve` and `IncidenceCurve.at`."""
        return self.curve(cause, group).at(times)

    def _title(self) -> str:
        return f"Cumulative incidence, {len(self.groups)} groups, {len(self.causes)} causes"

    def _columns(self) -> Mapping[str, Column]:
        columns: dict[str, Column] = {
            "group": [curve.group for curve in self.curves for _ in curve.time],
            "cause": [curve.cause for curve in self.curves for _ in curve.time],
        }
        for name in ("time", "at_risk", "events", "incidence", "std_error", "conf_low", "conf_high"):
            columns[name] = [value for curve in self.curves for value in getattr(curve, name)]
        return columns

    def _notes(self) -> list[str]:
        return [f"{percent(self.conf_level)} limits, log-log; {self.variance} variance"]


def cumulative_incidence(
    time: Any,
    event: Any,
    *,
    group: Any = None,
    entry: Any = None,
    variance: Literal["aalen", "delta"] = "aalen",
    conf_level: float = 0.95,
    time_tolerance: float = TIME_TOLERANCE,
) -> CumulativeIncidence:
    """Estimate the probability of each cause by time, in the presence of the others.

    Args:
        time: (n,) end of follow-up.
        event: (n,) 0 for censored, else the cause, a whole number.
        group: (n,) labels; each group is estimated on its own.
        entry: (n,) start of observation: at risk in (entry, time].
        variance: `aalen` as in cmprsk, or `delta`.
        conf_level: two-sided level of the pointwise log-log limits.
        time_tolerance: times closer than this times the mean time are tied.

    Returns:
        A curve a group and cause. With no events at all there is one curve of cause 1, which is 0.

    Raises:
        DataError: for input that cannot be used, naming the rows.
    """
    if variance not in {"aalen", "delta"}:
        raise DataError(f"variance: {variance!r} is unknown; choose aalen or delta")
    level = check_level(conf_level)
    times = read_time(time)
    raw = read_causes(event, times.size)
    entries = read_entry(entry, times)
    stratum, labels = (NO_INTS, (None,)) if group is None else read_groups(group, times.size)
    codes, causes = as_codes(raw)

    sets = risk_sets(times, entries, stratum, len(labels), time_tolerance=time_tolerance)
    r, c = sets.run_time.size, len(causes)
    at_risk, survival = np.empty(r), np.empty(r)
    events, incidence, squared = np.empty((r, c)), np.empty((r, c)), np.empty((r, c))
    aalen_johansen(
        sets.order, sets.run_start, sets.run_time, sets.stratum_run, sets.enter, sets.first, codes,
        int(variance == "aalen"), at_risk, events, survival, incidence, squared,
    )  # fmt: skip  # arguments that belong together share a line
    std_error = np.sqrt(squared)
    low, high = confidence_limits(incidence, std_error, "log-log", level)
    curves = [
        IncidenceCurve(
            cause=cause,
            group=label,
            time=sets.time[sets.run_time[part]],
            at_risk=at_risk[part],
            events=events[part, j],
            incidence=incidence[part, j],
            survival=survival[part],
            std_error=std_error[part, j],
            conf_low=low[part, j],
            conf_high=high[part, j],
            conf_level=level,
            tolerance=sets.tolerance,
        )
        for label, (begin, end) in zip(labels, pairwise(sets.stratum_run.tolist()), strict=True)
        for part in [slice(begin, end)]
        for j, cause in enumerate(causes)
    ]
    return CumulativeIncidence(causes, labels, tuple(curves), variance, level)
