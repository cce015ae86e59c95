"""What a Cox model gives, and the figures derived from its coefficients and their covariance."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import ndtr

from equipoise.survival import cox_kernels as kernels
from equipoise.survival._arrays import Bools, Floats
from equipoise.survival._normal import ChiSquared, chi_squared, critical_value
from equipoise.survival._result import Result, percent, show


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

    def _title(self) -> str:
        return f"Cox model, {self.n} rows, {self.n_events} events, {self.ties} ties"

    def _notes(self) -> list[str]:
        tests = (
            ("likelihood ratio", self.likelihood_ratio_test),
            ("Wald", self.wald_test),
            ("score", self.score_test),
        )
        said = "; ".join(f"{name} {show(test.statistic)} (p {show(test.p_value)})" for name, test in tests)
        spread = "robust standard errors; " if self.robust else ""
        first = (
            f"{percent(self.conf_level)} limits of the hazard ratio; {spread}on {len(self.names)} df: {said}"
        )
        return [first, *([self.note] if self.note else [])]


def cox_result(
    names: tuple[str, ...],
    *,
    coef: Floats,
    covariance: Floats,
    monotone: Bools,
    status: int,
    log_likelihood: tuple[float, float],
    score_statistic: float,
    conf_level: float,
    n: int,
    n_events: int,
    ties: str,
    robust: bool,
) -> Cox:
    """Ratios, limits and tests from coefficients and their covariance."""
    p = coef.size
    q = critical_value(conf_level)
    std_error = np.sqrt(np.diag(covariance))
    z = coef / std_error
    z[monotone] = math.nan
    with np.errstate(over="ignore", invalid="ignore"):
        ratio, low, high = np.exp(coef), np.exp(coef - q * std_error), np.exp(coef + q * std_error)
    wald = math.nan if monotone.any() else float(coef @ np.linalg.solve(covariance, coef))
    return Cox(
        names=names,
        coef=coef,
        hazard_ratio=ratio,
        std_error=std_error,
        z=z,
        p_value=2.0 * ndtr(-np.abs(z)),
        conf_low=low,
        conf_high=high,
        conf_level=conf_level,
        covariance=covariance,
        robust=robust,
        log_likelihood=log_likelihood,
        likelihood_ratio_test=chi_squared(max(2.0 * (log_likelihood[1] - log_likelihood[0]), 0.0), p),
        wald_test=chi_squared(wald, p),
        score_test=chi_squared(score_statistic, p),
        n=n,
        n_events=n_events,
        ties=ties,
        converged=status == kernels.CONVERGED,
        monotone=monotone,
        note=_note(names, monotone, status),
    )


def _note(names: tuple[str, ...], monotone: Bools, status: int) -> str:
    if status == kernels.MONOTONE:
        which = ", ".join(name for name, flag in zip(names, monotone, strict=True) if flag)
        return (
            f"the likelihood is monotone in {which}: it has no finite maximum, as when a group has no event; "
            "the Wald interval and p-value do not exist, the likelihood-ratio and score tests do"
        )
    return "" if status == kernels.CONVERGED else "Newton-Raphson did not converge; do not use these numbers"
