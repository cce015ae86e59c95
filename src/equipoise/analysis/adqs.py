"""ADQS: scores by visit, for the endpoints that are scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import polars as pl

from equipoise.analysis.adsl import analysis_arm, is_classified
from equipoise.analysis.at_cut import states_at
from equipoise.conduct import ParticipantState
from equipoise.conduct.state import FormRecord
from equipoise.errors import DataError
from equipoise.protocol import Protocol
from equipoise.protocol.model.endpoints import Score

_SCHEMA: dict[str, Any] = {
    "STUDYID": pl.String,
    "USUBJID": pl.String,
    "ITTFL": pl.String,
    "ENRLFL": pl.String,
    "TRTP": pl.String,
    "PARAMCD": pl.String,
    "PARAM": pl.String,
    "AVISIT": pl.String,
    "AVISITN": pl.Float64,
    "ADT": pl.Date,
    "AVAL": pl.Float64,
}


def make_adqs(protocol: Protocol, participants: Mapping[str, ParticipantState], data_cut: date) -> pl.DataFrame:
    """ADQS of all who were allocated by the cut-off; where arms follow a class, of all who were registered.

    One score a participant and visit, the latest by date. A visit's month is read from its name (`M6`), if it says
    one; scores outside visits all stand there, without a visit.

    Raises:
        DataError: a participant has two different scores of one visit on one day.
    """
    everybody = is_classified(protocol)
    rows: list[dict[str, Any]] = []
    for state in states_at(protocol, participants, data_cut):
        if state.assignments or (everybody and state.steps):
            rows += _rows_of(protocol, state)
    return pl.DataFrame(rows, schema=_SCHEMA).sort("PARAMCD", "AVISITN", "USUBJID", "ADT")


def _rows_of(protocol: Protocol, state: ParticipantState) -> Iterator[dict[str, Any]]:
    subject = f"{protocol.id}-{state.number}"
    for name, score in protocol.endpoints.items():
        if not isinstance(score, Score):
            continue
        for record in _latest(state.forms, score, f"{name} of {subject}"):
            value: Any = record.values[score.variable]
            yield {
                "STUDYID": protocol.id,
                "USUBJID": subject,
                "ITTFL": "Y" if state.assignments else "N",
                "ENRLFL": "Y",
                "TRTP": analysis_arm(protocol, state),
                "PARAMCD": name,
                "PARAM": score.label,
                "AVISIT": record.visit or "",
                "AVISITN": _month(record.visit or ""),
                "ADT": record.on,
                "AVAL": float(value),
            }


def _latest(forms: tuple[FormRecord, ...], score: Score, whose: str) -> list[FormRecord]:
    """The form of each visit that holds the score, the latest by date; outside visits, of each day."""
    found: dict[str | date, FormRecord] = {}
    for record in forms:
        value = record.values.get(score.variable)
        if value is None:
            continue
        key = record.visit or record.on
        held = found.get(key)
        if held is not None and held.on == record.on and held.values[score.variable] != value:
            where = f"at visit {record.visit}" if record.visit else "outside visits"
            raise DataError(f"{whose}: two different scores {where} on {record.on}; correct one")
        if held is None or held.on < record.on:
            found[key] = record
    return list(found.values())


def _month(visit: str) -> float | None:
    try:
        return float(visit.removeprefix("M")) if visit.startswith("M") else None
    except ValueError:
        return None
