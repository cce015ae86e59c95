"""Parametric models beyond the comparison with survreg."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from equipoise import survival
from equipoise.errors import DataError, NoEventsError
from equipoise.survival import _error_distributions as errors


def test_the_generalised_gamma_of_ovarian_is_what_r_finds_by_maximising_its_density(
    classic: dict[str, pl.DataFrame],
) -> None:
    """Prentice's density (Biometrika 1974;61:539) maximised in R 4.2.2, from several starts, to reltol 1e-15:
      t <- ovarian$futime; e <- ovarian$fustat
      nll <- function(p) { s <- exp(p[2]); Q <- p[3]; qi <- 1/Q^2; qw <- Q * (log(t) - p[1]) / s
        ld <- -log(s*t) + log(abs(Q)) * (1 - 2*qi) + qi * (qw - exp(qw)) - lgamma(qi)
        S <- pgamma(qi * exp(qw), qi, lower.tail = Q < 0); -sum(ifelse(e == 1, ld, log(S))) }
      optim(c(6.4, 0.2, -0.5), nll, method = "BFGS", control = list(reltol = 1e-15, maxit = 5000))
    gives 6.42703862, sigma 1.42584058, Q -0.76456799, log likelihood -96.94906576
    """
    data = classic["ovarian"]
    fit = survival.parametric(data["futime"], data["fustat"], distribution="generalised-gamma")
    assert fit.names == ("intercept", "log(scale)", "Q")
    assert fit.coef[0] == pytest.approx(6.42703862, abs=2e-4)
    assert math.exp(fit.coef[1]) == pytest.approx(1.42584058, abs=2e-4)
    assert fit.coef[2] == pytest.approx(-0.76456799, abs=5e-4)
    assert fit.log_likelihood == pytest.approx(-96.94906576, abs=1e-6)


def test_the_generalised_gamma_holds_weibull_and_log_normal_times(classic: dict[str, pl.DataFrame]) -> None:
    data = classic["lung"].select("time", "status", "sex").drop_nulls()
    event = data["status"] == 2
    whole = survival.parametric(data["time"], event, data["sex"], distribution="generalised-gamma")
    for distribution in ("weibull", "log-normal", "exponential"):
        part = survival.parametric(data["time"], event, data["sex"], distribution=distribution)
        assert part.log_likelihood < whole.log_likelihood


@pytest.mark.parametrize("shape", [2.0, 1.0, 0.4, 0.012, 0.008, 1e-6, -0.5, -1.5])
def test_derivatives_and_tails_of_the_log_gamma_are_those_of_its_density(shape: float) -> None:
    w = np.linspace(-2.5, 2.0, 40)
    step = 1e-5
    of = errors.log_gamma(shape)
    density, survival_ = of(w)
    up, down = of(w + step), of(w - step)
    for k, terms in enumerate((density, survival_)):
        np.testing.assert_allclose((up[k][0] - down[k][0]) / (2 * step), terms[1], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose((up[k][1] - down[k][1]) / (2 * step), terms[2], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        (np.exp(down[1][0]) - np.exp(up[1][0])) / (2 * step), np.exp(density[0]), rtol=1e-6, atol=1e-9
    )


def test_a_log_gamma_with_shape_1_is_the_extreme_value_and_near_0_the_normal() -> None:
    w = np.linspace(-3, 2, 30)
    for near, exact, tolerance in (
        (errors.log_gamma(1.0), errors.extreme, 1e-12),
        (errors.log_gamma(2e-5), errors.normal, 1e-4),
    ):
        for ours, theirs in zip(near(w), exact(w), strict=True):
            np.testing.assert_allclose(ours[0], theirs[0], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(
    ("scale", "distribution"), [("hazard", "weibull"), ("odds", "log-logistic"), ("normal", "log-normal")]
)
def test_a_spline_without_inner_knots_is_a_two_parameter_distribution(
    classic: dict[str, pl.DataFrame], scale: Any, distribution: Any
) -> None:
    data = classic["ovarian"]
    spline = survival.royston_parmar(data["futime"], data["fustat"], data["age"], inner_knots=0, scale=scale)
    model = survival.parametric(data["futime"], data["fustat"], data["age"], distribution=distribution)
    assert spline.log_likelihood == pytest.approx(model.log_likelihood, rel=1e-10)
    assert spline.coef[2] == pytest.approx(-model.coef[1] / math.exp(model.coef[2]), rel=1e-6)
    times = [100.0, 400.0, 900.0]
    for name in ("survival", "hazard", "conf_low", "conf_high"):
        ours, theirs = (getattr(fit.predict(times, [50.0]), name) for fit in (spline, model))
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    assert spline.quantile(0.5, [50.0]) == pytest.approx(model.quantile(0.5, [50.0]), rel=1e-6)


def test_left_truncated_exponential_times_have_events_over_time_under_observation() -> None:
    rng = np.random.default_rng(3)
    time, event = rng.exponential(size=50), rng.integers(0, 2, 50)
    entry = time * rng.choice([0.0, 0.4], 50)
    fit = survival.parametric(time, event, entry=entry, distribution="exponential")
    assert math.exp(-fit.coef[0]) == pytest.approx(event.sum() / (time - entry).sum(), rel=1e-10)
    # one parameter on the log scale: its standard error is 1/sqrt(events)
    assert fit.std_error[0] == pytest.approx(1 / math.sqrt(event.sum()), rel=1e-8)


def test_splitting_follow_up_changes_no_model() -> None:
    rng = np.random.default_rng(4)
    time, event, x = rng.weibull(1.4, 80), rng.integers(0, 2, 80), rng.normal(size=80)
    halves = [np.concatenate(v) for v in ((time / 3, time), (0 * event, event), (x, x), (0 * time, time / 3))]
    for fit in (survival.parametric, survival.royston_parmar):
        whole = fit(time, event, x)
        split = fit(halves[0], halves[1], halves[2], entry=halves[3])
        assert split.log_likelihood == pytest.approx(whole.log_likelihood, rel=1e-10)
        np.testing.assert_allclose(split.coef, whole.coef, rtol=1e-6, atol=1e-8)


def test_predicted_survival_follows_the_curve_of_large_data() -> None:
    rng = np.random.default_rng(6)
    time = np.where(rng.random(4000) < 0.4, rng.exponential(0.5, 4000), 1 + rng.weibull(3.0, 4000))
    event = time < 3
    time = np.minimum(time, 3)
    at = [0.25, 0.5, 1.0, 1.5, 2.0]
    curve = survival.kaplan_meier(time, event).at(at)
    spline = survival.royston_parmar(time, event, inner_knots=5).predict(at)
    np.testing.assert_allclose(spline.survival, curve.survival, atol=0.02)
    assert (spline.conf_low < spline.survival).all()
    assert (spline.survival < spline.conf_high).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: survival.parametric([0, 1, 2], [1, 1, 1]), "time: 0 in row 0; parametric models need"),
        (lambda: survival.parametric([1, 2], [1, 1], distribution="gompertz"), "distribution: 'gompertz' is unknown"),
        (lambda: survival.parametric([1, 2, 3], [1, 1, 1], [4, 4, 4]), "covariates: one is constant"),
        (lambda: survival.royston_parmar([1, 2, 3], [1, 1, 1], scale="log"), "scale: 'log' is unknown"),
        (lambda: survival.royston_parmar([1, 1, 2], [1, 1, 1], inner_knots=3), "inner_knots: 3 do not fit"),
        (lambda: survival.royston_parmar([1, 2, 3], [1, 1, 1], knots=[2, 1]), "knots: give two or more times"),
        (lambda: survival.parametric([1, 2, 3], [1, 1, 1]).predict([0]), "times: 0 has no log"),
        (lambda: survival.parametric([1, 2, 3], [1, 1, 1]).predict([1], [2]), "covariates: give 0 numbers"),
        (lambda: survival.parametric([1, 2, 3], [1, 1, 1]).quantile(1), "q: 1 must lie between 0 and 1"),
    ],
)
def test_what_cannot_be_fitted_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(DataError) as refused:
        call()
    assert str(refused.value).startswith(message)


def test_a_model_needs_events() -> None:
    with pytest.raises(NoEventsError):
        survival.parametric([1, 2], [0, 0])
