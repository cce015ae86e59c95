"""From the text of a rule to its tree. sqlglot reads the SQL; what is admitted is decided here."""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Any, cast

import sqlglot
from sqlglot import expressions as sql

from equipoise.errors import RuleError
from equipoise.protocol.rules.language import (
    FIRST_YEAR,
    LAST_YEAR,
    MAX_DEPTH,
    Aggregate,
    And,
    Arithmetic,
    Case,
    Compare,
    Comparison,
    Constant,
    DaysBetween,
    Extreme,
    Node,
    Not,
    OneOf,
    Operator,
    Or,
    Reference,
    Shift,
    Unit,
    depth,
)
from equipoise.protocol.rules.lexicon import check_words, is_refused, too_deep
from equipoise.protocol.rules.stack import room
from equipoise.protocol.wording import clipped

_ADMITTED = (
    "use AND OR NOT, = <> < <= > >=, BETWEEN, IN, + - * /, CASE WHEN, INTERVAL, date_diff, greatest, least, "
    "and in cohort rules count and sum"
)
_COMPARISONS: dict[type[sql.Expr], Comparison] = {
    sql.EQ: "=",
    sql.NEQ: "<>",
    sql.LT: "<",
    sql.LTE: "<=",
    sql.GT: ">",
    sql.GTE: ">=",
}
_OPERATORS: dict[type[sql.Expr], Operator] = {sql.Add: "+", sql.Sub: "-", sql.Mul: "*", sql.Div: "/"}
_UNITS = ("DAY", "WEEK", "MONTH", "YEAR")


def parse(text: str) -> Node:
    """The tree of a rule.

    Raises:
        RuleError: too long, too deep, not SQL, or not on the closed list.
    """
    check_words(text)
    if not text.strip():
        raise RuleError("the rule is empty", mend="write a condition, or take the key out")
    try:
        # in brackets, since it is an expression and never a statement; check_words saw that its own are closed
        with room():
            node = _node(sqlglot.parse_one(f"({text})", read="duckdb"))
            deep = depth(node) > MAX_DEPTH
    except RecursionError:
        raise too_deep() from None
    except (sqlglot.errors.ParseError, sqlglot.errors.TokenError) as error:
        raise _not_an_expression(error) from None
    if deep:
        raise too_deep()
    return node


@lru_cache(maxsize=4096)
def can_be_named(name: str) -> bool:
    """Whether a rule reads a name as a variable wherever a variable can stand; SQL keeps some words for itself."""
    if is_refused(name):
        return False
    tokens = sqlglot.tokenize(name, read="duckdb")
    special = name.upper() in sqlglot.Parser.NO_PAREN_FUNCTION_PARSERS
    if len(tokens) == 1 and tokens[0].token_type == sqlglot.TokenType.VAR and not special:
        return True  # the most common case, without a parse
    places = "NOT {0} AND {0} = 1 OR {0} IN (1) AND {0} BETWEEN {0} AND {0} + {0} - {0} * ({0}) / {0}"
    inside = "CASE WHEN {0} THEN {0} ELSE {0} END = greatest({0}, {0})"
    try:
        return all(
            repr(parse(place.format(name))) == repr(parse(place.format("x"))).replace("'x'", f"'{name}'")
            for place in ("{0}", places, inside)
        )
    except RuleError:
        return False


def _not_an_expression(error: Exception) -> RuleError:
    """A parser's complaint in our words."""
    problems = getattr(error, "errors", None) or [{}]
    near = clipped(problems[0].get("highlight") or "")
    what = f"'{near}' is out of place" if near and near != ")" else "something is missing at an end or before a ')'"
    return RuleError(f"not an expression: {what}", mend="check its operators and brackets")


def _refuse(expression: sql.Expr) -> RuleError:
    """A construct that is not on the closed list."""
    if isinstance(expression, sql.Alias):
        return RuleError(f"'{clipped(expression.alias)}' is a word too many", mend="check its operators")
    if isinstance(expression, sql.Interval):
        return RuleError("an INTERVAL stands after a date", mend="write date + INTERVAL n DAY")
    shown = clipped(expression.sql(dialect="duckdb"))
    return RuleError(f"'{shown}' is not part of the rule language", mend=_ADMITTED)


def _node(found: Any) -> Node:
    """One node and those below it."""
    kind = type(found)
    if kind in _COMPARISONS:
        return Compare(_COMPARISONS[kind], _node(found.this), _node(found.expression))
    if kind in _OPERATORS:
        return _arithmetic(found, _OPERATORS[kind])
    maker = _MAKERS.get(kind)
    if maker is None:
        raise _refuse(found)
    return cast("Node", maker(found))


def _column(found: sql.Column) -> Node:
    if found.table or not isinstance(found.this, sql.Identifier) or found.this.quoted:
        raise RuleError(
            f"'{found.sql(dialect='duckdb')}' is not a plain variable name",
            mend="write the variable's name alone",
        )
    return Reference(found.name)


def _literal(found: sql.Literal) -> Node:
    if found.is_string:
        return Constant(str(found.this))
    try:
        return Constant(Fraction(str(found.this)))
    except ValueError:
        raise _refuse(found) from None


