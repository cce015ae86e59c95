"""Names live beside the ledger: for the own site alone, told apart by a keyed pseudonym, and erased for good."""

from __future__ import annotations

import hmac
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from persons import ONE, PERSONS
from small_trial import FORM, SEEDS, TEXT, after
from stored_trial import StoreClerk

import postgres
from equipoise.conduct import Refused, commands
from equipoise.store import Store, StoreError, guards, prepare
from equipoise.store.pseudonyms import pseudonym_key

KEY = "0b" * 32
ANNA: dict[str, Any] = {
    "family_name": "Zwetschgenbaum",
    "given_name": "Anna",
    "birth_date": date(1961, 5, 3),
    "hospital_number": "H 12-345",
}
TRACE = b"Zwetschgenbaum"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUIPOISE_KEY", KEY)


@pytest.fixture
def ward(store: Store) -> StoreClerk:
    """A clerk of an open trial that tells persons apart."""
    clerk = StoreClerk.of(store, PERSONS)
    clerk.open()
    return clerk


def screen(ward: StoreClerk, store: Store, number: str, who: dict[str, Any], **said: Any) -> tuple[str, ...]:
    """Screen somebody, and keep who it is."""
    ward.accepted(commands.Screen, number, pseudonym=store.pseudonym("small", who), **said)
    return store.identify("small", number, who, site=ward.state(number).site)


def erase(ward: StoreClerk, store: Store, number: str) -> Any:
    """Erase in the store and in memory."""
    command = ward.command(commands.Erase, number, reason="asked for", day=after(2))
    answer, erased = store.erase_identity("small", command)
    assert answer.accepted
    assert ward.desk.memory.submit(command) == answer.decision
    again, _ = store.erase_identity("small", command)
    assert again.repeated
    return erased


def test_the_ledger_and_its_file_hold_the_pseudonym_and_no_name(ward: StoreClerk, store: Store, tmp_path: Path) -> None:
    screen(ward, store, "P1", ANNA)
    store.export("small", tmp_path / "ledger.jsonl")
    text = (tmp_path / "ledger.jsonl").read_text()
    assert "Zwetschgenbaum" not in text
    assert "1961" not in text
    assert ward.last().data["pseudonym"] == store.pseudonym("small", ANNA)


def test_a_name_is_read_at_the_participants_own_site_and_leaves_a_record(ward: StoreClerk, store: Store) -> None:
    screen(ward, store, "P1", ANNA, site="01")
    read: list[str] = []
    found = store.identity("small", "P1", site="01", record=lambda: read.append("P1"))
    assert (dict(found), read) == (ANNA, ["P1"])
    told = []
    for number, site in (("P1", "02"), ("P9", "02")):
        with pytest.raises(StoreError) as refused:
            store.identity("small", number, site=site, record=lambda: read.append("no"))
        told.append(str(refused.value).replace(number, "N"))
    assert told[0] == told[1]  # whether there is such a participant elsewhere is not told
    assert read == ["P1"]
    with pytest.raises(StoreError, match="own site"):
        store.identify("small", "P1", ANNA, site="02")


def test_nothing_is_read_if_the_reading_cannot_be_recorded(ward: StoreClerk, store: Store) -> None:
    screen(ward, store, "P1", ANNA)

    def fails() -> None:
        raise StoreError("no record can be made")

    with pytest.raises(StoreError, match="no record"):
        store.identity("small", "P1", site="01", record=fails)


def test_the_same_person_at_another_site_is_refused_however_the_name_is_written(ward: StoreClerk, store: Store) -> None:
    screen(ward, store, "P1", ANNA)
    again = {**ANNA, "family_name": "ANNA", "given_name": "zwetschgenbaum", "hospital_number": "Ｈ１２３４５"}
    told = ward.refused(commands.Screen, "P2", site="02", pseudonym=store.pseudonym("small", again))
    assert told.startswith("P1 at site 01 is the same person")


