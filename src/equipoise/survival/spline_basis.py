"""Natural cubic splines of log time, linear beyond the outer knots.

Source: Royston and Parmar, Statistics in Medicine 2002, equation 4.
"""

from __future__ import annotations

import numpy as np

from equipoise.survival._arrays import Floats


def natural_spline(x: Floats, knots: Floats) -> tuple[Floats, Floats]:
    """The basis, (n, k), at `x` for k knots (1, x, and one for each inner knot), and its derivative by x."""
    low, high = knots[0], knots[-1]
    basis, slope = np.zeros((x.size, knots.size)), np.zeros((x.size, knots.size))
    basis[:, 0], basis[:, 1], slope[:, 1] = 1.0, x, 1.0
    for j, knot in enumerate(knots[1:-1], start=2):
        share = (high - knot) / (high - low)
        for weight, at in ((1.0, knot), (-share, low), (share - 1.0, high)):
            above = np.maximum(x - at, 0.0)
            basis[:, j] += weight * above**3
            slope[:, j] += 3.0 * weight * above**2
    return basis, slope
