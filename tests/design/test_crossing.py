"""The recursion over the looks, against closed forms, another quadrature, simulation and itself on finer panels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.special import ndtr, owens_t

from equipoise.design.sequential.crossing import crossing_probabilities, solve_bounds
from equipoise.design.sequential.crossing_kernels import CLOSED, SYMMETRIC
from equipoise.design.sequential.spending import read_spending
from equipoise.errors import DesignError

Floats = NDArray[np.float64]


def by_trapezoids(information: Floats, lower: Floats, upper: Floats, drift: float, points: int) -> Floats:
    """Upper exits by plain trapezoids in the score, another rule than the package's."""
    exits, w, mass, before = [], np.zeros(1), np.ones(1), 0.0
    for now, low, high in zip(information, lower, upper, strict=True):
        root, step = math.sqrt(now), math.sqrt(now - before)
        exits.append(float(mass @ ndtr(-((high * root - w) / step - drift * step))))
        target = np.linspace(max(low * root, drift * now - 9 * root), min(high * root, drift * now + 9 * root), points)
        apart = (target[:, None] - w[None, :]) / step - drift * step
        density = np.exp(-0.5 * apart**2) @ mass / (step * math.sqrt(2 * math.pi))
        weight = np.full(points, target[1] - target[0])
        weight[[0, -1]] *= 0.5
        w, mass, before = target, density * weight, now
    return np.array(exits)


def test_the_first_look_and_an_open_second_one_are_plain_normal_tails() -> None:
    exits = crossing_probabilities([0.4, 1.0], [-math.inf, 1.0], [math.inf, 1.0], drift=2.0)
    assert exits.upper == pytest.approx([0.0, ndtr(1.0)], abs=1e-15)
    assert exits.lower == pytest.approx([0.0, ndtr(-1.0)], abs=1e-15)


@pytest.mark.parametrize("share", [0.005, 0.3, 0.5, 0.9, 0.995])
def test_two_looks_are_the_bivariate_normal_of_owen(share: float) -> None:
    # P(Z1 < z, Z2 < z) = Phi(z) - 2 T(z, sqrt((1 - r) / (1 + r))) for correlation r (Owen, Annals of Mathematical
    # Statistics 1956;27:1075-1090)
    z, r = 1.7, math.sqrt(share)
    both = ndtr(z) - 2 * owens_t(z, math.sqrt((1 - r) / (1 + r)))
    exits = crossing_probabilities([share, 1.0], -math.inf, z)
    assert exits.upper.sum() == pytest.approx(1 - both, abs=1e-14)


@pytest.mark.parametrize(
    ("information", "lower", "upper", "drift"),
    [
        ([0.2, 0.4, 0.6, 0.8, 1.0], -math.inf, 2.4, 0.0),
        ([0.2, 0.4, 0.6, 0.8, 1.0], 0.0, 2.4, 2.5),
        ([0.5, 0.505, 1.0], -2.2, 2.2, 0.0),
        ([0.5, 0.505, 0.51, 1.0], -1.0, 2.2, 3.0),
    ],
)
def test_exits_are_those_of_another_quadrature(
    information: list[float], lower: float, upper: float, drift: float
) -> None:
    # trapezoids err by a constant over the square of the number of points: two sizes give the limit
    looks = np.array(information)
    low, high = np.full(looks.size, lower), np.full(looks.size, upper)
    coarse, fine = (by_trapezoids(looks, low, high, drift, points) for points in (1001, 2001))
    exits = crossing_probabilities(looks, low, high, drift=drift)
    assert exits.upper == pytest.approx((4 * fine - coarse) / 3, abs=2e-8)


def test_exits_are_those_of_simulated_walks() -> None:
    rng = np.random.default_rng(20)
    information, drift, n = np.array([0.2, 0.5, 0.52, 1.0]), 1.5, 400_000
    steps = np.diff(information, prepend=0.0)
    score = np.cumsum(drift * steps + np.sqrt(steps) * rng.standard_normal((n, 4)), axis=1)
    z = score / np.sqrt(information)
    lower, upper = np.array([-1.0, 0.0, 0.1, 1.9]), np.array([2.8, 2.4, 2.2, 1.9])
    outside = (z <= lower) | (z >= upper)
    first = outside.argmax(axis=1)
    left = z[np.arange(n), first]
    exits = crossing_probabilities(information, lower, upper, drift=drift)
    for look in range(4):
        above = float(np.mean((first == look) & (left >= upper[look])))
        below = float(np.mean((first == look) & (left <= lower[look])))
        assert above == pytest.approx(exits.upper[look], abs=5 * math.sqrt(exits.upper[look] / n))
        assert below == pytest.approx(exits.lower[look], abs=5 * math.sqrt(exits.lower[look] / n))


@st.composite
def looks(draw: st.DrawFn, most: int = 8) -> Floats:
    """Information that may be as close as 1e-5 of the whole, and as uneven as it likes."""
    steps = draw(st.lists(st.floats(-5.0, 0.0), min_size=1, max_size=most))
    return np.cumsum(10.0 ** np.array(steps))


@given(looks(), st.floats(0.5, 4.0), st.floats(-4.0, 0.4), st.floats(-4.0, 4.0))
def test_finer_panels_change_no_exit(information: Floats, upper: float, lower: float, drift: float) -> None:
    k, scaled = information.size, drift / math.sqrt(information[-1])
    low, high = np.full(k, lower), np.full(k, upper)
    plain = solve_bounds(information, low, high, drifts=(scaled, scaled))
    finer = solve_bounds(information, low, high, drifts=(scaled, scaled), width=1.5)
    assert plain.upper_exit == pytest.approx(finer.upper_exit, abs=1e-12)
    assert plain.lower_exit == pytest.approx(finer.lower_exit, abs=1e-12)


