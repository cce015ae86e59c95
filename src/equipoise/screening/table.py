"""What an engine is to the rest: a table with columns, in which statements can be run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from equipoise.protocol.rules import Dialect
from equipoise.screening.reading import Column

BATCH = 100_000
"""Rows that are held at a time."""


class Table(Protocol):
    """A table of records in an engine.

    Attributes:
        dialect: in which rules are written for it.
        label: what it is, for people; never with a password.
        relation: SQL that names it in a statement, once.
        record: SQL that numbers its records from 1; None where records have no order.
        knows_extremes: whether it can tell the lowest and the highest value of a column without reading it.
    """

    dialect: Dialect
    label: str
    relation: str
    record: str | None
    knows_extremes: bool

    def columns(self) -> tuple[Column, ...]:
        """Its columns, in order."""
        ...

    def batches(self, statement: str) -> Iterator[Sequence[Sequence[Any]]]:
        """The rows of a statement over the relation, some at a time, column by column."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


def rows(table: Table, statement: str) -> list[tuple[Any, ...]]:
    """All rows of a statement that gives few."""
    return [row for batch in table.batches(statement) for row in zip(*batch, strict=True)]
