"""What a protocol says of its design, in the terms of this package."""

from __future__ import annotations

from dataclasses import dataclass

from equipoise.design.accrual import Accrual
from equipoise.design.expected import Arm
from equipoise.design.sequential.boundaries import USUAL_BOUNDS
from equipoise.design.survival_function import Survival
from equipoise.errors import DesignError
from equipoise.protocol import Protocol
from equipoise.protocol.model.endpoints import Milestone, TimeToEvent
from equipoise.protocol.model.statistics import Design


@dataclass(frozen=True, slots=True)
class Sizing:
    """The numbers of a protocol's design; None where the protocol does not say. Months.

    Attributes:
        endpoint: label of the primary endpoint.
        unit: what its events are called.
        milestone: months after which the primary endpoint is judged; None if it is a time to event.
        control_arm: id.
        experimental_arm: id of the arm compared with it; None if there is not exactly one.
        ratio: experimental to control participants.
        alpha: total over the sides.
        sides: 1 or 2.
        power: in the benefit tail.
        hazard_ratio: to be detected, experimental over control.
        control: survival in the control arm.
        accrual: how long participants come in.
        follow_up: from the last one to the analysis.
        loss: fraction of participants who are lost.
        participants: planned.
        events: planned.
        information: fractions at the looks, the last included.
        bounds: of the looks.
    """

    endpoint: str
    unit: str
    milestone: float | None
    control_arm: str
    experimental_arm: str | None
    ratio: float
    alpha: float | None
    sides: int | None
    power: float | None
    hazard_ratio: float | None
    control: Survival | None
    accrual: float | None
    follow_up: float | None
    loss: float
    participants: int | None
    events: int | None
    information: tuple[float, ...]
    bounds: str | None

    @property
    def end(self) -> float | None:
        """Months from the first participant to the planned analysis."""
        return None if self.accrual is None or self.follow_up is None else self.accrual + self.follow_up

    @property
    def bounds_at_looks(self) -> str:
        """As the protocol says, or the usual ones."""
        return self.bounds or USUAL_BOUNDS

    @property
    def staying(self) -> float | None:
        """Planned participants who are not lost."""
        return None if self.participants is None else self.participants * (1 - self.loss)

    def arms(self, control: Survival, hazard_ratio: float) -> tuple[Arm, Arm]:
        """Control and experimental arm with their shares."""
        share = self.ratio / (1 + self.ratio)
        return Arm(control, 1 - share), Arm(control.scaled(hazard_ratio), share)

    def enrolment(self, participants: float) -> Accrual | None:
        """`participants` evenly over the planned accrual."""
        return None if self.accrual is None else Accrual.uniform(participants, self.accrual)


def sizing_of(protocol: Protocol) -> Sizing:
    """The design of a protocol.

    Raises:
        DesignError: the protocol has none.
    """
    design = protocol.design
    if design is None:
        raise DesignError(f"{protocol.file or protocol.id} has no design; add one, assumed if the source has none")
    others = [name for name in protocol.arms if name != protocol.reference_arm]
    experimental = others[0] if len(others) == 1 else None
    endpoint = protocol.endpoints[design.primary]
    milestone = endpoint.at_months if isinstance(endpoint, Milestone) else None
    return Sizing(
        endpoint=endpoint.label,
        unit=_unit(protocol, endpoint.of if isinstance(endpoint, Milestone) else design.primary),
        milestone=milestone,
        control_arm=protocol.reference_arm,
        experimental_arm=experimental,
        ratio=_ratio(protocol, experimental),
        alpha=design.alpha,
        sides=design.sides,
        power=design.power,
        hazard_ratio=hazard_ratio_of(design),
        control=control_of(design),
        accrual=design.accrual,
        follow_up=design.follow_up,
        loss=design.loss or 0.0,
        participants=design.participants,
        events=design.events,
        information=(*design.interim, 1.0),
        bounds=design.bounds,
    )


def hazard_ratio_of(design: Design) -> float | None:
    """The hazard ratio to be detected: as stated, or the ratio of the medians."""
    if design.hazard_ratio is not None:
        return design.hazard_ratio
    if design.control_median is not None and design.experimental_median is not None:
        return design.control_median / design.experimental_median
    return None


def control_of(design: Design) -> Survival | None:
    """Exponential survival in the control arm, from its median or from its survival at one time."""
    if design.control_median is not None:
        return Survival.from_median(design.control_median)
    if design.control_survival is not None and design.survival_at is not None:
        return Survival.from_survival(design.control_survival, design.survival_at)
    return None


def reported_value(protocol: Protocol, measure: str, arm: str | None) -> float | None:
    """What is reported of the primary endpoint: a measure of one arm, or of all; None if nothing is."""
    design = protocol.design
    wanted = None if design is None else (design.primary, measure, arm)
    for item in protocol.reported:
        if (item.endpoint, item.measure, item.arm) == wanted and not item.subgroup:
            return item.value
    return None


def _unit(protocol: Protocol, endpoint: str) -> str:
    """`deaths` where the endpoint counts nothing else."""
    counted = protocol.endpoints.get(endpoint)
    events = counted.events if isinstance(counted, TimeToEvent) else ()
    kinds = {protocol.events[event.split(":")[0]].kind for event in events}
    return "deaths" if kinds == {"death"} else "events"


def _ratio(protocol: Protocol, experimental: str | None) -> float:
    """Experimental to control, of the list that allocates both; 1 where nothing says."""
    for listed in protocol.allocation.values():
        ratio = getattr(listed, "ratio", None)
        if experimental is not None and ratio and {experimental, protocol.reference_arm} <= set(ratio):
            return float(ratio[experimental]) / float(ratio[protocol.reference_arm])
    return 1.0
