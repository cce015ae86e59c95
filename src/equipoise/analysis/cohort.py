"""Verdicts of the cohort rules, read from the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from equipoise.analysis.results import CohortVerdict
from equipoise.ledger import Entry


def cohort_verdicts(entries: Iterable[Entry]) -> tuple[CohortVerdict, ...]:
    """Each warning at an entry, and the verdicts judged once the newest freeze was made, which are final."""
    found: list[CohortVerdict] = []
    frozen = False
    for entry in entries:
        data: Any = entry.data
        if entry.kind == "freeze":
            found = [replace(item, final=False) for item in found]
            frozen = True
        elif entry.kind == "cohort":
            found.append(CohortVerdict(data["rule"], entry.time[:10], data["participants"], data["verdict"], frozen))
    return tuple(found)
