"""Sorting without indices: time and what belongs to it as one whole number a row.

The bits of floats that are not negative sort as the floats do. They are shifted up, and the room below holds
whether the row is an event and in which cell (group and stratum) it is. Whole numbers sort several times
faster than an index does, nothing is gathered afterwards, and equal rows are alike, so that the order of rows
changes no bit of any result. The room is that of the exponents which the times do not use: a payload of b bits
leaves 2^(12 - b) powers of two between the smallest time above 0 and the largest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from equipoise.survival._arrays import NO_INTS, Floats, Ints, Keys
from equipoise.survival._packed_kernels import pack, unpack
from equipoise.survival._risk_sets import TIME_TOLERANCE


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """Rows by time.

    Attributes:
        time: (n,) sorted.
        keys: (n,) in the same order; the lowest `width` bits are the payload, 2 cell + event.
        width: bits of the payload.
        count: (2 cells,) rows of each payload.
        tolerance: the distance below which two times are one.
    """

    time: Floats
    keys: Keys
    width: int
    count: Ints
    tolerance: float


def packed(
    time: Floats, event: Ints, cell: Ints = NO_INTS, cells: int = 1, *, time_tolerance: float = TIME_TOLERANCE
) -> Packed | None:
    """Pack and sort; None where the times and the cells do not fit in 64 bits.

    Args:
        time: (n,) checked times.
        event: (n,) 0 or 1.
        cell: (n,) codes 0 .. cells - 1; empty for a single cell.
        cells: number of cells.
        time_tolerance: times closer than this times the mean time are tied.
    """
    width = int(2 * cells - 1).bit_length()
    bits = time.view(np.uint64)
    smallest = float(time.min())
    if smallest <= 0.0:
        above = time[time > 0.0]
        smallest = float(above.min()) if above.size else 1.0
    low, high = (int(np.float64(t).view(np.uint64)) for t in (smallest, max(float(time.max()), smallest)))
    if (high - low + 1) >> (64 - width):
        return None
    keys = np.empty(time.size, np.uint64)
    count = np.zeros(2 * cells, np.int64)
    if not pack(bits, event, cell, low, width, count, keys):
        keys.sort()
    back = np.empty_like(keys)
    unpack(keys, low, width, back)
    return Packed(back.view(np.float64), keys, width, count, float(time_tolerance) * float(time.mean()))
