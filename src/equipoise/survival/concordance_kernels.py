"""Compiled counts of concordant pairs in n log n, over rows in the order of `_risk_sets`.

Weights by rank of the prediction are held in a tree of partial sums (Fenwick 1994), which is added to and asked in
log n. Its place 0, which the sums do not need, holds the total.
"""

from __future__ import annotations

from equipoise._kernel import inner_kernel, kernel
from equipoise.survival._arrays import Floats, Ints

OTHERS_ADDED, EVENTS_COMPARED, EVENTS_ADDED, OTHERS_COMPARED = range(4)
"""What is done at a time, in this order; the first is left out forward in time, the last back."""


@inner_kernel
def add_at(tree: Floats, rank: int, weight: float) -> None:
    """Add `weight` at `rank`, counted from 0."""
    tree[0] += weight
    k = rank + 1
    while k < tree.shape[0]:
        tree[k] += weight
        k += k & -k


@inner_kernel
def compare(tree: Floats, rank: int, sign: float, lower: int, i: int, counts: Floats) -> None:
    """Add to row `i`, in column `lower`, the weight of lower ranks, in the other of higher ones, and of the same."""
    below, ties = 0.0, 0.0
    k = rank
    while k > 0:
        below += tree[k]
        k -= k & -k
    k = rank + 1
    while k > 0:
        ties += tree[k]
        k -= k & -k
    counts[i, lower] += sign * below
    counts[i, 1 - lower] += sign * (tree[0] - ties)
    counts[i, 2] += sign * (ties - below)


@kernel
def count_pairs(
    event: Ints,
    weight: Floats,
    rank: Ints,
    run_start: Ints,
    run_time: Ints,
    stratum_run: Ints,
    enter: Ints,
    first: Ints,
    tree: Floats,
    counts: Floats,
) -> None:
    """Add for each row the weight of those it is concordant, discordant or tied with (n, 3), in either part.

    A pair is an event and a row still at risk after it; concordant if the event has the higher rank. `tree` is room for
    one number more than there are ranks.
    """
    for s in range(stratum_run.shape[0] - 1):
        for step in (-1, 1):
            walk(step, stratum_run[s], stratum_run[s + 1], event, weight, rank, run_start, run_time, enter, first, tree,
                 counts)  # fmt: skip  # arguments that belong together share a line


@inner_kernel
def walk(
    step: int,
    low: int,
    high: int,
    event: Ints,
    weight: Floats,
    rank: Ints,
    run_start: Ints,
    run_time: Ints,
    enter: Ints,
    first: Ints,
    tree: Floats,
    counts: Floats,
) -> None:
    """Through runs `low` to `high`, back in time (step -1) or forward (1).

    Back, the tree holds those still at risk after a time, and each event is compared with them. Forward it holds the
    events so far, and each row is compared with them when it leaves, less those before it entered.
    """
    back = step < 0
    lower = 0 if back else 1  # a later row of a lower rank makes an event concordant, an earlier event a row discordant
    for k in range(tree.shape[0]):
        tree[k] = 0.0
    begin = run_start[low]
    end = run_start[high] if enter.shape[0] > 0 else begin
    e = end - 1 if back else begin
    for k in range(high - low):
        run = high - 1 - k if back else low + k
        while begin <= e < end and (first[enter[e]] > run_time[run]) == back:
            if back:
                add_at(tree, rank[enter[e]], -weight[enter[e]])
            else:
                compare(tree, rank[enter[e]], -1.0, lower, enter[e], counts)
            e += step
        for phase in range(4):  # one after another over all rows of the run
            for i in range(run_start[run], run_start[run + 1]):
                if event[i] == 1:
                    added, compared = phase == EVENTS_ADDED, phase == EVENTS_COMPARED
                else:
                    added, compared = back and phase == OTHERS_ADDED, not back and phase == OTHERS_COMPARED
                if added:
                    add_at(tree, rank[i], weight[i])
                elif compared:
                    compare(tree, rank[i], 1.0, lower, i, counts)
