"""From an order of the arms, least imbalance first, to the probability of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Literal, TypeAlias, get_args

from equipoise.allocation.exact import Imbalance
from equipoise.allocation.ratio import Ratio
from equipoise.errors import AllocationError

Scheme: TypeAlias = Literal["best", "rank", "biased-coin"]
SCHEMES: tuple[str, ...] = get_args(Scheme)


def check_preference(scheme: Scheme, ratio: Ratio, probability: Fraction) -> None:
    """Check that the probability of a scheme favours the preferred arm.

    Raises:
        AllocationError: an unknown scheme, a probability out of the range that `preference` states, ranks
            with an unequal ratio.
    """
    if scheme not in SCHEMES:
        raise AllocationError(f"{scheme!r} is not a scheme of preference; use one of {', '.join(SCHEMES)}")
    least, most = preference_range(scheme, ratio)
    if not least <= probability <= most:
        raise AllocationError(
            f"the probability {probability} of scheme {scheme!r} lies outside {least} to {most}; "
            "below, the preferred arm would get less than its share of the ratio"
        )


def grouped(imbalance: Mapping[str, Imbalance]) -> list[list[str]]:
    """The arms in groups of exactly equal imbalance, least first, declared order within a group."""
    order: list[list[str]] = []
    for arm in sorted(imbalance, key=imbalance.__getitem__):
        if order and imbalance[order[-1][0]] == imbalance[arm]:
            order[-1].append(arm)
        else:
            order.append([arm])
    return order


def preference(
    scheme: Scheme, ratio: Ratio, probability: Fraction, order: Sequence[Sequence[str]]
) -> dict[str, Fraction]:
    """The probability of each arm, in declared order.

    - `best`: the preferred arm gets `probability` p, the others share 1 - p in proportion to the ratio
      (Pocock and Simon 1975, with p1 = p and equal others). p from the largest share of the ratio to 1.
    - `biased-coin`: p is for an arm of the smallest share s of the total R; a preferred arm of share r gets
      1 - (1 - p)(R - r)/(R - s), the others share the rest in proportion to the ratio. It keeps the ratio
      over the whole trial where `best` need not (Han, Enas and McEntegart, Stat Med 2009;28:3329-46). p from
      s/R to 1.
    - `rank`: the arm of rank k = 1..N gets q - 2(Nq - 1)/(N(N + 1)) k with q = `probability`, from 1/N to
      2/(N - 1) but not above 1 (Pocock and Simon 1975). For equal ratios only.

    The tie rule: tied arms are never told apart by anything but the ratio. Under `best` and `biased-coin`,
    when several arms are least, every other arm gets the mean, weighted by the ratio, of what it would get
    with each of the tied arms preferred, and the tied arms share what remains in proportion to the ratio.
    With two arms, and whenever all arms are tied, that is the ratio itself; with equal ratios it is the same
    as breaking the tie at random first. Under `rank`, arms that are tied at any place share their ranks'
    probabilities equally.

    Args:
        scheme: which of them.
        ratio: the arms and their shares.
        probability: p or q.
        order: groups of arms with equal imbalance, least first; together every arm once.
    """
    return dict(_preference(scheme, ratio, probability, tuple(map(tuple, order))))


@lru_cache(maxsize=1024)
def _preference(
    scheme: Scheme, ratio: Ratio, probability: Fraction, order: tuple[tuple[str, ...], ...]
) -> dict[str, Fraction]:
    """The same, remembered: a trial meets few orders, and meets them again and again."""
    if scheme == "rank":
        return _by_rank(ratio, probability, order)
    tied = order[0]
    weights = ratio.probabilities(tied)
    rows = {arm: _when_preferred(scheme, ratio, probability, arm) for arm in tied}
    others = {
        arm: sum((weights[best] * row[arm] for best, row in rows.items()), Fraction(0))
        for group in order[1:]
        for arm in group
    }
    left = 1 - sum(others.values(), Fraction(0))
    return {arm: others[arm] if arm in others else weights[arm] * left for arm in ratio.arms}


def preference_range(scheme: Scheme, ratio: Ratio) -> tuple[Fraction, Fraction]:
    """The least and the largest probability that a scheme takes.

    Raises:
        AllocationError: ranks with an unequal ratio.
    """
    fractions = ratio.probabilities().values()
    if scheme == "biased-coin":
        return min(fractions), Fraction(1)
    if scheme == "rank":
        if not ratio.equal:
            raise AllocationError("rank probabilities would not keep an unequal ratio; use the scheme biased-coin")
        return Fraction(1, len(ratio.arms)), min(Fraction(1), Fraction(2, len(ratio.arms) - 1))
    return max(fractions), Fraction(1)


def _when_preferred(scheme: Scheme, ratio: Ratio, p: Fraction, preferred: str) -> dict[str, Fraction]:
    shares = ratio.as_dict()
    rest = ratio.total - shares[preferred]
    if scheme == "biased-coin":
        p = 1 - (1 - p) * Fraction(rest, ratio.total - min(shares.values()))
    return {arm: p if arm == preferred else (1 - p) * Fraction(share, rest) for arm, share in ratio.shares}


def _by_rank(ratio: Ratio, q: Fraction, order: Sequence[Sequence[str]]) -> dict[str, Fraction]:
    n = len(ratio.arms)
    step = 2 * (n * q - 1) / (n * (n + 1))
    by_arm: dict[str, Fraction] = {}
    before = 0
    for group in order:
        ranks = range(before + 1, before + len(group) + 1)
        mean = sum((q - step * rank for rank in ranks), Fraction(0)) / len(group)
        by_arm.update(dict.fromkeys(group, mean))
        before += len(group)
    return {arm: by_arm[arm] for arm in ratio.arms}
