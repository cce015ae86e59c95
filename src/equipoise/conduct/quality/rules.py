"""Queries by rule: opened where the rule's condition is true of recorded values, closed when it no longer is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from equipoise.conduct.context import Context
from equipoise.conduct.decision import Draft
from equipoise.conduct.quality.records import Query
from equipoise.conduct.state import ParticipantState
from equipoise.conduct.values import Recorded, to_json
from equipoise.ledger import Json
from equipoise.protocol.model.quality import QueryRule


def queries_found(context: Context, state: ParticipantState, on: date) -> Iterator[Draft]:
    """Drafts of the queries that open and close now that the participant's state is this one.

    A rule asks once about the same values: not again while its query stands, nor after somebody closed it, until one of
    them has changed. What is not known, be it part of a date, is not asked about.
    """
    for rule in context.protocol.queries:
        asked = [item for item in state.queries if item.rule == rule.id]
        places = dict(_places(context, rule, state))
        for query in asked:
            if query.status != "closed" and not _holds(context, rule, places.get(query.visit)):
                yield _closed(state, query, on)
        for visit, values in places.items():
            if not _holds(context, rule, values):
                continue
            found = _found(context, rule, values)
            here = [item for item in asked if item.visit == visit]
            if all(item.status == "closed" and item.values != found for item in here):
                yield _opened(state, rule, visit, found, on)


def _places(
    context: Context, rule: QueryRule, state: ParticipantState
) -> Iterator[tuple[str | None, Mapping[str, Recorded]]]:
    """Where a rule is judged: once on the newest values, or once for each time that its form was filled in."""
    records = [record for record in state.forms if record.form == rule.form]
    if not context.protocol.forms[rule.form].repeats:
        if records:
            yield None, state.values
        return
    repeated = {name for form in context.protocol.forms.values() if form.repeats for name in form.variables}
    once = {name: value for name, value in state.values.items() if name not in repeated}
    for record in records:
        yield record.visit or record.on.isoformat(), {**once, **record.values}


def _holds(context: Context, rule: QueryRule, values: Mapping[str, Recorded] | None) -> bool:
    return values is not None and context.criteria.rule(rule.when).judge(values).value is True


def _found(context: Context, rule: QueryRule, values: Mapping[str, Recorded]) -> dict[str, Json]:
    """The values that a rule rests on, as they stand in an entry."""
    names = sorted(context.criteria.rule(rule.when).variables)
    return {name: to_json(values[name]) for name in names if name in values}


def _opened(state: ParticipantState, rule: QueryRule, visit: str | None, values: dict[str, Json], on: date) -> Draft:
    data: dict[str, Json] = {
        "on": on.isoformat(),
        "rule": rule.id,
        "form": rule.form,
        "message": rule.message,
        "severity": rule.severity,
        "values": values,
    }
    return Draft("query", data if visit is None else {**data, "visit": visit}, state.number)


def _closed(state: ParticipantState, query: Query, on: date) -> Draft:
    """Closed by the rule itself. A correction can be of an earlier day than the query, and the closing is not."""
    return Draft("close_query", {"query": query.entry, "on": max(on, query.on).isoformat(), "by": "rule"}, state.number)
