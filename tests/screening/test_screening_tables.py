"""What is read: types by the dictionary, wrong values refused with their place, names and paths that mean harm."""

from __future__ import annotations

import gzip
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from small_protocol import exclusion, inclusion, made

from equipoise.errors import DataError, DesignError, EquipoiseError, InputError
from equipoise.screening import screen
from equipoise.screening.duck import DuckTable
from equipoise.screening.table import rows

RULES = {
    "age": "age = 7",
    "ast": "ast = 4.4",
    "weight": "weight = 61.125",
    "sex": "sex = 'female'",
    "signed": "signed",
    "seen_date": "seen_date = DATE '2024-02-29'",
}
"""For each variable a rule that is true of one value."""


def judged(variable: str, data: Any, **options: Any) -> list[int]:
    """Eligible, ineligible, undecided."""
    found = screen(made([inclusion("I1", RULES[variable])]), data, **options)
    return [found.eligible, found.ineligible, found.undecided]


def csv_of(folder: Path, variable: str, *fields: str) -> Path:
    path = folder / "records.csv"
    lines = [variable, *(f'"{field}"' for field in fields)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


TAKEN = [
    ("age", ["7", " 7 ", "+7", "07", "7.0", "7."]),
    ("ast", ["4.4", "4.40", "+04.4", " 4.4000"]),
    ("weight", ["61.125", "061.1250"]),
    ("sex", ["female", " female"]),
    ("signed", ["true", "TRUE", "t", "yes", "Y", "1", " True "]),
    ("seen_date", ["2024-02-29", " 2024-02-29", "2024-02-29 23:59:59.5", "2024-02-29T00:00"]),
]
REFUSED = [
    ("age", ["7.5", "x", "1e1", "1_0", "NaN", "121", "-1", "7,0", "NA", "99999999999999999999", "--7", "."]),
    ("ast", ["4.45", "5000.1", "-0.1", "4,4", "inf", "0x1"]),
    ("weight", ["1000000000000", "61.1251"]),
    ("sex", ["Female", "f", "unknown", "female'"]),
    ("signed", ["2", "on", "unknown"]),
    ("seen_date", ["2023-02-29", "29.02.2024", "2024-2-9", "20240229", "1799-12-31", "2501-01-01", "2024-02-29x"]),
]


@pytest.mark.parametrize(("variable", "fields"), TAKEN, ids=[case[0] for case in TAKEN])
def test_a_text_of_a_csv_file_is_typed_by_the_dictionary(variable: str, fields: list[str], tmp_path: Path) -> None:
    assert judged(variable, csv_of(tmp_path, variable, *fields, "", "  ")) == [len(fields), 0, 2]


@pytest.mark.parametrize(("variable", "field"), [(name, field) for name, fields in REFUSED for field in fields])
def test_a_text_that_the_variable_cannot_have_is_refused_with_its_record(
    variable: str, field: str, tmp_path: Path
) -> None:
    path = csv_of(tmp_path, variable, "", field, "")
    with pytest.raises(DataError) as error:
        judged(variable, path)
    assert f"{path}: column '{variable}' has '{field}' (record 2), and {variable} is" in str(error.value)


LATE = datetime(2024, 2, 29, 23, 59)  # noqa: DTZ001 - a point in time without a zone, as databases hold them
FRAMES: list[tuple[str, pl.Series, list[int]]] = [
    ("age", pl.Series([7, 8, None], dtype=pl.Int8), [1, 1, 1]),
    ("age", pl.Series([7, 8, None], dtype=pl.UInt64), [1, 1, 1]),
    ("age", pl.Series([7.0, 8.0, None]), [1, 1, 1]),
    ("age", pl.Series(["7", "8", None]), [1, 1, 1]),
    ("ast", pl.Series([4.4, 4.5, None]), [1, 1, 1]),
    ("ast", pl.Series([4.4, 4.5, None], dtype=pl.Float32), [1, 1, 1]),
    ("ast", pl.Series([4, 5, None]), [0, 2, 1]),
    ("ast", pl.Series([Decimal("4.40"), Decimal("4.50")], dtype=pl.Decimal(12, 2)), [1, 1, 0]),
    ("weight", pl.Series([61.125, 61.124, 123456789.123]), [1, 2, 0]),
    ("sex", pl.Series(["female", "male", None], dtype=pl.Categorical), [1, 1, 1]),
    ("sex", pl.Series(["female", "male", None], dtype=pl.Enum(["male", "female"])), [1, 1, 1]),
    ("signed", pl.Series([1, 0, None]), [1, 1, 1]),
    ("signed", pl.Series([1.0, 0.0, None]), [1, 1, 1]),
    ("seen_date", pl.Series([date(2024, 2, 29), date(2024, 3, 1), None]), [1, 1, 1]),
    ("seen_date", pl.Series([LATE, None], dtype=pl.Datetime("us")), [1, 0, 1]),
    ("seen_date", pl.Series([LATE, None], dtype=pl.Datetime("ns")), [1, 0, 1]),
]


@pytest.mark.parametrize("parquet", [False, True], ids=["frame", "parquet"])
@pytest.mark.parametrize(("variable", "column", "expected"), FRAMES, ids=[f"{a}-{b.dtype}" for a, b, _ in FRAMES])
def test_a_typed_column_is_read_as_what_it_is(
    variable: str, column: pl.Series, expected: list[int], parquet: bool, tmp_path: Path
) -> None:
    frame = pl.DataFrame({variable: column})
    if parquet:
        frame.write_parquet(tmp_path / "records.parquet")
    assert judged(variable, tmp_path / "records.parquet" if parquet else frame) == expected


WRONG: list[tuple[str, Any]] = [
    ("age", 7.5),
    ("age", float("nan")),
    ("age", float("inf")),
    ("age", 121),
    ("age", -1),
    ("ast", 4.45),
    ("ast", 5000.1),
    ("ast", Decimal("4.45")),
    ("weight", 1e12),
    ("weight", -1e300),
    ("sex", "Female"),
    ("sex", ""),
    ("signed", 2),
    ("signed", 0.5),
    ("seen_date", date(1799, 12, 31)),
    ("seen_date", datetime(2501, 1, 1)),  # noqa: DTZ001 - a point in time without a zone, as databases hold them
]


@pytest.mark.parametrize(("variable", "value"), WRONG)
def test_a_value_that_the_variable_cannot_have_is_refused_with_its_record(variable: str, value: Any) -> None:
    with pytest.raises(DataError, match=rf"column '{variable}' has '.*' \(record 2\), and {variable} is"):
        judged(variable, pl.DataFrame({variable: [None, value]}))


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("age", True),
        ("age", date(2024, 1, 1)),
        ("sex", 1.5),
        ("sex", True),
        ("sex", b"female"),
        ("signed", date(2024, 1, 1)),
        ("seen_date", 20240229),
        ("seen_date", datetime(2024, 2, 29, tzinfo=timezone.utc)),  # noqa: UP017 - the day depends on the zone
        ("sex", ["female"]),
    ],
)
def test_a_column_of_a_type_that_cannot_be_the_variables_is_refused(variable: str, value: Any) -> None:
    with pytest.raises(DataError, match=f"column '{variable}' is of type .*, from which '{variable}' cannot be read"):
        judged(variable, pl.DataFrame({variable: [value]}))


