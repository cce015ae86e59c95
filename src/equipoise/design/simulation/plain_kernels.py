"""The plain trial, compiled: two arms, constant hazards, no strata, the log-rank test; draws and tests in one pass.

With constant hazards of event and loss, the time of whichever comes first is exponential with the summed hazard, and
which it was does not depend on the time. So a participant needs one logarithm for that and one for the entry, and
half a random block. Participants come in the order of entry; at a look, those still in the trial leave the risk sets
in the reverse order of entry, so one list sorted by time, of those who had the event or were lost, serves all looks:
it is walked together with the entries.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from equipoise._kernel import inner_kernel, kernel
from equipoise.design.simulation.cox_at_looks import cox_of_shares
from equipoise.design.simulation.cut import Looks, cut_dates, latest, order_by_time, rows_until
from equipoise.design.simulation.numbers import (
    Floats,
    Ints,
    entries_of_spacings,
    lower_half,
    negative_logs,
    upper_uniform,
)
from equipoise.disease.philox import open_uniform, philox_block

EVENTS, DATE, ENROLLED, REACHED, LOG_HAZARD_RATIO, STD_ERROR, Z = range(7)
"""Columns of what is known of a look."""
COLUMNS = 7

_ZERO, _ONE = np.uint64(0), np.uint64(1)
_BINS = 512


class Plain(NamedTuple):
    """A plain trial.

    Attributes:
        arm: (n,) arm by order of entry: 0 control, 1 experimental.
        mean: (n,) mean months to event or loss.
        threshold: (n,) 2**32 times the probability that it is the event.
        accrual: as `entries_of_spacings` takes it.
        entry: (n,) fixed months of entry, or empty.
        inverse: (n + 1,) 1/k at k; dividing is slow.
        before: (n + 1,) experimental participants among the first k.
    """

    arm: Ints
    mean: Floats
    threshold: Ints
    accrual: Floats
    entry: Floats
    inverse: Floats
    before: Ints


class Course(NamedTuple):
    """What happens to the participants of one trial, (n,) each, in the order of entry.

    Attributes:
        entry: month of entry.
        exit: months from entry to event or loss.
        calendar: month of event or loss.
        happens: month of the event, infinite where there is none.
        event: 1 for an event, 0 for a loss.
    """

    entry: Floats
    exit: Floats
    calendar: Floats
    happens: Floats
    event: Ints


@inner_kernel
def draw_plain(
    key: tuple[np.uint64, np.uint64, int], plain: Plain, words: tuple[Floats, Floats, Ints], c: Course
) -> None:
    """Draw one trial: two participants share a random block.

    Args:
        key: seed, stream, replicate.
        plain: the trial.
        words: working space, three times n + 1 or more, an even number.
        c: filled.
    """
    seed, stream, replicate = key
    times, spacings, kinds = words
    n, which = plain.arm.shape[0], np.uint64(replicate)
    for pair in range(spacings.shape[0] // 2):
        w_0, w_1, w_2, w_3 = philox_block((seed, stream), (_ONE, np.uint64(pair), which, _ZERO))
        i = 2 * pair
        times[i], times[i + 1] = open_uniform(w_0), open_uniform(w_2)
        spacings[i], spacings[i + 1] = upper_uniform(w_1), upper_uniform(w_3)
        kinds[i], kinds[i + 1] = lower_half(w_1), lower_half(w_3)
    negative_logs(times)
    if plain.entry.shape[0] > 0:
        for i in range(n):
            c.entry[i] = plain.entry[i]
    else:
        negative_logs(spacings)
        entries_of_spacings(spacings, n, plain.accrual, c.entry)
    for i in range(n):
        c.exit[i] = times[i] * plain.mean[i]
        c.calendar[i] = c.entry[i] + c.exit[i]
        c.event[i] = kinds[i] < plain.threshold[i]
        c.happens[i] = c.calendar[i] if c.event[i] == 1 else np.inf


class Walk(NamedTuple):
    """Working space of a look: two lists in the order of time, (n + 1,) or longer.

    Attributes:
        left: follow-up of those who had the event or were lost by the look.
        kind: 1 for an event, and 2 more in the experimental arm.
        still: follow-up of those still in the trial.
        arm: their arm.
    """

    left: Floats
    kind: Ints
    still: Floats
    arm: Ints


Room = tuple[
    tuple[Floats, Floats, Ints],
    Course,
    Walk,
    tuple[Ints, Ints, Ints, Ints],
    tuple[Floats, Floats],
    tuple[Floats, Ints],
]
"""What a plain trial is drawn and walked in: words, its course, its walk, for sorting, in order of time, the looks."""


@inner_kernel
def plain_look(
    date: float, plain: Plain, c: Course, leavers: tuple[Floats, Ints, int], walk: Walk, share: Floats
) -> tuple[int, int, int]:
    """Walk the risk sets of one look, filling `share` with the experimental share of each event's risk set.

    Whether somebody had left by the look is as good as random, and a processor that guesses wrong waits: so the loops
    that make the lists count with comparisons and do not branch on them.

    Args:
        date: of the look.
        plain: the trial.
        c: its course.
        leavers: times and rows, in order of time, of those who had the event or were lost by the last look, and how
            many they are.
        walk: working space.
        share: (n + 1,) filled as far as there are events.

    Returns:
        Participants enrolled, events, events in the experimental arm.
    """
    ordered, order, m = leavers
    enrolled = c.entry.shape[0]
    while enrolled > 0 and c.entry[enrolled - 1] >= date:
        enrolled -= 1
    still = 0
    for i in range(enrolled - 1, -1, -1):
        walk.still[still] = date - c.entry[i]
        walk.arm[still] = plain.arm[i]
        still += c.calendar[i] > date
    walk.still[still] = np.inf
    left = 0
    for k in range(m):
        row = order[k]
        walk.left[left] = ordered[k]
        walk.kind[left] = c.event[row] + 2 * plain.arm[row]
        left += c.calendar[row] <= date
    experimental = plain.before[enrolled]
    q, d, d_experimental = 0, 0, 0
    for k in range(left):
        while walk.still[q] < walk.left[k]:
            experimental -= walk.arm[q]
            q += 1
        event, own = walk.kind[k] & 1, walk.kind[k] >> 1
        share[d] = experimental * plain.inverse[enrolled - q - k]
        d += event
        d_experimental += event & own
        experimental -= own
    return enrolled, d, d_experimental


def plain_trials(
    key: tuple[np.uint64, np.uint64], replicates: tuple[int, int], plain: Plain, looks: Looks, out: Floats
) -> None:
    """Draw and test trials.

    Args:
        key: seed and stream.
        replicates: the first, and the one after the last.
        plain: the trial.
        looks: k of them.
        out: (replicates, k, COLUMNS) filled; NaN where a look but the last was never reached. z favours the
            experimental arm where it is positive.
    """
    n, k = plain.arm.shape[0], out.shape[1]
    room = (
        room_for_words(n),
        Course(np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n, np.int64)),
        Walk(np.empty(n + 1), np.empty(n + 1, np.int64), np.empty(n + 1), np.empty(n + 1, np.int64)),
        (np.empty(_BINS + 1, np.int64), np.empty(n + 2, np.int64), np.empty(n + 1, np.int64), np.empty(n, np.int64)),
        (np.empty(n), np.empty(n + 1)),
        (np.empty(k), np.empty(k, np.int64)),
    )
    draw_and_test(key, replicates, plain, looks, room, out)


def room_for_words(n: int) -> tuple[Floats, Floats, Ints]:
    """The room that `draw_plain` needs."""
    half_blocks = n + 2 - n % 2
    return np.empty(half_blocks), np.empty(half_blocks), np.empty(half_blocks, np.int64)


@kernel
def draw_and_test(
    key: tuple[np.uint64, np.uint64],
    replicates: tuple[int, int],
    plain: Plain,
    looks: Looks,
    room: Room,
    out: Floats,
) -> None:
    """See `plain_trials`; `room` is what it needs to work in."""
    last_look = out.shape[1] - 1
    words, c, walk, (bins, starts, rows, order), (ordered, share), (dates, reached) = room
    for replicate in range(replicates[0], replicates[1]):
        result = out[replicate - replicates[0]]
        draw_plain((key[0], key[1], replicate), plain, words, c)
        cut_dates(c.happens, latest(c.calendar), looks, bins, share, dates, reached)
        m = rows_until(c.calendar, dates[last_look], rows)
        order_by_time(c.exit, rows, m, dates[last_look], starts, ordered, order)
        for k in range(last_look + 1):
            if reached[k] == 0 and k < last_look:
                for column in range(COLUMNS):
                    result[k, column] = np.nan
                result[k, REACHED] = 0.0
                continue
            enrolled, d, d_experimental = plain_look(dates[k], plain, c, (ordered, order, m), walk, share)
            expected, variance = 0.0, 0.0
            for j in range(d):
                expected += share[j]
                variance += share[j] * (1.0 - share[j])
            result[k, EVENTS], result[k, ENROLLED] = d, enrolled
            result[k, DATE], result[k, REACHED] = dates[k], reached[k]
            result[k, Z] = (expected - d_experimental) / math.sqrt(variance) if variance > 0.0 else np.nan
            start = (d_experimental - expected) / variance if variance > 0.0 else 0.0
            beta, std_error = cox_of_shares(share, d, d_experimental, start)
            result[k, LOG_HAZARD_RATIO], result[k, STD_ERROR] = beta, std_error
