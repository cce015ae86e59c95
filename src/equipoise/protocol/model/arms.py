"""Arms, interventions, and guidance on treatment."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from equipoise.protocol.model.base import Element, Label, Name, RuleText, Sourced, Text


class Intervention(Sourced):
    """Something that is done to or given to a participant."""

    label: Label
    kind: Literal["drug", "procedure", "radiation", "combination", "behavioural", "other"]


class Arm(Sourced):
    """One arm: what those allocated to it are to receive."""

    label: Label
    interventions: tuple[Name, ...] = ()
    reference: bool = Field(default=False, description="The arm that others are compared with.")


class GuidanceRow(Element):
    """When the condition holds, this is advised."""

    when: RuleText
    advise: Text
    departs: RuleText | None = Field(
        default=None, description="True where what is recorded departs from the advice; it then asks for the reason."
    )


class Guidance(Sourced):
    """Advice on treatment as a decision table: every row whose condition holds applies. It never refuses."""

    id: Name
    label: Label
    rows: tuple[GuidanceRow, ...] = Field(min_length=1)
    departure: Literal["none", "minor", "major"] = Field(
        default="none", description="The deviation that a departure from this advice counts as."
    )
