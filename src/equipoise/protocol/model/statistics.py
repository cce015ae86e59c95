"""Design, analyses, and the numbers that the source prints."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from equipoise.protocol.model.base import Label, Name, Sourced

Derivation = Literal[
    "sum",
    "product",
    "quotient",
    "complement",
    "normal-quantile",
    "schoenfeld-events",
    "exponential-survival",
    "mean-event-probability",
    "participants-for-events",
    "participants-over-time",
    "loss-inflation",
    "interval-p",
    "interval-ratio",
    "registry-months",
    "number-of-arms",
    "number-of-locations",
]
"""How a claim follows from its inputs, or from the rest of the file; `equipoise.checker.derivations` computes it."""


class Design(Sourced):
    """What the number of participants rests on. Times in months."""

    primary: Name
    alpha: float | None = Field(default=None, gt=0, lt=1, description="Total, over both sides if there are two.")
    sides: Literal[1, 2] | None = None
    power: float | None = Field(default=None, gt=0, lt=1)
    hazard_ratio: float | None = Field(default=None, gt=0)
    control_median: float | None = Field(default=None, gt=0)
    experimental_median: float | None = Field(default=None, gt=0)
    control_survival: float | None = Field(default=None, gt=0, lt=1, description="At `survival_at` months.")
    survival_at: float | None = Field(default=None, gt=0)
    accrual: float | None = Field(default=None, gt=0)
    follow_up: float | None = Field(default=None, gt=0)
    loss: float | None = Field(default=None, ge=0, lt=1)
    participants: int | None = Field(default=None, gt=0)
    events: int | None = Field(default=None, gt=0)
    interim: tuple[float, ...] = Field(default=(), description="Information fractions of interim analyses.")
    bounds: str | None = Field(default=None, description="Such as `spending:obrien-fleming`.")
    question: Name | None = Field(
        default=None, description="Question on which pooled effects ship; the design is weighed with them."
    )


class Analysis(Sourced):
    """One analysis of one endpoint."""

    endpoint: Name
    label: Label | None = None
    population: Literal["itt", "per-protocol", "registered"] = "itt"
    test: Literal["logrank", "none"] = "logrank"
    model: Literal["cox", "none"] = "cox"
    strata: Literal["allocation", "none"] | tuple[Name, ...] = Field(
        default="allocation", description="Of the test and the model: the list's factors except site, or variables."
    )
    covariates: tuple[Name, ...] = Field(default=(), description="Adjusted for in the model.")
    conf_level: float = Field(default=0.95, gt=0.5, lt=1)
    sides: Literal[1, 2] = 2
    milestones: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        default=(), description="Months at which survival is estimated."
    )
    subgroups: tuple[Name, ...] = ()
    landmark_months: float | None = Field(
        default=None, gt=0, description="Arms as they are at this time, of those who reach it."
    )
    time_dependent: bool = Field(default=False, description="The arm as a time-dependent covariate as well.")


class Claim(Sourced):
    """A number that the source prints, so that it can be derived again."""

    id: Name
    what: Label
    printed: Decimal | str
    unit: str | None = None
    inputs: dict[str, Decimal] = Field(default_factory=dict, description="Numbers it is said to rest on.")
    derivation: Derivation | None = Field(default=None, description="How it follows from them; checked if said.")
