"""Keys that sign checkpoints: Ed25519, as PEM files. The private one is readable by its owner only."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from equipoise.errors import InputError
from equipoise.ledger.private import read_private, write_private
from equipoise.ledger.verify import read_bytes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def make_key_pair(path: Path) -> Path:
    """Write a new private key to a file, and its public key to the file with `.pub` after its name, which is returned.

    Raises:
        InputError: there is such a file already, or it cannot be written.
    """
    _require_cryptography()
    from cryptography.hazmat.primitives import serialization as form  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - as above

    public = path.with_name(f"{path.name}.pub")
    if public.exists():
        raise InputError("there is a file already, and a key is not overwritten", file=public, mend="name another")
    key = Ed25519PrivateKey.generate()
    written = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    write_private(path, written)
    known = key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    try:
        public.write_bytes(known)
    except OSError as error:
        path.unlink()
        raise InputError((error.strerror or "cannot be written").lower(), file=public, mend="make room") from None
    return public


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """The private key in a file.

    Raises:
        InputError: it cannot be read, others can read it, or it is no Ed25519 key in PEM without a password.
    """
    _require_cryptography()
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415 - as above

    text, key = read_private(path), None
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it has a password
        key = load_pem_private_key(text, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        what = "not a private Ed25519 key in PEM without a password"
        raise InputError(what, file=path, mend="make one with `equipoise checkpoint --make-key FILE`")
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """The public key in a file.

    Raises:
        InputError: it cannot be read, or is no Ed25519 key in PEM.
    """
    _require_cryptography()
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.serialization import load_pem_public_key  # noqa: PLC0415 - as above

    text, key = read_bytes(path), None
    with suppress(ValueError, UnsupportedAlgorithm):
        key = load_pem_public_key(text)
    if not isinstance(key, Ed25519PublicKey):
        what = "not a public Ed25519 key in PEM"
        raise InputError(what, file=path, mend="it is the file with `.pub` after its name")
    return key


def _require_cryptography() -> None:
    """Say what to install where the package is missing."""
    from importlib.util import find_spec  # noqa: PLC0415 - rarely needed

    if find_spec("cryptography") is None:
        raise InputError("signatures need the package cryptography; install equipoise[site]")
