"""One rule, one answer: the evaluator of one participant and DuckDB agree on every row."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.errors import RuleError
from equipoise.protocol.model.variables import Variable
from equipoise.protocol.rules import compile_rule, judge_cohort_table, judge_table

DICTIONARY = {
    "age": Variable(label="age", type="integer", range=(0, 120)),
    "ast": Variable(label="ast", type="decimal", decimals=1, range=(0, 5000)),
    "uln": Variable(label="uln", type="decimal", decimals=1, range=(0, 100)),
    "her2": Variable(label="her2", type="choice", values=["positive", "negative"]),
    "size": Variable(label="size", type="choice", values=["small", "large", "positive"]),
    "targeted": Variable(label="targeted", type="boolean"),
    "measurable": Variable(label="measurable", type="boolean"),
    "diagnosis_date": Variable(label="diagnosis", type="date"),
    "start_date": Variable(label="start", type="date"),
    "patients": Variable(
        label="group",
        type="choice",
        values=["a", "b"],
        derived="CASE WHEN age > 50 AND targeted THEN 'a' ELSE 'b' END",
    ),
}
SCHEMA = {
    "age": pl.Int64,
    "ast": pl.Decimal(12, 1),
    "uln": pl.Decimal(12, 1),
    "her2": pl.String,
    "size": pl.String,
    "targeted": pl.Boolean,
    "measurable": pl.Boolean,
    "diagnosis_date": pl.Date,
    "start_date": pl.Date,
}

# rows: NULLs, zeros, limits, month ends
maybe = lambda strategy: st.none() | strategy  # noqa: E731 - a name for a one-line strategy
tenths = st.integers(0, 60).map(lambda n: Decimal(n) / 10)
month_ends = st.sampled_from([date(2020, 1, 31), date(2020, 2, 29), date(2021, 2, 28), date(2019, 12, 31)])
days = month_ends | st.integers(0, 900).map(lambda n: date(2019, 6, 1) + timedelta(days=n))
rows = st.fixed_dictionaries(
    {
        "age": maybe(st.sampled_from([0, 1, 17, 18, 50, 70, 71, 120])),
        "ast": maybe(tenths),
        "uln": maybe(st.sampled_from([Decimal(0), Decimal("1.1"), Decimal(4), Decimal("0.3")])),
        "her2": maybe(st.sampled_from(["positive", "negative"])),
        "size": maybe(st.sampled_from(["small", "large", "positive"])),
        "targeted": maybe(st.booleans()),
        "measurable": maybe(st.booleans()),
        "diagnosis_date": maybe(days),
        "start_date": maybe(days),
    }
)

COMPARISONS = ["=", "<>", "<", "<=", ">", ">="]


class Writer:
    """Writes random rules of bounded depth, one drawn choice at a time."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw

    def pick(self, options: list[Any]) -> Any:
        return self.draw(st.sampled_from(options))

    def number(self, depth: int) -> str:
        forms = ["leaf"] if depth == 0 else ["leaf", "days", "arithmetic", "arithmetic", "extreme", "case"]
        match self.pick(forms):
            case "days":
                return f"date_diff('day', {self.day(depth - 1)}, {self.day(depth - 1)})"
            case "arithmetic":
                return f"({self.number(depth - 1)} {self.pick(['+', '-', '*', '/'])} {self.number(depth - 1)})"
            case "extreme":
                kind = self.pick(["greatest", "least"])
                return f"{kind}({self.number(depth - 1)}, {self.number(depth - 1)})"
            case "case":
                when, then, other = self.condition(depth - 1), self.number(depth - 1), self.number(depth - 1)
                return f"CASE WHEN {when} THEN {then} ELSE {other} END"
        return str(self.pick(["age", "ast", "uln", "0", "1.5", "18", "-3", "0.1"]))

    def day(self, depth: int) -> str:
        forms = ["leaf"] if depth <= 0 else ["leaf", "shift", "shift", "extreme"]
        match self.pick(forms):
            case "shift":
                unit = self.pick(["DAY", "WEEK", "MONTH", "YEAR"])
                return f"({self.day(depth - 1)} {self.pick(['+', '-'])} INTERVAL {self.pick([0, 1, 12, 13])} {unit})"
            case "extreme":
                return f"greatest({self.day(depth - 1)}, {self.day(depth - 1)})"
        return str(self.pick(["diagnosis_date", "start_date", "DATE '2020-02-29'"]))

    def condition(self, depth: int) -> str:
        forms = ["leaf", "in", "numbers", "dates", "between"]
        forms += [] if depth == 0 else ["not", "and", "or", "and", "or", "case"]
        down = max(depth - 1, 0)
        match self.pick(forms):
            case "in":
                return str(self.pick(["her2 IN ('positive')", "size NOT IN ('small', 'large')", "age IN (0, 18, 70)"]))
            case "numbers":
                return f"{self.number(down)} {self.pick(COMPARISONS)} {self.number(down)}"
            case "dates":
                return f"{self.day(down)} {self.pick(COMPARISONS)} {self.day(down)}"
            case "between":
                return f"{self.number(down)} BETWEEN {self.number(0)} AND {self.number(0)}"
            case "not":
                return f"NOT ({self.condition(down)})"
            case "and":
                return f"({self.condition(down)} AND {self.condition(down)})"
            case "or":
                return f"({self.condition(down)} OR {self.condition(down)})"
            case "case":
                when, then, other = (self.condition(down) for _ in range(3))
                return f"CASE WHEN {when} THEN {then} ELSE {other} END"
        return str(self.pick(["targeted", "measurable", "TRUE", "patients = 'a'", "her2 = size"]))


