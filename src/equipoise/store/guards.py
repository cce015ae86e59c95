"""The database refuses to change the past, whoever asks.

Triggers stand on the tables that are kept for ever. They are made anew after every migration, since Django remakes a
SQLite table when it alters it, and the triggers go with the old one; and they are checked whenever a store is opened.
What they refuse: UPDATE, DELETE and TRUNCATE; an INSERT on a key that is there (which is what REPLACE and ON CONFLICT
come to); an entry that is not the next of its ledger, or does not hold the hash of the one before it. The one UPDATE
that passes is of a seed that is sealed anew with another key.

Who may alter tables can drop a trigger; nothing within a database holds against its owner. A site therefore runs under
a role that owns nothing (`grants`), and heads are written down elsewhere (`equipoise.ledger.checkpoint`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import connections, transaction

from equipoise.errors import StoreError
from equipoise.ledger import GENESIS

ENTRY, SEED = "store_entry", "store_seed"
KEPT = ("store_trial", "store_protocoltext", ENTRY, "store_command", SEED)
"""Tables whose rows are kept for ever."""

_KEYS = {
    "store_trial": ("id = NEW.id OR name = NEW.name",),
    "store_protocoltext": ("trial_id = NEW.trial_id AND digest = NEW.digest",),
    "store_entry": ("trial_id = NEW.trial_id AND seq = NEW.seq",),
    "store_command": ("trial_id = NEW.trial_id AND command = NEW.command",),
    SEED: ("trial_id = NEW.trial_id AND list = NEW.list",),
}
_REFUSAL = "kept for ever: rows are added and never changed"
_BROKEN = "not the next entry of its ledger"


def on_migrated(using: str, **_: Any) -> None:
    """Django's signal after a migration."""
    install(using)


def install(alias: str) -> None:
    """Make every guard that is missing or is not what it should be; the rest stays."""
    connection = connections[alias]
    with transaction.atomic(using=alias), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            found = _sqlite_found(cursor)
            for name, text in _sqlite_wanted():
                if found.get(name) != text:
                    cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')
                    cursor.execute(text)
        elif _postgresql_missing(cursor):
            for text in _postgresql_statements(_schema(cursor)):
                cursor.execute(text)


def check(alias: str) -> None:
    """Make sure that every guard stands.

    Raises:
        StoreError: a guard is missing or was changed, or this connection could pass it by.
    """
    connection = connections[alias]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            _check_sqlite_settings(cursor, connection.settings_dict)
        else:
            _check_postgresql_settings(cursor)
    if absent := missing(alias):
        raise StoreError(
            f"the guard {absent[0]} of the ledger is missing or was changed, so somebody altered the database; "
            "verify every ledger against heads written down elsewhere, then `equipoise.store.prepare` makes it anew"
        )


def missing(alias: str) -> tuple[str, ...]:
    """The guards that are not there, or are not what they should be."""
    connection = connections[alias]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            found = _sqlite_found(cursor)
            return tuple(name for name, text in _sqlite_wanted() if found.get(name) != text)
        return tuple(_postgresql_missing(cursor))


def grants(role: str) -> tuple[str, ...]:
    """SQL by which the owner of a PostgreSQL store lets a role run trials that can alter no table and no past row."""
    kept = ", ".join(KEPT)
    return (
        f'GRANT SELECT ON ALL TABLES IN SCHEMA public TO "{role}"',
        f'GRANT INSERT ON {kept} TO "{role}"',
        f'GRANT INSERT, UPDATE, DELETE ON {", ".join(PROJECTED)} TO "{role}"',
        f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO "{role}"',
    )


PROJECTED = (
    "store_head", "store_stratum", "store_participant", "store_allocation", "store_form", "store_task",
    "store_quality",
    "store_site", "store_person", "store_role", "store_identity",
)  # fmt: skip  # short items of one kind share a line
"""Tables that change as things do."""


