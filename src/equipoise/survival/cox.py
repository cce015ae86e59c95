"""The proportional hazards model.

Sources: Cox 1972; ties: Breslow 1974, Efron 1977, with case weights as in Therneau and Grambsch 2000; delayed
entry and time-dependent covariates as a counting process: Andersen and Gill 1982; robust variance: Lin and
Wei 1989; monotone likelihood: Bryson and Johnson 1981. Numbers agree with `coxph` of R's survival 3.x.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from equipoise._kernel import as_float, as_int
from equipoise.errors import DataError
from equipoise.survival import cox_kernels as kernels
from equipoise.survival._arrays import (
    NO_FLOATS,
    NO_INTS,
    Bools,
    Floats,
    Ints,
    check_length,
    check_level,
    numbers,
    read_causes,
    read_covariates,
    read_entry,
    read_event,
    read_groups,
    read_strata,
    read_time,
    read_weights,
    require_events,
)
from equipoise.survival._risk_sets import TIME_TOLERANCE, RiskSets, risk_sets
from equipoise.survival.cox_residual_kernels import score_residuals
from equipoise.survival.cox_result import Cox, cox_result

Ties = Literal["efron", "breslow"]
_MAX_ITERATIONS = 50
_COLLINEAR = 1e-10
"""Share of a covariate's information left after those before it, below which it is a combination of them."""
_STILL_MOVING = 0.05
"""A last step longer than this, in mean absolute deviations, while nothing is gained, means infinity."""


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """The rows of a model in the order of its risk sets; covariates centred and scaled."""

    sets: RiskSets
    x: Floats
    scale: Floats
    event: Ints
    weight: Floats
    offset: Floats


def cox(
    time: Any,
    event: Any,
    covariates: Any,
    *,
    entry: Any = None,
    strata: Any = None,
    cluster: Any = None,
    weights: Any = None,
    ties: Ties = "efron",
    robust: bool = False,
    names: Sequence[str] | None = None,
    conf_level: float = 0.95,
    offset: Any = None,
    time_tolerance: float = TIME_TOLERANCE,
) -> Cox:
    """Fit hazard ratios by partial likelihood.

    Args:
        time: (n,) end of follow-up, or of the interval in which the covariates hold.
        event: (n,) 1 for an event at `time`, 0 for none.
        covariates: (n, p) numbers: a 2-d array, a data frame, a mapping of name to column, or one column.
        entry: (n,) start of observation: at risk in (entry, time]. A participant whose covariates change has
            several rows.
        strata: (n,) labels, or several such columns; each stratum has its own baseline hazard.
        cluster: (n,) labels of rows that are not independent; implies `robust`.
        weights: (n,) case weights; rows of weight 0 are left out.
        ties: `efron` or `breslow`.
        robust: sandwich standard errors, by row or by `cluster`.
        names: (p,) of the covariates; by default those of the frame, else x1, x2, ...
        conf_level: two-sided level.
        offset: (n,) added to the linear predictor with coefficient 1.
        time_tolerance: times closer than this times the mean time are tied.

    Returns: The fit. Where the likelihood is monotone (no event in a group, for one), `converged` is False,
        `note` says so, and the coefficients concerned are infinite; the likelihood-ratio and score tests hold
        nevertheless.

    Raises:
        NoEventsError: if there are no events.
        DataError: for input that cannot be used, naming the rows; for a covariate that is constant or a
            combination of others.
    """
    if ties not in {"efron", "breslow"}:
        raise DataError(f"ties: {ties!r} is unknown; choose efron or breslow")
    level = check_level(conf_level)
    times = read_time(time)
    n = times.size
    events = read_event(event, n)
    entries = read_entry(entry, times)
    matrix, labels = read_covariates(covariates, n, names)
    w = read_weights(weights, n)
    stratum, stratum_labels = read_strata(strata, n)
    shift = _read_offset(offset, n)
    groups = read_groups(cluster, n, "cluster")[0] if cluster is not None else NO_INTS
    if w.size and w.min() == 0.0:
        kept = w > 0.0
        times, events, matrix, w = times[kept], events[kept], as_float(matrix[kept]), w[kept]
        entries, shift = (part[kept] if part.size else part for part in (entries, shift))
        stratum, groups = (part[kept] if part.size else part for part in (stratum, groups))
    require_events(events, "a Cox model")

    sets = risk_sets(times, entries, stratum, max(1, len(stratum_labels)), time_tolerance=time_tolerance)
    rows = _rows(sets, matrix, labels, event=events, weight=w, offset=shift)
    fit = _maximise(rows, labels, int(ties == "efron"))
    sandwich = robust or cluster is not None
    return cox_result(
        labels,
        coef=np.where(fit.monotone, np.copysign(math.inf, fit.step), fit.beta) / rows.scale,
        covariance=_covariance(rows, fit, int(ties == "efron"), groups, robust=sandwich),
        monotone=fit.monotone,
        status=fit.status,
        log_likelihood=(fit.null, fit.fitted),
        score_statistic=fit.score_statistic,
        conf_level=level,
        n=times.size,
        n_events=int(events.sum()),
        ties=ties,
        robust=sandwich,
    )


