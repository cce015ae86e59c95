"""What the analysis says when there is nothing to estimate, and what it refuses."""

from __future__ import annotations

import json
import math

import polars as pl
import pytest
from analysis_states import SMALL, small_adtte, trial

from equipoise.analysis import Datasets, analyse, primary_estimate
from equipoise.errors import DataError, InputError
from equipoise.estimates import Estimate

ARM, CNSR = pl.col("TRTP"), pl.col("CNSR")


def of(table, *, protocol="jcog1017", endpoint="os", **changes):
    """Estimates of one endpoint's analysis."""
    whole = trial(protocol)
    analysis = next(item for item in whole.analyses if item.endpoint == endpoint)
    changed = whole.model_copy(update={"analyses": (analysis.model_copy(update=changes),)})
    return analyse(changed, Datasets(table), source="trial data").estimates


def ratio(estimates):
    return next(item for item in estimates if item.measure == "hazard ratio" and not item.subgroup)


def without_events(table, arm=None):
    rows = pl.lit(True) if arm is None else arm == ARM
    return table.with_columns(CNSR=pl.when(rows).then(1).otherwise(CNSR))


def test_without_any_event_every_value_is_missing_with_its_reason():
    estimates = of(without_events(small_adtte()))
    assert {item.note for item in estimates if item.measure == "median"} == {"not reached"}
    ratios = [item for item in estimates if item.measure == "hazard ratio"]
    assert len(ratios) == 8
    assert all(item.value is None and item.note == "no events" for item in ratios)
    assert all(item.p_value is None for item in ratios)


@pytest.mark.parametrize("arm", ["A", "B"])
def test_an_arm_without_events_has_no_hazard_ratio_but_a_test(arm):
    found = ratio(of(without_events(small_adtte(), arm)))
    assert found.value is None
    assert "no finite maximum" in found.note
    assert found.conf_low is None
    # all events are in the other arm, so the one-sided log-rank p is extreme, towards benefit of the arm without
    assert found.p_value < 1e-6 if arm == "B" else found.p_value > 1 - 1e-6


def test_without_the_event_but_with_competing_ones_nothing_fails():
    table = small_adtte("MSPF", competing=True).with_columns(CNSR=pl.when(CNSR == 0).then(1).otherwise(CNSR))
    estimates = of(table, endpoint="dmfs")
    assert {item.note for item in estimates if item.measure == "cumulative incidence"} == {"no events"}
    assert ratio(estimates).note == "no events"


def test_an_arm_without_the_event_has_no_incidence():
    table = without_events(small_adtte("MSPF", competing=True), "B")
    estimates = [item for item in of(table, endpoint="dmfs") if item.measure == "cumulative incidence"]
    assert [item.value is None for item in estimates if item.arm == "A"] == [False, False]
    assert [(item.value, item.note) for item in estimates if item.arm == "B"] == [(None, "no events")] * 2


def test_with_one_arm_only_nothing_is_compared():
    found = ratio(of(small_adtte().filter(ARM == "B")))
    assert (found.value, found.reference) == (None, None)
    assert "only arm B" in found.note


def test_a_milestone_beyond_all_follow_up_is_no_number():
    table = small_adtte().with_columns(CNSR=pl.when(pl.col("AVAL") > 1500).then(1).otherwise(CNSR))
    late = [item for item in of(table, milestones=(24, 600)) if item.at == 600]
    assert all(item.value is None and "600 months" in item.note for item in late)
    assert len(late) == 2


def test_a_subgroup_level_with_one_arm_has_no_ratio_and_the_others_stand():
    table = small_adtte().filter((pl.col("SUBTYPE") != "her2") | (ARM == "A"))
    groups = {item.subgroup["subtype"]: item for item in of(table) if "subtype" in item.subgroup}
    assert (groups["her2"].value, groups["her2"].note) == (None, "no participants in arm B")
    assert groups["luminal"].value is not None
    assert groups["luminal"].p_value is not None


