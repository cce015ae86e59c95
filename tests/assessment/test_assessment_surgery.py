"""RECIST 1.1 over a course with operations: what surgery does to sums, responses and their confirmation."""

from __future__ import annotations

from patients import BONE, DAY0, LIVER, LIVER_AND_BONE, PRIMARY_AND_LIVER, Size, baseline, course, day, responses, visit

from equipoise.assessment import (
    BestRule,
    Finding,
    NewLesion,
    Recist,
    Resection,
    Visit,
    judge,
)


def test_surgery_scores_no_partial_response() -> None:
    judged = course(PRIMARY_AND_LIVER, {"B": [60, 60], "L": [40, 40, 40, 27]}, resections={50: ["B"]})
    assert responses(judged) == ["SD", "SD", "PR"]
    after = judged.assessments[1].overall
    assert after.targets is not None
    assert (after.targets.sum_mm, after.targets.baseline_mm, after.targets.nadir_mm) == (40, None, 40)
    new = judged.assessments[2].overall.targets
    assert new is not None
    assert (new.baseline_mm, new.nadir_mm) == (40, 40)


def test_surgery_scores_no_complete_response() -> None:
    # The liver lesion is gone under treatment; the breast is not, and is resected.
    judged = course(PRIMARY_AND_LIVER, {"B": [60, 55], "L": [40, 0, 0, 0]}, resections={50: ["B"]})
    assert responses(judged) == ["PR", "PR", "PR"]
    assert responses(judged, "primary") == ["SD", "SD", "SD"]
    assert responses(judged, "metastatic") == ["CR", "CR", "CR"]


def test_a_complete_response_from_before_surgery_stands() -> None:
    judged = course(PRIMARY_AND_LIVER, {"B": [60, 0], "L": [40, 40, 40]}, resections={50: ["B"]})
    assert responses(judged, "primary") == ["CR", "CR"]
    back = visit(84, {"L": 40}, [NewLesion("X", "breast")])
    start = baseline(PRIMARY_AND_LIVER, {"B": 60, "L": 40})
    recurred = judge(start, [visit(42, {"B": 0, "L": 40}), back], resections=[Resection(day(50), ("B",))])
    assert responses(recurred, "primary") == ["CR", "PD"]


def test_surgery_of_the_last_non_target_lesion_scores_no_complete_response() -> None:
    visits = [visit(42, {"T1": 0, "N1": Finding.present("N1")}), visit(84, {"T1": 0}), visit(126, {"T1": 0})]
    judged = judge(baseline(LIVER_AND_BONE, {"T1": 50}), visits, resections=[Resection(day(50), ("N1",))])
    assert responses(judged) == ["PR", "PR", "PR"]


def test_the_rest_of_the_non_target_disease_may_still_vanish_after_surgery() -> None:
    visits = [
        Visit(day(42), (Finding.present("N1"), Finding.present("N2"))),
        Visit(day(84), (Finding.present("N2"),)),
        Visit(day(126), (Finding.absent("N2"),)),
    ]
    judged = judge(baseline(BONE, {}), visits, resections=[Resection(day(50), ("N1",))])
    assert responses(judged) == ["non-CR/non-PD", "non-CR/non-PD", "CR"]


def test_surgery_hides_no_progression_of_what_is_left() -> None:
    judged = course(PRIMARY_AND_LIVER, {"B": [60, 60], "L": [40, 30, 37]}, resections={50: ["B"]})
    assert responses(judged) == ["SD", "PD"]
    # 37 mm is 7 mm and 23 % over the smallest sum of the lesions that are left.
    assert "nadir 30 mm (+23.33 %, +7 mm)" in judged.assessments[1].overall.why


def test_progression_from_before_surgery_stands_while_what_is_left_is_clear() -> None:
    rows: dict[str, list[Size]] = {"B": [60, 80], "L": [40, 0, 0, 0, 2]}
    judged = course(PRIMARY_AND_LIVER, rows, resections={50: ["B"]}, criteria=Recist(reappearance="sum"))
    assert responses(judged, "primary") == ["PD"] * 4
    assert responses(judged) == ["SD", "SD", "SD", "SD"]
    rows = {"B": [60, 120], "L": [40, 0, 0, 0, 2]}
    judged = course(PRIMARY_AND_LIVER, rows, resections={50: ["B"]}, criteria=Recist(reappearance="sum"))
    assert responses(judged) == ["PD"] * 4


