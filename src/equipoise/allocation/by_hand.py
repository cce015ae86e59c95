"""An allocation by hand: the arm was given, not drawn, and the list counts it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from equipoise.allocation.method import Method
from equipoise.allocation.state import ListState

BY_HAND = "by-hand"
"""What the record of such an allocation says in place of the method."""


@dataclass(frozen=True)
class HandAllocation:
    """One allocation by hand, and what the list would have made of the participant.

    Attributes:
        list_id: the list.
        stratum: the stratum's key.
        k: the number of the draw that it uses up: the next draw of the stratum is number k + 1.
        levels: {variable: level} of strata and factors, as randomised.
        probabilities: of each arm, had it been drawn; a reader sees whether a hand gave what chance would not.
        arm: the arm given.
    """

    list_id: str
    stratum: str
    k: int
    levels: Mapping[str, str]
    probabilities: Mapping[str, Fraction]
    arm: str

    def explain(self) -> dict[str, Any]:
        """The allocation as JSON-safe values; fractions are text."""
        return {
            "list": self.list_id,
            "method": BY_HAND,
            "stratum": self.stratum,
            "k": self.k,
            "levels": dict(self.levels),
            "probabilities": {arm: str(p) for arm, p in self.probabilities.items()},
            "arm": self.arm,
        }


def allocate_by_hand(
    method: Method, state: ListState, levels: Mapping[str, str], arm: str, *, list_id: str
) -> HandAllocation:
    """Record that a participant was given an arm without a draw; `Method.advance_by_hand` says how it counts.

    Args:
        method: of the list.
        state: the list before it.
        levels: {variable: level} of the participant; at least `method.variables`.
        arm: the arm given.
        list_id: the list's name in the protocol.

    Raises:
        AllocationError: an arm that is none of the list's, a missing level.
    """
    method.ratio.require(arm)
    stratum = method.stratum(levels)
    return HandAllocation(
        list_id=list_id,
        stratum=stratum,
        k=state.at(stratum).allocated + 1,
        levels=method.used_levels(levels),
        probabilities=method.probabilities(state, levels).by_arm,
        arm=arm,
    )