def test_the_pseudonym_rests_on_the_key_and_the_trial(
    ward: StoreClerk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store.pseudonym("small", ANNA)
    store.create_trial(PERSONS.replace("id: small", "id: large"))
    assert store.pseudonym("large", ANNA) != first
    monkeypatch.setenv("EQUIPOISE_KEY", "0c" * 32)
    assert store.pseudonym("small", ANNA) != first
    for wrong, why in (
        ("", "pseudonyms are made with the store's key"),
        ("0b", "holds no key"),
        ("Anna" * 16, "holds no key"),
    ):
        monkeypatch.setenv("EQUIPOISE_KEY", wrong)
        with pytest.raises(StoreError, match=why):
            store.pseudonym("small", ANNA)


def test_the_key_is_derived_as_rfc_5869_says() -> None:
    """HKDF-SHA256 without salt, written out by hand."""
    first = hmac.digest(bytes(32), bytes.fromhex(KEY), "sha256")
    expected = hmac.digest(first, b"equipoise pseudonym|small\x01", "sha256")
    assert pseudonym_key(bytes.fromhex(KEY), "small") == expected


def test_a_pseudonym_is_of_all_that_the_protocol_names(ward: StoreClerk, store: Store) -> None:
    with pytest.raises(StoreError, match=r"no pseudonym without all of .* \(given_name\)"):
        store.pseudonym("small", {**ANNA, "given_name": "-"})
    with pytest.raises(StoreError, match="birth_date is of type date") as refused:
        store.pseudonym("small", {**ANNA, "birth_date": "Zwetschgenbaum"})
    assert "Zwetschgenbaum" not in str(refused.value)
    store.create_trial(TEXT, name="plain")
    with pytest.raises(StoreError, match="declares no `identity`"):
        store.pseudonym("plain", ANNA)


def test_somebody_of_the_same_site_and_day_of_birth_is_warned_about_and_not_refused(
    ward: StoreClerk, store: Store
) -> None:
    assert screen(ward, store, "P1", ANNA, site="01") == ()
    misspelt = {**ANNA, "family_name": "Zwetschgenbaun"}
    warnings = screen(ward, store, "P2", misspelt, site="01")
    assert warnings == ("P1 has the same birth_date, given_name, hospital_number: look whether it is the same person",)
    assert screen(ward, store, "P3", {**misspelt, "family_name": "Pflaume"}, site="02") == ()
    assert screen(ward, store, "P4", {**ANNA, "birth_date": date(1961, 5, 4)}, site="01") == ()


def everywhere(folder: Path) -> bytes:
    """What all files of a folder hold."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_of_an_erased_name_nothing_is_left_in_any_file(tmp_path: Path) -> None:
    with Store.open(tmp_path / "data") as store:
        ward = StoreClerk.of(store, PERSONS)
        ward.open()
        for number in range(1, 40):  # so that pages of the table split, and hold names twice
            who = {**ANNA, "family_name": f"Zwetschgenbaum{number}", "given_name": "Anna " * 20}
            screen(ward, store, f"P{number}", who)
        store.identify("small", "P7", {**ANNA, "family_name": "Zwetschgenbaum the 7th"}, site="01")
        assert everywhere(tmp_path / "data").count(TRACE) >= 39
        for number in range(1, 40):
            _, erased = store.erase_identity("small", ward.command(commands.Erase, f"P{number}", reason="asked for"))
            assert (erased is not None and erased.complete) is True
            assert f'Zwetschgenbaum{number}"'.encode() not in everywhere(tmp_path / "data")
        assert TRACE not in everywhere(tmp_path / "data")
        assert TRACE.hex().encode() not in everywhere(tmp_path / "data")
        assert store.verify("small").ok
        assert store.rebuild("small").changed == 0
    assert TRACE not in everywhere(tmp_path)


def test_erasing_leaves_an_entry_closes_the_task_and_is_for_ever(ward: StoreClerk, store: Store) -> None:
    screen(ward, store, "P1", ANNA)
    ward.accepted(commands.Withdraw, "P1", rule="W5", day=after(1))
    assert tasks(store) == [("erase", "identity")]
    erased = erase(ward, store, "P1")
    assert erased.complete
    assert tasks(store) == []
    entry = list(store.ledger("small"))[-1]
    assert (entry.kind, entry.actor, entry.reason) == ("erase", "anna", "asked for")
    assert store.participant("small", "P1").erased_on == after(2)
    assert store.identity("small", "P1", site="01", record=lambda: None) == {}
    with pytest.raises(StoreError, match="was erased on 2024-03-03"):
        store.identify("small", "P1", ANNA, site="01")
    assert store.rebuild("small").changed == 0
    told = ward.refused(commands.Screen, "P2", pseudonym=ward.state("P1").pseudonym, day=after(3))
    assert told.startswith("P1 at site 01 is the same person")  # the pseudonym stays in the ledger


def test_an_erasure_without_a_reason_is_refused_and_erases_nothing(ward: StoreClerk, store: Store) -> None:
    screen(ward, store, "P1", ANNA)
    answer, erased = store.erase_identity("small", ward.command(commands.Erase, "P1"))
    assert isinstance(answer.decision, Refused)
    assert erased is None
    assert store.identity("small", "P1", site="01", record=lambda: None) == ANNA


def test_in_postgresql_the_tables_hold_nothing_and_what_remains_is_said(server: postgres.Server) -> None:
    with Store.open(server.new_database()) as store:
        ward = StoreClerk.of(store, PERSONS)
        ward.open()
        screen(ward, store, "P1", {**ANNA, "family_name": "Zwetschgenbaum of PostgreSQL"})
        server.execute("CHECKPOINT")
        tables = Path(server.url.split("host=")[1]) / "base"
        assert b"Zwetschgenbaum of PostgreSQL" in everywhere(tables)
        erased = erase(ward, store, "P1")
        server.execute("CHECKPOINT")
        assert b"Zwetschgenbaum of PostgreSQL" not in everywhere(tables)
        assert "write-ahead log" in erased.remaining
        assert "backups" in erased.remaining


def test_under_a_role_that_owns_nothing_the_answer_says_what_the_owner_has_to_do(server: postgres.Server) -> None:
    url = server.new_database()
    database = url.split("@/")[1].split("?")[0]
    prepare(url)
    server.execute("CREATE ROLE ward LOGIN")
    for sql in guards.grants("ward"):
        server.execute(sql, database=database, role=postgres.OWNER)
    with Store.open(server.of(database, "ward")) as store:
        clerk = StoreClerk.of(store, PERSONS)
        clerk.open()
        screen(clerk, store, "P1", ANNA)
        erased = erase(clerk, store, "P1")
        assert not erased.complete
        assert "until its owner runs VACUUM FULL store_identity" in erased.remaining
        assert store.identity("small", "P1", site="01", record=lambda: None) == {}


def tasks(store: Store) -> list[tuple[str, str]]:
    """What is open for the first participant."""
    with store._reading() as cursor:
        cursor.execute("SELECT kind, name FROM store_task WHERE participant = 'P1'")
        return [tuple(row) for row in cursor.fetchall()]


def test_a_second_screening_is_shown_with_both_numbers(ward: StoreClerk, store: Store) -> None:
    screen(ward, store, "P1", ANNA)
    ward.accepted(commands.Record, "P1", form="screening", values={**FORM, "age": 75})
    assert isinstance(ward(commands.Register, "P1", step="registration"), Refused)
    assert screen(ward, store, "P2", ANNA, rescreens="P1", site="02", day=after(9)) == ()
    with store._reading() as cursor:
        cursor.execute("SELECT number, version, rescreens, rescreened_as FROM store_participant ORDER BY screened")
        assert [tuple(row) for row in cursor.fetchall()] == [("P1", "1", None, "P2"), ("P2", "1", "P1", None)]
        cursor.execute("SELECT count(*) FROM store_task WHERE participant = 'P1'")
        assert cursor.fetchone() == (0,)
    assert store.participant("small", "P1") == ward.state("P1")
    assert store.participant("small", "P2") == ward.state("P2")
    assert store.rebuild("small").changed == 0
    command = ward.command(commands.Screen, "P3", pseudonym=ONE, rescreens="P1")
    answer = store.submit("small", command, seeds=SEEDS)
    assert isinstance(answer.decision, Refused)
    assert json.loads(json.dumps(answer.decision.reasons))[0].startswith("P1 was screened again as P2")
