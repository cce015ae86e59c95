"""What cohort rules count, kept from entry to entry: a participant who changes is taken away and added again.

Nobody else is looked at, so that an entry costs the same however many participants there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

from equipoise.conduct.eligibility import Criteria
from equipoise.conduct.state import ParticipantState
from equipoise.protocol.rules import Count, Rule


@dataclass(frozen=True, slots=True)
class Tally:
    """The participants that a cohort rule counts.

    Attributes:
        participants: how many they are: those who have passed the step that the rule is about.
        counts: the number behind each of the rule's counts and sums.
    """

    participants: int
    counts: tuple[Count, ...]

    def plus(self, rule: Rule, values: Mapping[str, Any], *, times: int = 1) -> Tally:
        """With one participant more, or one less (`times` -1)."""
        added = zip(self.counts, rule.count(values), strict=True)
        return Tally(self.participants + times, tuple(count.plus(one, times=times) for count, one in added))

    def to_json(self) -> list[Any]:
        """As JSON-safe values."""
        return [self.participants, *([count.rows, count.missing, str(count.total)] for count in self.counts)]

    @classmethod
    def from_json(cls, value: list[Any]) -> Tally:
        """The inverse of `to_json`."""
        participants, *counts = value
        return cls(participants, tuple(Count(rows, missing, Fraction(total)) for rows, missing, total in counts))


Tallies: TypeAlias = Mapping[str, Tally]
"""By the id of the cohort rule."""

VersionTallies: TypeAlias = Mapping[str, Tallies]
"""By the version of the protocol whose rules they are."""


def tallies_of(criteria: Criteria, states: Iterable[tuple[Iterable[str], Mapping[str, Any]]] = ()) -> Tallies:
    """The tallies of every cohort rule over participants: the steps that each has passed, and the values."""
    rules = {rule.id: (rule.of, criteria.rule(rule.rule, cohort=True)) for rule in criteria.protocol.cohort_rules}
    tallies = {name: Tally(0, (Count(),) * len(rule.aggregates)) for name, (_, rule) in rules.items()}
    for steps, values in states:
        for name, (of, rule) in rules.items():
            if of in steps:
                tallies[name] = tallies[name].plus(rule, values)
    return tallies


def tallies_after(
    criteria: Criteria, tallies: Tallies, before: ParticipantState | None, after: ParticipantState | None
) -> Tallies:
    """The tallies after a participant changed from one state to another."""
    changed: dict[str, Tally] = {}
    for rule in criteria.protocol.cohort_rules:
        compiled, tally = criteria.rule(rule.rule, cohort=True), tallies[rule.id]
        if before is not None and after is not None and before.values is after.values and before.steps is after.steps:
            continue
        for state, times in ((before, -1), (after, 1)):
            if state is not None and rule.of in state.steps:
                tally = tally.plus(compiled, state.values, times=times)
        changed[rule.id] = tally
    return {**tallies, **changed} if changed else tallies


def tallies_by_version(
    criteria: Criteria, states: Iterable[tuple[Iterable[str], Mapping[str, Any]]] = ()
) -> VersionTallies:
    """The tallies of every version's cohort rules over participants, as of `tallies_of`."""
    everybody = tuple(states) if any(item.protocol.cohort_rules for item in criteria.versions.values()) else ()
    return {version: tallies_of(item, everybody) for version, item in criteria.versions.items()}


def tallies_by_version_after(
    criteria: Criteria, tallies: VersionTallies, before: ParticipantState | None, after: ParticipantState | None
) -> VersionTallies:
    """The tallies of every version after a participant changed from one state to another."""
    found = {name: tallies_after(item, tallies[name], before, after) for name, item in criteria.versions.items()}
    return tallies if all(found[name] is tallies[name] for name in found) else found
