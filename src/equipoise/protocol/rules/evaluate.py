"""Judge one participant: three truth values, exact numbers, and which values decided.

None is "not recorded yet". AND is false as soon as one part is false, whatever is unknown; OR is true as soon as one
part is true (Kleene). Numbers are exact fractions, so a patient exactly at 1.5 times a limit is decided rightly. A date
whose day is unknown is the span of the days that it can be; a comparison is decided where all of them decide alike.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial, reduce
from operator import add, mul, sub
from typing import Any, NamedTuple, TypeAlias

from equipoise.errors import DataError
from equipoise.protocol.rules.language import (
    Aggregate,
    And,
    Arithmetic,
    Case,
    Compare,
    Constant,
    DaysBetween,
    Extreme,
    Node,
    Not,
    OneOf,
    Or,
    Reference,
    Shift,
)
from equipoise.protocol.rules.span import Span, among, calculate, compare, days_between, extreme, moved, quotient

Value: TypeAlias = Fraction | str | bool | date | Span | None
Values: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Judged:
    """A value, and the variables that decided it: for an unknown one, those that are missing."""

    value: Value
    decided_by: frozenset[str]


def exact(value: Any) -> Value:
    """A recorded value as the evaluator takes it: numbers as fractions, a point in time as its day.

    Raises:
        DataError: nothing that a variable can hold, such as NaN.
    """
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, bool | str | date | Fraction | Span):
        return value
    try:
        if isinstance(value, int | Decimal):
            return Fraction(value)
        if isinstance(value, float):
            return Fraction(str(value))
    except (ValueError, OverflowError):
        raise DataError(f"{value} is no number that a rule can judge: leave it empty if it is not known") from None
    raise DataError(f"a {type(value).__name__} is no value that a rule can judge: give a number, text or date")


def evaluate(node: Node, values: Values) -> Judged:  # noqa: PLR0912 - one branch a kind of node
    """Judge a tree for one participant's values; a variable not in `values` is not recorded yet."""
    match node:
        case Constant(value):
            return Judged(value, frozenset())
        case Reference(name):
            return Judged(exact(values.get(name)), frozenset([name]))
        case Not(operand):
            inner = evaluate(operand, values)
            return Judged(None if inner.value is None else not inner.value, inner.decided_by)
        case And(operands):
            return _kleene(operands, values, deciding=False)
        case Or(operands):
            return _kleene(operands, values, deciding=True)
        case Compare(operator, left, right):
            return _combine(partial(compare, operator), evaluate(left, values), evaluate(right, values))
        case OneOf(operand, options):
            found = evaluate(operand, values)
            known = None if found.value is None else among(found.value, [option.value for option in options])
            return Judged(known, found.decided_by)
        case Arithmetic(operator, left, right):
            return _combine(_CALCULATE[operator], evaluate(left, values), evaluate(right, values))
        case Case(branches, default):
            return _case(branches, default, values)
        case Shift(operand, number, unit):
            found = evaluate(operand, values)
            known = isinstance(found.value, date | Span)
            return Judged(moved(found.value, lambda d: shift(d, number, unit)) if known else None, found.decided_by)
        case DaysBetween(start, end):
            return _combine(days_between, evaluate(start, values), evaluate(end, values))
        case Extreme(kind, operands):
            return _extreme(max if kind == "greatest" else min, [evaluate(item, values) for item in operands])
        case Aggregate():
            raise TypeError("a cohort rule is judged over rows: evaluate_cohort")


class Count(NamedTuple):
    """What a count or a sum of a cohort rule is made from; those of rows that were counted apart add up.

    Attributes:
        rows: rows that its filter lets through.
        missing: those among them whose value is unknown, of a sum.
        total: the sum of the other values.
    """

    rows: int = 0
    missing: int = 0
    total: Fraction = Fraction(0)

    def plus(self, other: Count, *, times: int = 1) -> Count:
        """With another one added, or taken away (`times` -1)."""
        rows, missing, total = self.rows + times * other.rows, self.missing + times * other.missing, self.total
        return Count(rows, missing, total + times * other.total if other.total else total)


def count_row(node: Aggregate, row: Values) -> Count:
    """What one participant adds to a count or a sum."""
    if node.where is not None and evaluate(node.where, row).value is not True:
        return Count()
    if node.operand is None:
        return Count(1)
    value = evaluate(node.operand, row).value
    return Count(1, 0, value) if isinstance(value, Fraction) else Count(1, 1)


