"""Survival functions, accrual, rounding and the root finder that designs are made of."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.design._roots import find_root, find_root_above
from equipoise.design.accrual import Accrual
from equipoise.design.rounding import block_of, round_up, whole_participants
from equipoise.design.survival_function import Survival
from equipoise.errors import DesignError

rate = st.floats(1e-4, 0.5)
survivals = st.builds(
    lambda steps, rates, cured: Survival(
        cuts=tuple(np.cumsum(steps).tolist()), rates=tuple(rates[: len(steps) + 1]), cured=cured
    ),
    st.lists(st.floats(0.5, 20), max_size=3),
    st.lists(rate, min_size=4, max_size=4),
    st.sampled_from((0.0, 0.1, 0.6)),
)
times = st.floats(0, 200)


def test_the_ways_to_say_an_exponential_agree() -> None:
    by_median = Survival.from_median(20)
    assert by_median == Survival.exponential(math.log(2) / 20)
    assert Survival.from_survival(0.5, 20).rates[0] == pytest.approx(by_median.rates[0], rel=1e-15)
    assert by_median.median == pytest.approx(20, rel=1e-15)


def test_a_piecewise_hazard_by_hand() -> None:
    group = Survival.piecewise([2, 5], [0.1, 0.0, 0.3])
    assert group.survival(1.0) == pytest.approx(math.exp(-0.1))
    assert group.survival(5.0) == pytest.approx(math.exp(-0.2))
    assert group.survival(7.0) == pytest.approx(math.exp(-0.8))
    assert group.hazard(2.0) == 0.0  # at a cut the next piece begins
    assert group.hazard(np.array([0.0, 3.0, 5.0])).tolist() == [0.1, 0.0, 0.3]
    assert group.median == pytest.approx(5 + (math.log(2) - 0.2) / 0.3)


def test_a_cured_fraction_never_has_the_event() -> None:
    group = Survival.exponential(0.1).with_cure(0.4)
    assert group.survival(math.inf) == pytest.approx(0.4)
    assert group.survival(5.0) == pytest.approx(0.4 + 0.6 * math.exp(-0.5))
    assert group.median == pytest.approx(-math.log((0.5 - 0.4) / 0.6) / 0.1)
    assert group.with_cure(0.6).median == math.inf
    assert group.hazard(0.0) == pytest.approx(0.06)


@given(group=survivals, t=times)
def test_survival_hazard_and_density_are_one_function(group: Survival, t: float) -> None:
    assert group.survival(t) == pytest.approx(math.exp(-group.cumulative_hazard(t)), rel=1e-12)
    assert group.density(t) == pytest.approx(group.hazard(t) * group.survival(t), rel=1e-9, abs=1e-300)
    step = 1e-6 * (1 + t)
    lost = group.survival(t) - group.survival(t + step)
    if np.searchsorted(group.cuts, t, side="right") == np.searchsorted(group.cuts, t + step, side="right"):
        assert lost / step == pytest.approx(group.density(t), rel=1e-4, abs=1e-9)


@given(group=survivals, fraction=st.floats(0.01, 0.99))
def test_quantiles_invert_survival(group: Survival, fraction: float) -> None:
    month = group.quantile(fraction)
    if math.isfinite(month):
        assert group.survival(month) == pytest.approx(1 - fraction, rel=1e-9)
    else:
        assert group.cured >= 1 - fraction


@given(group=survivals, tau=st.floats(0.1, 100))
def test_the_restricted_mean_is_the_area_under_survival(group: Survival, tau: float) -> None:
    edges = np.array([0.0, *(cut for cut in group.cuts if cut < tau), tau])
    nodes, weights = np.polynomial.legendre.leggauss(40)
    area = 0.0
    for start, end in itertools.pairwise(edges):
        t = start + (end - start) * (nodes + 1) / 2
        area += (end - start) / 2 * float(weights @ group.survival(t))
    assert group.restricted_mean(tau) == pytest.approx(area, rel=1e-9)


@given(group=survivals, cuts=st.lists(st.floats(0.1, 60), min_size=1, max_size=3), t=times)
def test_more_cuts_change_nothing(group: Survival, cuts: list[float], t: float) -> None:
    assert group.refined(cuts).survival(t) == pytest.approx(group.survival(t), rel=1e-12)


def test_hazards_are_scaled_and_added_piece_by_piece() -> None:
    one, other = Survival.piecewise([3], [0.1, 0.2]), Survival.piecewise([5], [0.01, 0.02])
    both = one.competing_with(other)
    assert both.survival(9.0) == pytest.approx(one.survival(9.0) * other.survival(9.0), rel=1e-14)
    assert one.times([0.5, 2.0]).rates == (0.05, 0.4)
    assert one.scaled(0.5).rates == (0.05, 0.1)
    with pytest.raises(DesignError, match="cured"):
        one.competing_with(other.with_cure(0.1))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda: Survival.exponential(-1), "from 0 up"),
        (lambda: Survival.from_median(0), "median"),
        (lambda: Survival.from_survival(1.0, 12), "between 0 and 1"),
        (lambda: Survival.piecewise([5, 3], [1, 1, 1]), "increasing"),
        (lambda: Survival.piecewise([0], [1, 1]), "above 0"),
        (lambda: Survival.piecewise([5], [1]), "one rate more"),
        (lambda: Survival.exponential(0.1).with_cure(1.0), "below 1"),
        (lambda: Survival.exponential(0.1).times([1, 2]), "one a piece"),
        (lambda: Accrual((5, 3), (1, 1)), "increasing"),
        (lambda: Accrual((), ()), "one rate a period"),
        (lambda: Accrual((5,), (0,)), "nobody"),
        (lambda: Accrual((5,), (-1,)), "from 0 up"),
        (lambda: Accrual((5,), (math.nan,)), "from 0 up"),
        (lambda: Accrual.uniform(100, 0), "accrual"),
        (lambda: Accrual.uniform(100, 10).time_of(101), "lengthen accrual"),
        (lambda: Accrual((6, math.inf), (1, 2)).scaled_to(100), "until"),
    ],
)
def test_what_is_no_survival_and_no_accrual_is_refused(wrong, says: str) -> None:
    with pytest.raises(DesignError, match=says):
        wrong()


def test_accrual_counts_who_came_in() -> None:
    accrual = Accrual.periods((2, 3, 5), (10, 0, 4))
    assert accrual.ends == (2, 5, 10)
    assert accrual.total == 40
    assert accrual.enrolled(np.array([0.0, 1, 2, 4, 6, 10, 99])).tolist() == [0, 10, 20, 20, 24, 40, 40]
    assert accrual.time_of(20) == 2
    assert accrual.time_of(24) == 6
    assert accrual.scaled_to(80).rates == (20, 0, 8)
    assert accrual.until(4).total == 20
    assert accrual.until(20).total == 80  # the last rate goes on


def test_accrual_may_go_on_for_ever() -> None:
    accrual = Accrual((6, math.inf), (22, 53))
    assert accrual.total == math.inf
    assert accrual.enrolled(10.0) == 22 * 6 + 53 * 4
    assert accrual.time_of(185) == 7


@given(n=st.floats(0.5, 999), t=st.floats(0.1, 60))
def test_enrolment_and_its_time_are_inverse(n: float, t: float) -> None:
    accrual = Accrual((t, 2 * t, 4 * t), (1, 3, 2)).scaled_to(1000)
    assert accrual.enrolled(accrual.time_of(n)) == pytest.approx(n, rel=1e-9)


@pytest.mark.parametrize(
    ("ratio", "block"), [(1, (1, 1)), (2, (1, 2)), (0.5, (2, 1)), (1.5, (2, 3)), (4 / 3, (3, 4)), (math.pi, (1, 1))]
)
def test_blocks_are_the_smallest_whole_numbers_of_the_ratio(ratio: float, block: tuple[int, int]) -> None:
    assert block_of(ratio) == block


def test_counts_are_rounded_up_and_a_hair_is_none() -> None:
    assert round_up(359.27) == 360
    assert round_up(66.0000000001) == 66
    assert whole_participants(212.9, 1) == (107, 107)
    assert whole_participants(218.14, 2) == (73, 146)
    assert whole_participants(100.0, math.pi) == (25, 76)


@given(root=st.floats(-50, 50), width=st.floats(0.1, 100))
def test_the_root_finder_finds_roots_to_the_last_digits(root: float, width: float) -> None:
    def function(x: float) -> float:
        return math.tanh((x - root) / 10) + ((x - root) / 40) ** 3

    assert find_root(function, root - width, root + 2 * width) == pytest.approx(root, rel=1e-11, abs=1e-11)


def test_no_change_of_sign_is_no_solution() -> None:
    with pytest.raises(DesignError, match="no solution between 1 and 2"):
        find_root(lambda x: x, 1, 2)
    assert find_root_above(lambda x: -1 / (1 + x), 0, 1) is None
    assert find_root_above(lambda x: x - 12345.678, 0, 1) == pytest.approx(12345.678, rel=1e-12)
