"""How a column is read as a variable: the value that rules judge, and which values cannot be it.

A value is taken if the variable could have been recorded with it: of its type, within its range, one of its choices,
with no more decimals than it has. Whatever is not is wrong, and never becomes "not recorded" in silence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Literal

from equipoise.errors import DataError
from equipoise.protocol.model.variables import Variable
from equipoise.protocol.rules import Dialect
from equipoise.protocol.rules.language import FIRST_YEAR, LAST_YEAR
from equipoise.protocol.rules.types import DEFAULT_WHOLE_DIGITS, MAX_DIGITS, Number, type_of_variable
from equipoise.protocol.wording import clipped
from equipoise.screening.dialect import cast_where, decimal, literal, text_type

Family = Literal["integer", "decimal", "float", "boolean", "text", "date", "timestamp", "nothing", "other"]
"""What a column holds: `nothing` is a column without a type, all null; `other` is what no variable is read from."""

TRUE, FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
"""Texts that are truth values, in upper or lower case."""

_DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?)?"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table.

    Attributes:
        name: as the table has it.
        sql: how a statement names it, quoted.
        family: what it holds.
        type: its type in the engine's words.
        scale: decimals of an exact number, if they are known.
        padded: whether blanks around a text mean nothing, as in CSV.
    """

    name: str
    sql: str
    family: Family
    type: str
    scale: int | None = None
    padded: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """A variable read from a column.

    Attributes:
        variable: its name.
        column: where it is read from; None if the table has none.
        value: SQL of the value, null where it is not recorded.
        wrong: SQL of a condition that is true where the value cannot be the variable's; empty if none can be wrong.
        wants: what the variable takes, for messages.
        said: whether the caller has said one value for all records.
        extremes: SQL of an aggregate that is not false if no value is wrong, by the lowest and the highest alone; empty
            if these do not tell.
    """

    variable: str
    column: Column | None
    value: str
    wrong: str = ""
    wants: str = ""
    said: bool = False
    extremes: str = ""


def absent(variable: str, declared: Variable, dialect: Dialect) -> Reading:
    """A variable that the table does not have: not recorded for anybody."""
    return Reading(variable, None, f"CAST(NULL AS {_target(variable, declared, dialect)})")


def reading(variable: str, declared: Variable, column: Column, dialect: Dialect) -> Reading:
    """How a variable is read from a column.

    Raises:
        DataError: no value of a column of that type can be the variable's.
    """
    if column.family == "nothing":
        return Reading(variable, column, absent(variable, declared, dialect).value)
    readers: dict[str, Callable[[str, Variable, Column, Dialect], tuple[str, str] | None]] = {
        "integer": _number,
        "decimal": _number,
        "boolean": _truth,
        "choice": _choice,
        "date": _day,
    }
    wants = wanted(declared)
    made = readers[declared.type](variable, declared, column, dialect)
    if made is None:
        where = f"column '{clipped(column.name)}' is of type {clipped(column.type)}"
        mend = "convert it in a view or a copy, or name another column for it"
        raise DataError(f"{where}, from which '{variable}' cannot be read: it is {wants}; {mend}")
    value, wrong = made
    extremes = ""
    if column.family in ("integer", "decimal", "date") and wrong.startswith(limits := f"NOT ({column.sql} BETWEEN "):
        within = wrong.removeprefix(limits).removesuffix(")")
        extremes = " AND ".join(f"{extreme}({column.sql}) BETWEEN {within}" for extreme in ("MIN", "MAX"))
    return Reading(variable, column, value, wrong, wants, extremes=extremes)


def wanted(declared: Variable) -> str:
    """What a variable takes, in words."""
    match declared.type:
        case "choice":
            return f"one of {clipped(', '.join(declared.values or ()), 100)}"
        case "boolean":
            return "true or false"
        case "date":
            return f"a date (YYYY-MM-DD) of the years {FIRST_YEAR} to {LAST_YEAR}"
        case _:
            kind = "a whole number" if declared.scale == 0 else f"a number with up to {declared.scale} decimals"
            within = "" if declared.range is None else f" from {declared.range[0]:f} to {declared.range[1]:f}"
            return kind + within


def _target(variable: str, declared: Variable, dialect: Dialect) -> str:
    """The type that rules cast a variable to, so that theirs costs nothing after ours."""
    match declared.type:
        case "boolean" | "date":
            return declared.type.upper()
        case "choice":
            return text_type(dialect)
    number = type_of_variable(variable, declared)
    assert isinstance(number, Number)
    return f"DECIMAL({min(number.whole + number.scale, MAX_DIGITS)}, {number.scale})"


