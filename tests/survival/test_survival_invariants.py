"""What must hold on any data: properties that relate estimators to each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from equipoise import survival
from equipoise.errors import DataError, NoEventsError

Data = dict[str, np.ndarray]
bounded = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def trials(draw: st.DrawFn, *, ties: bool) -> Data:
    """Times, events, causes, two groups, strata, entries and a covariate of 6 to 40 participants."""
    n = draw(st.integers(6, 40))
    steps = st.lists(st.integers(1, 12 if ties else 10**6), min_size=n, max_size=n, unique=not ties)
    time = np.array(draw(steps), dtype=float) * draw(st.sampled_from([1.0, 0.1, 365.25]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return {
        "time": time,
        "event": rng.integers(0, 2, n),
        "cause": rng.integers(0, 4, n),
        "group": rng.integers(0, 2, n),
        "stratum": rng.integers(0, 3, n),
        "entry": time * rng.choice([0.0, 0.0, 0.3, 0.9], n),
        "x": rng.normal(size=n),
    }


def compared(d: Data, **options: object) -> survival.LogRank:
    """The log-rank test, on data that allow one."""
    try:
        return survival.logrank(d["time"], d["event"], d["group"], **options)
    except (NoEventsError, DataError):
        assume(False)
        raise


def fitted(d: Data, **options: object) -> survival.Cox:
    """The Cox model of `x`, on data that allow one."""
    try:
        return survival.cox(d["time"], d["event"], d["x"], **options)
    except (NoEventsError, DataError):
        assume(False)
        raise


@bounded
@given(trials(ties=False), st.booleans(), st.booleans())
def test_without_ties_the_logrank_test_is_the_score_test_of_the_cox_model(
    d: Data, stratified: bool, delayed: bool
) -> None:
    options = {"strata": d["stratum"] if stratified else None, "entry": d["entry"] if delayed else None}
    test = compared(d, **options)
    model = survival.cox(d["time"], d["event"], d["group"], **options)
    assert test.statistic == pytest.approx(model.score_test.statistic, rel=1e-9, abs=1e-12)
    assert test.z**2 == pytest.approx(test.statistic)


@bounded
@given(trials(ties=True))
def test_a_stratified_logrank_test_adds_up_those_of_its_strata(d: Data) -> None:
    test = compared(d, strata=d["stratum"])
    observed, expected, variance = np.zeros(2), np.zeros(2), np.zeros((2, 2))
    for s in np.unique(d["stratum"]):
        rows = d["stratum"] == s
        try:
            part = survival.logrank(d["time"][rows], d["event"][rows], d["group"][rows])
        except DataError:  # one group alone adds as much to observed as to expected
            count = np.bincount(d["group"][rows], weights=d["event"][rows], minlength=2)
            observed, expected = observed + count, expected + count
            continue
        observed, expected, variance = (
            observed + part.observed,
            expected + part.expected,
            variance + part.variance,
        )
    np.testing.assert_allclose(test.observed, observed, atol=1e-12)
    np.testing.assert_allclose(test.expected, expected, atol=1e-12)
    np.testing.assert_allclose(test.variance, variance, atol=1e-12)


@bounded
@given(trials(ties=True))
def test_entry_at_0_changes_nothing(d: Data) -> None:
    zero = np.zeros_like(d["time"])
    plain, entered = (survival.kaplan_meier(d["time"], d["event"], entry=e) for e in (None, zero))
    np.testing.assert_array_equal(plain.survival, entered.survival)
    np.testing.assert_array_equal(plain.std_error, entered.std_error)
    assert compared(d).statistic == compared(d, entry=zero).statistic
    fits = [fitted(d, entry=e) for e in (None, zero)]
    assert fits[0].coef[0] == fits[1].coef[0]


@bounded
@given(trials(ties=True), st.sampled_from([1e-9, 1 / 30.4375, 7.0, 1e9]))
def test_the_unit_of_time_changes_no_test(d: Data, unit: float) -> None:
    scaled = d | {"time": d["time"] * unit, "entry": d["entry"] * unit}
    assert compared(d, entry=d["entry"]).statistic == compared(scaled, entry=scaled["entry"]).statistic
    coef = [fitted(v, entry=v["entry"]).coef[0] for v in (d, scaled)]
    assert coef[0] == pytest.approx(coef[1], rel=1e-9, abs=1e-12)


@bounded
@given(trials(ties=True), st.booleans(), st.sampled_from(["aalen", "delta"]))
def test_incidences_of_all_causes_and_survival_sum_to_1(d: Data, delayed: bool, variance: str) -> None:
    entry = d["entry"] if delayed else None
    found = survival.cumulative_incidence(d["time"], d["cause"], entry=entry, variance=variance)
    total = sum(curve.incidence for curve in found.curves) + found.curves[0].survival
    np.testing.assert_allclose(total, 1.0, atol=1e-12)


@bounded
@given(trials(ties=True))
def test_with_a_single_cause_the_incidence_is_1_less_kaplan_meier_with_greenwoods_variance(d: Data) -> None:
    curve = survival.kaplan_meier(d["time"], d["event"])
    incidence = survival.cumulative_incidence(d["time"], d["event"], variance="delta").curve(1)
    np.testing.assert_allclose(incidence.incidence, 1.0 - curve.survival, atol=1e-12)
    defined = curve.survival > 0
    np.testing.assert_allclose(incidence.std_error[defined], curve.std_error[defined], atol=1e-10)


@bounded
@given(trials(ties=False))
def test_the_order_of_rows_changes_no_bit_without_ties(d: Data) -> None:
    p = np.random.default_rng(d["time"].size).permutation(d["time"].size)
    q = {name: values[p] for name, values in d.items()}
    assert compared(d, strata=d["stratum"]).statistic == compared(q, strata=q["stratum"]).statistic
    for name in ("survival", "std_error", "conf_low"):
        curves = [survival.kaplan_meier(v["time"], v["event"], entry=v["entry"]) for v in (d, q)]
        np.testing.assert_array_equal(getattr(curves[0], name), getattr(curves[1], name))
    fits = [fitted(v, entry=v["entry"]) for v in (d, q)]
    assert fits[0].coef[0] == fits[1].coef[0]
    assert fits[0].covariance[0, 0] == fits[1].covariance[0, 0] or np.isnan(fits[0].covariance[0, 0])


@bounded
@given(trials(ties=True))
def test_the_order_of_rows_changes_no_more_than_rounding_with_ties(d: Data) -> None:
    p = np.random.default_rng(d["time"].size).permutation(d["time"].size)
    q = {name: values[p] for name, values in d.items()}
    assert compared(d).statistic == pytest.approx(compared(q).statistic, rel=1e-12)
    fits = [fitted(v) for v in (d, q)]
    # of a fit that is nearly perfect the likelihood is a small difference of large sums
    assert fits[0].log_likelihood == pytest.approx(fits[1].log_likelihood, rel=1e-12, abs=1e-10)
    if fits[0].converged:
        assert fits[0].coef[0] == pytest.approx(fits[1].coef[0], rel=1e-10, abs=1e-12)


@bounded
@given(trials(ties=True), st.integers(0, 2**32 - 1))
def test_a_whole_weight_counts_as_so_many_rows(d: Data, seed: int) -> None:
    weights = np.random.default_rng(seed).integers(1, 4, d["time"].size)
    rows = np.repeat(np.arange(d["time"].size), weights)
    weighted = survival.kaplan_meier(d["time"], d["event"], entry=d["entry"], weights=weights)
    repeated = survival.kaplan_meier(d["time"][rows], d["event"][rows], entry=d["entry"][rows])
    np.testing.assert_allclose(weighted.survival, repeated.survival, atol=1e-12)
    np.testing.assert_allclose(weighted.std_error, repeated.std_error, atol=1e-12)
    fit = fitted(d, weights=weights, ties="breslow")
    longer = fitted({name: values[rows] for name, values in d.items()}, ties="breslow")
    assert fit.monotone.tolist() == longer.monotone.tolist()
    if not fit.monotone.any():  # of a monotone likelihood the search ends somewhere on the way up
        assert fit.log_likelihood == pytest.approx(longer.log_likelihood, rel=1e-9)


@bounded
@given(trials(ties=True), st.floats(0.05, 0.95))
def test_splitting_follow_up_into_intervals_changes_no_cox_model(d: Data, share: float) -> None:
    assume(d["event"].any())
    cut = d["time"] * share
    halves = {
        "entry": np.concatenate([np.zeros_like(cut), cut]),
        "time": np.concatenate([cut, d["time"]]),
        "event": np.concatenate([np.zeros_like(d["event"]), d["event"]]),
        "x": np.concatenate([d["x"], d["x"]]),
    }
    whole = fitted(d)
    split = fitted(halves, entry=halves["entry"])
    assert split.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-9)
    assert split.converged == whole.converged
    if whole.converged:
        assert split.coef[0] == pytest.approx(whole.coef[0], rel=1e-7, abs=1e-9)


@bounded
@given(trials(ties=True))
def test_without_censoring_kaplan_meier_is_the_share_still_to_come(d: Data) -> None:
    curve = survival.kaplan_meier(d["time"], np.ones_like(d["event"]))
    share = [(d["time"] > t).mean() for t in curve.time]
    np.testing.assert_allclose(curve.survival, share, atol=1e-12)
    assert curve.median.value == pytest.approx(np.median(d["time"]))


@bounded
@given(trials(ties=True), st.booleans())
def test_the_robust_variance_is_the_sum_of_squared_influences(d: Data, delayed: bool) -> None:
    entry = d["entry"] if delayed else np.zeros_like(d["time"])
    weights = 0.25 + np.arange(d["time"].size) % 5
    curve = survival.kaplan_meier(d["time"], d["event"], entry=entry, weights=weights)
    assert curve.variance == "robust"
    k = int(np.argmin(np.abs(curve.survival - 0.4)))
    assume(0.0 < curve.survival[k] < 1.0)
    step = 1e-5
    total = 0.0
    for i in range(weights.size):
        moved = []
        for sign in (-1.0, 1.0):
            changed = weights.copy()
            changed[i] += sign * step
            moved.append(survival.kaplan_meier(d["time"], d["event"], entry=entry, weights=changed).survival[k])
        total += (weights[i] * (moved[1] - moved[0]) / (2 * step)) ** 2
    assert curve.std_error[k] == pytest.approx(np.sqrt(total), rel=1e-4, abs=1e-7)
