"""ADTTE: time to event for every endpoint, traced to the ledger entry that holds the event.

One row a participant and parameter; a count has one row an event and one for the end of observation. AVAL is in days,
ADT - STARTDT + 1. CNSR is 0 for the event, 1 for censored, 2 for a competing event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from equipoise.analysis.adsl import analysis_arm, is_classified, stratum_as_randomised, switched_on
from equipoise.analysis.names import column_of, grouping_variables
from equipoise.conduct import LOST, Criteria, ParticipantState
from equipoise.conduct.state import Occurrence
from equipoise.protocol import Protocol
from equipoise.protocol.model.endpoints import Count, Sensitivity, TimeToEvent

EVENT, CENSORED, COMPETING = 0, 1, 2

_KIND_ORDER = {"death": 0, "progression": 1}
"""On one day death comes before progression, and progression before anything else."""

_FIXED: dict[str, Any] = {
    "STUDYID": pl.String,
    "USUBJID": pl.String,
    "SUBJID": pl.String,
    "SITEID": pl.String,
    "ITTFL": pl.String,
    "ENRLFL": pl.String,
    "TRTP": pl.String,
    "PARAMCD": pl.String,
    "PARAM": pl.String,
    "ASEQ": pl.Int64,
    "STARTDT": pl.Date,
    "ADT": pl.Date,
    "AVAL": pl.Int64,
    "CNSR": pl.Int64,
    "EVNTDESC": pl.String,
    "CNSDTDSC": pl.String,
    "ENTRY": pl.Int64,
    "SWITCHDY": pl.Int64,
    "STRATAR": pl.String,
    "SRCDOM": pl.String,
    "SRCSEQ": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of one participant for one parameter."""

    on: date
    censored: int
    event: str = ""
    censoring: str = ""
    entry: int | None = None


def make_adtte(protocol: Protocol, participants: Mapping[str, ParticipantState], data_cut: date) -> pl.DataFrame:
    """ADTTE of all who were allocated; where arms follow a class, of all who were registered."""
    criteria = Criteria(protocol)
    groups = {name: column_of(protocol, name) for name in grouping_variables(protocol)}
    numeric = {"integer": pl.Float64, "decimal": pl.Float64}
    schema = _FIXED | {
        column: numeric.get(protocol.dictionary[name].type, pl.String) for name, column in groups.items()
    }
    rows: list[list[Any]] = []
    for number in sorted(participants):
        state = participants[number]
        if not state.assignments and not (is_classified(protocol) and state.steps):
            continue
        shared = [_group_value(criteria.derive(name, state.values)) for name in groups]
        rows += [row + shared for row in _rows_of(protocol, state, data_cut)]
    order = pl.col("PARAMCD").replace_strict({c: i for i, c in enumerate(parameters(protocol))}, return_dtype=pl.Int64)
    return pl.DataFrame(rows, schema=schema, orient="row").sort(order, "USUBJID", "ASEQ")


def parameters(protocol: Protocol) -> dict[str, tuple[str, Sensitivity | None]]:
    """Every PARAMCD, with its endpoint and its sensitivity rule if it is one."""
    found: dict[str, tuple[str, Sensitivity | None]] = {}
    for name, endpoint in protocol.endpoints.items():
        if isinstance(endpoint, TimeToEvent):
            found[endpoint.param] = (name, None)
            found |= {sensitivity_param(item): (name, item) for item in endpoint.sensitivity}
        elif isinstance(endpoint, Count):
            found[endpoint.param] = (name, None)
    return found


def sensitivity_param(item: Sensitivity) -> str:
    """PARAMCD of a sensitivity analysis."""
    return item.id.upper().replace("_", "")[:8]


def _group_value(value: Any) -> Any:
    if isinstance(value, bool):
        return "Y" if value else "N"
    return value if value is None or isinstance(value, str) else float(value)


def _rows_of(protocol: Protocol, state: ParticipantState, cut: date) -> Iterator[list[Any]]:
    arm = analysis_arm(protocol, state)
    for code, (name, sensitivity) in parameters(protocol).items():
        endpoint = protocol.endpoints[name]
        assert isinstance(endpoint, TimeToEvent | Count)
        start: Any = state.values.get(protocol.origin_variable(endpoint.origin))
        if start is None:
            # kept, so that the analysis can name who has no origin; nothing is dropped in silence
            yield _row(protocol, state, arm, code, sensitivity or endpoint, 1, None, None)
        elif isinstance(endpoint, Count):
            for i, outcome in enumerate(_counted(endpoint, state, start, cut), start=1):
                yield _row(protocol, state, arm, code, endpoint, i, start, outcome)
        else:
            outcome = _first(endpoint, state, start, cut)
            if sensitivity is not None:
                outcome = _under(sensitivity, endpoint, state, start, cut, outcome)
            yield _row(protocol, state, arm, code, sensitivity or endpoint, 1, start, outcome)


