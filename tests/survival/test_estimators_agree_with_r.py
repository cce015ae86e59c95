"""Numbers of R for estimators beyond Kaplan-Meier and Cox, on data with ties, strata, entry and weights.

`tests/data/survival/r_estimators.R` holds the data and the calls and makes `r_estimators.json`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from equipoise import survival
from equipoise.survival._multivariate_normal import box_probability

PATH = Path(__file__).parent.parent / "data" / "survival" / "r_estimators.json"


@pytest.fixture(scope="module")
def r() -> dict[str, Any]:
    return json.loads(PATH.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def d(r: dict[str, Any]) -> dict[str, Any]:
    return r["data"]


def close(ours: Any, theirs: Any, rel: float = 1e-11, absolute: float = 1e-13) -> None:
    np.testing.assert_allclose(np.ravel(ours), np.ravel(theirs), rtol=rel, atol=absolute)


def test_grays_test_equals_cuminc_of_cmprsk(r: dict[str, Any], d: dict[str, Any]) -> None:
    assert len(r["gray"]) == 8
    for case in r["gray"]:
        strata = d["stratum"] if case["stratified"] else None
        tests = [
            survival.gray_test(d["time"], d["cause"], d[case["by"]], cause=k, strata=strata, rho=case["rho"])
            for k in (1, 2)
        ]
        close([test.statistic for test in tests], case["statistic"])
        assert [test.df for test in tests] == case["df"]


def test_probabilities_of_states_and_their_errors_equal_survfit(r: dict[str, Any]) -> None:
    states = r["states"]
    rows = states["rows"]
    found = survival.occupation_probabilities(rows["id"], rows["entry"], rows["time"], rows["from"], rows["to"])
    close(found.time, states["time"])
    order = [found.states.index(int(name)) for name in states["names"]]
    close(found.probability[:, order], states["probability"])
    close(found.std_error[:, order], states["std_error"])


@pytest.mark.parametrize(("k", "ties"), [(0, "nelson-aalen"), (1, "fleming-harrington")])
def test_the_cumulative_hazard_with_entry_equals_survfit(
    r: dict[str, Any], d: dict[str, Any], k: int, ties: Any
) -> None:
    expected = r["hazard"][k]
    weights = d["weight"] if k == 0 else None  # with tied weighted events R splits otherwise than by repeated rows
    found = survival.nelson_aalen(d["time"], d["event"], entry=d["entry"], weights=weights, ties=ties)
    close(found.time, expected["time"])
    close(found.hazard, expected["hazard"])
    close(found.std_error, expected["std_error"])


def test_conditional_survival_equals_survfit_with_a_start_time(r: dict[str, Any], d: dict[str, Any]) -> None:
    expected = r["conditional"]
    # R counts who has the event at the start time as at risk; here S(t | 3) is of those who live beyond 3
    found = survival.conditional_survival(d["time"], d["event"], given=2.9)
    kept = np.isin(found.time, expected["time"])
    close(found.survival[kept], expected["survival"])
    alive = found.survival[kept] > 0
    close(found.std_error[kept][alive], np.array(expected["std_error"], dtype=float)[alive])


def test_the_restricted_mean_with_entry_and_with_weights_equals_survfit(r: dict[str, Any], d: dict[str, Any]) -> None:
    mean = survival.kaplan_meier(d["time"], d["event"], entry=d["entry"]).rmst(6)
    close([mean.value, mean.std_error], r["rmst"])
    halved = np.array(d["weight"]) / 2
    assert survival.rmst(d["time"], d["event"], tau=6, weights=halved).value[0] == pytest.approx(r["rmst_robust"][0])


def test_turnbull_equals_survfit_as_far_as_its_em_has_come(r: dict[str, Any]) -> None:
    expected = r["turnbull"]
    found = survival.turnbull(expected["low"], [np.nan if v is None else v for v in expected["high"]])
    least, greatest = found.at(expected["time"])
    theirs = np.array(expected["survival"])
    assert (theirs >= least - 1e-3).all()
    assert (theirs <= greatest + 1e-3).all()
    assert found.gap < 1e-8


def test_accelerated_failure_time_models_equal_survreg(r: dict[str, Any], d: dict[str, Any]) -> None:
    x = {"x": d["x"], "arm": d["arm"]}
    names = {"lognormal": "log-normal", "loglogistic": "log-logistic"}
    for case in r["aft"]:
        kind: Any = names.get(case["distribution"], case["distribution"])
        fit = survival.parametric(d["time"], d["event"], x, distribution=kind, weights=d["weight"])
        close(fit.coef, case["coef"], 1e-8)
        close(fit.std_error, case["std_error"], 1e-8)
        close(fit.log_likelihood, case["log_likelihood"])


def test_spline_models_reach_the_maximum_found_in_r(r: dict[str, Any], d: dict[str, Any]) -> None:
    for case in r["spline"]:
        fit = survival.royston_parmar(d["time"], d["event"], d["x"], scale=case["scale"])
        close(fit.coef, case["coef"], 1e-4, 1e-5)  # a derivative-free search gives half the digits
        close(fit.log_likelihood, case["log_likelihood"], 1e-10)
        assert fit.log_likelihood > case["log_likelihood"] - 1e-10


def test_modest_weights_equal_their_definition(r: dict[str, Any], d: dict[str, Any]) -> None:
    for strata, z in zip((None, d["stratum"]), r["modest"], strict=True):
        assert survival.logrank(d["time"], d["event"], d["arm"], strata=strata, t_star=4).z == pytest.approx(
            z, rel=1e-12
        )
        entered = np.zeros(len(d["time"]))
        other = survival.logrank(d["time"], d["event"], d["arm"], strata=strata, entry=entered, t_star=4)
        assert other.z == pytest.approx(z, rel=1e-12)


def test_max_combo_of_two_tests_equals_its_definition_with_pmvnorm(r: dict[str, Any], d: dict[str, Any]) -> None:
    expected = r["combo"]
    test = survival.max_combo(d["time"], d["event"], d["arm"], weights=((0, 0), (0, 1)))
    close(test.z, expected["z"])
    close(test.correlation[0, 1], expected["correlation"])
    assert test.p_value == pytest.approx(expected["p_value"], abs=1e-8)


def test_the_trend_test_equals_the_scores_of_survdiff(r: dict[str, Any], d: dict[str, Any]) -> None:
    test = survival.logrank_trend(d["time"], d["event"], d["group"], scores=[1, 2, 5], strata=d["stratum"])
    assert test.z == pytest.approx(r["trend"], rel=1e-11)


def test_box_probabilities_equal_those_of_mvtnorm(r: dict[str, Any]) -> None:
    for case in r["boxes"]:
        low = np.array([-np.inf if v is None else v for v in case["low"]])
        found = box_probability(low, np.array(case["high"]), np.array(case["correlation"]))
        # Miwa's rule is exact to about 1e-8 here; with infinite limits it is cruder
        assert found == pytest.approx(case["probability"], abs=1e-6)
