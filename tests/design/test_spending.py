"""Spending functions: the protocol's words, their values, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from equipoise.design.sequential.spending import read_spending
from equipoise.errors import DesignError

FUNCTIONS = [
    "spending:obrien-fleming",
    "spending:pocock",
    "spending:hsd:-4",
    "spending:hsd:0",
    "spending:hsd:3",
    "spending:kim-demets:0.5",
    "spending:kim-demets:2",
]


def spent(words: str, time: float, total: float, sides: int = 1) -> float:
    return float(read_spending(words, "bounds").spent(np.array([time]), total, sides)[0])


def test_each_word_means_its_formula() -> None:
    # Lan and DeMets 1983; Hwang, Shih and DeCani 1990; Kim and DeMets 1987
    a, t = 0.025, 0.4
    assert spent("spending:obrien-fleming", t, a) == pytest.approx(
        2 - 2 * ndtr(-ndtri(a / 2) / math.sqrt(t)), abs=1e-15
    )
    assert spent("spending:pocock", t, a) == pytest.approx(a * math.log(1 + (math.e - 1) * t), rel=1e-14)
    assert spent("spending:hsd:-4", t, a) == pytest.approx(a * (1 - math.exp(4 * t)) / (1 - math.exp(4)), rel=1e-14)
    assert spent("spending:kim-demets:2", t, a) == pytest.approx(a * t * t, rel=1e-14)


@pytest.mark.parametrize("words", FUNCTIONS)
def test_two_sides_spend_twice_what_one_side_spends_of_half(words: str) -> None:
    assert spent(words, 0.3, 0.05, sides=2) == pytest.approx(2 * spent(words, 0.3, 0.025), rel=1e-15)


@given(st.sampled_from(FUNCTIONS), st.floats(1e-6, 0.4), st.lists(st.floats(0.01, 1.3), min_size=1, max_size=6))
def test_what_is_spent_never_falls_and_ends_at_everything(words: str, total: float, times: list[float]) -> None:
    values = read_spending(words, "bounds").spent(np.sort([*times, 1.0]), total)
    assert np.all(np.diff(values) >= 0.0)
    assert values[0] >= 0.0
    assert values[-1] == total


def test_a_function_of_the_user_gives_shares() -> None:
    spending = read_spending(lambda t: t**3, "bounds")
    assert spending.spent(np.array([0.5, 1.0]), 0.04, 2) == pytest.approx([0.005, 0.04])


def test_amounts_by_look_are_total_over_the_sides() -> None:
    spending = read_spending("spending:cumulative:0.01,0.05", "bounds")
    assert spending.spent(np.array([0.2, 1.0]), 0.05, 2) == pytest.approx([0.01, 0.05])


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("spending:haybittle", "is no spending function"),
        ("obrien", "is no spending function"),
        ("spending:pocock:2", "takes no parameter"),
        ("spending:hsd", "a number is missing"),
        ("spending:hsd:x", "'x' is not a number"),
        ("spending:hsd:nan", "'nan' is not a number"),
        ("spending:hsd:100", "from -40 to 40"),
        ("spending:kim-demets:0", "above 0"),
        ("spending:cumulative:", "a number is missing"),
        ("spending:cumulative:0.02,0.01", "amounts fall"),
        ("spending:cumulative:-0.1,0.01", "from 0 up"),
    ],
)
def test_words_that_mean_nothing_are_refused(words: str, complaint: str) -> None:
    with pytest.raises(DesignError, match=complaint):
        read_spending(words, "bounds")


@pytest.mark.parametrize(
    ("times", "total", "complaint"),
    [
        ([0.3, 0.6, 1.0], 0.05, "2 amounts for 3 looks"),
        ([0.5, 1.0], 0.04, "spends 0.05 of 0.04"),
        ([0.5, 1.0], 0.06, "let the last amount be 0.06"),
    ],
)
def test_amounts_that_do_not_fit_the_looks_are_refused(times: list[float], total: float, complaint: str) -> None:
    spending = read_spending("spending:cumulative:0.01,0.05", "bounds")
    with pytest.raises(DesignError, match=complaint):
        spending.spent(np.array(times), total)


@pytest.mark.parametrize(
    "share", [lambda t: 1 - t, lambda t: 0.5 * t, lambda t: 0.5 + 0.5 * t, lambda t: 2 * t * (2 - t)]
)
def test_functions_that_fall_or_do_not_run_from_nothing_to_everything_are_refused(share: object) -> None:
    spending = read_spending(share, "bounds")
    with pytest.raises(DesignError, match="rises from 0 at 0 to 1 at 1"):
        spending.spent(np.array([0.5, 0.9]), 0.05)