def _date(found: sql.Cast) -> Node:
    """`DATE '2020-02-29'` is the one cast there is."""
    if not (isinstance(found.this, sql.Literal) and found.this.is_string and found.to.is_type("date")):
        raise RuleError("a typed literal other than a date", mend="write DATE 'YYYY-MM-DD', or the text alone")
    text = str(found.this.this)
    try:
        day = date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        day = None
    if day is None:
        raise RuleError(f"'{clipped(text)}' is not a date", mend="write DATE 'YYYY-MM-DD'")
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise RuleError(f"the date {text} is out of reach", mend=f"stay within {FIRST_YEAR} to {LAST_YEAR}")
    return Constant(day)


def _chain(found: Any, kind: type[sql.Expr]) -> tuple[Node, ...]:
    """The operands of a chain of AND or OR, without recursion along the chain."""
    operands: list[Any] = []
    waiting = [found]
    while waiting:
        part = waiting.pop()
        inner = part.unnest() if isinstance(part, sql.Paren) else part
        if isinstance(inner, kind):
            waiting += [inner.expression, inner.this]
        else:
            operands.append(inner)
    return tuple(_node(operand) for operand in operands)


def _negation(found: sql.Neg) -> Node:
    operand = _node(found.this)
    if isinstance(operand, Constant) and isinstance(operand.value, Fraction):
        return Constant(-operand.value)
    return Arithmetic("-", Constant(Fraction(0)), operand)


def _between(found: Any) -> Node:
    if found.args.get("symmetric"):
        raise _refuse(found)
    operand = _node(found.this)
    return And((Compare(">=", operand, _node(found.args["low"])), Compare("<=", operand, _node(found.args["high"]))))


def _in(found: Any) -> Node:
    options = [_node(option) for option in found.expressions]
    if found.args.get("query") or found.args.get("unnest") or not options:
        raise _refuse(found)
    if not all(isinstance(option, Constant) for option in options):
        raise RuleError("IN takes a list of literals", mend="compare with each variable by = and OR")
    return OneOf(_node(found.this), tuple(cast("list[Constant]", options)))


def _arithmetic(found: Any, operator: Operator) -> Node:
    if isinstance(found.expression, sql.Interval):
        if operator not in ("+", "-"):
            raise _refuse(found)
        return _shift(found.this, found.expression, 1 if operator == "+" else -1)
    return Arithmetic(operator, _node(found.this), _node(found.expression))


def _shift(operand: Any, interval: sql.Interval, sign: int) -> Node:
    unit = str(interval.args.get("unit") or "").upper().removesuffix("S")
    amount = interval.this
    text = str(amount.this) if isinstance(amount, sql.Literal) else ""
    if unit not in _UNITS or not (text.isascii() and text.isdigit()) or len(text) > 5:
        raise RuleError(
            f"'{interval.sql(dialect='duckdb')}' is not an interval of this language",
            mend="write INTERVAL n DAY, WEEK, MONTH or YEAR with a whole number",
        )
    return Shift(_node(operand), sign * int(text), cast("Unit", unit))


def _case(found: sql.Case) -> Node:
    if found.this is not None:
        raise RuleError("CASE x WHEN is not part of the rule language", mend="write CASE WHEN x = ... THEN ... END")
    default = found.args.get("default")
    if default is None:
        raise RuleError("a CASE needs an ELSE", mend="say what holds when no condition does")
    branches = tuple((_node(branch.this), _node(branch.args["true"])) for branch in found.args["ifs"])
    return Case(branches, _node(default))


def _date_diff(found: sql.DateDiff) -> Node:
    unit = found.args.get("unit")
    if unit is None or str(unit.name).upper() != "DAY":
        raise RuleError("date_diff counts days", mend="write date_diff('day', a, b), or add an INTERVAL to a date")
    return DaysBetween(_node(found.expression), _node(found.this))


def _extreme(found: Any) -> Node:
    operands = (_node(found.this), *(_node(operand) for operand in found.expressions))
    if len(operands) < 2:
        raise RuleError("greatest and least compare two values or more", mend="add the other value")
    return Extreme("greatest" if isinstance(found, sql.Greatest) else "least", operands)


def _count(found: sql.Count, where: Node | None = None) -> Node:
    if not isinstance(found.this, sql.Star):
        raise RuleError("count counts rows", mend="write count(*) FILTER (WHERE ...)")
    return Aggregate("count", None, where)


def _sum(found: sql.Sum, where: Node | None = None) -> Node:
    if isinstance(found.this, sql.Distinct):
        raise _refuse(found)
    return Aggregate("sum", _node(found.this), where)


def _filter(found: sql.Filter) -> Node:
    where = _node(found.expression.this)
    if isinstance(found.this, sql.Count):
        return _count(found.this, where)
    if isinstance(found.this, sql.Sum):
        return _sum(found.this, where)
    raise _refuse(found)


_MAKERS: dict[type[sql.Expr], Any] = {
    sql.Column: _column,
    sql.Literal: _literal,
    sql.Boolean: lambda found: Constant(bool(found.this)),
    sql.Paren: lambda found: _node(found.this),
    sql.Cast: _date,
    sql.Not: lambda found: Not(_node(found.this)),
    sql.And: lambda found: And(_chain(found, sql.And)),
    sql.Or: lambda found: Or(_chain(found, sql.Or)),
    sql.Neg: _negation,
    sql.Between: _between,
    sql.In: _in,
    sql.Case: _case,
    sql.DateDiff: _date_diff,
    sql.Greatest: _extreme,
    sql.Least: _extreme,
    sql.Count: _count,
    sql.Sum: _sum,
    sql.Filter: _filter,
}
