"""Verify a ledger file: every byte of it, and where it ends.

A chain whose tail was cut off is still a chain. So the end is proven in one of two ways: the last entry is a `close`
entry, which holds the count of entries, or the head's hash is known from elsewhere. With neither, the file is
"unbroken, end not proven".
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from equipoise.errors import LedgerError
from equipoise.ledger.entry import GENESIS, LINE

End = Literal["closed", "head", "not proven"]


@dataclass(frozen=True, slots=True)
class Problem:
    """The first thing that is wrong.

    Attributes:
        line: in the file, from 1.
        seq: of the entry, as far as it can be told.
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
        end = {
            "closed": "closed by its last entry",
            "head": "its end is the head that was given",
            "not proven": "end not proven: no close entry, and no --head was given",
        }[self.end]
        return f"{self.entries:,} entries unbroken; {end}; head {self.head}"


def verify_file(path: Path, *, head: str | None = None) -> Verification:
    """Verify a ledger file.

    Args:
        path: the file.
        head: hash of the entry that should be the last, as it was written down elsewhere.

    Raises:
        LedgerError: the file cannot be read, or `head` is no hash.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LedgerError((error.strerror or "cannot be read").lower(), file=path, mend="check the name") from None
    return verify_bytes(data, head=head)


def verify_bytes(data: bytes, *, head: str | None = None) -> Verification:
    """Verify the bytes of a ledger file."""
    if head is not None and (len(head) != 64 or set(head.lower()) - set("0123456789abcdef")):
        raise LedgerError(f"'{head[:80]}' is not a hash", mend="a head is 64 hexadecimal digits")
    chain = _Chain()
    lines = data.split(b"\n")
    rest = lines.pop()
    for number, line in enumerate(lines, start=1):
        if problem := chain.add(number, line):
            return Verification(chain.entries, chain.head, "not proven", problem)
    if rest:
        return _end(chain, len(lines) + 1, "the last line is cut off, or something stands after it")
    if not chain.entries:
        return _end(chain, 1, "there is no entry")
    if head is not None and chain.head != head.lower():
        return _end(chain, len(lines), _wrong_head(chain, head.lower()), seq=chain.entries)
    end: End = "closed" if chain.closed else "head" if head is not None else "not proven"
    return Verification(chain.entries, chain.head, end, None)


def _end(chain: _Chain, line: int, what: str, seq: int | None = None) -> Verification:
    problem = Problem(line, chain.entries + 1 if seq is None else seq, what)
    return Verification(chain.entries, chain.head, "not proven", problem)


def _wrong_head(chain: _Chain, head: str) -> str:
    if head in chain.hashes:
        more = chain.entries - chain.hashes[head]
        return f"the head that was given is entry {chain.hashes[head]}, and {more:,} more follow it"
    return "the last entry is not the head that was given: entries are missing, or the head is of another ledger"


class _Chain:
    """The chain as far as it has been verified."""

    def __init__(self) -> None:
        self.entries = 0
        self.head = GENESIS
        self.closed = False
        self.hashes: dict[str, int] = {}

    def add(self, number: int, line: bytes) -> Problem | None:
        """Take one more line, or say what is wrong with it."""
        match = LINE.fullmatch(line)
        if match is None:
            return Problem(number, self.entries + 1, "not a line of a ledger: bytes were changed, added or lost")
        text, stated = match.group(1), match.group(2).decode()
        if hashlib.sha256(text).hexdigest() != stated:
            return Problem(number, self.entries + 1, "its text and its hash do not fit: one of them was changed")
        try:
            body = json.loads(text)
        except (ValueError, RecursionError):
            return Problem(number, self.entries + 1, "its text is not JSON")
        if problem := self._misplaced(body):
            return Problem(number, self.entries + 1, problem)
        self.entries, self.head, self.closed = self.entries + 1, stated, body.get("kind") == "close"
        self.hashes[stated] = self.entries
        return None

    def _misplaced(self, body: Any) -> str | None:
        seq, prev = body.get("seq"), body.get("prev")
        if self.closed:
            return "it comes after the entry that closed the trial"
        if seq != self.entries + 1:
            return f"entry {seq} stands where entry {self.entries + 1} belongs: entries were dropped, doubled or moved"
        if prev != self.head:
            return "it does not follow from the entry before it"
        if body.get("kind") == "close":
            data = body.get("data")
            count = data.get("entries") if isinstance(data, dict) else None
            if count != seq:
                return f"it closes a ledger of {count} entries, and is number {seq}"
        return None
