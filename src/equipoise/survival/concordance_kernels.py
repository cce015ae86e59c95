# ruff: noqa: PLR0917 - kernels are called by position: numba has no keyword-only arguments
"""Compiled counts of concordant pairs in n log n, over rows in the order of `_risk_sets`.

Weights by rank of the prediction are held in a tree of partial sums (Fenwick 1994), which is added to and asked in
log n.
"""

from __future__ import annotations

import numpy as np

from equipoise._kernel import inner_kernel, kernel
from equipoise.survival._arrays import Floats, Ints


@inner_kernel
def add_at(tree: Floats, rank: int, weight: float) -> None:
    """Add `weight` at `rank`, counted from 0."""
    k = rank + 1
    while k < tree.shape[0]:
        tree[k] += weight
        k += k & -k


@inner_kernel
def sum_below(tree: Floats, rank: int) -> float:
    """The sum of weights at ranks below `rank`."""
    total = 0.0
    k = rank
    while k > 0:
        total += tree[k]
        k -= k & -k
    return total


@kernel
def count_pairs(
    event: Ints,
    weight: Floats,
    rank: Ints,
    ranks: int,
    run_start: Ints,
    run_time: Ints,
    stratum_run: Ints,
    enter: Ints,
    first: Ints,
    counts: Floats,
) -> None:
    """Fill for each row the weight of those it is concordant, discordant or tied with (n, 3), in either part.

    A pair is an event and a row still at risk after it; concordant if the event has the higher rank.
    """
    counts[:, :] = 0.0
    for s in range(stratum_run.shape[0] - 1):
        pairs_of_events(
            stratum_run[s], stratum_run[s + 1], event, weight, rank, ranks, run_start, run_time, enter, first, counts
        )
        pairs_of_survivors(
            stratum_run[s], stratum_run[s + 1], event, weight, rank, ranks, run_start, run_time, enter, first, counts
        )


@inner_kernel
def pairs_of_events(
    low: int,
    high: int,
    event: Ints,
    weight: Floats,
    rank: Ints,
    ranks: int,
    run_start: Ints,
    run_time: Ints,
    enter: Ints,
    first: Ints,
    counts: Floats,
) -> None:
    """Back in time through runs `low` to `high`: count for each event those still at risk after it."""
    tree = np.zeros(ranks + 1)
    total = 0.0
    late = run_start[high] - 1 if enter.shape[0] > 0 else run_start[low] - 1
    for run in range(high - 1, low - 1, -1):
        while late >= run_start[low] and first[enter[late]] > run_time[run]:
            add_at(tree, rank[enter[late]], -weight[enter[late]])
            total -= weight[enter[late]]
            late -= 1
        for i in range(run_start[run], run_start[run + 1]):
            if event[i] == 0:
                add_at(tree, rank[i], weight[i])
                total += weight[i]
        for i in range(run_start[run], run_start[run + 1]):
            if event[i] == 1:
                below, with_ties = sum_below(tree, rank[i]), sum_below(tree, rank[i] + 1)
                counts[i, 0] += below
                counts[i, 1] += total - with_ties
                counts[i, 2] += with_ties - below
        for i in range(run_start[run], run_start[run + 1]):
            if event[i] == 1:
                add_at(tree, rank[i], weight[i])
                total += weight[i]


@inner_kernel
def pairs_of_survivors(
    low: int,
    high: int,
    event: Ints,
    weight: Floats,
    rank: Ints,
    ranks: int,
    run_start: Ints,
    run_time: Ints,
    enter: Ints,
    first: Ints,
    counts: Floats,
) -> None:
    """Forward in time through runs `low` to `high`: count for each row the events while it was at risk."""
    tree = np.zeros(ranks + 1)
    total = 0.0
    e = run_start[low]
    end = run_start[high] if enter.shape[0] > 0 else e
    for run in range(low, high):
        while e < end and first[enter[e]] <= run_time[run]:
            count_events(tree, total, rank[enter[e]], -1.0, counts[enter[e]])
            e += 1
        for i in range(run_start[run], run_start[run + 1]):
            if event[i] == 1:
                count_events(tree, total, rank[i], 1.0, counts[i])
        for i in range(run_start[run], run_start[run + 1]):
            if event[i] == 1:
                add_at(tree, rank[i], weight[i])
                total += weight[i]
        for i in range(run_start[run], run_start[run + 1]):
            if event[i] == 0:
                count_events(tree, total, rank[i], 1.0, counts[i])


@inner_kernel
def count_events(tree: Floats, total: float, rank: int, sign: float, count: Floats) -> None:
    """Add to `count` (3,) the events so far of higher, lower and the same rank, times `sign`."""
    below, with_ties = sum_below(tree, rank), sum_below(tree, rank + 1)
    count[0] += sign * (total - with_ties)
    count[1] += sign * below
    count[2] += sign * (with_ties - below)
