"""Roles, locks, counts of cohort rules and data quality in a trial that is amended, or screens somebody again."""

from __future__ import annotations

import pytest
from amended import EFFECT, V1, V2, amend
from guarded_trial import Guarded, as_
from small_trial import FORM, TEXT, Clerk, after

from equipoise.conduct import Accepted, Refused, commands, fold, replay_allocations, tallies_of
from equipoise.protocol import Protocol, loads

LATER = after(31)
COHORT = TEXT.replace(
    "withdrawal:",
    "  - {id: C9, label: Pain is bearable, rule: sum(pain) <= 5 * count(*), of: registration}\nwithdrawal:",
)


@pytest.fixture
def guarded(protocol: Protocol) -> Guarded:
    clerk = Guarded(protocol)
    clerk.begin()
    return clerk


def fails(clerk: Clerk, number: str, **settings: object) -> None:
    """Somebody is screened and refused."""
    clerk.accepted(commands.Screen, number, **settings)
    clerk.accepted(commands.Record, number, form="screening", values={**FORM, "age": 17}, **settings)
    assert isinstance(clerk(commands.Register, number, step="registration", **settings), Refused)


def test_the_coordinator_amends_and_erases_and_the_investigator_takes_consent(guarded: Guarded) -> None:
    guarded.accepted(commands.Screen)
    refused = amend(guarded, V2, **as_("anna"))
    assert isinstance(refused, Refused)
    assert "the role 'investigator' may not do this (Amend)" in refused.reasons[0]
    assert isinstance(amend(guarded, V2, **as_("cora")), Accepted)
    guarded.accepted(commands.Reconsent, version="2", day=LATER)
    assert isinstance(guarded(commands.Erase, reason="asked for it", day=LATER), Refused)
    guarded.accepted(commands.Erase, reason="asked for it", day=LATER, **as_("cora"))
    assert replay_allocations(V1, guarded.desk.journal, [V2]).problems == ()
    assert fold(V1, guarded.desk.journal, [V2]) == (guarded.desk.trial, guarded.desk.participants)


def test_somebody_can_be_screened_again_by_an_investigator_of_another_site(guarded: Guarded) -> None:
    fails(guarded, "P1")
    guarded.accepted(commands.Screen, "P2", rescreens="P1", **as_("bert"))
    assert guarded.state("P1").rescreened is not None
    assert replay_allocations(guarded.protocol, guarded.desk.journal).problems == ()


def test_a_locked_screening_is_unlocked_before_the_person_is_screened_again(clerk: Clerk) -> None:
    clerk.open()
    fails(clerk, "P1")
    clerk.accepted(commands.Lock, "P1")
    refused = clerk(commands.Screen, "P2", rescreens="P1")
    assert isinstance(refused, Refused)
    assert refused.reasons == ("the data of P1 are locked: to unlock them needs a reason",)
    clerk.accepted(commands.Unlock, "P1", reason="screened again")
    clerk.accepted(commands.Screen, "P2", rescreens="P1")
    assert replay_allocations(clerk.protocol, clerk.desk.journal).problems == ()


def test_a_name_is_erased_under_every_lock_and_consent_is_not_taken(clerk: Clerk) -> None:
    clerk.open()
    clerk.accepted(commands.Screen)
    clerk.accepted(commands.Screen, "P2")
    assert isinstance(amend(clerk, V2), Accepted)
    clerk.accepted(commands.Lock)
    assert isinstance(clerk(commands.Reconsent, version="2", day=LATER), Refused)
    clerk.accepted(commands.Erase, reason="asked for it", day=LATER)
    clerk.accepted(commands.LockTrial, None, day=LATER)
    clerk.accepted(commands.Erase, "P2", reason="asked for it", day=LATER)
    assert replay_allocations(V1, clerk.desk.journal, [V2]).problems == ()


def test_the_rules_of_every_version_count_everybody() -> None:
    clerk = Clerk(V1)
    clerk.open()
    clerk.allocate("P1")
    new = loads(
        COHORT.replace(
            'versions: [{number: "1", summary: The first.}]',
            'versions: [{number: "1", summary: The first.}, {number: "2", summary: Pain is watched.}]',
        ),
        file="new.yaml",
    )
    assert isinstance(amend(clerk, new, on=EFFECT), Accepted)
    for day in (after(2), LATER):
        states = [(state.steps, state.values) for state in clerk.desk.participants.values()]
        criteria = clerk.desk.criteria
        assert clerk.desk._tallies == {name: tallies_of(item, states) for name, item in criteria.versions.items()}
        assert "C9" in clerk.desk._tallies["2"]
        assert "C9" not in clerk.desk._tallies["1"]
        clerk.accepted(commands.Record, form="visit", values={"pain": 9}, day=day)
    decided = clerk(commands.CheckCohort, day=LATER)
    assert {draft.data["rule"]: draft.data["verdict"] for draft in decided.drafts}["C9"] == "fail"
