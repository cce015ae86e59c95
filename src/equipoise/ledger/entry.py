"""One entry, its canonical text and its line in a file.

The canonical text of an entry is JSON by RFC 8785. It is what is stored and hashed (SHA-256). A line of a ledger file is

    {"entry":<canonical text>,"hash":"<64 hexadecimal digits>"}

and is canonical itself. The entry holds the hash of the entry before it (`prev`), so a ledger is a chain. Verifying cuts
the stored text out of the line and hashes it; it never writes an entry anew.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

import rfc8785

from equipoise.errors import LedgerError

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

GENESIS = "0" * 64
"""The `prev` of a ledger's first entry."""

LINE = re.compile(rb'\{"entry":(\{.*\}),"hash":"([0-9a-f]{64})"\}', re.DOTALL)
MAX_SAFE_INTEGER = 2**53 - 1


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
            LedgerError: a number that is neither a safe integer nor written as text.
        """
        body = {name: getattr(self, name) for name in _FIELDS}
        _require_safe(body["data"])
        return rfc8785.dumps(body)


_FIELDS = tuple(field.name for field in fields(Entry))


def _require_safe(value: Any) -> None:
    if isinstance(value, dict):
        for item in value.values():
            _require_safe(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _require_safe(item)
    elif isinstance(value, float):
        raise LedgerError(f"a binary float ({value!r}) in an entry", mend="write decimals as text")
    elif isinstance(value, int) and abs(value) > MAX_SAFE_INTEGER:
        raise LedgerError(f"an integer beyond 2^53 ({value}) in an entry", mend="write it as text")


def line_of(entry: Entry) -> tuple[bytes, str]:
    """The line of an entry, without its line feed, and its hash."""
    text = entry.canonical()
    digest = hashlib.sha256(text).hexdigest()
    return b'{"entry":' + text + b',"hash":"' + digest.encode() + b'"}', digest


def entry_of_line(line: bytes) -> Entry:
    """The entry in a line. It is read, not verified: `verify_bytes` does that.

    Raises:
        LedgerError: not a line of a ledger.
    """
    match = LINE.fullmatch(line)
    if match is None:
        raise LedgerError("not a line of a ledger", mend='a line is {"entry":{...},"hash":"..."}')
    try:
        body = json.loads(match.group(1))
        return Entry(**body)
    except (ValueError, TypeError, RecursionError):
        raise LedgerError("the entry in this line cannot be read", mend="compare it with another copy") from None
