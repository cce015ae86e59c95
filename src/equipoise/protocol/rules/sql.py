"""Write a rule for an engine: DuckDB, PostgreSQL, Spark.

Three things differ between engines, or from the rule language, and are written out so that all give one answer:

- Division. Engines divide decimals to different scales or in binary floats. A quotient is therefore never computed: it
  is kept as numerator and denominator, and a comparison multiplies both sides out. A zero denominator gives NULL.
- `greatest` and `least` ignore NULL in some engines: here any NULL gives NULL.
- `CASE` takes an unknown condition for a false one in SQL; here it gives NULL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlglot import expressions as sql

from equipoise.errors import RuleError
from equipoise.protocol.model.variables import Variable
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
from equipoise.protocol.rules.stack import room
from equipoise.protocol.rules.types import (
    COUNT_DIGITS,
    MAX_DIGITS,
    Checker,
    Day,
    Number,
    Truth,
    type_of_variable,
)

MAX_PARTS = 4_000
"""Parts of a written rule. CASE, greatest and quotients repeat their parts, so nesting multiplies them."""

_COMPARE: dict[str, type[sql.Binary]] = {
    "=": sql.EQ,
    "<>": sql.NEQ,
    "<": sql.LT,
    "<=": sql.LTE,
    ">": sql.GT,
    ">=": sql.GTE,
}
_FLIPPED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True, slots=True)
class _Quotient:
    """A number as it is written: `over / under`; no `under` is 1."""

    over: sql.Expr
    under: sql.Expr | None = None


def write(node: Node, dictionary: Mapping[str, Variable], dialect: str, *, cohort: bool = False) -> str:
    """The SQL of a rule: a boolean expression over columns named as the variables.

    Raises:
        RuleError: the written rule would be too long.
    """
    with room():
        return Writer(dictionary, cohort=cohort).condition(node).sql(dialect=dialect)


class Writer:
    """Writes trees as sqlglot expressions."""

    def __init__(self, dictionary: Mapping[str, Variable], *, cohort: bool) -> None:
        self.dictionary = dictionary
        self.cohort = cohort
        self.checker = Checker(dictionary, cohort=cohort)

    def condition(self, node: Node) -> sql.Expr:
        """A node that is true, false or NULL."""
        return _bounded(self._condition(node))

    def _condition(self, node: Node) -> sql.Expr:
        match node:
            case Constant(bool(value)):
                return sql.Boolean(this=value)
            case Not(operand):
                return sql.Not(this=_brackets(self.condition(operand)))
            case And(operands):
                return _balanced(sql.And, [self.condition(item) for item in operands])
            case Or(operands):
                return _balanced(sql.Or, [self.condition(item) for item in operands])
            case Compare(operator, left, right):
                return self._compare(operator, left, right)
            case OneOf(operand, options):
                if self._is_number(operand):
                    return _balanced(sql.Or, [self._compare("=", operand, option) for option in options])
                return sql.In(this=_brackets(self.plain(operand)), expressions=[self.plain(o) for o in options])
            case _:
                return self.plain(node)

    def plain(self, node: Node) -> sql.Expr:
        """A node that is no number: a condition, a date or a choice."""
        match node:
            case Constant(str(value)):
                return sql.Literal.string(value)
            case Constant(date() as day):
                return sql.cast(sql.Literal.string(day.isoformat()), "date")
            case Reference(name):
                return self._column(name)
            case Case(branches, default):
                return _strict_case([(self.condition(c), self.plain(v)) for c, v in branches], self.plain(default))
            case Shift(operand, number, unit):
                interval = sql.Interval(this=sql.Literal.string(str(abs(number))), unit=sql.Var(this=unit))
                moved = (sql.Add if number >= 0 else sql.Sub)(this=_brackets(self.plain(operand)), expression=interval)
                return sql.cast(moved, "date")
            case Extreme(kind, operands):
                return _known_extreme(kind, [self.plain(item) for item in operands])
            case _:
                return self.condition(node)

    def number(self, node: Node) -> _Quotient:
        """A node that is a number."""
        found = self._number(node)
        _bounded(found.over)
        if found.under is not None:
            _bounded(found.under)
        return found

    def _number(self, node: Node) -> _Quotient:
        match node:
            case Constant(Fraction() as value):
                return _Quotient(_decimal(value))
            case Reference(name):
                return _Quotient(self._column(name))
            case Arithmetic(operator, left, right):
                return _calculate(operator, self.number(left), self.number(right))
            case Case(branches, default):
                return _choose([(self.condition(c), self.number(v)) for c, v in branches], self.number(default))
            case DaysBetween(start, end):
                days = sql.DateDiff(this=self.plain(end), expression=self.plain(start), unit=sql.Var(this="DAY"))
                return _Quotient(sql.cast(days, "decimal(7, 0)"))
            case Extreme(kind, operands):
                return self._extreme(kind, [self.number(item) for item in operands])
            case Aggregate():
                return _Quotient(self._aggregate(node))
            case _:
                raise AssertionError(f"not a number: {node}")

    def _extreme(self, kind: str, parts: list[_Quotient]) -> _Quotient:
        if all(part.under is None for part in parts):
            return _Quotient(_known_extreme(kind, [part.over for part in parts]))
        found = parts[0]
        for other in parts[1:]:
            first = _compare_numbers(">=" if kind == "greatest" else "<=", found, other)
            found = _choose([(_bounded(first), found)], other)
        return found

    def _compare(self, operator: str, left: Node, right: Node) -> sql.Expr:
        if self._is_number(left):
            return _compare_numbers(operator, self.number(left), self.number(right))
        return _COMPARE[operator](this=_brackets(self.plain(left)), expression=_brackets(self.plain(right)))

    def _is_number(self, node: Node) -> bool:
        """Whether a node is a number; an aggregate is checked from outside, the rest as a row's."""
        if isinstance(node, Aggregate):
            return True
        if isinstance(node, Arithmetic | DaysBetween):
            return True
        if isinstance(node, Case):
            return self._is_number(node.default)
        if isinstance(node, Extreme):
            return self._is_number(node.operands[0])
        return isinstance(self.checker.check(node, inside=True), Number)

    def _column(self, name: str) -> sql.Expr:
        variable = self.dictionary[name]
        column = sql.column(name, quoted=True)
        match type_of_variable(name, variable):
            case Number(whole=whole, scale=scale):
                return sql.cast(column, f"decimal({min(whole + scale, MAX_DIGITS)}, {scale})")
            case Day():
                return sql.cast(column, "date")
            case Truth():
                return sql.cast(column, "boolean")
            case _:
                return column

    def _aggregate(self, node: Aggregate) -> sql.Expr:
        where = None if node.where is None else self.condition(node.where)
        if node.operand is None:
            return sql.cast(_filtered(sql.Count(this=sql.Star()), where), f"decimal({COUNT_DIGITS}, 0)")
        operand = self.number(node.operand).over
        missing: sql.Expr = sql.Is(this=_brackets(operand.copy()), expression=sql.Null())
        if where is not None:
            missing = sql.And(this=_brackets(where.copy()), expression=missing)
        unknown = _filtered(sql.Count(this=sql.Star()), missing)
        complete = sql.EQ(this=unknown, expression=sql.Literal.number(0))
        digits = self.checker.check(node)
        assert isinstance(digits, Number)
        total = sql.cast(
            _filtered(sql.Sum(this=operand), where), f"decimal({digits.whole + digits.scale}, {digits.scale})"
        )
        return sql.Case(ifs=[sql.If(this=complete, true=total)])


