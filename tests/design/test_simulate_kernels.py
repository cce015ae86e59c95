"""The parts that simulated trials are made of, each against something slower that is surely right."""

import math

import numpy as np
import pytest

from equipoise._kernel import KERNELS
from equipoise.design.simulation import cut, look_kernels, plain_kernels
from equipoise.design.simulation.cox_at_looks import cox_of_shares
from equipoise.design.simulation.largest_of_normals import largest_p, order_of_tests
from equipoise.design.simulation.numbers import entries_of_spacings, negative_logs
from equipoise.design.simulation.stopping import Stopping
from equipoise.design.weighted.log_rank_weights import read_tests
from equipoise.survival._multivariate_normal import box_probability


def test_the_logarithm_is_right_to_the_last_bits_everywhere():
    rng = np.random.default_rng(1)
    u = np.concatenate(
        [rng.random(200_000), 1.0 - np.exp2(-rng.uniform(1, 52, 2_000)), np.exp2(-rng.uniform(1, 1000, 2_000)), [0.5]]
    )
    u = u[u < 1.0]
    found = u.copy()
    negative_logs(found)
    assert (np.abs(found + np.log(u)) <= 4e-16 * np.abs(np.log(u))).all()


def test_entries_follow_the_accrual_and_are_sorted():
    # a quarter in months 0 to 10, none to month 20, three quarters to month 30
    accrual = np.array([[0.0, 0.0, 40.0], [0.25, 20.0, 40.0 / 3.0]])
    entry = np.empty(40_000)
    entries_of_spacings(np.random.default_rng(2).exponential(size=40_001), 40_000, accrual, entry)
    assert (np.diff(entry) >= 0.0).all()
    assert not ((entry > 10.0) & (entry < 20.0)).any()
    assert entry.max() <= 30.0
    assert abs((entry <= 10.0).mean() - 0.25) < 4 * math.sqrt(0.25 * 0.75 / 40_000)


@pytest.mark.parametrize("span", [1.0, 50.0, 5000.0])
def test_looks_are_at_the_events_that_a_sort_finds(span):
    rng = np.random.default_rng(3)
    for _ in range(20):
        happens = rng.exponential(40.0, 300)
        happens[rng.random(300) < 0.3] = np.inf
        ranks = np.array([1, 2, 50, 120, 280])
        dates, reached = np.empty(5), np.empty(5, np.int64)
        looks = cut.Looks(ranks, np.empty(0), np.inf, span)
        cut.cut_dates(happens, 999.0, looks, np.empty(513, np.int64), np.empty(300), dates, reached)
        assert (dates[:4] == np.sort(happens)[ranks[:4] - 1]).all()
        assert dates[4] == 999.0
        assert reached.tolist() == [1, 1, 1, 1, 0]


def test_rows_are_in_the_order_of_a_sort():
    rng = np.random.default_rng(4)
    for scale in (0.01, 1.0, 10.0):  # most in one bin, evenly spread, most cut off
        time = np.minimum(rng.exponential(scale, 500), 5.0)
        rows, starts = np.arange(501), np.empty(502, np.int64)
        ordered, order = np.empty(500), np.empty(500, np.int64)
        cut.order_by_time(time, rows, 400, 5.0, starts, ordered, order)
        assert (ordered[:400] == np.sort(time[:400])).all()
        assert (time[order[:400]] == ordered[:400]).all()
        assert sorted(order[:400].tolist()) == list(range(400))


def test_arms_without_events_have_no_finite_hazard_ratio():
    share = np.full(10, 0.5)
    assert cox_of_shares(share, 10, 0, 0.0)[0] == -np.inf
    assert cox_of_shares(share, 10, 10, 0.0)[0] == np.inf
    assert np.isnan(cox_of_shares(share, 0, 0, 0.0)).all()
    # equal shares: the ratio of the counts
    beta, std_error = cox_of_shares(share, 10, 2, 0.0)
    assert beta == pytest.approx(math.log(2 / 8))
    assert std_error == pytest.approx(1 / math.sqrt(10 * 0.2 * 0.8))


@pytest.mark.parametrize("words", ["maxcombo", ["logrank", "fh:0:1"], ["fh:1:0", "fh:0:1", "fh:1:1"]])
def test_the_tail_of_the_largest_of_normals_is_that_of_the_slow_integral(words):
    weights = read_tests(words)
    order, dependent = order_of_tests(weights)
    curve = np.linspace(1.0, 0.4, 200)
    w = np.array([weights[i].of(curve) for i in order])
    joint = w @ w.T
    correlation = joint / np.sqrt(np.outer(joint.diagonal(), joint.diagonal()))
    largest = np.array([-1.0, 0.5, 2.0, 3.5, np.nan])
    found = largest_p(largest, np.broadcast_to(correlation, (5, *correlation.shape)), dependent)
    for value, p in zip(largest[:4], found[:4], strict=True):
        k = len(weights)
        exact = 1.0 - box_probability(np.full(k, -np.inf), np.full(k, value), correlation)
        assert p == pytest.approx(exact, abs=1e-7)
    assert np.isnan(found[4])


def test_a_trial_stops_at_the_first_bound_it_crosses_and_nan_crosses_none():
    stopping = Stopping((3.0, 2.0), (0.0, -math.inf), (-math.inf, -2.0))
    z = np.array([[3.0, 0.0], [1.0, 2.5], [-0.5, 2.5], [1.0, 0.0], [np.nan, 2.0], [1.0, np.nan], [1.0, -3.0]])
    look, what = stopping.decide(z, np.full(z.shape, 10.0), np.ones(z.shape), (5, 10))
    assert look.tolist() == [0, 1, 0, 1, 1, 1, 1]
    assert what.tolist() == [1, 1, 2, 0, 1, 0, 3]


def test_every_kernel_of_the_simulation_has_one_signature():
    mine = [k for k in KERNELS if k.py_func.__module__ in {m.__name__ for m in (cut, look_kernels, plain_kernels)}]
    assert len(mine) > 10
    assert {k.py_func.__name__: len(k.signatures) for k in mine if len(k.signatures) > 1} == {}
