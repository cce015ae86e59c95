"""Protocols made for one test: criteria over variables of its own, everything else as Henan has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from equipoise.protocol import Protocol, load
from equipoise.protocol.model.criteria import CohortRule, Criterion
from equipoise.protocol.model.variables import Variable

HENAN = load("henan")
FIRST, SECOND = "registration", "randomisation"

VARIABLES = {
    "age": Variable(label="age", type="integer", range=(0, 120)),
    "sex": Variable(label="sex", type="choice", values=["female", "male"]),
    "ast": Variable(label="ast", type="decimal", decimals=1, range=(0, 5000)),
    "weight": Variable(label="weight", type="decimal"),
    "signed": Variable(label="signed", type="boolean"),
    "seen_date": Variable(label="seen", type="date"),
    "group": Variable(
        label="group", type="choice", values=["old", "young"], derived="CASE WHEN age > 50 THEN 'old' ELSE 'young' END"
    ),
}


def made(
    criteria: Iterable[Criterion],
    *,
    variables: Mapping[str, Variable] = VARIABLES,
    cohort_rules: Sequence[CohortRule] = (),
) -> Protocol:
    """A protocol of these criteria; its references are not checked, so it is fit for screening and nothing else."""
    fields: dict[str, Any] = {name: getattr(HENAN, name) for name in Protocol.model_fields}
    fields |= {"variables": dict(variables), "eligibility": tuple(criteria), "cohort_rules": tuple(cohort_rules)}
    return Protocol.model_construct(**fields)


def inclusion(name: str, rule: str | None, *, at: str = FIRST, judgement: str | None = None) -> Criterion:
    return Criterion(id=name, kind="inclusion", at=at, label=name, rule=rule, judgement=judgement)


def exclusion(name: str, rule: str | None, *, at: str = FIRST, judgement: str | None = None) -> Criterion:
    return Criterion(id=name, kind="exclusion", at=at, label=name, rule=rule, judgement=judgement)


def cohort_rule(rule: str, *, start: int = 1, of: str = FIRST) -> CohortRule:
    return CohortRule(id="C1", label="a share", rule=rule, of=of, **{"from": start})
