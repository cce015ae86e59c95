"""Survival at one time point, by group, and the difference between groups.

Source: Kalbfleisch and Prentice 2002 (Greenwood); the difference of two independent estimates
is compared with its standard error on the plain scale, as Klein, Logan, Harhoff and Andersen, Statistics in
Medicine 2007, call "naive".
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from equipoise.estimates.result import Result, percent, show
from equipoise.survival._arrays import Floats, check_level, read_entry, read_event, read_groups, read_time
from equipoise.survival._bands import ConfType
from equipoise.survival._number import Difference, last_less_first
from equipoise.survival._risk_sets import TIME_TOLERANCE
from equipoise.survival.kaplan_meier import kaplan_meier


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Milestone(Result):
    """Kaplan-Meier survival at a time, per group.

    Attributes:
        at: the time.
        groups: (g,) labels; `(None,)` where all participants are one group.
        survival: (g,) probabilities; NaN for a group that is not followed so far.
        std_error: (g,) Greenwood.
        conf_low: (g,) lower limits.
        conf_high: (g,) upper limits.
        at_risk: (g,) number at risk at the next observed time.
        difference: survival of the last group less that of the first, with its standard error, normal limits
            and p-value; None with a single group.
        conf_level: two-sided level of all limits.
    """

    _shown: ClassVar[tuple[str, ...]] = (
        "groups",
        "at_risk",
        "survival",
        "std_error",
        "conf_low",
        "conf_high",
    )

    at: float
    groups: tuple[Hashable, ...]
    survival: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    at_risk: Floats
    difference: Difference | None
    conf_level: float

    def _title(self) -> str:
        return f"Survival at {show(self.at)}, {percent(self.conf_level)} limits"

    def _notes(self) -> list[str]:
        if self.difference is None:
            return []
        return [f"difference ({self.groups[-1]} - {self.groups[0]}) {self.difference!r}"]


def milestone(
    time: Any,
    event: Any,
    group: Any = None,
    *,
    at: float,
    entry: Any = None,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
    time_tolerance: float = TIME_TOLERANCE,
) -> Milestone:
    """Survival at `at` per group, and the last group's less the first's.

    Args:
        time: (n,) end of follow-up.
        event: (n,) 1 for an event, 0 for censored.
        group: (n,) labels; None for all participants together.
        at: the time point, in the unit of `time`.
        entry: (n,) start of observation: at risk in (entry, time].
        conf_type: scale of the limits of each group's survival; those of the difference are normal.
        conf_level: two-sided level.
        time_tolerance: times closer than this times the mean time are tied.

    Raises:
        DataError: for input that cannot be used, naming the rows.
    """
    level = check_level(conf_level)
    times = read_time(time)
    events = read_event(event, times.size)
    entries = read_entry(entry, times)
    point = float(read_time([at], "at")[0])
    codes, labels = (np.zeros(times.size, np.int64), (None,)) if group is None else read_groups(group, times.size)
    read = []
    for g in range(len(labels)):
        rows = codes == g
        curve = kaplan_meier(
            times[rows],
            events[rows],
            entry=entries[rows] if entries.size else None,
            conf_type=conf_type,
            conf_level=level,
            time_tolerance=time_tolerance,
        )
        found = curve.at(point)
        read.append([found.survival, found.std_error, found.conf_low, found.conf_high, found.at_risk])
    survival, std_error, low, high, at_risk = np.array(read)[:, :, 0].T
    return Milestone(
        at=point,
        groups=labels,
        survival=survival,
        std_error=std_error,
        conf_low=low,
        conf_high=high,
        at_risk=at_risk,
        difference=last_less_first(survival, std_error, level),
        conf_level=level,
    )
