"""Compiled passes of the multi-state Aalen-Johansen estimator; see `occupation`."""

from __future__ import annotations

from equipoise._kernel import kernel
from equipoise.survival._arrays import Floats, Ints


@kernel
def occupation_steps(
    start: Ints, move_from: Ints, move_to: Ints, rate: Floats, flow: Floats, probability: Floats
) -> None:
    """Carry the probabilities, (m + 1, s) with the first row given, over the moves of each time.

    Moves `start[k]` to `start[k + 1]` are those of time k, all from the state of just before. `rate` is their
    number over the number at risk; `flow` is filled with the probability that moves.
    """
    for k in range(start.shape[0] - 1):
        for j in range(probability.shape[1]):
            probability[k + 1, j] = probability[k, j]
        for a in range(start[k], start[k + 1]):
            flow[a] = probability[k, move_from[a]] * rate[a]
            probability[k + 1, move_from[a]] -= flow[a]
            probability[k + 1, move_to[a]] += flow[a]


@kernel
def squared_influences(
    low: int,
    high: int,
    row_start: Ints,
    first: Ints,
    last: Ints,
    state: Ints,
    following: Ints,
    initial: Floats,
    start: Ints,
    move_from: Ints,
    move_to: Ints,
    rate: Floats,
    at_risk: Floats,
    probability: Floats,
    room: Floats,
    squared: Floats,
) -> None:
    """Add, for participants `low` to `high`, the squared influence on each probability at each time, (m + 1, s).

    Rows of a participant, `row_start[i]` on, are in order of time; a row is at risk in `state` from time index
    `first` to `last`, and then moves to `following`, or nowhere (-1). The influence moves with the probability;
    to each move's flow a participant at risk adds p (dN - dA)/Y. `room` is (2, s).
    """
    s = probability.shape[1]
    moved, change = 0, 1  # rows of `room`
    for i in range(low, high):
        for j in range(s):
            room[moved, j] = initial[i, j]
            squared[0, j] += initial[i, j] * initial[i, j]
        row, end = row_start[i], row_start[i + 1]
        for k in range(start.shape[0] - 1):
            while row < end and last[row] < k:
                row += 1
            here = state[row] if row < end and first[row] <= k else -1
            for j in range(s):
                room[change, j] = 0.0
            for a in range(start[k], start[k + 1]):
                j = move_from[a]
                part = room[moved, j] * rate[a]
                if j == here:
                    own = 1.0 if last[row] == k and following[row] == move_to[a] else 0.0
                    part += probability[k, j] * (own - rate[a]) / at_risk[a]
                room[change, j] -= part
                room[change, move_to[a]] += part
            for j in range(s):
                room[moved, j] += room[change, j]
                squared[k + 1, j] += room[moved, j] * room[moved, j]
