"""Fold what happened: treatments, events, withdrawal, loss to follow-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from equipoise.conduct.folds.fold import Fold, alive
from equipoise.conduct.state import LOST, Left, Occurrence, ParticipantState, Treatment


def _treat(fold: Fold) -> ParticipantState:
    treatment = Treatment(fold.data["intervention"], fold.data["status"], fold.on)
    return replace(fold.state, treatments=(*fold.state.treatments, treatment), last_alive=alive(fold.state, fold.on))


def _event(fold: Fold) -> ParticipantState:
    event = Occurrence(fold.data["event"], fold.data["event_kind"], fold.data.get("cause"), fold.on, fold.entry.seq)
    return replace(fold.state, events=(*fold.state.events, event), last_alive=alive(fold.state, fold.on))


def _withdraw(fold: Fold) -> ParticipantState:
    data = fold.data
    left = Left(data["rule"], fold.on, data["follow_up"], data.get("before"), data["treatment"], data["data"])
    return replace(fold.state, leavings=(*fold.state.leavings, left), last_alive=alive(fold.state, fold.on))


def _lose(fold: Fold) -> ParticipantState:
    left = Left(LOST, fold.on, "stops")
    return replace(fold.state, leavings=(*fold.state.leavings, left), last_alive=alive(fold.state, fold.on))


FOLDS: dict[str, Callable[[Fold], ParticipantState]] = {
    "treat": _treat,
    "event": _event,
    "withdraw": _withdraw,
    "lose": _lose,
}
