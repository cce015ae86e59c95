"""An amendment in a store goes as in memory, and survives export, import, rebuild and verify; on both engines."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from amended import EFFECT, SECOND, THIRD, V1, V2, V3
from small_trial import DAY, FORM, SEEDS, TEXT, Clerk, after
from stored_trial import BothDesks, StoreClerk
from typer.testing import CliRunner

from equipoise.cli.app import app
from equipoise.conduct import Accepted, Refused, commands, fold, replay_allocations
from equipoise.errors import EquipoiseError
from equipoise.ledger import Journal
from equipoise.protocol import loads
from equipoise.store import Store, StoreError

LATER = after(31)


def amend(clerk: Clerk, text: str, **settings: Any) -> Accepted | Refused:
    """Amend in the store and in memory."""
    desks: BothDesks = clerk.desk
    protocol = loads(text, file="new.yaml")
    said = {"protocol_digest": protocol.digest, "on": EFFECT, "day": DAY, **settings}
    command = clerk.command(commands.Amend, None, **said)
    stored = desks.store.amend(desks.trial, text, command)
    decision = desks.memory.amend(protocol, command)
    assert stored.decision == decision
    assert desks.store.amend(desks.trial, text, command).repeated
    return decision


def enter(clerk: Clerk, number: str, *, age: int = 54, ecog: int | None = None) -> Any:
    """Screen somebody under the second version, and ask for a registration."""
    clerk.accepted(commands.Screen, number, day=LATER)
    clerk.accepted(commands.Record, number, form="screening", values={**FORM, "age": age}, day=LATER)
    if ecog is not None:
        clerk.accepted(commands.Record, number, form="status", values={"ecog": ecog}, day=LATER)
    clerk.accepted(commands.Judge, number, role="surgeon", answers={"I2": True}, day=LATER)
    clerk.accepted(commands.Judge, number, answers={"E1": False}, day=LATER)
    return clerk(commands.Register, number, step="registration", day=LATER)


def an_amended_trial(clerk: StoreClerk) -> None:
    """Two participants under the first version, one of them refused by it; two under the second; a third version."""
    clerk.allocate("P1")
    clerk.screen("P2", age=72)
    assert isinstance(clerk(commands.Register, "P2", step="registration"), Refused)
    assert isinstance(amend(clerk, SECOND.replace("age >= 65", "age >= 60")), Refused)
    assert isinstance(amend(clerk, SECOND), Accepted)
    clerk.accepted(commands.Reconsent, "P2", version="2", day=LATER)
    clerk.accepted(commands.Record, "P2", form="status", values={"ecog": 1}, day=LATER)
    clerk.accepted(commands.Register, "P2", step="registration", day=LATER)
    assert isinstance(enter(clerk, "P3", age=74, ecog=0), Accepted)
    assert isinstance(enter(clerk, "P4", age=74, ecog=2), Refused)
    for number in ("P2", "P3"):
        clerk.assess(number, day=LATER)
        clerk.accepted(commands.Allocate, number, step="randomisation", day=LATER)
    clerk.accepted(commands.Withdraw, "P1", rule="W1", day=after(40))
    clerk.accepted(commands.Withdraw, "P3", rule="W1", day=after(40))
    clerk.accepted(commands.Correct, "P1", variable="age", value=66, reason="typed wrongly", day=after(41))
    assert isinstance(amend(clerk, THIRD, on=after(60), by_site=True), Accepted)
    clerk.accepted(commands.Activate, None, version="3", at_site="02", on=after(60), day=after(60))
    clerk.accepted(commands.CheckCohort, day=after(60))
    clerk.finish()


def test_an_amended_trial_in_a_store_goes_as_in_memory_and_is_verified_whole(
    clerk: StoreClerk, store: Store, tmp_path: Path
) -> None:
    an_amended_trial(clerk)
    memory = clerk.desk.memory
    assert [entry.data["k"] for entry in clerk.desk.journal if entry.kind == "allocate"] == [1, 2, 3]
    assert list(store.ledger("small")) == list(clerk.desk.journal)
    assert store.state("small") == memory.trial
    for number, state in memory.participants.items():
        assert store.participant("small", number) == state
    assert [store.participant("small", number).version for number in ("P1", "P2", "P3")] == ["1", "2", "2"]
    assert [item.version for item in store.protocols("small")] == ["1", "2", "3"]
    assert store.protocol("small").version == "3"
    assert store.rebuild("small").changed == 0
    assert store.verify("small").end == "closed"
    store.export("small", tmp_path / "ledger.jsonl")
    journal = Journal.read(tmp_path / "ledger.jsonl")
    assert fold(V1, journal, [V2, V3]) == (memory.trial, memory.participants)
    replay = replay_allocations(V1, journal, [V2, V3])
    assert (replay.problems, replay.allocations, replay.revealed) == ((), 3, True)


def test_an_amended_ledger_is_imported_with_the_text_of_every_version(
    clerk: StoreClerk, store: Store, tmp_path: Path
) -> None:
    an_amended_trial(clerk)
    path = tmp_path / "ledger.jsonl"
    store.export("small", path)
    store.import_(path, TEXT, name="copy", amendments=[THIRD, SECOND])
    assert store.state("copy") == store.state("small")
    assert store.participant("copy", "P3") == store.participant("small", "P3")
    assert store.rebuild("copy").changed == 0
    assert [item.version for item in store.protocols("copy")] == ["1", "2", "3"]
    with pytest.raises(StoreError, match="amends the trial to version '3', whose text was not given"):
        store.import_(path, TEXT, name="less", amendments=[SECOND])
    other = THIRD.replace('"3"', '"4"')
    with pytest.raises(StoreError, match="not amended to the text of version '4'"):
        store.import_(path, TEXT, name="more", amendments=[SECOND, THIRD, other])
    with pytest.raises(EquipoiseError, match="another text"):
        store.import_(path, SECOND, name="wrong", amendments=[TEXT, THIRD])
    assert store.trials() == ("small", "copy")


def test_two_processes_see_an_amendment_at_once(location: str, clerk: StoreClerk, store: Store) -> None:
    with Store.open(location) as other:
        assert other.protocol("small").version == "1"
        amend(clerk, SECOND)
        assert other.protocol("small").version == "2"
        command = clerk.command(commands.Screen, "P8", day=LATER)
        assert other.submit("small", command).entries[0].version == "2"


def test_the_same_texts_in_another_trial_are_versions_of_their_own(store: Store, clerk: StoreClerk) -> None:
    amend(clerk, SECOND)
    direct = StoreClerk.of(store, SECOND, name="second")
    direct.open()
    assert [item.version for item in store.protocols("second")] == ["2"]
    assert [item.version for item in store.protocols("small")] == ["1", "2"]


def test_a_plain_submit_of_an_amendment_says_that_the_text_is_missing(store: Store, clerk: StoreClerk) -> None:
    command = clerk.command(commands.Amend, None, protocol_digest=V2.digest, on=EFFECT)
    answer = store.submit("small", command, seeds=SEEDS)
    assert isinstance(answer.decision, Refused)
    assert "the text of the new version is not at hand" in answer.decision.reasons[0]
    assert store.protocols("small")[-1].version == "1"


@dataclass
class Said:
    code: int
    out: dict[str, Any]


def run(*arguments: str) -> Said:
    result = CliRunner().invoke(app, [*arguments, "--json"])
    return Said(result.exit_code, json.loads(result.stdout) if result.stdout.startswith("{") else {})


def test_the_verbs_take_every_version_in_any_order(tmp_path: Path) -> None:
    with Store.open(tmp_path / "data") as store:
        clerk = StoreClerk.of(store)
        clerk.open()
        an_amended_trial(clerk)
        store.export("small", tmp_path / "ledger.jsonl")
    ledger, files = str(tmp_path / "ledger.jsonl"), []
    for name, text in (("v3", THIRD), ("v1", TEXT), ("v2", SECOND)):
        (tmp_path / f"{name}.yaml").write_text(text)
        files += ["--trial", str(tmp_path / f"{name}.yaml")]
    whole = run("verify", ledger, *files)
    assert (whole.code, whole.out["replay"]["allocations"], whole.out["replay"]["problems"]) == (0, 3, [])
    less = run("verify", ledger, *files[2:])
    assert less.code == 1
    assert "version '3' of the protocol is not at hand" in less.out["replay"]["problems"][0]["what"]
    assert run("verify", ledger, *files[:2]).code == 1
    place = ("--store", str(tmp_path / "other"))
    assert run("import", ledger, *files, *place).out["entries"] == whole.out["entries"]
    assert run("rebuild", "small", *place).code == 0
