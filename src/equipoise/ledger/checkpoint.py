"""Checkpoints: a ledger's head, written out where the keeper of the ledger cannot change it, and signed.

A checkpoint is one line of canonical JSON. Whoever has it can prove later that the ledger, as it is then, begins with
the very entries that it had: entry `entries` must have the hash `head`, and the chain must hold up to it.
"""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from equipoise.errors import LedgerError
from equipoise.ledger.canonical import canonical_text, read_canonical
from equipoise.ledger.verify import Chain, Verification, read_bytes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_SAID = ("trial", "entries", "head", "time")
_HASH = re.compile("[0-9a-f]{64}")


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
        return replace(self, signature=key.sign(self.said()))

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

    def difference(self, beginning: Verification) -> str | None:
        """What in the first `entries` entries of a ledger is not what was seen; None if all is.

        Args:
            beginning: what verifying those entries, or as many of them as there are, has found.
        """
        if beginning.entries < self.entries:
            if beginning.problem is not None:
                return f"broken at entry {beginning.problem.seq}: {beginning.problem.what}"
            return f"it has {beginning.entries:,} entries, and the checkpoint saw {self.entries:,}: entries are missing"
        if beginning.head != self.head:
            what = f"the hash of entry {self.entries:,} is {beginning.head}, and the checkpoint saw {self.head}"
            return f"{what}: the ledger was made anew, or is another trial's"
        return None

    def difference_from_file(self, path: Path) -> str | None:
        """The same of a ledger file.

        Raises:
            LedgerError: the file cannot be read.
        """
        chain = Chain()
        for line in islice(io.BytesIO(read_bytes(path)), self.entries):
            if what := chain.take_line(line):
                return self.difference(chain.broken(what))
        return self.difference(chain.ended())

    def to_text(self) -> str:
        """One line of canonical JSON."""
        signature = None if self.signature is None else base64.b64encode(self.signature).decode()
        said = {name: getattr(self, name) for name in _SAID}
        return canonical_text({**said, "signature": signature}).decode() + "\n"

    def _is_plain(self) -> bool:
        """Whether the parts are what they should be, and safe to print."""
        return self.entries > 0 and bool(_HASH.fullmatch(self.head)) and (self.trial + self.time).isprintable()

    @classmethod
    def from_text(cls, text: str, *, file: str | Path | None = None) -> Checkpoint:
        """The checkpoint that `to_text` wrote; blanks around it, as mail adds, do no harm.

        Raises:
            LedgerError: it is none; names `file`.
        """
        try:
            kept: Any = read_canonical(text.strip().encode())
            signature = kept.pop("signature")
            read = cls(**kept, signature=None if signature is None else base64.b64decode(signature, validate=True))
        except (ValueError, TypeError, KeyError, AttributeError):
            what = "not a checkpoint: it is one line of canonical JSON"
            raise LedgerError(what, file=file, mend="compare it with a copy") from None
        kinds = tuple(type(getattr(read, name)) for name in _SAID)
        if kinds != (str, int, str, str) or not read._is_plain():
            what = "not a checkpoint: it names no trial, entry, hash and time"
            raise LedgerError(what, file=file, mend="compare it with a copy")
        return read

    @classmethod
    def read(cls, path: Path) -> Checkpoint:
        """The checkpoint in a file.

        Raises:
            LedgerError: it cannot be read, or is none.
        """
        return cls.from_text(read_bytes(path).decode(errors="replace"), file=path)
