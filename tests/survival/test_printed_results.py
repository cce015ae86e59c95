"""What a user reads: names in tables, hints in errors, covariates by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from equipoise import survival
from equipoise.errors import DataError, InputError
from equipoise.survival import datasets

LUNG = datasets.load_classic("lung")
COVARIATES = {"age": LUNG.to_frame()["age"], "sex": LUNG.to_frame()["sex"]}


def fit_weibull() -> survival.ParametricModel:
    return survival.parametric(LUNG.time, LUNG.event, COVARIATES)


def fit_spline() -> survival.ParametricModel:
    return survival.royston_parmar(LUNG.time, LUNG.event, COVARIATES)


@pytest.mark.parametrize("fit", [fit_weibull, fit_spline])
def test_a_parametric_model_predicts_from_covariates_by_name_in_any_order(fit: Any) -> None:
    model = fit()
    by_name = model.predict([100.0, 300.0], {"sex": 2, "age": 60})
    assert np.array_equal(by_name.survival, model.predict([100.0, 300.0], [60, 2]).survival)
    assert model.quantile(0.5, {"sex": 2, "age": 60}) == model.quantile(0.5, [60, 2])


@pytest.mark.parametrize("fit", [fit_weibull, fit_spline])
def test_a_parametric_model_names_the_covariate_that_is_missing(fit: Any) -> None:
    with pytest.raises(DataError, match="covariates: sex missing"):
        fit().predict([100.0], {"age": 60})


def test_the_rows_of_a_parametric_model_are_parameters_and_not_all_covariates() -> None:
    assert fit_weibull().to_frame()["parameter"].to_list() == ["intercept", "age", "sex", "log(scale)"]


def test_the_rows_of_a_model_of_restricted_means_are_terms() -> None:
    found = survival.rmst(LUNG.time, LUNG.event, COVARIATES["sex"], tau=365, covariates={"age": COVARIATES["age"]})
    assert found.regression is not None
    assert found.regression.to_frame()["term"].to_list() == ["intercept", "group", "age"]


def test_a_chi_squared_test_prints_as_in_a_report() -> None:
    # coxph(Surv(time, status) ~ age + sex, lung), R survival 3.5-3: score (logrank) test 13.72 on 2 df, p 0.001
    test = survival.cox(LUNG.time, LUNG.event, COVARIATES).score_test
    assert str(test) == f"chi-squared {test.statistic:.5g} on 2 df, p {test.p_value:.5g}"
    assert round(test.statistic, 2) == 13.72


def test_a_landmark_says_which_events_it_counts() -> None:
    # times 1 (event) and 2 (censored) are up to the landmark at 3; of those after it one has responded by then
    found = survival.landmark([1, 2, 5, 6], [1, 0, 1, 0], at=3, intermediate=[None, None, 2, 4])
    first, *_, last = str(found).splitlines()
    assert first == "Landmark at 3: 2 still followed, 1 with the intermediate event"
    assert last == "left out: 1 with an event by then, 1 censored by then"


@pytest.mark.parametrize("name", ["lung", "Lung"])
def test_a_classic_name_asked_of_the_trials_gives_the_call_that_loads_it(name: str) -> None:
    with pytest.raises(InputError, match=r"use datasets\.load_classic\('lung'\)"):
        datasets.load(name)
