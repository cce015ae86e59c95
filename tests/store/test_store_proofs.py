"""On the command line: a stored ledger verified, checkpoints written and proved, keys made and changed."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from sealed_trial import WHO, SealedClerk
from small_trial import SEEDS, TEXT, Clerk, small

from equipoise.cli import main
from equipoise.conduct import commands
from equipoise.ledger import Checkpoint
from equipoise.store import Store, keys, prepare


def call(capsys: pytest.CaptureFixture[str], *arguments: Any) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return int(left.value.code or 0), out, err


@pytest.fixture
def clerk(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SealedClerk:
    """A trial in which somebody has been allocated, whose seeds its store keeps."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EQUIPOISE_KEY", raising=False)
    monkeypatch.setenv("EQUIPOISE_KEY_FILE", str(tmp_path / "store.key"))
    keys.make_file(tmp_path / "store.key")
    clerk = SealedClerk.of(store)
    clerk.allocate("P1")
    return clerk


def finish(clerk: SealedClerk, store: Store) -> None:
    store.reveal("small", id="reveal", **WHO)
    clerk.accepted(commands.Close)


def tamper(store: Store, sql: str, *, guards: bool = True) -> None:
    """Change a row as an owner of the database can: the guards go, and come back where somebody covers the traces."""
    connection = connections[store.alias]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE store_entry DISABLE TRIGGER USER")
        else:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _ in triggers:
                cursor.execute(f'DROP TRIGGER "{name}"')
        cursor.execute(sql)
        if not guards:
            return
        if connection.vendor == "postgresql":
            for name in ("change", "truncate", "chain"):
                cursor.execute(f"ALTER TABLE store_entry ENABLE ALWAYS TRIGGER guard_store_entry_{name}")
        else:
            for _, text in triggers:
                cursor.execute(text)


FORGED = "UPDATE store_entry SET actor = 'eve' WHERE seq = 3"


def test_a_stored_ledger_is_verified_and_replayed_once_the_seeds_are_revealed(
    clerk: SealedClerk, store: Store, location: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = call(capsys, "verify", "small", "--store", location)
    assert (status, err) == (0, "")
    assert out.startswith("small: 8 entries: unbroken, end not proven")
    assert "small: 1 allocations cannot be replayed yet: their seeds are not revealed" in out
    head = store.ledger("small").head
    assert (
        "its end is the head that was given" in call(capsys, "verify", "small", "--store", location, "--head", head)[1]
    )
    status, out, _ = call(capsys, "verify", "small", "--store", location, "--head", "ab" * 32)
    assert (status, "which is not the head that was given" in out) == (1, True)
    finish(clerk, store)
    status, out, err = call(capsys, "verify", "small", "--store", location, "--json")
    found = json.loads(out)
    assert (status, err) == (0, "")
    assert found["replay"]["allocations"] == 1
    assert (found["trial"], found["ok"], found["end"], found["replayed"]) == ("small", True, "closed", True)
    assert (found["problem"], found["missing_guards"], found["checkpoint"]) == (None, [], None)


@pytest.mark.parametrize("guards", [True, False], ids=["the guards put back", "the guards gone"])
def test_a_row_that_was_tampered_with_is_named_with_status_1(
    guards: bool, clerk: SealedClerk, store: Store, location: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tamper(store, FORGED, guards=guards)
    status, out, err = call(capsys, "verify", "small", "--store", location)
    assert (status, err) == (1, "")
    assert "small: broken at entry 3: the columns of its row do not say what its text does" in out
    assert "allocations not replayed: the chain is broken" in out
    assert ("guard_store_" in out) is not guards
    found = json.loads(call(capsys, "verify", "small", "--store", location, "--json")[1])
    assert found["problem"]["entry"] == 3
    assert found["ok"] is False
    assert bool(found["missing_guards"]) is not guards
    if not guards:  # to verify has put nothing in order
        assert call(capsys, "export", "small", "--to", "x.jsonl", "--store", location)[0] == 2
        tamper(store, "UPDATE store_entry SET actor = 'anna' WHERE seq = 3", guards=False)
        status, out, _ = call(capsys, "verify", "small", "--store", location)
        assert (status, "8 entries: unbroken" in out, "guard_store_" in out) == (1, True, True)
        prepare(location)
        assert call(capsys, "verify", "small", "--store", location)[0] == 0


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("UPDATE store_protocoltext SET text = 'id: [broken'", "the protocol in the store is damaged"),
        ("UPDATE store_protocoltext SET text = replace(text, '+ INTERVAL 1 YEAR', '+ INTERVAL 9 YEAR')", "was changed"),
        ("DELETE FROM store_protocoltext", "is missing in the store"),
        ("DELETE FROM store_head", "the trial's head counts 0 entries"),
    ],
)
def test_what_else_was_tampered_with_is_told_with_status_1(
    sql: str, said: str, clerk: SealedClerk, location: str, capsys: pytest.CaptureFixture[str]
) -> None:
    store: Store = clerk.desk.store
    if connections[store.alias].vendor == "postgresql":
        with connections[store.alias].cursor() as cursor:
            cursor.execute("ALTER TABLE store_protocoltext DISABLE TRIGGER USER")
    tamper(store, sql)
    status, out, err = call(capsys, "verify", "small", "--store", location)
    assert (status, err) == (1, "")
    assert said in out


