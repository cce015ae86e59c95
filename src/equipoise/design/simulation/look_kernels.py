"""Any test at the looks of any trial, compiled: risk sets with strata and ties, weights, curves of the arms.

Each look sorts what is known at its date and walks it once. Weights are those of `equipoise.survival.logrank`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from equipoise._kernel import inner_kernel, kernel
from equipoise.design.simulation.course_kernels import Rows
from equipoise.design.simulation.cox_at_looks import cox_of_shares
from equipoise.design.simulation.cut import Looks, cut_dates, latest, order_by_time
from equipoise.design.simulation.numbers import Floats, Ints
from equipoise.design.simulation.plain_kernels import (
    COLUMNS,
    DATE,
    ENROLLED,
    EVENTS,
    LOG_HAZARD_RATIO,
    REACHED,
    STD_ERROR,
    Z,
)
from equipoise.survival.logrank_kernels import weight_at

SCHEME, RHO, GAMMA, T_STAR = range(4)
"""Columns of a weighted test."""
RESTRICTED_MEAN, MILESTONE = range(2)
"""Contrasts of the arms' curves; the second column is the time."""

_BINS = 512


class Known(NamedTuple):
    """What is known at a look, of those enrolled, in the order of their time.

    Attributes:
        time: (n,) times, ascending as far as there are rows.
        row: (n,) their rows.
        event: (n,) by row, 1 where the event is known.
        arm: (n,) by row.
        stratum: (n,) by row.
    """

    time: Floats
    row: Ints
    event: Ints
    arm: Ints
    stratum: Ints


class Sums(NamedTuple):
    """What the walk adds up.

    Attributes:
        score: (w,) weighted observed less expected events of the experimental arm.
        covariance: (w, w) of the scores.
        share: (n,) by event, the experimental share of Efron's risk sets.
        weight: (w,) of the event time at hand.
    """

    score: Floats
    covariance: Floats
    share: Floats
    weight: Floats


class RiskSets(NamedTuple):
    """Counters of the walk by stratum.

    Attributes:
        at_risk: (strata, 2) at risk, in all and in the experimental arm.
        events: (strata, 2) events of the time at hand.
        gone: (strata, 2) who leave at the time at hand.
        survival: (strata,) pooled Kaplan-Meier curve before the time at hand.
        peto: (strata,) product of 1 - d/(n + 1) through it.
        floor: (strata, w) the curve at the t* of a test once that is past, before that 0.
        touched: (strata,) strata that somebody leaves at the time at hand.
    """

    at_risk: Floats
    events: Floats
    gone: Floats
    survival: Floats
    peto: Floats
    floor: Floats
    touched: Ints


Room = tuple[Known, RiskSets, tuple[Floats, Ints, Ints], tuple[Ints, Ints], tuple[Floats, Floats, Floats, Floats]]
"""What trials are walked in, for `known_at`, for `cut_dates`, and for a look: its date, shares, weights and a curve."""


@inner_kernel
def last_not_after(visits: Floats, time: float) -> float:
    """The last of the ascending `visits` that is not after `time`, or 0."""
    low, high = 0, visits.shape[0]
    while low < high:
        middle = (low + high) // 2
        if visits[middle] <= time:
            low = middle + 1
        else:
            high = middle
    return visits[low - 1] if low > 0 else 0.0


@inner_kernel
def known_at(
    date: float, rows: Rows, r: int, visits: Floats, whole_days: bool, work: tuple[Floats, Ints, Ints], known: Known
) -> int:
    """Fill what is known of trial `r` at `date`; give how many are enrolled.

    Args:
        date: of the look.
        rows: the trials.
        r: which of them.
        visits: times of visits at which those without an event are last seen; empty: seen until the look.
        whole_days: times are whole days, of which the day of entry is the first; so are dates.
        work: working space, (n,), (n,) and (n + 2,).
        known: filled.
    """
    time, enrolled, starts = work
    m, top = int(np.int64(0)), 0.0  # a literal would be another type to numba, and make another signature
    for i in range(rows.entry.shape[1]):
        follow = date - rows.entry[r, i]
        if follow < 0.0 or (follow == 0.0 and not whole_days):
            continue
        # as the date was made, so that rounding cannot lose the event that the look waited for
        left = rows.entry[r, i] + rows.exit[r, i] <= date
        known.event[i] = rows.event[r, i] if left else 0
        if left:
            follow = rows.exit[r, i]
        elif visits.shape[0] > 0:
            follow = last_not_after(visits, follow)
        time[i] = follow + 1.0 if whole_days else follow
        known.arm[i], known.stratum[i] = rows.arm[r, i], rows.stratum[r, i]
        enrolled[m] = i
        top = max(top, time[i])
        m += 1
    if m > 0:
        order_by_time(time, enrolled, m, top, starts, known.time, known.row)
    return m


