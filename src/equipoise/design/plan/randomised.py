"""Of the registered participants that a protocol assumes, the share that is randomised, and what they are like.

The distributions of the assumptions are enumerated and the criteria judged on every combination of values, so the
shares are exact where a rehearsal's are by chance. Only what matters is enumerated: variables that a criterion after
the registration, or something asked for, rests on. A criterion about dates or free text, which cannot be enumerated, is
taken to be met unless what is known of it fails it already.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from scipy.special import ndtr

from equipoise.errors import DesignError
from equipoise.protocol import Protocol
from equipoise.protocol.model.assumptions import Assumptions, Distribution
from equipoise.protocol.model.pathway import Assess, Randomise
from equipoise.protocol.model.variables import Variable
from equipoise.protocol.rules import Rule, compile_rule

_MOST_VALUES = 2_000
"""Of one variable; one with more is taken as not known."""
_MOST_COMBINATIONS = 200_000


@dataclass(frozen=True, slots=True)
class Randomised:
    """The participants that are randomised.

    Attributes:
        share: of the registered.
        levels: the share of each level, by variable asked for.
        together: variables asked for that rest on the same facts, in pairs: they are not independent.
    """

    share: float
    levels: Mapping[str, Mapping[str, float]]
    together: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Source:
    """Variables that are drawn together: every set of their values and its probability."""

    outcomes: tuple[tuple[Mapping[str, Any], float], ...]

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.outcomes[0][0])


@dataclass(frozen=True, slots=True)
class _Condition:
    """A rule that has to give `wanted`, or else the participant is not randomised, or not even registered."""

    rule: Rule
    wanted: bool
    later: bool

    def fails(self, values: Mapping[str, Any]) -> bool:
        found = self.rule.judge(values).value
        return found is not None and found is not self.wanted


def randomised(protocol: Protocol, step: Randomise, names: Sequence[str]) -> Randomised:
    """Who is randomised at a step.

    Args:
        protocol: with assumptions.
        step: its randomisation.
        names: variables whose levels are asked for.

    Raises:
        DesignError: a variable that is asked for has no distribution with levels, or nobody is randomised.
    """
    assumptions = protocol.assumptions
    if assumptions is None:
        raise DesignError(f"{protocol.id} states no assumptions, so nothing can be drawn; add them to the file")
    asked = {name: _value_of(protocol, name) for name in names}
    conditions = list(_conditions(protocol, step))
    sources = list(_sources(protocol, assumptions))
    share = _entering(protocol, assumptions, step)
    levels: dict[str, dict[str, float]] = {}
    for group in _groups(sources, [*(item.rule for item in conditions), *asked.values()]):
        known = frozenset().union(*(source.names for source in group))
        inside = [item for item in conditions if known & set(item.rule.variables)]
        here = {name: rule for name, rule in asked.items() if known & set(rule.variables)}
        if not here and not any(item.later for item in inside):
            continue
        passed, found = _judged(group, inside, here)
        if passed == 0.0:
            raise DesignError(f"{protocol.id}: under its assumptions nobody is randomised; mend them, or the criteria")
        share *= passed
        levels |= found
    for name, rule in asked.items():
        if not math.isclose(sum(levels.get(name, {}).values()), 1.0):
            missing = ", ".join(sorted(set(rule.variables) - frozenset().union(*(s.names for s in sources))))
            raise DesignError(
                f"{protocol.id}: the shares of the levels of {name} do not follow from the assumptions: give "
                f"{missing or name} a distribution of single values"
            )
    bases = {name: set(rule.variables) for name, rule in asked.items()}
    together = tuple(pair for pair in itertools.combinations(names, 2) if bases[pair[0]] & bases[pair[1]])
    return Randomised(share, {name: levels[name] for name in names}, together)


def _value_of(protocol: Protocol, name: str) -> Rule:
    """A variable as a rule, what it is derived from written out."""
    variable = protocol.dictionary[name]
    if variable.type not in ("choice", "boolean", "integer"):
        raise DesignError(f"{name} has no levels; it is of type {variable.type}")
    return compile_rule(name, protocol.dictionary, gives=variable.type)


def _conditions(protocol: Protocol, step: Randomise) -> Iterator[_Condition]:
    """What has to hold up to the randomisation."""
    before = list(protocol.entry_steps)
    before = before[: before.index(step) + 1]
    for number, entry in enumerate(before):
        for criterion in protocol.criteria_at(entry.id):
            if criterion.rule is not None:
                rule = compile_rule(criterion.rule, protocol.dictionary)
                yield _Condition(rule, criterion.kind == "inclusion", number > 0)
    if step.when is not None:
        yield _Condition(compile_rule(step.when, protocol.dictionary), wanted=True, later=len(before) > 1)


def _entering(protocol: Protocol, assumptions: Assumptions, step: Randomise) -> float:
    """The share that does not leave before the later steps, and passes their judgements."""
    before = list(protocol.entry_steps)
    later = [entry.id for entry in before[1 : before.index(step) + 1]]
    judged = sum(criterion.judgement is not None for entry in later for criterion in protocol.criteria_at(entry))
    staying = math.prod(1.0 - item.probability for item in assumptions.leaving if item.before in later)
    return float(assumptions.judgements) ** judged * staying


def _sources(protocol: Protocol, assumptions: Assumptions) -> Iterator[_Source]:
    """What is drawn: each variable alone, the responses of an assessment together."""
    for name, distribution in assumptions.variables.items():
        values = list(_values(protocol.variables[name], distribution))
        if values:
            yield _Source(tuple(({name: value}, share) for value, share in values if share > 0.0))
    for step in protocol.steps:
        outcomes = assumptions.responses.get(step.name) if isinstance(step, Assess) else None
        if isinstance(step, Assess) and outcomes:
            yield _Source(
                tuple((_response_values(step.name, outcome.response), outcome.probability) for outcome in outcomes)
            )


def _response_values(name: str, response: Mapping[str, str]) -> dict[str, str]:
    """Progression in any compartment is progression of all, else the least response counts."""
    order = ("PD", "NE", "SD", "non-CR/non-PD", "PR", "CR")
    overall = min(response.values(), key=order.index)
    return {f"{name}_{part}": value for part, value in response.items()} | {f"{name}_response": overall}


def _values(variable: Variable, distribution: Distribution) -> Iterator[tuple[Any, float]]:
    """The values of a variable with their probabilities; none where there are too many, or dates."""
    match distribution:
        case Distribution(constant=constant) if constant is not None and variable.type != "date":
            yield (Decimal(str(constant)) if variable.type == "decimal" else constant), 1.0
        case Distribution(probability=float() as share):
            yield from ((True, share), (False, 1.0 - share))
        case Distribution(choice=dict() as choice):
            yield from choice.items()
        case Distribution(choice_count=tuple() as counts):
            yield from enumerate(counts, start=1)
        case Distribution(normal=normal) if normal is not None:
            cells = _cells(variable, normal.mean - 9 * normal.sd, normal.mean + 9 * normal.sd)
            edges = [
                (float(ndtr((low - normal.mean) / normal.sd)), float(ndtr((high - normal.mean) / normal.sd)))
                for _, low, high in cells
            ]
            yield from _shared([value for value, _, _ in cells], [high - low for low, high in edges])
        case Distribution(uniform=tuple() as bounds):
            low, high = bounds
            cells = _cells(variable, low, high)
            if variable.type == "integer":
                yield from _shared([value for value, _, _ in cells], [1.0] * len(cells))
            else:
                yield from _shared(
                    [v for v, _, _ in cells], [max(min(b, high) - max(a, low), 0.0) for _, a, b in cells]
                )
        case Distribution(poisson=float() as mean):
            most = int(mean + 12 * math.sqrt(mean) + 12)
            most = min(most, int(variable.range[1])) if variable.range is not None else most
            weights = [math.exp(count * math.log(mean) - mean - math.lgamma(count + 1)) for count in range(most + 1)]
            yield from _shared(list(range(most + 1)), weights)


def _cells(variable: Variable, low: float, high: float) -> list[tuple[Any, float, float]]:
    """Every recorded value from `low` to `high` within the variable's range, and what is rounded to it."""
    width = 10.0**-variable.scale
    if variable.range is not None:
        low, high = max(low, float(variable.range[0])), min(high, float(variable.range[1]))
    first, last = round(low / width), round(high / width)
    if last - first >= _MOST_VALUES:
        return []
    cells = []
    for number in range(first, last + 1):
        exact = Decimal(number).scaleb(-variable.scale)
        value = int(exact) if variable.type == "integer" else exact
        cells.append((value, max((number - 0.5) * width, low), min((number + 0.5) * width, high)))
    return cells


