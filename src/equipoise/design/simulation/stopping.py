"""When a simulated trial stops, and what for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from equipoise.design._checks import check_alpha
from equipoise.design.formulas import critical_z
from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.design.simulation.numbers import Floats, Ints
from equipoise.errors import DesignError

NOTHING, BENEFIT, FUTILITY, HARM = range(4)
"""What a trial stopped for; a trial that comes to its last look without any of them has shown nothing."""


@dataclass(frozen=True, slots=True)
class Stopping:
    """Bounds on z, which is positive where the experimental arm is better.

    Attributes:
        critical: (k,) benefit is shown at z of at least this; infinite where a look cannot show it.
        futility: (k,) an interim look stops the trial at z of at most this; minus infinity where it cannot.
        harm: (k,) harm is shown at z of at most this; minus infinity where a look cannot show it.
        rule: what the bounds follow, in words; empty if they are numbers.
        plan: the design that the bounds are of, if there is one: a last look with fewer events than planned then
            spends what is left of alpha.
    """

    critical: tuple[float, ...]
    futility: tuple[float, ...]
    harm: tuple[float, ...]
    rule: str = ""
    plan: GroupSequential | None = field(default=None, repr=False)

    def decide(self, z: Floats, events: Floats, reached: Floats, planned: tuple[int, ...]) -> tuple[Ints, Ints]:
        """Where trials stop.

        Args:
            z: (r, k); NaN at a look that was not held, or where the test could not be done: it decides nothing.
            events: (r, k) events at the looks.
            reached: (r, k) 1 where the planned events came, else 0.
            planned: (k,) events; empty if the looks are on dates.

        Returns:
            (r,) the look, from 0, and (r,) what for.
        """
        what = np.full(z.shape, NOTHING, dtype=np.int64)
        # NaN is on neither side of a bound
        what[z <= np.array([*self.futility[:-1], -math.inf])] = FUTILITY
        what[z <= np.array(self.harm)] = HARM
        what[z >= np.array(self.critical)] = BENEFIT
        if self.plan is not None and planned:
            for row in np.flatnonzero(reached[:, -1] == 0.0):
                held = tuple(count for count, is_in in zip(planned, reached[row], strict=True) if is_in)
                value = _last_value(self.plan, held, int(events[row, -1]), planned[-1])
                low = -value if self.plan.sides == 2 else self.harm[-1]
                last = z[row, -1]
                what[row, -1] = BENEFIT if last >= value else HARM if last <= low else NOTHING
        stops: NDArray[np.bool_] = what != NOTHING
        stops[:, -1] = True
        look = np.argmax(stops, axis=1)
        return look, what[np.arange(z.shape[0]), look]


@lru_cache(maxsize=4096)
def _last_value(plan: GroupSequential, held: tuple[int, ...], events: int, planned: int) -> float:
    """The critical value of a last look at fewer events than planned, which spends what the looks held have left.

    If there have been no events since the last look held, it was the last one, and nothing is left to test.
    """
    if events <= max(held, default=0):
        return math.inf
    return float(plan.at([count / planned for count in (*held, events)], last=True).critical_values[-1])


def read_stopping(
    bounds: str | Sequence[float] | GroupSequential | None,
    futility: Sequence[float] | None,
    *,
    looks: int,
    information: Sequence[float] | None,
    alpha: float,
    sides: int,
) -> Stopping:
    """The bounds of a simulation.

    Args:
        bounds: None: only the last look decides; critical values; a word of the protocol; or a whole design.
        futility: values of z at which interim looks stop, one for each of them or for every look.
        looks: how many.
        information: fractions of the last look's information; needed with a word.
        alpha: total over the sides.
        sides: 1 or 2; with 2 the critical values count in both tails.

    Raises:
        DesignError: bounds that do not fit the looks, alpha or sides.
    """
    check_alpha(alpha, sides)
    none = (-math.inf,) * looks
    if isinstance(bounds, str):
        if information is None:
            raise DesignError(f"bounds = {bounds!r} need the information of each look; give information")
        bounds = GroupSequential(information, alpha=alpha, sides=sides, bounds=bounds)
    if isinstance(bounds, GroupSequential):
        if (bounds.alpha, bounds.sides, bounds.information.size) != (alpha, sides, looks):
            raise DesignError(
                f"bounds are of {bounds.information.size} looks, alpha {bounds.alpha} and {bounds.sides} side(s); the "
                f"simulation is of {looks}, {alpha} and {sides}; give both the same"
            )
        if futility is not None:
            raise DesignError("bounds is a whole group-sequential design; give it the futility values")
        return Stopping(
            tuple(bounds.critical_values.tolist()),
            tuple(bounds.futility_values.tolist()),
            tuple(bounds.harm_values.tolist()),
            rule=str(bounds),
            plan=bounds,
        )
    if bounds is None:
        critical = (math.inf,) * (looks - 1) + (critical_z(alpha, sides),)
    else:
        critical = tuple(float(value) for value in bounds)
    if len(critical) != looks or any(math.isnan(value) for value in critical):
        raise DesignError(f"bounds = {list(critical)} for {looks} look(s); give one critical value a look")
    below = none if futility is None else _futility(futility, looks)
    if any(low >= high for low, high in zip(below[:-1], critical, strict=False)):
        raise DesignError("a futility value is not below the critical value of its look; mend futility")
    return Stopping(critical, below, tuple(-value for value in critical) if sides == 2 else none)


def _futility(futility: Sequence[float], looks: int) -> tuple[float, ...]:
    values = tuple(float(value) for value in futility)
    if len(values) not in {looks - 1, looks} or any(math.isnan(value) for value in values):
        raise DesignError(f"futility = {list(values)} for {looks} looks; give one value for each but the last")
    return values if len(values) == looks else (*values, -math.inf)
