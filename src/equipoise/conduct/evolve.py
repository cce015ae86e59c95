"""Fold entries into state. Everything that is known follows from the entries alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from equipoise.allocation import ListState, advance_recorded
from equipoise.conduct.eligibility import Criteria
from equipoise.conduct.lists import method_of
from equipoise.conduct.state import (
    Assessment,
    Assignment,
    FormRecord,
    Left,
    Occurrence,
    ParticipantState,
    Refusal,
    Treatment,
    TrialState,
)
from equipoise.conduct.values import Recorded, from_json
from equipoise.ledger import Entry
from equipoise.protocol import Protocol

LOST = "lost"
"""`Left.rule` of a participant lost to follow-up."""


def evolve_trial(protocol: Protocol, state: TrialState, entry: Entry, head: str) -> TrialState:
    """The trial's state after one more entry; `head` is that entry's hash."""
    data: Any = entry.data
    changes: dict[str, Any] = {"entries": entry.seq, "head": head, "last_time": entry.time}
    match entry.kind:
        case "open":
            changes |= {"opened": True, "version": data["version"], "commitments": dict(data["commitments"])}
        case "close":
            changes["closed"] = True
        case "screen":
            changes["screened"] = state.screened + 1
        case "register":
            changes["passed"] = {**state.passed, data["step"]: data["number"]}
        case "allocate":
            changes["passed"] = {
                **state.passed,
                data["step"]: max(data["number"], state.passed.get(data["step"], 0)),
            }
            if data["method"] != "classified":
                before = state.lists.get(data["list"], ListState())
                after = advance_recorded(method_of(protocol, data["list"]), before, data)
                changes["lists"] = {**state.lists, data["list"]: after}
        case "reveal":
            changes["revealed"] = True
        case "cut":
            changes["data_cut"] = date.fromisoformat(data["on"])
        case _:
            pass
    return replace(state, **changes)


def evolve_participant(criteria: Criteria, state: ParticipantState | None, entry: Entry) -> ParticipantState:
    """A participant's state after one more entry about them."""
    data: Any = entry.data
    on = date.fromisoformat(data["on"])
    if entry.kind == "screen":
        assert entry.participant is not None
        return ParticipantState(
            number=entry.participant,
            site=entry.site or "",
            version=entry.version,
            screened_on=on,
            values={"screening_date": on},
            last_alive=on,
        )
    assert state is not None
    return _FOLDS[entry.kind](_Fold(criteria, state, entry, on, data))


@dataclass(frozen=True, slots=True)
class _Fold:
    """A state, and the entry to fold into it."""

    criteria: Criteria
    state: ParticipantState
    entry: Entry
    on: date
    data: Any


def _alive(state: ParticipantState, on: date) -> date:
    return on if state.last_alive is None else max(state.last_alive, on)


def _form(fold: _Fold) -> ParticipantState:
    dictionary = fold.criteria.protocol.dictionary
    values = {name: from_json(dictionary[name], value) for name, value in fold.data["values"].items()}
    record = FormRecord(fold.data["form"], fold.on, fold.data.get("visit"), values)
    return replace(fold.state, values={**fold.state.values, **values}, forms=(*fold.state.forms, record))


def _judge(fold: _Fold) -> ParticipantState:
    variables = {item.id: item.judgement_variable for item in fold.criteria.protocol.eligibility}
    answers = {variables[name]: answer for name, answer in fold.data["answers"].items()}
    return replace(fold.state, values={**fold.state.values, **answers})


def _register(fold: _Fold) -> ParticipantState:
    step = fold.data["step"]
    return replace(
        fold.state,
        steps={**fold.state.steps, step: fold.on},
        values={**fold.state.values, f"{step}_date": fold.on},
        last_alive=_alive(fold.state, fold.on),
    )


def _refuse(fold: _Fold) -> ParticipantState:
    by = {
        verdict: tuple(c["criterion"] for c in fold.data["criteria"] if c["verdict"] == verdict)
        for verdict in ("fail", "unknown")
    }
    refusal = Refusal(fold.data["step"], fold.on, by["fail"], by["unknown"])
    return replace(fold.state, refusals=(*fold.state.refusals, refusal))


