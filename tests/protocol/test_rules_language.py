"""The language of rules: its truth tables, its arithmetic, what decides, its engines."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
import sqlglot
from rule_words import DICTIONARY

from equipoise.errors import DataError
from equipoise.protocol.model.variables import Variable
from equipoise.protocol.rules import Judged, compile_rule, judge_cohort_table, judge_table
from equipoise.protocol.rules.parse import can_be_named

SCHEMA: dict[str, Any] = {
    "p": pl.Boolean,
    "q": pl.Boolean,
    "age": pl.Int64,
    "ast": pl.Decimal(12, 1),
    "uln": pl.Decimal(12, 1),
    "her2": pl.String,
    "start": pl.Date,
    "stop": pl.Date,
}
T, F, U = True, False, None


def judge(text: str, **values: Any) -> Judged:
    """The evaluator's answer, after DuckDB has given the same."""
    rule = compile_rule(text, DICTIONARY)
    judged = rule.judge(values)
    row = pl.DataFrame([{name: values.get(name) for name in SCHEMA}], schema=SCHEMA)
    assert judge_table(row, {"answer": rule})["answer"].to_list() == [judged.value]
    return judged


# --- three truth values (Kleene 1938; SQL:2016, 6.39 <boolean value expression>, tables 14 and 15) ---

AND = [(T, T, T), (T, F, F), (T, U, U), (F, T, F), (F, F, F), (F, U, F), (U, T, U), (U, F, F), (U, U, U)]
OR = [(T, T, T), (T, F, T), (T, U, T), (F, T, T), (F, F, F), (F, U, U), (U, T, T), (U, F, U), (U, U, U)]


@pytest.mark.parametrize(("p", "q", "answer"), AND)
def test_and_is_false_as_soon_as_one_part_is(p: Any, q: Any, answer: Any) -> None:
    assert judge("p AND q", p=p, q=q).value is answer


@pytest.mark.parametrize(("p", "q", "answer"), OR)
def test_or_is_true_as_soon_as_one_part_is(p: Any, q: Any, answer: Any) -> None:
    assert judge("p OR q", p=p, q=q).value is answer


@pytest.mark.parametrize(("p", "answer"), [(T, F), (F, T), (U, U)])
def test_not_leaves_the_unknown_unknown(p: Any, answer: Any) -> None:
    assert judge("NOT p", p=p).value is answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("her2 = 'positive'", U),
        ("her2 <> 'positive'", U),
        ("her2 IN ('positive', 'negative')", U),
        ("her2 NOT IN ('positive')", U),
        ("age > 3", U),
        ("age = age", U),
        ("p = p", U),
        ("NOT (age BETWEEN 1 AND 2)", U),
        ("age > 3 OR TRUE", T),
        ("age > 3 AND FALSE", F),
        ("start <= start", U),
        ("start + INTERVAL 1 DAY > start", U),
        ("date_diff('day', start, stop) > 0", U),
    ],
)
def test_what_is_not_recorded_yet_makes_a_comparison_unknown(text: str, answer: Any) -> None:
    assert judge(text).value is answer


@pytest.mark.parametrize(
    ("text", "age", "answer"),
    [
        ("age BETWEEN 18 AND 70", 18, T),
        ("age BETWEEN 18 AND 70", 70, T),
        ("age BETWEEN 18 AND 70", 71, F),
        ("age NOT BETWEEN 18 AND 70", 71, T),
        ("age NOT BETWEEN 18 AND 70", 70, F),
        ("age BETWEEN 70 AND 18", 50, F),
        ("age IN (1, 2, 3)", 2, T),
        ("age IN (1, 2, 3)", 4, F),
        ("age NOT IN (1, 2, 3)", 4, T),
        ("age NOT IN (1, 2, 3)", 2, F),
        ("NOT age IN (1.0, 2)", 1, F),
        ("age = 18.0", 18, T),
        ("-age < 0 AND +age > 0", 5, T),
        ("NOT NOT age > 3", 4, T),
        ("age + 2 * 3 = 10", 4, T),
        ("(age + 2) * 3 = 18", 4, T),
        ("10 - age - 3 = 3", 4, T),
        ("age != 3", 4, T),
    ],
)
def test_comparisons_mean_what_they_mean_in_sql(text: str, age: int, answer: bool) -> None:
    assert judge(text, age=age).value is answer


