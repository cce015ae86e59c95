"""What a user meets: tables that say what they show, p-values that can be read, messages in plain words."""

from __future__ import annotations

import datetime as dt
import math
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from equipoise import survival
from equipoise.errors import DataError
from equipoise.survival import datasets
from equipoise.survival.max_combo import FH_DEFAULT

TIME, EVENT, GROUP = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], [1, 0, 1, 1, 1, 0, 1, 1], list("babababa")
CAUSE = [1, 2, 0, 1, 2, 1, 0, 2]
DAYS = [dt.date(2020, 1, day) for day in range(1, 9)]
LENGTHS = [day - dt.date(2019, 12, 1) for day in DAYS]
PBC = datasets.load_classic("pbc")
TABLE = PBC.to_frame().head(312)
X = {"age": TABLE["age"], "edema": TABLE["edema"], "bilirubin": TABLE["bili"].log()}
CASE_WEIGHTS: Any = np.ones(8)  # not what the type of `weights` says


@pytest.fixture(scope="module")
def fit() -> survival.Cox:
    return survival.cox(PBC.time[:312], PBC.event[:312] == 2, X)


def test_a_tiny_p_is_printed_as_below_a_limit_and_kept_in_full(fit: survival.Cox) -> None:
    assert fit.p_value[2] < 1e-20
    assert str(fit).splitlines()[4].endswith("< 0.0001")
    assert "&lt; 0.0001" in fit._repr_html_()
    assert "(p < 0.0001)" in str(fit)
    assert fit.to_frame()["p_value"].to_list() == fit.p_value.tolist()


def test_a_p_that_is_not_tiny_keeps_its_digits(fit: survival.Cox) -> None:
    lines = str(fit.proportional_hazards_test()).splitlines()
    assert [float(line.split()[-1]) for line in lines[2:]] == pytest.approx(
        fit.proportional_hazards_test().p_value, rel=1e-4
    )


@pytest.mark.parametrize(
    ("number", "ending"),
    [
        (survival.Difference(8.0, 1.0, 0.95), "p < 0.0001"),
        (survival.Difference(1.0, 1.0, 0.95), "p 0.31731"),  # R: 2 * pnorm(-1) = 0.3173105
        (survival.Ratio(20.0, 0.1, 0.95), "p < 0.0001"),
        (survival.Ratio(math.nan, 0.1, 0.95), "p -"),
    ],
)
def test_numbers_that_carry_a_test_print_their_p_as_tables_do(number: object, ending: str) -> None:
    assert repr(number).endswith(ending)


def test_profile_limits_are_a_table_with_the_ratios_and_the_level() -> None:
    stage = {"stage 1": TABLE["stage"] == 1, "bilirubin": X["bilirubin"]}
    model = survival.cox(PBC.time[:312], PBC.event[:312] == 1, stage, firth=True, conf_level=0.9)
    found = model.profile_interval()
    assert found.names == ("stage 1", "bilirubin")
    assert found.conf_level == 0.9
    assert np.array_equal(found.hazard_ratio, model.hazard_ratio)
    assert found.to_frame().columns == ["covariate", "hazard_ratio", "conf_low", "conf_high"]
    assert str(found).startswith("Hazard ratios, 90 % limits of the profile penalised likelihood\n")
    assert str(pickle.loads(pickle.dumps(found))) == str(found)


def test_the_profile_of_a_monotone_likelihood_is_open_at_one_end_only() -> None:
    stage = {"stage 1": TABLE["stage"] == 1, "bilirubin": X["bilirubin"]}
    found = survival.cox(PBC.time[:312], PBC.event[:312] == 1, stage).profile_interval()
    assert str(found).startswith("Hazard ratios, 95 % limits of the profile likelihood\n")
    assert found.hazard_ratio[0] == found.conf_low[0] == 0.0
    assert 0.0 < found.conf_high[0] < math.inf


