"""Checkpoints: a ledger's head, written out where the keeper of the database cannot change it, and signed.

A checkpoint is one line of canonical JSON. Whoever has it can prove later that the ledger, as it is then, begins with
the very entries that it had: entry `entries` must have the hash `head`, and the chain must hold up to it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from equipoise.ledger.canonical import canonical_text, read_canonical
from equipoise.store.errors import StoreError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Where a ledger stood.

    Attributes:
        trial: name of the trial.
        entries: how many entries there were.
        head: hash of the last.
        time: when this was written down, UTC, `2026-07-01T09:00:00Z`.
        signature: Ed25519 over the canonical JSON of the other four; None if it is not signed.
    """

    trial: str
    entries: int
    head: str
    time: str
    signature: bytes | None = None

    def said(self) -> bytes:
        """What is signed: the canonical JSON of trial, entries, head and time."""
        return canonical_text({name: getattr(self, name) for name in _SAID})

    def signed(self, key: Ed25519PrivateKey) -> Checkpoint:
        """The same with a signature."""
        return Checkpoint(self.trial, self.entries, self.head, self.time, key.sign(self.said()))

    def is_signed_by(self, key: Ed25519PublicKey) -> bool:
        """Whether the owner of a key signed it."""
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - only where signatures are asked for

        if self.signature is None:
            return False
        try:
            key.verify(self.signature, self.said())
        except InvalidSignature:
            return False
        return True

    def to_text(self) -> str:
        """One line of canonical JSON."""
        signature = None if self.signature is None else base64.b64encode(self.signature).decode()
        said = {name: getattr(self, name) for name in _SAID}
        return canonical_text({**said, "signature": signature}).decode() + "\n"

    @classmethod
    def from_text(cls, text: str) -> Checkpoint:
        """The checkpoint that `to_text` wrote.

        Raises:
            StoreError: it is none.
        """
        try:
            kept: Any = read_canonical(text.rstrip("\n").encode())
            signature = kept.pop("signature")
            read = cls(**kept, signature=None if signature is None else base64.b64decode(signature, validate=True))
        except (ValueError, TypeError, KeyError, AttributeError):
            raise StoreError("not a checkpoint: it is one line of canonical JSON; compare it with a copy") from None
        if (type(read.entries), type(read.head), type(read.trial)) != (int, str, str):
            raise StoreError("not a checkpoint: it names no trial, entry and hash; compare it with a copy")
        return read


_SAID = ("trial", "entries", "head", "time")
