"""The hazard rate, from the steps of the cumulative hazard smoothed by a kernel.

Source: Ramlau-Hansen, Annals of Statistics 1983; the kernels of the boundaries and the choice of the bandwidth as in
Klein and Moeschberger, Survival Analysis, 2nd edition 2003, section 6.2 (after Gasser and Mueller 1979).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike

from equipoise.errors import DataError
from equipoise.estimates.result import Result, percent, show
from equipoise.survival._arrays import Floats, check_level, read_time
from equipoise.survival._normal import critical_value
from equipoise.survival._risk_sets import TIME_TOLERANCE
from equipoise.survival.nelson_aalen import nelson_aalen

_POINTS = 101
_STEPS = 2000
"""The bandwidth is chosen from as many steps; where there are more, neighbours are taken together."""
_BANDWIDTHS = 30
_FINE = 401
"""Points of the integral that chooses among bandwidths, the smallest of them eight steps wide."""

Edge = Literal["narrowest", "widest"]
_EDGES: dict[int, Edge] = {0: "narrowest", _BANDWIDTHS - 1: "widest"}
_EDGE_NOTES: dict[Edge, str] = {
    "narrowest": "the bandwidth is the narrowest of those tried, a fiftieth of the last event's time: the estimated "
    "error may be smaller below it; look at others with bandwidth=",
    "widest": "the bandwidth is the widest of those tried, half of the last event's time: the estimated error may be "
    "smaller above it, where windows would be wider than the data; look at narrower ones with bandwidth=",
}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SmoothedHazard(Result):
    """A smoothed hazard rate.

    Attributes:
        time: (k,) times.
        hazard: (k,) events per unit of time among those at risk.
        std_error: (k,) standard errors; they do not hold the bias of smoothing.
        conf_low: (k,) lower limits, symmetric on the log scale.
        conf_high: (k,) upper limits; NaN where the hazard is 0.
        bandwidth: half the width of the window.
        chosen: whether the bandwidth was chosen from the data.
        at_edge: `narrowest` or `widest` where the one chosen is at that end of those tried, so that the least
            error may lie beyond; else None.
        conf_level: two-sided level.
    """

    _shown: ClassVar[tuple[str, ...]] = ("time", "hazard", "std_error", "conf_low", "conf_high")

    time: Floats
    hazard: Floats
    std_error: Floats
    conf_low: Floats
    conf_high: Floats
    bandwidth: float
    chosen: bool
    at_edge: Edge | None
    conf_level: float

    def _title(self) -> str:
        return f"Smoothed hazard, Epanechnikov, bandwidth {show(self.bandwidth)}{' (chosen)' if self.chosen else ''}"

    def _notes(self) -> list[str]:
        limits = f"{percent(self.conf_level)} limits, log"
        return [limits] if self.at_edge is None else [limits, _EDGE_NOTES[self.at_edge]]


def smoothed_hazard(
    time: Any,
    event: Any,
    *,
    entry: Any = None,
    bandwidth: float | None = None,
    at: ArrayLike | None = None,
    conf_level: float = 0.95,
    time_tolerance: float = TIME_TOLERANCE,
) -> SmoothedHazard:
    """Estimate the hazard rate with the Epanechnikov kernel, corrected at both ends.

    Args:
        time: (n,) end of follow-up.
        event: (n,) 1 for an event, 0 for censored.
        entry: (n,) start of observation: at risk in (entry, time].
        bandwidth: half the width of the window. If not given, that of the smallest estimated integrated squared
            error (Klein and Moeschberger, equation 6.2.9) among 30 from a fiftieth to half of the last event's time;
            the result says where that is the first or the last of them.
        at: times to estimate at, from 0 to the last event; 101 equally spaced if not given.
        conf_level: two-sided level.
        time_tolerance: times closer than this times the mean time are tied.

    Raises:
        DataError: for input that cannot be used, naming the rows; for a bandwidth above half of the last event's
            time; without an event.
    """
    level = check_level(conf_level)
    curve = nelson_aalen(time, event, entry=entry, time_tolerance=time_tolerance)
    had = curve.events > 0.0
    times, n, d = curve.time[had], curve.at_risk[had], curve.events[had]
    if times.size == 0 or times[-1] <= 0.0:
        raise DataError("event: no events after the origin; a hazard rate needs one")
    last = float(times[-1])
    step, variance = d / n, d / (n * n)
    if bandwidth is not None and not 0.0 < bandwidth <= last / 2.0:
        raise DataError(
            f"bandwidth: {bandwidth} is not between 0 and half of the last event's time, {show(last / 2.0)}"
        )
    width, at_edge = _best_bandwidth(times, step, last) if bandwidth is None else (float(bandwidth), None)
    points = np.linspace(0.0, last, _POINTS) if at is None else read_time(np.atleast_1d(np.asarray(at)), "at")
    hazard, squared = np.empty(points.size), np.empty(points.size)
    for i, t in enumerate(points):
        weight, part = _weights(float(t), times, width, last)
        hazard[i], squared[i] = weight @ step[part], (weight * weight) @ variance[part]
    hazard[points > last + curve.tolerance] = np.nan
    hazard = np.where(hazard < 0.0, 0.0, hazard)  # the kernel of a boundary is negative in places
    std_error = np.where(np.isnan(hazard), np.nan, np.sqrt(squared))
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.exp(critical_value(level) * std_error / np.where(hazard > 0.0, hazard, np.nan))
    return SmoothedHazard(
        time=points,
        hazard=hazard,
        std_error=std_error,
        conf_low=hazard / factor,
        conf_high=hazard * factor,
        bandwidth=width,
        chosen=bandwidth is None,
        at_edge=at_edge,
        conf_level=level,
    )


def _weights(t: float, times: Floats, width: float, last: float) -> tuple[Floats, slice]:
    """The kernel over the width at the event times near `t`, and which those are.

    Nearer to an end than the bandwidth, with q the distance over the bandwidth, the kernel is that of the
    shortened window that still integrates to 1 and has no first moment.
    """
    part = slice(*np.searchsorted(times, [t - width, t + width * (1.0 + 1e-12)]).tolist())
    x = (t - times[part]) / width
    kernel = 0.75 * (1.0 - x * x)
    q = min(t, last - t) / width
    if 0.0 <= q < 1.0:
        if t > last - t:
            x = -x
        bottom = (1.0 + q) ** 4 * (19.0 - 18.0 * q + 3.0 * q * q)
        alpha = 64.0 * (2.0 - 4.0 * q + 6.0 * q * q - 3.0 * q**3) / bottom
        beta = 240.0 * (1.0 - q) ** 2 / bottom
        kernel = np.where(x <= q + 1e-12, kernel * (alpha + beta * x), 0.0)
    return np.maximum(1.0 - np.abs(x) > -1e-12, 0.0) * kernel / width, part


def _best_bandwidth(times: Floats, step: Floats, last: float) -> tuple[float, Edge | None]:
    """The bandwidth that minimises the integral of the hazard squared less twice its cross-validated mean, and whether
    it is the first or the last of those tried.
    """
    if times.size > _STEPS:
        begin = np.linspace(0, times.size, _STEPS, endpoint=False).astype(np.int64)
        times, step = times[begin], np.add.reduceat(step, begin)
    grid = np.linspace(0.0, last, _FINE)
    widths = np.geomspace(last / 50.0, last / 2.0, _BANDWIDTHS).tolist()
    errors = []
    for width in widths:
        squares = np.empty(grid.size)
        for i, t in enumerate(grid):
            weight, part = _weights(float(t), times, width, last)
            squares[i] = (weight @ step[part]) ** 2
        errors.append(float(np.trapezoid(squares, grid)) - 2.0 * _left_out(times, step, width, last))
    best = int(np.argmin(errors))
    return widths[best], _EDGES.get(best)


def _left_out(times: Floats, step: Floats, width: float, last: float) -> float:
    """The sum over event times of the step there times the hazard estimated there from all other steps."""
    total = 0.0
    for i, t in enumerate(times):
        weight, part = _weights(float(t), times, width, last)
        total += float(step[i] * (weight @ step[part] - weight[i - part.start] * step[i]))
    return total
