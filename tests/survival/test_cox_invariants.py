"""What must hold on any data for the Cox family, and that neither threads nor types of input change a bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from equipoise import _kernel, survival
from equipoise.errors import DataError, NoEventsError
from equipoise.survival import cox_fit, cox_rows
from equipoise.survival._sorting import rows_by_time

Data = dict[str, np.ndarray]
bounded = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def trials(draw: st.DrawFn, *, ties: bool) -> Data:
    """Times, events, causes, strata, entries and two covariates of 12 to 40 participants."""
    n = draw(st.integers(12, 40))
    steps = st.lists(st.integers(1, 12 if ties else 10**6), min_size=n, max_size=n, unique=not ties)
    time = np.array(draw(steps), dtype=float)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return {
        "time": time,
        "event": rng.integers(0, 2, n),
        "cause": rng.integers(0, 3, n),
        "stratum": rng.integers(0, 2, n),
        "entry": time * rng.choice([0.0, 0.0, 0.3, 0.9], n),
        "x": np.column_stack([rng.normal(size=n), rng.integers(0, 2, n)]),
    }


def fitted(fit: Any, *arguments: Any, **options: Any) -> Any:
    """A converged model, on data that allow one."""
    try:
        found = fit(*arguments, **options)
    except (NoEventsError, DataError):
        assume(False)
    assume(found.converged)
    assume(np.abs(found.coef).max() < 5)
    return found


@bounded
@given(trials(ties=False), st.booleans(), st.booleans())
def test_without_ties_efron_breslow_and_exact_are_one(d: Data, stratified: bool, delayed: bool) -> None:
    options = {"strata": d["stratum"] if stratified else None, "entry": d["entry"] if delayed else None}
    fits = [
        fitted(survival.cox, d["time"], d["event"], d["x"], ties=ties, **options)
        for ties in ("efron", "breslow", "exact")
    ]
    for other in fits[1:]:
        np.testing.assert_allclose(other.coef, fits[0].coef, rtol=1e-8, atol=1e-10)
        np.testing.assert_allclose(other.covariance, fits[0].covariance, rtol=1e-7)
        assert other.log_likelihood == pytest.approx(fits[0].log_likelihood, rel=1e-10)


@bounded
@given(trials(ties=True), st.booleans())
def test_residuals_of_any_data_sum_to_0_and_the_mean_hazard_is_that_of_the_residuals(d: Data, delayed: bool) -> None:
    entry = d["entry"] if delayed else None
    fit = fitted(survival.cox, d["time"], d["event"], d["x"], entry=entry, strata=d["stratum"])
    martingale = fit.residuals("martingale")
    assert np.sum(martingale) == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_allclose(fit.residuals("score").sum(axis=0), 0.0, atol=1e-7)
    np.testing.assert_allclose(fit.residuals("schoenfeld").sum(axis=0), 0.0, atol=1e-7)
    assert (martingale <= d["event"] + 1e-12).all()


@bounded
@given(trials(ties=True), st.sampled_from([1e-9, 1 / 30.4375, 7.0, 1e9]))
def test_the_unit_of_time_changes_neither_the_model_nor_what_follows(d: Data, unit: float) -> None:
    assume(np.unique(d["time"][d["event"] == 1]).size > 4)
    fits = [
        fitted(survival.cox, d["time"] * u, d["event"], d["x"], entry=d["entry"] * u, strata=d["stratum"])
        for u in (1.0, unit)
    ]
    for transform in ("km", "rank", "identity"):
        tests = [fit.proportional_hazards_test(transform).statistic for fit in fits]
        np.testing.assert_allclose(tests[1], tests[0], rtol=1e-7, atol=1e-9)
    gray = [fitted(survival.fine_gray, d["time"] * u, d["cause"], d["x"]) for u in (1.0, unit)]
    np.testing.assert_allclose(gray[1].covariance, gray[0].covariance, rtol=1e-7)


@bounded
@given(trials(ties=False))
def test_the_order_of_rows_changes_no_bit_without_ties(d: Data) -> None:
    p = np.random.default_rng(d["time"].size).permutation(d["time"].size)
    q = {name: values[p] for name, values in d.items()}
    models = [fitted(survival.cox, v["time"], v["event"], v["x"], strata=v["stratum"], robust=True) for v in (d, q)]
    np.testing.assert_array_equal(models[0].covariance, models[1].covariance)
    np.testing.assert_array_equal(models[0].residuals("dfbeta")[p], models[1].residuals("dfbeta"))
    assert models[0].concordance().value == models[1].concordance().value
    gray = [fitted(survival.fine_gray, v["time"], v["cause"], v["x"]) for v in (d, q)]
    np.testing.assert_array_equal(gray[0].covariance, gray[1].covariance)


def test_residuals_of_a_monotone_likelihood_are_numbers_however_far_the_search_went() -> None:
    # both covariates separate the events; linear predictors end hundreds apart, and the baseline hazard with them
    d = {
        "time": np.array([9.0, 10.0, 11.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 12.0]),
        "event": np.array([1, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0]),
        "stratum": np.array([0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 1]),
        "first": [
            -0.60545201, -0.59433942, -0.28337538, -0.72841773, 0.76632779, -1.59608633,
            0.82356213, -0.62556647, -0.54593996, -1.35084714, -0.14424212, -0.24766151,
        ],
        "second": np.array([1, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0]),
    }  # fmt: skip  # short items of one kind share a line
    x = np.column_stack([d["first"], d["second"]])
    fit = survival.cox(d["time"], d["event"], x, strata=d["stratum"], robust=True)
    assert fit.monotone.all()
    assert np.isnan(fit.covariance).all()
    martingale = fit.residuals("martingale")
    assert np.sum(martingale) == pytest.approx(0.0, abs=1e-9)
    assert np.isfinite(fit.residuals("score")).all()
    assert np.isfinite(fit.residuals("schoenfeld")).all()


@bounded
@given(trials(ties=True))
def test_the_order_of_rows_changes_little_with_ties(d: Data) -> None:
    p = np.random.default_rng(d["time"].size).permutation(d["time"].size)
    q = {name: values[p] for name, values in d.items()}
    for ties in ("efron", "exact"):
        models = [fitted(survival.cox, v["time"], v["event"], v["x"], ties=ties) for v in (d, q)]
        np.testing.assert_allclose(models[1].coef, models[0].coef, rtol=1e-11, atol=1e-12)


@bounded
@given(trials(ties=True))
def test_entry_at_0_changes_nothing(d: Data) -> None:
    zero = np.zeros_like(d["time"])
    fits = [fitted(survival.cox, d["time"], d["event"], d["x"], entry=entry) for entry in (None, zero)]
    np.testing.assert_allclose(fits[1].covariance, fits[0].covariance, rtol=1e-12)
    assert fits[1].concordance().std_error == pytest.approx(fits[0].concordance().std_error, rel=1e-12)
    hazards = [fit.baseline_hazard().cumulative_hazard for fit in fits]
    np.testing.assert_allclose(hazards[1], hazards[0], rtol=1e-12)


def large(n: int = 120_000) -> Data:
    rng = np.random.default_rng(9)
    x = rng.normal(size=(n, 2))
    time, censored = rng.exponential(size=n) * np.exp(-0.4 * x[:, 0]), rng.exponential(2.0, size=n)
    return {"time": np.minimum(time, censored), "event": (time <= censored).astype(int), "x": x}


@pytest.mark.parametrize("tied", [False, True])
def test_neither_the_number_of_threads_nor_the_start_changes_a_large_fit(
    tied: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    d = large()
    time = np.ceil(50.0 * d["time"]) if tied else d["time"]
    fits = []
    for processors, smallest in ((1, 100_000), (3, 100_000), (1, 10**9)):
        monkeypatch.setattr(cox_rows, "_processors", lambda k=processors: k)
        monkeypatch.setattr(cox_fit, "_LARGE", smallest)
        fits.append(survival.cox(time, d["event"], d["x"], strata=np.arange(time.size) % 3))
    np.testing.assert_array_equal(fits[0].covariance, fits[1].covariance)
    np.testing.assert_array_equal(fits[0].coef, fits[1].coef)
    np.testing.assert_allclose(fits[2].coef, fits[0].coef, rtol=1e-11)
    np.testing.assert_allclose(fits[2].covariance, fits[0].covariance, rtol=1e-10)
    assert fits[2].log_likelihood == pytest.approx(fits[0].log_likelihood, rel=1e-12)


def test_many_small_strata_equal_their_pairs_of_differences() -> None:
    # with two rows a stratum and one event first, the likelihood is that of a logistic model of the difference
    rng = np.random.default_rng(4)
    n = 40_000
    x = rng.normal(size=(2 * n, 1))
    first = rng.random(n) < 1.0 / (1.0 + np.exp(-0.7 * (x[::2, 0] - x[1::2, 0])))
    time = np.empty(2 * n)
    time[::2], time[1::2] = np.where(first, 1.0, 2.0), np.where(first, 2.0, 1.0)
    fit = survival.cox(time, (time == 1.0).astype(int), x, strata=np.repeat(np.arange(n), 2))
    difference = np.where(first, 1.0, -1.0) * (x[::2, 0] - x[1::2, 0])
    p = 1.0 / (1.0 + np.exp(-fit.coef[0] * difference))
    assert np.sum(difference * (1.0 - p)) == pytest.approx(0.0, abs=1e-6)
    assert fit.covariance[0, 0] == pytest.approx(1.0 / np.sum(difference**2 * p * (1.0 - p)), rel=1e-9)


@pytest.mark.parametrize("kind", ["random", "tied", "ascending", "close", "zero"])
def test_rows_by_time_ascend_whatever_the_times(kind: str) -> None:
    rng = np.random.default_rng(7)
    u = rng.random(5000)
    time = {
        "random": u,
        "tied": np.ceil(9 * u),
        "ascending": np.sort(u),
        "close": 1.0 + 1e-13 * u,
        "zero": np.where(u < 0.5, -0.0, 0.0),
    }[kind]
    order, in_order = rows_by_time(time)
    np.testing.assert_array_equal(in_order, np.sort(time))
    np.testing.assert_array_equal(time[order], in_order)
    assert np.unique(order).size == 5000


def test_every_kernel_of_the_family_has_one_signature_whatever_the_types_of_the_input() -> None:
    rng = np.random.default_rng(3)
    n = 40
    time, event, cause = np.ceil(9 * rng.random(n)), rng.integers(0, 2, n), rng.integers(0, 3, n)
    x = rng.normal(size=(n, 2))
    for convert in (np.asarray, pl.Series, list, lambda a: np.asarray(a, dtype=np.float32)):
        t, e, c = convert(time), convert(event), convert(cause)
        for p in (1, 2):
            frame = pl.DataFrame(x[:, :p]) if convert is pl.Series else np.asfortranarray(x[:, :p])
            survival.fine_gray(t, c, frame, censoring_groups=convert(np.arange(n) % 2))
            for options in ({}, {"entry": convert(time * 0.1)}):
                survival.cox(t, e, frame, ties="exact", **options)
                survival.cox(t, e, frame, firth=True, weights=t, **options).profile_interval()
                fit = survival.cox(t, e, frame, strata=convert(np.arange(n) % 2), **options)
                fit.proportional_hazards_test()
                fit.concordance()
                fit.residuals("schoenfeld")
                fit.predict_survival(x[:1, :p], strata=0)
    d = large(40_000)
    survival.cox(d["time"], d["event"], d["x"])
    mine = [k for k in _kernel.KERNELS if k.py_func.__module__.startswith("equipoise.survival")]
    assert {k.py_func.__name__: len(k.signatures) for k in mine if len(k.signatures) > 1} == {}
