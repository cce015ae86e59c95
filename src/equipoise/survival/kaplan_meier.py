"""The product-limit estimator.

Sources: Kaplan and Meier, JASA 1958; the variance is Greenwood's (1926), with case weights as counts; the
robust variance is the infinitesimal jackknife, the sum over rows of (weight times dS(t)/dweight) squared.
Quantiles and their limits: Brookmeyer and Crowley, Biometrics 1982. Numbers agree with `survfit` of R's
survival 3.x.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, overload

import numpy as np
from numpy.typing import ArrayLike

from equipoise._kernel import as_float
from equipoise.errors import DataError
from equipoise.estimates.result import Result, percent, show
from equipoise.survival._arrays import (
    Floats,
    Ints,
    check_level,
    read_entry,
    read_event,
    read_time,
    read_weights,
)
from equipoise.survival._bands import ConfType, Plateau, check_conf_type, confidence_limits, first_crossing
from equipoise.survival._number import Quantile
from equipoise.survival._packed import Packed, packed
from equipoise.survival._packed_kernels import count_times
from equipoise.survival._restricted_mean import RestrictedMean, restricted_mean
from equipoise.survival._risk_sets import TIME_TOLERANCE, RiskSets, risk_sets, steps_at
from equipoise.survival.kaplan_meier_kernels import product_limit, product_limit_of_keys, robust_variance


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
        conf_low: (m,) pointwise lower limits, computed when asked for.
        conf_high: (m,) pointwise upper limits, likewise.
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
    conf_type: str
    conf_level: float
    variance: str
    n: int
    tolerance: float

    @property
    def conf_low(self) -> Floats:
        """(m,) pointwise lower limits."""
        return self._limits()[0]

    @property
    def conf_high(self) -> Floats:
        """(m,) pointwise upper limits."""
        return self._limits()[1]

    def _limits(self) -> tuple[Floats, Floats]:
        return confidence_limits(self.survival, self.std_error, self.conf_type, self.conf_level)

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
        curves = (self.survival, *self._limits())
        found = np.array([[first_crossing(self.time, curve, 1.0 - p, plateau) for curve in curves] for p in shares])
        if np.ndim(q) == 0:
            return Quantile(float(found[0, 0]), float(found[0, 1]), float(found[0, 2]), float(shares[0]))
        return Quantiles(shares, found[:, 0], found[:, 1], found[:, 2], self.conf_level)

    def at(self, times: ArrayLike) -> SurvivalAt:
        """The curve at `times`; NaN after the last observed time, unless the curve has come to 0.

        Raises:
            DataError: if a time is missing or negative.
        """
        asked = read_time(np.atleast_1d(np.asarray(times)), "times")
        curves = ((self.survival, 1.0), (self.std_error, 0.0))
        survival, std_error = steps_at(self.time, curves, float(self.survival[-1]), asked, self.tolerance)
        low, high = confidence_limits(survival, std_error, self.conf_type, self.conf_level)
        following = np.searchsorted(self.time, asked - self.tolerance)
        return SurvivalAt(
            time=asked,
            survival=survival,
            std_error=std_error,
            conf_low=low,
            conf_high=high,
            at_risk=np.append(self.at_risk, 0.0)[following],
            conf_level=self.conf_level,
        )

    def rmst(self, tau: float) -> RestrictedMean:
        """The mean of the time lived until `tau`, the area under the curve up to there.

        Its standard error is that of Kalbfleisch and Prentice 2002, with Greenwood's terms.

        Raises:
            DataError: if `tau` is not above 0 or beyond the last time; for a curve with robust variance, which
                does not determine that of an area.
        """
        self._greenwood("rmst")
        return restricted_mean(
            self.time,
            self.at_risk,
            self.events,
            self.survival,
            tau=tau,
            conf_level=self.conf_level,
            tolerance=self.tolerance,
        )

    def conditional(self, given: float) -> KaplanMeier:
        """The curve of those who have come to `given` without the event: S(t | given) = S(t)/S(given), t > given.

        Its standard error holds Greenwood's terms after `given` only.

        Raises:
            DataError: if nobody is at risk after `given`, or the curve has robust variance.
        """
        self._greenwood("conditional")
        start = float(read_time([given], "given")[0])
        first = int(np.searchsorted(self.time, start + self.tolerance, side="right"))
        if first == self.time.size:
            raise DataError(
                f"given: nobody is at risk after {show(start)}; the last time is {show(float(self.time[-1]))}"
            )
        d, y = self.events[first:], self.at_risk[first:]
        with np.errstate(divide="ignore", invalid="ignore"):
            survival = as_float(np.cumprod((y - d) / y))
            std_error = survival * np.sqrt(np.cumsum(np.where(d > 0.0, d / (y * (y - d)), 0.0)))
        rest = {name: getattr(self, name)[first:] for name in ("time", "at_risk", "events", "censored")}
        return replace(self, **rest, survival=survival, std_error=std_error, n=int(y[0]))

    def _greenwood(self, what: str) -> None:
        if self.variance != "greenwood":
            raise DataError(f"{what}: the curve has {self.variance} variance; estimate it with variance='greenwood'")

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

    keys = packed(times, events, time_tolerance=time_tolerance) if entries.size + w.size == 0 and not robust else None
    if keys is not None:
        time_at, at_risk, d, c, survival, std_error = _of_keys(keys)
        tolerance = keys.tolerance
    else:
        sets = risk_sets(times, entries, time_tolerance=time_tolerance)
        time_at, tolerance = sets.time, sets.tolerance
        at_risk, d, c, survival, std_error = _of_sets(sets, events, w, robust=robust)
    return KaplanMeier(
        time=time_at,
        at_risk=at_risk,
        events=d,
        censored=c,
        survival=survival,
        std_error=std_error,
        conf_type=conf_type,
        conf_level=level,
        variance="robust" if robust else "greenwood",
        n=times.size,
        tolerance=tolerance,
    )


def _of_keys(keys: Packed) -> tuple[Floats, Floats, Floats, Floats, Floats, Floats]:
    """Times, numbers at risk, events, censored, S and its standard error, of rows that all count once."""
    m = count_times(keys.time, keys.tolerance)
    at_risk, d, c, survival, std_error = (np.empty(m) for _ in range(5))
    # the distinct times take the place of all times, for want of memory
    product_limit_of_keys(keys.time, keys.keys, keys.tolerance, keys.time, at_risk, d, c, survival, std_error)
    time = keys.time[:m].copy() if 2 * m < keys.time.size else keys.time[:m]
    return time, at_risk, d, c, survival, std_error


def _of_sets(sets: RiskSets, events: Ints, w: Floats, *, robust: bool) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """The same but for the times, with entry and weights."""
    at_risk, d, c, survival, greenwood = (np.empty(sets.time.size) for _ in range(5))
    structure = (sets.order, sets.run_start, sets.enter, sets.first, events, w, at_risk, d)
    product_limit(*structure, c, survival, greenwood)
    with np.errstate(invalid="ignore"):
        if not robust:
            return at_risk, d, c, survival, survival * np.sqrt(greenwood)
        squared = np.empty(sets.time.size)
        robust_variance(*structure, np.empty(sets.enter.size), squared)
        return at_risk, d, c, survival, np.where(survival > 0.0, survival * np.sqrt(squared), 0.0)
