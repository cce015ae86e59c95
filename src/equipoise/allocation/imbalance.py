"""How unequal the arms of one margin are: range, variance, standard deviation, marginal balance; all exact.

Counts are divided by the arm's share of the ratio first, so that a margin in the ratio has no imbalance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import Literal, TypeAlias, get_args

from equipoise.allocation.exact import Imbalance, RootSum
from equipoise.allocation.ratio import Ratio

Measure: TypeAlias = Literal["range", "variance", "sd", "marginal-balance"]
MEASURES: tuple[str, ...] = get_args(Measure)


def margin_imbalance(measure: Measure, ratio: Ratio, counts: Mapping[str, int]) -> Imbalance:
    """The imbalance of one margin.

    `range` is the largest less the smallest; `variance` has the denominator K - 1 for K arms; `sd` is its
    root; `marginal-balance` is the sum of |x_i - x_j| over pairs, over (K - 1) times the sum of x (0 without
    anybody), with x the count over the arm's share (Pocock and Simon, Biometrics 1975;31:103-115; Han, Enas
    and McEntegart, Stat Med 2009;28:3329-46).

    Args:
        measure: which of them.
        ratio: the arms and their shares, in lowest terms.
        counts: {arm: participants}; an arm that is absent has none.
    """
    return total_imbalance(measure, ratio, [(Fraction(1), counts)])


def total_imbalance(measure: Measure, ratio: Ratio, margins: Sequence[tuple[Fraction, Mapping[str, int]]]) -> Imbalance:
    """The weighted sum of `margin_imbalance` over pairs (weight, counts)."""
    weighted = [(weight, _scaled(ratio, counts)) for weight, counts in margins]
    unit = ratio.common_multiple
    if measure == "range":
        return _weighted_sum([(w, max(x) - min(x)) for w, x in weighted], unit)
    if measure == "variance":
        return sum((w * _variance(x, unit) for w, x in weighted), Fraction(0))
    if measure == "sd":
        return RootSum.of((w, _variance(x, unit)) for w, x in weighted)
    return sum((w * _marginal_balance(x) for w, x in weighted), Fraction(0))


def _weighted_sum(terms: Sequence[tuple[Fraction, int]], unit: int) -> Fraction:
    """The sum of weight times count over `unit`, as one fraction: sums of integers are faster than of fractions."""
    common = lcm(*(weight.denominator for weight, _ in terms))
    return Fraction(sum(w.numerator * (common // w.denominator) * count for w, count in terms), common * unit)


def lead_if_joined(ratio: Ratio, counts: Mapping[str, int]) -> dict[str, Fraction]:
    """By how many each arm would lead the one with the fewest, if the participant joined it; for equal shares.

    It is 1 for an arm with the fewest, and equal for arms that are level.
    """
    least = min(counts.get(arm, 0) for arm in ratio.arms)
    return {arm: Fraction(counts.get(arm, 0) + 1 - least) for arm in ratio.arms}


def _scaled(ratio: Ratio, counts: Mapping[str, int]) -> list[int]:
    """Counts over shares, times the shares' common multiple: integers, which are faster than fractions."""
    unit = ratio.common_multiple
    return [counts.get(arm, 0) * (unit // share) for arm, share in ratio.shares]


def _variance(x: Sequence[int], unit: int) -> Fraction:
    k = len(x)
    return Fraction(k * sum(v * v for v in x) - sum(x) ** 2, k * (k - 1) * unit * unit)


def _marginal_balance(x: Sequence[int]) -> Fraction:
    differences = sum(abs(a - b) for i, a in enumerate(x) for b in x[:i])
    return Fraction(differences, (len(x) - 1) * sum(x)) if any(x) else Fraction(0)
