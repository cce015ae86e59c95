"""Whether rules can be true together, by trying every case that they tell apart.

A comparison that cannot be enumerated (dates, one variable with another) is taken as free to be true or false. That
admits more cases than there are, so "never" is certain and "possible" is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from itertools import pairwise, product
from math import prod
from typing import Any

from equipoise.assessment import combined_response
from equipoise.protocol import Protocol
from equipoise.protocol.model.pathway import Assess
from equipoise.protocol.model.response import RESPONSES
from equipoise.protocol.model.variables import Variable
from equipoise.protocol.rules.evaluate import evaluate
from equipoise.protocol.rules.language import (
    And,
    Case,
    Compare,
    Constant,
    Node,
    Not,
    OneOf,
    Or,
    Reference,
    children,
    references,
    size,
)

MOST_WORK = 100_000
"""Parts of rules judged for one question, cases times size; beyond, nothing is said. About a fifth of a second."""
ALL_WORK = 2_000_000
"""The same for all questions together."""

Cases = list[dict[str, Any]]


class Possibilities:
    """Questions about one protocol, with a bound on the work for all of them."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._work_left = ALL_WORK

    def never(self, *nodes: Node) -> bool:
        """Whether it is certain that the conditions are never all true for one participant."""
        free: dict[Node, Node] = {}
        condition = And(tuple(_freed(node, free) for node in nodes))
        groups = list(_groups(self._protocol, condition))
        work = prod(len(group) for group in groups) * size(condition)
        if work > min(MOST_WORK, self._work_left):
            return False
        self._work_left -= work
        return not any(evaluate(condition, _merged(case)).value for case in product(*groups))


def _merged(case: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {name: value for part in case for name, value in part.items()}


def _freed(node: Node, free: dict[Node, Node]) -> Node:
    """The condition with every comparison that cannot be enumerated replaced by a boolean of its own."""
    match node:
        case Not(operand):
            return Not(_freed(operand, free))
        case And(operands):
            return And(tuple(_freed(item, free) for item in operands))
        case Or(operands):
            return Or(tuple(_freed(item, free) for item in operands))
        case Compare(_, Reference(), Constant(value)) | Compare(_, Constant(value), Reference()) if not _is_day(value):
            return node
        case OneOf(Reference(), options) if not any(_is_day(option.value) for option in options):
            return node
        case Reference() | Constant():
            return node
        case Case(branches, default) if _is_condition(node):
            pairs = tuple((_freed(when, free), _freed(value, free)) for when, value in branches)
            return Case(pairs, _freed(default, free))
        case Compare(operator, Case(branches, default), Constant() as constant):
            # a derived variable against a value: ask it of each branch
            pairs = tuple(
                (_freed(when, free), _freed(Compare(operator, value, constant), free)) for when, value in branches
            )
            return Case(pairs, _freed(Compare(operator, default, constant), free))
        case OneOf(Case(branches, default), options):
            pairs = tuple((_freed(when, free), _freed(OneOf(value, options), free)) for when, value in branches)
            return Case(pairs, _freed(OneOf(default, options), free))
        case Compare(_, Constant(), Constant()) | OneOf(Constant(), _):
            return node
        case _:
            return free.setdefault(node, Reference(f"#{len(free)}"))


def _is_day(value: object) -> bool:
    return isinstance(value, date)


def _is_condition(node: Case) -> bool:
    """Whether a CASE gives truth values, as far as its form tells."""
    gives = [node.default, *(value for _, value in node.branches)]
    return not any(isinstance(item, Constant) and not isinstance(item.value, bool) for item in gives)


def _groups(protocol: Protocol, condition: Node) -> Iterator[Cases]:
    """The cases of each variable, or of variables that hang together."""
    names = set(references(condition))
    response = protocol.response
    compartments = response.compartments if response else ()
    for step in protocol.steps:
        if isinstance(step, Assess) and response is not None:
            own = {f"{step.name}_{part}" for part in ("response", *compartments)}
            if f"{step.name}_response" in names and compartments:
                names -= own
                summed = response.recorded == "lesions" and response.overall == "all lesions"
                yield _responses(step.name, compartments, summed=summed)
    for name in sorted(names):
        yield [{name: value} for value in _values(protocol.dictionary.get(name), _limits(condition, name))]


def _responses(name: str, compartments: tuple[str, ...], *, summed: bool) -> Cases:
    """Responses of the compartments with the overall one; of all lesions in one sum, it is not told by them."""
    return [
        {
            f"{name}_response": overall,
            **{f"{name}_{compartment}": part for compartment, part in zip(compartments, parts, strict=True)},
        }
        for parts in product(RESPONSES, repeat=len(compartments))
        for overall in (RESPONSES if summed and len(compartments) > 1 else (combined_response(parts),))
    ]


def _values(variable: Variable | None, limits: list[Any]) -> list[Any]:
    """The values of a variable that its comparisons tell apart."""
    if variable is None or variable.type == "boolean":
        return [True, False]
    if variable.values is not None:
        return list(variable.values)
    points = sorted(set(limits)) or [Fraction(0)]
    if variable.type not in ("integer", "decimal"):
        return [*points, "some other text"]
    between = [(a + b) / 2 for a, b in pairwise(points)] if variable.type == "decimal" else []
    low, high = variable.range or (points[0] - 1, points[-1] + 1)
    around = {point + step for point in points for step in (-1, 0, 1)} | set(between)
    ends = {Fraction(low), Fraction(high)}
    return sorted(value for value in around | ends if Fraction(low) <= value <= Fraction(high))


def _limits(node: Node, name: str) -> list[Any]:
    """The constants that a variable is compared with."""
    match node:
        case Compare(_, Reference(found), Constant(value)) | Compare(_, Constant(value), Reference(found)):
            return [value] if found == name else []
        case OneOf(Reference(found), options):
            return [option.value for option in options] if found == name else []
        case _:
            return [value for child in children(node) for value in _limits(child, name)]
