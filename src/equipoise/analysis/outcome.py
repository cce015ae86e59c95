"""What came of one participant for one endpoint: the event, a competing event, or censoring and why.

On one day death comes before progression, and progression before anything else; an event comes before censoring.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from equipoise.conduct import LOST, ParticipantState
from equipoise.conduct.state import Occurrence
from equipoise.protocol.model.endpoints import Count, Sensitivity, TimeToEvent

EVENT, CENSORED, COMPETING = 0, 1, 2

_KIND_ORDER = {"death": 0, "progression": 1}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome.

    Attributes:
        on: its day, ADT.
        cnsr: CNSR: 0 the event, 1 censored, 2 a competing event.
        event: which event, with its cause: EVNTDESC.
        censoring: why censored: CNSDTDSC.
        entry: number of the ledger entry that holds the event: SRCSEQ.
        imputed: which part of the day is imputed, D or M; empty if none is: ADTF.
    """

    on: date
    cnsr: int
    event: str = ""
    censoring: str = ""
    entry: int | None = None
    imputed: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """One participant under observation for one endpoint.

    Attributes:
        state: as known at the cut-off.
        start: the origin of time.
        enters: the day from which the participant is at risk: allocation where it follows the origin; where arms
            follow a class, registration.
        cut: the data cut-off.
        assessed: days of assessments, or of visits in a trial that assesses no response.
    """

    state: ParticipantState
    start: date
    enters: date
    cut: date
    assessed: tuple[date, ...]


def why_none(endpoint: TimeToEvent | Count, seen: Observed) -> str:
    """Why there is no time from this origin: it lies after the cut-off, or after death; empty where there is one."""
    if seen.start > seen.cut:
        return "origin after the data cut-off"
    ends = endpoint.terminal if isinstance(endpoint, Count) else ()
    before = [item for item in seen.state.events if item.on < seen.start]
    ended = next((item for item in before if item.kind == "death" or _is_one_of(item, ends)), None)
    return f"{_described(ended)} before the origin" if ended else ""


def first_outcome(endpoint: TimeToEvent, seen: Observed) -> Outcome:
    """The first of the endpoint's events or competing events by the cut-off, or censoring."""
    wanted = endpoint.events_of(seen.state.arm)
    refs = (*wanted, *endpoint.competing)
    found = [item for item in seen.state.events if seen.start <= item.on <= seen.cut and _is_one_of(item, refs)]
    if not found:
        return _censored(endpoint.censor, seen, seen.cut)

    def order(item: Occurrence) -> tuple[date, int, int]:
        place = next(i for i, ref in enumerate(refs) if item.matches(ref))
        return item.on, _KIND_ORDER.get(item.kind, 2), place

    first = min(found, key=order)
    cnsr = EVENT if _is_one_of(first, wanted) else COMPETING
    return _happened(first, cnsr)


def under(rule: Sensitivity, seen: Observed, outcome: Outcome) -> Outcome:
    """An outcome under a sensitivity rule: censored at the last assessment before what makes the event doubtful."""
    doubts = [
        item.on
        for item in seen.state.events
        if seen.start <= item.on < outcome.on and _is_one_of(item, rule.new_therapy)
    ]
    if rule.missed_visits is not None and outcome.cnsr == EVENT:
        gap = _gap_before(seen, outcome.on)
        doubts += gap[:1] if len(gap) >= rule.missed_visits else []
    if not doubts:
        return outcome
    return Outcome(_last_assessment(seen, min(doubts)) or seen.enters, CENSORED, censoring=rule.label)


def counted(endpoint: Count, seen: Observed) -> Iterator[Outcome]:
    """Every event that counts, then the end: a terminal event (2) or censoring (1)."""
    inside = [item for item in seen.state.events if seen.start <= item.on <= seen.cut]
    ends = [item for item in inside if _is_one_of(item, endpoint.terminal)]
    end = min(ends, key=lambda item: item.on, default=None)
    for item in sorted(inside, key=lambda item: item.on):
        if _is_one_of(item, endpoint.events) and (end is None or item.on <= end.on):
            yield _happened(item, EVENT)
    if end is not None:
        yield _happened(end, COMPETING)
    else:
        yield _censored("last_alive", seen, seen.cut)


def _happened(item: Occurrence, cnsr: int) -> Outcome:
    imputed = item.recorded.flag if item.recorded is not None else ""
    return Outcome(item.on, cnsr, event=_described(item), entry=item.entry, imputed=imputed)


def _is_one_of(item: Occurrence, refs: tuple[str, ...]) -> bool:
    return any(item.matches(ref) for ref in refs)


def _described(item: Occurrence) -> str:
    return item.event if item.cause is None else f"{item.event}:{item.cause}"


def _last_assessment(seen: Observed, until: date) -> date | None:
    """The last assessment up to and with a day, not before the participant is at risk."""
    return max((day for day in seen.assessed if seen.enters <= day <= until), default=None)


def _censored(rule: str, seen: Observed, until: date) -> Outcome:
    if rule == "last_assessment":
        last = _last_assessment(seen, until)
        if last is None:
            return Outcome(seen.enters, CENSORED, censoring="no assessment after the origin")
        return Outcome(last, CENSORED, censoring="last assessment")
    state = seen.state
    alive = max(seen.enters, min(state.last_alive or seen.enters, until))
    if state.left is not None and state.left.ends_observation:
        why = "lost to follow-up" if state.left.rule == LOST else f"withdrawn ({state.left.rule})"
    else:
        why = "alive at data cut-off" if alive == until else "last known alive"
    return Outcome(alive, CENSORED, censoring=why)


def _gap_before(seen: Observed, event: date) -> list[date]:
    """The visits missed in a row just before the assessment that found the event, or before a death."""
    last = max((day for day in seen.assessed if seen.enters <= day < event), default=seen.enters)
    return sorted(day for day in seen.state.missed if last < day <= event)
