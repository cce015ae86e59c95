"""Allocation by class: each assessment classifies, a new class gives a new assignment, the first arm counts."""

from __future__ import annotations

import pytest
from small_trial import Clerk, after

from equipoise.conduct import Accepted, Refused, commands
from equipoise.conduct.lists import arm_of_class, method_of
from equipoise.errors import AllocationError
from equipoise.protocol import Protocol


def enter(board: Clerk, number: str = "P1") -> None:
    board.accepted(commands.Screen, number)
    board.accepted(commands.Record, number, form="screening", values={"fit": True})
    board.accepted(commands.Register, number, step="registration")


def evaluate(board: Clerk, metastatic: str, days: int, number: str = "P1") -> Accepted:
    """One turn of the loop; the answer to the assignment."""
    responses = {"primary": "SD", "metastatic": metastatic}
    board.accepted(commands.Assess, number, name="evaluation", responses=responses, day=after(days))
    board.accepted(commands.Classify, number, by="response_class", day=after(days))
    board.accepted(commands.Judge, number, role="board", answers={"I2": True}, day=after(days))
    return board.accepted(commands.Allocate, number, step="assignment", day=after(days))


def test_a_new_class_gives_a_new_assignment_and_the_first_arm_is_kept(board: Clerk) -> None:
    enter(board)
    for metastatic, days in (("PR", 90), ("PR", 180), ("CR", 270), ("PD", 360)):
        evaluate(board, metastatic, days)
    state = board.state()
    assert [(item.step, item.on) for item in state.classes] == [
        ("response_class", after(days)) for days in (90, 180, 270, 360)
    ]
    assert [item.arm for item in state.classes] == ["d", "d", "a", "d"]
    assert [(item.arm, item.on) for item in state.assignments] == [
        ("drugs", after(90)),
        ("operated", after(270)),
        ("drugs", after(360)),
    ]
    assert state.arm == state.values["arm"] == "drugs"
    assert state.current_arm == "drugs"
    assert state.steps["assignment"] == after(90)
    assert state.values["assignment_date"] == after(90)


def test_the_same_class_again_is_no_new_assignment_and_leaves_no_entry(board: Clerk) -> None:
    enter(board)
    evaluate(board, "PR", 90)
    entries = len(board.desk.journal)
    decision = board.accepted(commands.Allocate, step="assignment", day=after(90))
    assert (decision.arm, decision.drafts, len(board.desk.journal)) == ("drugs", (), entries)


def test_a_participant_counts_once_however_often_the_class_changes(board: Clerk) -> None:
    enter(board)
    for metastatic, days in (("PR", 90), ("CR", 180), ("PD", 270)):
        evaluate(board, metastatic, days)
    assert board.desk.trial.passed == {"registration": 1, "assignment": 1}
    assert board.desk.trial.lists == {}


def test_treatment_of_the_newest_arm_is_no_treatment_of_another(board: Clerk) -> None:
    enter(board)
    evaluate(board, "PR", 90)
    board.accepted(commands.Treat, intervention="surgery", status="done", day=after(91))
    assert board.last().data["outside_arm"] is True
    evaluate(board, "CR", 180)
    board.accepted(commands.Treat, intervention="surgery", status="done", day=after(181))
    assert "outside_arm" not in board.last().data
    assert board.state().arm == "drugs"


def test_a_cohort_rule_counts_the_first_arm_once_somebody_is_assigned(board: Clerk) -> None:
    warning = ("C1 does not hold: Somebody is operated",)
    for number in ("P1", "P2", "P3", "P4"):
        enter(board, number)
    assert evaluate(board, "PR", 90, "P1").warnings == warning
    assert evaluate(board, "CR", 180, "P1").warnings == ()  # assigned anew, and counted before
    assert evaluate(board, "PR", 180, "P2").warnings == warning  # the first arm of P1 was the other one
    assert evaluate(board, "CR", 180, "P3").warnings == ()  # the one who is assigned now is operated
    assert evaluate(board, "PR", 180, "P4").warnings == ()


def test_no_class_no_arm(board: Clerk) -> None:
    enter(board)
    board.accepted(commands.Judge, role="board", answers={"I2": True})
    assert board.refused(commands.Classify, by="response_class") == (
        "the class cannot be told: evaluation_metastatic is not recorded"
    )
    assert board.refused(commands.Allocate, step="assignment") == "P1 has no class yet that leads to an arm"


def test_a_response_that_no_row_names_gives_no_class_and_the_earlier_one_stands(board: Clerk) -> None:
    enter(board)
    evaluate(board, "CR", 90)
    responses = {"primary": "SD", "metastatic": "NE"}
    board.accepted(commands.Assess, name="evaluation", responses=responses, day=after(180))
    reason = board.refused(commands.Classify, by="response_class", day=after(180))
    assert reason == "no row of 'response_class' holds for P1"
    assert board.state().values["response_class"] == "a"


def test_an_assignment_is_not_of_a_day_before_the_last_one(board: Clerk) -> None:
    enter(board)
    evaluate(board, "PR", 90)
    evaluate(board, "CR", 180)
    responses = {"primary": "SD", "metastatic": "PD"}
    board.accepted(commands.Assess, name="evaluation", responses=responses, day=after(170))
    board.accepted(commands.Classify, by="response_class", day=after(170))
    reason = board.refused(commands.Allocate, step="assignment", day=after(170))
    assert reason == f"{after(170)} is before P1 passed 'assignment' ({after(180)})"


def test_the_criteria_of_an_assignment_are_judged_each_time_and_without_a_reason(board: Clerk) -> None:
    enter(board)
    evaluate(board, "PR", 90)
    board.accepted(commands.Judge, role="board", answers={"I2": False}, day=after(180))
    decision = board(commands.Allocate, step="assignment", day=after(180))
    assert isinstance(decision, Refused)
    assert decision.reasons == ("I2 fail: Agreed by the board (judged_i2 = no)",)
    assert board.state().arm == "drugs"


def test_a_list_by_class_has_no_method_with_chance_and_the_other_way_round(
    classes: Protocol, protocol: Protocol
) -> None:
    with pytest.raises(AllocationError, match="allocates without chance"):
        method_of(classes, "main")
    assert arm_of_class(protocol, "main", {}) == (None, None)
    assert arm_of_class(classes, "main", {"response_class": "a"}) == ("a", "operated")
    assert arm_of_class(classes, "main", {"response_class": "z"}) == (None, None)
