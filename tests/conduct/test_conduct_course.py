"""What happens to a participant: treatments, events, withdrawal, loss to follow-up."""

from __future__ import annotations

import pytest
from small_trial import DAY, Clerk, after

from equipoise.conduct import LOST, Accepted, commands
from equipoise.conduct.state import Left


def arms(clerk: Clerk) -> dict[str, str]:
    """One participant of each arm: {arm: number}."""
    found: dict[str, str] = {}
    while len(found) < 2:
        number = f"P{len(clerk.desk.participants) + 1}"
        found.setdefault(clerk.allocate(number), number)
    return found


# --- events


def test_a_death_is_recorded_once_with_its_cause(clerk: Clerk) -> None:
    clerk.allocate()
    assert clerk.refused(commands.Happen, event="death") == "'death' is recorded with its cause: one of cancer, other"
    assert "with its cause" in clerk.refused(commands.Happen, event="death", cause="accident")
    clerk.accepted(commands.Happen, event="death", cause="cancer", day=after(100))
    state = clerk.state()
    assert (state.died_on, state.last_alive) == (after(100), after(100))
    assert state.events[0].matches("death")
    assert state.events[0].matches("death:cancer")
    assert not state.events[0].matches("death:other")
    again = clerk.refused(commands.Happen, event="death", cause="cancer", day=after(90))
    assert again == f"the death of P1 on {after(100)} is recorded"


def test_nothing_happens_after_death_and_what_was_before_can_still_be_entered(clerk: Clerk) -> None:
    clerk.allocate()
    clerk.accepted(commands.Happen, event="death", cause="cancer", day=after(100))
    late: list[tuple[object, dict[str, object]]] = [
        (commands.Happen, {"event": "progression"}),
        (commands.Visit, {"visit": "M6"}),
        (commands.Record, {"form": "visit", "values": {"pain": 1}}),
        (commands.Treat, {"intervention": "drug", "status": "started"}),
        (commands.Assess, {"name": "follow_up", "responses": {"primary": "SD", "metastatic": "SD"}}),
        (commands.Withdraw, {"rule": "W1"}),
        (commands.Lose, {}),
    ]
    for kind, settings in late:
        assert clerk.refused(kind, day=after(101), **settings) == f"P1 died on {after(100)}"
    clerk.accepted(commands.Happen, event="progression", day=after(100))
    clerk.accepted(commands.Visit, visit="M3", day=after(90))


def test_a_death_before_the_last_day_known_alive_is_recorded_with_a_warning(clerk: Clerk) -> None:
    clerk.allocate()
    clerk.accepted(commands.Visit, visit="M3", day=after(90))
    answer = clerk.accepted(commands.Happen, event="death", cause="other", day=after(80))
    assert answer.warnings == (f"P1 was alive on {after(90)} by what is recorded",)


def test_an_event_that_the_protocol_lacks_or_with_a_cause_it_lacks_is_refused(clerk: Clerk) -> None:
    clerk.allocate()
    assert clerk.refused(commands.Happen, event="relapse").startswith("there is no event 'relapse' (there is death, ")
    assert clerk.refused(commands.Happen, event="progression", cause="cancer") == "'progression' has no causes"


def test_an_event_of_one_arm_is_recorded_in_that_arm_only(clerk: Clerk) -> None:
    of = arms(clerk)
    clerk.register("P99")
    clerk.accepted(commands.Happen, of["B"], event="recurrence")
    expected = f"'recurrence' is recorded in arm B, and {of['A']} is in A"
    assert clerk.refused(commands.Happen, of["A"], event="recurrence") == expected
    assert clerk.refused(commands.Happen, "P99", event="recurrence").endswith("and P99 has no arm")


