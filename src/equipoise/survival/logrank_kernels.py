"""Compiled passes of the log-rank family over rows sorted once.

Plain data come as packed keys (`_packed`), rows with delayed entry by an index (`_risk_sets`).
"""

from __future__ import annotations

import math

import numpy as np

from equipoise._kernel import inner_kernel, kernel
from equipoise.survival._arrays import Floats, Ints, Keys

FLEMING_HARRINGTON, GEHAN, TARONE_WARE, PETO, MODIFIED_PETO, MODESTLY_WEIGHTED = range(6)
"""Weight schemes, by the number that the kernel takes."""
AT_RISK, DEATHS, LEAVING = range(3)
"""Rows of what is kept by cell, `cells` (3, cells): a cell is a group, or a group of a stratum."""
SURVIVAL, PRODUCT, FLOOR, GONE = range(4)
"""Rows of what is kept by stratum, `curves` (4, strata): see `weight_at`; and how many leave at a time."""


@inner_kernel
def weight_at(scheme: int, rho: float, gamma: float, n: float, survival: float, peto: float, floor: float) -> float:
    """The weight of an event time.

    `n` are at risk, `survival` is the Kaplan-Meier curve just before the time, `peto` the product of 1 - d/(n
    + 1) through it, `floor` the curve at t* once t* is past, before that 0.
    """
    if scheme == MODESTLY_WEIGHTED:
        return 1.0 / max(survival, floor)
    if scheme == GEHAN:
        return n
    if scheme == TARONE_WARE:
        return math.sqrt(n)
    if scheme == PETO:
        return peto
    if scheme == MODIFIED_PETO:
        return peto * n / (n + 1.0)
    if rho == 0.0 and gamma == 0.0:
        return 1.0
    return math.pow(survival, rho) * math.pow(1.0 - survival, gamma)


@inner_kernel
def add_event_time(
    weight: float,
    n: float,
    d: float,
    cells: Floats,
    cell: int,
    observed: Floats,
    expected: Floats,
    variance: Floats,
) -> None:
    """Add one event time, `d` events among `n` at risk: hypergeometric mean and covariance by group.

    The groups' cells are `cell` and following.
    """
    spread = weight * weight * d * (n - d) / (n - 1.0) if n > 1.0 else 0.0
    for j in range(observed.shape[0]):
        share = cells[AT_RISK, cell + j] / n
        observed[j] += weight * cells[DEATHS, cell + j]
        expected[j] += weight * d * share
        for h in range(j):
            variance[j, h] -= spread * share * cells[AT_RISK, cell + h] / n
        variance[j, j] += spread * share * (1.0 - share)


def logrank_sums(
    time: Floats,
    order: Ints,
    run_start: Ints,
    stratum_run: Ints,
    run_time: Ints,
    enter: Ints,
    first: Ints,
    event: Ints,
    group: Ints,
    scheme: int,
    rho: float,
    gamma: float,
    t_star: float,
    observed: Floats,
    expected: Floats,
    variance: Floats,
) -> None:
    """Add up weighted events, their expectation and its covariance over event times and strata.

    Arrays of the result, (g,), (g,) and (g, g), must come filled with zeros. The pooled survival curve that
    weights rest on is the stratum's own.
    """
    cells = np.zeros((3, observed.size))
    sums_of_rows(
        time, order, run_start, stratum_run, run_time, enter, first, event, group, scheme, rho, gamma, t_star, cells,
        observed, expected, variance,
    )  # fmt: skip  # arguments that belong together share a line


@kernel
def sums_of_rows(  # noqa: PLR0912 - one walk
    time: Floats,
    order: Ints,
    run_start: Ints,
    stratum_run: Ints,
    run_time: Ints,
    enter: Ints,
    first: Ints,
    event: Ints,
    group: Ints,
    scheme: int,
    rho: float,
    gamma: float,
    t_star: float,
    cells: Floats,
    observed: Floats,
    expected: Floats,
    variance: Floats,
) -> None:
    """See `logrank_sums`; `cells` comes as 0."""
    g = observed.shape[0]
    only = run_start[0]  # 0: a literal would be another type to numba, and make another signature
    for s in range(stratum_run.shape[0] - 1):
        e = run_start[stratum_run[s]]
        end = run_start[stratum_run[s + 1]]
        for j in range(g):
            cells[AT_RISK, j] = 0.0
        if enter.shape[0] == 0:
            for i in range(e, end):
                cells[AT_RISK, group[order[i]]] += 1.0
            end = e  # nobody is still to enter
        survival = 1.0
        peto = 1.0
        floor = 0.0
        for run in range(stratum_run[s], stratum_run[s + 1]):
            while e < end and first[enter[e]] <= run_time[run]:
                cells[AT_RISK, group[order[enter[e]]]] += 1.0
                e += 1
            for i in range(run_start[run], run_start[run + 1]):
                j = group[order[i]]
                cells[LEAVING, j] += 1.0
                cells[DEATHS, j] += event[order[i]]
            n, d = 0.0, 0.0
            for j in range(g):
                n += cells[AT_RISK, j]
                d += cells[DEATHS, j]
            if d > 0.0:
                peto *= 1.0 - d / (n + 1.0)
                if floor == 0.0 and time[run_time[run]] > t_star:
                    floor = survival
                weight = weight_at(scheme, rho, gamma, n, survival, peto, floor)
                add_event_time(weight, n, d, cells, only, observed, expected, variance)
                survival *= (n - d) / n
            for j in range(g):
                cells[AT_RISK, j] -= cells[LEAVING, j]
                cells[LEAVING, j] = cells[DEATHS, j] = 0.0
    for j in range(g):
        for h in range(j):
            variance[h, j] = variance[j, h]


