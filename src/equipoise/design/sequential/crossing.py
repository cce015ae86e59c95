"""Where a sequential test leaves: the probability of crossing each bound first at each look.

Source: Armitage, McPherson and Rowe, Journal of the Royal Statistical Society A 1969; Jennison and Turnbull, Group
Sequential Methods 2000, chapter 19.

The numbers come from `crossing_kernels`, exact to about 1e-13.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.polynomial.legendre import leggauss
from numpy.typing import ArrayLike
from scipy.special import ndtri

from equipoise._kernel import as_float
from equipoise.design.sequential.crossing_kernels import FREE, SYMMETRIC, Floats, sweep
from equipoise.errors import DesignError
from equipoise.estimates.result import Column, Result, show

CLOSEST = 1e-6
"""Two looks must be further apart, as a share of the largest information."""
LARGEST_MEAN = 1000.0
"""The expected z of the last look must be within it."""
_NODES = 16
_WIDTH = 5.0
"""Of a panel of 16 nodes, on the scale of what is integrated: 1e-13 is reached."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Crossing(Result):
    """The first exits of a sequential test.

    Attributes:
        information: (K,) at the looks.
        lower_bound: (K,) of z.
        upper_bound: (K,) of z.
        drift: mean of z at information 1.
        lower: (K,) probability to leave through the lower bound at this look and not before.
        upper: (K,) the same through the upper bound.
    """

    information: Floats
    lower_bound: Floats
    upper_bound: Floats
    drift: float
    lower: Floats
    upper: Floats

    @property
    def stopping(self) -> Floats:
        """(K,) probability that the trial ends at each look; whoever reaches the last look ends there."""
        stops = self.lower + self.upper
        stops[-1] = 1.0 - stops[:-1].sum()
        return stops

    @property
    def expected_information(self) -> float:
        """Mean information at the end, in the unit of `information`."""
        return float(self.stopping @ self.information)

    def _title(self) -> str:
        return f"First crossings at drift {show(self.drift)}"

    def _columns(self) -> Mapping[str, Column]:
        return {
            "look": np.arange(1, self.information.size + 1),
            "information": self.information,
            "lower_bound": self.lower_bound,
            "upper_bound": self.upper_bound,
            "probability_below": self.lower,
            "probability_above": self.upper,
        }

    def _notes(self) -> list[str]:
        return [f"in all {show(float(self.lower.sum()))} below, {show(float(self.upper.sum()))} above"]


def crossing_probabilities(information: ArrayLike, lower: ArrayLike, upper: ArrayLike, drift: float = 0.0) -> Crossing:
    """The probabilities to leave first through the lower or the upper bound at each look.

    Z_k is normal with mean `drift * sqrt(information_k)`, variance 1 and covariance sqrt(I_j / I_k) for j <= k.
    Going on is lower < z < upper.

    Args:
        information: (K,) increasing, in any unit.
        lower: (K,) bounds of z, or one for all; -inf for none.
        upper: the same above; inf for none.
        drift: expected z at information 1.

    Raises:
        DesignError: for information that does not increase, or bounds that are missing or the wrong way round.
    """
    looks = read_information(information)
    below, above = _read_bounds(lower, looks.size, "lower"), _read_bounds(upper, looks.size, "upper")
    wrong = np.flatnonzero(below > above)
    if wrong.size:
        raise DesignError(
            f"lower: at look {wrong[0] + 1} it is {below[wrong[0]]:g}, above the upper bound {above[wrong[0]]:g}; "
            "give a lower bound that is at most the upper one"
        )
    if not abs(drift) * float(np.sqrt(looks[-1])) <= LARGEST_MEAN:  # not a number either
        raise DesignError(
            f"drift: {drift} is no number that keeps the expected z of the last look within {LARGEST_MEAN:g}; "
            "give the expected z at information 1"
        )
    exits = solve_bounds(looks, below, above, drifts=(float(drift), float(drift)))
    return Crossing(looks, below, above, float(drift), exits.lower_exit, exits.upper_exit)


