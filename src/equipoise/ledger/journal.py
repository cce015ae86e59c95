"""A ledger in memory, and as a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from equipoise.errors import LedgerError
from equipoise.ledger.entry import GENESIS, Entry, Json, entry_of_line, line_of


class Journal:
    """Entries in order, each sealed with the hash of the one before. Entries can be appended and nothing else."""

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
        """Seal one more entry and return it."""
        entry = Entry(
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
        line, self._head = line_of(entry)
        self._entries.append(entry)
        self._lines.append(line)
        return entry

    def to_bytes(self) -> bytes:
        """The ledger as JSON lines, each ended by a line feed."""
        return b"".join(line + b"\n" for line in self._lines)

    @classmethod
    def read(cls, path: Path) -> Journal:
        """A journal from a file whose chain holds.

        Raises:
            LedgerError: it cannot be read, or its chain is broken; names the line.
        """
        from equipoise.ledger.verify import verify_bytes  # noqa: PLC0415 - verify imports this module's neighbours

        try:
            data = path.read_bytes()
        except OSError as error:
            raise LedgerError((error.strerror or "cannot be read").lower(), file=path, mend="check the name") from None
        result = verify_bytes(data)
        if result.problem is not None:
            problem = result.problem
            raise LedgerError(problem.what, file=path, line=problem.line, mend="compare it with another copy")
        journal = cls()
        for line in data.split(b"\n")[:-1]:
            journal._lines.append(line)
            journal._entries.append(entry_of_line(line))
        journal._head = result.head
        return journal
