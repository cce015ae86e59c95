"""Tables from elsewhere: nothing is dropped, relabelled or taken for something else in silence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

import equipoise as eq
from equipoise.analysis import Datasets, Results, analyse
from equipoise.errors import DataError, DesignError
from equipoise.protocol import Protocol, loads
from equipoise.trials import protocol_path


def text_of(trial: str) -> str:
    return protocol_path(trial).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def henan() -> Protocol:
    return eq.load("henan")


@pytest.fixture(scope="module")
def made(henan: Protocol) -> tuple[Datasets, Results]:
    return eq.analyse_rehearsal(eq.rehearse(henan, seed=2))


def changed(datasets: Datasets, *columns: pl.Expr) -> Datasets:
    return replace(datasets, adtte=datasets.adtte.with_columns(*columns))


def test_an_empty_stratum_as_randomised_is_refused_and_not_left_out(
    henan: Protocol, made: tuple[Datasets, Results]
) -> None:
    for table in (
        changed(made[0], pl.lit("").alias("STRATAR")),
        changed(made[0], pl.lit(None, dtype=pl.String).alias("STRATAR")),
        replace(made[0], adtte=made[0].adtte.drop("STRATAR")),
    ):
        with pytest.raises(DataError, match=r"STRATAR is missing.*subtype=\.\.\.;organs_involved=\.\.\."):
            analyse(henan, table, source="trial data")


def test_strata_are_named_by_the_protocol_whatever_the_text_of_a_stratum(
    henan: Protocol, made: tuple[Datasets, Results]
) -> None:
    plain = changed(made[0], pl.col("STRATAR").str.replace_all(r"\w+=", ""))
    found = analyse(henan, plain, source="trial data").of("os", "hazard ratio")[0]
    assert found.strata == ("organs_involved", "subtype")
    assert found.value == made[1].of("os", "hazard ratio")[0].value


def test_times_in_months_are_not_taken_for_days(henan: Protocol, made: tuple[Datasets, Results]) -> None:
    months = changed(made[0], pl.col("AVAL") / 30.4375)
    with pytest.raises(DataError, match="AVAL is no whole number of days"):
        analyse(henan, months, source="trial data")


def test_a_blank_participant_is_refused(henan: Protocol, made: tuple[Datasets, Results]) -> None:
    with pytest.raises(DataError, match="USUBJID is missing"):
        analyse(henan, changed(made[0], pl.lit(" ").alias("USUBJID")), source="trial data")


def test_synthetic_data_stay_marked_when_they_are_read_back(
    henan: Protocol, made: tuple[Datasets, Results], tmp_path: Path
) -> None:
    made[0].write(tmp_path)
    back = Datasets.read(tmp_path)
    assert (back.source, back.data_cut) == ("rehearsal", made[1].data_cut)


def test_a_folder_of_csv_files_is_read_too(henan: Protocol, made: tuple[Datasets, Results], tmp_path: Path) -> None:
    made[0].adtte.write_csv(tmp_path / "adtte.csv")
    found = analyse(henan, Datasets.read(tmp_path), source="trial data")
    assert found.of("os", "hazard ratio")[0].value == made[1].of("os", "hazard ratio")[0].value


def test_events_beside_a_milestone_are_those_up_to_it() -> None:
    tehran = eq.load("tehran")
    datasets, results = eq.analyse_rehearsal(eq.rehearse(tehran, seed=2))
    difference = results.of("survival_2y", "survival difference")[0]
    table = datasets.adtte.filter((pl.col("PARAMCD") == "OS") & (pl.col("CNSR") == 0))
    assert sum(difference.events_by_arm.values()) == table.filter(pl.col("AVAL") <= 24 * 30.4375).height
    assert sum(difference.events_by_arm.values()) < table.height


def test_a_further_analysis_of_an_endpoint_stands_beside_the_first() -> None:
    first = "  - endpoint: os\n    label: Primary analysis\n"
    text = text_of("jcog1017")
    assert first in text
    second = "  - {endpoint: os, label: Stratified, strata: [subtype], conf_level: 0.9, sides: 1}\n"
    protocol = loads(text.replace("  - {endpoint: mets_free}\n", second + "  - {endpoint: mets_free}\n"))
    _, results = eq.analyse_rehearsal(eq.rehearse(protocol, seed=2))
    main, further = [item for item in results.of("os", "hazard ratio") if not item.subgroup]
    assert (main.role, main.strata) == ("main", ())
    assert (further.role, further.strata) == ("sensitivity", ("subtype",))
    assert "Stratified" in further.note
    assert len([curve for curve in results.curves if curve.endpoint == "os"]) == 2


def test_a_trial_that_allocates_nobody_says_why() -> None:
    text = text_of("tehran").replace("m_stage: {constant: M1}", "m_stage: {constant: M0}")
    assert text != text_of("tehran")
    with pytest.raises(DesignError, match="failed screening"):
        eq.rehearse(loads(text), seed=1)
    never = text_of("jcog1017").replace(
        "    rule: \"induction_response IN ('CR', 'PR', 'SD')\"", "    rule: \"induction_response = 'NE'\""
    )
    with pytest.raises(DesignError, match=r"nobody was allocated: \d+ screened, refused for I6"):
        eq.analyse_rehearsal(eq.rehearse(loads(never), seed=1))
