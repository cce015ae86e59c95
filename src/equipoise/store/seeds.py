"""Secret seeds at rest: sealed with the store's key, each bound to its trial and its list.

What is sealed opens only as the seed of the very list that it was sealed for, so a row that was moved to another list
or trial is noticed. A row is never changed but to be sealed anew with another key (`reseal`); the guards see to that.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from equipoise.allocation import SEED_BYTES, commitment
from equipoise.conduct.commands import Allocate, Command
from equipoise.errors import StoreError
from equipoise.ledger.canonical import canonical_text
from equipoise.ledger.private import Secret
from equipoise.protocol import Protocol
from equipoise.protocol.model.allocation import ClassifiedList
from equipoise.store import keys
from equipoise.store.driver import Cursor, Rows
from equipoise.store.keys import Key

_NAME = "SELECT name FROM store_trial WHERE id = %s"
OF_TRIAL = (
    "SELECT t.name, s.list, s.key_id, s.sealed FROM store_seed s JOIN store_trial t ON t.id = s.trial_id "
    "WHERE s.trial_id = %s ORDER BY s.list"
)
_EVERY = (
    "SELECT s.trial_id, t.name, s.list, s.key_id, s.sealed FROM store_seed s JOIN store_trial t ON t.id = s.trial_id "
    "ORDER BY s.trial_id, s.list"
)
_NEW = "INSERT INTO store_seed (trial_id, list, key_id, sealed) VALUES (%s, %s, %s, %s)"
_AGAIN = "UPDATE store_seed SET key_id = %s, sealed = %s WHERE trial_id = %s AND list = %s"


def draw(protocol: Protocol) -> dict[str, Secret]:
    """A new seed for each list with chance."""
    lists = (name for name, item in protocol.allocation.items() if not isinstance(item, ClassifiedList))
    return {name: Secret(secrets.token_bytes(SEED_BYTES)) for name in lists}


def commitments(seeds: Mapping[str, bytes]) -> dict[str, str]:
    """What a trial opens with."""
    return {name: commitment(seed) for name, seed in seeds.items()}


def keep(cursor: Cursor, trial: int, seeds: Mapping[str, bytes]) -> None:
    """Seal the seeds of a trial and insert them.

    Raises:
        StoreError: there is no key, or a list's seed is kept already.
    """
    if not seeds:
        return
    key = keys.from_environment()
    cursor.execute(_NAME, (trial,))
    (name,) = cursor.fetchone()
    there = {row[1] for row in _rows(cursor, trial)}
    for item, seed in seeds.items():
        if item in there:
            raise StoreError(f"the seed of list '{item}' is kept already; it stays as it is")
        cursor.execute(_NEW, (trial, item, key.fingerprint, key.seal(seed, _about(name, item))))


def opened(cursor: Cursor, trial: int) -> dict[str, Secret]:
    """The seeds of a trial, as far as they are kept.

    Raises:
        StoreError: there is no key, it is another one, or a row was changed; never shows a seed.
    """
    return _opened(_rows(cursor, trial))


def of_step(rows: Rows, protocol: Protocol, command: Command) -> dict[str, Secret]:
    """The seed that an allocation needs, of a trial's rows of `OF_TRIAL`; otherwise as `opened`."""
    if not isinstance(command, Allocate):
        return {}
    lists = {getattr(item, "list", None) for item in protocol.entry_steps if item.id == command.step}
    return _opened([row for row in rows if row[1] in lists])


def _opened(rows: Rows) -> dict[str, Secret]:
    key = keys.from_environment() if rows else None
    return {row[1]: _open(key, *row) for row in rows if key is not None}


def reseal(cursor: Cursor, old: Key, new: Key) -> int:
    """Seal every seed of the store anew; how many were. Those that the new key seals already stay as they are.

    Raises:
        StoreError: the keys are the same, `old` is not the key of a seed, or a row was changed.
    """
    if old.fingerprint == new.fingerprint:
        raise StoreError(f"{old.origin} and {new.origin} are the same key; make a new one")
    cursor.execute(_EVERY + (" FOR UPDATE OF s" if cursor.db.vendor == "postgresql" else ""))
    rows = [row for row in cursor.fetchall() if row[3] != new.fingerprint]
    for trial, name, item, key_id, sealed in rows:
        seed = _open(old, name, item, key_id, sealed)
        cursor.execute(_AGAIN, (new.fingerprint, new.seal(seed, _about(name, item)), trial, item))
    return len(rows)


def _rows(cursor: Cursor, trial: int) -> Rows:
    cursor.execute(OF_TRIAL, (trial,))
    return cursor.fetchall()


def _open(key: Key, trial: str, name: str, key_id: str, sealed: Any) -> Secret:
    what = f"the seed of list '{name}' of '{trial}'"
    if key_id != key.fingerprint:
        which = f"the key of fingerprint {key_id}, and {key.origin} holds the one of {key.fingerprint}"
        raise StoreError(f"{what} is sealed with {which}; give the key that it was sealed with")
    readable = isinstance(sealed, bytes | memoryview)
    seed = key.open(bytes(sealed), _about(trial, name)) if readable else None
    if seed is None:
        raise StoreError(f"{what} does not open with its key: its row was changed or moved; take it from a copy")
    return seed


def _about(trial: str, name: str) -> bytes:
    """What a sealed seed is bound to."""
    return canonical_text({"list": name, "trial": trial, "what": "seed"})
