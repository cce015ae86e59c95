"""The log hazard ratio of two arms from what the risk sets hold, compiled.

With one covariate that is 0 or 1 the partial likelihood needs no more of a risk set than the share of its
participants who are in the experimental arm.
"""

from __future__ import annotations

import math

import numpy as np

from equipoise._kernel import kernel
from equipoise.design.simulation.numbers import Floats

_TOLERANCE = 1e-9
_STEPS = 60
_LARGEST_STEP = 2.0


@kernel
def cox_of_shares(share: Floats, d: int, experimental: int, start: float) -> tuple[float, float]:
    """Maximise the partial likelihood by Newton's method.

    Args:
        share: the first `d` are, event by event, the share of the risk set that is in the experimental arm; of tied
            events the shares are those of Efron's successive risk sets.
        d: events.
        experimental: events in the experimental arm.
        start: first guess.

    Returns:
        Log hazard ratio and its standard error; infinite and NaN where one arm has no event, NaN both without events.
    """
    if experimental in (0, d):
        infinite = np.inf if experimental > 0 else -np.inf
        return (infinite if d > 0 else np.nan), np.nan
    beta, information = start, np.nan
    for _ in range(_STEPS):
        excess = math.exp(beta) - 1.0
        expected, information = 0.0, 0.0
        for k in range(d):
            p = share[k] * (1.0 + excess) / (1.0 + share[k] * excess)
            expected += p
            information += p * (1.0 - p)
        step = (experimental - expected) / information
        beta += min(max(step, -_LARGEST_STEP), _LARGEST_STEP)
        if abs(step) < _TOLERANCE:
            break
    return beta, 1.0 / math.sqrt(information)
