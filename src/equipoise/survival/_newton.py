"""Newton's method for the maximum of a log-likelihood."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from equipoise.errors import DataError
from equipoise.survival._arrays import Floats

LogLikelihood = Callable[[Floats], tuple[float, Floats, Floats]]
"""Value, gradient and matrix of second derivatives at a point."""

_STEPS = 100
_HALVINGS = 40


def maximise(function: LogLikelihood, start: Floats, *, tolerance: float = 1e-11) -> tuple[Floats, float, Floats]:
    """The maximum of `function`, its value there and the covariance of the estimates, from `start`.

    The direction is Newton's where the function is concave, else that of a matrix made so; the step is halved until
    the value rises. It ends when the rise to be expected is below `tolerance`, relative to the value.

    Raises:
        DataError: if there is no maximum to be found.
    """
    point = start
    value, gradient, curve = function(point)
    for _ in range(_STEPS):
        information = _positive(-curve)
        direction = np.linalg.solve(information, gradient)
        expected = float(gradient @ direction)
        if expected <= tolerance * (1.0 + abs(value)) and np.linalg.eigvalsh(-curve)[0] > 0.0:
            last = function(point + direction)  # squares what error is left
            if np.isfinite(last[0]) and last[0] >= value - abs(value) * 1e-12 and np.isfinite(last[2]).all():
                point, (value, _, curve) = point + direction, last
            return point, value, np.asarray(np.linalg.inv(-curve), dtype=np.float64)
        step = 1.0
        for _ in range(_HALVINGS):
            with np.errstate(all="ignore"):
                tried = function(point + step * direction)
            if np.isfinite(tried[0]) and np.isfinite(tried[2]).all() and tried[0] >= value:
                break
            step /= 2.0
        else:
            break
        point = point + step * direction
        value, gradient, curve = tried
    raise DataError(
        "time, event: the likelihood of the model has no maximum that can be found; a covariate may separate the "
        "events, or the data be too few for it"
    )


def _positive(matrix: Floats) -> Floats:
    """`matrix` with its eigenvalues made positive, at least a 1e-8 of the largest."""
    values, vectors = np.linalg.eigh(matrix)
    if values[0] > 0.0:
        return matrix
    values = np.maximum(np.abs(values), 1e-8 * float(np.abs(values).max()))
    return np.asarray((vectors * values) @ vectors.T)
