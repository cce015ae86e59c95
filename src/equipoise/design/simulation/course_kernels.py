"""Participants of any trial with piecewise-constant hazards, compiled: many trials at once, one row a trial."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from equipoise._kernel import inner_kernel, kernel
from equipoise.design.simulation.numbers import (
    Floats,
    Ints,
    entries_of_spacings,
    lower_uniform,
    negative_log,
    upper_uniform,
)
from equipoise.design.simulation.plain_kernels import Course, Plain, draw_plain, room_for_words
from equipoise.disease.philox import open_uniform, philox_block, uniform_block

START, RATE, CUMULATIVE = range(3)
"""Columns of a piece of a hazard: month of its start, hazard a month, cumulative hazard at the start."""

_ZERO, _ONE, _TWO = np.uint64(0), np.uint64(1), np.uint64(2)


class Piecewise(NamedTuple):
    """A trial with piecewise-constant hazards; cell 2 s + a is arm a (0 control, 1 experimental) of stratum s.

    Attributes:
        hazard: (cells, pieces, 3) of the event, see the columns; pieces to spare start at infinity.
        loss: (2, pieces, 3) of loss to follow-up, by arm.
        cured: (cells,) probability that the event never happens.
        kept: (2,) probability that there is never a loss.
        strata: (strata,) cumulative shares.
        swapped: (2,) probability to live under the other arm's hazards, by arm allocated.
        pattern: (n,) arms in the order of entry into a stratum; empty where each is drawn alone.
        experimental: probability of the experimental arm where each is drawn alone.
        accrual: as `entries_of_spacings` takes it.
        entry: (n,) fixed months of entry, or empty.
        sites: (sites,) cumulative shares.
        site_sd: standard deviation of the logarithm of a site's hazard ratio.
    """

    hazard: Floats
    loss: Floats
    cured: Floats
    kept: Floats
    strata: Floats
    swapped: Floats
    pattern: Ints
    experimental: float
    accrual: Floats
    entry: Floats
    sites: Floats
    site_sd: float


class Rows(NamedTuple):
    """What happens to the participants of many trials, (trials, n) each, in the order of entry.

    Attributes:
        entry: date of entry.
        exit: time from entry to the event or to the last that is known; may be infinite.
        event: 1 where `exit` is the event.
        arm: arm allocated: 0 control, 1 experimental.
        stratum: from 0.
        clock: dates of the events that looks wait for, infinite where there is none.
    """

    entry: Floats
    exit: Floats
    event: Ints
    arm: Ints
    stratum: Ints
    clock: Floats


@inner_kernel
def first_above(cumulative: Floats, u: float) -> int:
    """Where `u` falls among cumulative shares."""
    at, last = 0, cumulative.shape[0] - 1
    while at < last and cumulative[at] <= u:
        at += 1
    return at


@inner_kernel
def time_of(hazard: Floats, cell: int, target: float) -> float:
    """When the cumulative hazard of a cell reaches `target`; infinite if never."""
    piece, last = 0, hazard.shape[1] - 1
    while piece < last and hazard[cell, piece + 1, CUMULATIVE] < target:
        piece += 1
    rate = hazard[cell, piece, RATE]
    if rate == 0.0:
        return np.inf
    return float(hazard[cell, piece, START] + (target - hazard[cell, piece, CUMULATIVE]) / rate)


@inner_kernel
def site_ratios(key: tuple[np.uint64, np.uint64, int], n: int, sd: float, ratio: Floats) -> None:
    """Fill the hazard ratio of each site: log-normal with median 1 (Box and Muller 1958).

    Their random blocks are those of participants n + 1 and following.
    """
    seed, stream, replicate = key
    for site in range(ratio.shape[0]):
        u_0, u_1, _, _ = uniform_block(seed, stream, np.uint64(replicate), np.uint64(n + 1 + site), _ZERO)
        ratio[site] = math.exp(sd * math.sqrt(2.0 * negative_log(u_0)) * math.cos(2.0 * math.pi * u_1))


@inner_kernel
def entries(
    key: tuple[np.uint64, np.uint64, int], fixed: Floats, accrual: Floats, spacings: Floats, entry: Floats
) -> None:
    """Fill the months of entry of one trial, (n,): fixed ones, or drawn from word 2 of each participant's block 0."""
    seed, stream, replicate = key
    n = entry.shape[0]
    if fixed.shape[0] > 0:
        for i in range(n):
            entry[i] = fixed[i]
        return
    for i in range(n + 1):
        _, _, w_2, _ = philox_block((seed, stream), (_ONE, np.uint64(i), np.uint64(replicate), _ZERO))
        spacings[i] = negative_log(upper_uniform(w_2))
    entries_of_spacings(spacings, n, accrual, entry)


