"""The same sequential test at another alpha: what repeated p-values and intervals of other levels rest on.

A test at a smaller alpha has larger critical values. How much larger at which look is part of the design: a spending
function is read with that alpha; amounts that were given by look, and critical values that follow a shape or were
given as numbers, keep their proportions; Haybittle and Peto's interim value stays and the last one gives way.
Futility and harm values stay as they are.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtr, ndtri

from equipoise.design._roots import find_root
from equipoise.design.sequential.boundaries import ByInterim, BySpending, Given, Rule, Schedule, Side
from equipoise.design.sequential.bounds_in_force import bounds_in_force
from equipoise.design.sequential.crossing_kernels import FREE, Floats
from equipoise.design.sequential.group_sequential import GroupSequential

_SMALLEST = 1e-100
"""Of the alpha of one side."""
_SAME = 1e-6


def critical_values_at(design: GroupSequential, alpha: float) -> Floats:
    """(K,) critical values of the design at this alpha, total over the sides; NaN if there are none.

    Args:
        design: with the bounds in force.
        alpha: below half the number of sides.
    """
    match _rule(design):
        case BySpending():
            return _by_spending(design, alpha)
        case ByInterim():
            amounts = np.append(np.zeros(design.looks - 1), _share(design) * alpha / design.sides)
            values = _efficacy(design, Side(np.append(design.critical_values[:-1], np.nan), amounts))
            return values if np.isfinite(values[-1]) else np.full(design.looks, np.nan)
        case _:
            return _by_proportion(design, alpha)


def repeated_p_value(design: GroupSequential, look: int, z: float) -> float:
    """The smallest alpha, total over the sides, at which the test rejects at this look.

    Source: Jennison and Turnbull, Group Sequential Methods 2000, chapter 9.

    Args:
        design: with the bounds in force.
        look: counted from 0.
        z: observed there; with two sides its size counts.

    Returns:
        Half the number of sides where no smaller alpha rejects; NaN at a look that no alpha lets reject, or that has
        one critical value for all of them.
    """
    size = abs(z) if design.sides == 2 else z
    bound = float(design.critical_values[look])
    rule = _rule(design)
    if not math.isfinite(bound) or (isinstance(rule, ByInterim) and look < design.looks - 1):
        return math.nan
    if not size > 0.0:
        return design.sides / 2.0
    if isinstance(rule, BySpending):
        return _by_root(design, look, size)
    values = design.critical_values
    values = np.append(values[:-1], size) if isinstance(rule, ByInterim) else values * (size / bound)
    return min(_size(design, values) / _share(design), design.sides / 2.0)


def spends_all(design: GroupSequential) -> bool:
    """Whether the test ends at its last look: no alpha is kept for later ones, or its critical values were given."""
    return isinstance(_rule(design), Given) or abs(_share(design) - 1.0) < _SAME


def _rule(design: GroupSequential) -> Rule:
    return design.rules.efficacy


def _share(design: GroupSequential) -> float:
    """What is spent of alpha by the last look: 1 unless the design is at an interim, or its values were given."""
    return float(design.alpha_spent[-1]) / design.alpha


def _schedule(design: GroupSequential) -> Schedule:
    return Schedule(design.information, design.sides, design.binding, FREE)


def _efficacy(design: GroupSequential, upper: Side) -> Floats:
    lower, _ = bounds_in_force(design)
    return _schedule(design).efficacy(upper, Side.known(lower)).upper


def _size(design: GroupSequential, values: Floats) -> float:
    """Type I error of other critical values, over all sides."""
    lower, _ = bounds_in_force(design)
    solved = _schedule(design).efficacy(Side.known(values), Side.known(np.minimum(lower, values)))
    return design.sides * float(solved.upper_exit.sum())


def _by_spending(design: GroupSequential, alpha: float) -> Floats:
    return _efficacy(design, Side.unknown(np.diff(_amounts(design, alpha), prepend=0.0) / design.sides))


def _amounts(design: GroupSequential, alpha: float) -> Floats:
    """(K,) cumulative, what the design spends by each look at another alpha."""
    in_proportion = design.alpha_spent * (alpha / design.alpha)
    rule = _rule(design)
    if not isinstance(rule, BySpending) or rule.spending.of_time is None:
        return np.asarray(in_proportion)

    def spent(level: float) -> Floats:
        amounts = rule.spending.spent(design.spending_time, level, design.sides)
        return np.append(amounts[:-1], level) if spends_all(design) else amounts

    # where earlier looks were judged by other values than the function's, the proportions of those hold
    as_function = np.allclose(spent(design.alpha), design.alpha_spent, rtol=_SAME, atol=_SAME * design.alpha)
    return spent(alpha) if as_function else np.asarray(in_proportion)


def _by_proportion(design: GroupSequential, alpha: float) -> Floats:
    goal = float(ndtri(_share(design) * alpha / design.sides))

    def excess(factor: float) -> float:
        return max(float(ndtri(_size(design, factor * design.critical_values) / design.sides)), -40.0) - goal

    low = high = 1.0
    while excess(high) > 0.0 and high < 100.0:
        high *= 2.0
    while excess(low) < 0.0:
        low /= 2.0
        if low < 1e-6:
            return np.full(design.looks, np.nan)
    return np.asarray(design.critical_values * (low if low == high else find_root(excess, low, high)))


def _by_root(design: GroupSequential, look: int, size: float) -> float:
    """Where the critical value falls to the observed z, sought on the probit scale of the alpha of one side."""

    def excess(probit: float) -> float:
        value = float(critical_values_at(design, design.sides * float(ndtr(probit)))[look]) - size
        return max(-100.0, min(value, 100.0)) if not math.isnan(value) else -100.0

    low, high = float(ndtri(_SMALLEST)), -1e-9
    if excess(high) >= 0.0:
        return design.sides / 2.0
    if excess(low) <= 0.0:
        return design.sides * _SMALLEST
    return design.sides * float(ndtr(find_root(excess, low, high)))
