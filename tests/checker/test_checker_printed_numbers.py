"""Printed numbers: which roundings of a derived number give them."""

from __future__ import annotations

import pytest

from equipoise.protocol.printed import Printed, of_float, printed


@pytest.mark.parametrize(
    ("shown", "derived", "fits"),
    [
        ("66", 65.35, ("up",)),
        ("359", 359.27, ("nearest", "down")),
        ("360", 359.27, ("up",)),
        ("212", 212.90, ("down",)),
        ("213", 212.90, ("up", "nearest")),
        ("118", 117.78, ("up", "nearest")),
        ("0.60", 0.6065, ("down",)),
        ("0.31", 0.31, ("exact", "up", "nearest", "down")),
        ("0.78", 0.7788, ("up", "nearest")),
        ("1/2", 0.5, ("exact", "up", "nearest", "down")),
        ("42", 99.0, ()),
    ],
)
def test_a_printed_number_agrees_by_the_roundings_that_give_it(
    shown: str, derived: float, fits: tuple[str, ...]
) -> None:
    number = printed(shown)
    assert number is not None
    assert number.agrees(derived) == fits


def test_a_hair_of_floating_point_does_not_round_up() -> None:
    assert Printed(407, 0).agrees(407 + 1e-11) == ("exact", "up", "nearest", "down")
    assert Printed(3, 0).agrees(0.1 * 3 * 10) == ("exact", "up", "nearest", "down")


@pytest.mark.parametrize("shown", ["35-60", "not stated", "", "1/0", "NaN", "Infinity", "1e999999", "1e-400"])
def test_what_is_not_one_number_is_none(shown: str) -> None:
    assert printed(shown) is None


def test_digits_count_as_printed() -> None:
    assert printed("0.60") == Printed(0.6, 2)
    assert of_float(0.857) == Printed(0.857, 3)