def _bounded(expression: sql.Expr) -> sql.Expr:
    """`expression`, unless it has grown too large; checked at every node, so that it cannot explode on the way."""
    for count, _ in enumerate(expression.walk()):
        if count > MAX_PARTS:
            raise RuleError("the rule becomes too long once written out for a database", mend="nest it less")
    return expression


def _brackets(expression: sql.Expr) -> sql.Expr:
    plain = isinstance(expression, sql.Column | sql.Literal | sql.Cast | sql.Case | sql.Boolean | sql.Paren)
    return expression if plain else sql.Paren(this=expression)


def _balanced(kind: type[sql.Connector], parts: list[sql.Expr]) -> sql.Expr:
    """A chain as a balanced tree, so that a long one is not deep."""
    if len(parts) == 1:
        return _brackets(parts[0])
    middle = len(parts) // 2
    return kind(this=_brackets(_balanced(kind, parts[:middle])), expression=_brackets(_balanced(kind, parts[middle:])))


def _decimal(value: Fraction) -> sql.Expr:
    """An exact literal; every literal of the language has a finite decimal form."""
    scale = 0
    while (value * 10**scale).denominator != 1:
        scale += 1
    digits = str(abs(int(value * 10**scale))).rjust(scale + 1, "0")
    text = digits if scale == 0 else f"{digits[:-scale]}.{digits[-scale:]}"
    literal: sql.Expr = sql.Literal.number(text)
    if value < 0:
        literal = sql.Neg(this=literal)
    return sql.cast(literal, f"decimal({max(len(digits), 1)}, {scale})")


