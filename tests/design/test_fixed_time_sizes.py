"""Sizes for milestones and restricted means: closed forms without censoring, simulated estimates with it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.design.accrual import Accrual
from equipoise.design.fixed.fixed_time import fixed_time_power, milestone_size, rmst_size
from equipoise.design.fixed.proportions import proportion_size
from equipoise.design.survival_function import Survival
from equipoise.errors import DesignError
from equipoise.survival.milestone import milestone
from equipoise.survival.rmst import rmst

CONTROL = Survival.piecewise([6, 18], [0.02, 0.06, 0.03]).with_cure(0.1)
CENSORED: dict[str, Any] = {"accrual": Accrual((10, 30), (1, 2)), "follow_up": 6, "dropout": (0.1, 0.2)}
USUAL: dict[str, Any] = {"alpha": 0.025, "power": 0.9}


def test_a_milestone_that_all_reach_is_a_proportion() -> None:
    size = milestone_size(24, control=Survival.exponential(0.25 / 12), hazard_ratio=0.5, **USUAL)
    same = proportion_size(math.exp(-0.25), math.exp(-0.5), method="unpooled", **USUAL)
    assert size.n == pytest.approx(same.n, rel=1e-12)
    early = milestone_size(
        24, control=Survival.exponential(0.25 / 12), hazard_ratio=0.5, accrual=36, follow_up=24, **USUAL
    )
    assert early.n == pytest.approx(same.n, rel=1e-12)


def test_a_restricted_mean_that_all_reach_has_the_variance_of_the_time_lived() -> None:
    # exponential rate h: E min(T, tau)^2 = 2 (1 - exp(-h tau) (1 + h tau)) / h^2
    rate, tau = 0.05, 24.0
    size = rmst_size(tau, control=Survival.exponential(rate), hazard_ratio=0.6, **USUAL)
    for h, mean, std_dev in zip((rate, 0.6 * rate), (size.control, size.experimental), size.std_dev, strict=True):
        square = 2 * (1 - math.exp(-h * tau) * (1 + h * tau)) / h**2
        assert mean == pytest.approx((1 - math.exp(-h * tau)) / h, rel=1e-12)
        assert std_dev == pytest.approx(math.sqrt(square - mean**2), rel=1e-12)


def simulated(n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times, events and arms under CONTROL, a hazard ratio of 0.6 and CENSORED; analysed at month 36."""
    random = np.random.default_rng(11)
    arm = np.repeat([0, 1], n)
    cumulative = random.exponential(size=2 * n) / np.where(arm == 1, 0.6, 1.0)
    event = np.interp(cumulative, [0, 0.12, 0.84, 3.84], [0, 6, 18, 118])
    event[random.random(2 * n) < CONTROL.cured] = np.inf
    loss = random.exponential(size=2 * n) * np.where(arm == 1, 12 / -math.log(0.8), 12 / -math.log(0.9))
    entry = np.interp(random.random(2 * n), [0, 0.2, 1], [0, 10, 30])
    censored = np.minimum(loss, 36 - entry)
    return np.minimum(event, censored), event <= censored, arm


def test_the_standard_errors_planned_are_those_of_the_estimators() -> None:
    n = 60_000
    time, event, arm = simulated(n)
    planned = milestone_size(20, control=CONTROL, hazard_ratio=0.6, **CENSORED, **USUAL)
    found = milestone(time, event, arm, at=20.0)
    assert np.asarray(planned.std_dev) == pytest.approx(found.std_error * math.sqrt(n), rel=0.01)
    assert (planned.control, planned.experimental) == pytest.approx(tuple(found.survival), abs=0.01)
    mean_planned = rmst_size(20, control=CONTROL, hazard_ratio=0.6, **CENSORED, **USUAL)
    mean_found = rmst(time, event, arm, tau=20.0)
    assert np.asarray(mean_planned.std_dev) == pytest.approx(mean_found.std_error * math.sqrt(n), rel=0.01)
    assert (mean_planned.control, mean_planned.experimental) == pytest.approx(tuple(mean_found.value), abs=0.1)


def test_log_log_compares_the_logarithms_of_cumulative_hazards() -> None:
    size = milestone_size(24, control=Survival.exponential(0.03), hazard_ratio=0.6, scale="log-log", **USUAL)
    # the difference is log(0.6); one participant's variance is (1 - S) / (S (log S)^2)
    variance = sum(2 * (math.exp(h * 24) - 1) / (h * 24) ** 2 for h in (0.03, 0.018))
    drift = 1.959963984540054 + 1.2815515655446004
    assert size.n == pytest.approx((drift / math.log(0.6)) ** 2 * variance, rel=1e-12)


@given(hazard_ratio=st.floats(0.3, 0.85), at=st.floats(6, 35), ratio=st.floats(0.5, 2), loss=st.floats(0, 0.3))
def test_longer_follow_up_needs_fewer_and_losses_need_more(
    hazard_ratio: float, at: float, ratio: float, loss: float
) -> None:
    shared: dict[str, Any] = {"control": CONTROL, "hazard_ratio": hazard_ratio, "ratio": ratio, **USUAL}
    for sized in (milestone_size, rmst_size):
        short = sized(at, accrual=30, follow_up=6, **shared)
        long = sized(at, accrual=30, follow_up=20, **shared)
        lossy = sized(at, accrual=30, follow_up=6, dropout=0.1, loss=loss, **shared)
        assert long.n <= short.n * (1 + 1e-12) <= lossy.n * (1 + 1e-11)
        assert fixed_time_power(short, short.n_evaluable) == pytest.approx(0.9, rel=1e-9)


def test_a_margin_allows_equal_arms() -> None:
    size = rmst_size(24, control=Survival.from_median(20), hazard_ratio=1.0, margin=2.0, **USUAL)
    assert size.control == size.experimental
    assert size.n_rounded % 2 == 0
    assert "margin 2" in str(size)
    lossy = rmst_size(24, control=Survival.from_median(20), hazard_ratio=1.0, margin=2.0, loss=0.1, **USUAL)
    assert (size.to_frame().height, lossy.to_frame().height) == (3, 4)  # those not lost are a row where they are fewer


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"at": 40, "accrual": 24, "follow_up": 12}, "follow longer"),
        ({"at": 30, "accrual": Accrual((12, 24), (0, 1)), "follow_up": 12}, "nobody comes in"),
        ({"hazard_ratio": 1.2}, "no benefit"),
        ({"accrual": 24}, "go together"),
        ({"at": 0}, "above 0"),
        ({"scale": "cubic"}, "give one of"),
        ({"scale": "log-log", "margin": 0.1}, "plain"),
        ({"control_median": None, "control": Survival.piecewise([24], [0.0, 0.1])}, "some die"),
        ({"accrual": Accrual((math.inf,), (1,)), "follow_up": 2}, "until"),
    ],
)
def test_what_a_milestone_cannot_be_is_refused(asked: dict[str, Any], says: str) -> None:
    usual = {"at": 24, "control_median": 20, "hazard_ratio": 0.7, "alpha": 0.025, "power": 0.8}
    with pytest.raises(DesignError, match=says):
        milestone_size(**{**usual, **asked})
