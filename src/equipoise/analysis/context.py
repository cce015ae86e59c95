"""What every estimate of one analysis shares."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from scipy.special import ndtr

from equipoise.estimates import Estimate
from equipoise.estimates.estimate import Role
from equipoise.protocol import Protocol
from equipoise.protocol.model.endpoints import Count, Milestone, TimeToEvent
from equipoise.protocol.model.statistics import Analysis


@dataclass(frozen=True, slots=True)
class Frame:
    """The analysis, and what its estimates say of themselves.

    Attributes:
        protocol: the trial.
        analysis: says what is analysed and how.
        endpoint: its endpoint.
        origin: where time starts.
        source: what the data are.
        data_cut: the data cut-off date.
        role: of every estimate.
        note: what a reader must know of every estimate, such as a bias.
    """

    protocol: Protocol
    analysis: Analysis
    endpoint: str
    origin: str
    source: str
    data_cut: str
    role: Role = "main"
    note: str = ""

    @property
    def competing(self) -> bool:
        """Whether the endpoint, or the one whose milestone it is, has competing events."""
        return competes(self.protocol, self.endpoint)

    def marked(self, note: str, role: Role | None = None) -> Frame:
        """The same analysis, with a note on every estimate, and another role if given."""
        return replace(self, note=joined(self.note, note), role=role or self.role)

    def tested(self, z: float, method: str, *, sides: int | None = None) -> dict[str, Any]:
        """The fields of a p-value, from a z that is negative where the arm is better; none where z is none."""
        if not math.isfinite(z):
            return {}
        sides = sides or self.analysis.sides
        return {"p_value": p_value(z, sides), "p_method": method, "sides": sides}

    def estimate(self, measure: str, **settings: Any) -> Estimate:
        """An estimate of this analysis; NaN and infinite numbers become None."""
        settings = {name: _finite(value) for name, value in settings.items()}
        if settings.get("value") is None and not settings.get("note"):
            settings["note"] = "not reached" if measure in ("median", "median follow-up") else "not estimable"
        own = settings.get("note", "")
        # why there is no value comes first; else what holds of all these estimates does
        settings["note"] = joined(own, self.note) if settings.get("value") is None else joined(self.note, own)
        defaults: dict[str, Any] = {
            "endpoint": self.endpoint,
            "population": self.analysis.population,
            "role": self.role,
            "origin": self.origin,
            "source": self.source,
            "data_cut": self.data_cut,
            "protocol_version": self.protocol.version,
        }
        return Estimate(measure=measure, **(defaults | settings))

    def nothing(self, measure: str, note: str, **settings: Any) -> Estimate:
        """An estimate that cannot be given, and why."""
        return self.estimate(measure, note=note, **settings)


def competes(protocol: Protocol, name: str) -> bool:
    """Whether an endpoint, or the one whose milestone it is, names events that compete with its own or end a count."""
    endpoint = protocol.endpoints[name]
    if isinstance(endpoint, Milestone):
        endpoint = protocol.endpoints[endpoint.of]
    if isinstance(endpoint, Count):
        return bool(endpoint.terminal)
    return isinstance(endpoint, TimeToEvent) and bool(endpoint.competing)


def _finite(value: Any) -> Any:
    if isinstance(value, float) or (hasattr(value, "__float__") and not isinstance(value, int | bool)):
        number = float(value)
        return number if math.isfinite(number) else None
    return value


def joined(*notes: str) -> str:
    """Notes as one text."""
    return "; ".join(note for note in notes if note)


def p_value(z: float, sides: int) -> float:
    """The p-value of a z that is negative where the arm is better; one-sided, it looks towards benefit."""
    return float(ndtr(z)) if sides == 1 else 2 * float(ndtr(-abs(z)))
