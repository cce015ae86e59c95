"""What a list must remember between two allocations: counts, and nothing that the ledger does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from equipoise.errors import AllocationError

Margins = Mapping[str, Mapping[str, Mapping[str, int]]]


@dataclass(frozen=True)
class StratumState:
    """The counts of one stratum. Its mappings are never changed in place.

    Attributes:
        allocated: allocations made, by draw or by hand; the next draw is number `allocated + 1`.
        arms: {arm: allocated}; an arm that is absent has none.
        margins: {factor: {level: {arm: allocated}}} of the factors that the method balances.
        blocks: blocks opened so far.
        left: {arm: places left} in the open block, empty when none is open.
    """

    allocated: int = 0
    arms: Mapping[str, int] = field(default_factory=dict)
    margins: Margins = field(default_factory=dict)
    blocks: int = 0
    left: Mapping[str, int] = field(default_factory=dict)

    def counted(self, arm: str, factor_levels: Mapping[str, str]) -> StratumState:
        """This state with one more participant in `arm`, whose level of each balanced factor is given."""
        margins = dict(self.margins)
        for factor, level in factor_levels.items():
            of_factor = margins.get(factor, {})
            margins[factor] = {**of_factor, level: _one_more(of_factor.get(level, {}), arm)}
        return replace(self, allocated=self.allocated + 1, arms=_one_more(self.arms, arm), margins=margins)


@dataclass(frozen=True)
class ListState:
    """The state of a whole list: {stratum key: StratumState}; a stratum that is absent is empty."""

    strata: Mapping[str, StratumState] = field(default_factory=dict)

    def at(self, stratum: str) -> StratumState:
        """The state of one stratum."""
        return self.strata.get(stratum, _EMPTY)

    def with_stratum(self, stratum: str, state: StratumState) -> ListState:
        """This state with one stratum replaced."""
        return ListState({**self.strata, stratum: state})

    def to_json(self) -> dict[str, Any]:
        """The state as JSON-safe values: mappings, texts and integers."""
        return {
            key: {
                "allocated": here.allocated,
                "arms": dict(here.arms),
                "margins": {f: {v: dict(c) for v, c in levels.items()} for f, levels in here.margins.items()},
                "blocks": here.blocks,
                "left": dict(here.left),
            }
            for key, here in self.strata.items()
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ListState:
        """The state that `to_json` wrote.

        Raises:
            AllocationError: the value does not have that form.
        """
        try:
            return cls({key: StratumState(**stratum) for key, stratum in value.items()})
        except (TypeError, AttributeError) as error:
            raise AllocationError("not a list's state; give what ListState.to_json returned") from error


_EMPTY = StratumState()


def _one_more(counts: Mapping[str, int], arm: str) -> dict[str, int]:
    return {**counts, arm: counts.get(arm, 0) + 1}
