"""Sizes while treatments change: limits in closed form, and a simulated log-rank test."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.design.accrual import Accrual
from equipoise.design.expected import Arm, event_probability, expected_events
from equipoise.design.fixed.lakatos import lakatos_size
from equipoise.design.fixed.sample_size import sample_size
from equipoise.design.survival_function import Survival
from equipoise.errors import DesignError
from equipoise.survival.logrank import logrank

USUAL: dict[str, Any] = {"control_median": 20, "accrual": 24, "follow_up": 12, "alpha": 0.025, "power": 0.9}


def test_without_switches_events_are_those_expected_and_the_size_is_near_schoenfeld_s() -> None:
    size = lakatos_size(0.85, dropout=0.05, **USUAL)
    plain = sample_size(0.85, dropout=0.05, **USUAL)
    assert size.average_hazard_ratio == pytest.approx(0.85, rel=1e-12)
    assert sum(size.event_probability) / 2 == pytest.approx(plain.event_probability, rel=1e-11)
    assert size.n == pytest.approx(plain.n, rel=0.01)
    assert size.switched == (0, 0)


def test_switches_at_once_are_those_of_lachin_and_foulkes_for_small_effects() -> None:
    # everybody who switches does so in the first hour: arms are mixtures, which for a small effect is the mixed hazard
    rate = 1e4
    at_once = Survival.piecewise([-math.log1p(-0.2) / rate], [rate, 0.0])
    size = lakatos_size(0.97, crossover=at_once, **USUAL)
    assert size.switched[0] == pytest.approx(0.2, abs=1e-4)
    assert size.n == pytest.approx(sample_size(0.97, crossover=0.2, **USUAL).n, rel=0.005)


def test_an_arm_that_switches_has_the_events_of_its_chain() -> None:
    # exponential: on treatment h + s, after the switch g; P(event by u) in closed form
    h, g, s, u = 0.05, 0.03, 0.04, 30.0
    size = lakatos_size(
        g / h,
        control=Survival.exponential(h),
        crossover=Survival.exponential(s),
        accrual=1e-6,
        follow_up=u,
        alpha=0.025,
        power=0.9,
    )
    stays = math.exp(-(h + s) * u)
    changed = s / (h + s - g) * (math.exp(-g * u) - stays)
    assert size.event_probability[0] == pytest.approx(1 - stays - changed, rel=1e-7)
    assert size.event_probability[1] == pytest.approx(1 - math.exp(-g * u), rel=1e-7)


def test_cured_participants_stay_at_risk_and_have_no_events() -> None:
    control = Survival.from_median(10).with_cure(0.3)
    accrual = Accrual((6, 24), (1, 2))
    size = lakatos_size(0.7, control=control, accrual=accrual, follow_up=12, alpha=0.025, power=0.9)
    one = accrual.scaled_to(1)
    expected = [
        expected_events(36, arms=[Arm(group, 1)], accrual=one)[0, 0] for group in (control, control.scaled(0.7))
    ]
    assert size.event_probability == pytest.approx(tuple(expected), rel=1e-11)
    assert float(event_probability(math.inf, Arm(control, 1))) == pytest.approx(0.7)


def test_a_simulated_log_rank_test_has_the_power_of_the_size() -> None:
    crossover, fallback = 0.25, 0.1
    size = lakatos_size(0.6, crossover=crossover, non_adherence=fallback, dropout=0.05, **USUAL)
    n = size.n_rounded
    random = np.random.default_rng(8)
    arm = np.repeat([0, 1], n // 2)
    h = math.log(2) / 20
    own, other = np.where(arm == 1, 0.6 * h, h), np.where(arm == 1, h, 0.6 * h)
    switching = -np.log1p(-np.where(arm == 1, fallback, crossover)) / 12
    won = []
    for _ in range(1000):
        switch = random.exponential(size=n) / switching
        first = random.exponential(size=n) / own
        event = np.where(first < switch, first, switch + random.exponential(size=n) / other)
        censored = np.minimum(random.exponential(-12 / math.log(0.95), n), 36 - random.random(n) * 24)
        z = logrank(np.minimum(event, censored), event <= censored, arm).z
        won.append(z < -1.959963984540054)
    assert np.mean(won) == pytest.approx(0.9, abs=4 * math.sqrt(0.09 / 1000))


@given(crossover=st.floats(0.01, 0.4), fallback=st.floats(0, 0.4), hazard_ratio=st.floats(0.4, 0.9))
def test_switches_cost_participants_and_dilute_the_average_effect(
    crossover: float, fallback: float, hazard_ratio: float
) -> None:
    late = Survival.piecewise([30], [0.0, 0.1])
    plain = lakatos_size(hazard_ratio, **USUAL)
    gradual = lakatos_size(hazard_ratio, crossover=crossover, non_adherence=fallback, **USUAL)
    at_the_end = lakatos_size(hazard_ratio, crossover=late, **USUAL)
    assert plain.n < at_the_end.n
    assert plain.n < gradual.n
    assert hazard_ratio < gradual.average_hazard_ratio < 1


def test_a_size_by_lakatos_shows_itself() -> None:
    size = lakatos_size(0.7, crossover=0.2, loss=0.1, ratio=2, **USUAL)
    assert "lakatos" in str(size)
    assert size.n_rounded % 3 == 0
    assert size.to_frame().height == 2


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"hazard_ratio": 1.0}, "null hypothesis"),
        ({"control_median": None}, "control arm is missing"),
        ({"crossover": 1.0}, "crossover"),
        ({"crossover": Survival.exponential(0.1).with_cure(0.5)}, "never switches"),
        ({"accrual": Accrual((math.inf,), (1,))}, "until"),
        ({"power": 0.01}, "power"),
    ],
)
def test_what_lakatos_cannot_size_is_refused(asked: dict[str, Any], says: str) -> None:
    with pytest.raises(DesignError, match=says):
        lakatos_size(**{"hazard_ratio": 0.7, **USUAL, **asked})