# --- SQLite


def _sqlite_wanted() -> Iterator[tuple[str, str]]:
    """Every trigger by name, as its text stands in the schema."""
    for table in KEPT:
        other = "NEW.rowid <> OLD.rowid OR NEW.trial_id <> OLD.trial_id OR NEW.list <> OLD.list"
        yield _sqlite_trigger(
            table, "UPDATE", f"{other} OR NEW.key_id = OLD.key_id" if table == SEED else "1", _REFUSAL
        )
        yield _sqlite_trigger(table, "DELETE", "1", _REFUSAL)
        # rowid: a REPLACE may name a row by it
        yield _sqlite_trigger(table, "INSERT", _exists(table, f"rowid = NEW.rowid OR {_KEYS[table][0]}"), _REFUSAL)
    of_trial = "SELECT {} FROM store_entry WHERE trial_id = NEW.trial_id ORDER BY seq DESC LIMIT 1"
    seq, last = of_trial.format("seq"), of_trial.format("hash")
    chain = f"NEW.seq <> COALESCE(({seq}), 0) + 1 OR NEW.prev <> COALESCE(({last}), '{GENESIS}')"
    yield _sqlite_trigger("store_entry", "INSERT", chain, _BROKEN, name="chain")


def _sqlite_trigger(table: str, event: str, when: str, what: str, *, name: str = "") -> tuple[str, str]:
    trigger = f"guard_{table}_{name or event.lower()}"
    return trigger, (
        f'CREATE TRIGGER "{trigger}" BEFORE {event} ON "{table}" FOR EACH ROW WHEN {when} '
        f"BEGIN SELECT RAISE(ABORT, '{table}: {what}'); END"
    )


def _exists(table: str, where: str) -> str:
    return f"EXISTS (SELECT 1 FROM {table} WHERE {where})"  # noqa: S608 - our own names


def _sqlite_found(cursor: Any) -> dict[str, str]:
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    return dict(cursor.fetchall())


def _check_sqlite_settings(cursor: Any, settings: dict[str, Any]) -> None:
    """What a connection must have; `on_connected` sets all but the last."""
    for pragma, wanted in (("journal_mode", "wal"), ("synchronous", 2), ("recursive_triggers", 1)):
        cursor.execute(f"PRAGMA {pragma}")
        if (found := cursor.fetchone()[0]) != wanted:
            raise StoreError(f"SQLite runs with {pragma} = {found}, and not {wanted}; is the file system a local disk?")
    if settings["OPTIONS"].get("transaction_mode") != "IMMEDIATE":
        raise StoreError('the database is set up without OPTIONS["transaction_mode"] = "IMMEDIATE"; add it')


# --- PostgreSQL

_ROW, _BEFORE, _INSERT, _DELETE, _UPDATE, _TRUNCATE = 1, 2, 4, 8, 16, 32  # bits of pg_trigger.tgtype
_REFUSE_BODY = f"BEGIN RAISE EXCEPTION '%: {_REFUSAL}', TG_TABLE_NAME; END"
_RESEAL_BODY = f"""BEGIN
  IF NEW.trial_id <> OLD.trial_id OR NEW.list <> OLD.list OR NEW.key_id = OLD.key_id THEN
    RAISE EXCEPTION '%: {_REFUSAL}', TG_TABLE_NAME;
  END IF;
  RETURN NEW;
END"""


def _chain_body(schema: str) -> str:
    return f"""DECLARE last record;
BEGIN
  SELECT seq, hash INTO last FROM "{schema}".store_entry WHERE trial_id = NEW.trial_id ORDER BY seq DESC LIMIT 1;
  IF NEW.seq <> COALESCE(last.seq, 0) + 1 OR NEW.prev <> COALESCE(last.hash, '{GENESIS}') THEN
    RAISE EXCEPTION 'store_entry: {_BROKEN}';
  END IF;
  RETURN NEW;
END"""  # noqa: S608 - our own names


