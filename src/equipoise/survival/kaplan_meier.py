"""The product-limit estimator.

Sources: Kaplan and Meier, JASA 1958; the variance is Greenwood's (1926), with case weights as counts; the
robust variance is the infinitesimal jackknife, the sum over rows of (weight times dS(t)/dweight) squared.
Quantiles and their limits: Brookmeyer and Crowley, Biometrics 1982. Numbers agree with `survfit` of R's
survival 3.x.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, overload

import numpy as np
from numpy.typing import ArrayLike

from equipoise.errors import DataError
from equipoise.survival._arrays import (
    Floats,
    check_level,
    read_entry,
    read_event,
    read_time,
    read_weights,
)
from equipoise.survival._bands import ConfType, Plateau, check_conf_type, confidence_limits, first_crossing
from equipoise.survival._number import Quantile
from equipoise.survival._result import Result, percent, show
from equipoise.survival._risk_sets import TIME_TOLERANCE, risk_sets, steps_at
from equipoise.survival.kaplan_meier_kernels import product_limit, robust_variance


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Quantiles(Result):
    """Several quantiles at once.

    Attributes:
        probability: (k,) shares with the event.
        value: (k,) times, NaN where not reached.
        conf_low: (k,) lower limits.
        conf_high: (k,) upper limits.
        conf_level: two-sided level of the limits.
    """

    _shown: ClassVar[tuple[str, ...]] = ("probability", "value", "conf_low", "conf_high")

    probability: Floats
    value: Floats
    conf_low: Floats
    conf_high: Floats
    conf_level: float

    def _title(self) -> str:
        return f"Quantiles of time to event, {percent(self.conf_level)} limits"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SurvivalAt(Result):
    """A survival curve read at given times.

    Attributes:
        time: (k,) the times asked for.
        survival: (k,) probabilities; NaN after the last observed time, unless the curve has come to 0.
        std_error: (k,) standard errors.
        conf_low: (k,) lower limits.
        conf_high: (k,) upper limits.
        at_risk: (k,) number at risk at the next observed time, 0 after the last.
        conf_level: two-sided level of the limits.
    """

    _shown: ClassVar[tuple[str, ...]] = ("time", "at_risk", "survival", "std_error", "conf_low", "conf_high")

    time: Floats
    survival: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    at_risk: Floats
    conf_level: float

    def _title(self) -> str:
        return f"Survival at given times, {percent(self.conf_level)} limits"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class KaplanMeier(Result):
    """A Kaplan-Meier curve; arrays have one entry a distinct time, whether of events or censoring.

    Attributes:
        time: (m,) distinct times, ascending.
        at_risk: (m,) number (sum of weights) at risk just before the time.
        events: (m,) events at the time.
        censored: (m,) censored at the time, after its events.
        survival: (m,) S(t), from the time on.
        std_error: (m,) standard error of S(t); NaN where S is 0 with Greenwood's variance.
        conf_low: (m,) pointwise lower limits.
        conf_high: (m,) pointwise upper limits.
        conf_type: scale of the limits.
        conf_level: two-sided level of the limits.
        variance: `greenwood` or `robust`.
        n: number of rows.
        tolerance: distance below which two times are one.
    """

    _shown: ClassVar[tuple[str, ...]] = (
        "time",
        "at_risk",
        "events",
        "censored",
        "survival",
        "std_error",
        "conf_low",
        "conf_high",
    )

    time: Floats
    at_risk: Floats
    events: Floats
    censored: Floats
    survival: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    conf_type: str
    conf_level: float
    variance: str
    n: int
    tolerance: float

    @property
    def n_events(self) -> float:
        """Number (sum of weights) of events."""
        return float(self.events.sum())

    @property
    def median(self) -> Quantile:
        """Median survival time with its limits, plateau convention `r`; NaN where not reached."""
        return self.quantile(0.5)

    @overload
    def quantile(self, q: float, *, plateau: Plateau = "r") -> Quantile: ...
    @overload
    def quantile(self, q: ArrayLike, *, plateau: Plateau = "r") -> Quantile | Quantiles: ...
    def quantile(self, q: float | ArrayLike, *, plateau: Plateau = "r") -> Quantile | Quantiles:
        """The first time with S(t) <= 1 - q, and limits by inverting the pointwise band.

        Args:
            q: share with the event, between 0 and 1, or several.
            plateau: where the curve runs level at exactly 1 - q, the middle of that stretch is taken. If the
                stretch is the last one it ends at the last time with `r`, and the quantile is not estimable
                (NaN) with `sas`.

        Raises:
            DataError: if a share is not between 0 and 1.
        """
        if plateau not in {"r", "sas"}:
            raise DataError(f"plateau: {plateau!r} is unknown; choose r or sas")
        shares = np.atleast_1d(np.asarray(q, dtype=np.float64))
        if not bool(np.all((shares > 0.0) & (shares < 1.0))):
            raise DataError(
                f"q: {shares.tolist()} must lie between 0 and 1; 0.5, the share with the event, is the median"
            )
        curves = (self.survival, self.conf_low, self.conf_high)
        found = np.array(
            [[first_crossing(self.time, curve, 1.0 - p, plateau) for curve in curves] for p in shares]
        )
        if np.ndim(q) == 0:
            return Quantile(float(found[0, 0]), float(found[0, 1]), float(found[0, 2]), float(shares[0]))
        return Quantiles(shares, found[:, 0], found[:, 1], found[:, 2], self.conf_level)

    def at(self, times: ArrayLike) -> SurvivalAt:
        """The curve at `times`; NaN after the last observed time, unless the curve has come to 0.

        Raises:
            DataError: if a time is missing or negative.
        """
        asked = read_time(np.atleast_1d(np.asarray(times)), "times")
        low, high = confidence_limits(np.ones(1), np.zeros(1), self.conf_type, self.conf_level)
        curves = (
            (self.survival, 1.0),
            (self.std_error, 0.0),
            (self.conf_low, float(low[0])),
            (self.conf_high, float(high[0])),
        )
        read = steps_at(self.time, curves, float(self.survival[-1]), asked, self.tolerance)
        following = np.searchsorted(self.time, asked - self.tolerance)
        return SurvivalAt(
            time=asked,
            survival=read[0],
            std_error=read[1],
            conf_low=read[2],
            conf_high=read[3],
            at_risk=np.append(self.at_risk, 0.0)[following],
            conf_level=self.conf_level,
        )

    def _title(self) -> str:
        return f"Kaplan-Meier, {self.n} rows, {show(self.n_events)} events"

    def _notes(self) -> list[str]:
        level = percent(self.conf_level)
        return [f"median {self.median!r}; {level} limits, {self.conf_type}; {self.variance} variance"]


def kaplan_meier(
    time: Any,
    event: Any,
    *,
    entry: Any = None,
    weights: Any = None,
    conf_type: ConfType = "log-log",
    conf_level: float = 0.95,
    variance: Literal["greenwood", "robust"] | None = None,
    time_tolerance: float = TIME_TOLERANCE,
) -> KaplanMeier:
    """Estimate the survival function from right-censored, possibly left-truncated times.

    Args:
        time: (n,) end of follow-up, in any unit, not negative.
        event: (n,) 1 for an event, 0 for censored. Who is censored at an event's time is at risk for it.
        entry: (n,) start of observation (delayed entry): at risk in (entry, time].
        weights: (n,) case weights, 0 or more.
        conf_type: scale of the pointwise limits: plain, log, log-log, logit or arcsine.
        conf_level: two-sided level.
        variance: `greenwood`, or `robust` (infinitesimal jackknife). By default Greenwood's, but robust if
            any weight is not a whole number, as in R.
        time_tolerance: times closer than this times the mean time are tied.

    Returns:
        The curve; with no events at all it is 1 throughout and the median is not reached.

    Raises:
        DataError: for input that cannot be used, naming the rows.
    """
    check_conf_type(conf_type)
    level = check_level(conf_level)
    times = read_time(time)
    events = read_event(event, times.size)
    entries = read_entry(entry, times)
    w = read_weights(weights, times.size)
    if variance not in {None, "greenwood", "robust"}:
        raise DataError(f"variance: {variance!r} is unknown; choose greenwood or robust")
    robust = variance == "robust" or (variance is None and w.size > 0 and bool(np.any(w != np.floor(w))))

    sets = risk_sets(times, entries, time_tolerance=time_tolerance)
    m = sets.time.size
    at_risk, d, c, survival, greenwood = (np.empty(m) for _ in range(5))
    product_limit(
        sets.order, sets.run_start, sets.enter, sets.first, events, w, at_risk, d, c, survival, greenwood
    )
    if robust:
        squared = np.empty(m)
        robust_variance(sets.order, sets.run_start, sets.enter, sets.first, events, w, at_risk, d, squared)
        with np.errstate(invalid="ignore"):
            std_error = np.where(survival > 0.0, survival * np.sqrt(squared), 0.0)
    else:
        with np.errstate(invalid="ignore"):
            std_error = survival * np.sqrt(greenwood)
    low, high = confidence_limits(survival, std_error, conf_type, level)
    return KaplanMeier(
        time=sets.time,
        at_risk=at_risk,
        events=d,
        censored=c,
        survival=survival,
        std_error=std_error,
        conf_low=low,
        conf_high=high,
        conf_type=conf_type,
        conf_level=level,
        variance="robust" if robust else "greenwood",
        n=times.size,
        tolerance=sets.tolerance,
    )
