"""What must hold for every group-sequential design."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from equipoise.design.sequential.crossing import crossing_probabilities
from equipoise.design.sequential.group_sequential import GroupSequential

SPENDING = st.sampled_from(
    ["spending:obrien-fleming", "spending:pocock", "spending:hsd:-4", "spending:hsd:2", "spending:kim-demets:2"]
)
CLASSICAL = st.sampled_from(["obrien-fleming", "pocock", "wang-tsiatis:0.25"])


@st.composite
def fractions(draw: st.DrawFn, least: int = 1, most: int = 7) -> NDArray[np.float64]:
    """Information fractions that end at 1 and may be close."""
    steps = np.array(draw(st.lists(st.integers(1, 60), min_size=least, max_size=most)), dtype=float)
    return np.cumsum(steps) / steps.sum()


@given(fractions(), SPENDING | CLASSICAL, st.floats(0.001, 0.2), st.sampled_from([1, 2]))
def test_all_alpha_is_spent_and_the_bounds_spend_it(
    information: NDArray[np.float64], bounds: str, alpha: float, sides: int
) -> None:
    design = GroupSequential(information, alpha=alpha, sides=sides, bounds=bounds)
    assert design.alpha_spent[-1] == pytest.approx(alpha, rel=1e-9)
    lower = -math.inf if sides == 1 else -design.critical_values
    exits = crossing_probabilities(information, lower, design.critical_values)
    assert sides * np.cumsum(exits.upper) == pytest.approx(design.alpha_spent, rel=1e-9, abs=1e-15)


@given(fractions(), SPENDING | CLASSICAL, st.floats(0.005, 0.1), st.floats(0.5, 0.97), st.sampled_from([1, 2]))
def test_the_drift_gives_the_power_and_no_look_is_free(
    information: NDArray[np.float64], bounds: str, alpha: float, power: float, sides: int
) -> None:
    design = GroupSequential(information, alpha=alpha, sides=sides, bounds=bounds, power=power)
    assert design.power() == pytest.approx(power, abs=1e-10)
    assert design.inflation >= 1.0 - 1e-9
    assert design.expected_information() <= 1.0 + 1e-12
    assert design.power(0.0) == pytest.approx(alpha / sides, rel=1e-9)


@given(fractions(least=2), CLASSICAL, st.data())
def test_more_looks_of_one_shape_never_decrease_the_last_critical_value(
    information: NDArray[np.float64], bounds: str, data: st.DataObject
) -> None:
    dropped = data.draw(st.integers(0, information.size - 2))
    more = GroupSequential(information, alpha=0.025, bounds=bounds)
    fewer = GroupSequential(np.delete(information, dropped), alpha=0.025, bounds=bounds)
    assert more.critical_values[-1] >= fewer.critical_values[-1] - 1e-9


@given(fractions(least=2), SPENDING, st.data())
def test_more_looks_of_one_spending_function_never_decrease_the_inflation(
    information: NDArray[np.float64], bounds: str, data: st.DataObject
) -> None:
    dropped = data.draw(st.integers(0, information.size - 2))
    options: dict[str, Any] = {"alpha": 0.025, "bounds": bounds, "power": 0.9}
    more = GroupSequential(information, **options)
    fewer = GroupSequential(np.delete(information, dropped), **options)
    assert more.inflation >= fewer.inflation - 1e-9


@given(fractions(), SPENDING, SPENDING, st.floats(0.01, 0.1), st.floats(0.6, 0.95))
def test_futility_costs_power_and_binding_futility_less(
    information: NDArray[np.float64], bounds: str, futility: str, alpha: float, power: float
) -> None:
    options: dict[str, Any] = {"alpha": alpha, "bounds": bounds, "power": power}
    plain = GroupSequential(information, **options)
    free = GroupSequential(information, futility=futility, **options)
    bound = GroupSequential(information, futility=futility, binding=True, **options)
    assert free.inflation >= plain.inflation - 1e-9
    assert bound.inflation <= free.inflation + 1e-9
    assert np.all(bound.critical_values <= free.critical_values + 1e-9)
    assert free.power(0.0) <= alpha * (1 + 1e-9)
    assert bound.power(0.0) == pytest.approx(alpha, rel=1e-9)
    for design in (free, bound):
        assert design.power() == pytest.approx(power, abs=1e-9)
        assert design.power(heed_futility=False) >= power - 1e-9


@given(fractions(), SPENDING, st.floats(0.3, 1.0))
def test_information_in_another_unit_is_the_same_test(
    information: NDArray[np.float64], bounds: str, unit: float
) -> None:
    one = GroupSequential(information, alpha=0.025, bounds=bounds, power=0.9)
    other = GroupSequential(unit * information, alpha=0.025, bounds=bounds, power=0.9, spending_time=information)
    assert other.critical_values == pytest.approx(one.critical_values, abs=1e-10)
    assert other.drift * math.sqrt(unit) == pytest.approx(one.drift, abs=1e-9)
    assert other.inflation == pytest.approx(one.inflation, abs=1e-9)


@given(fractions(), SPENDING | CLASSICAL, st.floats(0.0, 6.0), st.floats(0.0, 6.0))
def test_power_rises_with_the_drift(information: NDArray[np.float64], bounds: str, one: float, other: float) -> None:
    design = GroupSequential(information, alpha=0.025, bounds=bounds)
    low, high = sorted((one, other))
    assert design.power(low) <= design.power(high) + 1e-12


@given(fractions(most=5), fractions(most=5), SPENDING | CLASSICAL, st.floats(0.3, 1.3), st.booleans())
def test_moved_looks_spend_all_of_alpha(
    planned: NDArray[np.float64], came: NDArray[np.float64], bounds: str, end: float, futility: bool
) -> None:
    options: dict[str, Any] = {"futility": "spending:hsd:-4", "power": 0.9} if futility else {}
    plan = GroupSequential(planned, alpha=0.025, bounds=bounds, **options)
    interim = plan.at(end * came, last=False)
    assume(came.size == 1 or interim.alpha_spent[-2] < 0.0249)  # an interim look beyond the maximum leaves nothing
    moved = plan.at(end * came)
    assert moved.alpha_spent[-1] == pytest.approx(0.025, rel=1e-8)
    assert moved.critical_values[:-1] == pytest.approx(interim.critical_values[:-1], abs=1e-9)
    assert np.all(moved.futility_values <= moved.critical_values)
