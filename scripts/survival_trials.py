"""The simulated trials on which the survival estimators are calibrated: their truth has a closed form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SEED = 20240607
CONTROL, OTHER, AT, TAU, FOLLOWED = 1.0, 0.5, 0.6, 0.75, (0.8, 2.5)
"""Hazard of the control arm, hazard of the competing cause, the time read, tau, and the range of censoring times."""
SHARE = 0.66
"""Who of the control arm has cause 1 in the end, where subdistribution hazards are proportional."""


@dataclass(frozen=True)
class Trial:
    """One simulated trial of two arms of equal size, in four strata."""

    time: NDArray[np.float64]
    event: NDArray[np.int64]
    cause: NDArray[np.int64]
    arm: NDArray[np.int64]
    stratum: NDArray[np.int64]
    covariate: NDArray[np.float64]


def draw(
    rng: np.random.Generator, n: int, ratio: float = 1.0, *, strata: bool = False, competing: bool = False
) -> Trial:
    """A trial of `n` participants with the hazard ratio `ratio`.

    Strata multiply the hazard by 0.5, 0.8, 1.25 and 2. A competing cause has the hazard `OTHER` in both arms.
    """
    arm = np.arange(n) % 2
    stratum = rng.integers(0, 4, n)
    hazard = CONTROL * np.where(arm == 1, ratio, 1.0)
    if strata:
        hazard = hazard * np.array([0.5, 0.8, 1.25, 2.0])[stratum]
    first = rng.exponential(1.0 / hazard)
    second = rng.exponential(1.0 / OTHER, n) if competing else np.full(n, np.inf)
    end = rng.uniform(*FOLLOWED, n)
    seen = np.minimum(np.minimum(first, second), end)
    cause = np.where(seen == end, 0, np.where(first < second, 1, 2))
    return Trial(seen, (cause > 0).astype(np.int64), cause, arm, stratum, rng.normal(size=n))


def draw_subdistribution(rng: np.random.Generator, n: int, ratio: float) -> Trial:
    """A trial whose subdistribution hazards of cause 1 are proportional, with that ratio.

    The incidence of cause 1 is 1 - (1 - SHARE (1 - exp(-t)))^ratio in the arm; who has not got it has the other cause
    after an exponential time (Fine and Gray, JASA 1999, section 5).
    """
    arm = np.arange(n) % 2
    power = np.where(arm == 1, ratio, 1.0)
    ever = 1.0 - (1.0 - SHARE) ** power
    u = rng.uniform(size=n)
    first = np.full(n, np.inf)
    own = u < ever
    first[own] = -np.log1p(-(1.0 - (1.0 - u[own]) ** (1.0 / power[own])) / SHARE)
    second = rng.exponential(size=n)
    end = rng.uniform(*FOLLOWED, n)
    seen = np.minimum(np.where(own, first, second), end)
    cause = np.where(seen == end, 0, np.where(own, 1, 2))
    return Trial(seen, (cause > 0).astype(np.int64), cause, arm, rng.integers(0, 4, n), rng.normal(size=n))


def streams(replicates: int, what: str) -> Iterator[np.random.Generator]:
    """A random stream for each replicate of one question."""
    key = int.from_bytes(what.encode()[:8].ljust(8, b"\0"), "little")
    for k in range(replicates):
        yield np.random.Generator(np.random.Philox(key=[SEED + k, key]))
