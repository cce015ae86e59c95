"""The test of proportional hazards: does a coefficient change with time?

Source: Grambsch and Therneau, Biometrika 1994, as a score test of the model with terms x g(t), as `cox.zph` of R's
survival from version 3 on; before, it approximated the covariance of the residuals by its mean over time. Columns that
code one factor are tested together, as there with `terms = TRUE`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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
Terms = Mapping[str, Sequence[str]] | Literal["columns", "factors"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ProportionalHazardsTest(Result):
    """The test for each of `t` terms and, last, for all together.

    Attributes:
        names: (t + 1,) terms, by default the covariates, then `global`.
        statistic: (t + 1,) chi-squared; NaN where the data cannot tell, as with events at one time only.
        df: (t + 1,) degrees of freedom, the columns of the term.
        p_value: (t + 1,) upper tails.
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


def proportional_hazards_test(
    model: CoxModel, transform: Transform, terms: Terms = "columns"
) -> ProportionalHazardsTest:
    """Test whether coefficients change with g(t); see `Cox.proportional_hazards_test`.

    Args:
        model: the rows and options of a fit.
        transform: g.
        terms: `columns`, each covariate by itself; `factors`, columns named like `stage=2` and `stage=3` together as
            `stage`; or a mapping of term to its covariates, those not named being terms of their own.

    Raises:
        DataError: if the likelihood is monotone, the transform is unknown, or terms name a covariate that is not in the
            model or is in another term.
    """
    if transform not in get_args(Transform):
        raise DataError(f"transform: {transform!r} is unknown; choose one of {', '.join(get_args(Transform))}")
    if not np.isfinite(model.naive).all():
        raise DataError("proportional_hazards_test: the likelihood is monotone; leave out the covariates concerned")
    columns = _columns_of_terms(model.names, terms)
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
    tested = [*columns.values(), list(range(p))]
    statistic = np.array([_score_test(joint, slope, chosen) for chosen in tested])
    df = tuple(len(chosen) for chosen in tested)
    return ProportionalHazardsTest((*columns, "global"), statistic, df, chdtrc(df, statistic), transform)


def _columns_of_terms(names: tuple[str, ...], terms: Terms) -> dict[str, list[int]]:
    """The columns of each term, terms by their first column."""
    term_of = _named_terms(names, terms)
    columns: dict[str, list[int]] = {}
    for j, name in enumerate(names):
        if name not in term_of and name in term_of.values():
            raise DataError(f"terms: {name} is a covariate by itself and the name of a term of others; rename the term")
        columns.setdefault(term_of.get(name, name), []).append(j)
    return columns


def _named_terms(names: tuple[str, ...], terms: Terms) -> dict[str, str]:
    """The term of each covariate that is not a term by itself."""
    if isinstance(terms, str):
        if terms not in {"columns", "factors"}:
            raise DataError(f"terms: {terms!r} is unknown; choose columns or factors, or give a mapping")
        return {name: name.split("=")[0] for name in names if "=" in name} if terms == "factors" else {}
    term_of: dict[str, str] = {}
    for term, members in terms.items():
        for name in [members] if isinstance(members, str) else members:
            if name not in names:
                raise DataError(f"terms: {term} holds {name}, which is no covariate of the model: {', '.join(names)}")
            if name in term_of:
                raise DataError(f"terms: {name} is in {term_of[name]} and in {term}; give it to one of them")
            term_of[name] = term
    return term_of


def _score_test(joint: Floats, slope: Floats, tested: list[int]) -> float:
    """The score statistic of adding the terms `tested`, all coefficients being free; NaN if they add nothing."""
    p = slope.size
    kept = [*range(p), *(p + j for j in tested)]
    score = np.concatenate([np.zeros(p), slope[tested]])
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
