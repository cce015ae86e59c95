"""Fitting a Cox model: which likelihood, where to start, and the covariance of what is found."""

from __future__ import annotations

import math

import numpy as np

from equipoise.errors import DataError
from equipoise.survival import cox_kernels as kernels
from equipoise.survival._arrays import Bools, Floats
from equipoise.survival.cox_lanes import TASK_ROWS
from equipoise.survival.cox_likelihood import Likelihood, PartialLikelihood, Point, every_kth_row
from equipoise.survival.cox_model import CoxModel, Settings
from equipoise.survival.cox_newton import Maximum, maximise
from equipoise.survival.cox_objective import likelihoods
from equipoise.survival.cox_residuals import residuals_of_score
from equipoise.survival.cox_result import Cox, cox_result
from equipoise.survival.cox_rows import CoxData, CoxRows, Spread, cox_rows, threads

_COLLINEAR = 1e-10
"""Share of a covariate's information left after those before it, below which it is a combination of them."""
_STILL_MOVING = 0.05
"""A last step longer than this, in standard deviations, while nothing is gained, means infinity."""
_LARGE = 100_000
"""Rows from which on it pays to find the start among some of them."""
_SAMPLE = 40_000


def fit(data: CoxData, settings: Settings) -> Cox:
    """Fit the model; see `cox`.

    Raises:
        DataError: for a covariate that is constant, among all or among those at risk, or a combination of others.
    """
    with threads(data.event.size // TASK_ROWS) as spread:
        rows = cox_rows(data, spread, time_tolerance=settings.time_tolerance)
        plain, likelihood = likelihoods(rows, settings, spread)
        null = plain(np.zeros(rows.x.shape[1]))
        require_variation(rows, data.names, null.information)
        score_statistic = score_test_statistic(null, data.names)
        zero = null if not (settings.firth or settings.ridge) else likelihood(null.beta)
        start = zero if settings.ties == "exact" else _start(data, rows, likelihood, zero, spread)
        found = maximise(likelihood, start)
    monotone = infinite(found)
    model = CoxModel(
        names=data.names,
        rows=rows,
        settings=settings,
        strata=data.strata,
        cluster=data.cluster,
        kept=data.kept,
        beta=found.beta,
        naive=inverse_information(found.point.information, monotone, rows.scale),
    )
    return cox_result(
        model,
        coef=(np.where(monotone, np.copysign(math.inf, found.step), found.beta) if monotone.any() else found.beta)
        / rows.scale,
        covariance=_sandwich(model, monotone) if settings.robust else model.naive,
        monotone=monotone,
        status=found.status,
        log_likelihood=_log_likelihoods(likelihood, null, found, settings),
        score_statistic=score_statistic,
        df=_degrees_of_freedom(model),
        n_events=int(data.event.sum()),
    )


def _start(data: CoxData, rows: CoxRows, likelihood: Likelihood, zero: Point, spread: Spread) -> Point:
    """At 0, or for many rows at the maximum of a sample of them, which saves passes over all."""
    n = rows.event.size
    if n < _LARGE or rows.sets.enter.size:
        return zero
    sample = every_kth_row(data, rows, n // _SAMPLE, spread)
    if not sample.event.any():
        return zero
    few = PartialLikelihood(sample, efron=False, spread=spread)
    found = maximise(few, few(zero.beta))
    if found.status != kernels.CONVERGED:
        return zero
    start = likelihood(found.beta)
    return start if start.value > zero.value else zero


def infinite(found: Maximum) -> Bools:
    """(p,) the coefficients along which the likelihood only rises."""
    if found.status != kernels.MONOTONE:
        return np.zeros(found.beta.size, dtype=bool)
    moving: Bools = np.abs(found.step) > _STILL_MOVING
    return moving


def score_test_statistic(null: Point, names: tuple[str, ...]) -> float:
    """The score test of all coefficients being 0; refuse covariates that depend on others."""
    step = np.empty_like(null.beta)
    dependent = kernels.solve_positive(null.information, null.score, _COLLINEAR, step)
    if dependent >= 0:
        name, others = names[dependent], ", ".join(names[:dependent])
        raise DataError(f"covariate {name}: a linear combination of {others}; leave one of them out")
    return float(step @ null.score)


def _log_likelihoods(likelihood: Likelihood, null: Point, found: Maximum, settings: Settings) -> tuple[float, float]:
    """At 0 and at the maximum: with Firth's penalty that of the penalised likelihood, else without penalty."""
    if settings.firth:
        return likelihood(null.beta).value, found.point.value
    return null.value, found.point.unpenalised


def _degrees_of_freedom(model: CoxModel) -> float:
    """The number of coefficients, of which a ridge penalty leaves the trace of information and covariance."""
    p = model.beta.size
    if not model.settings.ridge:
        return p
    penalty = np.broadcast_to(np.asarray(model.settings.penalty, dtype=np.float64), (p,))
    return p - float(penalty @ np.diag(model.naive))


def inverse_information(information: Floats, monotone: Bools, scale: Floats) -> Floats:
    """Inverse information on the scale of the data; NaN for coefficients that are infinite."""
    if not monotone.any():
        whole: Floats = np.linalg.inv(information) / (scale[:, np.newaxis] * scale)
        return whole
    free = ~monotone
    covariance = np.full(information.shape, math.nan)
    inverse = np.linalg.inv(information[np.ix_(free, free)])
    covariance[np.ix_(free, free)] = inverse / np.outer(scale[free], scale[free])
    return covariance


def _sandwich(model: CoxModel, monotone: Bools) -> Floats:
    """The sandwich of Lin and Wei over rows or clusters; NaN for coefficients that are infinite."""
    rows, free = model.rows, ~monotone
    p = rows.x.shape[1]
    residuals = residuals_of_score(rows, model.efron, model.beta).score * rows.scale
    if rows.weight.size:
        residuals *= rows.weight[:, np.newaxis]
    if model.cluster.size:
        code = model.cluster[rows.sets.order]
        residuals = np.column_stack([np.bincount(code, weights=residuals[:, j]) for j in range(p)])
    change = residuals[:, free] @ model.naive[np.ix_(free, free)]  # of the coefficients, when a row is left out
    covariance = np.full((p, p), math.nan)
    covariance[np.ix_(free, free)] = change.T @ change
    return covariance


def require_variation(rows: CoxRows, names: tuple[str, ...], information: Floats) -> None:
    """Raise a DataError for a covariate whose information at 0 is nothing but the rounding of its square."""
    weight = float((rows.event * rows.weight).sum()) if rows.weight.size else float(rows.event.sum())
    for j, name in enumerate(names):
        if information[j, j] <= 1e-12 * weight:  # covariates have mean square 1
            raise DataError(
                f"covariate {name}: the same for all at risk at every event (of each stratum); leave it out"
            )
