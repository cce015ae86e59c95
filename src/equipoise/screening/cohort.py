"""Rules about all participants together, put to the records that would enter. They warn and never refuse."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from equipoise.protocol.model.criteria import CohortRule
from equipoise.protocol.model.variables import Variable
from equipoise.protocol.rules import Dialect, Rule, compile_rule
from equipoise.protocol.rules.language import Compare
from equipoise.protocol.rules.sql import Writer
from equipoise.protocol.rules.stack import room

CohortVerdict = Literal["pass", "fail", "unknown", "not judged"]

_COUNTED = re.compile(r"\b(?:count|sum)\s*(?=\()", re.IGNORECASE)
_FILTER = re.compile(r"\s*FILTER\s*(?=\()", re.IGNORECASE)
_TEXT_OR_BRACKET = re.compile(r"'(?:[^']|'')*'|[()]")


@dataclass(frozen=True, slots=True)
class CohortCheck:
    """How a rule about all participants stands on the records that would enter.

    Attributes:
        id: of the rule.
        title: its text.
        verdict: `pass`, `fail` or `unknown`; `not judged` where there are fewer records than the rule begins with.
        numbers: every count and sum of the rule by its text, over the eligible records; None where it is unknown.
        note: why it is unknown or not judged.
    """

    id: str
    title: str
    verdict: CohortVerdict
    numbers: Mapping[str, float | None]
    note: str = ""

    def __str__(self) -> str:
        """For people, in a line."""
        words = {"pass": "holds", "fail": "does not hold"}.get(self.verdict, self.verdict)
        numbers = "; ".join(
            f"{text} = {'unknown' if value is None else f'{value:,}'}" for text, value in self.numbers.items()
        )
        return f"{self.id} {words}: {self.title}" + "".join(f" ({part})" for part in (numbers, self.note) if part)


@dataclass(frozen=True, slots=True)
class CohortQuestion:
    """A rule about all participants, and the counts and sums in it, each as a rule of its own."""

    stated: CohortRule
    rule: Rule
    counts: Mapping[str, Rule]

    @property
    def id(self) -> str:
        """The rule's id."""
        return self.stated.id

    @property
    def title(self) -> str:
        """Its text."""
        return self.stated.label or (self.stated.quotes[0] if self.stated.quotes else self.stated.rule)

    def expressions(self, dialect: Dialect) -> list[str]:
        """SQL of the verdict (1, 0 or null) and of every count and sum, over the rows of a group."""
        return [
            f"CAST(({self.rule.sql(dialect)}) AS INTEGER)",
            *(_number(rule, dialect) for rule in self.counts.values()),
        ]

    def check(self, found: Sequence[Any] | None, eligible: int, missing: Sequence[str]) -> CohortCheck:
        """The rule judged, from what its expressions gave for the eligible records (None if there is none)."""
        lacking = [name for name in self.rule.variables if name in missing]
        if found is None or eligible < self.stated.start:
            note = f"{eligible:,} eligible records, and it is judged from {self.stated.start:,} on"
            return CohortCheck(self.id, self.title, "not judged", {}, note)
        if lacking:
            return CohortCheck(self.id, self.title, "unknown", {}, f"not in the table: {', '.join(lacking)}")
        verdict: CohortVerdict = "unknown" if found[0] is None else "pass" if found[0] else "fail"
        return CohortCheck(self.id, self.title, verdict, dict(zip(self.counts, map(_plain, found[1:]), strict=True)))


def cohort_question(stated: CohortRule, dictionary: Mapping[str, Variable]) -> CohortQuestion:
    """A rule of the protocol, compiled."""
    rule = compile_rule(stated.rule, dictionary, cohort=True)
    # a count is no condition; compared with something it is one, which the compiler types and writes out
    counts = {text: compile_rule(f"{text} >= 0", dictionary, cohort=True) for text in counted(stated.rule)}
    return CohortQuestion(stated, rule, counts)


def counted(text: str) -> list[str]:
    """Every `count(...)` and `sum(...)` in the text of a rule, with its FILTER, each once."""
    plain = re.sub(r"'(?:[^']|'')*'", lambda found: "'" + "_" * (len(found.group()) - 2) + "'", text)
    parts = []
    for found in _COUNTED.finditer(plain):
        end = _closing(plain, found.end())
        if condition := _FILTER.match(plain, end):
            end = _closing(plain, condition.end())
        parts.append(" ".join(text[found.start() : end].split()))
    return list(dict.fromkeys(parts))


def _closing(text: str, start: int) -> int:
    """Where the bracket that opens at `start` has closed."""
    depth = 0
    for found in _TEXT_OR_BRACKET.finditer(text, start):
        depth += {"(": 1, ")": -1}.get(found.group(), 0)
        if depth == 0:
            return found.end()
    raise AssertionError(f"a bracket of a rule that was parsed is not closed: {text}")


def _number(rule: Rule, dialect: Dialect) -> str:
    """SQL of the left side of a comparison."""
    assert isinstance(rule.node, Compare)
    with room():
        return Writer(rule.dictionary, cohort=True).number(rule.node.left).over.sql(dialect=dialect)


def _plain(value: Any) -> float | None:
    """A number of a database as one of Python, whole where it is whole."""
    if value is None:
        return None
    exact = Decimal(str(value))
    return int(exact) if exact == exact.to_integral_value() else float(exact)
