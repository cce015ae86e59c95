"""Fold entries into state. Everything that is known follows from the entries alone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar
from typing import Protocol as Structural

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
from equipoise.errors import LedgerError
from equipoise.ledger import Entry
from equipoise.protocol import Protocol

LOST = "lost"
"""`Left.rule` of a participant lost to follow-up."""

STRIKABLE = frozenset({"form", "assess", "treat", "event", "visit", "missed", "withdraw", "lose"})
"""Kinds of entries that can be struck out. What was asked and decided (screening, steps, judgements) was asked."""


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
        case "register" | "allocate":
            changes["passed"] = {**state.passed, data["step"]: int(data["number"])}
            if entry.kind == "allocate" and data["method"] != "classified":
                changes["lists"] = {**state.lists, data["list"]: _list_after(protocol, state, data)}
        case "reveal":
            changes["revealed"] = True
        case "cut":
            changes["data_cut"] = date.fromisoformat(data["on"])
        case _:
            pass
    return replace(state, **changes)


def _list_after(protocol: Protocol, state: TrialState, data: Any) -> ListState:
    """The list after an allocation: it counts the levels as randomised, whatever is corrected later."""
    before = state.lists.get(data["list"], ListState())
    return advance_recorded(method_of(protocol, data["list"]), before, data)


def evolve_participant(criteria: Criteria, state: ParticipantState | None, entry: Entry) -> ParticipantState:
    """A participant's state after one more entry about them.

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
    after = _FOLDS[entry.kind](_Fold(criteria, state, entry, date.fromisoformat(data["on"]), data))
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
    return replace(left, struck=numbers, corrections=left.corrections + len(numbers))


def _screened(number: str, entry: Entry, on: date) -> ParticipantState:
    return ParticipantState(
        number=number,
        site=entry.site or "",
        version=entry.version,
        screened_on=on,
        values={"screening_date": on},
        last_alive=on,
        history=(entry,),
    )


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


class _Dated(Structural):
    @property
    def on(self) -> date: ...


_D = TypeVar("_D", bound=_Dated)


def _by_day(items: tuple[_D, ...], item: _D) -> tuple[_D, ...]:
    """With one more: by day, and of one day in the order of entry."""
    place = bisect_right(items, item.on, key=lambda other: other.on)
    return (*items[:place], item, *items[place:])


def _form(fold: _Fold) -> ParticipantState:
    dictionary = fold.criteria.protocol.dictionary
    values = {name: from_json(dictionary[name], value) for name, value in fold.data["values"].items()}
    record = FormRecord(fold.data["form"], fold.on, fold.data.get("visit"), values)
    later = {name for item in fold.state.forms if item.on > fold.on for name in item.values}
    newest = {name: value for name, value in values.items() if name not in later}
    return replace(fold.state, values={**fold.state.values, **newest}, forms=_by_day(fold.state.forms, record))


def _judge(fold: _Fold) -> ParticipantState:
    variables = {item.id: item.judgement_variable for item in fold.criteria.protocol.eligibility}
    answers = {variables[name]: answer for name, answer in fold.data["answers"].items()}
    if wrong := sorted(name for name, answer in answers.items() if not isinstance(answer, bool)):
        what = f"entry {fold.entry.seq} ('judge') answers {', '.join(wrong)} with neither true nor false"
        raise LedgerError(what, mend="the ledger was not written by this program, or was changed")
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
    newest = not any(item.name == name and item.on > fold.on for item in fold.state.assessments)
    if newest and f"{name}_response" in fold.criteria.protocol.dictionary:
        named = {f"{name}_{part}": value for part, value in fold.data["responses"].items()}
        named |= {f"{name}_response": fold.data["overall"], f"{name}_date": fold.on}
    return replace(
        fold.state,
        assessments=_by_day(fold.state.assessments, assessment),
        values={**fold.state.values, **named},
        last_alive=_alive(fold.state, fold.on),
    )


def _classify(fold: _Fold) -> ParticipantState:
    found = Assignment(fold.data["by"], fold.data["value"], fold.on)
    later = any(item.step == found.step and item.on > fold.on for item in fold.state.classes)
    newest = {} if later else {found.step: found.arm}
    return replace(
        fold.state,
        classes=_by_day(fold.state.classes, found),
        values={**fold.state.values, **newest},
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
    data = fold.data
    left = Left(data["rule"], fold.on, data["follow_up"], data.get("before"), data["treatment"], data["data"])
    return replace(fold.state, left=left, last_alive=_alive(fold.state, fold.on))


def _lose(fold: _Fold) -> ParticipantState:
    return replace(fold.state, left=Left(LOST, fold.on, "stops"), last_alive=_alive(fold.state, fold.on))


def _correct(fold: _Fold) -> ParticipantState:
    """The new value, in the newest form that holds the variable too; the old one stays in the ledger."""
    name = fold.data["variable"]
    value = from_json(fold.criteria.protocol.dictionary[name], fold.data["new"])
    forms = list(fold.state.forms)
    newest = next((i for i in reversed(range(len(forms))) if name in forms[i].values), None)
    if newest is not None:
        forms[newest] = replace(forms[newest], values={**forms[newest].values, name: value})
    values: Mapping[str, Recorded] = {**fold.state.values, name: value}
    return replace(fold.state, values=values, forms=tuple(forms), corrections=fold.state.corrections + 1)


def _strike(fold: _Fold) -> ParticipantState:
    return without(fold.criteria, fold.state, fold.data["entry"])


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
    "strike": _strike,
}
