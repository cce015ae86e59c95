"""Statements through the driver's own cursor, below Django's: on Django's connection, without what Django adds to each.

An append runs some ten statements. Django's cursor costs more than SQLite itself does for each of them, and on
PostgreSQL every statement waits for the server's answer to the one before. Here SQLite's statements go straight to its
connection, and PostgreSQL's are prepared once and, where `writing` says so, sent together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

Rows: TypeAlias = list[tuple[Any, ...]]


class Cursor:
    """Runs statements on a connection of Django's. Parameters are `%s` on both engines.

    Errors are the driver's: who makes a cursor wraps its use in `connection.wrap_database_errors`.

    Args:
        connection: Django's; it is connected here if it is not yet.
    """

    def __init__(self, connection: Any) -> None:
        connection.ensure_connection()
        self.db = connection
        """Django's connection, as Django's cursors have it."""
        self._run: Callable[[str, Sequence[Any]], Any]
        self._driver = connection.connection
        self.fetched: Any = None
        """The driver's cursor of the statement that was executed last."""
        if connection.vendor == "sqlite":
            self._run = self._sqlite
        else:
            from psycopg import Cursor as ServerSide  # noqa: PLC0415 - only where PostgreSQL is asked for

            self._cursor = ServerSide
            self._run = self._postgresql

    def execute(self, sql: str, values: Sequence[Any] = ()) -> Cursor:
        """Run a statement; `fetchone` and `fetchall` then give its rows."""
        self.fetched = self._run(sql, values)
        return self

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for every row of values."""
        if self.db.vendor == "sqlite":
            self._driver.executemany(_with_question_marks(sql), rows)
        else:
            self._cursor(self._driver).executemany(sql, rows)

    def ask(self, sql: str, values: Sequence[Any]) -> Callable[[], Rows]:
        """Run a query whose rows are wanted later: several can be on their way at once."""
        found = self._run(sql, values)
        if self.db.vendor == "sqlite":
            rows = found.fetchall()
            return lambda: rows
        return found.fetchall  # type: ignore[no-any-return] # the driver's

    def fetchone(self) -> Any:
        """The next row of the statement that was executed last; None after the last."""
        return self.fetched.fetchone()

    def fetchall(self) -> Rows:
        """The rows that are left of the statement that was executed last."""
        return self.fetched.fetchall()  # type: ignore[no-any-return] # the driver's

    def _sqlite(self, sql: str, values: Sequence[Any]) -> Any:
        return self._driver.execute(_with_question_marks(sql), values)

    def _postgresql(self, sql: str, values: Sequence[Any]) -> Any:
        # a cursor for each statement: in a pipeline, results reach the cursor that asked. Binary, since a ledger's
        # texts are bytes, and PostgreSQL writes bytes as twice as many digits otherwise
        return self._cursor(self._driver).execute(sql, values or None, prepare=True, binary=True)


@lru_cache(maxsize=256)
def _with_question_marks(sql: str) -> str:
    return sql.replace("%s", "?")
