"""ADAE: every adverse event of those who were allocated, by the structure of ADaM's occurrence data."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from equipoise.analysis.adsl import analysis_arm
from equipoise.analysis.at_cut import states_at
from equipoise.assessment import Seriousness
from equipoise.conduct import ParticipantState
from equipoise.conduct.adverse_events import AdverseEventRecord
from equipoise.protocol import Protocol

_CRITERIA: dict[str, Seriousness] = {
    "AESDTH": "death",
    "AESLIFE": "life-threatening",
    "AESHOSP": "hospitalisation",
    "AESDISAB": "disability",
    "AESCONG": "congenital anomaly",
    "AESMIE": "medically important",
}
_TEXTS = ("STUDYID", "USUBJID", "SUBJID", "SITEID", "TRTP", "AEDECOD", "AETOXGR", "AESER", *_CRITERIA)
_SCHEMA: dict[str, Any] = {
    **dict.fromkeys(_TEXTS, pl.String),
    "ATOXGRN": pl.Int64,
    "AREL": pl.String,
    "AERELTO": pl.String,
    "AEXPFL": pl.String,
    "AEOUT": pl.String,
    "AEACN": pl.String,
    "ASTDT": pl.Date,
    "AENDT": pl.Date,
    "TRTEMFL": pl.String,
    "AESIFL": pl.String,
    "AETOXVER": pl.String,
    "SRCSEQ": pl.Int64,
}


def make_adae(protocol: Protocol, participants: Mapping[str, ParticipantState], data_cut: date) -> pl.DataFrame:
    """One row an adverse event that began by the cut-off, of all who were screened.

    `ATOXGRN` is the worst grade and `AETOXGR` the newest; `AESER` says whether it was ever serious, `AREL` whether it
    may be caused by treatment (empty while that is open), `AERELTO` by which; `TRTEMFL` is `Y` from the day of the
    allocation on, and `AESIFL` marks the terms that the protocol asks for in particular.
    """
    rows = [
        _row(protocol, state, record)
        for state in states_at(protocol, participants, data_cut)
        for record in state.adverse_events
    ]
    return pl.DataFrame(rows, schema=_SCHEMA).sort("USUBJID", "ASTDT", "SRCSEQ")


def related_to(protocol: Protocol) -> tuple[str, ...]:
    """The interventions that relatedness is judged for."""
    section = protocol.adverse_events
    return (section.related_to if section is not None else ()) or tuple(protocol.interventions)


def is_emergent(protocol: Protocol, state: ParticipantState, record: AdverseEventRecord) -> bool:
    """Whether an event began on the day of the allocation or after it."""
    allocated = state.steps.get(protocol.allocation_step.id)
    return allocated is not None and record.started >= allocated


def _row(protocol: Protocol, state: ParticipantState, record: AdverseEventRecord) -> dict[str, Any]:
    now, ever = record.now, {reason for finding in record.findings for reason in finding.serious}
    related = now.judged_related(related_to(protocol))
    return {
        "STUDYID": protocol.id,
        "USUBJID": f"{protocol.id}-{state.number}",
        "SUBJID": state.number,
        "SITEID": state.site,
        "TRTP": analysis_arm(protocol, state) if state.assignments else None,
        "AEDECOD": record.term,
        "AETOXGR": str(now.grade),
        "ATOXGRN": record.worst_grade,
        "AESER": _flag(bool(ever)),
        **{column: _flag(reason in ever) for column, reason in _CRITERIA.items()},
        "AREL": "" if related is None else "RELATED" if related else "NOT RELATED",
        "AERELTO": ";".join(sorted(name for name, answer in now.related.items() if answer)),
        "AEXPFL": "" if now.expected is None else _flag(now.expected),
        "AEOUT": (now.outcome or "").upper(),
        "AEACN": (now.action or "").upper(),
        "ASTDT": record.started,
        "AENDT": now.ended,
        "TRTEMFL": _flag(is_emergent(protocol, state, record)),
        "AESIFL": _flag(record.of_interest),
        "AETOXVER": record.ctcae,
        "SRCSEQ": record.entry,
    }


def _flag(value: bool) -> str:
    return "Y" if value else "N"
