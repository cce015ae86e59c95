"""Efron's biased coin: the arm that lags is favoured, always by the same probability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from equipoise.allocation.exact import parse_fraction
from equipoise.allocation.imbalance import lead_if_joined
from equipoise.allocation.method import Method, Probabilities
from equipoise.allocation.preference import check_preference, grouped, preference
from equipoise.allocation.state import StratumState


@dataclass(frozen=True)
class BiasedCoin(Method):
    """Efron's biased coin design (Biometrika 1971;58:403-417), for any number of equal arms.

    The arm with the fewest participants so far gets `probability`, and the others share the rest. Where all are level
    each has the same probability. With two arms this is Efron's BCD(p). With more, arms that tie at the fewest share
    as `preference` states for the scheme `best`.

    Args:
        ratio: the arms; their shares have to be equal.
        probability: of the arm that lags, from 1/K for K arms to 1; Efron's own choice is 2/3.
        strata: variables in whose strata the coin runs apart.

    Raises:
        AllocationError: unequal shares, a probability below 1/K or above 1.
    """

    name: ClassVar[str] = "biased-coin"
    probability: Fraction = Fraction(2, 3)

    def __post_init__(self) -> None:
        """Check the ratio and the probability."""
        super().__post_init__()
        self.ratio.require_equal("the biased coin")
        object.__setattr__(self, "probability", parse_fraction(self.probability))
        check_preference("best", self.ratio, self.probability)

    def _words(self) -> str:
        return f"biased coin of {self.probability}"

    def _probabilities(
        self,
        here: StratumState,
        levels: Mapping[str, str],  # noqa: ARG002 - the counts say all
    ) -> Probabilities:
        lead = lead_if_joined(self.ratio, here.arms)
        order = grouped(lead)
        by_arm = preference("best", self.ratio, self.probability, order)
        return Probabilities(by_arm, lead, tuple(order[0]), len(order[0]) > 1, _why(order, by_arm))


def _why(order: list[list[str]], by_arm: Mapping[str, Fraction]) -> str:
    least = order[0]
    if len(order) == 1:
        return "all arms are level: each has its share of the ratio"
    if len(least) > 1:
        return f"arms {', '.join(least)} have the fewest: they share {sum((by_arm[a] for a in least), Fraction(0))}"
    return f"arm {least[0]} has the fewest: it has the probability {by_arm[least[0]]}"
