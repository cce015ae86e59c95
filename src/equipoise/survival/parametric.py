"""Accelerated failure time models: log T = b'x + sigma e, with a known distribution of e.

Sources: Kalbfleisch and Prentice 2002, chapter 3; Prentice, Biometrika 1974 (generalised gamma). Coefficients,
standard errors and log-likelihoods agree with `survreg` of R's survival; the parameters of the generalised gamma are
those of flexsurv: mu (the intercept), sigma, Q.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from equipoise._kernel import as_float
from equipoise.errors import DataError
from equipoise.survival import _error_distributions as errors
from equipoise.survival._arrays import (
    Floats,
    check_level,
    read_covariates,
    read_entry,
    read_event,
    read_time,
    read_weights,
    require_events,
    rows_text,
)
from equipoise.survival._newton import maximise
from equipoise.survival.parametric_model import ERRORS, ParametricModel, assemble

TimeDistribution = Literal["exponential", "weibull", "log-normal", "log-logistic", "generalised-gamma"]
_STEP = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class TimesAndCovariates:
    """What a parametric fit takes, checked.

    Attributes:
        log_time: (n,) log of the end of follow-up.
        event: (n,) 1.0 for an event.
        log_entry: (n,) log of the entry; -inf where there is none.
        weight: (n,) case weights.
        x: (n, p) covariates.
        names: (p,) their names.
    """

    log_time: Floats
    event: Floats
    log_entry: Floats
    weight: Floats
    x: Floats
    names: tuple[str, ...]


def read_data(
    time: Any, event: Any, covariates: Any, *, entry: Any, weights: Any, names: Sequence[str] | None
) -> TimesAndCovariates:
    """The data of a parametric fit.

    Raises:
        DataError: for input that cannot be used, naming the rows; for a time of 0, which has no log.
        NoEventsError: without events.
    """
    times = read_time(time)
    n = times.size
    if not bool(np.all(times > 0.0)):
        raise DataError(f"time: 0 in {rows_text(times <= 0.0)}; parametric models need times above 0")
    events = read_event(event, n)
    require_events(events, "a parametric model")
    entries, w = read_entry(entry, times), read_weights(weights, n)
    x, labels = (np.empty((n, 0)), ()) if covariates is None else read_covariates(covariates, n, names)
    with np.errstate(divide="ignore"):
        log_entry = np.log(entries) if entries.size else np.full(n, -np.inf)
    return TimesAndCovariates(
        log_time=np.log(times),
        event=events.astype(np.float64),
        log_entry=log_entry,
        weight=w if w.size else np.ones(n),
        x=x,
        names=labels,
    )


def check_rank(design: Floats) -> None:
    """Raise a DataError where a column of the design is a combination of others."""
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise DataError("covariates: one is constant or a combination of others; leave it out")


def parametric(
    time: Any,
    event: Any,
    covariates: Any = None,
    *,
    distribution: TimeDistribution = "weibull",
    entry: Any = None,
    weights: Any = None,
    names: Sequence[str] | None = None,
    conf_level: float = 0.95,
) -> ParametricModel:
    """Fit a parametric model by maximum likelihood.

    Args:
        time: (n,) end of follow-up, above 0.
        event: (n,) 1 for an event, 0 for censored.
        covariates: (n,) or (n, p); none for the distribution alone. A positive coefficient lengthens the time.
        distribution: `exponential`, `weibull`, `log-normal`, `log-logistic` or `generalised-gamma`. The Weibull
            shape is 1/sigma, and a hazard ratio exp(-coefficient/sigma).
        entry: (n,) start of observation (left truncation).
        weights: (n,) case weights, 0 or more.
        names: (p,) of the covariates.
        conf_level: two-sided level.

    Raises:
        NoEventsError: without events.
        DataError: for input that cannot be used, naming the rows; if the likelihood has no maximum.
    """
    level = check_level(conf_level)
    if distribution not in get_args(TimeDistribution):
        raise DataError(
            f"distribution: {distribution!r} is unknown; choose one of {', '.join(get_args(TimeDistribution))}"
        )
    data = read_data(time, event, covariates, entry=entry, weights=weights, names=names)
    design = np.column_stack([np.ones(data.log_time.size), data.x])
    check_rank(design)
    scaled = distribution != "exponential"
    start = _start(data, design, scaled=scaled)
    if distribution == "generalised-gamma":
        coef, value, covariance = _fit_generalised_gamma(data, design, start)
    else:
        of = ERRORS[distribution]
        coef, value, covariance = maximise(lambda theta: _likelihood(theta, data, design, of, scaled=scaled), start)
    more = ("log(scale)", "Q") if distribution == "generalised-gamma" else ("log(scale)",)
    return assemble(
        coef,
        covariance,
        value,
        names=("intercept", *data.names, *(more if scaled else ())),
        distribution=distribution,
        conf_level=level,
        n=data.log_time.size,
        events=float(data.weight @ data.event),
        covariates=data.x.shape[1],
    )


def _start(data: TimesAndCovariates, design: Floats, *, scaled: bool) -> Floats:
    """Least squares of log time, censored or not, moved up by the censored share."""
    root = np.sqrt(data.weight)
    beta = np.linalg.lstsq(design * root[:, None], data.log_time * root, rcond=None)[0]
    left = data.log_time - design @ beta
    beta[0] -= math.log(max(float(data.weight @ data.event / data.weight.sum()), 1e-3)) / 2.0
    spread = math.sqrt(max(float(data.weight @ left**2 / data.weight.sum()), 1e-4))
    return as_float(np.append(beta, math.log(spread)) if scaled else beta)


def _likelihood(
    theta: Floats, data: TimesAndCovariates, design: Floats, of: Any, *, scaled: bool
) -> tuple[float, Floats, Floats]:
    """Value, gradient and second derivatives by the coefficients and log(sigma)."""
    p = design.shape[1]
    log_sigma = float(theta[p]) if scaled else 0.0
    location, sigma = design @ theta[:p], math.exp(log_sigma)
    with np.errstate(over="ignore", invalid="ignore"):
        w = (data.log_time - location) / sigma
        density, survival = of(w)
        had = data.event == 1.0
        value = np.where(had, density[0] - log_sigma - data.log_time, survival[0])
        parts = [(w, *(data.weight * np.where(had, density[i], survival[i]) for i in (1, 2)), design)]
        total = float(data.weight @ value)
        late = np.isfinite(data.log_entry)
        if late.any():
            w0 = (data.log_entry[late] - location[late]) / sigma
            before = of(w0)[1]
            total -= float(data.weight[late] @ before[0])
            parts.append((w0, *(-data.weight[late] * before[i] for i in (1, 2)), design[late]))
        gradient, curve = np.zeros(theta.size), np.zeros((theta.size, theta.size))
        for at, first, second, x in parts:
            gradient[:p] -= x.T @ first / sigma
            curve[:p, :p] += x.T @ (second[:, None] * x) / sigma**2
            if scaled:
                gradient[p] -= float(first @ at)
                curve[p, p] += float(second @ (at * at) + first @ at)
                mixed = x.T @ (second * at + first) / sigma
                curve[p, :p] += mixed
                curve[:p, p] += mixed
        if scaled:
            gradient[p] -= float(data.weight @ data.event)
    return total, gradient, curve


def _fit_generalised_gamma(data: TimesAndCovariates, design: Floats, start: Floats) -> tuple[Floats, float, Floats]:
    """Fit with the shape Q, whose derivatives are taken by differences of the others.

    The likelihood may have several maxima in Q: it is climbed from a log-normal, a Weibull and beyond.
    """

    def of_shape(theta: Floats) -> tuple[float, Floats, Floats]:
        return _likelihood(theta[:-1], data, design, errors.log_gamma(float(theta[-1])), scaled=True)

    def likelihood(theta: Floats) -> tuple[float, Floats, Floats]:
        value, gradient, curve = of_shape(theta)
        q = theta.size - 1
        up2, up, down, down2 = (of_shape(theta + k * _STEP * np.eye(q + 1)[q]) for k in (2, 1, -1, -2))
        gradient = np.append(gradient, (8.0 * (up[0] - down[0]) - (up2[0] - down2[0])) / (12.0 * _STEP))
        whole = np.empty((q + 1, q + 1))
        whole[:q, :q] = curve
        whole[q, :q] = whole[:q, q] = (8.0 * (up[1] - down[1]) - (up2[1] - down2[1])) / (12.0 * _STEP)
        sums = 16.0 * (up[0] + down[0]) - (up2[0] + down2[0]) - 30.0 * value
        whole[q, q] = sums / (12.0 * _STEP**2)
        return value, gradient, whole

    found = []
    for shape in (0.3, 1.0, -0.7):
        try:
            found.append(maximise(likelihood, np.append(start, shape), tolerance=1e-9))
        except (DataError, np.linalg.LinAlgError):
            continue
    if not found:
        raise DataError("distribution: the likelihood of the generalised gamma has no maximum; take a simpler one")
    return max(found, key=lambda fit: fit[1])
