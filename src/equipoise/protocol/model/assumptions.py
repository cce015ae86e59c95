"""What rehearsal and simulation draw from. Times in months, probabilities as fractions of 1."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from equipoise.protocol.model.base import Element, Label, Name, Probability, Sourced
from equipoise.protocol.model.endpoints import EventRef
from equipoise.protocol.model.response import Response

Positive = Annotated[float, Field(gt=0)]


class Accrual(Element):
    """When participants come: uniformly over the window, at `sites` sites."""

    start: date
    end: date
    participants: int = Field(ge=1, le=1_000_000, description="How many pass the first registration.")
    sites: int = Field(default=1, ge=1, le=1000)

    @model_validator(mode="after")
    def _in_order(self) -> Accrual:
        if self.end <= self.start:
            raise ValueError("accrual ends before it starts")
        return self


class Normal(Element):
    """A normal distribution, cut to the variable's range and rounded to its decimals."""

    mean: float
    sd: Positive


class DaysFrom(Element):
    """A date so many days from another (negative: before it), uniform between the two."""

    of: Name = Field(description="A step or a date variable; `screening` is the day of screening.")
    between: tuple[int, int]


class Distribution(Element):
    """How a variable is drawn: exactly one of these."""

    constant: bool | int | str | None = None
    probability: Probability | None = Field(default=None, description="Of true, for a boolean.")
    choice: dict[str, Probability] | None = None
    normal: Normal | None = None
    uniform: tuple[float, float] | None = None
    choice_count: tuple[Probability, ...] | None = Field(
        default=None, description="Of 1, 2, 3, ... for a count that starts at 1."
    )
    poisson: Annotated[float, Field(gt=0, le=1000)] | None = None
    days: DaysFrom | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Distribution:
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("a distribution is exactly one of " + ", ".join(type(self).model_fields))
        if self.choice is not None and abs(sum(self.choice.values()) - 1) > 1e-9:
            raise ValueError(f"the probabilities of a choice sum to {sum(self.choice.values()):g}, not to 1")
        if self.choice_count is not None and abs(sum(self.choice_count) - 1) > 1e-9:
            raise ValueError(f"the probabilities of choice_count sum to {sum(self.choice_count):g}, not to 1")
        if self.uniform is not None and self.uniform[0] > self.uniform[1]:
            raise ValueError("uniform ends below its start")
        return self


class ResponseOutcome(Element):
    """A joint outcome over the compartments, and how likely it is."""

    response: dict[Name, Response]
    probability: Probability


class Conversion(Element):
    """At each assessment of a loop, a compartment not yet in complete response gets there with this probability."""

    probability: dict[Name, Probability] = Field(description="By compartment.")
    together: bool = Field(default=False, description="One draw for all compartments, with the first's probability.")
    lost_after_progression: bool = Field(default=True, description="A progression ends the response it concerns.")


class Weibull(Element):
    """Hazard `shape / scale (t / scale)^(shape - 1)`, t and scale in months."""

    shape: Positive
    scale: Positive


class PiecewiseConstant(Element):
    """`rates[i]` per month from `cuts[i - 1]` to `cuts[i]` months."""

    cuts: tuple[Positive, ...] = ()
    rates: tuple[Annotated[float, Field(ge=0)], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_more_rate(self) -> PiecewiseConstant:
        if len(self.rates) != len(self.cuts) + 1:
            raise ValueError("there is one more rate than there are cuts")
        if any(b <= a for a, b in zip(self.cuts, self.cuts[1:], strict=False)):
            raise ValueError("cuts must increase")
        return self


class Transition(Element):
    """One cause-specific hazard of the disease model."""

    weibull: Weibull | None = None
    piecewise: PiecewiseConstant | None = None
    hazard_ratio: dict[str, Positive] = Field(default_factory=dict, description="By arm; 1 for arms not named.")
    after: dict[Literal["local_progression", "distant_progression"], Positive] = Field(
        default_factory=dict, description="The hazard is multiplied by this once that has happened."
    )
    covariates: dict[Name, dict[str, Positive]] = Field(
        default_factory=dict, description="Hazard ratio by variable and value; 1 for values not named."
    )

    @model_validator(mode="after")
    def _one_hazard(self) -> Transition:
        if (self.weibull is None) == (self.piecewise is None):
            raise ValueError("a transition needs weibull or piecewise, and not both")
        return self


class Disease(Sourced):
    """Multi-state model: local and distant progression, death of the cancer or of something else, loss to follow-up."""

    origin: Name = Field(description="The step at which the clock starts: `randomisation`, `registration`.")
    local_progression: Transition | None = None
    distant_progression: Transition | None = None
    cancer_death: Transition
    other_death: Transition | None = None
    dropout: Transition | None = None


class Consequence(Element):
    """An event that follows another event or an intervention."""

    event: EventRef
    after: Name = Field(description="An event or an intervention.")
    probability: Probability | dict[str, Probability] = Field(description="One for all, or by arm.")
    days: tuple[int, int] = Field(default=(0, 0), description="Delay, uniform between the two.")


class VisitValue(Element):
    """A variable recorded at visits; an arm can have its own distribution, or a shift added to a normal one."""

    distribution: Distribution
    by_arm: dict[str, Distribution] = Field(default_factory=dict, description="In place of `distribution`.")
    shift: dict[str, float] = Field(default_factory=dict)


class Leaving(Element):
    """Leaving before a step, for a reason other than its criteria."""

    before: Name
    probability: Probability
    withdrawal: str = Field(description="Id of the withdrawal rule.")


class Target(Sourced):
    """A published number that the assumptions were calibrated to meet, or one that is only shown beside them."""

    what: Label
    value: float
    met_by: Literal["calibration", "shown only"] = "calibration"


class Assumptions(Sourced):
    """Everything that a rehearsal draws from."""

    accrual: Accrual
    cut_off_months: float = Field(ge=0, le=600, description="From the last registration to the data cut-off.")
    variables: dict[Name, Distribution] = Field(default_factory=dict)
    judgements: Probability = Field(default=0.98, description="That a judgement lets a participant pass.")
    consent: Probability = 1.0
    responses: dict[Name, tuple[ResponseOutcome, ...]] = Field(
        default_factory=dict, description="By name of the assessment."
    )
    conversion: Conversion | None = None
    leaving: tuple[Leaving, ...] = ()
    disease: Disease
    consequences: tuple[Consequence, ...] = ()
    at_visits: dict[Name, VisitValue] = Field(default_factory=dict)
    missed_visits: Probability = Field(default=0.0, description="That a visit is missed.")
    visit_days: tuple[int, int] = Field(
        default=(0, 0), description="Days from the planned day of a visit to its own, uniform between the two."
    )
    targets: tuple[Target, ...] = ()

    @model_validator(mode="after")
    def _responses_sum_to_one(self) -> Assumptions:
        for name, outcomes in self.responses.items():
            total = sum(outcome.probability for outcome in outcomes)
            if abs(total - 1) > 1e-6:
                raise ValueError(f"the probabilities of the responses of {name} sum to {total:g}, not to 1")
        return self
