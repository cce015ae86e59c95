"""Shapes of an effect: what the experimental arm's survival is."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.design.effects import (
    crossing_hazards,
    cure_effect,
    delayed_effect,
    diminishing_effect,
    piecewise_effect,
    proportional,
)
from equipoise.design.survival_function import Survival
from equipoise.errors import DesignError

CONTROL = Survival.piecewise((4.0, 10.0), (0.1, 0.05, 0.02))
TIMES = np.array([0.0, 1.0, 3.9, 4.0, 5.9, 6.0, 9.9, 10.0, 30.0])


def ratio(experimental: Survival) -> np.ndarray:
    return experimental.hazard(TIMES) / CONTROL.hazard(TIMES)


def test_a_delayed_effect_begins_after_the_delay() -> None:
    assert ratio(delayed_effect(CONTROL, 6.0, 0.5)) == pytest.approx([1, 1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5])


def test_crossing_hazards_cross_once() -> None:
    assert ratio(crossing_hazards(CONTROL, 1.5, 0.5, 6.0)) == pytest.approx([1.5] * 5 + [0.5] * 4)


def test_a_diminishing_effect_fades_in_equal_steps_of_the_log_ratio() -> None:
    experimental = diminishing_effect(CONTROL, 0.5, 2.0, 10.0, steps=2)
    # steps from 2 to 6 and 6 to 10 months, at three and one quarters of the log ratio
    expected = [0.5, 0.5] + [0.5**0.75] * 3 + [0.5**0.25] * 2 + [1.0, 1.0]
    assert ratio(experimental) == pytest.approx(expected)
    from_the_start = diminishing_effect(CONTROL, 0.5, 0.0, 6.0, steps=1)
    assert ratio(from_the_start) == pytest.approx([0.5**0.5] * 5 + [1.0] * 4)


@given(cut=st.floats(0.1, 40.0), first=st.floats(0.1, 5.0), then=st.floats(0.1, 5.0))
def test_any_pieces_multiply_the_hazard_of_control(cut: float, first: float, then: float) -> None:
    experimental = piecewise_effect(CONTROL, (cut,), (first, then))
    assert ratio(experimental) == pytest.approx(np.where(cut <= TIMES, then, first))


def test_a_proportional_effect_is_the_scaled_control() -> None:
    assert proportional(CONTROL, 0.7).survival(TIMES) == pytest.approx(CONTROL.survival(TIMES) ** 0.7)


def test_a_cure_effect_leaves_the_hazard_of_the_uncured() -> None:
    control = CONTROL.with_cure(0.2)
    experimental = cure_effect(control, 0.5)
    assert experimental.cured == 0.5
    assert experimental.uncured_hazard(TIMES) == pytest.approx(CONTROL.hazard(TIMES))
    assert experimental.survival(1e4) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: delayed_effect(CONTROL, 0.0, 0.5), "delay"),
        (lambda: delayed_effect(CONTROL, 6.0, 0.0), "hazard_ratio"),
        (lambda: crossing_hazards(CONTROL, 0.9, 0.5, 6.0), "do not cross"),
        (lambda: diminishing_effect(CONTROL, 0.5, 8.0, 6.0), "cannot fade"),
        (lambda: piecewise_effect(CONTROL, (3.0,), (0.5,)), "one ratio more than cuts"),
        (lambda: piecewise_effect(CONTROL, (3.0, 2.0), (0.5, 0.6, 0.7)), "increasing"),
        (lambda: cure_effect(CONTROL.with_cure(0.4), 0.3), "below the control arm"),
    ],
)
def test_impossible_effects_are_refused(wrong: Callable[[], Survival], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        wrong()
