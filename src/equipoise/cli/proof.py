"""What `verify` and `checkpoint` share: a ledger held to a checkpoint that was written down elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from equipoise.ledger import Checkpoint

PublicKey = Annotated[
    Path | None,
    typer.Option("--public-key", metavar="FILE", help="The public key of whoever signed the checkpoint, to check it."),
]


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of it.

    Attributes:
        file: of the checkpoint.
        checkpoint: what it says.
        difference: what in the ledger is not what the checkpoint saw; None if nothing is.
        signed: whether the signature is that of the key that was given; None if no key was.
    """

    file: Path
    checkpoint: Checkpoint
    difference: str | None
    signed: bool | None

    @property
    def ok(self) -> bool:
        """Whether the ledger begins with what was seen, and the signature, if it was to be checked, holds."""
        return self.difference is None and self.signed is not False

    def lines(self, ledger: str) -> list[str]:
        """For people: the beginning, then the signature."""
        seen = f"the {self.checkpoint.entries:,} entries that {self.file} saw on {self.checkpoint.time}"
        if self.difference is None:
            proved = f"{ledger}: begins with {seen}"
        else:
            proved = f"{ledger}: does not begin with {seen}: {self.difference}"
        return [proved, f"{self.file}: of trial '{self.checkpoint.trial}', {self._signature()}"]

    def to_dict(self) -> dict[str, Any]:
        """For programs."""
        seen = self.checkpoint
        return {
            "file": str(self.file),
            "trial": seen.trial,
            "entries": seen.entries,
            "head": seen.head,
            "time": seen.time,
            "ok": self.ok,
            "difference": self.difference,
            "signature": self._signature(),
        }

    def _signature(self) -> str:
        if self.signed is not None:
            return "signed with that key" if self.signed else "not signed with that key, so it may be forged"
        if self.checkpoint.signature is None:
            return "not signed"
        return "signed, and not checked by whom: give --public-key"


def prove(file: Path, public_key: Path | None, difference: Callable[[Checkpoint], str | None]) -> Proof:
    """Hold a ledger to a checkpoint.

    Args:
        file: of the checkpoint.
        public_key: file of the key that it should be signed with, if that is to be checked.
        difference: what in the ledger is not what a checkpoint saw.

    Raises:
        InputError: a file cannot be read, or is not what it should be.
    """
    checkpoint = Checkpoint.read(file)
    signed = None
    if public_key is not None:
        from equipoise.ledger.signing import read_public_key

        signed = checkpoint.is_signed_by(read_public_key(public_key))
    return Proof(file, checkpoint, difference(checkpoint), signed)
