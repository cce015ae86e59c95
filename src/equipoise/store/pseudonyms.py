"""The key of pseudonyms: derived, for each protocol, from the store's key, which no database holds."""

from __future__ import annotations

import os
from collections.abc import Mapping

from equipoise.store.errors import StoreError

VARIABLE = "EQUIPOISE_KEY"
"""Holds the store's key: 32 bytes as 64 hexadecimal digits."""

_BYTES = 32


def store_key(environment: Mapping[str, str] | None = None) -> bytes:
    """The store's key, from the environment.

    Raises:
        StoreError: there is none, or it is no key.
    """
    text = (os.environ if environment is None else environment).get(VARIABLE, "")
    if not text:
        raise StoreError(f"pseudonyms need the key of this store; set {VARIABLE} to its 64 hexadecimal digits")
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != _BYTES:
        raise StoreError(f"{VARIABLE} holds no key; a key is 64 hexadecimal digits")
    return key


def pseudonym_key(key: bytes, protocol: str) -> bytes:
    """The key of a protocol's pseudonyms, by HKDF: another trial has others, so that persons cannot be followed."""
    try:
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415 - only where somebody is identified
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415 - as above
    except ImportError:
        raise StoreError("pseudonyms need the package cryptography; install equipoise[site]") from None
    derived = HKDF(algorithm=SHA256(), length=_BYTES, salt=None, info=f"equipoise pseudonym|{protocol}".encode())
    return derived.derive(key)
