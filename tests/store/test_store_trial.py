"""A trial in a store goes as it does in memory: same answers, same entries, same bytes; on both engines."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from small_trial import CLASSES, SEEDS, TEXT, after
from stored_trial import StoreClerk

from equipoise.conduct import Accepted, Refused, commands
from equipoise.conduct.signing import shown, whole_state
from equipoise.errors import EquipoiseError, LedgerError
from equipoise.ledger import Journal, verify_file
from equipoise.protocol import loads
from equipoise.store import Store, StoreError


def a_whole_trial(clerk: StoreClerk) -> None:
    """Something of everything: allocations, a correction, a strike, a refused entry, a death, a loss, the end."""
    for number in range(1, 7):
        clerk.allocate(f"P{number}", site=f"0{number % 2 + 1}", her2=("positive", "negative")[number % 2])
    clerk.screen("P7", age=75)
    assert isinstance(clerk(commands.Register, "P7", step="registration"), Refused)
    clerk.accepted(commands.Record, "P1", form="visit", values={"pain": 3}, visit="m3", day=after(90))
    clerk.accepted(commands.Record, "P1", form="visit", values={"pain": 5}, visit="m6", day=after(180))
    clerk.accepted(commands.Strike, "P1", entry=clerk.last().seq, reason="another person's", day=after(181))
    clerk.accepted(commands.Correct, "P2", variable="her2", value="negative", reason="typed wrongly", day=after(9))
    clerk.accepted(commands.Happen, "P3", event="death", cause="cancer", day=after(40))
    clerk.accepted(commands.Lose, "P4", day=after(50))
    clerk.accepted(commands.CheckCohort)
    clerk.accepted(commands.Freeze, None, analysis="interim", cut_off=after(200), day=after(200))
    clerk.accepted(commands.Lock, "P5", day=after(201))
    clerk.accepted(commands.Unblind, "P5", reason="a reaction", day=after(201))
    history = whole_state(clerk.state("P5").history)
    signed = {"meaning": "approval", "printed_name": "Anna", "session": "s1"}
    signed |= {"identification": "entered", "secret": "entered"}
    clerk.accepted(commands.Sign, "P5", digest=shown(history), day=after(202), **signed)
    first = next(iter(clerk.desk.journal))
    clerk.accepted(commands.SignTrial, None, entries=(1,), digest=shown([first]), day=after(202), **signed)
    clerk.accepted(commands.Access, None, looked="export", scope="all", reason="the committee", day=after(203))
    clerk.accepted(commands.LockTrial, None, day=after(204))


def test_a_trial_in_a_store_has_the_same_answers_entries_and_bytes_as_in_memory(
    clerk: StoreClerk, store: Store, tmp_path: Path
) -> None:
    a_whole_trial(clerk)
    clerk.finish()
    assert store.export("small", tmp_path / "ledger.jsonl") == len(clerk.desk.journal)
    assert (tmp_path / "ledger.jsonl").read_bytes() == clerk.desk.journal.to_bytes()
    assert verify_file(tmp_path / "ledger.jsonl").end == "closed"
    assert list(store.ledger("small")) == list(clerk.desk.journal)
    assert store.state("small") == clerk.desk.memory.trial
    for number, state in clerk.desk.participants.items():
        assert store.participant("small", number) == state


def test_a_trial_by_class_goes_as_in_memory(store: Store) -> None:
    clerk = StoreClerk.of(store, CLASSES)
    clerk.seeds.clear()
    clerk.open(commitments={})
    clerk.accepted(commands.Screen, site="01")
    clerk.accepted(commands.Record, form="screening", values={"fit": True})
    clerk.accepted(commands.Register, step="registration")
    clerk.accepted(commands.Judge, role="board", answers={"I2": True})
    responses = {"primary": "PR", "metastatic": "CR"}
    clerk.accepted(commands.Assess, name="evaluation", responses=responses, day=after(9))
    clerk.accepted(commands.Classify, by="response_class", day=after(9))
    assert clerk.accepted(commands.Allocate, step="assignment", day=after(9)).arm == "operated"
    assert clerk.accepted(commands.Allocate, step="assignment", day=after(10)).drafts == ()
    assert store.rebuild("classes").changed == 0


def test_every_kind_of_answer_is_given_again(clerk: StoreClerk, store: Store) -> None:
    clerk.screen("P1", age=75)
    asked = [
        clerk.command(commands.Register, "P1", step="registration"),  # refused, with an entry and criteria
        clerk.command(commands.Record, "P1", form="screening", values={"age": 200}),  # refused without an entry
        clerk.command(commands.Correct, "P1", variable="age", value=54, reason="typed wrongly"),
        clerk.command(commands.CheckCohort, None),
    ]
    for command in asked:
        first = store.submit("small", command, seeds=SEEDS)
        again = store.submit("small", command, seeds=SEEDS)
        assert not first.repeated
        assert again.repeated
        assert (again.decision, again.entries, again.arm) == (first.decision, first.entries, first.arm)
    assert store.ledger("small").entries == 9  # one to open, four to screen, one each but two cohort rules


def test_a_repetition_at_a_later_time_is_one_and_another_command_of_that_id_is_refused(
    clerk: StoreClerk, store: Store
) -> None:
    clerk.register("P1")
    clerk.assess("P1")
    command = clerk.command(commands.Allocate, "P1", step="randomisation")
    first = store.submit("small", command, seeds=SEEDS)
    changed: dict[str, Any] = {name: getattr(command, name) for name in command.__dataclass_fields__}
    later = commands.Allocate(**{**changed, "at": command.at + timedelta(hours=1)})
    assert store.submit("small", later).arm == first.arm  # not even the seed is needed
    other = store.submit("small", commands.Allocate(**{**changed, "participant": "P2"}))
    assert other.decision == Refused((f"the id '{command.id}' was given to another command",))
    assert not other.entries


def test_a_clock_that_jumps_back_leaves_entries_in_order_and_they_say_so(clerk: StoreClerk, store: Store) -> None:
    clerk.accepted(commands.Screen, "P1", day=after(10))
    clerk.accepted(commands.Screen, "P2", day=after(3))
    entries = list(store.ledger("small"))
    assert [entry.seq for entry in entries] == [1, 2, 3]
    assert [entry.data.get("clock") for entry in entries] == [None, None, "behind"]
    assert store.verify("small").ok


def test_several_trials_in_one_database_have_ledgers_of_their_own(store: Store) -> None:
    clerks = [StoreClerk.of(store, name=name) for name in ("first", "second")]
    for clerk in clerks:
        clerk.open()
    for number in range(1, 4):
        for clerk in clerks:  # the same numbers and the same command ids in both
            clerk.allocate(f"P{number}")
    assert store.trials() == ("first", "second")
    for clerk in clerks:
        assert list(store.ledger(clerk.desk.trial)) == list(clerk.desk.journal)
        assert store.rebuild(clerk.desk.trial).changed == 0


def test_a_ledger_goes_out_and_in_byte_for_byte_and_goes_on(clerk: StoreClerk, store: Store, tmp_path: Path) -> None:
    a_whole_trial(clerk)
    path = tmp_path / "ledger.jsonl"
    store.export("small", path)
    assert store.import_(path, TEXT, name="copy") == "copy"
    store.export("copy", tmp_path / "again.jsonl")
    assert (tmp_path / "again.jsonl").read_bytes() == path.read_bytes()
    assert store.state("copy") == store.state("small")
    assert store.rebuild("copy").changed == 0
    unlock = clerk.command(commands.UnlockTrial, None, reason="a late report", day=after(205))
    for command in (unlock, clerk.command(commands.Screen, "P8")):
        entries = store.submit("copy", command).entries
        assert entries
        assert entries == store.submit("small", command).entries


def test_a_command_of_an_imported_ledger_gets_the_entries_it_left_and_another_by_its_id_is_refused(
    clerk: StoreClerk, store: Store, tmp_path: Path
) -> None:
    clerk.register("P1")
    clerk.assess("P1")
    command = clerk.command(commands.Allocate, "P1", step="randomisation")
    first = store.submit("small", command, seeds=SEEDS)
    store.export("small", tmp_path / "ledger.jsonl")
    store.import_(tmp_path / "ledger.jsonl", TEXT, name="copy")
    again = store.submit("copy", command, seeds=SEEDS)
    assert (again.repeated, again.arm, again.entries) == (True, first.arm, first.entries)
    stranger = clerk.command(commands.Screen, "P1", id=command.id, actor="eve")
    assert not store.submit("copy", stranger).accepted


def test_a_broken_file_or_another_protocol_is_not_imported(clerk: StoreClerk, store: Store, tmp_path: Path) -> None:
    clerk.allocate("P1")
    path = tmp_path / "ledger.jsonl"
    store.export("small", path)
    with pytest.raises(StoreError, match="another text of the protocol"):
        store.import_(path, TEXT + "# another\n", name="copy")
    with pytest.raises(StoreError, match="there is a trial 'small' already"):
        store.import_(path, TEXT)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:3] + lines[4:]))
    with pytest.raises(LedgerError, match=r"ledger\.jsonl:4"):
        store.import_(path, TEXT, name="copy")
    assert store.trials() == ("small",)


def test_an_entry_that_cannot_follow_is_not_imported_though_its_chain_holds(store: Store, tmp_path: Path) -> None:
    journal = Journal()
    who: dict[str, Any] = {
        "time": "2024-03-01T09:00:00Z",
        "actor": "eve",
        "role": "investigator",
        "site": "01",
        "version": "1",
        "reason": None,
    }
    opened = {"protocol": "small", "version": "1", "digest": loads(TEXT).digest, "commitments": {"main": "ab" * 32}}
    journal.append(**who, participant=None, kind="open", command="c1", data=opened)
    journal.append(**who, participant="P1", kind="visit", command="c2", data={"on": "2024-03-01", "visit": "v"})
    (tmp_path / "ledger.jsonl").write_bytes(journal.to_bytes())
    with pytest.raises(EquipoiseError, match="entry 2"):
        store.import_(tmp_path / "ledger.jsonl", TEXT)
    assert store.trials() == ()


def test_no_trial_of_that_name_is_an_error_of_the_user(store: Store, clerk: StoreClerk) -> None:
    command = clerk.command(commands.Screen, "P1")
    for ask in (store.ledger, store.rebuild, store.verify, store.checkpoint, lambda name: store.submit(name, command)):
        with pytest.raises(StoreError, match="no trial 'nowhere'"):
            ask("nowhere")
    with pytest.raises(StoreError, match="no participant P99"):
        store.participant("small", "P99")


def test_a_malformed_command_is_refused_and_leaves_nothing(store: Store, clerk: StoreClerk) -> None:
    answer = store.submit("small", clerk.command(commands.Screen, "P1", id=7))
    assert isinstance(answer.decision, Refused)
    assert store.ledger("small").entries == 1


def test_an_accepted_command_without_entries_is_kept_too(store: Store, clerk: StoreClerk) -> None:
    first = clerk.command(commands.Screen, "P1", site=None)
    assert store.submit("small", first).decision == store.submit("small", first).decision
    assert store.submit("small", first).repeated
    assert not isinstance(store.submit("small", first).decision, Accepted)


def test_the_store_works_where_an_event_loop_runs(tmp_path: Path) -> None:
    async def trials() -> list[str]:
        return list(Store.open(tmp_path).trials())  # as in a notebook

    with ThreadPoolExecutor(1) as thread:  # this one may have a loop already, of a test with a browser
        assert thread.submit(lambda: asyncio.run(trials())).result() == []
