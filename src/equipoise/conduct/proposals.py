"""Classes, what they propose, and what the team did with the proposal: followed it, declined it, or let it pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from equipoise.conduct.commands import Classify, Decide
from equipoise.conduct.context import Context
from equipoise.conduct.decision import Accepted, Decider, Decision, Draft, accept, refuse
from equipoise.conduct.eligibility import Criteria
from equipoise.conduct.state import ParticipantState, Proposal, TeamDecision
from equipoise.conduct.values import Recorded
from equipoise.conduct.well_formed import has_reason
from equipoise.ledger import Json
from equipoise.protocol import Protocol
from equipoise.protocol.model.pathway import Assess, Repeat, settings
from equipoise.protocol.model.pathway import Classify as ClassifyStep
from equipoise.protocol.model.response import ClassRow
from equipoise.units import date_after_months


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which a proposal stands.

    Attributes:
        proposal: what was proposed, and when its window opens and was to close.
        last: the last day on which it stands: it closes, or the day before a newer class is given; before it opens
            where the class changed on the same day. None where it has no end yet.
        decision: what the team did. A proposal that was followed stays so while the class stays the same.
        changed: whether a newer and other class took its place.
    """

    proposal: Proposal
    last: date | None
    decision: TeamDecision | None
    changed: bool

    def status(self, today: date, *, closing_days: int = 14) -> str:
        """`followed`, `declined` or `missed` as it was decided.

        While nobody has decided: `open`, or `closing` within so many days; and after that why it is not: the class was
        `renewed` or `changed`, or the window `passed`.
        """
        if self.decision is not None:
            return self.decision.decision
        if self.last is None or today <= self.last:
            closing = self.last is not None and (self.last - today).days <= closing_days
            return "closing" if closing else "open"
        if self.last == self.proposal.closes:
            return "passed"
        return "changed" if self.changed else "renewed"


def windows(state: ParticipantState, by: str | None = None) -> tuple[Window, ...]:
    """The windows of every class that was given, by day; of one classification if it is named. They never overlap."""
    tables = dict.fromkeys(item.by for item in state.proposals if by in (None, item.by))
    found = [window for table in tables for window in _of_table(state, table)]
    return tuple(sorted(found, key=lambda window: window.proposal.on))


def _of_table(state: ParticipantState, by: str) -> Iterator[Window]:
    proposals = [item for item in state.proposals if item.by == by]
    decided = {item.of: item for item in state.decisions}
    carried: TeamDecision | None = None
    for place, item in enumerate(proposals):
        newer = proposals[place + 1] if place + 1 < len(proposals) else None
        ends = [] if item.closes is None else [item.closes]
        ends += [] if newer is None else [newer.on - timedelta(days=1)]
        same = place > 0 and proposals[place - 1].value == item.value
        decision = decided.get(item.entry) or (carried if same else None)
        yield Window(item, min(ends, default=None), decision, newer is not None and newer.value != item.value)
        carried = decision if decision is not None and decision.decision == "followed" else None


def undecided(state: ParticipantState) -> tuple[Window, ...]:
    """Proposals that stand and of which nobody said what was done: the newest of each classification."""
    newest = {window.proposal.by: window for window in windows(state)}
    return tuple(window for window in newest.values() if window.decision is None)


def row_of(criteria: Criteria, by: str, values: Mapping[str, Recorded]) -> ClassRow | str:
    """The first row of a table whose condition holds, or why there is none."""
    for row in criteria.protocol.classifications[by].rows:
        judged = criteria.rule(row.when).judge(values)
        if judged.value is None:
            return f"the class cannot be told: {', '.join(sorted(judged.decided_by))} is not recorded"
        if judged.value:
            return row
    return f"no row of '{by}' holds"


def stale(criteria: Criteria, state: ParticipantState) -> tuple[str, ...]:
    """Classifications that would give another class now than the participant's newest."""
    given = {item.step: item.arm for item in state.classes}
    rows = {by: row_of(criteria, by, state.values) for by in given}
    return tuple(by for by, row in rows.items() if isinstance(row, ClassRow) and row.value != given[by])


def class_draft(participant: str, by: str, row: ClassRow, on: date) -> Draft:
    """The entry of a class, with the last day of the window that it opens."""
    data: dict[str, Json] = {"by": by, "value": row.value, "proposes": row.proposes, "on": on.isoformat()}
    if row.window_months is not None:
        data["closes"] = date_after_months(on, row.window_months).isoformat()
    return Draft("classify", data, participant)


