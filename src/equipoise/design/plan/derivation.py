"""What is derived of a protocol's design: its steps, and what they are worth if the assumptions fail."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

from equipoise.design.fixed.looks import Looks
from equipoise.design.plan import text as derivation_text
from equipoise.design.plan.from_protocol import Sizing
from equipoise.design.plan.timeline import Timeline
from equipoise.trials.published_effects import PublishedEffect


@dataclass(frozen=True, slots=True)
class Step:
    """One number of the derivation.

    Attributes:
        name: `events`, `participants`, ...
        label: what it is.
        formula: how it follows, with the numbers in it.
        value: unrounded.
        rounded: up to whole participants or events; None for what is no count.
        note: what else to know, such as the next number that fits the arms.
        printed: what the protocol states; None if nothing.
        agreement: the roundings of `value` that give what is stated: of `exact`, `up`, `nearest`, `down`.
    """

    name: str
    label: str
    formula: str
    value: float
    rounded: int | None = None
    printed: float | None = None
    agreement: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The planned trial if something else is true.

    Attributes:
        label: what is true.
        control_median: months.
        hazard_ratio: experimental over control.
        events: expected by the planned end, of the planned participants.
        power: of the test with these events, in the benefit tail.
        needed: events that the planned power needs; None where there is no difference.
        due: month by which the planned trial has them; None if never.
    """

    label: str
    control_median: float
    hazard_ratio: float
    events: float
    power: float
    needed: float | None
    due: float | None


@dataclass(frozen=True, slots=True)
class Detectable:
    """The hazard ratio that so many events detect with the planned power; `ratio` is experimental to control."""

    events: float
    ratio: float
    hazard_ratio: float


@dataclass(frozen=True, slots=True)
class AtEffect:
    """What the planned events are worth at an effect from elsewhere.

    Attributes:
        effect: the hazard ratio and where it is from.
        events: planned, or where none are, expected by the planned end.
        power: with the planned events, were the hazard ratio true.
        assurance: power averaged over the effect's interval, read as a normal distribution of the log hazard ratio.
        needed: events for the planned power at the hazard ratio; None if it does not favour the experimental arm.
    """

    effect: PublishedEffect
    events: float
    power: float
    assurance: float
    needed: float | None


@dataclass(frozen=True, slots=True)
class Derivation:
    """How a protocol's numbers follow, and what they are worth if its assumptions fail.

    Attributes:
        trial: id.
        sizing: what the protocol says.
        missing: what it does not say, and what therefore cannot be derived.
        steps: the derivation, in order.
        alternatives: the same question sized in other ways.
        what_if: the planned trial under other truths.
        detectable: hazard ratios by events and split.
        at_effects: power at effects from elsewhere.
        looks: the analyses, where there are several.
        timeline: participants and expected events by month; None without accrual, survival or participants.
    """

    trial: str
    sizing: Sizing
    missing: tuple[str, ...]
    steps: tuple[Step, ...]
    alternatives: tuple[Step, ...]
    what_if: tuple[WhatIf, ...]
    detectable: tuple[Detectable, ...]
    at_effects: tuple[AtEffect, ...]
    looks: Looks | None
    timeline: Timeline | None

    def step(self, name: str) -> Step:
        """The step or alternative of a name.

        Raises:
            KeyError: there is none.
        """
        for step in (*self.steps, *self.alternatives):
            if step.name == name:
                return step
        raise KeyError(name)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; the timeline at every sixth month."""
        return derivation_text.document(self)

    def __str__(self) -> str:
        """The derivation in words and tables."""
        return derivation_text.text(self)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"