@st.composite
def conditions(draw: Any) -> str:
    return Writer(draw).condition(3)


@st.composite
def cohort_rules(draw: Any) -> str:
    write = Writer(draw)
    count = f"count(*) FILTER (WHERE {write.condition(2)})"
    total = write.pick(
        ["count(*)", "sum(age)", "sum(ast) FILTER (WHERE targeted)", "sum(age + ast) FILTER (WHERE age > 17)"]
    )
    form = write.pick(["{0} {1} 0.8 * {2}", "{0} / {2} {1} 0.5", "greatest({0}, {2}) {1} 3"])
    return str(form).format(total, write.pick(COMPARISONS), count)


def table(people: list[dict[str, Any]]) -> pl.DataFrame:
    return pl.DataFrame(people, schema=SCHEMA)


def compiled(text: str, **options: Any) -> Any:
    """The rule, or None where it is refused for what no engine could compute exactly."""
    try:
        rule = compile_rule(text, DICTIONARY, **options)
        rule.sql("duckdb")
    except RuleError as error:
        refused = ("digits", "too long", "deeper", "too large", "over 200 years", "too many", "quotient")
        if not any(word in str(error) for word in refused):
            raise
        return None
    return rule


@settings(max_examples=250, deadline=None)
@given(conditions(), st.lists(rows, min_size=1, max_size=12))
def test_the_evaluator_and_duckdb_give_one_answer(text: str, people: list[dict[str, Any]]) -> None:
    rule = compiled(text)
    if rule is None:
        return
    ours = [rule.judge(row).value for row in people]
    assert judge_table(table(people), {"answer": rule})["answer"].to_list() == ours


@settings(max_examples=120, deadline=None)
@given(cohort_rules(), st.lists(rows, min_size=0, max_size=12))
def test_a_cohort_rule_has_one_answer(text: str, people: list[dict[str, Any]]) -> None:
    rule = compiled(text, cohort=True)
    if rule is None:
        return
    assert judge_cohort_table(table(people), rule) == rule.judge_cohort(people)


@settings(max_examples=200, deadline=None)
@given(conditions(), rows, st.data())
def test_recording_more_never_turns_an_answer_round(text: str, row: dict[str, Any], data: st.DataObject) -> None:
    """An answer that was given on part of the values stands when the rest comes in."""
    rule = compiled(text)
    if rule is None:
        return
    hidden = data.draw(st.sets(st.sampled_from(sorted(row))))
    before = rule.judge({k: v for k, v in row.items() if k not in hidden}).value
    assert before is None or rule.judge(row).value == before


@settings(max_examples=200, deadline=None)
@given(conditions(), rows)
def test_the_values_that_decided_are_enough_to_decide(text: str, row: dict[str, Any]) -> None:
    rule = compiled(text)
    if rule is None:
        return
    judged = rule.judge(row)
    if judged.value is None:
        assert judged.decided_by or "/" in text  # something is missing, or a divisor is zero
    else:
        assert rule.judge({k: row[k] for k in judged.decided_by if k in row}).value == judged.value


@pytest.mark.parametrize("dialect", ["postgres", "spark"])
@settings(max_examples=40, deadline=None)
@given(text=conditions())
def test_every_rule_can_be_written_for_other_engines(dialect: str, text: str) -> None:
    import sqlglot

    rule = compiled(text)
    if rule is None:
        return
    assert sqlglot.parse_one(rule.sql(dialect), read=dialect) is not None


def test_a_patient_exactly_at_a_limit_is_decided_rightly() -> None:
    """4.4 / 1.1 is 4 exactly; in binary floats 4.4 / 1.1 is 4.000000000000001 or 3.9999999999999996."""
    rule = compile_rule("ast / uln > 4", DICTIONARY)
    row = dict.fromkeys(SCHEMA) | {"ast": Decimal("4.4"), "uln": Decimal("1.1")}
    assert rule.judge(row).value is False
    assert judge_table(table([row]), {"answer": rule})["answer"].to_list() == [False]


def test_a_division_by_zero_is_unknown_in_every_engine() -> None:
    rule = compile_rule("(ast / uln) / (age / uln) > 4", DICTIONARY)
    row = dict.fromkeys(SCHEMA) | {"ast": Decimal(4), "uln": Decimal(0), "age": 3}
    assert rule.judge(row).value is None
    assert judge_table(table([row]), {"answer": rule})["answer"].to_list() == [None]


def test_an_engine_that_judges_tables_reaches_no_file(tmp_path: Any) -> None:
    import duckdb

    from equipoise.protocol.rules.tables import engine

    secret = tmp_path / "secret.csv"
    secret.write_text("a\n1\n")
    with pytest.raises(duckdb.Error, match="disabled"):
        engine().cursor().execute(f"SELECT * FROM '{secret}'")  # noqa: S608 - reading a file is what is tried
    with pytest.raises(duckdb.Error):
        engine().cursor().execute("SET enable_external_access = true")
