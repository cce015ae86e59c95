"""Survival from interval-censored times.

Sources: Turnbull, Journal of the Royal Statistical Society B 1976 (what is estimated, and where mass can lie); Peto,
Applied Statistics 1973; Wang, Journal of the Royal Statistical Society B 2007 (the constrained Newton step that
takes over from EM). The likelihood's gradient says when to stop: its largest entry bounds how far the
log-likelihood is from its maximum (Lindsay 1995).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from equipoise._kernel import as_float
from equipoise.errors import DataError
from equipoise.estimates.result import Result, show
from equipoise.survival._arrays import Floats, Ints, check_length, numbers, read_time, read_weights, rows_text

_EM_STEPS = 20
_NEGLIGIBLE = 1e-12


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Turnbull(Result):
    """The nonparametric maximum likelihood estimate of survival from intervals.

    Mass lies in `k` intervals; how it lies within one the data do not say.

    Attributes:
        low: (k,) left ends, open, unless equal to the right end: then the mass is at that time.
        high: (k,) right ends, closed; infinity where the mass is after the last time known.
        mass: (k,) probabilities, above 0.
        survival: (k,) S after the interval.
        log_likelihood: its maximum.
        gap: bound on the log-likelihood still to be gained.
        iterations: steps taken.
        n: number of rows.
    """

    _shown: ClassVar[tuple[str, ...]] = ("low", "high", "mass", "survival")

    low: Floats
    high: Floats
    mass: Floats
    survival: Floats
    log_likelihood: float
    gap: float
    iterations: int
    n: int

    def at(self, times: ArrayLike) -> tuple[Floats, Floats]:
        """The least and the greatest S(t) that the estimate allows; they differ within an interval of mass only.

        Raises:
            DataError: if a time is missing or negative.
        """
        asked = read_time(np.atleast_1d(np.asarray(times)), "times")[:, None]
        begun = (self.low < asked) | ((self.low == self.high) & (self.low <= asked))
        ended = self.high <= asked
        least, greatest = 1.0 - (begun * self.mass).sum(axis=1), 1.0 - (ended * self.mass).sum(axis=1)
        return np.maximum(least, 0.0), np.clip(greatest, 0.0, 1.0)

    def quantile(self, q: float) -> tuple[float, float]:
        """The interval in which the share with the event comes to `q`; 0.5 is the median.

        Raises:
            DataError: if `q` is not between 0 and 1.
        """
        if not 0.0 < q < 1.0:
            raise DataError(f"q: {q} must lie between 0 and 1; 0.5, the share with the event, is the median")
        j = int(np.flatnonzero(self.survival <= 1.0 - q + 1e-9)[0])
        return float(self.low[j]), float(self.high[j])

    @property
    def median(self) -> tuple[float, float]:
        """The interval in which the median lies."""
        return self.quantile(0.5)

    def _title(self) -> str:
        return f"Survival from intervals (Turnbull), {self.n} rows"

    def _notes(self) -> list[str]:
        return [f"log-likelihood {show(self.log_likelihood)}, at most {self.gap:.1g} below its maximum"]


def turnbull(
    low: Any, high: Any, *, weights: Any = None, tolerance: float = 1e-8, max_iterations: int = 1000
) -> Turnbull:
    """Estimate survival where each event is known to lie in (low, high].

    Args:
        low: (n,) last time without the event; missing or 0 where the event may have been at any time before `high`.
        high: (n,) first time with the event; missing or infinite where it has not been seen (right-censored). Equal
            to `low` for an event at that very time.
        weights: (n,) case weights, 0 or more.
        tolerance: the estimate is taken when the log-likelihood is within this of its maximum.
        max_iterations: steps allowed.

    Raises:
        DataError: for input that cannot be used, naming the rows; if the tolerance is not met.
    """
    left, right = _read_intervals(low, high)
    w = read_weights(weights, left.size)
    w = np.ones(left.size) if w.size == 0 else w
    n = left.size
    left, right, w = left[w > 0.0], right[w > 0.0], w[w > 0.0]
    begin, end = _innermost(left, right)
    first, last = _covered(left, right, begin, end)
    pairs, place = np.unique(first * begin.size + last, return_inverse=True)
    first, last = pairs // begin.size, pairs % begin.size
    w = as_float(np.bincount(place.ravel(), weights=w))
    mass, gap, steps = _maximise(first, last, w, begin.size, tolerance=tolerance, max_iterations=max_iterations)
    if gap > tolerance:
        raise DataError(
            f"tolerance: after {steps} steps the log-likelihood may be {gap:.2g} below its maximum; allow more steps"
        )
    total = np.concatenate([[0.0], np.cumsum(mass)])
    kept = mass > 0.0
    return Turnbull(
        low=begin[kept],
        high=end[kept],
        mass=mass[kept],
        survival=np.maximum(1.0 - np.cumsum(mass[kept]), 0.0),
        log_likelihood=float(w @ np.log(total[last + 1] - total[first])),
        gap=gap,
        iterations=steps,
        n=n,
    )


def _read_intervals(low: Any, high: Any) -> tuple[Floats, Floats]:
    left, right = numbers(low, "low"), numbers(high, "high")
    check_length(right, left.size, "high")
    if left.size == 0:
        raise DataError("low: no rows; give at least one participant")
    left, right = np.where(np.isnan(left), 0.0, left), np.where(np.isnan(right), math.inf, right)
    for bad, what in (
        ((left < 0.0) | np.isinf(left), "low: negative or infinite value"),
        (right < left, "high: before low"),
        (right <= 0.0, "high: not after the origin"),
    ):
        if bad.any():
            raise DataError(f"{what} in {rows_text(bad)}; the event lies in (low, high], and times run from 0 on")
    return left, right


def _innermost(left: Floats, right: Floats) -> tuple[Floats, Floats]:
    """The intervals where mass can lie: from a left end to the right end that follows it with none between.

    At one value an exact time begins first, then right ends close, then left ends open.
    """
    exact = left == right
    value = np.concatenate([left, right])
    kind = np.concatenate([np.where(exact, 0, 2), np.ones(right.size)])
    order = np.lexsort((kind, value))
    value, kind = value[order], kind[order]
    at = np.flatnonzero((kind[:-1] != 1) & (kind[1:] == 1))
    return value[at], value[at + 1]


def _covered(left: Floats, right: Floats, begin: Floats, end: Floats) -> tuple[Ints, Ints]:
    """The first and the last innermost interval within each row's interval."""
    point = begin == end
    after = np.where(left == right, left, np.nextafter(left, math.inf))  # a left end is open
    first = np.searchsorted(np.where(point, begin, np.nextafter(begin, math.inf)), after)
    last = np.searchsorted(end, right, side="right") - 1
    return first.astype(np.int64), last.astype(np.int64)


