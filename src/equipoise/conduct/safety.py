"""Adverse events: what is reported, followed up, and until when a serious one must be reported on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from equipoise.assessment import AdverseEvent, Deadline, ReportingRule, report_by
from equipoise.conduct.adverse_events import AdverseEventRecord, Due, Finding
from equipoise.conduct.commands import FollowUpAdverseEvent, Happen, ReportAdverseEvent, ReportSafety
from equipoise.conduct.context import Context
from equipoise.conduct.decision import Decider, Decision, accept, refuse
from equipoise.conduct.state import ParticipantState
from equipoise.errors import DataError
from equipoise.ledger import Json
from equipoise.protocol import Protocol
from equipoise.protocol.model.safety import AdverseEvents, Collected
from equipoise.protocol.wording import clipped
from equipoise.units import date_after_months

FATAL = "fatal"
OUTCOMES = ("recovered", "recovering", "not recovered", "recovered with sequelae", FATAL, "unknown")
"""CDISC's terms of the outcome of an event (C66768), in lower case; `recovered` is its RECOVERED/RESOLVED."""
ACTIONS = ("none", "dose reduced", "dose increased", "interrupted", "withdrawn", "not applicable", "unknown")
"""CDISC's terms of the action taken with the treatment (C66767), shortened; `none` is its DOSE NOT CHANGED."""
DEATH_GRADE = 5


@dataclass(frozen=True, slots=True)
class OpenReport:
    """A report on a serious event that has not been sent.

    Attributes:
        participant: the number.
        event: what is to be reported on.
        due: until when.
        role: who sends it.
    """

    participant: str
    event: AdverseEventRecord
    due: Due
    role: str


def decide_report(context: Context, command: ReportAdverseEvent) -> Decision:
    """A new adverse event, with the reports that are due on it."""
    section = context.protocol.adverse_events
    if section is None:
        return refuse("the protocol does not say how adverse events are collected: it has no section adverse_events")
    known = tuple(item for item in context.known.adverse_events if _same(item, command))
    if known:
        return refuse(f"'{command.term}' from {command.on} is entry {known[0].entry}; follow that up")
    first = Finding(command.aware, 0, 0)
    finding, problems = _finding(context, section, command, first)
    if problem := _awareness_problem(command):
        problems.append(problem)
    if problems or finding is None:
        return refuse(*problems)
    try:
        event = finding.event(command.term, command.on, section.ctcae, _judged_for(context.protocol, section))
        due = {name: _started(name, item, command.aware) for name, item in _deadlines(section, event, command.aware)}
    except DataError as error:
        return refuse(str(error))
    accepted = accept(
        "adverse_event",
        command.participant,
        term=command.term,
        ctcae=section.ctcae,
        on=command.on.isoformat(),
        aware=command.aware.isoformat(),
        of_interest=True if _is_of_interest(section, command.term) else None,
        due=_due_json(due),
        **_said(command),
    )
    warnings = (*_outside(context, section, command), *_without_death(context.known, command.grade))
    return replace(accepted, warnings=warnings)


def decide_follow_up(context: Context, command: FollowUpAdverseEvent) -> Decision:
    """What became of an event. Old values stay; a report falls due anew when the event becomes more urgent."""
    section, record = context.protocol.adverse_events, _record(context.known, command.entry)
    if section is None or record is None:
        return refuse(f"entry {command.entry} reports no adverse event of {context.known.number}")
    said = _said(command)
    if not said:
        return refuse("the follow-up says nothing new of the event")
    if command.on < record.now.on:
        return refuse(f"{command.on} is before what is known of entry {record.entry} ({record.now.on})")
    finding, problems = _finding(context, section, command, record.now)
    if problems or finding is None:
        return refuse(*problems)
    try:
        event = finding.event(record.term, record.started, record.ctcae, _judged_for(context.protocol, section))
        due = _due_after(record, dict(_deadlines(section, event, command.on)), command.on)
    except DataError as error:
        return refuse(str(error))
    accepted = accept(
        "adverse_event_follow_up",
        command.participant,
        entry=record.entry,
        on=command.on.isoformat(),
        due=_due_json(due),
        **said,
    )
    return replace(accepted, warnings=_without_death(context.known, finding.grade))


