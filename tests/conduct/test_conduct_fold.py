"""State is what the entries add up to, and nothing else: for small trials and for rehearsals of the shipped ones."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from small_trial import Clerk, after

from equipoise import trials
from equipoise.conduct import Criteria, TrialState, commands, evolve_participant, evolve_trial, fold, replay_allocations
from equipoise.errors import LedgerError
from equipoise.ledger import Entry, Journal, verify_bytes
from equipoise.protocol import Protocol, load
from equipoise.rehearsal import Rehearsal, rehearse


def short(trial: str) -> Protocol:
    """A shipped trial with a dozen participants and a short follow-up."""
    protocol = load(trial)
    assert protocol.assumptions is not None
    whole = protocol.assumptions.accrual
    accrual = whole.model_copy(update={"participants": 12, "end": whole.start + timedelta(days=200)})
    assumptions = protocol.assumptions.model_copy(update={"accrual": accrual, "cut_off_months": 18})
    return protocol.model_copy(update={"assumptions": assumptions})


@pytest.fixture(scope="module", params=trials.shipped())
def rehearsal(request: pytest.FixtureRequest) -> Rehearsal:
    return rehearse(short(request.param), seed=7)


def test_the_entries_of_a_rehearsal_add_up_to_the_states_that_it_had(rehearsal: Rehearsal) -> None:
    trial, participants = fold(rehearsal.protocol, rehearsal.journal)
    assert trial == rehearsal.trial
    assert participants == rehearsal.participants
    assert len(participants) >= 12
    assert any(state.assignments for state in participants.values())


def test_the_file_of_a_rehearsal_adds_up_to_the_same_states(rehearsal: Rehearsal, tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(rehearsal.journal.to_bytes())
    assert fold(rehearsal.protocol, Journal.read(path)) == fold(rehearsal.protocol, rehearsal.journal)


def test_the_ledger_of_a_rehearsal_is_unbroken_and_closed_and_its_allocations_replay(rehearsal: Rehearsal) -> None:
    result = verify_bytes(rehearsal.journal.to_bytes(), head=rehearsal.trial.head)
    assert (result.ok, result.end, result.entries) == (True, "closed", rehearsal.trial.entries)
    replay = replay_allocations(rehearsal.protocol, rehearsal.journal)
    assert replay.problems == ()
    assert replay.allocations == replay.sealed


def test_every_entry_of_a_rehearsal_says_what_the_states_need(rehearsal: Rehearsal) -> None:
    for entry in rehearsal.journal:
        assert entry.version == rehearsal.protocol.version
        assert entry.time.endswith("Z")
        assert entry.actor
        assert entry.role
        if entry.participant is not None:
            assert rehearsal.participants[entry.participant].number == entry.participant
            assert "on" in entry.data


# --- by steps


def test_the_state_after_each_entry_is_that_of_the_ledger_so_far(clerk: Clerk) -> None:
    clerk.allocate("P1")
    clerk.allocate("P2", her2="negative")
    clerk.accepted(commands.Happen, event="death", cause="other", day=after(9))
    clerk.accepted(commands.Correct, variable="age", value=45, reason="read wrongly")
    clerk.finish()
    so_far, trial = Journal(), TrialState()
    participants = {}
    criteria = Criteria(clerk.protocol)
    for entry in clerk.desk.journal:
        parts = {name: getattr(entry, name) for name in entry.__slots__ if name not in ("seq", "prev")}
        so_far.append(**parts)
        trial = evolve_trial(clerk.protocol, trial, entry, so_far.head)
        if entry.participant is not None:
            before = participants.get(entry.participant)
            participants[entry.participant] = evolve_participant(criteria, before, entry)
        assert fold(clerk.protocol, so_far) == (trial, participants)
    assert (trial, participants) == (clerk.desk.trial, clerk.desk.participants)


def test_a_ledger_without_an_entry_adds_up_to_nothing(protocol: Protocol) -> None:
    assert fold(protocol, Journal()) == (TrialState(), {})


def test_an_empty_desk_and_its_ledger_agree(clerk: Clerk) -> None:
    assert fold(clerk.protocol, clerk.desk.journal) == (clerk.desk.trial, {})


# --- ledgers of another hand


def with_entry(clerk: Clerk, **parts: object) -> Journal:
    """The clerk's ledger, and one more entry."""
    journal = clerk.desk.journal
    defaults = {"time": "2024-03-01T09:00:00Z", "actor": "eve", "role": "x", "site": "01", "participant": "P1"}
    defaults |= {"command": "x", "version": "1"}
    journal.append(**{"reason": None, "kind": "visit", "data": {"on": "2024-03-02"}, **defaults, **parts})
    return journal


@pytest.mark.parametrize(
    "parts",
    [
        {"kind": "levitate"},
        {"kind": "screen"},
        {"participant": "P9"},
        {"data": {}},
        {"data": {"on": "2024-13-01"}},
        {"data": {"on": None}},
        {"kind": "form", "data": {"on": "2024-03-01", "form": "screening", "values": {"age": "old"}}},
        {"kind": "form", "data": {"on": "2024-03-01", "form": "screening", "values": {"shoe_size": 40}}},
        {"kind": "form", "data": {"on": "2024-03-01", "form": "screening", "values": [1]}},
        {"kind": "judge", "data": {"on": "2024-03-01", "answers": {"X1": True}}},
        {"kind": "allocate", "data": {"on": "2024-03-01", "step": "randomisation", "number": 1, "method": "simple"}},
        {"kind": "allocate", "data": {"on": "2024-03-01", "step": "s", "number": 1, "method": "coin", "list": "main"}},
        {"kind": "open", "participant": None, "data": {"version": "1"}},
        {"kind": "register", "data": {"on": "2024-03-01", "step": "registration", "number": None}},
    ],
)
def test_an_entry_that_cannot_be_folded_is_named(clerk: Clerk, parts: dict[str, object]) -> None:
    clerk.screen()
    journal = with_entry(clerk, **parts)
    with pytest.raises(LedgerError, match=f"entry {len(journal)} "):
        fold(clerk.protocol, journal)


def test_a_participant_screened_before_the_ledger_is_not_known(protocol: Protocol) -> None:
    entry = Entry(
        seq=1,
        prev="0" * 64,
        time="2024-03-01T09:00:00Z",
        actor="eve",
        role="x",
        site=None,
        participant="P1",
        kind="visit",
        command="x",
        version="1",
        reason=None,
        data={"on": "2024-03-01"},
    )
    with pytest.raises(LedgerError, match="cannot be about participant P1"):
        evolve_participant(Criteria(protocol), None, entry)
