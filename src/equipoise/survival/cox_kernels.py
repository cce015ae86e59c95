# ruff: noqa: PLR0917 - kernels are called by position: numba has no keyword-only arguments
"""Compiled passes of the Cox model, over rows in the order of `_risk_sets`.

Covariates are centred and scaled by the caller. Each stratum is walked from its last time to its first, so
that sums over the risk set grow by those who leave at the time and, with delayed entry, shrink by those who
entered only after it.
"""

from __future__ import annotations

import math

import numpy as np

from equipoise._kernel import kernel
from equipoise.survival._arrays import Floats, Ints

CONVERGED, MONOTONE, NOT_CONVERGED = range(3)
"""How a fit ended, by the number that the kernel gives."""


@kernel
def linear_predictor(x: Floats, offset: Floats, beta: Floats, eta: Floats) -> float:
    """Fill `eta` (n,) with offset + x beta; give its maximum."""
    n, p = x.shape
    largest = -math.inf
    for i in range(n):
        value = offset[i] if offset.shape[0] > 0 else 0.0
        for j in range(p):
            value += x[i, j] * beta[j]
        eta[i] = value
        largest = max(largest, value)
    return largest


@kernel
def add_moments(first: Floats, second: Floats, risk: float, x: Floats, i: int) -> None:
    """Add risk * x and the lower triangle of risk * x x' of row `i`."""
    for j in range(first.shape[0]):
        scaled = risk * x[i, j]
        first[j] += scaled
        for h in range(j + 1):
            second[j, h] += scaled * x[i, h]


@kernel
def tied_moments(
    first: Floats, second: Floats, risk: Floats, x: Floats, event: Ints, low: int, high: int
) -> float:
    """Fill the moments of the events among rows `low` to `high`; give the sum of their risks."""
    first[:] = 0.0
    second[:, :] = 0.0
    total = 0.0
    for i in range(low, high):
        if event[i] == 1:
            total += risk[i]
            add_moments(first, second, risk[i], x, i)
    return total


@kernel
def add_event_time(
    a0: float,
    a1: Floats,
    a2: Floats,
    e0: float,
    e1: Floats,
    e2: Floats,
    steps: int,
    weight: float,
    score: Floats,
    information: Floats,
) -> float:
    """Subtract an event time's risk set from the score, add its information, give its log likelihood.

    `a` are the moments of all at risk and `e` those of the tied events. With Efron's ties there are as many
    steps as events, in each of which the tied events count 1 - step/steps; with Breslow's there is one.
    `weight` is each step's.
    """
    p = a1.shape[0]
    log_likelihood = 0.0
    for step in range(steps):
        part = step / steps
        total = a0 - part * e0
        log_likelihood -= weight * math.log(total)
        for j in range(p):
            mean = (a1[j] - part * e1[j]) / total
            score[j] -= weight * mean
            for h in range(j + 1):
                other = (a1[h] - part * e1[h]) / total
                information[j, h] += weight * ((a2[j, h] - part * e2[j, h]) / total - mean * other)
    return log_likelihood


@kernel
def cox_derivatives(
    x: Floats,
    event: Ints,
    weight: Floats,
    offset: Floats,
    run_start: Ints,
    run_time: Ints,
    stratum_run: Ints,
    enter: Ints,
    first: Ints,
    efron: int,
    beta: Floats,
    score: Floats,
    information: Floats,
    risk: Floats,
) -> float:
    """The log partial likelihood at `beta`; fills score (p,), information (p, p) and relative risks (n,)."""
    p = x.shape[1]
    weighted = weight.shape[0] > 0
    largest = linear_predictor(x, offset, beta, risk)
    if not math.isfinite(largest):
        return math.nan
    log_likelihood = 0.0
    score[:] = 0.0
    information[:, :] = 0.0
    a1, e1 = np.empty(p), np.zeros(p)
    a2, e2 = np.empty((p, p)), np.zeros((p, p))
    for s in range(stratum_run.shape[0] - 1):
        begin = run_start[stratum_run[s]]
        late = run_start[stratum_run[s + 1]] - 1 if enter.shape[0] > 0 else begin - 1
        count = 0
        a0 = 0.0
        a1[:] = 0.0
        a2[:, :] = 0.0
        for run in range(stratum_run[s + 1] - 1, stratum_run[s] - 1, -1):
            while late >= begin and first[enter[late]] > run_time[run]:
                a0 -= risk[enter[late]]
                add_moments(a1, a2, -risk[enter[late]], x, enter[late])
                count -= 1
                late -= 1
            if count == 0:  # nobody is left: drop the rounding dust of those subtracted
                a0 = 0.0
                a1[:] = 0.0
                a2[:, :] = 0.0
            count += run_start[run + 1] - run_start[run]
            deaths = 0
            death_weight = 0.0
            for i in range(run_start[run], run_start[run + 1]):
                eta = risk[i] - largest
                w = weight[i] if weighted else 1.0
                risk[i] = w * math.exp(eta)
                a0 += risk[i]
                add_moments(a1, a2, risk[i], x, i)
                if event[i] == 1:
                    deaths += 1
                    death_weight += w
                    log_likelihood += w * eta
                    for j in range(p):
                        score[j] += w * x[i, j]
            if deaths == 0:
                continue
            steps = deaths if efron == 1 else 1
            e0 = (
                tied_moments(e1, e2, risk, x, event, run_start[run], run_start[run + 1]) if steps > 1 else 0.0
            )
            log_likelihood += add_event_time(
                a0, a1, a2, e0, e1, e2, steps, death_weight / steps, score, information
            )
    for j in range(p):
        for h in range(j):
            information[h, j] = information[j, h]
    return log_likelihood


