"""The language of rules, as a tree.

A rule is a SQL expression out of a closed list; `parse.py` makes this tree of it, `types.py` checks it against the
variables, `evaluate.py` judges one participant and `sql.py` writes it for an engine.

`BETWEEN`, `NOT IN` and `NOT BETWEEN` are written out while parsing, so the tree needs no nodes for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal, TypeAlias

MAX_CHARACTERS = 2_000
MAX_DEPTH = 50
MAX_INTERVAL_YEARS = 200
FIRST_YEAR, LAST_YEAR = 1800, 2500
"""Dates that a rule may state: far enough from the ends of the calendar for every interval."""

Comparison = Literal["=", "<>", "<", "<=", ">", ">="]
Operator = Literal["+", "-", "*", "/"]
Unit = Literal["DAY", "WEEK", "MONTH", "YEAR"]


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal: number, text, true or false, or `DATE '2020-02-29'`."""

    value: Fraction | str | bool | date


@dataclass(frozen=True, slots=True)
class Reference:
    """A variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Not:
    """`NOT x`."""

    operand: Node


@dataclass(frozen=True, slots=True)
class And:
    """`x AND y AND ...`."""

    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """`x OR y OR ...`."""

    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """`x <= y` and its like."""

    operator: Comparison
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class OneOf:
    """`x IN (a, b)`; the options are literals."""

    operand: Node
    options: tuple[Constant, ...]


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`x + y` and its like, of numbers. A division by zero is unknown."""

    operator: Operator
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Case:
    """`CASE WHEN c THEN x ... ELSE y END`.

    A condition that is unknown makes the whole unknown. (SQL would go on to the next branch, and so decide by what has
    not been recorded yet.)
    """

    branches: tuple[tuple[Node, Node], ...]
    default: Node


@dataclass(frozen=True, slots=True)
class Shift:
    """`d + INTERVAL n MONTH`; a day that the month does not have becomes its last day."""

    operand: Node
    number: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class DaysBetween:
    """`date_diff('day', start, end)`."""

    start: Node
    end: Node


@dataclass(frozen=True, slots=True)
class Extreme:
    """`greatest(...)` or `least(...)`: unknown if any part is."""

    kind: Literal["greatest", "least"]
    operands: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`count(*)` or `sum(x)`, with `FILTER (WHERE ...)`; in cohort rules only.

    A sum is unknown if any value that it counts is unknown; a row whose filter is unknown is not counted.
    """

    kind: Literal["count", "sum"]
    operand: Node | None
    where: Node | None


Node: TypeAlias = (
    Constant
    | Reference
    | Not
    | And
    | Or
    | Compare
    | OneOf
    | Arithmetic
    | Case
    | Shift
    | DaysBetween
    | Extreme
    | Aggregate
)


def children(node: Node) -> tuple[Node, ...]:
    """The parts of a node, in order."""
    match node:
        case Constant() | Reference():
            return ()
        case Not(operand) | Shift(operand) | OneOf(operand):
            return (operand,)
        case And(operands) | Or(operands) | Extreme(_, operands):
            return operands
        case Compare(_, left, right) | Arithmetic(_, left, right):
            return (left, right)
        case DaysBetween(start, end):
            return (start, end)
        case Case(branches, default):
            return (*(part for branch in branches for part in branch), default)
        case Aggregate(_, operand, where):
            return tuple(part for part in (operand, where) if part is not None)


def references(node: Node) -> Iterator[str]:
    """The names of the variables in a tree, with repetition."""
    if isinstance(node, Reference):
        yield node.name
    for child in children(node):
        yield from references(child)


def size(node: Node) -> int:
    """How many parts a tree has."""
    return 1 + sum(size(child) for child in children(node))


def depth(node: Node) -> int:
    """How deep a tree is nested."""
    return 1 + max((depth(child) for child in children(node)), default=0)
