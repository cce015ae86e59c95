"""Properties of one list by exact enumeration: every way it can go, with its probability."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import log, sqrt
from typing import TypeAlias

from equipoise.allocation.method import Method
from equipoise.allocation.ratio import Ratio
from equipoise.allocation.state import ListState
from equipoise.errors import AllocationError

MAX_WAYS = 50_000
"""States that a list may be in at once."""

_NEGLIGIBLE = 1e-18
"""A state less probable than this is left out; all of them together weigh less than the last digit of the results."""

Key: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]
"""Counts by arm, and places left in the open block: all that the future of a list rests on."""


@dataclass(frozen=True, slots=True)
class ExactProperties:
    """How well one list balances, and how easily it is guessed, over its first places.

    Attributes:
        participants: how many places.
        correct_guess: share of correct guesses by the convergence strategy: the arm that is furthest below its share
            is guessed; of arms level at the least the one of the largest share, and of equal ones any (Blackwell and
            Hodges, Ann Math Stat 1957;28:449-460).
        known_guess: the same for somebody who knows the method, every allocation before and the size of the open
            block: the mean of the largest probability.
        deterministic: share of allocations that are certain before they are made.
        entropy: mean entropy of an allocation given those before it, in nats; that of a fair coin is 0.693.
        balanced: share of places after which the arms hold the ratio exactly.
        imbalance_mean: mean imbalance at the end; with equal shares it is the largest arm less the smallest.
        imbalance_rms: root of its mean square; with two equal arms the standard deviation of their difference.
        imbalance_max: mean of the largest imbalance on the way.
    """

    participants: int
    correct_guess: float
    known_guess: float
    deterministic: float
    entropy: float
    balanced: float
    imbalance_mean: float
    imbalance_rms: float
    imbalance_max: float


@dataclass(frozen=True, slots=True)
class _Way:
    """A state, the chance of each largest imbalance on the way to it, and what comes next."""

    state: ListState
    largest: dict[float, float]

    @property
    def chance(self) -> float:
        return sum(self.largest.values())


def exact_properties(method: Method, participants: int) -> ExactProperties:
    """Enumerate every way that one list, or one stratum of it, can go.

    The probabilities of arms are the method's own fractions; the chances of states are summed in floating point.

    Args:
        method: without factors; its strata are left out, since this is about one of them.
        participants: how many places, from 1.

    Raises:
        AllocationError: a method with factors (simulate it), no place, or too many states (simulate it).
    """
    if method.balanced_factors:
        raise AllocationError("a method that balances factors has too many states to enumerate; simulate it")
    if participants < 1:
        raise AllocationError(f"{participants} places hold no allocation; give at least 1")
    single = replace(method, strata=())
    ways: dict[Key, _Way] = {_key(single, ListState()): _Way(ListState(), {0.0: 1.0})}
    sums = dict.fromkeys(("correct", "known", "deterministic", "entropy", "balanced"), 0.0)
    for _ in range(participants):
        following: dict[Key, _Way] = {}
        for key, way in ways.items():
            by_arm = single.probabilities(way.state, {}).by_arm
            _count(sums, single.ratio, key[0], by_arm, way.chance)
            for state, chance in _next(single, way.state, by_arm):
                _reach(following, single, state, way.largest, chance)
        if len(following) > MAX_WAYS:
            raise AllocationError(f"{len(following)} states are too many to enumerate; simulate it")
        ways = {key: way for key, way in following.items() if way.chance > _NEGLIGIBLE}
        sums["balanced"] += sum(way.chance for key, way in ways.items() if imbalance_of(single.ratio, key[0]) == 0)
    final = [(float(imbalance_of(single.ratio, key[0])), way) for key, way in ways.items()]
    return ExactProperties(
        participants=participants,
        correct_guess=sums["correct"] / participants,
        known_guess=sums["known"] / participants,
        deterministic=sums["deterministic"] / participants,
        entropy=sums["entropy"] / participants,
        balanced=sums["balanced"] / participants,
        imbalance_mean=sum(d * way.chance for d, way in final),
        imbalance_rms=sqrt(sum(d * d * way.chance for d, way in final)),
        imbalance_max=sum(d * chance for _, way in final for d, chance in way.largest.items()),
    )


def imbalance_of(ratio: Ratio, counts: tuple[int, ...]) -> Fraction:
    """The largest count less the smallest, each divided by its arm's share and multiplied by the mean share.

    It is 0 where the ratio holds, and with equal shares the plain difference.
    """
    scaled = [Fraction(n, share) for n, (_, share) in zip(counts, ratio.shares, strict=True)]
    return (max(scaled) - min(scaled)) * Fraction(ratio.total, len(ratio.arms))


def convergence_guess(ratio: Ratio, counts: tuple[int, ...]) -> dict[str, Fraction]:
    """With what probability each arm is guessed by who expects the arm that is furthest below its share."""
    below = [Fraction(n, share) for n, (_, share) in zip(counts, ratio.shares, strict=True)]
    least = [(share, arm) for (arm, share), x in zip(ratio.shares, below, strict=True) if x == min(below)]
    likely = [arm for share, arm in least if share == max(least)[0]]
    return {arm: Fraction(1, len(likely)) if arm in likely else Fraction(0) for arm in ratio.arms}


def _count(
    sums: dict[str, float], ratio: Ratio, counts: tuple[int, ...], by_arm: Mapping[str, Fraction], chance: float
) -> None:
    guess = convergence_guess(ratio, counts)
    most = max(by_arm.values())
    sums["correct"] += chance * float(sum(guess[arm] * p for arm, p in by_arm.items()))
    sums["known"] += chance * float(most)
    sums["deterministic"] += chance * (most == 1)
    sums["entropy"] -= chance * sum(float(p) * log(p) for p in by_arm.values() if p)


def _next(method: Method, state: ListState, by_arm: Mapping[str, Fraction]) -> Iterator[tuple[ListState, float]]:
    """Every state that may follow, with its chance."""
    sizes = method.block_sizes_due(state, {}) or (None,)
    for arm, p in by_arm.items():
        for size in sizes if p else ():
            yield method.advance(state, {}, arm, block_size=size), float(p) / len(sizes)


def _reach(
    following: dict[Key, _Way], method: Method, state: ListState, largest: dict[float, float], chance: float
) -> None:
    key = _key(method, state)
    now = float(imbalance_of(method.ratio, key[0]))
    way = following.setdefault(key, _Way(state, {}))
    for before, weight in largest.items():
        most = max(before, now)
        way.largest[most] = way.largest.get(most, 0.0) + weight * chance


def _key(method: Method, state: ListState) -> Key:
    here = state.at(method.stratum({}))
    arms = method.ratio.arms
    return tuple(here.arms.get(arm, 0) for arm in arms), tuple(here.left.get(arm, 0) for arm in arms)
