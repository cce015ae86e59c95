"""Values of variables: what may be recorded, and how it stands in the ledger (decimals and dates as text)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from equipoise.ledger import Json
from equipoise.protocol.model.variables import Variable
from equipoise.protocol.rules.language import FIRST_YEAR, LAST_YEAR
from equipoise.protocol.rules.partial import PartialDate

Recorded: TypeAlias = bool | int | Decimal | str | date | PartialDate
"""A recorded value in a participant's state. A date of reduced precision may be given as its text, `2019-03-UN`."""

MAX_TEXT = 2000
MAX_DIGITS = 12
"""Before the point."""
_MOST_DECIMALS = 30
_LONGEST_QUOTE = 60


def check_value(name: str, variable: Variable, value: Any) -> str | None:
    """Why `value` cannot be recorded for a variable; None if it can."""
    if variable.identifying:
        return f"{name} identifies a person and never enters the ledger"
    if variable.derived is not None:
        return f"{name} is derived, so it is not recorded"
    match variable.type:
        case "boolean":
            return None if isinstance(value, bool) else f"{name} is true or false, not {_quoted(value)}"
        case "choice":
            known = variable.values or {}
            fine = isinstance(value, str) and value in known
            return None if fine else f"{name} is one of {', '.join(known)}, not {_quoted(value)}"
        case "date":
            return check_day(name, value) if is_day(value) else _check_partial(name, variable, value)
        case "text":
            fine = isinstance(value, str) and len(value) <= MAX_TEXT and is_unicode(value)
            return None if fine else f"{name} is a text of up to {MAX_TEXT} characters"
        case _:
            return _check_number(name, variable, value)


def _check_partial(name: str, variable: Variable, value: Any) -> str | None:
    """Why what is no day is no date of reduced precision either."""
    if variable.partial is None or not isinstance(value, str | PartialDate):
        return f"{name} is a date, not {_quoted(value)}"
    text: Any = value.text if isinstance(value, PartialDate) else value
    if not isinstance(text, str):
        return f"{name} is a date, and its text is none"
    try:
        PartialDate.of(text)
    except ValueError as error:
        return f"{name}: {_quoted(text)}: {error}"
    return None


def as_kept(variable: Variable, value: Recorded) -> Recorded:
    """A value that was checked, as a state holds it: a date of reduced precision as what it is, and not as a text."""
    if variable.type == "date" and isinstance(value, str | PartialDate):
        return PartialDate.of(value if isinstance(value, str) else value.text)
    return value


def is_day(value: Any) -> bool:
    """Whether it is a date; a point in time is a `date` to Python, and is none here."""
    return isinstance(value, date) and not isinstance(value, datetime)


def check_day(name: str, day: date) -> str | None:
    """Why rules cannot reckon with a day: beyond these years the evaluator and a database differ."""
    fine = FIRST_YEAR <= day.year <= LAST_YEAR
    return None if fine else f"{name} lies within the years {FIRST_YEAR} to {LAST_YEAR}, this is {day}"


def utc_text(moment: datetime) -> str:
    """`2011-05-05T09:00:00Z`."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def is_unicode(text: str) -> bool:
    """Whether UTF-8 can hold the text: a lone half of a surrogate pair has no place in a ledger."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _check_number(name: str, variable: Variable, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return f"{name} is a number (whole, or a Decimal), not {_quoted(value)}"
    if isinstance(value, Decimal) and not value.is_finite():
        return f"{name} is a number, not {_quoted(value)}"
    if not -(10**MAX_DIGITS) < value < 10**MAX_DIGITS:
        return f"{name} has up to {MAX_DIGITS} digits before the point"
    if isinstance(value, Decimal) and _decimals(value) > variable.scale:
        digits = f"{variable.scale} digits after the point" if variable.scale else "a whole number"
        return f"{name} is recorded with {digits}, and this is {_quoted(value)}"
    if variable.range is not None and not variable.range[0] <= value <= variable.range[1]:
        low, high = variable.range
        return f"{name} lies between {low} and {high}, and this is {_quoted(value)}"
    return None


def _decimals(number: Decimal) -> int:
    """Digits after the point, zeros at the end aside (unless they are so many that nobody wrote them)."""
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    if -exponent > _MOST_DECIMALS:
        return -exponent
    zeros = next((count for count, digit in enumerate(reversed(digits)) if digit), len(digits))
    return max(-exponent - zeros, 0) if number else 0


def _quoted(value: Any) -> str:
    """A value as a message quotes it, at bounded length."""
    if isinstance(value, int) and abs(value) >= 10**_LONGEST_QUOTE:  # Python refuses to write out very long integers
        return "a number of more than 60 digits"
    text = repr(value[:_LONGEST_QUOTE]) if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}..."


def to_json(value: Recorded | None) -> Json:
    """A value as it stands in an entry; None is "not recorded"."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, PartialDate):
        return value.text
    return f"{value if value else abs(value):f}"  # there is one zero


def recorded_json(variable: Variable, value: Recorded) -> Json:
    """A value of a variable as it stands in an entry: a whole number as an integer, however it was given."""
    value = as_kept(variable, value)
    return int(value) if variable.type == "integer" and isinstance(value, Decimal) else to_json(value)


def from_json(variable: Variable, value: Json) -> Recorded:
    """The inverse of `recorded_json`: it reads the one spelling that is written, of a value that may be recorded.

    Raises:
        ValueError: the value does not fit the variable, or is spelled in another way.
    """
    found = _read(variable, value)
    if problem := check_value("the value", variable, found):
        raise ValueError(problem)
    if isinstance(value, str) and to_json(found) != value:
        raise ValueError(f"not spelled as it is written: {_quoted(value)}")
    return found


def _read(variable: Variable, value: Json) -> Recorded:
    match variable.type, value:
        case "date", str():
            partial = variable.partial is not None and len(value) < len("2000-01-01")
            return PartialDate.of(value) if partial else date.fromisoformat(value)
        case "decimal", int() | str() if not isinstance(value, bool):
            try:
                return Decimal(value)
            except InvalidOperation:
                raise ValueError(f"not a number: {_quoted(value)}") from None
        case "boolean", bool():
            return value
        case "integer", int() if not isinstance(value, bool):
            return value
        case "choice" | "text", str():
            return value
        case _:
            raise ValueError(f"no value of type {variable.type}: {_quoted(value)}")


def shown(value: Recorded | None) -> str:
    """A value as a person reads it."""
    if value is None:
        return "not recorded"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
