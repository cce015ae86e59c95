"""Conditional and predictive power: against gsDesign, East and rpact, in closed form, and by what must hold."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from reference import entry

from equipoise.design.formulas import normal_cdf, normal_quantile
from equipoise.design.sequential.bounds_in_force import bounds_in_force
from equipoise.design.sequential.conditional_power import (
    ASSUMED,
    NO_EFFECT,
    conditional_power,
    information_needed,
    posterior,
    predictive_power,
)
from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.design.sequential.mixture import mixture_exits, upper_exits_with_drift_above
from equipoise.design.sequential.prior import DriftPrior, NormalPrior, drift_of_hazard_ratio
from equipoise.errors import DesignError

THIRDS = [1 / 3, 2 / 3, 1.0]
HSD = "spending:hsd:-4"
DELTA = normal_quantile(0.975) + normal_quantile(0.9)


def gs_design(k: int, **options: Any) -> GroupSequential:
    """What gsDesign(k = k) makes by default: one-sided 0.025, power 0.9, HSD(-4); futility HSD(-2), not binding."""
    return GroupSequential(np.arange(1, k + 1) / k, alpha=0.025, bounds=HSD, power=0.9, **options)


def test_conditional_power_at_the_trend_is_easts() -> None:
    e = entry("gs-condpower-east")
    design = GroupSequential(e.inputs["timing"], alpha=0.025, bounds=HSD, power=0.9)
    first = e.inputs["n_fix"] * design.inflation * e.inputs["timing"][0]  # participants at the look
    ahead = e.inputs["timing"][0] * (1 + e.inputs["n2"] / first)
    found = conditional_power(design, 1, e.inputs["z1"], information=[ahead])
    assert found.trend == pytest.approx(e.expected["conditional_power"], abs=0.001)  # the entry's tolerance


def test_future_crossings_of_a_two_sided_design_sum_to_easts() -> None:
    # the reading that meets the printed number: alpha 0.025 a side, 800 participants in the fixed design, inflated for
    # a power of 0.9 in the benefit tail; theta is the drift per square root of a participant, both bounds stop
    e = entry("gs-condpower-two-sided-east")
    design = GroupSequential(THIRDS, alpha=0.05, sides=2, bounds=HSD, power=0.9)
    drift = e.inputs["theta"] * math.sqrt(e.inputs["n_fix"] * design.inflation)
    found = conditional_power(design, e.inputs["i"], e.inputs["zi"], drift=drift)
    assert found.under(ASSUMED) == pytest.approx(e.expected["sum_upper"], abs=1e-6)


def test_tiny_conditional_powers_keep_their_digits() -> None:
    # gsDesign, tests/testthat/test-independent-test-gsCP.R (East 6.5): one-sided, n.fix = 800, r = 80; 4.289818e-21 at
    # the printed theta, which has 7 digits: relative 1e-5
    design = gs_design(3)
    drift = -0.1977636 * math.sqrt(800 * design.inflation)
    found = conditional_power(design, 1, -3.25558985896551, drift=drift)
    assert found.under(ASSUMED) == pytest.approx(4.289818e-21, rel=2e-5)


def test_the_sum_over_trend_null_and_alternative_is_easts() -> None:
    # the same file: theta = NULL sums the crossings under these three, 0.01858668 at a relative 1e-6
    design = gs_design(3)
    found = conditional_power(design, 1, -3.255599, drift=design.drift)
    assert found.power.sum() == pytest.approx(0.01858668, rel=2e-6)


def test_conditional_power_with_futility_is_as_gs_design_prints_it() -> None:
    # gsDesign, documentation of gsCP: z at the futility bound of look 2 of 5; trend, null and alternative
    design = gs_design(5, futility="spending:hsd:-2")
    found = conditional_power(design, 2, float(design.futility_values[1]), drift=design.drift)
    np.testing.assert_allclose(found.power, [0.002238566, 0.002561570, 0.367657693], atol=2e-7)


def test_conditional_power_with_one_look_left_is_the_closed_form_that_gs_design_prints() -> None:
    # gsDesign, documentation of gsCP: two looks, z = 0.5
    design = gs_design(2, futility="spending:hsd:-2")
    found = conditional_power(design, 1, 0.5, drift=design.drift)
    np.testing.assert_allclose(found.power, [0.03579292, 0.01067483, 0.51555676], atol=1e-8)


# rpact 3.3.4, getAnalysisResults with 30 events a look, hazard ratio 1.5 as benefit, O'Brien-Fleming spending at 1e-10
@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"alpha": 0.025}, [0.1072506343, 0.4972979141]),
        ({"alpha": 0.025, "futility": [0.0, 0.5]}, [0.1072506343, 0.4959164122]),
        ({"alpha": 0.025, "futility": [0.0, 0.5], "binding": True}, [0.1075301381, 0.5089645453]),
        ({"alpha": 0.05, "sides": 2}, [0.1072506343, 0.4972979132]),
    ],
)
def test_conditional_power_agrees_with_rpact(options: dict[str, Any], expected: list[float]) -> None:
    design = GroupSequential(THIRDS, **options)
    found = conditional_power(design, 1, 1.2, hazard_ratio=1.5, events=90, benefit="above")
    np.testing.assert_allclose(np.cumsum(found.by_look[-1]), expected, atol=2e-8)
    assert found.hazard_ratios[-1] == pytest.approx(1.5)


def test_the_error_that_is_left_agrees_with_rpact() -> None:
    # rpact 3.3.4, conditionalRejectionProbabilities at looks 1 and 2
    design = GroupSequential(THIRDS, alpha=0.025)
    assert conditional_power(design, 1, 1.2).null == pytest.approx(0.05881997223, abs=1e-8)
    assert conditional_power(design, 2, 1.9).null == pytest.approx(0.2221197768, abs=1e-8)


def test_futility_that_does_not_bind_can_be_passed_over() -> None:
    design = GroupSequential(THIRDS, alpha=0.025, futility=[0.0, 0.5])
    passed = conditional_power(design, 1, 0.3, drift=2.0, heed_futility=False)
    plain = conditional_power(GroupSequential(THIRDS, alpha=0.025), 1, 0.3, drift=2.0)
    np.testing.assert_allclose(passed.power, plain.power, rtol=1e-12)
    assert conditional_power(design, 1, 0.3, drift=2.0).under(ASSUMED) < plain.under(ASSUMED)


@given(drift=st.floats(-1, 5), first=st.floats(0.2, 0.7))
@hypothesis_settings(max_examples=15)
def test_conditional_power_averages_to_power(drift: float, first: float) -> None:
    design = GroupSequential([first, 0.85, 1.0], alpha=0.05, sides=2, bounds="pocock")
    bound = float(design.critical_values[0])
    node, weight = np.polynomial.legendre.leggauss(60)
    z = bound * node
    density = np.exp(-0.5 * (z - drift * math.sqrt(first)) ** 2) / math.sqrt(2 * math.pi)
    later = [conditional_power(design, 1, float(value), drift=drift).under(ASSUMED) for value in z]
    stops = normal_cdf(drift * math.sqrt(first) - bound)
    assert stops + float(bound * weight @ (density * later)) == pytest.approx(design.power(drift), abs=1e-10)


@given(z=st.floats(-2, 3), more=st.floats(0.01, 1), drift=st.floats(-2, 5))
def test_conditional_power_rises_with_z_and_with_the_effect(z: float, more: float, drift: float) -> None:
    design = GroupSequential(THIRDS, alpha=0.025)
    at = conditional_power(design, 1, z, drift=drift).under(ASSUMED)
    assert conditional_power(design, 1, z + more, drift=drift).under(ASSUMED) > at
    assert conditional_power(design, 1, z, drift=drift + more).under(ASSUMED) > at


def test_predictive_power_is_as_gs_design_prints_it() -> None:
    # gsDesign, documentation of gsPP: prior N(0.75 delta, (delta / 2)^2) per square root of the fixed size, z at the
    # futility bound of look 2 of 5; its grid is right to about 1e-7
    design = gs_design(5, futility="spending:hsd:-2")
    root = math.sqrt(design.inflation)
    prior = DriftPrior(0.75 * DELTA * root, 0.5 * DELTA * root)
    found = predictive_power(design, 2, float(design.futility_values[1]), prior=prior)
    assert found.power == pytest.approx(0.06730167, abs=1e-7)


def test_predictive_power_of_one_look_is_the_closed_form_that_gs_design_prints() -> None:
    # the same, two looks, z = 0.5: Proschan, Lan and Wittes 2006, equation 3.10
    design = gs_design(2, futility="spending:hsd:-2")
    root = math.sqrt(design.inflation)
    prior = DriftPrior(0.75 * DELTA * root, 0.5 * DELTA * root)
    assert predictive_power(design, 1, 0.5, prior=prior).power == pytest.approx(0.1556447, abs=5e-8)


@given(z=st.floats(-2, 4), t=st.floats(0.05, 0.95))
def test_predictive_power_under_a_flat_prior_has_its_closed_form(z: float, t: float) -> None:
    # Spiegelhalter, Freedman and Blackburn 1986: Phi((z - c sqrt(t)) / sqrt(1 - t))
    design = GroupSequential([t, 1.0], alpha=0.025, bounds=[9.0, 1.96])
    found = predictive_power(design, 1, z)
    assert found.power == pytest.approx(normal_cdf((z - 1.96 * math.sqrt(t)) / math.sqrt(1 - t)), abs=1e-12)
    assert found.benefit == pytest.approx(normal_cdf(z))


@given(z=st.floats(-2, 3), drift=st.floats(-2, 5))
def test_predictive_power_of_a_sure_prior_is_conditional_power(z: float, drift: float) -> None:
    design = GroupSequential(THIRDS, alpha=0.05, sides=2)
    found = predictive_power(design, 1, z, prior=DriftPrior(drift, 0.0))
    np.testing.assert_allclose(found.by_look, conditional_power(design, 1, z, drift=drift).by_look[-1], rtol=1e-12)


@given(mean=st.floats(-1, 4), sd=st.floats(0.05, 3), threshold=st.floats(-1, 2))
@hypothesis_settings(max_examples=25)
def test_averages_over_the_effect_agree_with_quadrature(mean: float, sd: float, threshold: float) -> None:
    design = GroupSequential([0.3, 0.6, 1.0], alpha=0.025, futility=[-0.5, 0.3])
    lower, upper = bounds_in_force(design)
    node, weight = np.polynomial.legendre.leggauss(160)
    exits = mixture_exits(design.information, lower, upper, mean, sd**2)
    joint = upper_exits_with_drift_above(design.information, lower, upper, mean, sd**2, threshold=threshold)
    for low, expected in ((mean - 9 * sd, exits.upper), (max(threshold, mean - 9 * sd), joint)):
        high = mean + 9 * sd
        if low >= high:
            np.testing.assert_allclose(expected, 0.0, atol=1e-12)
            continue
        drifts = 0.5 * (low + high) + 0.5 * (high - low) * node
        mass = 0.5 * (high - low) * weight * np.exp(-0.5 * ((drifts - mean) / sd) ** 2) / (sd * math.sqrt(2 * math.pi))
        by_look = mass @ np.array([design.power_by_look(float(d)) for d in drifts])
        np.testing.assert_allclose(expected, by_look, atol=1e-11)


def test_the_posterior_of_a_prior_that_is_no_more_than_data_adds_their_information() -> None:
    # prior information 0.5 with z = 1, and a look at 0.5 with z = 2: z = 3 / sqrt(2) at 1
    prior = posterior(None, 1.0, 0.5)
    both = posterior(prior, 2.0, 0.5)
    joint = posterior(None, 3 / math.sqrt(2), 1.0)
    assert (both.mean, both.std_dev) == pytest.approx((joint.mean, joint.std_dev))


def test_a_prior_on_the_hazard_ratio_is_read_with_its_events() -> None:
    design = GroupSequential(THIRDS, alpha=0.025)
    prior = NormalPrior.from_interval(0.857, 0.686, 1.072, conf_level=0.9)
    on_drift = DriftPrior(drift_of_hazard_ratio(0.857, 359), prior.std_dev * math.sqrt(359) / 2)
    given_ratio = predictive_power(design, 1, 1.0, prior=prior, events=359)
    assert given_ratio.power == pytest.approx(predictive_power(design, 1, 1.0, prior=on_drift).power, rel=1e-12)
    with pytest.raises(DesignError, match="needs events"):
        predictive_power(design, 1, 1.0, prior=prior)


@given(z=st.floats(0.3, 2.2), power=st.floats(0.3, 0.95))
def test_the_information_needed_gives_the_power_wanted(z: float, power: float) -> None:
    design = GroupSequential([0.5, 1.0], alpha=0.025)
    for rule in ("conditional-error", "same-bound"):
        found = information_needed(design, 1, z, power=power, rule=rule)
        if found.further == 0.0:
            assert z >= design.critical_values[-1] or found.conditional_error >= power
            continue
        ahead = z * math.sqrt(0.5) + found.drift * found.further
        reached = (ahead - found.critical_value * math.sqrt(found.total)) / math.sqrt(found.further)
        assert normal_cdf(reached) == pytest.approx(power, abs=1e-9)


def test_the_conditional_error_rule_leaves_the_plan_alone_where_its_power_is_as_wanted() -> None:
    design = GroupSequential([0.5, 1.0], alpha=0.025)
    planned = conditional_power(design, 1, 1.5, drift=3.0)
    for rule in ("conditional-error", "same-bound"):
        found = information_needed(design, 1, 1.5, power=planned.under(ASSUMED), drift=3.0, rule=rule)
        assert found.total == pytest.approx(1.0, rel=1e-9)
        assert found.critical_value == pytest.approx(design.critical_values[-1], rel=1e-9)
        assert found.events(359) == pytest.approx(359, rel=1e-9)


def test_an_increase_by_the_conditional_error_keeps_the_size() -> None:
    # Mueller and Schaefer 2001: whatever z says, the rest is tested at the error that is left
    design, trials = GroupSequential([0.5, 1.0], alpha=0.025, bounds="pocock"), 20_000
    rng = np.random.default_rng(4)
    z = rng.standard_normal(trials)
    rejected = z >= design.critical_values[0]
    for i in np.flatnonzero((z > 0.2) & ~rejected):
        found = information_needed(design, 1, float(z[i]), power=0.8)
        score = z[i] * math.sqrt(0.5) + rng.standard_normal() * math.sqrt(found.further)
        rejected[i] = score >= found.critical_value * math.sqrt(found.total)
    rest = np.flatnonzero((z <= 0.2) & (z < design.critical_values[0]))
    score = z[rest] * math.sqrt(0.5) + rng.standard_normal(rest.size) * math.sqrt(0.5)
    rejected[rest] = score >= design.critical_values[1]
    assert rejected.mean() == pytest.approx(0.025, abs=4 * math.sqrt(0.025 * 0.975 / trials))


def test_the_tables_name_what_is_assumed() -> None:
    design = GroupSequential(THIRDS, alpha=0.025)
    found = conditional_power(design, 1, 1.2, hazard_ratio={"planned": 0.77}, events=359, drift={"half": 1.2})
    assert found.assumptions == ("observed trend", NO_EFFECT, "half", "planned")
    assert "planned" in str(found)
    assert found.to_frame()["hazard_ratio"].to_list()[-1] == pytest.approx(0.77)
    assert "prior of the drift: flat" in str(predictive_power(design, 1, 1.2))
    with pytest.raises(DesignError, match="was not asked for"):
        found.under("hoped for")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: conditional_power(d, 3, 1.0), "look = 3 of a design with 3"),
        (lambda d: conditional_power(d, 0, 1.0), "look = 0"),
        (lambda d: conditional_power(d, 1, math.inf), "z = inf"),
        (lambda d: conditional_power(d, 1, 1.0, hazard_ratio=0.7), "needs events"),
        (lambda d: conditional_power(d, 1, 1.0, information=[0.5]), "2 looks after 1"),
        (lambda d: conditional_power(d, 1, 1.0, information=[0.3, 1.0]), "does not increase"),
        (lambda d: information_needed(d, 1, -1.0, power=0.8), "without a benefit"),
        (lambda d: information_needed(d, 1, 1.0, power=1.8), "power"),
        (lambda d: information_needed(d, 1, 1.0, power=0.8, rule="hope"), "rule"),
        (lambda d: predictive_power(d, 1, 1.0, prior=DriftPrior(1.0, -1.0)), "standard deviation"),
    ],
)
def test_contradictions_are_refused(call: Any, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        call(GroupSequential(THIRDS, alpha=0.025))
