"""The formulas that trials print their numbers by. Exact normal quantiles; nothing is rounded here."""

from __future__ import annotations

import math
from statistics import NormalDist

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


def schoenfeld_events(alpha: float, sides: int, power: float, hazard_ratio: float, ratio: float = 1.0) -> float:
    """Events that a log-rank test needs (Schoenfeld, Biometrics 1983;39:499-503, equation 1).

    Args:
        alpha: total, over both sides if there are two.
        sides: 1 or 2.
        power: in the benefit tail.
        hazard_ratio: under the alternative; not 1.
        ratio: participants in one arm to those in the other.
    """
    z = critical_z(alpha, sides) + normal_quantile(power)
    return (1 + ratio) ** 2 / ratio * (z / math.log(hazard_ratio)) ** 2


def schoenfeld_power(alpha: float, sides: int, events: float, hazard_ratio: float) -> float:
    """Power of a log-rank test between equal arms, the benefit tail alone; the inverse of `schoenfeld_events`."""
    return normal_cdf(math.sqrt(events) / 2 * abs(math.log(hazard_ratio)) - critical_z(alpha, sides))


def detectable_ratio(alpha: float, sides: int, power: float, events: float) -> float:
    """The hazard ratio below 1 that so many events detect between equal arms."""
    return math.exp(-2 * (critical_z(alpha, sides) + normal_quantile(power)) / math.sqrt(events))


def event_probability(rate: float, accrual: float, follow_up: float) -> float:
    """Probability of an exponential event, seen from uniform accrual to the end of follow-up.

    Participants enter uniformly over `accrual` and all are followed until `follow_up` after the last entered
    (Lachin and Foulkes, Biometrics 1986;42:507-519, without loss).
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
