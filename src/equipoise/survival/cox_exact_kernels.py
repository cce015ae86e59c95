"""Compiled sums over subsets of those at risk, over rows in the order of `_risk_sets`.

e[d] is the mean over all subsets of d of the r rows at risk of the product of their risks. One more row gives
e[d] (1 - d/r) + risk e[d - 1] d/r, from the largest d down, and likewise its derivatives. Means, unlike the sums, keep
within the range of numbers. Back in time risk sets only grow, so one recursion serves all times of a stratum; with
delayed entry, where they also shrink, it starts anew at each event time.
"""

from __future__ import annotations

import math

from equipoise._kernel import inner_kernel, kernel
from equipoise.survival._arrays import Floats, Ints


@inner_kernel
def add_to_subsets(
    r: int, risk: float, x: Floats, i: int, most: int, mean: Floats, slope: Floats, curvature: Floats
) -> None:
    """Extend the means (most + 1,) and their derivatives (most + 1, p), (most + 1, p, p) by row `i`, the r-th."""
    p = x.shape[1]
    for d in range(min(most, r), 0, -1):
        with_row = risk * d / r
        without = 1.0 - d / r
        for j in range(p):
            for h in range(j + 1):
                inner = (
                    curvature[d - 1, j, h]
                    + x[i, j] * slope[d - 1, h]
                    + x[i, h] * slope[d - 1, j]
                    + x[i, j] * x[i, h] * mean[d - 1]
                )
                curvature[d, j, h] = without * curvature[d, j, h] + with_row * inner
        for j in range(p):
            slope[d, j] = without * slope[d, j] + with_row * (slope[d - 1, j] + x[i, j] * mean[d - 1])
        mean[d] = without * mean[d] + with_row * mean[d - 1]


@inner_kernel
def empty_subset(mean: Floats, slope: Floats, curvature: Floats) -> None:
    """Set the means to those of no rows."""
    for d in range(mean.shape[0]):
        mean[d] = 0.0
        for j in range(slope.shape[1]):
            slope[d, j] = 0.0
            for h in range(slope.shape[1]):
                curvature[d, j, h] = 0.0
    mean[0] = 1.0


@inner_kernel
def add_tied_set(
    size: int, deaths: int, mean: Floats, slope: Floats, curvature: Floats, score: Floats, information: Floats
) -> float:
    """Subtract the logarithm of the sum over subsets of `deaths` of `size` rows, and its derivatives."""
    for j in range(score.shape[0]):
        m = slope[deaths, j] / mean[deaths]
        score[j] -= m
        for h in range(j + 1):
            information[j, h] += curvature[deaths, j, h] / mean[deaths] - m * slope[deaths, h] / mean[deaths]
    sets = math.lgamma(size + 1.0) - math.lgamma(deaths + 1.0) - math.lgamma(size - deaths + 1.0)
    return -math.log(mean[deaths]) - sets


@kernel
def exact_derivatives(
    x: Floats,
    event: Ints,
    risk: Floats,
    run_start: Ints,
    run_time: Ints,
    stratum_run: Ints,
    enter: Ints,
    first: Ints,
    mean: Floats,
    slope: Floats,
    curvature: Floats,
    score: Floats,
    information: Floats,
) -> float:
    """Subtract the logarithms of the sums over subsets; fill the score (p,) and information (p, p) likewise.

    The linear predictors of the events are left to the caller. Room to work in, one place more than the largest number
    of tied events: `mean` (most + 1,), `slope` (most + 1, p), `curvature` (most + 1, p, p).
    """
    p = x.shape[1]
    most = mean.shape[0] - 1
    delayed = enter.shape[0] > 0
    log_likelihood = 0.0
    for s in range(stratum_run.shape[0] - 1):
        end = run_start[stratum_run[s + 1]]
        empty_subset(mean, slope, curvature)
        size = run_start[0]  # 0: a literal would be another type to numba, and make another signature
        for run in range(stratum_run[s + 1] - 1, stratum_run[s] - 1, -1):
            low, high = run_start[run], run_start[run + 1]
            deaths = event[low]
            for i in range(low + 1, high):
                deaths += event[i]
            if delayed:
                if deaths == 0:
                    continue
                high, size = end, run_start[0]
                empty_subset(mean, slope, curvature)
            for i in range(low, high):
                if not delayed or first[i] <= run_time[run]:
                    size += 1
                    add_to_subsets(size, risk[i], x, i, deaths if delayed else most, mean, slope, curvature)
            if deaths > 0:
                log_likelihood += add_tied_set(size, deaths, mean, slope, curvature, score, information)
    for j in range(p):
        for h in range(j):
            information[h, j] = information[j, h]
    return log_likelihood
