"""Pointwise confidence limits of a survival curve, and quantiles by inverting them."""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np

from equipoise.errors import DataError
from equipoise.survival._arrays import Floats
from equipoise.survival._normal import critical_value
from equipoise.survival._threads import over_ranges

ConfType = Literal["plain", "log", "log-log", "logit", "arcsine"]
Plateau = Literal["r", "sas"]

_PROBABILITY_TOLERANCE = 1.5e-8
"""S is at a quantile's level if it is this close: products of many factors carry rounding dust."""


def check_conf_type(conf_type: str) -> None:
    """Raise a DataError unless `conf_type` is known."""
    if conf_type not in get_args(ConfType):
        raise DataError(f"conf_type: {conf_type!r} is unknown; choose one of {', '.join(get_args(ConfType))}")


def confidence_limits(survival: Floats, std_error: Floats, conf_type: str, conf_level: float) -> tuple[Floats, Floats]:
    """Pointwise limits of survival probabilities.

    Args:
        survival: probabilities.
        std_error: their standard errors.
        conf_type: the scale on which the limits are symmetric; `plain` and `log` are cut to [0, 1].
        conf_level: two-sided level.

    Returns: Lower and upper limits; NaN where the scale has none: at 0 except for `plain`, at 1 except for
        `plain` and `log`, as in R.
    """
    low, high = np.empty_like(survival), np.empty_like(survival)

    def fill(begin: int, end: int) -> None:
        part = slice(begin, end)
        low[part], high[part] = _limits(survival[part], std_error[part], conf_type, conf_level)

    over_ranges(fill, survival.shape[0])
    return low, high


def _limits(survival: Floats, std_error: Floats, conf_type: str, conf_level: float) -> tuple[Floats, Floats]:
    """The limits of a range of rows."""
    z = critical_value(conf_level)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if conf_type == "plain":
            return np.maximum(survival - z * std_error, 0.0), np.minimum(survival + z * std_error, 1.0)
        s = np.where(survival > 0.0, survival, np.nan)
        if conf_type == "log":
            width = z * std_error / s
            return s * np.exp(-width), np.minimum(s * np.exp(width), 1.0)
        if conf_type == "log-log":
            log_s = np.log(np.where(s < 1.0, s, np.nan))
            ratio = np.exp(z * std_error / (s * log_s))  # below 1, as log(s) is negative
            return np.exp(log_s / ratio), np.exp(log_s * ratio)
        if conf_type == "logit":
            s = np.where(s < 1.0, s, np.nan)
            middle, width = np.log(s / (1.0 - s)), z * std_error / (s * (1.0 - s))
            return 1.0 / (1.0 + np.exp(width - middle)), 1.0 / (1.0 + np.exp(-width - middle))
        s = np.where(s < 1.0, s, np.nan)
        middle, width = np.arcsin(np.sqrt(s)), 0.5 * z * std_error / np.sqrt(s * (1.0 - s))
        return np.sin(np.maximum(middle - width, 0.0)) ** 2, np.sin(np.minimum(middle + width, math.pi / 2)) ** 2


def first_crossing(time: Floats, curve: Floats, level: float, plateau: str) -> float:
    """The time at which a decreasing step curve reaches `level`; NaN where it does not.

    Where the curve runs level at exactly `level`, the middle of that stretch is taken, as for the median of
    an even number of values. A last stretch ends at the last time with `plateau="r"` and is not estimable
    with `plateau="sas"`.
    """
    with np.errstate(invalid="ignore"):
        reached = np.flatnonzero(curve <= level + _PROBABILITY_TOLERANCE)
        if reached.size == 0:
            return math.nan
        j = int(reached[0])
        if curve[j] < level - _PROBABILITY_TOLERANCE:
            return float(time[j])
        below = np.flatnonzero(~(curve[j:] >= level - _PROBABILITY_TOLERANCE))
    if below.size:
        return float((time[j] + time[j + below[0]]) / 2.0)
    return float((time[j] + time[-1]) / 2.0) if plateau == "r" else math.nan