def test_many_wrong_values_are_told_in_one_bounded_line() -> None:
    table = pl.DataFrame({"patient": range(900, 1900), **{name: ["wrong" * 50] * 1000 for name in RULES}})
    protocol = made([inclusion(f"I{i}", rule) for i, rule in enumerate(RULES.values())])
    with pytest.raises(DataError) as error:
        screen(protocol, table, identity="patient")
    text = str(error.value)
    assert "(record 3, 902) and 997 more" in text
    assert "3 more columns have such values" in text
    assert "\n" not in text
    assert len(text) < 1200


def test_a_wrong_value_of_a_variable_that_nothing_rests_on_is_no_concern_of_screening() -> None:
    assert judged("age", pl.DataFrame({"age": [7], "sex": ["?"]})) == [1, 0, 0]


def test_nothing_is_written_where_a_value_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out.parquet"
    with pytest.raises(DataError):
        judged("age", pl.DataFrame({"age": [7, 200]}), out=out)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_csv_file_may_have_any_usual_delimiter_line_ends_a_mark_and_be_packed(delimiter: str, tmp_path: Path) -> None:
    lines = [["age", 'a "quoted", name', "x"], ["7", 'two\r\nlines "', ""], ["8", "", "y"]]
    quoted = [delimiter.join('"' + field.replace('"', '""') + '"' for field in line) for line in lines]
    data = ("\ufeff" + "\r\n".join(quoted) + "\r\n").encode()
    plain, packed = tmp_path / "records.csv", tmp_path / "records.csv.gz"
    plain.write_bytes(data)
    packed.write_bytes(gzip.compress(data))
    assert judged("age", plain) == judged("age", packed) == [1, 1, 0]