@given(looks(), st.sampled_from(["obrien-fleming", "pocock", "hsd:-4", "hsd:4", "kim-demets:3"]), st.floats(-6, -0.7))
def test_finer_panels_change_no_solved_bound(information: Floats, words: str, size: float) -> None:
    times = information / information[-1]
    spent = read_spending(f"spending:{words}", "bounds").spent(times, 10.0**size)
    unknown, wanted = np.full(times.size, np.nan), np.diff(spent, prepend=0.0)
    for form in (CLOSED, SYMMETRIC):
        plain, finer = (
            solve_bounds(information, unknown * 0 - np.inf, unknown, upper_wanted=wanted, form=form, width=width)
            for width in (5.0, 1.5)
        )
        assert plain.upper == pytest.approx(finer.upper, abs=1e-9)
        assert plain.upper_exit == pytest.approx(wanted, rel=1e-9, abs=1e-300)


@given(looks(), st.floats(1e-3, 1e3), st.floats(0.5, 3.0), st.floats(-3.0, 3.0))
def test_the_unit_of_information_changes_nothing(information: Floats, unit: float, z: float, drift: float) -> None:
    scaled = drift / math.sqrt(information[-1])
    one = crossing_probabilities(information, -z, z, drift=scaled)
    other = crossing_probabilities(unit * information, -z, z, drift=scaled / math.sqrt(unit))
    assert one.upper == pytest.approx(other.upper, abs=1e-12)
    assert one.expected_information * unit == pytest.approx(other.expected_information, rel=1e-9)


@given(looks(), st.floats(0.5, 3.0), st.floats(-3.0, 3.0))
def test_turning_the_sign_exchanges_the_bounds(information: Floats, z: float, drift: float) -> None:
    scaled = drift / math.sqrt(information[-1])
    one = crossing_probabilities(information, -1.0, z, drift=scaled)
    other = crossing_probabilities(information, -z, 1.0, drift=-scaled)
    assert one.upper == pytest.approx(other.lower, abs=1e-13)
    assert one.lower == pytest.approx(other.upper, abs=1e-13)


def test_bounds_that_meet_leave_nothing() -> None:
    exits = crossing_probabilities([0.3, 0.6, 1.0], [0.0, 0.5, 2.0], [3.0, 2.5, 2.0], drift=1.0)
    assert exits.upper.sum() + exits.lower.sum() == pytest.approx(1.0, abs=1e-14)
    assert exits.stopping.sum() == pytest.approx(1.0, abs=1e-14)


def test_bounds_that_meet_early_end_there() -> None:
    exits = crossing_probabilities([0.3, 0.6, 1.0], [0.0, 1.0, 0.0], [3.0, 1.0, 2.0])
    assert exits.upper[2] == 0.0
    assert exits.upper[:2].sum() + exits.lower[:2].sum() == pytest.approx(1.0, abs=1e-14)


def test_tiny_exits_keep_their_relative_accuracy() -> None:
    # the later of two looks, far out: a path that ends above 12 was near 12 sqrt(0.9) = 11.4 at the first
    exits = crossing_probabilities([0.9, 1.0], -math.inf, [math.inf, 12.0])
    assert exits.upper[1] == pytest.approx(float(ndtr(-12.0)), rel=1e-12)


def test_fifty_looks_keep_the_sum_of_all_exits() -> None:
    information = np.arange(1, 51) / 50
    lower, upper = np.full(50, -1.5), np.full(50, 2.9)
    lower[-1] = upper[-1]
    exits = crossing_probabilities(information, lower, upper, drift=2.0)
    assert exits.upper.sum() + exits.lower.sum() == pytest.approx(1.0, abs=1e-13)


def test_the_table_shows_each_look() -> None:
    exits = crossing_probabilities([0.5, 1.0], -1.96, 1.96)
    assert exits.to_frame()["probability_above"].to_list() == pytest.approx(exits.upper)
    assert "First crossings at drift 0" in str(exits)


@pytest.mark.parametrize(
    ("information", "lower", "upper", "words"),
    [
        ([], 0.0, 1.0, "no looks"),
        ([0.5, 0.5], 0.0, 1.0, "does not increase"),
        ([0.5, 0.5 + 1e-8], 0.0, 1.0, "hardly increases"),
        ([0.0, 1.0], 0.0, 1.0, "positive"),
        ([math.nan, 1.0], 0.0, 1.0, "positive"),
        (["a"], 0.0, 1.0, "not numbers"),
        ([0.5, 1.0], [0.0], 1.0, "1 bounds for 2 looks"),
        ([0.5, 1.0], [0.0, math.nan], 1.0, "look 2 has no bound"),
        ([0.5, 1.0], [0.0, 2.0], 1.0, "at look 2 it is 2, above the upper bound 1"),
    ],
)
def test_impossible_looks_and_bounds_are_refused(
    information: list[float], lower: object, upper: object, words: str
) -> None:
    with pytest.raises(DesignError, match=words):
        crossing_probabilities(information, lower, upper)


def test_a_drift_that_is_no_number_is_refused() -> None:
    with pytest.raises(DesignError, match="drift"):
        crossing_probabilities([1.0], 0.0, 1.0, drift=math.nan)
