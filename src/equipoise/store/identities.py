"""Who a participant is: identifying values in a table of their own, outside the ledger, for the own site alone.

Unlike everything else here, they can be erased, with every trace of them in the database file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connections

from equipoise.conduct import Criteria, ParticipantState
from equipoise.conduct.identity import folded, from_kept, kept_json, problems_of
from equipoise.conduct.values import Recorded, to_json
from equipoise.errors import StoreError
from equipoise.protocol import Protocol
from equipoise.store.append import Counter, participant_of

_KEEP = (
    "INSERT INTO store_identity (trial_id, participant, values_json) VALUES (%s, %s, %s) "
    "ON CONFLICT (trial_id, participant) DO UPDATE SET values_json = EXCLUDED.values_json"
)
_READ = "SELECT values_json FROM store_identity WHERE trial_id = %s AND participant = %s"
_OF_SITE = (
    "SELECT i.participant, i.values_json FROM store_identity i JOIN store_participant p "
    "ON p.trial_id = i.trial_id AND p.number = i.participant WHERE i.trial_id = %s AND p.site = %s ORDER BY p.screened"
)
_ERASE = "DELETE FROM store_identity WHERE trial_id = %s AND participant = %s"


@dataclass(frozen=True, slots=True)
class Erased:
    """What became of the traces of erased values in the database.

    Attributes:
        complete: whether no trace is left where this program can reach.
        remaining: where traces may remain, in words.
    """

    complete: bool
    remaining: str


def identify(
    at: Counter, criteria: Criteria, number: str, site: str, values: Mapping[str, Recorded]
) -> tuple[str, ...]:
    """Keep who a participant is; what was kept before is replaced. Warnings name participants who may be the same.

    Raises:
        StoreError: there is no such participant at the site, it was erased, or a value is none of its variable.
    """
    state = _at_site(at, criteria, number, site)
    if state.erased_on is not None:
        raise StoreError(f"what identifies {number} was erased on {state.erased_on}, and is not kept again")
    protocol = criteria.of(state.version).protocol
    if problems := problems_of(protocol, values):
        raise StoreError(f"{'; '.join(problems)}; give identifying variables of the protocol with their values")
    text = json.dumps(kept_json(values), sort_keys=True)
    at.cursor.execute(_KEEP, (at.trial, number, text))
    return tuple(_alike(at, protocol, state, values))


def read(at: Counter, criteria: Criteria, number: str, site: str, record: Callable[[], object]) -> dict[str, Recorded]:
    """Who a participant is; `record` has to leave a record of the reading first, and nothing is read if it raises."""
    _at_site(at, criteria, number, site)
    record()
    at.cursor.execute(_READ, (at.trial, number))
    row = at.cursor.fetchone()
    if row is None:
        return {}
    return from_kept(criteria.dictionary, json.loads(row[0]))


def erase(at: Counter, number: str) -> None:
    """Delete who a participant is. What the deleted row leaves in the file, `scrub` takes away."""
    at.cursor.execute(_ERASE, (at.trial, number))


def _at_site(at: Counter, criteria: Criteria, number: str, site: str) -> ParticipantState:
    state = participant_of(at.cursor, at.trial, criteria, number)
    if state is None or state.site != site:  # one answer: who asks at another site learns nothing
        raise StoreError(
            f"site {site[:100]} has no participant {number[:100]}; names are for the participant's own site"
        )
    return state


def _alike(at: Counter, protocol: Protocol, state: ParticipantState, values: Mapping[str, Recorded]) -> Iterator[str]:
    """Participants of the site with the same date of birth, or whatever dates the protocol compares."""
    dates = {name: to_json(values[name]) for name in protocol.identity if _is_date(protocol, name) and name in values}
    texts = {name: folded(str(values[name])) for name in protocol.identity if isinstance(values.get(name), str)}
    if not dates:
        return
    at.cursor.execute(_OF_SITE, (at.trial, state.site))
    for number, text in at.cursor.fetchall():
        other = json.loads(text)
        if number in (state.number, state.rescreens) or any(other.get(name) != day for name, day in dates.items()):
            continue
        same = [name for name, own in texts.items() if isinstance(other.get(name), str) and folded(other[name]) == own]
        shared = ", ".join((*dates, *same))
        yield f"{number} has the same {shared}: look whether it is the same person"


def _is_date(protocol: Protocol, name: str) -> bool:
    return protocol.variables[name].type == "date"


@contextmanager
def secure(alias: str) -> Iterator[None]:
    """While values are replaced or deleted, SQLite overwrites what it frees."""
    connection = connections[alias]
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA secure_delete")
        before = int(cursor.fetchone()[0])
        cursor.execute("PRAGMA secure_delete = ON")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA secure_delete = {('OFF', 'ON', 'FAST')[before]}")


def scrub(alias: str) -> Erased:
    """Take away what deleted and replaced values left in the database's files; says what may remain."""
    connection = connections[alias]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            return _scrub_sqlite(cursor)
        return _scrub_postgresql(cursor)


def _scrub_sqlite(cursor: Any) -> Erased:
    """Write the file anew, and empty the log beside it."""
    cursor.execute("VACUUM")
    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    busy = cursor.fetchone()[0]
    if busy:
        return Erased(False, "the log beside the database file, which another connection is reading: scrub again")
    return Erased(True, "copies that were made of the data folder, and what the disk keeps of overwritten blocks")


def _scrub_postgresql(cursor: Any) -> Erased:
    """Write the table anew, which its owner alone may."""
    cursor.execute("SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('store_identity')")
    outside = "the server's write-ahead log until it is recycled, replicas, and backups"
    if not cursor.fetchone()[0]:
        return Erased(False, f"the table until its owner runs VACUUM FULL store_identity; {outside}")
    cursor.execute("VACUUM FULL store_identity")
    return Erased(True, outside)
