"""One assessment judged by several readers, and which judgement counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from equipoise.assessment.best_response import Recorded, TimePoint
from equipoise.errors import DataError, DesignError

Assessor = Literal["local", "central", "adjudicator"]
Counts = Literal["local", "central", "central, else local", "agreed, else adjudicator"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one assessor made of one assessment.

    Attributes:
        on: day of the assessment.
        assessor: "local" (the investigator), "central" (blinded review) or "adjudicator".
        response: the response.
    """

    on: date
    assessor: Assessor
    response: Recorded


Of = Mapping[Assessor, Reading]


def _agreed(of: Of) -> Reading | None:
    local, central = of.get("local"), of.get("central")
    if local is not None and central is not None and local.response == central.response:
        return central
    return of.get("adjudicator")


RULES: dict[str, Callable[[Of], Reading | None]] = {
    "local": lambda of: of.get("local"),
    "central": lambda of: of.get("central"),
    "central, else local": lambda of: of.get("central") or of.get("local"),
    "agreed, else adjudicator": _agreed,
}
"""What a protocol may choose; each takes the readings of one assessment by assessor."""


def that_counts(readings: Iterable[Reading], rule: Counts | Callable[[Of], Reading | None]) -> tuple[TimePoint, ...]:
    """The response that counts at each assessment.

    Args:
        readings: of one participant, in any order.
        rule: the name of a rule in `RULES`, or a function from the readings of one day to the one that counts.

    Returns:
        By day. A day at which no reading counts is "NE", so that no assessment disappears.

    Raises:
        DataError: two readings of one assessor on a day.
        DesignError: an unknown rule.
    """
    if isinstance(rule, str) and rule not in RULES:
        raise DesignError(f"{rule!r} says not which reading counts; give {'; '.join(RULES)}")
    choose = RULES[rule] if isinstance(rule, str) else rule
    chosen = ((on, choose(of)) for on, of in sorted(_by_day(readings).items()))
    return tuple(TimePoint(on, "NE" if reading is None else reading.response) for on, reading in chosen)


def disagreements(readings: Iterable[Reading]) -> tuple[date, ...]:
    """The days on which the local and the central response differ."""
    by_day = sorted(_by_day(readings).items())
    return tuple(
        on for on, of in by_day if "local" in of and "central" in of and of["local"].response != of["central"].response
    )


def _by_day(readings: Iterable[Reading]) -> dict[date, dict[Assessor, Reading]]:
    by_day: dict[date, dict[Assessor, Reading]] = {}
    for reading in readings:
        of = by_day.setdefault(reading.on, {})
        if reading.assessor in of:
            raise DataError(f"two {reading.assessor} readings on {reading.on}; leave out the one that was corrected")
        of[reading.assessor] = reading
    return by_day
