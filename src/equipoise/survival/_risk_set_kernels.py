# ruff: noqa: PLR0917 - kernels are called by position: numba has no keyword-only arguments
"""Compiled passes that find ties, strata and entries in rows sorted by time; see `_risk_sets`."""

from __future__ import annotations

import numpy as np

from equipoise._kernel import kernel
from equipoise.survival._arrays import Floats, Ints


@kernel
def tie_starts(in_order: Floats, tolerance: float, start: Ints, distinct: Floats) -> int:
    """Fill the positions where each distinct of the ascending times begins, and those times; give their number."""
    n = in_order.shape[0]
    previous = in_order[0]
    start[0] = 0
    distinct[0] = previous
    m = 1
    for i in range(1, n):
        t = in_order[i]
        if t - previous > tolerance:
            start[m] = i
            distinct[m] = t
            m += 1
        previous = t
    start[m] = n
    return m


@kernel
def stratified_runs(
    order: Ints,
    start: Ints,
    m: int,
    stratum: Ints,
    s: int,
    by_stratum: Ints,
    run_start: Ints,
    run_time: Ints,
    stratum_run: Ints,
) -> int:
    """Partition rows sorted by time into strata, keeping the order within; give the number of runs."""
    n = order.shape[0]
    place = np.zeros(s + 1, np.int64)
    for i in range(n):
        place[stratum[i] + 1] += 1
    for k in range(s):
        place[k + 1] += place[k]
    begin = place.copy()
    time_of = np.empty(n, np.int64)
    for k in range(m):
        for i in range(start[k], start[k + 1]):
            row = order[i]
            at = place[stratum[row]]
            place[stratum[row]] += 1
            by_stratum[at] = row
            time_of[at] = k
    r = 0
    for k in range(s):
        stratum_run[k] = r
        for i in range(begin[k], begin[k + 1]):
            if i == begin[k] or time_of[i] != time_of[i - 1]:
                run_start[r] = i
                run_time[r] = time_of[i]
                r += 1
    stratum_run[s] = r
    run_start[r] = n
    return r


@kernel
def entries_in_order(
    entry: Floats,
    order: Ints,
    time: Floats,
    tolerance: float,
    run_start: Ints,
    run_time: Ints,
    stratum_run: Ints,
    first: Ints,
    enter: Ints,
) -> int:
    """Fill when each position comes under observation and the positions in that order; a bad row or -1."""
    n = order.shape[0]
    m = time.shape[0]
    count = np.zeros(m + 1, np.int64)
    for run in range(run_time.shape[0]):
        for i in range(run_start[run], run_start[run + 1]):
            e = entry[order[i]]
            low = 0
            if e > 0.0:  # an entry at 0 means under observation from the origin on, however small the times
                high = m
                while low < high:  # the number of times that are not after the entry, ties included
                    middle = (low + high) // 2
                    if time[middle] - tolerance <= e:
                        low = middle + 1
                    else:
                        high = middle
            if low > run_time[run]:
                return int(order[i])
            first[i] = low
            count[low + 1] += 1
    for k in range(m):
        count[k + 1] += count[k]
    by_first = np.empty(n, np.int64)
    for i in range(n):
        by_first[count[first[i]]] = i
        count[first[i]] += 1
    strata = stratum_run.shape[0] - 1
    place = np.empty(strata, np.int64)
    stratum_of = np.empty(n, np.int64)
    for s in range(strata):
        place[s] = run_start[stratum_run[s]]
        for i in range(run_start[stratum_run[s]], run_start[stratum_run[s + 1]]):
            stratum_of[i] = s
    for j in range(n):
        i = by_first[j]
        enter[place[stratum_of[i]]] = i
        place[stratum_of[i]] += 1
    return -1
