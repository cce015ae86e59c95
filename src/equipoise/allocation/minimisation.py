"""Minimisation (Pocock and Simon): prefer the arm that would leave the margins least unequal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import ClassVar

from equipoise.allocation.exact import Imbalance, imbalance_text, parse_fraction
from equipoise.allocation.imbalance import MEASURES, Measure, total_imbalance
from equipoise.allocation.method import Method, Probabilities
from equipoise.allocation.preference import Scheme, check_preference, grouped, preference
from equipoise.allocation.state import StratumState
from equipoise.errors import AllocationError


@dataclass(frozen=True)
class Factor:
    """A factor to balance, and how much its margin weighs.

    Raises:
        AllocationError: a weight that is not above 0.
    """

    name: str
    weight: Fraction = Fraction(1)

    def __post_init__(self) -> None:
        """Make the weight an exact fraction and check it."""
        object.__setattr__(self, "weight", parse_fraction(self.weight))
        if self.weight == 0:
            raise AllocationError(f"factor {self.name!r} weighs nothing; give a weight above 0 or leave it out")


@dataclass(frozen=True)
class Minimisation(Method):
    """Pocock and Simon's minimisation (Biometrics 1975;31:103-115), exact throughout.

    For each arm the participant is counted into it by supposition. The imbalance of that arm is the sum, over
    factors, of the weight times the measure of the margin at the participant's level, each count divided by
    the arm's share of the ratio. The arm with the least imbalance is preferred; the scheme turns the order
    into probabilities. Ties are found exactly, also between sums of standard deviations; what a tie means is
    stated in `equipoise.allocation.preference.preference`: tied arms share by the ratio. With equal shares
    the first participant meets a tie of all arms; with unequal shares the arm of the largest share is
    preferred.

    Args:
        ratio: the arms and their shares.
        factors: what to balance; at least one, none of them also among the strata.
        probability: p of the scheme `best` or `biased-coin`, q of `rank`; an exact fraction.
        measure: "range", "variance", "sd" or "marginal-balance"; see `margin_imbalance`.
        scheme: "best", "rank" or "biased-coin"; see `preference`.
        strata: variables in whose strata the method runs apart, with margins of their own.

    Raises:
        AllocationError: no factor, a factor named twice or also a stratum, an unknown measure or scheme, a
            probability that gives the preferred arm less than its share.
    """

    name: ClassVar[str] = "minimisation"
    factors: tuple[Factor, ...]
    probability: Fraction = Fraction(4, 5)
    measure: Measure = "range"
    scheme: Scheme = "best"

    def __post_init__(self) -> None:
        """Check factors, measure, scheme and probability against each other."""
        super().__post_init__()
        if not self.factors:
            raise AllocationError("minimisation has no factor; name at least one, or use permuted blocks")
        if self.measure not in MEASURES:
            raise AllocationError(f"{self.measure!r} is not a measure; use one of {', '.join(MEASURES)}")
        object.__setattr__(self, "probability", parse_fraction(self.probability))
        check_preference(self.scheme, self.ratio, self.probability)

    @cached_property
    def balanced_factors(self) -> tuple[str, ...]:
        """Names of the factors, in declared order."""
        return tuple(factor.name for factor in self.factors)

    def _words(self) -> str:
        return f"minimisation over {', '.join(self.balanced_factors)}, p = {self.probability}"

    def _probabilities(self, here: StratumState, levels: Mapping[str, str]) -> Probabilities:
        imbalance = {arm: self._imbalance_if(here, levels, arm) for arm in self.ratio.arms}
        order = grouped(imbalance)
        tie = len(order[0]) > 1 or (self.scheme == "rank" and len(order) < len(imbalance))
        by_arm = preference(self.scheme, self.ratio, self.probability, order)
        return Probabilities(by_arm, imbalance, tuple(order[0]), tie, _why(order, imbalance, by_arm))

    def _imbalance_if(self, here: StratumState, levels: Mapping[str, str], arm: str) -> Imbalance:
        """The weighted imbalance if the participant joined `arm`."""
        margins = []
        for factor in self.factors:
            counts = here.margins.get(factor.name, {}).get(levels[factor.name], {})
            margins.append((factor.weight, {**counts, arm: counts.get(arm, 0) + 1}))
        return total_imbalance(self.measure, self.ratio, margins)


def _why(order: list[list[str]], imbalance: Mapping[str, Imbalance], by_arm: Mapping[str, Fraction]) -> str:
    best = order[0]
    least = imbalance_text(imbalance[best[0]])
    if len(order) == 1:
        return f"all arms would leave the same imbalance, {least}: each has its share of the ratio"
    if len(best) > 1:
        together = sum((by_arm[arm] for arm in best), Fraction(0))
        return f"arms {', '.join(best)} tie at the least imbalance, {least}: they share {together}"
    return f"arm {best[0]} would leave the least imbalance, {least}: it has the probability {by_arm[best[0]]}"
