"""What is open for a participant: forms, judgements, the next step of the pathway, reports on serious events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from equipoise.conduct import Criteria, ParticipantState, open_reports, unexplained, unmatched_death
from equipoise.protocol import Protocol


@dataclass(frozen=True, slots=True)
class OpenTask:
    """One thing to do.

    Attributes:
        kind: `form`, `judge`, `step`, `report`, `explain`, `query` or `erase`.
        name: of the form, the criterion or the step; of a report on a serious adverse event which, on which entry and
            until when; of what needs a reason or another entry, what it is; of a query the number of its entry;
            `identity` is to be erased.
        role: whose it is; None if that is not said.
    """

    kind: str
    name: str
    role: str | None


def open_tasks(protocol: Protocol, state: ParticipantState, criteria: Criteria | None = None) -> tuple[OpenTask, ...]:
    """What is open: queries and safety; else nothing after a death or when follow-up has stopped, no step when
    treatment has.

    An open query is the site's to answer, an answered one of whoever asked. Whatever else, identifying data are to be
    erased where a withdrawal demands it. The version consented to says what is due, of forms and of criteria; which
    criteria a step is judged by is seen when it is asked for.
    """
    safety = (*_safety(protocol, state), *(() if criteria is None else _to_explain(criteria, state)))
    return (*_erasure(state), *_queries(state), *safety, *_course(protocol, state))


def _erasure(state: ParticipantState) -> Iterator[OpenTask]:
    if state.erased_on is None and any(left.data == "erased" for left in state.gone):
        yield OpenTask("erase", "identity", None)


def _queries(state: ParticipantState) -> Iterator[OpenTask]:
    for query in state.queries:
        if query.status != "closed":
            asked = "data manager" if query.rule is not None else query.role
            yield OpenTask("query", str(query.entry), asked if query.status == "answered" else "investigator")


def _course(protocol: Protocol, state: ParticipantState) -> tuple[OpenTask, ...]:
    """Forms to fill in, judgements to give, the next step; nothing of somebody who was screened again."""
    if state.rescreened is not None:
        return ()
    if state.died_on is not None or (state.left is not None and state.left.ends_observation):
        return ()
    following = next((step.id for step in protocol.entry_steps if step.id not in state.steps), None)
    forms = tuple(_forms(protocol, state, following))
    if following is None or state.treatment_stopped is not None:
        return forms
    judgements = (
        OpenTask("judge", item.id, item.judgement)
        for item in protocol.criteria_at(following)
        if item.judgement is not None and item.judgement_variable not in state.values
    )
    return (*forms, *judgements, OpenTask("step", following, None))


def _safety(protocol: Protocol, state: ParticipantState) -> Iterator[OpenTask]:
    """Reports on serious events, which are due whether the participant is followed or not, and what lacks its match."""
    for item in open_reports(protocol, state):
        name = f"{item.due.report} on entry {item.event.entry} by {item.due.on}"
        yield OpenTask("report", name, item.role)
    if unmatched_death(protocol, state) is not None:
        yield OpenTask("explain", "death and grade 5", None)


def _to_explain(criteria: Criteria, state: ParticipantState) -> Iterator[OpenTask]:
    """Tables of guidance that what is recorded departs from, without a reason yet."""
    for name in dict.fromkeys(item.guidance for item in unexplained(criteria, state)):
        yield OpenTask("explain", f"departure from {name}", None)


def _forms(protocol: Protocol, state: ParticipantState, following: str | None) -> Iterator[OpenTask]:
    """Forms that are filled in once, are due, and have not been; what only identifies a person is not in the ledger."""
    filled = {record.form for record in state.forms}
    due = {"screening", following, *state.steps}
    for name, form in protocol.forms.items():
        variables = (protocol.dictionary[variable] for variable in protocol.on_form(name))
        if form.repeats or name in filled or form.at not in due:
            continue
        if any(not variable.identifying and variable.derived is None for variable in variables):
            yield OpenTask("form", name, form.role)
