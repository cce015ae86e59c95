"""Fold what is decided about the whole trial: freezes, the final lock, who gives roles, what can be signed."""

from __future__ import annotations

from datetime import date
from typing import Any

from equipoise.conduct.permissions import ADMINISTRATOR
from equipoise.conduct.state import Freezing, TrialState
from equipoise.ledger import Entry

SIGNABLE = frozenset({"open", "freeze", "lock_trial", "unlock_trial"})
"""Kinds of entries about the whole trial that can be signed."""


def control_changes(state: TrialState, entry: Entry, head: str) -> dict[str, Any]:
    """What an entry about the whole trial changes of its state."""
    data: Any = entry.data
    changes: dict[str, Any] = {}
    if entry.kind in SIGNABLE:
        changes["acts"] = {**state.acts, entry.seq: head}
    match entry.kind:
        case "open" if data.get("administrator") is not None:
            changes["administrators"] = (data["administrator"],)
        case "grant" if data["role"] == ADMINISTRATOR:
            changes["administrators"] = (*(state.administrators or ()), data["account"])
        case "revoke" if data["role"] == ADMINISTRATOR:
            changes["administrators"] = tuple(name for name in state.administrators or () if name != data["account"])
        case "freeze":
            frozen = Freezing(data["analysis"], date.fromisoformat(data["cut_off"]), data["entries"], data["head"])
            changes["freezes"] = (*state.freezes, frozen)
        case "lock_trial" | "unlock_trial":
            changes["locked"] = entry.kind == "lock_trial"
        case _:
            pass
    return changes
