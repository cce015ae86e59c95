"""What is counted: attrition by criterion, judgements apart, rules about all participants."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from small_protocol import FIRST, SECOND, cohort_rule, exclusion, inclusion, made

from equipoise.errors import DataError, InputError
from equipoise.protocol import load
from equipoise.screening import screen
from equipoise.screening.attrition import FAIL, PASS, PER_NUMBER, UNKNOWN, Tally, numbers_needed
from equipoise.screening.cohort import counted

AGE, SEX, SIGNED = (
    inclusion("I1", "age BETWEEN 18 AND 70"),
    inclusion("I2", "sex = 'female'"),
    exclusion("E1", "signed"),
)
SIX = pl.DataFrame(
    {
        "patient": ["a", "b", "c", "d", "e", "f"],
        "age": [18, 71, 17, 40, None, None],
        "sex": ["female", "female", "male", None, "female", "male"],
        "signed": [False, False, True, False, None, None],
    }
)
# by hand: a passes all; b fails I1 alone; c fails all; d is unknown on I2, e on I1 and E1; f fails I2, unknown else


def test_the_counts_of_six_records_are_those_worked_out_by_hand() -> None:
    found = screen(made([AGE, SEX, SIGNED]), SIX)
    assert (found.records, found.eligible, found.undecided, found.ineligible) == (6, 1, 2, 3)
    assert found.criterion == ("I1", "I2", "E1")
    assert found.first.tolist() == [2, 1, 0]
    assert found.remaining.tolist() == [4, 3, 3]
    assert found.alone.tolist() == [1, 0, 0]
    assert found.failed.tolist() == [2, 2, 1]
    assert found.unknown.tolist() == [2, 1, 2]
    assert found.passed.tolist() == [2, 3, 3]
    assert found.needs_judgement.tolist() == [0, 0, 0]


def test_a_record_that_fails_one_criterion_and_is_unknown_on_another_does_not_fail_it_alone() -> None:
    """With the missing value recorded it might fail both."""
    found = screen(made([AGE, SEX]), SIX[[5]])
    assert (found.ineligible, found.failed.tolist(), found.alone.tolist()) == (1, [0, 1], [0, 0])


def test_every_record_is_written_with_its_verdict_and_reasons(tmp_path: Path) -> None:
    for name, read in (("out.parquet", pl.read_parquet), ("out.csv", pl.read_csv)):
        path = tmp_path / name
        screen(made([AGE, SEX, SIGNED]), SIX, identity="patient", out=path)
        rows = read(path)
        assert rows.columns == ["record", "id", "verdict", "first", "failing", "unknown"]
        assert [tuple(value or "" for value in row) for row in rows.iter_rows()] == [
            (1, "a", "eligible", "", "", ""),
            (2, "b", "ineligible", "I1", "I1", ""),
            (3, "c", "ineligible", "I1", "I1, I2, E1", ""),
            (4, "d", "undecided", "", "", "I2"),
            (5, "e", "undecided", "", "", "I1, E1"),
            (6, "f", "ineligible", "I2", "I2", "I1, E1"),
        ]
    assert sorted(item.name for item in tmp_path.iterdir()) == ["out.csv", "out.parquet"]


def test_a_criterion_that_needs_a_person_stops_nobody_and_is_counted_apart() -> None:
    criteria = [
        inclusion("I1", None, judgement="investigator"),
        inclusion("I2", "age >= 18", judgement="investigator"),
        exclusion("E1", "signed", judgement="investigator"),
    ]
    found = screen(made(criteria), SIX)
    assert found.judgements == ("I1", "I2", "E1")
    assert found.judge == ("investigator",) * 3
    assert found.failed.tolist() == [0, 1, 1]
    assert found.unknown.tolist() == [0, 2, 2]
    assert found.passed.tolist() == [0, 0, 0]
    assert found.needs_judgement.tolist() == [6, 3, 3]
    assert (found.eligible, found.undecided, found.ineligible) == (3, 2, 1)


def test_a_judgement_that_the_table_has_is_not_read_and_this_is_said() -> None:
    protocol = made([inclusion("I1", None, judgement="investigator"), AGE.model_copy(update={"id": "I2"})])
    table = SIX.with_columns(judged_i1=pl.lit(value=False))
    found = screen(protocol, table)
    assert found.needs_judgement.tolist() == [6, 0]
    assert found.notes == ("judged_i1 is a person's judgement, so it is not read",)


def test_the_criteria_of_one_step_or_of_all_steps_are_asked() -> None:
    protocol = made([AGE, inclusion("I2", "sex = 'female'", at=SECOND)])
    assert screen(protocol, SIX).criterion == ("I1", "I2")
    assert screen(protocol, SIX, at=FIRST).criterion == ("I1",)
    assert screen(protocol, SIX, at=SECOND).criterion == ("I2",)
    with pytest.raises(InputError, match="did you mean 'registration'"):
        screen(protocol, SIX, at="registratoin")


def test_the_condition_of_a_step_is_a_criterion_after_the_others() -> None:
    protocol = load("jcog1017")
    step = next(item for item in protocol.entry_steps if getattr(item, "when", None))
    found = screen(protocol, pl.DataFrame({name: [None] for name in protocol.dictionary}))
    assert (found.criterion[-1], found.kind[-1], found.title[-1]) == (step.id, "condition", step.when)
    assert len(found.criterion) == len(protocol.eligibility) + 1


def test_a_derived_variable_is_computed_and_a_column_of_its_name_is_not_read() -> None:
    protocol = made([inclusion("I1", "group = 'old'")])
    table = SIX.with_columns(group=pl.lit("old"))
    found = screen(protocol, table)
    assert (found.eligible, found.ineligible, found.undecided) == (1, 3, 2)
    assert found.notes == ("group is derived by the protocol, so it is computed and its column not read",)


def test_what_the_table_lacks_is_said_before_and_is_unknown_for_all() -> None:
    said: list[str] = []
    found = screen(made([AGE, SEX, SIGNED]), SIX.drop("sex"), say=said.append)
    assert said == ["not in the table, so not recorded for anybody: sex (I2)"]
    assert found.missing == {"sex": ("I2",)}
    assert found.unknown.tolist() == [2, 6, 2]
    assert found.eligible == 0


def test_a_column_without_a_type_is_not_recorded_for_anybody() -> None:
    found = screen(made([AGE, SEX]), SIX.with_columns(age=pl.lit(None), sex=pl.lit(None, dtype=pl.String)))
    assert found.unknown.tolist() == [6, 6]


def test_a_table_with_none_of_the_variables_is_refused() -> None:
    with pytest.raises(DataError, match=r"none of the variables .* its columns are x, y: map variables"):
        screen(made([AGE, SEX]), pl.DataFrame({"x": [1], "y": [2]}))


def test_the_day_of_screening_can_be_said_where_no_column_has_it() -> None:
    protocol = made([inclusion("I1", "seen_date <= screening_date AND seen_date <= registration_date")])
    table = pl.DataFrame({"seen_date": [date(2024, 1, 31), date(2024, 2, 1)]})
    assert screen(protocol, table).undecided == 2
    found = screen(protocol, table, on=date(2024, 1, 31))
    assert (found.eligible, found.ineligible) == (1, 1)
    assert found.missing == {}
    assert found.notes[0] == "screening_date is taken to be 2024-01-31 for every record"
    recorded = table.with_columns(screening_date=date(2024, 3, 1), registration_date=date(2024, 3, 1))
    assert screen(protocol, recorded, on=date(2024, 1, 31)).eligible == 2  # what is recorded counts


def test_no_records_and_no_rules_are_no_error() -> None:
    empty = screen(made([AGE, SEX]), SIX.head(0), at=FIRST)
    assert (empty.records, empty.eligible, empty.first.tolist()) == (0, 0, [0, 0])
    assert "eligible: 0" in str(empty)
    judged = screen(made([inclusion("I1", None, judgement="investigator")]), SIX)
    assert (judged.records, judged.eligible, judged.needs_judgement.tolist()) == (6, 6, [6])


SHARE = "count(*) FILTER (WHERE sex = 'female') >= 0.8 * count(*)"


@pytest.mark.parametrize(
    ("sexes", "verdict"), [(["female"] * 4 + ["male"], "pass"), (["female"] * 3 + ["male"], "fail")]
)
def test_a_rule_about_all_is_judged_on_the_eligible_records_with_its_numbers(sexes: list[str], verdict: str) -> None:
    """Four of five is 0.8 exactly and holds; records that are not eligible do not count."""
    table = pl.DataFrame({"sex": [*sexes, "male", "male"], "age": [30] * len(sexes) + [17, None]})
    found = screen(made([AGE], cohort_rules=[cohort_rule(SHARE)]), table)
    assert found.eligible == len(sexes)
    assert found.cohort[0].verdict == verdict
    assert found.cohort[0].numbers == {
        "count(*) FILTER (WHERE sex = 'female')": sexes.count("female"),
        "count(*)": len(sexes),
    }
    assert bool(found.warnings) == (verdict == "fail")


def test_a_rule_about_all_is_not_judged_below_the_number_that_it_begins_with() -> None:
    found = screen(made([AGE], cohort_rules=[cohort_rule(SHARE, start=3)]), SIX)
    assert found.cohort[0].verdict == "not judged"
    assert found.cohort[0].note == "2 eligible records, and it is judged from 3 on"


def test_a_rule_about_all_is_unknown_where_the_table_lacks_what_it_counts() -> None:
    """Counted as it stands, nobody would be female, and the rule would be said not to hold."""
    found = screen(made([AGE], cohort_rules=[cohort_rule(SHARE)]), SIX.drop("sex"))
    assert found.cohort[0].verdict == "unknown"
    assert found.cohort[0].note == "not in the table: sex"


def test_a_sum_over_values_that_are_missing_is_unknown() -> None:
    table = pl.DataFrame({"age": [20, 30], "ast": [1.5, None]})
    rule = cohort_rule("sum(ast) FILTER (WHERE age > 25) < 10 AND sum(ast) FILTER (WHERE age < 25) < 10")
    found = screen(made([AGE], cohort_rules=[rule]), table)
    assert found.cohort[0].verdict == "unknown"
    assert list(found.cohort[0].numbers.values()) == [None, 1.5]


def test_a_rule_about_all_of_a_step_that_is_not_asked_is_not_judged() -> None:
    protocol = made([AGE], cohort_rules=[cohort_rule(SHARE, of=SECOND)])
    assert screen(protocol, SIX, at=FIRST).cohort == ()
    assert len(screen(protocol, SIX).cohort) == 1


def test_the_counts_in_a_rule_are_found_by_their_brackets() -> None:
    share = "count(*) FILTER  (WHERE sex IN ('a)', 'count(') AND (age > 1)) / sum(age + (1)) > 0.1"
    text = f"{share} AND count(*) > 2 * count( * )"
    assert counted(text) == [
        "count(*) FILTER (WHERE sex IN ('a)', 'count(') AND (age > 1))",
        "sum(age + (1))",
        "count(*)",
        "count( * )",
    ]


def test_patterns_of_more_criteria_than_a_number_holds_are_counted_as_one_by_one() -> None:
    rng = np.random.default_rng(5)
    criteria, records = 2 * PER_NUMBER + 3, 4_000
    standing = rng.choice([FAIL, PASS, PASS, PASS, PASS, PASS, PASS, PASS, PASS, UNKNOWN], (records, criteria))
    standing[:50] = PASS
    packed = np.zeros((records, numbers_needed(criteria)), np.int64)
    for place in range(criteria):
        packed[:, place // PER_NUMBER] += standing[:, place] * 4 ** (place % PER_NUMBER)
    assert packed.max() < 2**31
    tally, counts = Tally(criteria), rng.integers(1, 5, records)
    assert tally.add(packed[:1000], counts[:1000])[:50].all()
    tally.add(packed[1000:], counts[1000:])
    expected = {"eligible": 0, "undecided": 0, "first": [0] * criteria, "alone": [0] * criteria}
    for row, count in zip(standing.tolist(), counts.tolist(), strict=True):
        if FAIL in row:
            expected["first"][row.index(FAIL)] += count
            if row.count(FAIL) == 1 and UNKNOWN not in row:
                expected["alone"][row.index(FAIL)] += count
        else:
            expected["undecided" if UNKNOWN in row else "eligible"] += count
    assert tally.records == counts.sum()
    assert {name: np.asarray(getattr(tally, name)).tolist() for name in expected} == expected
    assert tally.failed.tolist() == [int(counts[standing[:, i] == FAIL].sum()) for i in range(criteria)]
    assert tally.unknown.tolist() == [int(counts[standing[:, i] == UNKNOWN].sum()) for i in range(criteria)]


def test_a_result_shows_itself_as_a_table_a_frame_and_json() -> None:
    found = screen(made([AGE, SEX, SIGNED], cohort_rules=[cohort_rule(SHARE)]), SIX.drop("signed"))
    text = str(found)
    assert text.splitlines()[0] == "Screening for henan (every step of entry), version 1: a data frame, 6 records"
    assert "undecided: 3 (50.0 %)" in text
    assert "not in the table, so not recorded for anybody: signed (E1)" in text
    assert "of all together: C1 not judged: a share (0 eligible records, and it is judged from 1 on)" in text
    assert found._repr_html_().startswith("<table>")
    frame = found.to_frame()
    assert frame["first"].sum() == found.ineligible
    assert frame.columns[:5] == ["criterion", "kind", "at", "title", "judge"]
    document = json.loads(json.dumps(found.to_dict()))
    assert document["criteria"][0]["fail"] == 2
    assert document["missing"] == {"signed": ["E1"]}
    assert document["cohort"][0]["verdict"] == "not judged"


def test_a_printed_table_leaves_no_criterion_out() -> None:
    protocol = made([inclusion(f"I{i}", f"age > {i}") for i in range(30)])
    lines = [line.split()[0] for line in str(screen(protocol, SIX)).splitlines()]
    assert [name for name in lines if name.startswith("I")] == [f"I{i}" for i in range(30)]
