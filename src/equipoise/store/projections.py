"""Projections: rows that follow from the entries, written in the transaction that adds them.

Every row is made from a state by the functions here, whether a command is carried out or a ledger is rebuilt; what is
written is the difference between two sets of rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

from equipoise.allocation import ListState
from equipoise.conduct import Criteria, ParticipantState, TrialState
from equipoise.conduct.state import Freezing, ProtocolVersion
from equipoise.conduct.values import Recorded, from_json, to_json
from equipoise.protocol.model.variables import Variable
from equipoise.store.driver import Cursor
from equipoise.store.due import quality_row
from equipoise.store.tasks import open_tasks
from equipoise.store.tasks_of_response import response_tasks

Key: TypeAlias = tuple[Any, ...]
Rows: TypeAlias = dict[str, dict[Key, tuple[Any, ...]]]
"""By table, then by key (without the trial): the values of the other columns."""


@dataclass(frozen=True)
class Table:
    """A projected table: its name, its key besides the trial, its other columns, and the SQL that is used on it."""

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]

    def upsert(self, changed: tuple[str, ...]) -> str:
        """Insert a row or, if there is one with its key, change some of its columns."""
        return _upsert(self, changed)

    @cached_property
    def delete(self) -> str:
        """Delete the row with a key."""
        return f"DELETE FROM {self.name} WHERE trial_id = %s AND " + " AND ".join(f'"{k}" = %s' for k in self.key)  # noqa: S608 - our own names

    def select(self, where: str = "") -> str:
        """Every row of a trial: key and columns."""
        return f"SELECT {_quoted((*self.key, *self.columns))} FROM {self.name} WHERE trial_id = %s{where}"  # noqa: S608 - our own names


@lru_cache(maxsize=256)
def _upsert(table: Table, changed: tuple[str, ...]) -> str:
    # no column is named that stays as it is: SQLite writes every index anew whose columns are named
    names = ("trial_id", *table.key, *table.columns)
    sets = ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in changed)
    return (
        f"INSERT INTO {table.name} ({_quoted(names)}) VALUES ({', '.join(['%s'] * len(names))}) "  # noqa: S608 - our own names
        f"ON CONFLICT ({_quoted(('trial_id', *table.key))}) DO {f'UPDATE SET {sets}' if sets else 'NOTHING'}"
    )


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


PARTICIPANT = Table(
    "store_participant",
    ("number",),
    (
        "screened", "site", "version", "screened_on", "arm", "died_on", "left_by", "last_alive", "steps_json",
        "values_json", "pseudonym", "rescreens", "rescreened_as",
    ),
)  # fmt: skip  # short items of one kind share a line
ALLOCATION = Table(
    "store_allocation", ("seq",), ("participant", "step", "list", "method", "stratum", "k", "arm", "day")
)
FORM = Table("store_form", ("participant", "place"), ("form", "visit", "day", "values_json"))
TASK = Table("store_task", ("participant", "kind", "name"), ("role",))
QUALITY = Table("store_quality", ("participant",), ("site", "asked", "last_alive", "lost", "quality_json"))
STRATUM = Table("store_stratum", ("list", "stratum"), ("state_json",))
ROLE = Table("store_role", ("account", "role", "site"), ("printed_name", "held"))
OF_PARTICIPANT = {
    PARTICIPANT: "number",
    ALLOCATION: "participant",
    FORM: "participant",
    TASK: "participant",
    QUALITY: "participant",
}
"""Tables with rows of participants, and the column that says whose a row is."""
TABLES = (*OF_PARTICIPANT, STRATUM, ROLE)


def participant_rows(
    criteria: Criteria, state: ParticipantState | None, before: tuple[ParticipantState, Rows] | None = None
) -> Rows:
    """Every row of a participant.

    Args:
        criteria: those of every version; what is due follows the one that the participant has consented to.
        state: the participant's; None if there is none.
        before: an earlier state and its rows. A state is never changed in place, so what is the same object in both
            makes the same rows.
    """
    if state is None:
        return {table.name: {} for table in OF_PARTICIPANT}
    number, old, rows = (state.number, None, {}) if before is None else (state.number, *before)
    assert old is None or old.number == number
    consented = criteria.of(state.version)
    return {
        PARTICIPANT.name: {(number,): _participant(state, old, rows)},
        ALLOCATION.name: dict(_allocations(state)),
        FORM.name: rows[FORM.name] if old is not None and old.forms is state.forms else dict(_forms(state)),
        TASK.name: {
            (number, task.kind, task.name): (task.role,)
            for task in (*open_tasks(consented.protocol, state, consented), *response_tasks(consented, state))
        },
        QUALITY.name: {(number,): quality_row(consented, state)},
    }  # fmt: skip  # short items of one kind share a line


def _forms(state: ParticipantState) -> Iterator[tuple[Key, tuple[Any, ...]]]:
    for place, record in enumerate(state.forms, start=1):
        yield (state.number, place), (record.form, record.visit, record.on.isoformat(), values_text(record.values))


def _participant(state: ParticipantState, old: ParticipantState | None, rows: Rows) -> tuple[Any, ...]:
    same = old is not None and old.values is state.values
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
        rows[PARTICIPANT.name][state.number,][_VALUES] if same else values_text(state.values),
        state.pseudonym,
        state.rescreens,
        None if state.rescreened is None else state.rescreened.number,
    )


_VALUES = PARTICIPANT.columns.index("values_json")


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


def changed_strata(before: Mapping[str, ListState], after: Mapping[str, ListState]) -> Rows:
    """The rows of the strata that are others than before; none ever goes."""
    return stratum_rows(
        {
            name: ListState({key: here for key, here in state.strata.items() if here is not known.get(key)})
            for name, state in after.items()
            for known in (before.get(name, _NO_LIST).strata,)
        }
    )


_NO_LIST = ListState()


def list_state(strata: Iterable[tuple[str, str]]) -> ListState:
    """The state of a list from its rows: stratum and state."""
    return ListState.from_json({stratum: json.loads(text) for stratum, text in strata})


def trial_text(state: TrialState, cohort: Mapping[str, Any] | None) -> str:
    """The trial's state as JSON, but for its head and its lists, which have rows of their own; and cohort counts."""
    return text_of(
        {
            "opened": state.opened,
            "closed": state.closed,
            "version": state.version,
            "screened": state.screened,
            "passed": dict(state.passed),
            "commitments": dict(state.commitments),
            "revealed": state.revealed,
            "last_time": state.last_time,
            "cohort": cohort,
            "locked": state.locked,
            "freezes": [[item.analysis, _day(item.cut_off), item.entries, item.head] for item in state.freezes],
            "acts": {str(seq): digest for seq, digest in state.acts.items()},
            "administrators": None if state.administrators is None else list(state.administrators),
            "sweep": None if state.sweep is None else [_day(day) for day in state.sweep],
            "versions": [_version_json(item) for item in state.versions],
        }
    )


