"""Integrals of functions that are smooth between known times, from 0 up to every point of a grid.

Each piece holds the nodes of a Gauss-Legendre rule in u, where time = start + width u^4: the nodes crowd at the start
of a piece, where a weight such as (1 - S)^0.5 has a branch point. Integrals up to a node come from the integrals of
the Lagrange polynomials of the nodes, so that they are as exact as the rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.polynomial.legendre import leggauss, legvander
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NODES = 32
_GRADING = 4
_SAME = 1e-11
"""Breaks closer than this share of the range are one."""


class Grid:
    """Nodes of a composite rule on (0, end).

    Attributes:
        t: (n,) nodes, increasing.
        weight: (n,) so that an integral over (0, end) is `values @ weight`.
    """

    __slots__ = ("_breaks", "t", "weight")

    def __init__(self, breaks: Iterable[float], end: float, longest: float) -> None:
        """Nodes between `breaks` inside (0, end), with no piece longer than `longest`."""
        inside = sorted({0.0, end, *(b for b in breaks if 0.0 < b < end)})
        kept = [0.0] + [b for a, b in pairwise(inside) if b - a > _SAME * end]
        kept[-1] = end
        edges = [np.linspace(a, b, 1 + int(np.ceil((b - a) / longest)))[:-1] for a, b in pairwise(kept)]
        self._breaks: Floats = np.concatenate([*edges, [end]])
        u, weight, _, _ = _rule()
        width = np.diff(self._breaks)[:, None]
        self.t: Floats = (self._breaks[:-1, None] + width * u**_GRADING).ravel()
        self.weight: Floats = (width * weight * _GRADING * u ** (_GRADING - 1)).ravel()

    def cumulative(self, values: Floats) -> Floats:
        """The integral of `values`, (..., n), from 0 to each node."""
        inside, whole = self._by_piece(values)
        before = np.cumsum(whole, axis=-1) - whole
        result: Floats = (before[..., None] + inside).reshape(values.shape)
        return result

    def remaining(self, values: Floats) -> Floats:
        """The integral from each node to the end, which stays exact where it is small beside the whole."""
        inside, whole = self._by_piece(values)
        later = np.concatenate([whole[..., 1:], np.zeros_like(whole[..., :1])], axis=-1)
        after = np.cumsum(later[..., ::-1], axis=-1)[..., ::-1]
        result: Floats = (after[..., None] + (whole[..., None] - inside)).reshape(values.shape)
        return result

    def _by_piece(self, values: Floats) -> tuple[Floats, Floats]:
        """Integrals within each piece up to its nodes, (..., pieces, nodes), and over the whole piece."""
        u, weight, upto, _ = _rule()
        pieces = (values * self.weight).reshape(*values.shape[:-1], -1, u.size)
        return (pieces / weight) @ upto.T, pieces.sum(axis=-1)

    def between(self, values: Floats, t: Floats) -> Floats:
        """`values`, (..., n) at the nodes, interpolated to times `t`, (m,); after the end the last piece goes on."""
        u, _, _, coefficients = _rule()
        piece = np.clip(np.searchsorted(self._breaks, t, side="right") - 1, 0, self._breaks.size - 2)
        start, width = self._breaks[piece], self._breaks[piece + 1] - self._breaks[piece]
        at = np.clip((t - start) / width, 0.0, 1.0) ** (1.0 / _GRADING)
        basis = legvander(2.0 * at - 1.0, u.size - 1) @ coefficients
        local = values.reshape(*values.shape[:-1], -1, u.size)[..., piece, :]
        result: Floats = (local * basis).sum(axis=-1)
        return result


@cache
def _rule() -> tuple[Floats, Floats, Floats, Floats]:
    """Nodes and weights on (0, 1), the integrals of the Lagrange polynomials up to each node, their coefficients.

    The polynomial of node j is the sum over k of (2k + 1)/2 w_j P_k(x_j) P_k, and (2k + 1) times the integral of P_k
    from -1 is P_{k+1} - P_{k-1}.
    """
    x, w = leggauss(_NODES)
    legendre = legvander(x, _NODES)
    k = np.arange(_NODES)
    coefficients = (0.5 * (2 * k + 1))[:, None] * legendre[:, :_NODES].T * w
    before = np.concatenate([-np.ones((_NODES, 1)), legendre[:, : _NODES - 1]], axis=1)
    integrals = (legendre[:, 1:] - before) / (2 * k + 1)
    return 0.5 * (x + 1.0), 0.5 * w, 0.5 * integrals @ coefficients, coefficients
