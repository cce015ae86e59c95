# ruff: noqa: PLR0917 - kernels are called by position: numba has no keyword-only arguments
"""Compiled passes of the Fine-Gray model, over rows in the order of `_risk_sets`, without strata or delayed entry.

`kind` is 0 for a censored row, 1 for an event of the cause of interest and 2 for a competing one. A row with a
competing event at s stays at risk at later t with weight G(t-)/G(s-), where G is the Kaplan-Meier estimate of not being
censored, by censoring group. Weights being ratios, sums over those who stay are a prefix sum of risk / G(s-) times
G(t-), and each row's share in the cumulative hazard H is its r times H(s) + (K(end) - K(s)) / G(s-), K being the
integral of G dH: every pass is linear in the number of rows.
"""

from __future__ import annotations

import math

import numpy as np

from equipoise._kernel import kernel
from equipoise.survival._arrays import Floats, Ints


@kernel
def censoring_survival(
    kind: Ints, group: Ints, run_start: Ints, uncensored: Floats, at_risk: Floats, censored: Floats
) -> None:
    """Fill by group and run (g, m): G just before the time, those at risk and those censored at it."""
    groups, m = uncensored.shape
    at_risk[:, :] = 0.0
    censored[:, :] = 0.0
    for k in range(m - 1, -1, -1):
        if k < m - 1:
            at_risk[:, k] = at_risk[:, k + 1]
        for i in range(run_start[k], run_start[k + 1]):
            at_risk[group[i], k] += 1.0
            if kind[i] == 0:
                censored[group[i], k] += 1.0
    for g in range(groups):
        left = 1.0
        for k in range(m):
            if at_risk[g, k] == 0.0:  # beyond the follow-up of the group, whose weight ends there
                left = 0.0
            uncensored[g, k] = left
            if at_risk[g, k] > 0.0:
                left *= 1.0 - censored[g, k] / at_risk[g, k]


@kernel
def events_of_interest(kind: Ints, low: int, high: int) -> float:
    """The number of events of interest among rows `low` to `high`."""
    count = 0.0
    for i in range(low, high):
        if kind[i] == 1:
            count += 1.0
    return count


@kernel
def add_competing(
    x: Floats, kind: Ints, group: Ints, low: int, high: int, k: int, uncensored: Floats, risk: Floats, stayed: Floats
) -> None:
    """Add to `stayed` (g, p + 1) risk / G times x and 1 of the competing events among rows `low` to `high` of run k."""
    p = x.shape[1]
    for i in range(low, high):
        if kind[i] == 2:
            share = risk[i] / uncensored[group[i], k]
            stayed[group[i], p] += share
            for j in range(p):
                stayed[group[i], j] += share * x[i, j]


@kernel
def subdistribution_hazard(
    x: Floats,
    kind: Ints,
    group: Ints,
    run_start: Ints,
    uncensored: Floats,
    risk: Floats,
    means: Floats,
    hazard: Floats,
) -> float:
    """Fill by run the mean covariate of those at risk (m, p) and the step of H (m,); give -sum of log risk sums.

    At times without an event of interest the step is 0 and the mean is not filled.
    """
    p = x.shape[1]
    groups, m = uncensored.shape
    sums = np.zeros((m, p + 1))
    joined = np.zeros(p + 1)
    for k in range(m - 1, -1, -1):
        for i in range(run_start[k], run_start[k + 1]):
            joined[p] += risk[i]
            for j in range(p):
                joined[j] += risk[i] * x[i, j]
        sums[k] = joined
    stayed = np.zeros((groups, p + 1))
    log_likelihood = 0.0
    for k in range(m):
        deaths = events_of_interest(kind, run_start[k], run_start[k + 1])
        hazard[k] = 0.0
        if deaths > 0.0:
            for g in range(groups):
                for j in range(p + 1):
                    sums[k, j] += uncensored[g, k] * stayed[g, j]
            hazard[k] = deaths / sums[k, p]
            log_likelihood -= deaths * math.log(sums[k, p])
            for j in range(p):
                means[k, j] = sums[k, j] / sums[k, p]
        add_competing(x, kind, group, run_start[k], run_start[k + 1], k, uncensored, risk, stayed)
    return log_likelihood


