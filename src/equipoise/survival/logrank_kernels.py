# ruff: noqa: PLR0917 - kernels are called by position: numba has no keyword-only arguments
"""Compiled passes of the log-rank family over rows sorted once.

Plain data come as packed keys (`_packed`), rows with delayed entry by an index (`_risk_sets`).
"""

from __future__ import annotations

import math

import numpy as np

from equipoise._kernel import kernel
from equipoise.survival._arrays import Floats, Ints, Keys

FLEMING_HARRINGTON, GEHAN, TARONE_WARE, PETO, MODIFIED_PETO, MODESTLY_WEIGHTED = range(6)
"""Weight schemes, by the number that the kernel takes."""


@kernel
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


@kernel
def add_event_time(
    weight: float,
    n: float,
    d: float,
    risk: Floats,
    deaths: Floats,
    cell: int,
    observed: Floats,
    expected: Floats,
    variance: Floats,
) -> None:
    """Add one event time, `d` events among `n` at risk: hypergeometric mean and covariance by group.

    Those at risk and events of the groups stand at `cell` and following.
    """
    spread = weight * weight * d * (n - d) / (n - 1.0) if n > 1.0 else 0.0
    for j in range(observed.shape[0]):
        share = risk[cell + j] / n
        observed[j] += weight * deaths[cell + j]
        expected[j] += weight * d * share
        for h in range(j):
            variance[j, h] -= spread * share * risk[cell + h] / n
        variance[j, j] += spread * share * (1.0 - share)


@kernel
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
    g = observed.shape[0]
    risk, deaths, leaving = np.empty(g), np.zeros(g), np.zeros(g)
    only = run_start[0]  # 0: a literal would be another type to numba, and make another signature
    for s in range(stratum_run.shape[0] - 1):
        e = run_start[stratum_run[s]]
        end = run_start[stratum_run[s + 1]]
        risk[:] = 0.0
        if enter.shape[0] == 0:
            for i in range(e, end):
                risk[group[order[i]]] += 1.0
            end = e  # nobody is still to enter
        survival = 1.0
        peto = 1.0
        floor = 0.0
        for run in range(stratum_run[s], stratum_run[s + 1]):
            while e < end and first[enter[e]] <= run_time[run]:
                risk[group[order[enter[e]]]] += 1.0
                e += 1
            for i in range(run_start[run], run_start[run + 1]):
                j = group[order[i]]
                leaving[j] += 1.0
                deaths[j] += event[order[i]]
            d = deaths.sum()
            if d > 0.0:
                n = risk.sum()
                peto *= 1.0 - d / (n + 1.0)
                if floor == 0.0 and time[run_time[run]] > t_star:
                    floor = survival
                weight = weight_at(scheme, rho, gamma, n, survival, peto, floor)
                add_event_time(weight, n, d, risk, deaths, only, observed, expected, variance)
                survival *= (n - d) / n
            for j in range(g):
                risk[j] -= leaving[j]
                leaving[j] = 0.0
                deaths[j] = 0.0
    for j in range(g):
        for h in range(j):
            variance[h, j] = variance[j, h]


@kernel
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

    `risk`, (cells,), comes with the rows of each cell and is used up.
    """
    g = observed.shape[0]
    n_rows = time.shape[0]
    mask = np.uint64(2**width - 1)
    deaths, leaving = np.zeros(risk.shape[0]), np.zeros(risk.shape[0])
    survival, peto, floor, gone = np.ones(strata), np.ones(strata), np.zeros(strata), np.zeros(strata)
    touched = np.empty(strata, np.int64)
    i = 0
    while i < n_rows:
        changed = 0
        j = i
        while j < n_rows and (j == i or time[j] - time[j - 1] <= tolerance):
            payload = np.int64(keys[j] & mask)
            own = payload >> 1
            stratum = own // g if strata > 1 else 0
            leaving[own] += 1.0
            deaths[own] += float(payload & 1)
            if gone[stratum] == 0.0:
                touched[changed] = stratum
                changed += 1
            gone[stratum] += 1.0
            j += 1
        for c in range(changed):
            s = touched[c]
            n = 0.0
            d = 0.0
            for cell in range(s * g, s * g + g):
                n += risk[cell]
                d += deaths[cell]
            if d > 0.0:
                peto[s] *= 1.0 - d / (n + 1.0)
                if floor[s] == 0.0 and time[i] > t_star:
                    floor[s] = survival[s]
                weight = weight_at(scheme, rho, gamma, n, survival[s], peto[s], floor[s])
                add_event_time(weight, n, d, risk, deaths, s * g, observed, expected, variance)
                survival[s] *= (n - d) / n
            for cell in range(s * g, s * g + g):
                risk[cell] -= leaving[cell]
                leaving[cell] = 0.0
                deaths[cell] = 0.0
            gone[s] = 0.0
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
