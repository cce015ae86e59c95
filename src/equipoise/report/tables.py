"""Estimates as the rows of tables, grouped by endpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from equipoise.estimates import Estimate
from equipoise.figures import quote
from equipoise.figures.numbers import NBSP, count
from equipoise.protocol import Protocol
from equipoise.report.choose import is_comparison, is_follow_up, is_test
from equipoise.report.words import capitalised, subgroup


@dataclass(frozen=True, slots=True)
class Row:
    """One estimate as text."""

    measure: str
    who: str
    value: str
    missing: bool
    limits: str
    p: str
    p_method: str
    events: str
    participants: str
    how: str
    note: str


def who(estimate: Estimate) -> str:
    """The arm, the comparison, or all."""
    if estimate.arm is not None and estimate.reference is not None:
        return f"{estimate.arm} vs {estimate.reference}"
    return estimate.arm if estimate.arm is not None else "All"


def rows(protocol: Protocol, estimates: Iterable[Estimate]) -> list[Row]:
    """Comparisons first, then tests, values by arm, follow-up; in the given order within each."""
    ordered = sorted(estimates, key=_rank)
    return [row(protocol, item) for item in ordered]


def _rank(estimate: Estimate) -> int:
    if estimate.subgroup:
        return 0
    if is_follow_up(estimate):
        return 4
    if is_comparison(estimate):
        return 1
    return 2 if is_test(estimate) else 3


def row(protocol: Protocol, estimate: Estimate) -> Row:
    """One estimate as text; what its row says already is not said in its notes again."""
    at = f" at {estimate.at:g}{NBSP}months" if estimate.at is not None else ""
    measure = capitalised(estimate.measure) + at
    if estimate.subgroup:
        measure = subgroup(protocol, estimate) + (" (interaction)" if is_test(estimate) else "")
    missing = estimate.value is None
    return Row(
        measure=measure,
        who=who(estimate),
        value="–" if missing and estimate.p_value is not None else quote.value(estimate, unit=True),
        missing=missing,
        limits=quote.limits(estimate),
        p=quote.p(estimate),
        p_method=estimate.p_method if estimate.p_value is not None else "",
        events=_by_arm(estimate.events_by_arm, estimate),
        participants=_by_arm(estimate.n_by_arm, estimate),
        how=how(protocol, estimate),
        note="" if missing and estimate.p_value is None else estimate.note,
    )


def _by_arm(numbers: Mapping[str, int], estimate: Estimate) -> str:
    """`A 166, B 152`; the number alone where only the row's own arm is meant."""
    if list(numbers) == [estimate.arm]:
        return count(numbers[estimate.arm or ""])
    return ", ".join(f"{arm}{NBSP}{count(number)}" for arm, number in numbers.items())


def how(protocol: Protocol, estimate: Estimate) -> str:
    """The method and what belongs to it."""
    parts = [capitalised(estimate.method)] if estimate.method else []
    if estimate.ties:
        parts.append(f"ties {capitalised(estimate.ties)}")
    for word, names in (("stratified by", estimate.strata), ("adjusted for", estimate.adjusted_for)):
        if names:
            labels = (
                protocol.dictionary[name].label.lower() if name in protocol.dictionary else name for name in names
            )
            parts.append(f"{word} {', '.join(labels)}")
    if estimate.population not in ("", "itt"):
        parts.append(f"population: {estimate.population}")
    return "; ".join(parts)


def groups(estimates: Sequence[Estimate], order: Iterable[str]) -> dict[str, list[Estimate]]:
    """Estimates by endpoint, in the protocol's order, endpoints that it does not name last."""
    found: dict[str, list[Estimate]] = {name: [] for name in order}
    for item in estimates:
        found.setdefault(item.endpoint, []).append(item)
    return {name: items for name, items in found.items() if items}
