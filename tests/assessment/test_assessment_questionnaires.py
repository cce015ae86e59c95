"""EORTC scores; the formulas are those of the QLQ-C30 scoring manual, 3rd edition, 2001.

What is particular to the QLQ-BR23 is held to the EORTC's SAS program for the modules (Van Steen and Curran, 1998):
macro BRscore30 scores BRBI and BRFU as functional scales, and BRSEF and BRSEE like symptom scales; BRSEE is unknown
when item 45 is 1, and BRHL when item 34 is 1.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.assessment import QLQ_BR23, QLQ_C30, Questionnaire, scores
from equipoise.errors import DataError


def test_every_item_belongs_to_one_scale() -> None:
    for questionnaire in (QLQ_C30, QLQ_BR23):
        items = [item for scale in questionnaire.scales for item in scale.items]
        assert sorted(items) == sorted(questionnaire.highest)


def test_the_br23_is_scored_as_the_eortc_program_does() -> None:
    functional = {"BRBI": [39, 40, 41, 42], "BRFU": [43]}
    like_symptoms = {
        "BRSEF": [44, 45],
        "BRST": [31, 32, 33, 34, 36, 37, 38],
        "BRBS": [50, 51, 52, 53],
        "BRAS": [47, 48, 49],
        "BRSEE": [46],
        "BRHL": [35],
    }
    found = scores(QLQ_BR23, dict.fromkeys(range(31, 54), 2))
    assert set(found) == {*functional, *like_symptoms}
    for name, score in found.items():
        assert score.value == pytest.approx(200 / 3 if name in functional else 100 / 3), name
    scales = {scale.name: list(scale.items) for scale in QLQ_BR23.scales}
    assert scales == {**functional, **like_symptoms}


def test_items_that_do_not_apply_are_unknown() -> None:
    answers = dict.fromkeys(range(31, 54), 2)
    found = scores(QLQ_BR23, {**answers, 45: 1, 34: 1})
    assert (found["BRSEE"].value, found["BRHL"].value) == (None, None)
    assert found["BRSEE"].why == "does not apply, by item 45"
    assert scores(QLQ_BR23, {**answers, 45: None})["BRSEE"].value == pytest.approx(100 / 3)


def test_a_functional_a_symptom_and_a_global_scale_are_transformed_each_in_its_way() -> None:
    found = scores(QLQ_C30, {1: 1, 2: 2, 3: 3, 4: None, 10: 4, 12: 3, 18: 2, 29: 7, 30: 4})
    # Raw (1 + 2 + 3) / 3 = 2: 100 (1 - 1/3); raw 3: 100 x 2/3; raw 5.5: 100 x 4.5/6.
    assert (found["PF2"].raw, found["PF2"].answered, found["PF2"].items) == (Fraction(2), 3, 5)
    assert found["PF2"].value == pytest.approx(200 / 3)
    assert found["FA"].value == pytest.approx(200 / 3)
    assert found["QL2"].value == 75


def test_fewer_than_half_of_the_items_give_no_score_and_say_why() -> None:
    found = scores(QLQ_C30, {1: 2, 2: 2, 10: 1})
    assert (found["PF2"].value, found["PF2"].raw) == (None, None)
    assert found["PF2"].why == "2 of 5 items answered, fewer than half"
    assert found["FA"].value is None
    assert found["DY"].value is None


@pytest.mark.parametrize(
    ("questionnaire", "answers", "message"),
    [
        (QLQ_C30, {31: 1}, "has no item 31; it has 1 to 30"),
        (QLQ_C30, {1: 5}, "the answers are 1 to 4"),
        (QLQ_C30, {29: 8}, "the answers are 1 to 7"),
        (QLQ_C30, {1: 0}, "the answers are 1 to 4"),
        (QLQ_C30, {1: 2.0}, "the answers are 1 to 4"),
        (QLQ_C30, {1: True}, "the answers are 1 to 4"),
        (QLQ_BR23, {1: 1}, "has no item 1; it has 31 to 53"),
    ],
)
def test_answers_out_of_range_are_refused(questionnaire: Questionnaire, answers: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        scores(questionnaire, answers)


ANSWERS = st.fixed_dictionaries(
    {item: st.none() | st.integers(1, highest) for item, highest in {**QLQ_C30.highest, **QLQ_BR23.highest}.items()}
)


@given(ANSWERS)
def test_a_score_lies_between_0_and_100_and_is_known_from_half_of_the_items_on(answers: dict[int, int | None]) -> None:
    for questionnaire in (QLQ_C30, QLQ_BR23):
        own = {item: answer for item, answer in answers.items() if item in questionnaire.highest}
        for scale in questionnaire.scales:
            score = scores(questionnaire, own)[scale.name]
            given_ = [item for item in scale.items if own[item] is not None]
            applies = scale.only_if is None or own[scale.only_if] != 1
            assert (score.value is not None) == (applies and len(given_) * 2 >= len(scale.items))
            assert score.value is None or 0 <= score.value <= 100


@given(ANSWERS, st.integers(1, 30))
def test_a_worse_answer_never_improves_a_score_of_the_c30(answers: dict[int, int | None], item: int) -> None:
    own = {number: answer for number, answer in answers.items() if number <= 30}
    answer = own[item]
    if answer is None or answer == QLQ_C30.highest[item]:
        return
    before, after = scores(QLQ_C30, own), scores(QLQ_C30, {**own, item: answer + 1})
    for scale in QLQ_C30.scales:
        a, b = before[scale.name].value, after[scale.name].value
        if a is not None and b is not None:
            assert b <= a if scale.kind == "functional" else b >= a
