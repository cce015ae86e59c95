"""Compiled passes that pack rows into sortable keys and back; see `_packed`."""

from __future__ import annotations

import numpy as np

from equipoise._kernel import kernel
from equipoise.survival._arrays import Floats, Ints, Keys

SIGN = np.uint64(2**63 - 1)
"""Everything but the sign of a float's bits: -0.0 counts as 0.0."""


@kernel
def pack(bits: Keys, event: Ints, cell: Ints, low: int, width: int, count: Ints, keys: Keys) -> bool:
    """Fill one key a row and the number of rows of each payload; tell whether the keys are in order already.

    `bits` are the times' bit patterns, `low` is that of the smallest time above 0, `cell` holds whole numbers
    from 0 or is empty, and the payload, `width` bits, is 2 cell + event.
    """
    before_first = np.uint64(low) - np.uint64(1)
    shift = np.uint64(width)
    zero = np.uint64(0)
    ordered = True
    previous = zero
    cells = cell.shape[0] > 0
    for i in range(bits.shape[0]):
        rank = bits[i] & SIGN
        if rank != zero:
            rank -= before_first
        payload = event[i]
        if cells:
            payload += 2 * cell[i]
        count[payload] += 1
        key = (rank << shift) | np.uint64(payload)
        ordered = ordered and key >= previous
        keys[i] = key
        previous = key
    return ordered


@kernel
def unpack(keys: Keys, low: int, width: int, bits: Keys) -> None:
    """Fill the bit patterns of the times that the keys hold."""
    before_first = np.uint64(low) - np.uint64(1)
    shift = np.uint64(width)
    zero = np.uint64(0)
    for i in range(keys.shape[0]):
        rank = keys[i] >> shift
        bits[i] = rank + before_first if rank != zero else zero


@kernel
def count_times(time: Floats, tolerance: float) -> int:
    """The number of distinct times among sorted ones."""
    m = 1
    for i in range(1, time.shape[0]):
        m += time[i] - time[i - 1] > tolerance
    return m