def test_a_model_shows_its_size_and_not_its_arrays(fit: survival.Cox) -> None:
    assert repr(fit.model) == "CoxModel(age, edema, bilirubin; 312 rows, efron ties)"
    stratified = survival.cox(TIME, EVENT, [3, 1, 4, 1, 5, 9, 2, 6], strata=GROUP, ties="breslow")
    assert repr(stratified.model) == "CoxModel(x1; 8 rows, 2 strata, breslow ties)"


def test_a_concordance_says_the_level_of_its_limits() -> None:
    found = survival.cox(TIME, EVENT, [3, 1, 4, 1, 5, 9, 2, 6], conf_level=0.9).concordance()
    assert found.conf_level == 0.9
    assert str(found).startswith("Concordance, 90 % limits\n")


def test_an_incidence_that_is_read_off_says_whose_it_is() -> None:
    found = survival.cumulative_incidence(TIME, CAUSE, group=GROUP).at([2, 3], cause=2, group="b")
    assert (found.cause, found.group) == (2, "b")
    assert str(found).startswith("Cumulative incidence of cause 2, group b, 95 % limits\n")
    assert str(survival.cumulative_incidence(TIME, CAUSE).at(2, cause=1)).startswith(
        "Cumulative incidence of cause 1, 95 % limits\n"
    )


def test_a_predicted_incidence_says_the_cause_and_the_strata() -> None:
    x = {"bilirubin": X["bilirubin"]}
    model = survival.fine_gray(PBC.time[:312], PBC.event[:312], x, cause=2, strata=TABLE["sex"])
    found = model.predict_incidence({"bilirubin": [0.0, 1.0]}, [365.25, 3652.5], strata=["f", "m"])
    assert found.cause == 2
    assert str(found).startswith("Predicted cumulative incidence of cause 2\n")
    assert found.to_frame()["stratum"].to_list() == ["f", "f", "m", "m"]
    assert found.to_frame()["row"].to_list() == [0, 0, 1, 1]
    plain = survival.fine_gray(PBC.time[:312], PBC.event[:312], x, cause=2).predict_incidence([0.0], [365.25])
    assert plain.stratum == ()
    assert plain.to_frame().columns == ["row", "time", "incidence"]


@pytest.mark.parametrize(
    ("sides", "said"), [(1, ", one-sided towards fewer events in b"), (2, ", two-sided")], ids=["one", "two"]
)
def test_a_max_combo_names_its_groups_and_its_direction(sides: int, said: str) -> None:
    found = survival.max_combo(TIME, EVENT, GROUP, sides=sides)
    *_, groups, result = str(found).splitlines()
    assert groups.startswith("b against a: a negative z favours b;")
    assert result.endswith(said)
    assert found.to_frame().columns == ["rho", "gamma", "z", "p_value"]


@pytest.mark.parametrize(
    ("options", "title"),
    [
        ({}, "Log-rank"),
        ({"rho": 1}, "Log-rank, Fleming-Harrington weights (1, 0)"),
        ({"weights": "peto", "strata": list("xxxxyyyy")}, "Log-rank, peto weights, 2 strata"),
    ],
)
def test_the_title_of_a_log_rank_test_begins_with_a_capital(options: dict[str, Any], title: str) -> None:
    assert str(survival.logrank(TIME, EVENT, GROUP, **options)).splitlines()[0] == title
    assert str(survival.logrank_trend(TIME, EVENT, GROUP)).splitlines()[0] == "Trend test, log-rank"


def test_a_bandwidth_at_the_end_of_those_tried_is_said_to_be() -> None:
    # a constant hazard: the wider the window, the smaller the error
    found = survival.smoothed_hazard(np.arange(1.0, 41.0), [1, 0, 0, 0] * 10)
    assert found.at_edge == "widest"
    assert found.bandwidth == pytest.approx(37 / 2)  # half of the last event's time
    assert "the bandwidth is the widest of those tried" in str(found)


