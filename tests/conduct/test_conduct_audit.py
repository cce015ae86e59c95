"""The audit trail for people: who, when, in which role, what, old and new value, why."""

from __future__ import annotations

import pytest
from guarded_trial import ADMIN, Guarded
from small_trial import Clerk, after

from equipoise.conduct import AuditRow, audit_trail, commands
from equipoise.conduct.audit import NOT_SHOWN
from equipoise.protocol import Protocol


@pytest.fixture
def trial(protocol: Protocol) -> Guarded:
    clerk = Guarded(protocol)
    clerk.begin()
    clerk.screen()
    return clerk


def rows(clerk: Clerk, participant: str | None = None) -> list[tuple[str, str | None, str | None, str | None]]:
    """What, old, new, why of the last entry."""
    seq = clerk.last().seq
    trail = audit_trail(clerk.desk.journal, participant)
    return [(row.what, row.old, row.new, row.reason) for row in trail if row.entry == seq]


def test_a_correction_shows_both_values_who_when_and_why(trial: Guarded) -> None:
    trial.accepted(commands.Correct, variable="age", value=45, reason="typed wrongly", day=after(3))
    assert audit_trail(trial.desk.journal)[-1] == AuditRow(
        entry=trial.last().seq,
        time="2024-03-04T09:00:00Z",
        account="anna",
        role="investigator",
        site="01",
        participant="P1",
        what="age corrected",
        old="54",
        new="45",
        reason="typed wrongly",
    )


def test_each_value_of_a_form_is_a_row(trial: Guarded) -> None:
    trial.accepted(commands.Record, form="visit", values={"pain": 3}, visit="M3", day=after(90))
    assert rows(trial) == [("pain (form visit of M3, 2024-05-30)", None, "3", None)]


def test_a_strike_shows_what_is_struck_out(trial: Guarded) -> None:
    trial.accepted(commands.Record, form="visit", values={"pain": 3}, visit="M3")
    trial.accepted(commands.Strike, entry=trial.last().seq, reason="another person's")
    ((what, old, new, reason),) = rows(trial)
    assert (what, new, reason) == (f"entry {trial.last().seq - 1} (form) struck out", "struck out", "another person's")
    assert old == "pain (form visit of M3, 2024-03-01) = 3"


def test_a_judgement_given_again_shows_the_one_before(trial: Guarded) -> None:
    trial.accepted(commands.Judge, answers={"E1": True})
    assert rows(trial) == [("judgement E1", "no", "yes", None)]


def test_an_assessment_made_again_shows_the_one_before(trial: Guarded) -> None:
    trial.accepted(commands.Register, step="registration")
    trial.assess(response="PR")
    trial.assess(response="SD")
    assert rows(trial) == [
        ("response at induction", "PR (metastatic PR, primary PR)", "SD (metastatic SD, primary SD)", None)
    ]


def test_roles_given_and_taken_are_in_the_trail(trial: Guarded) -> None:
    trial.grant("eva", "investigator", "03")
    assert rows(trial) == [("role of account eva (Eva Person)", None, "investigator at site 03", None)]
    trial.accepted(
        commands.Revoke, None, **ADMIN, account="eva", account_role="investigator", account_site="03", reason="left"
    )
    assert rows(trial) == [("role of account eva", "investigator at site 03", "taken away", "left")]


def test_locks_looks_and_late_entries_are_in_the_trail(clerk: Clerk) -> None:
    clerk.allocate()
    clerk.accepted(commands.Access, looked="export", scope="all", reason="the committee")
    assert rows(clerk) == [("access", None, "looked export; scope all", "the committee")]
    clerk.accepted(commands.Lock)
    assert rows(clerk) == [("lock of the data", None, "locked", None)]
    clerk.accepted(commands.Unlock, reason="late")
    assert rows(clerk) == [("lock of the data", "locked", "unlocked", "late")]
    clerk.accepted(commands.Freeze, analysis="interim", cut_off=after(9), day=after(9))
    clerk.accepted(commands.Visit, visit="M1", day=after(2))
    ((what, *_),) = rows(clerk)
    assert what == "visit (the clock went back) (after the freeze interim)"


def test_arms_are_shown_only_if_asked_for(clerk: Clerk) -> None:
    arm = clerk.allocate()
    hidden, seen = (audit_trail(clerk.desk.journal, arms=arms)[-1].new for arms in (False, True))
    assert (hidden, seen) == (NOT_SHOWN, arm)


def test_every_entry_is_in_the_trail_in_order_and_a_participants_trail_is_a_part_of_it(trial: Guarded) -> None:
    trial.screen("P2")
    trail = audit_trail(trial.desk.journal)
    assert list(dict.fromkeys(row.entry for row in trail)) == [entry.seq for entry in trial.desk.journal]
    assert audit_trail(trial.desk.journal, "P2") == tuple(row for row in trail if row.participant == "P2")
