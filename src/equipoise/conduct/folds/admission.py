"""Fold what admits a participant: registrations, refusals, allocations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from equipoise.conduct.folds.fold import Fold, alive
from equipoise.conduct.state import Assignment, ParticipantState, Refusal
from equipoise.conduct.values import Recorded


def _register(fold: Fold) -> ParticipantState:
    step = fold.data["step"]
    return replace(
        fold.state,
        steps={**fold.state.steps, step: fold.on},
        values={**fold.state.values, f"{step}_date": fold.on},
        last_alive=alive(fold.state, fold.on),
    )


def _refuse(fold: Fold) -> ParticipantState:
    by = {
        verdict: tuple(c["criterion"] for c in fold.data["criteria"] if c["verdict"] == verdict)
        for verdict in ("fail", "unknown")
    }
    refusal = Refusal(fold.data["step"], fold.on, by["fail"], by["unknown"])
    return replace(fold.state, refusals=(*fold.state.refusals, refusal))


def _allocate(fold: Fold) -> ParticipantState:
    """The arm, and the values that counted: a later correction changes neither."""
    step = fold.data["step"]
    first = not fold.state.assignments
    values: dict[str, Recorded] = {**fold.state.values, f"{step}_date": fold.state.steps.get(step, fold.on)}
    if first:
        values["arm"] = fold.data["arm"]
    counted = dict(fold.data.get("levels", {})) if first else fold.state.at_allocation
    return replace(
        fold.state,
        assignments=(*fold.state.assignments, Assignment(step, fold.data["arm"], fold.on, fold.data["method"])),
        steps={step: fold.on, **fold.state.steps},
        values=values,
        at_allocation=counted,
        last_alive=alive(fold.state, fold.on),
    )


FOLDS: dict[str, Callable[[Fold], ParticipantState]] = {
    "register": _register,
    "refuse": _refuse,
    "allocate": _allocate,
}