def test_a_bandwidth_within_those_tried_or_given_is_passed_over_in_silence() -> None:
    veteran = datasets.load_classic("veteran")
    chosen = survival.smoothed_hazard(veteran.time, veteran.event)
    last = veteran.time[veteran.event == 1].max()
    assert chosen.chosen
    assert last / 50 < chosen.bandwidth < last / 2
    given = survival.smoothed_hazard(veteran.time, veteran.event, bandwidth=float(last) / 2)
    for found in (chosen, given):
        assert found.at_edge is None
        assert "those tried" not in str(found)


def test_each_group_of_restricted_means_is_compared_with_the_first() -> None:
    time, event, group = TIME * 3, EVENT * 3, ["low"] * 8 + ["mid"] * 8 + ["top"] * 8
    time = [t * {"low": 1.0, "mid": 1.2, "top": 1.5}[g] for t, g in zip(time, group, strict=True)]
    found = survival.rmst(time, event, group, tau=7)
    assert [(each.reference, each.group) for each in found.comparisons] == [("low", "mid"), ("low", "top")]
    for each in found.comparisons:
        rows = [k for k, g in enumerate(group) if g in (each.reference, each.group)]
        two = survival.rmst([time[k] for k in rows], [event[k] for k in rows], [group[k] for k in rows], tau=7)
        for name in ("difference", "ratio", "lost_ratio"):
            assert repr(getattr(each, name)) == repr(getattr(two, name))
        assert f"difference ({each.group} - low) {each.difference!r}" in str(found)
        assert each.to_frame()["measure"].to_list() == ["difference", "ratio", "ratio of time lost"]
        assert str(each).startswith(f"Restricted mean survival time of {each.group} beside low, 95 % limits\n")
    for name in ("difference", "ratio", "lost_ratio"):
        with pytest.raises(DataError, match=rf"^{name}: 3 groups; \.comparisons has each beside the first, low$"):
            getattr(found, name)


