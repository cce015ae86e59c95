"""Recurrent events, time-dependent covariates, landmarks and penalties: the Cox model's relatives."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from equipoise import survival
from equipoise.errors import DataError, NoEventsError

FOLDER = Path(__file__).parent.parent / "data" / "survival"


def read(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def recurrent() -> dict[str, np.ndarray]:
    return {name: np.array(column) for name, column in read("r_numbers.json")["recurrent"]["rows"].items()}


def simulated(n: int = 200, seed: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    arm, z = rng.integers(0, 2, n), rng.normal(size=n)
    time = rng.exponential(size=n) * np.exp(-0.5 * z)
    return {"time": time, "event": rng.integers(0, 2, n), "cause": rng.integers(0, 3, n), "arm": arm, "z": z}


def test_the_rate_model_equals_coxph_with_clusters() -> None:
    # R: coxph(Surv(start, stop, status) ~ x + z, rows, cluster = id), in cox_numbers.R
    rows, expected = recurrent(), read("cox_numbers.json")["lwyy"]
    x = {"x": rows["id"] % 3, "z": np.sin(rows["id"])}
    event = np.where(rows["status"] == 1, 1, 2 * rows["death"])
    shuffled = np.random.default_rng(2).permutation(event.size)
    fit = survival.lwyy(
        rows["id"][shuffled], rows["stop"][shuffled], event[shuffled], {name: v[shuffled] for name, v in x.items()}
    )
    np.testing.assert_allclose(fit.coef, expected["coef"], rtol=1e-10)
    np.testing.assert_allclose(fit.covariance, expected["covariance"], rtol=1e-9)
    np.testing.assert_allclose(fit.model.naive, expected["naive"], rtol=1e-9)
    assert fit.robust


def test_an_event_at_the_end_of_follow_up_counts_and_two_at_one_time_are_refused() -> None:
    fit = survival.lwyy([1, 1, 2, 2, 3], [3, 3, 2, 4, 5], [1, 2, 1, 0, 0], [1, 1, 0, 0, 1])
    assert (fit.n, fit.n_events) == (4, 2)
    with pytest.raises(DataError, match=r"time: an event at 0 .* in row 1; give events"):
        survival.lwyy([1, 1, 1, 2], [3, 3, 4, 5], [1, 1, 0, 0], [0, 0, 0, 1])
    with pytest.raises(DataError, match="participant 2 has 0 ends"):
        survival.lwyy([1, 1, 2], [3, 4, 5], [1, 0, 1], [0, 0, 1])


def test_follow_up_is_cut_where_covariates_change() -> None:
    rows = survival.time_dependent(
        ["a", "b", "c"],
        [10, 8, 6],
        [1, 0, 1],
        {
            "response": (["a", "c", "c", "b"], [4, 2, 6, 9], [1, 1, 0, 1]),
            "dose": (["a", "a", "a"], [0, 4, 4], [50, 60, 70]),
        },
        initial={"dose": [10, 20, 30]},
    )
    assert rows.participant == ("a", "a", "b", "c", "c")
    assert rows.row.tolist() == [0, 0, 1, 2, 2]
    assert rows.entry.tolist() == [0, 4, 0, 0, 2]
    assert rows.time.tolist() == [4, 10, 8, 2, 6]
    assert rows.event.tolist() == [0, 1, 0, 0, 1]
    assert rows.covariates["response"].tolist() == [0, 1, 0, 0, 1]
    assert rows.covariates["dose"].tolist() == [50, 70, 20, 30, 30]
    assert rows.to_frame().columns == ["participant", "entry", "time", "event", "response", "dose"]


def test_delayed_entry_starts_with_the_value_known_then() -> None:
    change = {"x": ([7, 7], [1, 3], [5, 6])}
    rows = survival.time_dependent([7, 8], [4, 4], [1, 1], change, entry=[2, 1])
    assert rows.entry.tolist() == [2, 3, 1]
    assert rows.covariates["x"].tolist() == [5, 6, 0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"x": ([1, 9], [1, 2], [1, 1])}, "changes of x: participant who is not given in row 1"),
        ({"x": ([1, 2], [1, math.nan], [1, 1])}, "changes of x: missing or infinite time in row 1"),
        ({"x": ([1, 2], [1, 2], [1, None])}, "changes of x: missing or infinite value in row 1"),
        ({"x": ([1, 2], [1, 2])}, "changes of x: 2 columns"),
    ],
)
def test_changes_that_cannot_be_used_are_refused(changes: Any, said: str) -> None:
    with pytest.raises(DataError, match=said):
        survival.time_dependent([1, 2], [5, 6], [1, 0], changes)


def test_a_participant_cannot_be_given_twice() -> None:
    with pytest.raises(DataError, match="participant: given twice in rows 0, 2"):
        survival.time_dependent([1, 2, 1], [5, 6, 7], [1, 0, 0], {})


def test_rows_cut_where_nothing_changes_give_the_same_model() -> None:
    d = simulated()
    change = {"again": (np.arange(200), d["time"] / 2, d["z"])}
    rows = survival.time_dependent(np.arange(200), d["time"], d["event"], change, initial={"again": d["z"]})
    assert rows.row.size == 400
    fit = survival.cox(rows.time, rows.event, rows.covariates, entry=rows.entry)
    assert fit.coef[0] == pytest.approx(survival.cox(d["time"], d["event"], d["z"]).coef[0], rel=1e-10)


def test_immortal_time_vanishes_when_response_is_time_dependent() -> None:
    rng = np.random.default_rng(3)
    n = 4000
    time, response = rng.exponential(size=n), rng.exponential(size=n)
    responded = response < time
    naive = survival.cox(time, np.ones(n), responded)
    assert naive.hazard_ratio[0] < 0.6
    change = {"response": (np.flatnonzero(responded), response[responded], np.ones(int(responded.sum())))}
    rows = survival.time_dependent(np.arange(n), time, np.ones(n), change)
    fit = survival.cox(rows.time, rows.event, rows.covariates, entry=rows.entry)
    assert fit.conf_low[0] < 1.0 < fit.conf_high[0]
    mark = survival.landmark(time, np.ones(n), at=0.5, intermediate=np.where(responded, response, math.nan))
    late = survival.cox(mark.time, mark.event, mark.happened)
    assert late.conf_low[0] < 1.0 < late.conf_high[0]


def test_a_landmark_keeps_those_followed_beyond_it_and_counts_those_left_out() -> None:
    mark = survival.landmark([1, 2, 3, 4, 9], [1, 0, 2, 1, 1], at=2, intermediate=[None, 1, 2, 3, None], horizon=5)
    assert mark.row.tolist() == [2, 3, 4]
    assert mark.time.tolist() == [1, 2, 5]
    assert mark.event.tolist() == [2, 1, 0]
    assert mark.happened.tolist() == [True, False, False]
    assert (mark.excluded_events, mark.excluded_censored) == (1, 1)
    with pytest.raises(DataError, match="nobody is followed beyond 9"):
        survival.landmark([1, 9], [1, 1], at=9)
    with pytest.raises(DataError, match="after the end of follow-up in row 1"):
        survival.landmark([1, 9], [1, 1], at=0.5, intermediate=[1, 10])


def test_fine_gray_hazard_ratios_of_death_on_the_waiting_list_are_those_published() -> None:
    # fg-transplant-death of reference_cox.json: survival::transplant, the README of cmprsk2
    entry = read("reference_cox.json")["fg-transplant-death"]
    data = pl.read_csv(FOLDER / "transplant.csv", null_values="NA").drop_nulls(["age", "futime"])
    x = {
        "age": data["age"],
        "sexf": data["sex"] == "f",
        **{f"abo{group}": data["abo"] == group for group in ("B", "AB", "O")},
    }
    cause = data["event"].replace_strict({"censored": 0, "death": 1, "ltx": 2, "withdraw": 3}, return_dtype=pl.Int64)
    fit = survival.fine_gray(data["futime"], cause, x)
    assert fit.names == tuple(entry["expected"]["hr"])
    for ratio, name in zip(fit.hazard_ratio, fit.names, strict=True):
        assert ratio == pytest.approx(entry["expected"]["hr"][name], abs=entry["tolerance"]["hr"][name])


def test_the_concordance_of_the_lung_model_is_that_published(classic: dict[str, pl.DataFrame]) -> None:
    # lung-cox of reference.json: concordance 0.603
    lung = classic["lung"]
    fit = survival.cox(lung["time"], lung["status"] == 2, lung.select("age", "sex"))
    assert fit.concordance().value == pytest.approx(0.603, abs=0.001)


def test_without_competing_events_the_fine_gray_model_is_the_cox_model() -> None:
    d = simulated()
    x = np.column_stack([d["arm"], d["z"]])
    fit, plain = survival.fine_gray(d["time"], d["event"], x), survival.cox(d["time"], d["event"], x, robust=True)
    np.testing.assert_allclose(fit.coef, plain.coef, rtol=1e-10)
    np.testing.assert_allclose(fit.covariance, plain.covariance, rtol=1e-9)
    new = [[1.0, 0.5], [0.0, -1.0]]
    found, expected = fit.predict_incidence(new, [0.1, 0.5]), plain.predict_survival(new, [0.1, 0.5])
    np.testing.assert_allclose(found.incidence, 1.0 - expected.survival, rtol=1e-9)


def test_fine_gray_without_censoring_counts_competing_events_as_never_ending_follow_up() -> None:
    rng = np.random.default_rng(6)
    time, cause, z = rng.exponential(size=150), rng.integers(1, 3, 150), rng.normal(size=150)
    fit = survival.fine_gray(time, cause, z)
    forever = np.where(cause == 2, 1e3, time)
    plain = survival.cox(forever, cause == 1, z, robust=True)
    np.testing.assert_allclose(fit.coef, plain.coef, rtol=1e-10)
    np.testing.assert_allclose(fit.covariance, plain.covariance, rtol=1e-9)
    assert (fit.n_events, fit.n_competing) == ((cause == 1).sum(), (cause == 2).sum())


def test_one_censoring_group_is_none_and_groups_with_the_same_censoring_differ_little() -> None:
    d = simulated(400)
    plain = survival.fine_gray(d["time"], d["cause"], d["z"])
    one = survival.fine_gray(d["time"], d["cause"], d["z"], censoring_groups=["all"] * 400)
    assert one.coef[0] == plain.coef[0]
    two = survival.fine_gray(d["time"], d["cause"], d["z"], censoring_groups=d["arm"])
    assert two.coef[0] == pytest.approx(plain.coef[0], abs=0.1 * plain.std_error[0])
    assert two.std_error[0] == pytest.approx(plain.std_error[0], rel=0.02)


def test_fine_gray_says_what_it_cannot_fit() -> None:
    d = simulated()
    with pytest.raises(NoEventsError, match="Fine-Gray model of cause 3"):
        survival.fine_gray(d["time"], d["cause"], d["z"], cause=3)
    cause = np.where(d["arm"] == 1, d["cause"] % 2 * 2, d["cause"])
    fit = survival.fine_gray(d["time"], cause, {"arm": d["arm"], "z": d["z"]})
    assert fit.monotone.tolist() == [True, False]
    assert "monotone in arm" in fit.note
    assert fit.hazard_ratio[0] == 0.0
    with pytest.raises(DataError, match="monotone"):
        fit.predict_incidence([1, 0])


def test_firths_penalty_gives_a_finite_ratio_where_an_arm_has_no_events() -> None:
    d = simulated()
    event = d["event"] * (d["arm"] == 0)
    fit = survival.cox(d["time"], event, {"arm": d["arm"], "z": d["z"]}, firth=True)
    assert fit.converged
    assert -8 < fit.coef[0] < -2
    assert np.isfinite(fit.std_error).all()
    profile = fit.profile_interval()
    assert profile.conf_low[0] < fit.hazard_ratio[0] < profile.conf_high[0] < 1.0
    assert profile.conf_low[0] < 0.001


def test_profile_limits_are_where_the_likelihood_has_fallen_by_half_a_quantile() -> None:
    d = simulated()
    fit = survival.cox(d["time"], d["event"], {"arm": d["arm"], "z": d["z"]})
    profile = fit.profile_interval()
    for limits in (profile.conf_low, profile.conf_high):
        fixed = survival.cox(d["time"], d["event"], d["arm"], offset=math.log(limits[1]) * d["z"])
        drop = 2 * (fit.log_likelihood[1] - fixed.log_likelihood[1])
        assert drop == pytest.approx(3.841458820694124, rel=1e-8)  # R: qchisq(0.95, 1)


def test_a_large_ridge_penalty_draws_one_coefficient_to_0_and_leaves_the_others() -> None:
    d = simulated()
    x = {"arm": d["arm"], "z": d["z"]}
    fit = survival.cox(d["time"], d["event"], x, penalty=[0.0, 1e9])
    assert abs(fit.coef[1]) < 1e-6
    assert fit.coef[0] == pytest.approx(survival.cox(d["time"], d["event"], d["arm"]).coef[0], rel=1e-5)
    assert fit.likelihood_ratio_test.df == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"ties": "random"}, "ties: 'random' is unknown"),
        ({"ties": "exact", "weights": [1.0] * 200}, "weights: the exact likelihood"),
        ({"ties": "exact", "robust": True}, "robust: the exact likelihood"),
        ({"penalty": -1.0}, "penalty: missing, infinite or negative"),
        ({"penalty": [1.0, 2.0]}, "penalty: 2 numbers for 1 covariates"),
        ({"penalty": 1.0, "firth": True}, "firth: together with a ridge penalty"),
    ],
)
def test_options_that_exclude_each_other_are_refused(options: dict[str, Any], said: str) -> None:
    d = simulated()
    with pytest.raises(DataError, match=said):
        survival.cox(d["time"], d["event"], d["z"], **options)


def test_an_exact_likelihood_sums_over_all_subsets() -> None:
    # 2 of 4 tied at time 1: log likelihood at 0 is -log(choose(4, 2)); then 1 of 2: -log(2)
    fit = survival.cox([1, 1, 2, 3], [1, 1, 1, 0], [1.0, 0.0, 1.0, 0.0], ties="exact")
    assert fit.log_likelihood[0] == pytest.approx(-math.log(6) - math.log(2), rel=1e-14)


def test_what_follows_a_fit_says_what_it_cannot_do() -> None:
    d = simulated()
    fit = survival.cox(d["time"], d["event"], {"arm": d["arm"], "z": d["z"]}, strata=d["cause"])
    with pytest.raises(DataError, match="kind: 'raw' is unknown"):
        fit.residuals("raw")
    with pytest.raises(DataError, match="transform: 'sqrt' is unknown"):
        fit.proportional_hazards_test("sqrt")
    with pytest.raises(DataError, match="covariates: z missing"):
        fit.predict_survival({"arm": 1}, strata=0)
    with pytest.raises(DataError, match="the model is stratified"):
        fit.predict_survival([1, 0])
    with pytest.raises(DataError, match="5 is no stratum of the model"):
        fit.predict_survival([1, 0], strata=5)
    assert fit.predict_survival({"arm": 1, "z": [0.0, 1.0]}, strata=0).survival.shape == (2, 200)


def test_events_at_one_time_cannot_tell_whether_hazards_are_proportional() -> None:
    x = [0.9, 0.1, -0.7, -0.9, 0.5, -0.2]
    test = survival.cox([1, 1, 1, 2, 2, 2], [1, 1, 1, 0, 0, 0], x).proportional_hazards_test()
    assert np.isnan(test.statistic).all()


def test_residuals_have_their_known_sums() -> None:
    d = simulated()
    weights = 1.0 + np.arange(200) % 3
    fit = survival.cox(d["time"], d["event"], d["z"], weights=weights, strata=d["arm"])
    assert np.sum(weights * fit.residuals("martingale")) == pytest.approx(0.0, abs=1e-10)
    assert np.sum(weights[:, np.newaxis] * fit.residuals("score")) == pytest.approx(0.0, abs=1e-9)
    rows = fit.event_rows()
    assert (d["event"][rows] == 1).all()
    assert np.sum(weights[rows] * fit.residuals("schoenfeld")[:, 0]) == pytest.approx(0.0, abs=1e-9)
    weights[::2] = 0.0
    left = survival.cox(d["time"], d["event"], d["z"], weights=weights)
    assert np.isnan(left.residuals()[::2]).all()
    assert np.isfinite(left.residuals()[1::2]).all()


def test_a_monotone_likelihood_with_late_entries_is_said_and_no_large_number():
    # a case found by hypothesis: sums over risk sets that large risks have left are differences
    time = [5, 6, 7, 34, 9, 2, 4, 3, 10, 8, 1]
    event = [0, 1, 1, 1, 1, 0, 1, 0, 1, 1, 1]
    x = [[1], [0], [0], [1], [1], [0], [0], [1], [0], [0], [0]]
    strata = [0, 2, 2, 2, 2, 0, 2, 1, 2, 2, 2]
    entry = [0, 5.4, 0, 10.2, 8.1, 0.6, 1.2, 0, 0, 7.2, 0.3]
    fit = survival.cox(time, event, x, strata=strata, entry=entry)
    assert fit.monotone.tolist() == [True]
    assert np.isinf(fit.coef[0])
    assert "monotone in x1" in str(fit)
