"""Decide commands about data quality: queries, deviations, survival at the cut-off."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from equipoise.conduct.commands import Alive, AnswerQuery, CloseQuery, Deviate, OpenQuery, Reclassify, Sweep
from equipoise.conduct.context import Context
from equipoise.conduct.decision import CENTRAL_ROLES, Decider, Decision, Refused, accept, refuse
from equipoise.conduct.quality.records import Query
from equipoise.conduct.well_formed import has_reason
from equipoise.ledger import Json
from equipoise.protocol.model.quality import Sweep as SweepSettings

CATEGORIES = {
    "eligibility": "entered without meeting the criteria",
    "withdrawal": "met a criterion of withdrawal and was not withdrawn",
    "treatment": "wrong treatment or incorrect dose",
    "concomitant": "excluded concomitant treatment",
    "allocation": "allocated on other levels than the true ones",
    "visit": "visit missed or out of its window",
    "consent": "consent missing, late or of another version",
    "other": "anything else",
}
"""What a deviation can be about; the first four are those of ICH E3, section 10.2."""

SOURCES = SweepSettings.model_fields["sources"].default
"""Where it can be known from that somebody is alive, if the protocol does not say."""


def decide_open_query(context: Context, command: OpenQuery) -> Decision:
    """A query by a person who checks the data."""
    state = context.known
    if command.role not in CENTRAL_ROLES:
        return refuse(f"a query is opened by the {', '.join(sorted(CENTRAL_ROLES))}, not by the {command.role}")
    if not command.message.strip():
        return refuse("a query says what is asked")
    if (command.variable is None) == (command.entry is None):
        return refuse("a query is about a variable or about an entry: give one of the two")
    if command.variable is not None and command.variable not in context.protocol.variables:
        return refuse(f"'{command.variable}' is not a recorded variable")
    if command.entry is not None and all(entry.seq != command.entry for entry in state.history):
        return refuse(f"entry {command.entry} is not about {state.number}")
    return accept(
        "query",
        command.participant,
        on=command.on.isoformat(),
        message=command.message.strip(),
        severity=command.severity,
        variable=command.variable,
        entry=command.entry,
    )


def decide_answer_query(context: Context, command: AnswerQuery) -> Decision:
    """The site's answer; there can be several."""
    query = _standing(context, command.query, command.on)
    if isinstance(query, Refused):
        return query
    if not command.answer.strip():
        return refuse("an answer says something")
    return accept(
        "answer_query",
        command.participant,
        query=query.entry,
        on=command.on.isoformat(),
        answer=command.answer.strip(),
    )


def decide_close_query(context: Context, command: CloseQuery) -> Decision:
    """Closed by the role that opened it; one that a rule opened, by whoever checks the data."""
    query = _standing(context, command.query, command.on)
    if isinstance(query, Refused):
        return query
    closers = CENTRAL_ROLES if query.rule is not None else {query.role}
    if command.role not in closers:
        return refuse(f"query {query.entry} is closed by the {', '.join(sorted(closers))}, not by the {command.role}")
    if query.status != "answered" and not has_reason(command):
        return refuse(f"query {query.entry} has not been answered, so to close it needs a reason")
    return accept("close_query", command.participant, query=query.entry, on=command.on.isoformat(), by="person")


def _standing(context: Context, number: int, on: date) -> Query | Refused:
    """The query of that number, if it can still be answered or closed."""
    state = context.known
    query = next((item for item in state.queries if item.entry == number), None)
    if query is None:
        known = ", ".join(str(item.entry) for item in state.queries if item.status != "closed") or "none stands"
        return refuse(f"{state.number} has no query {number} ({known})")
    if query.closed_on is not None:
        return refuse(f"query {number} was closed on {query.closed_on}")
    if on < query.on:
        return refuse(f"query {number} was opened on {query.on}")
    return query


def decide_deviate(context: Context, command: Deviate) -> Decision:  # noqa: ARG001 - every decider takes the context
    """A deviation that a person noted."""
    if command.category not in CATEGORIES:
        return refuse(f"there is no category '{command.category}' (there is {', '.join(CATEGORIES)})")
    if not command.description.strip():
        return refuse("a deviation says what happened")
    return accept(
        "deviation",
        command.participant,
        on=command.on.isoformat(),
        category=command.category,
        description=command.description.strip(),
        severity=command.severity,
        per_protocol=command.per_protocol,
    )


def decide_reclassify(context: Context, command: Reclassify) -> Decision:
    """Another classification, with its reason; the ledger and the state keep both."""
    state = context.known
    deviation = next((item for item in state.deviations if item.entry == command.deviation), None)
    if deviation is None:
        known = ", ".join(str(item.entry) for item in state.deviations) or "none"
        return refuse(f"{state.number} has no deviation {command.deviation} (there is {known})")
    if command.role not in CENTRAL_ROLES:
        return refuse(f"a deviation is reclassified by the {', '.join(sorted(CENTRAL_ROLES))}")
    if not has_reason(command):
        return refuse("to reclassify a deviation needs a reason")
    old: dict[str, Json] = {"severity": deviation.severity, "per_protocol": deviation.per_protocol}
    new: dict[str, Json] = {"severity": command.severity, "per_protocol": command.per_protocol}
    if old == new:
        return refuse(f"deviation {deviation.entry} is {deviation.severity}, and {deviation.per_protocol}, already")
    return accept(
        "reclassify", command.participant, deviation=deviation.entry, on=command.on.isoformat(), old=old, new=new
    )


def decide_alive(context: Context, command: Alive) -> Decision:
    """Known to be alive on a day, from one of the protocol's sources."""
    sources = SOURCES if context.protocol.sweep is None else context.protocol.sweep.sources
    if command.source not in sources:
        return refuse(f"'{command.source}' is no source of survival (there is {', '.join(sources)})")
    return accept("alive", command.participant, on=command.on.isoformat(), source=command.source)


def decide_sweep(context: Context, command: Sweep) -> Decision:
    """Ask after everybody: who is not known to be alive since the cut-off less the allowance has an open task."""
    settings = context.protocol.sweep
    if settings is None:
        return refuse("the protocol has no sweep section, so it is open how recently survival has to be known")
    if (command.on - command.at.date()).days > 1:
        return refuse(f"{command.on} lies in the future")
    if context.trial.sweep is not None and command.on < context.trial.sweep[0]:
        return refuse(f"survival was asked after at {context.trial.sweep[0]}, which is later")
    since = command.on - timedelta(days=settings.allowance_days)
    return accept("sweep", None, on=command.on.isoformat(), since=since.isoformat())


DECIDERS: dict[type[Any], Decider] = {
    OpenQuery: decide_open_query,
    AnswerQuery: decide_answer_query,
    CloseQuery: decide_close_query,
    Deviate: decide_deviate,
    Reclassify: decide_reclassify,
    Alive: decide_alive,
    Sweep: decide_sweep,
}
