"""Statements through the driver's own cursor, below Django's: on Django's connection, without what Django adds to each.

An append runs some ten statements, and Django's cursor costs more than SQLite itself does for each of them. On
PostgreSQL an append goes by `equipoise.store.pipeline`, and everything else by the cursors of psycopg.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

Rows: TypeAlias = list[tuple[Any, ...]]


class Cursor(ABC):
    """Runs statements on a connection of Django's. Parameters are `%s` on both engines.

    Errors are the driver's: who makes a cursor wraps its use in `connection.wrap_database_errors`.

    Attributes:
        db: Django's connection, connected.
    """

    def __init__(self, connection: Any) -> None:
        connection.ensure_connection()
        self.db = connection

    @abstractmethod
    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Run a statement; `fetchone` and `fetchall` then give its rows."""

    @abstractmethod
    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for every row of values."""

    @abstractmethod
    def ask(self, sql: str, values: Sequence[Any]) -> Callable[[], Rows]:
        """Run a query whose rows are wanted later: several can be on their way at once."""

    @abstractmethod
    def fetchone(self) -> Any:
        """The next row of the statement that was executed last; None after the last."""

    @abstractmethod
    def fetchall(self) -> Rows:
        """The rows that are left of the statement that was executed last."""


class _OfDriver(Cursor):
    """Statements by a cursor of the driver."""

    cursor: Any

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        self.cursor.execute(sql, values)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        self.cursor.executemany(sql, rows)

    def ask(self, sql: str, values: Sequence[Any]) -> Callable[[], Rows]:
        self.execute(sql, values)
        rows = self.fetchall()
        return lambda: rows

    def fetchone(self) -> Any:
        return self.cursor.fetchone()

    def fetchall(self) -> Rows:
        return self.cursor.fetchall()  # type: ignore[no-any-return]  # the driver's


class _Sqlite(_OfDriver):
    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        # the connection's, and not Django's own, which would look for its parameters in every statement
        self.cursor = connection.connection.cursor()

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        self.cursor.execute(_with_question_marks(sql), values)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        self.cursor.executemany(_with_question_marks(sql), rows)


class _Postgresql(_OfDriver):
    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        import psycopg  # noqa: PLC0415 - only where PostgreSQL is asked for

        # not Django's own, which writes the parameters into the statement
        self.cursor = psycopg.Cursor(connection.connection)
        self.cursor.format = psycopg.pq.Format.BINARY  # a ledger's texts are bytes: twice as many digits otherwise


def cursor_of(connection: Any) -> Cursor:
    """A cursor of the driver on a connection of Django's."""
    return _Sqlite(connection) if connection.vendor == "sqlite" else _Postgresql(connection)


@lru_cache(maxsize=256)
def _with_question_marks(sql: str) -> str:
    return sql.replace("%s", "?")
