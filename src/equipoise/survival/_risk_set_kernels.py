"""Compiled passes that find ties, strata and entries in rows sorted by time; see `_risk_sets`."""

from __future__ import annotations

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
    """Partition rows sorted by time into strata, keeping the order within; give the number of runs.

    Until they are filled, `stratum_run` holds the next place of each stratum, and `run_time` the time of each place.
    """
    n = order.shape[0]
    for k in range(s + 1):
        stratum_run[k] = 0
    for i in range(n):
        stratum_run[stratum[i] + 1] += 1
    for k in range(s):
        stratum_run[k + 1] += stratum_run[k]
    for k in range(m):
        for i in range(start[k], start[k + 1]):
            row = order[i]
            at = stratum_run[stratum[row]]
            stratum_run[stratum[row]] += 1
            by_stratum[at] = row
            run_time[at] = k
    r, begin = 0, 0
    for k in range(s):
        end = stratum_run[k]
        stratum_run[k] = r
        before = -1
        for i in range(begin, end):
            now = run_time[i]
            if now != before:
                run_start[r] = i
                run_time[r] = now
                r += 1
            before = now
        begin = end
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
    count: Ints,
    by_first: Ints,
    stratum_of: Ints,
    place: Ints,
) -> int:
    """Fill when each position comes under observation and the positions in that order; a bad row or -1.

    Room to work in: `count` (m + 1,) comes as 0, `by_first` and `stratum_of` are (n,), `place` one a stratum.
    """
    n = order.shape[0]
    m = time.shape[0]
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
    for i in range(n):
        by_first[count[first[i]]] = i
        count[first[i]] += 1
    for s in range(stratum_run.shape[0] - 1):
        place[s] = run_start[stratum_run[s]]
        for i in range(run_start[stratum_run[s]], run_start[stratum_run[s + 1]]):
            stratum_of[i] = s
    for j in range(n):
        i = by_first[j]
        enter[place[stratum_of[i]]] = i
        place[stratum_of[i]] += 1
    return -1
