"""The pathway: what happens to a participant, in order.

Each step is one key with its settings, as in `- register: {id: registration}`.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, model_validator

from equipoise.protocol.model.base import Element, Label, Name, RuleText, Sourced, Text
from equipoise.protocol.model.quality import Window
from equipoise.protocol.model.variables import Choices


class Register(Sourced):
    """A registration: the criteria `at` this step are judged, and who passes is registered."""

    id: Name
    label: Label = "Registration"


class Treat(Sourced):
    """Treatment, of all or by arm."""

    id: Name | None = None
    label: Label = "Treatment"
    interventions: tuple[Name, ...] = ()
    by_arm: dict[str, tuple[Name, ...]] = Field(default_factory=dict)
    when: RuleText | None = Field(default=None, description="Given only to those for whom this is true.")
    months: float | None = Field(default=None, gt=0, description="How long before the next step.")
    form: Name | None = Field(default=None, description="Form recorded with it.")


class Assess(Sourced):
    """One assessment of response; declares `NAME_response`, `NAME_date` and `NAME_COMPARTMENT`."""

    name: Name
    label: Label = "Assessment of response"
    progression_increase: float | None = Field(default=None, gt=0, lt=1, description="Differs from the trial's.")


class Classify(Sourced):
    """Give a class by a classification table; declares a variable of the table's name."""

    by: Name


class Randomise(Sourced):
    """Random allocation by a list; the criteria `at` this step are judged first."""

    id: Name = "randomisation"
    label: Label = "Randomisation"
    list: Name
    when: RuleText | None = Field(default=None, description="Admitted when this is true.")


class Assign(Sourced):
    """Allocation without chance: the arm that the class leads to; a new class gives a new assignment."""

    id: Name = "assignment"
    label: Label = "Assignment"
    list: Name


class FollowUp(Sourced):
    """Visits after the last step, until death, withdrawal or the end of the trial."""

    label: Label = "Follow-up"
    every_months: float = Field(gt=0)
    then_every_months: float | None = Field(default=None, gt=0)
    change_after_months: float | None = Field(default=None, gt=0)
    months: float | None = Field(default=None, gt=0, description="Length for each participant; open-ended if not said.")
    forms: tuple[Name, ...] = ()
    window: Window | None = Field(
        default=None, description="How far from its planned day a visit may be; without one, until the next is planned."
    )


class Crossover(Sourced):
    """A treatment of another arm that is permitted; recorded as an event, and the arm stays what it was."""

    arms: tuple[str, ...] = Field(min_length=1)
    when: RuleText | None = None
    condition: Text | None = Field(default=None, description="In words, where it cannot be a rule.")
    judged_by: str | None = Field(default=None, description="The role that confirms it; anybody if not said.")
    reasons: Choices | None = Field(default=None, description="Why it was done: what is stored, and its label.")
    intervention: Name
    event: Name

    @model_validator(mode="after")
    def _has_reasons(self) -> Crossover:
        if self.reasons is not None and not self.reasons:
            raise ValueError("reasons needs at least one")
        return self


class RegisterStep(Element):
    """`register:`."""

    register_: Register = Field(alias="register")


class TreatStep(Element):
    """`treat:`."""

    treat: Treat


class AssessStep(Element):
    """`assess:`."""

    assess: Assess


class ClassifyStep(Element):
    """`classify:`."""

    classify: Classify


class RandomiseStep(Element):
    """`randomise:`."""

    randomise: Randomise


class AssignStep(Element):
    """`assign:`."""

    assign: Assign


class FollowUpStep(Element):
    """`follow_up:`."""

    follow_up: FollowUp


class CrossoverStep(Element):
    """`crossover:`."""

    crossover: Crossover


class RepeatStep(Element):
    """`repeat:`."""

    repeat: Repeat


def _key(value: Any) -> str:
    """The one key of a step, which says what kind it is."""
    if isinstance(value, dict):
        return str(next(iter(value), "")) if len(value) == 1 else "a step is one key with its settings"
    return str(next(iter(type(value).model_fields))).rstrip("_") if isinstance(value, Element) else ""


Step = Annotated[
    Annotated[RegisterStep, Tag("register")]
    | Annotated[TreatStep, Tag("treat")]
    | Annotated[AssessStep, Tag("assess")]
    | Annotated[ClassifyStep, Tag("classify")]
    | Annotated[RandomiseStep, Tag("randomise")]
    | Annotated[AssignStep, Tag("assign")]
    | Annotated[FollowUpStep, Tag("follow_up")]
    | Annotated[CrossoverStep, Tag("crossover")]
    | Annotated[RepeatStep, Tag("repeat")],
    Discriminator(_key),
]


class Repeat(Sourced):
    """A loop: its steps again and again."""

    every_months: float = Field(gt=0)
    times: int = Field(ge=1, le=200)
    until: RuleText | None = Field(default=None, description="Ends when this is true.")
    steps: tuple[Step, ...] = Field(min_length=1)


RepeatStep.model_rebuild()

StepSettings = Register | Treat | Assess | Classify | Randomise | Assign | FollowUp | Crossover | Repeat


def settings(step: Any) -> StepSettings:
    """The settings under a step's one key."""
    found: StepSettings = getattr(step, next(iter(type(step).model_fields)))
    return found
