"""What a Cox model gives, and the figures derived from its coefficients and their covariance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import ndtr

from equipoise.estimates.result import Result, percent, show, show_p
from equipoise.survival import cox_kernels as kernels
from equipoise.survival._arrays import Bools, Floats, Ints
from equipoise.survival._bands import ConfType
from equipoise.survival._normal import ChiSquared, chi_squared, critical_value
from equipoise.survival.concordance import Concordance, concordance
from equipoise.survival.cox_model import CoxModel
from equipoise.survival.cox_prediction import BaselineHazard, CoxSurvival, baseline_hazard, predict_survival
from equipoise.survival.cox_profile import ProfileInterval, profile_interval
from equipoise.survival.cox_residuals import Kind, event_rows, residuals
from equipoise.survival.proportional_hazards import (
    ProportionalHazardsTest,
    Terms,
    Transform,
    proportional_hazards_test,
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Cox(Result):
    """A fitted Cox model with `p` covariates.

    Attributes:
        names: (p,) covariates.
        coef: (p,) log hazard ratios; infinite where the likelihood is monotone.
        hazard_ratio: (p,) their exponentials: of one unit more of the covariate.
        std_error: (p,) of `coef`; NaN where `coef` is infinite.
        z: (p,) coef / std_error.
        p_value: (p,) Wald, two-sided.
        conf_low: (p,) lower limits of the hazard ratio, Wald.
        conf_high: (p,) upper limits.
        conf_level: two-sided level.
        covariance: (p, p) of `coef`: the inverse information, or the sandwich if `robust`.
        robust: whether `covariance` and all that rests on it is the sandwich.
        log_likelihood: partial log likelihood at 0 and at the maximum.
        likelihood_ratio_test: of all coefficients being 0.
        wald_test: the same, with `covariance`.
        score_test: the same, from the slope at 0; the log-rank test for one binary covariate without ties.
        n: rows used (those of weight 0 are not).
        n_events: events among them.
        ties: how tied event times are treated.
        converged: False if there is no finite maximum or it was not found; `note` says which.
        monotone: (p,) True for covariates along which the likelihood only rises.
        note: what a reader must know; empty if all is well.
        model: the rows and options, for the methods.
    """

    _shown: ClassVar[tuple[str, ...]] = (
        "names",
        "coef",
        "hazard_ratio",
        "std_error",
        "conf_low",
        "conf_high",
        "z",
        "p_value",
    )

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
    robust: bool
    log_likelihood: tuple[float, float]
    likelihood_ratio_test: ChiSquared
    wald_test: ChiSquared
    score_test: ChiSquared
    n: int
    n_events: int
    ties: str
    converged: bool
    monotone: Bools
    note: str
    model: CoxModel

    def baseline_hazard(self) -> BaselineHazard:
        """The cumulative hazard by stratum of a participant with all covariates 0.

        Breslow's estimate, or with Efron's ties Efron's, as the partial likelihood; as `basehaz(centered = FALSE)`.
        """
        return baseline_hazard(self.model)

    def predict_survival(
        self,
        covariates: Any,
        times: Any = None,
        *,
        strata: Any = None,
        offset: Any = None,
        conf_type: ConfType = "log-log",
    ) -> CoxSurvival:
        """The survival of participants with these covariates, constant in time.

        Args:
            covariates: `k` rows: a mapping of name to number or column, a data frame (which may have further columns),
                or an array (k, p); one row may be 1-d.
            times: (m,) times; by default all distinct times of the data.
            strata: (k,) the stratum of each row; a label for all.
            offset: (k,) or one number; 0 by default.
            conf_type: the scale on which limits are symmetric.

        Raises:
            DataError: for covariates that are missing, are no numbers or (in a mapping) are not in the model, a stratum
                that the model does not know, or a time that is missing or negative.
        """
        return predict_survival(
            self.model, self.covariance, covariates, times, strata=strata, offset=offset, conf_type=conf_type
        )

    def profile_interval(self) -> ProfileInterval:
        """The hazard ratios with limits where the profile of the likelihood has fallen by half the quantile of
        chi-squared; at the model's level, never robust.

        A limit is infinite (or 0) where the likelihood does not fall so far.
        """
        return profile_interval(self.model, self.hazard_ratio)

    def residuals(self, kind: Kind = "martingale") -> Floats:
        """Residuals, in the order the rows were given; NaN for rows of weight 0.

        Args:
            kind: `martingale` (n,) event less expected; `deviance` (n,) the same made nearly symmetric; `score` (n, p);
                `dfbeta` (n, p) the change of the coefficients were the row there, with its weight; and with one row an
                event, by stratum and time, which `.event_rows()` names: `schoenfeld` (d, p) the event's covariates less
                their mean among those at risk, and `scaled-schoenfeld` (d, p), whose course over time is that of the
                coefficients.

        Raises:
            DataError: if the kind is unknown.
        """
        return residuals(self.model, kind)

    def event_rows(self) -> Ints:
        """The rows given that are events, by stratum and time: those of Schoenfeld residuals."""
        return event_rows(self.model)

    def proportional_hazards_test(
        self, transform: Transform = "km", terms: Terms = "columns"
    ) -> ProportionalHazardsTest:
        """Test for each term, and for all, whether its coefficients change with time.

        Args:
            transform: the function of time it would change with: 1 - Kaplan-Meier, rank of event times, time, or its
                logarithm.
            terms: `columns`, each covariate by itself; `factors`, columns named like `stage=2` and `stage=3` together
                as `stage`; or a mapping of term to its covariates, those not named being terms of their own.

        Raises:
            DataError: if the likelihood is monotone, the transform is unknown, or terms name a covariate that is not in
                the model or is in another term.
        """
        return proportional_hazards_test(self.model, transform, terms)

    def concordance(self) -> Concordance:
        """How well the linear predictor orders the events, within strata.

        Raises:
            DataError: if no pair can be compared.
        """
        return concordance(self.model)

    def _title(self) -> str:
        return f"Cox model, {self.n} rows, {self.n_events} events, {self.ties} ties"

    def _notes(self) -> list[str]:
        tests = (
            ("likelihood ratio", self.likelihood_ratio_test),
            ("Wald", self.wald_test),
            ("score", self.score_test),
        )
        said = "; ".join(f"{name} {show(test.statistic)} (p {show_p(test.p_value)})" for name, test in tests)
        spread = "robust standard errors; " if self.robust else ""
        first = f"{percent(self.conf_level)} limits of the hazard ratio; {spread}on {len(self.names)} df: {said}"
        return [first, *([self.note] if self.note else [])]


def cox_result(
    model: CoxModel,
    *,
    coef: Floats,
    covariance: Floats,
    monotone: Bools,
    status: int,
    log_likelihood: tuple[float, float],
    score_statistic: float,
    df: float,
    n_events: int,
) -> Cox:
    """Ratios, limits and tests from coefficients and their covariance."""
    p = coef.size
    q = critical_value(model.settings.conf_level)
    std_error = np.sqrt(np.diag(covariance))
    z = coef / std_error
    z[monotone] = math.nan
    with np.errstate(over="ignore", invalid="ignore"):
        ratio, low, high = np.exp(coef), np.exp(coef - q * std_error), np.exp(coef + q * std_error)
    wald = math.nan if monotone.any() else float(coef @ np.linalg.solve(covariance, coef))
    return Cox(
        names=model.names,
        coef=coef,
        hazard_ratio=ratio,
        std_error=std_error,
        z=z,
        p_value=2.0 * ndtr(-np.abs(z)),
        conf_low=low,
        conf_high=high,
        conf_level=model.settings.conf_level,
        covariance=covariance,
        robust=model.settings.robust,
        log_likelihood=log_likelihood,
        likelihood_ratio_test=chi_squared(max(2.0 * (log_likelihood[1] - log_likelihood[0]), 0.0), df),
        wald_test=chi_squared(wald, p),
        score_test=chi_squared(score_statistic, p),
        n=model.rows.event.size,
        n_events=n_events,
        ties=model.settings.ties,
        converged=status == kernels.CONVERGED,
        monotone=monotone,
        note=fit_note(model.names, monotone, status),
        model=model,
    )


def fit_note(names: tuple[str, ...], monotone: Bools, status: int) -> str:
    """What a reader must know of a fit; empty if all is well."""
    if status == kernels.MONOTONE:
        which = ", ".join(name for name, flag in zip(names, monotone, strict=True) if flag)
        return (
            f"the likelihood is monotone in {which}: it has no finite maximum, as when a group has no event; "
            "the Wald interval and p-value do not exist, the likelihood-ratio and score tests do"
        )
    return "" if status == kernels.CONVERGED else "Newton-Raphson did not converge; do not use these numbers"
