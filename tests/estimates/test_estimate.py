"""An Estimate says what it is, and refuses what could be misread."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.estimates import Estimate, significant, to_frame

PUBLISHED = Estimate(
    endpoint="os",
    measure="hazard ratio",
    method="cox",
    unit="ratio",
    value=0.857,
    conf_low=0.686,
    conf_high=1.072,
    conf_level=0.9,
    p_value=0.1283,
    p_method="log-rank",
    sides=1,
    null_value=1,
    arm="B",
    reference="A",
    n_by_arm={"A": 205, "B": 202},
)
"""JCOG1017 as presented at ASCO 2023, abstract 523."""


def test_it_reads_as_a_sentence_of_an_abstract() -> None:
    expected = "os hazard ratio B versus A 0.857 (90 % CI 0.686 to 1.07), one-sided p = 0.13 (log-rank)"
    assert str(PUBLISHED) == expected


def test_a_subgroup_and_a_time_point_are_said() -> None:
    found = Estimate(
        endpoint="os", measure="survival", value=0.5, at=24, arm="A", subgroup={"her2": "positive"}, unit="probability"
    )
    assert str(found) == "os survival A at 24 months in her2 = positive 0.5"


def test_a_limit_that_is_not_reached_is_said() -> None:
    found = Estimate(endpoint="os", measure="median", value=75, conf_low=60, conf_level=0.9, arm="B")
    assert "(90 % CI 60 to not reached)" in str(found)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"value": None}, "note that says why"),
        ({"conf_level": None}, "conf_level"),
        ({"sides": None}, "sides"),
        ({"p_method": ""}, "p_method"),
        ({"null_value": None}, "null_value"),
    ],
)
def test_what_could_be_misread_is_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Estimate.from_dict({**PUBLISHED.to_dict(), **settings})


def test_the_reason_of_a_missing_value_stands_apart_from_what_else_is_to_know() -> None:
    missing = Estimate(endpoint="os", measure="median", note="not reached; biased: by later class")
    assert (missing.reason, missing.remark) == ("not reached", "biased: by later class")
    given = Estimate(endpoint="os", measure="median", value=60, note="delayed entry; assumed")
    assert (given.reason, given.remark) == ("", "delayed entry; assumed")


def test_it_survives_json() -> None:
    assert Estimate.from_dict(json.loads(json.dumps(PUBLISHED.to_dict()))) == PUBLISHED


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ValueError, match="hazard"):
        Estimate.from_dict({"endpoint": "os", "measure": "median", "hazard": 1})


def test_estimates_make_a_table() -> None:
    frame = to_frame([PUBLISHED])
    assert frame.height == 1
    assert frame["n_by_arm"].to_list() == ["A=205; B=202"]


@given(st.floats(min_value=-1e300, max_value=1e300, allow_subnormal=False))
def test_ten_significant_digits_are_kept_and_stable(value: float) -> None:
    once = significant(value)
    assert once is not None
    assert math.isclose(once, value, rel_tol=5e-10, abs_tol=0.0) or value == 0
    assert significant(once) == once


def test_what_is_no_finite_number_is_null() -> None:
    assert [significant(x) for x in (math.nan, math.inf, -math.inf)] == [None, None, None]
