"""Make the projections of a trial anew from its entries, and write what differs from what is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from equipoise.allocation import ListState
from equipoise.conduct import Criteria, TrialState, evolve_trial
from equipoise.ledger import Entry
from equipoise.store import projections
from equipoise.store.append import Counter, following, participant_of, read_entry

_NUMBERS = (
    "SELECT participant FROM store_entry WHERE trial_id = %s AND participant IS NOT NULL "
    "GROUP BY participant ORDER BY MIN(seq)"
)
_ENTRIES = "SELECT text, hash FROM store_entry WHERE trial_id = %s AND seq > %s ORDER BY seq LIMIT 2000"
_HEAD = "SELECT entries, hash, state_json FROM store_head WHERE trial_id = %s"
_NEW_HEAD = "UPDATE store_head SET entries = %s, hash = %s, state_json = %s WHERE trial_id = %s"


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What rebuilding found.

    Attributes:
        entries: how many entries the projections were made from.
        changed: how many rows were not what the entries add up to.
    """

    entries: int
    changed: int

    def __str__(self) -> str:
        """One line for people."""
        found = f"{self.changed:,} rows were not, and were written anew" if self.changed else "they were so already"
        return f"projections are what {self.entries:,} entries add up to: {found}"


def rebuild(at: Counter, criteria: Criteria) -> Rebuilt:
    """Rebuild within a transaction that holds the trial.

    Raises:
        StoreError: an entry cannot follow from those before it; names it.
    """
    state = _trial(at, criteria)
    changed = _strata(at, state) + _head(at, state)
    at.cursor.execute(_NUMBERS, (at.trial,))
    numbers = [number for (number,) in at.cursor.fetchall()]
    for number in numbers:
        after = projections.participant_rows(criteria, participant_of(at, criteria, number))
        changed += projections.write(at.cursor, at.trial, _present(at, number), after)
    return Rebuilt(state.entries, changed + _strangers(at, set(numbers)))


def _trial(at: Counter, criteria: Criteria) -> TrialState:
    """The trial's state by its entries."""
    state = TrialState()
    for entry, digest in _entries(at):
        with following(entry):
            state = evolve_trial(criteria.of(entry.version).protocol, state, entry, digest)
    return state


def _entries(at: Counter) -> Iterator[tuple[Entry, str]]:
    last = 0
    while True:
        at.cursor.execute(_ENTRIES, (at.trial, last))
        rows = at.cursor.fetchall()
        if not rows:
            return
        for text, digest in rows:
            entry = read_entry(text)
            last = entry.seq
            yield entry, digest


def _strata(at: Counter, state: TrialState) -> int:
    lists: dict[str, ListState] = dict(state.lists)
    return projections.write(
        at.cursor, at.trial, _rows(at, (projections.STRATUM,)), projections.stratum_rows(lists)
    )  # fmt: skip


def _head(at: Counter, state: TrialState) -> int:
    at.cursor.execute(_HEAD, (at.trial,))
    wanted = (state.entries, state.head, projections.trial_text(state))
    if at.cursor.fetchone() == wanted:
        return 0
    at.cursor.execute(_NEW_HEAD, (*wanted, at.trial))
    return 1


def _present(at: Counter, number: str) -> projections.Rows:
    """A participant's rows as they are."""
    found: projections.Rows = {}
    for table, column in projections.OF_PARTICIPANT.items():
        at.cursor.execute(table.select(f' AND "{column}" = %s'), (at.trial, number))
        found[table.name] = _by_key(table, at.cursor.fetchall())
    return found


def _strangers(at: Counter, numbers: set[str]) -> int:
    """Delete rows of participants whom no entry is about."""
    gone = 0
    for table, column in projections.OF_PARTICIPANT.items():
        rows = _rows(at, (table,))[table.name]
        place = (*table.key, *table.columns).index(column)
        strange = {key: row for key, row in rows.items() if (*key, *row)[place] not in numbers}
        gone += projections.write(at.cursor, at.trial, {table.name: strange}, {})
    return gone


def _rows(at: Counter, tables: tuple[projections.Table, ...]) -> projections.Rows:
    found: projections.Rows = {}
    for table in tables:
        at.cursor.execute(table.select(), (at.trial,))
        found[table.name] = _by_key(table, at.cursor.fetchall())
    return found


def _by_key(table: projections.Table, rows: list[Any]) -> dict[projections.Key, tuple[Any, ...]]:
    width = len(table.key)
    return {tuple(row[:width]): tuple(row[width:]) for row in rows}
