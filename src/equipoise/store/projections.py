"""Projections: rows that follow from the entries, written in the transaction that adds them.

Every row is made from a state by the functions here, whether a command is carried out or a ledger is rebuilt; what is
written is the difference between two sets of rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

from equipoise.allocation import ListState
from equipoise.conduct import Criteria, ParticipantState, TrialState
from equipoise.conduct.state import ProtocolVersion
from equipoise.conduct.values import Recorded, from_json, to_json
from equipoise.protocol.model.variables import Variable
from equipoise.store.tasks import open_tasks

Key: TypeAlias = tuple[Any, ...]
Rows: TypeAlias = dict[str, dict[Key, tuple[Any, ...]]]
"""By table, then by key (without the trial): the values of the other columns."""


@dataclass(frozen=True)
class Table:
    """A projected table: its name, its key besides the trial, its other columns, and the SQL that is used on it."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]

    @cached_property
    def upsert(self) -> str:
        """Insert a row, or change the one with its key."""
        names = ("trial_id", *self.key, *self.columns)
        changed = ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in self.columns)
        return (
            f"INSERT INTO {self.name} ({_quoted(names)}) VALUES ({', '.join(['%s'] * len(names))}) "  # noqa: S608 - our own names
            f"ON CONFLICT ({_quoted(('trial_id', *self.key))}) DO {f'UPDATE SET {changed}' if changed else 'NOTHING'}"
        )

    @cached_property
    def delete(self) -> str:
        """Delete the row with a key."""
        return f"DELETE FROM {self.name} WHERE trial_id = %s AND " + " AND ".join(f'"{k}" = %s' for k in self.key)  # noqa: S608 - our own names

    def select(self, where: str = "") -> str:
        """Every row of a trial: key and columns."""
        return f"SELECT {_quoted((*self.key, *self.columns))} FROM {self.name} WHERE trial_id = %s{where}"  # noqa: S608 - our own names


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


PARTICIPANT = Table(
    "store_participant",
    ("number",),
    (
        "screened", "site", "version", "screened_on", "arm", "died_on", "left_by", "last_alive", "steps_json",
        "values_json", "pseudonym", "rescreens", "rescreened_as",
    ),
)  # fmt: skip
ALLOCATION = Table(
    "store_allocation", ("seq",), ("participant", "step", "list", "method", "stratum", "k", "arm", "day")
)
FORM = Table("store_form", ("participant", "place"), ("form", "visit", "day", "values_json"))
TASK = Table("store_task", ("participant", "kind", "name"), ("role",))
STRATUM = Table("store_stratum", ("list", "stratum"), ("state_json",))
OF_PARTICIPANT = {PARTICIPANT: "number", ALLOCATION: "participant", FORM: "participant", TASK: "participant"}
"""Tables with rows of participants, and the column that says whose a row is."""
TABLES = (*OF_PARTICIPANT, STRATUM)


def participant_rows(criteria: Criteria, state: ParticipantState | None) -> Rows:
    """Every row of a participant."""
    if state is None:
        return {table.name: {} for table in OF_PARTICIPANT}
    number = state.number
    return {
        PARTICIPANT.name: {(number,): _participant(state)},
        ALLOCATION.name: dict(_allocations(state)),
        FORM.name: {
            (number, place): (record.form, record.visit, record.on.isoformat(), values_text(record.values))
            for place, record in enumerate(state.forms, start=1)
        },
        TASK.name: {
            (number, task.kind, task.name): (task.role,)
            for task in open_tasks(criteria.of(state.version).protocol, state)
        },
    }  # fmt: skip


def _participant(state: ParticipantState) -> tuple[Any, ...]:
    return (
        state.history[0].seq,
        state.site,
        state.version,
        state.screened_on.isoformat(),
        state.arm,
        _day(state.died_on),
        None if state.left is None else state.left.rule,
        _day(state.last_alive),
        text_of({step: day.isoformat() for step, day in state.steps.items()}),
        values_text(state.values),
        state.pseudonym,
        state.rescreens,
        None if state.rescreened is None else state.rescreened.number,
    )