def _maximise(
    first: Ints, last: Ints, w: Floats, k: int, *, tolerance: float, max_iterations: int
) -> tuple[Floats, float, int]:
    """Masses, the bound on what is left to gain, and the steps taken."""
    mass = np.full(k, 1.0 / k)
    n = float(w.sum())
    gap = math.inf
    for step in range(max_iterations + 1):
        chance = _chances(mass, first, last)
        gradient = _gradient(w / chance, first, last, k)
        gap = float(gradient.max()) - n
        if gap <= tolerance or step == max_iterations:
            break
        mass = mass * gradient / n  # EM
        if step >= _EM_STEPS:
            mass = _newton(mass, first, last, w)
        mass[mass < _NEGLIGIBLE] = 0.0
        mass /= mass.sum()
    return mass, max(gap, 0.0), step


def _chances(mass: Floats, first: Ints, last: Ints) -> Floats:
    """The probability of each row's interval."""
    total = np.concatenate([[0.0], np.cumsum(mass)])
    return np.asarray(np.maximum(total[last + 1] - total[first], 1e-300))


def _gradient(share: Floats, first: Ints, last: Ints, k: int) -> Floats:
    """The sum, for each innermost interval, of `share` over the rows that cover it."""
    change = np.bincount(first, weights=share, minlength=k + 1) - np.bincount(last + 1, weights=share, minlength=k + 1)
    return np.cumsum(change)[:k]


def _newton(mass: Floats, first: Ints, last: Ints, w: Floats) -> Floats:
    """The best masses for the quadratic that touches the log-likelihood, as far along as it rises.

    Intervals with mass and those where the gradient has a local maximum take part.
    """
    from scipy.optimize import nnls  # noqa: PLC0415 - slow to import, and only this function needs it

    k = mass.size
    chance = _chances(mass, first, last)
    gradient = _gradient(w / chance, first, last, k)
    padded = np.concatenate([[-math.inf], gradient, [-math.inf]])
    peak = (padded[1:-1] >= padded[:-2]) & (padded[1:-1] >= padded[2:]) & (gradient > w.sum())
    active = np.flatnonzero((mass > 0.0) | peak)
    covers = (first[:, None] <= active) & (active <= last[:, None])
    root = np.sqrt(w)
    slope = covers * (root / chance)[:, None]
    heavy = 1e3 * math.sqrt(float(w.sum()))  # the sum of masses is 1
    found, _ = nnls(np.vstack([slope, np.full(active.size, heavy)]), np.append(2.0 * root, heavy))
    target = np.zeros(k)
    target[active] = found / found.sum()
    before = float(w @ np.log(chance))
    share = 1.0
    for _ in range(40):
        tried = mass + share * (target - mass)
        if float(w @ np.log(_chances(tried, first, last))) >= before:
            return tried
        share /= 2.0
    return mass
