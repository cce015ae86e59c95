"""The five trials' numbers by the design engine: what they print, what follows, and what really happened."""

from __future__ import annotations

import math

import pytest

from equipoise.design.fixed.power import power
from equipoise.design.fixed.proportions import proportion_size
from equipoise.design.fixed.sample_size import sample_size
from equipoise.design.formulas import detectable_hazard_ratio, power_for_events
from equipoise.design.rounding import whole_participants
from equipoise.design.survival_function import Survival

JCOG1017 = {"accrual": 84, "follow_up": 48, "alpha": 0.05}
TEHRAN = {"control": Survival.exponential(0.25 / 12), "alpha": 0.05, "sides": 2, "power": 0.8}


def test_jcog1017_needs_359_27_deaths_and_392_9_participants_for_359() -> None:
    # printed: 359 events, 410 at second registration; accrual 7 years, follow-up 4
    size = sample_size(20 / 26, control_median=20, power=0.8, **JCOG1017)
    assert size.events == pytest.approx(359.27, abs=0.005)
    assert size.events_rounded == 360
    assert 359 / size.event_probability == pytest.approx(392.9, abs=0.05)
    # with the hazard ratio rounded first
    rounded = sample_size(0.77, control_median=20, power=0.8, **JCOG1017)
    assert rounded.events == pytest.approx(362.02, abs=0.005)


def test_jcog1017_s_410_give_374_6_deaths_as_planned_and_220_4_at_the_median_observed() -> None:
    # reported: a control median of 69 months, 221 deaths
    planned = power(20 / 26, n=410, control_median=20, **JCOG1017)
    assert planned.events == pytest.approx(374.6, abs=0.05)
    happened = power(20 / 26, n=410, control_median=69, **JCOG1017)
    assert happened.events == pytest.approx(220.4, abs=0.05)
    assert happened.power == pytest.approx(0.62, abs=0.005)
    assert happened.looks.hazard_ratio[0] == pytest.approx(0.801, abs=0.0005)


def test_jcog1017_s_six_months_at_a_median_of_69_are_a_ratio_of_0_92() -> None:
    happened = power(69 / 75, n=410, events=221, accrual=84, alpha=0.05, control_median=69)
    assert happened.power == pytest.approx(0.15, abs=0.005)
    needed = sample_size(69 / 75, control_median=69, power=0.8, **JCOG1017)
    assert needed.events == pytest.approx(3557, abs=0.5)


def test_jcog1017_registers_570_for_407() -> None:
    size = sample_size(20 / 26, control_median=20, power=0.8, randomised_share=407 / 570, **JCOG1017)
    assert size.registered == pytest.approx(size.n * 570 / 407, rel=1e-12)
    assert round(407 / (407 / 570)) == 570


def test_tehran_s_derivation_as_it_should_have_been() -> None:
    # printed: 66 events, N = 66 / 0.31 = 212, 106 a group, 118 with 10 % loss. All followed for two years: an accrual
    # of no length
    size = sample_size(0.5, accrual=1e-9, follow_up=24, **TEHRAN)
    assert size.events == pytest.approx(65.35, abs=0.005)
    assert size.events_rounded == 66
    assert size.event_probability == pytest.approx(0.3073, abs=0.00005)
    assert 66 / size.event_probability == pytest.approx(214.7, abs=0.1)
    assert sum(whole_participants(66 / size.event_probability, 1)) == 216
    # 1 - (0.60 + 0.78) / 2 = 0.31 gives 212.9, which rounds up
    assert sum(whole_participants(66 / 0.31, 1)) == 214
    lost = sample_size(0.5, accrual=1e-9, follow_up=24, loss=0.1, **TEHRAN)
    assert lost.n == pytest.approx(size.n / 0.9, rel=1e-12)
    assert math.ceil(106 / 0.9) == 118


def test_tehran_s_accrual_would_have_needed_143() -> None:
    # three years of accrual and two of follow-up, which the printed derivation leaves out
    size = sample_size(0.5, accrual=36, follow_up=24, **TEHRAN)
    assert size.event_probability == pytest.approx(0.46, abs=0.005)
    assert math.ceil(66 / size.event_probability) == 143


@pytest.mark.parametrize(("one", "other", "an_arm"), [(math.exp(-0.5), math.exp(-0.25), 111.4), (0.60, 0.78, 102.4)])
def test_tehran_s_declared_endpoint_is_a_proportion(one: float, other: float, an_arm: float) -> None:
    size = proportion_size(other, one, alpha=0.05, sides=2, power=0.8)
    assert size.n_by_arm == pytest.approx((an_arm, an_arm), abs=0.06)


@pytest.mark.parametrize(("hazard_ratio", "reached"), [(0.5, 0.80), (0.65, 0.42), (0.77, 0.18), (0.857, 0.09)])
def test_tehran_s_66_events_at_ratios_that_trials_have_found(hazard_ratio: float, reached: float) -> None:
    assert power_for_events(66, hazard_ratio, alpha=0.05, sides=2) == pytest.approx(reached, abs=0.005)


def test_tehran_s_control_surgery_dilutes_the_effect() -> None:
    # its control arm may be operated at any time: 22 of 131 were in EA2108
    size = sample_size(0.5, accrual=36, follow_up=24, crossover=22 / 131, **TEHRAN)
    assert size.diluted_hazard_ratio == pytest.approx(0.5 / (1 - 0.5 * 22 / 131), rel=1e-12)
    # 4 (1.96 + 0.84)^2 / log(0.5458)^2 = 85.6: 20 events more than without
    assert size.events_rounded == 86


def test_changhai_s_362_give_about_273_deaths_and_what_these_detect() -> None:
    # 105 months, of which the last 60 are follow-up for the five-year outcome; median 40
    deaths = power(1.0, n=362, control_median=40, accrual=45, follow_up=60, alpha=0.05, sides=2).events
    assert deaths == pytest.approx(273, abs=0.5)
    even = detectable_hazard_ratio(deaths, alpha=0.05, sides=2, power=0.8)
    third = detectable_hazard_ratio(deaths, alpha=0.05, sides=2, power=0.8, ratio=1 / 3)
    assert even == pytest.approx(math.exp(-2 * 2.8015852 / math.sqrt(273.124)), rel=1e-6)
    assert third < even  # unequal classes detect only larger effects


@pytest.mark.parametrize(("events", "ratio"), [(100, 0.57), (120, 0.60), (140, 0.62), (160, 0.64)])
def test_breclim2_s_200_detect_by_deaths(events: int, ratio: float) -> None:
    assert detectable_hazard_ratio(events, alpha=0.05, sides=2, power=0.8) == pytest.approx(ratio, abs=0.005)
