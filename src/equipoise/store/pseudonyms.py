"""The key of pseudonyms: derived, for each protocol, from the store's key, which no database holds."""

from __future__ import annotations

from equipoise.errors import StoreError

_BYTES = 32


def pseudonym_key(key: bytes, protocol: str) -> bytes:
    """The key of a protocol's pseudonyms, by HKDF: another trial has others, so that persons cannot be followed."""
    try:
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - only where somebody is identified
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415 - as above
    except ImportError:
        raise StoreError("pseudonyms need the package cryptography; install equipoise[site]") from None
    derived = HKDF(algorithm=SHA256(), length=_BYTES, salt=None, info=f"equipoise pseudonym|{protocol}".encode())
    return derived.derive(key)