def decide_report_safety(context: Context, command: ReportSafety) -> Decision:
    """A report was sent; one that is late says so."""
    record = _record(context.known, command.entry)
    if record is None:
        return refuse(f"entry {command.entry} reports no adverse event of {context.known.number}")
    due = record.report(command.report)
    if due is None:
        return refuse(f"no {command.report.upper()} report is due on entry {record.entry} ({record.term})")
    if due.sent is not None:
        return refuse(f"the {command.report.upper()} report on entry {record.entry} was sent on {due.sent}")
    if command.on < due.aware:
        return refuse(f"{command.on} is before anybody was aware of what is to be reported ({due.aware})")
    late = (command.on - due.on).days
    accepted = accept(
        "safety_report",
        command.participant,
        entry=record.entry,
        report=command.report,
        on=command.on.isoformat(),
        due=due.on.isoformat(),
        days_late=late if late > 0 else None,
    )
    if late <= 0:
        return accepted
    return replace(accepted, warnings=(f"the report was due on {due.on}, and is {late} days late",))


def open_reports(protocol: Protocol, state: ParticipantState) -> tuple[OpenReport, ...]:
    """The reports on a participant's serious events that have not been sent, the first due first."""
    section = protocol.adverse_events
    if section is None:
        return ()
    roles = {"sae": section.sae, "susar": section.susar}
    found = [
        OpenReport(state.number, record, due, rule.role)
        for record in state.adverse_events
        for due in record.due
        if due.sent is None and (rule := roles[due.report]) is not None
    ]
    return tuple(sorted(found, key=lambda item: (item.due.on, item.event.entry, item.due.report)))


def unmatched_death(protocol: Protocol, state: ParticipantState) -> str | None:
    """What is missing where a death and an event of grade 5 do not stand together; None if nothing is."""
    section = protocol.adverse_events
    if section is None:
        return None
    fatal = [item for item in state.adverse_events if item.now.grade == DEATH_GRADE]
    death = next((item for item in state.events if item.kind == "death"), None)
    if fatal and death is None:
        return f"entry {fatal[0].entry} ({fatal[0].term}) is of grade 5, and no death is recorded"
    if death is not None and not fatal and death.cause not in section.deaths_apart:
        return "a death is recorded, and no adverse event of grade 5"
    return None


def death_warnings(context: Context, command: Happen) -> tuple[str, ...]:
    """What a death that is being recorded means for the adverse events."""
    section = context.protocol.adverse_events
    if section is None or command.cause in section.deaths_apart:
        return ()
    if any(item.now.grade == DEATH_GRADE for item in context.known.adverse_events):
        return ()
    return ("no adverse event of grade 5 is recorded: report it, or follow up the event that led to this death",)


def _finding(
    context: Context, section: AdverseEvents, command: ReportAdverseEvent | FollowUpAdverseEvent, before: Finding
) -> tuple[Finding | None, list[str]]:
    """The event as the command leaves it, and what stands against that."""
    problems = [*_terms(command), *_judgements(context, section, command)]
    ended = command.ended or before.ended
    if problems:
        return None, problems
    serious: Any = before.serious if command.serious is None else frozenset(command.serious)
    found = Finding(
        command.on,
        0,
        before.grade if command.grade is None else command.grade,
        serious,
        {**before.related, **(command.related or {})},
        before.expected if command.expected is None else command.expected,
        command.outcome or before.outcome,
        command.action or before.action,
        ended,
    )
    if found.outcome is not None and (found.outcome == FATAL) != (found.grade == DEATH_GRADE):
        problems.append(f"grade {found.grade} and the outcome '{found.outcome}' do not agree: fatal is grade 5")
    if ended is not None and (ended - command.at.date()).days > 1:
        problems.append(f"the last day, {ended}, lies in the future")
    return found, problems


def _terms(command: ReportAdverseEvent | FollowUpAdverseEvent) -> Iterator[str]:
    """Outcome and action that are none of the terms."""
    for what, said, known in (("outcome", command.outcome, OUTCOMES), ("action", command.action, ACTIONS)):
        if said is not None and said not in known:
            yield f"'{clipped(said)}' is no {what} (one of {', '.join(known)})"


def _judgements(
    context: Context, section: AdverseEvents, command: ReportAdverseEvent | FollowUpAdverseEvent
) -> Iterator[str]:
    """Relatedness to what is no treatment of the trial; expectedness judged by another role."""
    to = _judged_for(context.protocol, section)
    answers: Mapping[str, Any] = command.related or {}
    for name, answer in answers.items():
        if name not in to:
            yield f"relatedness is judged for {', '.join(to)}, and not for '{clipped(name)}'"
        elif not isinstance(answer, bool):
            yield f"whether it may be caused by '{name}' is answered by true or false"
    if command.expected is not None and command.role != section.expected_by:
        yield f"whether an event is expected is judged by the {section.expected_by}, not by the {command.role}"


def _judged_for(protocol: Protocol, section: AdverseEvents) -> tuple[str, ...]:
    return section.related_to or tuple(protocol.interventions)


