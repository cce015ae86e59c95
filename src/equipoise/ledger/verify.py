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
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from equipoise.errors import LedgerError
from equipoise.ledger.entry import GENESIS, LINE, body_of_text

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
    chain = Chain(head)
    for line in io.BytesIO(data):
        if what := chain.take_line(line):
            return chain.broken(what)
    return chain.ended()


class Chain:
    """A chain as far as it has been verified: give it the entries in order, then ask how it ended.

    Args:
        head: hash of the entry that should be the last, if it is known.

    Raises:
        LedgerError: `head` is no hash.
    """

    def __init__(self, head: str | None = None) -> None:
        if head is not None and (len(head) != 64 or set(head.lower()) - set("0123456789abcdef")):
            raise LedgerError(f"'{head[:80]}' is not a hash", mend="a head is 64 hexadecimal digits")
        self.wanted = None if head is None else head.lower()
        self.found: int | None = None
        self.entries = 0
        self.head = GENESIS
        self.closed = False
        self.body: dict[str, Any] = {}
        """The parts of the entry that was taken last."""

    def take_line(self, line: bytes) -> str | None:
        """Take one more line of a file, its line feed included, or say what is wrong with it."""
        if not line.endswith(b"\n"):
            return "the last line does not end with a line feed: it was cut off, or something was added"
        match = LINE.fullmatch(line, 0, len(line) - 1)
        if match is None:
            return "not a line of a ledger: bytes were changed, added or lost"
        text, stated = match.groups()
        return self.take(text, stated.decode())

    def take(self, text: bytes, stated: str) -> str | None:
        """Take one more entry by its text and its hash as they are stored, or say what is wrong with it."""
        if hashlib.sha256(text).hexdigest() != stated:
            return "its text and its hash do not fit: one of them was changed"
        try:
            body = body_of_text(text)
        except ValueError as error:
            return str(error)
        closes = body["kind"] == "close"
        if what := self._misplaced(body, closes):
            return what
        self.entries, self.head, self.closed, self.body = self.entries + 1, stated, closes, body
        if stated == self.wanted:
            self.found = self.entries
        return None

    def _misplaced(self, body: dict[str, Any], closes: bool) -> str | None:
        seq, expected = body["seq"], self.entries + 1
        if self.closed:
            return "it comes after the entry that closed the trial"
        if seq != expected:
            return f"entry {seq} stands where entry {expected} belongs: entries were dropped, doubled or moved"
        if body["prev"] != self.head:
            return "it does not follow from the entry before it"
        if closes and body["data"].get("entries") != seq:
            return f"it closes a ledger of {body['data'].get('entries')} entries, and is number {seq}"
        return None

    def broken(self, what: str) -> Verification:
        """What was found, if the next entry is wrong."""
        following = self.entries + 1
        return Verification(self.entries, self.head, "not proven", Problem(following, following, what))

    def ended(self) -> Verification:
        """What was found, if there is no more."""
        if problem := self._problem_at_end():
            return Verification(self.entries, self.head, "not proven", problem)
        end: End = "closed" if self.closed else "not proven" if self.wanted is None else "head"
        return Verification(self.entries, self.head, end, None)

    def _problem_at_end(self) -> Problem | None:
        """What the end contradicts: that there is an entry, and the head that is wanted."""
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
