"""Verify a ledger file: every byte of it, and where it ends.

A chain whose tail was cut off is still a chain. So the end is proven in one of two ways: the last entry is a `close`
entry, which holds the count of entries, or the head's hash is known from elsewhere. With neither, the file is
"unbroken, end not proven".

Somebody who changes an entry can hash it anew, and all that follow; then only the head, written down elsewhere, tells.
A text that is not canonical is found even so, since nothing that we write is.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from equipoise.errors import LedgerError
from equipoise.ledger.entry import GENESIS, LINE, Entry, entry_of_text

End = Literal["closed", "head", "not proven"]

_END_IN_WORDS: dict[End, str] = {
    "closed": "closed by its last entry",
    "head": "its end is the head that was given",
    "not proven": "end not proven: no close entry, and no --head was given",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """The first thing that is wrong.

    Attributes:
        line: in the file, from 1; the one after the last if entries are missing at the end.
        seq: number of the first entry that does not hold.
        what: is wrong.
    """

    line: int
    seq: int
    what: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What verifying found.

    Attributes:
        entries: how many entries hold, from the first.
        head: hash of the last of them.
        end: how the end is proven, if nothing is wrong.
        problem: the first thing that is wrong; None if nothing is.
    """

    entries: int
    head: str
    end: End
    problem: Problem | None

    @property
    def ok(self) -> bool:
        """Whether the chain holds and nothing contradicts its end."""
        return self.problem is None

    def __str__(self) -> str:
        """One line for people."""
        if self.problem is not None:
            return f"broken at entry {self.problem.seq} (line {self.problem.line}): {self.problem.what}"
        return f"{self.entries:,} entries: unbroken, {_END_IN_WORDS[self.end]}; head {self.head}"


def read_bytes(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        LedgerError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        what = (error.strerror or "cannot be read").lower()
        raise LedgerError(what, file=path, mend="check the name") from None
    except ValueError:  # a name that holds a NUL is no file's
        raise LedgerError("not the name of a file", file=path, mend="check the name") from None


def verify_file(path: Path, *, head: str | None = None) -> Verification:
    """Verify a ledger file.

    Args:
        path: the file.
        head: hash of the entry that should be the last, as it was written down elsewhere.

    Raises:
        LedgerError: the file cannot be read, or `head` is no hash.
    """
    return verify_bytes(read_bytes(path), head=head)


def verify_bytes(data: bytes, *, head: str | None = None) -> Verification:
    """Verify the bytes of a ledger file; otherwise as `verify_file`."""
    if head is not None and (len(head) != 64 or set(head.lower()) - set("0123456789abcdef")):
        raise LedgerError(f"'{head[:80]}' is not a hash", mend="a head is 64 hexadecimal digits")
    chain = _Chain(None if head is None else head.lower())
    problem = chain.follow(io.BytesIO(data)) or chain.problem_at_end()
    if problem is not None:
        return Verification(chain.entries, chain.head, "not proven", problem)
    end: End = "closed" if chain.closed else "not proven" if head is None else "head"
    return Verification(chain.entries, chain.head, end, None)


class _Chain:
    """The chain as far as it has been verified.

    Args:
        wanted: hash that the last entry should have, if it is known.
    """

    def __init__(self, wanted: str | None) -> None:
        self.wanted = wanted
        self.found: int | None = None
        self.entries = 0
        self.head = GENESIS
        self.closed = False

    def follow(self, lines: Iterable[bytes]) -> Problem | None:
        """Take lines until there is no more, or one is wrong. Each line that holds is one entry."""
        for line in lines:
            if what := self._take(line):
                return Problem(self.entries + 1, self.entries + 1, what)
        return None

    def _take(self, line: bytes) -> str | None:
        """Take one more line, or say what is wrong with it."""
        if not line.endswith(b"\n"):
            return "the last line does not end with a line feed: it was cut off, or something was added"
        match = LINE.fullmatch(line, 0, len(line) - 1)
        if match is None:
            return "not a line of a ledger: bytes were changed, added or lost"
        text, stated = match.group(1), match.group(2).decode()
        if hashlib.sha256(text).hexdigest() != stated:
            return "its text and its hash do not fit: one of them was changed"
        try:
            entry = entry_of_text(text)
        except ValueError as error:
            return str(error)
        if what := self._misplaced(entry):
            return what
        self.entries, self.head, self.closed = entry.seq, stated, entry.kind == "close"
        if stated == self.wanted:
            self.found = entry.seq
        return None

    def _misplaced(self, entry: Entry) -> str | None:
        expected = self.entries + 1
        if self.closed:
            return "it comes after the entry that closed the trial"
        if entry.seq != expected:
            return f"entry {entry.seq} stands where entry {expected} belongs: entries were dropped, doubled or moved"
        if entry.prev != self.head:
            return "it does not follow from the entry before it"
        if entry.kind == "close" and entry.data.get("entries") != entry.seq:
            return f"it closes a ledger of {entry.data.get('entries')} entries, and is number {entry.seq}"
        return None

    def problem_at_end(self) -> Problem | None:
        """What the end of the file contradicts: that there is an entry, and the head that is wanted."""
        following = self.entries + 1
        if not self.entries:
            return Problem(1, 1, "there is no entry")
        if self.wanted is None or self.found == self.entries:
            return None
        if self.found is not None:
            more = self.entries - self.found
            what = f"the head that was given is entry {self.found}, and {more:,} more follow it"
            return Problem(self.found + 1, self.found + 1, what)
        what = f"the file ends with entry {self.entries}, which is not the head that was given"
        return Problem(following, following, f"{what}: entries are missing, or the head is of another ledger")
