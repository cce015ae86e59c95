"""One judge: a table's verdicts are those that conduct gives participant by participant, in every engine."""

from __future__ import annotations

import importlib.util
import random
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import spark_session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_protocol import FIRST, SECOND, made

import postgres
from equipoise.conduct import Criteria
from equipoise.errors import DataError, InputError
from equipoise.protocol import Protocol, load
from equipoise.protocol.model.criteria import Criterion
from equipoise.screening import Screening, screen
from equipoise.screening.duck import DuckTable
from equipoise.screening.question import question
from equipoise.screening.reading import reading
from equipoise.screening.statement import Statements
from equipoise.screening.table import rows


def _agree() -> Any:
    """The strategies of rules and rows that the rules' own test of agreement draws from."""
    path = Path(__file__).parents[1] / "protocol" / "test_rules_agree.py"
    spec = importlib.util.spec_from_file_location("strategies_of_rules", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


agree = _agree()


@st.composite
def protocols(draw: Any) -> Protocol:
    """One to four criteria of random rules, some of which need a person as well."""
    criteria = []
    for place in range(draw(st.integers(1, 4))):
        text = draw(agree.conditions())
        if agree.compiled(text) is None:
            continue
        kind, at = draw(st.sampled_from(["inclusion", "exclusion"])), draw(st.sampled_from([FIRST, SECOND]))
        judgement = draw(st.sampled_from([None, None, "investigator"]))
        criteria.append(Criterion(id=f"K{place}", kind=kind, at=at, label="x", rule=text, judgement=judgement))
    return made(criteria, variables=agree.DICTIONARY)


def by_conduct(protocol: Protocol, row: dict[str, Any]) -> dict[str, str]:
    """How conduct judges one participant, by criterion."""
    judge = Criteria(protocol)
    return {item.criterion: item.verdict for step in (FIRST, SECOND) for item in judge.judge_step(step, row)}


def by_table(protocol: Protocol, data: Any) -> list[tuple[set[str], set[str]]]:
    """What every record fails and is unknown on, as the table's engine has it."""
    asked, table = question(protocol), DuckTable(data)
    try:
        columns = {item.name: item for item in table.columns()}
        readings = [reading(name, agree.DICTIONARY[name], columns[name], "duckdb") for name in asked.variables]
        statements = Statements(asked, readings, table.relation, "duckdb")
        found = rows(table, statements.records(record="ROW_NUMBER() OVER ()", identity=None))
        assert not any(rows(table, statements.wrong_values())[0]) if statements.fallible else True
    finally:
        table.close()
    return [(split(failing), split(unknown)) for _, _, _, failing, unknown in found]


def split(text: str) -> set[str]:
    return set(filter(None, text.split(", ")))


def expected(protocol: Protocol, people: list[dict[str, Any]]) -> list[tuple[set[str], set[str]]]:
    """The same by conduct: a criterion is unknown there too where only a judgement is wanting, and is not here."""
    judged = {item.id for item in protocol.eligibility if item.judgement is not None}
    without = made(
        [item.model_copy(update={"judgement": None}) for item in protocol.eligibility], variables=agree.DICTIONARY
    )
    answers = []
    for row in people:
        full, rules = by_conduct(protocol, row), by_conduct(without, row)
        assert all(full[name] == rules[name] for name in full if name not in judged)
        assert all((full[name] == "fail") == (rules[name] == "fail") for name in judged)
        fails = {name for name, verdict in full.items() if verdict == "fail"}
        answers.append((fails, {name for name, verdict in rules.items() if verdict == "unknown"}))
    return answers


def check_counts(found: Screening, answers: list[tuple[set[str], set[str]]]) -> None:
    """Every count of a result, one record at a time."""
    order = list(found.criterion)
    assert found.eligible == sum(not fails and not unknown for fails, unknown in answers)
    assert found.undecided == sum(not fails and bool(unknown) for fails, unknown in answers)
    firsts = [min(fails, key=order.index) for fails, _ in answers if fails]
    alone = [next(iter(fails)) for fails, unknown in answers if len(fails) == 1 and not unknown]
    for place, name in enumerate(order):
        assert found.failed[place] == sum(name in fails for fails, _ in answers)
        assert found.unknown[place] == sum(name in unknown for _, unknown in answers)
        assert found.first[place] == firsts.count(name)
        assert found.alone[place] == alone.count(name)
    total = found.failed + found.unknown + found.passed + found.needs_judgement
    assert total.tolist() == [found.records] * len(order)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(protocols(), st.lists(agree.rows, min_size=1, max_size=12))
def test_a_table_is_judged_as_conduct_judges_each_participant(protocol: Protocol, people: list[dict[str, Any]]) -> None:
    answers = expected(protocol, people)
    assert by_table(protocol, agree.table(people)) == answers
    check_counts(screen(protocol, agree.table(people)), answers)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(protocols(), st.lists(agree.rows, min_size=1, max_size=8))
def test_a_csv_file_and_a_parquet_file_are_judged_as_the_frame_that_they_are_of(
    folder: Path, protocol: Protocol, people: list[dict[str, Any]]
) -> None:
    frame = agree.table(people)
    frame.write_csv(folder / "records.csv")
    frame.write_parquet(folder / "records.parquet")
    answers = by_table(protocol, frame)
    assert by_table(protocol, str(folder / "records.csv")) == answers
    assert by_table(protocol, str(folder / "records.parquet")) == answers


def without_source(found: Screening) -> dict[str, Any]:
    return {name: value for name, value in found.to_dict().items() if name not in ("source", "engine")}


SUITED: dict[str, Any] = {
    **dict.fromkeys(("informed_consent", "histology_invasive", "metastases_measured", "metastases_controlled"), True),
    **dict.fromkeys(("bilateral", "breast_radiotherapy", "major_surgery"), False),
    **dict.fromkeys(("er", "pr", "her2"), "positive"),
    **dict.fromkeys(("brain_metastases", "liver_metastases", "other_malignancy"), "none"),
    **dict.fromkeys(("induction_response", "induction_metastatic"), "PR"),
    "age": 70,
    "sex": "female",
    "m_stage": "M1",
    "ecog": 1,
    "regimen": "chemotherapy",
    "chemotherapy_cycles": 4,
    "endocrine_months": 6,
    "metastatic_organs": 1,
    "pregnancy": "not_possible",
    "targeted_therapy": True,
    "diagnosis_date": date(2021, 6, 30),
    "systemic_start_date": date(2021, 7, 31),
    "consent_date": date(2021, 7, 1),
    "screening_date": date(2021, 7, 1),
    "randomisation_date": date(2022, 6, 30),
    **dict.fromkeys(("breast_radiotherapy_date", "major_surgery_date", "other_malignancy_date"), date(2022, 6, 2)),
    "major_surgery_recovered": True,
}
"""A record that may enter, at the limits."""


@pytest.fixture(scope="module")
def patients() -> pl.DataFrame:
    """Two thousand records of Henan's variables: most as suited, some of any other value, some not recorded."""
    draw, columns = random.Random(11), {}
    protocol = load("henan")
    for name in question(protocol).variables:
        declared = protocol.dictionary[name]
        match declared.type:
            case "boolean":
                others: list[Any] = [True, False]
            case "choice":
                others = list(declared.values or {})
            case "date":
                others = [SUITED[name] + timedelta(days=days) for days in (-1, 1, 31, 366)]
            case _:
                assert declared.range is not None
                low, high = map(int, declared.range)
                others = [low, high, max(low, SUITED[name] - 1), SUITED[name] + 1]
        columns[name] = [draw.choice([SUITED[name]] * 60 + others + [None]) for _ in range(2_000)]
    return pl.DataFrame(columns)


def test_henans_table_is_judged_as_conduct_judges_each_participant(patients: pl.DataFrame) -> None:
    protocol = load("henan")
    judge = Criteria(protocol)
    judged = {item.id for item in protocol.eligibility if item.judgement is not None}
    answers = []
    for row in patients.iter_rows(named=True):
        results = [item for step in protocol.entry_steps for item in judge.judge_step(step.id, row)]
        fails = {item.criterion for item in results if item.verdict == "fail"}
        answers.append((fails, {item.criterion for item in results if item.verdict == "unknown"} - judged))
    found = screen(protocol, patients)
    check_counts(found, answers)
    assert found.eligible > 0
    eligible = [
        row for row, answer in zip(patients.iter_rows(named=True), answers, strict=True) if answer == (set(), set())
    ]
    rule = judge.rule(protocol.cohort_rules[0].rule, cohort=True)
    assert found.cohort[0].verdict == {True: "pass", False: "fail"}[bool(rule.judge_cohort(eligible))]
    assert found.cohort[0].numbers["count(*) FILTER (WHERE her2 = 'positive')"] == sum(
        row["her2"] == "positive" for row in eligible
    )


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    with postgres.server() as running:
        yield running.new_database()


_TYPES = {pl.Int64: "bigint", pl.Boolean: "boolean", pl.String: "text", pl.Date: "date"}


def put(connection: Any, table: str, frame: pl.DataFrame) -> None:
    """A frame as a table of a PostgreSQL database."""
    columns = ", ".join(f'"{name}" {_TYPES.get(kind, "numeric")}' for name, kind in frame.schema.items())
    connection.execute(f"DROP TABLE IF EXISTS {table}")
    connection.execute(f"CREATE TABLE {table} ({columns})")
    with connection.cursor().copy(f"COPY {table} FROM STDIN") as copy:
        for row in frame.iter_rows():
            copy.write_row(row)


def test_postgresql_gives_the_same_counts_for_henan(patients: pl.DataFrame, database: str) -> None:
    import psycopg

    with psycopg.connect(database) as connection:
        put(connection, "patients", patients)
    protocol = load("henan")
    assert without_source(screen(protocol, database, engine="postgres", table="patients")) == without_source(
        screen(protocol, patients)
    )


def test_postgresql_gives_the_same_counts_for_any_rule(database: str) -> None:
    import psycopg

    with psycopg.connect(database) as connection:

        @settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
        @given(protocols(), st.lists(agree.rows, min_size=1, max_size=8))
        def check(protocol: Protocol, people: list[dict[str, Any]]) -> None:
            frame = agree.table(people)
            put(connection, "people", frame)
            found = screen(protocol, connection, engine="postgres", table="public.people")
            assert without_source(found) == without_source(screen(protocol, frame))

        check()


def test_postgresql_refuses_wrong_values_and_tells_what_it_lacks(database: str) -> None:
    import psycopg

    with psycopg.connect(database) as connection:
        connection.execute('CREATE TABLE "Odd ""one" (id text, age real, her2 varchar(20), targeted int, ast float8)')
        connection.execute(
            """INSERT INTO "Odd ""one" VALUES ('p1', 4.5, 'positive', 1, 4.4), ('p2', 'NaN', 'pos', 2, 1)"""
        )
        connection.execute('CREATE VIEW good AS SELECT * FROM "Odd ""one" WHERE id = \'p1\'')
        connection.execute('UPDATE "Odd ""one" SET age = 45 WHERE id = \'p1\'')
    rules = {"I1": "age > 40", "I2": "her2 = 'positive'", "I3": "targeted", "I4": "ast = 4.4"}
    criteria = [Criterion(id=name, kind="inclusion", at=FIRST, label="x", rule=rule) for name, rule in rules.items()]
    protocol = made(criteria, variables=agree.DICTIONARY)
    assert screen(protocol, database, engine="postgres", table="good").eligible == 1
    with pytest.raises(
        DataError, match=r"column 'age' has 'NaN' \(p2\), and age is a whole number from 0 to 120; .*'pos'"
    ):
        screen(protocol, database, engine="postgres", table='Odd "one', identity="id")
    with pytest.raises(InputError, match="no such table"):
        screen(protocol, database, engine="postgres", table='nowhere"; DROP TABLE good')
    with pytest.raises(InputError, match="the database refuses"):
        screen(protocol, "postgresql://localhost:1/nothing", engine="postgres", table="good")


def test_spark_gives_the_same_counts_for_henan(patients: pl.DataFrame, tmp_path: Path) -> None:
    patients.write_parquet(tmp_path / "patients.parquet")
    protocol = load("henan")
    with spark_session.session():
        found = screen(protocol, tmp_path / "patients.parquet", engine="spark")
        assert without_source(found) == without_source(screen(protocol, patients))
        patients.with_columns(age=pl.lit(200)).write_parquet(tmp_path / "wrong.parquet")
        with pytest.raises(DataError, match="column 'age' has '200'"):
            screen(protocol, tmp_path / "wrong.parquet", engine="spark")
