"""Log-rank tests by name, and the weight each gives to an event.

The same words everywhere: `logrank`, `fh:RHO:GAMMA` (Fleming-Harrington S^RHO (1 - S)^GAMMA), `mwlrt:T_STAR`
(modestly weighted, Magirr and Burman 2019: 1/max(S(t), S(T_STAR)), T_STAR in months), and `maxcombo`, which is the
largest of `logrank`, `fh:0:1`, `fh:1:0` and `fh:1:1`. S is the pooled Kaplan-Meier curve of the stratum just before t.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from equipoise.design.weighted._quadrature import Floats
from equipoise.errors import DesignError
from equipoise.survival.max_combo import FH_DEFAULT

_WORDS = "logrank, fh:RHO:GAMMA, mwlrt:T_STAR"


@dataclass(frozen=True, slots=True)
class Weight:
    """The weight of an event as a function of the pooled curve S.

    Attributes:
        rho: power of S.
        gamma: power of 1 - S.
        t_star: months until which the weight follows S, and after which it stays; infinite but for `mwlrt`.
    """

    rho: float = 0.0
    gamma: float = 0.0
    t_star: float = math.inf

    @property
    def word(self) -> str:
        """Its name."""
        if self.rho < 0.0:
            return f"mwlrt:{self.t_star:g}"
        return "logrank" if self.rho == self.gamma == 0.0 else f"fh:{self.rho:g}:{self.gamma:g}"

    def of(self, survival: Floats) -> Floats:
        """The weight where the curve, held from `t_star` on, is `survival`."""
        weight: Floats = survival**self.rho * (1.0 - survival) ** self.gamma
        return weight

    def response(self, survival: Floats) -> Floats:
        """-S times the derivative of the weight by S: what it gains when the curve falls by its own share."""
        fallen = 1.0 - survival
        # before the first event there is nothing to weigh, where a small gamma would make the slope infinite
        slope = np.power(fallen, self.gamma - 1.0, out=np.zeros_like(fallen), where=fallen > 0.0)
        response: Floats = survival**self.rho * (self.gamma * survival * slope - self.rho * fallen**self.gamma)
        return response


def read_test(word: str) -> Weight:
    """The weight of a test that is not a combination.

    Raises:
        DesignError: an unknown word, or powers or times that cannot be.
    """
    name, *given = str(word).split(":")
    try:
        numbers = [float(text) for text in given]
    except ValueError:
        numbers = [math.nan]
    valid = all(math.isfinite(number) and number >= 0.0 for number in numbers)
    if name == "logrank" and not numbers:
        return Weight()
    if name == "fh" and len(numbers) == 2 and valid:
        return Weight(rho=numbers[0], gamma=numbers[1])
    if name == "mwlrt" and len(numbers) == 1 and valid:
        return Weight(rho=-1.0, t_star=numbers[0]) if numbers[0] > 0.0 else Weight()
    several = "; for combinations take max_combo_power" if word == "maxcombo" else ""
    raise DesignError(f"test = {word!r} is no single test; give one of {_WORDS}, with numbers from 0 up{several}")


def read_tests(words: str | Sequence[str]) -> tuple[Weight, ...]:
    """The weights of one test or of a combination; `maxcombo` is four of them.

    Raises:
        DesignError: an unknown word, none at all, or the same test twice.
    """
    each = [words] if isinstance(words, str) else list(words)
    weights = []
    for word in each:
        weights += [Weight(rho, gamma) for rho, gamma in FH_DEFAULT] if word == "maxcombo" else [read_test(word)]
    if not weights:
        raise DesignError(f"tests: there are none; give some of {_WORDS}, or maxcombo")
    if len(set(weights)) < len(weights):
        raise DesignError(f"tests: {', '.join(weight.word for weight in weights)}: one is there twice; give each once")
    return tuple(weights)


def held(weight: Weight, t: Floats, survival: Floats, at_star: float) -> Floats:
    """The curve that the weight looks at: S(t) up to `t_star`, then S(t_star), which is `at_star`."""
    return survival if math.isinf(weight.t_star) else np.where(t < weight.t_star, survival, at_star)
