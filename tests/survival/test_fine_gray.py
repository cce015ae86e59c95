"""The Fine-Gray model with delayed entry, strata and weights, and its variances.

`tests/data/survival/fine_gray_numbers.R` holds the calls of R's survival and makes `fine_gray_numbers.json`. What R has
no function for, the part of the variance that comes of estimating the chance of observation, is held to the
infinitesimal jackknife: derivatives of the coefficient by the weight of each row.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from equipoise import survival
from equipoise.errors import DataError, NoEventsError

FOLDER = Path(__file__).parent.parent / "data" / "survival"
COPIES = 1 + np.arange(1, 61) % 3


def read(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def d() -> dict[str, np.ndarray]:
    data = {name: np.array(column) for name, column in read("r_numbers.json")["data"].items()}
    return {**data, "time": data["time"] + np.arange(1, 61) / 1000, "x": np.column_stack([data["x1"], data["x2"]])}


def options(words: str, d: dict[str, np.ndarray]) -> dict[str, Any]:
    """The options that the name of a model in R says."""
    every = {"entry": d["entry"], "strata": d["stratum"], "groups": d["stratum"], "weights": COPIES, "cluster": d["id"]}
    chosen = {word: every[word] for word in words.split("_") if word != "none"}
    return {"censoring_groups" if word == "groups" else word: values for word, values in chosen.items()}


@pytest.mark.parametrize("model", list(read("fine_gray_numbers.json")))
def test_the_model_equals_coxph_on_the_rows_of_finegray(model: str, d: dict[str, np.ndarray]) -> None:
    expected = read("fine_gray_numbers.json")[model]
    fit = survival.fine_gray(d["time"], d["cause"], d["x"], variance="known-weights", **options(model, d))
    np.testing.assert_allclose(fit.coef, expected["coef"], rtol=1e-11)
    np.testing.assert_allclose(fit.covariance, expected["covariance"], rtol=1e-9)
    np.testing.assert_allclose(fit.log_likelihood, expected["log_likelihood"], rtol=1e-12)
    k = max(1, len(fit.strata))
    found = fit.predict_incidence(np.zeros((k, 2)), [3.5, 6.5], strata=list(fit.strata) or None)
    np.testing.assert_allclose(-np.log1p(-found.incidence).ravel(), expected["hazard"], rtol=1e-11)


def pseudo_log_likelihood(d: dict[str, np.ndarray], beta: np.ndarray) -> float:
    """By its definition: for each event a sum over everybody in the stratum, weights O(t-)/O(s-) by products."""
    total = 0.0
    for i in np.flatnonzero(d["cause"] == 1):
        t, risks = d["time"][i], 0.0
        for j in np.flatnonzero(d["stratum"] == d["stratum"][i]):
            s, stays = d["time"][j], 0.0
            if s >= t:
                stays = float(d["entry"][j] < t)
            elif d["cause"][j] == 2:
                stays = observed_still(d, d["group"][j], s, t)
            risks += d["weight"][j] * stays * np.exp(d["x"][j] @ beta)
        total += d["weight"][i] * (d["x"][i] @ beta - np.log(risks))
    return total


def observed_still(d: dict[str, np.ndarray], group: int, s: float, t: float) -> float:
    """O(t-)/O(s-): Kaplan-Meier of censoring over [s, t), over the reversed one of entries."""
    mine = d["group"] == group
    if not (mine & (d["time"] >= t)).any():
        return 0.0  # beyond the follow-up of the group
    time, entry, w, censored = (d[name][mine] for name in ("time", "entry", "weight", "cause"))
    found = 1.0
    for u in np.unique(time[(censored == 0) & (time >= s) & (time < t)]):
        found *= 1.0 - w[(time == u) & (censored == 0)].sum() / w[(entry < u) & (time >= u)].sum()
    for e in np.unique(entry[(entry >= s) & (entry < t)]):
        found /= 1.0 - w[entry == e].sum() / w[(entry <= e) & (time > e)].sum()
    return found


@pytest.mark.parametrize("words", ["", "entry", "weights", "groups", "entry strata", "entry strata groups weights"])
def test_with_ties_the_likelihood_is_that_of_the_definition(words: str) -> None:
    data = {name: np.array(column) for name, column in read("r_numbers.json")["data"].items()}
    data["x"] = np.column_stack([data["x1"], data["x2"]])
    given = options("_".join(words.split()) or "none", {**data, "id": data["id"]})
    if "weights" in words:
        given["weights"] = data["weight"]
    one = np.zeros(60)
    d = {
        **data,
        "entry": data["entry"] if "entry" in words else one,
        "stratum": data["stratum"] if "strata" in words else one,
        "group": data["stratum"] if "groups" in words else one,
        "weight": data["weight"] if "weights" in words else one + 1.0,
    }
    fit = survival.fine_gray(data["time"], data["cause"], data["x"], **given)
    expected = [pseudo_log_likelihood(d, beta) for beta in (np.zeros(2), fit.coef)]
    np.testing.assert_allclose(fit.log_likelihood, expected, rtol=1e-12)
    for step in (1e-3 * np.eye(2)).tolist():  # nothing near the estimate is better
        assert max(pseudo_log_likelihood(d, fit.coef + sign * np.array(step)) for sign in (-1, 1)) < expected[1]


def test_the_variance_with_censoring_groups_can_be_that_of_crr(d: dict[str, np.ndarray]) -> None:
    # crr(time, cause, x, cengroup = stratum) of cmprsk 2.2-11, with ties, in cox_numbers.R
    expected = read("cox_numbers.json")["fine_gray"]["groups"]
    time = np.array(read("r_numbers.json")["data"]["time"])
    fit = survival.fine_gray(time, d["cause"], d["x"], censoring_groups=d["stratum"], variance="cmprsk")
    np.testing.assert_allclose(fit.covariance, expected["covariance"], rtol=1e-9)


Sample = dict[str, np.ndarray]


def censored_by_group() -> Sample:
    """Early censoring of three in ten, late events, follow-up to 1; the covariate goes with the censoring."""
    rng, n = np.random.default_rng(3), 600
    group = (np.arange(n) < 0.3 * n).astype(int)
    first, second = rng.weibull(3, n), rng.exponential(2.0, n)
    end = np.minimum(np.where(group == 1, rng.exponential(0.6, n), rng.exponential(5.0, n)), 1.0)
    return observed(first, second, end, group + 0.3 * rng.normal(size=n), group, np.zeros(n))


def delayed() -> Sample:
    """The covariate acts on both causes; three in ten are censored early, and most enter late."""
    rng, n = np.random.default_rng(7), 500
    z, group = rng.normal(size=n), (rng.uniform(size=n) < 0.3).astype(int)
    first, second = rng.exponential(np.exp(-0.5 * z)), rng.exponential(np.exp(0.3 * z))
    end = np.where(group == 1, rng.exponential(0.35, n), rng.exponential(3.0, n))
    return observed(first, second, end, z, group, rng.uniform(0.0, 0.5, n) * (rng.uniform(size=n) < 0.7))


def observed(first: np.ndarray, second: np.ndarray, end: np.ndarray, *columns: np.ndarray) -> Sample:
    """The first of two causes or censoring; those who leave before they enter are not seen."""
    time = np.minimum(np.minimum(first, second), end)
    cause = np.where(time == end, 0, np.where(time == first, 1, 2))
    names = ("time", "cause", "z", "group", "entry", "stratum")
    kept = time > columns[2]
    every = (time, cause, *columns, np.arange(time.size) % 3)
    return {name: values[kept] for name, values in zip(names, every, strict=True)}


def jackknife(d: Sample, **given: Any) -> float:
    """The infinitesimal jackknife variance: the sum over rows of (d coef / d weight) squared, by differences."""
    total, n, h = 0.0, d["time"].size, 1e-4
    for i in range(n):
        found = []
        for step in (h, -h):
            weights = np.ones(n)
            weights[i] += step
            found.append(survival.fine_gray(d["time"], d["cause"], d["z"], weights=weights, **given).coef[0])
        total += ((found[0] - found[1]) / (2 * h)) ** 2
    return total


@pytest.mark.parametrize("sample", [censored_by_group, delayed])
@pytest.mark.parametrize("words", ["strata", "group", "strata group"])
def test_the_variance_is_that_of_the_infinitesimal_jackknife(words: str, sample: Callable[[], Sample]) -> None:
    d = sample()
    given: dict[str, Any] = {"entry": d["entry"]} if d["entry"].any() else {}
    if "strata" in words:
        given["strata"] = d["stratum"]
    if "group" in words:
        given["censoring_groups"] = d["group"]
    expected = jackknife(d, **given)

    def off(variance: Any) -> float:
        fit = survival.fine_gray(d["time"], d["cause"], d["z"], variance=variance, **given)
        return abs(float(fit.covariance[0, 0]) / expected - 1.0)

    # what is left is of order 1/n: the martingales of censoring are over Y, not Y less those censored
    assert off("fine-gray") < 5e-4
    if "group" in words:
        assert off("known-weights") > 4e-3
    if words == "group" and not d["entry"].any():
        assert off("cmprsk") > 2.5e-3  # crr of cmprsk 2.2-11 leaves out events of the other group


def test_a_weight_of_2_is_a_row_given_twice(d: dict[str, np.ndarray]) -> None:
    twice = np.repeat(np.arange(60), COPIES)
    for words in ("entry_strata", "groups"):
        given = options(words, d)
        weighted = survival.fine_gray(d["time"], d["cause"], d["x"], weights=COPIES, **given)
        copied = survival.fine_gray(
            d["time"][twice],
            d["cause"][twice],
            d["x"][twice],
            cluster=twice,
            **{name: values[twice] for name, values in given.items()},
        )
        np.testing.assert_allclose(weighted.coef, copied.coef, rtol=1e-11)
        np.testing.assert_allclose(weighted.covariance, copied.covariance, rtol=1e-9)
        np.testing.assert_allclose(weighted.log_likelihood, copied.log_likelihood, rtol=1e-12)


def test_rows_of_weight_0_are_left_out(d: dict[str, np.ndarray]) -> None:
    weights = (np.arange(60) % 4 > 0).astype(float)
    kept = weights > 0
    found = survival.fine_gray(d["time"], d["cause"], d["x"], weights=weights, **options("entry_groups", d))
    given = {name: values[kept] for name, values in options("entry_groups", d).items()}
    expected = survival.fine_gray(d["time"][kept], d["cause"][kept], d["x"][kept], **given)
    np.testing.assert_array_equal(found.covariance, expected.covariance)
    assert (found.n, found.n_events, found.n_competing) == (expected.n, expected.n_events, expected.n_competing)


def test_entry_before_the_first_time_and_equal_strata_change_nothing(d: dict[str, np.ndarray]) -> None:
    plain = survival.fine_gray(d["time"], d["cause"], d["x"])
    early = survival.fine_gray(d["time"], d["cause"], d["x"], entry=np.arange(60) / 100)
    np.testing.assert_allclose(early.covariance, plain.covariance, rtol=1e-12)
    one = survival.fine_gray(d["time"], d["cause"], d["x"], strata=["all"] * 60)
    np.testing.assert_array_equal(one.covariance, plain.covariance)
    np.testing.assert_array_equal(one.cumulative_hazard, plain.cumulative_hazard)


def test_without_competing_events_the_model_is_the_stratified_cox_model_with_delayed_entry(
    d: dict[str, np.ndarray],
) -> None:
    event = d["cause"] == 1
    given = options("entry_strata_weights", d)
    fit = survival.fine_gray(d["time"], event, d["x"], **given)
    plain = survival.cox(d["time"], event, d["x"], robust=True, **given)
    np.testing.assert_allclose(fit.coef, plain.coef, rtol=1e-10)
    np.testing.assert_allclose(fit.covariance, plain.covariance, rtol=1e-9)
    found = fit.predict_incidence([[0.5, 1.0], [-0.5, 0.0]], [2.0, 6.0], strata=[2, 3])
    expected = plain.predict_survival([[0.5, 1.0], [-0.5, 0.0]], [2.0, 6.0], strata=[2, 3])
    np.testing.assert_allclose(found.incidence, 1.0 - expected.survival, rtol=1e-9)


def test_follow_up_that_is_interrupted_after_a_competing_event_is_refused() -> None:
    time, cause, entry = [1.0, 2.0, 4.0, 5.0, 6.0, 7.0], [2, 0, 1, 2, 1, 0], [0.0, 0.0, 3.0, 3.0, 3.0, 3.5]
    z = [0.0, 1.0, 1.0, 0.0, 0.0, 1.0]
    with pytest.raises(DataError, match="entry: before 4 nobody"):
        survival.fine_gray(time, cause, z, entry=entry)
    # nothing is known of those who entered at 3 by those who left by 2, and nothing need be without a competing event
    fit = survival.fine_gray(time, [0, *cause[1:]], z, entry=entry)
    later = survival.fine_gray(time[2:], cause[2:], z[2:], entry=entry[2:])
    np.testing.assert_allclose(fit.coef, later.coef, rtol=1e-12)
    np.testing.assert_allclose(fit.covariance, later.covariance, rtol=1e-12)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"variance": "robust"}, "variance: 'robust' is unknown"),
        ({"entry": [9.0, *[0.0] * 59]}, "entry: entry not before time in row 0"),
        ({"weights": [-1.0, *[1.0] * 59]}, "weights: negative value in row 0"),
        ({"strata": ["a"] * 59}, "strata: 59 rows"),
        ({"variance": "cmprsk", "weights": [1.0] * 60}, "variance: cmprsk has no entry, strata or weights"),
    ],
)
def test_options_that_cannot_be_used_are_refused(given: dict[str, Any], said: str, d: dict[str, np.ndarray]) -> None:
    with pytest.raises(DataError, match=said):
        survival.fine_gray(d["time"], d["cause"], d["x"], **given)


def test_weights_of_0_may_leave_no_event(d: dict[str, np.ndarray]) -> None:
    with pytest.raises(NoEventsError, match="Fine-Gray model of cause 1"):
        survival.fine_gray(d["time"], d["cause"], d["x"], weights=d["cause"] != 1)


def test_a_stratified_model_wants_the_stratum_of_who_is_predicted(d: dict[str, np.ndarray]) -> None:
    fit = survival.fine_gray(d["time"], d["cause"], d["x"], strata=d["stratum"])
    assert fit.strata == (1, 2, 3)
    with pytest.raises(DataError, match="the model is stratified"):
        fit.predict_incidence([0.0, 1.0])
    found = fit.predict_incidence([0.0, 1.0], [1.0, 1e3], strata=2).incidence
    assert 0.0 <= found[0, 0] < 1.0
    assert np.isnan(found[0, 1])
    assert "standard errors: known-weights" in str(
        survival.fine_gray(d["time"], d["cause"], d["x"], variance="known-weights")
    )


@pytest.mark.parametrize("seed", range(5))
def test_neither_the_unit_of_time_nor_the_order_of_rows_changes_the_model(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = 80
    time, cause = rng.integers(20, 60, n).astype(float), rng.integers(0, 3, n)
    given = {
        "entry": rng.integers(0, 20, n).astype(float),
        "strata": rng.integers(0, 3, n),
        "weights": rng.uniform(0.5, 2.0, n),
        "censoring_groups": rng.integers(0, 2, n),
    }
    x, order = rng.normal(size=(n, 2)), rng.permutation(n)
    fit = survival.fine_gray(time, cause, x, **given)
    shuffled = {name: values[order] for name, values in given.items()}
    other = survival.fine_gray(time[order], cause[order], x[order], **shuffled)
    months = survival.fine_gray(time / 30.4375, cause, x, **{**given, "entry": given["entry"] / 30.4375})
    for found in (other, months):
        np.testing.assert_allclose(found.coef, fit.coef, rtol=1e-9)
        np.testing.assert_allclose(found.covariance, fit.covariance, rtol=1e-9)
        np.testing.assert_allclose(found.cumulative_hazard, fit.cumulative_hazard, rtol=1e-9)