def _postgresql_wanted() -> Iterator[tuple[str, str, str, int]]:
    """Every trigger: table, name, function, type."""
    for table in KEPT:
        events = _DELETE if table == SEED else _DELETE | _UPDATE
        yield table, f"guard_{table}_change", "store_refuse", _ROW | _BEFORE | events
        yield table, f"guard_{table}_truncate", "store_refuse", _BEFORE | _TRUNCATE
    yield "store_entry", "guard_store_entry_chain", "store_chain", _ROW | _BEFORE | _INSERT
    yield SEED, f"guard_{SEED}_reseal", "store_reseal", _ROW | _BEFORE | _UPDATE


def _postgresql_bodies(schema: str) -> dict[str, str]:
    """Every function by name."""
    return {"store_refuse": _REFUSE_BODY, "store_reseal": _RESEAL_BODY, "store_chain": _chain_body(schema)}


def _postgresql_statements(schema: str) -> Iterator[str]:
    for name, body in _postgresql_bodies(schema).items():
        yield f'CREATE OR REPLACE FUNCTION "{schema}".{name}() RETURNS trigger LANGUAGE plpgsql AS $guard${body}$guard$'
    events = {
        _DELETE | _UPDATE: "UPDATE OR DELETE", _DELETE: "DELETE", _UPDATE: "UPDATE", _TRUNCATE: "TRUNCATE",
        _INSERT: "INSERT",
    }  # fmt: skip  # short items of one kind share a line
    for table, name, function, kind in _postgresql_wanted():
        each = "ROW" if kind & _ROW else "STATEMENT"
        yield f'DROP TRIGGER IF EXISTS {name} ON "{schema}".{table}'
        yield (
            f'CREATE TRIGGER {name} BEFORE {events[kind & ~(_ROW | _BEFORE)]} ON "{schema}".{table} '
            f'FOR EACH {each} EXECUTE FUNCTION "{schema}".{function}()'
        )
        # also in a session that plays a replica, for which ordinary triggers are silent
        yield f'ALTER TABLE "{schema}".{table} ENABLE ALWAYS TRIGGER {name}'


def _schema(cursor: Any) -> str:
    """The schema of the tables."""
    cursor.execute(
        "SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.oid = to_regclass('store_entry')"
    )
    return str(cursor.fetchone()[0])


def _postgresql_missing(cursor: Any) -> list[str]:
    """The guards that are not there, not always on, of another type, or whose function was changed."""
    bodies = _postgresql_bodies(_schema(cursor))
    cursor.execute(
        "SELECT c.relname, t.tgname, p.proname, t.tgtype, t.tgenabled, p.prosrc, t.tgqual IS NULL FROM pg_trigger t "
        "JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid "
        "WHERE c.oid IN (SELECT to_regclass(name) FROM unnest(%s::text[]) AS name)",
        [list(KEPT)],
    )
    found = {row[1]: tuple(row) for row in cursor.fetchall()}
    return [
        name
        for table, name, function, kind in _postgresql_wanted()
        if found.get(name) != (table, name, function, kind, "A", bodies[function], True)
    ]


def _check_postgresql_settings(cursor: Any) -> None:
    cursor.execute(
        "SELECT current_user, rolsuper, current_setting('fsync'), current_setting('synchronous_commit') "
        "FROM pg_roles WHERE rolname = current_user"
    )
    role, superuser, fsync, commit = cursor.fetchone()
    if superuser:
        raise StoreError(
            f"the role '{role}' is a superuser, against whom no guard holds; make one that is none "
            "(CREATE ROLE equipoise LOGIN PASSWORD '...'; CREATE DATABASE equipoise OWNER equipoise) and connect as it"
        )
    if fsync != "on" or commit == "off":
        raise StoreError("the server runs with fsync or synchronous_commit off, so it can lose what it said it kept")
