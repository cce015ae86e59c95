"""The survival function of a group as a design assumes it: piecewise exponential, with or without cured.

    S(t) = cured + (1 - cured) exp(-H(t)),     H piecewise linear

The same class describes loss to follow-up, with "lost" for "dead".

Source: Boag, Journal of the Royal Statistical Society B 1949;11:15-53 (the mixture cure model).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np
from numpy.typing import NDArray

from equipoise.design._checks import check_fraction, check_increasing, check_positive, check_rates, check_share
from equipoise.errors import DesignError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """A piecewise-exponential survival function with an optional cured fraction.

    Attributes:
        cuts: months at which the hazard changes, increasing, above 0; empty for a constant hazard.
        rates: hazard a month of those who are not cured, one more than cuts; 0 is allowed.
        cured: fraction that never has the event.

    Raises:
        DesignError: cuts that do not increase, rates below 0, lengths that do not fit, cured not in [0, 1).
    """

    cuts: tuple[float, ...] = ()
    rates: tuple[float, ...]
    cured: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is no survival function."""
        object.__setattr__(self, "cuts", check_increasing("cuts (months)", self.cuts))
        if np.ndim(self.rates) != 1:
            raise DesignError(
                f"rates (events a month) = {self.rates!r}; give one a piece, or take Survival.exponential(rate)"
            )
        object.__setattr__(self, "rates", check_rates("rates (events a month)", self.rates))
        object.__setattr__(self, "cured", check_share("cured", self.cured))
        if len(self.rates) != len(self.cuts) + 1:
            raise DesignError(f"{len(self.rates)} rates for {len(self.cuts)} cuts; give one rate more than cuts")

    @classmethod
    def exponential(cls, rate: float) -> Survival:
        """A constant hazard of `rate` events a month; 0 is nobody ever."""
        return cls(rates=(rate,))

    @classmethod
    def from_median(cls, median: float) -> Survival:
        """The exponential whose median is `median` months."""
        return cls(rates=(math.log(2.0) / check_positive("median (months)", median),))

    @classmethod
    def from_survival(cls, probability: float, at: float) -> Survival:
        """The exponential whose survival is `probability` at `at` months."""
        check_fraction("survival", probability)
        return cls(rates=(-math.log(probability) / check_positive("at (months)", at),))

    @classmethod
    def piecewise(cls, cuts: Sequence[float], rates: Sequence[float]) -> Survival:
        """Hazards `rates` a month: before the first of `cuts`, between cuts, after the last."""
        return cls(cuts=tuple(cuts), rates=tuple(rates))

    def with_cure(self, cured: float) -> Survival:
        """The same for those who are not cured, and `cured` of all who never have the event."""
        return replace(self, cured=cured)

    def scaled(self, hazard_ratio: float) -> Survival:
        """All rates multiplied by `hazard_ratio`.

        With a cured fraction the ratio is that of the uncured: the hazards of the whole groups are then not
        proportional, since the group with fewer events keeps more uncured.
        """
        return replace(self, rates=tuple(check_positive("hazard_ratio", hazard_ratio) * rate for rate in self.rates))

    def times(self, hazard_ratios: Sequence[float]) -> Survival:
        """Each piece's rate multiplied by its own ratio, one for each rate; `refined` makes more pieces."""
        if len(hazard_ratios) != len(self.rates):
            raise DesignError(f"{len(hazard_ratios)} hazard ratios for {len(self.rates)} pieces; give one a piece")
        factors = [check_positive("hazard_ratio", ratio) for ratio in hazard_ratios]
        return replace(self, rates=tuple(r * f for r, f in zip(self.rates, factors, strict=True)))

    def refined(self, cuts: Sequence[float]) -> Survival:
        """The same function with `cuts` added to its own."""
        every = tuple(sorted({*self.cuts, *check_increasing("cuts (months)", sorted(set(cuts)))}))
        rates = tuple(self.rates[index] for index in np.searchsorted(self.cuts, (0.0, *every), side="right"))
        return replace(self, cuts=every, rates=rates)

    def competing_with(self, other: Survival) -> Survival:
        """Free of both events, of which either comes first: the hazards are added.

        Raises:
            DesignError: a cured fraction in either; add it afterwards.
        """
        if self.cured or other.cured:
            raise DesignError("hazards of a population with cured cannot be added piece by piece; give no cured")
        one, two = self.refined(other.cuts), other.refined(self.cuts)
        return replace(one, rates=tuple(a + b for a, b in zip(one.rates, two.rates, strict=True)))

    def __str__(self) -> str:
        """Its shape, its median, and who is cured."""
        shape = f"piecewise exponential, cuts at {', '.join(f'{cut:g}' for cut in self.cuts)} months"
        median = "not reached" if math.isinf(self.median) else f"{self.median:.5g} months"
        cured = f", {100 * self.cured:.4g} % cured" if self.cured else ""
        return f"{shape if self.cuts else 'exponential'}, median {median}{cured}"

    @property
    def starts(self) -> Floats:
        """(pieces,) months at which each piece begins; the first is 0."""
        return np.array([0.0, *self.cuts])

    @overload
    def uncured_hazard(self, t: float) -> float: ...
    @overload
    def uncured_hazard(self, t: Floats) -> Floats: ...
    def uncured_hazard(self, t: float | Floats) -> float | Floats:
        """Hazard a month at `t` of those who are not cured; at a cut, that of the piece that begins."""
        return _as_given(t, np.array(self.rates)[np.searchsorted(self.cuts, t, side="right")])

    @overload
    def uncured_cumulative_hazard(self, t: float) -> float: ...
    @overload
    def uncured_cumulative_hazard(self, t: Floats) -> Floats: ...
    def uncured_cumulative_hazard(self, t: float | Floats) -> float | Floats:
        """H(t), of those who are not cured; 0 before time 0."""
        widths = np.diff([0.0, *self.cuts, math.inf])
        inside = np.clip(np.asarray(t, dtype=np.float64)[..., None] - self.starts, 0.0, widths)
        # an infinite time and a hazard of 0: nobody ever has the event
        with np.errstate(invalid="ignore"):
            parts = np.where(np.array(self.rates) > 0, inside * np.array(self.rates), 0.0)
        return _as_given(t, parts.sum(axis=-1))

    @overload
    def survival(self, t: float) -> float: ...
    @overload
    def survival(self, t: Floats) -> Floats: ...
    def survival(self, t: float | Floats) -> float | Floats:
        """Probability to be free of the event at `t` months."""
        return _as_given(t, self.cured + (1 - self.cured) * np.exp(-np.asarray(self.uncured_cumulative_hazard(t))))

    @overload
    def density(self, t: float) -> float: ...
    @overload
    def density(self, t: Floats) -> Floats: ...
    def density(self, t: float | Floats) -> float | Floats:
        """Events a month at `t`, of all who started."""
        uncured = np.asarray(self.uncured_hazard(t)) * np.exp(-np.asarray(self.uncured_cumulative_hazard(t)))
        return _as_given(t, (1 - self.cured) * uncured)

    @overload
    def cumulative_hazard(self, t: float) -> float: ...
    @overload
    def cumulative_hazard(self, t: Floats) -> Floats: ...
    def cumulative_hazard(self, t: float | Floats) -> float | Floats:
        """-log S(t), of the whole group, cured included."""
        uncured = np.asarray(self.uncured_cumulative_hazard(t))
        return _as_given(t, -np.log1p((1 - self.cured) * np.expm1(-uncured)) if self.cured else uncured)

    @overload
    def hazard(self, t: float) -> float: ...
    @overload
    def hazard(self, t: Floats) -> Floats: ...
    def hazard(self, t: float | Floats) -> float | Floats:
        """Hazard a month at `t` of the whole group, cured included: density over survival."""
        if not self.cured:
            return self.uncured_hazard(t)
        return _as_given(t, np.asarray(self.density(t)) / np.asarray(self.survival(t)))

    @property
    def median(self) -> float:
        """Months until half have had the event; infinite if that never is."""
        return self.quantile(0.5)

    def quantile(self, fraction: float) -> float:
        """Months until `fraction` have had the event; infinite if that never is."""
        check_fraction("fraction", fraction)
        if fraction >= 1 - self.cured:
            return math.inf
        left = -math.log1p(-fraction / (1 - self.cured))
        for start, end, rate in zip((0.0, *self.cuts), (*self.cuts, math.inf), self.rates, strict=True):
            if rate > 0 and left <= rate * (end - start):
                return start + left / rate
            left -= rate * (end - start) if rate > 0 else 0.0
        return math.inf

    def restricted_mean(self, tau: float) -> float:
        """Mean months free of the event up to `tau`: the area under S from 0 to tau."""
        check_positive("tau (months)", tau)
        edges = [0.0, *(cut for cut in self.cuts if cut < tau), tau]
        area = 0.0
        cumulative = 0.0
        for start, end, rate in zip(edges, edges[1:], self.rates, strict=False):
            passed = rate * (end - start)
            area += math.exp(-cumulative) * (-math.expm1(-passed) / rate if passed > 0 else end - start)
            cumulative += passed
        return self.cured * tau + (1 - self.cured) * area


def check_survival(name: str, value: Survival) -> Survival:
    """`value`, if it is a survival function: a number in its place is a median that somebody meant."""
    if not isinstance(value, Survival):
        raise DesignError(f"{name} = {value!r}; give a survival function, such as Survival.from_median(20)")
    return value


@overload
def _as_given(t: float, values: NDArray[np.float64]) -> float: ...
@overload
def _as_given(t: Floats, values: NDArray[np.float64]) -> Floats: ...
def _as_given(t: float | Floats, values: NDArray[np.float64]) -> float | Floats:
    """A float for a float, an array for an array."""
    return float(values) if np.ndim(t) == 0 else values
