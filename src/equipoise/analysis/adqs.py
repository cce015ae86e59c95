"""ADQS: scores by visit, for the endpoints that are scores."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from equipoise.analysis.at_cut import states_at
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
    """ADQS of all who were allocated by the cut-off. A visit's month is read from its name (`M6`), if it says one."""
    scores = {name: item for name, item in protocol.endpoints.items() if isinstance(item, Score)}
    rows: list[dict[str, Any]] = []
    for state in states_at(protocol, participants, data_cut):
        for record in state.forms if state.arm is not None else ():
            for name, score in scores.items():
                value: Any = record.values.get(score.variable)
                if value is not None and record.visit is not None:
                    rows.append(
                        {
                            "STUDYID": protocol.id,
                            "USUBJID": f"{protocol.id}-{state.number}",
                            "TRTP": state.arm,
                            "PARAMCD": name,
                            "PARAM": score.label,
                            "AVISIT": record.visit,
                            "AVISITN": _month(record.visit),
                            "ADT": record.on,
                            "AVAL": float(value),
                        }
                    )
    return pl.DataFrame(rows, schema=_SCHEMA).sort("PARAMCD", "AVISITN", "USUBJID")


def _month(visit: str) -> float | None:
    try:
        return float(visit.removeprefix("M"))
    except ValueError:
        return None
