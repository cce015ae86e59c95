"""The types of the rule language, and the check of a rule against the variables.

Numbers carry how many digits they can have, so that a rule that no engine could compute exactly in 38-digit decimals
is refused when the file is loaded, not when a patient stands at the limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal, TypeAlias

from equipoise.errors import RuleError
from equipoise.protocol.model.variables import Variable
from equipoise.protocol.rules.language import (
    MAX_INTERVAL_YEARS,
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
    children,
)
from equipoise.protocol.wording import clipped, did_you_mean

MAX_DIGITS = 38
DEFAULT_WHOLE_DIGITS = 12
COUNT_DIGITS = 12
_DAYS_PER_UNIT = {"DAY": 1, "WEEK": 7, "MONTH": 31, "YEAR": 366}


@dataclass(frozen=True, slots=True)
class Number:
    """A number: digits before and after the point of its numerator, and of its denominator if it is a quotient."""

    whole: int
    scale: int
    under_whole: int = 0
    under_scale: int = 0

    @property
    def is_quotient(self) -> bool:
        """Whether it contains a division."""
        return self.under_whole > 0

    def __str__(self) -> str:
        """For messages."""
        return "a number"


@dataclass(frozen=True, slots=True)
class Words:
    """A choice: one of these texts, of the variable `name` if it is one's."""

    values: frozenset[str]
    literal: bool = False
    name: str = ""

    def __str__(self) -> str:
        """For messages."""
        return "a text" if self.literal else "a choice"


@dataclass(frozen=True, slots=True)
class Day:
    """A date, and how many days intervals may have moved it."""

    moved: int = 0

    def __str__(self) -> str:
        """For messages."""
        return "a date"


@dataclass(frozen=True, slots=True)
class Truth:
    """True, false or unknown."""

    def __str__(self) -> str:
        """For messages."""
        return "true or false"


Type: TypeAlias = Number | Words | Day | Truth
Name = Literal["boolean", "number", "choice", "date"]


def type_of_variable(name: str, variable: Variable) -> Type:
    """The type that a variable has in rules."""
    match variable.type:
        case "integer" | "decimal":
            limit = max(map(abs, variable.range)) if variable.range else None
            whole = DEFAULT_WHOLE_DIGITS if limit is None else max(1, len(str(int(limit))))
            return Number(whole, variable.scale)
        case "boolean":
            return Truth()
        case "choice":
            return Words(frozenset(variable.values or {}), name=name)
        case "date":
            return Day()
        case _:
            raise RuleError(
                f"variable '{clipped(name)}' is free text, which no rule can judge",
                mend="make it a choice, or judge it",
            )


