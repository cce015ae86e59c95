"""The protocol: the whole trial in one value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from types import MappingProxyType

from pydantic import Field, PrivateAttr

from equipoise.estimates import Estimate
from equipoise.protocol.model.allocation import AllocationList
from equipoise.protocol.model.arms import Arm, Guidance, Intervention
from equipoise.protocol.model.assumptions import Assumptions
from equipoise.protocol.model.base import ArmName, Element, Label, Name, Text
from equipoise.protocol.model.criteria import CohortRule, Criterion, WithdrawalRule
from equipoise.protocol.model.endpoints import Endpoint, Event, TimeToEvent
from equipoise.protocol.model.pathway import (
    Assess,
    Assign,
    Randomise,
    Register,
    Repeat,
    Step,
    StepSettings,
    settings,
)
from equipoise.protocol.model.quality import Deviations, QueryRule, Sweep
from equipoise.protocol.model.questionnaire import item_variables, score_variables
from equipoise.protocol.model.registry import Registry, Version
from equipoise.protocol.model.response import RESPONSES, Classification, ResponseCriteria
from equipoise.protocol.model.safety import AdverseEvents
from equipoise.protocol.model.staging import Staging
from equipoise.protocol.model.statistics import Analysis, Claim, Design
from equipoise.protocol.model.variables import Form, Variable

Path = tuple[str | int, ...]


class Protocol(Element):
    """One trial. Made by `equipoise.load`; every name in it has been checked to be declared."""

    id: Name
    title: Text
    acronym: str | None = None
    registrations: tuple[str, ...] = ()
    document: str | None = Field(default=None, alias="source", description="File name of the source document.")
    summary: Text | None = Field(default=None, description="What the trial asks, in a few sentences of ours.")
    registry: Registry = Registry()
    versions: tuple[Version, ...] = Field(min_length=1)
    variables: dict[Name, Variable]
    identity: tuple[Name, ...] = Field(
        default=(),
        description=(
            "Identifying variables that together tell a person, such as name, date of birth and national number: the "
            "same person is then refused a second number."
        ),
    )
    forms: dict[Name, Form]
    eligibility: tuple[Criterion, ...] = Field(min_length=1)
    cohort_rules: tuple[CohortRule, ...] = ()
    withdrawal: tuple[WithdrawalRule, ...] = ()
    interventions: dict[Name, Intervention]
    arms: dict[ArmName, Arm] = Field(min_length=1)
    guidance: tuple[Guidance, ...] = ()
    response: ResponseCriteria | None = None
    classifications: dict[Name, Classification] = Field(default_factory=dict)
    staging: dict[Name, Staging] = Field(default_factory=dict)
    pathway: tuple[Step, ...] = Field(min_length=1)
    queries: tuple[QueryRule, ...] = Field(default=(), description="Checks of recorded values that ask the site.")
    deviations: Deviations | None = Field(default=None, description="What is recorded as a deviation by itself.")
    sweep: Sweep | None = Field(default=None, description="Asking after everybody's survival at the cut-off.")
    allocation: dict[Name, AllocationList] = Field(min_length=1)
    events: dict[Name, Event] = Field(min_length=1)
    adverse_events: AdverseEvents | None = None
    endpoints: dict[Name, Endpoint] = Field(min_length=1)
    assumptions: Assumptions | None = None
    design: Design | None = None
    analyses: tuple[Analysis, ...] = ()
    claims: tuple[Claim, ...] = ()
    reported: tuple[Estimate, ...] = Field(default=(), description="Published results.")

    _digest: str = PrivateAttr(default="")
    _file: str = PrivateAttr(default="")
    _lines: Mapping[Path, int] = PrivateAttr(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 of the file's text: what a ledger holds of the protocol it ran by."""
        return self._digest

    @property
    def file(self) -> str:
        """The file it was read from."""
        return self._file

    def line(self, path: Path) -> int | None:
        """The line of the element at `path`, or of the nearest element around it."""
        while path and path not in self._lines:
            path = path[:-1]
        return self._lines.get(path)

    @property
    def version(self) -> str:
        """The version in force."""
        return self.versions[-1].number

    @cached_property
    def steps(self) -> tuple[StepSettings, ...]:
        """Every step's settings in order, those inside loops too."""
        return tuple(walk(self.pathway))

    @cached_property
    def entry_steps(self) -> tuple[Register | Randomise | Assign, ...]:
        """The steps that admit a participant: registrations and allocations."""
        return tuple(step for step in self.steps if isinstance(step, Register | Randomise | Assign))

    @property
    def allocation_step(self) -> Randomise | Assign:
        """The step that gives the arm."""
        return next(step for step in self.entry_steps if isinstance(step, Randomise | Assign))

    @property
    def reference_arm(self) -> str:
        """The arm that others are compared with: the one marked, or the first."""
        return next((name for name, arm in self.arms.items() if arm.reference), next(iter(self.arms)))

    @cached_property
    def dictionary(self) -> Mapping[str, Variable]:
        """All variables that a rule may name: those declared, and those that the pathway and the judgements imply."""
        return MappingProxyType({**self.implied_variables, **self.variables})

    @cached_property
    def implied_variables(self) -> Mapping[str, Variable]:
        """Variables that nobody declares: dates of steps, responses, classes, judgements, the arm."""
        found: dict[str, Variable] = {"screening_date": Variable(label="Date of screening", type="date")}
        for step in self.steps:
            if isinstance(step, Register | Randomise | Assign):
                found[f"{step.id}_date"] = _date(f"Date of {step.label.lower()}")
            elif isinstance(step, Assess):
                found |= self._response_variables(step)
        for name, classification in self.classifications.items():
            values = {row.value: row.label for row in classification.rows}
            found[name] = Variable(label=classification.label, type="choice", values=values)
        for name, staging in self.staging.items():
            found |= staging.variables(name)
        for criterion in self.eligibility:
            if criterion.judgement:
                title = f"{criterion.id} as judged by the {criterion.judgement}: {criterion.title}"
                found[criterion.judgement_variable] = Variable(label=title[:300], type="boolean")
        found |= {**self.item_variables, **self.score_variables}
        labels = {name: arm.label for name, arm in self.arms.items()}
        found["arm"] = Variable(label="Arm as allocated", type="choice", values=labels)
        return MappingProxyType(found)

    @cached_property
    def item_variables(self) -> Mapping[str, Variable]:
        """The items of the questionnaires among the forms: recorded, and declared by nobody."""
        found: dict[str, Variable] = {}
        for form in self.forms.values():
            found |= item_variables(form.questionnaire) if form.questionnaire else {}
        return MappingProxyType(found)

    @cached_property
    def score_variables(self) -> Mapping[str, Variable]:
        """The scores of the questionnaires among the forms: derived from the items of a form, and never typed."""
        found: dict[str, Variable] = {}
        for form in self.forms.values():
            found |= score_variables(form.questionnaire) if form.questionnaire else {}
        return MappingProxyType(found)

    def on_form(self, name: str) -> tuple[str, ...]:
        """The variables that a form is filled in with: those listed, and the items of a questionnaire."""
        form = self.forms[name]
        return (*form.variables, *(item_variables(form.questionnaire) if form.questionnaire else ()))

    @cached_property
    def repeated(self) -> frozenset[str]:
        """Every variable of a form that repeats, scores among them."""
        found: set[str] = set()
        for name, form in self.forms.items():
            if form.repeats:
                found |= {*self.on_form(name), *(score_variables(form.questionnaire) if form.questionnaire else ())}
        return frozenset(found)

    def _response_variables(self, step: Assess) -> dict[str, Variable]:
        choices = dict.fromkeys(RESPONSES, "")
        choices = {value: value for value in choices}
        compartments = self.response.compartments if self.response else ()
        made = {f"{step.name}_date": _date(f"Date of {step.label.lower()}")}
        for part in ("response", *compartments):
            label = f"{step.label}: {part if part != 'response' else 'overall'}"
            made[f"{step.name}_{part}"] = Variable(label=label[:300], type="choice", values=choices)
        return made

    def criteria_at(self, step: str) -> tuple[Criterion, ...]:
        """The criteria judged at a step."""
        return tuple(criterion for criterion in self.eligibility if criterion.at == step)

    def origin_variable(self, origin: str) -> str:
        """The date variable that an origin names: a step's, or a variable with or without `_date`."""
        return f"{origin}_date" if f"{origin}_date" in self.dictionary else origin

    def origin_precedes_allocation(self, origin: str) -> bool:
        """Whether time from `origin` runs before a participant is allocated."""
        return self.origin_variable(origin) != f"{self.allocation_step.id}_date"

    def event_refs(self) -> set[str]:
        """Every event reference that is recorded: each event, and each cause of it."""
        causes = {f"{name}:{cause}" for name, event in self.events.items() for cause in event.causes}
        return set(self.events) | causes

    def times_to_event(self) -> dict[str, TimeToEvent]:
        """The time-to-event endpoints."""
        return {name: item for name, item in self.endpoints.items() if isinstance(item, TimeToEvent)}

    @cached_property
    def assumptions_made(self) -> tuple[tuple[Path, str], ...]:
        """Every value that the source leaves open and this file fills: where it stands, and why it was chosen."""
        return tuple(_assumed(self, ()))

    @property
    def primary_endpoints(self) -> tuple[str, ...]:
        """The primary endpoints, the one that the design rests on first."""
        named = [self.design.primary] if self.design else []
        marked = [name for name, item in self.endpoints.items() if item.role == "primary"]
        return tuple(dict.fromkeys([*named, *marked]))

    def label_of(self, endpoint: str) -> Label:
        """The label of an endpoint."""
        return self.endpoints[endpoint].label


def _date(label: str) -> Variable:
    return Variable(label=label[:300], type="date")


def walk(steps: tuple[Step, ...]) -> Iterator[StepSettings]:
    """Every step's settings, depth first; a loop comes before its steps."""
    for step in steps:
        found = settings(step)
        yield found
        if isinstance(found, Repeat):
            yield from walk(found.steps)


def _assumed(node: object, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(node, Element):
        why = getattr(node, "assumed", None)
        if why:
            yield path, why
        for name, field in type(node).model_fields.items():
            yield from _assumed(getattr(node, name), (*path, field.alias or name))
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield from _assumed(value, (*path, key))
    elif isinstance(node, tuple):
        for i, value in enumerate(node):
            yield from _assumed(value, (*path, i))
