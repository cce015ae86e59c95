"""What a sequential test does where the effect itself is uncertain: exact, without integrating over the effect.

Given drift d the score of a test, X(t) = Z sqrt(t) at information t, is a Brownian motion plus d t. Let d be normal
with mean m and variance v. Then Y(t) = X(t) - m t has the covariance s + v s t for s <= t, so that Y(t) / (1 + v t) is
a Brownian motion at the time t / (1 + v t): averaged over the prior, a sequential test is a sequential test of no
effect with other information and other bounds. As t grows without end, X(t) / t becomes d and the time 1 / v: to ask
for the effect as well is to add a look there. The mixture itself is that of Spiegelhalter, Freedman and Blackburn,
Controlled Clinical Trials 1986;7:8-17; the change of time is Doob's, Annals of Mathematical Statistics 1949;20:393-403.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from equipoise.design.sequential.crossing import solve_bounds

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Exits:
    """Probabilities to leave first through each bound at each look.

    Attributes:
        lower: (K,) below.
        upper: (K,) above.
    """

    lower: Floats
    upper: Floats


def mixture_exits(information: Floats, lower: Floats, upper: Floats, mean: float, variance: float) -> Exits:
    """First exits, averaged over a normal drift.

    Args:
        information: (K,) increasing.
        lower: (K,) bounds of z, -inf for none.
        upper: the same above.
        mean: of the drift, the expected z at information 1.
        variance: of the drift; 0 for a known one.
    """
    if variance == 0.0:
        known = solve_bounds(information, lower, upper, drifts=(mean, mean))
        return Exits(known.lower_exit, known.upper_exit)
    time = information / (1.0 + variance * information)
    below, above = (_moved(bound, information, mean, variance) for bound in (lower, upper))
    solved = solve_bounds(time, below, above)
    return Exits(solved.lower_exit, solved.upper_exit)


def upper_exits_with_drift_above(
    information: Floats, lower: Floats, upper: Floats, mean: float, variance: float, *, threshold: float
) -> Floats:
    """(K,) probability to leave first through the upper bound at each look, and that the drift is above `threshold`.

    Args:
        information: (K,) increasing.
        lower: (K,) bounds of z.
        upper: (K,) bounds of z.
        mean: of the drift.
        variance: of the drift, 0 for a known one.
        threshold: of the drift.
    """
    if variance == 0.0:
        return mixture_exits(information, lower, upper, mean, 0.0).upper * float(mean > threshold)
    time = np.append(information / (1.0 + variance * information), 1.0 / variance)
    below, above = (_moved(bound, information, mean, variance) for bound in (lower, upper))
    far = (threshold - mean) / np.sqrt(variance)
    joint = np.zeros(information.size)
    for k in range(information.size):
        if above[k] == np.inf:
            continue
        # to be above at look k having gone on until then, and above the threshold at the end of all information
        looks = np.append(time[: k + 1], time[-1])
        from_below = np.append(np.append(below[:k], above[k]), far)
        from_above = np.append(np.append(above[:k], np.inf), far)
        joint[k] = solve_bounds(looks, from_below, from_above).upper_exit[-1]
    return joint


def _moved(bound: Floats, information: Floats, mean: float, variance: float) -> Floats:
    """Bounds of z as bounds of the standardised Y."""
    root = np.sqrt(information)
    moved: Floats = (bound - mean * root) / np.sqrt(1.0 + variance * information)
    return moved
