"""What a process remembers of participants is believed only where the database still says so."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connections
from small_trial import DAY, SEEDS
from stored_trial import StoreClerk

from equipoise.conduct import commands
from equipoise.store import Store, StoreError, remembered
from equipoise.store.remembered import Folded, Remembered


def test_what_another_store_appended_is_folded_before_the_next_command(
    clerk: StoreClerk, store: Store, location: str
) -> None:
    clerk.screen("P1")
    with Store.open(location) as other:  # remembers what it saw itself, as another process would
        for number in range(12):
            clerk.desk.store = (other, store)[number % 2]  # the desk in memory sees all, and has to agree
            clerk.accepted(commands.Record, "P1", form="visit", values={"pain": number % 11}, visit=f"v{number}")
            clerk.accepted(commands.Correct, "P1", variable="age", value=40 + number, reason="typed wrongly")
        for desk in (store, other):
            assert desk.participant("small", "P1") == clerk.state("P1")
            assert desk.rebuild("small").changed == 0


def test_an_entry_that_another_store_struck_out_is_not_remembered(
    clerk: StoreClerk, store: Store, location: str
) -> None:
    clerk.screen("P1")
    clerk.accepted(commands.Record, "P1", form="visit", values={"pain": 3}, visit="m3")
    with Store.open(location) as other:
        clerk.desk.store = other
        struck = clerk.last().seq
        clerk.accepted(commands.Strike, "P1", entry=struck, reason="another person's")
    clerk.desk.store = store
    clerk.refused(commands.Strike, "P1", entry=struck, reason="once more")
    clerk.accepted(commands.Record, "P1", form="visit", values={"pain": 5}, visit="m3")
    assert store.rebuild("small").changed == 0


def test_what_was_never_committed_is_not_believed(clerk: StoreClerk, store: Store, monkeypatch: Any) -> None:
    clerk.screen("P1")
    lost = clerk.command(commands.Record, "P1", form="visit", values={"pain": 3}, visit="m3")
    kept = clerk.command(commands.Record, "P1", form="visit", values={"pain": 9}, visit="m3")
    keep = Remembered.keep

    def fail(self: Remembered, trial: int, number: str, folded: Folded) -> None:
        keep(self, trial, number, folded)
        raise StoreError("the power went")

    monkeypatch.setattr(Remembered, "keep", fail)
    with pytest.raises(StoreError, match="the power went"):
        store.submit("small", lost)
    monkeypatch.setattr(Remembered, "keep", keep)
    clerk.desk.submit(kept)  # the number of the lost entry is this one's now
    assert [record.values for record in store.participant("small", "P1").forms if record.form == "visit"] == [
        {"pain": 9}
    ]
    assert store.rebuild("small").changed == 0


def test_a_ledger_that_was_changed_behind_the_guards_is_not_what_is_remembered(clerk: StoreClerk, store: Store) -> None:
    clerk.screen("P1")
    assert store._remembered.get(1, "P1") is not None
    with connections[store.alias].cursor() as cursor:
        if connections[store.alias].vendor == "postgresql":
            cursor.execute("ALTER TABLE store_entry DISABLE TRIGGER USER")
        else:
            cursor.execute("DROP TRIGGER guard_store_entry_update")
        cursor.execute("UPDATE store_entry SET hash = %s, text = %s WHERE seq = 5", ["ab" * 32, b"{}"])
    with pytest.raises(StoreError, match="a stored entry is damaged"):
        store.submit("small", clerk.command(commands.Record, "P1", form="visit", values={"pain": 3}, visit="m3"))


def test_a_participant_of_the_same_number_in_another_trial_is_another(store: Store) -> None:
    first, second = StoreClerk.of(store), StoreClerk.of(store, name="second")
    for clerk in (first, second):
        clerk.open()
    for number in (1, 2):
        for clerk, her2 in ((first, "positive"), (second, "negative")):
            clerk.allocate(f"P{number}", her2=her2)
    for name in ("small", "second"):
        assert store.rebuild(name).changed == 0


def test_memory_is_bounded_and_whoever_was_forgotten_is_folded_anew(
    clerk: StoreClerk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_remembered", Remembered(most_entries=12))
    for number in range(1, 6):
        clerk.allocate(f"P{number}")
        assert store._remembered._entries <= 12
    assert store._remembered.get(1, "P1") is None
    assert store._remembered.get(1, "P5") is not None
    clerk.accepted(commands.Happen, "P1", event="death", cause="cancer", day=DAY)
    assert store.participant("small", "P1") == clerk.state("P1")
    assert store.rebuild("small").changed == 0
    assert remembered.MOST_ENTRIES > 1000


def test_cohort_rules_read_nobody_elses_rows(clerk: StoreClerk, store: Store) -> None:
    """They would tell: every other participant's row is made unreadable."""
    for number in range(1, 5):
        clerk.allocate(f"P{number}")
    with connections[store.alias].cursor() as cursor:
        cursor.execute("UPDATE store_participant SET steps_json = 'x', values_json = 'x'")
    answer = clerk.accepted(commands.CheckCohort, None)
    assert [draft.data["participants"] for draft in answer.drafts] == [4, 4]
    clerk.register("P5", her2="negative", targeted=False)
    clerk.assess("P5")
    assert clerk.accepted(commands.Allocate, "P5", step="randomisation").arm in ("A", "B")


def test_cohort_counts_that_were_lost_are_made_anew(clerk: StoreClerk, store: Store) -> None:
    for number in range(1, 4):
        clerk.allocate(f"P{number}", targeted=number > 1)
    with connections[store.alias].cursor() as cursor:
        cursor.execute("SELECT state_json FROM store_head")
        (text,) = cursor.fetchone()
        assert '"cohort":{' in text
        other = text.replace('"protocol":"', '"protocol":"another ')  # as if by an earlier text of the protocol
        cursor.execute("UPDATE store_head SET state_json = %s", [other])
    clerk.accepted(commands.CheckCohort, None)
    assert store.rebuild("small").changed == 0
    with connections[store.alias].cursor() as cursor:
        cursor.execute("UPDATE store_head SET state_json = %s", [other])
    assert store.rebuild("small").changed == 1


def test_a_seed_is_not_among_what_is_remembered(clerk: StoreClerk, store: Store) -> None:
    clerk.allocate("P1")
    assert SEEDS["main"].hex() not in repr(store._remembered.get(1, "P1"))