def _shared(values: Sequence[Any], weights: Sequence[float]) -> Iterator[tuple[Any, float]]:
    total = sum(weights)
    if total > 0.0:
        yield from ((value, weight / total) for value, weight in zip(values, weights, strict=True))


def _groups(sources: Sequence[_Source], rules: Sequence[Rule]) -> list[list[_Source]]:
    """The sources, those together that some rule ties."""
    groups = [[source] for source in sources]
    for rule in rules:
        names = set(rule.variables)
        tied = [group for group in groups if any(names & source.names for source in group)]
        if len(tied) > 1:
            groups = [group for group in groups if group not in tied] + [list(itertools.chain(*tied))]
    return groups


def _judged(
    group: Sequence[_Source], conditions: Sequence[_Condition], asked: Mapping[str, Rule]
) -> tuple[float, dict[str, dict[str, float]]]:
    """The share of the registered who pass the later conditions, and the levels of those."""
    needed = {name for item in conditions for name in item.rule.variables}
    needed |= {name for rule in asked.values() for name in rule.variables}
    group = [source for source in group if source.names & needed]
    if math.prod(len(source.outcomes) for source in group) > _MOST_COMBINATIONS:
        names = ", ".join(sorted(frozenset().union(*(source.names for source in group)) & needed))
        raise DesignError(f"{names}: criteria tie so many values together that they cannot be enumerated")
    registered = passed = 0.0
    levels: dict[str, dict[str, float]] = {name: {} for name in asked}
    for outcome in itertools.product(*(source.outcomes for source in group)):
        values = {name: value for part, _ in outcome for name, value in part.items()}
        share = math.prod(probability for _, probability in outcome)
        if share == 0.0 or any(item.fails(values) for item in conditions if not item.later):
            continue
        registered += share
        if any(item.fails(values) for item in conditions if item.later):
            continue
        passed += share
        for name, rule in asked.items():
            value = rule.judge(values).value
            if value is not None:
                level = ("true" if value else "false") if isinstance(value, bool) else str(value)
                levels[name][level] = levels[name].get(level, 0.0) + share
    if passed == 0.0:
        return 0.0, {}
    return passed / registered, {
        name: {level: part / passed for level, part in parts.items()} for name, parts in levels.items()
    }
