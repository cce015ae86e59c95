"""Residuals of a Cox model, as R's `residuals.coxph` defines them.

Source: Therneau and Grambsch 2000, chapter 4; scaled Schoenfeld residuals: Grambsch and Therneau, Biometrika 1994.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from equipoise.errors import DataError
from equipoise.survival._arrays import Floats, Ints
from equipoise.survival.cox_event_kernels import event_moments
from equipoise.survival.cox_model import CoxModel
from equipoise.survival.cox_residual_kernels import score_residuals
from equipoise.survival.cox_rows import CoxRows

Kind = Literal["martingale", "deviance", "schoenfeld", "scaled-schoenfeld", "score", "dfbeta"]


@dataclass(frozen=True, slots=True, eq=False)
class ScoreResiduals:
    """What one pass over the rows gives; see the kernel `score_residuals`, on the scale of the rows and in their order.

    Attributes:
        score: (n, p) score residuals, without case weights.
        martingale: (n,) martingale residuals.
        hazard: (r,) steps by run of the cumulative hazard of a row whose linear predictor is 0.
        slope: (r, p) the same times the mean covariate.
        variance: (r,) steps of the variance of the cumulative hazard at known coefficients.
    """

    score: Floats
    martingale: Floats
    hazard: Floats
    slope: Floats
    variance: Floats


def residuals_of_score(rows: CoxRows, efron: int, beta: Floats) -> ScoreResiduals:
    """The residuals and steps at `beta`."""
    (n, p), runs = rows.x.shape, rows.sets.run_time.size
    parts = (np.zeros((n, p)), np.zeros(n), np.zeros(runs), np.zeros((runs, p)), np.zeros(runs))
    score_residuals(*rows.leading(), efron, beta, *parts)
    return ScoreResiduals(*parts)


def residuals(model: CoxModel, kind: Kind) -> Floats:
    """Residuals of one kind; see `Cox.residuals`."""
    if kind not in get_args(Kind):
        raise DataError(f"kind: {kind!r} is unknown; choose one of {', '.join(get_args(Kind))}")
    if kind == "schoenfeld":
        return schoenfeld(model)
    if kind == "scaled-schoenfeld":
        coef = model.beta / model.rows.scale
        events = float(model.rows.event.sum())
        scaled: Floats = events * schoenfeld(model) @ model.naive + coef
        return scaled
    rows = model.rows
    found = residuals_of_score(rows, model.efron, model.beta)
    if kind == "martingale":
        return model.as_given(found.martingale)
    if kind == "deviance":
        return model.as_given(_deviance(found.martingale, rows.event))
    score = found.score * rows.scale
    if kind == "score":
        return model.as_given(score)
    weight = rows.weight[:, np.newaxis] if rows.weight.size else 1.0
    return model.as_given(weight * score @ model.naive)


def event_rows(model: CoxModel) -> Ints:
    """The rows given that are events, by stratum and time: the rows of Schoenfeld residuals."""
    given = np.flatnonzero(model.kept) if model.kept.size else np.arange(model.rows.event.size)
    rows: Ints = given[model.rows.sets.order[_events_in_order(model)]]
    return rows


def schoenfeld(model: CoxModel) -> Floats:
    """(d, p) each event's covariates less their mean among those at risk, by stratum and time."""
    rows = model.rows
    runs, p = rows.sets.run_time.size, rows.x.shape[1]
    means, information = np.empty((runs, p)), np.empty((3, p, p))
    event_moments(*rows.leading(), model.efron, model.beta, np.zeros(runs), means, information)
    happened = _events_in_order(model)
    difference: Floats = rows.x[happened] - means[run_of_rows(model)[happened]]
    return difference * rows.scale


def _events_in_order(model: CoxModel) -> Ints:
    """Positions of the events by stratum and time, those tied in the order they were given."""
    happened = np.flatnonzero(model.rows.event == 1)
    order: Ints = np.lexsort((model.rows.sets.order[happened], run_of_rows(model)[happened]))
    return happened[order]


def run_of_rows(model: CoxModel) -> Ints:
    """(n,) the run of each row in the order of risk sets."""
    starts = model.rows.sets.run_start
    return np.repeat(np.arange(starts.size - 1), np.diff(starts))


def _deviance(martingale: Floats, event: Ints) -> Floats:
    """Martingale residuals made nearly symmetric: signed roots of each row's share of the deviance."""
    expected = np.maximum(event - martingale, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = np.where(event == 1, martingale + np.log(expected), martingale)
    return np.sign(martingale) * np.sqrt(np.maximum(-2.0 * inner, 0.0))
