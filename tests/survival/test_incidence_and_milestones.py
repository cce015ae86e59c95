"""Cumulative incidence, milestone survival, follow-up and mean numbers of events."""

from __future__ import annotations

import math

import numpy as np
import pytest

from equipoise import survival


def test_incidence_is_not_1_less_kaplan_meier_when_causes_compete() -> None:
    # Worked by hand: at risk 4, 3, 2, 1; F1 = 1/4 at 1, + 1/2 * 1/2 at 3; F2 = 1/4 at 2, + 1/4 * 1 at 4.
    found = survival.cumulative_incidence([1, 2, 3, 4], [1, 2, 1, 2])
    assert found.curve(1).incidence.tolist() == [0.25, 0.25, 0.5, 0.5]
    assert found.curve(2).incidence.tolist() == [0.0, 0.25, 0.25, 0.5]
    assert (1 - survival.kaplan_meier([1, 2, 3, 4], [1, 0, 1, 0]).survival[-1]) == pytest.approx(0.625)
    assert found.at(9, cause=1).incidence[0] == 0.5  # nobody is left without an event
    assert found.at(0.5, cause=1).incidence[0] == 0.0


def test_incidence_by_group_is_that_of_each_group_alone() -> None:
    rng = np.random.default_rng(2)
    n = 90
    time, cause, group = rng.integers(1, 15, n), rng.integers(0, 3, n), rng.choice(["x", "y", "z"], n)
    entry = (time * 0.4).round()
    together = survival.cumulative_incidence(time, cause, group=group, entry=entry)
    for label in together.groups:
        rows = group == label
        alone = survival.cumulative_incidence(time[rows], cause[rows], entry=entry[rows])
        for k in (1, 2):
            one, other = together.curve(k, label), alone.curve(k)
            for name in ("time", "at_risk", "events", "incidence", "std_error"):
                np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-12)


def test_causes_keep_their_codes() -> None:
    found = survival.cumulative_incidence([1, 2, 3, 4], [7, 0, 3, 7])
    assert found.causes == (3, 7)
    assert found.at(3, cause=3).incidence[0] == pytest.approx(3 / 8)


def test_limits_of_an_incidence_are_log_log() -> None:
    at = survival.cumulative_incidence(range(1, 21), [1, 2] * 10).at(10, cause=1)
    f, se = at.incidence[0], at.std_error[0]
    width = 1.959963984540054 * se / (f * math.log(f))
    assert at.conf_low[0] == pytest.approx(f ** math.exp(-width))
    assert at.conf_high[0] == pytest.approx(f ** math.exp(width))


def test_a_milestone_difference_is_the_last_group_less_the_first() -> None:
    time, event, arm = [1, 2, 3, 4, 5, 6, 7, 8], [1, 1, 0, 1, 0, 1, 0, 0], ["A"] * 4 + ["B"] * 4
    found = survival.milestone(time, event, arm, at=4)
    curves = [survival.kaplan_meier(time[i : i + 4], event[i : i + 4]).at(4) for i in (0, 4)]
    assert found.survival.tolist() == [curve.survival[0] for curve in curves] == [0.0, 1.0]
    found = survival.milestone(time, event, arm, at=2)
    assert found.difference is not None
    assert found.difference.value == pytest.approx(0.5)
    assert found.difference.std_error == pytest.approx(0.25)  # Greenwood: sqrt(0.5 * 0.5 / 4), and 0
    assert found.difference.z == pytest.approx(2.0)
    assert found.difference.p_value == pytest.approx(0.04550026)  # 2 * pnorm(-2)
    assert found.difference.conf_low == pytest.approx(0.5 - 1.959964 * 0.25, abs=1e-6)
    assert survival.milestone(time, event, at=4).difference is None


def test_a_milestone_beyond_a_groups_follow_up_is_not_estimated() -> None:
    found = survival.milestone([1, 2, 8, 9], [1, 0, 0, 0], ["A", "A", "B", "B"], at=5)
    assert math.isnan(found.survival[0])
    assert found.difference is not None
    assert math.isnan(found.difference)
    assert math.isnan(found.difference.p_value)


