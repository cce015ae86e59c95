"""The Fine-Gray model: how covariates act on the incidence of one cause when others compete.

Sources: Fine and Gray, JASA 1999, right-censored data; the censoring distribution is estimated by Kaplan-Meier, and the
variance is the sandwich with the part that comes of that estimate. Delayed entry: Geskus, Biometrics 2011; strata: Zhou
et al., Biometrics 2011. Numbers agree with `crr` of R's cmprsk, whose passes are quadratic in the number of rows (these
are linear after sorting), and without ties with `coxph` on the rows of `finegray` of R's survival. Who has an event is
at risk of the censoring of that time, as in cmprsk; in `finegray` they are not.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, get_args

import numpy as np
from scipy.special import ndtr

from equipoise._kernel import as_int
from equipoise.errors import DataError
from equipoise.estimates.result import Column, Result, percent, show, show_p
from equipoise.survival import cox_kernels
from equipoise.survival._arrays import (
    Bools,
    Floats,
    Ints,
    check_level,
    read_causes,
    read_groups,
    read_time,
    read_weights,
    require_events,
)
from equipoise.survival._normal import ChiSquared, chi_squared, critical_value
from equipoise.survival._risk_sets import TIME_TOLERANCE
from equipoise.survival.cox_fit import infinite, inverse_information, require_variation, score_test_statistic
from equipoise.survival.cox_newton import Maximum, maximise
from equipoise.survival.cox_prediction import read_new_covariates, read_new_strata
from equipoise.survival.cox_result import fit_note
from equipoise.survival.cox_rows import CoxData, CoxRows, cox_rows, read_cox, threads
from equipoise.survival.fine_gray_likelihood import PseudoLikelihood, Variance


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PredictedIncidence(Result):
    """The incidence of the cause predicted for `k` sets of covariates at `m` times.

    Attributes:
        cause: the code of the cause.
        stratum: (k,) labels; empty where the model has no strata.
        time: (m,) times.
        incidence: (k, m) probabilities; NaN after the last time of the stratum.
    """

    cause: int
    stratum: tuple[Hashable, ...]
    time: Floats
    incidence: Floats

    def _columns(self) -> Mapping[str, Column]:
        k, m = self.incidence.shape
        columns: dict[str, Column] = {"row": np.repeat(np.arange(k), m)}
        if self.stratum:
            columns["stratum"] = [label for label in self.stratum for _ in range(m)]
        return columns | {"time": np.tile(self.time, k), "incidence": self.incidence.ravel()}

    def _title(self) -> str:
        return f"Predicted cumulative incidence of cause {self.cause}"


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
        variance: which covariance that is; see `fine_gray`.
        log_likelihood: pseudo log likelihood at 0 and at the maximum.
        pseudo_likelihood_ratio_test: of all coefficients being 0, as cmprsk prints it; chi-squared only roughly.
        wald_test: the same, with `covariance`.
        cause: the cause of interest.
        n: rows used (those of weight 0 are not).
        n_events: events of the cause among them.
        n_competing: events of other causes.
        converged: False if there is no finite maximum or it was not found; `note` says which.
        monotone: (p,) True for covariates along which the likelihood only rises.
        note: what a reader must know; empty if all is well.
        time: (m,) distinct times, those of each stratum after those of the stratum before.
        cumulative_hazard: (m,) baseline subdistribution hazard, all covariates 0.
        strata: (s,) labels of the strata; empty without.
        stratum_start: (s + 1,) where the times of each stratum begin, and the end.
        tolerance: distance below which two times are one.
    """

    _shown: ClassVar[tuple[str, ...]] = (
        "names", "coef", "hazard_ratio", "std_error", "conf_low", "conf_high", "z", "p_value",
    )  # fmt: skip  # short items of one kind share a line

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
    variance: Variance
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
    strata: tuple[Hashable, ...]
    stratum_start: Ints
    tolerance: float

    def predict_incidence(self, covariates: Any, times: Any = None, *, strata: Any = None) -> PredictedIncidence:
        """The cumulative incidence of the cause for participants with these covariates.

        Args:
            covariates: `k` rows: a mapping of name to number or column, a data frame (which may have further columns),
                or an array (k, p); one row may be 1-d.
            times: (m,) times; by default all distinct times of the data.
            strata: (k,) the stratum of each row; a label for all.

        Raises:
            DataError: for covariates, strata or times that cannot be used, or if the likelihood is monotone.
        """
        if self.monotone.any():
            raise DataError("predict_incidence: the likelihood is monotone; leave out the covariates concerned")
        x = read_new_covariates(covariates, self.names)
        stratum = read_new_strata(strata, self.strata, x.shape[0])
        points = np.unique(self.time) if times is None else read_time(np.atleast_1d(np.asarray(times)), "times")
        hazard = np.empty((x.shape[0], points.size))
        for s in np.unique(stratum):
            hazard[stratum == s] = self._hazard_at(points, slice(*self.stratum_start[s : s + 2]))
        labels = tuple(self.strata[s] for s in stratum) if self.strata else ()
        return PredictedIncidence(self.cause, labels, points, -np.expm1(-np.exp(x @ self.coef)[:, np.newaxis] * hazard))

    def _hazard_at(self, points: Floats, here: slice) -> Floats:
        """The baseline hazard of one stratum at times; NaN after its last."""
        time, hazard = self.time[here], np.concatenate([[0.0], self.cumulative_hazard[here]])
        found = hazard[np.searchsorted(time, points + self.tolerance, side="right")]
        found[points > time[-1] + self.tolerance] = math.nan
        return found

    def _title(self) -> str:
        return (
            f"Fine-Gray model of cause {self.cause}, {self.n} rows, {self.n_events} events, "
            f"{self.n_competing} of other causes"
        )

    def _notes(self) -> list[str]:
        test = self.pseudo_likelihood_ratio_test
        first = (
            f"{percent(self.conf_level)} limits of the subdistribution hazard ratio; on {test.df} df: pseudo "
            f"likelihood ratio {show(test.statistic)} (p {show_p(test.p_value)}); "
            f"Wald {show(self.wald_test.statistic)} (p {show_p(self.wald_test.p_value)})"
        )
        spread = [] if self.variance == "fine-gray" else [f"standard errors: {self.variance}"]
        return [first, *spread, *([self.note] if self.note else [])]


