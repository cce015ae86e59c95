"""The mean number of recurrent events when death ends them.

Source: Ghosh and Lin, Biometrics 2000: mu(t) is the integral of S(u-) dR(u), R the Nelson-Aalen sum of
recurrent events among those alive and under observation, S the Kaplan-Meier survival. Participants who have
died have no more events; they are not taken as censored, which would overstate the mean. The variance is
theirs, with the Kaplan-Meier S.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from equipoise.errors import DataError
from equipoise.estimates.result import Result, percent, show
from equipoise.survival._arrays import (
    NO_FLOATS,
    Floats,
    Ints,
    check_level,
    read_causes,
    read_groups,
    read_time,
    rows_text,
)
from equipoise.survival._normal import critical_value
from equipoise.survival._number import Difference, last_less_first
from equipoise.survival._risk_sets import TIME_TOLERANCE, risk_sets, steps_at
from equipoise.survival.recurrent_kernels import mean_number


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MeanNumberAt(Result):
    """Mean cumulative numbers at given times.

    Attributes:
        time: (k,) the times asked for.
        mean: (k,) events per participant; NaN after the last time, unless nobody is alive.
        std_error: (k,) standard errors.
        conf_low: (k,) lower limits, symmetric on the log scale.
        conf_high: (k,) upper limits; NaN where the mean is 0.
        conf_level: two-sided level.
    """

    _shown: ClassVar[tuple[str, ...]] = ("time", "mean", "std_error", "conf_low", "conf_high")

    time: Floats
    mean: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    conf_level: float

    def _title(self) -> str:
        return f"Mean cumulative number of events, {percent(self.conf_level)} limits"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MeanCumulativeFunction(Result):
    """The mean cumulative number of recurrent events; arrays have one entry a distinct time of any kind.

    Attributes:
        time: (m,) distinct times, ascending.
        at_risk: (m,) participants alive and followed just before the time.
        events: (m,) recurrent events at the time.
        deaths: (m,) deaths at the time, after its recurrent events.
        survival: (m,) Kaplan-Meier survival, from the time on.
        mean: (m,) mu(t), from the time on.
        std_error: (m,) of mu(t).
        conf_low: (m,) lower limits, symmetric on the log scale.
        conf_high: (m,) upper limits; NaN where the mean is 0.
        conf_level: two-sided level.
        n: participants.
        tolerance: distance below which two times are one.
    """

    _shown: ClassVar[tuple[str, ...]] = (
        "time",
        "at_risk",
        "events",
        "deaths",
        "mean",
        "std_error",
        "conf_low",
        "conf_high",
    )

    time: Floats
    at_risk: Floats
    events: Floats
    deaths: Floats
    survival: Floats
    mean: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    conf_level: float
    n: int
    tolerance: float

    def at(self, times: ArrayLike) -> MeanNumberAt:
        """The curve at `times`; NaN after the last time, unless nobody is alive.

        Raises:
            DataError: if a time is missing or negative.
        """
        points = read_time(np.atleast_1d(np.asarray(times)), "times")
        curves = (
            (self.mean, 0.0),
            (self.std_error, 0.0),
            (self.conf_low, math.nan),
            (self.conf_high, math.nan),
        )
        value, std_error, low, high = steps_at(self.time, curves, float(self.survival[-1]), points, self.tolerance)
        return MeanNumberAt(points, value, std_error, low, high, self.conf_level)

    def _title(self) -> str:
        return f"Mean cumulative number of events, {self.n} participants"

    def _notes(self) -> list[str]:
        return [f"{percent(self.conf_level)} limits, log; death ends the events (Ghosh and Lin)"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MeanCumulativeCount(Result):
    """The mean number of recurrent events by one time, per group.

    Attributes:
        at: the time.
        groups: (g,) labels; `(None,)` where all participants are one group.
        n: (g,) participants.
        mean: (g,) events per participant; NaN for a group that is not followed so far.
        std_error: (g,) standard errors.
        conf_low: (g,) lower limits, symmetric on the log scale.
        conf_high: (g,) upper limits; NaN where the mean is 0.
        difference: mean of the last group less that of the first, with its standard error, normal limits and
            p-value; None with a single group.
        conf_level: two-sided level of all limits.
    """

    _shown: ClassVar[tuple[str, ...]] = ("groups", "n", "mean", "std_error", "conf_low", "conf_high")

    at: float
    groups: tuple[Hashable, ...]
    n: tuple[int, ...]
    mean: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    difference: Difference | None
    conf_level: float

    def _title(self) -> str:
        return f"Mean number of events by {show(self.at)}, {percent(self.conf_level)} limits"

    def _notes(self) -> list[str]:
        if self.difference is None:
            return []
        return [f"difference ({self.groups[-1]} - {self.groups[0]}) {self.difference!r}"]


def mean_cumulative_function(
    participant: Any,
    time: Any,
    event: Any,
    *,
    conf_level: float = 0.95,
    time_tolerance: float = TIME_TOLERANCE,
) -> MeanCumulativeFunction:
    """Estimate the mean number of recurrent events by each time, with death as terminal event.

    Rows are events, in any order; each participant has any number of recurrent events and exactly one end.

    Args:
        participant: (n,) labels.
        time: (n,) time of the event since the participant's origin.
        event: (n,) 1 for a recurrent event, 2 for death, 0 for the end of follow-up alive.
        conf_level: two-sided level.
        time_tolerance: times closer than this times the mean time are tied. A recurrent event at the time of
            the participant's end counts.

    Raises:
        DataError: for input that cannot be used, naming the rows: a participant without an end or with two,
            or an event after the end.
    """
    level = check_level(conf_level)
    times = read_time(time)
    events = read_causes(event, times.size)
    codes, labels = read_groups(participant, times.size, "participant")
    n = len(labels)
    sets = risk_sets(times, NO_FLOATS, time_tolerance=time_tolerance)
    check_ends(codes, labels, times, events, sets.tolerance)
    m = sets.time.size
    at_risk, recurred, deaths, survival, mean, variance = (np.empty(m) for _ in range(6))
    curves = (at_risk, recurred, deaths, survival, mean, variance)
    mean_number(sets.order, sets.run_start, codes, events, np.zeros(n), *curves)
    std_error = np.sqrt(variance)
    low, high = _log_limits(mean, std_error, level)
    return MeanCumulativeFunction(
        time=sets.time,
        at_risk=at_risk,
        events=recurred,
        deaths=deaths,
        survival=survival,
        mean=mean,
        std_error=std_error,
        conf_low=low,
        conf_high=high,
        conf_level=level,
        n=n,
        tolerance=sets.tolerance,
    )


def mean_cumulative_count(
    participant: Any,
    time: Any,
    event: Any,
    group: Any = None,
    *,
    at: float,
    conf_level: float = 0.95,
    time_tolerance: float = TIME_TOLERANCE,
) -> MeanCumulativeCount:
    """The mean number of recurrent events by `at` per group, and the last group's less the first's.

    Args:
        participant: (n,) labels.
        time: (n,) time of the event since the participant's origin.
        event: (n,) 1 for a recurrent event, 2 for death, 0 for the end of follow-up alive.
        group: (n,) labels, the same in every row of a participant; None for all participants together.
        at: the time point.
        conf_level: two-sided level.
        time_tolerance: times closer than this times the mean time are tied.

    Raises:
        DataError: as `mean_cumulative_function`; if a participant has rows in two groups.
    """
    level = check_level(conf_level)
    times = read_time(time)
    events = read_causes(event, times.size)
    people, who = read_groups(participant, times.size, "participant")
    point = float(read_time([at], "at")[0])
    codes, labels = (np.zeros(times.size, np.int64), (None,)) if group is None else read_groups(group, times.size)
    pairs = np.unique(people * len(labels) + codes)
    twice = np.bincount(pairs // len(labels), minlength=len(who)) > 1
    if twice.any():
        bad = twice[people]
        raise DataError(
            f"group: participant {who[int(people[bad][0])]!r} is in two groups, in {rows_text(bad)}; give one"
        )
    found = []
    for g in range(len(labels)):
        rows = codes == g
        curve = mean_cumulative_function(
            people[rows], times[rows], events[rows], conf_level=level, time_tolerance=time_tolerance
        )
        read = curve.at(point)
        found.append([read.mean[0], read.std_error[0], read.conf_low[0], read.conf_high[0]])
    mean, std_error, low, high = np.array(found).T
    return MeanCumulativeCount(
        at=point,
        groups=labels,
        n=tuple(np.bincount(pairs % len(labels), minlength=len(labels)).tolist()),
        mean=mean,
        std_error=std_error,
        conf_low=low,
        conf_high=high,
        difference=last_less_first(mean, std_error, level),
        conf_level=level,
    )


def check_ends(codes: Ints, labels: tuple[Hashable, ...], times: Floats, events: Ints, tolerance: float) -> None:
    """Raise a DataError unless each participant ends exactly once, after all their events."""
    if events.max() > 2:
        raise DataError(
            f"event: value other than 0, 1, 2 in {rows_text(events > 2)}; 1 recurrent, 2 death, 0 end alive"
        )
    ends = events != 1
    count = np.bincount(codes[ends], minlength=len(labels))
    if (count != 1).any():
        bad = int(np.flatnonzero(count != 1)[0])
        raise DataError(
            f"event: participant {labels[bad]!r} has {count[bad]} ends of follow-up, in "
            f"{rows_text(codes == bad)}; give one row with 0 (alive) or 2 (death)"
        )
    end = np.empty(len(labels))
    end[codes[ends]] = times[ends]
    late = times > end[codes] + tolerance
    if late.any():
        raise DataError(f"time: event after the participant's end of follow-up in {rows_text(late)}; correct either")


def _log_limits(mean: Floats, std_error: Floats, level: float) -> tuple[Floats, Floats]:
    """Limits symmetric on the log scale; NaN where the mean is 0."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        width = critical_value(level) * std_error / np.where(mean > 0.0, mean, np.nan)
        return mean * np.exp(-width), mean * np.exp(width)
