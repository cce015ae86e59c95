"""Compiled sums over rows, and the solution of equations, that the models of the Cox family share."""

from __future__ import annotations

import math

import numpy as np

from equipoise._kernel import inner_kernel, kernel
from equipoise.survival._arrays import Floats

CONVERGED, MONOTONE, NOT_CONVERGED = range(3)
"""How Newton's method ended."""


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


@inner_kernel
def relative_risks(low: int, high: int, risk: Floats) -> float:
    """Replace the linear predictors of rows `low` to `high` by exp(predictor - shift); give the shift.

    It is 0 unless the largest would then leave the range of numbers: where a likelihood is monotone, risks lie so far
    apart that a shift to the largest would make the smallest 0, and with them whole risk sets.
    """
    largest = -math.inf
    for i in range(low, high):
        largest = max(largest, risk[i])
    shift = 0.0 if -300.0 < largest < 700.0 - math.log(high - low) else largest
    for i in range(low, high):
        risk[i] = math.exp(risk[i] - shift)
    return shift


@kernel
def add_expected(x: Floats, expected: Floats, slope: Floats, squares: Floats) -> None:
    """Add expected x of all rows to the slope (p,) and expected x x' to the squares (p, p), the lower triangle.

    Four rows at a time, since it is the sums in memory that cost.
    """
    n, p = x.shape
    i = 0
    while i + 4 <= n:
        for j in range(p):
            s0, s1 = expected[i] * x[i, j], expected[i + 1] * x[i + 1, j]
            s2, s3 = expected[i + 2] * x[i + 2, j], expected[i + 3] * x[i + 3, j]
            slope[j] += (s0 + s1) + (s2 + s3)
            for h in range(j + 1):
                squares[j, h] += (s0 * x[i, h] + s1 * x[i + 1, h]) + (s2 * x[i + 2, h] + s3 * x[i + 3, h])
        i += 4
    for k in range(i, n):
        for j in range(p):
            s0 = expected[k] * x[k, j]
            slope[j] += s0
            for h in range(j + 1):
                squares[j, h] += s0 * x[k, h]


def solve_positive(matrix: Floats, right: Floats, tolerance: float, solution: Floats) -> int:
    """Solve by Cholesky's method; give -1, or the first column that depends on those before it."""
    return cholesky(matrix, right, tolerance, np.empty(matrix.shape), solution)


@kernel
def cholesky(matrix: Floats, right: Floats, tolerance: float, factor: Floats, solution: Floats) -> int:
    """The same; fills the lower triangle of `factor` (p, p) as well."""
    p = right.shape[0]
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
