"""Fractions as text, and sums of roots that compare without rounding."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.allocation import RootSum, parse_fraction
from equipoise.errors import AllocationError


def roots(*pairs: tuple[int | Fraction, int | Fraction]) -> RootSum:
    """The sum of weight * sqrt(square)."""
    return RootSum.of((Fraction(weight), Fraction(square)) for weight, square in pairs)


@pytest.mark.parametrize("value", ["4/5", "0.8", "8/10", 0.8, Decimal("0.8"), Fraction(4, 5)])
def test_four_fifths_is_read_from_every_way_to_write_it(value: str | float | Decimal | Fraction) -> None:
    assert parse_fraction(value) == Fraction(4, 5)


@pytest.mark.parametrize(
    "value", ["", "x", "-1/2", "1e9", "1/0", "1/2/3", "nan", True, float("nan"), float("inf"), "1" * 19, -1]
)
def test_what_is_no_fraction_is_refused(value: str | float) -> None:
    with pytest.raises(AllocationError):
        parse_fraction(value)


def test_a_tie_that_floats_miss_is_found() -> None:
    assert math.sqrt(2) + math.sqrt(8) != math.sqrt(18)
    assert roots((1, 2), (1, 8)) == roots((1, 18))


def test_a_difference_that_floats_miss_is_found() -> None:
    n = 10**16  # sqrt is concave: sqrt(n) + sqrt(n + 2) < 2 sqrt(n + 1), here by 2.5e-25
    assert math.sqrt(n) + math.sqrt(n + 2) == 2 * math.sqrt(n + 1)
    assert roots((1, n), (1, n + 2)) < roots((2, n + 1))
    assert not roots((2, n + 1)) < roots((1, n), (1, n + 2))
    assert roots((2, n + 1)) != roots((1, n), (1, n + 2))


def test_roots_of_fractions_and_perfect_squares_add_up() -> None:
    # sqrt(1/2) + sqrt(9/2) = 2 sqrt(2); sqrt(4) + sqrt(1/4) = 5/2
    assert roots((1, Fraction(1, 2)), (1, Fraction(9, 2))) == roots((2, 2))
    assert roots((1, 4), (1, Fraction(1, 4))) == roots((Fraction(5, 2), 1))
    assert roots((1, 0)) == roots()


def test_the_rounded_text_has_twelve_certain_places() -> None:
    # sqrt(1/3) = 0.57735026918962576..., sqrt(2) = 1.41421356237309504880... (OEIS A020760, A002193)
    assert roots((1, Fraction(1, 3))).rounded() == "0.577350269190"
    assert roots((1, 2)).rounded() == "1.414213562373"
    assert roots((1, 4)).rounded() == "2.000000000000"
    assert roots().rounded() == "0.000000000000"


_pairs = st.lists(st.tuples(st.fractions(0, 5, max_denominator=9), st.fractions(0, 60, max_denominator=12)), max_size=4)


@settings(deadline=None)
@given(_pairs, _pairs)
def test_comparison_agrees_with_eighty_digits(
    one: list[tuple[Fraction, Fraction]], other: list[tuple[Fraction, Fraction]]
) -> None:
    left, right = RootSum.of(one), RootSum.of(other)
    difference = _eighty_digits(one) - _eighty_digits(other)
    equal = abs(difference) < Decimal("1e-70")
    assert (left == right) == equal
    assert (left < right) == (difference < 0 and not equal)
    assert abs(Decimal(left.rounded()) - _eighty_digits(one)) <= Decimal("5.0000001e-13")


@settings(deadline=None)
@given(_pairs)
def test_a_sum_equals_itself_in_any_order_and_form(pairs: list[tuple[Fraction, Fraction]]) -> None:
    backwards = [(weight * 2, square / 4) for weight, square in reversed(pairs)]
    assert RootSum.of(pairs) == RootSum.of(backwards)


def _eighty_digits(pairs: list[tuple[Fraction, Fraction]]) -> Decimal:
    with localcontext() as context:
        context.prec = 80
        return sum(
            (Decimal(w.numerator) / w.denominator * (Decimal(s.numerator) / s.denominator).sqrt() for w, s in pairs),
            Decimal(0),
        )
