"""Lengths as whole micrometres and shares as exact fractions: who stands exactly at a limit is decided right."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Literal

from equipoise.errors import DataError

Number = int | float | str | Decimal | Fraction
"""A number as it was written; a float counts as the decimal that it prints as."""

Unit = Literal["mm", "cm"]

_MICROMETRES: dict[str, int] = {"mm": 1000, "cm": 10_000}
_LONGEST_MM = 1000


def exact(value: Number) -> Fraction:
    """The number that was written, exactly.

    Raises:
        DataError: not a finite number.
    """
    if not isinstance(value, bool):
        try:
            return Fraction(str(value))
        except (ValueError, ZeroDivisionError):
            pass
    raise DataError(f"{value!r} is no number; write it as a decimal, such as '12.5'")


def micrometres(value: Number, unit: Unit = "mm") -> int:
    """A length in whole micrometres.

    Args:
        value: the length as it was read, with at most three decimals in mm.
        unit: of the value.

    Raises:
        DataError: no number, below 0, beyond 1000 mm, finer than a micrometre, or an unknown unit.
    """
    if unit not in _MICROMETRES:
        raise DataError(f"{unit!r} is no unit of a diameter; give mm or cm")
    length = exact(value) * _MICROMETRES[unit]
    if not 0 <= length <= _LONGEST_MM * 1000:
        raise DataError(f"a diameter of {value} {unit} is outside 0 to {_LONGEST_MM} mm; correct it or its unit")
    if length.denominator != 1:
        raise DataError(f"a diameter of {value} {unit} is finer than 0.001 mm; give the number that was read")
    return length.numerator


def as_mm(length: int) -> Decimal:
    """Micrometres as exact millimetres without trailing zeros."""
    whole, rest = divmod(abs(length), 1000)
    text = f"{whole}.{rest:03d}".rstrip("0").rstrip(".")
    return Decimal(f"-{text}" if length < 0 else text)


def relative_change(length: int, reference: int) -> Fraction | None:
    """(length - reference) / reference; None where the reference is 0."""
    return None if reference == 0 else Fraction(length - reference, reference)


def percent_text(change: Fraction) -> str:
    """A relative change in per cent with its sign, cut to two decimals: what misses a limit never prints as it."""
    hundredths = abs(change.numerator) * 10_000 // change.denominator
    sign = "-" if change < 0 else "+" if change > 0 else ""
    return f"{sign}{hundredths // 100}.{hundredths % 100:02d} %"


def signed_mm(length: int) -> str:
    """A difference in millimetres with its sign."""
    return f"+{as_mm(length)} mm" if length > 0 else f"{as_mm(length)} mm"