def test_median_follow_up_has_three_definitions() -> None:
    time, event = [2, 4, 6, 8, 10], [1, 0, 1, 0, 0]
    # reverse Kaplan-Meier: at 4 of 4 at risk one is censored (3/4), at 8 one of 2 (3/8)
    assert survival.median_follow_up(time, event).value == 8
    assert survival.median_follow_up(time, event, method="observed").value == 6
    assert survival.median_follow_up(time, event, method="survivors").value == 8
    assert survival.median_follow_up(time, event, method="survivors").n == 3


def test_without_death_and_censoring_the_mean_number_is_the_average() -> None:
    rng = np.random.default_rng(9)
    count = rng.integers(0, 5, 30)
    who = np.concatenate([np.arange(30), np.repeat(np.arange(30), count)])
    time = np.concatenate([np.full(30, 10.0), rng.uniform(0, 10, count.sum())])
    event = np.concatenate([np.zeros(30, int), np.ones(count.sum(), int)])
    found = survival.mean_cumulative_function(who, time, event)
    assert found.mean[-1] == pytest.approx(count.mean())
    assert found.std_error[-1] == pytest.approx(count.std() / math.sqrt(30))


def test_who_has_died_has_no_more_events_and_is_not_taken_as_censored() -> None:
    # Of 2 participants one dies at 1 without an event, the other has its event at 2: the mean is 1/2, not 1.
    found = survival.mean_cumulative_function([1, 2, 2], [1.0, 2.0, 3.0], [2, 1, 0])
    assert found.at(2.5).mean[0] == 0.5
    censored = survival.mean_cumulative_function([1, 2, 2], [1.0, 2.0, 3.0], [0, 1, 0])
    assert censored.at(2.5).mean[0] == 1.0


def test_the_variance_of_the_mean_number_is_the_sum_of_squared_influences_with_ties() -> None:
    # The integrals of Ghosh and Lin (2000), written out for each participant.
    rng = np.random.default_rng(12)
    n = 25
    end, died = rng.integers(3, 12, n), rng.integers(0, 2, n)
    who, time = [], []
    for i in range(n):
        events = rng.integers(1, end[i] + 1, rng.integers(0, 4))
        who += [i] * events.size
        time += events.tolist()
    people, times = np.array(who), np.array(time)
    found = survival.mean_cumulative_function(
        np.concatenate([people, np.arange(n)]),
        np.concatenate([times, end]),
        np.concatenate([np.ones(people.size, int), 2 * died]),
    )
    t = 9
    grid = np.arange(1, t + 1)
    at_risk = np.array([(end >= u).sum() for u in grid])
    d_events = np.array([(times == u).sum() for u in grid]) / at_risk
    d_deaths = np.array([((end == u) & (died == 1)).sum() for u in grid]) / at_risk
    before = np.concatenate([[1.0], np.cumprod(1 - d_deaths)[:-1]])
    mu = np.cumsum(before * d_events)
    total = 0.0
    for i in range(n):
        y = end[i] >= grid
        own = np.array([((people == i) & (times == u)).sum() for u in grid]) - y * d_events
        own_death = ((end[i] == grid) & (died[i] == 1)) - y * d_deaths
        total += ((before * own / at_risk).sum() - ((mu[-1] - mu) * own_death / at_risk).sum()) ** 2
    at = found.at(t)
    assert at.mean[0] == pytest.approx(mu[-1], rel=1e-12)
    assert at.std_error[0] == pytest.approx(math.sqrt(total), rel=1e-10)


def test_the_mean_count_by_a_time_compares_groups() -> None:
    who, time = [1, 1, 2, 3, 3, 3, 4], [1.0, 5.0, 5.0, 2.0, 3.0, 5.0, 5.0]
    event, arm = [1, 0, 0, 1, 1, 0, 2], ["A", "A", "A", "B", "B", "B", "B"]
    found = survival.mean_cumulative_count(who, time, event, arm, at=4)
    assert found.mean.tolist() == [0.5, 1.0]
    assert found.n == (2, 2)
    assert found.difference is not None
    assert found.difference.value == 0.5
    # means of (1, 0) and (2, 0): variances 1/8 and 1/2 of the influence
    assert found.difference.std_error == pytest.approx(math.sqrt(1 / 8 + 1 / 2))
