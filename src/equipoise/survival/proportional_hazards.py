"""The test of proportional hazards: does a coefficient change with time?

Source: Grambsch and Therneau, Biometrika 1994, as a score test of the model with terms x g(t), as `cox.zph` of R's
survival from version 3 on; before, it approximated the covariance of the residuals by its mean over time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np
from scipy.special import chdtrc

from equipoise._kernel import as_float, as_int
from equipoise.errors import DataError
from equipoise.estimates.result import Result
from equipoise.survival._arrays import Floats
from equipoise.survival.cox_event_kernels import event_moments
from equipoise.survival.cox_kernels import solve_positive
from equipoise.survival.cox_model import CoxModel
from equipoise.survival.cox_residuals import run_of_rows

_SINGULAR = 1e-12
"""Share of a term's information left after those before it, below which it adds nothing."""
Transform = Literal["km", "rank", "identity", "log"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ProportionalHazardsTest(Result):
    """The test for each term and, last, for all together.

    Attributes:
        names: (p + 1,) covariates, then `global`.
        statistic: (p + 1,) chi-squared; NaN where the data cannot tell, as with events at one time only.
        df: (p + 1,) degrees of freedom.
        p_value: (p + 1,) upper tails.
        transform: g(t).
    """

    _shown: ClassVar[tuple[str, ...]] = ("names", "statistic", "df", "p_value")

    names: tuple[str, ...]
    statistic: Floats
    df: tuple[int, ...]
    p_value: Floats
    transform: str

    def _title(self) -> str:
        return f"Test of proportional hazards, time as {self.transform}"


def proportional_hazards_test(model: CoxModel, transform: Transform) -> ProportionalHazardsTest:
    """Test whether coefficients change with g(t); see `Cox.proportional_hazards_test`."""
    if transform not in get_args(Transform):
        raise DataError(f"transform: {transform!r} is unknown; choose one of {', '.join(get_args(Transform))}")
    if not np.isfinite(model.naive).all():
        raise DataError("proportional_hazards_test: the likelihood is monotone; leave out the covariates concerned")
    rows = model.rows
    runs, p = rows.sets.run_time.size, rows.x.shape[1]
    factor = _factor(model, transform)
    means, information = np.empty((runs, p)), np.empty((3, p, p))
    event_moments(*rows.leading(), model.efron, model.beta, factor, means, information)
    happened = rows.event == 1
    run = run_of_rows(model)[happened]
    weight = rows.weight[happened] if rows.weight.size else np.ones(run.size)
    slope = (weight * factor[run]) @ (rows.x[happened] - means[run])
    joint = np.block([[information[0], information[1]], [information[1], information[2]]])
    statistic = np.array([_score_test(joint, slope, [j]) for j in range(p)] + [_score_test(joint, slope, range(p))])
    df = (*[1] * p, p)
    return ProportionalHazardsTest((*model.names, "global"), statistic, df, chdtrc(df, statistic), transform)


def _score_test(joint: Floats, slope: Floats, tested: list[int] | range) -> float:
    """The score statistic of adding the terms `tested`, all coefficients being free; NaN if they add nothing."""
    p = slope.size
    kept = [*range(p), *(p + j for j in tested)]
    score = np.concatenate([np.zeros(p), slope[list(tested)]])
    solution = np.empty_like(score)
    if solve_positive(as_float(joint[np.ix_(kept, kept)]), score, _SINGULAR, solution) >= 0:
        return math.nan
    return float(score @ solution)


def _factor(model: CoxModel, transform: Transform) -> Floats:
    """g at the time of each run, less its mean over events."""
    sets = model.rows.sets
    at_time = sets.run_time
    deaths = np.bincount(at_time[run_of_rows(model)], weights=model.rows.event, minlength=sets.time.size).astype(
        np.float64
    )
    if transform == "identity":
        g = sets.time
    elif transform == "log":
        if (sets.time[deaths > 0] <= 0.0).any():
            raise DataError("transform: an event at time 0 has no logarithm; choose km, rank or identity")
        g = np.log(np.where(sets.time > 0.0, sets.time, 1.0))
    elif transform == "rank":
        leave = np.bincount(at_time[run_of_rows(model)], minlength=sets.time.size)
        g = np.cumsum(leave) - (leave - 1.0) / 2.0
    else:
        g = 1.0 - _survival_before(model, deaths)
    centred: Floats = g - np.sum(deaths * g) / deaths.sum()
    return centred[at_time]


def _survival_before(model: CoxModel, deaths: Floats) -> Floats:
    """Kaplan-Meier of all strata together, without weights, just before each distinct time."""
    sets = model.rows.sets
    m = sets.time.size
    leave = np.bincount(sets.run_time[run_of_rows(model)], minlength=m)
    enter = np.bincount(as_int(sets.first), minlength=m) if sets.first.size else np.eye(1, m)[0] * sets.order.size
    at_risk = np.cumsum(enter) - np.concatenate([[0.0], np.cumsum(leave)[:-1]])
    after = np.cumprod(1.0 - deaths / np.maximum(at_risk, 1.0))
    return np.concatenate([[1.0], after[:-1]])
