"""Make a trial, and fill its ledger from a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from equipoise.conduct import TrialState
from equipoise.errors import LedgerError, StoreError
from equipoise.ledger import Entry, verify_bytes
from equipoise.ledger.entry import LINE, entry_of_text
from equipoise.ledger.verify import read_bytes
from equipoise.protocol import Protocol, loads
from equipoise.store import projections
from equipoise.store.amending import keep
from equipoise.store.append import COMMAND, ENTRY, entry_row
from equipoise.store.driver import Cursor

_TRIAL = "INSERT INTO store_trial (name, created) VALUES (%s, %s) ON CONFLICT (name) DO NOTHING RETURNING id"
_BATCH = 2_000
_LONGEST = 100


def make_trial(cursor: Cursor, name: str, protocol: Protocol, text: str, at: datetime) -> int:
    """The rows of a trial with an empty ledger; the number of its row.

    Raises:
        StoreError: there is a trial of that name, or it is none.
    """
    if not (0 < len(name) <= _LONGEST and name.isprintable() and name == name.strip()):
        raise StoreError(f"a trial's name has 1 to {_LONGEST} characters, all printable, no space around")
    created = at.replace(tzinfo=None).isoformat(sep=" ") if cursor.db.vendor == "sqlite" else at
    # somebody else may just be making it: then PostgreSQL waits to see whether they do
    row = None
    if not is_there(cursor, name):
        cursor.execute(_TRIAL, (name, created))
        row = cursor.fetchone()
    if row is None:
        raise StoreError(f"there is a trial '{name}' already; give another name")
    number = int(row[0])
    cursor.execute(
        "INSERT INTO store_protocoltext (trial_id, digest, number, text) VALUES (%s, %s, 1, %s)",
        (number, protocol.digest, text),
    )
    state = TrialState()
    cursor.execute(
        "INSERT INTO store_head (trial_id, entries, hash, protocol, state_json) VALUES (%s, %s, %s, %s, %s)",
        (number, state.entries, state.head, protocol.digest, projections.trial_text(state, None)),
    )
    return number


def is_there(cursor: Cursor, name: str) -> bool:
    """Whether there is a trial of a name."""
    cursor.execute("SELECT 1 FROM store_trial WHERE name = %s", (name,))
    return cursor.fetchone() is not None


@dataclass(frozen=True, slots=True)
class Rows:
    """A ledger file whose chain holds: its lines."""

    lines: list[bytes]

    def entries(self) -> Iterator[tuple[Entry, bytes, str]]:
        """Every entry, its text and its hash."""
        for line in self.lines:
            match = LINE.fullmatch(line)
            assert match is not None  # the chain holds
            yield entry_of_text(match[1]), match[1], match[2].decode()


def read_rows(path: Path, protocol: Protocol) -> Rows:
    """Read a ledger file.

    Raises:
        LedgerError: it cannot be read, or its chain is broken; names the line.
        StoreError: it was opened under another text of the protocol.
    """
    data = read_bytes(path)
    result = verify_bytes(data)
    if result.problem is not None:
        problem = result.problem
        raise LedgerError(problem.what, file=path, line=problem.line, mend="compare it with another copy")
    rows = Rows(data.split(b"\n")[:-1])
    first = next(rows.entries())[0]
    if first.kind != "open" or first.data.get("digest") != protocol.digest:
        raise StoreError(f"{path}: opened under another text of the protocol; give the one it was opened under")
    return rows


def keep_amendments(cursor: Cursor, trial: int, rows: Rows, texts: Sequence[str]) -> None:
    """Keep the texts of the versions that a ledger was amended to, in its order.

    Raises:
        StoreError: a text is missing, or the ledger was not amended to one that was given.
    """
    given = {protocol.digest: (protocol, text) for protocol, text in ((loads(text), text) for text in texts)}
    for entry, _, _ in rows.entries():
        if entry.kind != "amend":
            continue
        digest = str(entry.data.get("digest"))
        if digest not in given:
            what = f"entry {entry.seq} amends the trial to version '{str(entry.data.get('version'))[:100]}'"
            raise StoreError(f"{what}, whose text was not given; give every version that the trial was run by")
        keep(cursor, trial, *given.pop(digest))
    if given:
        version = next(iter(given.values()))[0].version
        raise StoreError(f"the ledger was not amended to the text of version '{version}' that was given; leave it out")


def insert(cursor: Cursor, trial: int, rows: Rows) -> None:
    """Insert the entries, and the ids of their commands. What else a command was answered, a file does not hold.

    Raises:
        LedgerError: an id answers commands that do not stand together.
    """
    used: set[str] = set()
    entries: list[tuple[Any, ...]] = []
    commands: list[tuple[Any, ...]] = []
    for command, group in groupby(rows.entries(), key=lambda item: item[0].command):
        answered = [(trial, *entry_row(entry, digest, text)) for entry, text, digest in group]
        if command in used:
            raise LedgerError(f"entry {answered[0][1]} answers '{command}' again", mend="compare it with another copy")
        used.add(command)
        entries += answered
        commands.append((trial, command, "", answered[0][1], len(answered), "null"))
        if len(entries) >= _BATCH:
            _flush(cursor, entries, commands)
    _flush(cursor, entries, commands)


def _flush(cursor: Cursor, entries: list[tuple[Any, ...]], commands: list[tuple[Any, ...]]) -> None:
    cursor.executemany(ENTRY, entries)
    cursor.executemany(COMMAND, commands)
    entries.clear()
    commands.clear()
