"""Whatever is changed behind the guards, verifying finds it and names the entry; a checkpoint proves a prefix."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_trial import after
from stored_trial import StoreClerk

from equipoise.conduct import commands
from equipoise.errors import LedgerError
from equipoise.ledger import GENESIS
from equipoise.store import Checkpoint, Store, StoreError, prepare

TEXTS = ("hash", "prev", "time", "actor", "site", "participant", "kind", "command", "text")
PROJECTED = ("participant", "allocation", "form", "task", "stratum", "head")


def execute(store: Store, sql: str, values: tuple[Any, ...] = ()) -> list[Any]:
    with connections[store.alias].cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def disarm(store: Store) -> None:
    """What somebody does who owns the database: the guards go."""
    if connections[store.alias].vendor == "postgresql":
        execute(store, "ALTER TABLE store_entry DISABLE TRIGGER USER")
    else:
        for (name,) in execute(store, "SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            execute(store, f'DROP TRIGGER "{name}"')


def named(store: Store) -> int:
    """The entry that verifying names."""
    result = store.verify("small")
    assert result.problem is not None
    assert result.entries == result.problem.seq - 1
    return result.problem.seq


@pytest.fixture
def open_to_all(clerk: StoreClerk, store: Store) -> int:
    """A trial of some entries whose guards are gone; how many entries."""
    clerk.allocate("P1")
    clerk.screen("P2")
    assert store.verify("small").ok
    disarm(store)
    return store.ledger("small").entries


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_one_byte_changed_anywhere_in_any_column_is_found_at_its_entry(
    open_to_all: int, store: Store, data: st.DataObject
) -> None:
    seq = data.draw(st.integers(1, open_to_all))
    column = data.draw(st.sampled_from(TEXTS))
    ((old,),) = execute(store, f"SELECT {column} FROM store_entry WHERE seq = %s", (seq,))
    stored = b"" if old is None else old.encode() if isinstance(old, str) else bytes(old)
    place = data.draw(st.integers(0, max(len(stored) - 1, 0)))
    byte = data.draw(st.integers(1, 127) if column != "text" else st.integers(0, 255))
    changed = stored[:place] + bytes([byte]) + stored[place + 1 :]
    if changed == stored:
        return
    new = changed if column == "text" else changed.decode()
    execute(store, f"UPDATE store_entry SET {column} = %s WHERE seq = %s", (new, seq))
    assert named(store) == seq
    execute(store, f"UPDATE store_entry SET {column} = %s WHERE seq = %s", (old, seq))
    assert store.verify("small").ok


def test_any_row_dropped_is_found_where_it_stood(open_to_all: int, store: Store) -> None:
    for seq in range(1, open_to_all + 1):
        row = execute(store, "SELECT * FROM store_entry WHERE seq = %s", (seq,))[0]
        execute(store, "DELETE FROM store_entry WHERE seq = %s", (seq,))
        assert named(store) == seq
        execute(store, f"INSERT INTO store_entry VALUES ({', '.join(['%s'] * len(row))})", row)
    assert store.verify("small").ok


def test_rows_doubled_or_moved_are_found(open_to_all: int, store: Store) -> None:
    columns = "trial_id, hash, prev, time, actor, site, participant, kind, command, text"
    for beyond in (open_to_all + 1, 0, -5):
        copy = f"INSERT INTO store_entry (seq, {columns}) SELECT %s, {columns} FROM store_entry WHERE seq = 3"
        execute(store, copy, (beyond,))
        assert named(store) == (open_to_all + 1 if beyond > 0 else 1)
        execute(store, "DELETE FROM store_entry WHERE seq = %s", (beyond,))
    for one, other in ((1, 2), (2, 5), (open_to_all - 1, open_to_all)):
        for first, second in ((one, other), (other, one)):
            execute(store, "UPDATE store_entry SET seq = -1 WHERE seq = %s", (first,))
            execute(store, "UPDATE store_entry SET seq = %s WHERE seq = %s", (first, second))
            execute(store, "UPDATE store_entry SET seq = %s WHERE seq = -1", (second,))
            if (first, second) == (one, other):
                assert named(store) == one
    assert store.verify("small").ok


def test_bytes_that_are_no_text_are_found_in_sqlite(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        clerk = StoreClerk.of(store)
        clerk.open()
        clerk.screen("P1")
        disarm(store)
        execute(store, "UPDATE store_entry SET actor = CAST(x'ff61' AS TEXT) WHERE seq = 3")
        assert named(store) == 3
        execute(store, "UPDATE store_entry SET actor = 'anna', text = CAST(text AS TEXT) WHERE seq = 3")
        assert named(store) == 3


def test_a_head_that_was_set_back_is_found_and_built_anew(open_to_all: int, store: Store) -> None:
    execute(store, "UPDATE store_head SET entries = entries - 1")
    assert not store.verify("small").ok
    assert store.rebuild("small").changed == 1
    assert store.verify("small").ok


def test_projections_that_were_changed_come_out_identical_when_rebuilt(clerk: StoreClerk, store: Store) -> None:
    for number in range(1, 4):
        clerk.allocate(f"P{number}")
        clerk.accepted(commands.Record, f"P{number}", form="visit", values={"pain": number}, visit="m3", day=after(90))
    clerk.screen("P4")

    def projected() -> dict[str, list[Any]]:
        return {name: sorted(map(repr, execute(store, f"SELECT * FROM store_{name}"))) for name in PROJECTED}

    before = projected()
    assert all(before.values())
    assert store.rebuild("small").changed == 0
    changes = (
        "UPDATE store_participant SET arm = 'A', site = '99'",
        "UPDATE store_form SET values_json = '{}'",
        "UPDATE store_stratum SET state_json = '{}'",
        "UPDATE store_allocation SET arm = 'C'",
        "UPDATE store_head SET state_json = '{}'",
        *(f"DELETE FROM store_{name}" for name in PROJECTED if name != "head"),
        "INSERT INTO store_task (trial_id, participant, kind, name) VALUES (1, 'P9', 'form', 'invented')",
        "INSERT INTO store_stratum (trial_id, list, stratum, state_json) VALUES (1, 'main', 'invented', '{}')",
    )
    for sql in changes:
        execute(store, sql)
        assert projected() != before, sql
        assert store.rebuild("small").changed > 0
        assert projected() == before, sql
    assert store.state("small") == clerk.desk.memory.trial


def test_a_signed_checkpoint_proves_a_prefix_later(clerk: StoreClerk, store: Store) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    clerk.screen("P1")
    key = Ed25519PrivateKey.generate()
    written = store.checkpoint("small", at=datetime(2024, 3, 2, tzinfo=UTC)).signed(key).to_text()
    clerk.allocate("P2")
    read = Checkpoint.from_text(written)
    assert (read.entries, read.time) == (5, "2024-03-02T00:00:00Z")
    assert read.is_signed_by(key.public_key())
    assert not read.is_signed_by(Ed25519PrivateKey.generate().public_key())
    forged = Checkpoint(read.trial, read.entries, "ab" * 32, read.time, read.signature)
    assert not forged.is_signed_by(key.public_key())
    assert store.difference("small", read) is None
    assert "was made anew" in str(store.difference("small", forged))
    assert "entries are missing" in str(store.difference("small", Checkpoint(read.trial, 999, read.head, read.time)))


def test_a_checkpoint_finds_a_chain_that_was_made_anew(clerk: StoreClerk, store: Store, location: str) -> None:
    clerk.screen("P1")
    kept = store.checkpoint("small")
    disarm(store)
    execute(store, "DELETE FROM store_entry WHERE seq > 2")
    last = execute(store, "SELECT hash FROM store_entry WHERE seq = 2")[0][0]
    execute(store, "UPDATE store_head SET entries = 2, hash = %s", (last,))
    assert store.verify("small").ok  # by itself the shorter ledger is sound
    assert "it has 2 entries, and the checkpoint saw 5" in str(store.difference("small", kept))
    prepare(location)


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"a": 1}', '{"entries":"5","head":"x","signature":null,"time":"","trial":"t"}']
)
def test_a_text_that_is_no_checkpoint_is_an_error_of_the_user(text: str) -> None:
    with pytest.raises(LedgerError, match="not a checkpoint"):
        Checkpoint.from_text(text)


def test_an_empty_ledger_has_no_checkpoint_and_no_entry(store: Store) -> None:
    clerk = StoreClerk.of(store)
    assert (store.ledger("small").entries, store.ledger("small").head) == (0, GENESIS)
    assert not store.verify("small").ok
    with pytest.raises(StoreError, match="is empty"):
        store.checkpoint(clerk.desk.trial)


def test_what_is_appended_while_a_ledger_is_verified_is_no_tampering(clerk: StoreClerk, store: Store) -> None:
    clerk.screen("P1")
    ledger = store.ledger("small")
    clerk.screen("P2")
    result = ledger.verify()
    assert result.ok
    assert (result.entries, result.head) == (ledger.entries, ledger.head)
    disarm(store)
    entry = list(store.ledger("small"))[-1]
    text, head = entry.canonical(), store.ledger("small").head
    execute(
        store,
        "INSERT INTO store_entry (trial_id, seq, hash, prev, time, actor, site, participant, kind, command, text) "
        "VALUES (1, %s, %s, %s, 't', 'a', 's', 'p', 'k', 'c', %s)",
        (entry.seq + 1, "ab" * 32, head, text),
    )
    for seen in (ledger, store.ledger("small")):
        assert not seen.verify().ok  # behind the head's back


def test_a_gap_of_any_width_is_read_over_and_named(open_to_all: int, store: Store) -> None:
    for far in (open_to_all + 2001, 2**62, -(2**62), -1, 0):
        execute(store, "UPDATE store_entry SET seq = %s WHERE seq = %s", (far, open_to_all))
        assert len(list(store.ledger("small").rows())) == open_to_all
        assert not store.verify("small").ok
        execute(store, "UPDATE store_entry SET seq = %s WHERE seq = %s", (open_to_all, far))
    assert store.verify("small").ok
