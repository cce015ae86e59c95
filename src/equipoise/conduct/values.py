"""Values of variables: what may be recorded, and how it stands in the ledger (decimals and dates as text)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from equipoise.ledger import Json
from equipoise.protocol.model.variables import Variable
from equipoise.protocol.rules import Value

Recorded = bool | int | Decimal | str | date
"""A recorded value in a participant's state."""


def check_value(name: str, variable: Variable, value: Any) -> str | None:
    """Why `value` cannot be recorded for a variable; None if it can."""
    if variable.identifying:
        return f"{name} identifies a person and never enters the ledger"
    if variable.derived is not None:
        return f"{name} is derived, so it is not recorded"
    match variable.type:
        case "boolean":
            return None if isinstance(value, bool) else f"{name} is true or false, not {value!r}"
        case "choice":
            known = variable.values or {}
            return None if value in known else f"{name} is one of {', '.join(known)}, not {value!r}"
        case "date":
            return None if isinstance(value, date) else f"{name} is a date, not {value!r}"
        case "text":
            fine = isinstance(value, str) and len(value) <= 2000
            return None if fine else f"{name} is a text of up to 2000 characters"
        case _:
            return _check_number(name, variable, value)


def _check_number(name: str, variable: Variable, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return f"{name} is a number (whole, or a Decimal), not {value!r}"
    number = Decimal(value)
    if not number.is_finite():
        return f"{name} is a number, not {value!r}"
    if number != round(number, variable.scale):
        digits = f"{variable.scale} digits after the point" if variable.scale else "a whole number"
        return f"{name} is recorded with {digits}, and this is {value}"
    if variable.range is not None and not variable.range[0] <= number <= variable.range[1]:
        low, high = variable.range
        return f"{name} lies between {low} and {high}, and this is {value}"
    return None if abs(number) < Decimal(10) ** 12 else f"{name} is out of bounds: {value}"


def to_json(value: Any) -> Json:
    """A value as it stands in an entry."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Fraction):
        if value.denominator == 1:
            return int(value)
        return str(value)
    raise TypeError(f"cannot stand in an entry: {value!r}")


def from_json(variable: Variable, value: Json) -> Recorded:
    """The inverse of `to_json` for a variable.

    Raises:
        ValueError: the text does not fit the variable's type.
    """
    match variable.type:
        case "date":
            return date.fromisoformat(str(value))
        case "decimal":
            try:
                return Decimal(str(value))
            except InvalidOperation:
                raise ValueError(f"not a number: {value!r}") from None
        case _:
            if not isinstance(value, bool | int | str):
                raise ValueError(f"not a value: {value!r}")
            return value


def shown(value: Value | int) -> str:
    """A value as a person reads it."""
    if value is None:
        return "not recorded"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Fraction):
        return str(float(value)) if value.denominator != 1 else str(int(value))
    return str(value)
