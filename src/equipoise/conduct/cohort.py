"""Cohort rules: about all participants together. They warn and never refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from equipoise.conduct.context import Context
from equipoise.conduct.decision import Draft
from equipoise.protocol.model.criteria import CohortRule
from equipoise.protocol.rules import Verdict


def judge_cohort(context: Context, rule: CohortRule, *more: Mapping[str, Any]) -> Verdict:
    """How a rule is judged on the participants it counts, and on further ones with these values."""
    compiled, tally = context.criteria.rule(rule.rule, cohort=True), context.cohort[rule.id]
    for values in more:
        tally = tally.plus(compiled, values)
    value = compiled.judge_counts(tally.counts)
    return "unknown" if value is None else "pass" if value else "fail"


def cohort_draft(rule: CohortRule, verdict: Verdict, participants: int) -> Draft:
    """The entry that keeps a verdict."""
    return Draft("cohort", {"rule": rule.id, "verdict": verdict, "participants": participants})


def cohort_warning(rule: CohortRule) -> str:
    """The same for people, where the rule does not hold."""
    title = rule.label or (rule.quotes[0] if rule.quotes else rule.rule)
    return f"{rule.id} does not hold: {title}"
