"""Responses of a synthetic participant: drawn once, or converting turn by turn in a loop."""

from __future__ import annotations

from collections.abc import Collection

from equipoise.protocol.model.assumptions import Assumptions
from equipoise.rehearsal.draws import Draws

REMAINS = "SD"
"""Response of a compartment that neither responds completely nor progresses."""


class Responses:
    """One participant's responses by compartment.

    Args:
        assumptions: of the protocol.
        draws: the participant's chance.
        compartments: in the protocol's order.
    """

    def __init__(self, assumptions: Assumptions, draws: Draws, compartments: tuple[str, ...]) -> None:
        self.assumptions = assumptions
        self.draws = draws
        self.compartments = compartments
        self.complete: set[str] = set()
        self.turn = 0

    def at(self, name: str, progressed: Collection[str]) -> dict[str, str]:
        """Responses at an assessment of the pathway: as drawn, complete once converted, `progressed` as found."""
        outcomes = self.assumptions.responses.get(name)
        self._convert(name)
        drawn = self._now()
        if outcomes:
            labels = {str(i): outcome.probability for i, outcome in enumerate(outcomes)}
            first = outcomes[int(self.draws.pick(f"response {name}", labels))].response
            drawn = {part: "CR" if part in self.complete else first[part] for part in self.compartments}
        return {part: "PD" if part in progressed else drawn[part] for part in self.compartments}

    def at_visit(self, progressed: Collection[str]) -> dict[str, str]:
        """Responses at a follow-up visit: as they are, but for what has progressed."""
        return {part: "PD" if part in progressed else response for part, response in self._now().items()}

    def _now(self) -> dict[str, str]:
        return {part: "CR" if part in self.complete else REMAINS for part in self.compartments}

    def _convert(self, name: str) -> None:
        conversion = self.assumptions.conversion
        if conversion is None:
            return
        for part, probability in conversion.probability.items():
            key = f"conversion {name} {self.turn}" + ("" if conversion.together else f" {part}")
            if part not in self.complete and self.draws.happens(key, probability):
                self.complete.add(part)

    def progressed(self, part: str) -> None:
        """A compartment has progressed; whether that ends a complete response is the assumptions' to say."""
        conversion = self.assumptions.conversion
        if conversion is None or conversion.lost_after_progression:
            self.complete.discard(part)
