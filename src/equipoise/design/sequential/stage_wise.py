"""The stage-wise ordering of the outcomes of a sequential test.

Source: Fairbanks and Madsen, Biometrika 1982;69:69-74; Tsiatis, Rosner and Mehta, Biometrics 1984;40:797-803.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from equipoise.design._roots import find_root
from equipoise.design.sequential.crossing import solve_bounds
from equipoise.design.sequential.crossing_kernels import Floats


@dataclass(frozen=True, slots=True)
class StageWiseOrdering:
    """A trial that ended at look m with z.

    Attributes:
        information: (m,) at the looks up to there.
        lower: (m - 1,) bounds of z at the looks before.
        upper: the same above.
        z: at look m.
    """

    information: Floats
    lower: Floats
    upper: Floats
    z: float

    def tails(self, drift: float) -> tuple[float, float]:
        """Probability of an outcome that is less extreme towards benefit, and of one at least as extreme."""
        below, above = np.append(self.lower, self.z), np.append(self.upper, self.z)
        exits = solve_bounds(self.information, below, above, drifts=(drift, drift))
        return float(exits.lower_exit.sum()), float(exits.upper_exit.sum())

    def p_value(self, sides: int) -> float:
        """One-sided towards benefit, or twice the smaller tail."""
        below, above = self.tails(0.0)
        return above if sides == 1 else min(1.0, 2.0 * min(below, above))

    def drift_where(self, probability: float) -> float:
        """The drift under which an outcome at least as extreme has this probability."""
        goal = float(ndtri(probability))
        step = 1.0 / float(np.sqrt(self.information[-1]))

        def excess(drift: float) -> float:
            below, above = self.tails(drift)
            # each tail is exact to its own last digits, so the smaller one gives the quantile
            quantile = float(ndtri(above)) if above < below else -float(ndtri(below))
            return max(-40.0, min(quantile, 40.0)) - goal

        low = high = self.z * step
        while excess(low) > 0.0:
            low -= step
            step *= 2.0
        while excess(high) < 0.0:
            high += step
            step *= 2.0
        return low if low == high else find_root(excess, low, high)
