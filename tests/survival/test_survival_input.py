"""What the estimators take, and how they refuse what they cannot."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest
from shown import assert_shows_itself

from equipoise import survival
from equipoise.errors import DataError, NoEventsError

TIME, EVENT, GROUP = [1.0, 2.0, 3.0, 4.0], [1, 0, 1, 1], ["b", "a", "b", "a"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: survival.kaplan_meier([], []), "time: no rows"),
        (lambda: survival.kaplan_meier([1, -2, 3], [1, 1, 1]), "time: negative value in row 1;"),
        (lambda: survival.kaplan_meier([1, None, 3, None], [1] * 4), "time: missing value in rows 1, 3;"),
        (lambda: survival.kaplan_meier([1, math.inf], [1, 1]), "time: infinite value in row 1;"),
        (lambda: survival.kaplan_meier(["x", "y"], [1, 1]), "time: numbers are needed"),
        (lambda: survival.kaplan_meier([[1, 2]], [1, 1]), "time: 1 dimension needed, 2 given"),
        (lambda: survival.kaplan_meier(TIME, [1, 0, 1]), "event: 3 rows, but time has 4"),
        (lambda: survival.kaplan_meier(TIME, [1, 0, 2, 1]), "event: value other than 0 and 1 in row 2;"),
        (
            lambda: survival.kaplan_meier(TIME, [1, 0.5, 1, 1]),
            "event: value other than 0, 1, 2, ... in row 1;",
        ),
        (lambda: survival.kaplan_meier(TIME, [1, 0, None, 1]), "event: missing value in row 2;"),
        (
            lambda: survival.kaplan_meier(TIME, EVENT, weights=[1, 1, -1, 1]),
            "weights: negative value in row 2;",
        ),
        (lambda: survival.kaplan_meier(TIME, EVENT, weights=[0, 0, 0, 0]), "weights: all are 0"),
        (lambda: survival.kaplan_meier(TIME, EVENT, weights=[1, None, 1, 1]), "weights: missing or infinite"),
        (
            lambda: survival.kaplan_meier(TIME, EVENT, entry=[0, 2, 0, 5]),
            "entry: entry not before time in rows 1, 3;",
        ),
        (
            lambda: survival.kaplan_meier(TIME, EVENT, entry=[0, 0, 0, 4 - 1e-9]),
            "entry: tied with time in row 3;",
        ),
        (lambda: survival.kaplan_meier(TIME, EVENT, conf_type="loglog"), "conf_type: 'loglog' is unknown"),
        (lambda: survival.kaplan_meier(TIME, EVENT, conf_level=95), "conf_level: 95 is no level"),
        (lambda: survival.kaplan_meier(TIME, EVENT).quantile(1.0), "q: [1.0] must lie between 0 and 1"),
        (lambda: survival.kaplan_meier(TIME, EVENT).at([-1]), "times: negative value in row 0;"),
        (lambda: survival.logrank(TIME, EVENT, ["a"] * 4), "group: only one group, 'a'"),
        (lambda: survival.logrank(TIME, EVENT, ["a", None, "b", "b"]), "group: missing label in row 1;"),
        (lambda: survival.logrank(TIME, EVENT, [0.0, 1.0, math.nan, 1.0]), "group: missing label in row 2;"),
        (
            lambda: survival.logrank(TIME, EVENT, GROUP, strata=["x", "y", None, "x"]),
            "strata: missing label in row 2;",
        ),
        (lambda: survival.logrank(TIME, EVENT, GROUP, rho=-1), "rho, gamma: a negative power"),
        (lambda: survival.logrank(TIME, EVENT, GROUP, rho=1, weights="peto"), "weights: rho and gamma are"),
        (
            lambda: survival.cox(TIME, EVENT, {"dose": [2, 2, 2, 2]}),
            "covariate dose: the same value in every row",
        ),
        (
            lambda: survival.cox(TIME, EVENT, {"dose": [2, None, 2, 1]}),
            "covariate dose: missing or infinite value in row 1;",
        ),
        (
            lambda: survival.cox(TIME, EVENT, {"dose": ["x", "y", "x", "y"]}),
            "covariate dose: numbers are needed",
        ),
        (lambda: survival.cox(TIME, EVENT, [1, 2, 3]), "covariates: 3 rows, but time has 4"),
        (
            lambda: survival.cox(TIME, EVENT, [1, 2, 4, 3], names=["a", "b"]),
            "names: 2 given for 1 covariates",
        ),
        (lambda: survival.cox(TIME, EVENT, [1, 2, 4, 3], ties="random"), "ties: 'random' is unknown"),
        (
            lambda: survival.cox(TIME, EVENT, [1, 2, 4, 3], offset=[0, 0, 0, math.nan]),
            "offset: missing or infinite",
        ),
        (lambda: survival.median_follow_up(TIME, [1] * 4, method="survivors"), "event: every participant"),
        (
            lambda: survival.cumulative_incidence(TIME, [0, -1, 2, 1]),
            "event: value other than 0, 1, 2, ... in row 1;",
        ),
        (
            lambda: survival.cumulative_incidence(TIME, [0, 1, 2, 1]).curve(),
            "cause None, group None: 2 curves",
        ),
        (
            lambda: survival.mean_cumulative_function([1, 1], [1, 2], [1, 1]),
            "event: participant 1 has 0 ends",
        ),
        (
            lambda: survival.mean_cumulative_function([1, 1], [1, 2], [0, 2]),
            "event: participant 1 has 2 ends",
        ),
        (
            lambda: survival.mean_cumulative_function([1, 1], [3, 2], [1, 2]),
            "time: event after the participant's end",
        ),
        (
            lambda: survival.mean_cumulative_function([1, 1], [1, 2], [3, 2]),
            "event: value other than 0, 1, 2 in row 0;",
        ),
        (
            lambda: survival.mean_cumulative_count([1, 1], [1, 2], [1, 2], ["a", "b"], at=1),
            "group: participant 1 is in two",
        ),
    ],
)
def test_input_that_cannot_be_used_is_refused_with_its_rows(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(DataError) as refused:
        call()
    assert str(refused.value).startswith(message)


def test_many_bad_rows_are_counted_not_listed() -> None:
    with pytest.raises(DataError, match=r"rows 0, 1, 2, 3, 4 and 7 more;"):
        survival.kaplan_meier([-1.0] * 12, [1] * 12)


@pytest.mark.parametrize(
    "call",
    [
        lambda: survival.logrank(TIME, [0] * 4, GROUP),
        lambda: survival.logrank([1, 2, 3, 4], [0, 0, 1, 1], ["a", "a", "b", "b"]),  # at no event are both at risk
        lambda: survival.cox(TIME, [0] * 4, [1, 2, 4, 3]),
        lambda: survival.cause_specific_cox(TIME, [2, 0, 2, 2], [1, 2, 4, 3], cause=1),
    ],
)
def test_a_test_or_model_without_events_to_compare_says_so(call: Callable[[], Any]) -> None:
    with pytest.raises(NoEventsError, match=r"^event: "):
        call()


def test_estimators_return_without_events() -> None:
    curve = survival.kaplan_meier(TIME, [0] * 4)
    assert curve.survival.tolist() == [1.0] * 4
    assert math.isnan(curve.median.value)
    assert survival.cumulative_incidence(TIME, [0] * 4).at(2).incidence.tolist() == [0.0]
    assert survival.milestone(TIME, [0] * 4, at=2).survival.tolist() == [1.0]
    assert survival.mean_cumulative_function([1, 2], [1.0, 2.0], [0, 0]).mean.tolist() == [0.0, 0.0]
    assert math.isnan(survival.median_follow_up(TIME, [1] * 4).conf_high)


@pytest.mark.parametrize(
    "convert",
    [
        list,
        tuple,
        np.array,
        pl.Series,
        lambda values: np.array(values, dtype=object),
        lambda values: np.repeat(values, 2)[::2],  # not contiguous
    ],
)
def test_any_array_like_gives_the_same(convert: Callable[[list[Any]], Any]) -> None:
    expected = survival.logrank(TIME, EVENT, GROUP)
    found = survival.logrank(convert(TIME), convert(EVENT), convert(GROUP))
    assert found.z == expected.z
    assert found.groups == ("a", "b")
    assert survival.kaplan_meier(convert(TIME), convert([bool(e) for e in EVENT])).median == 3.0


def test_covariates_may_be_a_frame_a_mapping_or_an_array() -> None:
    columns = {"dose": [1.0, 2.0, 4.0, 3.0], "old": [True, False, False, True]}
    rows = np.column_stack([columns["dose"], columns["old"]])
    time, event = [4, 3, 1, 2], [1, 1, 1, 0]
    fits = [survival.cox(time, event, x) for x in (columns, pl.DataFrame(columns), rows, rows.tolist())]
    assert [fit.names for fit in fits] == [("dose", "old")] * 2 + [("x1", "x2")] * 2
    assert len({fit.log_likelihood for fit in fits}) == 1
    assert survival.cox(time, event, pl.Series("dose", columns["dose"])).names == ("dose",)
    assert survival.cox(time, event, rows, names=["a", "b"]).names == ("a", "b")


def test_groups_are_sorted_unless_their_order_is_declared() -> None:
    arms = pl.Enum(["standard", "new", "unused"])
    test = survival.logrank(TIME, EVENT, pl.Series(["new", "standard", "new", "standard"], dtype=arms))
    assert test.groups == ("standard", "new")
    assert survival.logrank(TIME, EVENT, [10, 9, 10, 9]).groups == (9, 10)
    assert survival.logrank(TIME, EVENT, [10.5, 9, 10.5, 9]).groups == (9.0, 10.5)
    assert survival.logrank(TIME, EVENT, [10**9, 9, 10**9, 9]).groups == (9, 10**9)


def test_strata_may_be_several_columns() -> None:
    rng = np.random.default_rng(1)
    n = 60
    time, event, group = rng.exponential(size=n), np.ones(n, int), rng.integers(0, 2, n)
    sex, site = rng.integers(0, 2, n), rng.choice(["x", "y", "z"], n)
    joint = survival.logrank(time, event, group, strata=[f"{a} {b}" for a, b in zip(sex, site, strict=True)])
    assert joint.strata == 6
    for strata in ([sex, site], {"sex": sex, "site": site}, pl.DataFrame({"sex": sex, "site": site})):
        assert survival.logrank(time, event, group, strata=strata).statistic == pytest.approx(
            joint.statistic, rel=1e-12
        )


def test_the_callers_arrays_are_left_alone() -> None:
    time, event, x = np.array(TIME), np.array(EVENT), np.array([[1.0], [2.0], [4.0], [3.0]])
    for array in (time, event, x):
        array.flags.writeable = False
    survival.cox(time, event, x, robust=True)
    survival.kaplan_meier(time, event, weights=time)
    assert time.tolist() == TIME


def results() -> list[Any]:
    people = [1, 1, 2, 2]
    return [
        survival.kaplan_meier(TIME, EVENT),
        survival.kaplan_meier(TIME, EVENT).quantile([0.2, 0.5]),
        survival.kaplan_meier(TIME, EVENT).at([1, 2]),
        survival.logrank(TIME, EVENT, GROUP),
        survival.cox(TIME, EVENT, {"dose": [1, 2, 4, 3]}),
        survival.cumulative_incidence(TIME, [0, 1, 2, 1], group=GROUP),
        survival.cumulative_incidence(TIME, [0, 1, 2, 1]).curve(1),
        survival.cumulative_incidence(TIME, [0, 1, 2, 1]).at(3, cause=1),
        survival.median_follow_up(TIME, EVENT),
        survival.milestone(TIME, EVENT, GROUP, at=2),
        survival.mean_cumulative_function(people, TIME, [1, 2, 1, 0]),
        survival.mean_cumulative_function(people, TIME, [1, 2, 1, 0]).at(2),
        survival.mean_cumulative_count(people, TIME, [1, 2, 1, 0], ["a", "a", "b", "b"], at=2),
    ]


@pytest.mark.parametrize("result", results(), ids=lambda result: type(result).__name__)
def test_every_result_is_a_table_a_frame_a_notebook_cell_and_can_be_sent_to_another_process(
    result: Any,
) -> None:
    assert_shows_itself(result)


def test_a_long_table_is_cut_in_the_middle() -> None:
    curve = survival.kaplan_meier(range(1, 101), [1] * 100)
    assert "... 80 rows ..." in str(curve)
    assert "80 rows not shown" in curve._repr_html_()
    assert curve.to_frame().height == 100


def test_html_is_escaped() -> None:
    assert "<b>" not in survival.logrank(TIME, EVENT, ["<b>", "x", "<b>", "x"])._repr_html_()
