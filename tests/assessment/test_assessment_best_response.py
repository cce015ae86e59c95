"""Best overall response, its duration, and whose reading counts.

Rules from Eisenhauer et al., Eur J Cancer 2009;45:228-247, sections 4.4.3 and 4.6; options from admiralonco.
"""

from __future__ import annotations

from typing import Any

import pytest
from patients import DAY0, LIVER, course, day

from equipoise.assessment import (
    BestRule,
    Reading,
    TimePoint,
    best_response,
    confirmed_response,
    disagreements,
    duration_of_response,
    that_counts,
)
from equipoise.errors import DataError, DesignError

CONFIRMED = BestRule(confirmation=True)


def points(**by_day: Any) -> list[TimePoint]:
    """Responses by day, as in d42="PR"."""
    return [TimePoint(day(int(name[1:])), response) for name, response in by_day.items()]


def test_stable_disease_needs_its_least_duration() -> None:
    assert best_response(points(d42="SD"), DAY0).response == "SD"
    early = best_response(points(d41="SD"), DAY0)
    assert (early.response, early.on) == ("NE", day(41))
    assert "before 2024-02-12" in early.why
    assert best_response(points(d41="SD", d60="PD"), DAY0).response == "PD"
    assert best_response(points(d41="SD"), DAY0, BestRule(minimum_stable_days=41)).response == "SD"


def test_what_comes_after_progression_changes_nothing() -> None:
    assert best_response(points(d42="SD", d84="PD", d126="CR"), DAY0).response == "SD"


def test_a_response_after_the_last_day_that_counts_changes_nothing() -> None:
    rows = points(d42="SD", d84="PR")
    assert best_response(rows, DAY0, until=day(83)).response == "SD"
    assert best_response(rows, DAY0, until=day(84)).response == "PR"
    judged = course(LIVER, {"T1": [100, 90, 60]})
    assert judged.best(DAY0, until=day(83)).response == "SD"


def test_without_an_assessment_the_best_response_is_missing_or_not_evaluable() -> None:
    assert best_response([], DAY0).response == "MISSING"
    assert best_response([], DAY0, BestRule(missing_as_ne=True)).response == "NE"


def test_an_unconfirmed_response_is_stable_disease() -> None:
    best = best_response(points(d42="PR", d84="PD"), DAY0, CONFIRMED)
    assert (best.response, best.why) == ("SD", "unconfirmed PR on 2024-02-12")
    assert best_response(points(d42="PR", d84="PD"), DAY0).response == "PR"


def test_evaluable_or_not_between_a_response_and_its_confirmation_is_counted() -> None:
    rows = points(d42="PR", d60="NE", d70="NE", d84="PR")
    assert best_response(rows, DAY0, CONFIRMED).response == "SD"
    assert best_response(rows, DAY0, BestRule(confirmation=True, max_not_evaluable=2)).response == "PR"


def test_the_day_of_confirmation_is_told() -> None:
    best = best_response(points(d42="PR", d60="PR", d70="CR", d98="CR"), DAY0, CONFIRMED)
    assert (best.response, best.on, best.confirmed_on) == ("CR", day(70), day(98))
    assert confirmed_response(points(d42="PR", d60="PR", d70="CR"), CONFIRMED) == day(42)
    assert confirmed_response(points(d42="PR", d60="PR")) is None


def test_disease_after_a_complete_response_ends_the_course_by_default() -> None:
    rows = points(d20="CR", d60="SD", d100="CR")
    assert best_response(rows, DAY0, CONFIRMED).response == "PD"
    assert best_response(rows, DAY0, BestRule(confirmation=True, after_complete="as recorded")).response == "SD"


def test_the_duration_of_a_response_ends_with_progression_or_death_or_is_censored() -> None:
    rows = points(d42="PR", d84="CR", d126="NE")
    lasted = duration_of_response(rows)
    assert lasted is not None
    assert (lasted.start, lasted.end, lasted.ended, lasted.days, lasted.censor) == (day(42), day(84), False, 43, 1)
    died = duration_of_response(rows, death=day(130))
    assert died is not None
    assert (died.end, died.why, died.censor) == (day(130), "death", 0)
    later = duration_of_response(rows, death=day(130), cut_off=day(129))
    assert later is not None
    assert (later.end, later.ended) == (day(84), False)
    progressed = duration_of_response([*rows, *points(d168="PD")], death=day(200))
    assert progressed is not None
    assert (progressed.end, progressed.why) == (day(168), "progression")


def test_a_duration_starts_with_the_response_that_is_confirmed() -> None:
    rows = points(d42="PR", d84="SD", d126="PR", d168="PR", d210="PD")
    lasted = duration_of_response(rows, CONFIRMED)
    assert lasted is not None
    assert (lasted.start, lasted.end) == (day(126), day(210))
    assert duration_of_response(points(d42="SD")) is None
    judged = course(LIVER, {"T1": [100, 60, 90]}).duration()
    assert judged is not None
    assert judged.days == 43


def test_records_of_responses_that_cannot_be_are_refused() -> None:
    with pytest.raises(DataError, match="is no response"):
        TimePoint(DAY0, "good")  # type: ignore[arg-type]  # what a caller without a type checker may do
    with pytest.raises(DataError, match="two assessments on 2024-02-12"):
        best_response([*points(d42="PR"), *points(d42="SD")], DAY0)
    with pytest.raises(DataError, match="after death"):
        duration_of_response(points(d42="PR"), death=day(41))


@pytest.mark.parametrize("options", [{"confirm_days": -1}, {"max_not_evaluable": -1}, {"after_complete": "CR"}])
def test_rules_that_cannot_be_are_refused(options: Any) -> None:
    with pytest.raises(DesignError):
        BestRule(**options)


READINGS = [
    Reading(day(42), "local", "PR"),
    Reading(day(42), "central", "SD"),
    Reading(day(42), "adjudicator", "PR"),
    Reading(day(84), "local", "PD"),
    Reading(day(126), "central", "PD"),
    Reading(day(126), "local", "PD"),
]


@pytest.mark.parametrize(
    ("rule", "counted"),
    [
        ("local", ["PR", "PD", "PD"]),
        ("central", ["SD", "NE", "PD"]),
        ("central, else local", ["SD", "PD", "PD"]),
        ("agreed, else adjudicator", ["PR", "NE", "PD"]),
        (lambda of: max(of.values(), key=lambda reading: reading.response == "PD"), ["PR", "PD", "PD"]),
    ],
)
def test_the_protocol_says_whose_reading_counts(rule: Any, counted: list[str]) -> None:
    assert [point.response for point in that_counts(READINGS, rule)] == counted
    assert that_counts(reversed(READINGS), "local") == that_counts(READINGS, "local")


def test_readings_that_differ_are_found() -> None:
    assert disagreements(READINGS) == (day(42),)


def test_readings_that_cannot_be_are_refused() -> None:
    with pytest.raises(DataError, match="two local readings on 2024-02-12"):
        that_counts([READINGS[0], READINGS[0]], "local")
    with pytest.raises(DesignError, match="central, else local"):
        that_counts(READINGS, "best")  # type: ignore[arg-type]  # what a caller without a type checker may do
