"""Data quality, as the protocol states it: windows of visits, queries, deviations, dates of reduced precision."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from equipoise.protocol.model.base import Label, Name, RuleText, Sourced

Severity = Literal["minor", "major"]
PerProtocol = Literal["excluded", "kept"]

LAST_ALIVE, DATA_CUT = "last_alive", "data_cut"
"""Bounds of an imputed date that are no variables."""


class Window(Sourced):
    """How far from its planned day a visit may take place and still counts as on time."""

    before: int = Field(ge=0, le=366, description="Days before the planned day.")
    after: int = Field(ge=0, le=366, description="Days after the planned day; later it is overdue.")


class Partial(Sourced):
    """A date of which the day, or the month too, may be unknown: recorded as 2019-03 or 2019, and imputed."""

    impute: Literal["first", "middle", "last"] = Field(
        description="The day taken for analysis: the first, the 15th (of July, if the month is unknown), or the last."
    )
    not_before: Name | None = Field(
        default=None, description="The imputed day is never before this date variable, or `last_alive`."
    )
    not_after: Name | None = Field(
        default=None, description="The imputed day is never after this date variable, `last_alive` or `data_cut`."
    )
    rules: Literal["unknown", "imputed"] = Field(
        default="unknown",
        description=(
            "What a rule sees whose truth depends on the missing part: it is unknown, or the imputed day decides."
        ),
    )


class QueryRule(Sourced):
    """A check of recorded values: where its condition is true, the site is asked."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9]{0,7}$")]
    form: Name = Field(description="The form whose values are asked about; of one that repeats, each time.")
    when: RuleText = Field(description="What is wrong, as a rule: `surgery_date < diagnosis_date`.")
    message: Label = Field(description="What the site is asked.")
    severity: Severity = "minor"


class DeviationRule(Sourced):
    """How a deviation counts that is found by itself; the sponsor can reclassify each with a reason."""

    severity: Severity
    per_protocol: PerProtocol = Field(description="Whether the participant stays in the per-protocol set.")


class Deviations(Sourced):
    """Which deviations are recorded as soon as they are seen. One that is not named here gives a warning at most."""

    outside_arm: DeviationRule | None = Field(
        default=None, description="An intervention that belongs to another arm than the participant's."
    )
    ineligible: DeviationRule | None = Field(
        default=None, description="A criterion of a step that was passed fails by a later correction."
    )
    other_levels: DeviationRule | None = Field(
        default=None, description="A factor of the allocation has another level by a later correction."
    )
    out_of_window: DeviationRule | None = Field(
        default=None, description="A visit took place outside its window; the follow_up step states one."
    )
    missed_visit: DeviationRule | None = Field(default=None, description="A planned visit was missed.")


class Sweep(Sourced):
    """Asking after everybody's survival at the data cut-off."""

    allowance_days: int = Field(
        ge=0, le=366, description="Who was known alive so many days before the cut-off need not be asked after."
    )
    sources: tuple[Name, ...] = Field(
        default=("registry", "phone", "letter", "clinic"),
        min_length=1,
        description="Where it can be known from that somebody is alive.",
    )
