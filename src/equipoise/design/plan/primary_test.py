"""The primary test of a protocol: what its level, power and looks ask of events and effects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from equipoise.design.formulas import Benefit, detectable_hazard_ratio, events_required, power_for_events
from equipoise.design.plan.from_protocol import Sizing
from equipoise.design.sequential.assurance import assurance
from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.design.sequential.prior import NormalPrior, drift_of_hazard_ratio


@dataclass(frozen=True)
class PrimaryTest:
    """A log-rank test at a level, with one look or several.

    Attributes:
        alpha: total over the sides.
        sides: 1 or 2.
        power: planned, in the benefit tail.
        ratio: experimental to control participants.
        benefit: the side of 1 where a hazard ratio is good.
        information: fractions of the events at the looks; the last is 1.
        bounds: of the looks.
    """

    alpha: float
    sides: int
    power: float
    ratio: float
    benefit: Benefit
    information: tuple[float, ...]
    bounds: str

    @cached_property
    def sequential(self) -> GroupSequential | None:
        """The group-sequential test; None with one look."""
        if len(self.information) == 1:
            return None
        return GroupSequential(
            self.information, alpha=self.alpha, sides=self.sides, bounds=self.bounds, power=self.power
        )

    @property
    def inflation(self) -> float:
        """Events at the last look over those of the test with one look."""
        return 1.0 if self.sequential is None else self.sequential.inflation

    def fixed_events(self, hazard_ratio: float) -> float:
        """Events for the planned power with one look."""
        return events_required(hazard_ratio, alpha=self.alpha, sides=self.sides, power=self.power, ratio=self.ratio)

    def events(self, hazard_ratio: float) -> float:
        """Events at the last look for the planned power."""
        return self.inflation * self.fixed_events(hazard_ratio)

    def power_at(self, events: float, hazard_ratio: float) -> float:
        """Power in the benefit tail with `events` at the last look."""
        if self.sequential is not None:
            return self.sequential.power(
                drift_of_hazard_ratio(hazard_ratio, events, ratio=self.ratio, benefit=self.benefit)
            )
        return power_for_events(
            events, hazard_ratio, alpha=self.alpha, sides=self.sides, ratio=self.ratio, benefit=self.benefit
        )

    def assurance(self, events: float, prior: NormalPrior) -> float:
        """The power averaged over what is believed of the hazard ratio."""
        if self.sequential is not None:
            found = assurance(prior, events=events, ratio=self.ratio, design=self.sequential, benefit=self.benefit)
        else:
            found = assurance(
                prior, events=events, ratio=self.ratio, alpha=self.alpha, sides=self.sides, benefit=self.benefit
            )
        return found.value

    def favours(self, hazard_ratio: float) -> bool:
        """Whether a hazard ratio is on the side of benefit."""
        return hazard_ratio < 1 if self.benefit == "below" else hazard_ratio > 1

    def detectable(self, events: float, ratio: float) -> float:
        """The hazard ratio that has the planned power at another split."""
        return detectable_hazard_ratio(
            events / self.inflation,
            alpha=self.alpha,
            sides=self.sides,
            power=self.power,
            ratio=ratio,
            benefit=self.benefit,
        )


def primary_test(sizing: Sizing) -> PrimaryTest | None:
    """The test that a protocol states; None if it leaves out the level, the sides or the power."""
    if sizing.alpha is None or sizing.sides is None or sizing.power is None:
        return None
    benefit: Benefit = "above" if sizing.hazard_ratio is not None and sizing.hazard_ratio > 1 else "below"
    return PrimaryTest(
        sizing.alpha,
        sizing.sides,
        sizing.power,
        sizing.ratio,
        benefit,
        sizing.information,
        sizing.bounds_at_looks,
    )
