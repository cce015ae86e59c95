"""Events, power and effects in closed form: against published numbers, the trials' own, rpact's, and each other."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import entry

from equipoise.design.formulas import (
    EventsMethod,
    critical_hazard_ratio,
    detectable_hazard_ratio,
    effect_per_event,
    events_required,
    exponential_event_probability,
    hazard_ratio_of_survival,
    hazard_ratio_of_z,
    implied_events,
    log_standard_error,
    normal_quantile,
    p_of,
    participants_for_events,
    power_for_events,
    two_proportions,
    z_of_hazard_ratio,
)
from equipoise.errors import DesignError

METHODS: tuple[EventsMethod, ...] = ("schoenfeld", "freedman", "hsieh-freedman")


@pytest.mark.parametrize(
    ("alpha", "sides", "ratio", "events"),
    [
        (0.05, 2, 0.5, 65.35),  # Tehran prints 66
        (0.05, 1, 20 / 26, 359.27),  # JCOG1017 prints 359
        (0.05, 1, 0.77, 362.02),  # the same with the hazard ratio rounded first
        (0.05, 2, 0.6, 120.3),  # Henan's assumed design
    ],
)
def test_schoenfeld_gives_the_events_of_the_trials(alpha: float, sides: int, ratio: float, events: float) -> None:
    assert events_required(ratio, alpha=alpha, sides=sides, power=0.8) == pytest.approx(events, abs=0.05)


@pytest.mark.parametrize(("ratio", "power"), [(0.5, 0.80), (0.65, 0.42), (0.77, 0.18), (0.857, 0.09)])
def test_66_events_have_little_power_at_ratios_that_trials_have_found(ratio: float, power: float) -> None:
    assert power_for_events(66, ratio, alpha=0.05, sides=2) == pytest.approx(power, abs=0.005)


@pytest.mark.parametrize(("events", "ratio"), [(100, 0.57), (120, 0.60), (140, 0.62), (160, 0.64)])
def test_breclim2_s_200_participants_detect_no_small_effect(events: int, ratio: float) -> None:
    assert detectable_hazard_ratio(events, alpha=0.05, sides=2, power=0.8) == pytest.approx(ratio, abs=0.005)


def test_jcog1017_expects_374_6_deaths_of_410_and_needs_392_9_for_359() -> None:
    rates = [math.log(2) / 20, math.log(2) / 26]
    probability = sum(exponential_event_probability(rate, 84, 48) for rate in rates) / 2
    assert 410 * probability == pytest.approx(374.6, abs=0.05)
    assert 359 / probability == pytest.approx(392.9, abs=0.05)


def test_jcog1017_with_the_observed_median_of_69_expects_220_4_deaths() -> None:
    rates = [math.log(2) / 69, math.log(2) / 69 * 20 / 26]
    assert 410 * sum(exponential_event_probability(rate, 84, 48) for rate in rates) / 2 == pytest.approx(
        220.4, abs=0.05
    )


def test_tehran_with_its_accrual_has_a_probability_of_0_46_and_needs_143() -> None:
    rates = [0.25 / 12, 0.125 / 12]
    probability = sum(exponential_event_probability(rate, 36, 24) for rate in rates) / 2
    assert probability == pytest.approx(0.46, abs=0.005)
    assert math.ceil(66 / probability) == 143


def test_the_probability_of_an_event_without_accrual_is_the_exponential_one() -> None:
    assert exponential_event_probability(0.1, 0, 5) == pytest.approx(1 - math.exp(-0.5), rel=1e-12)
    assert exponential_event_probability(0.1, 1e-6, 5) == pytest.approx(1 - math.exp(-0.5), rel=1e-6)


@pytest.mark.parametrize(("one", "other", "needed"), [(0.6065, 0.7788, 111.4), (0.60, 0.78, 102.4)])
def test_two_proportions_for_tehran_need_about_as_many(one: float, other: float, needed: float) -> None:
    assert two_proportions(0.05, 2, 0.8, one, other) == pytest.approx(needed, abs=0.1)


def test_jcog1017_s_interval_has_a_standard_error_of_0_1334_and_a_p_of_0_129() -> None:
    error = log_standard_error(0.69, 1.07, 0.90)
    assert error == pytest.approx(0.1334, abs=0.00005)
    assert p_of(math.log(0.86) / error, 1) == pytest.approx(0.129, abs=0.0005)
    assert implied_events(error, (205, 202)) == pytest.approx(225, abs=0.5)


def test_mf07_01_s_interval_of_2021_needs_more_events_than_it_had_patients() -> None:
    # 0.71 (0.59-0.86): standard error 0.0961, 433 events, of 265 patients
    error = log_standard_error(0.59, 0.86, 0.95)
    assert error == pytest.approx(0.0961, abs=0.00005)
    assert implied_events(error) == pytest.approx(433, abs=0.5)


def test_a_one_sided_p_looks_towards_benefit() -> None:
    assert p_of(-1.96, 1) == pytest.approx(0.025, abs=1e-4)
    assert p_of(1.96, 1) == pytest.approx(0.975, abs=1e-4)
    assert p_of(1.96, 2) == pytest.approx(0.05, abs=1e-4)


def test_sas_fixed_info() -> None:
    item = entry("sas-fixed-info")
    ratio = item.inputs["hazard1"] / item.inputs["hazard0"]
    events = events_required(ratio, alpha=item.inputs["alpha_two_sided"], sides=2, power=item.inputs["power"])
    z = normal_quantile(0.975) + normal_quantile(0.9)
    item.check(events=events, drift=z, max_information=(z / math.log(ratio)) ** 2)
    # information of the log hazard ratio is events / 4 between equal arms
    item.check(max_information=events / 4)


def test_zn2hr() -> None:
    item = entry("zn2hr")
    z = normal_quantile(0.975)
    ratio = hazard_ratio_of_z(z, item.inputs["events"], ratio=item.inputs["ratio"])
    item.check(hr=ratio)
    assert z_of_hazard_ratio(ratio, 120) == pytest.approx(z, rel=1e-12)
    assert critical_hazard_ratio(120, alpha=0.05, sides=2) == pytest.approx(ratio, rel=1e-12)


@pytest.mark.parametrize(
    ("ratio", "method", "events"),
    [  # rpact 3.3.4: getSampleSizeSurvival(alpha = .05, sided = 2, beta = .2, hazardRatio = 1.6, pi2 = .3,
        # allocationRatioPlanned = ratio, typeOfComputation = method, accrualTime = 12, followUpTime = 6)$eventsFixed
        (1, "schoenfeld", 142.123286932),
        (1, "freedman", 147.384519456),
        (1, "hsieh-freedman", 147.384519456),
        (2, "schoenfeld", 159.888697798),
        (2, "freedman", 192.297553492),
        (2, "hsieh-freedman", 165.807584388),
    ],
)
def test_the_three_formulas_agree_with_rpact_above_1(ratio: float, method: EventsMethod, events: float) -> None:
    needed = events_required(1.6, alpha=0.05, sides=2, power=0.8, ratio=ratio, method=method)
    assert needed == pytest.approx(events, rel=1e-10)


def test_jcog1017_needs_3557_events_for_six_months_at_a_median_of_69() -> None:
    # 69 against 75 months: the declared difference of six months at the survival that was observed
    assert events_required(0.92, alpha=0.05, power=0.8) == pytest.approx(3557.03, abs=0.005)
    assert power_for_events(221, 0.92, alpha=0.05) == pytest.approx(0.15, abs=0.005)


def test_jcog1017_had_a_power_of_0_62_and_a_critical_ratio_of_0_801_and_not_0_841() -> None:
    assert power_for_events(221, 20 / 26, alpha=0.05) == pytest.approx(0.62, abs=0.0005)
    assert critical_hazard_ratio(221, alpha=0.05) == pytest.approx(0.801, abs=0.0005)
    assert critical_hazard_ratio(359, alpha=0.05) == pytest.approx(0.841, abs=0.0005)


def test_tehran_s_participants_follow_from_its_survivals() -> None:
    # S(t) = 0.60 and 0.78: 66 / 0.31 = 212.9, printed 212; unrounded survivals give 214.7
    assert participants_for_events(66, 1 - 0.78, 1 - 0.60) == pytest.approx(212.90, abs=0.005)
    exact = participants_for_events(66, 1 - math.exp(-0.25), 1 - math.exp(-0.5))
    assert exact == pytest.approx(214.7, abs=0.05)


def test_a_hazard_ratio_of_two_survivals_is_that_of_their_logarithms() -> None:
    assert hazard_ratio_of_survival(math.exp(-0.25), math.exp(-0.5)) == pytest.approx(0.5, rel=1e-14)


plausible = st.floats(0.2, 5).filter(lambda ratio: abs(math.log(ratio)) > 0.05)


@given(
    hazard_ratio=plausible,
    alpha=st.floats(0.001, 0.2),
    power=st.floats(0.3, 0.99),
    ratio=st.floats(0.2, 5),
    sides=st.sampled_from((1, 2)),
    method=st.sampled_from(METHODS),
)
def test_events_power_and_effect_are_each_other_s_inverse(
    *, hazard_ratio: float, alpha: float, power: float, ratio: float, sides: int, method: EventsMethod
) -> None:
    benefit = "below" if hazard_ratio < 1 else "above"
    events = events_required(hazard_ratio, alpha=alpha, sides=sides, power=power, ratio=ratio, method=method)
    again = power_for_events(
        events, hazard_ratio, alpha=alpha, sides=sides, ratio=ratio, method=method, benefit=benefit
    )
    assert again == pytest.approx(power, rel=1e-9)
    detected = detectable_hazard_ratio(
        events, alpha=alpha, sides=sides, power=power, ratio=ratio, method=method, benefit=benefit
    )
    assert detected == pytest.approx(hazard_ratio, rel=1e-9)


@given(hazard_ratio=plausible, ratio=st.floats(0.2, 5), method=st.sampled_from(METHODS))
def test_naming_the_arms_the_other_way_round_needs_as_many_events(
    hazard_ratio: float, ratio: float, method: EventsMethod
) -> None:
    one = events_required(hazard_ratio, alpha=0.025, power=0.9, ratio=ratio, method=method)
    other = events_required(1 / hazard_ratio, alpha=0.025, power=0.9, ratio=1 / ratio, method=method)
    assert one == pytest.approx(other, rel=1e-10)


@given(hazard_ratio=plausible, ratio=st.floats(1.1, 5))
def test_unequal_arms_need_more_events_by_schoenfeld(hazard_ratio: float, ratio: float) -> None:
    equal = events_required(hazard_ratio, alpha=0.025, power=0.9)
    assert events_required(hazard_ratio, alpha=0.025, power=0.9, ratio=ratio) > equal


def test_a_ratio_on_the_wrong_side_has_a_power_below_alpha() -> None:
    assert power_for_events(200, 1.0, alpha=0.05) == pytest.approx(0.05, rel=1e-12)
    assert power_for_events(200, 1.2, alpha=0.05) < 0.05
    assert power_for_events(200, 1.2, alpha=0.05, benefit="above") > 0.05


def test_a_margin_moves_the_null_and_power_counts_from_there() -> None:
    # the distance of 1 from 1.25 on the log scale is that of 0.8 from 1
    margin = events_required(1.0, alpha=0.025, power=0.9, null=1.25)
    assert margin == pytest.approx(events_required(0.8, alpha=0.025, power=0.9), rel=1e-12)
    assert power_for_events(margin, 1.0, alpha=0.025, null=1.25) == pytest.approx(0.9, rel=1e-12)
    assert detectable_hazard_ratio(margin, alpha=0.025, power=0.9, null=1.25) == pytest.approx(1.0, rel=1e-12)


def test_benefit_is_a_positive_effect() -> None:
    for method in METHODS:
        assert effect_per_event(0.7, method=method) > 0 > effect_per_event(1.3, method=method)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"hazard_ratio": 1.0}, "null hypothesis"),
        ({"hazard_ratio": 1.25, "null": 1.25}, "null hypothesis"),
        ({"hazard_ratio": -0.5}, "above 0"),
        ({"hazard_ratio": math.nan}, "above 0"),
        ({"power": 0.01}, "above 0.025 and below 1"),
        ({"power": 1.0}, "below 1"),
        ({"alpha": 0.0}, "alpha"),
        ({"alpha": 0.6}, "below 0.5"),
        ({"sides": 3}, "sides = 3"),
        ({"ratio": 0.0}, "ratio"),
        ({"method": "cox"}, "give one of schoenfeld"),
        ({"method": "freedman", "null": 1.2}, "margins need"),
    ],
)
def test_what_cannot_be_is_refused_with_a_way_to_mend_it(asked: dict[str, float], says: str) -> None:
    usual = {"hazard_ratio": 0.7, "alpha": 0.025, "power": 0.9, "sides": 1}
    with pytest.raises(DesignError, match=says):
        events_required(**{**usual, **asked})


def test_too_few_events_detect_no_ratio_by_freedman() -> None:
    with pytest.raises(DesignError, match="take more events"):
        detectable_hazard_ratio(8, alpha=0.025, power=0.9, method="freedman")


def test_the_formulas_are_quick_to_import() -> None:
    code = "import sys, equipoise.design.formulas; print(*(m for m in ('numpy', 'numba', 'scipy') if m in sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.split() == []
