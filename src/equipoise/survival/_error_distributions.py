"""Distributions of the standardised log time w: log density, log survival and their first two derivatives.

Parametric models say that w, a function of log time and covariates, has one of these. `normal` gives log-normal
times, `logistic` log-logistic, `extreme` (the least extreme value) Weibull and exponential ones, `log_gamma` with its
shape Q the generalised gamma of Prentice (Biometrika 1974): Q = 1 is `extreme`, Q = 0 `normal`.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.special import expit, gammainc, gammaincc, gammaln, log_ndtr

from equipoise.survival._arrays import Floats

Terms = tuple[Floats, Floats, Floats]
"""A function of w with its first and second derivatives, each (n,)."""
Distribution = Callable[[Floats], Terms]

_LOG_ROOT_2_PI = 0.5 * math.log(2.0 * math.pi)
_SHAPE_OF_NORMAL = 1e-5
"""A generalised gamma with a smaller |Q| is taken as normal."""
_STIRLING = 1e4


def extreme(w: Floats) -> tuple[Terms, Terms]:
    """Log density and log survival of the least extreme value: S = exp(-exp(w))."""
    e = np.exp(w)
    return (w - e, 1.0 - e, -e), (-e, -e, -e)


def normal(w: Floats) -> tuple[Terms, Terms]:
    """Log density and log survival of the normal."""
    log_density = -0.5 * w * w - _LOG_ROOT_2_PI
    log_survival = log_ndtr(-w)
    ratio = np.exp(log_density - log_survival)
    return (log_density, -w, -np.ones_like(w)), (log_survival, -ratio, -ratio * (ratio - w))


def logistic(w: Floats) -> tuple[Terms, Terms]:
    """Log density and log survival of the logistic: S = 1/(1 + exp(w))."""
    p = expit(w)
    log_survival = -np.logaddexp(0.0, w)
    bend = p * (1.0 - p)
    return (w + 2.0 * log_survival, 1.0 - 2.0 * p, -2.0 * bend), (log_survival, -p, -bend)


def log_gamma(shape: float) -> Callable[[Floats], tuple[Terms, Terms]]:
    """Log density and log survival of the standardised log of a generalised gamma with shape Q."""
    if abs(shape) < _SHAPE_OF_NORMAL:
        return normal
    k = shape**-2

    def of(w: Floats) -> tuple[Terms, Terms]:
        x = shape * w
        e = np.exp(x)
        if k > _STIRLING:
            bent = np.where(np.abs(x) < 1e-3, x * x * (0.5 + x / 6.0 + x * x / 24.0), np.expm1(x) - x)
            log_density = -_LOG_ROOT_2_PI - 1.0 / (12.0 * k) - k * bent
        else:
            log_density = math.log(abs(shape)) + k * math.log(k) - gammaln(k) + k * (x - e)
        slope = (1.0 - e) / shape
        tail = gammaincc(k, k * e) if shape > 0.0 else gammainc(k, k * e)
        log_survival = np.log(np.maximum(tail, 1e-300))
        ratio = np.exp(log_density - log_survival)
        return (log_density, slope, -e), (log_survival, -ratio, -ratio * (slope + ratio))

    return of
