"""Default deny: in a trial with an administrator nobody does anything without a role that the ledger gave them."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args

import pytest
from guarded_trial import ADMIN, PEOPLE, Guarded, as_
from hypothesis import given, settings
from hypothesis import strategies as st
from small_trial import Clerk, after
from test_conduct_any_command import USUAL, any_command, check, likely_command

from equipoise.conduct import PERMISSIONS, Refused, commands, fold, replay_allocations
from equipoise.conduct.desk import Desk
from equipoise.conduct.permissions import COMMANDS_OF, may, roles_of
from equipoise.ledger import Journal
from equipoise.protocol import Protocol

DOCS = Path(__file__).parents[2] / "docs"
KINDS = {kind.__name__ for kind in (*get_args(commands.ParticipantCommand), *get_args(commands.TrialCommand))}


@pytest.fixture
def trial(protocol: Protocol) -> Guarded:
    clerk = Guarded(protocol)
    clerk.begin()
    return clerk


def enter(trial: Guarded) -> None:
    """Screen and judge P1, each in their own account."""
    trial.screen()
    trial.accepted(commands.Register, step="registration")
    trial.assess()
    trial.accepted(commands.Allocate, step="randomisation")


# --- the table


def test_every_kind_of_command_is_somebodys_and_the_table_names_no_other(protocol: Protocol) -> None:
    somebodys = frozenset().union(*(may(protocol, role) for role in roles_of(protocol)))
    assert somebodys == KINDS - {"Open"}
    assert frozenset().union(*PERMISSIONS.values()) <= KINDS
    assert frozenset().union(*COMMANDS_OF.values()) == KINDS - {"Open"}


def test_every_documented_kind_of_entry_has_the_commands_that_leave_it() -> None:
    table = (DOCS / "ledger.md").read_text(encoding="utf-8").split("### Kinds", 1)[1].split("\n\n")[2]
    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == COMMANDS_OF.keys() | {"open"}


def test_the_page_on_roles_shows_the_table() -> None:
    rows = re.findall(r"^\| `([a-z ]+)` \|(.*)\|$", (DOCS / "roles.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {role: frozenset(re.findall(r"`(\w+)`", kinds)) for role, kinds in rows} == dict(PERMISSIONS)


def test_a_role_that_the_protocol_names_may_judge_and_fill_in_and_no_more(protocol: Protocol) -> None:
    assert may(protocol, "surgeon") == {"Judge", "Sign"}
    assert may(protocol, "investigator") == PERMISSIONS["investigator"] | {"Judge"}
    assert may(protocol, "passer-by") == frozenset()


def test_the_statistician_sees_nothing_concealed() -> None:
    concealed = {"Allocate", "AllocateByHand", "Unblind", "Reveal"}
    assert not PERMISSIONS["statistician"] & concealed
    assert not PERMISSIONS["monitor"] & (concealed | {"Record", "Correct", "Strike"})


# --- grants


def test_an_entry_keeps_who_was_given_which_role_and_whose_account_it_is(trial: Guarded) -> None:
    first, second = list(trial.desk.journal)[:2]
    assert (first.data["administrator"], first.data["printed_name"]) == ("root", "Root Person")
    assert (second.kind, second.actor, second.data) == (
        "grant",
        "root",
        {"account": "cora", "role": "coordinator", "printed_name": "Cora Person"},
    )
    trial.accepted(commands.Revoke, None, **ADMIN, account="moni", account_role="monitor", reason="has left")
    assert (trial.last().kind, trial.last().reason) == ("revoke", "has left")


def test_only_an_administrator_gives_and_takes_roles(trial: Guarded) -> None:
    said = {"account": "eve", "account_role": "monitor", "printed_name": "Eve"}
    assert trial.refused(commands.Grant, None, **as_("cora"), **said) == (
        "the role 'coordinator' may not do this (Grant)"
    )
    assert trial.refused(commands.Revoke, None, **as_("cora"), account="moni", account_role="monitor", reason="x")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"account_role": "wizard"}, "there is no role 'wizard'"),
        ({"account_role": "administrator", "account_site": "01"}, "an administrator is one of the whole trial"),
        ({"account": "anna", "account_site": "01", "printed_name": "Anna Person"}, "has the role 'investigator' at"),
        ({"account": "anna", "printed_name": "Eve"}, "the account anna is that of Anna Person"),
    ],
)
def test_a_grant_that_cannot_be_is_refused(trial: Guarded, said: dict[str, Any], reason: str) -> None:
    given = {"account": "eve", "account_role": "investigator", "printed_name": "Eve", **said}
    assert reason in trial.refused(commands.Grant, None, **ADMIN, **given)


def test_an_account_stays_its_persons_when_no_role_is_left(trial: Guarded) -> None:
    trial.accepted(commands.Revoke, None, **ADMIN, account="moni", account_role="monitor", reason="has left")
    again = {"account": "moni", "account_role": "monitor"}
    reason = trial.refused(commands.Grant, None, **ADMIN, **again, printed_name="Another Moni")
    assert reason == "the account moni is that of Moni Person: an account is one person's for ever"
    trial.grant("moni", "monitor")


def test_the_only_administrator_stays(trial: Guarded) -> None:
    own = {"account": "root", "account_role": "administrator", "reason": "x"}
    assert "only administrator" in trial.refused(commands.Revoke, None, **ADMIN, **own)
    trial.grant("vera", "administrator")
    trial.accepted(commands.Revoke, None, **ADMIN, **own)
    assert trial.desk.trial.administrators == ("vera",)
    reason = trial.refused(commands.Revoke, None, **ADMIN, account="vera", account_role="administrator", reason="x")
    assert reason == "the account root does not have the role 'administrator' in this trial"


def test_a_role_is_taken_with_a_reason_and_only_if_it_is_held(trial: Guarded) -> None:
    assert "needs a reason" in trial.refused(commands.Revoke, None, **ADMIN, account="moni", account_role="monitor")
    assert "does not have the role" in trial.refused(
        commands.Revoke, None, **ADMIN, account="moni", account_role="monitor", account_site="01", reason="x"
    )


def test_a_trial_without_an_administrator_checks_no_roles_and_grants_none(clerk: Clerk) -> None:
    assert clerk.desk.trial.administrators is None
    said = {"account": "eve", "account_role": "monitor", "printed_name": "Eve"}
    assert "opened without an administrator" in clerk.refused(commands.Grant, None, **said)
    clerk.accepted(commands.Screen, actor="anybody")


@pytest.mark.parametrize("said", [{"administrator": "root"}, {"printed_name": "Root"}])
def test_an_administrator_is_named_whole(protocol: Protocol, said: dict[str, str]) -> None:
    assert isinstance(Guarded(protocol).open(**ADMIN, **said), Refused)


# --- acting


def test_a_trial_goes_its_way_in_the_hands_of_those_who_may(trial: Guarded) -> None:
    enter(trial)
    trial.accepted(commands.Freeze, None, **as_("stan"), analysis="final", cut_off=after(10), day=after(10))
    assert "final lock comes before" in trial.refused(commands.Close, None, **as_("cora"))
    trial.accepted(commands.LockTrial, None, **as_("cora"))
    seeds = {name: seed.hex() for name, seed in trial.seeds.items()}
    trial.accepted(commands.Reveal, None, **as_("cora"), seeds=seeds)
    trial.accepted(commands.Close, None, **as_("cora"))
    assert fold(trial.protocol, trial.desk.journal) == (trial.desk.trial, trial.desk.participants)
    assert replay_allocations(trial.protocol, trial.desk.journal).problems == ()


def test_a_role_at_a_site_is_one_for_its_participants(trial: Guarded) -> None:
    enter(trial)
    visit = {"visit": "M3"}
    reason = trial.refused(commands.Visit, **as_("bert"), **visit)
    assert reason == "the account bert has the role 'investigator' at site 02, and acts for site 01"
    assert "acts at site 01" in trial.refused(commands.Visit, actor="bert", role="investigator", site="01", **visit)
    assert "acts at no site" in trial.refused(commands.Visit, actor="bert", role="investigator", site=None, **visit)
    assert "acts at site 02" in trial.refused(commands.Screen, "P2", actor="anna", site="02")
    trial.accepted(commands.Visit, **as_("anna"), **visit)
    trial.accepted(commands.Visit, **as_("cora"), **visit)


def test_a_role_counts_until_it_is_taken_and_for_its_own_kinds_only(trial: Guarded) -> None:
    enter(trial)
    assert trial.refused(commands.Correct, **as_("moni"), variable="age", value=50, reason="x") == (
        "the role 'monitor' may not do this (Correct)"
    )
    said = {"account": "anna", "account_role": "investigator", "account_site": "01"}
    trial.accepted(commands.Revoke, None, **ADMIN, **said, reason="has left")
    assert "does not have the role" in trial.refused(commands.Visit, **as_("anna"), visit="M3")
    assert "does not have the role" in trial.refused(commands.Visit, actor="anna", role="coordinator", visit="M3")


def test_a_refusal_for_want_of_a_role_does_not_tell_whether_there_is_such_a_participant(trial: Guarded) -> None:
    enter(trial)
    stranger = {"actor": "eve", "role": "monitor", "visit": "M3", "site": "01"}
    assert trial.refused(commands.Visit, "P1", **stranger) == trial.refused(commands.Visit, "P9", **stranger)


# --- whatever is asked

ROLES = [*PERMISSIONS, "surgeon", "wizard"]


@settings(max_examples=150)
@given(
    asked=st.lists(likely_command(tuple(set(get_args(commands.ParticipantCommand)))) | any_command(), max_size=12),
    who=st.lists(st.tuples(st.sampled_from(["eve", "moni", "bert"]), st.sampled_from(ROLES)), min_size=12, max_size=12),
)
def test_no_command_of_an_account_without_the_role_leaves_an_entry(
    protocol: Protocol, asked: list[Any], who: list[tuple[str, str]]
) -> None:
    trial = Guarded(protocol)
    trial.begin()
    enter(trial)
    before = trial.desk.journal.to_bytes()
    for count, (one, (actor, role)) in enumerate(zip(asked, who, strict=False)):
        held = PEOPLE.get(actor, ("", None))[0] == role
        if held and type(one).__name__ in may(protocol, role):
            continue  # moni may look and sign, bert may do his work at site 02
        decision = trial.desk.submit(replace(one, id=f"next{count}", actor=actor, role=role))
        assert isinstance(decision, Refused)
    assert trial.desk.journal.to_bytes() == before


@settings(max_examples=80)
@given(
    asked=st.lists(st.tuples(likely_command(tuple(USUAL)), st.sampled_from([*PEOPLE, "root", "eve"])), max_size=25),
)
def test_whoever_asks_whatever_the_ledger_folds_and_replays_without_a_problem(
    protocol: Protocol, asked: list[tuple[Any, str]]
) -> None:
    trial = Guarded(protocol)
    trial.begin()
    enter(trial)
    commanded = []
    for one, account in asked:
        said = {**ADMIN, **(as_(account) if account in PEOPLE else {}), "actor": account}
        commanded.append(replace(one, **said))
    check(trial, commanded)


# --- the ledger of another hand


def forged(trial: Guarded, changed: dict[int, dict[str, Any]]) -> Journal:
    """The ledger written anew with some parts of some entries changed: its chain holds."""
    journal = Journal()
    for entry in trial.desk.journal:
        parts = {field.name: getattr(entry, field.name) for field in fields(entry)}
        parts |= changed.get(entry.seq, {})
        journal.append(**{name: value for name, value in parts.items() if name not in ("seq", "prev")})
    return journal


def test_the_replay_names_every_entry_by_an_account_without_the_role(trial: Guarded) -> None:
    enter(trial)
    assert replay_allocations(trial.protocol, trial.desk.journal).problems == ()
    for entry in list(trial.desk.journal)[1:]:
        for change in ({"actor": "eve"}, {"role": "statistician"}, {"site": "02"} if entry.site else {"role": "x"}):
            problems = dict(replay_allocations(trial.protocol, forged(trial, {entry.seq: change})).problems)
            assert entry.seq in problems, (entry, change)


def test_the_replay_finds_an_entry_that_comes_before_its_grant_or_after_its_revocation(trial: Guarded) -> None:
    trial.accepted(commands.Screen)
    said = {"account": "anna", "account_role": "investigator", "account_site": "01"}
    trial.accepted(commands.Revoke, None, **ADMIN, **said, reason="has left")
    journal = forged(trial, {})
    shared = {"time": "2024-03-01T09:00:00Z", "role": "investigator", "reason": None, "version": "1"}
    late = {"kind": "visit", "participant": "P1", "site": "01", "actor": "anna", "command": "late"}
    entry = journal.append(**shared, **late, data={"on": "2024-03-01", "visit": "M3"})
    problems = replay_allocations(trial.protocol, journal).problems
    assert problems == ((entry.seq, "the account anna does not have the role 'investigator' in this trial"),)


def test_the_replay_finds_what_was_entered_against_a_lock_or_without_its_mark(trial: Guarded) -> None:
    enter(trial)
    trial.accepted(commands.Freeze, None, **as_("stan"), analysis="interim", cut_off=after(9), day=after(10))
    freeze = trial.last()
    trial.accepted(commands.Visit, visit="M1", on=after(9), day=after(10))
    visit = trial.last()
    trial.accepted(commands.Lock, **as_("dana"), day=after(10))
    shared = {"time": "2024-03-20T09:00:00Z", "role": "investigator", "reason": None, "version": "1", "site": "01"}
    late = {"kind": "visit", "participant": "P1", "actor": "anna", "command": "late"}
    journal = forged(trial, {visit.seq: {"data": {"on": "2024-03-10", "visit": "M1"}}})
    added = journal.append(**shared, **late, data={"on": "2024-03-20", "visit": "M2"})
    close = {**shared, "role": "coordinator", "actor": "cora", "kind": "close", "participant": None, "command": "c"}
    closed = journal.append(**close, data={"entries": len(journal) + 1})
    assert replay_allocations(trial.protocol, journal).problems == (
        (visit.seq, "after_freeze: recorded None, by the freezes before 'interim'"),
        (added.seq, "the data of P1 were locked"),
        (closed.seq, "the trial was closed before its final lock"),
    )
    moved = forged(trial, {freeze.seq: {"data": {**freeze.data, "entries": 3}}})
    assert replay_allocations(trial.protocol, moved).problems == (
        (freeze.seq, "the freeze does not hold the number and the head of the entries before it"),
    )


def test_the_replay_finds_what_was_entered_under_the_final_lock(trial: Guarded) -> None:
    enter(trial)
    trial.accepted(commands.LockTrial, None, **as_("cora"))
    journal = forged(trial, {})
    shared = {"time": "2024-03-20T09:00:00Z", "role": "investigator", "reason": None, "version": "1", "site": "01"}
    late = {"kind": "visit", "participant": "P1", "actor": "anna", "command": "late"}
    added = journal.append(**shared, **late, data={"on": "2024-03-20", "visit": "M2"})
    assert replay_allocations(trial.protocol, journal).problems == ((added.seq, "the data of the trial were locked"),)


def test_a_kind_of_entry_that_nobody_may_leave_is_found(trial: Guarded) -> None:
    journal = forged(trial, {})
    shared = {"time": "2024-03-01T09:00:00Z", "role": "coordinator", "reason": None, "version": "1", "site": None}
    entry = journal.append(**shared, kind="levitate", participant=None, actor="cora", command="x", data={})
    assert replay_allocations(trial.protocol, journal).problems == (
        (entry.seq, "the role 'coordinator' may not do this (nobody may)"),
    )


def test_the_accounts_of_a_ledger_are_what_its_entries_give(trial: Guarded) -> None:
    assert Desk(trial.protocol).accounts == {}
    assert set(trial.desk.accounts) == {"root", *PEOPLE}
    assert trial.desk.accounts["anna"].roles == {("investigator", "01")}