@inner_kernel
def start_walk(known: Known, m: int, sets: RiskSets, sums: Sums) -> None:
    """Set counters and sums to where a walk begins: everybody known is at risk."""
    tests, strata = sums.score.shape[0], sets.survival.shape[0]
    for w in range(tests):
        sums.score[w] = 0.0
        for v in range(tests):
            sums.covariance[w, v] = 0.0
    for s in range(strata):
        sets.survival[s] = sets.peto[s] = 1.0
        for side in range(2):
            sets.at_risk[s, side] = sets.events[s, side] = sets.gone[s, side] = 0.0
        for w in range(tests):
            sets.floor[s, w] = 0.0
    for k in range(m):
        s = known.stratum[known.row[k]]
        sets.at_risk[s, 0] += 1.0
        sets.at_risk[s, 1] += known.arm[known.row[k]]


@inner_kernel
def walk_risk_sets(known: Known, m: int, weights: Floats, sets: RiskSets, sums: Sums) -> tuple[int, int, float, float]:
    """Walk the risk sets of a look.

    Args:
        known: what is known.
        m: rows of it.
        weights: (w, 4) weighted tests, see the columns.
        sets: working space: (strata, 2) three times, (strata,) twice, (strata, w), (strata,).
        sums: filled.

    Returns:
        Events, those in the experimental arm, and of the unweighted test the expectation and the variance.
    """
    start_walk(known, m, sets, sums)
    total, experimental, expected, variance = 0, 0, 0.0, 0.0
    k = 0
    while k < m:
        time, first, touched = known.time[k], k, 0
        while k < m and (k == first or known.time[k] == time):
            row = known.row[k]
            s = known.stratum[row]
            if sets.gone[s, 0] == 0.0:
                sets.touched[touched] = s
                touched += 1
            sets.gone[s, 0] += 1.0
            sets.gone[s, 1] += known.arm[row]
            sets.events[s, 0] += known.event[row]
            sets.events[s, 1] += known.event[row] * known.arm[row]
            k += 1
        for t in range(touched):
            s = sets.touched[t]
            d, d_1 = sets.events[s, 0], sets.events[s, 1]
            if d > 0.0:
                n, n_1 = sets.at_risk[s, 0], sets.at_risk[s, 1]
                p = n_1 / n
                spread = p * (1.0 - p) * d * ((n - d) / (n - 1.0) if n > 1.0 else 0.0)
                add_weighted(time, (n, d, d_1 - d * p, spread), s, weights, sets, sums)
                expected += d * p
                variance += spread
                for tied in range(int(d)):
                    sums.share[total] = (n_1 - tied * d_1 / d) / (n - tied)
                    total += 1
                experimental += int(d_1)
            for side in range(2):
                sets.at_risk[s, side] -= sets.gone[s, side]
                sets.gone[s, side] = sets.events[s, side] = 0.0
    return total, experimental, expected, variance


@inner_kernel
def add_weighted(
    time: float, at: tuple[float, float, float, float], s: int, weights: Floats, sets: RiskSets, sums: Sums
) -> None:
    """Add one event time of a stratum to the weighted tests, and take its step down the pooled survival curve.

    `at` holds those at risk, events, experimental events less their expectation, and the variance of these.
    """
    n, d, excess, spread = at
    sets.peto[s] *= 1.0 - d / (n + 1.0)
    for w in range(weights.shape[0]):
        if sets.floor[s, w] == 0.0 and time > weights[w, T_STAR]:
            sets.floor[s, w] = sets.survival[s]
        weight = weight_at(
            int(weights[w, SCHEME]),
            weights[w, RHO],
            weights[w, GAMMA],
            n,
            sets.survival[s],
            sets.peto[s],
            sets.floor[s, w],
        )
        sums.score[w] += weight * excess
        sums.weight[w] = weight
        for v in range(w + 1):
            sums.covariance[w, v] += weight * sums.weight[v] * spread
    sets.survival[s] *= (n - d) / n


@inner_kernel
def curve_of_arm(known: Known, m: int, which: tuple[int, float, int], curve: Floats) -> tuple[float, float]:
    """Restricted mean, or survival at a time, of one arm and its variance (Greenwood); NaN beyond the arm's last time.

    Args:
        known: what is known.
        m: rows of it.
        which: RESTRICTED_MEAN or MILESTONE, the time, the arm.
        curve: working space, (3, n): event times, survival from then on, d/(n (n - d)).
    """
    kind, point, arm = which
    left, last, steps = 0, 0.0, 0
    for k in range(m):
        if known.arm[known.row[k]] == arm:
            left += 1
            last = known.time[k]
    survival, k = 1.0, 0
    while k < m and known.time[k] <= point:
        time, d, gone = known.time[k], 0, 0
        while k < m and known.time[k] == time:
            if known.arm[known.row[k]] == arm:
                gone += 1
                d += known.event[known.row[k]]
            k += 1
        if d > 0:
            survival *= (left - d) / left
            curve[0, steps], curve[1, steps] = time, survival
            curve[2, steps] = d / (left * float(left - d)) if left > d else 0.0
            steps += 1
        left -= gone
    if point > last and (kind == RESTRICTED_MEAN or survival > 0.0):
        return np.nan, np.nan
    variance, area, end = 0.0, 0.0, point
    for j in range(steps - 1, -1, -1):
        area += curve[1, j] * (end - curve[0, j])
        end = curve[0, j]
        variance += curve[2, j] * (area * area if kind == RESTRICTED_MEAN else survival * survival)
    return (area + end if kind == RESTRICTED_MEAN else survival), variance


