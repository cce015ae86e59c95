"""Fold who a participant is: consent to a newer version, a later number, erased names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from equipoise.conduct.folds.fold import Fold, alive
from equipoise.conduct.state import ParticipantState, Rescreened


def _reconsent(fold: Fold) -> ParticipantState:
    return replace(fold.state, version=fold.data["version"], last_alive=alive(fold.state, fold.on))


def _rescreened(fold: Fold) -> ParticipantState:
    return replace(fold.state, rescreened=Rescreened(fold.data["as"], fold.on))


def _erase(fold: Fold) -> ParticipantState:
    return replace(fold.state, erased_on=fold.on)


FOLDS: dict[str, Callable[[Fold], ParticipantState]] = {
    "reconsent": _reconsent,
    "rescreened": _rescreened,
    "erase": _erase,
}
