"""The Fine-Gray model: how covariates act on the incidence of one cause when others compete.

Source: Fine and Gray, JASA 1999, right-censored data; the censoring distribution is estimated by Kaplan-Meier, and the
variance is the sandwich with the part that comes of that estimate. Numbers agree with `crr` of R's cmprsk, whose passes
are quadratic in the number of rows; these are linear after sorting.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import ndtr

from equipoise._kernel import as_int
from equipoise.errors import DataError
from equipoise.estimates.result import Result, percent, show
from equipoise.survival import cox_kernels
from equipoise.survival import fine_gray_kernels as kernels
from equipoise.survival._arrays import (
    NO_FLOATS,
    NO_INTS,
    Bools,
    Floats,
    Ints,
    check_level,
    read_causes,
    read_covariates,
    read_groups,
    read_time,
    require_events,
)
from equipoise.survival._normal import ChiSquared, chi_squared, critical_value
from equipoise.survival._risk_sets import TIME_TOLERANCE
from equipoise.survival.cox_fit import infinite, inverse_information, require_variation, score_test_statistic
from equipoise.survival.cox_likelihood import Point
from equipoise.survival.cox_newton import maximise
from equipoise.survival.cox_prediction import read_new_covariates
from equipoise.survival.cox_result import fit_note
from equipoise.survival.cox_rows import CoxData, CoxRows, cox_rows, threads


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PredictedIncidence(Result):
    """The incidence of the cause predicted for `k` sets of covariates at `m` times.

    Attributes:
        time: (m,) times.
        incidence: (k, m) probabilities; NaN after the last time.
    """

    time: Floats
    incidence: Floats

    def _columns(self) -> dict[str, Floats]:
        k, m = self.incidence.shape
        row = np.repeat(np.arange(k, dtype=np.float64), m)
        return {"row": row, "time": np.tile(self.time, k), "incidence": self.incidence.ravel()}

    def _title(self) -> str:
        return "Predicted cumulative incidence"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FineGray(Result):
    """A fitted Fine-Gray model with `p` covariates.

    Attributes:
        names: (p,) covariates.
        coef: (p,) log subdistribution hazard ratios; infinite where the likelihood is monotone.
        hazard_ratio: (p,) their exponentials.
        std_error: (p,) of `coef`.
        z: (p,) coef / std_error.
        p_value: (p,) Wald, two-sided.
        conf_low: (p,) lower limits of the hazard ratio, Wald.
        conf_high: (p,) upper limits.
        conf_level: two-sided level.
        covariance: (p, p) of `coef`.
        log_likelihood: pseudo log likelihood at 0 and at the maximum.
        pseudo_likelihood_ratio_test: of all coefficients being 0, as cmprsk prints it; chi-squared only roughly.
        wald_test: the same, with `covariance`.
        cause: the cause of interest.
        n: rows.
        n_events: events of the cause.
        n_competing: events of other causes.
        converged: False if there is no finite maximum or it was not found; `note` says which.
        monotone: (p,) True for covariates along which the likelihood only rises.
        note: what a reader must know; empty if all is well.
        time: (m,) distinct times.
        cumulative_hazard: (m,) baseline subdistribution hazard, all covariates 0.
        tolerance: distance below which two times are one.
    """

    _shown: ClassVar[tuple[str, ...]] = (
        "names", "coef", "hazard_ratio", "std_error", "conf_low", "conf_high", "z", "p_value",
    )  # fmt: skip

    names: tuple[str, ...]
    coef: Floats
    hazard_ratio: Floats
    std_error: Floats
    z: Floats
    p_value: Floats
    conf_low: Floats
    conf_high: Floats
    conf_level: float
    covariance: Floats
    log_likelihood: tuple[float, float]
    pseudo_likelihood_ratio_test: ChiSquared
    wald_test: ChiSquared
    cause: int
    n: int
    n_events: int
    n_competing: int
    converged: bool
    monotone: Bools
    note: str
    time: Floats
    cumulative_hazard: Floats
    tolerance: float

    def predict_incidence(self, covariates: Any, times: Any = None) -> PredictedIncidence:
        """The cumulative incidence of the cause for participants with these covariates.

        Args:
            covariates: `k` rows: a mapping of name to number or column, a data frame, or an array (k, p); one row may
                be 1-d.
            times: (m,) times; by default all distinct times of the data.

        Raises:
            DataError: for covariates or times that cannot be used, or if the likelihood is monotone.
        """
        if self.monotone.any():
            raise DataError("predict_incidence: the likelihood is monotone; leave out the covariates concerned")
        x = read_new_covariates(covariates, self.names)
        points = self.time if times is None else read_time(np.atleast_1d(np.asarray(times)), "times")
        at = np.searchsorted(self.time, points + self.tolerance, side="right")
        hazard = np.concatenate([[0.0], self.cumulative_hazard])[at]
        hazard[points > self.time[-1] + self.tolerance] = math.nan
        return PredictedIncidence(points, -np.expm1(-np.exp(x @ self.coef)[:, np.newaxis] * hazard))

    def _title(self) -> str:
        return (
            f"Fine-Gray model of cause {self.cause}, {self.n} rows, {self.n_events} events, "
            f"{self.n_competing} of other causes"
        )

    def _notes(self) -> list[str]:
        test = self.pseudo_likelihood_ratio_test
        first = (
            f"{percent(self.conf_level)} limits of the subdistribution hazard ratio; on {test.df} df: pseudo "
            f"likelihood ratio {show(test.statistic)} (p {show(test.p_value)}); "
            f"Wald {show(self.wald_test.statistic)} (p {show(self.wald_test.p_value)})"
        )
        return [first, *([self.note] if self.note else [])]


def fine_gray(
    time: Any,
    event: Any,
    covariates: Any,
    *,
    cause: int = 1,
    censoring_groups: Any = None,
    names: Sequence[str] | None = None,
    conf_level: float = 0.95,
    time_tolerance: float = TIME_TOLERANCE,
) -> FineGray:
    """Fit subdistribution hazard ratios of one cause.

    Args:
        time: (n,) end of follow-up.
        event: (n,) 0 for censored, else the cause.
        covariates: (n, p) numbers: a 2-d array, a data frame, a mapping of name to column, or one column.
        cause: the cause of interest; all others compete.
        censoring_groups: (n,) labels of groups whose censoring differs; one distribution for all by default.
        names: (p,) of the covariates; by default those of the frame, else x1, x2, ...
        conf_level: two-sided level.
        time_tolerance: times closer than this times the mean time are tied; ties are Breslow's.

    Raises:
        NoEventsError: if there are no events of the cause.
        DataError: for input that cannot be used, naming the rows; for a covariate that is constant or a combination of
            others.
    """
    level = check_level(conf_level)
    times = read_time(time)
    n = times.size
    causes = read_causes(event, n)
    matrix, labels = read_covariates(covariates, n, names)
    groups, group_labels = (
        (np.zeros(n, dtype=np.int64), (None,))
        if censoring_groups is None
        else read_groups(censoring_groups, n, "censoring_groups")
    )
    own = as_int(causes == cause)
    require_events(own, f"a Fine-Gray model of cause {cause}")
    everybody = np.ones(0, dtype=bool)
    data = CoxData(times, own, NO_FLOATS, matrix, labels, NO_FLOATS, NO_INTS, (), NO_FLOATS, NO_INTS, everybody)
    with threads(1) as alone:
        rows = cox_rows(data, alone, time_tolerance=time_tolerance)
    order = rows.sets.order
    kind = as_int(np.where(causes == 0, 0, np.where(causes == cause, 1, 2))[order])
    likelihood = PseudoLikelihood(rows, kind, as_int(groups[order]), len(group_labels))
    null = likelihood(np.zeros(matrix.shape[1]))
    require_variation(rows, labels, null.information)
    score_test_statistic(null, labels)
    found = maximise(likelihood, null)
    monotone = infinite(found)
    here = likelihood(found.beta)
    inverse = inverse_information(found.point.information, monotone, rows.scale)
    change = (likelihood.residuals() * rows.scale)[:, ~monotone] @ inverse[np.ix_(~monotone, ~monotone)]
    covariance = np.full_like(inverse, math.nan)
    covariance[np.ix_(~monotone, ~monotone)] = change.T @ change
    coef = np.where(monotone, np.copysign(math.inf, found.step), found.beta) / rows.scale
    std_error = np.sqrt(np.diag(covariance))
    width = critical_value(level) * std_error
    z = np.where(monotone, math.nan, coef / std_error)
    with np.errstate(over="ignore", invalid="ignore"):
        ratio, low, high = np.exp(coef), np.exp(coef - width), np.exp(coef + width)
    at_zero = math.exp(-float(found.beta @ (rows.centre / rows.scale)))
    p = coef.size
    return FineGray(
        names=labels,
        coef=coef,
        hazard_ratio=ratio,
        std_error=std_error,
        z=z,
        p_value=2.0 * ndtr(-np.abs(z)),
        conf_low=low,
        conf_high=high,
        conf_level=level,
        covariance=covariance,
        log_likelihood=(null.value, found.point.value),
        pseudo_likelihood_ratio_test=chi_squared(max(2.0 * (found.point.value - null.value), 0.0), p),
        wald_test=chi_squared(math.nan if monotone.any() else float(coef @ np.linalg.solve(covariance, coef)), p),
        cause=cause,
        n=n,
        n_events=int(own.sum()),
        n_competing=int((kind == 2).sum()),
        converged=found.status == cox_kernels.CONVERGED,
        monotone=monotone,
        note=fit_note(labels, monotone, found.status),
        time=rows.sets.time,
        cumulative_hazard=np.cumsum(likelihood.hazard) * at_zero if math.isfinite(here.value) else likelihood.hazard,
        tolerance=rows.sets.tolerance,
    )


class PseudoLikelihood:
    """The weighted partial likelihood of a Fine-Gray model; keeps what it found where it was called last."""

    def __init__(self, rows: CoxRows, kind: Ints, group: Ints, groups: int) -> None:
        self._rows, self._kind, self._group = rows, kind, group
        m, (n, p) = rows.sets.time.size, rows.x.shape
        self._uncensored, self._at_risk, self._censored = (np.empty((groups, m)) for _ in range(3))
        kernels.censoring_survival(kind, group, rows.sets.run_start, self._uncensored, self._at_risk, self._censored)
        self._risk, self._expected, self._means = np.empty(n), np.empty(n), np.zeros((m, p))
        self.hazard = np.empty(m)

    def __call__(self, beta: Floats) -> Point:
        """The pseudo log likelihood and its derivatives."""
        rows, start = self._rows, self._rows.sets.run_start
        p = beta.size
        cox_kernels.linear_predictor(rows.x, NO_FLOATS, beta, self._risk)
        with np.errstate(over="ignore"):
            np.exp(self._risk, out=self._risk)
        value = kernels.subdistribution_hazard(
            rows.x, self._kind, self._group, start, self._uncensored, self._risk, self._means, self.hazard
        )
        kernels.expected_events(
            self._kind, self._group, start, self._uncensored, self._risk, self.hazard, self._expected
        )
        score, information = rows.slope.copy(), np.zeros((p, p))
        cox_kernels.add_expected(rows.x, self._expected, 0, self._risk.size, score, information)
        kernels.events_squares(self._kind, start, self._means, information)
        value += float(rows.slope @ beta)
        return Point(beta, value, score, np.tril(information) + np.tril(information, -1).T, value)

    def residuals(self) -> Floats:
        """(n, p) each row's share in the score where it was called last, in the order of the rows."""
        rows, start = self._rows, self._rows.sets.run_start
        residual = np.empty_like(rows.x)
        groups, m = self._uncensored.shape
        ahead = np.empty((groups, m + 1, rows.x.shape[1] + 1))
        kernels.integrals_ahead(self._uncensored, self._means, self.hazard, ahead)
        kernels.event_residuals(
            rows.x, self._kind, self._group, start, self._uncensored, self._risk, self._means, self.hazard,
            self._expected, ahead, residual,
        )  # fmt: skip
        kernels.censoring_residuals(
            rows.x, self._kind, self._group, start, self._uncensored, self._at_risk, self._censored, self._risk, ahead,
            residual,
        )  # fmt: skip
        return residual
