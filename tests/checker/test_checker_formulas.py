"""The checker's formulas, against numbers that the trials print and that were recomputed by hand."""

from __future__ import annotations

import math

import pytest

from equipoise.checker import formulas
from equipoise.checker.printed import Printed, of_float, printed


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
    assert formulas.schoenfeld_events(alpha, sides, 0.8, ratio) == pytest.approx(events, abs=0.05)


@pytest.mark.parametrize(("ratio", "power"), [(0.5, 0.80), (0.65, 0.42), (0.77, 0.18), (0.857, 0.09)])
def test_66_events_have_little_power_at_ratios_that_trials_have_found(ratio: float, power: float) -> None:
    assert formulas.schoenfeld_power(0.05, 2, 66, ratio) == pytest.approx(power, abs=0.005)


def test_power_and_events_are_each_other_s_inverse() -> None:
    for ratio in (0.3, 0.6, 0.9, 1.5):
        events = formulas.schoenfeld_events(0.025, 1, 0.9, ratio)
        assert formulas.schoenfeld_power(0.025, 1, events, ratio) == pytest.approx(0.9, rel=1e-12)


@pytest.mark.parametrize(("events", "ratio"), [(100, 0.57), (120, 0.60), (140, 0.62), (160, 0.64)])
def test_breclim2_s_200_participants_detect_no_small_effect(events: int, ratio: float) -> None:
    assert formulas.detectable_ratio(0.05, 2, 0.8, events) == pytest.approx(ratio, abs=0.005)


def test_jcog1017_expects_374_6_deaths_of_410_and_needs_392_9_for_359() -> None:
    rates = [math.log(2) / 20, math.log(2) / 26]
    probability = sum(formulas.event_probability(rate, 84, 48) for rate in rates) / 2
    assert 410 * probability == pytest.approx(374.6, abs=0.05)
    assert 359 / probability == pytest.approx(392.9, abs=0.05)


def test_jcog1017_with_the_observed_median_of_69_expects_220_4_deaths() -> None:
    rates = [math.log(2) / 69, math.log(2) / 69 * 20 / 26]
    assert 410 * sum(formulas.event_probability(rate, 84, 48) for rate in rates) / 2 == pytest.approx(220.4, abs=0.05)


def test_tehran_with_its_accrual_has_a_probability_of_0_46_and_needs_143() -> None:
    rates = [0.25 / 12, 0.125 / 12]
    probability = sum(formulas.event_probability(rate, 36, 24) for rate in rates) / 2
    assert probability == pytest.approx(0.46, abs=0.005)
    assert math.ceil(66 / probability) == 143


def test_the_probability_of_an_event_without_accrual_is_the_exponential_one() -> None:
    assert formulas.event_probability(0.1, 0, 5) == pytest.approx(1 - math.exp(-0.5), rel=1e-12)
    assert formulas.event_probability(0.1, 1e-6, 5) == pytest.approx(1 - math.exp(-0.5), rel=1e-6)


@pytest.mark.parametrize(("one", "other", "needed"), [(0.6065, 0.7788, 111.4), (0.60, 0.78, 102.4)])
def test_two_proportions_for_tehran_need_about_as_many(one: float, other: float, needed: float) -> None:
    assert formulas.two_proportions(0.05, 2, 0.8, one, other) == pytest.approx(needed, abs=0.1)


def test_jcog1017_s_interval_has_a_standard_error_of_0_1334_and_a_p_of_0_129() -> None:
    error = formulas.log_standard_error(0.69, 1.07, 0.90)
    assert error == pytest.approx(0.1334, abs=0.00005)
    assert formulas.p_of(math.log(0.86) / error, 1) == pytest.approx(0.129, abs=0.0005)
    assert formulas.implied_events(error, (205, 202)) == pytest.approx(225, abs=0.5)


def test_mf07_01_s_interval_of_2021_needs_more_events_than_it_had_patients() -> None:
    # 0.71 (0.59-0.86): standard error 0.0961, 433 events, of 265 patients
    error = formulas.log_standard_error(0.59, 0.86, 0.95)
    assert error == pytest.approx(0.0961, abs=0.00005)
    assert formulas.implied_events(error) == pytest.approx(433, abs=0.5)


def test_a_one_sided_p_looks_towards_benefit() -> None:
    assert formulas.p_of(-1.96, 1) == pytest.approx(0.025, abs=1e-4)
    assert formulas.p_of(1.96, 1) == pytest.approx(0.975, abs=1e-4)
    assert formulas.p_of(1.96, 2) == pytest.approx(0.05, abs=1e-4)


@pytest.mark.parametrize(
    ("shown", "derived", "fits"),
    [
        ("66", 65.35, ("up",)),
        ("359", 359.27, ("nearest", "down")),
        ("360", 359.27, ("up",)),
        ("212", 212.90, ("down",)),
        ("213", 212.90, ("up", "nearest")),
        ("118", 117.78, ("up", "nearest")),
        ("0.60", 0.6065, ("down",)),
        ("0.31", 0.31, ("exact", "up", "nearest", "down")),
        ("0.78", 0.7788, ("up", "nearest")),
        ("1/2", 0.5, ("exact", "up", "nearest", "down")),
        ("42", 99.0, ()),
    ],
)
def test_a_printed_number_agrees_by_the_roundings_that_give_it(
    shown: str, derived: float, fits: tuple[str, ...]
) -> None:
    number = printed(shown)
    assert number is not None
    assert number.agrees(derived) == fits


def test_a_hair_of_floating_point_does_not_round_up() -> None:
    assert Printed(407, 0).agrees(407 + 1e-11) == ("exact", "up", "nearest", "down")
    assert Printed(3, 0).agrees(0.1 * 3 * 10) == ("exact", "up", "nearest", "down")


@pytest.mark.parametrize("shown", ["35-60", "not stated", "", "1/0", "NaN", "Infinity", "1e999999", "1e-400"])
def test_what_is_not_one_number_is_none(shown: str) -> None:
    assert printed(shown) is None


def test_digits_count_as_printed() -> None:
    assert printed("0.60") == Printed(0.6, 2)
    assert of_float(0.857) == Printed(0.857, 3)
