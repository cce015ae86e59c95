# ruff: noqa: PLR0917 - kernels are called by position: numba has no keyword-only arguments
"""Compiled passes that bring the rows of a Cox model into the order of their risk sets, centred and scaled."""

from __future__ import annotations

import numpy as np

from equipoise._kernel import kernel
from equipoise.survival._arrays import Floats, Ints


@kernel
def task_moments(x: Floats, low: int, high: int, moments: Floats) -> None:
    """Fill `moments` (3, p) with row `low`, and the sum and squares of differences from it over rows `low` to `high`.

    A column of equal values has sums of exactly 0.
    """
    p = x.shape[1]
    total, squares = np.zeros(p), np.zeros(p)
    whole = high - (high - low) % 4
    for i in range(low, whole, 4):  # four rows at a time, since it is the sums in memory that cost
        for j in range(p):
            d0, d1 = x[i, j] - x[low, j], x[i + 1, j] - x[low, j]
            d2, d3 = x[i + 2, j] - x[low, j], x[i + 3, j] - x[low, j]
            total[j] += (d0 + d1) + (d2 + d3)
            squares[j] += (d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3)
    for i in range(whole, high):
        for j in range(p):
            d0 = x[i, j] - x[low, j]
            total[j] += d0
            squares[j] += d0 * d0
    moments[0], moments[1], moments[2] = x[low], total, squares


@kernel
def centre_rows(
    x: Floats, event: Ints, weight: Floats, low: int, high: int, centre: Floats, scale: Floats, slope: Floats
) -> None:
    """Centre and scale rows `low` to `high` in place; fill `slope` (p,) with the sum of weight x over events."""
    p = x.shape[1]
    weighted = weight.shape[0] > 0
    factor = 1.0 / scale
    total = np.zeros(p)
    for i in range(low, high):
        for j in range(p):
            x[i, j] = (x[i, j] - centre[j]) * factor[j]
        if event[i] == 1:
            w = weight[i] if weighted else 1.0
            for j in range(p):
                total[j] += w * x[i, j]
    slope[:] = total
