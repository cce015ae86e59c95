"""The key that a store's secret seeds are sealed with: from the environment or a file, and nowhere else.

It is 32 bytes, written as 64 hexadecimal digits. The database holds what it sealed and the key's fingerprint, which
tells a wrong key from a damaged row.
"""

from __future__ import annotations

import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from equipoise.errors import InputError, StoreError
from equipoise.ledger.private import Secret, read_private, write_private

VARIABLE, FILE_VARIABLE = "EQUIPOISE_KEY", "EQUIPOISE_KEY_FILE"
"""The variables that hold the key, or name its file."""

_BYTES, _NONCE = 32, 12
_FORM = "a key is 64 hexadecimal digits; `equipoise key --make FILE` makes one"


@dataclass(frozen=True, slots=True)
class Key:
    """A key of AES-256-GCM.

    Attributes:
        origin: where it came from, for messages.
        secret: its bytes, which are never shown.
    """

    origin: str
    secret: Secret = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits that name the key and do not give it away."""
        return hmac.digest(self.secret, b"equipoise: which key", "sha256")[:8].hex()

    def seal(self, secret: bytes, about: bytes) -> bytes:
        """Encrypt: a new nonce, then the cipher text with its tag. It opens only with the same `about`."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + bytes(_cipher(self.secret).encrypt(nonce, secret, about))

    def open(self, sealed: bytes, about: bytes) -> Secret | None:
        """What was sealed; None if it was sealed with another key or about something else, or was changed."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - only where something is sealed

        try:
            return Secret(_cipher(self.secret).decrypt(sealed[:_NONCE], sealed[_NONCE:], about))
        except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
            return None


def from_environment(*, why: str = "the seeds of this store are sealed") -> Key:
    """The key that the environment holds in `EQUIPOISE_KEY`, or in the file that `EQUIPOISE_KEY_FILE` names.

    Args:
        why: what it is needed for, should there be none.

    Raises:
        StoreError: there is none, there are two, it is no key, or others can read the file.
    """
    # no local value holds the environment or the key's text, which a traceback with local values would show
    if os.environ.get(VARIABLE) and os.environ.get(FILE_VARIABLE):
        raise StoreError(f"{VARIABLE} and {FILE_VARIABLE} are both set; keep one of them")
    if path := os.environ.get(FILE_VARIABLE):
        return from_file(Path(path))
    if not os.environ.get(VARIABLE):
        what = f"{why}, and neither {VARIABLE} nor {FILE_VARIABLE} is set"
        raise StoreError(f"{what}; set one of them to the key, or to its file")
    key = _read(Secret(os.environ[VARIABLE].encode(errors="replace")), VARIABLE)
    if key is None:
        raise StoreError(f"{VARIABLE} holds no key; {_FORM}")
    return key


def from_file(path: Path) -> Key:
    """The key in a file that its owner alone can read.

    Raises:
        StoreError: it cannot be read, others can read it, or it holds no key.
    """
    try:
        key = _read(read_private(path), str(path))
    except InputError as error:
        raise StoreError(str(error)) from None
    if key is None:
        raise StoreError(f"{path}: it holds no key; {_FORM}")
    return key


def make_file(path: Path) -> Key:
    """Draw a key and write it to a new file that its owner alone can read.

    Raises:
        InputError: there is a file of that name, or it cannot be written.
    """
    secret = Secret(secrets.token_bytes(_BYTES))
    write_private(path, Secret(secret.hex().encode() + b"\n"))
    return Key(str(path), secret)


def _read(text: Secret, origin: str) -> Key | None:
    """The key that a text says. It raises nothing, for an error of decoding would quote the text."""
    try:
        secret = Secret(bytes.fromhex(text.decode("ascii")))
    except ValueError:
        return None
    return Key(origin, secret) if len(secret) == _BYTES else None


def _cipher(secret: bytes) -> Any:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - only where something is sealed
    except ImportError:
        raise StoreError("sealed seeds need the package cryptography; install equipoise[site]") from None
    return AESGCM(secret)
