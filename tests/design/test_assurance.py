"""Assurance: in closed form, against gsDesign's probability of success, and by what must hold."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from equipoise.design.formulas import normal_cdf, normal_quantile, power_for_events
from equipoise.design.sequential.assurance import assurance, power_at_published
from equipoise.design.sequential.conditional_power import predictive_power
from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.design.sequential.prior import (
    DriftPrior,
    NormalPrior,
    PointsPrior,
    drift_of_hazard_ratio,
    hazard_ratio_of_drift,
)
from equipoise.errors import DesignError
from equipoise.trials.published_effects import PublishedEffect

DELTA = normal_quantile(0.975) + normal_quantile(0.9)
POOLED = NormalPrior.from_interval(0.911, 0.792, 1.047, conf_level=0.95)


def on_hazard_ratio(prior: DriftPrior, events: float) -> NormalPrior:
    """The prior on the hazard ratio that is this one on the drift."""
    return NormalPrior(hazard_ratio_of_drift(prior.mean, events), prior.std_dev * 2 / math.sqrt(events))


@given(
    hazard_ratio=st.floats(0.5, 1.5),
    sd=st.floats(0.01, 1.0),
    events=st.floats(20, 1000),
    ratio=st.sampled_from([0.5, 1.0, 2.0]),
    sides=st.sampled_from([1, 2]),
)
def test_a_fixed_trial_has_the_closed_form(
    hazard_ratio: float, sd: float, events: float, ratio: float, sides: int
) -> None:
    # O'Hagan, Stevens and Campbell 2005: Phi((m - tau z) / sqrt(v + tau^2)), tau the standard error of the estimate
    tau = (1 + ratio) / math.sqrt(ratio * events)
    z = normal_quantile(1 - 0.05 / sides)
    expected = normal_cdf((-math.log(hazard_ratio) - tau * z) / math.hypot(sd, tau))
    prior = NormalPrior(hazard_ratio, sd)
    found = assurance(prior, events=events, ratio=ratio, alpha=0.05, sides=sides)
    assert found.value == pytest.approx(expected, abs=1e-12)
    assert found.benefit_probability == pytest.approx(normal_cdf(-math.log(hazard_ratio) / sd), abs=1e-12)
    assert found.power == pytest.approx(power_for_events(events, hazard_ratio, alpha=0.05, sides=sides, ratio=ratio))


def test_the_pooled_published_effect_gives_jcog1017_little() -> None:
    # pooled hazard ratio of five trials 0.911 (95 % 0.792 to 1.047); 359 events, one-sided 0.05; arithmetic by hand:
    # SE = ln(1.047 / 0.792) / 3.919928 = 0.071210, m = 0.093212, tau = 2 / sqrt(359) = 0.105556,
    # (m - 1.644854 tau) / sqrt(SE^2 + tau^2) = -0.080412 / 0.127330 = -0.63153; Phi = 0.26384
    found = assurance(POOLED, events=359, alpha=0.05)
    assert found.value == pytest.approx(0.26384, abs=2e-5)
    assert found.benefit_given_success > 0.98
    assert found.success_and_benefit + found.success_without_benefit == pytest.approx(found.value)


def test_assurance_of_a_group_sequential_design_is_gs_designs_probability_of_success() -> None:
    # gsDesign, documentation of gsPOS: k = 5, prior N(0.75 delta, (delta / 2)^2), 0.5954771 on its default grid
    design = GroupSequential(
        np.arange(1, 6) / 5, alpha=0.025, bounds="spending:hsd:-4", futility="spending:hsd:-2", power=0.9
    )
    root = math.sqrt(design.inflation)
    prior = on_hazard_ratio(DriftPrior(0.75 * DELTA * root, 0.5 * DELTA * root), 400)
    half = hazard_ratio_of_drift(0.5 * DELTA * root, 400)
    found = assurance(prior, events=400, design=design, worthwhile=half)
    assert found.value == pytest.approx(0.5954771, abs=3e-7)
    # success and theta of at least delta / 2: printed as 0.5554313, where the Simpson grid (step 1/24 of a standard
    # deviation) counts its point on the threshold with its whole weight, twice its share
    excess = math.exp(-0.125) / math.sqrt(2 * math.pi) / 72 * design.power(0.5 * DELTA * root)
    assert found.success_and_benefit + excess == pytest.approx(0.5554313, abs=2e-5)


def test_weighted_points_give_the_weighted_power_of_gs_designs_test() -> None:
    # gsDesign, tests/testthat/test-independent-test-gsPOS.R: k = 2, one-sided; weights that sum to 0.931265; 1e-6
    design = GroupSequential([0.5, 1.0], alpha=0.025, bounds="spending:hsd:-4", power=0.9)
    theta = np.array([-1.5, -0.75, 0.0, 0.75, 1.5]) * math.sqrt(design.inflation)
    weights = [0.064758798, 0.301137432, 0.199471140, 0.301137432, 0.064758798]
    prior = PointsPrior([hazard_ratio_of_drift(float(t), 100) for t in theta], weights)
    found = assurance(prior, events=100, design=design)
    assert found.value * sum(weights) == pytest.approx(0.060780135, abs=1e-6)
    assert found.benefit_probability == pytest.approx((0.301137432 + 0.064758798) / sum(weights))


def test_a_sure_prior_has_the_power_of_the_design() -> None:
    design = GroupSequential([0.5, 0.75, 1.0], alpha=0.05, sides=2)
    sure = assurance(NormalPrior(0.75, 0.0), events=300, design=design)
    assert sure.value == pytest.approx(design.power(drift_of_hazard_ratio(0.75, 300)), rel=1e-12)
    assert sure.success_and_benefit == pytest.approx(sure.value)
    assert assurance(PointsPrior([0.75]), events=300, design=design).value == pytest.approx(sure.value, rel=1e-12)
    assert assurance(NormalPrior(1.25, 0.0), events=300, design=design).success_and_benefit == 0.0


def test_assurance_is_the_average_of_the_predictive_power_to_come() -> None:
    # the tower property: averaged over z at the first look, as the prior predicts it
    design = GroupSequential([0.4, 0.7, 1.0], alpha=0.05, sides=2, bounds="pocock")
    prior = POOLED.on_drift(359)
    spread = math.sqrt(1 + prior.std_dev**2 * 0.4)
    bound = float(design.critical_values[0])
    node, weight = np.polynomial.legendre.leggauss(60)
    z = bound * node
    centre = prior.mean * math.sqrt(0.4)
    density = np.exp(-0.5 * ((z - centre) / spread) ** 2) / (spread * math.sqrt(2 * math.pi))
    later = [predictive_power(design, 1, float(value), prior=prior).power for value in z]
    stops = normal_cdf((centre - bound) / spread)
    expected = stops + float(bound * weight @ (density * later))
    assert assurance(POOLED, events=359, design=design).value == pytest.approx(expected, abs=1e-10)


@given(hazard_ratio=st.floats(0.5, 1.3), sd=st.floats(0.02, 0.8), events=st.floats(30, 2000))
@hypothesis_settings(max_examples=40)
def test_the_split_by_truth_adds_up(hazard_ratio: float, sd: float, events: float) -> None:
    design = GroupSequential([0.5, 1.0], alpha=0.025, futility=[0.0])
    found = assurance(NormalPrior(hazard_ratio, sd), events=events, design=design)
    assert 0 <= found.success_and_benefit <= min(found.value, found.benefit_probability) + 1e-12
    # without a benefit no more than alpha succeed
    assert -1e-12 <= found.success_without_benefit <= 0.025 * (1 - found.benefit_probability) + 1e-12
    assert found.value <= found.benefit_probability + 0.025
    table = found.to_frame()
    assert table["and_success"][0] + table["and_success"][1] == pytest.approx(table["and_success"][2])
    assert table["and_success"][2] + table["and_no_success"][2] == pytest.approx(1.0)


def test_benefit_above_one_is_the_mirror_image() -> None:
    below = assurance(NormalPrior(0.8, 0.2), events=200, alpha=0.025, worthwhile=0.9)
    above = assurance(NormalPrior(1 / 0.8, 0.2), events=200, alpha=0.025, worthwhile=1 / 0.9, benefit="above")
    assert above.value == pytest.approx(below.value, rel=1e-12)
    assert above.success_and_benefit == pytest.approx(below.success_and_benefit, rel=1e-12)


def test_a_prior_worth_events_has_their_standard_error() -> None:
    assert NormalPrior.from_events(0.8, 100, ratio=2).std_dev == pytest.approx(3 / math.sqrt(200))
    # a prior that is as sure as the trial: standard deviation 1 of the drift
    assert NormalPrior.from_events(0.8, 100, ratio=2).on_drift(100, ratio=2).std_dev == pytest.approx(1.0)


def test_a_90_percent_interval_read_as_95_is_too_sure() -> None:
    ninety = NormalPrior.from_interval(0.857, 0.686, 1.072, conf_level=0.90)
    wrong = NormalPrior.from_interval(0.857, 0.686, 1.072, conf_level=0.95)
    assert ninety.std_dev / wrong.std_dev == pytest.approx(1.959964 / 1.644854, rel=1e-6)


def test_power_at_published_effects_is_a_table_of_each() -> None:
    effects = [
        PublishedEffect("five trials pooled", 0.911, 0.792, 1.047, 0.95),
        PublishedEffect("JCOG1017", 0.857, 0.686, 1.072, 0.90),
    ]
    found = power_at_published(effects, events=359, alpha=0.05)
    assert found.labels == ("five trials pooled", "JCOG1017")
    for i, effect in enumerate(effects):
        hazard_ratio, low, high = effect.hazard_ratio, effect.conf_low, effect.conf_high
        assert found.power[i] == pytest.approx(power_for_events(359, hazard_ratio, alpha=0.05))
        assert found.power_at_low[i] == pytest.approx(power_for_events(359, low, alpha=0.05))
        assert found.power_at_high[i] == pytest.approx(power_for_events(359, high, alpha=0.05))
        prior = NormalPrior.from_interval(hazard_ratio, low, high, conf_level=effect.conf_level)
        assert found.assurance[i] == pytest.approx(assurance(prior, events=359, alpha=0.05).value)
    text = str(found)
    assert "95 %" in text
    assert "90 %" in text
    design = GroupSequential([0.5, 1.0], alpha=0.05)
    assert power_at_published(effects, events=359, design=design).power[0] < found.power[0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: assurance(POOLED, events=100), "alpha: give it, or"),
        (lambda: assurance(POOLED, events=100, alpha=0.05, design=GroupSequential([1.0], alpha=0.05)), "has its own"),
        (lambda: assurance(POOLED, events=0, alpha=0.05), "events"),
        (lambda: assurance(POOLED, events=100, alpha=0.05, benefit="left"), "benefit"),
        (lambda: assurance(POOLED, events=100, alpha=0.05, worthwhile=-1), "hazard_ratio"),
        (lambda: NormalPrior.from_interval(0.9, 0.95, 1.1, conf_level=0.95), "either side"),
        (lambda: NormalPrior.from_interval(0.9, 0.8, 1.1, conf_level=95), "conf_level"),
        (lambda: NormalPrior(0.9, math.nan), "standard deviation"),
        (lambda: PointsPrior([0.8, 0.9], [1.0]), "1 weights for 2"),
        (lambda: PointsPrior([0.8, 0.9], [1.0, -1.0]), "weights must be"),
        (lambda: PointsPrior([]), "0 hazard ratios"),
        (lambda: power_at_published([], events=100, alpha=0.05), "effects: none"),
    ],
)
def test_contradictions_are_refused(call: Any, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        call()