def read_information(information: ArrayLike) -> Floats:
    """(K,) floats, positive and increasing.

    Raises:
        DesignError: otherwise, with the look where it goes wrong.
    """
    looks = read_numbers(information, "information")
    if looks.ndim != 1 or looks.size == 0:
        raise DesignError("information: no looks; give the information at each look, such as [0.5, 1]")
    if not bool(np.all(np.isfinite(looks))) or looks[0] <= 0.0:
        raise DesignError("information: must be positive numbers, such as the fractions [0.5, 1]")
    steps = np.diff(looks)
    wrong = np.flatnonzero(steps <= CLOSEST * looks[-1])
    if wrong.size:
        k = int(wrong[0])
        if steps[k] <= 0.0:
            problem = f"does not increase: {looks[k + 1]:g} at look {k + 2} follows {looks[k]:g}"
        else:
            problem = f"hardly increases from look {k + 1} to {k + 2} ({looks[k]:.9g} to {looks[k + 1]:.9g})"
        raise DesignError(f"information: {problem}; give each look more information than the one before")
    return looks


def read_numbers(values: ArrayLike, name: str) -> Floats:
    """A copy of `values` as floats; a DesignError if they are something else."""
    try:
        return as_float(values).copy()
    except (TypeError, ValueError):
        raise DesignError(f"{name}: {values!r} are not numbers; give one number a look") from None


def _read_bounds(values: ArrayLike, looks: int, name: str) -> Floats:
    bounds = read_numbers(values, name)
    if bounds.ndim == 0:
        bounds = np.full(looks, float(bounds))
    if bounds.shape != (looks,):
        raise DesignError(f"{name}: {bounds.size} bounds for {looks} looks; give one a look")
    if bool(np.any(np.isnan(bounds))):
        raise DesignError(
            f"{name}: look {int(np.flatnonzero(np.isnan(bounds))[0]) + 1} has no bound; give inf for none"
        )
    return bounds


@dataclass(frozen=True, slots=True)
class Solved:
    """Bounds and exits of one way through the looks.

    Attributes:
        lower: (K,) bounds of z.
        upper: (K,) bounds of z.
        lower_exit: (K,) first exits below, under the lower drift.
        upper_exit: (K,) first exits above, under the upper drift.
        reached: looks that can be reached: fewer than K if the bounds meet earlier.
    """

    lower: Floats
    upper: Floats
    lower_exit: Floats
    upper_exit: Floats
    reached: int


@cache
def _rule() -> tuple[Floats, Floats]:
    node, weight = leggauss(_NODES)
    return as_float(node), as_float(weight)


_UNUSED = np.zeros(0)


def solve_bounds(
    information: Floats,
    lower: Floats,
    upper: Floats,
    *,
    lower_wanted: Floats = _UNUSED,
    upper_wanted: Floats = _UNUSED,
    drifts: tuple[float, float] = (0.0, 0.0),
    form: int = FREE,
    width: float = _WIDTH,
) -> Solved:
    """One way through the looks; unchecked, for the package's own use.

    Args:
        information: (K,) increasing.
        lower: (K,) bounds of z; NaN where `lower_wanted` is to give it. Not changed.
        upper: the same above.
        lower_wanted: (K,) the exit probabilities that unknown lower bounds must give; 0 for no bound. What given
            bounds take away more or less than wanted is made up for by the next unknown one.
        upper_wanted: the same above.
        drifts: under which exits below and above are counted.
        form: FREE; SYMMETRIC: each lower bound is minus the upper one; CLOSED: the bounds meet at the last look.
        width: of a panel of nodes; smaller is finer.
    """
    k = information.size
    below, above = (np.full(k, np.nan) if form == SYMMETRIC else lower.copy()), upper.copy()
    wanted = [values if values.size else np.zeros(k) for values in (lower_wanted, upper_wanted)]
    quantiles: list[Any] = [-ndtri(values) for values in wanted]
    exits = np.empty(k), np.empty(k)
    node, weight = _rule()
    reached = sweep(
        information, below, above, as_float(wanted[0]), as_float(wanted[1]), quantiles[0], quantiles[1],
        float(drifts[0]), float(drifts[1]), form, float(width), node, weight, *exits,
    )  # fmt: skip  # arguments that belong together share a line
    return Solved(below, above, *exits, reached)
