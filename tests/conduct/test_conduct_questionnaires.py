"""A form that is a questionnaire: items are recorded by number, scores follow from them and are never typed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from small_trial import SAFETY, Clerk, after

from equipoise.analysis import make_datasets
from equipoise.conduct import commands, fold
from equipoise.errors import ProtocolError
from equipoise.protocol import loads

PROTOCOL = loads(SAFETY, file="safety.yaml")
ALL_MIDDLE = {f"qlq_c30_{item}": 4 if item >= 29 else 2 for item in range(1, 31)}


@pytest.fixture
def clerk() -> Clerk:
    """A trial with one participant, allocated."""
    made = Clerk(PROTOCOL)
    made.open()
    made.allocate()
    return made


def test_scores_are_derived_by_the_scoring_manual(clerk: Clerk) -> None:
    clerk.accepted(commands.Record, form="quality", values=ALL_MIDDLE, visit="M3", day=after(90))
    values = clerk.state().values
    # Fayers et al., EORTC QLQ-C30 Scoring Manual, 3rd edition: functional (1 - (2 - 1)/3) x 100,
    # symptom (2 - 1)/3 x 100, global (4 - 1)/6 x 100
    assert values["qlq_c30_pf2"] == Decimal("66.666667")
    assert values["qlq_c30_fa"] == Decimal("33.333333")
    assert values["qlq_c30_ql2"] == 50
    assert sum(name.startswith("qlq_c30_") for name in values) == 30 + 15
    # the entry holds what was answered, and nothing derived
    assert set(clerk.last().data["values"]) == set(ALL_MIDDLE)


def test_a_scale_with_fewer_than_half_of_its_items_has_no_score(clerk: Clerk) -> None:
    answers = {"qlq_c30_1": 1, "qlq_c30_2": 2, "qlq_c30_29": 7}
    clerk.accepted(commands.Record, form="quality", values=answers, visit="M3", day=after(90))
    values = clerk.state().values
    assert "qlq_c30_pf2" not in values  # 2 of 5
    assert values["qlq_c30_ql2"] == 100  # 1 of 2


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"qlq_c30_1": 5}, "lies between 1 and 4"),
        ({"qlq_c30_1": 0}, "lies between 1 and 4"),
        ({"qlq_c30_30": 8}, "lies between 1 and 7"),
        ({"qlq_c30_1": Decimal("1.5")}, "whole number"),
        ({"qlq_c30_31": 1}, "is not on the form"),
        ({"qlq_c30_ql2": Decimal(50)}, "is scored from the items, so it is not recorded"),
    ],
)
def test_an_answer_out_of_range_and_a_typed_score_are_refused(clerk: Clerk, values: dict, problem: str) -> None:  # type: ignore[type-arg]
    assert problem in clerk.refused(commands.Record, form="quality", values=values, visit="M3", day=after(90))


def test_a_corrected_answer_changes_the_score(clerk: Clerk) -> None:
    clerk.accepted(commands.Record, form="quality", values=ALL_MIDDLE, visit="M3", day=after(90))
    clerk.accepted(commands.Correct, variable="qlq_c30_29", value=6, reason="read wrongly", day=after(91))
    assert clerk.state().values["qlq_c30_ql2"] == Decimal("66.666667")  # mean 5: (5 - 1)/6
    assert clerk.state().forms[-1].values["qlq_c30_ql2"] == Decimal("66.666667")
    assert "is not a recorded variable" in clerk.refused(
        commands.Correct, variable="qlq_c30_ql2", value=Decimal(50), reason="typed", day=after(92)
    )
    assert fold(PROTOCOL, clerk.desk.journal) == (clerk.desk.trial, clerk.desk.participants)


def test_the_endpoint_reads_the_derived_score_by_visit(clerk: Clerk) -> None:
    clerk.accepted(commands.Record, form="quality", values=ALL_MIDDLE, visit="M3", day=after(90))
    better = {**ALL_MIDDLE, "qlq_c30_29": 7, "qlq_c30_30": 7}
    clerk.accepted(commands.Record, form="quality", values=better, visit="M6", day=after(180))
    datasets = make_datasets(PROTOCOL, clerk.desk.participants, after(365))
    assert datasets.adqs is not None
    assert datasets.adqs.select("PARAMCD", "AVISITN", "AVAL").rows() == [
        ("quality", 3.0, 50.0),
        ("quality", 6.0, 100.0),
    ]
    assert datasets.adsl is not None
    assert not [name for name in datasets.adsl.columns if name.startswith("QLQ")]  # repeated: in ADQS, not in ADSL


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("higher_is: better, at_months", "higher_is: worse, at_months", "higher is better on 'qlq_c30_ql2'"),
        ("variable: qlq_c30_ql2", "variable: qlq_c30_qol", "'qlq_c30_qol' is not defined"),
        ("variables: [axilla]", "variables: [axilla, qlq_c30_fa]", "scored from the questionnaire"),
        ("questionnaire: qlq-c30, repeats", "questionnaire: qlq-c31, repeats", "'qlq-c31'"),
        ("questionnaire: qlq-c30, repeats", "repeats", "a form needs variables, or a questionnaire"),
        (
            "  axilla: {label: Axilla dissected",
            "  qlq_c30_1: {label: Mine, type: integer}\n  axilla: {label: Axilla dissected",
            "declared by the pathway already",
        ),
    ],
)
def test_a_protocol_that_misnames_a_questionnaire_is_refused_with_its_line(old: str, new: str, words: str) -> None:
    assert old in SAFETY
    text = SAFETY.replace(old, new)
    with pytest.raises(ProtocolError) as caught:
        loads(text, file="wrong.yaml")
    assert words in str(caught.value)
    line = text.splitlines()[(caught.value.line or 0) - 1]
    assert new.split(":", maxsplit=1)[0].strip() in line or new.split("\n", 1)[0] in line or "quality" in line
