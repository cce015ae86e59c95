"""Make the projections of a trial anew from its entries, and write what differs from what is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from equipoise.allocation import ListState
from equipoise.conduct import Criteria, TrialState, VersionTallies, evolve_trial, tallies_by_version
from equipoise.conduct.permissions import Accounts, evolve_accounts
from equipoise.ledger import Entry
from equipoise.store import cohort, projections, roles
from equipoise.store.append import following, participant_of, read_entry
from equipoise.store.driver import Cursor

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


def rebuild(cursor: Cursor, trial: int, criteria: Criteria) -> Rebuilt:
    """Rebuild within a transaction that holds the trial.

    Raises:
        StoreError: an entry cannot follow from those before it; names it.
    """
    state, accounts = _trial(cursor, trial, criteria)
    changed, passed = _strata(cursor, trial, state) + _roles(cursor, trial, accounts), []
    cursor.execute(_NUMBERS, (trial,))
    numbers = [number for (number,) in cursor.fetchall()]
    for number in numbers:
        participant = participant_of(cursor, trial, criteria, number)
        after = projections.participant_rows(criteria, participant)
        changed += projections.write(cursor, trial, _present(cursor, trial, number), after)
        if participant is not None:
            passed.append((participant.steps, participant.values))
    changed += _head(cursor, trial, state, tallies_by_version(criteria, passed), criteria.protocol.digest)
    return Rebuilt(state.entries, changed + _strangers(cursor, trial, set(numbers)))


def _trial(cursor: Cursor, trial: int, criteria: Criteria) -> tuple[TrialState, Accounts]:
    """The trial's state and its accounts by its entries."""
    state = TrialState()
    accounts: Accounts = {}
    for entry, digest in _entries(cursor, trial):
        with following(entry):
            state = evolve_trial(criteria.of(entry.version).protocol, state, entry, digest)
            accounts = evolve_accounts(accounts, entry)
    return state, accounts


def _entries(cursor: Cursor, trial: int) -> Iterator[tuple[Entry, str]]:
    last = 0
    while True:
        cursor.execute(_ENTRIES, (trial, last))
        rows = cursor.fetchall()
        if not rows:
            return
        for text, digest in rows:
            entry = read_entry(text)
            last = entry.seq
            yield entry, digest


def _strata(cursor: Cursor, trial: int, state: TrialState) -> int:
    lists: dict[str, ListState] = dict(state.lists)
    return projections.write(
        cursor, trial, _rows(cursor, trial, (projections.STRATUM,)), projections.stratum_rows(lists)
    )  # fmt: skip  # short items of one kind share a line


def _roles(cursor: Cursor, trial: int, accounts: Accounts) -> int:
    return projections.write(cursor, trial, _rows(cursor, trial, (projections.ROLE,)), roles.rows_of(accounts))


def _head(cursor: Cursor, trial: int, state: TrialState, tallies: VersionTallies, digest: str) -> int:
    cursor.execute(_HEAD, (trial,))
    wanted = (state.entries, state.head, projections.trial_text(state, cohort.to_json(tallies, digest)))
    if cursor.fetchone() == wanted:
        return 0
    cursor.execute(_NEW_HEAD, (*wanted, trial))
    return 1


def _present(cursor: Cursor, trial: int, number: str) -> projections.Rows:
    """A participant's rows as they are."""
    found: projections.Rows = {}
    for table, column in projections.OF_PARTICIPANT.items():
        cursor.execute(table.select(f' AND "{column}" = %s'), (trial, number))
        found[table.name] = _by_key(table, cursor.fetchall())
    return found


def _strangers(cursor: Cursor, trial: int, numbers: set[str]) -> int:
    """Delete rows of participants whom no entry is about."""
    gone = 0
    for table, column in projections.OF_PARTICIPANT.items():
        rows = _rows(cursor, trial, (table,))[table.name]
        place = (*table.key, *table.columns).index(column)
        strange = {key: row for key, row in rows.items() if (*key, *row)[place] not in numbers}
        gone += projections.write(cursor, trial, {table.name: strange}, {})
    return gone


def _rows(cursor: Cursor, trial: int, tables: tuple[projections.Table, ...]) -> projections.Rows:
    found: projections.Rows = {}
    for table in tables:
        cursor.execute(table.select(), (trial,))
        found[table.name] = _by_key(table, cursor.fetchall())
    return found


def _by_key(table: projections.Table, rows: list[Any]) -> dict[projections.Key, tuple[Any, ...]]:
    width = len(table.key)
    return {tuple(row[:width]): tuple(row[width:]) for row in rows}