def _times(*factors: sql.Expr | None) -> sql.Expr:
    present = [factor.copy() for factor in factors if factor is not None]
    product = present[0]
    for factor in present[1:]:
        product = sql.Mul(this=_brackets(product), expression=_brackets(factor))
    return product


def _calculate(operator: str, left: _Quotient, right: _Quotient) -> _Quotient:
    under = None if left.under is None and right.under is None else _times_or_none(left.under, right.under)
    if operator == "*":
        return _Quotient(_times(left.over, right.over), under)
    if operator == "/":
        # the denominator of the divisor stands in both, so that its being zero is not lost
        return _Quotient(_times(left.over, right.under, right.under), _times(right.over, left.under, right.under))
    kind = sql.Add if operator == "+" else sql.Sub
    over = kind(this=_brackets(_times(left.over, right.under)), expression=_brackets(_times(right.over, left.under)))
    return _Quotient(over, under)


def _times_or_none(*factors: sql.Expr | None) -> sql.Expr | None:
    return None if all(factor is None for factor in factors) else _times(*factors)


def _compare_numbers(operator: str, left: _Quotient, right: _Quotient) -> sql.Expr:
    under = _times_or_none(left.under, right.under)
    a, b = _times(left.over, right.under), _times(right.over, left.under)
    plain = _COMPARE[operator](this=_brackets(a), expression=_brackets(b))
    if under is None:
        return plain
    flipped = _COMPARE[_FLIPPED[operator]](this=_brackets(a.copy()), expression=_brackets(b.copy()))
    zero = sql.Literal.number(0)
    return sql.Case(
        ifs=[
            sql.If(this=sql.GT(this=_brackets(under), expression=zero.copy()), true=plain),
            sql.If(this=sql.LT(this=_brackets(under.copy()), expression=zero), true=flipped),
        ]
    )


def _strict_case(branches: list[tuple[sql.Expr, sql.Expr]], default: sql.Expr) -> sql.Expr:
    """CASE in which an unknown condition makes the whole NULL."""
    found = default
    for condition, value in reversed(branches):
        negated = sql.Not(this=_brackets(condition.copy()))
        found = sql.Case(ifs=[sql.If(this=condition, true=value), sql.If(this=negated, true=found)])
    return found


def _choose(branches: list[tuple[sql.Expr, _Quotient]], default: _Quotient) -> _Quotient:
    over = _strict_case([(c.copy(), v.over.copy()) for c, v in branches], default.over.copy())
    if all(v.under is None for _, v in branches) and default.under is None:
        return _Quotient(over)
    one = sql.cast(sql.Literal.number(1), "decimal(1, 0)")
    under = _strict_case([(c.copy(), (v.under or one).copy()) for c, v in branches], (default.under or one).copy())
    return _Quotient(over, under)


def _known_extreme(kind: str, parts: list[sql.Expr]) -> sql.Expr:
    """greatest or least of what is no quotient; NULL if any part is."""
    made = sql.Greatest if kind == "greatest" else sql.Least
    known = [sql.Not(this=sql.Is(this=_brackets(part.copy()), expression=sql.Null())) for part in parts]
    return sql.Case(ifs=[sql.If(this=_balanced(sql.And, list(known)), true=made(this=parts[0], expressions=parts[1:]))])


def _filtered(aggregate: sql.Expr, where: sql.Expr | None) -> sql.Expr:
    if where is None:
        return aggregate
    return sql.Filter(this=aggregate, expression=sql.Where(this=where.copy()))