def test_a_crossover_is_marked_and_never_changes_the_arm(clerk: Clerk) -> None:
    of = arms(clerk)
    for arm, crossed in (("A", True), ("B", None)):
        clerk.accepted(commands.Treat, of[arm], intervention="surgery", status="done", day=after(50))
        assert clerk.last().data.get("outside_arm") is crossed
        clerk.accepted(commands.Happen, of[arm], event="late_surgery", day=after(50))
        assert clerk.last().data.get("crossover") is crossed
        assert clerk.state(of[arm]).arm == arm
        assert clerk.state(of[arm]).values["arm"] == arm
        assert len(clerk.state(of[arm]).assignments) == 1


def test_events_of_one_day_keep_their_order_and_the_entry_they_stand_in(clerk: Clerk) -> None:
    clerk.allocate()
    clerk.accepted(commands.Happen, event="progression", day=after(10))
    clerk.accepted(commands.Happen, event="progression", day=after(10))
    entries = [item.entry for item in clerk.state().events]
    assert entries == [len(clerk.desk.journal) - 1, len(clerk.desk.journal)]


def test_whoever_has_died_takes_no_step_whatever_its_day(clerk: Clerk) -> None:
    clerk.register("P1")
    clerk.assess("P1")
    clerk.screen("P2")
    for number in ("P1", "P2"):
        clerk.accepted(commands.Happen, number, event="death", cause="other", day=after(9))
    died = f"died on {after(9)}"
    assert clerk.refused(commands.Allocate, "P1", step="randomisation", day=after(1)) == f"P1 {died}"
    assert clerk.refused(commands.Register, "P2", step="registration", day=after(1)) == f"P2 {died}"


def test_nobody_died_before_a_step_that_was_passed(clerk: Clerk) -> None:
    clerk.register()
    clerk.assess()
    clerk.accepted(commands.Allocate, step="randomisation", day=after(5))
    death = {"event": "death", "cause": "other"}
    reason = clerk.refused(commands.Happen, **death, day=after(4))
    assert reason == f"P1 passed 'randomisation' on {after(5)}, and was alive then"
    clerk.accepted(commands.Happen, **death, day=after(5))


def test_participation_does_not_end_a_second_time_after_a_death(clerk: Clerk) -> None:
    clerk.allocate()
    clerk.accepted(commands.Happen, event="death", cause="other", day=after(9))
    for day in (after(8), after(9)):
        assert clerk.refused(commands.Withdraw, rule="W1", day=day) == f"P1 died on {after(9)}"
        assert clerk.refused(commands.Lose, day=day) == f"P1 died on {after(9)}"


# --- treatment


def test_a_treatment_is_recorded_and_an_unknown_one_refused(clerk: Clerk) -> None:
    clerk.screen()
    clerk.accepted(commands.Treat, intervention="drug", status="started", day=after(3))
    assert clerk.state().last_alive == after(3)
    assert "outside_arm" not in clerk.last().data
    reason = clerk.refused(commands.Treat, intervention="radiation", status="done")
    assert reason == "there is no intervention 'radiation' (there is drug, surgery)"


# --- leaving


def test_a_withdrawal_is_by_a_rule_of_the_protocol_and_only_once(clerk: Clerk) -> None:
    clerk.register()
    assert clerk.refused(commands.Withdraw, rule="W9").startswith("there is no withdrawal rule 'W9' (there is W1, W2")
    clerk.accepted(commands.Withdraw, rule="W1", day=after(5))
    assert clerk.state().left == Left("W1", after(5), "stops", "randomisation", "stops", "kept")
    assert clerk.last().data["treatment"] == "stops"
    assert (
        clerk.refused(commands.Withdraw, rule="W2", day=after(5))
        == f"P1 left on {after(5)} (W1), and W2 stops nothing more"
    )
    assert clerk.refused(commands.Lose, day=after(5)) == f"P1 left on {after(5)} (W1)"