@kernel
def solve_positive(matrix: Floats, right: Floats, tolerance: float, solution: Floats) -> int:
    """Solve by Cholesky's method; give -1, or the first column that depends on those before it."""
    p = right.shape[0]
    factor = np.empty((p, p))
    for j in range(p):
        pivot = matrix[j, j]
        for h in range(j):
            pivot -= factor[j, h] * factor[j, h]
        if not pivot > tolerance * matrix[j, j]:
            return j
        factor[j, j] = math.sqrt(pivot)
        for i in range(j + 1, p):
            entry = matrix[i, j]
            for h in range(j):
                entry -= factor[i, h] * factor[j, h]
            factor[i, j] = entry / factor[j, j]
    for j in range(p):
        value = right[j]
        for h in range(j):
            value -= factor[j, h] * solution[h]
        solution[j] = value / factor[j, j]
    for j in range(p - 1, -1, -1):
        value = solution[j]
        for h in range(j + 1, p):
            value -= factor[h, j] * solution[h]
        solution[j] = value / factor[j, j]
    return -1


@kernel
def cox_newton(
    x: Floats,
    event: Ints,
    weight: Floats,
    offset: Floats,
    run_start: Ints,
    run_time: Ints,
    stratum_run: Ints,
    enter: Ints,
    first: Ints,
    efron: int,
    max_iterations: int,
    beta: Floats,
    score: Floats,
    information: Floats,
    step: Floats,
    log_likelihood: Floats,
) -> int:
    """Newton-Raphson with step halving from `beta`, whose derivatives come in; give how it ended.

    Afterwards `beta`, `score`, `information` and `log_likelihood` (1,) are at the maximum and `step` holds
    the last step. The likelihood is monotone if a step is still long on the scale of the covariates while it
    gains nothing.
    """
    p = beta.shape[0]
    risk = np.empty(x.shape[0])
    trial, trial_score, trial_information = np.empty(p), np.empty(p), np.empty((p, p))
    for _ in range(max_iterations):
        if solve_positive(information, score, 1e-14, step) >= 0:
            return MONOTONE  # it was not singular at the start
        decrement = 0.0  # twice the gain that the quadratic approximation promises
        longest = 0.0
        for j in range(p):
            decrement += step[j] * score[j]
            longest = max(longest, abs(step[j]))
        slack = 1.0 + abs(log_likelihood[0])
        if decrement < 1e-9 * slack and longest > 0.1:
            return MONOTONE
        if decrement < 1e-18:
            for j in range(p):
                beta[j] += step[j]
            return CONVERGED
        size = 1.0
        value = -math.inf
        for _ in range(30):
            for j in range(p):
                trial[j] = beta[j] + size * step[j]
            value = cox_derivatives(
                x, event, weight, offset, run_start, run_time, stratum_run, enter, first, efron,
                trial, trial_score, trial_information, risk,
            )  # fmt: skip
            # the slack is the rounding of a sum of many logarithms
            if value > log_likelihood[0] - 1e-11 * slack:
                break
            size /= 2.0
        if not value > log_likelihood[0] - 1e-11 * slack:
            return NOT_CONVERGED
        log_likelihood[0] = value
        beta[:] = trial
        score[:] = trial_score
        information[:, :] = trial_information
    return NOT_CONVERGED
