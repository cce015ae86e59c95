"""Numbers of R for what follows a Cox fit and for its variants, on data with ties, strata, delayed entry and weights.

`tests/data/survival/cox_numbers.R` holds the calls and makes `cox_numbers.json`; the data are those of
`r_numbers.json`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from equipoise import survival

FOLDER = Path(__file__).parent.parent / "data" / "survival"
MODELS = ("efron", "breslow", "robust")


def read(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def r() -> dict[str, Any]:
    return read("cox_numbers.json")


@pytest.fixture(scope="module")
def d() -> dict[str, np.ndarray]:
    return {name: np.array(column) for name, column in read("r_numbers.json")["data"].items()}


@pytest.fixture(scope="module")
def fits(d: dict[str, np.ndarray]) -> dict[str, survival.Cox]:
    x = {"x1": d["x1"], "x2": d["x2"]}
    return {
        "efron": survival.cox(d["time"], d["event"], x, entry=d["entry"], weights=d["weight"], strata=d["stratum"]),
        "breslow": survival.cox(d["time"], d["event"], x, ties="breslow"),
        "robust": survival.cox(d["time"], d["event"], x, cluster=d["id"]),
    }


def close(ours: Any, theirs: Any, rel: float = 1e-10) -> None:
    expected = np.array([np.nan if v is None else v for v in np.ravel(np.array(theirs, dtype=object))], float)
    np.testing.assert_allclose(np.ravel(ours), expected, rtol=rel, atol=1e-10)


def test_exact_ties_equal_coxph(d: dict[str, np.ndarray], r: dict[str, Any]) -> None:
    discrete = np.minimum(np.ceil(d["time"] / 2), 6)
    late = np.maximum(discrete - 1 - d["id"] % 3, 0)
    x = np.column_stack([d["x1"], d["x2"]])
    options: list[dict[str, Any]] = [{}, {"entry": late, "strata": d["stratum"], "offset": d["offset"]}]
    for expected, option in zip(r["exact"], options, strict=True):
        fit = survival.cox(discrete, d["event"], x, ties="exact", **option)
        close(fit.coef, expected["coef"])
        close(fit.covariance, expected["covariance"], 1e-9)
        close(fit.log_likelihood, expected["log_likelihood"])
        close(fit.score_test.statistic, expected["score"])


def test_a_ridge_penalty_equals_coxph(d: dict[str, np.ndarray], r: dict[str, Any]) -> None:
    x, expected = np.column_stack([d["x1"], d["x2"]]), r["ridge"]
    fit = survival.cox(d["time"], d["event"], x, weights=d["weight"], penalty=3.0)
    close(fit.coef, expected["coef"], 1e-8)  # coxph does not iterate penalised fits to the end
    close(fit.covariance, expected["covariance"], 1e-8)
    close(fit.log_likelihood, expected["log_likelihood"])
    close(fit.likelihood_ratio_test.statistic, expected["statistic"], 1e-8)
    close(fit.likelihood_ratio_test.df, expected["df"], 1e-8)


def test_firths_penalty_maximises_the_penalised_likelihood_that_coxph_gives(
    d: dict[str, np.ndarray], r: dict[str, Any]
) -> None:
    separated = (d["event"] == 0) & (d["x1"] > 0.3)
    x = np.column_stack([d["x1"], d["x2"], separated])
    for ties, expected in zip(("efron", "breslow"), r["firth"], strict=True):
        fit = survival.cox(d["time"], d["event"], x, entry=d["entry"], firth=True, ties=ties)
        assert fit.converged
        close(fit.coef, expected["coef"], 1e-8)  # maximised there by differences
        close(fit.log_likelihood, expected["log_likelihood"])


@pytest.mark.parametrize("model", MODELS)
def test_baseline_hazards_equal_basehaz(model: str, fits: dict[str, survival.Cox], r: dict[str, Any]) -> None:
    base, expected = fits[model].baseline_hazard(), r["after"][model]["baseline"]
    close(base.time, expected["time"])
    close(base.cumulative_hazard, expected["hazard"])


@pytest.mark.parametrize("model", MODELS)
def test_predicted_survival_and_its_limits_equal_survfit(
    model: str, fits: dict[str, survival.Cox], r: dict[str, Any]
) -> None:
    new = {"x1": [-0.5, 1.0], "x2": [1, 0]}
    strata = [2, 3] if model == "efron" else None
    found = fits[model].predict_survival(new, [1, 2.5, 4, 7], strata=strata)
    for i, expected in enumerate(r["after"][model]["curves"]):
        for name in ("survival", "std_error", "conf_low", "conf_high"):
            k = len(expected[name])  # R leaves out times after the last of the stratum
            close(getattr(found, name)[i, :k], expected[name])
            assert np.isnan(getattr(found, name)[i, k:]).all()


@pytest.mark.parametrize("kind", ["martingale", "deviance", "schoenfeld", "scaled-schoenfeld", "score", "dfbeta"])
@pytest.mark.parametrize("model", MODELS)
def test_residuals_equal_those_of_residuals_coxph(
    model: str, kind: str, fits: dict[str, survival.Cox], r: dict[str, Any]
) -> None:
    expected = r["after"][model]["scaled" if kind == "scaled-schoenfeld" else kind]
    close(fits[model].residuals(kind), expected, 1e-9)


@pytest.mark.parametrize("transform", ["km", "rank", "identity", "log"])
@pytest.mark.parametrize("model", MODELS)
def test_the_proportional_hazards_test_equals_cox_zph(
    model: str, transform: str, fits: dict[str, survival.Cox], r: dict[str, Any]
) -> None:
    test = fits[model].proportional_hazards_test(transform)
    expected = np.array(r["after"][model]["zph"][transform])
    close(np.column_stack([test.statistic, test.df, test.p_value]), expected, 1e-9)
    assert test.names == ("x1", "x2", "global")


@pytest.mark.parametrize("model", MODELS)
def test_concordance_and_its_standard_error_equal_concordance(
    model: str, fits: dict[str, survival.Cox], r: dict[str, Any]
) -> None:
    found, expected = fits[model].concordance(), r["after"][model]
    close(found.value, expected["concordance"])
    close(found.std_error**2, expected["concordance_variance"])
    pairs = np.reshape(np.array(expected["pairs"]), (-1, 5)).sum(axis=0)
    close([found.concordant, found.discordant, found.tied], pairs[:3])


@pytest.mark.parametrize("case", ["ties", "untied", "second", "groups"])
def test_the_fine_gray_model_equals_crr_of_cmprsk(case: str, d: dict[str, np.ndarray], r: dict[str, Any]) -> None:
    time = d["time"] + (np.arange(1, 61) / 1000 if case == "untied" else 0.0)
    groups = d["stratum"] if case == "groups" else None
    x = np.column_stack([d["x1"], d["x2"]])
    # with groups crr's variance is another than ours; see test_fine_gray.py
    fit = survival.fine_gray(
        time, d["cause"], x, cause=2 if case == "second" else 1, censoring_groups=groups, variance="cmprsk"
    )
    expected = r["fine_gray"][case]
    close(fit.coef, expected["coef"])
    close(fit.covariance, expected["covariance"], 1e-8)
    if groups is None:
        own = survival.fine_gray(time, d["cause"], x, cause=fit.cause)
        np.testing.assert_array_equal(own.covariance, fit.covariance)
    close(fit.log_likelihood, expected["log_likelihood"])