def asked_after(clerk: Clerk, rule: str) -> dict[str, bool]:
    """What is accepted the day after a withdrawal by `rule`."""
    clerk.allocate()
    clerk.accepted(commands.Withdraw, rule=rule, day=after(5))
    asked = {
        "visit": clerk.command(commands.Visit, visit="M1", day=after(6)),
        "form": clerk.command(commands.Record, form="visit", values={"pain": 1}, day=after(6)),
        "started": clerk.command(commands.Treat, intervention="drug", status="started", day=after(6)),
        "stopped": clerk.command(commands.Treat, intervention="drug", status="stopped", day=after(6)),
        "event": clerk.command(commands.Happen, event="progression", day=after(6)),
        "death": clerk.command(commands.Happen, event="death", cause="other", day=after(6)),
    }
    return {name: isinstance(clerk.desk.submit(command), Accepted) for name, command in asked.items()}


@pytest.mark.parametrize(
    ("rule", "refused"),
    [
        ("W1", {"visit", "form", "started", "stopped", "event", "death"}),  # follow-up stops
        ("W2", {"started"}),  # treatment stops, follow-up continues
        ("W3", {"visit", "form", "started", "stopped", "event", "death"}),  # no more data
        ("W4", set()),  # everything continues
    ],
)
def test_a_withdrawal_ends_what_its_rule_says(clerk: Clerk, rule: str, refused: set[str]) -> None:
    answers = asked_after(clerk, rule)
    assert {name for name, accepted in answers.items() if not accepted} == refused


def test_what_was_before_a_withdrawal_can_still_be_entered(clerk: Clerk) -> None:
    clerk.allocate()
    clerk.accepted(commands.Withdraw, rule="W1", day=after(50))
    clerk.accepted(commands.Record, form="visit", values={"pain": 1}, day=after(49))
    clerk.accepted(commands.Happen, event="progression", day=after(50))


@pytest.mark.parametrize("rule", ["W1", "W2", "W3"])
def test_who_has_left_takes_no_further_step(clerk: Clerk, rule: str) -> None:
    clerk.register("P1")
    clerk.assess("P1")
    clerk.screen("P2")
    for number in ("P1", "P2"):
        clerk.accepted(commands.Withdraw, number, rule=rule)
    expected = f"left on {DAY} ({rule}), and takes no further step of the pathway"
    assert expected in clerk.refused(commands.Allocate, "P1", step="randomisation")
    assert expected in clerk.refused(commands.Register, "P2", step="registration")


def test_who_goes_on_with_treatment_may_still_be_allocated(clerk: Clerk) -> None:
    clerk.register()
    clerk.assess()
    clerk.accepted(commands.Withdraw, rule="W4")
    clerk.accepted(commands.Allocate, step="randomisation")


def test_who_is_lost_was_alive_on_that_day_and_is_followed_no_further(clerk: Clerk) -> None:
    clerk.allocate()
    clerk.accepted(commands.Lose, day=after(70))
    state = clerk.state()
    assert state.left == Left(LOST, after(70), "stops")
    assert state.last_alive == after(70)
    assert clerk.refused(commands.Visit, visit="M3", day=after(90)) == (
        f"follow-up of P1 stopped on {after(70)} ({LOST})"
    )
    assert clerk.refused(commands.Lose, day=after(70)) == f"P1 left on {after(70)} ({LOST})"


# --- days


def test_nothing_is_of_a_day_before_screening_but_a_form(clerk: Clerk) -> None:
    clerk.screen()
    expected = f"{after(-1)} is before P1 was screened ({DAY})"
    assert clerk.refused(commands.Happen, event="progression", day=after(-1)) == expected
    assert clerk.refused(commands.Register, step="registration", day=after(-1)) == expected
    assert clerk.refused(commands.Visit, visit="M0", day=after(-1)) == expected


def test_nobody_who_was_not_screened_is_known(clerk: Clerk) -> None:
    assert clerk.refused(commands.Visit, "P7", visit="M0") == "there is no participant P7"
    assert clerk.refused(commands.Register, "P7", step="registration") == "there is no participant P7"
    assert clerk.refused(commands.Correct, "P7", variable="age", value=5, reason="x") == "there is no participant P7"
