"""Attrition from patterns: how a record stands on every criterion, packed into numbers, and records counted by pattern.

A table has far fewer patterns than records, and every count of the result follows from how many records have each. So
the database groups once, and nothing else has to be counted there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FAIL, PASS, UNKNOWN = 0, 1, 2
"""How a criterion stands: what SQL gives for `COALESCE(CAST(passes AS INTEGER), 2)`."""

PER_NUMBER = 15
"""Criteria packed into one number, two bits each: 15 fill an integer of 32 bits without its sign."""


def numbers_needed(criteria: int) -> int:
    """How many numbers hold a pattern; one at least, so that there is something to group by."""
    return max(1, -(-criteria // PER_NUMBER))


@dataclass
class Tally:
    """Counts over patterns; `criteria` have a rule each.

    Attributes:
        records: all records.
        eligible: no criterion fails and none is unknown.
        undecided: none fails, and at least one is unknown.
        failed, unknown: by criterion.
        first: fail it, and none before it.
        alone: fail it, and pass all others.
    """

    criteria: int
    records: int = 0
    eligible: int = 0
    undecided: int = 0
    failed: NDArray[np.int64] = field(init=False)
    unknown: NDArray[np.int64] = field(init=False)
    first: NDArray[np.int64] = field(init=False)
    alone: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        """Begin at 0."""
        for name in ("failed", "unknown", "first", "alone"):
            setattr(self, name, np.zeros(self.criteria, np.int64))

    @property
    def ineligible(self) -> int:
        """At least one criterion fails."""
        return self.records - self.eligible - self.undecided

    def add(self, patterns: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Add patterns (one row each, one column a number) and how many records have each; gives who is eligible."""
        standing = self._unpacked(patterns)
        fails, unknown = standing == FAIL, standing == UNKNOWN
        failing, unknowns = fails.sum(axis=1), unknown.sum(axis=1)
        self.records += int(counts.sum())
        eligible: NDArray[np.bool_] = (failing == 0) & (unknowns == 0)
        self.eligible += int(counts[eligible].sum())
        self.undecided += int(counts[(failing == 0) & (unknowns > 0)].sum())
        if self.criteria:
            self.failed += counts @ fails
            self.unknown += counts @ unknown
            first = fails.argmax(axis=1)
            np.add.at(self.first, first[failing > 0], counts[failing > 0])
            alone = (failing == 1) & (unknowns == 0)
            np.add.at(self.alone, first[alone], counts[alone])
        return eligible

    def _unpacked(self, patterns: NDArray[np.int64]) -> NDArray[np.int64]:
        """How each pattern stands on each criterion."""
        place = np.arange(self.criteria)
        return (patterns[:, place // PER_NUMBER] >> (2 * (place % PER_NUMBER))) & 3
