"""Deviations: found by conduct or recorded by a person, classified by the protocol, reclassified with a reason."""

from __future__ import annotations

from typing import Any

import pytest
from small_trial import Clerk, after

from equipoise.conduct import Accepted, commands, fold, replay_allocations
from equipoise.conduct.quality.records import Deviation

CENTRE: dict[str, Any] = {"role": "coordinator", "site": None}


def kinds(decision: Accepted) -> list[str]:
    return [draft.kind for draft in decision.drafts]


def found(clerk: Clerk, participant: str = "P1") -> list[tuple[str | None, str | None, str, str]]:
    deviations = clerk.state(participant).deviations
    return [(item.found, item.about, item.severity, item.per_protocol) for item in deviations]


def in_arm(clerk: Clerk, arm: str) -> str:
    """Allocate until somebody is in that arm; the number."""
    for place in range(1, 20):
        if clerk.allocate(f"P{place}") == arm:
            return f"P{place}"
    raise AssertionError(f"nobody was allocated to {arm}")


def treat(clerk: Clerk, participant: str, **options: Any) -> Accepted:
    return clerk.accepted(commands.Treat, participant, **{"intervention": "surgery", "status": "done", **options})


def test_treatment_of_another_arm_is_a_deviation_beside_the_treatment(careful: Clerk) -> None:
    number = in_arm(careful, "A")
    assert kinds(treat(careful, number)) == ["treat", "deviation"]
    (deviation,) = careful.state(number).deviations
    assert (deviation.category, deviation.found, deviation.about) == ("treatment", "outside_arm", "surgery")
    assert deviation.cause == deviation.entry - 1
    assert deviation.description == "'surgery' (done) does not belong to arm A"
    assert kinds(treat(careful, number, status="stopped")) == ["treat"], "the same is one deviation"


def test_a_treatment_that_was_struck_out_is_no_deviation(careful: Clerk) -> None:
    number = in_arm(careful, "A")
    treat(careful, number)
    cause = careful.state(number).deviations[0].cause
    careful.accepted(commands.Strike, number, entry=cause, reason="another participant")
    assert careful.state(number).deviations == ()
    careful.accepted(commands.Strike, number, entry=careful.state(number).history[1].seq, reason="all of it")
    assert careful.state(number).deviations == (), "nor once something else is struck out"
    assert fold(careful.protocol, careful.desk.journal)[1] == careful.desk.participants


def test_found_ineligible_after_randomisation_is_a_deviation_and_changes_no_allocation(careful: Clerk) -> None:
    careful.allocate("P1")
    careful.allocate("P2")
    before = careful.desk.trial.lists, careful.desk.trial.passed, careful.state().assignments
    decision = careful.accepted(commands.Correct, variable="age", value=75, reason="the passport says so", day=after(9))
    assert kinds(decision) == ["correct", "deviation", "deviation", "deviation"]
    assert decision.warnings, "it is a warning too"
    assert found(careful) == [
        ("ineligible", "registration: I1", "major", "excluded"),
        ("ineligible", "registration: E1", "major", "excluded"),
        ("other_levels", "main: age_group", "minor", "kept"),
    ]
    assert {item.on for item in careful.state().deviations} == {after(0)}, "of the day of the step"
    assert (careful.desk.trial.lists, careful.desk.trial.passed, careful.state().assignments) == before
    assert careful.state().arm is not None
    assert replay_allocations(careful.protocol, careful.desk.journal).problems == ()


def test_who_is_not_randomised_yet_and_fails_is_refused_and_no_deviation(careful: Clerk) -> None:
    careful.screen(age=75)
    assert "I1" in str(careful(commands.Register, step="registration"))
    assert careful.state().deviations == ()


def test_a_criterion_that_is_only_no_longer_known_is_a_warning_and_no_deviation(careful: Clerk) -> None:
    careful.allocate()
    form = next(entry.seq for entry in careful.state().history if entry.kind == "form")
    decision = careful.accepted(commands.Strike, entry=form, reason="another participant")
    assert decision.warnings
    assert [item for item in found(careful) if item[0] == "ineligible"] == []


@pytest.mark.parametrize(("day", "expected"), [(78, []), (102, []), (77, ["M3"]), (103, ["M3"])])
def test_a_visit_out_of_its_window_is_a_deviation(careful: Clerk, day: int, expected: list[str]) -> None:
    careful.allocate()
    careful.accepted(commands.Visit, visit="M3", day=after(day))
    careful.accepted(commands.Record, form="visit", values={"pain": 1}, visit="M3", day=after(day))
    assert [item.about for item in careful.state().deviations] == expected


def test_a_missed_visit_is_a_deviation_and_one_that_nobody_planned_is_none(careful: Clerk) -> None:
    careful.allocate()
    careful.accepted(commands.Visit, visit="M3", missed=True, day=after(92))
    careful.accepted(commands.Visit, visit="by the way", missed=True, day=after(99))
    assert found(careful) == [("missed_visit", "M3", "minor", "kept")]


def test_without_the_section_nothing_is_recorded_by_itself(clerk: Clerk) -> None:
    clerk.allocate()
    decision = clerk.accepted(commands.Correct, variable="age", value=75, reason="the passport says so")
    assert kinds(decision) == ["correct"]
    assert clerk.state().deviations == ()


def note(clerk: Clerk, **options: Any) -> Deviation:
    said = {"category": "treatment", "description": "half the dose", "severity": "major", "per_protocol": "excluded"}
    clerk.accepted(commands.Deviate, **{**said, **options})
    return clerk.state().deviations[-1]


def test_a_reclassification_has_a_reason_and_keeps_both(careful: Clerk) -> None:
    careful.allocate()
    entry = note(careful).entry
    again = {"deviation": entry, "severity": "minor", "per_protocol": "kept"}
    assert "needs a reason" in careful.refused(commands.Reclassify, **again, **CENTRE)
    assert "reclassified by the" in careful.refused(commands.Reclassify, **again, reason="one cycle only")
    careful.accepted(commands.Reclassify, **again, reason="one cycle only", day=after(7), **CENTRE)
    last: Any = careful.last().data
    assert (last["old"], last["new"]) == (
        {"severity": "major", "per_protocol": "excluded"},
        {"severity": "minor", "per_protocol": "kept"},
    )
    first, second = careful.state().deviations[0].classified
    assert (first.severity, first.per_protocol, first.reason) == ("major", "excluded", None)
    assert (second.severity, second.per_protocol, second.reason) == ("minor", "kept", "one cycle only")
    assert "already" in careful.refused(commands.Reclassify, **again, reason="again", **CENTRE)


def test_a_deviation_noted_in_error_can_be_struck_out(careful: Clerk) -> None:
    careful.allocate()
    entry = note(careful).entry
    careful.accepted(commands.Strike, entry=entry, reason="another participant")
    assert careful.state().deviations == ()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"category": "mood"}, "there is no category 'mood'"),
        ({"description": " "}, "says what happened"),
        ({"severity": "huge"}, "the severity is minor or major"),
        ({"per_protocol": "perhaps"}, "excluded or kept"),
    ],
)
def test_a_deviation_that_cannot_be_told_is_refused(careful: Clerk, options: dict[str, str], reason: str) -> None:
    careful.screen()
    said = {"category": "other", "description": "x", "severity": "minor", "per_protocol": "kept"}
    assert reason in careful.refused(commands.Deviate, **{**said, **options})
