"""Records in PostgreSQL: by a URL, or a connection of the caller's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from equipoise.errors import DesignError, InputError
from equipoise.protocol.rules import Dialect
from equipoise.protocol.wording import clipped
from equipoise.screening.dialect import name
from equipoise.screening.reading import Column, Family
from equipoise.screening.table import BATCH

_FAMILIES: dict[str, Family] = {
    "smallint": "integer",
    "integer": "integer",
    "bigint": "integer",
    "numeric": "decimal",
    "real": "float",
    "double precision": "float",
    "boolean": "boolean",
    "text": "text",
    "character varying": "text",
    "character": "text",
    "date": "date",
    "timestamp without time zone": "timestamp",
}
_COLUMNS = """
SELECT a.attname, format_type(CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE a.atttypid END, NULL), t.typtype = 'e'
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = to_regclass(%s) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""


class PostgresTable:
    """A table or view of a PostgreSQL database; nothing is ever written to it.

    Args:
        database: a URL (the driver psycopg is needed then), or a DB-API connection, whose transaction is left alone.
        table: its name, as `table` or `schema.table`.

    Raises:
        DesignError: no table is named.
        InputError: no driver, no connection, no such table.
    """

    dialect: Dialect = "postgres"
    record: str | None = None
    knows_extremes: bool = False

    def __init__(self, database: Any, table: str | None) -> None:
        if table is None:
            raise DesignError("a database has many tables: name the one of records")
        self.relation = ".".join(name(part, "postgres") for part in table.split(".", 1))
        self.label = f"table {clipped(table)}"
        self._owned = isinstance(database, str)
        self._errors: tuple[type[Exception], ...] = ()
        self._connection = self._connected(database) if isinstance(database, str) else database

    def _connected(self, url: str) -> Any:
        try:
            driver = import_module("psycopg")
        except ImportError:
            mend = "install psycopg, or give a connection of your own"
            raise InputError("the driver of PostgreSQL is not installed", mend=mend) from None
        self._errors = (driver.Error,)
        with self._said():
            connection = driver.connect(url)
        connection.read_only = True
        return connection

    def columns(self) -> tuple[Column, ...]:
        """Its columns, in order."""
        with self._said(), self._connection.cursor() as cursor:
            cursor.execute(_COLUMNS, (self.relation,))
            found = cursor.fetchall()
        if not found:
            mend = "name it as table or schema.table, in the capitals that the database has"
            raise InputError("the database has no such table", file=self.label, mend=mend)
        return tuple(_column(*row) for row in found)

    def batches(self, statement: str) -> Iterator[Sequence[Sequence[Any]]]:
        """The rows of a statement, some at a time, column by column."""
        with self._said(), self._connection.cursor() as cursor:
            cursor.execute(statement)
            while batch := cursor.fetchmany(BATCH):
                yield list(zip(*batch, strict=True))

    def close(self) -> None:
        """Leave the database, if it was entered here."""
        if self._owned:
            self._connection.close()

    @contextmanager
    def _said(self) -> Iterator[None]:
        """An error of a driver of ours, in a line."""
        try:
            yield
        except self._errors as error:
            reason = clipped(str(error).strip().partition("\n")[0], 200)
            raise InputError(
                f"the database refuses: {reason}", mend="check the URL, the table and its rights"
            ) from None


def _column(title: str, kind: str, enumerated: bool) -> Column:
    family: Family = "text" if enumerated else _FAMILIES.get(kind, "other")
    return Column(title, name(title, "postgres"), family, kind)
