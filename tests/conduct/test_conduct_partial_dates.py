"""Dates of which the day or the month is unknown: kept as recorded, unknown to rules that rest on the missing part."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from small_quality import QUALITY
from small_trial import FORM, Clerk, after

from equipoise.conduct import Refused, commands, fold, replay_allocations
from equipoise.protocol import loads
from equipoise.protocol.rules import PartialDate


def record(clerk: Clerk, value: Any) -> None:
    clerk.accepted(commands.Screen)
    clerk.accepted(commands.Record, form="screening", values={**FORM, "diagnosis_date": value})


@pytest.mark.parametrize(
    ("given", "kept"),
    [("2023", "2023"), ("2023-UN-UN", "2023"), ("2023-11", "2023-11"), ("2023-11-UN", "2023-11"),
     (PartialDate("2023-11-UN"), "2023-11"), (date(2023, 11, 3), "2023-11-03")],
)  # fmt: skip
def test_the_ledger_keeps_what_is_known_of_a_date(careful: Clerk, given: Any, kept: str) -> None:
    record(careful, given)
    assert careful.last().data["values"]["diagnosis_date"] == kept
    assert fold(careful.protocol, careful.desk.journal)[1] == careful.desk.participants


@pytest.mark.parametrize(
    "value", ["2023-13", "2023-00", "23-11", "2023-1", "UN", "2023-UN-04", "1799", "2023-11-03", "", "2023-11-UN-UN"]
)
def test_a_text_that_is_no_date_of_reduced_precision_is_refused(careful: Clerk, value: str) -> None:
    careful.accepted(commands.Screen)
    assert "diagnosis_date: " in careful.refused(commands.Record, form="screening", values={"diagnosis_date": value})


def test_a_variable_that_does_not_admit_it_has_whole_dates(clerk: Clerk) -> None:
    clerk.accepted(commands.Screen)
    reason = clerk.refused(commands.Record, form="screening", values={"diagnosis_date": "2024-01"})
    assert reason == "diagnosis_date is a date, not '2024-01'"


# I4 of the small trial: randomisation_date <= diagnosis_date + INTERVAL 1 YEAR, and the day is 2024-03-01
@pytest.mark.parametrize(
    ("diagnosis", "verdict"),
    [
        ("2023-04", "pass"),  # any day of April 2023 is within a year
        ("2023-02", "fail"),  # no day of February 2023 is: its last is one day short
        ("2023-03", "pass"),  # 1 March 2023 is exactly a year before: the limit belongs to it
        ("2023", "unknown"),  # January is not, December is
        ("2024", "pass"),
        ("2022", "fail"),
    ],
)
def test_a_criterion_is_decided_only_where_every_day_decides_alike(
    careful: Clerk, diagnosis: str, verdict: str
) -> None:
    careful.register(diagnosis_date=diagnosis)
    careful.assess()
    decision = careful(commands.Allocate, step="randomisation")
    if verdict == "pass":
        assert not isinstance(decision, Refused)
    else:
        assert isinstance(decision, Refused)
        (result,) = [item for item in decision.criteria if item.criterion == "I4"]
        assert result.verdict == verdict
        refused: Any = careful.last().data["criteria"]
        assert refused[0]["values"]["diagnosis_date"] == diagnosis, "as recorded, not as imputed"
        if verdict == "unknown":
            assert result.decided_by.keys() == {"diagnosis_date"}
    assert replay_allocations(careful.protocol, careful.desk.journal).problems == ()


def test_the_imputed_day_decides_where_the_protocol_says_so() -> None:
    text = QUALITY.replace("{impute: middle, not_after", "{impute: middle, rules: imputed, not_after")
    clerk = Clerk(loads(text, file="imputed.yaml"))
    clerk.open()
    clerk.register(diagnosis_date="2023")  # imputed as 2023-07-15, within a year
    clerk.assess()
    assert clerk.accepted(commands.Allocate, step="randomisation").arm is not None


def test_a_correction_completes_a_date(careful: Clerk) -> None:
    record(careful, "2024-02")
    assert "already" in careful.refused(
        commands.Correct, variable="diagnosis_date", value="2024-02-UN", reason="the letter"
    )
    careful.accepted(commands.Correct, variable="diagnosis_date", value=date(2024, 2, 9), reason="the letter")
    assert (careful.last().data["old"], careful.last().data["new"]) == ("2024-02", "2024-02-09")


def die(clerk: Clerk, partial: str, day: int, **options: Any) -> Any:
    clerk.accepted(commands.Happen, event="death", cause="cancer", partial=partial, day=after(day), **options)
    return clerk.last().data


def test_a_death_keeps_what_is_known_and_is_imputed_by_the_protocol(careful: Clerk) -> None:
    careful.allocate()
    data = die(careful, "2024-05-UN", 120)
    assert (data["recorded"], data["on"]) == ("2024-05", "2024-05-15")
    assert careful.state().died_on == date(2024, 5, 15)


def test_a_death_is_imputed_neither_before_the_last_day_alive_nor_after_it_was_learnt(careful: Clerk) -> None:
    careful.allocate()
    careful.accepted(commands.Visit, visit="M3", day=date(2024, 5, 22))
    assert die(careful, "2024-05", 120)["on"] == "2024-05-22"
    careful.allocate("P2")
    careful.accepted(commands.Happen, "P2", event="death", cause="other", partial="2024-05", day=date(2024, 5, 10))
    assert careful.last().data["on"] == "2024-05-10"


def test_a_partial_date_that_cannot_be_is_refused(careful: Clerk) -> None:
    careful.allocate()
    options: dict[str, Any] = {"event": "death", "cause": "cancer"}
    assert "lies after" in careful.refused(commands.Happen, partial="2024-09", day=after(9), **options)
    assert "not a date" in careful.refused(commands.Happen, partial="May", day=after(9), **options)
    assert "passed 'randomisation'" in careful.refused(commands.Happen, partial="2023", day=after(9), **options)
    assert "has no imputation" in careful.refused(
        commands.Happen, event="progression", partial="2024-03", day=after(40)
    )
