"""A PostgreSQL server that is full, read-only or gone: a clear refusal, nothing half written, and then it goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connections
from small_trial import SEEDS
from stored_trial import StoreClerk

import postgres
from equipoise.conduct import commands
from equipoise.store import Store, StoreError

pytestmark = pytest.mark.xdist_group("postgresql")


@pytest.fixture
def url(server: postgres.Server) -> str:
    return server.new_database()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    with Store.open(url) as opened:
        yield opened


def named(url: str) -> str:
    """The name of a database."""
    return url.partition("@/")[2].partition("?")[0]


def goes_on(clerk: StoreClerk, store: Store, command: Any, entries: int) -> None:
    """Nothing was written; the same command is then carried out once, and the trial goes on."""
    assert store.ledger("small").entries == entries
    assert store.verify("small").ok
    assert store.rebuild("small").changed == 0
    answer = store.submit("small", command, seeds=SEEDS)
    assert answer.accepted
    assert not answer.repeated
    assert store.submit("small", command).repeated
    clerk.desk.memory.submit(command)
    clerk.allocate("P9")
    assert store.verify("small").ok
    assert store.rebuild("small").changed == 0


def ready(clerk: StoreClerk) -> Any:
    """A command that allocates, where everything before it was done."""
    clerk.allocate("P1")
    clerk.register("P2")
    clerk.assess("P2")
    return clerk.command(commands.Allocate, "P2", step="randomisation")


@pytest.mark.parametrize(
    "table", ["store_entry", "store_command", "store_participant", "store_allocation", "store_stratum", "store_head"]
)
def test_a_full_disk_is_a_clear_refusal_whichever_table_it_strikes(
    table: str, clerk: StoreClerk, store: Store, server: postgres.Server, url: str
) -> None:
    """The server's answer is the same as when a write finds no room: an error of class 53100."""
    command = ready(clerk)
    entries = store.ledger("small").entries
    owner = {"database": named(url), "role": postgres.OWNER}
    full = "BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END"
    server.execute(f"CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ {full} $$", **owner)
    # after the row: what came before it in the transaction was written already
    server.execute(
        f"CREATE TRIGGER zz AFTER INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION full_disk()", **owner
    )
    with pytest.raises(StoreError, match="nothing was written: the server's disk is full; make room"):
        store.submit("small", command, seeds=SEEDS)
    server.execute("DROP FUNCTION full_disk() CASCADE", **owner)
    goes_on(clerk, store, command, entries)


def test_a_server_that_is_read_only_is_a_clear_refusal(
    clerk: StoreClerk, store: Store, server: postgres.Server, url: str
) -> None:
    command = ready(clerk)
    entries = store.ledger("small").entries
    server.execute(f"ALTER DATABASE {named(url)} SET default_transaction_read_only = on")
    try:
        with Store.open(url) as other, pytest.raises(StoreError, match="nothing was written: the server is read-only"):
            other.submit("small", command, seeds=SEEDS)
        with Store.open(url) as other:
            assert other.verify("small").ok
            assert other.participant("small", "P1").arm is not None
    finally:
        server.execute(f"ALTER DATABASE {named(url)} RESET default_transaction_read_only")
    goes_on(clerk, store, command, entries)


def backend(store: Store) -> int:
    """The server's process for a store."""
    with connections[store.alias].cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def test_a_connection_that_is_lost_in_the_midst_of_a_transaction_leaves_nothing(
    clerk: StoreClerk, store: Store, server: postgres.Server, url: str
) -> None:
    command = ready(clerk)
    entries = store.ledger("small").entries
    owner = {"database": named(url), "role": postgres.OWNER}
    lost = "BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END"  # one's own process one may end
    server.execute(f"CREATE FUNCTION lost() RETURNS trigger LANGUAGE plpgsql AS $$ {lost} $$", **owner)
    server.execute("CREATE TRIGGER zz AFTER UPDATE ON store_head FOR EACH ROW EXECUTE FUNCTION lost()", **owner)
    for _ in range(2):
        with pytest.raises(StoreError, match=r"(shutting down|cannot be reached).*same (id|command)"):
            store.submit("small", command, seeds=SEEDS)
    server.execute("DROP FUNCTION lost() CASCADE", **owner)
    goes_on(clerk, store, command, entries)


def test_a_connection_that_was_lost_between_two_commands_is_a_refusal_and_the_next_command_has_a_new_one(
    clerk: StoreClerk, store: Store, server: postgres.Server
) -> None:
    command = ready(clerk)
    entries = store.ledger("small").entries
    server.execute(f"SELECT pg_terminate_backend({backend(store)})")
    with pytest.raises(StoreError, match=r"(shutting down|cannot be reached).*same (id|command)"):
        store.submit("small", command, seeds=SEEDS)
    goes_on(clerk, store, command, entries)


def test_a_connection_that_is_lost_while_it_waits_for_the_trial_leaves_nothing(
    clerk: StoreClerk, store: Store, server: postgres.Server, url: str
) -> None:
    command = ready(clerk)
    entries = store.ledger("small").entries
    waiting = backend(store)
    mine = connections[store.alias]
    mine.inc_thread_sharing()
    said: list[str] = []

    def submit() -> None:
        connections[store.alias] = mine
        try:
            store.submit("small", command, seeds=SEEDS)
        except StoreError as error:
            said.append(str(error))

    import psycopg

    with psycopg.connect(url) as holder:
        holder.execute("SELECT 1 FROM store_head FOR UPDATE")
        thread = threading.Thread(target=submit)
        thread.start()
        state = "SELECT wait_event_type FROM pg_stat_activity WHERE pid = "
        until = time.monotonic() + 30
        while server.execute(f"{state}{waiting}") != [("Lock",)] and time.monotonic() < until:
            time.sleep(0.01)
        server.execute(f"SELECT pg_terminate_backend({waiting})")
        thread.join(30)
        holder.rollback()
    assert len(said) == 1
    assert "same" in said[0]
    goes_on(clerk, store, command, entries)