def trial_state(
    text: str, *, entries: int, head: str, lists: Mapping[str, ListState]
) -> tuple[TrialState, Mapping[str, Any] | None]:
    """The inverse of `trial_text`."""
    kept: dict[str, Any] = json.loads(text)
    named, cohort, sweep = kept.pop("administrators"), kept.pop("cohort"), kept.pop("sweep")
    acts = sorted(((int(seq), digest) for seq, digest in kept.pop("acts").items()))
    versions = tuple(_version(*item) for item in kept.pop("versions"))
    freezes = ((name, date.fromisoformat(cut), *rest) for name, cut, *rest in kept.pop("freezes"))
    state = TrialState(
        **kept,
        entries=entries,
        head=head,
        lists=lists,
        versions=versions,
        acts=dict(acts),
        freezes=tuple(Freezing(*parts) for parts in freezes),
        administrators=None if named is None else tuple(named),
        sweep=None if sweep is None else (date.fromisoformat(sweep[0]), date.fromisoformat(sweep[1])),
    )
    return state, cohort


def _version_json(item: ProtocolVersion) -> list[Any]:
    sites = None if item.sites is None else {site: day.isoformat() for site, day in item.sites.items()}
    return [item.version, item.digest, _day(item.on), sites]


def _version(version: str, digest: str, on: str | None, sites: dict[str, str] | None) -> ProtocolVersion:
    days = None if sites is None else {site: date.fromisoformat(day) for site, day in sites.items()}
    return ProtocolVersion(version, digest, None if on is None else date.fromisoformat(on), days)


def values_text(values: Mapping[str, Recorded]) -> str:
    """Values by name as JSON, each as it would stand in an entry."""
    return text_of({name: to_json(value) for name, value in values.items()})


def values_of(text: str, dictionary: Mapping[str, Variable]) -> Mapping[str, Recorded]:
    """The inverse of `values_text`."""
    return {name: from_json(dictionary[name], value) for name, value in json.loads(text).items()}


def text_of(value: Any) -> str:
    """JSON, the same for the same value."""
    return _WRITER(value)


_WRITER = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def write(cursor: Cursor, trial: int, before: Rows, after: Rows) -> int:
    """Write what differs between two sets of rows of the same tables; how many rows that were."""
    written = 0
    for table in TABLES:
        old, new = before.get(table.name, {}), after.get(table.name, {})
        gone = [(trial, *key) for key in old if key not in new]
        if gone:  # deleted first, so that a draw that moved to another row does not look used twice
            _run(cursor, table.delete, gone)
        made: dict[str, list[tuple[Any, ...]]] = {}
        for key, row in new.items():
            if (known := old.get(key)) != row:
                made.setdefault(table.upsert(_changed(table, known, row)), []).append((trial, *key, *row))
        for sql, rows in made.items():
            _run(cursor, sql, rows)
            written += len(rows)
        written += len(gone)
    return written


def _changed(table: Table, old: tuple[Any, ...] | None, new: tuple[Any, ...]) -> tuple[str, ...]:
    """The columns that differ; all of them if it is not known what is there."""
    if old is None:
        return table.columns
    return tuple(name for name, a, b in zip(table.columns, old, new, strict=True) if a != b)


def _run(cursor: Cursor, sql: str, rows: list[tuple[Any, ...]]) -> None:
    if len(rows) == 1:
        cursor.execute(sql, rows[0])
    else:
        cursor.executemany(sql, rows)
