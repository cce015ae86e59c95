"""Fold entries into state. Everything that is known follows from the entries alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from equipoise.allocation import ListState, advance_recorded
from equipoise.conduct.eligibility import Criteria
from equipoise.conduct.folds import admission, control, course, data, lesions, persons, quality, safety
from equipoise.conduct.folds.fold import Fold
from equipoise.conduct.folds.whole_trial import control_changes
from equipoise.conduct.lists import method_of
from equipoise.conduct.state import ParticipantState, TrialState
from equipoise.conduct.versions import folded
from equipoise.errors import LedgerError
from equipoise.ledger import Entry
from equipoise.protocol import Protocol

STRIKABLE = frozenset(
    {"form", "assess", "treat", "event", "visit", "missed", "withdraw", "lose", "alive", "deviation"}
    | {"lesions", "adjudicate", "decision", "stage"}
) | frozenset(safety.FOLDS)
"""Kinds of entries that can be struck out. What was asked and decided (screening, steps, judgements) was asked."""


def evolve_trial(protocol: Protocol, state: TrialState, entry: Entry, head: str) -> TrialState:
    """The trial's state after one more entry; `head` is that entry's hash, `protocol` the version that it names."""
    data: Any = entry.data
    changes: dict[str, Any] = {"entries": entry.seq, "head": head, "last_time": entry.time}
    match entry.kind:
        case "open":
            changes |= {"opened": True, "version": data["version"], "commitments": dict(data["commitments"])}
            changes["versions"] = folded(state.versions, entry)
        case "amend":
            added = {**state.commitments, **data.get("commitments", {})}
            changes |= {"version": data["version"], "commitments": added, "versions": folded(state.versions, entry)}
        case "activate":
            changes["versions"] = folded(state.versions, entry)
        case "close":
            changes["closed"] = True
        case "screen":
            changes["screened"] = state.screened + 1
        case "register" | "allocate":
            changes["passed"] = {**state.passed, data["step"]: int(data["number"])}
            if entry.kind == "allocate" and data["method"] != "classified":
                changes["lists"] = {**state.lists, data["list"]: _list_after(protocol, state, data)}
        case "reveal":
            changes["revealed"] = True
        case "sweep":
            changes["sweep"] = date.fromisoformat(data["on"]), date.fromisoformat(data["since"])
        case _:
            pass
    return replace(state, **changes, **control_changes(state, entry, head))


def _list_after(protocol: Protocol, state: TrialState, data: Any) -> ListState:
    """The list after an allocation: it counts the levels as randomised, whatever is corrected later."""
    before = state.lists.get(data["list"], ListState())
    return advance_recorded(method_of(protocol, data["list"]), before, data)


def evolve_participant(criteria: Criteria, state: ParticipantState | None, entry: Entry) -> ParticipantState:
    """A participant's state after one more entry about them, by the version of the protocol that the entry names.

    Raises:
        LedgerError: the entry is about somebody who was not screened, or screens somebody again, or is of a kind that
            is not known.
    """
    data: Any = entry.data
    if entry.kind == "screen" and state is None and entry.participant is not None:
        return _screened(entry.participant, entry, date.fromisoformat(data["on"]))
    if state is None or entry.kind not in _FOLDS:
        what = f"entry {entry.seq} ('{entry.kind}') cannot be about participant {entry.participant} as things are"
        raise LedgerError(what, mend="the ledger was not written by this program, or was changed")
    judging = criteria.of(entry.version)
    after = _FOLDS[entry.kind](Fold(judging, state, entry, date.fromisoformat(data["on"]), data))
    return after if entry.kind == "strike" else replace(after, history=(*state.history, entry))


def without(criteria: Criteria, state: ParticipantState, seq: int) -> ParticipantState:
    """The state that a participant's entries add up to without one of them.

    Raises:
        LedgerError: there is no such entry about the participant, or it cannot be struck out.
    """
    struck = next((entry for entry in state.history if entry.seq == seq), None)
    if struck is None or struck.kind not in STRIKABLE:
        what = f"entry {seq} is none about participant {state.number} that can be struck out"
        raise LedgerError(what, mend="the ledger was not written by this program, or was changed")
    left: ParticipantState | None = None
    for entry in state.history:
        if entry is not struck:
            left = evolve_participant(criteria, left, entry)
    assert left is not None  # the entry of the screening cannot be struck out
    numbers = (*state.struck, seq)
    standing = tuple(item for item in left.deviations if item.cause not in numbers)
    return replace(left, struck=numbers, corrections=left.corrections + len(numbers), deviations=standing)


def _screened(number: str, entry: Entry, on: date) -> ParticipantState:
    data: Any = entry.data
    return ParticipantState(
        number=number,
        site=entry.site or "",
        version=entry.version,
        screened_on=on,
        values={"screening_date": on},
        last_alive=on,
        history=(entry,),
        pseudonym=data.get("pseudonym"),
        rescreens=data.get("rescreens"),
    )


def _strike(fold: Fold) -> ParticipantState:
    return without(fold.criteria, fold.state, fold.data["entry"])


_FOLDS: dict[str, Callable[[Fold], ParticipantState]] = {
    **admission.FOLDS,
    **data.FOLDS,
    **course.FOLDS,
    **persons.FOLDS,
    **safety.FOLDS,
    **control.FOLDS,
    **quality.FOLDS,
    **lesions.FOLDS,
    "strike": _strike,
}
