"""Fold what happened: treatments, events, withdrawal, loss to follow-up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from equipoise.conduct.folds.fold import Fold, alive
from equipoise.conduct.state import LOST, Left, Occurrence, ParticipantState, Treatment
from equipoise.protocol.rules import PartialDate


def _treat(fold: Fold) -> ParticipantState:
    treatment = Treatment(fold.data["intervention"], fold.data["status"], fold.on)
    return replace(fold.state, treatments=(*fold.state.treatments, treatment), last_alive=alive(fold.state, fold.on))


def _event(fold: Fold) -> ParticipantState:
    data = fold.data
    recorded = PartialDate.of(data["recorded"]) if "recorded" in data else None
    event = Occurrence(data["event"], data["event_kind"], data.get("cause"), fold.on, fold.entry.seq, recorded)
    # who had an event on some day of a month was alive on its first at least; a death ends on the day imputed for it
    seen = fold.on if recorded is None or event.kind == "death" else recorded.earliest
    return replace(fold.state, events=(*fold.state.events, event), last_alive=alive(fold.state, seen))


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
