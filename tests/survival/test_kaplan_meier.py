"""Kaplan-Meier: conventions that a reader could take two ways."""

from __future__ import annotations

import math

import numpy as np
import pytest

from equipoise import survival


def test_times_closer_than_the_tolerance_are_one_time() -> None:
    # 0.1 * 3 and 0.3 differ in the last bit, as times computed from dates do
    curve = survival.kaplan_meier([0.1 * 3, 0.3, 0.9], [1, 1, 0])
    assert curve.time.tolist() == [0.3, 0.9]
    assert curve.events.tolist() == [2.0, 0.0]
    assert survival.kaplan_meier([0.1 * 3, 0.3, 0.9], [1, 1, 0], time_tolerance=0).time.size == 3
    # the tolerance is 1.5e-8 of the mean time, here 1.5: a gap of 1e-9 is a tie, one of 1e-6 is not
    assert survival.kaplan_meier([1.0, 1.0 + 1e-9, 1.0 + 1e-6, 3.0], [1] * 4).events.tolist() == [
        2.0,
        1.0,
        1.0,
    ]


def test_an_entry_within_the_tolerance_of_an_event_is_not_at_risk_for_it() -> None:
    for entry in (1.0, 1.0 - 1e-9, 1.0 + 1e-9):
        assert survival.kaplan_meier([1.0, 2.0], [1, 1], entry=[0.0, entry]).at_risk.tolist() == [1.0, 1.0]
    assert survival.kaplan_meier([1.0, 2.0], [1, 1], entry=[0.0, 0.999]).at_risk.tolist() == [2.0, 1.0]


def test_who_is_censored_at_an_events_time_is_at_risk_for_it() -> None:
    assert survival.kaplan_meier([5, 5, 6], [0, 1, 0]).survival[0] == pytest.approx(2 / 3)


def test_survival_after_the_last_time_is_unknown_unless_it_is_0() -> None:
    after = survival.kaplan_meier([1, 2], [1, 0]).at([2, 2.5])
    assert after.survival[0] == 0.5
    assert math.isnan(after.survival[1])
    assert after.at_risk.tolist() == [1.0, 0.0]
    assert survival.kaplan_meier([1, 2], [1, 1]).at(9).survival[0] == 0.0


def test_before_the_first_time_survival_is_1() -> None:
    before = survival.kaplan_meier([1, 2], [1, 0], conf_type="log").at(0.5)
    assert (before.survival[0], before.std_error[0], before.conf_low[0], before.conf_high[0]) == (1, 0, 1, 1)
    assert before.at_risk[0] == 2.0


def test_the_median_is_the_middle_of_a_stretch_at_one_half_even_if_products_carry_rounding() -> None:
    # S(5) = 0.9 * 8/9 * ... is 0.5 only up to rounding. R: quantile(survfit(Surv(1:10) ~ 1), .5)
    assert survival.kaplan_meier(range(1, 11), [1] * 10).median == 5.5
    for n in range(2, 400, 2):
        assert survival.kaplan_meier(range(1, n + 1), [1] * n).median == n / 2 + 0.5


@pytest.mark.parametrize(
    ("conf_type", "low", "high"),
    [
        # R: quantile(survfit(Surv(c(1:7, 5), c(0,1,0,1,1,1,1,0)) ~ 1, conf.type = ...), c(.25, .5, .75))
        ("plain", [2, 4, 5], [6, None, None]),
        ("log", [2, 4, 5], [None, None, None]),
        ("log-log", [2, 2, 4], [6, None, None]),
        ("logit", [2, 2, 5], [6, None, None]),
        ("arcsine", [2, 4, 5], [6, None, None]),
    ],
)
def test_limits_of_quantiles_invert_the_band(conf_type: str, low: list[float | None], high: list[float | None]) -> None:
    curve = survival.kaplan_meier([*range(1, 8), 5], [0, 1, 0, 1, 1, 1, 1, 0], conf_type=conf_type)
    found = curve.quantile([0.25, 0.5, 0.75])
    assert found.value.tolist() == [4, 6, 7]
    np.testing.assert_array_equal(found.conf_low, [math.nan if v is None else v for v in low])
    np.testing.assert_array_equal(found.conf_high, [math.nan if v is None else v for v in high])


def test_the_median_is_a_number_with_limits() -> None:
    median = survival.kaplan_meier(range(1, 11), [1] * 10).median
    assert median + 1 == 6.5
    assert (median.value, median.conf_low, median.conf_high, median.probability) == (5.5, 1, 8, 0.5)


def test_a_band_at_another_level_is_narrower() -> None:
    wide, narrow = (survival.kaplan_meier(range(1, 31), [1] * 30, conf_level=level) for level in (0.95, 0.9))
    assert (narrow.conf_low[:-1] > wide.conf_low[:-1]).all()
    assert narrow.conf_level == 0.9


def test_coverage_of_the_log_log_limits_is_near_nominal() -> None:
    rng = np.random.default_rng(20)
    covered = 0
    for _ in range(1000):
        time, censored = rng.exponential(size=60), rng.exponential(2.0, size=60)
        at = survival.kaplan_meier(np.minimum(time, censored), time <= censored).at(0.7)
        covered += int(at.conf_low[0] <= math.exp(-0.7) <= at.conf_high[0])
    assert 0.93 < covered / 1000 < 0.97
