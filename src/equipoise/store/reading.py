"""Read a ledger out of the store: entries in order, a file of JSON lines, a verification that names the entry."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import OperationalError

from equipoise.ledger import Entry, Journal
from equipoise.ledger.entry import entry_of_text
from equipoise.ledger.verify import Chain, Verification
from equipoise.store import database
from equipoise.store.driver import Rows
from equipoise.store.trouble import told

_CHUNK = 2_000
_REPEATED = ("prev", "time", "actor", "site", "participant", "kind", "command")
"""Columns that repeat a part of the text."""
_COLUMNS = f"seq, hash, {', '.join(_REPEATED)}, text"
_ROWS = f"SELECT {_COLUMNS} FROM store_entry WHERE trial_id = %s AND seq BETWEEN %s AND %s ORDER BY seq"  # noqa: S608 - our own names
_REST = f"SELECT {_COLUMNS} FROM store_entry WHERE trial_id = %s AND seq >= %s ORDER BY seq"  # noqa: S608 - as above
_NEXT = "SELECT MIN(seq) FROM store_entry WHERE trial_id = %s AND seq >= %s"
_END = (
    "SELECT entries, (SELECT MAX(seq) FROM store_entry WHERE trial_id = store_head.trial_id) FROM store_head "
    "WHERE trial_id = %s"
)


@dataclass(frozen=True, slots=True)
class Ledger:
    """A trial's ledger in the database, as far as it goes now: entries that are added meanwhile are not read.

    Attributes:
        connection: Django's.
        trial: the trial's row.
        entries: how many entries its head counts.
        head: hash of the last of them.
    """

    connection: Any
    trial: int
    entries: int
    head: str

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The rows in order; rows beyond the head are given too.

        They are read by ranges of numbers, and not by how many: PostgreSQL, when it has not yet counted a new table,
        would sort all that follows for each chunk.
        """
        first: Any = -(2**62)
        while isinstance(first, int):
            if rows := self._between(first, first + _CHUNK - 1):
                yield from rows
                first += _CHUNK
            else:
                following = self._next(first)
                if following is not None and not isinstance(following, int):
                    # SQLite holds a text where a number belongs, and sorts it last: nothing of ours wrote it
                    yield from self._rows(_REST, (self.trial, first))
                    return
                first = following

    def _next(self, seq: int) -> Any:
        """The number of the next row from one on, over whatever gap."""
        with told(self.connection.alias), database.reading(self.connection.alias) as cursor:
            cursor.execute(_NEXT, (self.trial, seq))
            return cursor.fetchone()[0]

    def _between(self, first: int, last: int) -> Rows:
        return self._rows(_ROWS, (self.trial, first, last))

    def _rows(self, sql: str, asked: tuple[int, ...]) -> Rows:
        with told(self.connection.alias):
            return self._decoded(sql, asked)

    def _decoded(self, sql: str, asked: tuple[int, ...]) -> Rows:
        try:
            with database.reading(self.connection.alias) as cursor:
                return cursor.ask(sql, asked)()
        except OperationalError as error:
            if "decode" not in str(error):
                raise
        # SQLite holds any bytes in a text; somebody who wrote such is to be named, and is no defect
        with database.reading(self.connection.alias) as cursor:
            self.connection.connection.text_factory = _any_text
            try:
                return cursor.ask(sql, asked)()
            finally:
                self.connection.connection.text_factory = str

    def journal(self) -> Journal:
        """The ledger in memory; its chain has to hold."""
        return Journal.of_lines((line.rstrip(b"\n") for line in self.lines()), self.head)

    def __iter__(self) -> Iterator[Entry]:
        """The entries in order."""
        for row in self.rows():
            if not _is_after(row[0], self.entries):
                yield entry_of_text(bytes(row[-1]))

    def lines(self) -> Iterator[bytes]:
        """The lines of the file form, each with its line feed."""
        for row in self.rows():
            if not _is_after(row[0], self.entries):
                yield _line(row)

    def write(self, path: Path) -> int:
        """Write the ledger to a file, which appears whole or not at all; how many entries."""
        unfinished = path.with_name(f".{path.name}.unfinished")
        count = 0
        try:
            with unfinished.open("wb") as file:
                for line in self.lines():
                    file.write(line)
                    count += 1
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(path)) from None
        finally:
            unfinished.unlink(missing_ok=True)
        return count

    def verify(self, *, head: str | None = None, progress: Callable[[int, int], None] | None = None) -> Verification:
        """Verify every row: text, hash, place in the chain, and that the other columns say what the text does.

        The trial's own head says how many entries there are, so entries dropped at the end are found too.

        Args:
            head: hash of the entry that should be the last, as it was written down elsewhere.
            progress: called now and then with entries done and entries in all.

        Raises:
            LedgerError: `head` is no hash.
        """
        chain = Chain(head)
        for row in self.rows():
            if _is_after(row[0], self.entries) and not self._has_gone_on():
                return chain.broken(f"the trial's head counts {self.entries:,} entries, and entry {row[0]} was added")
            if _is_after(row[0], self.entries):
                break  # it was appended while we verify
            if what := _take(chain, row):
                return chain.broken(what)
            if progress is not None and chain.entries % _CHUNK == 0:
                progress(chain.entries, self.entries)
        if chain.entries and (chain.entries, chain.head) != (self.entries, self.head):
            return chain.broken(
                f"the trial's head counts {self.entries:,} entries: entries are missing or were changed"
            )
        return chain.ended()

    def _has_gone_on(self) -> bool:
        """Whether the head has moved on with the entries that are there now."""
        with told(self.connection.alias), database.reading(self.connection.alias) as cursor:
            cursor.execute(_END, (self.trial,))
            row = cursor.fetchone()
            return row is not None and bool(row[0] == row[1])

    def verify_first(self, entries: int, *, progress: Callable[[int, int], None] | None = None) -> Verification:
        """Verify the first entries, or as many of them as there are, whatever follows; `progress` as in `verify`."""
        chain = Chain()
        for row in self.rows():
            if _is_after(row[0], entries):
                break
            if what := _take(chain, row):
                return chain.broken(what)
            if progress is not None and chain.entries % _CHUNK == 0:
                progress(chain.entries, entries)
        return chain.ended()


def _take(chain: Chain, row: tuple[Any, ...]) -> str | None:
    """Take one more row, or say what is wrong with it."""
    text, stated = row[-1], row[1]
    if not isinstance(text, bytes | memoryview):
        return "its text is not what was stored: it is of another type"
    if what := chain.take(bytes(text), stated):
        return what
    if row[2:-1] != tuple(map(chain.body.__getitem__, _REPEATED)) or row[0] != chain.entries:
        chain.entries -= 1  # the text holds, and its row does not
        return "the columns of its row do not say what its text does: one of them was changed"
    return None


def _is_after(seq: Any, last: int) -> bool:
    """Whether a row comes after a place; a text where a number belongs comes after every number."""
    return not isinstance(seq, int) or seq > last


def _any_text(stored: bytes) -> str:
    return stored.decode(errors="surrogateescape")


def _line(row: tuple[Any, ...]) -> bytes:
    return b'{"entry":' + bytes(row[-1]) + b',"hash":"' + str(row[1]).encode(errors="replace") + b'"}\n'
