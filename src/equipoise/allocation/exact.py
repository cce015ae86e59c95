"""Exact numbers: fractions as text, and sums of square roots that compare without rounding."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import total_ordering
from math import isqrt
from typing import TypeAlias

from equipoise.errors import AllocationError

DECIMAL_PLACES = 12

# Bounded on purpose: Fraction("1e999999999") would try to build the number.
_FRACTION_TEXT = re.compile(r"[0-9]{1,18}(?:/[0-9]{1,18}|\.[0-9]{1,18})?")


def parse_fraction(value: int | str | float | Decimal | Fraction) -> Fraction:
    """Read a non-negative fraction: 2, "4/5", "0.8", Decimal("0.8").

    A float is read through its shortest decimal text, so 0.8 is 4/5 and not the binary fraction beside it.

    Raises:
        AllocationError: anything else: a sign, an exponent, a zero denominator, more than 18 digits in a
            part.
    """
    if isinstance(value, Fraction) and value >= 0:
        return value
    text = str(value).strip()
    if isinstance(value, bool) or not _FRACTION_TEXT.fullmatch(text):
        raise AllocationError(f"{text[:60]!r} is not a fraction; write it as 4/5 or 0.8")
    try:
        return Fraction(text)
    except ZeroDivisionError as error:
        raise AllocationError(f"{text!r} divides by zero; write it as 4/5 or 0.8") from error


@total_ordering
@dataclass(frozen=True, eq=False)
class RootSum:
    """A sum of square roots, `sum of c * sqrt(n)`, that is compared exactly.

    `terms` holds pairs (c, n): c a positive fraction, n a positive integer. No product of two of its n is a
    perfect square, hence the roots are linearly independent over the rationals (Besicovitch, J London Math
    Soc 1940;15:3-6): two sums are equal if and only if their coefficients are, and two that differ are told
    apart by integer square roots of enough digits.
    """

    terms: tuple[tuple[Fraction, int], ...]

    @classmethod
    def of(cls, weighted_squares: Iterable[tuple[Fraction, Fraction]]) -> RootSum:
        """The sum of `weight * sqrt(square)` over pairs (weight, square), neither of them negative."""
        return cls(_collected((weight, square) for weight, square in weighted_squares if weight and square))

    def rounded(self) -> str:
        """The value as decimal text, rounded to the nearest at 12 places; the digits are certain."""
        scaled = _floor(((c * 10**DECIMAL_PLACES, n) for c, n in self.terms), Fraction(1, 2))
        whole, decimals = divmod(scaled, 10**DECIMAL_PLACES)
        return f"{whole}.{decimals:0{DECIMAL_PLACES}d}"

    def __eq__(self, other: object) -> bool:
        """Exact equality of the two sums."""
        return self._minus(other) == () if isinstance(other, RootSum) else NotImplemented

    def __lt__(self, other: RootSum) -> bool:
        """Whether this sum is less than the other, exactly."""
        difference = self._minus(other)
        return bool(difference) and _is_negative(difference)

    __hash__ = None  # type: ignore[assignment]  # equal sums may hold different terms, so none is a sound key

    def _minus(self, other: RootSum) -> tuple[tuple[Fraction, int], ...]:
        pairs = (*self.terms, *((-c, n) for c, n in other.terms))
        return _collected((c, Fraction(n)) for c, n in pairs)


Imbalance: TypeAlias = Fraction | RootSum


def imbalance_text(value: Imbalance) -> str:
    """An imbalance as text: "8/3" for a fraction; a sum of roots as a decimal of 12 places."""
    return value.rounded() if isinstance(value, RootSum) else str(value)


def _collected(terms: Iterable[tuple[Fraction, Fraction]]) -> tuple[tuple[Fraction, int], ...]:
    """Add up the terms whose roots are rational multiples of each other; drop what cancels."""
    classes: dict[int, Fraction] = {}
    for coefficient, square in terms:
        # sqrt(a/b) = sqrt(ab)/b leaves integers under the root; if nm is a square, sqrt(n) is a rational
        # multiple of sqrt(m): sqrt(nm)/m times it.
        inside = square.numerator * square.denominator
        scale = coefficient / square.denominator
        for known in (1, *classes):
            root = isqrt(inside * known)
            if root * root == inside * known:
                classes[known] = classes.get(known, Fraction(0)) + scale * root / known
                break
        else:
            classes[inside] = scale
    return tuple((c, n) for n, c in classes.items() if c)


def _bounds(terms: Iterable[tuple[Fraction, int]], bits: int) -> tuple[Fraction, Fraction]:
    """A lower and an upper bound of the sum, from roots taken to `bits` binary places."""
    low = high = Fraction(0)
    for c, n in terms:
        root = isqrt(n << (2 * bits))
        ends = (Fraction(root, 1 << bits), Fraction(root + (root * root != n << (2 * bits)), 1 << bits))
        low += c * (ends[0] if c > 0 else ends[1])
        high += c * (ends[1] if c > 0 else ends[0])
    return low, high


def _is_negative(terms: tuple[tuple[Fraction, int], ...]) -> bool:
    """The sign of a collected, hence non-zero, sum: more digits until both bounds lie on one side of zero."""
    bits = 64
    while True:
        low, high = _bounds(terms, bits)
        if low > 0 or high < 0:
            return high < 0
        bits *= 2


def _floor(terms: Iterable[tuple[Fraction, int]], shift: Fraction) -> int:
    """The integer part of a collected sum plus a fraction."""
    fixed, bits = tuple(terms), 64
    while True:
        low, high = _bounds(fixed, bits)
        floors = {(bound + shift).__floor__() for bound in (low, high)}
        if len(floors) == 1:
            return floors.pop()
        bits *= 2
