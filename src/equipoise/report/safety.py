"""The rows of the safety table."""

from __future__ import annotations

from dataclasses import dataclass

from equipoise.analysis.results import Results, SafetyArm
from equipoise.figures.numbers import NBSP, count

_ROWS = {
    "any_event": "Any adverse event",
    "grade_3_to_5": "Grade 3 to 5",
    "serious": "Serious",
    "of_interest": "Of special interest",
    "related": "Related to treatment",
    "related_grade_3_to_5": "Related, grade 3 to 5",
    "not_judged": "Relatedness not judged",
    "deaths": "Death of any cause",
    "fatal_events": "Grade 5",
    "treatment_related_deaths": "Treatment-related death",
}
_ONLY_IF_ANY = frozenset({"of_interest", "not_judged"})


@dataclass(frozen=True, slots=True)
class SafetyRow:
    """One row: what is counted, and each arm's number with its percentage."""

    label: str
    cells: tuple[str, ...]


def safety_rows(results: Results) -> list[SafetyRow]:
    """Every row; none where nothing is collected, or a rehearsal drew no events."""
    table = results.safety
    if table is None or (table.empty and results.source == "rehearsal"):
        return []
    rows = [SafetyRow("Allocated", tuple(count(arm.participants) for arm in table.arms))]
    for name, label in _ROWS.items():
        if name in _ONLY_IF_ANY and not any(getattr(arm, name) for arm in table.arms):
            continue
        rows.append(SafetyRow(label, tuple(_share(arm, name) for arm in table.arms)))
    return rows


def _share(arm: SafetyArm, name: str) -> str:
    number = getattr(arm, name)
    if not arm.participants:
        return count(number)
    return f"{count(number)} ({100 * number / arm.participants:.1f}{NBSP}%)"
