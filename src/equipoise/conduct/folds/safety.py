"""Fold adverse events, their reports, departures from advice, and news of somebody lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from equipoise.conduct.adverse_events import AdverseEventRecord, Due, Finding
from equipoise.conduct.folds.fold import Fold, alive
from equipoise.conduct.state import LOST, Departure, ParticipantState
from equipoise.errors import LedgerError


def _adverse_event(fold: Fold) -> ParticipantState:
    data = fold.data
    first = _finding(fold, date.fromisoformat(data["aware"]), None)
    record = AdverseEventRecord(
        fold.entry.seq, data["term"], fold.on, data["ctcae"], bool(data.get("of_interest")), (first,), _due(data)
    )
    # onset says that the participant was alive on that day, whoever knew of it when
    return replace(
        fold.state, adverse_events=(*fold.state.adverse_events, record), last_alive=alive(fold.state, fold.on)
    )


def _follow_up(fold: Fold) -> ParticipantState:
    record = _record(fold)
    finding = _finding(fold, fold.on, record.now)
    return _with(fold.state, replace(record, findings=(*record.findings, finding), due=_due(fold.data)))


def _report(fold: Fold) -> ParticipantState:
    record, name = _record(fold), fold.data["report"]
    due = tuple(replace(item, sent=fold.on) if item.report == name else item for item in record.due)
    return _with(fold.state, replace(record, due=due))


def _depart(fold: Fold) -> ParticipantState:
    data = fold.data
    departure = Departure(
        data["guidance"], fold.on, tuple(data["advice"]), data["given"], data.get("deviation"), fold.entry.seq
    )
    return replace(fold.state, departures=(*fold.state.departures, departure))


def _found(fold: Fold) -> ParticipantState:
    """The loss is over from that day on; it stays on record."""
    leavings = tuple(
        replace(item, until=fold.on) if item.rule == LOST and item.until is None else item
        for item in fold.state.leavings
    )
    last = alive(fold.state, fold.on) if fold.data["alive"] else fold.state.last_alive
    return replace(fold.state, leavings=leavings, last_alive=last)


def _finding(fold: Fold, on: date, before: Finding | None) -> Finding:
    """What an entry says of an event; what it leaves out is as before."""
    data: Any = fold.data
    old = before or Finding(on, fold.entry.seq, int(data["grade"]))
    ended = data.get("ended")
    return Finding(
        on,
        fold.entry.seq,
        int(data.get("grade", old.grade)),
        frozenset(data["serious"]) if "serious" in data else old.serious,
        {**old.related, **data.get("related", {})},
        data.get("expected", old.expected),
        data.get("outcome", old.outcome),
        data.get("action", old.action),
        date.fromisoformat(ended) if ended is not None else old.ended,
    )


def _due(data: Any) -> tuple[Due, ...]:
    """The reports as an entry leaves them."""
    days = date.fromisoformat
    return tuple(
        Due(name, days(item["aware"]), item["days"], days(item["on"]), days(item["sent"]) if "sent" in item else None)
        for name, item in data.get("due", {}).items()
    )


def _record(fold: Fold) -> AdverseEventRecord:
    """The event that an entry is about."""
    number = fold.data["entry"]
    found = next((item for item in fold.state.adverse_events if item.entry == number), None)
    if found is None:
        what = f"entry {fold.entry.seq} ('{fold.entry.kind}') is about entry {number}, which reports no adverse event"
        raise LedgerError(what, mend="the ledger was not written by this program, or was changed")
    return found


def _with(state: ParticipantState, record: AdverseEventRecord) -> ParticipantState:
    events = tuple(record if item.entry == record.entry else item for item in state.adverse_events)
    return replace(state, adverse_events=events)


FOLDS: dict[str, Callable[[Fold], ParticipantState]] = {
    "adverse_event": _adverse_event,
    "adverse_event_follow_up": _follow_up,
    "safety_report": _report,
    "depart": _depart,
    "found": _found,
}
