"""What a parametric fit is, and what it predicts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from equipoise.errors import DataError
from equipoise.estimates.result import Column, Result, percent, show
from equipoise.survival import _error_distributions as errors
from equipoise.survival._arrays import Floats, numbers, read_time
from equipoise.survival._normal import critical_value, wald
from equipoise.survival.spline_basis import natural_spline

ERRORS = {
    "exponential": errors.extreme,
    "weibull": errors.extreme,
    "log-normal": errors.normal,
    "log-logistic": errors.logistic,
    "hazard": errors.extreme,
    "odds": errors.logistic,
    "normal": errors.normal,
}
"""The distribution of w by the name of the times' distribution, or of the scale of a spline."""
_WIDEST = 60.0


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PredictedSurvival(Result):
    """The survival that a model predicts for one set of covariates.

    Attributes:
        time: (k,) times.
        survival: (k,) S(t).
        conf_low: (k,) lower limits, by the delta method on the scale log(-log S).
        conf_high: (k,) upper limits.
        hazard: (k,) events per unit of time.
        conf_level: two-sided level.
    """

    _shown: ClassVar[tuple[str, ...]] = ("time", "survival", "conf_low", "conf_high", "hazard")

    time: Floats
    survival: Floats
    conf_low: Floats
    conf_high: Floats
    hazard: Floats
    conf_level: float

    def _title(self) -> str:
        return f"Predicted survival, {percent(self.conf_level)} limits"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ParametricModel(Result):
    """A parametric model of the time to an event, with `q` parameters.

    Attributes:
        distribution: of the times, or `spline` for that of Royston and Parmar.
        scale: of a spline: hazard, odds or normal; else empty.
        knots: (k,) of a spline, in log time, the outer ones included.
        names: (q,) of the parameters: with a distribution the intercept, the covariates, log(scale) and, for the
            generalised gamma, Q; with a spline gamma0, gamma1, ... and the covariates.
        coef: (q,) estimates.
        std_error: (q,) from the observed information.
        conf_low: (q,) lower limits, normal.
        conf_high: (q,) upper limits.
        p_value: (q,) Wald, two-sided, of the parameter being 0.
        covariance: (q, q).
        log_likelihood: its maximum, of the times in their own unit.
        conf_level: two-sided level.
        n: number of rows.
        events: number (sum of weights) of events.
        covariates: number of covariates.
    """

    _shown: ClassVar[tuple[str, ...]] = ("names", "coef", "std_error", "conf_low", "conf_high", "p_value")

    distribution: str
    scale: str
    knots: Floats
    names: tuple[str, ...]
    coef: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    p_value: Floats
    covariance: Floats
    log_likelihood: float
    conf_level: float
    n: int
    events: float
    covariates: int

    @property
    def aic(self) -> float:
        """Akaike's information criterion, twice the parameters less twice the log-likelihood."""
        return 2.0 * len(self.names) - 2.0 * self.log_likelihood

    def predict(self, times: ArrayLike, covariates: Any = None) -> PredictedSurvival:
        """Survival and hazard at `times` for one participant.

        Args:
            times: (k,) above 0.
            covariates: a mapping of name to number, or (p,) values in the order of the fit; none where the model has
                none.

        Raises:
            DataError: for times or covariates that cannot be used.
        """
        t = read_time(np.atleast_1d(np.asarray(times)), "times")
        if not bool(np.all(t > 0.0)):
            raise DataError("times: 0 has no log; give times above 0")
        x = self._row(covariates)
        log_survival, hazard = self._curves(self.coef, np.log(t), x)
        spread = self._spread(np.log(t), x)
        with np.errstate(divide="ignore"):
            width = np.exp(critical_value(self.conf_level) * spread)
        return PredictedSurvival(
            time=t,
            survival=np.exp(log_survival),
            conf_low=np.exp(log_survival * width),
            conf_high=np.exp(log_survival / width),
            hazard=hazard,
            conf_level=self.conf_level,
        )

    def quantile(self, q: float, covariates: Any = None) -> float:
        """The time by which a share `q` has had the event; 0.5 gives the median.

        Raises:
            DataError: if `q` is not between 0 and 1, or the covariates cannot be used.
        """
        if not 0.0 < q < 1.0:
            raise DataError(f"q: {q} must lie between 0 and 1; 0.5, the share with the event, is the median")
        x = self._row(covariates)
        level = math.log1p(-q)
        low, high = -_WIDEST, _WIDEST
        while high - low > 1e-14 * (1.0 + abs(low)):
            middle = 0.5 * (low + high)
            if middle in {low, high}:
                break
            after = float(self._curves(self.coef, np.array([middle]), x)[0][0]) <= level
            low, high = (low, middle) if after else (middle, high)
        return math.exp(high)

    def _row(self, covariates: Any) -> Floats:
        if isinstance(covariates, Mapping):
            first = self.knots.size or 1  # after the spline's coefficients, or the intercept
            names = self.names[first : first + self.covariates]
            missing = [name for name in names if name not in covariates]
            if missing:
                raise DataError(f"covariates: {', '.join(missing)} missing; give every covariate of the model")
            covariates = [covariates[name] for name in names]
        x = np.empty(0) if covariates is None else numbers(np.atleast_1d(np.asarray(covariates)), "covariates")
        if x.size != self.covariates or not bool(np.isfinite(x).all()):
            raise DataError(f"covariates: give {self.covariates} numbers, one a covariate of the model")
        return x

    def _curves(self, coef: Floats, log_t: Floats, x: Floats) -> tuple[Floats, Floats]:
        """Log survival and the hazard."""
        w, slope = self._standardised(coef, log_t, x)
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            of = ERRORS[self.scale or self.distribution] if self._shape(coef) is None else None
            density, survival = (of or errors.log_gamma(float(coef[-1])))(w)
            hazard = np.exp(density[0] - survival[0] - log_t) * slope
        return survival[0], np.asarray(hazard)

    def _shape(self, coef: Floats) -> float | None:
        return float(coef[-1]) if self.distribution == "generalised-gamma" else None

    def _standardised(self, coef: Floats, log_t: Floats, x: Floats) -> tuple[Floats, Floats]:
        """W and its derivative by log time."""
        if self.distribution == "spline":
            basis, slopes = natural_spline(log_t, self.knots)
            k = basis.shape[1]
            return basis @ coef[:k] + float(x @ coef[k:]), slopes @ coef[:k]
        p = 1 + self.covariates
        sigma = 1.0 if self.distribution == "exponential" else math.exp(float(coef[p]))
        location = float(coef[0] + x @ coef[1:p])
        return (log_t - location) / sigma, np.full(log_t.size, 1.0 / sigma)

    def _spread(self, log_t: Floats, x: Floats) -> Floats:
        """The standard error of log(-log S), its derivatives by differences."""
        gradient = np.empty((self.coef.size, log_t.size))
        for j, step in enumerate(1e-4 * np.maximum(self.std_error, 1e-8)):
            ends = []
            for sign in (1.0, -1.0):
                coef = self.coef.copy()
                coef[j] += sign * step
                ends.append(np.log(-self._curves(coef, log_t, x)[0]))
            gradient[j] = (ends[0] - ends[1]) / (2.0 * step)
        return np.asarray(np.sqrt(np.einsum("jt,jk,kt->t", gradient, self.covariance, gradient)))

    def _columns(self) -> Mapping[str, Column]:
        columns = Result._columns(self)
        return {"parameter" if name == "covariate" else name: column for name, column in columns.items()}

    def _title(self) -> str:
        what = f"Royston-Parmar spline, {self.scale} scale" if self.scale else f"Parametric model, {self.distribution}"
        return f"{what}, {self.n} rows, {show(self.events)} events"

    def _notes(self) -> list[str]:
        return [
            f"log-likelihood {show(self.log_likelihood)}, AIC {show(self.aic)}; {percent(self.conf_level)} limits",
            *([f"knots of log time {', '.join(show(float(v)) for v in self.knots)}"] if self.knots.size else []),
        ]


def assemble(  # what every fit ends with
    coef: Floats,
    covariance: Floats,
    log_likelihood: float,
    *,
    names: tuple[str, ...],
    distribution: str,
    scale: str = "",
    knots: Floats | None = None,
    conf_level: float,
    n: int,
    events: float,
    covariates: int,
) -> ParametricModel:
    """The result of a fit, with limits and p-values."""
    found = wald(coef, covariance, conf_level)
    return ParametricModel(
        distribution=distribution,
        scale=scale,
        knots=np.empty(0) if knots is None else knots,
        names=names,
        coef=coef,
        std_error=found.std_error,
        conf_low=found.conf_low,
        conf_high=found.conf_high,
        p_value=found.p_value,
        covariance=covariance,
        log_likelihood=log_likelihood,
        conf_level=conf_level,
        n=n,
        events=events,
        covariates=covariates,
    )
