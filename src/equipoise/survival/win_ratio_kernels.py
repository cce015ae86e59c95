"""The compiled comparison of pairs by endpoints in order of priority."""

from __future__ import annotations

from equipoise._kernel import kernel
from equipoise.survival._arrays import Floats, Ints


@kernel
def compare_pairs(
    low: int,
    high: int,
    time: Floats,
    event: Ints,
    other_time: Floats,
    other_event: Ints,
    tolerance: Floats,
    won: Ints,
    lost: Ints,
    other_won: Ints,
    other_lost: Ints,
    decided: Ints,
) -> None:
    """Compare participants `low` to `high` with all others and count who wins, (n,) a side, and where, (k, 2).

    Times and events are (n, k). One wins on an endpoint if the other's event is seen while one is known to be
    without it; censored at the time of the other's event counts as without.
    """
    k = time.shape[1]
    for i in range(low, high):
        for j in range(other_time.shape[0]):
            for e in range(k):
                ahead = time[i, e] - other_time[j, e]
                tied = abs(ahead) <= tolerance[e]
                if other_event[j, e] == 1 and (event[i, e] == 0 if tied else ahead > 0.0):
                    won[i] += 1
                    other_lost[j] += 1
                    decided[e, 0] += 1
                    break
                if event[i, e] == 1 and (other_event[j, e] == 0 if tied else ahead < 0.0):
                    lost[i] += 1
                    other_won[j] += 1
                    decided[e, 1] += 1
                    break
