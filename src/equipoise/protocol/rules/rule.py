"""A rule, ready to judge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any, Literal, TypeAlias

from equipoise.errors import RuleError
from equipoise.protocol.model.variables import Variable
from equipoise.protocol.rules.evaluate import (
    Count,
    Judged,
    Value,
    Values,
    count_row,
    evaluate,
    evaluate_cohort,
    evaluate_counts,
)
from equipoise.protocol.rules.language import MAX_DEPTH, Aggregate, Node, Reference, children, references
from equipoise.protocol.rules.lexicon import too_deep
from equipoise.protocol.rules.parse import parse
from equipoise.protocol.rules.partial import as_rules_see
from equipoise.protocol.rules.types import Checker, Day, Number, Truth, Type, Words

Verdict: TypeAlias = Literal["pass", "fail", "unknown"]
Dialect: TypeAlias = Literal["duckdb", "postgres", "spark"]

MAX_NODES = 5_000
"""Parts of a rule once its derived variables are written out."""
MAX_DERIVATIONS = 6
"""How far a variable can be derived from a derived variable."""

_WANTED: dict[str, type[Type]] = {
    "boolean": Truth,
    "integer": Number,
    "decimal": Number,
    "date": Day,
    "choice": Words,
}


@dataclass(frozen=True)
class Rule:
    """A rule that has been parsed and typed against a dictionary of variables.

    Attributes:
        text: as it stands in the protocol.
        node: its tree, with derived variables written out.
        variables: the variables it needs, in order of first mention.
        cohort: whether it is about all participants together.
    """

    text: str
    node: Node
    variables: tuple[str, ...]
    cohort: bool
    dictionary: Mapping[str, Variable] = field(repr=False)

    @property
    def counts(self) -> bool:
        """Whether it counts or sums participants."""
        return bool(self.aggregates)

    @cached_property
    def aggregates(self) -> tuple[Aggregate, ...]:
        """Its counts and sums, each once."""
        return tuple(dict.fromkeys(_aggregates(self.node)))

    def count(self, values: Values) -> tuple[Count, ...]:
        """What one participant adds to each of its counts and sums."""
        return tuple(count_row(aggregate, values) for aggregate in self.aggregates)

    def judge_counts(self, counts: Sequence[Count]) -> Value:
        """True, false or unknown where its counts and sums are known: as `judge_cohort` over the rows they count."""
        known = dict(zip(self.aggregates, counts, strict=True))
        return evaluate_counts(self.node, known.__getitem__)

    def judge(self, values: Values) -> Judged:
        """True, false or unknown (None) for one participant, and the variables that decided."""
        return evaluate(self.node, as_rules_see(self.dictionary, self.variables, values))

    def judge_cohort(self, rows: Sequence[Values]) -> Value:
        """True, false or unknown for all participants together."""
        return evaluate_cohort(self.node, [as_rules_see(self.dictionary, self.variables, row) for row in rows])

    def sql(self, dialect: Dialect = "duckdb") -> str:
        """The rule as a boolean expression of a database, over columns named as the variables."""
        from equipoise.protocol.rules.sql import write  # noqa: PLC0415 - judging one participant needs no SQL writer

        return write(self.node, self.dictionary, dialect, cohort=self.cohort)


def compile_rule(
    text: str,
    dictionary: Mapping[str, Variable],
    *,
    cohort: bool = False,
    gives: Literal["boolean", "integer", "decimal", "date", "choice"] = "boolean",
) -> Rule:
    """Parse a rule and check it against the variables.

    Args:
        text: the rule.
        dictionary: every variable that may be named.
        cohort: whether it is a cohort rule: counts and sums over all participants.
        gives: what it has to give; a condition if not said.

    Raises:
        RuleError: outside the language, a variable that is not declared, a value that is no choice, types that do not
            fit, a calculation that cannot be exact.
    """
    node = _Expansion(dictionary).node(_parsed(text))
    found = Checker(dictionary, cohort=cohort).check(node)
    if not isinstance(found, _WANTED[gives]):
        wanted = "a condition" if gives == "boolean" else f"of type {gives}"
        mend = "compare it with something" if gives == "boolean" else "change the expression, or the type"
        raise RuleError(f"this should be {wanted}, and is {found}", mend=mend)
    return Rule(text, node, tuple(dict.fromkeys(references(node))), cohort, dictionary)


def _aggregates(node: Node) -> Iterator[Aggregate]:
    if isinstance(node, Aggregate):
        yield node
    for child in children(node):
        yield from _aggregates(child)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Node:
    return parse(text)


class _Expansion:
    """Writes derived variables out, within bounds: derivations can double at every level."""

    def __init__(self, dictionary: Mapping[str, Variable]) -> None:
        self.dictionary = dictionary
        self.nodes_left = MAX_NODES
        self.depth = 0

    def node(self, node: Node, within: tuple[str, ...] = ()) -> Node:
        """The tree with every derived variable replaced by what it is derived from."""
        self.nodes_left -= 1
        if self.nodes_left < 0 or len(within) > MAX_DERIVATIONS:
            raise RuleError("the rule becomes too large once its derived variables are written out", mend="derive less")
        if isinstance(node, Reference):
            return self._variable(node, within)
        if not children(node):
            return node
        self.depth += 1
        if self.depth >= MAX_DEPTH:
            raise too_deep()
        made = {name: self._part(getattr(node, name), within) for name in node.__dataclass_fields__}
        self.depth -= 1
        return type(node)(**made)

    def _variable(self, node: Reference, within: tuple[str, ...]) -> Node:
        variable = self.dictionary.get(node.name)
        if variable is None or variable.derived is None:
            return node
        if node.name in within:
            circle = " -> ".join((*within, node.name))
            raise RuleError(f"a variable is derived from itself: {circle}", mend="break the circle")
        return self.node(_parsed(variable.derived), (*within, node.name))

    def _part(self, value: Any, within: tuple[str, ...]) -> Any:
        if isinstance(value, tuple):
            return tuple(self._part(item, within) for item in value)
        return self.node(value, within) if hasattr(value, "__dataclass_fields__") else value
