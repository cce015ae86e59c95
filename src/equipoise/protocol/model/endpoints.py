"""Events and endpoints, as data."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from equipoise.protocol.model.base import Element, Label, Name, RuleText, Sourced
from equipoise.protocol.model.quality import Partial

EventRef = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(:[a-z][a-z0-9_]*)?$")]
"""An event, or one cause of it: `death`, `death:breast_cancer`."""


class Event(Sourced):
    """Something that can happen to a participant and is recorded with its date."""

    label: Label
    kind: Literal["death", "progression", "procedure", "therapy", "other"]
    causes: tuple[Name, ...] = Field(default=(), description="A death is recorded with one of these.")
    site: Literal["local", "regional", "distant", "any"] | None = Field(
        default=None, description="Where, for a progression."
    )
    arms: tuple[str, ...] = Field(default=(), description="Recorded in these arms only; in all if empty.")
    form: Name | None = Field(default=None, description="Form recorded with it.")
    partial: Partial | None = Field(
        default=None, description="That its day or month may be unknown, and how it is imputed."
    )


class Sensitivity(Element):
    """The same endpoint under another censoring rule (as FDA 2018, cancer endpoints guidance, lists them)."""

    id: Name
    label: Label
    missed_visits: int | None = Field(
        default=None, ge=1, description="An event after this many missed visits in a row: censored before them."
    )
    new_therapy: tuple[EventRef, ...] = Field(
        default=(), description="Censored at the last assessment before any of these."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Sensitivity:
        if self.missed_visits is None and not self.new_therapy:
            raise ValueError("a sensitivity analysis needs missed_visits or new_therapy")
        return self


class _Endpoint(Sourced):
    label: Label
    role: Literal["primary", "secondary", "exploratory"] = "secondary"


class TimeToEvent(_Endpoint):
    """Time from an origin to the first of its events."""

    kind: Literal["time-to-event"] = "time-to-event"
    param: str = Field(pattern=r"^[A-Z][A-Z0-9]{0,7}$", description="PARAMCD in ADTTE.")
    origin: Name = Field(description="A step (`randomisation`) or a date variable (`diagnosis` for diagnosis_date).")
    events: tuple[EventRef, ...] = Field(default=(), description="In order of precedence on the same day.")
    events_by_arm: dict[str, tuple[EventRef, ...]] = Field(
        default_factory=dict, description="Where the definition differs by arm."
    )
    competing: tuple[EventRef, ...] = ()
    censor: Literal["last_alive", "last_assessment"] = "last_alive"
    horizon_months: float | None = Field(default=None, gt=0, description="The time frame that the source states.")
    sensitivity: tuple[Sensitivity, ...] = ()

    @model_validator(mode="after")
    def _has_events(self) -> TimeToEvent:
        if bool(self.events) == bool(self.events_by_arm):
            raise ValueError("a time-to-event endpoint needs events, or events_by_arm, and not both")
        return self

    def events_of(self, arm: str | None) -> tuple[str, ...]:
        """The events that count in `arm`."""
        if self.events:
            return self.events
        return self.events_by_arm.get(arm or "", ())

    @property
    def all_events(self) -> tuple[str, ...]:
        """Every event that counts in some arm, in order, each once."""
        listed = [*self.events, *(ref for refs in self.events_by_arm.values() for ref in refs)]
        return tuple(dict.fromkeys(listed))


class Milestone(_Endpoint):
    """Survival of a time-to-event endpoint at a time."""

    kind: Literal["milestone"]
    of: Name
    at_months: float = Field(gt=0)


class Count(_Endpoint):
    """How often something happened, death ending the count."""

    kind: Literal["count"]
    param: str = Field(pattern=r"^[A-Z][A-Z0-9]{0,7}$")
    origin: Name
    events: tuple[EventRef, ...] = Field(min_length=1)
    terminal: tuple[EventRef, ...] = ()


class Proportion(_Endpoint):
    """The share of participants for whom a rule is true, among those for whom another is."""

    kind: Literal["proportion"]
    rule: RuleText
    among: RuleText | None = None


class Score(_Endpoint):
    """A score recorded at visits, described by arm and visit."""

    kind: Literal["score"]
    variable: Name
    instrument: Label | None = None
    higher_is: Literal["better", "worse"]
    at_months: tuple[float, ...] = Field(min_length=1)


def _kind(value: Any) -> str:
    kind = value.get("kind", "time-to-event") if isinstance(value, dict) else getattr(value, "kind", "")
    return str(kind)


Endpoint = Annotated[
    Annotated[TimeToEvent, Tag("time-to-event")]
    | Annotated[Milestone, Tag("milestone")]
    | Annotated[Count, Tag("count")]
    | Annotated[Proportion, Tag("proportion")]
    | Annotated[Score, Tag("score")],
    Discriminator(_kind),
]
