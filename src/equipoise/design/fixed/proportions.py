"""How many participants a comparison of two proportions needs, all followed for the same time.

The proportion is of what is wanted, such as being alive at two years: benefit is a larger one in the experimental arm.
`fisher` and `exact-score` find the power by going through all outcomes.

Sources: Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions 2003, section 4.3 (`score` with margin
0, `continuity`); Farrington and Manning, Statistics in Medicine 1990;9:1447-1454 (`score` with a margin: the variance
under the null hypothesis at its maximum-likelihood estimate); Cohen, Statistical Power Analysis 1988, chapter 6
(`arcsine`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from equipoise.design._checks import check_alpha, check_fraction, check_power, check_ratio, check_share, sided
from equipoise.design._roots import find_root
from equipoise.design.fixed.participants_table import participants_table
from equipoise.design.formulas import critical_z, normal_cdf, normal_quantile
from equipoise.design.rounding import block_of, round_up, whole_participants
from equipoise.errors import DesignError
from equipoise.estimates.result import Column, Result

Floats = NDArray[np.float64]
ProportionMethod = Literal["score", "unpooled", "continuity", "arcsine", "fisher", "exact-score"]

_EXACT = ("fisher", "exact-score")
_MOST = 4000
"""Participants an arm up to which outcomes are gone through."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ProportionSize(Result):
    """A sized comparison of two proportions.

    Attributes:
        control: proportion expected in control.
        experimental: the same in the experimental arm.
        margin: how much smaller the experimental one may be; 0 is superiority.
        alpha: total over the sides.
        sides: 1 or 2.
        power: asked for, in the benefit tail.
        ratio: experimental to control participants.
        method: test and formula.
        n_evaluable: participants with an outcome, unrounded; whole for exact methods.
        n: participants to randomise: `n_evaluable` / (1 - loss).
        n_by_arm: (control, experimental) of `n`.
        n_rounded: up to a multiple of the ratio's sum.
        n_rounded_by_arm: (control, experimental).
    """

    control: float
    experimental: float
    margin: float
    alpha: float
    sides: int
    power: float
    ratio: float
    method: ProportionMethod
    n_evaluable: float
    n: float
    n_by_arm: tuple[float, float]
    n_rounded: int
    n_rounded_by_arm: tuple[int, int]

    def _title(self) -> str:
        margin = "" if self.margin == 0 else f", margin {self.margin:g}"
        return (
            f"Size for proportions of {self.experimental:.4g} against {self.control:.4g}{margin}: {sided(self.sides)} "
            f"alpha {self.alpha:g}, power {self.power:g}, ratio {self.ratio:g}, {self.method}"
        )

    def _columns(self) -> Mapping[str, Column]:
        return participants_table(self, "with an outcome")


@dataclass(frozen=True, slots=True)
class _Question:
    """Two proportions and a test of them."""

    control: float
    experimental: float
    margin: float
    alpha: float
    sides: int
    ratio: float

    def __post_init__(self) -> None:
        check_fraction("control", self.control)
        check_fraction("experimental", self.experimental)
        check_share("margin", self.margin)
        check_alpha(self.alpha, self.sides)
        check_ratio(self.ratio)

    @property
    def distance(self) -> float:
        """Of the alternative from the null; positive where benefit is expected."""
        return self.experimental - self.control + self.margin

    @property
    def shares(self) -> tuple[float, float]:
        """Of control and experimental."""
        return 1 / (1 + self.ratio), self.ratio / (1 + self.ratio)

    def spread(self, control: float, experimental: float) -> float:
        """Variance of the difference, of one participant in all."""
        shares = self.shares
        return control * (1 - control) / shares[0] + experimental * (1 - experimental) / shares[1]


