"""The block urn: like permuted blocks, but balls return to the urn with every balanced set, so less can be foretold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from equipoise.allocation.method import Method, Probabilities, whole_from
from equipoise.allocation.state import StratumState
from equipoise.errors import AllocationError


@dataclass(frozen=True)
class BlockUrn(Method):
    """Zhao and Weng's block urn design (Contemp Clin Trials 2011;32:953-961), for any arms and any ratio.

    The urn starts with `size` balls, each arm by its share. Each allocation takes one out; whenever the balls taken
    hold a balanced set (each arm once by its share in lowest terms), that set goes back at once. An arm of share w
    with n participants has

        (w lambda + w k - n) / (W lambda + W k - N),    k = the least over arms of n // w,

    with W the sum of shares, lambda = size / W and N the participants in all (their equation 2). Nobody but allocation
    by hand can take an arm beyond its balls; such an arm then has none until it is caught up with.

    Args:
        ratio: the arms and their shares.
        size: balls in the full urn, a multiple of the sum of the ratio in lowest terms. The imbalance never exceeds
            that of permuted blocks of this size.
        strata: variables in whose strata each has an urn of its own.

    Raises:
        AllocationError: a size that cannot hold the ratio.
    """

    name: ClassVar[str] = "block-urn"
    size: int

    def __post_init__(self) -> None:
        """Check that the urn can hold the ratio."""
        super().__post_init__()
        whole_from(1, "the size of the urn", self.size)
        if self.size % self.ratio.total:
            raise AllocationError(
                f"an urn of {self.size} cannot hold the ratio; use a multiple of its sum, {self.ratio.total}"
            )

    def _words(self) -> str:
        return f"block urn of {self.size}"

    def _probabilities(
        self,
        here: StratumState,
        levels: Mapping[str, str],  # noqa: ARG002 - the counts say all
    ) -> Probabilities:
        sets = self.size // self.ratio.total + min(here.arms.get(arm, 0) // w for arm, w in self.ratio.shares)
        balls = {arm: max(0, w * sets - here.arms.get(arm, 0)) for arm, w in self.ratio.shares}
        total = sum(balls.values())
        by_arm = {arm: Fraction(n, total) for arm, n in balls.items()}
        held = ", ".join(f"{arm} {n}" for arm, n in balls.items())
        why = f"each arm has its share of the {total} balls in the urn: {held}"
        return Probabilities(by_arm, dict.fromkeys(self.ratio.arms), (), tie=False, why=why)