def test_between_with_one_unknown_limit_is_false_if_the_other_side_is() -> None:
    assert judge("age BETWEEN ast AND uln", age=50, uln=Decimal(40)).value is False
    assert judge("age BETWEEN ast AND uln", age=50, uln=Decimal(60)).value is None


def test_and_binds_closer_than_or() -> None:
    assert judge("p OR q AND FALSE", p=True, q=True).value is True
    assert judge("(p OR q) AND FALSE", p=True, q=True).value is False


# --- what decided ---


@pytest.mark.parametrize(
    ("text", "values", "answer", "decided_by"),
    [
        ("p AND q", {"p": F, "q": T}, F, {"p"}),
        ("p AND q", {"p": F}, F, {"p"}),
        ("p AND q", {"p": F, "q": F}, F, {"p", "q"}),
        ("p AND q", {"p": T, "q": T}, T, {"p", "q"}),
        ("p AND q", {"p": T}, U, {"q"}),
        ("p OR q", {"p": T}, T, {"p"}),
        ("p OR q", {"p": F}, U, {"q"}),
        ("NOT (p OR q)", {"p": T}, F, {"p"}),
        ("age > 3 AND her2 = 'positive'", {"age": 2}, F, {"age"}),
        ("age > ast", {"age": 2}, U, {"ast"}),
        ("older", {"age": 70}, T, {"age"}),
        ("older AND p", {}, U, {"age", "p"}),
        ("CASE WHEN p THEN age ELSE ast END > 3", {"p": T, "age": 5}, T, {"p", "age"}),
        ("CASE WHEN p THEN age ELSE ast END > 3", {"p": F, "age": 5}, U, {"ast"}),
        ("CASE WHEN p THEN age ELSE ast END > 3", {"age": 5}, U, {"p"}),
        ("greatest(age, ast) > 3", {"age": 5}, U, {"ast"}),
    ],
)
def test_the_values_that_decided_are_named(text: str, values: Any, answer: Any, decided_by: set[str]) -> None:
    assert judge(text, **values) == Judged(answer, frozenset(decided_by))


# --- CASE, greatest, least ---


@pytest.mark.parametrize(
    ("p", "q", "answer"),
    [(T, U, "a"), (F, T, "b"), (F, F, "c"), (F, U, None), (U, T, None), (U, U, None)],
)
def test_an_unknown_condition_makes_a_case_unknown(p: Any, q: Any, answer: str | None) -> None:
    """SQL would go on to the next branch, and so decide by what has not been recorded yet."""
    case = "CASE WHEN p THEN 'a' WHEN q THEN 'b' ELSE 'c' END"
    for value in "abc":
        wanted = None if answer is None else answer == value
        assert judge(f"{case} = '{value}'", p=p, q=q).value is wanted


@pytest.mark.parametrize("function", ["greatest", "least"])
def test_greatest_and_least_are_unknown_if_any_part_is(function: str) -> None:
    assert judge(f"{function}(age, ast, 7) = 7", age=5).value is None
    wanted = {"greatest": 9, "least": 5}[function]
    assert judge(f"{function}(age, ast, 7) = {wanted}", age=5, ast=Decimal(9)).value is True


def test_greatest_of_dates_is_the_later() -> None:
    days = {"start": date(2020, 1, 1), "stop": date(2020, 6, 1)}
    assert judge("greatest(start, stop) = DATE '2020-06-01'", **days).value is True
    assert judge("least(start, stop) = DATE '2020-01-01'", **days).value is True


# --- exact numbers ---


