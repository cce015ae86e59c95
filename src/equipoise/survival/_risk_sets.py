"""Sorting once: rows by stratum and time, tied times as one, and who is at risk when.

Every estimator walks the same structure. A *run* is the set of rows of one stratum that leave at one distinct
time. Times closer than the tolerance are one time, chained: 1, 1 + e, 1 + 2e are all tied if e is below it;
the time shown is the smallest of them. A row is at risk in (entry, time]: an entry within the tolerance of a
time is at that time, hence not yet at risk there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.errors import DataError
from equipoise.survival._arrays import NO_INTS, Floats, Ints, rows_text
from equipoise.survival._risk_set_kernels import entries_in_order, stratified_runs, tie_starts
from equipoise.survival._sorting import rows_by_time

TIME_TOLERANCE = 1.5e-8
"""Times closer than this times the mean time are tied."""


@dataclass(frozen=True, slots=True, eq=False)
class RiskSets:
    """Rows in the order of an estimator's pass, for `n` rows, `m` distinct times, `r` runs and `s` strata.

    Attributes:
        time: (m,) the distinct times, ascending.
        order: (n,) rows by stratum, then time.
        run_start: (r + 1,) positions in `order` where each run begins.
        run_time: (r,) index into `time` of each run.
        stratum_run: (s + 1,) the first run of each stratum.
        enter: (n,) positions in `order`, by stratum and then by when they come under observation; empty
            without entry.
        first: (n,) by position, index into `time` of the first time at risk; empty without entry.
        tolerance: the distance below which two times are one.
    """

    time: Floats
    order: Ints
    run_start: Ints
    run_time: Ints
    stratum_run: Ints
    enter: Ints
    first: Ints
    tolerance: float


def risk_sets(
    time: Floats,
    entry: Floats,
    stratum: Ints = NO_INTS,
    n_strata: int = 1,
    *,
    time_tolerance: float = TIME_TOLERANCE,
) -> RiskSets:
    """Sort once; see `RiskSets`.

    Args:
        time: (n,) checked times.
        entry: (n,) checked entry times, or empty.
        stratum: (n,) codes 0 .. n_strata - 1, or empty for a single stratum.
        n_strata: number of strata.
        time_tolerance: times closer than this times the mean time are tied; 0 for exact comparison.

    Raises:
        DataError: if an entry is tied with its time.
    """
    n = time.size
    tolerance = float(time_tolerance) * (float(time.sum()) / n)
    order, in_order = rows_by_time(time)
    start = np.empty(n + 1, dtype=np.int64)
    distinct = np.empty(n)
    m = tie_starts(in_order, tolerance, start, distinct)
    distinct, start = distinct[:m], start[: m + 1]
    if n_strata > 1:
        by_stratum, run_time, stratum_run = (
            np.empty_like(order),
            np.empty_like(order),
            np.empty(n_strata + 1, np.int64),
        )
        run_start = np.empty(n + 1, dtype=np.int64)
        r = stratified_runs(order, start, m, stratum, n_strata, by_stratum, run_start, run_time, stratum_run)
        order, run_start, run_time = by_stratum, run_start[: r + 1], run_time[:r]
    else:
        run_start, run_time, stratum_run = start, np.arange(m), np.array([0, m])
    if entry.size == 0:
        return RiskSets(distinct, order, run_start, run_time, stratum_run, NO_INTS, NO_INTS, tolerance)
    first, enter = np.empty_like(order), np.empty_like(order)
    room = (np.zeros(m + 1, np.int64), np.empty_like(order), np.empty_like(order), np.empty(n_strata, np.int64))
    bad = entries_in_order(entry, order, distinct, tolerance, run_start, run_time, stratum_run, first, enter, *room)
    if bad >= 0:
        raise DataError(f"entry: tied with time in {rows_text(np.arange(n) == bad)}; enter before the end of follow-up")
    return RiskSets(distinct, order, run_start, run_time, stratum_run, enter, first, tolerance)


def steps_at(
    grid: Floats,
    curves: Sequence[tuple[Floats, float]],
    last_survival: float,
    asked: Floats,
    tolerance: float,
) -> list[Floats]:
    """Read step functions, constant from each time of `grid` to the next, at the times `asked`.

    Args:
        grid: (m,) distinct times, ascending.
        curves: pairs of values (m,) and the value before the first time.
        last_survival: after the last time nothing is known: NaN, unless this is 0 and nothing more can
            happen.
        asked: (k,) times.
        tolerance: distance below which two times are one.

    Returns:
        An array (k,) a curve.
    """
    k = np.searchsorted(grid, asked + tolerance, side="right") - 1
    beyond = (asked > grid[-1] + tolerance) & (last_survival > 0.0)
    before = k < 0
    k = np.maximum(k, 0)
    return [np.where(beyond, np.nan, np.where(before, start, curve[k])) for curve, start in curves]
