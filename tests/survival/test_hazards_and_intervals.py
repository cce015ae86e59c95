"""Cumulative and smoothed hazards, conditional survival, interval-censored times."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from equipoise import survival
from equipoise.errors import DataError


def test_the_cumulative_hazard_adds_events_over_those_at_risk() -> None:
    found = survival.nelson_aalen([1, 2, 2, 3], [1, 1, 1, 0])
    assert found.hazard.tolist() == pytest.approx([1 / 4, 1 / 4 + 2 / 3, 1 / 4 + 2 / 3])
    assert found.std_error[1] == pytest.approx(math.sqrt(1 / 16 + 2 / 9))
    ties = survival.nelson_aalen([1, 2, 2, 3], [1, 1, 1, 0], ties="fleming-harrington")
    assert ties.hazard[1] == pytest.approx(1 / 4 + 1 / 3 + 1 / 2)
    plain = survival.nelson_aalen([1, 2, 2, 3], [1, 1, 1, 0], conf_type="plain")
    assert plain.conf_low[0] == 0.0
    assert found.at([0.5, 1, 9]).hazard.tolist()[:2] == [0.0, 0.25]
    assert math.isnan(found.at(9).hazard[0])


def test_a_constant_hazard_is_found_everywhere_the_ends_included() -> None:
    rng = np.random.default_rng(5)
    time = rng.exponential(0.5, 20_000)
    found = survival.smoothed_hazard(np.minimum(time, 1.0), time <= 1, at=[0.0, 0.05, 0.3, 0.5, 0.95], bandwidth=0.2)
    np.testing.assert_allclose(found.hazard, 2.0, atol=4 * found.std_error.max())
    assert found.std_error.max() < 0.12
    assert not found.chosen


def test_the_kernel_is_epanechnikovs_inside_and_integrates_to_1_at_the_ends() -> None:
    # Inside: one event among 4 at risk at 5 gives 0.75 (1 - x^2)/b * 1/4
    time, event = [5.0, 6.0, 7.0, 10.0], [1, 0, 0, 1]
    found = survival.smoothed_hazard(time, event, bandwidth=2.0, at=[4.0])
    assert found.hazard[0] == pytest.approx(0.75 * (1 - 0.25) / 2 / 4)
    assert found.std_error[0] == pytest.approx(0.75 * (1 - 0.25) / 2 / 4)
    # Steps of 1 each at 1000 places make the hazard 1000/10 per unit of time, also within the bandwidth of an end
    grid = (np.arange(1000) + 0.5) / 100
    from equipoise.survival.smoothed_hazard import _weights

    for t in (0.0, 0.3, 1.9, 5.0, 8.5, 10.0):
        weight, part = _weights(t, grid, 2.0, 10.0)
        assert weight.sum() / 100 == pytest.approx(1.0, abs=2e-3)
        assert (weight * (grid[part] - t)).sum() / 100 == pytest.approx(0.0, abs=2e-2)  # no first moment


def test_the_chosen_bandwidth_is_wide_for_a_flat_hazard_and_narrow_for_a_bent_one() -> None:
    rng = np.random.default_rng(0)
    for n in (800, 5000):
        flat = rng.exponential(1.0, n)
        flat_found = survival.smoothed_hazard(np.minimum(flat, 2), flat <= 2)
        bent = np.where(rng.random(n) < 0.5, rng.normal(0.5, 0.03, n), rng.normal(1.5, 0.03, n))
        bent_found = survival.smoothed_hazard(np.minimum(bent, 1.5), bent < 1.5)
        assert flat_found.chosen
        assert flat_found.bandwidth > 4 * bent_found.bandwidth


def test_conditional_survival_is_a_ratio_with_the_variance_of_what_follows() -> None:
    rng = np.random.default_rng(2)
    time, event = rng.exponential(size=100), rng.integers(0, 2, 100)
    curve = survival.kaplan_meier(time, event)
    given, later = curve.at([0.5, 1.0]).survival
    found = survival.conditional_survival(time, event, given=0.5)
    assert found.at(1.0).survival[0] == pytest.approx(later / given, rel=1e-12)
    # the same as the curve of those who come so far, entering then
    rows = time > 0.5
    entered = survival.kaplan_meier(time[rows], event[rows], entry=np.full(rows.sum(), 0.5))
    np.testing.assert_allclose(found.std_error, entered.std_error, rtol=1e-12)
    assert found.n == rows.sum()
    assert found.rmst(1.0) > 0.5  # the time before the condition is lived for certain


def test_exact_and_right_censored_times_give_kaplan_meier() -> None:
    rng = np.random.default_rng(7)
    time, event = rng.integers(1, 12, 60).astype(float), rng.integers(0, 2, 60)
    found = survival.turnbull(time, np.where(event == 1, time, np.inf))
    curve = survival.kaplan_meier(time, event)
    at = curve.time[curve.survival > 0]
    low, high = found.at(at[:-1])
    np.testing.assert_allclose(low, curve.at(at[:-1]).survival, atol=1e-7)
    np.testing.assert_allclose(high, low, atol=1e-7)


def test_mass_lies_between_a_left_end_and_the_right_end_that_follows() -> None:
    # Peto 1973's rule: of (0, 2], (1, 3], (2, 4], (5, inf] only (1, 2], (2, 3] and (5, inf] can hold mass.
    found = survival.turnbull([0, 1, 2, 5], [2, 3, 4, np.inf])
    assert list(zip(found.low, found.high, strict=True)) == [(1, 2), (2, 3), (5, np.inf)]
    # rows 1, 2 and 3 share 3/4; (1, 3] is covered by either: the split is 3/8 each by symmetry
    np.testing.assert_allclose(found.mass, [0.375, 0.375, 0.25], atol=1e-6)
    low, high = found.at([0.5, 1.5, 2.0, 4.0, 6.0])
    np.testing.assert_allclose(low, [1, 0.625, 0.625, 0.25, 0], atol=1e-6)
    np.testing.assert_allclose(high, [1, 1, 0.625, 0.25, 0.25], atol=1e-6)
    assert found.median == (2, 3)
    assert found.survival[-1] == 0.0


def test_the_gradient_certifies_that_no_mass_can_be_moved_to_advantage() -> None:
    rng = np.random.default_rng(3)
    event = rng.weibull(1.5, 300)
    visits = np.cumsum(rng.exponential(0.4, (300, 30)), axis=1)
    low = np.where(visits < event[:, None], visits, 0).max(axis=1)
    high = np.where(visits >= event[:, None], visits, np.inf).min(axis=1)
    low, high = low.round(2), high.round(2)
    found = survival.turnbull(low, high)
    assert found.gap < 1e-8
    covers = (low[:, None] <= found.low) & (found.high <= high[:, None]) | (
        (low == high)[:, None] & (found.low == low[:, None]) & (found.high == high[:, None])
    )
    chance = covers @ found.mass
    assert np.log(chance).sum() == pytest.approx(found.log_likelihood, rel=1e-12)
    for _ in range(50):  # no other distribution on these intervals does better
        other = rng.dirichlet(found.mass * 200 + 0.01)
        assert np.log(covers @ other).sum() <= found.log_likelihood + 1e-8


def test_weights_count_as_rows() -> None:
    low, high, w = [0.0, 1.0, 2.0, 0.0, 3.0], [2.0, 3.0, 4.0, 1.0, np.inf], [1, 2, 3, 1, 2]
    weighted = survival.turnbull(low, high, weights=w)
    repeated = survival.turnbull(np.repeat(low, w), np.repeat(high, w))
    np.testing.assert_allclose(weighted.mass, repeated.mass, atol=1e-7)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: survival.turnbull([2], [1]), "high: before low in row 0"),
        (lambda: survival.turnbull([0], [0]), "high: not after the origin in row 0"),
        (lambda: survival.turnbull([-1], [1]), "low: negative or infinite value in row 0"),
        (
            lambda: survival.turnbull([0, 1, 2, 0], [2, 3, 4, 1], max_iterations=1),
            "tolerance: after 1 steps",
        ),
        (lambda: survival.conditional_survival([1, 2], [1, 1], given=2), "given: nobody is at risk after 2"),
        (lambda: survival.smoothed_hazard([1, 2], [0, 0]), "event: no events after the origin"),
        (lambda: survival.smoothed_hazard([1, 2], [1, 1], bandwidth=3), "bandwidth: 3 is not between"),
        (lambda: survival.nelson_aalen([1, 2], [1, 1], weights=[0.5, 1]), "weights: fractions have no variance"),
        (lambda: survival.nelson_aalen([1, 2], [1, 1], ties="efron"), "ties: 'efron' is unknown"),
    ],
)
def test_what_cannot_be_estimated_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(DataError) as refused:
        call()
    assert str(refused.value).startswith(message)
