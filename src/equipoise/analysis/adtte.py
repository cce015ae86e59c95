"""ADTTE: time to event for every endpoint, traced to the ledger entry that holds the event.

One row a participant and parameter; a count has one row an event and one for the end of observation. AVAL is in days,
ADT - STARTDT + 1. CNSR is 0 for the event, 1 for censored, 2 for a competing event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import polars as pl

from equipoise.analysis.adsl import (
    analysis_arm,
    enrolled_on,
    in_per_protocol,
    is_classified,
    stratum_as_randomised,
    switched_on,
)
from equipoise.analysis.at_cut import states_at
from equipoise.analysis.names import column_of, grouping_variables
from equipoise.analysis.outcome import Observed, Outcome, counted, first_outcome, under, why_none
from equipoise.conduct import Criteria, ParticipantState
from equipoise.errors import DataError
from equipoise.protocol import Protocol
from equipoise.protocol.model.endpoints import Count, Sensitivity, TimeToEvent

_FIXED: dict[str, Any] = {
    "STUDYID": pl.String,
    "USUBJID": pl.String,
    "SUBJID": pl.String,
    "SITEID": pl.String,
    "ITTFL": pl.String,
    "PPROTFL": pl.String,
    "ENRLFL": pl.String,
    "TRTP": pl.String,
    "PARAMCD": pl.String,
    "PARAM": pl.String,
    "ASEQ": pl.Int64,
    "STARTDT": pl.Date,
    "STARTDTF": pl.String,
    "ADT": pl.Date,
    "ADTF": pl.String,
    "AVAL": pl.Int64,
    "CNSR": pl.Int64,
    "EVNTDESC": pl.String,
    "CNSDTDSC": pl.String,
    "ENTRY": pl.Int64,
    "SWITCHDY": pl.Int64,
    "STRATAR": pl.String,
    "SRCDOM": pl.String,
    "SRCSEQ": pl.Int64,
}


def make_adtte(protocol: Protocol, participants: Mapping[str, ParticipantState], data_cut: date) -> pl.DataFrame:
    """ADTTE of all who were allocated by the cut-off; where arms follow a class, of all who were registered."""
    criteria = Criteria(protocol)
    groups = {name: column_of(protocol, name) for name in grouping_variables(protocol)}
    numeric = {"integer": pl.Float64, "decimal": pl.Float64}
    kinds = {column: numeric.get(protocol.dictionary[name].type, pl.String) for name, column in groups.items()}
    everybody = is_classified(protocol)
    rows: list[dict[str, Any]] = []
    for state in states_at(protocol, participants, data_cut):
        if state.assignments or (everybody and state.steps):
            shared = _subject(protocol, state)
            shared |= {column: _group_value(criteria.derive(name, state.values)) for name, column in groups.items()}
            rows += [shared | row for row in _rows_of(protocol, state, data_cut)]
    order = {code: place for place, code in enumerate(parameters(protocol))}
    place = pl.col("PARAMCD").replace_strict(order, return_dtype=pl.Int64)
    return pl.DataFrame(rows, schema=_FIXED | kinds).sort(place, "USUBJID", "ASEQ")


def parameters(protocol: Protocol) -> dict[str, tuple[str, Sensitivity | None]]:
    """Every PARAMCD, with its endpoint and its sensitivity rule if it is one.

    Raises:
        DataError: two have the same.
    """
    found: list[tuple[str, tuple[str, Sensitivity | None]]] = []
    for name, endpoint in protocol.endpoints.items():
        if isinstance(endpoint, TimeToEvent | Count):
            found.append((endpoint.param, (name, None)))
        if isinstance(endpoint, TimeToEvent):
            found += [(sensitivity_param(item), (name, item)) for item in endpoint.sensitivity]
    codes = [code for code, _ in found]
    if twice := sorted({code for code in codes if codes.count(code) > 1}):
        raise DataError(f"two endpoints of {protocol.id} have the PARAMCD {twice[0]}: give one another `param` or `id`")
    return dict(found)


def sensitivity_param(item: Sensitivity) -> str:
    """PARAMCD of a sensitivity analysis."""
    return item.id.upper().replace("_", "")[:8]


def _group_value(value: Any) -> Any:
    if isinstance(value, bool):
        return "Y" if value else "N"
    return value if value is None or isinstance(value, str) else float(value)


def _subject(protocol: Protocol, state: ParticipantState) -> dict[str, Any]:
    """What all rows of a participant share."""
    return {
        "STUDYID": protocol.id,
        "USUBJID": f"{protocol.id}-{state.number}",
        "SUBJID": state.number,
        "SITEID": state.site,
        "ITTFL": "Y" if state.assignments else "N",
        "PPROTFL": "Y" if in_per_protocol(state) else "N",
        "ENRLFL": "Y",
        "TRTP": analysis_arm(protocol, state),
        "STRATAR": stratum_as_randomised(state),
    }


def _rows_of(protocol: Protocol, state: ParticipantState, cut: date) -> Iterator[dict[str, Any]]:
    for code, (name, sensitivity) in parameters(protocol).items():
        endpoint = protocol.endpoints[name]
        assert isinstance(endpoint, TimeToEvent | Count)
        named: dict[str, Any] = {"PARAMCD": code, "PARAM": (sensitivity or endpoint).label}
        origin = protocol.origin_variable(endpoint.origin)
        named |= {"STARTDTF": state.imputed.get(origin, ""), "ADTF": ""}
        start: Any = state.values.get(origin)
        if start is None:
            yield named | _nothing("origin not recorded")
            continue
        seen = _observed(protocol, state, start, cut)
        if reason := why_none(endpoint, seen):
            yield named | {"STARTDT": start} | _nothing(reason)
            continue
        switch = switched_on(protocol, state)
        named |= {
            "STARTDT": start,
            "ENTRY": (seen.enters - start).days,
            "SWITCHDY": (switch - start).days if switch else None,
        }
        for place, outcome in enumerate(_outcomes(endpoint, sensitivity, seen), start=1):
            yield named | {"ASEQ": place} | _columns(outcome, start)


def _nothing(reason: str) -> dict[str, Any]:
    """A row without a time, kept so that the analysis can name who has none; nothing is dropped in silence."""
    return {"ASEQ": 1, "EVNTDESC": "", "CNSDTDSC": reason, "SRCDOM": ""}


def _observed(protocol: Protocol, state: ParticipantState, start: date, cut: date) -> Observed:
    allocated = state.steps.get(protocol.allocation_step.id)
    known = enrolled_on(protocol, state) if is_classified(protocol) else allocated
    enters = max(start, known or start)
    assessed = state.visits if protocol.response is None else tuple(item.on for item in state.assessments)
    return Observed(state, start, enters, cut, assessed)


def _outcomes(endpoint: TimeToEvent | Count, sensitivity: Sensitivity | None, seen: Observed) -> Iterator[Outcome]:
    if isinstance(endpoint, Count):
        yield from counted(endpoint, seen)
    else:
        outcome = first_outcome(endpoint, seen)
        yield outcome if sensitivity is None else under(sensitivity, seen, outcome)


def _columns(outcome: Outcome, start: date) -> dict[str, Any]:
    return {
        "ADT": outcome.on,
        "ADTF": outcome.imputed,
        "AVAL": (outcome.on - start).days + 1,
        "CNSR": outcome.cnsr,
        "EVNTDESC": outcome.event,
        "CNSDTDSC": outcome.censoring,
        "SRCDOM": "LEDGER" if outcome.entry else "",
        "SRCSEQ": outcome.entry,
    }
