"""ADQS: scores by visit, for the endpoints that are scores."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from equipoise.conduct import ParticipantState
from equipoise.protocol import Protocol
from equipoise.protocol.model.endpoints import Score

_SCHEMA: dict[str, Any] = {
    "STUDYID": pl.String,
    "USUBJID": pl.String,
    "TRTP": pl.String,
    "PARAMCD": pl.String,
    "PARAM": pl.String,
    "AVISIT": pl.String,
    "AVISITN": pl.Float64,
    "ADT": pl.Date,
    "AVAL": pl.Float64,
}


def make_adqs(protocol: Protocol, participants: Mapping[str, ParticipantState], data_cut: date) -> pl.DataFrame:
    """ADQS of all who were allocated. A visit's month is read from its name (`M6`)."""
    scores = {name: item for name, item in protocol.endpoints.items() if isinstance(item, Score)}
    rows = []
    for number in sorted(participants):
        state = participants[number]
        for record in state.forms:
            if state.arm is None or record.visit is None or record.on > data_cut:
                continue
            for name, score in scores.items():
                value: Any = record.values.get(score.variable)
                if value is not None:
                    subject = f"{protocol.id}-{state.number}"
                    month = float(record.visit.removeprefix("M"))
                    rows.append(
                        [
                            protocol.id,
                            subject,
                            state.arm,
                            name,
                            score.label,
                            record.visit,
                            month,
                            record.on,
                            float(value),
                        ]
                    )
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row").sort("PARAMCD", "AVISITN", "USUBJID")
