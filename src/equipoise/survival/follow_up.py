"""Median follow-up: its definitions differ by months, so the method always stands beside the number.

Sources: Schemper and Smith, Controlled Clinical Trials 1996 (reverse Kaplan-Meier); Altman et al., British
Journal of Cancer 1995 (how follow-up is reported).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from equipoise.errors import DataError
from equipoise.estimates.result import Column, Result, percent
from equipoise.survival._arrays import read_event, read_time
from equipoise.survival._bands import ConfType
from equipoise.survival._risk_sets import TIME_TOLERANCE
from equipoise.survival.kaplan_meier import kaplan_meier

Method = Literal["reverse-km", "observed", "survivors"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MedianFollowUp(Result):
    """Median follow-up.

    Attributes:
        value: the median; NaN where not reached.
        conf_low: lower limit, NaN where not reached.
        conf_high: upper limit.
        conf_level: two-sided level.
        method: `reverse-km`, `observed` or `survivors`.
        n: participants it is taken over.
    """

    value: float
    conf_low: float
    conf_high: float
    conf_level: float
    method: str
    n: int

    def _title(self) -> str:
        return f"Median follow-up ({self.method}), {percent(self.conf_level)} limits"

    def _columns(self) -> Mapping[str, Column]:
        return {
            "n": [self.n],
            "value": [self.value],
            "conf_low": [self.conf_low],
            "conf_high": [self.conf_high],
        }


def median_follow_up(
    time: Any,
    event: Any,
    *,
    method: Method = "reverse-km",
    conf_level: float = 0.95,
    conf_type: ConfType = "log-log",
    time_tolerance: float = TIME_TOLERANCE,
) -> MedianFollowUp:
    """How long participants have been followed.

    Args:
        time: (n,) end of follow-up.
        event: (n,) 1 for an event (death), 0 for censored.
        method: `reverse-km`: the Kaplan-Meier median with events and censoring exchanged, the follow-up there
            would have been without deaths; `observed`: the median of all times; `survivors`: the median time
            of those without event.
        conf_level: two-sided level.
        conf_type: scale of the band that the limits are read from.
        time_tolerance: times closer than this times the mean time are tied.

    Raises:
        DataError: for input that cannot be used; for `survivors` if every participant has had the event.
    """
    times = read_time(time)
    events = read_event(event, times.size)
    if method == "reverse-km":
        ended = 1 - events
    elif method == "observed":
        ended = np.ones_like(events)
    elif method == "survivors":
        times = times[events == 0]
        if times.size == 0:
            raise DataError("event: every participant has had the event; follow-up of survivors needs one without")
        ended = np.ones(times.size, dtype=np.int64)
    else:
        raise DataError(f"method: {method!r} is unknown; choose reverse-km, observed or survivors")
    curve = kaplan_meier(times, ended, conf_type=conf_type, conf_level=conf_level, time_tolerance=time_tolerance)
    median = curve.median
    return MedianFollowUp(median.value, median.conf_low, median.conf_high, conf_level, method, times.size)
