"""Roles in a store: rows that follow from the ledger, one statement a command, rebuilt from the entries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from guarded_trial import ADMIN, PEOPLE, Guarded, as_
from small_trial import SEEDS, TEXT
from stored_trial import BothDesks

from equipoise.conduct import commands
from equipoise.protocol import loads
from equipoise.store import Store, driver
from equipoise.store.pipeline import PipelineCursor
from equipoise.store.roles import accounts_of, rows_of


@pytest.fixture
def trial(store: Store) -> Guarded:
    """A trial with an administrator, whose commands go to the store and to a desk in memory."""
    clerk = Guarded(loads(TEXT, file="small.yaml"), dict(SEEDS))
    both: Any = BothDesks(store, store.create_trial(TEXT), clerk.desk, clerk.seeds)
    clerk.desk = both
    clerk.begin()
    return clerk


def recording(run: Any, seen: list[str]) -> Any:
    """A method that runs a statement, and notes it."""

    def noted(cursor: Any, sql: str, *values: Any) -> Any:
        seen.append(sql)
        return run(cursor, sql, *values)

    return noted


def stored(store: Store) -> list[tuple[str, str, str, str, bool]]:
    """The rows of roles."""
    with connections[store.alias].cursor() as cursor:
        cursor.execute("SELECT account, role, site, printed_name, held FROM store_role ORDER BY account, role, site")
        return [(*row[:4], bool(row[4])) for row in cursor.fetchall()]


def test_the_store_gives_and_refuses_as_the_desk_does_and_keeps_the_same_accounts(store: Store, trial: Guarded) -> None:
    trial.allocate()
    trial.refused(commands.Visit, **as_("bert"), visit="M3")
    trial.refused(commands.Visit, actor="eve", visit="M3")
    trial.accepted(commands.Revoke, None, **ADMIN, account="moni", account_role="monitor", reason="has left")
    trial.refused(commands.Grant, None, **ADMIN, account="moni", account_role="monitor", printed_name="Another")
    memory: Any = trial.desk
    assert accounts_of(stored(store)) == memory.memory.accounts
    assert ("moni", "monitor", "", "Moni Person", False) in stored(store)
    assert store.state("small") == memory.memory.trial


def test_roles_are_rebuilt_from_the_entries(store: Store, trial: Guarded) -> None:
    trial.accepted(commands.Revoke, None, **ADMIN, account="moni", account_role="monitor", reason="has left")
    before = stored(store)
    with connections[store.alias].cursor() as cursor:
        cursor.execute("DELETE FROM store_role WHERE account = 'anna'")
        cursor.execute("UPDATE store_role SET held = %s WHERE account = 'moni'", (True,))
        cursor.execute(
            "INSERT INTO store_role (trial_id, account, role, site, printed_name, held) VALUES (1, %s, %s, '', %s, %s)",
            ("eve", "administrator", "Eve", True),
        )
    assert store.rebuild("small").changed == 3
    assert stored(store) == before
    assert store.rebuild("small").changed == 0


def test_a_ledger_goes_into_another_store_with_its_roles(store: Store, trial: Guarded, tmp_path: Path) -> None:
    trial.allocate()
    store.export("small", tmp_path / "ledger.jsonl")
    store.import_(tmp_path / "ledger.jsonl", TEXT, name="copy")
    visit = trial.command(commands.Visit, visit="M3")
    assert store.submit("copy", visit).accepted
    assert not store.submit("copy", trial.command(commands.Visit, visit="M3", actor="eve")).accepted


def test_roles_of_one_trial_are_none_in_another(store: Store, trial: Guarded) -> None:
    other = Guarded(trial.protocol, dict(SEEDS))
    name = store.create_trial(TEXT, name="other")
    other.desk = BothDesks(store, name, other.desk, other.seeds)
    other.open(**ADMIN, administrator="root", printed_name="Root Person")
    trial.accepted(commands.Screen)
    assert "does not have the role" in other.refused(commands.Screen)


def test_to_ask_for_roles_takes_one_statement_a_command(trial: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    trial.screen()
    seen: list[str] = []
    # below Django's cursors, which the store does not use here
    for kind, name in ((driver._Sqlite, "execute"), (driver._OfDriver, "execute"), (PipelineCursor, "_send")):
        monkeypatch.setattr(kind, name, recording(kind.__dict__[name], seen))
    trial.accepted(commands.Visit, visit="M3")
    assert any("store_entry" in sql for sql in seen)
    assert sum("store_role" in sql for sql in seen) == 1


def test_rows_and_accounts_are_each_others_inverse(trial: Guarded) -> None:
    memory: Any = trial.desk
    accounts = memory.memory.accounts
    rows = rows_of(accounts)["store_role"]
    assert accounts_of([(*key, *row) for key, row in rows.items()]) == accounts
    assert len(rows) == 1 + len(PEOPLE)
