"""An arm given by hand while a site is offline: who may, with which reason, how the list counts it, how it replays."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from small_trial import BLOCKS, SIMPLE, Clerk, after, small

from equipoise.conduct import Accepted, Refused, commands, fold, replay_allocations
from equipoise.ledger import Journal

GIVEN: dict[str, Any] = {"step": "randomisation", "arm": "B", "role": "coordinator", "reason": "site 01 was offline"}


def opened(allocation: str | None = None) -> Clerk:
    """A clerk of the small trial, opened, with another list if that is given."""
    clerk = Clerk(small() if allocation is None else small(allocation))
    clerk.open()
    return clerk


def ready(clerk: Clerk, participant: str = "P1", **options: Any) -> None:
    """Somebody who has been registered and assessed."""
    clerk.register(participant, **options)
    clerk.assess(participant)


def test_the_coordinating_centre_gives_an_arm_and_the_entry_says_so(clerk: Clerk) -> None:
    ready(clerk)
    decision = clerk.accepted(commands.AllocateByHand, **GIVEN, actor="ruth", site=None)
    entry = clerk.last()
    assert decision.arm == "B"
    assert (entry.kind, entry.actor, entry.role, entry.reason) == (
        "allocate",
        "ruth",
        "coordinator",
        "site 01 was offline",
    )
    assert entry.data == {
        "list": "main",
        "method": "by-hand",
        "stratum": "all",
        "k": 1,
        "levels": {"site": "01", "her2": "positive", "age_group": "young"},
        "probabilities": {"A": "1/2", "B": "1/2"},
        "arm": "B",
        "step": "randomisation",
        "on": "2024-03-01",
        "number": 1,
    }
    assert (clerk.state().arm, clerk.state().assignments[0].method) == ("B", "by-hand")
    assert clerk.state().at_allocation == {"site": "01", "her2": "positive", "age_group": "young"}


def test_the_next_minimisation_counts_it_and_the_next_draw_has_the_next_number(clerk: Clerk) -> None:
    ready(clerk)
    clerk.accepted(commands.AllocateByHand, **GIVEN)
    clerk.allocate("P2")
    data = clerk.last().data
    assert (data["k"], data["preferred"], data["imbalance"]) == (2, ["A"], {"A": "0", "B": "6"})
    assert data["probabilities"] == {"A": "4/5", "B": "1/5"}
    assert data["number"] == 2


def test_a_place_of_an_open_block_is_taken_and_no_block_is_opened() -> None:
    clerk = opened(BLOCKS)
    ready(clerk)
    clerk.accepted(commands.AllocateByHand, **GIVEN)
    assert clerk.desk.trial.lists["main"].at("her2=positive").blocks == 0
    clerk.allocate("P2")
    before = clerk.desk.trial.lists["main"].at("her2=positive").left
    arm = next(arm for arm, places in before.items() if places)
    ready(clerk, "P3")
    clerk.accepted(commands.AllocateByHand, "P3", **{**GIVEN, "arm": arm})
    assert sum(clerk.desk.trial.lists["main"].at("her2=positive").left.values()) == sum(before.values()) - 1
    clerk.allocate("P4")
    assert clerk.last().data["k"] == 4


def test_a_day_in_the_past_is_recorded_as_it_was(clerk: Clerk) -> None:
    ready(clerk)
    at = clerk.command(commands.Lose, day=after(3)).at
    clerk.accepted(commands.AllocateByHand, **GIVEN, at=at)
    assert clerk.last().data["on"] == "2024-03-01"
    assert clerk.last().time == "2024-03-04T09:00:00Z"
    clerk.finish()
    assert replay_allocations(clerk.protocol, clerk.desk.journal).problems == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reason": None}, "an arm that is given by hand needs a reason"),
        ({"reason": "  "}, "an arm that is given by hand needs a reason"),
        ({"role": "investigator"}, "an arm is given by hand by the coordinator, and not by the investigator"),
        ({"role": "monitor"}, "an arm is given by hand by the coordinator, and not by the monitor"),
        ({"arm": "C"}, "list 'main' cannot take this: 'C' is not an arm of this list; its arms are A, B"),
        ({"step": "registration"}, "the pathway has no such step 'registration' (there is randomisation)"),
    ],
)
def test_what_is_not_an_allocation_by_hand_is_refused(clerk: Clerk, change: dict[str, Any], said: str) -> None:
    ready(clerk)
    assert clerk.refused(commands.AllocateByHand, **{**GIVEN, **change}) == said


def test_who_fails_the_criteria_gets_no_arm_by_hand_and_the_refusal_is_an_entry(clerk: Clerk) -> None:
    clerk.register()
    clerk.assess(response="PD")
    decision = clerk(commands.AllocateByHand, **GIVEN)
    assert isinstance(decision, Refused)
    assert clerk.last().kind == "refuse"
    assert clerk.last().reason == "site 01 was offline"
    assert clerk.state().arm is None
    assert replay_allocations(clerk.protocol, clerk.desk.journal).problems == ()


def test_nobody_is_allocated_by_hand_twice_or_after_a_draw_or_before_registration(clerk: Clerk) -> None:
    clerk.screen()
    assert "has not passed 'registration'" in clerk.refused(commands.AllocateByHand, **GIVEN)
    clerk.accepted(commands.Register, step="registration")
    clerk.assess()
    clerk.accepted(commands.AllocateByHand, **GIVEN)
    assert clerk.refused(commands.AllocateByHand, **GIVEN) == "P1 passed 'randomisation' on 2024-03-01"
    assert clerk.refused(commands.Allocate, step="randomisation") == "P1 passed 'randomisation' on 2024-03-01"


def test_a_level_that_is_not_recorded_is_asked_for(clerk: Clerk) -> None:
    ready(clerk, her2=None)
    assert "her2 is not recorded" in clerk.refused(commands.AllocateByHand, **GIVEN)


def test_after_the_seeds_are_revealed_no_arm_is_given(clerk: Clerk) -> None:
    ready(clerk)
    clerk.accepted(commands.Reveal, seeds={"main": clerk.seeds["main"].hex()})
    assert "the seeds have been revealed" in clerk.refused(commands.AllocateByHand, **GIVEN)


def test_the_dead_and_those_who_left_get_no_arm_by_hand(clerk: Clerk) -> None:
    ready(clerk)
    clerk.accepted(commands.Withdraw, rule="W1")
    assert "takes no further step" in clerk.refused(commands.AllocateByHand, **GIVEN)
    ready(clerk, "P2")
    clerk.accepted(commands.Happen, "P2", event="death", cause="other")
    assert "P2 died on" in clerk.refused(commands.AllocateByHand, "P2", **GIVEN)


def test_arms_by_class_are_not_given_by_hand(board: Clerk) -> None:
    board.accepted(commands.Screen)
    board.accepted(commands.Record, form="screening", values={"fit": True})
    board.accepted(commands.Register, step="registration")
    said = board.refused(commands.AllocateByHand, **{**GIVEN, "step": "assignment", "arm": "drugs"})
    assert said.startswith("the pathway has no such step 'assignment'")


def test_the_same_command_again_gives_the_first_answer_and_no_second_entry(clerk: Clerk) -> None:
    ready(clerk)
    command = clerk.command(commands.AllocateByHand, **GIVEN)
    first = clerk.desk.submit(command)
    entries = len(clerk.desk.journal)
    assert isinstance(first, Accepted)
    assert clerk.desk.submit(command) == first
    assert len(clerk.desk.journal) == entries


# --- replay


def ledger(allocation: str | None = None) -> Clerk:
    """A closed trial in which the second and the fifth of six were given arms by hand."""
    clerk = opened(allocation)
    for i in range(6):
        if i in (1, 4):
            ready(clerk, f"P{i}", site=f"0{i % 2}")
            clerk.accepted(commands.AllocateByHand, f"P{i}", **GIVEN)
        else:
            clerk.allocate(f"P{i}", site=f"0{i % 2}")
    clerk.finish()
    return clerk


@pytest.mark.parametrize("allocation", [None, BLOCKS, SIMPLE])
def test_a_ledger_with_arms_given_by_hand_replays_and_adds_up(allocation: str | None) -> None:
    clerk = ledger(allocation)
    result = replay_allocations(clerk.protocol, clerk.desk.journal)
    assert (result.problems, result.allocations, result.sealed, result.by_hand) == ((), 4, 4, 2)
    assert str(result) == "4 allocations replayed from the revealed seeds; 2 given by hand"
    assert fold(clerk.protocol, clerk.desk.journal) == (clerk.desk.trial, clerk.desk.participants)


Body = dict[str, Any]


def without_reason(body: Body) -> None:
    body["reason"] = " "


def by_a_monitor(body: Body) -> None:
    body["role"] = "monitor"


def another_probability(body: Body) -> None:
    body["data"]["probabilities"] = {"A": "1/3", "B": "2/3"}


def another_number(body: Body) -> None:
    body["data"]["k"] = 7


def with_a_draw(body: Body) -> None:
    body["data"]["draw"] = "5"


def of_another_level(body: Body) -> None:
    body["data"]["levels"]["her2"] = "negative"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without_reason, "no reason is"),
        (by_a_monitor, "by hand by the monitor"),
        (another_probability, "probabilities: recorded"),
        (another_number, "k: recorded 7"),
        (with_a_draw, "not what the entry of such a step does"),
        (of_another_level, "levels: recorded"),
    ],
)
def test_an_entry_by_hand_that_was_changed_is_found(change: Callable[[Body], None], said: str) -> None:
    clerk = ledger()
    bodies = [json.loads(line)["entry"] for line in clerk.desk.journal.to_bytes().splitlines()]
    body = next(body for body in bodies if body["data"].get("method") == "by-hand")
    change(body)
    forged = Journal()
    for one in bodies:
        forged.append(**{name: value for name, value in one.items() if name not in ("seq", "prev")})
    problems = replay_allocations(clerk.protocol, forged).problems
    assert any(entry == body["seq"] and said in what for entry, what in problems)


def test_a_drawn_arm_cannot_be_passed_off_as_given_by_hand() -> None:
    clerk = ledger()
    bodies = [json.loads(line)["entry"] for line in clerk.desk.journal.to_bytes().splitlines()]
    body = next(body for body in bodies if body["kind"] == "allocate" and body["data"]["method"] == "minimisation")
    body["data"]["method"] = "by-hand"
    forged = Journal()
    for one in bodies:
        forged.append(**{name: value for name, value in one.items() if name not in ("seq", "prev")})
    found = [what for entry, what in replay_allocations(clerk.protocol, forged).problems if entry == body["seq"]]
    assert any("not what the entry of such a step does" in what for what in found)
    assert any("no reason is" in what for what in found)
