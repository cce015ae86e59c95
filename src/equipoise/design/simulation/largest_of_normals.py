"""The p-value of the largest of a few correlated z, for many trials at once.

As in `equipoise.survival`, the tests are jointly normal under the null hypothesis. There one trial is done to nine
digits in milliseconds; here thousands are done together by Gauss-Legendre rules in at most two dimensions, to seven.
Where `logrank`, `fh:0:1` and `fh:1:0` are all among the tests, the first is a weighted mean of the other two, and their
three limits bound two variables only.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.special import ndtr

from equipoise.design.simulation.numbers import Floats, Ints
from equipoise.design.weighted.log_rank_weights import Weight

_FAR = 8.5
"""Beyond it a normal has no probability that matters."""
_NODES = 40
_TOGETHER = 256
_RANKS = 3

_MEAN_OF_OTHERS = (Weight(), Weight(gamma=1.0), Weight(rho=1.0))
"""The first is a weighted mean of the other two: 1 = (1 - S) + S."""


def order_of_tests(weights: Sequence[Weight]) -> tuple[Ints, int]:
    """In which order to take the tests, and the place of the one that depends on those before it, or -1."""
    order = list(range(len(weights)))
    if not set(_MEAN_OF_OTHERS) <= set(weights):
        return np.array(order), -1
    first = [list(weights).index(weight) for weight in _MEAN_OF_OTHERS]
    return np.array([*first, *(i for i in order if i not in first)]), 2


def can_be_done(weights: Sequence[Weight]) -> bool:
    """Whether the tests span at most three dimensions."""
    _, dependent = order_of_tests(weights)
    return len(weights) - (dependent >= 0) <= _RANKS


def largest_p(largest: Floats, correlation: Floats, dependent: int) -> Floats:
    """The probability that the largest of k normals is above `largest`.

    Args:
        largest: (r,) one for each trial.
        correlation: (r, k, k), the tests ordered by `order_of_tests`.
        dependent: from there.

    Returns:
        (r,) probabilities; NaN where `largest` is.
    """
    p = np.full(largest.shape, np.nan)
    known = np.flatnonzero(np.isfinite(largest))
    for begin in range(0, known.size, _TOGETHER):
        rows = known[begin : begin + _TOGETHER]
        p[rows] = 1.0 - _below(largest[rows], _factor(correlation[rows], dependent))
    return np.asarray(np.maximum(p, ndtr(-largest)), dtype=np.float64)


def _factor(correlation: Floats, dependent: int) -> tuple[Floats, list[int]]:
    """Rows of a Cholesky factor, (r, k, rank), and for each the last variable that it has."""
    r, k = correlation.shape[:2]
    rows = np.zeros((r, k, k))
    last: list[int] = []
    pivots: list[int] = []
    for i in range(k):
        for j, pivot in enumerate(pivots):
            done = (rows[:, i, :j] * rows[:, pivot, :j]).sum(axis=1)
            rows[:, i, j] = (correlation[:, i, pivot] - done) / rows[:, pivot, j]
        if i != dependent:
            left = 1.0 - (rows[:, i] ** 2).sum(axis=1)
            rows[:, i, len(pivots)] = np.sqrt(np.maximum(left, 1e-14))
            pivots.append(i)
        last.append(len(pivots) - 1)
    return rows[:, :, : len(pivots)], last


def _limits(largest: Floats, factor: tuple[Floats, list[int]], y: list[Floats]) -> tuple[Floats, Floats]:
    """Between what the next variable lies, given those before, each of shape (r, nodes)."""
    rows, last = factor
    j = len(y)
    shape = y[0].shape if y else (largest.size, 1)
    low, high = np.full(shape, -_FAR), np.full(shape, _FAR)
    for i in np.flatnonzero(np.array(last) == j):
        given = sum((rows[:, i, v, None] * y[v] for v in range(j)), start=np.zeros(shape))
        own = rows[:, i, j, None]
        end = (largest[:, None] - given) / own
        high = np.where(own > 0.0, np.minimum(high, end), high)
        low = np.where(own < 0.0, np.maximum(low, end), low)
    return low, np.maximum(high, low)


def _last_possible(largest: Floats, factor: tuple[Floats, list[int]]) -> Floats:
    """(r,) beyond which no second variable is between its limits: an integral with a bend there would be wrong."""
    rows, last = factor
    second = np.flatnonzero(np.array(last) == 1)
    if second.size < 2:
        return np.full(largest.shape, _FAR)
    (a, b), (c, d) = (rows[:, i, :2].T for i in second)
    return np.asarray(largest * (b - d) / (b * c - a * d), dtype=np.float64)


def _below(largest: Floats, factor: tuple[Floats, list[int]]) -> Floats:
    """The probability that all are at most `largest`."""
    x, w = leggauss(_NODES)
    rank = factor[0].shape[2]
    y: list[Floats] = []
    weight = np.ones((largest.size, 1))
    for j in range(rank - 1):
        low, high = _limits(largest, factor, y)
        if j == 0:
            high = np.maximum(low, np.minimum(high, _last_possible(largest, factor)[:, None]))
        half = 0.5 * (high - low)
        at = (low + half)[:, :, None] + half[:, :, None] * x
        density = np.exp(-0.5 * at * at) / np.sqrt(2.0 * np.pi)
        weight = (weight[:, :, None] * half[:, :, None] * w * density).reshape(largest.size, -1)
        y = [np.repeat(before, _NODES, axis=1) for before in y] + [at.reshape(largest.size, -1)]
    low, high = _limits(largest, factor, y)
    below: Floats = (weight * (ndtr(high) - ndtr(low))).sum(axis=1)
    return below