@kernel
def expected_events(
    kind: Ints, group: Ints, run_start: Ints, uncensored: Floats, risk: Floats, hazard: Floats, expected: Floats
) -> None:
    """Fill each row's r times H over its time at risk, with the weight at which it stays."""
    groups, m = uncensored.shape
    still = np.zeros(groups)  # the integral of G dH over later times
    for k in range(m - 1, -1, -1):
        for i in range(run_start[k], run_start[k + 1]):
            expected[i] = risk[i] * still[group[i]] / uncensored[group[i], k] if kind[i] == 2 else 0.0
        for g in range(groups):
            still[g] += uncensored[g, k] * hazard[k]
    reached = 0.0
    for k in range(m):
        reached += hazard[k]
        for i in range(run_start[k], run_start[k + 1]):
            expected[i] += risk[i] * reached


@kernel
def events_squares(kind: Ints, run_start: Ints, means: Floats, information: Floats) -> None:
    """Subtract m m' of each event of interest from the lower half of the information."""
    p = means.shape[1]
    for k in range(means.shape[0]):
        deaths = events_of_interest(kind, run_start[k], run_start[k + 1])
        if deaths > 0.0:
            for j in range(p):
                for h in range(j + 1):
                    information[j, h] -= deaths * means[k, j] * means[k, h]


@kernel
def integrals_ahead(uncensored: Floats, means: Floats, hazard: Floats, ahead: Floats) -> None:
    """Fill by group and run (g, m + 1, p + 1) the integrals of G m dH and, last, G dH, from the run's time on."""
    groups, m = uncensored.shape
    p = means.shape[1]
    for g in range(groups):
        ahead[g, m, :] = 0.0
        for k in range(m - 1, -1, -1):
            step = uncensored[g, k] * hazard[k]
            ahead[g, k, p] = ahead[g, k + 1, p] + step
            for j in range(p):
                ahead[g, k, j] = ahead[g, k + 1, j] + (step * means[k, j] if step > 0.0 else 0.0)


@kernel
def event_residuals(
    x: Floats,
    kind: Ints,
    group: Ints,
    run_start: Ints,
    uncensored: Floats,
    risk: Floats,
    means: Floats,
    hazard: Floats,
    expected: Floats,
    ahead: Floats,
    residual: Floats,
) -> None:
    """Fill each row's share in the score (n, p) at known G: eta of Fine and Gray 1999, section 4."""
    p = x.shape[1]
    reached = np.zeros(p)
    for k in range(means.shape[0]):
        if hazard[k] > 0.0:
            for j in range(p):
                reached[j] += hazard[k] * means[k, j]
        for i in range(run_start[k], run_start[k + 1]):
            for j in range(p):
                value = risk[i] * reached[j] - expected[i] * x[i, j]
                if kind[i] == 1:
                    value += x[i, j] - means[k, j]
                elif kind[i] == 2:
                    value += risk[i] / uncensored[group[i], k] * ahead[group[i], k + 1, j]
                residual[i, j] = value


@kernel
def censoring_residuals(
    x: Floats,
    kind: Ints,
    group: Ints,
    run_start: Ints,
    uncensored: Floats,
    at_risk: Floats,
    censored: Floats,
    risk: Floats,
    ahead: Floats,
    residual: Floats,
) -> None:
    """Add to each row's share in the score (n, p) what comes of estimating G: psi of Fine and Gray 1999.

    As in cmprsk, censoring at u counts for those whose competing event was before u, and for events at u and after.
    """
    groups, m = uncensored.shape
    p = x.shape[1]
    stayed, passed, own = np.zeros((groups, p + 1)), np.zeros((groups, p)), np.zeros((groups, p))
    for k in range(m):
        for g in range(groups):
            for j in range(p):
                own[g, j] = 0.0
                if censored[g, k] > 0.0:
                    own[g, j] = (stayed[g, j] * ahead[g, k, p] - stayed[g, p] * ahead[g, k, j]) / at_risk[g, k]
                    passed[g, j] += own[g, j] * censored[g, k] / at_risk[g, k]
        for i in range(run_start[k], run_start[k + 1]):
            for j in range(p):
                residual[i, j] += (own[group[i], j] if kind[i] == 0 else 0.0) - passed[group[i], j]
        add_competing(x, kind, group, run_start[k], run_start[k + 1], k, uncensored, risk, stayed)