class Checker:
    """Types one tree against a dictionary of variables."""

    def __init__(self, dictionary: Mapping[str, Variable], *, cohort: bool) -> None:
        self.dictionary = dictionary
        self.cohort = cohort

    def check(self, node: Node, *, inside: bool = False) -> Type:  # noqa: PLR0912 - one branch a kind of node
        """The type of a node. `inside` is true within an aggregate, where a row's variables can be named."""
        match node:
            case Constant(value):
                return _type_of_constant(value)
            case Reference(name):
                return self._variable(name, inside=inside)
            case Not() | And() | Or():
                for child in children(node):
                    self._expect_truth(child, inside)
                return Truth()
            case Compare(operator, left, right):
                return self._compare(operator, self.check(left, inside=inside), self.check(right, inside=inside))
            case OneOf(operand, options):
                kind = self.check(operand, inside=inside)
                for option in options:
                    self._compare("=", kind, _type_of_constant(option.value))
                return Truth()
            case Arithmetic(operator, left, right):
                return _calculate(operator, self._expect_number(left, inside), self._expect_number(right, inside))
            case Case(branches, default):
                for condition, _ in branches:
                    self._expect_truth(condition, inside)
                return _join([self.check(value, inside=inside) for value in (*(v for _, v in branches), default)])
            case Shift(operand, number, unit):
                return _move(self.check(operand, inside=inside), abs(number) * _DAYS_PER_UNIT[unit])
            case DaysBetween(start, end):
                for part in (start, end):
                    if not isinstance(kind := self.check(part, inside=inside), Day):
                        raise RuleError(f"date_diff takes two dates, not {kind}", mend="name two date variables")
                return Number(7, 0)
            case Extreme(kind, operands):
                types = [self.check(operand, inside=inside) for operand in operands]
                if not all(isinstance(t, Number) for t in types) and not all(isinstance(t, Day) for t in types):
                    raise RuleError(f"{kind} compares numbers, or dates", mend="use CASE for the rest")
                return _join(types)
            case Aggregate():
                return self._aggregate(node, inside)

    def _variable(self, name: str, *, inside: bool) -> Type:
        if name not in self.dictionary:
            is_value = any(name in (variable.values or ()) for variable in self.dictionary.values())
            otherwise = f"as a text it stands in quotes: '{name}'" if is_value else "declare it under variables"
            mend = otherwise if is_value else did_you_mean(name.lower(), self.dictionary, otherwise)
            raise RuleError(f"variable '{clipped(name)}' is not declared", mend=mend)
        if self.cohort and not inside:
            raise RuleError(
                f"a cohort rule cannot ask for the '{name}' of one participant",
                mend="count rows: count(*) FILTER (WHERE ...)",
            )
        return type_of_variable(name, self.dictionary[name])

    def _expect_truth(self, node: Node, inside: bool) -> None:
        kind = self.check(node, inside=inside)
        if not isinstance(kind, Truth):
            raise RuleError(f"a condition is true or false, and this is {kind}", mend="compare it with something")

    def _expect_number(self, node: Node, inside: bool) -> Number:
        kind = self.check(node, inside=inside)
        if not isinstance(kind, Number):
            mend = "use date_diff('day', a, b) or an INTERVAL" if isinstance(kind, Day) else "calculate with numbers"
            raise RuleError(f"a calculation needs numbers, and this is {kind}", mend=mend)
        return kind

    def _compare(self, operator: str, left: Type, right: Type) -> Truth:
        if isinstance(left, Number) and isinstance(right, Number):
            whole = max(left.whole + right.under_whole, right.whole + left.under_whole)
            scale = max(left.scale + right.under_scale, right.scale + left.under_scale)
            _limit(whole, scale)
            return Truth()
        if isinstance(left, Day) and isinstance(right, Day):
            return Truth()
        if isinstance(left, Truth | Words) and type(left) is type(right):
            if operator not in ("=", "<>"):
                raise RuleError(
                    f"{left} has no order, so neither '{operator}' nor BETWEEN fits",
                    mend="compare it by =, <> or IN",
                )
            if isinstance(left, Words) and isinstance(right, Words):
                _words_fit(left, right)
            return Truth()
        raise RuleError(f"{left} cannot be compared with {right}", mend=_how_to_compare(left, right))

    def _aggregate(self, node: Aggregate, inside: bool) -> Type:
        if not self.cohort:
            raise RuleError(f"{node.kind} is for cohort rules", mend="move it under cohort_rules")
        if inside:
            raise RuleError(f"{node.kind} cannot stand inside another count or sum", mend="write them side by side")
        if node.where is not None:
            self._expect_truth(node.where, inside=True)
        if node.operand is None:
            return Number(COUNT_DIGITS, 0)
        summed = self._expect_number(node.operand, inside=True)
        if summed.is_quotient:
            raise RuleError("a quotient cannot be summed exactly", mend="sum the numerator and the denominator apart")
        return _limit(summed.whole + COUNT_DIGITS, summed.scale)


def _type_of_constant(value: Fraction | str | bool | date) -> Type:
    if isinstance(value, bool):
        return Truth()
    if isinstance(value, str):
        return Words(frozenset([value]), literal=True)
    if isinstance(value, Fraction):
        scale = 0
        while (value * 10**scale).denominator != 1:
            scale += 1
        return _limit(max(1, len(str(abs(int(value))))), scale)
    return Day()


