"""Group-sequential tests: when to look, and what must be seen to stop.

Sources: Jennison and Turnbull, Group Sequential Methods 2000; Lan and DeMets, Biometrika 1983;70:659-663 (spending);
Pampallona, Tsiatis and Kim, Drug Information Journal 2001;35:1113-1121 (beta spending).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from equipoise.design._checks import check_alpha, check_fraction, check_increasing, check_power, check_ratio, sided
from equipoise.design.sequential.boundaries import (
    USUAL_BOUNDS,
    Bounds,
    BySpending,
    Given,
    read_bounds,
    spending_or_numbers,
)
from equipoise.design.sequential.crossing import Crossing, crossing_probabilities, read_information, read_numbers
from equipoise.design.sequential.crossing_kernels import Floats
from equipoise.design.sequential.probabilities import SequentialProbabilities
from equipoise.design.sequential.rules import Reached, Rules, Solution, plan, recompute
from equipoise.errors import DesignError
from equipoise.estimates.result import Column, Result, show

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False, repr=False, init=False)
class GroupSequential(Result):
    """A group-sequential test and its bounds.

    z is positive where the experimental arm is better. At look k it is normal with mean
    `drift * sqrt(information[k])` and variance 1; `drift` is its mean at information 1, the planned maximum.

    Attributes:
        information: (K,) fractions of the planned maximum.
        spending_time: (K,) where spending functions are read: `information`, or fractions of calendar time.
        alpha: total over the sides.
        sides: 1 or 2; the bounds of two sides mirror each other.
        binding: the critical values count on stopping for futility (or harm).
        planned_power: in the benefit tail; None if none was asked for.
        critical_values: (K,) reject for benefit at z of at least this; inf where a look cannot stop for it.
        futility_values: (K,) stop for futility at z of at most this; -inf where a look cannot. At the last look of a
            one-sided test it is the critical value.
        harm_values: (K,) stop for harm at z of at most this; minus the critical values if there are two sides.
        alpha_spent: (K,) cumulative, over both sides if there are two; futility counts only if it is binding.
        rules: what the bounds were made by.
    """

    information: Floats
    spending_time: Floats
    alpha: float
    sides: int
    binding: bool
    planned_power: float | None
    critical_values: Floats
    futility_values: Floats
    harm_values: Floats
    alpha_spent: Floats
    rules: Rules
    _planned: Solution
    _maximum: float

    def __init__(
        self,
        information: ArrayLike,
        *,
        alpha: float,
        sides: int = 1,
        bounds: Bounds = USUAL_BOUNDS,
        futility: Bounds | None = None,
        binding: bool = False,
        power: float | None = None,
        harm: Bounds | None = None,
        harm_alpha: float | None = None,
        spending_time: ArrayLike | None = None,
    ) -> None:
        """Find the bounds.

        Args:
            information: (K,) increasing fractions of the planned maximum. It may end below 1: a spending function
                then spends what it allows by there.
            alpha: total over the sides.
            sides: 1 or 2.
            bounds: `obrien-fleming`, `pocock`, `wang-tsiatis:0.25`, `haybittle-peto` (interim z of 3; another as
                `haybittle-peto:3.29`), `spending:obrien-fleming`, `spending:pocock`, `spending:hsd:-4`,
                `spending:kim-demets:2`, `spending:cumulative:0.01,0.025`; K critical values; or a function from the
                fraction of the maximum to the share of alpha spent.
            futility: a spending function likewise, which spends 1 - power under the drift and needs `power`; or K - 1
                values of z, -inf where a look is not to stop for futility. One-sided tests only.
            binding: whether the critical values count on stopping for futility or harm.
            power: in the benefit tail; gives the drift, and with it the inflation.
            harm: a spending function likewise, which spends `harm_alpha` under no effect, or K values of z. One-sided
                tests without futility only.
            harm_alpha: what harm bounds spend.
            spending_time: (K,) increasing fractions at which spending functions are read, such as those of calendar
                time; the information by default.

        Raises:
            DesignError: for requests that are impossible or contradict each other.
        """
        looks = read_information(information)
        if looks[-1] > 1.0 + _ROUNDING:
            raise DesignError(f"information: {looks[-1]:g} is more than 1; give fractions of the planned maximum")
        rules = _with_lower(
            Rules(check_alpha(alpha, sides), sides, read_bounds(bounds), binding=binding, power=power),
            looks.size,
            futility,
            harm,
            harm_alpha,
        )
        times = _read_times(spending_time, looks)
        self._fill(rules, looks, times, plan(rules, looks, times))

    def _fill(
        self, rules: Rules, information: Floats, times: Floats, solution: Solution,
        *, planned: Solution | None = None, maximum: float | None = None,
    ) -> None:  # fmt: skip  # parameters that belong together share a line
        mirrored, harmful = rules.sides == 2, rules.harm is not None
        none = np.full(information.size, -math.inf)
        fields = {
            "information": information,
            "spending_time": times,
            "alpha": rules.alpha,
            "sides": rules.sides,
            "binding": rules.binding,
            "planned_power": rules.power,
            "critical_values": solution.upper,
            "futility_values": none if mirrored or harmful else solution.lower,
            "harm_values": solution.lower if mirrored or harmful else none,
            "alpha_spent": solution.alpha_spent,
            "rules": rules,
            "_planned": planned or solution,
            "_maximum": float(information[-1]) if maximum is None else maximum,
        }
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    @property
    def looks(self) -> int:
        """How many."""
        return self.information.size

    @property
    def stage_levels(self) -> Floats:
        """(K,) the p-value at each critical value, two-sided if there are two sides."""
        return np.asarray(self.sides * ndtr(-self.critical_values))

    @property
    def drift(self) -> float:
        """Expected z at information 1 under which the power is as planned.

        Raises:
            DesignError: if no power was asked for.
        """
        if self._planned.drift is None:
            raise DesignError("power: none was given, so there is no drift; give power, or a drift to what you ask")
        return self._planned.drift

    @property
    def inflation(self) -> float:
        """Maximum information over that of a test with one look and the same alpha and power."""
        return self._maximum * self._over_fixed()

    def _over_fixed(self) -> float:
        drift = self.drift
        assert self.planned_power is not None
        return (drift / self.rules.fixed_drift(self.planned_power)) ** 2

    def crossing(self, drift: float | None = None, *, heed_futility: bool = True) -> Crossing:
        """First exits under a drift, the planned one by default.

        Args:
            drift: expected z at information 1.
            heed_futility: whether trials stop at futility and harm values; if not, only the critical values stop.
        """
        lower = np.maximum(self.futility_values, self.harm_values)
        if not heed_futility and self.sides == 1:
            lower[:-1] = -math.inf
        return crossing_probabilities(
            self.information, lower, self.critical_values, self.drift if drift is None else drift
        )

    def probabilities(self, drifts: ArrayLike, *, heed_futility: bool = True) -> SequentialProbabilities:
        """First exits and expected information under several drifts.

        Args:
            drifts: (D,) expected z at information 1.
            heed_futility: as in `crossing`.
        """
        values = np.atleast_1d(read_numbers(drifts, "drifts"))
        return SequentialProbabilities.of([self.crossing(float(x), heed_futility=heed_futility) for x in values])

    def power_by_look(self, drift: float | None = None, *, heed_futility: bool = True) -> Floats:
        """(K,) probability to reject for benefit at this look and not before; sums to `power`."""
        return self.crossing(drift, heed_futility=heed_futility).upper

    def power(self, drift: float | None = None, *, heed_futility: bool = True) -> float:
        """Probability to reject for benefit under a drift, the planned one by default."""
        return float(self.power_by_look(drift, heed_futility=heed_futility).sum())

    def expected_information(
        self, drift: float | None = None, *, relative_to: Literal["maximum", "fixed"] = "maximum"
    ) -> float:
        """Mean information when the trial ends.

        Args:
            drift: expected z at information 1; the planned one by default.
            relative_to: the information of the last look, or that of a test with one look and the same alpha and
                power.
        """
        share = self.crossing(drift).expected_information
        return share / self._maximum if relative_to == "maximum" else share * self._over_fixed()

    def critical_hazard_ratios(self, events: float | Sequence[float] | Floats, *, ratio: float = 1.0) -> Floats:
        """(K,) the hazard ratio, experimental over reference, that is just significant at each look.

        From z = -log(hazard ratio) sqrt(events ratio) / (1 + ratio) (Schoenfeld, Biometrika 1981;68:316-319).

        Args:
            events: at each look, or one number for information 1.
            ratio: treatment to control.
        """
        return self._hazard_ratios(self.critical_values, events, ratio)

    def futility_hazard_ratios(self, events: float | Sequence[float] | Floats, *, ratio: float = 1.0) -> Floats:
        """(K,) the hazard ratio at or above which each look stops for futility; inf where it cannot."""
        return self._hazard_ratios(self.futility_values, events, ratio)

    def _hazard_ratios(self, z: Floats, events: float | Sequence[float] | Floats, ratio: float) -> Floats:
        counts = read_numbers(events, "events")
        if counts.ndim == 0:
            counts = counts * self.information
        check_increasing("events", counts.tolist())
        if counts.size != self.looks:
            raise DesignError(f"events: {counts.size} numbers for {self.looks} looks; give one a look, or the total")
        return np.asarray(np.exp(-z * (1.0 + check_ratio(ratio)) / np.sqrt(ratio * counts)))

    def at(
        self,
        information: ArrayLike,
        *,
        last: bool = True,
        used: ArrayLike = (),
        spending_time: ArrayLike | None = None,
    ) -> GroupSequential:
        """The same test at the looks that really came.

        Spending functions are read where the looks came, and the correlation follows the information. Shapes such as
        `obrien-fleming` keep their planned constant before the last look. Futility stays that of the planned drift.

        Args:
            information: (k,) of all looks up to now, as fractions of the planned maximum; beyond 1 in over-running.
            last: the last of them ends the trial and spends all that is left of alpha; otherwise it spends what
                was planned to be spent by then.
            used: the critical values that the first looks were judged by, where they are not those computed here;
                what they spent more or less than planned is made up for at the next look.
            spending_time: (k,) as when planned; needed if it was given then.

        Raises:
            DesignError: for looks, or values used, that cannot be.
        """
        looks = read_information(information)
        if spending_time is None and not np.array_equal(self.spending_time, self.information):
            raise DesignError("spending_time: the plan spends by another time than information; give it for each look")
        times = _read_times(spending_time, looks)
        values = np.atleast_1d(read_numbers(used, "used"))
        if values.size >= looks.size and values.size > 0:
            raise DesignError(f"used: {values.size} values for {looks.size - 1} earlier looks; leave out the latest")
        solution = recompute(self.rules, self._planned, self._maximum, Reached(looks, times, values, last))
        moved: GroupSequential = object.__new__(GroupSequential)
        moved._fill(self.rules, looks, times, solution, planned=self._planned, maximum=self._maximum)
        return moved

    def _title(self) -> str:
        looks = "1 look" if self.looks == 1 else f"{self.looks} looks"
        level = f"{sided(self.sides)} alpha {show(self.alpha)}"
        return f"Group-sequential test, {looks}, {level}, bounds {self.rules.efficacy.words}"

    def _columns(self) -> Mapping[str, Column]:
        columns: dict[str, Column] = {"look": np.arange(1, self.looks + 1), "information": self.information}
        if not np.array_equal(self.spending_time, self.information):
            columns["spending_time"] = self.spending_time
        columns |= {
            "critical_value": self.critical_values,
            "stage_level": self.stage_levels,
            "alpha_spent": self.alpha_spent,
        }
        if self.rules.futility is not None:
            columns["futility_value"] = self.futility_values
        if self.rules.harm is not None:
            columns["harm_value"] = self.harm_values
        if self._planned.drift is not None:
            exits = self.crossing()
            columns["power"] = np.cumsum(exits.upper)
            if self.rules.futility is not None:
                columns["beta_spent"] = np.cumsum(exits.lower)
        return columns

    def _notes(self) -> list[str]:
        notes = []
        if self.rules.futility is not None or self.rules.harm is not None:
            rule = self.rules.futility or self.rules.harm
            kind = "futility" if self.rules.futility is not None else "harm"
            words = "" if rule is None else rule.words
            notes.append(f"{kind} {words}, {'binding' if self.binding else 'not binding'}")
        if self._planned.drift is not None:
            notes.append(
                f"drift {show(self.drift)}, inflation {show(self.inflation)}; expected information over the maximum "
                f"{show(self.expected_information(0.0))} under no effect, {show(self.expected_information())} under "
                "the drift"
            )
        left = self.alpha - float(self.alpha_spent[-1])
        if abs(left) > 1e-6 * self.alpha:
            notes.append(f"alpha spent is {show(abs(left))} {'less' if left > 0 else 'more'} than alpha")
        return notes


def _read_times(spending_time: ArrayLike | None, looks: Floats) -> Floats:
    if spending_time is None:
        return looks.copy()
    times = read_numbers(spending_time, "spending_time")
    if times.shape != looks.shape:
        raise DesignError(f"spending_time: {times.size} numbers for {looks.size} looks; give one a look")
    check_increasing("spending_time", times.tolist())
    return times


def _with_lower(
    rules: Rules, looks: int, futility: Bounds | None, harm: Bounds | None, harm_alpha: float | None
) -> Rules:
    """The rules with those of the lower bounds, all that contradicts itself refused."""
    if rules.power is not None:
        check_power(rules.power, rules.alpha, rules.sides)
    if (futility is not None or harm is not None) and rules.sides == 2:
        raise DesignError("sides: futility and harm bounds belong to one-sided tests; give sides=1 and half of alpha")
    if futility is not None and harm is not None:
        raise DesignError("futility, harm: both are lower bounds; give one of them")
    if rules.binding and futility is None and harm is None:
        raise DesignError("binding: there is nothing to be bound by; give futility or harm, or leave binding out")
    futile = None if futility is None else _lower_rule(futility, "futility", looks)
    harmful = None if harm is None else _lower_rule(harm, "harm", looks)
    if isinstance(futile, BySpending) and rules.power is None:
        raise DesignError("futility: beta spending needs a power, since it spends 1 - power; give power")
    if (harm_alpha is None) == isinstance(harmful, BySpending):
        raise DesignError("harm_alpha: it is what a spending function for harm spends; give both or neither")
    spends = 0.0 if harm_alpha is None else check_fraction("harm_alpha", harm_alpha)
    return replace(rules, futility=futile, harm=harmful, harm_alpha=spends)


def _lower_rule(bounds: Bounds, name: str, looks: int) -> BySpending | Given:
    rule = spending_or_numbers(bounds, name)
    if isinstance(rule, Given):
        needed = {looks - 1, looks} if name == "futility" else {looks}
        if len(rule.values) not in needed:
            raise DesignError(f"{name}: {len(rule.values)} values for {looks} looks; give {min(needed)}")
    return rule