def proportion_size(
    experimental: float,
    control: float,
    *,
    alpha: float,
    power: float,
    sides: int = 1,
    ratio: float = 1.0,
    margin: float = 0.0,
    method: ProportionMethod = "score",
    loss: float = 0.0,
) -> ProportionSize:
    """Participants to tell two proportions apart, or to exclude a margin.

    Args:
        experimental: proportion with the wanted outcome; with margin 0 it may also be below control, and the size is
            that of a test in that direction.
        control: proportion in control.
        alpha: total over the sides.
        power: in the tail of the alternative.
        sides: 1 or 2.
        ratio: experimental to control.
        margin: non-inferiority: experimental - control > -margin is to be shown.
        method: `score` (default), `unpooled` (Wald), `continuity` (Fleiss's correction of `score`), `arcsine`;
            `fisher` and `exact-score` give the smallest whole size with this power. Only `score`, `unpooled` and
            `exact-score` know margins.
        loss: fraction without an outcome.

    Raises:
        DesignError: what is impossible or contradicts itself.
    """
    question = _Question(control, experimental, margin, alpha, sides, ratio)
    check_power(power, alpha, sides)
    check_share("loss", loss)
    _check_method(method, margin)
    if question.distance == 0 or (margin > 0 and question.distance < 0):
        raise DesignError(
            f"experimental = {experimental:g} against control = {control:g} with margin {margin:g} is the null "
            "hypothesis or beyond; give proportions that the trial is to tell apart"
        )
    if question.distance < 0:
        question = _Question(1 - control, 1 - experimental, 0.0, alpha, sides, ratio)
    n = float(_exact_size(question, power, method)) if method in _EXACT else _approximate_size(question, power, method)
    total = n / (1 - loss)
    whole = whole_participants(total, ratio)
    return ProportionSize(
        control, experimental, margin, alpha, sides, power, ratio, method, n, total,
        (total * question.shares[0], total * question.shares[1]), sum(whole), whole,
    )  # fmt: skip  # arguments that belong together share a line


def proportion_power(
    n: float,
    experimental: float,
    control: float,
    *,
    alpha: float,
    sides: int = 1,
    ratio: float = 1.0,
    margin: float = 0.0,
    method: ProportionMethod = "score",
) -> float:
    """Power of `n` participants with an outcome, towards a larger proportion in the experimental arm.

    Exact methods round the arms to whole participants: n / (1 + ratio) to the nearest, and the rest.

    Raises:
        DesignError: what is impossible.
    """
    question = _Question(control, experimental, margin, alpha, sides, ratio)
    _check_method(method, margin)
    if not n > 0:
        raise DesignError(f"n = {n}; give a number above 0")
    if method in _EXACT:
        of_control = round(n / (1 + ratio))
        return _exact_power(question, of_control, round(n) - of_control, method)
    z = critical_z(alpha, sides)
    if method == "arcsine":
        return normal_cdf(_arcsine(question) * math.sqrt(n) - z)
    if method == "continuity":
        n = _without_correction(question, n)
        if n <= 0:
            return 0.0
    alternative = question.spread(control, experimental)
    at_null = alternative if method == "unpooled" else question.spread(*_null(question))
    return normal_cdf((question.distance * math.sqrt(n) - z * math.sqrt(at_null)) / math.sqrt(alternative))


def _check_method(method: ProportionMethod, margin: float) -> None:
    if method not in get_args(ProportionMethod):
        raise DesignError(f"method = {method!r}; give one of {', '.join(get_args(ProportionMethod))}")
    if margin and method not in ("score", "unpooled", "exact-score"):
        raise DesignError(f'margin = {margin} with method {method!r}; margins need method="score" or "unpooled"')


def _approximate_size(question: _Question, power: float, method: ProportionMethod) -> float:
    z_alpha, z_beta = critical_z(question.alpha, question.sides), normal_quantile(power)
    if method == "arcsine":
        return ((z_alpha + z_beta) / _arcsine(question)) ** 2
    alternative = question.spread(question.control, question.experimental)
    at_null = alternative if method == "unpooled" else question.spread(*_null(question))
    n = ((z_alpha * math.sqrt(at_null) + z_beta * math.sqrt(alternative)) / question.distance) ** 2
    return n / 4 * (1 + math.sqrt(1 + 4 * _correction(question) / n)) ** 2 if method == "continuity" else n


def _correction(question: _Question) -> float:
    """Fleiss's: the corrected n is n/4 (1 + sqrt(1 + 4 c / n))^2 for this c, of both arms together."""
    return (1 + question.ratio) ** 2 / (2 * question.ratio * question.distance)


def _without_correction(question: _Question, n: float) -> float:
    """The uncorrected n whose corrected one is `n`: sqrt(n) = (m + c) / sqrt(m)."""
    return (n - _correction(question)) ** 2 / n if n > _correction(question) else 0.0


def _arcsine(question: _Question) -> float:
    """Expected z of one participant."""
    shares = question.shares
    angle = 2 * (math.asin(math.sqrt(question.experimental)) - math.asin(math.sqrt(question.control)))
    return angle * math.sqrt(shares[0] * shares[1])


