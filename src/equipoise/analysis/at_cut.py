"""What is known of participants at a data cut-off: whatever happened later has not happened yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from equipoise.conduct import ParticipantState
from equipoise.conduct.adverse_events import AdverseEventRecord
from equipoise.conduct.responses import rejudged, with_responses
from equipoise.conduct.staging import with_stagings
from equipoise.conduct.state import Left
from equipoise.protocol import Protocol
from equipoise.protocol.model.quality import DATA_CUT, LAST_ALIVE
from equipoise.protocol.rules import PartialDate, imputed_of

_DATED = (
    "forms",
    "assessments",
    "readings",
    "resections",
    "classes",
    "proposals",
    "decisions",
    "stagings",
    "assignments",
    "treatments",
    "events",
    "refusals",
    "departures",
    "deviations",
    "contacts",
)


def states_at(
    protocol: Protocol, participants: Mapping[str, ParticipantState], data_cut: date
) -> list[ParticipantState]:
    """Everybody screened by the cut-off, as known then, in the order of their numbers.

    Values recorded only after it are left out. A correction counts whenever it was made: it says what had been true.
    """
    states = (participants[number] for number in sorted(participants))
    return [at_cut(protocol, state, data_cut) for state in states if state.screened_on <= data_cut]


def at_cut(protocol: Protocol, state: ParticipantState, cut: date) -> ParticipantState:
    """One participant, screened by the cut-off, as known then."""
    kept: dict[str, Any] = {name: tuple(item for item in getattr(state, name) if item.on <= cut) for name in _DATED}
    kept["visits"] = tuple(day for day in state.visits if day <= cut)
    kept["missed"] = tuple(day for day in state.missed if day <= cut)
    kept["steps"] = {name: day for name, day in state.steps.items() if day <= cut}
    again = state.rescreened
    kept["rescreened"] = again if again is not None and again.on <= cut else None
    kept["leavings"] = tuple(_left_at(left, cut) for left in state.leavings if left.on <= cut)
    kept["adverse_events"] = tuple(_known_at(item, cut) for item in state.adverse_events if item.started <= cut)
    kept["last_alive"] = min(state.last_alive, cut) if state.last_alive else None
    if not kept["assignments"]:
        kept["at_allocation"] = {}
    kept["baselines"] = tuple(item for item in state.baselines if item.baseline.on <= cut)
    earlier = replace(state, **kept)
    if len(earlier.readings) < len(state.readings):
        # a lesion in doubt that a later visit confirmed was still in doubt then
        earlier = rejudged(protocol, earlier)
    return _with_imputed(protocol, replace(earlier, values=_values_at(protocol, state, earlier, cut)), cut)


def _with_imputed(protocol: Protocol, state: ParticipantState, cut: date) -> ParticipantState:
    """With the day that the protocol imputes for every date of reduced precision, and its flag."""
    partial = {name: value for name, value in state.values.items() if isinstance(value, PartialDate)}
    if not partial:
        return state
    known = {**state.values, LAST_ALIVE: state.last_alive, DATA_CUT: cut}
    days = {name: imputed_of(protocol.dictionary[name], value, known) for name, value in partial.items()}
    flags = {name: value.flag for name, value in partial.items()}
    return replace(state, values={**state.values, **days}, imputed=flags)


def _left_at(left: Left, cut: date) -> Left:
    """A loss that was ended by news after the cut-off was in force then."""
    return left if left.until is None or left.until <= cut else replace(left, until=None)


def _known_at(record: AdverseEventRecord, cut: date) -> AdverseEventRecord:
    """An adverse event with the findings by then; the first report counts, whenever it came: it says what was so."""
    return replace(record, findings=(record.findings[0], *(item for item in record.findings[1:] if item.on <= cut)))


def _values_at(protocol: Protocol, state: ParticipantState, earlier: ParticipantState, cut: date) -> dict[str, Any]:
    """The values that rest on what had happened by then."""
    later = {f"{name}_date" for name in state.steps if name not in earlier.steps}
    if not earlier.assignments:
        later.add("arm")
    later |= _on_forms(state) - _on_forms(earlier)
    later |= {item.step for item in state.classes}
    known, all_answers = (_judged(protocol, state, day) for day in (cut, date.max))
    later |= {name for name, answer in all_answers.items() if name not in known or known[name] != answer}
    values: dict[str, Any] = {name: value for name, value in state.values.items() if name not in later}
    values |= {item.step: item.arm for item in earlier.classes}
    values |= {name: answer for name, answer in known.items() if name in later}
    if len(earlier.forms) < len(state.forms):
        # not the newest of all but the newest of the forms that are left
        values |= {name: value for record in earlier.forms for name, value in record.values.items()}
    if len(earlier.stagings) < len(state.stagings):
        values = with_stagings(protocol, values, earlier.stagings)
    return values if earlier.readings == state.readings else with_responses(protocol, values, earlier.assessments)


def _judged(protocol: Protocol, state: ParticipantState, cut: date) -> dict[str, Any]:
    """Answers of judgements by the cut-off, by variable."""
    variables = {item.id: item.judgement_variable for item in protocol.eligibility}
    answers: dict[str, Any] = {}
    for entry in state.history:
        data: Any = entry.data
        if entry.kind == "judge" and date.fromisoformat(data["on"]) <= cut:
            # a criterion may have gone with an amendment
            answers |= {variables[name]: answer for name, answer in data["answers"].items() if name in variables}
    return answers


def _on_forms(state: ParticipantState) -> set[str]:
    return {name for record in state.forms for name in record.values}
