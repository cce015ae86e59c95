"""One root finder for all designs: bracketing, to the last digits."""

from __future__ import annotations

import math
from collections.abc import Callable

from equipoise.errors import DesignError

TOLERANCE = 1e-12
_STEPS = 200
_Point = tuple[float, float]


def find_root(function: Callable[[float], float], low: float, high: float, tolerance: float = TOLERANCE) -> float:
    """The root between `low` and `high`, where `function` changes its sign.

    Chandrupatla, Advances in Engineering Software 1997;28:145-149: inverse quadratic interpolation where the three
    last points allow it, else bisection.

    Args:
        function: continuous on the bracket.
        low: one end.
        high: the other.
        tolerance: relative, of the root.

    Raises:
        DesignError: no change of sign.
    """
    a, b = high, low
    f_a, f_b = function(a), function(b)
    if f_a == 0:
        return a
    if f_b == 0:
        return b
    if not f_a * f_b < 0:
        raise DesignError(f"there is no solution between {low:g} and {high:g}")
    c, f_c = a, f_a
    step = 0.5
    for _ in range(_STEPS):
        t = a + step * (b - a)
        f_t = function(t)
        if math.copysign(1, f_t) == math.copysign(1, f_a):
            c, f_c = a, f_a
        else:
            c, f_c, b, f_b = b, f_b, a, f_a
        a, f_a = t, f_t
        best, f_best = (a, f_a) if abs(f_a) < abs(f_b) else (b, f_b)
        closest = (tolerance * abs(best) + 1e-300) / abs(b - a)
        if closest > 0.5 or f_best == 0:
            return best
        step = _next_step((a, f_a), (b, f_b), (c, f_c))
        step = min(max(step, closest), 1 - closest)
    return best


def _next_step(one: _Point, two: _Point, three: _Point) -> float:
    """Where to look next, as a fraction of the way from the first point to the second."""
    (a, f_a), (b, f_b), (c, f_c) = one, two, three
    xi = (a - b) / (c - b)
    phi = (f_a - f_b) / (f_c - f_b)
    if phi**2 < xi and (1 - phi) ** 2 < 1 - xi:
        return f_a / (f_b - f_a) * f_c / (f_b - f_c) + (c - a) / (b - a) * f_a / (f_c - f_a) * f_b / (f_c - f_b)
    return 0.5


def find_root_above(function: Callable[[float], float], low: float, start: float, limit: float = 1e12) -> float | None:
    """The root above `low` of a function that is negative there and rises; None if it stays negative up to `limit`.

    Args:
        function: continuous and rising.
        low: where the search begins; a root at `low` itself is returned.
        start: a first guess of a point above the root, doubled until it is one.
        limit: the largest point tried.
    """
    if function(low) >= 0:
        return low
    high = start
    while function(high) < 0:
        low, high = high, 2 * high
        if high > limit:
            return None
    return find_root(function, low, high)
