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
_FLAT = 1e-6
"""Information along a long step of less than this share of what it was at the start may be rounding: where large risks
have left a risk set, the sum of those who stay is a difference."""
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
    or if the information has gone by the end of the search, which it had not at the start.
    """
    here = start
    step, flat = np.zeros_like(start.beta), None
    for _ in range(MAX_ITERATIONS):
        last, step = step, np.empty_like(step)
        if kernels.solve_positive(here.information, here.score, _COLLINEAR, step) >= 0:
            return Maximum(here, here.beta, last if flat is None else flat, kernels.MONOTONE)
        gain = float(step @ here.score)  # twice what the quadratic approximation promises
        longest = max(map(abs, step.tolist()))
        slack = 1.0 + abs(here.value)
        if gain < 1e-9 * slack and longest > 0.1:
            return Maximum(here, here.beta, step, kernels.MONOTONE)
        flat = step if longest > 0.1 and gain < _FLAT * slack and _flat_along(step, here, start) else flat
        if gain < 1e-18 or longest < _SMALL_STEP:
            if flat is not None and _flat_along(flat, here, start):
                return Maximum(here, here.beta, flat, kernels.MONOTONE)
            return Maximum(here, here.beta + step, step, kernels.CONVERGED)
        found = _along(likelihood, here, step, _ROUNDING * slack)
        if flat is not None and _flat_along(flat, here, start) and (found is None or found.value <= here.value):
            return Maximum(here, here.beta, flat, kernels.MONOTONE)  # what is left is rounding
        if found is None:  # a long way up where there are no more numbers
            return Maximum(here, here.beta, step, kernels.MONOTONE if longest > 0.1 else kernels.NOT_CONVERGED)
        here = found
    return Maximum(here, here.beta, step, kernels.NOT_CONVERGED)


def _flat_along(step: Floats, here: Point, start: Point) -> bool:
    """Whether the information along a step has gone."""
    return float(step @ here.information @ step) < _FLAT * float(step @ start.information @ step)


def _along(likelihood: Likelihood, here: Point, step: Floats, slack: float) -> Point | None:
    """The first point that is no worse, on the way back from the whole step."""
    size = 1.0
    for _ in range(30):
        found = likelihood(here.beta + size * step)
        if found.value > here.value - slack and math.isfinite(found.value):
            return found
        size /= 2.0
    return None
