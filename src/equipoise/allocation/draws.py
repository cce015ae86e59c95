"""Sealed draws: a secret seed, its public commitment, and integers to compute again once it is revealed.

Draw k of a stratum is the first 8 bytes, big-endian, of HMAC-SHA256 with the 32-byte seed as key over the
UTF-8 text `list|stratum|k`, k counted from 1. The size of block b of a stratum is drawn from its own stream,
`list|stratum|block|b`, b counted from 1. Neither a list's name nor a stratum's key holds a bar, so a text of
three parts is never one of four, and no two draws of a list share a text.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Hashable, Mapping
from fractions import Fraction
from math import lcm
from typing import TypeVar

from equipoise.errors import AllocationError

SEED_BYTES = 32
DRAW_RANGE = 2**64  # a draw is an integer from 0 up to, not including, this

K = TypeVar("K", bound=Hashable)


def commitment(seed: bytes) -> str:
    """The SHA-256 of the seed as 64 hexadecimal digits, to be published before the first draw.

    Raises:
        AllocationError: the seed is not 32 bytes.
    """
    return hashlib.sha256(_checked_seed(seed)).hexdigest()


def draw(seed: bytes, list_id: str, stratum: str, k: int) -> int:
    """Draw k of a stratum of a list: an integer in [0, 2**64).

    Args:
        seed: 32 secret bytes of this list.
        list_id: the list's name in the protocol, without a bar (`|`).
        stratum: the stratum's key (`equipoise.allocation.stratum_key`).
        k: which allocation of the stratum, counted from 1.

    Raises:
        AllocationError: a seed that is not 32 bytes, an empty name, a name with a bar, k below 1.
    """
    return _hmac_integer(seed, list_id, stratum, str(_checked_count(k, "k")))


def block_draw(seed: bytes, list_id: str, stratum: str, block: int) -> int:
    """The draw that decides the size of a stratum's block, counted from 1; otherwise as `draw`."""
    return _hmac_integer(seed, list_id, stratum, "block", str(_checked_count(block, "block")))


def choose(probabilities: Mapping[K, Fraction], integer: int) -> K:
    """The first key, in the mapping's order, whose cumulative probability exceeds integer / 2**64.

    The comparison is exact, so a key of probability 0 is never chosen.

    Args:
        probabilities: exact fractions that sum to 1, in declared order.
        integer: a draw in [0, 2**64).

    Raises:
        AllocationError: the fractions are negative or do not sum to 1, or the integer is out of range.
    """
    if not 0 <= integer < DRAW_RANGE:
        raise AllocationError(f"the draw {integer} lies outside 0 to 2**64 - 1; use the 64-bit integer of `draw`")
    unit = lcm(*(p.denominator for p in probabilities.values()))  # in these, sums are of integers
    parts = {key: p.numerator * (unit // p.denominator) for key, p in probabilities.items()}
    if any(part < 0 for part in parts.values()) or sum(parts.values()) != unit:
        raise AllocationError("the probabilities of an allocation are negative or do not sum to 1")
    cumulative = 0
    for key, part in parts.items():
        cumulative += part
        if cumulative * DRAW_RANGE > integer * unit:
            return key
    raise AssertionError("unreachable: the last cumulative probability is 1 and exceeds every draw")


def _hmac_integer(seed: bytes, list_id: str, stratum: str, *rest: str) -> int:
    for what, name in (("list", list_id), ("stratum", stratum)):
        if not name or "|" in name:
            raise AllocationError(f"{what} {name!r} is empty or holds a bar (|); name it without one")
    text = "|".join((list_id, stratum, *rest))
    try:
        message = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise AllocationError(f"{text!r} is not text that UTF-8 can hold; correct the level's characters") from error
    return int.from_bytes(hmac.digest(_checked_seed(seed), message, "sha256")[:8], "big")


def _checked_seed(seed: bytes) -> bytes:
    if len(seed) != SEED_BYTES:  # the message must never show the seed itself
        raise AllocationError(f"the seed has {len(seed)} bytes; give exactly {SEED_BYTES}")
    return seed


def _checked_count(value: int, name: str) -> int:
    if value < 1:
        raise AllocationError(f"{name} is {value}; it counts from 1")
    return value
