"""Events, power and effects in closed form, and the other formulas that trials print their numbers by.

Exact normal quantiles; nothing is rounded here. Only light modules are imported, so that checking a protocol is quick.

A hazard ratio is treatment over control, `ratio` is participants in treatment to those in control, and alpha is total
over its sides. Benefit is a hazard ratio below `null` unless `benefit="above"` says otherwise; z is positive towards
benefit, and power counts the benefit tail alone.

Sources: Schoenfeld, Biometrics 1983;39:499-503; Freedman, Statistics in Medicine 1982;1:121-129; Hsieh, Statistics in
Medicine 1992;11:1-8.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Literal, get_args

from equipoise.design._checks import (
    check_alpha,
    check_fraction,
    check_hazard_ratio,
    check_positive,
    check_power,
    check_ratio,
)
from equipoise.errors import DesignError

EventsMethod = Literal["schoenfeld", "freedman", "hsieh-freedman"]
Benefit = Literal["below", "above"]

_NORMAL = NormalDist()


def normal_quantile(probability: float) -> float:
    """The standard normal quantile."""
    return _NORMAL.inv_cdf(probability)


def normal_cdf(z: float) -> float:
    """The standard normal distribution function."""
    return _NORMAL.cdf(z)


def critical_z(alpha: float, sides: int) -> float:
    """The critical value of a test at total `alpha` over `sides` sides."""
    return -normal_quantile(alpha / sides)


def drift(alpha: float, sides: int, power: float) -> float:
    """The expected z of a fixed test with this power in the benefit tail."""
    check_power(power, alpha, sides)
    return critical_z(alpha, sides) + normal_quantile(power)


def effect_per_event(
    hazard_ratio: float, *, ratio: float = 1.0, method: EventsMethod = "schoenfeld", null: float = 1.0
) -> float:
    """The expected z of the log-rank test per square root of an event; positive below `null`.

    Schoenfeld, Biometrics 1983;39:499-503: log hazard ratio, with the variance ratio/(1 + ratio)^2 per event.
    Freedman, Statistics in Medicine 1982;1:121-129: the log-rank sum with the arms' shares at risk under the
    alternative. Hsieh, Statistics in Medicine 1992;11:1-8: Freedman's effect for equal arms, times the efficiency of
    unequal ones.

    Raises:
        DesignError: a method that is none, or a null other than 1 with one that has none.
    """
    check_ratio(ratio)
    check_hazard_ratio(hazard_ratio)
    check_positive("null", null)
    if method not in get_args(EventsMethod):
        raise DesignError(f"method = {method!r}; give one of {', '.join(get_args(EventsMethod))}")
    if method == "schoenfeld":
        return math.log(null / hazard_ratio) * math.sqrt(ratio) / (1 + ratio)
    if null != 1:
        raise DesignError(f'null = {null} with method {method!r}; margins need method="schoenfeld"')
    if method == "freedman":
        return (1 - hazard_ratio) * math.sqrt(ratio) / (1 + ratio * hazard_ratio)
    return 2 * (1 - hazard_ratio) / (1 + hazard_ratio) * math.sqrt(ratio) / (1 + ratio)


def events_required(
    hazard_ratio: float,
    *,
    alpha: float,
    power: float,
    sides: int = 1,
    ratio: float = 1.0,
    method: EventsMethod = "schoenfeld",
    null: float = 1.0,
) -> float:
    """Events that a log-rank test needs, unrounded.

    Args:
        hazard_ratio: under the alternative, on either side of `null`.
        alpha: total over the sides.
        power: in the tail of the alternative.
        sides: 1 or 2.
        ratio: treatment to control participants.
        method: see `effect_per_event`.
        null: the hazard ratio to be excluded: 1, or the margin of non-inferiority.

    Raises:
        DesignError: a hazard ratio at the null, a power below alpha, or what is no level, ratio or method.
    """
    check_hazard_ratio(hazard_ratio, null=null)
    effect = effect_per_event(hazard_ratio, ratio=ratio, method=method, null=null)
    return (drift(alpha, sides, power) / effect) ** 2


def power_for_events(
    events: float,
    hazard_ratio: float,
    *,
    alpha: float,
    sides: int = 1,
    ratio: float = 1.0,
    method: EventsMethod = "schoenfeld",
    null: float = 1.0,
    benefit: Benefit = "below",
) -> float:
    """Power of a log-rank test with so many events, in the benefit tail; the inverse of `events_required`.

    At a hazard ratio on the wrong side of `null` it is below alpha.
    """
    check_alpha(alpha, sides)
    check_positive("events", events)
    effect = _towards(benefit) * effect_per_event(hazard_ratio, ratio=ratio, method=method, null=null)
    return normal_cdf(math.sqrt(events) * effect - critical_z(alpha, sides))


def detectable_hazard_ratio(
    events: float,
    *,
    alpha: float,
    power: float,
    sides: int = 1,
    ratio: float = 1.0,
    method: EventsMethod = "schoenfeld",
    null: float = 1.0,
    benefit: Benefit = "below",
) -> float:
    """The hazard ratio that so many events detect with this power: nearest to `null`, on the side of benefit.

    Raises:
        DesignError: no hazard ratio has this power, which Freedman's and Hsieh's formulas know.
    """
    check_positive("events", events)
    effect_per_event(null, ratio=ratio, method=method, null=null)  # refuses a method or a margin that is none
    effect = _towards(benefit) * drift(alpha, sides, power) / math.sqrt(events)
    root = math.sqrt(ratio)
    if method == "schoenfeld":
        return null * math.exp(-effect * (1 + ratio) / root)
    if method == "freedman":
        above, below = root - effect, root + ratio * effect
    else:
        above, below = 1 - effect * (1 + ratio) / (2 * root), 1 + effect * (1 + ratio) / (2 * root)
    if not (above > 0 and below > 0):
        raise DesignError(
            f"{events:g} events have no power of {power} at any hazard ratio by {method}; take more events"
        )
    return above / below


def hazard_ratio_of_z(z: float, events: float, *, ratio: float = 1.0, null: float = 1.0) -> float:
    """The hazard ratio that a log-rank z after so many events stands for; positive z is below `null` (Schoenfeld)."""
    check_positive("events", events)
    return null * math.exp(-z * (1 + check_ratio(ratio)) / math.sqrt(ratio * events))


def z_of_hazard_ratio(hazard_ratio: float, events: float, *, ratio: float = 1.0, null: float = 1.0) -> float:
    """The z that an observed hazard ratio after so many events stands for: the inverse of `hazard_ratio_of_z`."""
    check_positive("events", events)
    return effect_per_event(hazard_ratio, ratio=ratio, null=null) * math.sqrt(events)


def critical_hazard_ratio(
    events: float, *, alpha: float, sides: int = 1, ratio: float = 1.0, null: float = 1.0, benefit: Benefit = "below"
) -> float:
    """The observed hazard ratio at which so many events are just significant."""
    check_alpha(alpha, sides)
    return hazard_ratio_of_z(_towards(benefit) * critical_z(alpha, sides), events, ratio=ratio, null=null)


def _towards(benefit: Benefit) -> int:
    if benefit not in get_args(Benefit):
        raise DesignError(f"benefit = {benefit!r}; give one of {', '.join(get_args(Benefit))}")
    return 1 if benefit == "below" else -1


def hazard_ratio_of_survival(experimental: float, control: float) -> float:
    """The ratio of proportional hazards that gives these probabilities of survival at one time."""
    return math.log(check_fraction("experimental survival", experimental)) / math.log(
        check_fraction("control survival", control)
    )


def participants_for_events(events: float, experimental: float, control: float, *, ratio: float = 1.0) -> float:
    """Participants who give so many events if the probability of one is fixed in each arm, unrounded.

    Args:
        events: of both arms.
        experimental: probability of the event in the experimental arm.
        control: the same in control.
        ratio: experimental to control.
    """
    both = (check_ratio(ratio) * check_fraction("experimental", experimental) + check_fraction("control", control)) / (
        1 + ratio
    )
    return check_positive("events", events) / both


def exponential_event_probability(rate: float, accrual: float, follow_up: float) -> float:
    """Probability of an exponential event, seen from uniform accrual to the end of follow-up.

    Participants enter uniformly over `accrual` and all are followed until `follow_up` after the last entered
    (Lachin and Foulkes, Biometrics 1986;42:507-519, without loss). `equipoise.design.expected` knows more.
    """
    entered = rate * accrual
    # the mean of exp(-rate x) for x from 0 to accrual; expm1, since a difference of two would vanish for small rates
    mean = -math.expm1(-entered) / entered if entered > 0 else 1.0
    return 1 - math.exp(-rate * follow_up) * mean


def two_proportions(alpha: float, sides: int, power: float, one: float, other: float) -> float:
    """Participants an arm to tell two proportions apart (Fleiss, Levin and Paik 2003, equation 4.14)."""
    mean = (one + other) / 2
    null = math.sqrt(2 * mean * (1 - mean))
    alternative = math.sqrt(one * (1 - one) + other * (1 - other))
    z = critical_z(alpha, sides) * null + normal_quantile(power) * alternative
    return (z / (one - other)) ** 2


def log_standard_error(conf_low: float, conf_high: float, conf_level: float) -> float:
    """Standard error of a log ratio from its interval."""
    return math.log(conf_high / conf_low) / (2 * normal_quantile((1 + conf_level) / 2))


def p_of(z: float, sides: int) -> float:
    """The p-value of z; one-sided towards z below 0, which is benefit for a log hazard ratio."""
    return normal_cdf(z) if sides == 1 else 2 * normal_cdf(-abs(z))


def implied_events(std_error: float, n: tuple[int, int] | None = None) -> float:
    """Events that a log hazard ratio with this standard error rests on: 4 / SE^2 for equal arms."""
    spread = 4.0 if n is None else (n[0] + n[1]) ** 2 / (n[0] * n[1])
    return spread / std_error**2