def classes_after(protocol: Protocol, name: str) -> tuple[str, ...]:
    """The classifications that follow an assessment in the pathway, before the next one."""
    return tuple(dict.fromkeys(_classes_after(protocol.pathway, name)))


def _classes_after(steps: tuple[Any, ...], name: str) -> Iterator[str]:
    current: str | None = None
    for step in map(settings, steps):
        if isinstance(step, Assess):
            current = step.name
        elif isinstance(step, ClassifyStep) and current == name:
            yield step.by
        elif isinstance(step, Repeat):
            yield from _classes_after(step.steps, name)


def classified(context: Context, after: ParticipantState, name: str, on: date) -> tuple[list[Draft], list[str]]:
    """The classes that an assessment gives, as entries, and why one that was due is not given.

    An assessment of an earlier day than the newest of its name gives none: the class follows from the newest.
    """
    drafts: list[Draft] = []
    told: list[str] = []
    if any(item.name == name and item.on > on for item in after.assessments):
        return drafts, told
    for by in classes_after(context.protocol, name):
        row = row_of(context.criteria, by, after.values)
        if isinstance(row, str):
            told.append(f"no class is given: {row}")
        elif not _stands(after, by, row.value, on):
            drafts.append(class_draft(after.number, by, row, on))
    return drafts, told


def _stands(state: ParticipantState, by: str, value: str, on: date) -> bool:
    """Whether this class was given on that day already."""
    newest = next((item for item in reversed(state.classes) if item.step == by), None)
    return newest is not None and (newest.arm, newest.on) == (value, on)


def decide_classify(context: Context, command: Classify) -> Decision:
    """The class of the first row whose condition holds; an unknown condition before it leaves the class unknown.

    An assessment gives its class by itself, and to ask for the same again adds nothing.
    """
    if command.by not in context.protocol.classifications:
        known = ", ".join(context.protocol.classifications) or "none"
        return refuse(f"there is no classification '{command.by}' (there is {known})")
    row = row_of(context.criteria, command.by, context.known.values)
    if isinstance(row, str):
        return refuse(row if row.startswith("the class") else f"{row} for {command.participant}")
    if _stands(context.known, command.by, row.value, command.on):
        return Accepted(())
    return Accepted((class_draft(command.participant, command.by, row, command.on),))


def decide_decide(context: Context, command: Decide) -> Decision:
    """What was done with a proposal: with the one that stands on that day, or the newest that passed unanswered."""
    if command.by not in context.protocol.classifications:
        known = ", ".join(context.protocol.classifications) or "none"
        return refuse(f"there is no classification '{command.by}' (there is {known})")
    if command.decision != "followed" and not has_reason(command):
        return refuse(f"that a proposal was {command.decision} needs a reason")
    of = windows(context.known, command.by)
    missed = command.decision == "missed"
    window = next((item for item in reversed(of) if _can_be(item, command.on, missed=missed)), None)
    if window is None:
        return refuse(_why_none(of, command))
    if window.decision is not None:
        what, on = window.decision.decision, window.decision.on
        return refuse(f"class {window.proposal.value} of {window.proposal.on} was {what} on {on}")
    return accept(
        "decision",
        command.participant,
        by=command.by,
        of=window.proposal.entry,
        value=window.proposal.value,
        decision=command.decision,
        on=command.on.isoformat(),
    )


def _can_be(window: Window, on: date, *, missed: bool) -> bool:
    """Whether a decision of that day can be about this window."""
    if missed:
        return window.last is not None and window.last < on and window.decision is None
    return window.proposal.on <= on and (window.last is None or on <= window.last)


def _why_none(of: tuple[Window, ...], command: Decide) -> str:
    name, on = command.participant, command.on
    before = [window for window in of if window.proposal.on <= on]
    if not before:
        return f"{name} has no class by '{command.by}' on {on}, so nothing is proposed"
    newest = before[-1]
    if command.decision == "missed":
        until = "has no end" if newest.last is None else f"lasts until {newest.last}"
        return f"no window passed unanswered before {on}: that of class {newest.proposal.value} {until}"
    return (
        f"the window of class {newest.proposal.value} closed on {newest.last}: "
        "record that it was missed, and what was done later as a treatment"
    )


DECIDERS: dict[type[Any], Decider] = {Classify: decide_classify, Decide: decide_decide}
