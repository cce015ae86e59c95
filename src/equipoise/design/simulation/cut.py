"""When the looks of one simulated trial are, and who leaves the risk sets in what order: compiled, no full sorts.

Dates are months since the start of accrual; times are those of one participant, since entry.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from equipoise._kernel import inner_kernel, kernel
from equipoise.design.simulation.numbers import Floats, Ints


class Looks(NamedTuple):
    """When a trial is looked at: at counts of events or on dates, one of the two arrays being empty.

    Attributes:
        events: (k,) events at which to look, increasing.
        dates: (k,) dates of the looks, increasing.
        max_date: no look by events is later.
        span: how far the bins reach in which events are counted; any guess at the trial's length is right, and a good
            one is fast.
    """

    events: Ints
    dates: Floats
    max_date: float
    span: float


@inner_kernel
def sort_few(values: Floats, n: int) -> None:
    """Sort the first `n` of `values` in place by insertion: for a handful."""
    for i in range(1, n):
        value = values[i]
        j = i - 1
        while j >= 0 and values[j] > value:
            values[j + 1] = values[j]
            j -= 1
        values[j + 1] = value


@kernel
def cut_dates(
    happens: Floats, last: float, looks: Looks, bins: Ints, few: Floats, dates: Floats, reached: Ints
) -> None:
    """Find the date of each look.

    The date of the D-th event is found by counting events in bins of equal width: only those of one bin are sorted.

    Args:
        happens: (n,) date of each participant's event, infinite where there is none.
        last: the date of a look whose events never come.
        looks: when to look.
        bins: working space, one more than there are bins.
        few: working space, (n,).
        dates: (k,) filled.
        reached: (k,) filled: 1 where the planned events or the date came, 0 where the look is at the last date.
    """
    for k in range(looks.dates.shape[0]):
        dates[k] = looks.dates[k]
        reached[k] = 1
    if looks.events.shape[0] == 0:
        return
    n = happens.shape[0]
    beyond = bins.shape[0] - 1
    to_bin, top = beyond / looks.span, float(beyond)
    for b in range(beyond + 1):
        bins[b] = 0
    for i in range(n):
        bins[int(min(happens[i] * to_bin, top))] += 1
    at, before = 0, 0
    for k in range(looks.events.shape[0]):
        wanted = looks.events[k]
        date = np.inf
        if wanted <= n:
            while before + bins[at] < wanted:
                before += bins[at]
                at += 1
            inside = 0
            for i in range(n):
                few[inside] = happens[i]
                inside += int(min(happens[i] * to_bin, top)) == at
                if inside == n:
                    break
            sort_few(few, inside)
            date = few[wanted - before - 1]
        reached[k] = 1
        if date > looks.max_date or date == np.inf:
            reached[k] = 0
            date = min(last, looks.max_date)
        dates[k] = date


@inner_kernel
def latest(dates: Floats) -> float:
    """The latest of `dates` that is not infinite, 0 where there is none."""
    last = 0.0
    for i in range(dates.shape[0]):
        if last < dates[i] < np.inf:
            last = dates[i]
    return last


@inner_kernel
def rows_until(dates: Floats, last: float, rows: Ints) -> int:
    """Fill `rows`, one longer than `dates`, with where `dates` are not later than `last`; give how many they are."""
    m = 0
    for i in range(dates.shape[0]):
        rows[m] = i
        m += dates[i] <= last
    return m


@kernel
def order_by_time(time: Floats, rows: Ints, m: int, top: float, starts: Ints, ordered: Floats, order: Ints) -> None:
    """Sort the times of some rows: into as many bins as there are participants, then by insertion.

    Args:
        time: (n,) times from 0 to `top` in the rows that matter.
        rows: the first `m` are the rows to sort.
        m: how many.
        top: no time is later.
        starts: working space, (n + 2,).
        ordered: the first `m` are filled with the times, ascending.
        order: the first `m` are filled with their rows.
    """
    bins = starts.shape[0] - 2
    to_bin = float(bins) / top
    for b in range(bins + 1):
        starts[b] = 0
    for k in range(m):
        starts[int(time[rows[k]] * to_bin)] += 1
    before = 0
    for b in range(bins + 1):
        inside = starts[b]
        starts[b] = before
        before += inside
    for k in range(m):
        row = rows[k]
        b = int(time[row] * to_bin)
        position = starts[b]
        starts[b] = position + 1
        ordered[position] = time[row]
        order[position] = row
    for k in range(1, m):
        value = ordered[k]
        if ordered[k - 1] <= value:
            continue
        row, j = order[k], k - 1
        while j >= 0 and ordered[j] > value:
            ordered[j + 1] = ordered[j]
            order[j + 1] = order[j]
            j -= 1
        ordered[j + 1] = value
        order[j + 1] = row