@pytest.mark.parametrize(("ast", "uln"), [("1.5", "1.0"), ("61.5", "41.0"), ("0.3", "0.2"), ("52.8", "35.2")])
def test_a_patient_exactly_at_one_and_a_half_times_the_limit_passes(ast: str, uln: str) -> None:
    """1.5 x the limit in exact decimals; in binary floats 1.5 * 35.2 is 52.800000000000004."""
    at = {"ast": Decimal(ast), "uln": Decimal(uln)}
    assert judge("ast <= 1.5 * uln", **at).value is True
    assert judge("ast / uln <= 1.5", **at).value is True
    assert judge("ast / 1.5 <= uln", **at).value is True
    assert judge("ast > 1.5 * uln", **at).value is False
    above = {"ast": Decimal(ast) + Decimal("0.1"), "uln": Decimal(uln)}
    assert judge("ast <= 1.5 * uln", **above).value is False


def test_a_third_is_a_third() -> None:
    assert judge("age / 3 * 3 = age", age=10).value is True
    assert judge("age / 3 + age / 3 + age / 3 = age", age=10).value is True


@pytest.mark.parametrize("text", ["age / 0 > 1", "age / (ast - ast) > 1", "1 / (uln / 1) > 0", "0 / uln = 0"])
def test_a_division_by_zero_is_unknown(text: str) -> None:
    assert judge(text, age=3, ast=Decimal(1), uln=Decimal(0)).value is None


def test_a_float_counts_as_the_decimal_it_is_written_as() -> None:
    rule = compile_rule("ast = 0.1", DICTIONARY)
    assert rule.judge({"ast": 0.1}).value is True


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), [1], object()])
def test_a_value_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(DataError, match="rule can judge"):
        compile_rule("age > 3", DICTIONARY).judge({"age": value})


# --- dates ---


@pytest.mark.parametrize(
    ("start", "interval", "stop"),
    [
        (date(2020, 1, 31), "1 MONTH", date(2020, 2, 29)),
        (date(2021, 1, 31), "1 MONTH", date(2021, 2, 28)),
        (date(2020, 1, 31), "3 MONTH", date(2020, 4, 30)),
        (date(2020, 2, 29), "1 YEAR", date(2021, 2, 28)),
        (date(2020, 2, 29), "4 YEARS", date(2024, 2, 29)),
        (date(2020, 12, 31), "2 MONTHS", date(2021, 2, 28)),
        (date(2020, 2, 28), "2 DAY", date(2020, 3, 1)),
        (date(2020, 12, 25), "1 WEEK", date(2021, 1, 1)),
        (date(2020, 5, 5), "0 DAY", date(2020, 5, 5)),
    ],
)
def test_a_month_that_lacks_the_day_ends_on_its_last(start: date, interval: str, stop: date) -> None:
    """PostgreSQL and DuckDB: adding a month to the 31st of January gives the last day of February."""
    assert judge(f"start + INTERVAL {interval} = stop", start=start, stop=stop).value is True


def test_an_interval_taken_off_ends_on_the_last_day_as_well() -> None:
    assert judge("start - INTERVAL 1 MONTH = stop", start=date(2020, 3, 31), stop=date(2020, 2, 29)).value is True


def test_days_between_are_counted_from_the_first_to_the_second() -> None:
    days = {"start": date(2020, 2, 28), "stop": date(2020, 3, 1)}
    assert judge("date_diff('day', start, stop) = 2", **days).value is True
    assert judge("date_diff('day', stop, start) = -2", **days).value is True


def test_a_point_in_time_counts_as_its_day() -> None:
    rule = compile_rule("start = DATE '2020-01-01'", DICTIONARY)
    assert rule.judge({"start": datetime(2020, 1, 1, 23, 59)}).value is True  # noqa: DTZ001 - a local clock's reading


@pytest.mark.parametrize("day", [date(9999, 12, 31), date(1, 1, 1)])
def test_an_interval_beyond_the_calendar_is_unknown(day: date) -> None:
    rule = compile_rule("start + INTERVAL 100 YEAR > start - INTERVAL 100 YEAR", DICTIONARY)
    assert rule.judge({"start": day}).value is None


# --- cohort rules ---


def test_a_row_whose_filter_is_unknown_is_not_counted() -> None:
    rule = compile_rule("count(*) FILTER (WHERE p) = 1 AND count(*) = 3", DICTIONARY, cohort=True)
    people: list[dict[str, Any]] = [{"p": True}, {"p": False}, {"p": None}]
    assert rule.judge_cohort(people) is True
    assert judge_cohort_table(pl.DataFrame(people), rule) is True


