"""The probability that correlated normals all lie between limits, deterministic.

Source: Genz, Journal of Computational and Graphical Statistics 1992: with Z = L Y and Y independent, the limits of
each Y are known given those before it. A correlation matrix may be singular (one test the sum of others): then a
row of L has no variable of its own and cuts the limits of the last it depends on. The variables are ordered so that
this happens early, and the first integral is split where it bends the limits, so that what is left is smooth and
Gauss-Legendre rules converge fast. Where there are more such rows, a lattice is used.
"""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
from numpy.polynomial.legendre import leggauss
from scipy.special import ndtr, ndtri

from equipoise.survival._arrays import Floats, Ints

_RANK_TOLERANCE = 1e-9
_TOLERANCE = 1e-9
_NODES = (16, 24, 32, 48, 64, 96)
_LATTICE = ((16381, 4026), (65521, 32646), (262139, 21876))
"""Points and multipliers of Korobov's lattices."""
_FAR = 9.0
"""Beyond it a normal has no probability left in double precision's reach of 1e-18."""
_ORDERED = 5
"""As many variables are put into the best order by trying all."""


def box_probability(low: Floats, high: Floats, correlation: Floats) -> float:
    """P(low <= Z <= high) for Z normal with mean 0, variances 1 and this correlation.

    Args:
        low: (k,) lower limits, -inf allowed.
        high: (k,) upper limits, inf allowed.
        correlation: (k, k), positive semidefinite, also singular.

    Returns:
        The probability, to better than 1e-6 for up to 4 variables, usually to 1e-9.
    """
    if bool(np.any(low >= high)):
        return 0.0
    rows, order = _factor(correlation)
    a, b = np.maximum(low[list(order)], -_FAR), np.minimum(high[list(order)], _FAR)
    last = np.array([int(np.flatnonzero(np.abs(row) > _RANK_TOLERANCE)[-1]) for row in rows])
    rank = rows.shape[1]
    kinked = any((last == j).sum() > 1 for j in range(2, rank))
    value, previous = 0.0, np.inf
    if rank > 4 or kinked:
        for lattice in _LATTICE:
            value = _by_lattice(rows, a, b, last, lattice)
            if abs(value - previous) < _TOLERANCE:
                break
            previous = value
        return value
    for nodes in _NODES if rank < 4 else _NODES[:-1]:
        value = _by_gauss(rows, a, b, last, nodes)
        if abs(value - previous) < _TOLERANCE:
            break
        previous = value
    return value


def _factor(correlation: Floats) -> tuple[Floats, tuple[int, ...]]:
    """L, (k, rank), and the order of its rows: dependent rows as early as can be, then large own shares."""
    k = correlation.shape[0]
    if k > _ORDERED:
        rows, _ = _cholesky(correlation)
        return rows, tuple(range(k))
    best: tuple[tuple[float, float], Floats, tuple[int, ...]] | None = None
    for order in permutations(range(k)):
        rows, own = _cholesky(correlation[np.ix_(order, order)])
        depends = [
            int(np.flatnonzero(np.abs(row) > _RANK_TOLERANCE)[-1]) for row, x in zip(rows, own, strict=True) if x == 0.0
        ]
        cost = (float(max(depends, default=-1)), -min(x for x in own if x > 0.0))
        if best is None or cost < best[0]:
            best = cost, rows, order
    assert best is not None
    return best[1], best[2]


def _cholesky(matrix: Floats) -> tuple[Floats, list[float]]:
    """Rows of a Cholesky factor without the empty columns, and each row's own share, 0 where it depends."""
    k = matrix.shape[0]
    rows = np.zeros((k, k))
    pivots: list[int] = []
    own = []
    for i in range(k):
        for j, p in enumerate(pivots):
            rows[i, j] = (matrix[i, p] - rows[i, :j] @ rows[p, :j]) / rows[p, j]
        left = float(matrix[i, i] - rows[i] @ rows[i])
        if left > _RANK_TOLERANCE:
            rows[i, len(pivots)] = left**0.5
            pivots.append(i)
            own.append(left)
        else:
            own.append(0.0)
    return rows[:, : len(pivots)], own


def _limits(rows: Floats, a: Floats, b: Floats, at: list[int], y: Floats) -> tuple[Floats, Floats]:
    """The limits of the next variable at points `y`, (n, j), from the rows `at` that end with it."""
    j = y.shape[1]
    low, high = np.full(y.shape[0], -_FAR), np.full(y.shape[0], _FAR)
    for i in at:
        given = y @ rows[i, :j]
        ends = (a[i] - given) / rows[i, j], (b[i] - given) / rows[i, j]
        first, second = ends if rows[i, j] > 0.0 else ends[::-1]
        low, high = np.maximum(low, first), np.minimum(high, second)
    return low, np.maximum(high, low)


def _by_gauss(rows: Floats, a: Floats, b: Floats, last: Ints, nodes: int) -> float:
    """Gauss-Legendre in every variable but the last, whose integral is known."""
    x, w = leggauss(nodes)
    rank = rows.shape[1]
    y, weight = np.empty((1, 0)), np.ones(1)
    for j in range(rank):
        low, high = _limits(rows, a, b, np.flatnonzero(last == j).tolist(), y)
        if j == rank - 1:
            return float(weight @ (ndtr(high) - ndtr(low)))
        if j == 0:
            inside = float(low[0]), float(high[0])
            cuts = _bends(rows, a, b, np.flatnonzero(last == 1).tolist(), inside)
            low, high = cuts[:-1], cuts[1:]
            y, weight = np.empty((low.size, 0)), np.ones(low.size)
        half = 0.5 * (high - low)
        at = (low + half)[:, None] + half[:, None] * x
        density = np.exp(-0.5 * at * at) / np.sqrt(2.0 * np.pi)
        weight = (weight[:, None] * half[:, None] * w * density).ravel()
        y = np.column_stack([np.repeat(y, nodes, axis=0), at.ravel()])
    return float(weight.sum())


def _bends(rows: Floats, a: Floats, b: Floats, at: list[int], inside: tuple[float, float]) -> Floats:
    """The range of the first variable, cut where two limits of the second one cross."""
    lines = [(rows[i, 0] / rows[i, 1], end / rows[i, 1]) for i in at for end in (a[i], b[i])]
    low, high = inside
    if len(at) < 2:
        return np.array([low, high])
    found = [(d - c) / (t - s) for (s, c), (t, d) in combinations(lines, 2) if abs(t - s) > _RANK_TOLERANCE]
    return np.array([low, *sorted(v for v in found if low < v < high), high])


def _by_lattice(rows: Floats, a: Floats, b: Floats, last: Ints, lattice: tuple[int, int]) -> float:
    """A Korobov lattice, folded by Baker's transformation (Hickernell 2002), in the unit cube of Genz."""
    rank = rows.shape[1]
    points, multiplier = lattice
    generator = np.array([pow(multiplier, d, points) for d in range(rank - 1)], dtype=np.int64)
    unit = (np.arange(points, dtype=np.int64)[:, None] * generator % points + 0.5) / points
    u = 1.0 - np.abs(2.0 * unit - 1.0)
    y, value = np.empty((points, 0)), np.ones(points)
    for j in range(rank):
        low, high = _limits(rows, a, b, np.flatnonzero(last == j).tolist(), y)
        below = ndtr(low)
        inside = ndtr(high) - below
        value *= inside
        if j < rank - 1:
            y = np.column_stack([y, ndtri(np.clip(below + u[:, j] * inside, 1e-300, 1.0 - 1e-16))])
    return float(value.mean())
