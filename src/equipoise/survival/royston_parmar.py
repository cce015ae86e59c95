"""Flexible parametric models: a function of survival is a natural cubic spline of log time.

Source: Royston and Parmar, Statistics in Medicine 2002. On the scale `hazard` the spline is log H(t) and coefficients
are log hazard ratios; on `odds` log((1 - S)/S), log odds ratios; on `normal` the probit of 1 - S. Without inner
knots these are the Weibull, the log-logistic and the log-normal. Log-likelihoods are of the times in their own
unit, as in flexsurv.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np

from equipoise.errors import DataError
from equipoise.survival._arrays import Floats, check_level, numbers
from equipoise.survival._newton import maximise
from equipoise.survival.parametric import TimesAndCovariates, check_rank, read_data
from equipoise.survival.parametric_model import ERRORS, ParametricModel, assemble
from equipoise.survival.spline_basis import natural_spline

SplineScale = Literal["hazard", "odds", "normal"]


def royston_parmar(
    time: Any,
    event: Any,
    covariates: Any = None,
    *,
    inner_knots: int = 1,
    knots: Any = None,
    scale: SplineScale = "hazard",
    entry: Any = None,
    weights: Any = None,
    names: Sequence[str] | None = None,
    conf_level: float = 0.95,
) -> ParametricModel:
    """Fit a spline model by maximum likelihood.

    Args:
        time: (n,) end of follow-up, above 0.
        event: (n,) 1 for an event, 0 for censored.
        covariates: (n,) or (n, p); they act on the spline's level.
        inner_knots: number of inner knots, at equally spaced quantiles of the log event times; the outer knots
            are the first and the last of these.
        knots: instead: (k,) times of all knots, the outer ones included.
        scale: `hazard`, `odds` or `normal`.
        entry: (n,) start of observation (left truncation).
        weights: (n,) case weights, 0 or more.
        names: (p,) of the covariates.
        conf_level: two-sided level.

    Raises:
        NoEventsError: without events.
        DataError: for input that cannot be used, naming the rows; if knots are too many for the event times; if
            the likelihood has no maximum.
    """
    level = check_level(conf_level)
    if scale not in get_args(SplineScale):
        raise DataError(f"scale: {scale!r} is unknown; choose hazard, odds or normal")
    data = read_data(time, event, covariates, entry=entry, weights=weights, names=names)
    at = _knots(data, inner_knots) if knots is None else _given_knots(knots)
    basis, slope = natural_spline(data.log_time, at)
    check_rank(np.column_stack([basis, data.x]))
    p = data.x.shape[1]
    design = np.column_stack([basis, data.x])
    slopes = np.column_stack([slope, np.zeros((data.log_time.size, p))])
    late = np.isfinite(data.log_entry)
    before = np.column_stack([natural_spline(data.log_entry[late], at)[0], data.x[late]])
    parts = (data, design, slopes, before, late)
    coef, value, covariance = maximise(lambda theta: _likelihood(theta, parts, scale), _start(data, design))
    return assemble(
        coef,
        covariance,
        value,
        names=(*(f"gamma{j}" for j in range(at.size)), *data.names),
        distribution="spline",
        scale=scale,
        knots=at,
        conf_level=level,
        n=data.log_time.size,
        events=float(data.weight @ data.event),
        covariates=p,
    )


def _knots(data: TimesAndCovariates, inner: int) -> Floats:
    """Quantiles of the log event times, the first and the last included."""
    if inner < 0:
        raise DataError(f"inner_knots: {inner} is no number of knots; give 0 or more")
    own = data.log_time[data.event == 1.0]
    at = np.quantile(own, np.linspace(0.0, 1.0, inner + 2))
    if not bool(np.all(np.diff(at) > 0.0)):
        raise DataError(f"inner_knots: {inner} do not fit between the distinct event times; take fewer")
    return np.asarray(at)


def _given_knots(knots: Any) -> Floats:
    at = numbers(knots, "knots")
    if at.size < 2 or not bool(np.all(at > 0.0)) or not bool(np.all(np.diff(at) > 0.0)):
        raise DataError("knots: give two or more times above 0, ascending")
    return np.asarray(np.log(at))


def _start(data: TimesAndCovariates, design: Floats) -> Floats:
    """An exponential model: the spline is log time plus a constant."""
    start = np.zeros(design.shape[1])
    middle = float(np.average(data.log_time, weights=data.weight))
    share = float(data.weight @ data.event / data.weight.sum())
    start[0], start[1] = np.log(max(share, 1e-3)) - middle, 1.0
    return start


def _likelihood(theta: Floats, parts: tuple[Any, ...], scale: str) -> tuple[float, Floats, Floats]:
    """Value, gradient and second derivatives; minus infinity where the spline falls at an event."""
    data, design, slopes, before, late = parts
    of, had = ERRORS[scale], data.event == 1.0
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        slope = slopes[had] @ theta
        if not bool(np.all(slope > 0.0)):
            return -np.inf, np.zeros_like(theta), np.full((theta.size, theta.size), np.nan)
        density, survival = of(design @ theta)
        w = data.weight
        value = float(w @ np.where(had, density[0] - data.log_time, survival[0]) + w[had] @ np.log(slope))
        first, second = (w * np.where(had, density[i], survival[i]) for i in (1, 2))
        relative = slopes[had] / slope[:, None]
        gradient = design.T @ first + relative.T @ w[had]
        curve = design.T @ (second[:, None] * design) - relative.T @ (w[had][:, None] * relative)
        if late.any():
            entered = of(before @ theta)[1]
            value -= float(w[late] @ entered[0])
            gradient -= before.T @ (w[late] * entered[1])
            curve -= before.T @ ((w[late] * entered[2])[:, None] * before)
    return value, gradient, curve
