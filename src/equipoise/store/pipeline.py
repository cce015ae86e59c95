"""Statements sent to PostgreSQL together: an append waits for the server twice, and not after each of its statements.

The statements are prepared once for each connection and sent in libpq's pipeline mode, through psycopg's wrapper of
libpq, whose functions cost a fifth of what its cursors do; values go and come as with its cursors.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from psycopg import Connection, errors, pq
from psycopg.adapt import PyFormat, Transformer
from psycopg.waiting import Ready, Wait

from equipoise.store.driver import Cursor, Rows

_PREPARED: WeakKeyDictionary[Connection[Any], dict[str, bytes]] = WeakKeyDictionary()
"""By connection, then by statement: the name that the server knows it by."""

_NUMBERS = count(1)
_FAILED = (pq.ExecStatus.FATAL_ERROR, pq.ExecStatus.BAD_RESPONSE)


def is_supported() -> bool:
    """Whether libpq has a pipeline mode; since version 14."""
    return pq.version() >= 140000


@dataclass(slots=True, eq=False)
class _Sent:
    """A statement that was sent, and the server's answer once it is there."""

    result: Any = None
    names: tuple[str, bytes] | None = None
    """Of one that prepares another: what was prepared, and the name it has from then on."""


class PipelineCursor(Cursor):
    """One transaction, whose statements are sent without waiting for each one's answer.

    An error of a statement is raised when rows are fetched, or at `commit`; the server skips what was sent after it.
    """

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self._driver: Connection[Any] = connection.connection
        self._libpq = self._driver.pgconn
        self._types = Transformer(self._driver)
        self._names = _PREPARED.setdefault(self._driver, {})
        self._on_the_way: deque[_Sent] = deque()
        self._last: _Sent | None = None
        self._rows: list[tuple[Any, ...]] = []
        self._libpq.enter_pipeline_mode()

    def execute(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Send a statement."""
        self._last = self._send(sql, values)

    def executemany(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Send a statement for every row of values."""
        for row in rows:
            self.execute(sql, row)

    def ask(self, sql: str, values: Sequence[Any]) -> Callable[[], Rows]:
        """Send a query."""
        sent = self._send(sql, values)
        return lambda: self._fetch(sent)

    def fetchone(self) -> Any:
        """The next row of the statement that was executed last, waiting for it; None after the last."""
        rows = self.fetchall()
        self._rows = rows[1:]
        return rows[0] if rows else None

    def fetchall(self) -> Rows:
        """The rows that are left of the statement that was executed last, waiting for them."""
        if self._last is not None:
            self._rows = self._fetch(self._last)
            self._last = None
        rows, self._rows = self._rows, []
        return rows

    def commit(self) -> None:
        """Commit, and wait until everything was answered.

        Raises:
            psycopg.Error: a statement failed; nothing was written, and `roll_back` is to follow.
        """
        ended = self._send("COMMIT", ())
        if (failed := self._end()) is not None:
            raise errors.error_from_result(failed, encoding="utf-8")
        if (said := ended.result.command_status) != b"COMMIT":
            raise errors.InternalError(f"a commit was answered with {said}")

    def roll_back(self) -> None:
        """Roll back after an error, whatever became of the statements that were sent."""
        if self._libpq.pipeline_status != pq.PipelineStatus.OFF:
            self._end()
        self._driver.rollback()

    def _end(self) -> Any:
        """Wait until everything is answered, and leave pipeline mode; what failed first of what was not yet known."""
        self._libpq.pipeline_sync()
        failed = self._driver.wait(self._receiving(None))
        self._libpq.exit_pipeline_mode()
        return failed

    def _send(self, sql: str, values: Sequence[Any]) -> _Sent:
        name = self._names.get(sql) or self._prepare(sql)
        # as text, since the server knows the types; but bytes as they are
        wanted = [PyFormat.BINARY if isinstance(value, bytes) else PyFormat.TEXT for value in values]
        encoded = self._types.dump_sequence(values, wanted)
        self._libpq.send_query_prepared(name, encoded, self._types.formats, result_format=pq.Format.BINARY)
        return self._sent(_Sent())

    def _prepare(self, sql: str) -> bytes:
        name = b"store%d" % next(_NUMBERS)  # a new one each time: of one that failed, nobody knows what came of it
        parts = sql.split("%s")
        numbered = "".join(f"{part}${number}" for number, part in enumerate(parts[:-1], start=1)) + parts[-1]
        self._libpq.send_prepare(name, numbered.encode())
        self._sent(_Sent(names=(sql, name)))
        return name

    def _sent(self, sent: _Sent) -> _Sent:
        self._on_the_way.append(sent)
        return sent

    def _fetch(self, sent: _Sent) -> Rows:
        if sent.result is None:
            self._receive(sent)
        self._types.set_pgresult(sent.result)
        return self._types.load_rows(0, sent.result.ntuples, tuple)

    def _receive(self, last: _Sent) -> None:
        """Receive answers up to that of a statement.

        Raises:
            psycopg.Error: of the first statement that failed.
        """
        self._libpq.send_flush_request()
        failed = self._driver.wait(self._receiving(last))
        if failed is not None:
            raise errors.error_from_result(failed, encoding="utf-8")

    def _receiving(self, last: _Sent | None) -> Generator[Wait, Ready | int, Any]:
        """Take answers up to that of a statement, or to the end; yields where psycopg has to wait for the server.

        Returns:
            The answer to the first statement that failed.
        """
        failed = None
        while last is None or last.result is None:
            result = yield from self._result()
            if result is None:  # the end of a statement's answer
                continue
            if result.status == pq.ExecStatus.PIPELINE_SYNC:
                break
            sent = self._on_the_way.popleft()
            sent.result = result
            if result.status in _FAILED and failed is None:
                failed = result
            elif sent.names and result.status == pq.ExecStatus.COMMAND_OK:
                self._names[sent.names[0]] = sent.names[1]
        return failed

    def _result(self) -> Generator[Wait, Ready | int, Any]:
        """The next result, or the None that ends a statement's."""
        while self._libpq.flush():
            if (yield Wait.RW) & Ready.R:
                self._libpq.consume_input()
        while self._libpq.is_busy():
            if (yield Wait.R):
                self._libpq.consume_input()
        return self._libpq.get_result()
