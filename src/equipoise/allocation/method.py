"""What every method of allocation is: probabilities before an allocation, and the state after it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import ClassVar

from equipoise.allocation.exact import Imbalance
from equipoise.allocation.ratio import Ratio
from equipoise.allocation.state import ListState, StratumState
from equipoise.errors import AllocationError

UNSTRATIFIED = "all"


@dataclass(frozen=True)
class Probabilities:
    """The distribution of the next allocation, and what led to it.

    Attributes:
        by_arm: {arm: exact probability} in declared order; they sum to 1.
        imbalance: {arm: imbalance if the participant joined that arm}, or None for each where a method has
            none.
        preferred: the arms that the rule prefers, in declared order; empty where a method prefers none.
        tie: whether arms that the rule would tell apart came out exactly equal.
        why: the same in a sentence, for a reader.
    """

    by_arm: Mapping[str, Fraction]
    imbalance: Mapping[str, Imbalance | None]
    preferred: tuple[str, ...]
    tie: bool
    why: str


@dataclass(frozen=True)
class Method(ABC):
    """A method of allocation: a pure value, without seed, clock or state of its own.

    With `strata` the method runs on its own in every stratum (each has its own counts and draws); without, in
    the one stratum "all". A method in a file of its own derives from this class and says `_probabilities`;
    one that needs more than counts also says `_block_after`.

    Args:
        ratio: the arms and their shares.
        strata: names of the variables whose levels make the strata, in declared order.

    Raises:
        AllocationError: a stratum variable is named twice or has no name.
    """

    name: ClassVar[str]
    ratio: Ratio
    strata: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        """Check the names of the variables; methods with more to check extend this."""
        if not all(self.variables):
            raise AllocationError("a stratum or factor has no name; give the name of a variable")
        twice = sorted({name for name in self.variables if self.variables.count(name) > 1})
        if twice:
            raise AllocationError(
                f"{', '.join(twice)} is counted twice, among strata and factors; name each variable once: "
                "a stratum is balanced already"
            )

    def __str__(self) -> str:
        """The method with its settings, in a few words: `blocks of 4 and 6 per site`."""
        return self._words() + (f" per {' and '.join(self.strata)}" if self.strata else "")

    def _words(self) -> str:
        """The method with its settings, but for strata."""
        return self.name

    @property
    def balanced_factors(self) -> tuple[str, ...]:
        """Names of the factors whose margins the method counts."""
        return ()

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """Every variable whose level the method needs: strata, then factors."""
        return (*self.strata, *self.balanced_factors)

    def used_levels(self, levels: Mapping[str, str]) -> dict[str, str]:
        """The levels that the method needs, in its order; others that are given are left out.

        Raises:
            AllocationError: a level is missing or is not text.
        """
        for name in self.variables:
            if not isinstance(levels.get(name), str):
                raise AllocationError(
                    f"{name!r} has no level ({levels.get(name)!r}); every stratum and factor "
                    "needs one, as text, before an allocation"
                )
        return {name: levels[name] for name in self.variables}

    def stratum(self, levels: Mapping[str, str]) -> str:
        """The key of the participant's stratum; see `stratum_key`."""
        used = self.used_levels(levels)
        return stratum_key((name, used[name]) for name in self.strata)

    def probabilities(self, state: ListState, levels: Mapping[str, str]) -> Probabilities:
        """The distribution of the next allocation of a participant with these levels.

        Args:
            state: the list as it is.
            levels: {variable: level} as randomised; at least `variables`.

        Raises:
            AllocationError: a level is missing or is not text.
        """
        return self._probabilities(state.at(self.stratum(levels)), self.used_levels(levels))

    def block_sizes_due(self, state: ListState, levels: Mapping[str, str]) -> tuple[int, ...]:
        """The sizes among which the next allocation draws, if it opens a block; otherwise empty."""
        return self._block_sizes_due(state.at(self.stratum(levels)))

    def advance(
        self, state: ListState, levels: Mapping[str, str], arm: str, *, block_size: int | None = None
    ) -> ListState:
        """The state after a drawn allocation.

        Args:
            state: the list before it.
            levels: the levels that were used.
            arm: the arm that was drawn.
            block_size: the size of the block that this allocation opened, if it opened one.

        Raises:
            AllocationError: an arm that the ratio does not name or that the block no longer holds, a missing
                level, a block size where none is due or one that the method does not know.
        """
        here = state.at(self.stratum(levels))
        blocks, left = self._block_after(here, arm, block_size)
        return self._counted(state, levels, arm, blocks, left)

    def advance_by_hand(self, state: ListState, levels: Mapping[str, str], arm: str) -> ListState:
        """The state after an allocation made by hand, without a draw.

        It counts like any other, its number k is used up, and an open block gives up a place of that arm if
        it has one left; it never opens a block.

        Raises:
            AllocationError: an arm that the ratio does not name, a missing level.
        """
        here = state.at(self.stratum(levels))
        left = taken(here.left, arm) if here.left.get(arm, 0) else here.left
        return self._counted(state, levels, arm, here.blocks, left)

    def _counted(
        self, state: ListState, levels: Mapping[str, str], arm: str, blocks: int, left: Mapping[str, int]
    ) -> ListState:
        self.ratio.require(arm)
        used, key = self.used_levels(levels), self.stratum(levels)
        after = state.at(key).counted(arm, {name: used[name] for name in self.balanced_factors})
        return state.with_stratum(key, StratumState(after.allocated, after.arms, after.margins, blocks, left))

    @abstractmethod
    def _probabilities(self, here: StratumState, levels: Mapping[str, str]) -> Probabilities:
        """The distribution, given the participant's stratum and the levels of `variables`."""

    def _block_sizes_due(self, here: StratumState) -> tuple[int, ...]:  # noqa: ARG002 - for blocks
        return ()

    def _block_after(self, here: StratumState, arm: str, block_size: int | None) -> tuple[int, Mapping[str, int]]:
        """Blocks opened and places left after an allocation to `arm`; a method without blocks has none."""
        if block_size is not None:
            raise AllocationError(f"{self.name} has no blocks, yet arm {arm!r} came with one of {block_size}")
        return here.blocks, here.left


def stratum_key(levels: Iterable[tuple[str, str]]) -> str:
    """The text that names a stratum in draws: `variable=level` joined by `;` in declared order.

    In names and levels the characters `%`, `|`, `=` and `;` are written %25, %7C, %3D and %3B, so that two
    strata never share a key and a key never holds a bar. Without any variable the key is "all".
    """
    return ";".join(f"{_escaped(name)}={_escaped(level)}" for name, level in levels) or UNSTRATIFIED


def taken(left: Mapping[str, int], arm: str) -> dict[str, int]:
    """What is left of a block after one place of `arm` is taken; empty when it was the last place of all."""
    after = {**left, arm: left[arm] - 1}
    return after if any(after.values()) else {}


def whole_from(least: int, what: str, value: int) -> None:
    """Raise AllocationError unless the value is a whole number from `least`."""
    if type(value) is not int or value < least:
        raise AllocationError(f"{what} is {value!r}; use a whole number from {least}")


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("|", "%7C").replace("=", "%3D").replace(";", "%3B")