def fine_gray(
    time: Any,
    event: Any,
    covariates: Any,
    *,
    cause: int = 1,
    entry: Any = None,
    strata: Any = None,
    cluster: Any = None,
    weights: Any = None,
    censoring_groups: Any = None,
    variance: Variance = "fine-gray",
    names: Sequence[str] | None = None,
    conf_level: float = 0.95,
    time_tolerance: float = TIME_TOLERANCE,
) -> FineGray:
    """Fit subdistribution hazard ratios of one cause.

    A participant with a competing event stays at risk with the weight O(t-)/O(s-) of having been under observation: O
    is the chance of not being censored, and with delayed entry that times the chance of having entered.

    Args:
        time: (n,) end of follow-up.
        event: (n,) 0 for censored, else the cause.
        covariates: (n, p) numbers: a 2-d array, a data frame, a mapping of name to column, or one column.
        cause: the cause of interest; all others compete.
        entry: (n,) start of observation: at risk in (entry, time]; one row a participant.
        strata: (n,) labels, or several such columns; each stratum has its own baseline hazard. Censoring is that of
            `censoring_groups`: give the strata there too if it differs between them and they are large.
        cluster: (n,) labels of rows that are not independent.
        weights: (n,) case weights, which count in the chance of observation too; rows of weight 0 are left out. As in
            `cox` the covariance takes a row for one participant, whatever its weight.
        censoring_groups: (n,) labels of groups whose censoring (and entry) differs; one distribution by default.
        variance: `fine-gray`, the sandwich that counts that O is estimated, equal to `crr` with one censoring group;
            `known-weights`, which does not count it, as `coxph` on the rows of `finegray`; `cmprsk`, equal to `crr`
            2.2-11 with several groups too, where `crr` counts what the weights of a group do to the events of that
            group alone. They act on all events, and `fine-gray` is what the infinitesimal jackknife gives; the two
            seldom differ by more than a per cent or two.
        names: (p,) of the covariates; by default those of the frame, else x1, x2, ...
        conf_level: two-sided level.
        time_tolerance: times closer than this times the mean time are tied; ties are Breslow's.

    Raises:
        NoEventsError: if there are no events of the cause.
        DataError: for input that cannot be used, naming the rows; for a covariate that is constant or a combination of
            others; for options that exclude each other; if nobody of a censoring group is left under observation
            before others enter.
    """
    level = check_level(conf_level)
    if variance not in get_args(Variance):
        raise DataError(f"variance: {variance!r} is unknown; choose one of {', '.join(get_args(Variance))}")
    if variance == "cmprsk" and not (entry is None and strata is None and weights is None):
        raise DataError("variance: cmprsk has no entry, strata or weights; choose fine-gray")
    times = read_time(time)
    n = times.size
    causes = read_causes(event, n)
    own = as_int(causes == cause)
    w = read_weights(weights, n)
    require_events(own if w.size == 0 else as_int(own[w > 0.0]), f"a Fine-Gray model of cause {cause}")
    data = read_cox(
        times, own, covariates, entry=entry, strata=strata, cluster=cluster, weights=weights, names=names, offset=None
    )
    groups = np.zeros(n, dtype=np.int64)
    if censoring_groups is not None:
        groups = read_groups(censoring_groups, n, "censoring_groups")[0]
    if data.kept.size:
        causes, groups = causes[data.kept], groups[data.kept]
    kind = as_int(np.where(causes == 0, 0, np.where(causes == cause, 1, 2)))
    fit = _fit(data, kind, groups, time_tolerance)
    return _result(fit, _covariance(fit, variance), cause, variance, level)


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """A model that was fitted: its rows, their likelihood, that at 0, and where the search for the maximum ended."""

    data: CoxData
    rows: CoxRows
    likelihood: PseudoLikelihood
    null: float
    found: Maximum


