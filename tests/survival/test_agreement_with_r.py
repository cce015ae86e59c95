"""Numbers of R on data with ties, strata, delayed entry and weights.

`tests/data/survival/r_numbers.R` holds the data and the calls and makes `r_numbers.json`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from equipoise import survival

PATH = Path(__file__).parent.parent / "data" / "survival" / "r_numbers.json"


@pytest.fixture(scope="module")
def r() -> dict[str, Any]:
    return json.loads(PATH.read_text(encoding="utf-8"))


def close(ours: Any, theirs: Any, rel: float = 1e-11) -> None:
    expected = np.array([np.nan if x is None else x for x in np.ravel(np.array(theirs, dtype=object))], float)
    np.testing.assert_allclose(np.ravel(ours), expected, rtol=rel, atol=1e-14)


def test_cox_with_efron_ties_strata_entry_weights_and_clusters_equals_coxph(r: dict[str, Any]) -> None:
    d, expected = r["data"], r["efron"]
    x = {"x1": d["x1"], "x2": d["x2"]}
    options = {"entry": d["entry"], "strata": d["stratum"], "weights": d["weight"]}
    fit = survival.cox(d["time"], d["event"], x, cluster=d["id"], **options)
    close(fit.coef, expected["coef"])
    close(fit.covariance, expected["covariance"], 1e-9)
    close(fit.log_likelihood, expected["log_likelihood"])
    close(fit.score_test.statistic, expected["score"])
    assert fit.names == ("x1", "x2")


def test_cox_with_breslow_ties_weights_and_an_offset_equals_coxph(r: dict[str, Any]) -> None:
    d, expected = r["data"], r["breslow"]
    x = np.column_stack([d["x1"], d["x2"]])
    options = {"entry": d["entry"], "weights": d["weight"], "offset": d["offset"]}
    fit = survival.cox(d["time"], d["event"], x, ties="breslow", **options)
    close(fit.coef, expected["coef"])
    close(fit.covariance, expected["covariance"], 1e-9)
    close(fit.log_likelihood, expected["log_likelihood"])


def test_kaplan_meier_with_entry_and_fractional_weights_equals_survfit(r: dict[str, Any]) -> None:
    d, expected = r["data"], r["km"]
    curve = survival.kaplan_meier(d["time"], d["event"], entry=d["entry"], weights=d["weight"])
    assert curve.variance == "robust"
    for name in ("time", "at_risk", "survival", "std_error", "conf_low", "conf_high"):
        close(getattr(curve, name), expected[name])
    close(curve.quantile([0.25, 0.5, 0.75]).value, expected["quartiles"])


def test_stratified_fleming_harrington_test_of_three_groups_equals_survdiff(r: dict[str, Any]) -> None:
    d, expected = r["data"], r["logrank"]
    test = survival.logrank(d["time"], d["event"], d["group"], strata=d["stratum"], rho=0.5)
    for name in ("statistic", "observed", "expected", "variance"):
        close(getattr(test, name), expected[name])
    assert test.df == 2


def test_cumulative_incidence_by_group_equals_cuminc_of_cmprsk(r: dict[str, Any]) -> None:
    d, expected = r["data"], r["incidence"]
    found = survival.cumulative_incidence(d["time"], d["cause"], group=d["group"])
    for name, estimate, variance in zip(*expected.values(), strict=True):
        group, cause = name.split()
        at = found.at([2, 5], cause=int(cause), group=group)
        close(at.incidence, estimate)
        close(at.std_error**2, variance)


def test_delta_variance_of_incidence_equals_the_jackknife_of_survfit(r: dict[str, Any]) -> None:
    d, expected = r["data"], r["jackknife"]
    at = survival.cumulative_incidence(d["time"], d["cause"], variance="delta").at(expected["time"], cause=1)
    close(at.incidence, expected["incidence"])
    close(at.std_error, expected["std_error"])


def test_mean_number_of_recurrent_events_with_death_equals_mets(r: dict[str, Any]) -> None:
    expected = r["recurrent"]
    rows = {name: np.array(column) for name, column in expected["rows"].items()}
    event = np.where(rows["status"] == 1, 1, 2 * rows["death"])
    at = survival.mean_cumulative_function(rows["id"], rows["stop"], event).at(expected["time"])
    close(at.mean, expected["mean"])
    close(at.std_error, expected["std_error"])
