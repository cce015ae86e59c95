"""ADSL: one row a participant, from the states that the ledger adds up to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl

from equipoise.allocation import stratum_key
from equipoise.analysis.at_cut import states_at
from equipoise.analysis.names import check_columns, column_of
from equipoise.conduct import LOST, Criteria, ParticipantState
from equipoise.conduct.state import Left
from equipoise.errors import DataError
from equipoise.protocol import Protocol
from equipoise.protocol.checks.allocation import SITE
from equipoise.protocol.model.allocation import ClassifiedList
from equipoise.protocol.model.pathway import Register

LOST_LABEL = "Lost to follow-up"

_TYPES: dict[str, Any] = {
    "integer": pl.Int64,
    "decimal": pl.Float64,
    "boolean": pl.String,
    "choice": pl.String,
    "date": pl.Date,
    "text": pl.String,
}


_FIXED: dict[str, Any] = {
    "STUDYID": pl.String,
    "USUBJID": pl.String,
    "SUBJID": pl.String,
    "SITEID": pl.String,
    "PROTVER": pl.String,
    "SCRNDT": pl.Date,
    "ENRLFL": pl.String,
    "ENRLDT": pl.Date,
    "RANDFL": pl.String,
    "RANDDT": pl.Date,
    "ALLOCMTD": pl.String,
    "ITTFL": pl.String,
    "PPROTFL": pl.String,
    "ARMCD": pl.String,
    "ARM": pl.String,
    "TRT01P": pl.String,
    "STRATAR": pl.String,
    "SWITCHDT": pl.Date,
    "DTHFL": pl.String,
    "DTHDT": pl.Date,
    "DTHDTF": pl.String,
    "DTHCAUS": pl.String,
    "LSTALVDT": pl.Date,
    "EOSSTT": pl.String,
    "EOSDT": pl.Date,
    "DCSREAS": pl.String,
}


def is_classified(protocol: Protocol) -> bool:
    """Whether arms are assigned by class, without chance."""
    return isinstance(protocol.allocation[protocol.allocation_step.list], ClassifiedList)


def analysis_arm(protocol: Protocol, state: ParticipantState) -> str | None:
    """The arm that a participant is analysed in.

    Where arms are allocated by chance it is the arm allocated, whatever happened later. Where they follow a class that
    can change, it is the first assigned that is not the reference, else the reference: who reached it is known only
    later, which is why such an analysis is marked biased.
    """
    if not is_classified(protocol):
        return state.arm
    reference = protocol.reference_arm
    first = next((item.arm for item in state.assignments if item.arm != reference), None)
    return first or reference


def switched_on(protocol: Protocol, state: ParticipantState) -> date | None:
    """The day on which a participant left the reference class for the first time; None in a randomised trial."""
    if not is_classified(protocol):
        return None
    return next((item.on for item in state.assignments if item.arm != protocol.reference_arm), None)


def entry_step(protocol: Protocol) -> str:
    """The step from which participants are under observation: allocation; where arms follow a class, registration."""
    first = _first_registration(protocol) if is_classified(protocol) else None
    return first or protocol.allocation_step.id


def _first_registration(protocol: Protocol) -> str | None:
    return next((step.id for step in protocol.entry_steps if isinstance(step, Register)), None)


def enrolled_on(protocol: Protocol, state: ParticipantState) -> date | None:
    """The day of the first registration; of screening in a trial without one."""
    first = _first_registration(protocol)
    return state.steps.get(first) if first else state.screened_on


def make_adsl(protocol: Protocol, participants: Mapping[str, ParticipantState], data_cut: date) -> pl.DataFrame:
    """ADSL of all who were screened by the cut-off, as known then.

    A boolean is `Y` or `N`. Columns of the protocol's variables are named by `column_of`; factors that the allocation
    balanced stand in `STRATAR` as they counted then.

    Raises:
        DataError: two variables would have the same column.
    """
    criteria = Criteria(protocol)
    schema = _schema(protocol)
    rows = [_row(criteria, state) for state in states_at(protocol, participants, data_cut)]
    return pl.DataFrame(rows, schema=schema)


def _schema(protocol: Protocol) -> dict[str, Any]:
    recorded = _recorded(protocol)
    check_columns(protocol, recorded, _FIXED)
    flags = _flag_columns(protocol)
    if twice := set(flags.values()) & (set(_FIXED) | {column_of(protocol, name) for name in recorded}):
        name = next(name for name, column in flags.items() if column in twice)
        raise DataError(f"column {flags[name]} flags what is imputed of {name}: give that another `adam`")
    kinds = {column_of(protocol, name): _TYPES[item.type] for name, item in recorded.items()}
    return _FIXED | kinds | dict.fromkeys(flags.values(), pl.String)


def _flag_columns(protocol: Protocol) -> dict[str, str]:
    """The column that says what is imputed of a date, by variable: its name and F, as in `DIAGDTF`."""
    found = _recorded(protocol).items()
    return {name: f"{column_of(protocol, name)}F" for name, item in found if item.partial is not None}


def in_per_protocol(state: ParticipantState) -> bool:
    """Whether an allocated participant is in the per-protocol set: no deviation excludes from it, as classified now."""
    return bool(state.assignments) and all(item.per_protocol == "kept" for item in state.deviations)


def _recorded(protocol: Protocol) -> dict[str, Any]:
    """Variables that stand in ADSL. Of those on forms that repeat only the true-or-false ones: whether ever true."""
    skipped = {"screening_date", "arm"} | {n for n in _repeated(protocol) if protocol.dictionary[n].type != "boolean"}
    return {
        name: item
        for name, item in protocol.dictionary.items()
        if name not in skipped and not item.identifying and item.type != "text"
    }


def _repeated(protocol: Protocol) -> set[str]:
    return set(protocol.repeated)


def _values(protocol: Protocol, state: ParticipantState) -> dict[str, Any]:
    """The newest values, but for what is asked again and again: true if it ever was."""
    values: dict[str, Any] = dict(state.values)
    for name in _repeated(protocol):
        answers = [record.values[name] for record in state.forms if name in record.values]
        values[name] = any(answers) if answers else None
    return values


def _row(criteria: Criteria, state: ParticipantState) -> dict[str, Any]:
    protocol, values = criteria.protocol, _values(criteria.protocol, state)
    recorded = {
        column_of(protocol, name): _cell(item.type, criteria.derive(name, values))
        for name, item in _recorded(protocol).items()
    }
    flags = {column: state.imputed.get(name, "") for name, column in _flag_columns(protocol).items()}
    return _course(protocol, state) | _end(protocol, state) | recorded | flags


def _course(protocol: Protocol, state: ParticipantState) -> dict[str, Any]:
    """Who, where, and which steps were passed."""
    enrolled = enrolled_on(protocol, state)
    allocated = state.steps.get(protocol.allocation_step.id)
    arm = analysis_arm(protocol, state) if allocated else None
    return {
        "STUDYID": protocol.id,
        "USUBJID": f"{protocol.id}-{state.number}",
        "SUBJID": state.number,
        "SITEID": state.site,
        "PROTVER": state.version,
        "SCRNDT": state.screened_on,
        "ENRLFL": _flag(enrolled is not None),
        "ENRLDT": enrolled,
        "RANDFL": _flag(allocated is not None),
        "RANDDT": allocated,
        "ALLOCMTD": state.assignments[0].method if allocated else "",
        "ITTFL": _flag(allocated is not None),
        "PPROTFL": _flag(in_per_protocol(state)),
        "ARMCD": arm or "",
        "ARM": protocol.arms[arm].label if arm else "",
        "TRT01P": arm or "",
        "STRATAR": stratum_as_randomised(state),
        "SWITCHDT": switched_on(protocol, state),
    }


def _end(protocol: Protocol, state: ParticipantState) -> dict[str, Any]:
    """Death, last contact, and how participation ended."""
    death = next((item for item in state.events if item.kind == "death"), None)
    status, ended, reason = _end_of_study(protocol, state)
    return {
        "DTHFL": _flag(death is not None),
        "DTHDT": death.on if death else None,
        "DTHDTF": death.recorded.flag if death and death.recorded else "",
        "DTHCAUS": (death.cause or "") if death else "",
        "LSTALVDT": state.last_alive,
        "EOSSTT": status,
        "EOSDT": ended,
        "DCSREAS": reason,
    }


def stratum_as_randomised(state: ParticipantState) -> str:
    """Levels of the allocation's factors as they counted, site aside, as one text."""
    levels = {name: value for name, value in state.at_allocation.items() if name != SITE}
    return stratum_key(tuple(levels.items())) if levels else ""