def test_a_single_group_of_restricted_means_is_compared_with_nothing() -> None:
    found = survival.rmst(TIME, EVENT, tau=7)
    assert found.comparisons == ()
    assert (found.difference, found.ratio, found.lost_ratio) == (None, None, None)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: survival.kaplan_meier(list("abcdefgh"), EVENT), "time: numbers are needed, not text;"),
        (lambda: survival.kaplan_meier(pl.Series(list("abcdefgh")), EVENT), "time: numbers are needed, not text;"),
        (
            lambda: survival.kaplan_meier(np.array([*TIME[:7], "n/a"], dtype=object), EVENT),
            "time: numbers are needed, not text in row 7;",
        ),
        (
            lambda: survival.kaplan_meier(DAYS, EVENT),
            "time: numbers are needed, not dates; subtract the date of the origin, then divide by a unit:",
        ),
        (lambda: survival.kaplan_meier(pl.Series(DAYS), EVENT), "time: numbers are needed, not dates;"),
        (
            lambda: survival.kaplan_meier(LENGTHS, EVENT),
            "time: numbers are needed, not durations; divide by a unit: np.timedelta64(1, 'D') gives days",
        ),
        (lambda: survival.kaplan_meier(pl.Series(LENGTHS), EVENT), "time: numbers are needed, not durations;"),
        (
            lambda: survival.kaplan_meier(TIME, [[]] * 8),
            "event: 1 dimension needed, 2 given",
        ),
        (
            lambda: survival.kaplan_meier([{}] * 8, EVENT),
            "time: numbers are needed, not objects of type dict; convert them first",
        ),
        (
            lambda: survival.kaplan_meier(TIME, list("nyynnyyn")),
            "event: numbers are needed, not text; code censoring as 0, and an event as 1",
        ),
        (
            lambda: survival.cox(TIME, EVENT, {"sex": list("mfmfmfmf")}),
            "covariate sex: numbers are needed, not text; make a column of 0 and 1 for each of its values but one, as "
            "{'sex=b': sex == 'b'}, or in polars frame.to_dummies('sex', drop_first=True)",
        ),
        (
            lambda: survival.cox(TIME, EVENT, np.array([[t, g] for t, g in zip(TIME, GROUP, strict=True)], object)),
            "covariates: numbers are needed, not text in rows 0, 1, 2, 3, 4 and 3 more; make a column of 0 and 1",
        ),
    ],
)
def test_what_is_no_number_is_named_in_plain_words(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(DataError) as refused:
        call()
    assert str(refused.value).startswith(message)


@pytest.mark.parametrize("test", [survival.logrank, survival.logrank_trend])
@pytest.mark.parametrize("weights", [CASE_WEIGHTS, [1.0] * 8, 2.0])
def test_case_weights_given_to_a_log_rank_test_are_refused_with_what_weights_means(test: Any, weights: Any) -> None:
    with pytest.raises(DataError, match=r"^weights: a name is needed, .*gehan.*case weights are not offered here"):
        test(TIME, EVENT, GROUP, weights=weights)


def test_case_weights_given_to_a_max_combo_are_refused_with_what_weights_means() -> None:
    with pytest.raises(DataError, match=r"^weights: pairs \(rho, gamma\) .* case weights are not offered"):
        survival.max_combo(TIME, EVENT, GROUP, weights=CASE_WEIGHTS)
    assert survival.max_combo(TIME, EVENT, GROUP, weights=np.array(FH_DEFAULT)).weights == FH_DEFAULT  # type: ignore[arg-type]  # an array of pairs works too


@pytest.mark.parametrize(
    ("covariates", "message"),
    [
        (
            {"age": 50, "edema": 0, "billirubin": 1.0},
            "covariates: billirubin is no covariate of the model; did you mean bilirubin? "
            "the model has age, edema, bilirubin",
        ),
        (
            {"age": 50, "edema": 0, "bilirubin": 1.0, "dose": 3},
            "covariates: dose is no covariate of the model; it has age, edema, bilirubin",
        ),
        ({"age": 50, "edema": 0}, "covariates: bilirubin missing; give every covariate of the model"),
        (pl.DataFrame({"age": [50], "edema": [0]}), "covariates: bilirubin missing; give every covariate"),
    ],
)
def test_a_prediction_names_covariates_that_are_unknown_or_missing(
    covariates: Any, message: str, fit: survival.Cox
) -> None:
    with pytest.raises(DataError) as refused:
        fit.predict_survival(covariates, [365.25])
    assert str(refused.value).startswith(message)


def test_a_prediction_passes_over_further_columns_of_a_frame(fit: survival.Cox) -> None:
    asked = {"age": [50.0], "edema": [0.0], "bilirubin": [1.0]}
    whole = pl.DataFrame({**asked, "arm": ["placebo"]})
    expected = fit.predict_survival(asked, [365.25]).survival
    assert np.array_equal(fit.predict_survival(whole, [365.25]).survival, expected)


@pytest.mark.parametrize(
    ("offset", "message"),
    [
        ("none", "offset: numbers are needed, not text"),
        ([0.0, 1.0, 2.0], "offset: 3 numbers for 2 rows; give one, or one a row"),
        ([0.0, math.nan], "offset: missing or infinite value in row 1;"),
    ],
)
def test_a_prediction_refuses_an_offset_it_cannot_use(offset: Any, message: str, fit: survival.Cox) -> None:
    with pytest.raises(DataError) as refused:
        fit.predict_survival([[50, 0, 1.0], [60, 0, 1.0]], [365.25], offset=offset)
    assert str(refused.value).startswith(message)


def test_an_offset_of_a_prediction_multiplies_the_hazard(fit: survival.Cox) -> None:
    plain = fit.predict_survival([[50, 0, 1.0]] * 2, [365.25]).cumulative_hazard
    moved = fit.predict_survival([[50, 0, 1.0]] * 2, [365.25], offset=[0.0, math.log(2)]).cumulative_hazard
    np.testing.assert_allclose(moved, plain * [[1.0], [2.0]], rtol=1e-12)