def _words_fit(left: Words, right: Words) -> None:
    """A misspelt choice is an error: every literal has to be among the values of the other side."""
    for literal, other in ((left, right), (right, left)):
        if literal.literal and not literal.values <= other.values:
            wrong = clipped(min(literal.values - other.values))
            choices = clipped(", ".join(f"'{value}'" for value in sorted(other.values)), 100)
            mend = did_you_mean(wrong, other.values, f"its values are {choices}")
            raise RuleError(f"'{wrong}' is not a value of {_named(other)}", mend=mend)
    if not left.values & right.values:
        raise RuleError(f"{_named(left)} and {_named(right)} have no value in common", mend="check the values of both")


def _named(words: Words) -> str:
    return f"'{words.name}'" if words.name else "what it is compared with"


def _how_to_compare(left: Type, right: Type) -> str:
    """How to mend a comparison of unlike types."""
    match (left, right):
        case (Truth(), _) | (_, Truth()):
            return "a condition stands alone; write a < b AND b < c for a < b < c"
        case (Day(), Words()) | (Words(), Day()):
            return "write a date as DATE 'YYYY-MM-DD'"
        case (Day(), _) | (_, Day()):
            return "use date_diff('day', a, b) or an INTERVAL"
        case (Number(), Words(literal=True)) | (Words(literal=True), Number()):
            return "write the number without quotes"
        case _:
            return "compare like with like; texts stand in quotes"


def _limit(whole: int, scale: int) -> Number:
    if whole + scale > MAX_DIGITS:
        raise RuleError(
            f"this calculation can need {whole + scale} digits, and {MAX_DIGITS} can be computed exactly everywhere",
            mend="give its variables a range, or simplify it",
        )
    return Number(whole, scale)


def _calculate(operator: str, left: Number, right: Number) -> Number:
    """Digits of a result, with quotients kept as numerator and denominator (see `sql.py`)."""
    lu, ls, ru, rs = left.under_whole, left.under_scale, right.under_whole, right.under_scale
    if operator == "/":
        # (a / b) / (c / d) is written a d d / (b c d), so that it is unknown where d is zero
        whole, scale = left.whole + 2 * ru, left.scale + 2 * rs
        under, under_scale = lu + right.whole + ru, ls + right.scale + rs
    elif operator == "*":
        whole, scale, under, under_scale = (
            left.whole + right.whole,
            left.scale + right.scale,
            lu + ru,
            ls + rs,
        )
    else:
        whole = max(left.whole + ru, right.whole + lu) + 1
        scale, under, under_scale = max(left.scale + rs, right.scale + ls), lu + ru, ls + rs
    _limit(whole, scale)
    _limit(under, under_scale)
    return Number(whole, scale, under, under_scale)


def _join(types: list[Type]) -> Type:
    """The one type of the branches of a CASE, or of the parts of greatest and least."""
    first = types[0]
    if any(type(other) is not type(first) for other in types):
        shown = " and ".join(sorted({str(t) for t in types}))
        raise RuleError(f"the branches differ in type: {shown}", mend="give every branch the same type")
    if isinstance(first, Words):
        words = [t for t in types if isinstance(t, Words)]
        values = frozenset().union(*(t.values for t in words))
        return Words(values, literal=False)
    if isinstance(first, Number):
        numbers = [t for t in types if isinstance(t, Number)]
        return Number(
            max(n.whole for n in numbers),
            max(n.scale for n in numbers),
            max(n.under_whole for n in numbers),
            max(n.under_scale for n in numbers),
        )
    if isinstance(first, Day):
        return Day(max(t.moved for t in types if isinstance(t, Day)))
    return first


def _move(kind: Type, days: int) -> Day:
    if not isinstance(kind, Day):
        raise RuleError(f"an INTERVAL is added to a date, not to {kind}", mend="name a date variable")
    moved = kind.moved + days
    if moved > MAX_INTERVAL_YEARS * 366:
        raise RuleError(f"an interval of over {MAX_INTERVAL_YEARS} years", mend="use a shorter one")
    return Day(moved)
