# ruff: noqa: PLR0917 - kernels are called by position: numba has no keyword-only arguments
"""The compiled pass of Gray's test over rows sorted once, by stratum (`_risk_sets`)."""

from __future__ import annotations

import numpy as np

from equipoise._kernel import kernel
from equipoise.survival._arrays import Floats, Ints


@kernel
def count_run(order: Ints, begin: int, end: int, cause: Ints, group: Ints, counts: Floats) -> float:
    """Fill (3, g) events of the cause, of others, and all rows of a run; give the number of events."""
    for j in range(counts.shape[1]):
        counts[0, j] = counts[1, j] = counts[2, j] = 0.0
    events = 0.0
    for i in range(begin, end):
        row = order[i]
        counts[2, group[row]] += 1.0
        if cause[row] > 0:
            counts[cause[row] - 1, group[row]] += 1.0
            events += 1.0
    return events


@kernel
def add_terms(
    r: int,
    own: float,
    b: float,
    variance: float,
    weight: Floats,
    running: Floats,
    constant: Floats,
    linear: Floats,
    square: Floats,
) -> None:
    """Add the variance that events in group `r` bring, by powers of C(end)."""
    square[r] += variance * b * b
    for j in range(weight.shape[0]):
        first = own * weight[j, r] - b * running[j, r]
        linear[r, j] += variance * b * first
        for k in range(weight.shape[0]):
            constant[r, j, k] += variance * first * (own * weight[k, r] - b * running[k, r])


@kernel
def add_time(
    rho: float,
    f0: float,
    counts: Floats,
    y: Floats,
    s: Floats,
    f: Floats,
    h: Floats,
    weight: Floats,
    running: Floats,
    score: Floats,
) -> float:
    """Add one time's scores and integrals; give the incidence under the null hypothesis after it.

    A group that is left alone adds nothing. The incidence under the null hypothesis, of groups still at risk, may
    come to 1 or beyond before they have left: then there is no A/(1 - F0) to integrate.
    """
    g = score.shape[0]
    d, at_risk, all_h, live = 0.0, 0.0, 0.0, 0
    for j in range(g):
        d += counts[0, j]
        h[j] = 0.0
        if y[j] > 0.0:
            h[j] = y[j] / s[j]
            live += 1
        at_risk += h[j] * (1.0 - f[j])
        all_h += h[j]
    left = max(1.0 - f0, 0.0)
    w = 0.0
    if live > 1:
        w = left**rho if rho != 0.0 else 1.0
    grown = d / (all_h * left) if left > 1e-12 else 0.0
    for j in range(g):
        if d > 0.0:
            score[j] += w * (counts[0, j] - d * h[j] * (1.0 - f[j]) / at_risk)
        for k in range(g):
            weight[j, k] = w * ((h[j] if j == k else 0.0) - h[j] * h[k] / all_h)
            running[j, k] += weight[j, k] * grown
    return f0 + d / all_h


@kernel
def tied(d: float, n: float) -> float:
    """The hypergeometric share of the variance that is left with `d` tied events among `n`."""
    return 1.0 - (d - 1.0) / (n - 1.0) if d > 1.0 else 1.0


@kernel
def add_stratum(
    order: Ints,
    run_start: Ints,
    first: int,
    last: int,
    cause: Ints,
    group: Ints,
    rho: float,
    score: Floats,
    running: Floats,
    constant: Floats,
    linear: Floats,
    square: Floats,
) -> None:
    """Walk the runs `first` to `last` of a stratum; the arrays but `score` come filled with zeros."""
    g = score.shape[0]
    counts, weight = np.empty((3, g)), np.empty((g, g))
    y, s, f, h = np.empty(g), np.ones(g), np.zeros(g), np.empty(g)
    count_run(order, run_start[first], run_start[last], cause, group, counts)
    for j in range(g):
        y[j] = counts[2, j]
    f0 = 0.0
    for run in range(first, last):
        if count_run(order, run_start[run], run_start[run + 1], cause, group, counts) > 0.0:
            after = add_time(rho, f0, counts, y, s, f, h, weight, running, score)
            d, all_h = 0.0, 0.0
            for j in range(g):
                d += counts[0, j]
                all_h += h[j]
            for r in range(g):
                if y[r] == 0.0:
                    continue
                before, other = s[r], counts[1, r]
                f[r] += before * counts[0, r] / y[r]
                s[r] = before * (y[r] - counts[0, r] - other) / y[r]
                for own in range(2):
                    spread, b = 0.0, 1.0
                    if s[r] > 0.0:
                        b = own - (1.0 - after) / s[r]
                    if own == 1 and d > 0.0:
                        spread = tied(d, all_h * before) * before * d / (all_h * y[r])
                    elif own == 0 and other > 0.0 and s[r] > 0.0:
                        spread = tied(other, y[r]) * before * before * other / (y[r] * y[r])
                    if spread != 0.0:
                        add_terms(r, float(own), b, spread, weight, running, constant, linear, square)
            f0 = after
        for j in range(g):
            y[j] -= counts[2, j]


@kernel
def gray_sums(
    order: Ints, run_start: Ints, stratum_run: Ints, cause: Ints, group: Ints, rho: float, score: Floats, total: Floats
) -> None:
    """Add up the scores, (g,), and their covariance, (g, g), over event times and strata.

    `cause` is 0 for censored, 1 for the cause tested, 2 for any other. In Gray's terms: h = Y/S(t-) of a group,
    F0 the incidence under the null hypothesis, A (`weight`) that of each group's incidence in each score, C
    (`running`) the integral of A/(1 - F0). Each score is an integral, over the events of each group, of A + b
    (C(end) - C(t)), with b = 1 - (1 - F0)/S for the cause and -(1 - F0)/S, without A, for others. C(end) is known
    last, so the coefficients of 1, C(end) and its square are summed.
    """
    g = score.shape[0]
    for s in range(stratum_run.shape[0] - 1):
        running, linear, constant, square = np.zeros((g, g)), np.zeros((g, g)), np.zeros((g, g, g)), np.zeros(g)
        add_stratum(
            order, run_start, stratum_run[s], stratum_run[s + 1], cause, group, rho,
            score, running, constant, linear, square,
        )  # fmt: skip
        for r in range(g):
            for j in range(g):
                for k in range(g):
                    total[j, k] += constant[r, j, k] + square[r] * running[j, r] * running[k, r]
                    total[j, k] += linear[r, j] * running[k, r] + running[j, r] * linear[r, k]