def test_texts_that_mean_not_recorded_can_be_named(tmp_path: Path) -> None:
    path = csv_of(tmp_path, "age", "NA", ".", "", "7")
    assert judged("age", path, not_recorded=["NA", "."]) == [1, 0, 3]


MISTAKES: dict[str, tuple[str, bytes | None, str]] = {
    "no such file": ("nowhere.csv", None, "no such file"),
    "an unknown kind": ("records.xlsx", b"PK", "what kind of file"),
    "an empty file": ("records.csv", b"", "is empty"),
    "not UTF-8": ("records.csv", b"age\ncaf\xe9\n", "UTF-8"),
    "not UTF-8 far below": ("records.csv", b"x,age\n" + b"abcdefgh,7\n" * 200_000 + b"a,\xe9\n", ":200002: "),
    "a field too many": ("records.csv", b"age,x\n7,1\n7,1,2\n", ":3: Expected Number of Columns: 2 Found: 3"),
    "a field too few": ("records.csv", b"age,x\n7,1\n7\n", ":3: Expected Number of Columns: 2 Found: 1"),
    "no Parquet": ("records.parquet", b"PAR1 or not", "cannot read"),
    "no database": ("records.duckdb", b"x", "a table is named for a database"),
    "a path that is a pattern": ("record[s].csv", b"age\n7\n", "takes for a pattern"),
}


