"""When a design's analyses are due, and at what observed hazard ratio each stops.

The boundaries come from `equipoise.design.sequential.group_sequential`; a fixed design is one look at information 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from equipoise.design.accrual import Accrual
from equipoise.design.expected import Arm, calendar_time
from equipoise.design.formulas import Benefit, critical_z, hazard_ratio_of_z
from equipoise.design.sequential.boundaries import USUAL_BOUNDS, Bounds
from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.errors import DesignError
from equipoise.estimates.result import Column, Result

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Looks(Result):
    """The analyses of a trial.

    Attributes:
        information: (k,) fractions of the final events; the last is 1.
        events: (k,) of both arms, unrounded.
        time: (k,) months from the first participant, expected under the alternative.
        enrolled: (k,) participants by then.
        z: (k,) critical values, positive towards benefit.
        hazard_ratio: (k,) observed hazard ratio that is just significant.
        futility_z: (k,) stop for futility below it; minus infinity where there is none. The table leaves it out
            where no interim look has one.
    """

    _shown: ClassVar[tuple[str, ...]] = ("information", "events", "time", "enrolled", "z", "hazard_ratio")

    information: Floats
    events: Floats
    time: Floats
    enrolled: Floats
    z: Floats
    hazard_ratio: Floats
    futility_z: Floats

    def _title(self) -> str:
        return "Analyses"

    def _columns(self) -> Mapping[str, Column]:
        futile = {"futility_z": self.futility_z} if np.isfinite(self.futility_z[:-1]).any() else {}
        return {name: getattr(self, name) for name in self._shown} | futile


def read_bounds(
    bounds: Bounds | GroupSequential | None,
    information: Sequence[float] | None,
    *,
    alpha: float,
    sides: int,
    power: float | None,
    futility: Bounds | None,
    binding: bool,
) -> GroupSequential | None:
    """The group-sequential part of a design; None for a fixed one.

    Raises:
        DesignError: bounds without information or the reverse, or bounds of another alpha or power.
    """
    if isinstance(bounds, GroupSequential):
        if information is not None or futility is not None:
            raise DesignError("bounds is a whole group-sequential design; leave information and futility out")
        if power is not None and bounds.planned_power != power:
            has = "no power" if bounds.planned_power is None else f"a power of {bounds.planned_power}"
            raise DesignError(
                f"bounds have {has}, the design has {power}; give both the same, since the inflation rests on it"
            )
        if (bounds.alpha, bounds.sides) != (alpha, sides):
            raise DesignError(
                f"bounds are of alpha {bounds.alpha} over {bounds.sides} side(s), the design of {alpha} over {sides}; "
                "give both the same"
            )
        return bounds
    if information is None:
        if bounds is not None or futility is not None:
            raise DesignError("information is missing; give the fraction of events at each look, the last being 1")
        return None
    return GroupSequential(
        information,
        alpha=alpha,
        sides=sides,
        bounds=USUAL_BOUNDS if bounds is None else bounds,
        futility=futility,
        binding=binding,
        power=power,
    )


def looks_at(
    events: float,
    *,
    arms: Sequence[Arm],
    accrual: Accrual,
    end: float | None,
    sequential: GroupSequential | None,
    alpha: float,
    sides: int,
    ratio: float,
    null: float,
    benefit: Benefit,
) -> Looks:
    """The looks of a design with `events` at the last one, which is at `end` if that is known."""
    fractions = np.ones(1) if sequential is None else np.asarray(sequential.information, dtype=np.float64)
    fractions = fractions / fractions[-1]
    z = np.array([critical_z(alpha, sides)]) if sequential is None else np.asarray(sequential.critical_values)
    futility = np.full(fractions.size, -np.inf) if sequential is None else np.asarray(sequential.futility_values)
    counts = events * fractions
    times = [calendar_time(count, arms=arms, accrual=accrual) for count in counts[:-1]]
    times.append(calendar_time(events, arms=arms, accrual=accrual) if end is None else end)
    month = np.array(times)
    sign = 1 if benefit == "below" else -1
    return Looks(
        information=fractions,
        events=counts,
        time=month,
        enrolled=np.asarray(accrual.enrolled(month)),
        z=z,
        hazard_ratio=np.array(
            [hazard_ratio_of_z(sign * q, d, ratio=ratio, null=null) for q, d in zip(z, counts, strict=True)]
        ),
        futility_z=futility,
    )
