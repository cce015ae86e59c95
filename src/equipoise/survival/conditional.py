"""Survival of those who have come so far.

Source: Henson and Ries, Statistics in Medicine 1995, with Greenwood's variance of the time after the condition.
"""

from __future__ import annotations

from typing import Any

from equipoise.survival._bands import ConfType
from equipoise.survival._risk_sets import TIME_TOLERANCE
from equipoise.survival.kaplan_meier import KaplanMeier, kaplan_meier


def conditional_survival(
    time: Any,
    event: Any,
    *,
    given: float,
    entry: Any = None,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
    time_tolerance: float = TIME_TOLERANCE,
) -> KaplanMeier:
    """The Kaplan-Meier curve of those without the event at `given`: S(t | given) = S(t)/S(given), for t > given.

    Args:
        time: (n,) end of follow-up, from the origin and not from `given`.
        event: (n,) 1 for an event, 0 for censored.
        given: the time that has been survived.
        entry: (n,) start of observation: at risk in (entry, time].
        conf_type: scale of the pointwise limits.
        conf_level: two-sided level.
        time_tolerance: times closer than this times the mean time are tied.

    Returns:
        A curve whose `.at(t)` is the probability of living beyond t among those who live beyond `given`; its times
        run from the origin.

    Raises:
        DataError: for input that cannot be used; if nobody is at risk after `given`.
    """
    curve = kaplan_meier(
        time, event, entry=entry, conf_type=conf_type, conf_level=conf_level, time_tolerance=time_tolerance
    )
    return curve.conditional(given)