def _awareness_problem(command: ReportAdverseEvent) -> str | None:
    ahead = (command.aware - command.at.date()).days > 1
    return f"the day of awareness, {command.aware}, lies in the future" if ahead else None


def _same(record: AdverseEventRecord, command: ReportAdverseEvent) -> bool:
    return record.started == command.on and record.term.casefold() == command.term.casefold()


def _is_of_interest(section: AdverseEvents, term: str) -> bool:
    return term.casefold() in {item.casefold() for item in section.terms_of_interest}


def _record(state: ParticipantState, entry: int) -> AdverseEventRecord | None:
    return next((item for item in state.adverse_events if item.entry == entry), None)


def _deadlines(section: AdverseEvents, event: AdverseEvent, aware: date) -> Iterator[tuple[str, Deadline]]:
    """The reports that are due on an event if it became known as it is now on one day."""
    rules: dict[str, ReportingRule] = {}
    if (every := section.sae) is not None:
        rules["sae"] = ReportingRule(
            urgent_days=every.days, other_days=every.days, expected_days=every.days, related_only=False
        )
    if (susar := section.susar) is not None:
        rules["susar"] = ReportingRule(urgent_days=susar.urgent_days, other_days=susar.other_days)
    for name, rule in rules.items():
        if (found := report_by(event, aware, rule)) is not None:
            yield name, found


def _started(name: str, deadline: Deadline, aware: date) -> Due:
    return Due(name, aware, deadline.days, deadline.on)


def _due_after(record: AdverseEventRecord, deadlines: Mapping[str, Deadline], on: date) -> dict[str, Due]:
    """The reports after a follow-up: one that became more urgent counts from that day, whether sent or not."""
    due: dict[str, Due] = {}
    for name in ("sae", "susar"):
        held, now = record.report(name), deadlines.get(name)
        if held is None:
            if now is not None:
                due[name] = _started(name, now, on)
        elif now is None or (held.sent is not None and now.days >= held.days):
            if held.sent is not None:
                due[name] = held
        elif now.days < held.days:
            anew = _started(name, now, on)
            due[name] = anew if held.sent is not None or anew.on < held.on else held
        else:
            due[name] = replace(held, days=now.days, on=held.aware + (now.on - on))
    return due


def _due_json(due: Mapping[str, Due]) -> Json:
    """The reports as an entry holds them; None if there are none."""
    if not due:
        return None
    kept: dict[str, Json] = {}
    for name, item in due.items():
        told: dict[str, Json] = {"aware": item.aware.isoformat(), "days": item.days, "on": item.on.isoformat()}
        kept[name] = told if item.sent is None else {**told, "sent": item.sent.isoformat()}
    return kept


def _said(command: ReportAdverseEvent | FollowUpAdverseEvent) -> dict[str, Json]:
    """What a command says of the event, as its entry holds it."""
    related: Json = None if command.related is None else dict(command.related)
    serious: list[Json] = [*sorted(set(command.serious or ()))]
    said: dict[str, Json] = {
        "grade": command.grade,
        "serious": None if command.serious is None else serious,
        "related": related,
        "expected": command.expected,
        "outcome": command.outcome,
        "action": command.action,
        "ended": None if command.ended is None else command.ended.isoformat(),
    }
    return {name: value for name, value in said.items() if value is not None}


def _outside(context: Context, section: AdverseEvents, command: ReportAdverseEvent) -> tuple[str, ...]:
    """A warning where the protocol does not collect such an event on that day."""
    if any(_collects(context, item, command) for item in section.collected):
        return ()
    return (f"the protocol does not collect an event of grade {command.grade} of {command.on}; it is recorded",)


def _collects(context: Context, item: Collected, command: ReportAdverseEvent) -> bool:
    low, high = item.grades
    if not low <= command.grade <= high or (item.serious_only and not command.serious):
        return False
    start = _day_of(context, item.start)
    end = _day_of(context, item.until) if item.until is not None else None
    if item.months is not None:
        counted = start if item.until is None else end
        end = None if counted is None else date_after_months(counted, item.months)
    return start is not None and start <= command.on and (end is None or command.on <= end)


def _day_of(context: Context, name: str) -> date | None:
    value = context.known.values.get(context.protocol.origin_variable(name))
    return value if isinstance(value, date) else None


def _without_death(state: ParticipantState, grade: int) -> tuple[str, ...]:
    if grade != DEATH_GRADE or state.died_on is not None:
        return ()
    return (f"grade 5 is death, and no death of {state.number} is recorded: record it as an event",)


DECIDERS: dict[type[Any], Decider] = {
    ReportAdverseEvent: decide_report,
    FollowUpAdverseEvent: decide_follow_up,
    ReportSafety: decide_report_safety,
}
