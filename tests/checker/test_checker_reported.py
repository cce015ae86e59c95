"""Published results: the traps that the evidence of this very question holds."""

from __future__ import annotations

from typing import Any

import pytest
from edited_protocols import edited
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.checker import Finding, reported
from equipoise.estimates import Estimate

CHECKS = (
    reported.ratio_interval_and_p,
    reported.more_events_than_participants,
    reported.ratio_against_medians,
    reported.mixed_levels,
    reported.not_significant_for_want_of_events,
)


def ratio(value: float, low: float, high: float, level: float = 0.95, **more: Any) -> Estimate:
    """A hazard ratio for survival of B over A."""
    p = {"p_method": "not stated"} if "p_value" in more else {}
    return Estimate(
        endpoint="os", measure="hazard ratio", value=value, conf_low=low, conf_high=high, conf_level=level,
        null_value=1, arm="B", reference="A", **p, **more,
    )  # fmt: skip  # arguments that belong together share a line


def median(value: float, arm: str) -> Estimate:
    return Estimate(endpoint="os", measure="median", value=value, arm=arm)


def judged(*items: Estimate) -> list[Finding]:
    protocol = edited("jcog1017").model_copy(update={"reported": items, "design": None})
    return [found for check in CHECKS for found in check(protocol)]


def ids(*items: Estimate) -> list[str]:
    return [found.id for found in judged(*items)]


def test_jcog1017_is_coherent_as_a_90_percent_interval() -> None:
    n = {"A": 205, "B": 202}
    assert ids(ratio(0.86, 0.69, 1.07, 0.90, p_value=0.13, sides=1, n_by_arm=n)) == []
    assert ids(ratio(0.857, 0.686, 1.072, 0.90, p_value=0.1283, sides=1, n_by_arm=n)) == []


def test_the_p_may_be_of_the_log_rank_test_and_the_interval_of_the_cox_model() -> None:
    # R survival, data ovarian, rx: Cox 0.5508 (0.1743-1.740) with a Wald p of 0.31, and a log-rank p of 0.303
    assert ids(ratio(0.5508, 0.1743, 1.740, p_value=0.303, sides=2)) == []


def test_a_level_that_does_not_fit_the_p_is_found_and_the_one_that_does_is_named() -> None:
    (found,) = judged(ratio(0.70, 0.56, 0.875, 0.95, p_value=0.0082, sides=2))
    assert found.id == "hr-ci-p"
    assert "the interval is of 90 % and the p-value two-sided" in found.what


def test_a_one_sided_p_given_as_two_sided_is_found() -> None:
    (found,) = judged(ratio(0.857, 0.686, 1.072, 0.90, p_value=0.1283, sides=2))
    assert found.id == "hr-ci-p"
    assert "the interval is of 90 % and the p-value one-sided" in found.what


def test_a_p_printed_as_an_upper_bound_may_be_smaller() -> None:
    assert ids(ratio(0.415, 0.327, 0.527, p_value=0.0001, sides=2, note="p printed as < 0.0001")) == []
    assert ids(ratio(0.415, 0.327, 0.527, p_value=0.0001, sides=2)) == ["hr-ci-p"]
    assert ids(ratio(0.857, 0.686, 1.072, 0.90, p_value=0.0001, sides=1, note="p printed as < 0.0001")) == ["hr-ci-p"]


def test_a_ratio_outside_the_middle_of_its_interval_is_found() -> None:
    assert ids(ratio(0.77, 0.69, 1.07)) == ["hr-off-centre"]


def test_mf07_01_s_report_of_2021_needs_433_events_from_265_patients() -> None:
    n = {"A": 133, "B": 132}
    (found,) = judged(ratio(0.71, 0.59, 0.86, n_by_arm=n))
    assert found.id == "hr-more-events-than-participants"
    assert "433 events" in found.what
    assert "265 participants" in found.what


def test_mf07_01_s_report_of_2018_is_coherent() -> None:
    assert ids(ratio(0.66, 0.49, 0.88, n_by_arm={"A": 136, "B": 138})) == []


def test_more_events_than_were_counted_are_found() -> None:
    n, half = {"A": 205, "B": 202}, {"A": 60, "B": 50}
    (found,) = judged(ratio(0.857, 0.686, 1.072, 0.90, n_by_arm=n, events_by_arm=half))
    assert "110 events" in found.what
    counted = {"A": 113, "B": 108}
    assert ids(ratio(0.857, 0.686, 1.072, 0.90, n_by_arm=n, events_by_arm=counted)) == []


def test_posytive_s_ratio_printed_upside_down_contradicts_its_medians() -> None:
    # printed 0.691 with a median of 34.6 months after surgery (B) against 54.8 without; turned it is 1.447
    printed = ratio(0.691, 0.358, 1.333)
    (found,) = judged(printed, median(34.6, "B"), median(54.8, "A"))
    assert found.id == "hr-against-medians"
    assert "1.45" in found.mend
    assert ids(ratio(1.447, 0.750, 2.793), median(34.6, "B"), median(54.8, "A")) == []


def test_intervals_of_two_levels_are_noted_once() -> None:
    assert ids(ratio(0.857, 0.686, 1.072, 0.90), ratio(0.86, 0.66, 1.12, 0.95)) == ["conf-levels-mixed"]
    assert ids(ratio(0.857, 0.686, 1.072, 0.90), ratio(0.86, 0.69, 1.07, 0.90)) == []


@pytest.mark.parametrize(("p", "expected"), [(0.1283, ["not-significant-underpowered"]), (0.04, [])])
def test_no_difference_at_two_thirds_of_the_events_is_no_proof_of_none(p: float, expected: list[str]) -> None:
    protocol = edited("jcog1017")
    item = ratio(0.857, 0.686, 1.072, 0.90, p_value=p, sides=1, events_by_arm={"A": 113, "B": 108})
    found = list(reported.not_significant_for_want_of_events(protocol.model_copy(update={"reported": (item,)})))
    assert [entry.id for entry in found] == expected
    # 221 deaths of 359
    assert all("221 of the 359" in entry.what and "0.62" in entry.what for entry in found)


FINITE = st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([0.0, 1.0, 1e-320, 0.5, 2.0]))


@settings(deadline=None, max_examples=200)
@given(numbers=st.tuples(FINITE, FINITE, FINITE, FINITE), p=FINITE, sides=st.sampled_from([1, 2]))
def test_whatever_is_reported_it_is_judged_and_never_breaks(
    numbers: tuple[float, float, float, float], p: float, sides: int
) -> None:
    item = ratio(*numbers, p_value=p, sides=sides, n_by_arm={"A": 1, "B": 0}, events_by_arm={"A": 3})
    for found in judged(item, median(1.0, "A"), median(2.0, "B")):
        assert found.what