def _fit(data: CoxData, kind: Ints, groups: Ints, time_tolerance: float) -> _Fit:
    """Maximise the pseudo likelihood; `kind` and `groups` (n,) are in the order of the data."""
    with threads(1) as alone:
        rows = cox_rows(data, alone, time_tolerance=time_tolerance)
    order = rows.sets.order
    likelihood = PseudoLikelihood(rows, as_int(kind[order]), as_int(groups[order]), int(groups.max()) + 1)
    null = likelihood(np.zeros(rows.x.shape[1]))
    require_variation(rows, data.names, null.information)
    score_test_statistic(null, data.names)
    found = maximise(likelihood, null)
    likelihood(found.beta)  # residuals and the hazard are those of the last call
    return _Fit(data, rows, likelihood, null.value, found)


def _covariance(fit: _Fit, variance: Variance) -> Floats:
    """The sandwich over rows or clusters; NaN for coefficients that are infinite."""
    rows, free = fit.rows, ~infinite(fit.found)
    inverse = inverse_information(fit.found.point.information, ~free, rows.scale)
    residuals = fit.likelihood.residuals(variance) * rows.scale
    if fit.data.cluster.size:
        code = fit.data.cluster[rows.sets.order]
        residuals = np.column_stack([np.bincount(code, weights=column) for column in residuals.T])
    change = residuals[:, free] @ inverse[np.ix_(free, free)]
    covariance = np.full_like(inverse, math.nan)
    covariance[np.ix_(free, free)] = change.T @ change
    return covariance


def _result(fit: _Fit, covariance: Floats, cause: int, variance: Variance, level: float) -> FineGray:
    """Ratios, limits and tests from coefficients and their covariance."""
    rows, found, sets = fit.rows, fit.found, fit.rows.sets
    monotone, p = infinite(found), rows.x.shape[1]
    coef = np.where(monotone, np.copysign(math.inf, found.step), found.beta) / rows.scale
    std_error = np.sqrt(np.diag(covariance))
    width = critical_value(level) * std_error
    z = np.where(monotone, math.nan, coef / std_error)
    with np.errstate(over="ignore", invalid="ignore"):
        ratio, low, high = np.exp(coef), np.exp(coef - width), np.exp(coef + width)
    return FineGray(
        names=fit.data.names,
        coef=coef,
        hazard_ratio=ratio,
        std_error=std_error,
        z=z,
        p_value=2.0 * ndtr(-np.abs(z)),
        conf_low=low,
        conf_high=high,
        conf_level=level,
        covariance=covariance,
        variance=variance,
        log_likelihood=(fit.null, found.point.value),
        pseudo_likelihood_ratio_test=chi_squared(max(2.0 * (found.point.value - fit.null), 0.0), p),
        wald_test=chi_squared(math.nan if monotone.any() else float(coef @ np.linalg.solve(covariance, coef)), p),
        cause=cause,
        n=rows.event.size,
        n_events=int(rows.event.sum()),
        n_competing=int((fit.likelihood.kind == 2).sum()),
        converged=found.status == cox_kernels.CONVERGED,
        monotone=monotone,
        note=fit_note(fit.data.names, monotone, found.status),
        time=sets.time[sets.run_time],
        cumulative_hazard=_baseline(fit),
        strata=fit.data.strata,
        stratum_start=sets.stratum_run,
        tolerance=sets.tolerance,
    )


def _baseline(fit: _Fit) -> Floats:
    """The cumulative hazard of each stratum, all covariates 0, from its steps with covariates at their means."""
    at_means = [np.cumsum(fit.likelihood.hazard[low:high]) for low, high in pairwise(fit.rows.sets.stratum_run)]
    with np.errstate(invalid="ignore"):  # infinite where the likelihood is monotone
        return np.asarray(
            np.concatenate(at_means) * math.exp(-float(fit.found.beta @ (fit.rows.centre / fit.rows.scale)))
        )
