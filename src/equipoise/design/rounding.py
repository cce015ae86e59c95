"""Whole participants and events: always up, participants to whole blocks of the ratio."""

from __future__ import annotations

import math
from fractions import Fraction

from equipoise.design._checks import check_ratio

_HAIR = 1e-9
_LARGEST_BLOCK = 100


def round_up(value: float) -> int:
    """The next whole number; a hair of floating point above one does not count."""
    return math.ceil(value - _HAIR * max(1.0, abs(value)))


def block_of(ratio: float) -> tuple[int, int]:
    """The smallest whole numbers (control, experimental) in the ratio, such as (2, 3) for 1.5; (1, 1) if none are."""
    fraction = Fraction(check_ratio(ratio)).limit_denominator(_LARGEST_BLOCK)
    if fraction == 0 or abs(float(fraction) - ratio) > _HAIR * ratio or fraction.numerator > _LARGEST_BLOCK:
        return 1, 1
    return fraction.denominator, fraction.numerator


def whole_participants(n: float, ratio: float) -> tuple[int, int]:
    """`n` rounded up to a multiple of the ratio's sum, as (control, experimental).

    Where the ratio is no ratio of small whole numbers, each arm is rounded up on its own.
    """
    control, experimental = block_of(ratio)
    if (control, experimental) == (1, 1) and ratio != 1:
        return round_up(n / (1 + ratio)), round_up(n * ratio / (1 + ratio))
    blocks = round_up(n / (control + experimental))
    return blocks * control, blocks * experimental
