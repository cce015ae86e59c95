"""Ranges of fixed size over threads: what is computed for a range does not depend on who computes it."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

RANGE = 65536
"""Rows of one range: a few arrays of them fit in a core's cache."""


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="survival")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not survive a fork


def over_ranges(work: Callable[[int, int], None], n: int, size: int = RANGE) -> None:
    """Call `work(low, high)` for every range of `size` rows among `n`; each writes to its own rows only.

    A single range is done by the caller's own thread. An error of any range is raised.
    """
    ranges = [(low, min(low + size, n)) for low in range(0, n, size)]
    if len(ranges) < 2:
        for low, high in ranges:
            work(low, high)
        return
    for _ in _pool().map(lambda part: work(*part), ranges):
        pass
