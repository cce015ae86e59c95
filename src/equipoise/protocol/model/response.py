"""Response of a tumour per compartment, and classes made of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from equipoise.protocol.model.base import Element, Label, Name, Probability, RuleText, Sourced, Text

RESPONSES = ("CR", "PR", "SD", "non-CR/non-PD", "PD", "NE")
"""RECIST 1.1: complete, partial response, stable disease, neither complete nor progression (non-target disease only),
progression, not evaluable."""

Response = Literal["CR", "PR", "SD", "non-CR/non-PD", "PD", "NE"]


class ResponseCriteria(Sourced):
    """How response is judged."""

    criteria: Literal["recist-1.1", "investigator"] = "recist-1.1"
    compartments: tuple[Name, ...] = Field(
        min_length=1, max_length=20, description="Parts judged apart: primary, metastatic."
    )
    progression_increase: Probability = Field(
        default=0.2, description="Growth of the sum of diameters over its nadir that is progression."
    )
    minimum_stable_weeks: int | None = Field(default=None, ge=0)
    confirmation: bool = False


class ClassRow(Element):
    """A class, the condition for it, and what it leads to."""

    value: str = Field(min_length=1, max_length=20)
    label: Label
    when: RuleText
    proposes: Text = Field(description="What is done next.")
    arm: str | None = Field(default=None, description="The arm it leads to, in a trial that allocates by class.")
    window_months: float | None = Field(default=None, gt=0, description="How long the proposal stands.")


class Classification(Sourced):
    """A table that gives each participant a class; the first row whose condition holds."""

    label: Label
    rows: tuple[ClassRow, ...] = Field(min_length=2)
