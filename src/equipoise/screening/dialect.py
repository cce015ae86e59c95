"""Names, texts and types as an engine writes them. Every name and text of a user goes through here and is quoted."""

from __future__ import annotations

from decimal import Decimal

from sqlglot import exp

from equipoise.protocol.rules import Dialect


def name(text: str, dialect: Dialect) -> str:
    """A column or table, quoted."""
    return exp.to_identifier(text, quoted=True).sql(dialect=dialect)


def literal(text: str, dialect: Dialect) -> str:
    """A text, quoted."""
    return exp.Literal.string(text).sql(dialect=dialect)


def decimal(value: Decimal) -> str:
    """A number in digits."""
    return f"{value:f}"


def text_type(dialect: Dialect) -> str:
    """The type of texts."""
    return {"duckdb": "VARCHAR", "postgres": "text", "spark": "STRING"}[dialect]


def cast_where(fine: str, value: str, kind: str, dialect: Dialect) -> str:
    """`value` as another type, and null where it does not fit; PostgreSQL has to be told beforehand whether it does."""
    if dialect == "postgres":
        return f"CASE WHEN {fine} THEN CAST({value} AS {kind}) END"
    return f"TRY_CAST({value} AS {kind})"
