# ruff: noqa: PLR0917 - kernels are called by position: numba has no keyword-only arguments
"""Compiled passes of the log-rank family, over rows sorted once (`_risk_sets`)."""

from __future__ import annotations

import math

import numpy as np

from equipoise._kernel import kernel
from equipoise.survival._arrays import Floats, Ints

FLEMING_HARRINGTON, GEHAN, TARONE_WARE, PETO, MODIFIED_PETO = range(5)
"""Weight schemes, by the number that the kernel takes."""


@kernel
def weight_at(scheme: int, rho: float, gamma: float, n: float, survival: float, peto: float) -> float:
    """The weight of an event time.

    `n` are at risk, `survival` is the Kaplan-Meier curve just before the time, `peto` the product of 1 - d/(n
    + 1) through it.
    """
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
    observed: Floats,
    expected: Floats,
    variance: Floats,
) -> None:
    """Add one event time, `d` events among `n` at risk: hypergeometric mean and covariance by group."""
    spread = weight * weight * d * (n - d) / (n - 1.0) if n > 1.0 else 0.0
    for j in range(observed.shape[0]):
        share = risk[j] / n
        observed[j] += weight * deaths[j]
        expected[j] += weight * d * share
        for h in range(j):
            variance[j, h] -= spread * share * risk[h] / n
        variance[j, j] += spread * share * (1.0 - share)


@kernel
def logrank_sums(
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
                weight = weight_at(scheme, rho, gamma, n, survival, peto)
                add_event_time(weight, n, d, risk, deaths, observed, expected, variance)
                survival *= (n - d) / n
            for j in range(g):
                risk[j] -= leaving[j]
                leaving[j] = 0.0
                deaths[j] = 0.0
    for j in range(g):
        for h in range(j):
            variance[h, j] = variance[j, h]
