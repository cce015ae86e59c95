"""Hazards that change with time since the origin: Weibull and piecewise constant. Time is in months."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from equipoise.errors import DesignError


def _positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise DesignError(f"{name} = {value}; give a number above 0")


@dataclass(frozen=True, slots=True)
class Weibull:
    """Cumulative hazard (t / scale) ** shape.

    Attributes:
        shape: 1 is a constant hazard, below 1 it falls with time, above 1 it rises.
        scale: months until the cumulative hazard is 1, that is, until 63.2 % had the event were it the only
            one.

    Raises:
        DesignError: shape or scale not above 0.
    """

    shape: float
    scale: float

    def __post_init__(self) -> None:
        """Refuse what is no Weibull hazard."""
        _positive("Weibull shape", self.shape)
        _positive("Weibull scale (months)", self.scale)

    @classmethod
    def from_rate(cls, rate: float) -> Weibull:
        """A constant hazard of `rate` events a month."""
        _positive("rate (events a month)", rate)
        return cls(1.0, 1.0 / rate)

    @classmethod
    def from_median(cls, median: float, shape: float = 1.0) -> Weibull:
        """The hazard under which half have had the event by `median` months."""
        _positive("median (months)", median)
        _positive("Weibull shape", shape)
        return cls(shape, median / math.log(2.0) ** (1.0 / shape))

    @classmethod
    def from_fraction(cls, fraction: float, months: float, shape: float = 1.0) -> Weibull:
        """The hazard under which `fraction` have had the event by `months` months, were it the only one."""
        if not 0 < fraction < 1:
            raise DesignError(f"fraction = {fraction} by {months} months; give a number between 0 and 1")
        _positive("months", months)
        _positive("Weibull shape", shape)
        return cls(shape, months / (-math.log1p(-fraction)) ** (1.0 / shape))

    def cumulative(self, months: float) -> float:
        """Cumulative hazard at `months` months."""
        return math.pow(months / self.scale, self.shape)


@dataclass(frozen=True, slots=True)
class PiecewiseConstant:
    """A hazard that is constant between cut points.

    Attributes:
        cuts: months at which the hazard changes, increasing, above 0; may be empty.
        rates: events a month, one more than cuts: before the first cut, between cuts, after the last cut. A
            rate may be 0, so an event can be impossible for a while or from a time on.

    Raises:
        DesignError: cuts that do not increase, rates below 0 or all 0, or lengths that do not fit.
    """

    cuts: tuple[float, ...]
    rates: tuple[float, ...]

    def __init__(self, cuts: Sequence[float], rates: Sequence[float]) -> None:
        """Refuse what is no piecewise constant hazard."""
        object.__setattr__(self, "cuts", tuple(float(cut) for cut in cuts))
        object.__setattr__(self, "rates", tuple(float(rate) for rate in rates))
        if len(self.rates) != len(self.cuts) + 1:
            raise DesignError(f"{len(self.rates)} rates for {len(self.cuts)} cuts; give one rate more than cuts")
        starts = (0.0, *self.cuts)
        if not all(math.isfinite(cut) for cut in self.cuts) or any(
            later <= earlier for earlier, later in itertools.pairwise(starts)
        ):
            raise DesignError(f"cuts {self.cuts} (months); give increasing numbers above 0")
        if not all(math.isfinite(rate) and rate >= 0 for rate in self.rates) or max(self.rates) == 0:
            raise DesignError(f"rates {self.rates} (events a month); give numbers from 0 up, not all 0")

    def cumulative(self, months: float) -> float:
        """Cumulative hazard at `months` months."""
        ends = (*self.cuts, math.inf)
        starts = (0.0, *self.cuts)
        return math.fsum(
            rate * (min(months, end) - start)
            for rate, start, end in zip(self.rates, starts, ends, strict=True)
            if months > start
        )


Hazard = Weibull | PiecewiseConstant
