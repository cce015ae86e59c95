"""A value that is known to lie between two others, and what a rule can say of it: true or false only if all agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import product
from operator import eq, ge, gt, le, lt, ne
from typing import Any

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {"=": eq, "<>": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


@dataclass(frozen=True, slots=True)
class Span:
    """Some value from `low` to `high`, both of them possible: two dates, or two numbers."""

    low: Any
    high: Any


def ends(value: Any) -> tuple[Any, Any]:
    """The lowest and the highest that a value can be."""
    return (value.low, value.high) if isinstance(value, Span) else (value, value)


def between(values: Sequence[Any]) -> Any:
    """What lies between the lowest and the highest of some values: one value if they are the same."""
    low, high = min(values), max(values)
    return low if low == high else Span(low, high)


def compare(operator: str, left: Any, right: Any) -> bool | None:
    """A comparison; None where some values that the two can be make it true and others false."""
    if not isinstance(left, Span) and not isinstance(right, Span):
        return _COMPARE[operator](left, right)
    (a, b), (c, d) = ends(left), ends(right)
    if operator in ("=", "<>"):
        # at least one of them can be several values, so the two are never known to be equal
        return operator == "<>" if b < c or d < a else None
    # an order is monotone in both sides, so the two extremes say what lies between them
    extremes = {_COMPARE[operator](a, d), _COMPARE[operator](b, c)}
    return extremes.pop() if len(extremes) == 1 else None


def among(value: Any, options: Sequence[Any]) -> bool | None:
    """Whether it is one of the options; None if it may be."""
    if not isinstance(value, Span):
        return value in options
    return None if any(value.low <= option <= value.high for option in options) else False


def calculate(function: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """A calculation on the ends of what two values can be; of a division by what can be 0, nothing is known."""
    if not isinstance(left, Span) and not isinstance(right, Span):
        return function(left, right)
    found = [function(a, b) for a, b in product(ends(left), ends(right))]
    return None if any(item is None for item in found) else between(found)


def quotient(a: Any, b: Any) -> Any:
    """a / b; None if b is 0, or can be."""
    low, high = ends(b)
    if low <= 0 <= high:
        return None
    return calculate(lambda x, y: x / y, a, b)


def days_between(start: Any, end: Any) -> Any:
    """Days from `start` to `end`."""
    return calculate(lambda a, b: Fraction((b - a).days), start, end)


def moved(value: Any, move: Callable[[date], date | None]) -> Any:
    """A date, or the days that it can be, moved by a function that keeps their order."""
    found = [move(day) for day in ends(value)]
    return None if None in found else between(found)


def extreme(function: Callable[..., Any], values: Sequence[Any]) -> Any:
    """The greatest or the least of values."""
    lows, highs = zip(*map(ends, values), strict=True)
    return between([function(lows), function(highs)])