def logrank_sums_of_keys(
    time: Floats,
    keys: Keys,
    width: int,
    tolerance: float,
    strata: int,
    risk: Floats,
    scheme: int,
    rho: float,
    gamma: float,
    t_star: float,
    observed: Floats,
    expected: Floats,
    variance: Floats,
) -> None:
    """The same without delayed entry, strata and groups side by side: cell = groups x stratum + group.

    `risk`, (cells,), are the rows of each cell.
    """
    cells, curves, touched = np.zeros((3, risk.size)), np.zeros((4, strata)), np.empty(strata, np.int64)
    cells[AT_RISK] = risk
    sums_of_keys(
        time, keys, width, tolerance, scheme, rho, gamma, t_star, cells, curves, touched, observed, expected, variance
    )


@kernel
def sums_of_keys(
    time: Floats,
    keys: Keys,
    width: int,
    tolerance: float,
    scheme: int,
    rho: float,
    gamma: float,
    t_star: float,
    cells: Floats,
    curves: Floats,
    touched: Ints,
    observed: Floats,
    expected: Floats,
    variance: Floats,
) -> None:
    """See `logrank_sums_of_keys`; `cells` comes with those at risk and else 0, and `curves` as 0."""
    g = observed.shape[0]
    n_rows = time.shape[0]
    strata = touched.shape[0]
    mask = (np.uint64(1) << np.uint64(width)) - np.uint64(1)
    for s in range(strata):
        curves[SURVIVAL, s] = curves[PRODUCT, s] = 1.0
    i = 0
    while i < n_rows:
        changed = 0
        j = i
        while j < n_rows and (j == i or time[j] - time[j - 1] <= tolerance):
            payload = np.int64(keys[j] & mask)
            own = payload >> 1
            stratum = own // g if strata > 1 else 0
            cells[LEAVING, own] += 1.0
            cells[DEATHS, own] += float(payload & 1)
            if curves[GONE, stratum] == 0.0:
                touched[changed] = stratum
                changed += 1
            curves[GONE, stratum] += 1.0
            j += 1
        for c in range(changed):
            s = touched[c]
            n = 0.0
            d = 0.0
            for cell in range(s * g, s * g + g):
                n += cells[AT_RISK, cell]
                d += cells[DEATHS, cell]
            if d > 0.0:
                curves[PRODUCT, s] *= 1.0 - d / (n + 1.0)
                if curves[FLOOR, s] == 0.0 and time[i] > t_star:
                    curves[FLOOR, s] = curves[SURVIVAL, s]
                weight = weight_at(scheme, rho, gamma, n, curves[SURVIVAL, s], curves[PRODUCT, s], curves[FLOOR, s])
                add_event_time(weight, n, d, cells, s * g, observed, expected, variance)
                curves[SURVIVAL, s] *= (n - d) / n
            for cell in range(s * g, s * g + g):
                cells[AT_RISK, cell] -= cells[LEAVING, cell]
                cells[LEAVING, cell] = cells[DEATHS, cell] = 0.0
            curves[GONE, s] = 0.0
        i = j
    for j in range(g):
        for h in range(j):
            variance[h, j] = variance[j, h]


@kernel
def two_group_events(
    order: Ints,
    run_start: Ints,
    stratum_run: Ints,
    run_time: Ints,
    enter: Ints,
    first: Ints,
    event: Ints,
    group: Ints,
    at_risk: Floats,
    events: Floats,
    at_risk_last: Floats,
    events_last: Floats,
    survival: Floats,
) -> int:
    """Fill, at every event time of every stratum, what weighted tests of two groups need; give their number.

    Those at risk and events, of both groups and of group 1, and the stratum's pooled Kaplan-Meier curve before.
    """
    k = 0
    for s in range(stratum_run.shape[0] - 1):
        e = run_start[stratum_run[s]]
        end = run_start[stratum_run[s + 1]]
        n, last = 0.0, 0.0
        if enter.shape[0] == 0:
            for i in range(e, end):
                n += 1.0
                last += group[order[i]]
            end = e
        survived = 1.0
        for run in range(stratum_run[s], stratum_run[s + 1]):
            while e < end and first[enter[e]] <= run_time[run]:
                n += 1.0
                last += group[order[enter[e]]]
                e += 1
            d, d_last, gone, gone_last = 0.0, 0.0, 0.0, 0.0
            for i in range(run_start[run], run_start[run + 1]):
                j = group[order[i]]
                gone += 1.0
                gone_last += j
                d += event[order[i]]
                d_last += event[order[i]] * j
            if d > 0.0:
                at_risk[k], events[k], at_risk_last[k], events_last[k] = n, d, last, d_last
                survival[k] = survived
                survived *= (n - d) / n
                k += 1
            n -= gone
            last -= gone_last
    return k
