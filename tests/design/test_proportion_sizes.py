"""Sizes for two proportions: rpact's, R's enumeration of Fisher's test, and invariants."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.design.fixed.proportions import proportion_power, proportion_size
from equipoise.design.formulas import two_proportions
from equipoise.errors import DesignError

RPACT = json.loads((Path(__file__).parent.parent / "data" / "design" / "rpact_sizes.json").read_text())


@pytest.mark.parametrize("case", RPACT["proportions"], ids=lambda case: f"{case['control']}-{case['margin']}")
def test_score_sizes_agree_with_rpact_with_and_without_a_margin(case: dict[str, float]) -> None:
    # rpact_sizes.R: getSampleSizeRates, Farrington and Manning where there is a margin
    size = proportion_size(
        case["experimental"], case["control"], alpha=0.025, power=0.9, ratio=case["ratio"], margin=case["margin"]
    )
    assert size.n == pytest.approx(case["n"], rel=1e-10)


def test_fisher_s_power_agrees_with_the_enumeration_in_r() -> None:
    # sum over x in 0:80, y in 0:40 of dbinom(x, 80, .78) dbinom(y, 40, .6) where
    # phyper(x - 1, 80, 40, x + y, lower.tail = FALSE) <= .025
    found = proportion_power(120, 0.78, 0.6, alpha=0.025, ratio=2, method="fisher")
    assert found == pytest.approx(0.455945401733, rel=1e-11)


def test_the_formula_of_the_checker_is_the_score_one() -> None:
    size = proportion_size(0.78, 0.60, alpha=0.05, sides=2, power=0.8)
    assert size.n / 2 == pytest.approx(two_proportions(0.05, 2, 0.8, 0.6, 0.78), rel=1e-12)


def test_fleiss_s_correction_by_hand() -> None:
    # Fleiss, Levin and Paik 2003, equation 4.15: n/4 (1 + sqrt(1 + 4 / (n d)))^2 an arm
    plain = two_proportions(0.05, 2, 0.8, 0.6, 0.78)
    corrected = plain / 4 * (1 + math.sqrt(1 + 4 / (plain * 0.18))) ** 2
    size = proportion_size(0.78, 0.60, alpha=0.05, sides=2, power=0.8, method="continuity")
    assert size.n / 2 == pytest.approx(corrected, rel=1e-12)


def test_cohen_s_arcsine_by_hand() -> None:
    h = 2 * math.asin(math.sqrt(0.78)) - 2 * math.asin(math.sqrt(0.60))
    n = 2 * ((1.959963984540054 + 0.8416212335729143) / h) ** 2
    assert proportion_size(0.78, 0.60, alpha=0.05, sides=2, power=0.8, method="arcsine").n / 2 == pytest.approx(n)


@given(
    control=st.floats(0.05, 0.9),
    gain=st.floats(0.03, 0.3),
    ratio=st.floats(0.3, 3),
    target=st.floats(0.3, 0.95),
    method=st.sampled_from(("score", "unpooled", "continuity", "arcsine")),
)
def test_the_power_of_a_size_of_proportions_is_the_one_asked_for(**drawn: Any) -> None:
    control = drawn["control"]
    experimental = min(control + drawn["gain"], 0.98)
    shared: dict[str, Any] = {"alpha": 0.025, "ratio": drawn["ratio"], "method": drawn["method"]}
    size = proportion_size(experimental, control, power=drawn["target"], **shared)
    assert proportion_power(size.n, experimental, control, **shared) == pytest.approx(drawn["target"], rel=1e-9)


@given(one=st.floats(0.1, 0.9), other=st.floats(0.1, 0.9).filter(lambda p: p > 0), ratio=st.floats(0.3, 3))
def test_counting_deaths_or_survivors_needs_as_many(one: float, other: float, ratio: float) -> None:
    if abs(one - other) < 0.02:
        return
    alive = proportion_size(one, other, alpha=0.025, power=0.9, ratio=ratio)
    dead = proportion_size(1 - one, 1 - other, alpha=0.025, power=0.9, ratio=ratio)
    assert dead.n == pytest.approx(alive.n, rel=1e-9)


@pytest.mark.parametrize("method", ["fisher", "exact-score"])
def test_exact_sizes_have_the_power_and_keep_it(method: str) -> None:
    size = proportion_size(0.8, 0.5, alpha=0.025, power=0.8, method=method)
    assert size.n == size.n_rounded
    for n in (size.n, size.n + 2):
        assert proportion_power(n, 0.8, 0.5, alpha=0.025, method=method) >= 0.8
    before = [proportion_power(size.n - less, 0.8, 0.5, alpha=0.025, method=method) for less in (2, 4)]
    assert min(before) < 0.8


def test_fisher_s_test_is_never_larger_than_alpha() -> None:
    for p in (0.1, 0.3, 0.5, 0.8):
        assert proportion_power(60, p, p, alpha=0.05, method="fisher") <= 0.05


def test_the_exact_score_test_agrees_with_a_simulation_at_a_margin() -> None:
    random = np.random.default_rng(3)
    found = proportion_power(200, 0.75, 0.75, alpha=0.05, margin=0.15, method="exact-score")
    approximate = proportion_power(200, 0.75, 0.75, alpha=0.05, margin=0.15)
    assert found == pytest.approx(approximate, abs=0.03)
    x, y = random.binomial(100, 0.75, 20_000) / 100, random.binomial(100, 0.75, 20_000) / 100
    wald = (x - y + 0.15) / np.sqrt(np.maximum(x * (1 - x) + y * (1 - y), 1e-9) / 100)
    assert found == pytest.approx((wald > 1.6448536).mean(), abs=0.03)


def test_a_size_of_proportions_shows_itself() -> None:
    size = proportion_size(0.75, 0.75, alpha=0.025, power=0.9, margin=0.1, ratio=1.5, loss=0.1)
    assert "margin 0.1" in str(size)
    assert size.n == pytest.approx(size.n_evaluable / 0.9)
    assert size.n_rounded % 5 == 0
    assert size.to_frame().height == 4


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"experimental": 0.6}, "null hypothesis"),
        ({"experimental": 0.4, "margin": 0.1}, "null hypothesis or beyond"),
        ({"experimental": 1.0}, "between 0 and 1"),
        ({"power": 0.01}, "power"),
        ({"method": "wald"}, "give one of"),
        ({"method": "fisher", "margin": 0.1}, "margins need"),
        ({"method": "fisher", "ratio": math.pi}, "small whole numbers"),
        ({"method": "fisher", "experimental": 0.605}, "approximate method"),
    ],
)
def test_what_proportions_cannot_be_is_refused(asked: dict[str, Any], says: str) -> None:
    usual = {"experimental": 0.78, "control": 0.6, "alpha": 0.025, "power": 0.8}
    with pytest.raises(DesignError, match=says):
        proportion_size(**{**usual, **asked})
