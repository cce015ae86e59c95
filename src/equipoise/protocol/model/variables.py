"""Variables: what is recorded of a participant, and the forms it is recorded on."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from equipoise.protocol.model.base import Label, Name, RuleText, Sourced
from equipoise.protocol.model.quality import Partial

VariableType = Literal["integer", "decimal", "boolean", "choice", "date", "text"]


def _labelled(values: object) -> object:
    """Accept `values: [positive, negative]` for values that are their own labels."""
    if isinstance(values, dict):
        return values
    if not isinstance(values, list):
        raise ValueError("the values of a choice are a list, or texts with their labels; write [one, other]")
    if not all(isinstance(value, str) for value in values):
        raise ValueError("a value of a choice is a text; put it in quotes")
    if len(set(values)) < len(values):
        raise ValueError("a choice stands twice in values; keep one of them")
    return {value: value for value in values}


Choice = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Choices = Annotated[
    dict[Choice, Label], BeforeValidator(_labelled, json_schema_input_type=dict[Choice, Label] | list[Choice])
]


class Variable(Sourced):
    """One variable of the data dictionary."""

    label: Label
    type: VariableType
    unit: str | None = None
    range: tuple[Decimal, Decimal] | None = Field(
        default=None, description="Lowest and highest value that can be recorded."
    )
    decimals: int | None = Field(
        default=None, ge=0, le=9, description="Digits after the point that are recorded (decimal); 3 if not said."
    )
    values: Choices | None = Field(default=None, description="The choices: what is stored, and its label.")
    coding: str | None = Field(default=None, description="Code in a terminology, such as `NCIt C25150`.")
    adam: str | None = Field(default=None, pattern=r"^[A-Z][A-Z0-9]{0,7}$", description="Name in ADaM data sets.")
    identifying: bool = Field(default=False, description="Identifies a person: never enters the ledger.")
    partial: Partial | None = Field(
        default=None, description="That the day or month of a date may be unknown, and how it is imputed."
    )
    derived: RuleText | None = Field(default=None, description="An expression that computes it from others.")

    @model_validator(mode="after")
    def _type_fits(self) -> Variable:
        if (self.type == "choice") != (self.values is not None):
            raise ValueError("values belong to type choice, and a choice needs them")
        if self.values is not None and not self.values:
            raise ValueError("a choice needs at least one value")
        if self.range is not None:
            if self.type not in ("integer", "decimal"):
                raise ValueError(f"a range belongs to type integer or decimal, not {self.type}")
            if not self.range[0] <= self.range[1]:
                raise ValueError("the range ends below its start")
            if max(abs(limit) for limit in self.range) >= Decimal(10) ** 12:
                raise ValueError("a range reaches to less than 1,000,000,000,000")
        if self.partial is not None and (self.type != "date" or self.derived is not None):
            raise ValueError("partial belongs to a date that is recorded")
        if self.decimals is not None and self.type != "decimal":
            raise ValueError("decimals belong to type decimal")
        return self

    @property
    def scale(self) -> int:
        """Digits after the decimal point."""
        if self.type != "decimal":
            return 0
        return 3 if self.decimals is None else self.decimals


class Form(Sourced):
    """A form: variables that are recorded together."""

    label: Label
    variables: tuple[Name, ...] = ()
    questionnaire: Literal["qlq-c30", "qlq-br23"] | None = Field(
        default=None,
        description="The form is this questionnaire: its items are recorded by number and its scores derived, as "
        "`qlq_c30_1` and `qlq_c30_ql2`.",
    )
    role: str = Field(default="investigator", description="Who fills it in.")
    at: Name = Field(default="screening", description="Recorded at screening, or just before this step is judged.")
    repeats: bool = Field(default=False, description="Filled in again at every visit.")

    @model_validator(mode="after")
    def _asks_for_something(self) -> Form:
        if not self.variables and self.questionnaire is None:
            raise ValueError("a form needs variables, or a questionnaire")
        return self
