"""Dates of which the day, or the month too, is unknown: what they can be, and the day that is imputed.

A rule sees every day that such a date can be, and is decided only where all of them decide alike; an analysis takes the
one day that the protocol's imputation gives, with its flag.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from equipoise.protocol.model.quality import Partial
from equipoise.protocol.model.variables import Variable
from equipoise.protocol.rules.language import FIRST_YEAR, LAST_YEAR
from equipoise.protocol.rules.span import Span

_TEXT = re.compile(r"([0-9]{4})(?:-(?:([0-9]{2})|UN)(?:-UN)?)?")
_MIDDLE_DAY, _MIDDLE_MONTH = 15, 7


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date of reduced precision, ISO 8601: `2019-03` or `2019`.

    Attributes:
        text: as it is kept, without what is unknown.
    """

    text: str

    @classmethod
    def of(cls, text: str) -> PartialDate:
        """Read `2019`, `2019-03`, or the same with UN for what is unknown: `2019-UN-UN`, `2019-03-UN`.

        Raises:
            ValueError: it is neither, the month does not exist, or the year is out of reach.
        """
        match = _TEXT.fullmatch(text)
        if match is None:
            raise ValueError("not a date of reduced precision: write 2019-03 or 2019, or 2019-03-UN or 2019-UN-UN")
        year, month = match.groups()
        if month is not None and not 1 <= int(month) <= 12:
            raise ValueError(f"there is no month {month}")
        if not FIRST_YEAR <= int(year) <= LAST_YEAR:
            raise ValueError(f"the year lies within {FIRST_YEAR} to {LAST_YEAR}")
        return cls(year if month is None else f"{year}-{month}")

    @property
    def earliest(self) -> date:
        """The first day that it can be."""
        return date(self._year, self._month or 1, 1)

    @property
    def latest(self) -> date:
        """The last day that it can be."""
        month = self._month or 12
        return date(self._year, month, calendar.monthrange(self._year, month)[1])

    @property
    def flag(self) -> str:
        """What is imputed of it, as ADaM's date imputation flag: `D` the day, `M` the month and the day."""
        return "M" if self._month is None else "D"

    @property
    def _year(self) -> int:
        return int(self.text[:4])

    @property
    def _month(self) -> int | None:
        return int(self.text[5:]) if len(self.text) > 4 else None

    def __str__(self) -> str:
        """As it is kept."""
        return self.text


def imputed(rule: Partial, value: PartialDate, *, low: date | None = None, high: date | None = None) -> date:
    """The day that is taken for a date: the rule's, moved to the nearest day that the bounds leave.

    A bound that lies outside of what was recorded does not move the day out of it: what was recorded stands.

    Args:
        rule: the protocol's imputation.
        value: what was recorded.
        low: the day is not before this one.
        high: the day is not after this one.
    """
    first, last = value.earliest, value.latest
    match rule.impute:
        case "first":
            day = first
        case "last":
            day = last
        case _:
            day = date(first.year, _MIDDLE_MONTH if value.flag == "M" else first.month, _MIDDLE_DAY)
    if high is not None:
        day = min(day, max(high, first))
    if low is not None:
        day = max(day, min(low, last))
    return day


def imputed_of(variable: Variable, value: PartialDate, values: Mapping[str, Any]) -> date:
    """The day that is taken for a variable's date; its bounds are looked up in `values`, by name.

    A bound that is itself of reduced precision binds by what is certain: nothing is before its first possible day.
    """
    assert variable.partial is not None
    low, high = bounds(variable.partial, values)
    return imputed(variable.partial, value, low=low, high=high)


def bounds(rule: Partial, values: Mapping[str, Any]) -> tuple[date | None, date | None]:
    """The days that an imputed date is not before and not after, as far as they are known."""
    low = values.get(rule.not_before) if rule.not_before else None
    high = values.get(rule.not_after) if rule.not_after else None
    return (
        low.earliest if isinstance(low, PartialDate) else low,
        high.latest if isinstance(high, PartialDate) else high,
    )


def as_rules_see(dictionary: Mapping[str, Variable], names: tuple[str, ...], values: Mapping[str, Any]) -> Any:
    """Values as a rule takes them: a date of reduced precision as the days it can be, or as the imputed one.

    The bounds of the imputation narrow the days that it can be: they are known.
    """
    found = {name: values[name] for name in names if isinstance(values.get(name), PartialDate)}
    if not found:
        return values
    return {**values, **{name: _seen(dictionary[name], value, values) for name, value in found.items()}}


def _seen(variable: Variable, value: PartialDate, values: Mapping[str, Any]) -> date | Span:
    assert variable.partial is not None
    if variable.partial.rules == "imputed":
        return imputed_of(variable, value, values)
    low, high = bounds(variable.partial, values)
    first, last = value.earliest, value.latest
    if low is not None:
        first = max(first, min(low, last))
    if high is not None:
        last = min(last, max(high, first))
    return first if first == last else Span(first, last)
