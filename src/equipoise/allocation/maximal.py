"""The maximal procedure: of all sequences that never leave a limit, each is equally likely."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations_with_replacement
from math import comb
from typing import ClassVar, TypeAlias

from equipoise.allocation.imbalance import lead_if_joined
from equipoise.allocation.method import Method, Probabilities, whole_from
from equipoise.allocation.state import StratumState
from equipoise.errors import AllocationError

MAX_STATES = 100_000
"""Places times ways in which arms can lead each other: the size of the table of counts of sequences."""

Leads: TypeAlias = tuple[int, ...]
"""How many more than the least each arm has, in ascending order; the first is 0."""


@dataclass(frozen=True)
class Maximal(Method):
    """Berger, Ivanova and Knoll's maximal procedure (Stat Med 2003;22:3017-28), for any number of equal arms.

    A sequence of `length` places is admissible if no arm ever leads another by more than `limit` and all are level at
    its end. Every admissible sequence is equally likely. So the probability of an arm is the number of admissible
    sequences that go on with it, over all that go on from here (Salama, Ivanova and Qaqish, Stat Med 2008;27:1421-28);
    the counts are exact integers. After `length` places the next sequence starts.

    After allocations by hand there may be no admissible way on; then the arms with the fewest are allocated, by the
    ratio among them, until there is.

    Args:
        ratio: the arms; their shares have to be equal.
        limit: the largest lead of an arm over another (the maximum tolerated imbalance), from 1.
        length: places of a sequence, a multiple of the number of arms; about as many as the stratum will have.
        strata: variables in whose strata each has sequences of its own.

    Raises:
        AllocationError: unequal shares; a limit that is not a whole number from 1, or that a sequence of this length
            never reaches; a length that the arms do not divide, or too long for its counts to be kept.
    """

    name: ClassVar[str] = "maximal"
    limit: int
    length: int

    def __post_init__(self) -> None:
        """Check the ratio, the limit and the length."""
        super().__post_init__()
        self.ratio.require_equal("the maximal procedure")
        arms = len(self.ratio.arms)
        whole_from(1, "the limit", self.limit)
        whole_from(1, "the length", self.length)
        if self.length % arms:
            raise AllocationError(f"{arms} arms cannot be level after {self.length} places; use a multiple of {arms}")
        if self.limit > self.length // arms:
            raise AllocationError(
                f"no arm can lead by {self.limit} in {self.length} places that end level; "
                f"use a limit up to {self.length // arms}"
            )
        if self.length * comb(self.limit + arms - 1, arms - 1) > MAX_STATES:
            raise AllocationError(
                f"a sequence of {self.length} places with limit {self.limit} and {arms} arms has too many states; "
                "use a shorter one"
            )

    def _words(self) -> str:
        return f"maximal procedure of {self.length}, limit {self.limit}"

    def _probabilities(
        self,
        here: StratumState,
        levels: Mapping[str, str],  # noqa: ARG002 - the counts say all
    ) -> Probabilities:
        arms = self.ratio.arms
        lead = lead_if_joined(self.ratio, here.arms)
        left = self.length - here.allocated % self.length
        ways = {arm: self._ways_after(here, arm, left) for arm in arms}
        if total := sum(ways.values()):
            by_arm = {arm: Fraction(n, total) for arm, n in ways.items()}
            why = f"each arm has its share of the {total} admissible ways to fill the {left} places left"
            return Probabilities(by_arm, lead, (), tie=False, why=why)
        fewest = tuple(arm for arm in arms if lead[arm] == min(lead.values()))
        why = f"no admissible way fills the {left} places left, so {', '.join(fewest)} with the fewest catch up"
        return Probabilities(self.ratio.probabilities(fewest), lead, fewest, tie=len(fewest) > 1, why=why)

    def _ways_after(self, here: StratumState, arm: str, left: int) -> int:
        """Admissible ways to fill the `left` places of the sequence of which the next goes to `arm`."""
        counts = sorted(here.arms.get(name, 0) + (name == arm) for name in self.ratio.arms)
        table = _ways(len(counts), self.limit, self.length)
        return table[left - 1].get(tuple(n - counts[0] for n in counts), 0)


@lru_cache(maxsize=16)
def _ways(arms: int, limit: int, length: int) -> tuple[Mapping[Leads, int], ...]:
    """For 0 to `length` places left: the number of admissible ways to fill them, by the leads before."""
    admissible = [(0, *rest) for rest in combinations_with_replacement(range(limit + 1), arms - 1)]
    table: list[Mapping[Leads, int]] = [{admissible[0]: 1}]  # without a place left, all are level
    for _ in range(length):
        before = table[-1]
        table.append({leads: sum(before.get(_after(leads, i), 0) for i in range(arms)) for leads in admissible})
    return tuple(table)


def _after(leads: Leads, place: int) -> Leads:
    """The leads when one more is allocated to the arm at this place."""
    after = sorted((*leads[:place], leads[place] + 1, *leads[place + 1 :]))
    return tuple(n - after[0] for n in after)