def test_a_number_that_became_a_text_is_found_in_sqlite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    memory = Clerk(small(), dict(SEEDS))
    memory.open()
    memory.screen("P1")
    (tmp_path / "ledger.jsonl").write_bytes(memory.desk.journal.to_bytes())
    with Store.open(tmp_path / "data") as store:
        store.import_(tmp_path / "ledger.jsonl", TEXT)
        tamper(store, "UPDATE store_entry SET seq = 'five' WHERE seq = 5")
        assert call(capsys, "verify", "small", "--store", tmp_path / "data")[0] == 1
        tamper(store, "UPDATE store_entry SET seq = 5 WHERE seq = 'five'")
        tamper(store, "UPDATE store_head SET entries = 'five'")
        assert call(capsys, "verify", "small", "--store", tmp_path / "data")[0] == 1


def test_a_file_is_verified_as_before_whatever_the_environment_says(
    clerk: SealedClerk, store: Store, location: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EQUIPOISE_STORE", location)
    store.export("small", "ledger.jsonl")
    Path("small.yaml").write_text(TEXT)
    status, out, _ = call(capsys, "verify", "ledger.jsonl")
    assert (status, out.count("ledger.jsonl: ")) == (0, 2)


def test_a_checkpoint_is_written_signed_and_proved(
    clerk: SealedClerk, store: Store, location: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ("--store", location)
    for name in ("monitor.key", "other.key"):
        assert call(capsys, "checkpoint", "--make-key", name)[0] == 0
    assert (Path("monitor.key").stat().st_mode & 0o777) == 0o600
    status, out, err = call(capsys, "checkpoint", "small", "--to", "kept", "--key", "monitor.key", *place)
    assert (status, err) == (0, "")
    assert "kept: 'small' has 8 entries, head " in out
    assert out.endswith("; signed\n")
    assert call(capsys, "checkpoint", "small", "--to", "plain", *place)[1].endswith("; not signed: --key signs it\n")
    clerk.allocate("P2")  # the ledger goes on
    status, out, _ = call(capsys, "checkpoint", "small", "--prove", "kept", "--public-key", "monitor.key.pub", *place)
    assert status == 0
    assert "small: begins with the 8 entries that kept saw on " in out
    assert "kept: of trial 'small', signed with that key" in out
    for kept, key in (("kept", "other.key.pub"), ("plain", "monitor.key.pub")):
        status, out, _ = call(capsys, "checkpoint", "small", "--prove", kept, "--public-key", key, *place)
        assert (status, "not signed with that key" in out) == (1, True)
    status, out, _ = call(capsys, "checkpoint", "small", "--prove", "kept", *place)
    assert (status, "not checked by whom: give --public-key" in out) == (0, True)
    status, out, err = call(capsys, "checkpoint", "small", "--to", "nowhere/x", *place)
    assert (status, out, err.split(";")[0]) == (2, "", "nowhere/x: no such file or directory")
    status, out, _ = call(capsys, "checkpoint", "small", "--prove", "plain", "--json", *place)
    assert (status, json.loads(out)["checkpoint"]["signature"]) == (0, "not signed")


def test_a_checkpoint_finds_a_ledger_that_was_made_anew_or_cut(
    clerk: SealedClerk, store: Store, location: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ("--store", location)
    call(capsys, "checkpoint", "small", "--to", "kept", *place)
    store.export("small", "whole.jsonl")
    other = SealedClerk.of(store, name="other")
    other.allocate("P1")
    other.allocate("P2")
    status, out, _ = call(capsys, "checkpoint", "other", "--prove", "kept", *place)
    assert (status, "the hash of entry 8 is " in out, "was made anew" in out) == (1, True, True)
    tamper(store, "DELETE FROM store_entry WHERE trial_id = 1 AND seq > 5", guards=False)
    status, out, _ = call(capsys, "checkpoint", "small", "--prove", "kept", *place)
    assert (status, "it has 5 entries, and the checkpoint saw 8: entries are missing" in out) == (1, True)
    tamper(store, FORGED.replace("WHERE", "WHERE trial_id = 1 AND"), guards=False)
    status, out, _ = call(capsys, "checkpoint", "small", "--prove", "kept", "--json", *place)
    assert status == 1
    assert json.loads(out)["checkpoint"]["difference"].startswith("broken at entry 3: ")


def test_no_checkpoint_is_written_of_a_ledger_that_is_broken(
    clerk: SealedClerk, store: Store, location: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tamper(store, FORGED)
    status, out, err = call(capsys, "checkpoint", "small", "--to", "kept", "--store", location)
    assert (status, err) == (1, "")
    assert out.startswith("small: broken at entry 3: ")
    assert out.endswith("; no checkpoint was written\n")
    assert not Path("kept").exists()
    status, out, _ = call(capsys, "checkpoint", "small", "--to", "kept", "--store", location, "--json")
    assert (status, json.loads(out)["file"]) == (1, None)


def test_an_exported_file_is_held_to_a_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    memory = Clerk(small(), dict(SEEDS))
    memory.open()
    memory.screen("P1")
    lines = memory.desk.journal.to_bytes().splitlines(keepends=True)
    kept = tmp_path / "kept"
    kept.write_text("\n " + Checkpoint("small", 5, memory.desk.journal.head, "2024-03-01T09:00:00Z").to_text() + "\r\n")
    memory.allocate("P2")
    ledger, other = tmp_path / "ledger.jsonl", Clerk(small(), dict(SEEDS))
    other.open(at=WHO["at"] + timedelta(days=1))
    for number in range(6):
        other.screen(f"P{number}")
    for data, wanted, said in (
        (memory.desk.journal.to_bytes(), 0, "begins with the 5 entries"),
        (b"".join(lines), 0, "begins with the 5 entries"),
        (b"".join(lines[:4]), 1, "it has 4 entries, and the checkpoint saw 5"),
        (b"".join(lines).replace(b"surgeon", b"Surgeon"), 1, "does not begin with the 5 entries"),
        (other.desk.journal.to_bytes(), 1, "the hash of entry 5 is"),
    ):
        ledger.write_bytes(data)
        status, out, err = call(capsys, "verify", ledger, "--checkpoint", kept)
        assert (status, err) == (wanted, "")
        assert said in out
    assert json.loads(call(capsys, "verify", ledger, "--checkpoint", kept, "--json")[1])["checkpoint"]["ok"] is False


def test_a_key_is_made_and_changed(
    clerk: SealedClerk, store: Store, location: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    status, out, _ = call(capsys, "key", "--make", "new.key", "--json")
    assert (status, json.loads(out)) == (
        0,
        {"file": "new.key", "fingerprint": keys.from_file(Path("new.key")).fingerprint},
    )
    assert Path("new.key").read_text().strip() not in out
    status, out, _ = call(capsys, "key", "--change-to", "new.key", "--store", location)
    assert status == 0
    assert "2 seeds are sealed with the key in new.key now; set EQUIPOISE_KEY_FILE to it" in out
    status, _, err = call(capsys, "key", "--change-to", "store.key", "--store", location)
    assert (status, "give the key that it was sealed with" in err or "are the same key" in err) == (2, True)
    monkeypatch.setenv("EQUIPOISE_KEY_FILE", "new.key")
    assert clerk.allocate("P2") in ("A", "B")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("verify", "small", "--store", "nowhere"), "there is no store; name the one meant with --store"),
        (("verify", "nothing", "--store", "{data}"), "there is no trial 'nothing' in this store; it has small"),
        (("verify", "small"), "no such file; check the name; a trial in a store is named with --store"),
        (("verify", "small", "--store", "{data}", "--head", "x"), "is not a hash"),
        (("verify", "small", "--store", "{data}", "--checkpoint", "nowhere"), "nowhere: no such file"),
        (("verify", "small", "--store", "{data}", "--public-key", "x"), "--public-key goes with --checkpoint"),
        (("checkpoint",), "say one of --to, --prove and --make-key"),
        (("checkpoint", "small", "--to", "x", "--prove", "y"), "say one of --to, --prove and --make-key"),
        (("checkpoint", "--to", "x"), "name the trial"),
        (("checkpoint", "small", "--prove", "x", "--key", "y"), "--key goes with --to"),
        (("checkpoint", "small", "--to", "small.yaml", "--store", "{data}"), "a checkpoint is not overwritten"),
        (("checkpoint", "small", "--to", "x", "--key", "open.key", "--store", "{data}"), "run: chmod 600 open.key"),
        (("checkpoint", "small", "--to", "x", "--key", "no.key", "--store", "{data}"), "not a private Ed25519 key"),
        (("checkpoint", "small", "--to", "x", "--store", "{data}"), "the ledger of 'small' is empty"),
        (("checkpoint", "small", "--prove", "small.yaml", "--store", "{data}"), "small.yaml: not a checkpoint"),
        (("checkpoint", "--make-key", "no.key"), "a key is not overwritten"),
        (("checkpoint", "--make-key", "nowhere/x"), "nowhere/x: no such file"),
        (("key",), "say one of --make and --change-to"),
        (("key", "--make", "no.key"), "a key is not overwritten"),
        (("key", "--change-to", "no.key", "--store", "{data}"), "it holds no key"),
        (("key", "--change-to", "open.key", "--store", "{data}"), "run: chmod 600 open.key"),
        (("key", "--change-to", "nowhere", "--store", "{data}"), "nowhere: no such file"),
        (("export", "small", "--to", "nowhere/x", "--store", "{data}"), "nowhere/x: no such file"),
    ],
)
def test_a_mistake_is_one_line_with_status_2(
    arguments: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip  # short items of one kind share a line
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(TEXT)
    for name, mode in (("open.key", 0o644), ("no.key", 0o600)):
        Path(name).write_text("no key")
        Path(name).chmod(mode)
    with Store.open(tmp_path / "data") as store:
        store.create_trial(TEXT)
    status, out, err = call(capsys, *(argument.format(data=tmp_path / "data") for argument in arguments))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert said in err


def test_a_file_is_held_to_a_checkpoint_without_django() -> None:
    """An auditor needs no database."""
    code = (
        "import sys; sys.modules['django'] = None; from equipoise.cli import main; "
        "main(['verify', 'nowhere.jsonl', '--checkpoint', 'x'])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("nowhere.jsonl: no such file")
