"""The bounds of z at which a group-sequential design stops a trial."""

from __future__ import annotations

import numpy as np

from equipoise.design.sequential.crossing_kernels import Floats
from equipoise.design.sequential.group_sequential import GroupSequential


def bounds_in_force(design: GroupSequential, *, heed_futility: bool = True) -> tuple[Floats, Floats]:
    """(K,) lower and (K,) upper bounds of z.

    Args:
        design: the design.
        heed_futility: whether trials stop at futility and harm values; two sides always stop at both.
    """
    lower = np.maximum(design.futility_values, design.harm_values)
    if not heed_futility and design.sides == 1:
        lower = np.full(design.looks, -np.inf)
    return lower, design.critical_values
