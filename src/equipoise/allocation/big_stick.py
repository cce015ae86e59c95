"""The big stick: a fair coin, until an arm leads by the limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from equipoise.allocation.imbalance import lead_if_joined
from equipoise.allocation.method import Method, Probabilities, whole_from
from equipoise.allocation.state import StratumState


@dataclass(frozen=True)
class BigStick(Method):
    """Soares and Wu's big stick design (Commun Stat Theory Methods 1983;12:2017-34), for any number of equal arms.

    Every arm has the same probability, but an arm that leads the one with the fewest by `limit` is closed until it no
    longer does. With two arms this is the big stick: a fair coin while the difference is below the limit, and the arm
    that lags for certain when it is reached. After allocations by hand an arm can lead by more; it is closed as well.

    Args:
        ratio: the arms; their shares have to be equal.
        limit: the largest lead, from 1; with two arms the maximum tolerated imbalance.
        strata: variables in whose strata the method runs apart.

    Raises:
        AllocationError: unequal shares, a limit that is not a whole number from 1.
    """

    name: ClassVar[str] = "big-stick"
    limit: int

    def __post_init__(self) -> None:
        """Check the ratio and the limit."""
        super().__post_init__()
        self.ratio.require_equal("the big stick")
        whole_from(1, "the limit", self.limit)

    def _words(self) -> str:
        return f"big stick of {self.limit}"

    def _probabilities(
        self,
        here: StratumState,
        levels: Mapping[str, str],  # noqa: ARG002 - the counts say all
    ) -> Probabilities:
        lead = lead_if_joined(self.ratio, here.arms)
        open_arms = tuple(arm for arm in self.ratio.arms if lead[arm] <= self.limit)
        closed = [arm for arm in self.ratio.arms if arm not in open_arms]
        why = f"no arm leads by {self.limit}: each has its share of the ratio"
        if closed:
            names = f"arm {closed[0]} leads" if len(closed) == 1 else f"arms {', '.join(closed)} lead"
            why = f"{names} by {self.limit} or more: {', '.join(open_arms)} alone can be drawn"
        return Probabilities(self.ratio.probabilities(open_arms), lead, open_arms if closed else (), tie=False, why=why)