def test_a_sum_over_a_missing_value_or_over_nobody_is_unknown() -> None:
    rule = compile_rule("sum(age) > 10", DICTIONARY, cohort=True)
    groups: list[list[dict[str, Any]]] = [[], [{"age": 50}, {"age": None}]]
    for people in groups:
        assert rule.judge_cohort(people) is None
        assert judge_cohort_table(pl.DataFrame(people, schema={"age": pl.Int64}), rule) is None


@pytest.mark.parametrize(("treated", "answer"), [(7, False), (8, True), (9, True)])
def test_at_least_eighty_per_cent_includes_eighty(treated: int, answer: bool) -> None:
    text = "count(*) FILTER (WHERE her2 = 'positive' AND p) >= 0.8 * count(*) FILTER (WHERE her2 = 'positive')"
    rule = compile_rule(text, DICTIONARY, cohort=True)
    people: list[dict[str, Any]] = [{"her2": "positive", "p": i < treated} for i in range(10)]
    people.append({"her2": "negative", "p": True})
    assert rule.judge_cohort(people) is answer
    assert judge_cohort_table(pl.DataFrame(people), rule) is answer


def test_a_text_in_quotes_may_hold_what_a_rule_may_not() -> None:
    values = ["it''s; -- (SELECT \"x\"", "((((", "é"]
    dictionary = {"c": Variable(label="c", type="choice", values=[value.replace("''", "'") for value in values])}
    for value in values:
        rule = compile_rule(f"c = '{value}'", dictionary)
        assert rule.judge({"c": value.replace("''", "'")}).value is True
        frame = pl.DataFrame({"c": [value.replace("''", "'")]})
        assert judge_table(frame, {"answer": rule})["answer"].to_list() == [True]


@pytest.mark.parametrize("name", ["age", "order", "group", "date", "left", "index", "x", "time", "user", "count"])
def test_a_name_that_a_rule_can_hold_works_in_every_engine(name: str) -> None:
    assert can_be_named(name)
    dictionary = {name: Variable(label=name, type="integer", range=(0, 9))}
    rule = compile_rule(f"{name} + 1 > 3 AND {name} IN (3, 4)", dictionary)
    assert rule.judge({name: 3}).value is True
    assert judge_table(pl.DataFrame({name: [3, 5]}), {"answer": rule})["answer"].to_list() == [True, False]


@pytest.mark.parametrize(
    "name", ["case", "select", "null", "true", "not", "and", "in", "between", "interval", "if", "exists", "cast", "is"]
)
def test_a_word_that_sql_keeps_for_itself_names_no_variable(name: str) -> None:
    assert not can_be_named(name)


EVERYTHING = [
    "p AND NOT q OR age BETWEEN 18 AND 70",
    "her2 IN ('positive', 'negative') AND her2 <> grade OR TRUE",
    "ast / uln > 1.5 AND greatest(age, ast) < 100 AND least(age, n) > 0",
    "CASE WHEN p THEN age WHEN q THEN ast ELSE 0 END > 3",
    "start + INTERVAL 3 MONTH >= stop AND date_diff('day', start, stop) <= 28",
    "greatest(start, stop) > DATE '2020-02-29' AND older",
]


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "spark"])
@pytest.mark.parametrize("text", [text for text in EVERYTHING if "grade" not in text])
def test_a_rule_written_for_an_engine_can_be_read_in_its_dialect(text: str, dialect: Any) -> None:
    written = compile_rule(text, DICTIONARY).sql(dialect)
    again = sqlglot.parse_one(written, read=dialect)
    assert again.sql(dialect=dialect).lower() == written.lower()
    assert not list(again.find_all(sqlglot.exp.Command, sqlglot.exp.Anonymous))


def test_a_table_without_a_column_that_a_rule_needs_is_refused() -> None:
    rule = compile_rule("age > 1 AND p", DICTIONARY)
    with pytest.raises(DataError, match="the table has no column p: add it"):
        judge_table(pl.DataFrame({"age": [1]}), {"answer": rule})
