"""The allocation ratio: the arms in declared order, and the share of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import gcd, lcm

from equipoise.errors import AllocationError


@dataclass(frozen=True)
class Ratio:
    """Arms in declared order with whole shares, kept in lowest terms: 2:2 is 1:1.

    The order is part of the list, since a draw takes the first arm whose cumulative probability exceeds it.

    Args:
        shares: pairs (arm, share), at least two, each share a whole number from 1.

    Raises:
        AllocationError: fewer than two arms, an arm named twice or without a name, a share that is not a
            whole number from 1.
    """

    shares: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, shares: Mapping[str, int]) -> Ratio:
        """The ratio of a mapping {arm: share}, in its order."""
        return cls(tuple(shares.items()))

    def __post_init__(self) -> None:
        """Check the shares and bring them to lowest terms."""
        if len(self.shares) < 2:
            raise AllocationError("the ratio names fewer than two arms; name every arm that the list allocates")
        for arm, share in self.shares:
            if not arm:
                raise AllocationError("the ratio holds an arm without a name; name it")
            if type(share) is not int or share < 1:
                raise AllocationError(f"arm {arm!r} has the share {share!r}; shares are whole numbers from 1")
        if len(set(self.arms)) < len(self.shares):
            raise AllocationError("the ratio names an arm twice; name each arm once")
        divisor = gcd(*(share for _, share in self.shares))
        object.__setattr__(self, "shares", tuple((arm, share // divisor) for arm, share in self.shares))

    @cached_property
    def arms(self) -> tuple[str, ...]:
        """The arms in declared order."""
        return tuple(arm for arm, _ in self.shares)

    @cached_property
    def total(self) -> int:
        """The sum of the shares in lowest terms."""
        return sum(share for _, share in self.shares)

    @cached_property
    def equal(self) -> bool:
        """Whether all arms have the same share."""
        return len({share for _, share in self.shares}) == 1

    @cached_property
    def common_multiple(self) -> int:
        """The least common multiple of the shares."""
        return lcm(*(share for _, share in self.shares))

    def as_dict(self) -> dict[str, int]:
        """{arm: share} in declared order."""
        return dict(self.shares)

    def fraction(self, arm: str) -> Fraction:
        """The arm's share of the whole.

        Raises:
            AllocationError: the ratio has no such arm.
        """
        self.require(arm)
        return Fraction(self.as_dict()[arm], self.total)

    def probabilities(self, among: Iterable[str] | None = None) -> dict[str, Fraction]:
        """{arm: probability} in declared order, by ratio among the arms named (default all), else 0."""
        chosen = set(self.arms if among is None else among)
        total = sum(share for arm, share in self.shares if arm in chosen)
        return {arm: Fraction(share, total) if arm in chosen else Fraction(0) for arm, share in self.shares}

    def require(self, arm: str) -> None:
        """Raise AllocationError unless `arm` is one of the arms."""
        if arm not in self.arms:
            raise AllocationError(f"{arm!r} is not an arm of this list; its arms are {', '.join(self.arms)}")

    def require_equal(self, method: str) -> None:
        """Raise AllocationError, naming the method, unless all shares are equal."""
        if not self.equal:
            shares = ":".join(str(share) for _, share in self.shares)
            raise AllocationError(
                f"{method} is defined for equal shares, and the ratio is {shares}; use the block urn, permuted blocks, "
                "or minimisation with the scheme biased-coin"
            )
