"""The restricted mean as a linear function of group and covariates.

Source: Tian, Zhao and Wei, Biostatistics 2014: E[min(T, tau)] = x'b, solved from those whose min(T, tau) is
known, each weighted by 1 over the Kaplan-Meier probability, in the own group, of not being censored before. The
variance is theirs: the derivative of the estimating equation is X'X, its spread has the terms of the estimated
censoring curves. survRM2 takes the censoring curve at the time, not before it: where events and censoring tie the
third digit can differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from equipoise._kernel import as_float
from equipoise.errors import DataError
from equipoise.estimates.result import Column, Result, percent, show
from equipoise.survival._arrays import Floats, Ints, read_covariates
from equipoise.survival._normal import wald


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RmstRegression(Result):
    """A linear model of the restricted mean; entry 0 is the intercept, entry 1 the last group against the first.

    Attributes:
        names: (p + 2,) of the terms.
        coef: (p + 2,) coefficients, in the unit of time.
        std_error: (p + 2,) standard errors.
        conf_low: (p + 2,) lower limits, normal.
        conf_high: (p + 2,) upper limits.
        p_value: (p + 2,) Wald, two-sided.
        covariance: (p + 2, p + 2) of the coefficients.
        tau: the time the mean is restricted to.
        conf_level: two-sided level.
    """

    _shown: ClassVar[tuple[str, ...]] = ("names", "coef", "std_error", "conf_low", "conf_high", "p_value")

    names: tuple[str, ...]
    coef: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    p_value: Floats
    covariance: Floats
    tau: float
    conf_level: float

    def _columns(self) -> Mapping[str, Column]:
        columns = Result._columns(self)
        return {"term" if name == "covariate" else name: column for name, column in columns.items()}

    def _title(self) -> str:
        return f"Linear model of the mean survival time to {show(self.tau)}, {percent(self.conf_level)} limits"


def fit_rmst_regression(
    times: Floats,
    events: Ints,
    codes: Ints,
    covariates: Any,
    *,
    tau: float,
    names: Sequence[str] | None,
    conf_level: float,
    tolerance: float,
) -> RmstRegression:
    """Fit min(time, tau) to group and covariates.

    Args:
        times: (n,) checked times.
        events: (n,) 0 or 1.
        codes: (n,) group, 0 or 1.
        covariates: as in `rmst`.
        tau: the time to restrict to.
        names: of the covariates.
        conf_level: two-sided level.
        tolerance: the distance below which two times are one.

    Raises:
        DataError: for covariates that cannot be used or depend on each other.
    """
    z, labels = read_covariates(covariates, times.size, names)
    x = np.column_stack([np.ones(times.size), codes, z])
    y = np.minimum(times, tau)
    known = (events == 1) | (times >= tau - tolerance)
    weight = np.empty(times.size)
    for g in (0, 1):
        rows = codes == g
        weight[rows] = np.where(known[rows], 1.0 / _uncensored_before(y[rows], known[rows], tolerance), 0.0)
    normal = x.T @ (weight[:, None] * x)
    if np.linalg.matrix_rank(x) < x.shape[1] or np.linalg.matrix_rank(normal) < x.shape[1]:
        raise DataError("covariates: one is a combination of the group and the others; leave it out")
    coef = as_float(np.linalg.solve(normal, x.T @ (weight * y)))
    bread = np.linalg.inv(x.T @ x)
    score = (weight * (y - x @ coef))[:, None] * x
    for g in (0, 1):
        rows = codes == g
        score[rows] += _censoring_terms(y[rows], known[rows], score[rows], tolerance)
    covariance = bread @ (score.T @ score) @ bread
    found = wald(coef, covariance, conf_level)
    return RmstRegression(
        names=("intercept", "group", *labels),
        coef=coef,
        std_error=found.std_error,
        conf_low=found.conf_low,
        conf_high=found.conf_high,
        p_value=found.p_value,
        covariance=covariance,
        tau=tau,
        conf_level=conf_level,
    )


def _grid(y: Floats, known: Any, tolerance: float) -> tuple[Floats, Ints, Floats, Floats]:
    """Distinct times in order, the place of each row, those at risk and those censored.

    Who is censored at a time of an event is at risk of censoring after it, hence those events are gone.
    """
    order = np.argsort(y, kind="stable")
    new = np.diff(y[order], prepend=-np.inf) > tolerance
    place = np.empty(y.size, np.int64)
    place[order] = np.cumsum(new) - 1
    m = int(new.sum())
    at_time = np.bincount(place, minlength=m)
    at_risk = np.cumsum(at_time[::-1])[::-1].astype(np.float64)
    censored = as_float(np.bincount(place, weights=~known, minlength=m))
    return y[order][new], place, as_float(at_risk - (at_time - censored)), censored


def _uncensored_before(y: Floats, known: Any, tolerance: float) -> Floats:
    """The Kaplan-Meier probability of not being censored before each row's time."""
    _, place, at_risk, censored = _grid(y, known, tolerance)
    kept = np.cumprod(1.0 - censored / np.maximum(at_risk, 1.0))
    return np.concatenate([[1.0], kept])[place]


def _censoring_terms(y: Floats, known: Any, score: Floats, tolerance: float) -> Floats:
    """(n, p) integrals of (sum of scores of later rows)/at risk against each row's censoring martingale."""
    _, place, at_risk, censored = _grid(y, known, tolerance)
    m = censored.size
    at_time = np.column_stack([np.bincount(place, weights=column, minlength=m) for column in score.T])
    later = np.cumsum(at_time[::-1], axis=0)[::-1] - at_time
    mean = later / np.maximum(at_risk, 1.0)[:, None]
    compensator = np.cumsum(mean * (censored / np.maximum(at_risk, 1.0))[:, None], axis=0)
    before = np.vstack([np.zeros((1, score.shape[1])), compensator])
    # an event leaves before the censoring of its time
    return np.where(known[:, None], -before[place], mean[place] - compensator[place])
