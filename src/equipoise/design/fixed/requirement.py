"""By how much the participants of a plan must be multiplied so that its test has the power asked for.

With the log-rank formulas the events decide: events needed over events expected, with the strata's effects weighted by
their events. Lachin and Foulkes (Biometrics 1986;42:507-519, equation 2.4) use the variance of the log hazard ratio,
1/events summed over the arms, under the null hypothesis for the critical value and under the alternative for the
power; n is linear in both, so the factor is again a ratio.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from equipoise.design._checks import check_alpha, check_power
from equipoise.design.accrual import Accrual
from equipoise.design.expected import expected_events
from equipoise.design.formulas import critical_z, effect_per_event, normal_quantile
from equipoise.design.population import Population
from equipoise.errors import DesignError

SizeMethod = Literal["schoenfeld", "freedman", "hsieh-freedman", "lachin-foulkes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTest:
    """A test of the hazard ratio against `null`.

    Attributes:
        alpha: total over the sides.
        sides: 1 or 2.
        power: in the tail of the alternative; None where the power is asked.
        method: of sizing.
        null: hazard ratio to be excluded.
        inflation: of a group-sequential design over the fixed one.
    """

    alpha: float
    sides: int
    power: float | None
    method: SizeMethod = "schoenfeld"
    null: float = 1.0
    inflation: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is no test."""
        if self.method not in get_args(SizeMethod):
            raise DesignError(f"method = {self.method!r}; give one of {', '.join(get_args(SizeMethod))}")
        check_alpha(self.alpha, self.sides)
        if self.power is not None:
            check_power(self.power, self.alpha, self.sides)

    @property
    def z_alpha(self) -> float:
        """Critical value of the fixed test."""
        return critical_z(self.alpha, self.sides)

    @property
    def z_beta(self) -> float:
        """Normal quantile of the power."""
        if self.power is None:
            raise DesignError("power is missing; give the power that the size is to have")
        return normal_quantile(self.power)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a plan gives by a calendar time.

    Attributes:
        by_arm: expected events (control, experimental) under the alternative.
        hazard_ratio: diluted, of the strata together: log ratios weighted by events.
        planned_hazard_ratio: the same without dilution.
        effect: expected z per square root of an event, positive below the null.
        spread: variance of the log hazard ratio under the null and under the alternative.
    """

    by_arm: tuple[float, float]
    hazard_ratio: float
    planned_hazard_ratio: float
    effect: float
    spread: tuple[float, float]

    @property
    def events(self) -> float:
        """Of both arms."""
        return sum(self.by_arm)


def seen(population: Population, accrual: Accrual, time: float, test: PlannedTest) -> Seen:
    """What `population`, coming in by `accrual`, gives by calendar `time`."""
    by_pair = expected_events(time, arms=population.arms, accrual=accrual)[:, 0].reshape(-1, 2)
    events = float(by_pair.sum())
    if not events > 0:
        raise DesignError(f"no events are expected by month {time:g}; lengthen follow-up")
    weights = by_pair.sum(axis=1) / events
    by_arm = (float(by_pair[:, 0].sum()), float(by_pair[:, 1].sum()))
    hazard_ratio = math.exp(float(np.dot(weights, [math.log(pair.hazard_ratio) for pair in population.pairs])))
    planned = math.exp(float(np.dot(weights, [math.log(pair.planned_hazard_ratio) for pair in population.pairs])))
    if test.method == "lachin-foulkes":
        if min(by_arm) == 0:
            raise DesignError(f"an arm has no events by month {time:g}; lengthen follow-up")
        at_null = expected_events(time, arms=population.under(test.null), accrual=accrual)[:, 0]
        spread = (_spread(at_null), _spread(by_pair))
        effect = math.log(test.null / hazard_ratio) / math.sqrt(events * spread[1])
        return Seen(by_arm, hazard_ratio, planned, effect, spread)
    effects = [
        effect_per_event(pair.hazard_ratio, ratio=population.ratio, method=test.method, null=test.null)
        for pair in population.pairs
    ]
    per_event = (1 + population.ratio) ** 2 / population.ratio
    return Seen(
        by_arm, hazard_ratio, planned, float(np.dot(weights, effects)), (per_event / events, per_event / events)
    )


def factor(seen_: Seen, test: PlannedTest) -> float:
    """How many times the participants of a plan are needed."""
    if test.method == "lachin-foulkes":
        distance = math.log(test.null / seen_.hazard_ratio)
        at_null, alternative = (math.sqrt(spread) for spread in seen_.spread)
        needed = test.z_alpha * at_null + test.z_beta * alternative
    else:
        distance = seen_.effect * math.sqrt(seen_.events)
        needed = test.z_alpha + test.z_beta
    if abs(distance) < 1e-12:
        raise DesignError(
            f"hazard_ratio = {seen_.hazard_ratio:.4g} is the null hypothesis; give a ratio that the trial is to show"
        )
    return test.inflation * (needed / distance) ** 2


def power_quantile(seen_: Seen, test: PlannedTest, towards: int) -> float:
    """The normal quantile of the power of the fixed test; `towards` is 1 where benefit is below the null."""
    if test.method == "lachin-foulkes":
        distance = towards * math.log(test.null / seen_.hazard_ratio)
        at_null, alternative = (math.sqrt(spread) for spread in seen_.spread)
        return (distance - test.z_alpha * at_null) / alternative
    return towards * seen_.effect * math.sqrt(seen_.events) - test.z_alpha


def _spread(events: NDArray[np.float64]) -> float:
    """Variance of the log hazard ratio: 1/events of control and of the experimental arm, over all strata."""
    return float((1 / events.reshape(-1, 2).sum(axis=0)).sum())
