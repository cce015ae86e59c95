"""A ledger in memory, and as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from equipoise.errors import LedgerError
from equipoise.ledger.canonical import Json
from equipoise.ledger.entry import GENESIS, Entry, entry_of_line, line_of
from equipoise.ledger.verify import read_bytes, verify_bytes


class Journal:
    """Entries in order, each sealed with the hash of the one before. Entries can be appended and nothing else.

    The lines are kept as they were hashed, and an entry is what its line says: whoever changes the data that an entry
    was made from changes neither.
    """

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._lines: list[bytes] = []
        self._head = GENESIS

    @property
    def head(self) -> str:
        """Hash of the last entry; `GENESIS` when there is none."""
        return self._head

    def __len__(self) -> int:
        """How many entries there are."""
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        """The entries in order."""
        return iter(self._entries)

    def append(
        self,
        *,
        time: str,
        actor: str,
        role: str,
        site: str | None,
        participant: str | None,
        kind: str,
        command: str,
        version: str,
        reason: str | None,
        data: Mapping[str, Json],
    ) -> Entry:
        """Seal one more entry and return it.

        Raises:
            LedgerError: it holds what cannot stand in an entry; nothing is appended.
        """
        drafted = Entry(
            seq=len(self._entries) + 1,
            prev=self._head,
            time=time,
            actor=actor,
            role=role,
            site=site,
            participant=participant,
            kind=kind,
            command=command,
            version=version,
            reason=reason,
            data=data,
        )
        line, head = line_of(drafted)
        entry = entry_of_line(line)
        self._entries.append(entry)
        self._lines.append(line)
        self._head = head
        return entry

    def first(self, count: int) -> Journal:
        """The ledger as it was after so many entries."""
        journal = Journal()
        journal._entries, journal._lines = self._entries[:count], self._lines[:count]
        journal._head = self._entries[count].prev if count < len(self._entries) else self._head
        return journal

    def to_bytes(self) -> bytes:
        """The ledger as JSON lines, each ended by a line feed."""
        return b"".join(line + b"\n" for line in self._lines)

    @classmethod
    def read(cls, path: Path) -> Journal:
        """A journal from a file whose chain holds.

        Raises:
            LedgerError: it cannot be read, or its chain is broken; names the line.
        """
        data = read_bytes(path)
        result = verify_bytes(data)
        if result.problem is not None:
            problem = result.problem
            raise LedgerError(problem.what, file=path, line=problem.line, mend="compare it with another copy")
        return cls.of_lines(data.split(b"\n")[:-1], result.head)

    @classmethod
    def of_lines(cls, lines: Iterable[bytes], head: str) -> Journal:
        """A journal of lines, without their line feeds, whose chain has been verified and ends with `head`."""
        journal = cls()
        journal._lines = list(lines)
        journal._entries = [entry_of_line(line) for line in journal._lines]
        journal._head = head
        return journal