def evaluate_cohort(node: Node, rows: Sequence[Values]) -> Value:
    """Judge a cohort rule over the rows of all participants."""

    def over_rows(aggregate: Aggregate) -> Count:
        return reduce(Count.plus, (count_row(aggregate, row) for row in rows), Count())

    return evaluate_counts(node, over_rows)


def evaluate_counts(node: Node, count: Callable[[Aggregate], Count]) -> Value:
    """Judge a cohort rule whose counts and sums are known."""
    return evaluate(_aggregated(node, count), {}).value


def shift(day: date, number: int, unit: str) -> date | None:
    """`day` moved by an interval; a day that the month does not have becomes its last day, as in SQL.

    None where the calendar ends before: no date that is recorded rightly is there.
    """
    try:
        return _shifted(day, number, unit)
    except (ValueError, OverflowError):
        return None


def _shifted(day: date, number: int, unit: str) -> date:
    if unit in ("DAY", "WEEK"):
        return day + timedelta(days=number * (7 if unit == "WEEK" else 1))
    months = day.year * 12 + day.month - 1 + number * (12 if unit == "YEAR" else 1)
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _kleene(operands: Iterable[Node], values: Values, *, deciding: bool) -> Judged:
    """AND (`deciding` false) and OR (`deciding` true): one operand of that value decides."""
    judged = [evaluate(operand, values) for operand in operands]
    for wanted in (deciding, None, not deciding):
        decisive = [item.decided_by for item in judged if item.value is wanted]
        if decisive:
            return Judged(wanted, frozenset().union(*decisive))
    raise AssertionError("a condition was neither true, false nor unknown")


def _combine(function: Callable[[Any, Any], Any], left: Judged, right: Judged) -> Judged:
    missing = [item.decided_by for item in (left, right) if item.value is None]
    if missing:
        return Judged(None, frozenset().union(*missing))
    found = function(left.value, right.value)
    open_ones = [item.decided_by for item in (left, right) if isinstance(item.value, Span)]
    if found is None and open_ones:
        return Judged(None, frozenset().union(*open_ones))
    return Judged(found, left.decided_by | right.decided_by)


_CALCULATE: dict[str, Callable[[Any, Any], Any]] = {
    "+": partial(calculate, add),
    "-": partial(calculate, sub),
    "*": partial(calculate, mul),
    "/": quotient,
}


def _case(branches: tuple[tuple[Node, Node], ...], default: Node, values: Values) -> Judged:
    seen: frozenset[str] = frozenset()
    for condition, value in branches:
        judged = evaluate(condition, values)
        if judged.value is None:
            return judged
        seen |= judged.decided_by
        if judged.value:
            found = evaluate(value, values)
            return Judged(found.value, found.decided_by if found.value is None else seen | found.decided_by)
    found = evaluate(default, values)
    return Judged(found.value, found.decided_by if found.value is None else seen | found.decided_by)


def _extreme(function: Callable[..., Any], parts: list[Judged]) -> Judged:
    missing = [part.decided_by for part in parts if part.value is None]
    if missing:
        return Judged(None, frozenset().union(*missing))
    return Judged(
        extreme(function, [part.value for part in parts]), frozenset().union(*(part.decided_by for part in parts))
    )


def _aggregated(node: Node, count: Callable[[Aggregate], Count]) -> Node:
    """The tree with every count and sum replaced by its number; an unknown one by a variable nobody has."""
    match node:
        case Aggregate(_, operand):
            found = count(node)
            if operand is None:
                return Constant(Fraction(found.rows))
            if not found.rows or found.missing:
                return Reference("a sum over missing values")
            return Constant(found.total)
        case Not(operand):
            return Not(_aggregated(operand, count))
        case And(operands):
            return And(tuple(_aggregated(item, count) for item in operands))
        case Or(operands):
            return Or(tuple(_aggregated(item, count) for item in operands))
        case Compare(operator, left, right):
            return Compare(operator, _aggregated(left, count), _aggregated(right, count))
        case Arithmetic(operator, left, right):
            return Arithmetic(operator, _aggregated(left, count), _aggregated(right, count))
        case Extreme(kind, operands):
            return Extreme(kind, tuple(_aggregated(item, count) for item in operands))
        case OneOf(operand, options):
            return OneOf(_aggregated(operand, count), options)
        case Case(branches, default):
            pairs = tuple((_aggregated(c, count), _aggregated(v, count)) for c, v in branches)
            return Case(pairs, _aggregated(default, count))
        case _:
            return node