def test_a_covariate_that_is_the_arm_makes_no_model_and_no_traceback():
    table = small_adtte().with_columns(ORGANS=pl.when(ARM == "A").then(pl.lit("single")).otherwise(pl.lit("multiple")))
    found = ratio(of(table, covariates=("organs_involved",), subgroups=()))
    assert found.value is None
    assert "cannot be fitted" in found.note


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("AVAL", None, "AVAL is missing for s-002"),
        ("AVAL", math.nan, "AVAL is missing for s-002"),
        ("AVAL", 0.0, "AVAL is not above 0 for s-002"),
        ("CNSR", None, "CNSR is missing for s-002"),
        ("CNSR", 3, "CNSR is no code for s-002"),
        ("TRTP", None, "TRTP is missing for s-002"),
        ("TRTP", "C", "TRTP is no arm of the protocol for s-002; use A, B"),
        ("ENTRY", 9999, "AVAL ends before ENTRY"),
        ("MENOSTAT", None, r"MENOSTAT is missing for 1 participants \(s-002\)"),
        ("MENOSTAT", "peri", "menopausal_status is 'peri' in the table: it is one of pre, post"),
    ],
)
def test_what_is_missing_or_impossible_is_refused_by_participant(column, value, said):
    kind = {float: pl.Float64, int: pl.Int64}.get(type(value))
    second = pl.col("USUBJID") == "s-002"
    table = small_adtte()
    new = pl.lit(value, dtype=kind or table[column].dtype)
    with pytest.raises(DataError, match=said):
        of(table.with_columns(pl.when(second).then(new).otherwise(pl.col(column)).alias(column)))


def test_many_participants_are_counted_rather_than_listed():
    table = small_adtte().with_columns(AVAL=pl.when(pl.int_range(pl.len()) < 8).then(None).otherwise(pl.col("AVAL")))
    with pytest.raises(DataError, match="s-001, s-002, s-003, s-004, s-005 and 3 more"):
        of(table)


def test_a_participant_who_stands_there_twice_is_refused():
    table = small_adtte()
    with pytest.raises(DataError, match="two rows for s-001"):
        of(pl.concat([table, table.head(1)]))


def test_strata_as_randomised_are_needed_where_the_protocol_stratifies():
    table = small_adtte(arms=("systemic", "surgery"), strata=True)
    with pytest.raises(DataError, match="STRATAR"):
        of(table.drop("STRATAR"), protocol="henan")


def test_nobody_is_per_protocol_unless_the_table_says_so():
    table = small_adtte()
    found = of(table, population="per-protocol")
    assert [(item.measure, item.value) for item in found] == [("hazard ratio", None)]
    assert "PPROTFL" in found[0].note
    some = table.with_columns(PPROTFL=pl.when(pl.int_range(pl.len()) < 50).then(pl.lit("Y")).otherwise(pl.lit("N")))
    found = ratio(of(some, population="per-protocol"))
    assert (sum(found.n_by_arm.values()), found.population) == (50, "per-protocol")


def test_another_trial_s_table_is_refused_and_a_part_of_this_one_s_is_not():
    protocol = trial()
    with pytest.raises(DataError, match="OS, LRFS"):
        analyse(protocol, Datasets(small_adtte("PFS")), source="trial data")
    results = analyse(protocol, Datasets(small_adtte("OS")), source="trial data")
    assert results.of("os", "hazard ratio")[0].value is not None
    assert [item.note for item in results.of("lrfs")] == ["the table has no rows for LRFS"]
    assert "ADSL" in results.of("margins")[0].note


def test_class_trials_need_the_day_of_the_switch():
    table = small_adtte(arms=("4", "3"))
    with pytest.raises(DataError, match="SWITCHDY"):
        of(table, protocol="changhai")


def test_results_are_json_with_ten_significant_digits():
    results = analyse(trial(), Datasets(small_adtte()), source="trial data")
    document = json.loads(json.dumps(results.to_dict(), allow_nan=False))
    assert document["trial"] == "jcog1017"
    ratio = next(item for item in document["estimates"] if item["measure"] == "hazard ratio")
    assert ratio["value"] == 0.9592955659  # 0.9592955659279 of coxph, see the agreement with R
    for item in document["estimates"]:
        assert Estimate.from_dict(item).to_dict() == item


def test_the_primary_estimate_is_neither_a_subgroup_nor_biased():
    protocol = trial("henan")
    table = small_adtte(arms=("systemic", "surgery"), strata=True, delayed=True)
    found = primary_estimate(protocol, analyse(protocol, Datasets(table), source="trial data"))
    assert (found.endpoint, found.method, found.subgroup) == ("os", "cox", {})


