"""Several correlated tests, at one look or several: when does the largest of them pass the look's critical value?

Nothing is assumed of the correlations (away from the null hypothesis, and between different tests, increments are not
independent), so that the probabilities are those of the multivariate normal distribution.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from equipoise.design._roots import find_root
from equipoise.design.weighted._quadrature import Floats
from equipoise.errors import DesignError
from equipoise.survival._multivariate_normal import box_probability

_TOLERANCE, _LATTICE_TOLERANCE = 1e-8, 1e-6
"""Of a critical value, relative; the second where the integral is a lattice's, and no better itself."""
_EXACT = 4
"""As many tests are integrated by Gauss-Legendre rules."""
_MARGIN = 0.01
_LEAST = 1e-14


def solve_critical_values(correlation: Floats, looks: Sequence[int], spent: Floats, sides: int) -> Floats:
    """One critical value a look, for the largest z, or two-sided the largest |z|.

    Args:
        correlation: (m, m) of all tests of all looks under the null hypothesis.
        looks: (m,) index of each test's look, in order.
        spent: (k,) cumulative probability under the null hypothesis to pass by each look, over all sides.
        sides: 1 or 2.

    Returns:
        (k,) critical values; infinite where nothing is spent.
    """
    look = np.asarray(looks)
    critical = np.full(spent.size, np.inf)
    before = 0.0
    for k, target in enumerate(spent):
        here = int((look == k).sum())
        if target - before <= _LEAST:
            continue
        # the tail of the largest lies between that of one test and their sum; what was spent before can only help
        low, high = (float(-ndtri(tail / sides)) for tail in (target, (target - before) / here))
        so_far = look <= k
        within = correlation[np.ix_(so_far, so_far)]

        def missing(value: float, k: int = k, within: Floats = within, target: float = float(target)) -> float:
            critical[k] = value
            limits = critical[look[look <= k]]
            return target - _outside(limits, within, sides)

        critical[k] = high
        if here > 1 or before > 0.0:
            tolerance = _TOLERANCE if so_far.sum() <= _EXACT else _LATTICE_TOLERANCE
            # where less is spent than the integral can tell, the cautious end stands
            if missing(high + _MARGIN) > 0.0:
                critical[k] = find_root(missing, low - _MARGIN, high + _MARGIN, tolerance)
            else:
                critical[k] = high
        before = float(target)
    return critical


def passing_by_look(critical: Floats, looks: Sequence[int], z: Floats, spread: Floats, correlation: Floats) -> Floats:
    """(k,) probability that by each look some test has passed its critical value.

    Args:
        critical: (k,) one a look.
        looks: (m,) index of each test's look, in order.
        z: (m,) expected.
        spread: (m,) standard deviations.
        correlation: (m, m).
    """
    look = np.asarray(looks)
    limits = (critical[look] - z) / spread
    power = []
    for k in range(critical.size):
        so_far = look <= k
        power.append(_outside(limits[so_far], correlation[np.ix_(so_far, so_far)], 1))
    return np.array(power)


def _outside(limits: Floats, correlation: Floats, sides: int) -> float:
    """The probability that one of the normals is above its limit, or two-sided beyond it either way."""
    real = np.isfinite(limits)
    if not real.any():
        return 0.0
    high, within = limits[real], correlation[np.ix_(real, real)]
    if high.size == 1:
        return float(sides * ndtr(-high[0]))
    low = -high if sides == 2 else np.full(high.size, -np.inf)
    # the least that it can be, which the integral's error must not undercut
    return max(1.0 - box_probability(low, high, within), float(sides * ndtr(-high.min())))


def check_critical_values(values: Sequence[float], looks: int) -> Floats:
    """`values` as (looks,) critical values.

    Raises:
        DesignError: unless there is one a look; infinity is a look without a test.
    """
    critical = np.asarray(values, dtype=np.float64)
    if critical.shape != (looks,) or bool(np.isnan(critical).any()):
        raise DesignError(f"bounds = {list(values)} for {looks} looks; give one critical value a look")
    return critical
