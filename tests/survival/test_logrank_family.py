"""Modest weights, max-combo and trend; the joint normal probabilities behind max-combo."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from equipoise import survival
from equipoise.errors import DataError, NoEventsError
from equipoise.survival._multivariate_normal import _by_lattice, _factor, box_probability

TIME, EVENT, GROUP = [1.0, 2.0, 3.0, 4.0], [1, 0, 1, 1], ["b", "a", "b", "a"]


def test_modest_weights_from_0_are_the_logrank_test_and_from_the_end_are_1_over_survival(
    classic: dict[str, pl.DataFrame],
) -> None:
    data = classic["whas500"]
    plain = survival.logrank(data["lenfol"], data["fstat"], data["afb"])
    assert survival.logrank(data["lenfol"], data["fstat"], data["afb"], t_star=0).z == plain.z
    late, later = (survival.logrank(data["lenfol"], data["fstat"], data["afb"], t_star=t).z for t in (2350, 9999))
    assert late == pytest.approx(later, rel=0.01)
    assert late != plain.z


def test_modest_weights_stop_growing_at_t_star() -> None:
    # One event a time: weights 1, 8/7, 8/6 until S(3) = 5/8, then 8/5; t_star = 3.5 gives the same, 2.5 less.
    time, event, group = np.arange(1.0, 9.0), np.ones(8, int), np.arange(8) % 2
    weights = 8 / np.array([8, 7, 6, 5, 5, 5, 5, 5])
    at_risk = np.array([[(group[k:] == g).sum() for g in (0, 1)] for k in range(8)])
    share = at_risk[:, 1] / at_risk.sum(axis=1)
    z = (weights * (group - share)).sum() / math.sqrt((weights**2 * share * (1 - share)).sum())
    for t_star in (3, 3.5):
        assert survival.logrank(time, event, group, t_star=t_star).z == pytest.approx(z, rel=1e-12)
    assert survival.logrank(time, event, group, t_star=2.5).z != pytest.approx(z, rel=1e-6)


def test_one_test_alone_has_its_own_p_value(classic: dict[str, pl.DataFrame]) -> None:
    data = classic["whas500"]
    plain = survival.logrank(data["lenfol"], data["fstat"], data["afb"])
    alone = survival.max_combo(data["lenfol"], data["fstat"], data["afb"], weights=[(0, 0)])
    assert alone.p_value == pytest.approx(plain.p_value, rel=1e-9)
    one_sided = survival.max_combo(data["lenfol"], data["fstat"], data["afb"] == 0, weights=[(0, 0)], sides=1)
    assert one_sided.p_value == pytest.approx(plain.p_value / 2, rel=1e-9)


def test_the_p_of_max_combo_lies_between_that_of_the_best_test_and_bonferronis(
    classic: dict[str, pl.DataFrame],
) -> None:
    data = classic["whas500"]
    for strata in (None, data["gender"]):
        test = survival.max_combo(data["lenfol"], data["fstat"], data["afb"], strata=strata)
        best = math.erfc(test.statistic / math.sqrt(2))
        assert best < test.p_value < 4 * best
        # the plain test is the sum of the two with weights S and 1 - S: three dimensions, not four
        assert np.linalg.matrix_rank(test.correlation, tol=1e-10) == 3


def test_max_combo_finds_a_late_difference_that_the_logrank_test_misses() -> None:
    rng = np.random.default_rng(12)
    n = 600
    arm = np.arange(n) % 2
    time = rng.exponential(1.0, n)
    late = (arm == 1) & (time > 0.8)
    time[late] = 0.8 + (time[late] - 0.8) * 2.0
    test = survival.max_combo(np.minimum(time, 3), time <= 3, arm, sides=1)
    plain = survival.logrank(np.minimum(time, 3), time <= 3, arm)
    assert test.p_value < plain.p_value / 2
    assert int(np.argmin(test.z)) in {1, 3}


@pytest.mark.parametrize("k", [2, 3, 4])
def test_equally_correlated_normals_agree_with_a_single_integral(k: int) -> None:
    # Z_i = sqrt(r) Y + sqrt(1 - r) E_i: P(all |Z_i| < h) is an integral over Y (Dunnett and Sobel 1955)
    from scipy.special import ndtr

    for r, h in ((0.5, 2.0), (0.9, 2.5), (0.98, 1.5)):
        y = np.linspace(-9, 9, 20001)
        inside = ndtr((h - math.sqrt(r) * y) / math.sqrt(1 - r)) - ndtr((-h - math.sqrt(r) * y) / math.sqrt(1 - r))
        expected = np.trapezoid(np.exp(-y * y / 2) / math.sqrt(2 * math.pi) * inside**k, y)
        correlation = np.full((k, k), r) + (1 - r) * np.eye(k)
        assert box_probability(np.full(k, -h), np.full(k, h), correlation) == pytest.approx(expected, abs=1e-7)


def test_a_singular_correlation_agrees_with_a_lattice_of_a_quarter_million_points() -> None:
    rng = np.random.default_rng(1)
    for _ in range(3):
        a = rng.normal(size=(3, 3))
        b = np.vstack([np.eye(3), [1.0, 1.0, 0.0]])
        covariance = b @ a @ a.T @ b.T
        spread = np.sqrt(covariance.diagonal())
        correlation = covariance / np.outer(spread, spread)
        low, high = np.full(4, -2.0), np.full(4, 2.2)
        rows, order = _factor(correlation)
        last = np.array([int(np.flatnonzero(np.abs(row) > 1e-9)[-1]) for row in rows])
        lattice = _by_lattice(rows, low[list(order)], high[list(order)], last, (262139, 21876))
        assert box_probability(low, high, correlation) == pytest.approx(lattice, abs=1e-6)


def test_identical_normals_are_one() -> None:
    ones = np.ones((3, 3))
    assert box_probability(np.full(3, -1.96), np.full(3, 1.96), ones) == pytest.approx(math.erf(1.96 / math.sqrt(2)))


def test_the_trend_over_two_groups_is_the_logrank_test() -> None:
    rng = np.random.default_rng(5)
    time, event, group = rng.exponential(size=60), rng.integers(0, 2, 60), rng.integers(0, 2, 60)
    assert survival.logrank_trend(time, event, group).z == pytest.approx(survival.logrank(time, event, group).z)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: survival.logrank(TIME, EVENT, GROUP, t_star=2, rho=1), "t_star: modest weights stand alone"),
        (lambda: survival.logrank(TIME, EVENT, GROUP, t_star=-1), "t_star: -1 is no time"),
        (lambda: survival.max_combo(TIME, EVENT, list("abca")), "group: 3 groups; a max-combo test compares two"),
        (lambda: survival.max_combo(TIME, EVENT, GROUP, sides=3), "sides: 3 is neither 1 nor 2"),
        (lambda: survival.max_combo(TIME, EVENT, GROUP, weights=[]), "weights: give at least one pair"),
        (lambda: survival.max_combo(TIME, EVENT, GROUP, weights=[(0, 1), (0, 1)]), "weights: the same pair"),
        (lambda: survival.logrank_trend(TIME, EVENT, GROUP, scores=[1, 1]), "scores: give 2 numbers"),
    ],
)
def test_what_cannot_be_tested_is_refused(call, message: str) -> None:
    with pytest.raises(DataError) as refused:
        call()
    assert str(refused.value).startswith(message)


def test_weights_under_which_no_event_counts_are_named() -> None:
    # the only event is at S = 1, where the weight (1 - S) is 0
    with pytest.raises(NoEventsError, match="under some weights"):
        survival.max_combo([1, 2, 3, 4], [1, 0, 0, 0], [0, 1, 0, 1])