def test_a_csv_file_gives_the_estimates_of_the_parquet_file(tmp_path):
    table = small_adtte(arms=("4", "3")).with_columns(SWITCHDY=pl.when(ARM == "3").then(90).otherwise(None))
    table.write_csv(tmp_path / "adtte.csv")
    table.write_parquet(tmp_path / "adtte.parquet")
    read = [Datasets.read(tmp_path / name) for name in ("adtte.csv", "adtte.parquet")]
    first, second = (analyse(trial("changhai"), item, source="trial data").to_dict() for item in read)
    assert first == second
    assert read[0].adtte["TRTP"].dtype == pl.String  # arms named 1 to 4 stay texts


@pytest.mark.parametrize("name", ["adtte.csv", "adtte.parquet"])
def test_a_file_that_is_no_table_or_lacks_a_column_is_an_input_error(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(InputError, match="cannot read"):
        Datasets.read(path)
    table = small_adtte().drop("CNSR")
    table.write_csv(path) if name.endswith("csv") else table.write_parquet(path)
    with pytest.raises(InputError, match="no column CNSR"):
        Datasets.read(path)


def test_the_small_table_is_the_one_that_r_read():
    assert pl.read_csv(SMALL).height == 90
    assert pl.read_csv(SMALL)["time"].sum() == 63930


HENAN = {"arms": ("systemic", "surgery"), "strata": True, "delayed": True}


@pytest.mark.parametrize("value", [None, math.nan, -1.0])
def test_entry_is_needed_where_time_runs_before_allocation(value):
    table = small_adtte(**HENAN)
    with pytest.raises(DataError, match="no column ENTRY"):
        of(table.drop("ENTRY"), protocol="henan")
    second = pl.col("USUBJID") == "s-002"
    table = table.with_columns(ENTRY=pl.when(second).then(pl.lit(value, pl.Float64)).otherwise(pl.col("ENTRY")))
    with pytest.raises(DataError, match=r"ENTRY is (missing|below 0) for s-002"):
        of(table, protocol="henan")


@pytest.mark.parametrize("flag", [None, "y", "true"])
def test_a_population_flag_is_y_or_n(flag):
    second = pl.col("USUBJID") == "s-002"
    table = small_adtte().with_columns(ITTFL=pl.when(second).then(pl.lit(flag, pl.String)).otherwise(pl.col("ITTFL")))
    with pytest.raises(DataError, match="ITTFL is not Y or N for s-002"):
        of(table)


def test_a_row_of_nobody_is_refused():
    table = small_adtte().with_columns(
        USUBJID=pl.when(pl.int_range(pl.len()) == 3).then(None).otherwise(pl.col("USUBJID"))
    )
    with pytest.raises(DataError, match="USUBJID is missing in 1 rows"):
        of(table)


def test_a_competing_event_that_the_endpoint_does_not_name_is_refused():
    with pytest.raises(DataError, match="CNSR is 2, and nothing competes with os, for s-"):
        of(small_adtte(competing=True))


def test_an_analysis_of_an_unknown_population_leaves_the_others_standing():
    whole = trial()
    os = whole.analyses[0]
    changed = whole.model_copy(update={"analyses": (os, os.model_copy(update={"population": "per-protocol"}))})
    found = analyse(changed, Datasets(small_adtte()), source="trial data").estimates
    assert [item.value is None for item in found if item.population == "per-protocol"] == [True]
    assert ratio(found).value is not None


def classes(**changes):
    """The small table as a trial of two classes, of which the second is reached on day 90."""
    table = small_adtte(arms=("4", "3")).with_columns(SWITCHDY=pl.when(ARM == "3").then(90).otherwise(None))
    return of(table, protocol="changhai", **changes)


def test_whatever_is_estimated_by_class_carries_the_mark():
    estimates = classes(milestones=(12, 600))
    by_class = [item for item in estimates if item.arm in ("3", "4") and "as written" not in item.method]
    assert {item.measure for item in by_class} == {"median", "survival"}
    assert any(item.value is None for item in by_class)
    assert all(item.role == "biased" and "guarantee-time bias" in item.note for item in by_class)
    assert {item.role for item in estimates if "landmark" in item.method or "time-dependent" in item.method} == {"main"}


def test_a_biased_ratio_is_withheld_unless_an_unbiased_one_stands_beside_it():
    (naive,) = (item for item in classes(landmark_months=None, time_dependent=False) if item.measure == "hazard ratio")
    assert (naive.value, naive.p_value, naive.conf_low) == (None, None, None)
    assert "neither landmark_months nor time_dependent" in naive.note
    late = [item for item in classes(landmark_months=1.0, time_dependent=False) if item.measure == "hazard ratio"]
    assert [item.value for item in late] == [None, None]  # nobody has left the reference class by then
    assert "one class only at 1 months" in late[0].note
    one = [item for item in classes(landmark_months=1.0) if "as written" in item.method]
    assert one[0].value is not None


def test_delayed_entry_is_said_of_medians_and_subgroups():
    estimates = of(small_adtte(**HENAN), protocol="henan")
    told = [item for item in estimates if item.measure == "median" or item.subgroup]
    assert told
    assert all("delayed entry at allocation" in item.note for item in told)


def test_the_p_beside_an_adjusted_ratio_says_that_it_is_not_adjusted():
    found = ratio(of(small_adtte(), covariates=("organs_involved",)))
    assert found.p_method == "unadjusted log-rank"


def test_an_interaction_that_cannot_be_tested_says_why():
    table = small_adtte().with_columns(CNSR=pl.when(pl.col("SUBTYPE") == "her2").then(1).otherwise(CNSR))
    groups = [item for item in of(table) if "subtype" in item.subgroup]
    assert all(item.p_value is None for item in groups)
    assert all("interaction not tested: no events where it is her2" in item.note for item in groups)


def test_a_model_without_a_maximum_names_the_arm():
    assert "arm B" in ratio(of(without_events(small_adtte(), "B"))).note


def test_a_role_is_one_of_three():
    with pytest.raises(ValueError, match="role is one of main, biased, sensitivity"):
        Estimate(endpoint="os", measure="median", value=1, role="landmark")


def scores(**changes):
    """Scores of eight participants of the Tehran trial at month 6, one of whom was not allocated."""
    table = pl.DataFrame(
        {
            "USUBJID": [f"t-{i}" for i in range(8)],
            "ITTFL": ["Y"] * 7 + ["N"],
            "TRTP": ["A", "B"] * 4,
            "PARAMCD": ["quality_of_life"] * 8,
            "AVISIT": ["M6"] * 8,
            "AVISITN": [6.0] * 8,
            "AVAL": [50.0, 60.0, 54.0, 64.0, 58.0, 68.0, 62.0, 99.0],
        }
    )
    return table.with_columns(**changes)


def means(table):
    """The means at month 6, by arm."""
    whole = trial("tehran")
    analysis = next(item for item in whole.analyses if item.endpoint == "quality_of_life")
    changed = whole.model_copy(update={"analyses": (analysis,)})
    datasets = Datasets(small_adtte(arms=("B", "A")), adqs=table)
    found = analyse(changed, datasets, source="trial data").estimates
    return {item.arm: item for item in found if item.at == 6}


def test_scores_are_those_of_the_population():
    found = means(scores())
    assert (found["A"].value, found["B"].value) == (56.0, 64.0)  # (50+54+58+62)/4 and (60+64+68)/3 by hand


def test_two_scores_of_a_participant_at_one_visit_are_refused():
    with pytest.raises(DataError, match="two scores at one visit for t-0"):
        means(pl.concat([scores(), scores().head(1)]))


def test_a_score_without_value_or_of_no_arm_is_refused():
    second = pl.col("USUBJID") == "t-2"
    with pytest.raises(DataError, match="AVAL is missing for t-2"):
        means(scores(AVAL=pl.when(second).then(None).otherwise(pl.col("AVAL"))))
    with pytest.raises(DataError, match="TRTP is no arm of the protocol for t-2"):
        means(scores(TRTP=pl.when(second).then(pl.lit("C")).otherwise(ARM)))


def test_scores_without_a_month_are_named():
    second = pl.col("USUBJID") == "t-2"
    table = scores(
        AVISIT=pl.when(second).then(pl.lit("unplanned")).otherwise(pl.col("AVISIT")),
        AVISITN=pl.when(second).then(None).otherwise(pl.col("AVISITN")),
    )
    found = means(table)["A"]
    assert "1 scores without a month are not counted (unplanned)" in found.note
    assert found.n_by_arm == {"A": 3}
