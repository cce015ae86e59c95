"""Permuted blocks: after every full block the ratio holds exactly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from equipoise.allocation.method import Method, Probabilities, taken
from equipoise.allocation.state import StratumState
from equipoise.errors import AllocationError


@dataclass(frozen=True)
class PermutedBlocks(Method):
    """Blocks in which every order of the arms is equally likely.

    A block of n places holds each arm in the ratio. An arm's probability is its number of places left over
    all places left, which is the same as permuting the block beforehand (Rosenberger and Lachin,
    Randomization in Clinical Trials, 2nd ed. 2016, section 3.4) but needs one draw an allocation, and each
    can be explained by itself. With several sizes, the size of a block is one of them with equal probability,
    drawn when the block opens from the stream `list|stratum|block|b`. The first place of a block has the
    ratio's probabilities whatever its size.

    Args:
        ratio: the arms and their shares.
        block_sizes: one or more different sizes, each a multiple of the sum of the ratio in lowest terms.
        strata: variables whose levels make the strata; each stratum has its own blocks.

    Raises:
        AllocationError: no size, a size named twice, a size that cannot hold the ratio.
    """

    name: ClassVar[str] = "permuted-blocks"
    block_sizes: tuple[int, ...]

    def __post_init__(self) -> None:
        """Check that every size can hold the ratio."""
        super().__post_init__()
        if not self.block_sizes or len(set(self.block_sizes)) < len(self.block_sizes):
            raise AllocationError("block sizes are missing or named twice; name one or more different sizes")
        for size in self.block_sizes:
            if isinstance(size, bool) or size < 1 or size % self.ratio.total:
                raise AllocationError(
                    f"a block of {size} cannot hold the ratio; use a multiple of its sum, {self.ratio.total}"
                )

    def _words(self) -> str:
        return f"blocks of {' and '.join(map(str, self.block_sizes))}"

    def _probabilities(
        self,
        here: StratumState,
        levels: Mapping[str, str],  # noqa: ARG002 - the block says all
    ) -> Probabilities:
        if here.left:
            places = sum(here.left.values())
            by_arm = {arm: Fraction(here.left.get(arm, 0), places) for arm in self.ratio.arms}
            why = f"each arm has its share of the {places} places left in block {here.blocks}"
        else:
            by_arm = self.ratio.probabilities()
            why = f"first place of block {here.blocks + 1}: each arm has its share of the ratio"
        return Probabilities(by_arm, dict.fromkeys(self.ratio.arms), (), tie=False, why=why)

    def _block_sizes_due(self, here: StratumState) -> tuple[int, ...]:
        return () if here.left else self.block_sizes

    def _block_after(self, here: StratumState, arm: str, block_size: int | None) -> tuple[int, Mapping[str, int]]:
        self.ratio.require(arm)
        if not here.left:
            return here.blocks + 1, taken(self._opened(block_size), arm)
        if block_size is not None:
            raise AllocationError(f"a block of {block_size} was opened while block {here.blocks} has places left")
        if not here.left.get(arm, 0):
            raise AllocationError(f"block {here.blocks} has no place left for arm {arm!r}; it cannot have been drawn")
        return here.blocks, taken(here.left, arm)

    def _opened(self, block_size: int | None) -> dict[str, int]:
        size = self.block_sizes[0] if block_size is None and len(self.block_sizes) == 1 else block_size
        if size not in self.block_sizes:
            raise AllocationError(f"a block opens with the size {size!r}; the method knows {self.block_sizes}")
        return {arm: share * size // self.ratio.total for arm, share in self.ratio.shares}