def _allocations(state: ParticipantState) -> Iterable[tuple[Key, tuple[Any, ...]]]:
    for entry in state.history:
        data: Any = entry.data
        if entry.kind == "allocate":
            named = (data["step"], data["list"], data["method"], data.get("stratum"), data.get("k"), data["arm"])
            yield (entry.seq,), (state.number, *named, data["on"])


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def stratum_rows(lists: Mapping[str, ListState]) -> Rows:
    """Every row of the allocation lists."""
    rows = {(name, key): (text_of(here),) for name, state in lists.items() for key, here in state.to_json().items()}
    return {STRATUM.name: rows}


def list_state(strata: Iterable[tuple[str, str]]) -> ListState:
    """The state of a list from its rows: stratum and state."""
    return ListState.from_json({stratum: json.loads(text) for stratum, text in strata})


def trial_text(state: TrialState) -> str:
    """The trial's state as JSON, but for its head and its lists, which have rows of their own."""
    return text_of(
        {
            "opened": state.opened,
            "closed": state.closed,
            "version": state.version,
            "screened": state.screened,
            "passed": dict(state.passed),
            "commitments": dict(state.commitments),
            "revealed": state.revealed,
            "data_cut": _day(state.data_cut),
            "last_time": state.last_time,
            "versions": [_version_json(item) for item in state.versions],
        }
    )


def trial_state(text: str, *, entries: int, head: str, lists: Mapping[str, ListState]) -> TrialState:
    """The inverse of `trial_text`."""
    kept: dict[str, Any] = json.loads(text)
    cut, versions = kept.pop("data_cut"), tuple(_version(*item) for item in kept.pop("versions"))
    data_cut = None if cut is None else date.fromisoformat(cut)
    return TrialState(**kept, entries=entries, head=head, lists=lists, data_cut=data_cut, versions=versions)


def _version_json(item: ProtocolVersion) -> list[Any]:
    sites = None if item.sites is None else {site: day.isoformat() for site, day in item.sites.items()}
    return [item.version, item.digest, _day(item.on), sites]


def _version(version: str, digest: str, on: str | None, sites: dict[str, str] | None) -> ProtocolVersion:
    days = None if sites is None else {site: date.fromisoformat(day) for site, day in sites.items()}
    return ProtocolVersion(version, digest, None if on is None else date.fromisoformat(on), days)


def values_text(values: Mapping[str, Recorded]) -> str:
    """Values by name as JSON, each as it would stand in an entry."""
    return text_of({name: to_json(value) for name, value in values.items()})


class Values:
    """Reads values back: the inverse of `values_text`, for the variables of one trial.

    Cohort rules count everybody whenever somebody enters, and hardly anybody's values have changed since: what was read
    is remembered by its text.
    """

    def __init__(self, dictionary: Mapping[str, Variable]) -> None:
        self._dictionary = dictionary
        self.of = lru_cache(maxsize=20_000)(self._read)

    def _read(self, text: str) -> Mapping[str, Recorded]:
        return {name: from_json(self._dictionary[name], value) for name, value in json.loads(text).items()}


def text_of(value: Any) -> str:
    """JSON, the same for the same value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def write(cursor: Any, trial: int, before: Rows, after: Rows) -> int:
    """Write what differs between two sets of rows of the same tables; how many rows that were."""
    written = 0
    for table in TABLES:
        old, new = before.get(table.name, {}), after.get(table.name, {})
        gone = [(trial, *key) for key in old if key not in new]
        made = [(trial, *key, *row) for key, row in new.items() if old.get(key) != row]
        # deleted first, so that a draw that moved to another row does not look used twice
        for sql, rows in ((table.delete, gone), (table.upsert, made)):
            if len(rows) == 1:
                cursor.execute(sql, rows[0])
            elif rows:
                cursor.executemany(sql, rows)
        written += len(gone) + len(made)
    return written


def differing(before: Rows, after: Rows) -> int:
    """How many rows differ between two sets of rows."""
    tables = before.keys() | after.keys()
    pairs = ((before.get(table, {}), after.get(table, {})) for table in tables)
    return sum(old.get(key) != new.get(key) for old, new in pairs for key in old.keys() | new.keys())