def _row(
    protocol: Protocol,
    state: ParticipantState,
    arm: str | None,
    code: str,
    labelled: Any,
    number: int,
    start: date | None,
    outcome: _Outcome | None,
) -> list[Any]:
    allocated = state.steps.get(protocol.allocation_step.id)
    switch = switched_on(protocol, state)
    late = start is not None and allocated is not None and allocated > start
    return [
        protocol.id,
        f"{protocol.id}-{state.number}",
        state.number,
        state.site,
        "Y" if state.assignments else "N",
        "Y",
        arm,
        code,
        labelled.label,
        number,
        start,
        outcome.on if outcome else None,
        (outcome.on - start).days + 1 if outcome and start else None,
        outcome.censored if outcome else None,
        outcome.event if outcome else "",
        outcome.censoring if outcome else "origin not recorded",
        (allocated - start).days if late and allocated and start else 0,
        (switch - start).days if switch and start else None,
        stratum_as_randomised(state),
        "LEDGER" if outcome and outcome.entry else "",
        outcome.entry if outcome else None,
    ]


def _first(endpoint: TimeToEvent, state: ParticipantState, start: date, cut: date) -> _Outcome:
    """The first of the endpoint's events or competing events by the cut-off, or censoring."""
    wanted = endpoint.events_of(state.arm)
    refs = (*wanted, *endpoint.competing)
    found = [item for item in state.events if start <= item.on <= cut and any(item.matches(ref) for ref in refs)]
    if not found:
        return _censored(endpoint.censor, state, start, cut)

    def order(item: Occurrence) -> tuple[date, int, int]:
        place = next(i for i, ref in enumerate(refs) if item.matches(ref))
        return item.on, _KIND_ORDER.get(item.kind, 2), place

    first = min(found, key=order)
    is_event = any(first.matches(ref) for ref in wanted)
    description = first.event if first.cause is None else f"{first.event}:{first.cause}"
    return _Outcome(first.on, EVENT if is_event else COMPETING, event=description, entry=first.entry)


def _censored(rule: str, state: ParticipantState, start: date, cut: date) -> _Outcome:
    if rule == "last_assessment":
        seen = [item.on for item in state.assessments if start <= item.on <= cut]
        if not seen:
            return _Outcome(start, CENSORED, censoring="no assessment after the origin")
        return _Outcome(max(seen), CENSORED, censoring="last assessment")
    alive = max(start, min(state.last_alive or start, cut))
    if state.left is not None and state.left.on <= cut:
        why = "lost to follow-up" if state.left.rule == LOST else f"withdrawn ({state.left.rule})"
    else:
        why = "alive at data cut-off" if alive == cut else "last known alive"
    return _Outcome(alive, CENSORED, censoring=why)


def _under(
    rule: Sensitivity, endpoint: TimeToEvent, state: ParticipantState, start: date, cut: date, outcome: _Outcome
) -> _Outcome:
    """The outcome under a sensitivity rule: censored at the last assessment before what makes the event doubtful."""
    until = cut
    therapies = [
        item.on for item in state.events if item.on <= cut and any(item.matches(ref) for ref in rule.new_therapy)
    ]
    if therapies and min(therapies) < outcome.on:
        until = min(therapies)
    if rule.missed_visits is not None and outcome.censored == EVENT:
        gap = _gap_before(state, start, outcome.on)
        if len(gap) >= rule.missed_visits:
            until = min(until, gap[0])
    if until == cut:
        return outcome
    before = _censored("last_assessment", state, start, until)
    return _Outcome(before.on, CENSORED, censoring=rule.label)


def _gap_before(state: ParticipantState, start: date, event: date) -> list[date]:
    """The visits missed in a row just before the assessment that found the event, or before a death."""
    seen = [item.on for item in state.assessments if start <= item.on < event]
    last = max(seen, default=start)
    return sorted(day for day in state.missed if last < day <= event)


def _counted(endpoint: Count, state: ParticipantState, start: date, cut: date) -> Iterator[_Outcome]:
    """Every event that counts, then the end: a terminal event (2) or censoring (1)."""
    ends = [
        item for item in state.events if start <= item.on <= cut and any(item.matches(ref) for ref in endpoint.terminal)
    ]
    end = min(ends, key=lambda item: item.on, default=None)
    last = end.on if end else cut
    for item in sorted(state.events, key=lambda item: item.on):
        if start <= item.on <= last and any(item.matches(ref) for ref in endpoint.events):
            yield _Outcome(item.on, EVENT, event=item.event, entry=item.entry)
    if end is not None:
        yield _Outcome(end.on, COMPETING, event=end.event, entry=end.entry)
    else:
        yield _censored("last_alive", state, start, cut)
