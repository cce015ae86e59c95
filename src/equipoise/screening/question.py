"""What is asked of every record: the criteria of the steps that are screened for, their rules, their variables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from equipoise.errors import InputError
from equipoise.protocol import Protocol
from equipoise.protocol.model.pathway import Randomise
from equipoise.protocol.rules import Rule, compile_rule
from equipoise.protocol.wording import clipped, did_you_mean
from equipoise.screening.cohort import CohortQuestion, cohort_question


@dataclass(frozen=True, slots=True)
class Asked:
    """One criterion, or the condition of a step itself.

    Attributes:
        id: the criterion's, or the step's for its condition.
        kind: `inclusion`, `exclusion` or `condition`.
        at: the step at which it is judged.
        title: its text.
        rule: its rule; None if only a person can judge it.
        judgement: the role that has to judge as well; None if the rule is all.
    """

    id: str
    kind: str
    at: str
    title: str
    rule: Rule | None
    judgement: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """Everything that is asked of a table.

    Attributes:
        protocol: the protocol.
        criteria: in the order of the protocol, the conditions of steps after them.
        cohort: the rules about all participants of the steps that are screened for.
        variables: what the rules rest on, derived variables written out, in order of first mention.
    """

    protocol: Protocol
    criteria: tuple[Asked, ...]
    cohort: tuple[CohortQuestion, ...]
    variables: tuple[str, ...]

    @property
    def ruled(self) -> tuple[tuple[Asked, Rule], ...]:
        """The criteria that have a rule, with it."""
        return tuple((item, item.rule) for item in self.criteria if item.rule is not None)

    @property
    def cohort_variables(self) -> tuple[str, ...]:
        """What the rules about all participants rest on."""
        return tuple(dict.fromkeys(name for item in self.cohort for name in item.rule.variables))

    def users_of(self, variable: str) -> tuple[str, ...]:
        """The ids of the criteria and cohort rules that rest on a variable."""
        rules = [(item.id, rule) for item, rule in self.ruled] + [(item.id, item.rule) for item in self.cohort]
        return tuple(name for name, rule in rules if variable in rule.variables)


def question(protocol: Protocol, at: str | None = None) -> Question:
    """The question that a protocol puts to a record, at one step of entry or at all of them.

    Raises:
        InputError: there is no such step.
    """
    steps = [step.id for step in protocol.entry_steps]
    if at is not None and at not in steps:
        mend = did_you_mean(at, steps, f"the steps of {protocol.id} are {', '.join(steps)}")
        raise InputError(f"{protocol.id} has no step of entry '{clipped(at)}'", mend=mend)
    asked = [] if at is None else [at]
    chosen = frozenset(asked or steps)
    criteria = (*_criteria(protocol, chosen), *_conditions(protocol, chosen))
    cohort = tuple(cohort_question(rule, protocol.dictionary) for rule in protocol.cohort_rules if rule.of in chosen)
    rules = [item.rule for item in criteria if item.rule is not None] + [item.rule for item in cohort]
    return Question(protocol, criteria, cohort, tuple(dict.fromkeys(name for rule in rules for name in rule.variables)))


def days_of_entry(protocol: Protocol, on: date | None) -> dict[str, date]:
    """The dates of screening and of every step of entry, were they all taken on one day."""
    steps = ("screening", *(step.id for step in protocol.entry_steps))
    return {} if on is None else {f"{step}_date": on for step in steps}


def _criteria(protocol: Protocol, steps: frozenset[str]) -> list[Asked]:
    """The criteria of the steps, in the order of the protocol."""
    return [
        Asked(
            item.id,
            item.kind,
            item.at,
            item.title,
            None if item.rule is None else compile_rule(item.rule, protocol.dictionary),
            item.judgement,
        )
        for item in protocol.eligibility
        if item.at in steps
    ]


def _conditions(protocol: Protocol, steps: frozenset[str]) -> list[Asked]:
    """What the steps themselves ask of who takes them."""
    return [
        Asked(step.id, "condition", step.id, step.when, compile_rule(step.when, protocol.dictionary))
        for step in protocol.entry_steps
        if step.id in steps and isinstance(step, Randomise) and step.when is not None
    ]
