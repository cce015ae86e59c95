"""Sorting packed keys: the same results as by an index, whatever the times."""

from __future__ import annotations

import numpy as np
import pytest

from equipoise import survival
from equipoise.survival._bands import confidence_limits
from equipoise.survival._packed import packed


@pytest.mark.parametrize(
    "time",
    [
        np.array([0.0, 0.0, 1.0, 2.0, 0.0, 3.0, 1.0]),
        np.array([-0.0, 1e-60, 1e-59, 3.3e-50, 1.0, 1e10, 1e-5]),
        np.array([3.0, 1.0, 2.0, 2.0, 2.0 + 1e-9, 2.0 - 1e-9, 7.0]),
        np.zeros(7),
        np.arange(1.0, 8.0),
        np.full(7, 1.7976931348623157e300),
    ],
    ids=["zeros", "tiny", "within tolerance", "all zero", "sorted", "huge"],
)
def test_packed_rows_come_back_as_they_were(time: np.ndarray) -> None:
    event, cell = np.array([1, 0, 1, 1, 0, 0, 1]), np.array([0, 1, 2, 0, 1, 2, 0])
    rows = packed(time.copy(), event, cell, 3)
    assert rows is not None
    payload = (rows.keys & np.uint64(2**rows.width - 1)).astype(int)
    found = sorted(zip(rows.time.tolist(), (payload >> 1).tolist(), (payload & 1).tolist(), strict=True))
    assert found == sorted(zip((time + 0.0).tolist(), cell.tolist(), event.tolist(), strict=True))
    assert rows.time.tolist() == sorted(time.tolist())
    assert rows.count.tolist() == np.bincount(2 * cell + event, minlength=6).tolist()


def test_times_and_cells_that_do_not_fit_are_left_to_the_index() -> None:
    rng = np.random.default_rng(1)
    n = 3000
    time, event, group = rng.exponential(size=n) ** 8, rng.integers(0, 2, n), rng.integers(0, 2, n)
    strata = np.arange(n) % 1000
    assert packed(time, event, group + 2 * strata, 2000) is None
    tests = [survival.logrank(time, event, group, strata=strata, entry=entry) for entry in (None, np.zeros(n))]
    assert tests[0].z == tests[1].z
    wide = np.array([5e-324, 1e300, 1.0, 2.0])
    assert packed(wide, np.ones(4, int)) is not None  # a curve always fits: floats leave one bit, the sign
    assert packed(wide, np.ones(4, int), np.array([0, 1, 0, 1]), 2) is None
    assert survival.logrank(wide, [1] * 4, [0, 1, 0, 1], time_tolerance=0).observed.tolist() == [2.0, 2.0]


@pytest.mark.parametrize("strata", [1, 3, 40])
def test_tests_by_keys_equal_tests_by_an_index(strata: int) -> None:
    rng = np.random.default_rng(strata)
    n = 500
    time, event, group = rng.integers(1, 40, n) / 4, rng.integers(0, 2, n), rng.integers(0, 3, n)
    s = rng.integers(0, strata, n)
    for options in ({}, {"rho": 1, "gamma": 0.5}, {"weights": "peto"}, {"weights": "gehan"}, {"t_star": 3.0}):
        by_keys = survival.logrank(time, event, group, strata=s, **options)
        by_index = survival.logrank(time, event, group, strata=s, entry=np.zeros(n), **options)
        np.testing.assert_allclose(by_keys.variance, by_index.variance, rtol=1e-12)
        np.testing.assert_allclose(by_keys.expected, by_index.expected, rtol=1e-12)
        assert by_keys.statistic == pytest.approx(by_index.statistic, rel=1e-11)


def test_the_order_of_rows_changes_no_bit_even_with_ties() -> None:
    rng = np.random.default_rng(3)
    n = 400
    time, event, group, s = (
        rng.integers(1, 9, n) / 7,
        rng.integers(0, 2, n),
        rng.integers(0, 2, n),
        rng.integers(0, 3, n),
    )
    p = rng.permutation(n)
    assert (
        survival.logrank(time, event, group, strata=s).z == survival.logrank(time[p], event[p], group[p], strata=s[p]).z
    )
    curves = [survival.kaplan_meier(*rows) for rows in ((time, event), (time[p], event[p]))]
    np.testing.assert_array_equal(curves[0].std_error, curves[1].std_error)


@pytest.mark.parametrize("conf_type", ["plain", "log", "log-log", "logit", "arcsine"])
def test_limits_of_many_rows_are_those_of_each_row_alone(conf_type: str) -> None:
    rng = np.random.default_rng(4)
    survival_, error = np.sort(rng.random(200_000))[::-1], rng.random(200_000) * 0.1
    survival_[:3], survival_[-3:] = 1.0, 0.0
    low, high = confidence_limits(survival_, error, conf_type, 0.95)
    for part in (slice(0, 70_000), slice(65_500, 65_600), slice(199_990, 200_000)):
        alone = confidence_limits(survival_[part], error[part], conf_type, 0.95)
        np.testing.assert_array_equal(low[part], alone[0])
        np.testing.assert_array_equal(high[part], alone[1])
