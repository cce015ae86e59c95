"""Fold what happened: treatments, events, withdrawal, loss to follow-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from equipoise.assessment import Resection
from equipoise.conduct.folds.fold import Fold, alive
from equipoise.conduct.responses import with_resection
from equipoise.conduct.state import LOST, Left, Occurrence, ParticipantState, Treatment


def _treat(fold: Fold) -> ParticipantState:
    treatment = Treatment(fold.data["intervention"], fold.data["status"], fold.on)
    state = replace(fold.state, treatments=(*fold.state.treatments, treatment), last_alive=alive(fold.state, fold.on))
    gone = tuple(fold.data.get("lesions", ()))
    return with_resection(fold.criteria.protocol, state, Resection(fold.on, gone)) if gone else state


def _event(fold: Fold) -> ParticipantState:
    event = Occurrence(fold.data["event"], fold.data["event_kind"], fold.data.get("cause"), fold.on, fold.entry.seq)
    return replace(fold.state, events=(*fold.state.events, event), last_alive=alive(fold.state, fold.on))


def _withdraw(fold: Fold) -> ParticipantState:
    data = fold.data
    left = Left(data["rule"], fold.on, data["follow_up"], data.get("before"), data["treatment"], data["data"])
    return replace(fold.state, left=left, last_alive=alive(fold.state, fold.on))


def _lose(fold: Fold) -> ParticipantState:
    return replace(fold.state, left=Left(LOST, fold.on, "stops"), last_alive=alive(fold.state, fold.on))


FOLDS: dict[str, Callable[[Fold], ParticipantState]] = {
    "treat": _treat,
    "event": _event,
    "withdraw": _withdraw,
    "lose": _lose,
}
