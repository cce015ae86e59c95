"""Fold lesions, readings, classes with what they propose, and stagings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from equipoise.assessment import Tnm
from equipoise.conduct.folds.fold import Fold, alive, by_day
from equipoise.conduct.lesions import reading_of
from equipoise.conduct.recorded_lesions import baseline_of
from equipoise.conduct.responses import with_baseline, with_reading
from equipoise.conduct.staging import with_stagings
from equipoise.conduct.state import Assignment, Described, ParticipantState, Proposal, Staged, TeamDecision
from equipoise.errors import LedgerError


def _lesions(fold: Fold) -> ParticipantState:
    protocol = fold.criteria.protocol
    if protocol.response is None:
        raise _foreign(fold)
    baseline = baseline_of(protocol.response, fold.on, fold.data["lesions"])
    described = Described(fold.data.get("reading", "local"), baseline, fold.entry.seq)
    return with_baseline(protocol, replace(fold.state, last_alive=alive(fold.state, fold.on)), described)


def _assess(fold: Fold) -> ParticipantState:
    protocol = fold.criteria.protocol
    if protocol.response is None:
        raise _foreign(fold)
    reading = reading_of(fold.criteria, fold.data, fold.on, fold.entry.seq)
    return with_reading(protocol, replace(fold.state, last_alive=alive(fold.state, fold.on)), reading)


def _foreign(fold: Fold) -> LedgerError:
    what = f"entry {fold.entry.seq} ('{fold.entry.kind}') assesses a response, which this protocol does not"
    return LedgerError(what, mend="give the protocol that the ledger was run by")


def _classify(fold: Fold) -> ParticipantState:
    data = fold.data
    found = Assignment(data["by"], data["value"], fold.on)
    later = any(item.step == found.step and item.on > fold.on for item in fold.state.classes)
    newest = {} if later else {found.step: found.arm}
    closes = None if data.get("closes") is None else date.fromisoformat(data["closes"])
    proposal = Proposal(data["by"], data["value"], data["proposes"], fold.on, closes, fold.entry.seq)
    return replace(
        fold.state,
        classes=by_day(fold.state.classes, found),
        proposals=by_day(fold.state.proposals, proposal),
        values={**fold.state.values, **newest},
    )


def _decision(fold: Fold) -> ParticipantState:
    made = TeamDecision(fold.data["of"], fold.data["decision"], fold.on, fold.entry.reason)
    return replace(fold.state, decisions=(*fold.state.decisions, made), last_alive=alive(fold.state, fold.on))


def _stage(fold: Fold) -> ParticipantState:
    """A staging; the values are those of the newest, and the earlier ones stay."""
    data = fold.data
    tnm = Tnm(data["prefix"], data["t"], data["n"], data["m"])
    stagings = by_day(fold.state.stagings, Staged(data["staging"], fold.on, tnm, data.get("stage"), data["why"]))
    values = with_stagings(fold.criteria.protocol, fold.state.values, stagings)
    return replace(fold.state, stagings=stagings, values=values, last_alive=alive(fold.state, fold.on))


FOLDS: dict[str, Callable[[Fold], ParticipantState]] = {
    "lesions": _lesions,
    "assess": _assess,
    "adjudicate": _assess,
    "classify": _classify,
    "decision": _decision,
    "stage": _stage,
}
