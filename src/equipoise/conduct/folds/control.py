"""Fold what locks and unlocks data; who learnt an arm and who signed changes nothing of a participant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from equipoise.conduct.folds.fold import Fold
from equipoise.conduct.state import ParticipantState


def _lock(fold: Fold) -> ParticipantState:
    return replace(fold.state, locked=True)


def _unlock(fold: Fold) -> ParticipantState:
    return replace(fold.state, locked=False)


def _same(fold: Fold) -> ParticipantState:
    return fold.state


FOLDS: dict[str, Callable[[Fold], ParticipantState]] = {
    "lock": _lock,
    "unlock": _unlock,
    "unblind": _same,
    "sign": _same,
}