def _assess(fold: _Fold) -> ParticipantState:
    assessment = Assessment(
        fold.data["name"], fold.on, fold.data.get("visit"), dict(fold.data["responses"]), fold.data["overall"]
    )
    named: dict[str, Recorded] = {}
    name = fold.data["name"]
    if f"{name}_response" in fold.criteria.protocol.dictionary:
        named = {f"{name}_{part}": value for part, value in fold.data["responses"].items()}
        named |= {f"{name}_response": fold.data["overall"], f"{name}_date": fold.on}
    return replace(
        fold.state,
        assessments=(*fold.state.assessments, assessment),
        values={**fold.state.values, **named},
        last_alive=_alive(fold.state, fold.on),
    )


def _classify(fold: _Fold) -> ParticipantState:
    found = Assignment(fold.data["by"], fold.data["value"], fold.on)
    return replace(
        fold.state,
        classes=(*fold.state.classes, found),
        values={**fold.state.values, fold.data["by"]: fold.data["value"]},
    )


def _allocate(fold: _Fold) -> ParticipantState:
    """The arm, and the values that counted: a later correction changes neither."""
    step = fold.data["step"]
    first = not fold.state.assignments
    values: dict[str, Recorded] = {**fold.state.values, f"{step}_date": fold.state.steps.get(step, fold.on)}
    if first:
        values["arm"] = fold.data["arm"]
    counted = dict(fold.data.get("levels", {})) if first else fold.state.at_allocation
    return replace(
        fold.state,
        assignments=(*fold.state.assignments, Assignment(step, fold.data["arm"], fold.on)),
        steps={step: fold.on, **fold.state.steps},
        values=values,
        at_allocation=counted,
        last_alive=_alive(fold.state, fold.on),
    )


def _treat(fold: _Fold) -> ParticipantState:
    treatment = Treatment(fold.data["intervention"], fold.data["status"], fold.on)
    return replace(fold.state, treatments=(*fold.state.treatments, treatment), last_alive=_alive(fold.state, fold.on))


def _event(fold: _Fold) -> ParticipantState:
    event = Occurrence(fold.data["event"], fold.data["event_kind"], fold.data.get("cause"), fold.on, fold.entry.seq)
    return replace(fold.state, events=(*fold.state.events, event), last_alive=_alive(fold.state, fold.on))


def _visit(fold: _Fold) -> ParticipantState:
    return replace(fold.state, visits=(*fold.state.visits, fold.on), last_alive=_alive(fold.state, fold.on))


def _missed(fold: _Fold) -> ParticipantState:
    return replace(fold.state, missed=(*fold.state.missed, fold.on))


def _withdraw(fold: _Fold) -> ParticipantState:
    left = Left(fold.data["rule"], fold.on, fold.data["follow_up"], fold.data.get("before"))
    return replace(fold.state, left=left, last_alive=_alive(fold.state, fold.on))


def _lose(fold: _Fold) -> ParticipantState:
    return replace(fold.state, left=Left(LOST, fold.on, "stops"), last_alive=_alive(fold.state, fold.on))


def _correct(fold: _Fold) -> ParticipantState:
    value = from_json(fold.criteria.protocol.dictionary[fold.data["variable"]], fold.data["new"])
    values: Mapping[str, Recorded] = {**fold.state.values, fold.data["variable"]: value}
    return replace(fold.state, values=values, corrections=fold.state.corrections + 1)


_FOLDS: dict[str, Callable[[_Fold], ParticipantState]] = {
    "form": _form,
    "judge": _judge,
    "register": _register,
    "refuse": _refuse,
    "assess": _assess,
    "classify": _classify,
    "allocate": _allocate,
    "treat": _treat,
    "event": _event,
    "visit": _visit,
    "missed": _missed,
    "withdraw": _withdraw,
    "lose": _lose,
    "correct": _correct,
}
