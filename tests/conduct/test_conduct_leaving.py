"""What each withdrawal ends, one that stops more than the one before, and news of somebody lost."""

from __future__ import annotations

from typing import Any

import pytest
from small_trial import SAFETY, TEXT, Clerk, after

from equipoise.analysis import flow_of, make_datasets
from equipoise.conduct import LOST, commands, fold
from equipoise.protocol import Protocol, loads

RULES = """
  - {id: W5, label: Erase me, by: participant, effect: {treatment: stops, follow_up: stops, data: erased}}
  - {id: W6, label: No visits, by: participant, effect: {treatment: continues, follow_up: stops, data: kept}}
interventions:"""
PROTOCOL = loads(TEXT.replace("\ninterventions:", RULES), file="small.yaml")
CUT = after(400)


@pytest.fixture
def clerk() -> Clerk:
    """One participant, allocated, and seen after 30 days."""
    made = Clerk(PROTOCOL)
    made.open()
    made.allocate()
    made.accepted(commands.Visit, visit="M1", day=after(30))
    return made


def os_row(clerk: Clerk) -> dict[str, Any]:
    """The one row of overall survival."""
    return make_datasets(PROTOCOL, clerk.desk.participants, CUT).adtte.row(0, named=True)


DEAD = {"event": "death", "cause": "other"}
# by rule: may treatment be started, a visit be entered, a death be entered, after the day of the withdrawal
EFFECTS = {
    "W1": (False, False, False),
    "W2": (False, True, True),
    "W3": (False, False, False),
    "W4": (True, True, True),
    "W5": (False, False, False),
    "W6": (False, False, False),
}


@pytest.mark.parametrize("rule", EFFECTS)
def test_each_effect_lets_in_what_goes_on_and_refuses_what_has_ended(clerk: Clerk, rule: str) -> None:
    clerk.accepted(commands.Withdraw, rule=rule, day=after(60))
    start = clerk(commands.Treat, intervention="drug", status="started", day=after(61))
    visit = clerk(commands.Visit, visit="M3", day=after(62))
    death = clerk(commands.Happen, day=after(70), **DEAD)
    assert tuple(type(item).__name__ == "Accepted" for item in (start, visit, death)) == EFFECTS[rule]
    # what lay before it can always be entered, and what was recorded stays
    if EFFECTS[rule][2]:
        return
    clerk.accepted(commands.Visit, visit="M2", day=after(55))
    assert clerk.state().values["age"] == 54


@pytest.mark.parametrize("rule", ["W1", "W3", "W5", "W6"])
def test_who_is_no_longer_observed_is_censored_when_last_seen_and_keeps_the_data_before(
    clerk: Clerk, rule: str
) -> None:
    clerk.accepted(commands.Withdraw, rule=rule, day=after(60))
    row = os_row(clerk)
    assert (row["CNSR"], row["ADT"], row["CNSDTDSC"]) == (1, after(60), f"withdrawn ({rule})")
    (arm,) = [item for item in flow_of(PROTOCOL, clerk.desk.participants, CUT).arms if item.allocated]
    label = next(item.label for item in PROTOCOL.withdrawal if item.id == rule)
    assert (arm.left, arm.treatment_stopped, arm.in_follow_up) == ({label: 1}, {}, 0)


def test_who_stops_treatment_alone_is_followed_counted_by_reason_and_dies_as_an_event(clerk: Clerk) -> None:
    clerk.accepted(commands.Withdraw, rule="W2", day=after(60))
    (arm,) = [item for item in flow_of(PROTOCOL, clerk.desk.participants, CUT).arms if item.allocated]
    assert (arm.left, arm.treatment_stopped, arm.in_follow_up) == ({}, {"Toxicity": 1}, 1)
    clerk.accepted(commands.Happen, day=after(200), **DEAD)
    assert (os_row(clerk)["CNSR"], os_row(clerk)["ADT"]) == (0, after(200))


def test_a_withdrawal_that_stops_more_follows_one_that_stopped_less_and_each_is_kept(clerk: Clerk) -> None:
    clerk.accepted(commands.Withdraw, rule="W2", day=after(60))
    clerk.accepted(commands.Visit, visit="M3", day=after(90))
    clerk.accepted(commands.Withdraw, rule="W1", day=after(120))
    assert [(item.rule, item.on) for item in clerk.state().leavings] == [("W2", after(60)), ("W1", after(120))]
    assert clerk.state().treatment_stopped.rule == "W2"  # type: ignore[union-attr]
    assert "follow-up of P1 stopped" in clerk.refused(commands.Visit, visit="M6", day=after(150))
    assert (os_row(clerk)["ADT"], os_row(clerk)["CNSDTDSC"]) == (after(120), "withdrawn (W1)")
    clerk.accepted(commands.Withdraw, rule="W5", day=after(130))
    assert [item.data for item in clerk.state().leavings] == ["kept", "kept", "erased"]
    assert fold(PROTOCOL, clerk.desk.journal) == (clerk.desk.trial, clerk.desk.participants)


