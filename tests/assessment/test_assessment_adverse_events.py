"""Adverse events: grade and seriousness apart, and the days to report (ICH E2A III.B: 7 and 15 calendar days)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from patients import day

from equipoise.assessment import AdverseEvent, ReportingRule, report_by, worst_grades
from equipoise.errors import DataError, DesignError


def event(grade: int = 3, *serious: Any, **options: Any) -> AdverseEvent:
    return AdverseEvent("Neutropenia", grade, day(0), serious=frozenset(serious), **options)


@pytest.mark.parametrize(
    ("happened", "days"),
    [
        (event(5, "death", expected=False), 7),
        (event(4, "life-threatening", expected=False), 7),
        (event(3, "hospitalisation", expected=False), 15),
        (event(2, "medically important", "disability", expected=False), 15),
        (event(3, "hospitalisation", "life-threatening", expected=None), 7),
        (event(3, "hospitalisation", related=None), 15),
        (event(3, "hospitalisation", related=True), 15),
        (event(5, "death", expected=True), None),
        (event(5, "death", expected=False, related=False), None),
        (event(4, expected=False), None),
    ],
)
def test_a_serious_event_is_due_by_what_is_known_of_it(happened: AdverseEvent, days: int | None) -> None:
    due = report_by(happened, date(2024, 2, 25))
    assert (due and due.days) == days
    if due is not None:
        assert due.on == (date(2024, 3, 3) if days == 7 else date(2024, 3, 11))  # 2024 has a 29 February


def test_what_is_not_yet_judged_says_so() -> None:
    due = report_by(event(3, "hospitalisation"), day(1))
    assert due is not None
    assert due.why == (
        "serious (hospitalisation), not yet judged for expectedness, so as unexpected: 15 days from 2024-01-02"
    )


def test_the_days_are_the_protocols() -> None:
    rule = ReportingRule(urgent_days=3, other_days=10, expected_days=90, related_only=False)
    assert [
        due.days
        for happened in (
            event(5, "death", related=False),
            event(3, "disability"),
            event(3, "disability", expected=True),
        )
        if (due := report_by(happened, day(1), rule))
    ] == [3, 10, 90]


def test_a_report_is_overdue_the_day_after_its_last_day() -> None:
    due = report_by(event(3, "disability"), day(1))
    assert due is not None
    assert not due.overdue(day(16))
    assert due.overdue(day(17))


def test_severity_is_not_seriousness() -> None:
    assert not event(4).is_serious
    assert event(1, "hospitalisation").is_serious


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"grade": 0}, "a CTCAE grade is 1 to 5"),
        ({"grade": 6}, "a CTCAE grade is 1 to 5"),
        ({"grade": True}, "a CTCAE grade is 1 to 5"),
        ({"grade": 4, "serious": frozenset({"death"})}, "grade 4 and death do not agree"),
        ({"grade": 5}, "grade 5 and death do not agree"),
        ({"grade": 3, "serious": frozenset({"bad"})}, "serious by bad"),
        ({"grade": 3, "ended": date(2023, 12, 31)}, "before it started"),
    ],
)
def test_events_that_contradict_themselves_are_refused(options: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        AdverseEvent("Neutropenia", started=day(0), **options)


def test_awareness_before_the_event_and_deadlines_before_awareness_are_refused() -> None:
    with pytest.raises(DataError, match="before it started"):
        report_by(event(3, "disability"), date(2023, 12, 31))
    with pytest.raises(DesignError, match="give 0 days or more"):
        ReportingRule(urgent_days=-1)


def test_the_worst_grade_by_term_is_of_one_version() -> None:
    nausea = AdverseEvent("Nausea", 2, day(3))
    assert worst_grades([event(3), nausea, event(1)]) == {"Nausea": 2, "Neutropenia": 3}
    with pytest.raises(DataError, match=r"CTCAE 4\.03 and 5\.0"):
        worst_grades([nausea, event(3, ctcae="4.03")])
