"""The Cox model where it has no maximum, and its variants."""

from __future__ import annotations

import math

import numpy as np
import pytest

from equipoise import survival
from equipoise.errors import DataError


def simulated(n: int = 200, seed: int = 1) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    arm, z = rng.integers(0, 2, n), rng.normal(size=n)
    time = rng.exponential(size=n) * np.exp(-0.5 * z)
    return {"time": time, "event": rng.integers(0, 2, n), "arm": arm, "z": z}


def test_an_arm_without_events_is_said_and_the_other_coefficients_are_those_without_it() -> None:
    d = simulated()
    event = d["event"] * (d["arm"] == 0)
    fit = survival.cox(d["time"], event, {"arm": d["arm"], "z": d["z"]})
    assert fit.coef[0] == -math.inf
    assert fit.hazard_ratio[0] == 0.0
    assert np.isnan(
        [fit.std_error[0], fit.conf_low[0], fit.conf_high[0], fit.p_value[0], fit.wald_test.statistic]
    ).all()
    assert fit.monotone.tolist() == [True, False]
    assert not fit.converged
    assert "monotone in arm" in fit.note
    assert fit.note in str(fit)
    assert 0 < fit.likelihood_ratio_test.p_value < 0.05
    alone = survival.cox(d["time"][d["arm"] == 0], event[d["arm"] == 0], d["z"][d["arm"] == 0])
    assert fit.coef[1] == pytest.approx(alone.coef[0], rel=1e-6)
    assert fit.std_error[1] == pytest.approx(alone.std_error[0], rel=1e-6)


def test_a_reference_level_without_events_makes_all_others_infinite() -> None:
    rng = np.random.default_rng(4)
    level = rng.integers(0, 3, 300)
    event = rng.integers(0, 2, 300) * (level > 0)
    fit = survival.cox(rng.exponential(size=300), event, np.column_stack([level == 1, level == 2]))
    assert fit.coef.tolist() == [math.inf, math.inf]


def test_a_covariate_that_orders_all_events_is_monotone() -> None:
    fit = survival.cox(range(1, 21), [1] * 20, {"x": -np.arange(20.0)})
    assert fit.coef[0] == math.inf
    assert fit.log_likelihood[1] == pytest.approx(0.0, abs=1e-8)


def test_one_event_in_an_arm_of_hundreds_is_not_taken_for_none() -> None:
    rng = np.random.default_rng(5)
    arm = np.repeat([0, 1], 500)
    event = ((rng.random(1000) < 0.5) & (arm == 0)) | (np.arange(1000) == 700)
    fit = survival.cox(rng.exponential(size=1000), event, arm)
    assert fit.converged
    assert -8 < fit.coef[0] < -3
    assert fit.note == ""


def test_collinear_covariates_are_refused_by_name() -> None:
    d = simulated()
    x = {"arm": d["arm"], "z": d["z"], "both": 2 * d["arm"] - 3 * d["z"] + 7}
    with pytest.raises(DataError, match="covariate both: a linear combination of arm, z"):
        survival.cox(d["time"], d["event"], x)


def test_a_covariate_that_is_constant_within_strata_is_refused() -> None:
    d = simulated()
    with pytest.raises(DataError, match="covariate x1: the same for all at risk at every event"):
        survival.cox(d["time"], d["event"], d["arm"], strata=d["arm"])


def test_units_far_from_0_cost_no_accuracy() -> None:
    d = simulated()
    fits = [survival.cox(d["time"], d["event"], x) for x in (d["z"], 1e-6 * d["z"] + 2026.0)]
    assert fits[1].coef[0] * 1e-6 == pytest.approx(fits[0].coef[0], rel=1e-5)


def test_without_ties_all_ways_to_treat_them_agree() -> None:
    d = simulated()
    efron, breslow = (survival.cox(d["time"], d["event"], d["z"], ties=ties) for ties in ("efron", "breslow"))
    assert efron.coef[0] == breslow.coef[0]
    assert (efron.ties, breslow.ties) == ("efron", "breslow")


def test_turning_the_covariate_round_turns_the_hazard_ratio_round() -> None:
    d = simulated()
    there, back = (survival.cox(d["time"], d["event"], x) for x in (d["arm"], 1 - d["arm"]))
    assert there.hazard_ratio[0] * back.hazard_ratio[0] == pytest.approx(1.0)
    assert there.conf_low[0] * back.conf_high[0] == pytest.approx(1.0)


def test_rows_of_weight_0_are_left_out() -> None:
    d = simulated()
    weights = (np.arange(200) % 3 > 0).astype(float)
    kept = weights > 0
    fit = survival.cox(d["time"], d["event"], d["z"], weights=weights, strata=d["arm"], entry=d["time"] / 3)
    alone = survival.cox(
        d["time"][kept], d["event"][kept], d["z"][kept], strata=d["arm"][kept], entry=d["time"][kept] / 3
    )
    assert fit.coef[0] == alone.coef[0]
    assert fit.n == kept.sum()


def test_an_offset_takes_up_what_it_is_given() -> None:
    d = simulated()
    plain = survival.cox(d["time"], d["event"], d["z"])
    shifted = survival.cox(d["time"], d["event"], d["z"], offset=0.3 * d["z"])
    assert shifted.coef[0] + 0.3 == pytest.approx(plain.coef[0], rel=1e-9)


def test_clusters_of_one_row_are_rows_and_doubled_rows_halve_nothing() -> None:
    d = simulated()
    robust = survival.cox(d["time"], d["event"], d["z"], robust=True, ties="breslow")
    singles = survival.cox(d["time"], d["event"], d["z"], cluster=np.arange(200), ties="breslow")
    assert singles.std_error[0] == pytest.approx(robust.std_error[0], rel=1e-12)
    twice = {name: np.repeat(values, 2) for name, values in d.items()}
    doubled = survival.cox(
        twice["time"], twice["event"], twice["z"], cluster=np.repeat(np.arange(200), 2), ties="breslow"
    )
    assert doubled.std_error[0] == pytest.approx(robust.std_error[0], rel=1e-9)


def test_a_cause_specific_model_censors_the_other_causes() -> None:
    d = simulated()
    cause = d["event"] * (1 + (np.arange(200) % 3 == 0))
    fit = survival.cause_specific_cox(d["time"], cause, d["z"], cause=2)
    assert fit.coef[0] == survival.cox(d["time"], cause == 2, d["z"]).coef[0]
    assert fit.n_events == (cause == 2).sum()


def test_wald_limits_cover_the_truth_at_their_level() -> None:
    rng = np.random.default_rng(8)
    arm = np.arange(100) % 2
    covered = 0
    for _ in range(1000):
        time, censored = rng.exponential(size=100) * np.exp(-0.5 * arm), rng.exponential(3.0, size=100)
        fit = survival.cox(np.minimum(time, censored), time <= censored, arm, conf_level=0.9)
        covered += int(fit.conf_low[0] <= math.exp(0.5) <= fit.conf_high[0])
    assert 0.875 < covered / 1000 < 0.925
