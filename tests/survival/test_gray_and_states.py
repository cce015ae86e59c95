"""Gray's test and occupation probabilities: what must hold beyond the comparison with R, and refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from equipoise import survival
from equipoise.errors import DataError, NoEventsError

TIME, CAUSE, GROUP = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1, 2, 0, 1, 2, 1], list("ababab")


def test_without_competing_events_grays_test_compares_as_the_logrank_test_does() -> None:
    # The numerator is then the log-rank's; the variance is another estimate of the same.
    rng = np.random.default_rng(4)
    n = 3000
    time, event, group = rng.exponential(size=n), rng.integers(0, 2, n), rng.integers(0, 2, n)
    gray, plain = survival.gray_test(time, event, group), survival.logrank(time, event, group)
    assert gray.score[1] == pytest.approx(plain.observed[1] - plain.expected[1], rel=1e-9)
    assert gray.z == pytest.approx(plain.z, rel=0.01)


def test_grays_test_sees_an_incidence_that_differs_while_the_hazard_of_the_cause_does_not() -> None:
    rng = np.random.default_rng(1)
    n = 4000
    group = np.arange(n) % 2
    first, second = rng.exponential(1.0, n), rng.exponential(np.where(group, 0.25, 4.0))
    end = 0.5
    time = np.minimum(np.minimum(first, second), end)
    cause = np.where(time == end, 0, np.where(first < second, 1, 2))
    assert survival.gray_test(time, cause, group).p_value < 1e-10
    assert survival.gray_test(time, cause, group).z < 0
    assert survival.logrank(time, cause == 1, group).p_value > 0.01


def test_a_group_that_is_left_alone_adds_nothing() -> None:
    # R: cuminc(1:10, rep(1, 10), c(0, 0, 0, 1, 1, 1, 0, 0, 1, 1))$Tests; the incidence under the null hypothesis
    # comes to 1 before the last two events
    test = survival.gray_test(range(1, 11), [1] * 10, [0, 0, 0, 1, 1, 1, 0, 0, 1, 1])
    assert test.statistic == pytest.approx(1.75056131094, rel=1e-11)


def test_the_last_group_has_the_sign() -> None:
    test = survival.gray_test([1, 2, 3, 4, 5, 6], [1, 1, 1, 0, 2, 1], [0, 0, 0, 1, 1, 1])
    assert test.z < 0
    assert test.z**2 == pytest.approx(test.statistic)
    assert test.events == (3, 1)
    assert test.score.sum() == pytest.approx(0.0, abs=1e-12)


def test_two_states_are_kaplan_meier() -> None:
    rng = np.random.default_rng(6)
    time, event = rng.integers(1, 15, 70), rng.integers(0, 2, 70)
    found = survival.occupation_probabilities(
        np.arange(70), np.zeros(70), time, ["alive"] * 70, np.where(event, "dead", "alive")
    )
    curve = survival.kaplan_meier(time, event, variance="robust")
    np.testing.assert_allclose(found.probability[:, 0], curve.survival, atol=1e-13)
    np.testing.assert_allclose(found.std_error[:, 0], curve.std_error, atol=1e-13)
    assert found.entered[:, 1].sum() == event.sum()


def test_competing_risks_are_the_cumulative_incidences() -> None:
    rng = np.random.default_rng(7)
    time, cause = rng.integers(1, 15, 70), rng.integers(0, 3, 70)
    names = np.array(["free", "one", "two"])
    found = survival.occupation_probabilities(np.arange(70), np.zeros(70), time, ["free"] * 70, names[cause])
    incidence = survival.cumulative_incidence(time, cause, variance="delta")
    for k in (1, 2):
        at = found.at(incidence.curve(k).time, names[k])
        np.testing.assert_allclose(at.probability, incidence.curve(k).incidence, atol=1e-13)
        np.testing.assert_allclose(at.std_error, incidence.curve(k).std_error, atol=1e-12)


def test_cutting_a_stay_in_two_changes_nothing_and_probabilities_sum_to_1() -> None:
    rows = [(1, 0, 3, "a", "b"), (1, 3, 7, "b", "c"), (2, 0, 5, "a", "a"), (3, 0, 4, "a", "c"), (4, 1, 6, "b", "a")]
    cut = [(1, 0, 2, "a", "a"), (1, 2, 3, "a", "b"), *rows[1:]]
    found = [survival.occupation_probabilities(*zip(*r, strict=True)) for r in (rows, cut)]
    at = [found[0].at([3, 4, 5, 6], state).probability for state in "abc"]
    again = [found[1].at([3, 4, 5, 6], state).probability for state in "abc"]
    np.testing.assert_allclose(at, again, atol=1e-14)
    np.testing.assert_allclose(found[0].probability.sum(axis=1), 1.0, atol=1e-14)
    np.testing.assert_allclose(found[0].at([6], "a").std_error, found[1].at([6], "a").std_error, atol=1e-14)


def test_an_estimated_start_adds_its_sampling_error() -> None:
    # Half begin in a, half in b, and nobody moves but one: before that the share is 1/2 with error sqrt(1/4/n).
    n = 40
    begin = np.where(np.arange(n) % 2, "a", "b")
    to = begin.copy()
    to[0] = "c"
    args = (np.arange(n), np.zeros(n), np.arange(n, 2 * n), begin, to)
    known, estimated = (survival.occupation_probabilities(*args, start_known=k) for k in (True, False))
    assert known.at(n, "a").std_error[0] == 0.0
    assert estimated.at(n, "a").std_error[0] == pytest.approx((0.25 / n) ** 0.5)


def test_the_rows_may_come_in_any_order() -> None:
    rng = np.random.default_rng(3)
    n = 1200  # more participants than one range holds
    first = rng.exponential(size=n) + 0.1
    second = first + rng.exponential(size=n) + 0.1
    columns = [
        np.r_[np.arange(n), np.arange(n)],
        np.r_[np.zeros(n), first],
        np.r_[first, second],
        np.r_[np.full(n, "well"), np.full(n, "ill")],
        np.r_[np.full(n, "ill"), np.where(rng.random(n) < 0.6, "dead", "ill")],
    ]
    p = rng.permutation(2 * n)
    one, other = (survival.occupation_probabilities(*rows) for rows in (columns, [c[p] for c in columns]))
    np.testing.assert_array_equal(one.std_error, other.std_error)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: survival.gray_test(TIME, CAUSE, ["a"] * 6), "group: only one group, 'a'"),
        (lambda: survival.gray_test(TIME, CAUSE, GROUP, cause=3), "event: no events of cause 3 among 6 rows"),
        (lambda: survival.gray_test([1, 2, 3, 4], [0, 0, 1, 1], list("aabb")), "event: at no event are participants"),
        (
            lambda: survival.occupation_probabilities([1, 1], [0, 1], [2, 3], ["a", "a"], ["a", "b"]),
            "entry: before the end of the stay before in row 1",
        ),
        (
            lambda: survival.occupation_probabilities([1, 1], [0, 2], [2, 3], ["a", "c"], ["b", "b"]),
            "from_state: not the state that the stay before led to in row 1",
        ),
        (lambda: survival.occupation_probabilities([1], [2], [2], ["a"], ["b"]), "entry: not before time in row 0"),
        (lambda: survival.occupation_probabilities([1], [0], [2], ["a"], ["a"]), "to_state: nobody moves"),
        (
            lambda: survival.occupation_probabilities([1], [0], [2], ["a"], ["b"]).at(1, "z"),
            "state: 'z' is unknown; states are ['a', 'b']",
        ),
    ],
)
def test_what_cannot_be_used_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(DataError) as refused:
        call()
    assert str(refused.value).startswith(message)


def test_a_test_without_events_of_the_cause_raises_no_events() -> None:
    with pytest.raises(NoEventsError):
        survival.gray_test(TIME, [0, 2, 0, 2, 2, 0], GROUP)
