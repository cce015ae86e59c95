"""Analyse a rehearsal: its data sets and the results that its protocol asks for."""

from __future__ import annotations

from collections import Counter

from equipoise.analysis import Datasets, Results, analyse_participants
from equipoise.errors import DesignError
from equipoise.rehearsal.run import Rehearsal

SOURCE = "rehearsal"


def analyse_rehearsal(rehearsal: Rehearsal) -> tuple[Datasets, Results]:
    """The ADaM data sets of a rehearsal at its data cut-off, and every analysis of its protocol."""
    protocol, cut = rehearsal.protocol, rehearsal.data_cut
    if not any(state.assignments for state in rehearsal.participants.values()):
        raise DesignError(_nobody(rehearsal))
    return analyse_participants(
        protocol,
        rehearsal.participants,
        cut,
        source=SOURCE,
        head=rehearsal.journal.head,
        entries=rehearsal.journal,
    )


def _nobody(rehearsal: Rehearsal) -> str:
    """Why nobody was allocated, as far as refusals tell."""
    states = rehearsal.participants.values()
    against = Counter(name for state in states for item in state.refusals for name in (*item.failed, *item.unknown))
    told = ", ".join(f"{name} ({count})" for name, count in against.most_common(3)) or "no criterion"
    return f"nobody was allocated: {len(states)} screened, refused for {told}; check these against the assumptions"
