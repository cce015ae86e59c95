"""A printed number beside the one derived again: to its own digits, and by which rounding they agree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction

_ROUNDINGS = {"up": ROUND_CEILING, "nearest": ROUND_HALF_UP, "down": ROUND_FLOOR}
_FRACTION = re.compile(r"\s*(\d{1,9})\s*/\s*([1-9]\d{0,8})\s*")

_LARGEST, _MOST_DECIMALS = 10**12, 9
"""What a trial prints; beyond, a decimal would not hold all digits."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A number as it was printed.

    Attributes:
        value: the number.
        decimals: digits after its point.
    """

    value: float
    decimals: int

    @property
    def half_unit(self) -> float:
        """Half a unit of the last digit: how far the number before rounding may lie."""
        return 0.5 * 10.0**-self.decimals

    def agrees(self, derived: float) -> tuple[str, ...]:
        """The roundings under which `derived` gives this number: of `exact`, `up`, `nearest`, `down`."""
        if abs(derived - self.value) <= 1e-9 * max(1.0, abs(derived)):
            return ("exact", *_ROUNDINGS)
        unit = Decimal(1).scaleb(-self.decimals)
        wanted = Decimal(repr(self.value)).quantize(unit)
        # ten digits, so that a sum that floats put a hair above a whole number is not rounded up
        number = Decimal(f"{derived:.10g}")
        return tuple(name for name, mode in _ROUNDINGS.items() if number.quantize(unit, rounding=mode) == wanted)


def printed(value: Decimal | str) -> Printed | None:
    """A claim's printed number; None if it is none, such as `35-60`."""
    if match := _FRACTION.fullmatch(str(value)):
        return Printed(float(Fraction(int(match[1]), int(match[2]))), 9)
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or abs(number) > _LARGEST or -exponent > _MOST_DECIMALS:
        return None
    return Printed(float(number), max(0, -exponent))


def of_float(value: float) -> Printed:
    """A number that was read from YAML, and so lost its trailing zeros."""
    return Printed(value, max(0, -int(Decimal(repr(value)).as_tuple().exponent)))