def _end_of_study(protocol: Protocol, state: ParticipantState) -> tuple[str, date | None, str]:
    """EOSSTT, its date and the reason. Who withdraws from treatment only stays in the study."""
    if state.died_on is not None:
        return "DISCONTINUED", state.died_on, "Death"
    if state.left is not None and state.left.ends_observation:
        return "DISCONTINUED", state.left.on, left_label(protocol, state.left)
    if not state.steps:
        return "SCREEN FAILURE", None, ""
    refusal = next((item for item in reversed(state.refusals) if item.step not in state.steps), None)
    if refusal is not None:
        step = next(item for item in protocol.entry_steps if item.id == refusal.step)
        return "DISCONTINUED", refusal.on, f"Did not pass: {step.label}"
    return "ONGOING", None, ""


def left_label(protocol: Protocol, left: Left) -> str:
    """How participation ended, in words."""
    if left.rule == LOST:
        return LOST_LABEL
    return next((item.label for item in protocol.withdrawal if item.id == left.rule), left.rule)


def _flag(value: bool) -> str:
    return "Y" if value else "N"


def _cell(kind: str, value: Any) -> Any:
    """A recorded value as it stands in the table."""
    if value is None:
        return None
    if kind == "boolean":
        return _flag(bool(value))
    if kind == "decimal":
        return float(value)
    if kind == "integer":
        return int(value) if isinstance(value, Fraction) else value
    return value
