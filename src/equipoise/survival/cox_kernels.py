# ruff: noqa: PLR0917 - kernels are called by position: numba has no keyword-only arguments
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
def relative_risks(x: Floats, offset: Floats, beta: Floats, risk: Floats) -> float:
    """Fill `risk` (n,) with exp(offset + x beta - shift); give the shift.

    It is 0 unless the largest would then leave the range of numbers: where a likelihood is monotone, risks lie so far
    apart that a shift to the largest would make the smallest 0, and with them whole risk sets.
    """
    largest = linear_predictor(x, offset, beta, risk)
    shift = 0.0 if -300.0 < largest < 700.0 - math.log(risk.shape[0]) else largest
    for i in range(risk.shape[0]):
        risk[i] = math.exp(risk[i] - shift)
    return shift


@kernel
def add_expected(x: Floats, expected: Floats, low: int, high: int, score: Floats, information: Floats) -> None:
    """Subtract expected x of rows `low` to `high` from the score and add expected x x' to the information.

    Four rows at a time, since it is the sums in memory that cost.
    """
    p = x.shape[1]
    slope, squares = np.zeros(p), np.zeros((p, p))
    i = low
    while i + 4 <= high:
        for j in range(p):
            s0, s1 = expected[i] * x[i, j], expected[i + 1] * x[i + 1, j]
            s2, s3 = expected[i + 2] * x[i + 2, j], expected[i + 3] * x[i + 3, j]
            slope[j] += (s0 + s1) + (s2 + s3)
            for h in range(j + 1):
                squares[j, h] += (s0 * x[i, h] + s1 * x[i + 1, h]) + (s2 * x[i + 2, h] + s3 * x[i + 3, h])
        i += 4
    for k in range(i, high):
        for j in range(p):
            s0 = expected[k] * x[k, j]
            slope[j] += s0
            for h in range(j + 1):
                squares[j, h] += s0 * x[k, h]
    for j in range(p):
        score[j] -= slope[j]
        for h in range(j + 1):
            information[j, h] += squares[j, h]


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
