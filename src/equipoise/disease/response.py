"""Response to treatment as pure functions of uniform numbers.

The numbers come from `equipoise.disease.uniforms`, keyed by participant, so responses can be drawn in any
order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from equipoise._kernel import as_float
from equipoise.errors import DesignError

RESPONSES = ("CR", "PR", "SD", "PD", "NE")
"""RECIST 1.1: complete response, partial response, stable disease, progressive disease, not evaluable."""

NOT_CONVERTED = -1


def categorical(uniforms: ArrayLike, probabilities: ArrayLike) -> NDArray[np.int64]:
    """The first category whose cumulative probability exceeds the uniform number.

    Args:
        uniforms: numbers in (0, 1), shape (n,).
        probabilities: of the k categories, shape (k,) for all or (n, k), each row with sum 1.

    Returns:
        Number of the category, shape (n,), int64.

    Raises:
        DesignError: probabilities below 0 or not adding up to 1, or shapes that do not agree.
    """
    u, p = _uniform(uniforms, 1), as_float(probabilities)
    if p.ndim not in (1, 2) or (p.ndim == 2 and p.shape[0] != u.size):
        raise DesignError(f"probabilities have shape {p.shape}; give (categories,) or ({u.size}, categories)")
    _check_probabilities(p)
    cumulative = np.cumsum(p, axis=-1)
    # Scaled by its own last value, which rounding may put beside 1, so that every number falls into a
    # category.
    cumulative /= cumulative[..., -1:]
    return np.asarray((u[:, None] >= cumulative).sum(axis=1), dtype=np.int64)


@dataclass(frozen=True)
class JointResponse:
    """Joint distribution of the responses of the primary tumour and of the metastases.

    Attributes:
        probabilities: by (primary, metastatic), such as ("PR", "SD"); pairs not named have probability 0.

    Raises:
        DesignError: an unknown response, or probabilities that do not add up to 1.
    """

    probabilities: Mapping[tuple[str, str], float]

    def __post_init__(self) -> None:
        """Refuse what is no distribution."""
        for pair in self.probabilities:
            if set(pair) - set(RESPONSES):
                raise DesignError(f"response {pair}; give (primary, metastatic), each of {', '.join(RESPONSES)}")
        _check_probabilities(as_float(list(self.probabilities.values())))

    @classmethod
    def independent(cls, primary: Mapping[str, float], metastatic: Mapping[str, float]) -> JointResponse:
        """The joint distribution of two compartments that respond independently of each other."""
        return cls({(p, m): primary[p] * metastatic[m] for p in primary for m in metastatic})

    def draw(self, uniforms: ArrayLike) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
        """Responses of the primary tumour and of the metastases, shapes (n,), from uniforms of shape (n,).

        Pairs are taken in the order of `RESPONSES`, whatever the order in which they were given.
        """
        pairs = [(p, m) for p in RESPONSES for m in RESPONSES]
        drawn = categorical(uniforms, [self.probabilities.get(pair, 0.0) for pair in pairs])
        names = np.array(pairs)
        return names[drawn, 0], names[drawn, 1]


def first_conversion(
    uniforms: ArrayLike, probability: ArrayLike, *, at_risk: ArrayLike | None = None
) -> NDArray[np.int64]:
    """The visit at which each participant converts to a response.

    At each visit, a participant at risk and not yet converted converts with the probability of that visit.

    Args:
        uniforms: one number a visit, shape (n, visits).
        probability: at every visit the same, or by visit, shape (visits,), or (n, visits).
        at_risk: whether the participant is there (alive, in the trial) at the visit, shape (n, visits);
            default yes.

    Returns:
        Number of the visit from 0, or -1 for never, shape (n,), int64.

    Raises:
        DesignError: probabilities outside 0 to 1, or shapes that do not agree.
    """
    u = _uniform(uniforms, 2)
    p = as_float(probability)
    if np.isnan(p).any() or (p < 0).any() or (p > 1).any():
        raise DesignError("a probability of conversion is missing or outside 0 to 1; give numbers from 0 to 1")
    present = np.asarray(True if at_risk is None else at_risk, dtype=bool)
    try:
        # as_float makes one number an array of one, which spreads over the visits as well.
        converts = (u < np.broadcast_to(p, u.shape)) & np.broadcast_to(present, u.shape)
    except ValueError as error:
        raise DesignError(
            f"uniforms {u.shape}, probability {p.shape} and at_risk {present.shape} do not fit"
        ) from error
    if u.shape[1] == 0:
        return np.full(u.shape[0], NOT_CONVERTED, dtype=np.int64)
    return np.where(converts.any(axis=1), converts.argmax(axis=1), NOT_CONVERTED).astype(np.int64)


def _uniform(uniforms: ArrayLike, dimensions: int) -> NDArray[np.float64]:
    u = np.asarray(uniforms, dtype=np.float64)
    if u.ndim != dimensions or not ((u > 0) & (u < 1)).all():
        raise DesignError(f"uniforms of shape {u.shape}; give {dimensions} dimension(s) of numbers inside (0, 1)")
    return u


def _check_probabilities(p: NDArray[np.float64]) -> None:
    if not p.size or np.isnan(p).any() or (p < 0).any() or not np.allclose(p.sum(axis=-1), 1.0, rtol=0, atol=1e-9):
        raise DesignError(f"probabilities {p.tolist()[:8]} are below 0 or do not add up to 1; correct them")
