"""Compiled passes that sort rows by time; see `_sorting`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from equipoise._kernel import kernel
from equipoise.survival._arrays import Floats, Ints

Keys = NDArray[np.uint64]


@kernel
def pack_rows(bits: Keys, below: int, keys: Keys) -> int:
    """Fill `keys` with times, their last bits replaced by the row; give 1 if times already ascend.

    `bits` are times, not negative, as whole numbers, in whose order they are; `below` is a power of 2 above all rows.
    """
    mask = np.uint64(below - 1)
    ascending = 1
    previous = np.uint64(0)
    for i in range(bits.shape[0]):
        value = bits[i]
        if value == np.uint64(1 << 63):  # -0.0
            value = np.uint64(0)
        if value < previous:
            ascending = 0
        previous = value
        keys[i] = (value & ~mask) | np.uint64(i)
    return ascending


@kernel
def unpack_rows(keys: Keys, below: int, time: Floats, most: int, order: Ints, in_order: Floats) -> int:
    """Fill the rows by time and the times, from sorted keys; give 1, or 0 if too many rows were out of place.

    Times that agree in all but the bits lost to the row are put in order by insertion, rows of equal times as given.
    """
    mask = np.uint64(below - 1)
    moved = 0
    for i in range(keys.shape[0]):
        row = np.int64(keys[i] & mask)
        t = time[row]
        j = i
        while j > 0 and in_order[j - 1] > t:
            order[j] = order[j - 1]
            in_order[j] = in_order[j - 1]
            j -= 1
            moved += 1
        if moved > most:
            return 0
        order[j] = row
        in_order[j] = t
    return 1
