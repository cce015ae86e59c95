"""From the rules of a group-sequential test to its bounds: as planned, and at the looks that really came."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from equipoise.design.sequential.boundaries import (
    ByInterim,
    ByShape,
    BySpending,
    Given,
    Rule,
    Schedule,
    Side,
    as_list,
    efficacy_bounds,
    probit_root,
)
from equipoise.design.sequential.crossing import Solved
from equipoise.design.sequential.crossing_kernels import CLOSED, FREE, Floats
from equipoise.errors import DesignError


@dataclass(frozen=True, slots=True)
class Rules:
    """What a user asked for.

    Attributes:
        alpha: total over the sides.
        sides: 1 or 2.
        efficacy: the rule of the upper bounds.
        futility: the rule of lower bounds that stop for lack of effect; at most one of this and `harm`.
        harm: the rule of lower bounds that stop for harm.
        harm_alpha: what harm bounds may spend under no effect.
        binding: the efficacy bounds count on stopping at the lower ones.
        power: in the benefit tail, at the drift to be found; None if there is none.
    """

    alpha: float
    sides: int
    efficacy: Rule
    futility: BySpending | Given | None = None
    harm: BySpending | Given | None = None
    harm_alpha: float = 0.0
    binding: bool = False
    power: float | None = None

    @property
    def follows_drift(self) -> bool:
        """Whether the lower bounds are those of a drift."""
        return isinstance(self.futility, BySpending)

    def schedule(self, information: Floats, *, last: bool = True) -> Schedule:
        """The looks; a one-sided test without harm bounds ends at its critical value, if this is its last look."""
        bounded = self.futility is not None or self.harm is not None
        closed = last and self.sides == 1 and self.harm is None
        return Schedule(information, self.sides, self.binding and bounded, CLOSED if closed else FREE)

    def fixed_drift(self, power: float) -> float:
        """The drift that a test with one look at information 1 needs."""
        return float(-ndtri(self.alpha / self.sides) + ndtri(power))


@dataclass(frozen=True, slots=True)
class Solution:
    """The bounds that rules give.

    Attributes:
        upper: (K,) critical values of z.
        lower: (K,) futility or harm values; minus the upper ones if there are two sides.
        alpha_spent: (K,) cumulative, over both sides if there are two.
        drift: at which the power is as asked; None if no power was asked for.
    """

    upper: Floats
    lower: Floats
    alpha_spent: Floats
    drift: float | None


def plan(rules: Rules, information: Floats, times: Floats) -> Solution:
    """Bounds and drift of a trial that goes as planned.

    Args:
        rules: what is asked for.
        information: (K,) fractions of the planned maximum.
        times: (K,) at which spending functions are read.

    Raises:
        DesignError: if no bounds meet the rules.
    """
    schedule = rules.schedule(information)
    lower = lower_side(rules, times)
    apart = None  # the upper bounds, unless they depend on a drift that is not known yet
    if not (rules.follows_drift and rules.binding):
        apart = _efficacy(rules, schedule, times, lower, 0.0)
    drift = None if rules.power is None else _drift(rules, schedule, apart, lower, times)
    at = drift if rules.follows_drift and drift is not None else 0.0
    null = _efficacy(rules, schedule, times, lower, at) if apart is None else apart
    solved = schedule.with_lower(null.upper, lower, at)
    _check_meeting(null.upper, solved, schedule.looks - (schedule.form == CLOSED))
    return Solution(null.upper, solved.lower, np.cumsum(null.upper_exit) * rules.sides, drift)


def lower_side(rules: Rules, times: Floats) -> Side:
    """What the rules ask of the lower bounds."""
    k = times.size
    rule = rules.futility or rules.harm
    total = rules.harm_alpha if rules.futility is None else 1.0 - (rules.power or 0.0)
    match rule:
        case BySpending(spending):
            return Side.unknown(np.diff(spending.for_looks(k).spent(times, total), prepend=0.0))
        case Given(values=values):
            return Side.known(np.array((*values, *[-np.inf] * k)[:k]))
    return Side.none(k, -1.0)


def _efficacy(rules: Rules, schedule: Schedule, times: Floats, lower: Side, drift: float) -> Solved:
    solved = efficacy_bounds(rules.efficacy, schedule, rules.alpha, times, lower=lower, lower_drift=drift)
    check_efficacy(rules, solved)
    return solved


def check_efficacy(rules: Rules, solved: Solved) -> None:
    """Refuse bounds that do not exist."""
    if bool(np.any(np.isneginf(solved.upper))):
        look = int(np.flatnonzero(np.isneginf(solved.upper))[0]) + 1
        raise DesignError(f"bounds: at look {look} more alpha is to be spent than trials are left; spend less or later")
    if isinstance(rules.efficacy, ByInterim) and np.isposinf(solved.upper[-1]):
        spent = float(solved.upper_exit.sum()) * rules.sides
        raise DesignError(
            f"bounds: {rules.efficacy.words!r} spends {spent:.3g} before the last look, "
            f"more than alpha = {rules.alpha:g}; give a larger interim value"
        )
    if rules.sides == 2 and bool(np.any(solved.upper <= 0.0)):
        raise DesignError(f"bounds: critical values {as_list(solved.upper)} of two sides overlap; give a smaller alpha")


def _check_meeting(upper: Floats, solved: Solved, going_on: int) -> None:
    """Refuse lower bounds that reach the critical values at one of the first looks, after which trials must go on."""
    meets = np.flatnonzero(solved.lower[:going_on] >= upper[:going_on])
    if meets.size or solved.reached < upper.size:
        look = int(meets[0]) + 1 if meets.size else solved.reached
        raise DesignError(
            f"futility or harm: at look {look} it reaches the critical value {upper[look - 1]:.4g}, so that no trial "
            "could go on; give lower values, or a function that spends later"
        )


def _drift(rules: Rules, schedule: Schedule, null: Solved | None, lower: Side, times: Floats) -> float:
    """The drift at which the power is as asked."""
    assert rules.power is not None
    root = float(np.sqrt(schedule.information[-1]))

    def power(drift: float) -> float:
        if null is None:  # one sweep gives upper bounds under no effect and lower ones under the drift
            both = efficacy_bounds(rules.efficacy, schedule, rules.alpha, times, lower=lower, lower_drift=drift)
            return 1.0 - float(both.lower_exit.sum())
        exits = schedule.with_lower(null.upper, lower, drift)
        return 1.0 - float(exits.lower_exit.sum()) if rules.follows_drift else float(exits.upper_exit.sum())

    start = 1.03 * rules.fixed_drift(rules.power) / root
    return probit_root(power, rules.power, start=start, slope=root, low=0.0, high=20.0 * start + 5.0 / root)


@dataclass(frozen=True, slots=True)
class Reached:
    """The looks that really came.

    Attributes:
        information: (k,) fractions of the planned maximum.
        times: (k,) at which spending functions are read.
        used: the critical values that the first of these looks were judged by, as far as they are known.
        last: the last of these looks ends the trial and spends what is left.
    """

    information: Floats
    times: Floats
    used: Floats
    last: bool


def recompute(rules: Rules, planned: Solution, maximum: float, reached: Reached) -> Solution:
    """Bounds at the looks that came, under the planned drift.

    Args:
        rules: what was asked for.
        planned: what was planned.
        maximum: information at the last planned look.
        reached: the looks that came.

    Raises:
        DesignError: if no bounds meet the rules.
    """
    schedule = rules.schedule(reached.information, last=reached.last)
    lower = lower_side(rules, reached.times)
    upper = _upper_at(rules, planned, maximum, reached)
    drift = planned.drift if rules.follows_drift and planned.drift is not None else 0.0
    null = schedule.efficacy(upper, lower, drift)
    check_efficacy(rules, null)
    solved = schedule.with_lower(null.upper, lower, drift)
    if rules.binding:
        _check_meeting(null.upper, solved, schedule.looks - 1)
    # where the bounds met earlier and the trial went on all the same, only a rejection would have kept it going
    ended = np.where(np.isnan(solved.lower), null.upper, solved.lower)
    return Solution(null.upper, ended, np.cumsum(null.upper_exit) * rules.sides, planned.drift)


def _upper_at(rules: Rules, planned: Solution, maximum: float, reached: Reached) -> Side:
    k = reached.information.size
    wanted = np.zeros(k)
    values = np.full(k, np.nan)
    match rules.efficacy:
        case BySpending(spending):
            spent = spending.for_looks(k).spent(reached.times, rules.alpha, rules.sides)
            if reached.last:
                spent[-1] = rules.alpha
            wanted = np.diff(spent, prepend=0.0) / rules.sides
        case ByShape() as rule:
            values = planned.upper[-1] * rule.shape(reached.information / maximum)
        case ByInterim(z=z):
            values = np.full(k, z)
        case Given(values=given):
            if len(given) < k - reached.last and reached.used.size < k - 1:
                raise DesignError(
                    f"bounds: no critical value was planned for look {len(given) + 1}; give those used before the last"
                )
            values = np.array((*given, *[np.nan] * k)[:k])
    if reached.last and not isinstance(rules.efficacy, BySpending):
        values[-1], wanted[-1] = np.nan, rules.alpha / rules.sides
    values[: reached.used.size] = reached.used
    return Side(values, wanted)