def cause_specific_cox(time: Any, event: Any, covariates: Any, *, cause: int = 1, **options: Any) -> Cox:
    """Fit the hazard of one cause, other causes censored at their times.

    Args:
        time: (n,) end of follow-up.
        event: (n,) 0 for censored, else the cause.
        covariates: as for `cox`.
        cause: the cause of interest.
        **options: those of `cox`.

    Raises:
        NoEventsError: if there are no events of this cause.
        DataError: as `cox`.
    """
    times = read_time(time)
    codes = read_causes(event, times.size)
    return cox(times, as_int(codes == cause), covariates, **options)


def _read_offset(offset: Any, n: int) -> Floats:
    if offset is None:
        return NO_FLOATS
    values = numbers(offset, "offset")
    check_length(values, n, "offset")
    if not np.isfinite(values).all():
        raise DataError("offset: missing or infinite value; give every row a number")
    return values


def _rows(
    sets: RiskSets, matrix: Floats, names: tuple[str, ...], *, event: Ints, weight: Floats, offset: Floats
) -> _Rows:
    """Order, centre and scale, so that exponentials and sums of squares stay accurate whatever the units."""
    constant = matrix.max(axis=0) == matrix.min(axis=0)
    if constant.any():
        bad = ", ".join(name for name, flag in zip(names, constant, strict=True) if flag)
        raise DataError(f"covariate {bad}: the same value in every row; leave it out")
    x = matrix[sets.order]
    x -= x.mean(axis=0)  # in the order of time, so that the order of rows changes no bit
    scale = np.abs(x).mean(axis=0)
    x /= scale
    return _Rows(
        sets=sets,
        x=as_float(x),
        scale=scale,
        event=event[sets.order],
        weight=weight[sets.order] if weight.size else weight,
        offset=offset[sets.order] if offset.size else offset,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """The maximum, on the scale of the centred and scaled covariates."""

    beta: Floats
    step: Floats
    information: Floats
    monotone: Bools
    null: float
    fitted: float
    score_statistic: float
    status: int


def _data(rows: _Rows) -> tuple[Floats, Ints, Floats, Floats, Ints, Ints, Ints, Ints, Ints]:
    """The leading arguments of every Cox kernel."""
    sets = rows.sets
    structure = (sets.run_start, sets.run_time, sets.stratum_run, sets.enter, sets.first)
    return (rows.x, rows.event, rows.weight, rows.offset, *structure)


def _maximise(rows: _Rows, names: tuple[str, ...], efron: int) -> _Fit:
    """Newton-Raphson from 0."""
    n, p = rows.x.shape
    data = _data(rows)
    beta, score, step, information = np.zeros(p), np.empty(p), np.zeros(p), np.empty((p, p))
    null = kernels.cox_derivatives(*data, efron, beta, score, information, np.empty(n))
    _require_variation(rows, names, information)
    dependent = kernels.solve_positive(information, score, _COLLINEAR, step)
    if dependent >= 0:
        name, others = names[dependent], ", ".join(names[:dependent])
        raise DataError(f"covariate {name}: a linear combination of {others}; leave one of them out")
    score_statistic = float(step @ score)
    fitted = np.array([null])
    status = kernels.cox_newton(*data, efron, _MAX_ITERATIONS, beta, score, information, step, fitted)
    monotone = np.abs(step) > _STILL_MOVING if status == kernels.MONOTONE else np.zeros(p, dtype=bool)
    return _Fit(beta, step, information, monotone, float(null), float(fitted[0]), score_statistic, status)


def _covariance(rows: _Rows, fit: _Fit, efron: int, cluster: Ints, *, robust: bool) -> Floats:
    """Inverse information or sandwich on the scale of the data; NaN for coefficients that are infinite."""
    n, p = rows.x.shape
    free = ~fit.monotone
    inverse = np.linalg.inv(fit.information[np.ix_(free, free)])
    if robust:
        residuals = np.empty((n, p))
        score_residuals(*_data(rows), efron, fit.beta, residuals, np.empty(n))
        if rows.weight.size:
            residuals *= rows.weight[:, np.newaxis]
        if cluster.size:
            code = cluster[rows.sets.order]
            residuals = np.column_stack([np.bincount(code, weights=residuals[:, j]) for j in range(p)])
        change = residuals[:, free] @ inverse  # of the coefficients, when a row or cluster is left out
        inverse = change.T @ change
    covariance = np.full((p, p), math.nan)
    covariance[np.ix_(free, free)] = inverse / np.outer(rows.scale[free], rows.scale[free])
    return covariance


def _require_variation(rows: _Rows, names: tuple[str, ...], information: Floats) -> None:
    """Raise a DataError for a covariate whose information at 0 is nothing but the rounding of its square."""
    weight = rows.event if rows.weight.size == 0 else rows.event * rows.weight
    for j, name in enumerate(names):
        if information[j, j] <= 1e-12 * float(weight.sum()) * float(np.mean(rows.x[:, j] ** 2)):
            raise DataError(
                f"covariate {name}: the same for all at risk at every event (of each stratum); leave it out"
            )
