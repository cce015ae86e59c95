"""Newton's method for the likelihoods of the Cox family, and how it notices that there is no maximum."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from equipoise.survival import cox_kernels as kernels
from equipoise.survival._arrays import Floats
from equipoise.survival.cox_likelihood import Likelihood, Point

MAX_ITERATIONS = 100
_COLLINEAR = 1e-14
_SMALL_STEP = 1e-11
"""Where the last step, in standard deviations, is below this, the next would be lost in rounding."""
_ROUNDING = 1e-11
"""Of a sum of many logarithms, relative to its size."""


@dataclass(frozen=True, slots=True, eq=False)
class Maximum:
    """Where the search ended: `point` is the last one evaluated, `beta` one last `step` further on if it converged."""

    point: Point
    beta: Floats
    step: Floats
    status: int


def maximise(likelihood: Likelihood, start: Point) -> Maximum:
    """Newton-Raphson with step halving.

    The likelihood is taken as monotone if a step is still long on the scale of the covariates while it gains nothing,
    or if the information becomes singular, which it was not at the start.
    """
    here = start
    step = np.zeros_like(start.beta)
    for _ in range(MAX_ITERATIONS):
        last, step = step, np.empty_like(step)
        if kernels.solve_positive(here.information, here.score, _COLLINEAR, step) >= 0:
            return Maximum(here, here.beta, last, kernels.MONOTONE)
        gain = float(step @ here.score)  # twice what the quadratic approximation promises
        longest = float(np.abs(step).max())
        slack = 1.0 + abs(here.value)
        if gain < 1e-9 * slack and longest > 0.1:
            return Maximum(here, here.beta, step, kernels.MONOTONE)
        if gain < 1e-18 or longest < _SMALL_STEP:
            return Maximum(here, here.beta + step, step, kernels.CONVERGED)
        found = _along(likelihood, here, step, _ROUNDING * slack)
        if found is None:
            return Maximum(here, here.beta, step, kernels.NOT_CONVERGED)
        here = found
    return Maximum(here, here.beta, step, kernels.NOT_CONVERGED)


def _along(likelihood: Likelihood, here: Point, step: Floats, slack: float) -> Point | None:
    """The first point that is no worse, on the way back from the whole step."""
    size = 1.0
    for _ in range(30):
        found = likelihood(here.beta + size * step)
        if found.value > here.value - slack and math.isfinite(found.value):
            return found
        size /= 2.0
    return None
