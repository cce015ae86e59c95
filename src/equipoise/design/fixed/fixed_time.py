"""Sizes for survival at one time and for restricted mean survival time, under the design's own censoring.

With n participants in an arm, and K(u) the fraction of them who came in at least u months before the analysis,

    variance of log S(t)       (1/n) integral from 0 to t of h(u) / (S(u) G(u) K(u)) du        (Greenwood)
    variance of RMST(tau)      (1/n) integral from 0 to tau of A(u)^2 h(u) / (S(u) G(u) K(u)) du,
                               A(u) the area under S from u to tau

where G is free of loss to follow-up. Where all are followed to t and none is lost the first gives S (1 - S) for S(t),
as for a proportion. The integrals are by Gauss-Legendre quadrature between all times at which anything changes.

Sources: Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data 2002, section 1.4; Royston and Parmar,
BMC Medical Research Methodology 2013;13:152.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from equipoise.design._checks import check_not_negative, check_positive, check_power, check_share, sided
from equipoise.design.accrual import Accrual
from equipoise.design.expected import Arm
from equipoise.design.fixed.participants_table import participants_table
from equipoise.design.formulas import critical_z, drift, normal_cdf
from equipoise.design.population import Pair, control_survival, population
from equipoise.design.rounding import whole_participants
from equipoise.design.survival_function import Survival
from equipoise.design.weighted._quadrature import Grid
from equipoise.errors import DesignError
from equipoise.estimates.result import Column, Result

Floats = NDArray[np.float64]
Measure = Literal["milestone", "rmst"]
Scale = Literal["plain", "log-log"]

_LONGEST = 12.0
_NOBODY = Survival.exponential(0.0)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FixedTimeSize(Result):
    """A sized comparison of survival at a time, or of mean survival up to it.

    Attributes:
        measure: `milestone` or `rmst`.
        at: the time, in months.
        scale: on which the arms are compared.
        control: survival, or months of mean survival, in control.
        experimental: the same in the experimental arm.
        margin: how much smaller the experimental one may be.
        alpha: total over the sides.
        sides: 1 or 2.
        power: in the benefit tail.
        ratio: experimental to control participants.
        std_dev: (control, experimental) of one participant's contribution, on the scale: the standard error of an arm
            of n is this over sqrt(n).
        n: participants to randomise.
        n_evaluable: less those who give no information.
        n_by_arm: (control, experimental) of `n`.
        n_rounded: up to a multiple of the ratio's sum.
        n_rounded_by_arm: (control, experimental).
    """

    measure: Measure
    at: float
    scale: Scale
    control: float
    experimental: float
    margin: float
    alpha: float
    sides: int
    power: float
    ratio: float
    std_dev: tuple[float, float]
    n: float
    n_evaluable: float
    n_by_arm: tuple[float, float]
    n_rounded: int
    n_rounded_by_arm: tuple[int, int]

    def _title(self) -> str:
        what = "survival" if self.measure == "milestone" else "restricted mean survival"
        margin = "" if self.margin == 0 else f", margin {self.margin:g}"
        return (
            f"Size for {what} at {self.at:g} months of {self.experimental:.4g} against {self.control:.4g}{margin}: "
            f"{sided(self.sides)} alpha {self.alpha:g}, power {self.power:g}, ratio {self.ratio:g}"
        )

    def _columns(self) -> Mapping[str, Column]:
        return participants_table(self, "not lost at once")


@dataclass(frozen=True, slots=True)
class _Question:
    """What is asked, as in `FixedTimeSize`."""

    measure: Measure
    at: float
    scale: Scale
    margin: float
    alpha: float
    sides: int
    power: float
    ratio: float

    def __post_init__(self) -> None:
        check_power(self.power, self.alpha, self.sides)
        check_not_negative("margin", self.margin)


@dataclass(frozen=True, slots=True)
class _Course:
    """How the trial goes.

    Attributes:
        arms: control, experimental.
        accrual: of both; None where all are followed for ever.
        end: month of the analysis.
    """

    arms: tuple[Arm, Arm]
    accrual: Accrual | None
    end: float


@dataclass(frozen=True, slots=True)
class _Compared:
    """What the arms' estimates are expected to be.

    Attributes:
        values: (control, experimental).
        std_dev: (control, experimental) of one participant, on the scale.
        distance: of the alternative from the null on the scale, positive towards benefit.
        shares: (control, experimental) of the participants.
    """

    values: tuple[float, float]
    std_dev: tuple[float, float]
    distance: float
    shares: tuple[float, float]

    @property
    def drift(self) -> float:
        """Expected z of one participant in all."""
        return self.distance / math.sqrt(sum(s**2 / share for s, share in zip(self.std_dev, self.shares, strict=True)))


def milestone_size(
    at: float,
    *,
    alpha: float,
    power: float,
    sides: int = 1,
    ratio: float = 1.0,
    hazard_ratio: float | None = None,
    control_median: float | None = None,
    control: Survival | None = None,
    experimental: Survival | None = None,
    accrual: float | Accrual | None = None,
    follow_up: float | None = None,
    dropout: Pair = 0.0,
    dropout_time: float = 12.0,
    margin: float = 0.0,
    scale: Scale = "plain",
    loss: float = 0.0,
) -> FixedTimeSize:
    """Participants to compare Kaplan-Meier survival `at` so many months.

    Args:
        at: months.
        alpha: total over the sides.
        power: in the benefit tail.
        sides: 1 or 2.
        ratio: experimental to control.
        hazard_ratio: gives the experimental arm from control, unless `experimental` is given.
        control_median: of an exponential control arm; or give
        control: survival of the control arm.
        experimental: survival of the experimental arm.
        accrual: months of uniform accrual, or periods (scaled); with `follow_up` it gives the censoring. None: all
            are followed to `at`, save those lost.
        follow_up: months from the last participant to the analysis.
        dropout: fraction lost by `dropout_time`; one number or (control, experimental).
        dropout_time: months.
        margin: of non-inferiority, in survival: experimental - control > -margin is to be shown.
        scale: `plain` compares S, `log-log` compares log(-log S).
        loss: fraction of participants who give no information at all.

    Raises:
        DesignError: what is impossible or contradicts itself, including an analysis before `at` months of follow-up.
    """
    course = _course(
        hazard_ratio=hazard_ratio,
        control=control_survival(control, control_median),
        experimental=experimental,
        ratio=ratio,
        dropout=dropout,
        dropout_time=dropout_time,
        accrual=accrual,
        follow_up=follow_up,
    )
    compared = _milestone(check_positive("at (months)", at), course, margin, scale)
    question = _Question("milestone", at, scale, margin, alpha, sides, power, ratio)
    return _sized(question, compared, loss)


def rmst_size(
    tau: float,
    *,
    alpha: float,
    power: float,
    sides: int = 1,
    ratio: float = 1.0,
    hazard_ratio: float | None = None,
    control_median: float | None = None,
    control: Survival | None = None,
    experimental: Survival | None = None,
    accrual: float | Accrual | None = None,
    follow_up: float | None = None,
    dropout: Pair = 0.0,
    dropout_time: float = 12.0,
    margin: float = 0.0,
    loss: float = 0.0,
) -> FixedTimeSize:
    """Participants to compare restricted mean survival time up to `tau` months.

    The arguments are those of `milestone_size`; `margin` is in months.

    Raises:
        DesignError: what is impossible or contradicts itself, including an analysis before `tau` months of follow-up.
    """
    course = _course(
        hazard_ratio=hazard_ratio,
        control=control_survival(control, control_median),
        experimental=experimental,
        ratio=ratio,
        dropout=dropout,
        dropout_time=dropout_time,
        accrual=accrual,
        follow_up=follow_up,
    )
    compared = _rmst(check_positive("tau (months)", tau), course, margin)
    question = _Question("rmst", tau, "plain", margin, alpha, sides, power, ratio)
    return _sized(question, compared, loss)


def fixed_time_power(size: FixedTimeSize, n: float) -> float:
    """Power of `n` evaluable participants under the assumptions of `size`."""
    z = drift(size.alpha, size.sides, size.power)
    return normal_cdf(z * math.sqrt(check_positive("n", n) / size.n_evaluable) - critical_z(size.alpha, size.sides))


def _course(
    *,
    hazard_ratio: float | None,
    control: Survival | None,
    experimental: Survival | None,
    ratio: float,
    dropout: Pair,
    dropout_time: float,
    accrual: float | Accrual | None,
    follow_up: float | None,
) -> _Course:
    """Put the assumptions together."""
    # a hazard ratio of 1 stands in where the two curves are given: only the curves count here
    pair = population(
        1.0 if hazard_ratio is None and experimental is not None else hazard_ratio,
        control=control,
        experimental=experimental,
        strata=None,
        ratio=ratio,
        dropout=dropout,
        dropout_time=dropout_time,
        competing=None,
        crossover=0.0,
        non_adherence=0.0,
    ).pairs[0]
    if (accrual is None) != (follow_up is None):
        raise DesignError("accrual and follow_up go together; give both, or neither where all are followed to the end")
    if accrual is None or follow_up is None:
        return _Course((pair.control, pair.experimental), None, math.inf)
    comes = accrual if isinstance(accrual, Accrual) else Accrual.uniform(1.0, accrual)
    if math.isinf(comes.duration):
        raise DesignError("accrual does not end; end it with until(months)")
    end = comes.duration + check_not_negative("follow_up (months)", follow_up)
    return _Course((pair.control, pair.experimental), comes, end)


class _Followed:
    """One arm on a grid of study times up to `at`: survival, and the rate at which variance comes in."""

    __slots__ = ("grid", "survival", "variance_rate")

    def __init__(self, arm: Arm, course: _Course, at: float) -> None:
        accrual, end = course.accrual, course.end
        if at >= end:
            raise DesignError(
                f"{at:g} months are asked for and the analysis is {end:g} months after the first participant; follow "
                "longer"
            )
        lost = arm.dropout or _NOBODY
        breaks = {*arm.survival.cuts, *lost.cuts}
        if accrual is not None:
            breaks |= {end - month for month in (0.0, *accrual.ends)}
        self.grid = Grid(breaks, at, _LONGEST)
        t = self.grid.t
        self.survival: Floats = arm.survival.survival(t)
        there = np.ones_like(t) if accrual is None else accrual.enrolled(end - t) / accrual.total
        if not there.min() > 0:
            raise DesignError(f"nobody comes in {at:g} months before the analysis; follow longer, or accrue earlier")
        self.variance_rate: Floats = arm.survival.hazard(t) / (self.survival * lost.survival(t) * there)


def _milestone(at: float, course: _Course, margin: float, scale: Scale) -> _Compared:
    arms = course.arms
    if scale not in get_args(Scale):
        raise DesignError(f"scale = {scale!r}; give one of {', '.join(get_args(Scale))}")
    values = (arms[0].survival.survival(at), arms[1].survival.survival(at))
    if not all(0 < value < 1 for value in values):
        raise DesignError(
            f"survival at {at:g} months is {values[0]:g} and {values[1]:g}; give a time at which some die"
        )
    spread = []
    for arm in arms:
        followed = _Followed(arm, course, at)
        spread.append(math.sqrt(float(followed.variance_rate @ followed.grid.weight)))
    shares = (arms[0].share, arms[1].share)
    if scale == "plain":
        std_dev = (values[0] * spread[0], values[1] * spread[1])
        return _Compared(values, std_dev, values[1] - values[0] + margin, shares)
    if margin:
        raise DesignError(f'margin = {margin} in survival; margins need scale="plain"')
    logs = [math.log(-math.log(value)) for value in values]
    std_dev = (spread[0] / -math.log(values[0]), spread[1] / -math.log(values[1]))
    return _Compared(values, std_dev, logs[0] - logs[1], shares)


def _rmst(tau: float, course: _Course, margin: float) -> _Compared:
    arms = course.arms
    values = (arms[0].survival.restricted_mean(tau), arms[1].survival.restricted_mean(tau))
    spread = []
    for arm, mean in zip(arms, values, strict=True):
        followed = _Followed(arm, course, tau)
        left = mean - followed.grid.cumulative(followed.survival)
        spread.append(math.sqrt(float((left**2 * followed.variance_rate) @ followed.grid.weight)))
    return _Compared(values, (spread[0], spread[1]), values[1] - values[0] + margin, (arms[0].share, arms[1].share))


def _sized(question: _Question, compared: _Compared, loss: float) -> FixedTimeSize:
    if not compared.drift > 0:
        raise DesignError(
            f"the experimental arm has {compared.values[1]:.4g} and control {compared.values[0]:.4g} with margin "
            f"{question.margin:g}, which is no benefit to show; give an effect, or a wider margin"
        )
    evaluable = (drift(question.alpha, question.sides, question.power) / compared.drift) ** 2
    n = evaluable / (1 - check_share("loss", loss))
    whole = whole_participants(n, question.ratio)
    return FixedTimeSize(
        measure=question.measure,
        at=question.at,
        scale=question.scale,
        control=compared.values[0],
        experimental=compared.values[1],
        margin=question.margin,
        alpha=question.alpha,
        sides=question.sides,
        power=question.power,
        ratio=question.ratio,
        std_dev=compared.std_dev,
        n=n,
        n_evaluable=evaluable,
        n_by_arm=(n * compared.shares[0], n * compared.shares[1]),
        n_rounded=sum(whole),
        n_rounded_by_arm=whole,
    )
