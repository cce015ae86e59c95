"""Chance of a rehearsal: keyed by seed, name and participant, so that what is drawn does not depend on the order."""

from __future__ import annotations

import hashlib
import math
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from equipoise.disease import uniforms
from equipoise.errors import DesignError
from equipoise.protocol.model.assumptions import Distribution
from equipoise.protocol.model.variables import Variable

BLOCK = 64
"""Participants whose numbers are drawn together."""


def list_seed(seed: int, trial: str, name: str) -> bytes:
    """The secret seed of a list in a rehearsal. Anyone who knows the rehearsal's seed knows it: it is a rehearsal."""
    return hashlib.sha256(f"equipoise rehearsal|{trial}|{seed}|{name}".encode()).digest()


@lru_cache(maxsize=4096)
def _block(seed: int, name: str, block: int) -> NDArray[np.float64]:
    """The numbers of one name for a block of participants.

    Keyed by participant, they are the same whether drawn together or alone, and together take hardly longer than one.
    """
    return uniforms(seed, f"rehearsal {name}", range(block * BLOCK, (block + 1) * BLOCK))[:, 0]


class Draws:
    """The chance of one participant."""

    def __init__(self, seed: int, participant: int) -> None:
        self.seed = seed
        self.participant = participant

    def uniform(self, name: str) -> float:
        """A number between 0 and 1, exclusive; the same for the same name."""
        block, place = divmod(self.participant, BLOCK)
        return float(_block(self.seed, name, block)[place])

    def happens(self, name: str, probability: float) -> bool:
        """True with this probability."""
        if probability <= 0 or probability >= 1:
            return probability >= 1
        return self.uniform(name) < probability

    def whole(self, name: str, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return min(high, low + math.floor(self.uniform(name) * (high - low + 1)))

    def pick(self, name: str, probabilities: dict[str, float]) -> str:
        """One of the keys."""
        u, total = self.uniform(name), 0.0
        possible = {key: probability for key, probability in probabilities.items() if probability > 0}
        for key, probability in possible.items():
            total += probability
            if u < total:
                return key
        return next(reversed(possible))  # the sum of the probabilities was rounded below 1

    def value(
        self, key: str, variable: Variable, distribution: Distribution, dates: dict[str, Any], *, shift: float = 0.0
    ) -> Any:
        """A value of a variable; `dates` are those that a date can be so many days from."""
        match distribution:
            case Distribution(constant=constant) if constant is not None:
                return _constant(variable, constant)
            case Distribution(probability=float() as probability):
                return self.happens(key, probability)
            case Distribution(choice=dict() as choice):
                return self.pick(key, choice)
            case Distribution(choice_count=tuple() as counts):
                return int(self.pick(key, {str(i): p for i, p in enumerate(counts, start=1)}))
            case Distribution(normal=normal) if normal is not None:
                return self._normal(key, variable, normal.mean + shift, normal.sd)
            case Distribution(uniform=tuple() as bounds):
                return self._between(key, variable, *bounds)
            case Distribution(poisson=float() as mean):
                return _bounded(variable, Decimal(_poisson(self.uniform(key), mean)))
            case Distribution(days=days) if days is not None:
                start = dates[days.of]
                return start + timedelta(days=self.whole(key, *days.between))
        raise DesignError(f"no distribution for {key}")

    def _normal(self, key: str, variable: Variable, mean: float, sd: float) -> Any:
        """Normal, cut to the variable's range."""
        low, high = (float(limit) for limit in variable.range) if variable.range else (-math.inf, math.inf)
        below, up_to = float(ndtr((low - mean) / sd)), float(ndtr((high - mean) / sd))
        if below == up_to:
            raise DesignError(f"{key}: normal with mean {mean:g} and sd {sd:g} never falls into {low:g} to {high:g}")
        return _bounded(variable, Decimal(mean + sd * float(ndtri(below + (up_to - below) * self.uniform(key)))))

    def _between(self, key: str, variable: Variable, low: float, high: float) -> Any:
        if variable.type == "integer":
            return self.whole(key, math.ceil(low), math.floor(high))
        return _bounded(variable, Decimal(low + (high - low) * self.uniform(key)))


def _constant(variable: Variable, value: Any) -> Any:
    if variable.type == "date":
        return date.fromisoformat(str(value))
    return Decimal(str(value)) if variable.type == "decimal" else value


def _bounded(variable: Variable, value: Decimal) -> int | Decimal:
    """A number at the variable's decimals, within its range."""
    step = Decimal(1).scaleb(-variable.scale)
    value = value.quantize(step, rounding=ROUND_HALF_EVEN)
    if variable.range is not None:
        value = min(max(value, variable.range[0]), variable.range[1]).quantize(step)
    return int(value) if variable.type == "integer" else value


def _poisson(u: float, mean: float) -> int:
    """Inversion: the first count whose cumulative probability exceeds `u`."""
    count, total = 0, math.exp(-mean)
    while u >= total and count < 10_000:
        count += 1
        total += math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))
    return count
