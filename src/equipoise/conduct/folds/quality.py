"""Fold queries, deviations, and that somebody is alive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from equipoise.conduct.folds.fold import Fold, alive
from equipoise.conduct.quality.records import Classification, Contact, Deviation, Query, QueryAnswer
from equipoise.conduct.state import ParticipantState
from equipoise.errors import LedgerError


def _query(fold: Fold) -> ParticipantState:
    data, entry = fold.data, fold.entry
    query = Query(
        entry=entry.seq,
        message=data["message"],
        severity=data["severity"],
        on=fold.on,
        actor=entry.actor,
        role=entry.role,
        rule=data.get("rule"),
        form=data.get("form"),
        visit=data.get("visit"),
        variable=data.get("variable"),
        about=data.get("entry"),
        values=dict(data.get("values", {})),
    )
    return replace(fold.state, queries=(*fold.state.queries, query))


def _answer_query(fold: Fold) -> ParticipantState:
    answer = QueryAnswer(fold.on, fold.entry.actor, fold.data["answer"])
    return _with_query(fold, lambda query: replace(query, answers=(*query.answers, answer)))


def _close_query(fold: Fold) -> ParticipantState:
    on: date = fold.on
    return _with_query(fold, lambda query: replace(query, closed_on=on, closed_by=fold.data["by"]))


def _with_query(fold: Fold, change: Callable[[Query], Query]) -> ParticipantState:
    number = fold.data["query"]
    _require(fold, any(item.entry == number for item in fold.state.queries), f"query {number}")
    queries = tuple(change(item) if item.entry == number else item for item in fold.state.queries)
    return replace(fold.state, queries=queries)


def _deviation(fold: Fold) -> ParticipantState:
    data, entry = fold.data, fold.entry
    first = Classification(data["severity"], data["per_protocol"], fold.on, entry.actor)
    deviation = Deviation(
        entry=entry.seq,
        category=data["category"],
        description=data["description"],
        on=fold.on,
        classified=(first,),
        found=data.get("found"),
        about=data.get("about"),
        cause=data.get("cause"),
    )
    return replace(fold.state, deviations=(*fold.state.deviations, deviation))


def _reclassify(fold: Fold) -> ParticipantState:
    """The new classification counts, and the old one stays."""
    number, new = fold.data["deviation"], fold.data["new"]
    made = Classification(new["severity"], new["per_protocol"], fold.on, fold.entry.actor, fold.entry.reason)
    deviations = tuple(
        replace(item, classified=(*item.classified, made)) if item.entry == number else item
        for item in fold.state.deviations
    )
    return replace(fold.state, deviations=deviations)  # one that was struck out since has nothing to classify


def _alive(fold: Fold) -> ParticipantState:
    contact = Contact(fold.on, fold.data["source"])
    return replace(fold.state, contacts=(*fold.state.contacts, contact), last_alive=alive(fold.state, fold.on))


def _require(fold: Fold, known: bool, what: str) -> None:
    if not known:
        about = f"entry {fold.entry.seq} ('{fold.entry.kind}') is about {what}, which was not opened"
        raise LedgerError(about, mend="the ledger was not written by this program, or was changed")


FOLDS: dict[str, Callable[[Fold], ParticipantState]] = {
    "query": _query,
    "answer_query": _answer_query,
    "close_query": _close_query,
    "deviation": _deviation,
    "reclassify": _reclassify,
    "alive": _alive,
}