@pytest.mark.parametrize(("name", "data", "said"), MISTAKES.values(), ids=list(MISTAKES))
def test_a_file_that_cannot_be_read_is_told_in_one_line_that_names_it(
    name: str, data: bytes | None, said: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(InputError) as error:
        judged("age", path)
    text = str(error.value)
    assert text.startswith(str(path))
    assert said in text
    assert "\n" not in text


def test_a_folder_of_parquet_files_is_one_table(tmp_path: Path) -> None:
    for i in range(3):
        pl.DataFrame({"age": [7, i]}).write_parquet(tmp_path / f"part-{i}.parquet")
    (tmp_path / "_SUCCESS").touch()
    assert judged("age", tmp_path) == [3, 3, 0]


def test_the_name_of_a_folder_is_no_column(tmp_path: Path) -> None:
    folder = tmp_path / "age=7"
    folder.mkdir()
    pl.DataFrame({"age": [8]}).write_parquet(folder / "records.parquet")
    assert judged("age", folder / "records.parquet") == [0, 1, 0]


def test_a_table_of_a_duckdb_database_is_read_and_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "hospital's.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute('CREATE SCHEMA "Odd ""one"; CREATE TABLE "Odd ""one".patients AS SELECT 7 AS age')
    before = path.read_bytes()
    assert judged("age", path, table='Odd "one.patients') == [1, 0, 0]
    assert path.read_bytes() == before
    with pytest.raises(InputError, match="cannot read the table"):
        judged("age", path, table="nothing")
    with pytest.raises(InputError, match="a table is named for a database"):
        judged("age", path)


HOSTILE = ['x"; DROP TABLE records; --', "x'y", "x\\", "SELECT", "#wrong", "a.b", "été", "#0"]


@pytest.mark.parametrize("column", HOSTILE)
def test_a_column_of_any_name_can_be_mapped(column: str, tmp_path: Path) -> None:
    frame = pl.DataFrame({"first": ["a", "b"], column: [7, 8]})
    frame.write_csv(tmp_path / "records.csv")
    frame.write_parquet(tmp_path / "it's.parquet")
    for data in (frame, tmp_path / "records.csv", tmp_path / "it's.parquet"):
        out = tmp_path / "o'ut.parquet"
        assert judged("age", data, mapping={"age": column}, identity=column, out=out) == [1, 1, 0]
        assert [str(value) for value in pl.read_parquet(out)["id"]] == ["7", "8"]
    with pytest.raises(DataError, match="record 1"):
        judged("age", frame.with_columns(pl.lit(200).alias(column)), mapping={"age": column})


def test_a_choice_of_any_text_is_compared_as_it_is() -> None:
    from equipoise.protocol.model.variables import Variable

    odd = 'it\'s \\ "odd"'
    variables = {"sex": Variable(label="sex", type="choice", values=[odd, "other"])}
    protocol = made([exclusion("E1", "sex = 'other'")], variables=variables)
    assert screen(protocol, pl.DataFrame({"sex": [odd, "other"]})).eligible == 1


def test_a_mapping_is_read_from_a_file_and_its_mistakes_named_by_line(tmp_path: Path) -> None:
    table = pl.DataFrame({"Alter": [7], "Geschlecht": ["female"]})
    path = tmp_path / "columns.yaml"
    path.write_text("# of the hospital\nage: Alter\n", encoding="utf-8")
    assert judged("age", table, mapping=path) == [1, 0, 0]
    mistakes = {
        "age: Alter\nsx: Geschlecht\n": ":2: henan has no variable 'sx'; did you mean 'sex'?",
        "age: Alder\n": ":1: the table has no column 'Alder'; did you mean 'Alter'?",
        "group: Alter\n": ":1: 'group' is derived, so it is not read",
        "age: 7\n": ":1: 'age' is read from a column, named by a text",
        "age: [Alter\n": ":",
    }
    for text, said in mistakes.items():
        path.write_text(text, encoding="utf-8")
        with pytest.raises(InputError) as error:
            judged("age", table, mapping=path)
        assert f"{path}{said}" in str(error.value)
    with pytest.raises(InputError, match="no such file"):
        judged("age", table, mapping=tmp_path / "nowhere.yaml")


def test_a_column_is_found_in_other_capitals_unless_two_could_be_meant(tmp_path: Path) -> None:
    assert judged("age", pl.DataFrame({"AGE": [7]})) == [1, 0, 0]
    both = pl.DataFrame({"AGE": [7], "Age": [8]})
    with pytest.raises(EquipoiseError, match="differ in capitals only"):
        judged("age", both)
    both.write_parquet(tmp_path / "records.parquet")
    with pytest.raises(EquipoiseError, match="differ in capitals only"):
        judged("age", tmp_path / "records.parquet")
    (tmp_path / "records.csv").write_text("AGE,Age,age\n1,2,7\n", encoding="utf-8")
    assert judged("age", tmp_path / "records.csv") == [1, 0, 0]
    (tmp_path / "records.csv").write_text("AGE,Age\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"several columns that 'age' may be \('AGE', 'Age'\)"):
        judged("age", tmp_path / "records.csv")
    (tmp_path / "records.csv").write_text("age,age\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match="several columns"):
        judged("age", tmp_path / "records.csv")


def test_the_engine_reaches_the_files_it_is_given_and_no_other(tmp_path: Path) -> None:
    given, other = tmp_path / "given.csv", tmp_path / "other.csv"
    for path in (given, other):
        path.write_text("age\n7\n", encoding="utf-8")
    table = DuckTable(given)
    try:
        assert rows(table, f"FROM {table.relation}") == [("7",)]
        for statement in (
            f"FROM '{other}'",
            "SET enable_external_access = true",
            f"COPY (VALUES (1)) TO '{other}'",
        ):
            with pytest.raises(duckdb.Error):
                table._connection.execute(statement)
    finally:
        table.close()
    assert other.read_text(encoding="utf-8") == "age\n7\n"


def test_an_unknown_column_of_ids_and_options_of_other_engines_are_refused(tmp_path: Path) -> None:
    frame = pl.DataFrame({"age": [7]})
    with pytest.raises(InputError, match="no column 'patient'"):
        judged("age", frame, identity="patient")
    with pytest.raises(DesignError, match="name the one of records"):
        judged("age", "postgresql://nowhere/x", engine="postgres")
    with pytest.raises(DesignError, match="written by the engine duckdb"):
        judged("age", frame, engine="spark", out=tmp_path / "out.parquet")
    with pytest.raises(DesignError, match="for CSV files"):
        judged("age", frame, engine="spark", not_recorded=["NA"])
    with pytest.raises(DesignError, match="leave the table out"):
        judged("age", frame, engine="spark", table="patients")
