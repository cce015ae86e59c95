"""What every estimate of one analysis shares."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from scipy.special import ndtr

from equipoise.estimates import Estimate
from equipoise.protocol import Protocol
from equipoise.protocol.model.endpoints import Milestone, TimeToEvent
from equipoise.protocol.model.statistics import Analysis


@dataclass(frozen=True, slots=True)
class Frame:
    """The analysis, and what its estimates say of themselves."""

    protocol: Protocol
    analysis: Analysis
    endpoint: str
    origin: str
    source: str
    data_cut: str

    @property
    def competing(self) -> bool:
        """Whether the endpoint, or the one whose milestone it is, has competing events."""
        endpoint = self.protocol.endpoints[self.endpoint]
        if isinstance(endpoint, Milestone):
            endpoint = self.protocol.endpoints[endpoint.of]
        return isinstance(endpoint, TimeToEvent) and bool(endpoint.competing)

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
        defaults: dict[str, Any] = {
            "endpoint": self.endpoint,
            "population": self.analysis.population,
            "origin": self.origin,
            "source": self.source,
            "data_cut": self.data_cut,
            "protocol_version": self.protocol.version,
        }
        return Estimate(measure=measure, **(defaults | settings))

    def nothing(self, measure: str, note: str, **settings: Any) -> Estimate:
        """An estimate that cannot be given, and why."""
        return self.estimate(measure, note=note, **settings)


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