def test_surgery_of_disease_that_came_back_after_a_complete_response_undoes_no_progression() -> None:
    judged = course(PRIMARY_AND_LIVER, {"B": [60, 0, 2], "L": [40, 0, 0, 0]}, resections={90: ["B"]})
    assert responses(judged) == ["CR", "PD", "PD"]
    bone = visit(42, {"T1": 0, "N1": Finding.absent("N1")}), visit(84, {"T1": 0, "N1": Finding.present("N1")})
    start = baseline(LIVER_AND_BONE, {"T1": 50})
    judged = judge(start, [*bone, visit(126, {"T1": 0})], resections=[Resection(day(90), ("N1",))])
    assert responses(judged) == ["CR", "PD", "PD"]


def test_a_complete_response_is_not_carried_over_surgery_onto_disease_that_is_there() -> None:
    rows: dict[str, list[Size]] = {"B": [60, 0], "L": [40, 0, 2]}
    judged = course(PRIMARY_AND_LIVER, rows, resections={50: ["B"]}, criteria=Recist(reappearance="sum"))
    assert responses(judged) == ["CR", "PR"]


def test_progression_ends_a_partial_response() -> None:
    assert responses(course(LIVER, {"T1": [100, 69, 83, 75]})) == ["PR", "PD", "SD"]


def test_a_new_baseline_starts_the_confirmation_anew() -> None:
    confirmed = Recist(best=BestRule(confirmation=True))
    rows: dict[str, list[Size]] = {"B": [60, 30], "L": [40, 40, 40, 28, 33]}
    judged = course(PRIMARY_AND_LIVER, rows, resections={50: ["B"]}, criteria=confirmed)
    assert responses(judged) == ["PR", "SD", "PR", "SD"]


def test_a_new_baseline_waits_for_an_assessment_that_can_be_evaluated() -> None:
    judged = course(PRIMARY_AND_LIVER, {"B": [60, 60], "L": [40, 40, None, 40, 28]}, resections={50: ["B"]})
    assert responses(judged) == ["SD", "NE", "SD", "PR"]


def test_surgery_before_the_first_assessment_leaves_nothing_to_judge_or_a_new_start() -> None:
    judged = course(PRIMARY_AND_LIVER, {"B": [60], "L": [40, 20, 14]}, resections={10: ["B"]})
    assert responses(judged, "primary") == ["NE", "NE"]
    assert responses(judged) == ["SD", "PR"]


def test_surgery_confirms_no_response() -> None:
    confirmed = Recist(best=BestRule(confirmation=True))
    rows: dict[str, list[Size]] = {"B": [60, 30], "L": [40, 40, 40]}
    judged = course(PRIMARY_AND_LIVER, rows, resections={50: ["B"]}, criteria=confirmed)
    assert responses(judged) == ["PR", "SD"]
    assert responses(judged, "primary") == ["PR", "NE"]
    assert judged.best(DAY0).response == "SD"


def test_a_resection_may_leave_the_rest_not_evaluable() -> None:
    # The EORTC's answer where the protocol does not foresee it: recist.eortc.org/faq/surgeryradiotherapy-and-recist.
    strict = Recist(after_resection="not evaluable")
    judged = course(PRIMARY_AND_LIVER, {"B": [60, 60], "L": [40, 40, 40, 50]}, resections={50: ["B"]}, criteria=strict)
    assert responses(judged) == ["SD", "NE", "PD"]


def test_an_assessment_on_the_day_of_surgery_is_before_it() -> None:
    judged = course(PRIMARY_AND_LIVER, {"B": [60, 30], "L": [40, 30, 30]}, resections={42: ["B"]})
    assert responses(judged, "primary") == ["PR", "PR"]
