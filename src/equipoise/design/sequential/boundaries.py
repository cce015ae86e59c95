"""The rules that efficacy, futility and harm bounds follow, and the bounds that they give.

    spending:...             `equipoise.design.sequential.spending`: each look spends what the function allows
    obrien-fleming           z constant / sqrt(t)            O'Brien and Fleming, Biometrics 1979;35:549-556
    pocock                   z constant                      Pocock, Biometrika 1977;64:191-199
    wang-tsiatis:DELTA       z constant * t^(DELTA - 1/2)    Wang and Tsiatis, Biometrics 1987;43:193-199
    haybittle-peto[:Z]       z = 3 (or Z) before the last look, which takes what is left
                             Haybittle, British Journal of Radiology 1971; Peto et al., British Journal of Cancer 1976
    a list of numbers        the critical values themselves

t is the information at a look over that at the last.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from equipoise.design._roots import find_root
from equipoise.design.sequential.crossing import Solved, read_numbers, solve_bounds
from equipoise.design.sequential.crossing_kernels import FREE, SYMMETRIC, Floats
from equipoise.design.sequential.spending import KNOWN, PREFIX, Spending, number, read_spending
from equipoise.errors import DesignError

Bounds: TypeAlias = str | ArrayLike | Callable[[float], float] | Spending
"""What a user may give for bounds."""
USUAL_BOUNDS = "spending:obrien-fleming"
"""Of looks whose bounds nobody says."""
_CLASSICAL = "obrien-fleming, pocock, wang-tsiatis:0.25, haybittle-peto"
_TOLERANCE = 1e-11
_STEPS = 40


@dataclass(frozen=True, slots=True)
class BySpending:
    """Each look spends what a function allows."""

    spending: Spending

    @property
    def words(self) -> str:
        """As in a protocol file."""
        return self.spending.words


@dataclass(frozen=True, slots=True)
class ByShape:
    """Critical values proportional to t^(delta - 1/2)."""

    words: str
    delta: float

    def shape(self, fractions: Floats) -> Floats:
        """Critical values over the constant."""
        return np.asarray(fractions ** (self.delta - 0.5))


@dataclass(frozen=True, slots=True)
class ByInterim:
    """One critical value before the last look, which takes what is left."""

    words: str
    z: float


@dataclass(frozen=True, slots=True)
class Given:
    """Bounds as numbers."""

    words: str
    values: tuple[float, ...]


Rule: TypeAlias = BySpending | ByShape | ByInterim | Given


def read_bounds(bounds: Bounds) -> Rule:
    """The rule that efficacy bounds follow, from the protocol's words, numbers or a function.

    Raises:
        DesignError: if it is none of these.
    """
    if not isinstance(bounds, str):
        return spending_or_numbers(bounds, "bounds")
    if bounds.startswith(PREFIX):
        return BySpending(read_spending(bounds, "bounds"))
    kind, _, parameter = bounds.partition(":")
    if kind in {"obrien-fleming", "pocock"} and not parameter:
        return ByShape(bounds, 0.0 if kind == "obrien-fleming" else 0.5)
    if kind == "wang-tsiatis":
        return ByShape(bounds, _within(number(parameter, bounds, "bounds"), -0.5, 0.7, bounds))
    if kind == "haybittle-peto":
        return ByInterim(bounds, _within(number(parameter or "3", bounds, "bounds"), 0.0, 20.0, bounds))
    raise DesignError(f"bounds: {bounds!r} is not known; give one such as {_CLASSICAL}, {KNOWN}, or critical values")


def spending_or_numbers(bounds: Bounds, name: str) -> BySpending | Given:
    """The rule that futility or harm bounds follow: a spending function or numbers."""
    if isinstance(bounds, (str, Spending)):
        return BySpending(read_spending(bounds, name))
    if callable(bounds):
        return BySpending(read_spending(bounds, name))
    values = read_numbers(bounds, name)
    if values.ndim != 1 or bool(np.any(np.isnan(values))):
        raise DesignError(f"{name}: give one number a look, -inf or inf where there is no bound")
    return Given("given values", tuple(float(value) for value in values))


def _within(value: float, low: float, high: float, words: str) -> float:
    if not low <= value <= high:
        raise DesignError(f"bounds: {words!r}: give a number from {low:g} to {high:g}")
    return value


@dataclass(frozen=True, slots=True)
class Side:
    """The bounds on one side of a test.

    Attributes:
        values: (K,) of z; NaN where they are to give the exits wanted.
        wanted: (K,) exit probability of each look.
    """

    values: Floats
    wanted: Floats

    @classmethod
    def unknown(cls, wanted: Floats) -> Side:
        """All are to be solved for."""
        return cls(np.full(wanted.size, np.nan), wanted)

    @classmethod
    def known(cls, values: Floats) -> Side:
        """All are given."""
        return cls(values, np.zeros(values.size))

    @classmethod
    def none(cls, looks: int, sign: float) -> Side:
        """No bound at all."""
        return cls.known(np.full(looks, sign * math.inf))


@dataclass(frozen=True, slots=True)
class Schedule:
    """The looks of a test and how its bounds hang together, whatever rule they follow.

    Attributes:
        information: (K,) at the looks.
        sides: 1 or 2; of two, the lower bounds mirror the upper ones.
        binding: the efficacy bounds count on stopping at the lower ones.
        form: FREE, or CLOSED where the futility bound meets the critical value at the last look.
    """

    information: Floats
    sides: int = 1
    binding: bool = False
    form: int = FREE

    @property
    def looks(self) -> int:
        """How many."""
        return self.information.size

    def efficacy(self, upper: Side, lower: Side, lower_drift: float = 0.0) -> Solved:
        """The upper bounds under no effect, and lower ones with them if those are binding."""
        if self.sides == 2:
            return self._solve(upper, lower, (0.0, 0.0), SYMMETRIC)
        if self.binding:
            return self._solve(upper, lower, (lower_drift, 0.0), self.form)
        return self._solve(upper, Side.none(self.looks, -1.0), (0.0, 0.0), FREE)

    def with_lower(self, upper: Floats, lower: Side, drift: float) -> Solved:
        """The lower bounds below upper ones that are known, all exits under one drift."""
        form = SYMMETRIC if self.sides == 2 else self.form
        return self._solve(Side.known(upper), lower, (drift, drift), form)

    def _solve(self, upper: Side, lower: Side, drifts: tuple[float, float], form: int) -> Solved:
        return solve_bounds(
            self.information,
            lower.values,
            upper.values,
            lower_wanted=lower.wanted,
            upper_wanted=upper.wanted,
            drifts=drifts,
            form=form,
        )


def efficacy_bounds(
    rule: Rule, schedule: Schedule, alpha: float, times: Floats, *, lower: Side, lower_drift: float = 0.0
) -> Solved:
    """The upper bounds that a rule gives.

    Args:
        rule: of the efficacy bounds.
        schedule: the looks and sides.
        alpha: total over the sides.
        times: (K,) at which spending functions are read.
        lower: the bounds below; they count only if they are binding.
        lower_drift: under which exits below are counted.

    Raises:
        DesignError: if no bounds spend this alpha.
    """
    side = alpha / schedule.sides
    if isinstance(rule, ByShape):
        shape = rule.shape(schedule.information / schedule.information[-1])

        def spent(constant: float) -> float:
            return float(schedule.efficacy(Side.known(constant * shape), lower, lower_drift).upper_exit.sum())

        start = 1.06 * float(-ndtri(side))
        steepest = 1.0 / min(1.0, float(shape.min()))
        constant = probit_root(spent, side, start=start, slope=-1.0, low=0.25 * start, high=6.0 * start * steepest)
        return schedule.efficacy(Side.known(constant * shape), lower, lower_drift)
    return schedule.efficacy(upper_side(rule, schedule, alpha, times), lower, lower_drift)


def upper_side(rule: BySpending | ByInterim | Given, schedule: Schedule, alpha: float, times: Floats) -> Side:
    """What a rule without a constant asks of the upper bounds."""
    k = schedule.looks
    match rule:
        case BySpending(spending):
            return Side.unknown(np.diff(spending.spent(times, alpha, schedule.sides), prepend=0.0) / schedule.sides)
        case ByInterim(z=z):
            return Side(np.append(np.full(k - 1, z), np.nan), np.append(np.zeros(k - 1), alpha / schedule.sides))
        case Given(values=values):
            if len(values) != k:
                raise DesignError(f"bounds: {len(values)} critical values for {k} looks; give one a look")
            return Side.known(np.array(values))


def probit_root(
    probability: Callable[[float], float], wanted: float, *, start: float, slope: float, low: float, high: float
) -> float:
    """Where a probability takes a wanted value, if its normal quantile is nearly a line with this slope.

    The secant method, which needs few calls on such a line; failing that, a bracketing search from `low` to `high`.

    Raises:
        DesignError: if it takes the value nowhere between `low` and `high`.
    """
    goal = float(ndtri(wanted))

    def error(x: float) -> float:
        return min(max(float(ndtri(probability(x))), -40.0), 40.0) - goal

    x, e = start, error(start)
    step = -e / slope
    for _ in range(_STEPS):
        if not low <= x + step <= high:
            break
        x += step
        if abs(step) < _TOLERANCE:
            return x
        after = error(x)
        if after == 0.0:
            return x
        step, e = -after * step / (after - e) if after != e else math.nan, after
    try:
        return find_root(error, low, high)
    except DesignError:
        raise DesignError(
            f"bounds: none give the probability {wanted:g}; give another alpha, power or way of spending"
        ) from None


def as_list(values: Sequence[float] | Floats) -> str:
    """Numbers in a message."""
    return "[" + ", ".join(f"{value:.4g}" for value in values) + "]"
