"""One entry, its canonical text and its line in a file.

The canonical text of an entry is JSON by RFC 8785. It is what is stored and hashed (SHA-256). A line of a file is

    {"entry":<canonical text>,"hash":"<64 hexadecimal digits>"}

and is canonical itself. The entry holds the hash of the entry before it (`prev`), so a ledger is a chain. Verifying
cuts the stored text out of the line and hashes it as it stands.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

from equipoise.errors import LedgerError
from equipoise.ledger.canonical import Json, canonical_text, read_canonical

GENESIS = "0" * 64
"""The `prev` of a ledger's first entry."""

LINE = re.compile(rb'\{"entry":(\{.*\}),"hash":"([0-9a-f]{64})"\}', re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something that happened: who, in which role, at which site, when (UTC), on which command, and why.

    Attributes:
        seq: place in the ledger, from 1.
        prev: hash of the entry before it, or `GENESIS`.
        time: when it was entered, UTC, `2011-05-05T09:00:00Z`.
        actor: the account that entered it.
        role: the role in which the account acted.
        site: the site it was entered at, if at one.
        participant: the participant's number, if it is about one.
        kind: what happened: `register`, `allocate`, ...
        command: id of the command that it answers, given by the caller.
        version: version of the protocol it was judged by.
        reason: why, where a reason is asked for.
        data: the rest, by kind. Numbers are safe integers or decimal texts.
    """

    seq: int
    prev: str
    time: str
    actor: str
    role: str
    site: str | None
    participant: str | None
    kind: str
    command: str
    version: str
    reason: str | None
    data: Mapping[str, Json]

    def canonical(self) -> bytes:
        """The canonical text.

        Raises:
            LedgerError: a number that is neither a safe integer nor written as text, or another value that JSON does
                not know.
        """
        return canonical_text({name: getattr(self, name) for name in _TYPES})


_TEXT, _OPTIONAL = (str,), (str, type(None))
_TYPES: dict[str, tuple[type, ...]] = {
    "seq": (int,),
    "prev": _TEXT,
    "time": _TEXT,
    "actor": _TEXT,
    "role": _TEXT,
    "site": _OPTIONAL,
    "participant": _OPTIONAL,
    "kind": _TEXT,
    "command": _TEXT,
    "version": _TEXT,
    "reason": _OPTIONAL,
    "data": (dict,),
}
"""The parts of an entry, and what each may be in JSON."""


def line_of(entry: Entry) -> tuple[bytes, str]:
    """The line of an entry, without its line feed, and its hash.

    Raises:
        LedgerError: the entry has no canonical text.
    """
    text = entry.canonical()
    digest = hashlib.sha256(text).hexdigest()
    return b'{"entry":' + text + b',"hash":"' + digest.encode() + b'"}', digest


def entry_of_line(line: bytes) -> Entry:
    """The entry in a line. Its text is read; its hash and its place are not verified: `verify_bytes` does that.

    Raises:
        LedgerError: not a line of a ledger.
    """
    match = LINE.fullmatch(line)
    if match is None:
        raise LedgerError("not a line of a ledger", mend='a line is {"entry":{...},"hash":"..."}')
    try:
        return entry_of_text(match.group(1))
    except ValueError as error:
        raise LedgerError(f"this line holds no entry: {error}", mend="compare it with another copy") from None


def entry_of_text(text: bytes) -> Entry:
    """The entry with this canonical text.

    Raises:
        ValueError: the text is not canonical, or not that of an entry; says why.
    """
    return Entry(**body_of_text(text))


def body_of_text(text: bytes) -> dict[str, Any]:
    """The parts of the entry with this canonical text; otherwise as `entry_of_text`."""
    body: Any = read_canonical(text)
    if not isinstance(body, dict) or tuple(body) != _NAMES:  # read in the order in which they are written: sorted
        raise ValueError(f"an entry has the parts {', '.join(_TYPES)}, each once and no other")
    if tuple(map(type, body.values())) not in _ADMITTED:  # exact types: true is an int to isinstance
        wrong = next(name for name, types in _TYPES.items() if type(body[name]) not in types)
        raise ValueError(f"its '{wrong}' is not what that part of an entry is")
    return body


_NAMES = tuple(sorted(_TYPES))
_ADMITTED = frozenset(product(*(_TYPES[name] for name in _NAMES)))
"""The types of the parts, in the order of their names: a look-up for each entry, and not a test for each part."""