def piecewise_rows(key: tuple[np.uint64, np.uint64], replicates: tuple[int, int], trial: Piecewise, rows: Rows) -> None:
    """Draw trials with piecewise-constant hazards.

    Words of a participant's block 0: time to event; time to loss; entry and stratum; cure and adherence. Of block
    1, where it is needed: site and arm; loss that never comes.

    Args:
        key: seed and stream.
        replicates: the first, and the one after the last.
        trial: the trial.
        rows: filled.
    """
    room = (np.empty(rows.entry.shape[1] + 1), np.ones(trial.sites.shape[0]), np.empty(trial.strata.shape[0], np.int64))
    draw_piecewise(key, replicates, trial, room, rows)


@kernel
def draw_piecewise(
    key: tuple[np.uint64, np.uint64],
    replicates: tuple[int, int],
    trial: Piecewise,
    room: tuple[Floats, Floats, Ints],
    rows: Rows,
) -> None:
    """See `piecewise_rows`; `room` is what it needs to work in."""
    seed, stream = key
    n, strata = rows.entry.shape[1], trial.strata.shape[0]
    spacings, ratio, seen = room
    more = trial.site_sd > 0.0 or trial.pattern.shape[0] == 0 or trial.kept[0] > 0.0 or trial.kept[1] > 0.0
    for replicate in range(replicates[0], replicates[1]):
        r, which = replicate - replicates[0], np.uint64(replicate)
        entries((seed, stream, replicate), trial.entry, trial.accrual, spacings, rows.entry[r])
        if trial.site_sd > 0.0:
            site_ratios((seed, stream, replicate), n, trial.site_sd, ratio)
        for s in range(strata):
            seen[s] = 0
        for i in range(n):
            w_0, w_1, w_2, w_3 = philox_block((seed, stream), (_ONE, np.uint64(i), which, _ZERO))
            w_4, w_5 = _ZERO, _ZERO
            if more:
                w_4, w_5, _, _ = philox_block((seed, stream), (_TWO, np.uint64(i), which, _ZERO))
            stratum = first_above(trial.strata, lower_uniform(w_2))
            if trial.pattern.shape[0] > 0:
                arm = trial.pattern[seen[stratum]]
            else:
                arm = np.int64(lower_uniform(w_4) < trial.experimental)
            seen[stratum] += 1
            lives = 1 - arm if lower_uniform(w_3) < trial.swapped[arm] else arm
            cell = 2 * stratum + lives
            happens, lost = np.inf, np.inf
            if upper_uniform(w_3) >= trial.cured[cell]:
                site = first_above(trial.sites, upper_uniform(w_4)) if more else 0
                happens = time_of(trial.hazard, cell, negative_log(open_uniform(w_0)) / ratio[site])
            if open_uniform(w_5) >= trial.kept[arm]:
                lost = time_of(trial.loss, arm, negative_log(open_uniform(w_1)))
            rows.exit[r, i] = min(happens, lost)
            rows.event[r, i] = np.int64(happens <= lost and happens < np.inf)
            rows.clock[r, i] = rows.entry[r, i] + happens if happens <= lost else np.inf
            rows.arm[r, i], rows.stratum[r, i] = arm, stratum


def plain_rows(key: tuple[np.uint64, np.uint64], replicates: tuple[int, int], plain: Plain, rows: Rows) -> None:
    """Draw plain trials, the same as `plain_trials` draws, as rows."""
    n = plain.arm.shape[0]
    draw_plain_rows(key, replicates, plain, room_for_words(n), np.empty(n), rows)


@kernel
def draw_plain_rows(
    key: tuple[np.uint64, np.uint64],
    replicates: tuple[int, int],
    plain: Plain,
    words: tuple[Floats, Floats, Ints],
    calendar: Floats,
    rows: Rows,
) -> None:
    """See `plain_rows`; `words` and `calendar` are room to work in."""
    n = plain.arm.shape[0]
    for replicate in range(replicates[0], replicates[1]):
        r = replicate - replicates[0]
        c = Course(rows.entry[r], rows.exit[r], calendar, rows.clock[r], rows.event[r])
        draw_plain((key[0], key[1], replicate), plain, words, c)
        for i in range(n):
            rows.arm[r, i], rows.stratum[r, i] = plain.arm[i], 0


def entry_rows(
    key: tuple[np.uint64, np.uint64], replicates: tuple[int, int], fixed: Floats, accrual: Floats, entry: Floats
) -> None:
    """Fill the months of entry of many trials, (trials, n)."""
    draw_entries(key, replicates, fixed, accrual, np.empty(entry.shape[1] + 1), entry)


@kernel
def draw_entries(
    key: tuple[np.uint64, np.uint64],
    replicates: tuple[int, int],
    fixed: Floats,
    accrual: Floats,
    spacings: Floats,
    entry: Floats,
) -> None:
    """See `entry_rows`; `spacings`, (n + 1,), is room to work in."""
    for replicate in range(replicates[0], replicates[1]):
        entries((key[0], key[1], replicate), fixed, accrual, spacings, entry[replicate - replicates[0]])
