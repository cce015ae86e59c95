"""Ledgers for tests, and lines sealed by hand: what somebody can write who changes an entry and hashes it anew."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from equipoise.ledger import GENESIS, Journal

WHO: dict[str, Any] = {
    "time": "2024-03-01T09:00:00Z",
    "actor": "anna",
    "role": "investigator",
    "site": "01",
    "participant": None,
    "command": "c1",
    "version": "1",
    "reason": None,
}


def small_journal(*, closed: bool = True) -> Journal:
    """Four entries, and a fifth that closes."""
    journal = Journal()
    journal.append(**WHO | {"site": None, "kind": "open", "data": {"commitments": {"main": "ab" * 32}}})
    journal.append(**WHO | {"kind": "screen", "participant": "P1", "data": {"on": "2024-03-01"}})
    journal.append(**WHO | {"kind": "form", "participant": "P1", "data": {"values": {"age": 54, "site": "Zürich"}}})
    journal.append(**WHO | {"kind": "correct", "participant": "P1", "data": {"new": 45}, "reason": 'read "54" wrongly'})
    if closed:
        journal.append(**WHO | {"kind": "close", "data": {"entries": 5}})
    return journal


def lines_of(journal: Journal) -> list[bytes]:
    """The lines, each with its line feed."""
    return journal.to_bytes().splitlines(keepends=True)


def sealed(text: bytes) -> bytes:
    """A line around a text, with the text's own hash."""
    return b'{"entry":' + text + b',"hash":"' + hashlib.sha256(text).hexdigest().encode() + b'"}\n'


def text_of(body: dict[str, Any]) -> bytes:
    """The canonical text of an entry without numbers that need care, by the standard library."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def bodies_of(journal: Journal) -> list[dict[str, Any]]:
    """The entries as JSON."""
    return [json.loads(line)["entry"] for line in lines_of(journal)]


def resealed(bodies: list[dict[str, Any]]) -> bytes:
    """A ledger of these entries whose chain is made anew, as a forger would."""
    head, lines = GENESIS, []
    for seq, body in enumerate(bodies, start=1):
        text = text_of({**body, "seq": seq, "prev": head})
        head = hashlib.sha256(text).hexdigest()
        lines.append(sealed(text))
    return b"".join(lines)
