"""Rules over dates that are not wholly known: decided only where every day that they can be decides alike."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.protocol.model.quality import Partial
from equipoise.protocol.model.variables import Variable
from equipoise.protocol.rules import PartialDate, compile_rule, imputed

PARTIAL = Partial(impute="middle")
DATES = {
    "a": Variable(label="a", type="date", partial=PARTIAL),
    "b": Variable(label="b", type="date", partial=PARTIAL),
    "n": Variable(label="n", type="integer"),
    "known": Variable(label="known", type="boolean"),
}


@pytest.mark.parametrize(
    ("rule", "text", "value"),
    [
        ("a < DATE '2023-03-01'", "2023-02", True),
        ("a < DATE '2023-02-28'", "2023-02", None),
        ("a <= DATE '2023-02-28'", "2023-02", True),
        ("a > DATE '2023-01-31'", "2023-02", True),
        ("a = DATE '2023-02-10'", "2023-02", None),
        ("a = DATE '2023-03-10'", "2023-02", False),
        ("a <> DATE '2023-03-10'", "2023-02", True),
        ("a BETWEEN DATE '2023-01-01' AND DATE '2023-12-31'", "2023", True),
        ("a BETWEEN DATE '2023-01-02' AND DATE '2023-12-31'", "2023", None),
        ("a + INTERVAL 1 MONTH < DATE '2023-04-01'", "2023-02", True),
        ("date_diff('day', a, DATE '2023-03-01') <= 28", "2023-02", True),
        ("date_diff('day', a, DATE '2023-03-01') < 28", "2023-02", None),
        ("2 * date_diff('day', a, DATE '2023-03-01') + 1 > 2", "2023-02", True),
        ("100 / date_diff('day', DATE '2023-02-10', a) > 0", "2023-02", None),
        ("100 / date_diff('day', DATE '2023-01-01', a) > 0", "2023-02", True),
        ("greatest(a, DATE '2024-01-01') = DATE '2024-01-01'", "2023", True),
        ("least(a, DATE '2023-06-01') < DATE '2023-06-01'", "2023", None),
        ("known OR a < DATE '2023-02-10'", "2023-02", True),
        ("NOT known AND a < DATE '2023-02-10'", "2023-02", False),
        ("a IN (DATE '2023-03-01', DATE '2024-01-01')", "2023-02", False),
        ("a IN (DATE '2023-02-01', DATE '2024-01-01')", "2023-02", None),
    ],
)
def test_a_rule_is_decided_where_every_day_decides_alike(rule: str, text: str, value: bool | None) -> None:
    judged = compile_rule(rule, DATES).judge({"a": PartialDate.of(text), "known": True})
    assert judged.value is value
    if value is None:
        assert judged.decided_by == {"a"}


def test_the_bounds_of_the_imputation_narrow_what_a_date_can_be() -> None:
    bounded = {**DATES, "a": Variable(label="a", type="date", partial=Partial(impute="first", not_before="b"))}
    rule = compile_rule("a >= DATE '2023-02-10'", bounded)
    assert rule.judge({"a": PartialDate.of("2023-02")}).value is None
    assert rule.judge({"a": PartialDate.of("2023-02"), "b": date(2023, 2, 10)}).value is True
    # a bound outside of what was recorded contradicts it, and does not move it
    assert rule.judge({"a": PartialDate.of("2023-02"), "b": date(2023, 5, 1)}).value is True
    assert rule.judge({"a": PartialDate.of("2023-01"), "b": date(2023, 5, 1)}).value is False


def test_a_cohort_rule_counts_whom_it_knows() -> None:
    rule = compile_rule("count(*) FILTER (WHERE a < DATE '2023-02-10') >= 1", DATES, cohort=True)
    assert rule.judge_cohort([{"a": PartialDate.of("2023-02")}]) is False
    assert rule.judge_cohort([{"a": PartialDate.of("2023-02")}, {"a": PartialDate.of("2023-01")}]) is True


spans = st.builds(lambda y, m: PartialDate.of(f"{y}-{m:02}"), st.integers(2022, 2024), st.integers(1, 12))
days = st.dates(date(2022, 1, 1), date(2024, 12, 31))
terms = st.sampled_from(
    ["a", "b", "DATE '2023-06-15'", "a + INTERVAL 1 MONTH", "b - INTERVAL 10 DAY", "greatest(a, b)"]
)
numbers = st.sampled_from(["date_diff('day', a, b)", "3 * date_diff('day', b, a)", "date_diff('day', a, b) / 7", "20"])
comparison = st.builds(
    lambda left, sign, right: f"{left} {sign} {right}", terms, st.sampled_from(["<", "<=", ">", ">=", "=", "<>"]), terms
) | st.builds(lambda left, sign: f"{left} {sign} n", numbers, st.sampled_from(["<", ">="]))
conditions = st.recursive(
    comparison,
    lambda inner: (
        st.builds(lambda p, q: f"({p} AND {q})", inner, inner)
        | st.builds(lambda p, q: f"({p} OR {q})", inner, inner)
        | st.builds(lambda p: f"(NOT {p})", inner)
        | st.builds(lambda p, q, r: f"(CASE WHEN {p} THEN {q} ELSE {r} END)", inner, inner, inner)
    ),
    max_leaves=3,
)


@settings(max_examples=150)
@given(rule=conditions, a=spans | days, b=spans | days, n=st.integers(-40, 40))
def test_what_is_decided_is_so_for_every_day_that_a_date_can_be(rule: str, a: Any, b: Any, n: int) -> None:
    compiled = compile_rule(f"({rule}) AND n = n", DATES)
    value = compiled.judge({"a": a, "b": b, "n": n}).value
    if value is None:
        return
    found = {compiled.judge({"a": x, "b": y, "n": n}).value for x, y in product(_days(a), _days(b))}
    assert found == {value}


def _days(value: Any) -> list[date]:
    if isinstance(value, date):
        return [value]
    length = (value.latest - value.earliest).days
    return [value.earliest + timedelta(days=i) for i in range(length + 1)]


@pytest.mark.parametrize(
    ("impute", "text", "day"),
    [
        ("first", "2024", date(2024, 1, 1)),
        ("middle", "2024", date(2024, 7, 15)),
        ("last", "2024", date(2024, 12, 31)),
        ("first", "2024-02", date(2024, 2, 1)),
        ("middle", "2024-02", date(2024, 2, 15)),
        ("last", "2024-02", date(2024, 2, 29)),
    ],
)
def test_a_date_is_imputed_by_its_rule(impute: Any, text: str, day: date) -> None:
    assert imputed(Partial(impute=impute), PartialDate.of(text)) == day


@given(impute=st.sampled_from(["first", "middle", "last"]), value=spans, low=st.none() | days, high=st.none() | days)
def test_an_imputed_day_is_within_what_was_recorded_and_within_its_bounds(
    impute: Any, value: PartialDate, low: date | None, high: date | None
) -> None:
    day = imputed(Partial(impute=impute), value, low=low, high=high)
    assert value.earliest <= day <= value.latest
    if low is not None and low <= value.latest:
        assert day >= low
    if high is not None and value.earliest <= high and (low is None or low <= high):
        assert day <= high
    assert value.flag == "D"
    assert PartialDate.of(value.text[:4]).flag == "M"
