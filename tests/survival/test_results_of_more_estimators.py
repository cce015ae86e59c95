"""Every further result is a table, a frame and a notebook cell, and can be sent to another process."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from shown import assert_shows_itself

from equipoise import survival

TIME, EVENT, CAUSE = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], [1, 1, 0, 1, 1, 0, 1], [1, 2, 0, 1, 2, 0, 1]
GROUP, X = list("abababa"), [0.3, 1.0, -0.5, 0.2, 0.9, -1.0, 0.4]


def results() -> list[Any]:
    states = survival.occupation_probabilities([1, 1, 2], [0, 2, 0], [2, 3, 4], ["a", "b", "a"], ["b", "c", "c"])
    adjusted = survival.rmst(TIME, EVENT, GROUP, tau=5, covariates=X)
    hazard = survival.nelson_aalen(TIME, EVENT)
    model = survival.parametric(TIME, EVENT, X)
    return [
        survival.max_combo(TIME, EVENT, GROUP),
        survival.logrank_trend(TIME, EVENT, GROUP),
        survival.gray_test(TIME, CAUSE, GROUP),
        adjusted,
        adjusted.regression,
        states,
        states.at([1, 2], "b"),
        hazard,
        hazard.at([1, 2]),
        survival.smoothed_hazard(TIME, EVENT, at=[1, 2, 3], bandwidth=3),
        survival.turnbull([0, 1, 2, 5], [2, 3, 4, np.inf]),
        model,
        model.predict([1, 2], [0.0]),
        survival.royston_parmar(TIME, EVENT, inner_knots=0),
        survival.win_ratio([(TIME, EVENT)], GROUP),
        survival.conditional_survival(TIME, EVENT, given=2),
    ]


@pytest.mark.parametrize("result", results(), ids=lambda result: type(result).__name__)
def test_every_result_shows_itself(result: Any) -> None:
    assert_shows_itself(result)


def test_numbers_that_carry_their_interval_are_numbers() -> None:
    mean = survival.kaplan_meier(TIME, EVENT).rmst(4)
    ratio = survival.rmst(TIME, EVENT, GROUP, tau=4).ratio
    assert ratio is not None
    for number in (mean, ratio):
        assert number.value == float(number)
        again = pickle.loads(pickle.dumps(number))
        assert (again, again.conf_low, again.conf_high) == (number, number.conf_low, number.conf_high)
        assert repr(number) == repr(again)
    assert mean.conf_low < mean < mean.conf_high


def test_every_kernel_is_compiled_for_one_signature_whatever_the_types_of_the_input() -> None:
    import polars as pl

    from equipoise import _kernel

    rows = [1, 1, 2, 3]
    for convert in (list, np.asarray, pl.Series):
        time, event, cause, group = convert(TIME), convert(EVENT), convert(CAUSE), convert([0, 1, 0, 1, 0, 1, 0])
        for strata in (None, convert([0, 0, 0, 0, 0, 0, 1])):
            survival.logrank(time, event, group, strata=strata, t_star=2)
            survival.max_combo(time, event, group, strata=strata)
            survival.gray_test(time, cause, group, strata=strata)
            survival.win_ratio([(time, event), (convert([3, 2, 4, 1, 5, 2, 6]), event)], group, strata=strata)
        survival.kaplan_meier(time, event)
        survival.occupation_probabilities(
            convert(rows), convert([0, 2, 0, 0]), convert([2, 3, 4, 5]), convert([1, 2, 1, 1]), convert([2, 3, 3, 1])
        )
    modules = ("_packed", "logrank", "kaplan_meier", "gray", "occupation", "win_ratio")
    mine = [k for k in _kernel.KERNELS if k.py_func.__module__.removeprefix("equipoise.survival.").startswith(modules)]
    assert len(mine) >= 14
    assert {k.py_func.__name__: len(k.signatures) for k in mine if len(k.signatures) > 1} == {}