def _null(question: _Question) -> tuple[float, float]:
    """The proportions at distance `margin` that are most likely if those of the alternative are observed."""
    shares, margin = question.shares, question.margin
    if margin == 0:
        return (shares[0] * question.control + shares[1] * question.experimental,) * 2

    def score(control: float) -> float:
        experimental = control - margin
        return shares[0] * (question.control - control) * experimental * (1 - experimental) + shares[1] * (
            question.experimental - experimental
        ) * control * (1 - control)

    control = find_root(score, margin, 1.0)
    return control, control - margin


def _exact_size(question: _Question, power: float, method: ProportionMethod) -> int:
    """The smallest number in whole blocks of the ratio that has the power, and so has the next block."""
    control, experimental = block_of(question.ratio)
    if (control, experimental) == (1, 1) and question.ratio != 1:
        raise DesignError(f"ratio = {question.ratio:g} is none of small whole numbers, which exact methods need")
    start = round_up(0.7 * _approximate_size(question, power, "score") / (control + experimental))
    for blocks in range(max(start, 1), _MOST):
        if all(
            _exact_power(question, more * control, more * experimental, method) >= power
            for more in (blocks, blocks + 1)
        ):
            return blocks * (control + experimental)
        if blocks * max(control, experimental) > _MOST:
            break
    raise DesignError(f"more than {_MOST} participants an arm; take an approximate method")


def _exact_power(question: _Question, control: int, experimental: int, method: ProportionMethod) -> float:
    """Probability, over all outcomes, that the test rejects towards benefit."""
    if control < 1 or experimental < 1:
        raise DesignError(f"{control} and {experimental} participants; an arm needs at least one")
    if method == "fisher":
        rejected = _fisher_rejects(control, experimental, question.alpha / question.sides)
    else:
        rejected = _score_rejects(question, control, experimental)
    one, other = _binomial(control, question.control), _binomial(experimental, question.experimental)
    return float(one @ rejected @ other)


def _binomial(n: int, p: float) -> Floats:
    k = np.arange(n + 1)
    log_ways = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    chances: Floats = np.exp(log_ways + k * math.log(p) + (n - k) * math.log1p(-p))
    return chances


def _fisher_rejects(control: int, experimental: int, level: float) -> Floats:
    """(control + 1, experimental + 1): whether Fisher's one-sided test rejects at each pair of counts."""
    rejected = np.zeros((control + 1, experimental + 1))
    log_one = -gammaln(np.arange(control + 1) + 1) - gammaln(control - np.arange(control + 1) + 1)
    log_other = -gammaln(np.arange(experimental + 1) + 1) - gammaln(experimental - np.arange(experimental + 1) + 1)
    for total in range(control + experimental + 1):
        counts = np.arange(max(0, total - control), min(total, experimental) + 1)
        weights = log_other[counts] + log_one[total - counts]
        chances = np.exp(weights - weights.max())
        tail = np.cumsum(chances[::-1])[::-1] / chances.sum()
        significant = counts[tail <= level * (1 + 1e-12)]
        rejected[total - significant, significant] = 1
    return rejected


def _score_rejects(question: _Question, control: int, experimental: int) -> Floats:
    """The same of the score test, with the variance under the null at each pair of counts."""
    one = (np.arange(control + 1) / control)[:, None]
    other = (np.arange(experimental + 1) / experimental)[None, :]
    margin = question.margin
    pooled = (control * one + experimental * other) / (control + experimental)
    null = pooled if margin == 0 else _most_likely(one, other, control, experimental, margin)
    variance = null * (1 - null) / control + (null - margin) * (1 - null + margin) / experimental
    distance = other - one + margin
    z = np.divide(distance, np.sqrt(variance), out=np.zeros_like(variance), where=variance > 0)
    rejected: Floats = (z >= critical_z(question.alpha, question.sides) * (1 - 1e-12)).astype(np.float64)
    return rejected


def _most_likely(one: Floats, other: Floats, control: int, experimental: int, margin: float) -> Floats:
    """Proportion in control under the null at all pairs of counts, by bisection of the score."""
    low, high = np.full((one.size, other.size), margin), np.ones((one.size, other.size))
    for _ in range(60):
        middle = (low + high) / 2
        less = middle - margin
        score = control * (one - middle) * less * (1 - less) + experimental * (other - less) * middle * (1 - middle)
        low, high = np.where(score > 0, middle, low), np.where(score > 0, high, middle)
    return (low + high) / 2