def _limits(declared: Variable) -> tuple[Decimal, Decimal]:
    """The lowest and the highest value that can be recorded."""
    most = Decimal(10) ** DEFAULT_WHOLE_DIGITS - Decimal(1).scaleb(-declared.scale)
    return declared.range or (-most, most)


def _number(variable: str, declared: Variable, column: Column, dialect: Dialect) -> tuple[str, str] | None:
    target, scale = _target(variable, declared, dialect), declared.scale
    low, high = _limits(declared)
    if column.family == "integer":
        low, high = low.to_integral_value(ROUND_CEILING), high.to_integral_value(ROUND_FLOOR)
    within = f"BETWEEN {decimal(low)} AND {decimal(high)}"
    source = column.sql
    if column.family == "float" and dialect == "postgres":
        source = f"CAST(CAST({source} AS text) AS numeric)"  # by its shortest text, as people write it
    match column.family:
        case "text" if dialect == "duckdb":
            text = _trimmed(column)
            value = f"TRY_CAST({text} AS {target})"
            form = "[+-]?([0-9]+([.][0-9]{0,%d}0*)?|[.][0-9]{1,%d}0*)" % (scale, scale)  # noqa: UP031 - full of braces
            plain = f"regexp_full_match({text}, '{form if scale else '[+-]?[0-9]+([.]0*)?'}')"
            return value, f"({_known(text)} AND NOT ({plain} AND COALESCE({value} {within}, FALSE)))"
        case "float" if dialect != "postgres":
            value = f"TRY_CAST({source} AS {target})"
            # the float nearest to a decimal of that scale stands for it, and no other does
            same = f"CAST({value} AS {column.type}) = {source}"
            return value, f"({_known(source)} AND NOT COALESCE({value} {within} AND {same}, FALSE))"
        case "integer" | "decimal" | "float":
            fine = f"{source} {within}"
            if column.family != "integer" and (column.scale is None or column.scale > scale):
                fine = f"({fine} AND {source} = ROUND({source}, {scale}))"
            return cast_where(fine, source, target, dialect), f"NOT ({fine})"
    return None


def _truth(variable: str, declared: Variable, column: Column, dialect: Dialect) -> tuple[str, str] | None:
    del variable, declared
    match column.family:
        case "boolean":
            return column.sql, ""
        case "integer" | "decimal" | "float":
            yes, no, source = "1", "0", column.sql
        case "text":
            yes, no = (", ".join(literal(word, dialect) for word in words) for words in (TRUE, FALSE))
            source = f"LOWER({_trimmed(column)})"
        case _:
            return None
    value = f"CASE WHEN {source} IN ({yes}) THEN TRUE WHEN {source} IN ({no}) THEN FALSE END"
    return value, f"({source} NOT IN ({yes}, {no}))"


def _choice(variable: str, declared: Variable, column: Column, dialect: Dialect) -> tuple[str, str] | None:
    del variable
    if column.family not in ("text", "integer"):
        return None
    choices = ", ".join(literal(choice, dialect) for choice in declared.values or ())
    texts = column.family == "text" and column.type == text_type(dialect)
    source = _trimmed(column) if texts else f"CAST({column.sql} AS {text_type(dialect)})"
    if dialect != "duckdb":
        return source, f"({source} NOT IN ({choices}))"
    # as an ENUM, since DuckDB then looks a repeated text up once, and compares numbers
    value = f"TRY_CAST({source} AS ENUM({choices}))"
    return value, f"(({value} IS NULL) <> ({source} IS NULL))"


def _day(variable: str, declared: Variable, column: Column, dialect: Dialect) -> tuple[str, str] | None:
    del variable, declared
    within = f"BETWEEN DATE '{FIRST_YEAR}-01-01' AND DATE '{LAST_YEAR}-12-31'"
    match column.family:
        case "date":
            return column.sql, f"NOT ({column.sql} {within})"
        case "timestamp":
            value = f"CAST({column.sql} AS DATE)"
            return value, f"NOT ({value} {within})"
        case "text" if dialect == "duckdb":
            text = _trimmed(column)
            value = f"TRY_CAST(LEFT({text}, 10) AS DATE)"
            plain = f"regexp_full_match({text}, '{_DAY}')"
            return value, f"({_known(text)} AND NOT ({plain} AND COALESCE({value} {within}, FALSE)))"
    return None


def _known(source: str) -> str:
    return f"{source} IS NOT NULL"


def _trimmed(column: Column) -> str:
    """A text without the blanks around it, null where nothing is left, if blanks mean nothing."""
    return f"NULLIF(TRIM({column.sql}), '')" if column.padded else column.sql
