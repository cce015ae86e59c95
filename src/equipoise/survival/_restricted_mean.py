"""The area under a survival curve up to a time, and its standard error."""

from __future__ import annotations

import math

import numpy as np

from equipoise.errors import DataError
from equipoise.estimates.result import show
from equipoise.survival._arrays import Floats
from equipoise.survival._normal import critical_value


class RestrictedMean(float):
    """A restricted mean survival time: a number that carries its standard error and interval.

    Attributes:
        value: the mean, the same as the number itself.
        std_error: its standard error.
        conf_low: lower limit, normal.
        conf_high: upper limit.
        tau: the time it is restricted to.
        conf_level: two-sided level.
    """

    __slots__ = ("conf_high", "conf_level", "conf_low", "std_error", "tau")
    std_error: float
    conf_low: float
    conf_high: float
    tau: float
    conf_level: float

    def __new__(cls, value: float, std_error: float, tau: float, conf_level: float) -> RestrictedMean:
        """A float with its interval."""
        self = super().__new__(cls, value)
        width = critical_value(conf_level) * std_error
        self.std_error, self.tau, self.conf_level = std_error, tau, conf_level
        self.conf_low, self.conf_high = value - width, value + width
        return self

    def __getnewargs__(self) -> tuple[float, float, float, float]:  # type: ignore[override]  # float's is (float,)
        """What `__new__` takes, so that it can be pickled."""
        return float(self), self.std_error, self.tau, self.conf_level

    @property
    def value(self) -> float:
        """The mean as a plain float."""
        return float(self)

    def __repr__(self) -> str:
        """The mean, its limits and its standard error."""
        limits = f"{show(self.conf_low)} to {show(self.conf_high)}"
        return f"{show(float(self))} ({limits}), standard error {show(self.std_error)}"


def check_tau(tau: float, last: float, tolerance: float, where: str = "") -> float:
    """`tau` where it is above 0 and not beyond the last time observed.

    Raises:
        DataError: otherwise.
    """
    point = float(tau)
    if not (math.isfinite(point) and point > 0.0):
        raise DataError(f"tau: {tau} is no time after the origin; give a positive time")
    if point > last + tolerance:
        raise DataError(
            f"tau: {show(point)} is beyond the last time{where}, {show(last)}: the curve is not known there; "
            "give an earlier time"
        )
    return point


def areas_to(time: Floats, survival: Floats, tau: float) -> tuple[float, Floats]:
    """The area under a step curve from 0 to `tau`, and (k,) from each of the k times before `tau` on to it."""
    k = int(np.searchsorted(time, tau))
    steps = np.diff(time[:k], append=tau)
    after = np.cumsum((survival[:k] * steps)[::-1])[::-1]
    first = float(time[0]) if k else tau
    return first + (float(after[0]) if k else 0.0), after


def restricted_mean(
    time: Floats,
    at_risk: Floats,
    events: Floats,
    survival: Floats,
    *,
    tau: float,
    conf_level: float,
    tolerance: float,
) -> RestrictedMean:
    """The restricted mean of a Kaplan-Meier curve, its variance the sum of (area after t)^2 d/(n (n - d))."""
    point = check_tau(tau, float(time[-1]), tolerance)
    mean, after = areas_to(time, survival, point)
    k = after.size
    d, n = events[:k], at_risk[:k]
    counts = (d > 0.0) & (n > d)  # where everybody at risk has the event no area is left
    squared = after[counts] ** 2 * d[counts] / (n[counts] * (n[counts] - d[counts]))
    return RestrictedMean(mean, math.sqrt(float(squared.sum())), point, conf_level)
