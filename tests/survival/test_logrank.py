"""Log-rank tests beyond the published numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from equipoise import survival


def test_z_is_negative_when_the_last_group_has_fewer_events_than_expected() -> None:
    test = survival.logrank([1, 2, 3, 4, 5, 6, 7, 8], [1] * 8, ["a"] * 4 + ["b"] * 4)
    assert test.observed[1] - test.expected[1] < 0
    assert test.z < 0
    assert test.statistic == pytest.approx(test.z**2)


def test_a_group_never_at_risk_at_an_event_does_not_count_in_the_degrees_of_freedom() -> None:
    # the same in R: survdiff drops groups with expected 0
    with_idle = survival.logrank([1, 5, 6, 7, 8, 9], [0, 1, 1, 1, 1, 0], ["idle", "a", "b", "a", "b", "a"])
    without = survival.logrank([5, 6, 7, 8, 9], [1, 1, 1, 1, 0], ["a", "b", "a", "b", "a"])
    assert with_idle.df == 1
    assert with_idle.statistic == pytest.approx(without.statistic)
    assert math.isnan(with_idle.z)


def test_delayed_entry_leaves_the_early_dead_out_of_the_comparison() -> None:
    # "late" enters after the first event of "a": only "a" is at risk there, which adds nothing to O - E.
    time, event, group = [1, 4, 6, 5, 7], [1, 1, 1, 1, 0], ["a", "a", "a", "late", "late"]
    entered = survival.logrank(time, event, group, entry=[0, 0, 0, 2, 2])
    later = survival.logrank(time[1:], event[1:], group[1:])
    assert entered.z == pytest.approx(later.z)


def test_the_size_of_the_test_is_nominal_under_the_null() -> None:
    rng = np.random.default_rng(6)
    group = np.arange(120) % 2
    p = []
    for _ in range(2000):
        time, censored = rng.exponential(size=120), rng.exponential(1.5, size=120)
        p.append(survival.logrank(np.minimum(time, censored), time <= censored, group).p_value)
    assert 0.04 < np.mean(np.array(p) < 0.05) < 0.062