def trials_at_looks(
    rows: Rows,
    looks: Looks,
    timing: tuple[Floats, bool],
    strata: int,
    tests: tuple[Floats, Floats],
    results: tuple[Floats, Floats, Floats, Floats],
) -> None:
    """Test trials at their looks.

    Args:
        rows: the trials.
        looks: k of them.
        timing: visits and `whole_days` as in `known_at`.
        strata: how many.
        tests: (w, 4) weighted tests and (c, 2) contrasts of curves.
        results: filled: (trials, k, COLUMNS); z of the weighted tests (trials, k, w); their covariance
            (trials, k, w, w), lower triangle; z of the contrasts (trials, k, c). A z that favours the experimental arm
            is positive. NaN where a look but the last was never reached.
    """
    n, w, k = rows.entry.shape[1], tests[0].shape[0], results[0].shape[1]
    room = (
        Known(np.empty(n), np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)),
        RiskSets(
            np.empty((strata, 2)),
            np.empty((strata, 2)),
            np.empty((strata, 2)),
            np.empty(strata),
            np.empty(strata),
            np.empty((strata, w)),
            np.empty(strata, np.int64),
        ),
        (np.empty(n), np.empty(n, np.int64), np.empty(n + 2, np.int64)),
        (np.empty(_BINS + 1, np.int64), np.empty(k, np.int64)),
        (np.empty(k), np.empty(n), np.empty(w), np.empty((3, n))),
    )
    walk_trials(rows, looks, timing, tests, room, results)


@kernel
def walk_trials(
    rows: Rows,
    looks: Looks,
    timing: tuple[Floats, bool],
    tests: tuple[Floats, Floats],
    room: Room,
    results: tuple[Floats, Floats, Floats, Floats],
) -> None:
    """See `trials_at_looks`; `room` is what it needs to work in."""
    visits, whole_days = timing
    weights, contrasts = tests
    out, z_weighted, covariance, z_contrast = results
    n, w, last_look = rows.entry.shape[1], weights.shape[0], out.shape[1] - 1
    known, sets, work, (bins, reached), (dates, share, weight, curve) = room
    for r in range(rows.entry.shape[0]):
        last = max(latest(rows.clock[r]), rows.entry[r, n - 1])
        for i in range(n):
            if last < rows.entry[r, i] + rows.exit[r, i] < np.inf:
                last = rows.entry[r, i] + rows.exit[r, i]
        cut_dates(rows.clock[r], last, looks, bins, work[0], dates, reached)
        for k in range(last_look + 1):
            result = out[r, k]
            if reached[k] == 0 and k < last_look:
                for column in range(COLUMNS):
                    result[column] = np.nan
                for j in range(w):
                    z_weighted[r, k, j] = np.nan
                for j in range(contrasts.shape[0]):
                    z_contrast[r, k, j] = np.nan
                result[REACHED] = 0.0
                continue
            sums = Sums(z_weighted[r, k], covariance[r, k], share, weight)
            m = known_at(dates[k], rows, r, visits, whole_days, work, known)
            d, d_1, expected, variance = walk_risk_sets(known, m, weights, sets, sums)
            result[EVENTS], result[ENROLLED], result[DATE], result[REACHED] = d, m, dates[k], reached[k]
            result[Z] = (expected - d_1) / math.sqrt(variance) if variance > 0.0 else np.nan
            beta, std_error = cox_of_shares(share, d, d_1, (d_1 - expected) / variance if variance > 0.0 else 0.0)
            result[LOG_HAZARD_RATIO], result[STD_ERROR] = beta, std_error
            for j in range(w):
                spread = covariance[r, k, j, j]
                z_weighted[r, k, j] = -z_weighted[r, k, j] / math.sqrt(spread) if spread > 0.0 else np.nan
            for j in range(contrasts.shape[0]):
                kind, point = int(contrasts[j, 0]), contrasts[j, 1]
                difference, spread = 0.0, 0.0
                for arm in range(2):
                    value, variance = curve_of_arm(known, m, (kind, point, arm), curve)
                    difference += value if arm == 1 else -value
                    spread += variance
                z_contrast[r, k, j] = difference / math.sqrt(spread) if spread > 0.0 else np.nan