def test_a_withdrawal_that_stops_nothing_more_is_refused(clerk: Clerk) -> None:
    clerk.accepted(commands.Withdraw, rule="W1", day=after(60))
    for rule in ("W1", "W2", "W4", "W6"):
        assert f"{rule} stops nothing more" in clerk.refused(commands.Withdraw, rule=rule, day=after(70))
    assert "before that day" in clerk.refused(commands.Withdraw, rule="W5", day=after(50))


def test_at_a_cut_off_only_the_withdrawals_by_then_count(clerk: Clerk) -> None:
    clerk.accepted(commands.Withdraw, rule="W2", day=after(60))
    clerk.accepted(commands.Withdraw, rule="W1", day=after(120))
    (arm,) = [item for item in flow_of(PROTOCOL, clerk.desk.participants, after(100)).arms if item.allocated]
    assert (arm.left, arm.treatment_stopped) == ({}, {"Toxicity": 1})


def test_erasing_concerns_identities_and_leaves_the_ledger_as_it_is(clerk: Clerk) -> None:
    before = clerk.desk.journal.to_bytes()
    values = dict(clerk.state().values)
    clerk.accepted(commands.Withdraw, rule="W5", day=after(60))
    assert clerk.desk.journal.to_bytes().startswith(before)
    assert clerk.last().data["data"] == "erased"
    assert dict(clerk.state().values) == values
    assert "family_name" not in str(clerk.desk.journal.to_bytes())


def test_who_stopped_treatment_can_be_lost_later(clerk: Clerk) -> None:
    clerk.accepted(commands.Withdraw, rule="W2", day=after(60))
    clerk.accepted(commands.Lose, day=after(90))
    assert [item.rule for item in clerk.state().leavings] == ["W2", LOST]
    assert "stopped on" in clerk.refused(commands.Lose, day=after(100))


def test_news_of_somebody_lost_takes_up_follow_up_and_the_loss_stays_on_record(clerk: Clerk) -> None:
    clerk.accepted(commands.Lose, day=after(60))
    assert "follow-up of P1 stopped" in clerk.refused(commands.Visit, visit="M6", day=after(180))
    clerk.accepted(commands.Find, day=after(180))
    assert clerk.last().data == {"on": after(180).isoformat(), "lost_on": after(60).isoformat(), "alive": True}
    assert (clerk.state().left, clerk.state().last_alive) == (None, after(180))
    assert [(item.rule, item.until) for item in clerk.state().leavings] == [(LOST, after(180))]
    clerk.accepted(commands.Visit, visit="M6", day=after(185))
    clerk.accepted(commands.Lose, day=after(300))
    assert len(clerk.state().leavings) == 2
    assert fold(PROTOCOL, clerk.desk.journal) == (clerk.desk.trial, clerk.desk.participants)


def test_a_death_that_a_register_tells_of_counts_although_follow_up_stays_stopped(clerk: Clerk) -> None:
    clerk.accepted(commands.Lose, day=after(60))
    assert "follow-up of P1 stopped" in clerk.refused(commands.Visit, day=after(150), visit="M3")
    clerk.accepted(commands.Happen, day=after(150), **DEAD)
    assert (os_row(clerk)["CNSR"], os_row(clerk)["ADT"]) == (0, after(150))


def test_a_death_after_a_loss_counts_once_there_is_news(clerk: Clerk) -> None:
    clerk.accepted(commands.Lose, day=after(60))
    clerk.accepted(commands.Find, alive=False, day=after(200))
    assert clerk.state().last_alive == after(60)
    clerk.accepted(commands.Happen, day=after(150), **DEAD)
    assert (os_row(clerk)["CNSR"], os_row(clerk)["ADT"]) == (0, after(150))


def test_at_a_cut_off_before_the_news_the_loss_holds(clerk: Clerk) -> None:
    clerk.accepted(commands.Lose, day=after(60))
    clerk.accepted(commands.Find, day=after(200))
    row = make_datasets(PROTOCOL, clerk.desk.participants, after(150)).adtte.row(0, named=True)
    assert row["CNSDTDSC"] == "lost to follow-up"
    assert os_row(clerk)["CNSDTDSC"] == "last known alive"


def test_there_is_no_news_of_who_is_not_lost(clerk: Clerk) -> None:
    assert "is not lost" in clerk.refused(commands.Find, day=after(60))
    clerk.accepted(commands.Lose, day=after(60))
    assert "before P1 was lost" in clerk.refused(commands.Find, day=after(50))
    clerk.accepted(commands.Find, day=after(90))
    assert "is not lost" in clerk.refused(commands.Find, day=after(100))
    clerk.accepted(commands.Withdraw, rule="W1", day=after(120))
    assert "is not lost" in clerk.refused(commands.Find, day=after(130))


def test_a_report_on_an_event_is_due_although_its_participant_left() -> None:
    protocol: Protocol = loads(SAFETY, file="safety.yaml")
    clerk = Clerk(protocol)
    clerk.open()
    clerk.allocate()
    said = {"term": "Sepsis", "grade": 4, "serious": ("life-threatening",), "aware": after(10)}
    clerk.accepted(commands.ReportAdverseEvent, day=after(10), **said)
    number = int(clerk.last().seq)
    clerk.accepted(commands.Withdraw, rule="W1", day=after(11))
    clerk.accepted(commands.ReportSafety, entry=number, report="susar", day=after(15))
