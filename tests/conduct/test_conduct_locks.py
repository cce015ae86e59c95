"""What may still change: data locks, the final lock, freezes for analyses, and who learnt an arm."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_trial import DAY, SEEDS, TEXT, Clerk, after
from test_conduct_any_command import any_command, likely_command

from equipoise.conduct import Refused, commands, fold
from equipoise.conduct.control import is_open_label
from equipoise.protocol import Protocol, load, loads

LOCKED = "the data of P1 are locked: to unlock them needs a reason"
CHANGING = tuple(
    kind
    for kind in get_args(commands.ParticipantCommand)
    if kind not in (commands.Lock, commands.Unlock, commands.Unblind, commands.Sign)
)


@pytest.fixture
def locked(clerk: Clerk) -> Clerk:
    clerk.allocate()
    clerk.accepted(commands.Lock)
    return clerk


# --- a participant's data


def test_nothing_is_recorded_of_a_locked_participant_until_a_reason_unlocks_them(locked: Clerk) -> None:
    assert locked.last().kind == "lock"
    assert locked.state().locked
    for kind, said in {
        commands.Visit: {"visit": "M3"},
        commands.Correct: {"variable": "age", "value": 50, "reason": "x"},
        commands.Strike: {"entry": 3, "reason": "x"},
        commands.Happen: {"event": "death", "cause": "cancer"},
        commands.Assess: {"name": "follow_up", "responses": {"primary": "PR", "metastatic": "PR"}, "visit": "M3"},
        commands.Record: {"form": "visit", "values": {"pain": 3}, "visit": "M3"},
        commands.Lose: {},
    }.items():
        assert locked.refused(kind, **said) == LOCKED
    locked.allocate("P2", her2="negative")  # nobody else is locked
    assert locked.refused(commands.Lock) == "the data of P1 are locked already"
    assert locked.refused(commands.Unlock) == "to unlock data needs a reason"
    locked.accepted(commands.Unlock, reason="a late laboratory report")
    assert not locked.state().locked
    locked.accepted(commands.Visit, visit="M3")
    assert locked.refused(commands.Unlock, reason="x") == "the data of P1 are not locked"


@settings(max_examples=150)
@given(asked=st.lists(likely_command(CHANGING) | any_command(), max_size=15))
def test_nothing_about_a_locked_participant_changes(protocol: Protocol, asked: list[Any]) -> None:
    clerk = Clerk(protocol)
    clerk.open()
    clerk.allocate()
    clerk.accepted(commands.Lock)
    before = clerk.state()
    for count, one in enumerate(asked):
        if isinstance(one, commands.Unlock):
            continue
        clerk.desk.submit(replace(one, id=f"next{count}"))
    now = clerk.state()
    added = now.history[len(before.history) :]
    assert {entry.kind for entry in added} <= {"unblind", "sign", "query", "answer_query", "close_query", "erase"}
    # questions change no data, nor does it that a name was erased, which the ledger never held
    assert replace(now, history=before.history, queries=before.queries, erased_on=before.erased_on) == before


def test_a_strike_before_a_lock_leaves_the_lock(clerk: Clerk) -> None:
    clerk.allocate()
    clerk.accepted(commands.Visit, visit="M3")
    visit = clerk.last().seq
    clerk.accepted(commands.Lock)
    clerk.accepted(commands.Unlock, reason="another person's visit")
    clerk.accepted(commands.Strike, entry=visit, reason="another person's")
    clerk.accepted(commands.Lock)
    assert clerk.state().locked
    assert fold(clerk.protocol, clerk.desk.journal) == (clerk.desk.trial, clerk.desk.participants)


# --- the whole trial


def test_after_the_final_lock_the_trial_is_only_revealed_signed_and_closed(clerk: Clerk) -> None:
    clerk.allocate()
    clerk.accepted(commands.LockTrial)
    assert clerk.desk.trial.locked
    expected = "the data of the trial are locked for good: to unlock them needs a reason"
    assert clerk.refused(commands.Screen, "P2") == expected
    assert clerk.refused(commands.Visit, visit="M3") == expected
    assert clerk.refused(commands.Unlock, reason="x") == expected
    assert clerk.refused(commands.Freeze, analysis="late", cut_off=DAY) == expected
    assert clerk.refused(commands.LockTrial) == expected
    assert clerk.refused(commands.UnlockTrial) == "to unlock the data of the trial needs a reason"
    clerk.accepted(commands.UnlockTrial, reason="a death was reported late")
    clerk.accepted(commands.Visit, visit="M3")
    assert clerk.refused(commands.UnlockTrial, reason="x") == "the data of the trial are not locked"
    clerk.accepted(commands.LockTrial)
    clerk.accepted(commands.Access, looked="export", scope="all tables", reason="archive")
    clerk.finish()


# --- freezes


def test_a_freeze_holds_the_cut_off_and_the_head_that_it_froze(clerk: Clerk) -> None:
    clerk.allocate()
    head, entries = clerk.desk.journal.head, len(clerk.desk.journal)
    assert clerk.refused(commands.Freeze, analysis="interim", cut_off=after(2)) == f"{after(2)} lies in the future"
    clerk.accepted(commands.Freeze, analysis="interim", cut_off=after(100), day=after(120))
    assert clerk.last().data == {
        "analysis": "interim",
        "cut_off": after(100).isoformat(),
        "entries": entries,
        "head": head,
    }
    assert clerk.desk.trial.data_cut == after(100)


def test_freezes_follow_one_another_with_names_of_their_own_and_no_earlier_cut_off(clerk: Clerk) -> None:
    clerk.accepted(commands.Freeze, analysis="interim", cut_off=after(100), day=after(120))
    again = clerk.refused(commands.Freeze, analysis="interim", cut_off=after(110), day=after(120))
    assert again == "there is a freeze for 'interim' already: give the new one a name of its own"
    earlier = clerk.refused(commands.Freeze, analysis="final", cut_off=after(99), day=after(120))
    assert earlier == f"the data cut-off of the freeze before is {after(100)}, and this one's is earlier"
    clerk.accepted(commands.Freeze, analysis="final", cut_off=after(400), day=after(420))
    assert [item.analysis for item in clerk.desk.trial.freezes] == ["interim", "final"]


def test_what_a_freeze_was_too_early_for_says_so(clerk: Clerk) -> None:
    clerk.allocate()
    clerk.accepted(commands.Freeze, analysis="interim", cut_off=after(100), day=after(120))

    def flag(kind: Any, **said: Any) -> Any:
        clerk.accepted(kind, **{"at": clerk.command(commands.Visit, visit="x", day=after(130)).at, **said})
        return clerk.last().data.get("after_freeze")

    assert flag(commands.Visit, visit="M3", on=after(100)) == "interim"
    assert flag(commands.Visit, visit="M4", on=after(101)) is None
    assert flag(commands.Correct, variable="age", value=50, reason="typed wrongly", on=after(130)) == "interim"
    clerk.accepted(commands.Freeze, analysis="final", cut_off=after(125), day=after(130))
    assert flag(commands.Happen, event="progression", on=after(90)) == "final"
    assert flag(commands.Lock, on=after(90)) is None


# --- unblinding, access


def test_who_learns_an_arm_when_and_why_is_an_entry_and_the_answer_holds_the_arm(clerk: Clerk) -> None:
    clerk.register()
    assert clerk.refused(commands.Unblind, reason="x") == "P1 has no arm yet"
    clerk.assess()
    arm = clerk.accepted(commands.Allocate, step="randomisation").arm
    assert clerk.refused(commands.Unblind) == "to unblind needs a reason"
    told = clerk.accepted(commands.Unblind, reason="an anaphylactic reaction", learns="emergency physician")
    assert told.arm == arm
    entry = clerk.last()
    assert (entry.kind, entry.reason, entry.actor) == ("unblind", "an anaphylactic reaction", "anna")
    assert entry.data == {"on": DAY.isoformat(), "learns": "emergency physician"}
    clerk.accepted(commands.Unblind, reason="again")
    assert clerk.last().data["learns"] == "anna"


@pytest.mark.parametrize("masking", ["None (Open Label)", "open-label", "None"])
def test_in_an_open_label_trial_there_is_nothing_to_unblind(masking: str) -> None:
    text = TEXT.replace("\nvariables:", f'\nregistry: {{masking: "{masking}"}}\nvariables:', 1)
    clerk = Clerk(loads(text, file="open.yaml"), seeds=dict(SEEDS))
    clerk.open()
    clerk.allocate()
    assert "open-label" in clerk.refused(commands.Unblind, reason="x")


def test_only_what_the_registry_says_makes_a_trial_open_label(protocol: Protocol) -> None:
    assert is_open_label(load("changhai"))  # Masking: None (Open Label)
    assert not is_open_label(protocol)  # says nothing
    double = TEXT.replace("\nvariables:", '\nregistry: {masking: "Double (Participant, Investigator)"}\nvariables:', 1)
    assert not is_open_label(loads(double, file="double.yaml"))


def test_an_access_says_what_was_looked_at_by_whom_and_why(clerk: Clerk) -> None:
    assert clerk.refused(commands.Access, looked="identities", scope="site 01") == "to look at this needs a reason"
    clerk.accepted(commands.Access, looked="identities", scope="site 01", reason="invitations to the last visit")
    assert clerk.last().data == {"looked": "identities", "scope": "site 01"}
    assert isinstance(clerk(commands.Access, looked="everything", scope="x", reason="x"), Refused)
