"""An `Estimate` in the words of a journal."""

from __future__ import annotations

from collections.abc import Mapping

from equipoise.estimates import Estimate
from equipoise.figures.numbers import NBSP, interval, level, p_value, quantity, unit_word

SIDES = {1: "one-sided", 2: "two-sided"}


def is_difference(estimate: Estimate) -> bool:
    """Whether it is a difference on its unit's scale, not a ratio and not a value of one arm."""
    return estimate.reference is not None and estimate.null_value == 0


def value(estimate: Estimate, *, unit: bool = False) -> str:
    """The value, or why there is none; with its unit's word if asked."""
    if estimate.value is None:
        return estimate.reason
    text = quantity(estimate.value, estimate.unit, difference=is_difference(estimate))
    word = unit_word(estimate.unit, difference=is_difference(estimate)) if unit else ""
    return f"{text}{NBSP}{word}" if word else text


def limits(estimate: Estimate) -> str:
    """The interval with its level, `90 % CI 0.69–1.07`; empty where there is none."""
    if estimate.conf_level is None or (estimate.conf_low is None and estimate.conf_high is None):
        return ""
    low, high = (
        None if limit is None else quantity(limit, estimate.unit, difference=is_difference(estimate))
        for limit in (estimate.conf_low, estimate.conf_high)
    )
    return f"{level(estimate.conf_level)}{NBSP}CI{NBSP}{interval(low, high)}"


def value_and_limits(estimate: Estimate) -> str:
    """`0.86 (90 % CI 0.69–1.07)`."""
    shown = limits(estimate)
    return f"{value(estimate)} ({shown})" if shown else value(estimate)


def p(estimate: Estimate) -> str:
    """`one-sided p = 0.13`; empty where there is none."""
    if estimate.p_value is None:
        return ""
    return f"{SIDES.get(estimate.sides or 0, '')} p{NBSP}{p_value(estimate.p_value)}".strip()


def events_and_participants(estimate: Estimate, arm: str | None) -> str:
    """`113/205`, events of participants, of one arm or (None) of all; an empty text if not given."""
    return "/".join(
        str(total) for total in (_of(estimate.events_by_arm, arm), _of(estimate.n_by_arm, arm)) if total is not None
    )


def _of(by_arm: Mapping[str, int], arm: str | None) -> int | None:
    if not by_arm:
        return None
    return sum(by_arm.values()) if arm is None else by_arm.get(arm)
