"""The cumulative hazard of Nelson and Aalen.

Sources: Nelson 1972; Aalen, Annals of Statistics 1978; Fleming and Harrington, Communications in Statistics 1984
(ties as if they came one after the other). Numbers agree with `cumhaz` and `std.chaz` of R's `survfit`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from equipoise.errors import DataError
from equipoise.estimates.result import Result, percent
from equipoise.survival._arrays import Floats, check_level, read_time, read_weights
from equipoise.survival._normal import critical_value
from equipoise.survival._risk_sets import TIME_TOLERANCE, steps_at
from equipoise.survival.kaplan_meier import kaplan_meier

HazardTies = Literal["nelson-aalen", "fleming-harrington"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class HazardAt(Result):
    """A cumulative hazard read at given times.

    Attributes:
        time: (k,) the times asked for.
        hazard: (k,) cumulative hazards; NaN after the last time.
        std_error: (k,) standard errors.
        conf_low: (k,) lower limits.
        conf_high: (k,) upper limits.
        conf_level: two-sided level.
    """

    _shown: ClassVar[tuple[str, ...]] = ("time", "hazard", "std_error", "conf_low", "conf_high")

    time: Floats
    hazard: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    conf_level: float

    def _title(self) -> str:
        return f"Cumulative hazard at given times, {percent(self.conf_level)} limits"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class NelsonAalen(Result):
    """A cumulative hazard; arrays have one entry a distinct time, whether of events or censoring.

    Attributes:
        time: (m,) distinct times, ascending.
        at_risk: (m,) number (sum of weights) at risk just before the time.
        events: (m,) events at the time.
        hazard: (m,) H(t), from the time on.
        std_error: (m,) of H(t).
        conf_low: (m,) lower limits.
        conf_high: (m,) upper limits.
        conf_level: two-sided level.
        conf_type: `log` or `plain`.
        ties: `nelson-aalen` or `fleming-harrington`.
        tolerance: distance below which two times are one.
    """

    _shown: ClassVar[tuple[str, ...]] = ("time", "at_risk", "events", "hazard", "std_error", "conf_low", "conf_high")

    time: Floats
    at_risk: Floats
    events: Floats
    hazard: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    conf_level: float
    conf_type: str
    ties: str
    tolerance: float

    def at(self, times: ArrayLike) -> HazardAt:
        """The cumulative hazard at `times`; NaN after the last time.

        Raises:
            DataError: if a time is missing or negative.
        """
        asked = read_time(np.atleast_1d(np.asarray(times)), "times")
        start = 0.0 if self.conf_type == "plain" else np.nan
        curves = ((self.hazard, 0.0), (self.std_error, 0.0), (self.conf_low, start), (self.conf_high, start))
        hazard, std_error, low, high = steps_at(self.time, curves, 1.0, asked, self.tolerance)
        return HazardAt(asked, hazard, std_error, low, high, self.conf_level)

    def _title(self) -> str:
        return f"Cumulative hazard ({self.ties})"

    def _notes(self) -> list[str]:
        return [f"{percent(self.conf_level)} limits, {self.conf_type}"]


def nelson_aalen(
    time: Any,
    event: Any,
    *,
    entry: Any = None,
    weights: Any = None,
    ties: HazardTies = "nelson-aalen",
    conf_type: Literal["log", "plain"] = "log",
    conf_level: float = 0.95,
    time_tolerance: float = TIME_TOLERANCE,
) -> NelsonAalen:
    """Estimate the cumulative hazard from right-censored, possibly left-truncated times.

    Args:
        time: (n,) end of follow-up.
        event: (n,) 1 for an event, 0 for censored.
        entry: (n,) start of observation: at risk in (entry, time].
        weights: (n,) whole numbers: each row counts so many times.
        ties: `nelson-aalen`, d/n with variance d/n^2; or `fleming-harrington`, 1/n + 1/(n - 1) + ... over the d
            tied events, with the squares as variance.
        conf_type: `log`, limits symmetric on the log scale, NaN before the first event; or `plain`, cut at 0.
        conf_level: two-sided level.
        time_tolerance: times closer than this times the mean time are tied.

    Raises:
        DataError: for input that cannot be used, naming the rows.
    """
    level = check_level(conf_level)
    if ties not in {"nelson-aalen", "fleming-harrington"}:
        raise DataError(f"ties: {ties!r} is unknown; choose nelson-aalen or fleming-harrington")
    if conf_type not in {"log", "plain"}:
        raise DataError(f"conf_type: {conf_type!r} is unknown; choose log or plain")
    w = read_weights(weights, read_time(time).size)
    if w.size and bool(np.any(w != np.floor(w))):
        raise DataError("weights: fractions have no variance here; give whole numbers, or use kaplan_meier")
    curve = kaplan_meier(time, event, entry=entry, weights=weights, time_tolerance=time_tolerance)
    step, variance = _steps(curve.events, curve.at_risk, ties)
    hazard, std_error = np.cumsum(step), np.sqrt(np.cumsum(variance))
    z = critical_value(level)
    with np.errstate(divide="ignore", invalid="ignore"):
        if conf_type == "log":
            width = np.exp(z * std_error / np.where(hazard > 0.0, hazard, np.nan))
            low, high = hazard / width, hazard * width
        else:
            low, high = np.maximum(hazard - z * std_error, 0.0), hazard + z * std_error
    return NelsonAalen(
        time=curve.time,
        at_risk=curve.at_risk,
        events=curve.events,
        hazard=hazard,
        std_error=std_error,
        conf_low=low,
        conf_high=high,
        conf_level=level,
        conf_type=conf_type,
        ties=ties,
        tolerance=curve.tolerance,
    )


def _steps(d: Floats, n: Floats, ties: str) -> tuple[Floats, Floats]:
    """The step of the hazard at each time and its variance."""
    n = np.maximum(n, 1.0)
    step, variance = d / n, d / (n * n)
    if ties == "fleming-harrington":
        for k in np.flatnonzero(d > 1.0):
            left = n[k] - np.arange(d[k])
            step[k], variance[k] = np.sum(1.0 / left), np.sum(1.0 / left**2)
    return step, variance
