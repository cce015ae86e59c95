"""Cohort rules: about all participants together. They warn, and do so before they break; they never refuse."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, product
from math import prod
from typing import Any

from equipoise.conduct.context import Context
from equipoise.conduct.decision import Draft
from equipoise.conduct.values import shown
from equipoise.protocol.model.criteria import CohortRule
from equipoise.protocol.model.variables import Variable
from equipoise.protocol.rules import Verdict
from equipoise.protocol.rules.language import Constant, Node, children

MOST_WAYS = 500
"""Of a next participant; a rule whose variables can go in more ways is not looked ahead."""
MOST_NAMED = 4


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
    return f"{rule.id} does not hold: {_title(rule)}"


def looked_ahead(
    context: Context, step: str, own: Sequence[Mapping[str, Any]], number: int, broken: Collection[CohortRule]
) -> tuple[str, ...]:
    """What the next participant of a step could break.

    Args:
        context: what is known.
        step: the step that was passed.
        own: values of the participant who passed it just now, whom nobody has counted yet.
        number: how many they are.
        broken: the rules that do not hold as it is.
    """
    return tuple(
        f"one more participant {who} breaks {rule.id}: {_title(rule)}"
        for rule in context.protocol.cohort_rules
        if rule.of == step and rule not in broken and number + 1 >= rule.start
        for who in _breaking(context, rule, own)
    )


def _title(rule: CohortRule) -> str:
    return rule.label or (rule.quotes[0] if rule.quotes else rule.rule)


def _breaking(context: Context, rule: CohortRule, own: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The next participants who would break a rule, each described by no more than decides it."""
    compiled = context.criteria.rule(rule.rule, cohort=True)
    names = compiled.variables
    ways = [_ways(context.protocol.dictionary[name], compiled.node) for name in names]
    if prod(map(len, ways)) > MOST_WAYS:
        return
    breaking = {
        way for way in product(*ways) if judge_cohort(context, rule, *own, dict(zip(names, way, strict=True))) == "fail"
    }
    told: list[dict[int, Any]] = []
    for count in range(len(names) + 1):
        for places in combinations(range(len(names)), count):
            for values in product(*(ways[place] for place in places)):
                part = dict(zip(places, values, strict=True))
                known = any(other.items() <= part.items() for other in told)
                if not known and _all_break(part, ways, breaking):
                    told.append(part)
    for part in told[:MOST_NAMED]:
        values_of = " and ".join(f"{names[place]} = {shown(value)}" for place, value in part.items())
        yield f"with {values_of}" if values_of else "of whatever values"


def _all_break(part: Mapping[int, Any], ways: Sequence[tuple[Any, ...]], breaking: Collection[tuple[Any, ...]]) -> bool:
    """Whether every participant of these values would break it, whatever the others are."""
    open_ways = [(part[place],) if place in part else values for place, values in enumerate(ways)]
    return all(way in breaking for way in product(*open_ways))


def _ways(variable: Variable, node: Node) -> tuple[Any, ...]:
    """The values that a variable can take, as far as a rule tells them apart: around what it names."""
    if variable.type == "boolean":
        return (True, False)
    if variable.values is not None:
        return tuple(variable.values)
    if variable.type == "date":
        named = {value for value in _constants(node) if isinstance(value, date)}
        return tuple(sorted({day + timedelta(days=by) for day in named for by in (-1, 0, 1)})) or (None,)
    if variable.type == "text":
        return (None,)
    numbers = {Decimal(v.numerator) / Decimal(v.denominator) for v in _constants(node) if isinstance(v, Fraction)}
    step = Decimal(1).scaleb(-variable.scale)
    low, high = variable.range or (min(numbers, default=Decimal(0)) - 1, max(numbers, default=Decimal(0)) + 1)
    near = {number.quantize(step) + by for number in numbers for by in (-step, Decimal(0), step)}
    return tuple(sorted({value for value in (*near, low, high) if low <= value <= high}))


def _constants(node: Node) -> Iterator[Any]:
    """Every number, text or date that a rule names."""
    if isinstance(node, Constant):
        yield node.value
    for child in children(node):
        yield from _constants(child)
