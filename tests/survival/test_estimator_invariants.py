"""What must hold on any data, for the estimators beyond Kaplan-Meier, log-rank and Cox."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from equipoise import survival
from equipoise.errors import DataError

Data = dict[str, np.ndarray]
bounded = settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def trials(draw: st.DrawFn) -> Data:
    """Tied times, causes, two groups and strata of 8 to 40 participants, both groups followed to the end."""
    n = draw(st.integers(8, 40))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    time = rng.integers(1, draw(st.sampled_from([5, 12, 10**6])), n).astype(float)
    group = np.arange(n) % 2
    time[-2:] = time.max() + 1
    return {
        "time": time,
        "event": np.append(rng.integers(0, 2, n - 2), [0, 0]),
        "cause": np.append(rng.integers(0, 3, n - 2), [0, 0]),
        "group": group,
        "stratum": rng.integers(0, 2, n),
    }


def possible(function: Any, *args: Any, **options: Any) -> Any:
    """The result, on data that allow the test."""
    try:
        return function(*args, **options)
    except DataError:
        assume(False)
        raise


@bounded
@given(trials(), st.sampled_from([1e-9, 1 / 30.4375, 7.0, 1e9]))
def test_the_unit_of_time_changes_no_test(d: Data, unit: float) -> None:
    time, scaled = d["time"], d["time"] * unit
    for function, event in ((survival.gray_test, d["cause"]), (survival.max_combo, d["event"])):
        one, other = (possible(function, t, event, d["group"], strata=d["stratum"]) for t in (time, scaled))
        assert one.statistic == other.statistic
        assert one.p_value == other.p_value
    star = float(np.median(time))
    tests = [
        possible(survival.logrank, t, d["event"], d["group"], t_star=s)
        for t, s in ((time, star), (scaled, star * unit))
    ]
    assert tests[0].z == tests[1].z
    means = [survival.rmst(t, d["event"], d["group"], tau=t.max()) for t in (time, scaled)]
    np.testing.assert_allclose(means[1].value, means[0].value * unit, rtol=1e-12)
    assert means[0].ratio == pytest.approx(means[1].ratio, rel=1e-12)


def test_times_closer_than_the_tolerance_are_ties_for_every_test() -> None:
    # 1.5e-8 times the mean is 6e-8 here; the gaps are 1e-9, as times computed from dates have
    exact = np.array([1.0, 1, 2, 2, 2, 3, 4, 4, 5, 6, 7, 9])
    near = exact + 1e-9 * np.array([0, 1, -1, 0, 1, 0, 0, 1, 0, 0, 0, 0])
    cause, group = np.array([1, 2, 1, 1, 0, 1, 2, 1, 1, 0, 1, 0]), np.arange(12) % 2
    event = (cause > 0).astype(int)
    for function, kind in ((survival.logrank, event), (survival.max_combo, event), (survival.gray_test, cause)):
        assert function(near, kind, group).statistic == function(exact, kind, group).statistic
    assert survival.gray_test(near, cause, group, time_tolerance=0).statistic != pytest.approx(
        survival.gray_test(exact, cause, group).statistic, rel=1e-6
    )
    assert survival.win_ratio([(near, event)], group).wins == survival.win_ratio([(exact, event)], group).wins
    hazards = [survival.nelson_aalen(time, event).hazard for time in (near, exact)]
    np.testing.assert_array_equal(hazards[0], hazards[1])


@bounded
@given(trials())
def test_the_order_of_rows_changes_no_more_than_rounding(d: Data) -> None:
    p = np.random.default_rng(d["time"].size).permutation(d["time"].size)
    q = {name: values[p] for name, values in d.items()}
    gray = [possible(survival.gray_test, v["time"], v["cause"], v["group"], strata=v["stratum"]) for v in (d, q)]
    assert gray[0].statistic == pytest.approx(gray[1].statistic, rel=1e-10, abs=1e-14)
    combo = [possible(survival.max_combo, v["time"], v["event"], v["group"]) for v in (d, q)]
    assert combo[0].p_value == pytest.approx(combo[1].p_value, rel=1e-10)


@bounded
@given(trials())
def test_scores_and_variances_of_grays_test_add_up_over_strata(d: Data) -> None:
    whole = possible(survival.gray_test, d["time"], d["cause"], d["group"], strata=d["stratum"])
    score, variance = np.zeros(2), np.zeros((2, 2))
    for s in (0, 1):
        rows = d["stratum"] == s
        assume(rows.any())
        try:
            part = survival.gray_test(d["time"][rows], d["cause"][rows], d["group"][rows])
        except DataError:  # one group alone, or no event of the cause: both add nothing
            continue
        score, variance = score + part.score, variance + part.variance
    np.testing.assert_allclose(whole.score, score, atol=1e-12)
    np.testing.assert_allclose(whole.variance, variance, rtol=1e-9, atol=1e-12)


@bounded
@given(trials())
def test_exchanging_the_groups_turns_every_comparison_round(d: Data) -> None:
    other = 1 - d["group"]
    tau = d["time"].max()
    means = [survival.rmst(d["time"], d["event"], g, tau=tau) for g in (d["group"], other)]
    assert means[0].difference == -means[1].difference
    assert means[0].ratio == pytest.approx(1 / means[1].ratio)
    gray = [possible(survival.gray_test, d["time"], d["cause"], g) for g in (d["group"], other)]
    assert gray[0].z == pytest.approx(-gray[1].z, rel=1e-9, abs=1e-12)
    wins = [possible(survival.win_ratio, [(d["time"], d["event"])], g) for g in (d["group"], other)]
    assert wins[0].wins == wins[1].losses
    assert wins[0].ratio == pytest.approx(1 / wins[1].ratio)


@bounded
@given(trials())
def test_states_of_a_course_without_return_sum_to_1_and_equal_the_incidences(d: Data) -> None:
    assume((d["cause"] > 0).any())
    n = d["time"].size
    found = survival.occupation_probabilities(np.arange(n), np.zeros(n), d["time"], np.zeros(n, int), d["cause"])
    np.testing.assert_allclose(found.probability.sum(axis=1), 1.0, atol=1e-12)
    incidence = survival.cumulative_incidence(d["time"], d["cause"])
    for k in incidence.causes:
        np.testing.assert_allclose(
            found.at(incidence.curve(k).time, k).probability, incidence.curve(k).incidence, atol=1e-12
        )


@bounded
@given(trials(), st.floats(0.1, 0.9))
def test_conditional_survival_times_survival_so_far_is_survival(d: Data, share: float) -> None:
    given_time = float(np.quantile(d["time"], share))
    assume(given_time < d["time"].max())
    curve = survival.kaplan_meier(d["time"], d["event"])
    later = survival.conditional_survival(d["time"], d["event"], given=given_time)
    so_far = curve.at(given_time).survival[0]
    np.testing.assert_allclose(curve.at(later.time).survival, so_far * later.survival, atol=1e-12)


@bounded
@given(trials())
def test_the_cumulative_hazard_is_above_minus_log_survival_by_ties_only(d: Data) -> None:
    hazard = survival.nelson_aalen(d["time"], d["event"])
    curve = survival.kaplan_meier(d["time"], d["event"])
    alive = curve.survival > 0
    assert (hazard.hazard[alive] <= -np.log(curve.survival[alive]) + 1e-12).all()


@bounded
@given(trials())
def test_interval_censored_masses_sum_to_1_and_meet_the_tolerance(d: Data) -> None:
    high = np.where(d["event"] == 1, d["time"], np.inf)
    low = np.where(d["event"] == 1, np.maximum(d["time"] - 1.0 - d["group"], 0.0), d["time"])
    found = survival.turnbull(low, high)
    assert found.mass.sum() == pytest.approx(1.0, rel=1e-12)
    assert found.gap <= 1e-8
