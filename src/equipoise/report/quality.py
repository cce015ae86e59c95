"""Deviations from the protocol and completeness of follow-up, as the rows of two tables."""

from __future__ import annotations

from dataclasses import dataclass

from equipoise.analysis.deviations import ALL
from equipoise.analysis.results import Results
from equipoise.conduct.quality.deciders import CATEGORIES
from equipoise.figures.numbers import NBSP, count, decimal
from equipoise.protocol import Protocol


@dataclass(frozen=True, slots=True)
class DeviationRow:
    """Deviations of one category in one arm, as text."""

    category: str
    arm: str
    participants: str
    minor: str
    major: str
    excluded: str


@dataclass(frozen=True, slots=True)
class CompletenessRow:
    """Follow-up of one arm, or of all, as text."""

    arm: str
    participants: str
    known: str
    index: str


def deviation_rows(protocol: Protocol, results: Results) -> list[DeviationRow]:
    """A row for each category and arm, all together last; arms as the protocol calls them."""
    return [
        DeviationRow(
            "All" if item.category == ALL else f"{item.category.capitalize()}: {CATEGORIES[item.category]}",
            f"{item.arm}: {protocol.arms[item.arm].label}",
            *map(count, (item.participants, item.minor, item.major, item.excluded)),
        )
        for item in results.deviations
    ]


def completeness_rows(protocol: Protocol, results: Results) -> list[CompletenessRow]:
    """All, then each arm."""
    return [
        CompletenessRow(
            "All" if item.arm is None else f"{item.arm}: {protocol.arms[item.arm].label}",
            count(item.participants),
            f"{count(item.known)} ({_percent(item.known_share)})",
            _percent(item.index),
        )
        for item in results.completeness
    ]


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{decimal(100 * share, 1)}{NBSP}%"
