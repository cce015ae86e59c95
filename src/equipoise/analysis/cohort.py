"""Verdicts of the cohort rules, read from the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from equipoise.analysis.results import CohortVerdict
from equipoise.ledger import Entry


def cohort_verdicts(entries: Iterable[Entry]) -> tuple[CohortVerdict, ...]:
    """Each warning at an entry, and the verdicts judged once the data cut-off was set, which are final."""
    found, cut = [], False
    for entry in entries:
        data: Any = entry.data
        if entry.kind == "cut":
            cut = True
        elif entry.kind == "cohort":
            found.append(CohortVerdict(data["rule"], entry.time[:10], data["participants"], data["verdict"], cut))
    return tuple(found)
