"""Rows by time. Sorting numbers is three times as fast as sorting their positions, so positions ride on the numbers."""

from __future__ import annotations

import numpy as np

from equipoise._kernel import as_int
from equipoise.survival._arrays import Floats, Ints
from equipoise.survival._sort_kernels import pack_rows, unpack_rows

_FEW = 2048
"""Rows below which it does not pay."""


def rows_by_time(time: Floats) -> tuple[Ints, Floats]:
    """The rows in ascending order of `time` (n,), not negative, and the times in that order.

    The last bits of each time are replaced by its row before sorting, and what they would have ordered is put right
    afterwards; where that would be much, as for times that differ in their last digits only, rows are sorted plainly.
    """
    n = time.size
    if n >= _FEW:
        below = 1 << (n - 1).bit_length()
        keys = np.empty(n, dtype=np.uint64)
        if pack_rows(time.view(np.uint64), below, keys) == 1:
            return np.arange(n), time
        keys.sort()
        order, in_order = np.empty(n, dtype=np.int64), np.empty(n)
        if unpack_rows(keys, below, time, 4 * n, order, in_order) == 1:
            return order, in_order
    order = as_int(np.argsort(time))
    return order, time[order]
