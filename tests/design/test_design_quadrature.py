"""The grid on which designs integrate."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.design.weighted._quadrature import Grid


@given(power=st.sampled_from([0.0, 0.25, 0.5, 1.0, 3.0]), end=st.floats(0.1, 200.0))
def test_powers_of_time_are_integrated_to_every_node(power: float, end: float) -> None:
    grid = Grid((end / 3,), end, end)
    found = grid.cumulative(grid.t**power) / end ** (power + 1)
    exact = (grid.t / end) ** (power + 1) / (power + 1)
    # a quarter power has its branch point at 0, which the grading of the first piece makes smooth
    assert found == pytest.approx(exact, abs=1e-12)


def test_the_whole_integral_is_the_sum_of_the_weights() -> None:
    grid = Grid((1.0, 2.5, 9.0), 7.0, 2.0)
    assert float(np.exp(-grid.t) @ grid.weight) == pytest.approx(1 - np.exp(-7.0), abs=1e-14)


def test_what_remains_is_exact_where_little_does() -> None:
    grid = Grid((1.0, 2.5, 9.0), 80.0, 1.0)
    values = np.array([np.exp(-grid.t), 3.0 * np.exp(-grid.t)])
    remains = np.exp(-grid.t) - np.exp(-80.0)
    early = grid.t < 79.0
    assert grid.remaining(values)[0, early] == pytest.approx(remains[early], rel=1e-11)
    assert grid.remaining(values)[1] == pytest.approx(3.0 * grid.remaining(values)[0])


def test_values_between_nodes_are_interpolated() -> None:
    grid = Grid((1.0, 2.5), 7.0, 2.0)
    times = np.linspace(0.0, 7.0, 300)
    assert grid.between(np.cos(grid.t), times) == pytest.approx(np.cos(times), abs=1e-10)


def test_breaks_that_are_one_but_for_rounding_make_no_piece() -> None:
    assert Grid((3.0, 3.0 + 1e-13), 7.0, 7.0).t.size == Grid((3.0,), 7.0, 7.0).t.size
