"""Data queries: opened by a rule or a person, answered, closed; never asked twice about one value."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from small_trial import DAY, FORM, Clerk, after

from equipoise.conduct import Accepted, commands, fold
from equipoise.conduct.quality.records import Query

TOO_LATE = date(2024, 3, 20)
MONITOR: dict[str, Any] = {"role": "monitor", "site": None}


def kinds(decision: Accepted) -> list[str]:
    return [draft.kind for draft in decision.drafts]


def record(clerk: Clerk, **values: Any) -> Accepted:
    clerk.accepted(commands.Screen)
    return clerk.accepted(commands.Record, form="screening", values={**FORM, **values})


def correct(clerk: Clerk, variable: str, value: Any, **options: Any) -> Accepted:
    return clerk.accepted(commands.Correct, variable=variable, value=value, reason="the letter says so", **options)


def query(clerk: Clerk, place: int = -1) -> Query:
    return clerk.state().queries[place]


def test_a_rule_opens_a_query_beside_the_entry_that_makes_it_true(careful: Clerk) -> None:
    decision = record(careful, diagnosis_date=TOO_LATE)
    assert kinds(decision) == ["form", "query"]
    last = careful.last()
    assert dict(last.data) == {
        "on": "2024-03-01", "rule": "Q1", "form": "screening", "message": "Diagnosed after screening?",
        "severity": "minor", "values": {"diagnosis_date": "2024-03-20", "screening_date": "2024-03-01"},
    }  # fmt: skip
    assert (query(careful).entry, query(careful).status, query(careful).age(after(5))) == (last.seq, "open", 5)


def test_right_values_open_nothing(careful: Clerk) -> None:
    assert kinds(record(careful)) == ["form"]


def test_the_rule_closes_its_query_when_the_value_is_corrected(careful: Clerk) -> None:
    record(careful, diagnosis_date=TOO_LATE)
    assert kinds(correct(careful, "diagnosis_date", date(2024, 2, 20), day=after(4))) == ["correct", "close_query"]
    found = query(careful)
    assert (found.status, found.closed_by, found.closed_on, found.age(after(99))) == ("closed", "rule", after(4), 4)


def test_another_wrong_value_keeps_the_query_that_stands(careful: Clerk) -> None:
    record(careful, diagnosis_date=TOO_LATE)
    assert kinds(correct(careful, "diagnosis_date", date(2024, 3, 25))) == ["correct"]
    assert [item.status for item in careful.state().queries] == ["open"]


def test_a_value_that_was_confirmed_is_not_asked_about_again_and_another_is(careful: Clerk) -> None:
    record(careful, diagnosis_date=TOO_LATE)
    number = query(careful).entry
    careful.accepted(commands.AnswerQuery, query=number, answer="It was.")
    careful.accepted(commands.CloseQuery, query=number, **MONITOR)
    assert kinds(correct(careful, "age", 55)) == ["correct"]
    assert kinds(correct(careful, "diagnosis_date", date(2024, 3, 25))) == ["correct", "query"]
    assert [item.status for item in careful.state().queries] == ["closed", "open"]


def test_striking_the_form_out_closes_its_query(careful: Clerk) -> None:
    record(careful, diagnosis_date=TOO_LATE)
    form = query(careful).entry - 1
    decision = careful.accepted(commands.Strike, entry=form, reason="another participant")
    assert kinds(decision) == ["strike", "close_query"]


def test_a_date_of_which_the_rule_cannot_tell_opens_nothing(careful: Clerk) -> None:
    assert kinds(record(careful, diagnosis_date="2024-03-UN")) == ["form"]
    assert kinds(correct(careful, "diagnosis_date", "2024-04")) == ["correct", "query"]


def test_each_filling_of_a_form_that_repeats_is_judged_by_itself(careful: Clerk) -> None:
    careful.allocate()
    visit: dict[str, Any] = {"form": "visit"}
    first = careful.accepted(commands.Record, **visit, values={"pain": 9}, visit="M3", day=after(92))
    second = careful.accepted(commands.Record, **visit, values={"pain": 2}, visit="M6", day=after(183))
    third = careful.accepted(commands.Record, **visit, values={"pain": 10}, visit="M9", day=after(274))
    assert (kinds(first), kinds(second), kinds(third)) == (["form", "query"], ["form"], ["form", "query"])
    assert [(item.visit, item.status, item.severity) for item in careful.state().queries] == [
        ("M3", "open", "major"),
        ("M9", "open", "major"),
    ]
    # Q2 asks of those under 60: with the right age neither is asked
    assert kinds(correct(careful, "age", 65))[-2:] == ["close_query", "close_query"]


def test_a_person_asks_the_site_answers_and_the_one_who_asked_closes(careful: Clerk) -> None:
    record(careful)
    careful.accepted(commands.OpenQuery, message="54 or 45?", variable="age", **MONITOR)
    number = careful.last().seq
    reason = careful.refused(commands.CloseQuery, query=number, **MONITOR)
    assert reason == f"query {number} has not been answered, so to close it needs a reason"
    careful.accepted(commands.AnswerQuery, query=number, answer="54, by the passport", day=after(3))
    assert query(careful).status == "answered"
    assert "is closed by the monitor" in careful.refused(commands.CloseQuery, query=number, role="data manager")
    careful.accepted(commands.CloseQuery, query=number, day=after(4), **MONITOR)
    assert [answer.text for answer in query(careful).answers] == ["54, by the passport"]
    assert (query(careful).closed_by, query(careful).age(after(50))) == ("person", 4)
    assert "was closed on" in careful.refused(commands.AnswerQuery, query=number, answer="once more", day=after(5))
    assert fold(careful.protocol, careful.desk.journal)[1]["P1"] == careful.state()


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"role": "investigator", "variable": "age"}, "not by the investigator"),
        ({**MONITOR}, "give one of the two"),
        ({**MONITOR, "variable": "age", "entry": 2}, "give one of the two"),
        ({**MONITOR, "variable": "heigth"}, "is not a recorded variable"),
        ({**MONITOR, "entry": 999}, "entry 999 is not about P1"),
        ({**MONITOR, "variable": "age", "message": "  "}, "says what is asked"),
    ],
)
def test_a_query_that_cannot_be_asked_is_refused(careful: Clerk, options: dict[str, Any], reason: str) -> None:
    record(careful)
    assert reason in careful.refused(commands.OpenQuery, **{"message": "sure?", **options})


def test_queries_outlive_the_participant(careful: Clerk) -> None:
    careful.allocate()
    careful.accepted(commands.Happen, event="death", cause="cancer", day=after(9))
    careful.accepted(commands.OpenQuery, message="By the register?", entry=careful.last().seq, day=after(30), **MONITOR)
    number = careful.last().seq
    careful.accepted(commands.AnswerQuery, query=number, answer="By the register.", day=after(40))
    assert query(careful).status == "answered"
    assert "was opened on" in careful.refused(commands.AnswerQuery, query=number, answer="x", day=DAY)
