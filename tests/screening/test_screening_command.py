"""`equipoise screen` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from equipoise.cli import main


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run the command line in this process: status, standard output, standard error."""
    with pytest.raises(SystemExit) as left:
        main(["screen", *arguments])
    out, err = capsys.readouterr()
    return int(left.value.code or 0), out, err


@pytest.fixture
def records(tmp_path: Path) -> str:
    path = tmp_path / "records.csv"
    path.write_text(
        "patient,age,Geschlecht,bilateral\np1,44,female,no\np2,71,female,no\np3,,female,NA\n", encoding="utf-8"
    )
    (tmp_path / "columns.yaml").write_text("sex: Geschlecht\n", encoding="utf-8")
    return str(path)


def test_screen_prints_a_table_and_says_before_what_the_table_lacks(
    records: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--at", "registration", "--map", str(tmp_path / "columns.yaml"), "--not-recorded", "NA")
    status, out, err = call(capsys, "henan", "--data", records, *options, "--on", "2024-05-01")
    assert status == 0
    assert out.startswith("Screening for henan (registration), version 1: ")
    assert "undecided: 2 (66.7 %)" in out
    assert err.startswith(
        "not in the table, so not recorded for anybody: informed_consent (I1), consent_date (I1), hist"
    )
    assert "screening_date is taken to be 2024-05-01 for every record\n" in err


def test_screen_prints_one_json_document(records: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = call(capsys, "henan", "--data", records, "--json", "--not-recorded", "NA")
    found = json.loads(out)
    assert status == 0
    assert (found["records"], found["ineligible"]) == (3, 1)
    assert [row["criterion"] for row in found["criteria"] if row["fail"]] == ["I2"]


def test_screen_writes_the_verdicts(records: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "verdicts.parquet"
    options = ("--id", "patient", "--not-recorded", "NA", "--out", str(out))
    status, said, _ = call(capsys, "henan", "--data", records, *options)
    assert status == 0
    assert said.endswith(f"written to {out}: 3 verdicts\n")
    assert pl.read_parquet(out)["id"].to_list() == ["p1", "p2", "p3"]
    assert pl.read_parquet(out)["first"].to_list() == [None, "I2", None]


MISTAKES = {
    "no data": ([], "name the records with --data"),
    "a file that is not there": (["--data", "nowhere.csv"], "nowhere.csv: there is no such file"),
    "an engine that is not there": (["--data", "x.csv", "--engine", "oracle"], "--engine is duckdb, spark, or a URL"),
    "a database and a file": (["--data", "x.csv", "--engine", "postgresql://a/b"], "leave --data out"),
    "a database without a table": (["--engine", "postgresql://a/b"], "name the one of records"),
    "a day that is none": (["--data", "x.csv", "--on", "2024-02-30"], "2024-02-30"),
}


@pytest.mark.parametrize(("arguments", "said"), MISTAKES.values(), ids=list(MISTAKES))
def test_a_mistake_is_told_in_one_line_with_status_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = call(capsys, "henan", *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert said in err


def test_a_wrong_value_is_told_with_file_record_and_column(records: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = call(capsys, "henan", "--data", records, "--id", "patient")
    assert (status, out) == (2, "")
    assert f"{records}: column 'bilateral' has 'NA' (record 3, p3), and bilateral is true or false" in err
