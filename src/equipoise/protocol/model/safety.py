"""Adverse events: how they are graded, which are collected and when, who judges them, until when they are reported."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from equipoise.protocol.model.base import Label, Name, Sourced

Grade = Annotated[int, Field(ge=1, le=5)]
Days = Annotated[int, Field(ge=0, le=366)]
Clock = Literal["sae", "susar"]


class Collected(Sourced):
    """Which adverse events are collected, and from when to when."""

    grades: tuple[Grade, Grade] = Field(default=(1, 5), description="Lowest and highest grade, both included.")
    serious_only: bool = Field(default=False, description="Only serious ones, whatever their grade.")
    start: Name = Field(alias="from", description="The step or the date from which on: their first day counts.")
    until: Name | None = Field(default=None, description="The step or the date up to which; to the end if not said.")
    months: float | None = Field(default=None, gt=0, description="How many months after `from` (or `until`) it ends.")

    @model_validator(mode="after")
    def _grades_rise(self) -> Collected:
        if self.grades[0] > self.grades[1]:
            raise ValueError("the range ends below its start")
        return self


class SeriousReport(Sourced):
    """The report of every serious adverse event, be it expected and unrelated or not."""

    days: Days = Field(description="Within how many days of being aware of it; the day of awareness is day 0.")
    to: Label = Field(default="sponsor", description="Who gets it.")
    role: str = Field(default="investigator", description="Who sends it.")


class SusarReport(Sourced):
    """The report of a suspected unexpected serious adverse reaction; ICH E2A's days unless the protocol says others."""

    urgent_days: Days = Field(default=7, description="Fatal or life-threatening.")
    other_days: Days = Field(default=15, description="Serious otherwise.")
    to: Label = Field(default="authorities and ethics committees", description="Who gets it.")
    role: str = Field(default="sponsor", description="Who sends it.")


class AdverseEvents(Sourced):
    """Adverse events. What has not been judged counts as what must be reported: unexpected, and related."""

    ctcae: str = Field(
        pattern=r"^[0-9]{1,2}(\.[0-9]{1,2})?$", description="Version of the CTCAE that grades them, in quotes."
    )
    collected: tuple[Collected, ...] = Field(
        min_length=1, description="An event outside all of these is recorded too, with a warning."
    )
    terms_of_interest: tuple[Label, ...] = Field(
        default=(), description="Preferred terms that are marked and counted apart, whatever their grade."
    )
    related_to: tuple[Name, ...] = Field(
        default=(), description="The interventions that relatedness is judged for; all of them if not said."
    )
    expected_by: str = Field(default="sponsor", description="The role that judges whether an event is expected.")
    sae: SeriousReport | None = Field(default=None, description="None if serious events need no report of their own.")
    susar: SusarReport | None = None
    deaths_apart: tuple[Name, ...] = Field(
        default=(), description="Causes of death that are no adverse event, such as the disease under study."
    )
