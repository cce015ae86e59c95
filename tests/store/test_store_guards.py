"""The database refuses to change the past: every way to try, on both engines, and again after a table was remade."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections, models, transaction
from django.db.utils import DatabaseError
from small_trial import SEEDS, TEXT
from stored_trial import StoreClerk

import postgres
from equipoise.conduct import commands
from equipoise.store import Store, StoreError, guards, prepare

KEYS = {
    "store_trial": "id", "store_protocoltext": "digest", "store_entry": "seq", "store_command": "command",
    "store_seed": "list",
}  # fmt: skip  # short items of one kind share a line
COLUMNS = {
    "store_trial": "name", "store_protocoltext": "text", "store_entry": "text", "store_command": "first",
    "store_seed": "sealed",
}  # fmt: skip  # short items of one kind share a line


@pytest.fixture
def clerk(clerk: StoreClerk, store: Store, monkeypatch: pytest.MonkeyPatch) -> StoreClerk:
    """As elsewhere, and the store keeps the seeds, so that there is a row of every kind."""
    monkeypatch.setenv("EQUIPOISE_KEY", "ab" * 32)
    store.keep_seeds("small", SEEDS)
    return clerk


def attempts(vendor: str) -> Iterator[tuple[str, str]]:
    """Every way to change a kept table, and what it is called."""
    for table, column in COLUMNS.items():
        key, copy = KEYS[table], f"SELECT * FROM {table}"
        yield f"update {table}", f"UPDATE {table} SET {column} = {column}"
        yield f"delete {table}", f"DELETE FROM {table}"
        yield f"copy {table}", f"INSERT INTO {table} {copy}"
        again = f"DO UPDATE SET {column} = EXCLUDED.{column}"
        conflict = "WHERE true ON CONFLICT" if vendor == "sqlite" else f"ON CONFLICT ({primary(table)})"
        yield f"upsert {table}", f"INSERT INTO {table} {copy} {conflict} {again}"
        if vendor == "sqlite":
            yield f"replace {table}", f"REPLACE INTO {table} {copy}"
            yield f"update or replace {table}", f"UPDATE OR REPLACE {table} SET {key} = {key}"
            yield f"insert or ignore {table}", f"INSERT OR IGNORE INTO {table} {copy}"
        else:
            yield f"truncate {table}", f"TRUNCATE {table} CASCADE"
            yield (
                f"merge {table}",
                (f"MERGE INTO {table} AS kept USING (SELECT 1) AS other ON true WHEN MATCHED THEN DELETE"),
            )


def primary(table: str) -> str:
    return KEYS[table] if table == "store_trial" else f"trial_id, {KEYS[table]}"


def rows(store: Store) -> dict[str, list[Any]]:
    """All that is kept."""
    found: dict[str, list[Any]] = {}
    with connections[store.alias].cursor() as cursor:
        for table in guards.KEPT:
            cursor.execute(f"SELECT * FROM {table} ORDER BY {KEYS[table]}")
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                values = (bytes(value) if isinstance(value, memoryview) else value for value in row)
                found.setdefault(table, []).append(dict(zip(names, values, strict=True)))
    return found


def try_everything(store: Store) -> None:
    before = rows(store)
    assert before.keys() == set(guards.KEPT)
    for name, sql in attempts(connections[store.alias].vendor):
        with (
            pytest.raises(DatabaseError, match=r"kept for ever|not the next entry|duplicate key") as refused,
            transaction.atomic(using=store.alias),
            connections[store.alias].cursor() as cursor,
        ):
            cursor.execute(sql)
        assert rows(store) == before, name
        assert "syntax" not in str(refused.value), name


def test_no_statement_changes_a_kept_row(clerk: StoreClerk, store: Store) -> None:
    clerk.allocate("P1")
    try_everything(store)


def remake(store: Store) -> None:
    """Alter every kept table, as a migration would: Django makes a SQLite table anew."""
    connection = connections[store.alias]
    with connection.schema_editor() as editor:
        from django.apps import apps

        for table in guards.KEPT:
            model = apps.get_model("store", table.removeprefix("store_"))
            old = model._meta.get_field(COLUMNS[table] if table != "store_command" else "answer_json")
            if isinstance(old, models.BinaryField):
                old = model._meta.get_field("kind" if table == "store_entry" else "key_id")
            _, _, args, options = old.deconstruct()
            new = type(old)(*args, **{**options, "null": not old.null})
            new.set_attributes_from_name(old.name)
            new.model = model
            editor.alter_field(model, old, new)


def test_a_migration_that_remakes_the_tables_brings_the_guards_back(
    clerk: StoreClerk, store: Store, location: str
) -> None:
    clerk.allocate("P1")
    before = rows(store)
    remake(store)
    if connections[store.alias].vendor == "sqlite":  # the triggers went with the old tables
        with pytest.raises(StoreError, match=r"the guard guard_store_.* is missing"):
            Store.open(location)
    call_command("migrate", database=store.alias, verbosity=0)
    Store.open(location).close()
    assert rows(store) == before
    try_everything(store)
    clerk.allocate("P2")
    assert store.verify("small").ok


def test_prepare_makes_missing_guards_anew_and_leaves_the_rest(clerk: StoreClerk, store: Store, location: str) -> None:
    with connections[store.alias].cursor() as cursor:
        on = " ON store_entry" if connections[store.alias].vendor == "postgresql" else ""
        update = "change" if on else "update"
        cursor.execute(f"DROP TRIGGER guard_store_entry_{update}{on}")
    with pytest.raises(StoreError, match="somebody altered the database"):
        Store.open(location)
    prepare(location)
    Store.open(location).close()
    try_everything(store)


def test_an_entry_that_is_not_the_next_is_refused_by_the_database(clerk: StoreClerk, store: Store) -> None:
    entry = store.submit("small", clerk.command(commands.Screen, "P1")).entries[-1]
    head = store.ledger("small").head
    columns = "trial_id, seq, hash, prev, time, actor, site, participant, kind, command, text"
    insert = f"INSERT INTO store_entry ({columns}) VALUES (1, %s, %s, %s, 't', 'a', 's', 'p', 'k', 'c', %s)"
    for seq, prev in ((entry.seq + 2, head), (entry.seq + 1, "0" * 64), (0, head), (-1, "0" * 64), (entry.seq, head)):
        with (
            pytest.raises(DatabaseError, match=r"kept for ever|not the next entry"),
            transaction.atomic(using=store.alias),
            connections[store.alias].cursor() as cursor,
        ):
            cursor.execute(insert, (seq, "ab" * 32, prev, b"{}"))
    assert store.verify("small").ok


def test_a_connection_that_is_not_ours_cannot_replace_rows_in_sqlite(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        clerk = StoreClerk.of(store)
        clerk.open()
        clerk.accepted(commands.Screen, "P1")
        foreign = sqlite3.connect(tmp_path / "equipoise.sqlite3", isolation_level=None)  # recursive_triggers is off
        before = rows(store)
        row = foreign.execute("SELECT * FROM store_entry WHERE seq = 2").fetchone()
        names = [column[1] for column in foreign.execute("PRAGMA table_info(store_entry)")]
        moved = dict(zip(names, row, strict=True)) | {"seq": 3, "prev": store.ledger("small").head}
        slots = ", ".join("?" * (len(names) + 1))
        attempts: list[Callable[[], Any]] = [
            lambda: foreign.execute("REPLACE INTO store_entry SELECT * FROM store_entry"),
            # a new key in the place of an old row
            lambda: foreign.execute(
                f"REPLACE INTO store_entry (rowid, {', '.join(names)}) VALUES ({slots})", (1, *moved.values())
            ),
            lambda: foreign.execute("INSERT OR REPLACE INTO store_trial (id, name, created) VALUES (1, 'x', 'y')"),
            lambda: foreign.execute("INSERT OR REPLACE INTO store_trial (name, created) VALUES ('small', 'y')"),
        ]
        for attempt in attempts:
            with pytest.raises(sqlite3.IntegrityError, match=r"kept for ever|not the next entry"):
                attempt()
        foreign.close()
        assert rows(store) == before


@pytest.mark.xdist_group("postgresql")
class TestPostgresql:
    """What only PostgreSQL has."""

    def test_a_superuser_is_refused(self, server: postgres.Server) -> None:
        url = server.new_database()
        with pytest.raises(StoreError, match="is a superuser"):
            Store.open(url.replace(f"{postgres.OWNER}@", "postgres@"))

    def test_a_role_that_owns_nothing_runs_trials_and_can_alter_nothing(
        self, server: postgres.Server, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url = server.new_database()
        database = url.split("@/")[1].split("?")[0]
        prepare(url)
        server.execute("CREATE ROLE unit LOGIN")
        for sql in guards.grants("unit"):
            server.execute(sql, database=database, role=postgres.OWNER)
        with Store.open(server.of(database, "unit")) as store:
            clerk = StoreClerk.of(store)
            clerk.open()
            monkeypatch.setenv("EQUIPOISE_KEY", "ab" * 32)
            store.keep_seeds("small", SEEDS)
            clerk.allocate("P1")
            before = rows(store)
            tries = [sql for _, sql in attempts("postgresql")]
            tries += [
                "ALTER TABLE store_entry DISABLE TRIGGER ALL",
                "DROP TRIGGER guard_store_entry_change ON store_entry",
                "DROP TABLE store_entry CASCADE",
                "CREATE OR REPLACE FUNCTION store_refuse() RETURNS trigger LANGUAGE sql AS ''",
                "SET session_replication_role = replica",
            ]
            for sql in tries:
                with (
                    pytest.raises(DatabaseError, match=r"permission denied|must be owner|not the next|duplicate key"),
                    transaction.atomic(using=store.alias),
                    connections[store.alias].cursor() as cursor,
                ):
                    cursor.execute(sql)
            assert rows(store) == before
            assert store.verify("small").ok

    def test_a_guard_that_was_silenced_or_emptied_is_noticed(self, server: postgres.Server) -> None:
        for sql in (
            "ALTER TABLE store_entry DISABLE TRIGGER guard_store_entry_change",
            "ALTER TABLE store_entry ENABLE TRIGGER guard_store_entry_chain",  # silent in a replica's session
            "CREATE OR REPLACE FUNCTION store_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        ):
            url = server.new_database()
            prepare(url)
            server.execute(sql, database=url.split("@/")[1].split("?")[0], role=postgres.OWNER)
            with pytest.raises(StoreError, match="is missing or was changed"):
                Store.open(url)
            prepare(url)
            Store.open(url).close()

    def test_a_commit_waits_for_the_disk_even_where_the_server_would_not(self, server: postgres.Server) -> None:
        url = server.new_database()
        server.execute(f"ALTER DATABASE {url.split('@/')[1].split('?')[0]} SET synchronous_commit = off")
        with Store.open(url) as store, connections[store.alias].cursor() as cursor:
            cursor.execute("SHOW synchronous_commit")
            assert cursor.fetchone() == ("on",)


def test_a_draw_is_never_used_twice_even_if_the_counts_were_lost(clerk: StoreClerk, store: Store) -> None:
    clerk.allocate("P1")
    with connections[store.alias].cursor() as cursor:
        cursor.execute("DELETE FROM store_stratum")
    clerk.register("P2")
    clerk.assess("P2")
    entries = store.ledger("small").entries
    with pytest.raises(DatabaseError, match=r"(?i)unique"):
        store.submit("small", clerk.command(commands.Allocate, "P2", step="randomisation"), seeds=SEEDS)
    assert store.ledger("small").entries == entries
    assert store.rebuild("small").changed == 1
    assert store.rebuild("small").changed == 0
    assert clerk.accepted(commands.Allocate, "P2", step="randomisation").arm is not None


def test_the_text_of_the_protocol_is_kept_as_it_was_read(clerk: StoreClerk, store: Store) -> None:
    with connections[store.alias].cursor() as cursor:
        cursor.execute("SELECT text FROM store_protocoltext")
        assert cursor.fetchone() == (TEXT,)
    assert store.protocol("small").digest == clerk.protocol.digest
