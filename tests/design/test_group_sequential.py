"""Group-sequential designs: what they hold, how they move to other looks, and what they refuse."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from equipoise.design.sequential.crossing import crossing_probabilities
from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.errors import DesignError

THIRDS = (1 / 3, 2 / 3, 1.0)


def test_one_look_is_the_fixed_test() -> None:
    design = GroupSequential([1.0], alpha=0.025, power=0.9)
    assert design.critical_values == pytest.approx([-ndtri(0.025)], abs=1e-12)
    assert design.drift == pytest.approx(-ndtri(0.025) + ndtri(0.9), abs=1e-10)
    assert design.inflation == pytest.approx(1.0, abs=1e-10)
    assert design.expected_information(relative_to="fixed") == pytest.approx(1.0, abs=1e-10)


def test_critical_values_may_be_given_and_their_size_is_shown() -> None:
    # Armitage, McPherson and Rowe 1969: looking five times at 1.96 has a two-sided size of 0.142
    design = GroupSequential(np.arange(1, 6) / 5, alpha=0.05, sides=2, bounds=[1.96] * 5)
    assert design.alpha_spent[-1] == pytest.approx(0.142, abs=5e-4)
    assert "more than alpha" in str(design)


def test_a_look_without_an_efficacy_bound_spends_nothing() -> None:
    design = GroupSequential([0.5, 1.0], alpha=0.025, bounds="spending:cumulative:0,0.025")
    assert design.critical_values == pytest.approx([math.inf, -ndtri(0.025)], abs=1e-12)


def test_calendar_time_spends_while_information_correlates() -> None:
    design = GroupSequential([0.3, 1.0], alpha=0.025, bounds="spending:kim-demets:1", spending_time=[0.6, 1.0])
    assert design.alpha_spent == pytest.approx([0.015, 0.025], abs=1e-14)
    exits = crossing_probabilities([0.3, 1.0], -math.inf, design.critical_values)
    assert exits.upper == pytest.approx([0.015, 0.010], abs=1e-14)
    assert "spending_time" in design.to_frame().columns


def test_haybittle_peto_takes_another_interim_value() -> None:
    # interim p of 0.001 two-sided: z = 3.2905 before the last look
    design = GroupSequential(THIRDS, alpha=0.05, sides=2, bounds="haybittle-peto:3.2905")
    assert design.critical_values[:2] == pytest.approx([3.2905, 3.2905])
    assert design.alpha_spent[-1] == pytest.approx(0.05, abs=1e-13)


def test_stage_levels_of_two_sides_are_two_sided_p_values() -> None:
    design = GroupSequential([0.5, 1.0], alpha=0.05, sides=2, bounds="pocock")
    assert design.stage_levels == pytest.approx(2 * ndtr(-design.critical_values))


def test_two_sided_bounds_mirror_each_other() -> None:
    design = GroupSequential(THIRDS, alpha=0.05, sides=2, power=0.8)
    assert design.harm_values == pytest.approx(-design.critical_values)
    assert np.isneginf(design.futility_values).all()
    assert design.crossing(0.0).lower == pytest.approx(design.crossing(0.0).upper)


def test_beta_spending_meets_at_the_last_look_with_the_power_asked() -> None:
    for binding in (False, True):
        design = GroupSequential(THIRDS, alpha=0.025, power=0.85, futility="spending:hsd:-2", binding=binding)
        exits = design.crossing()
        beta = 0.15 * np.expm1(2 * np.array(THIRDS)) / math.expm1(2)
        assert design.futility_values[-1] == design.critical_values[-1]
        assert np.cumsum(exits.lower) == pytest.approx(beta, abs=1e-10)
        assert design.power() == pytest.approx(0.85, abs=1e-10)


def test_critical_values_count_on_futility_only_if_it_binds() -> None:
    free, bound = (
        GroupSequential(THIRDS, alpha=0.025, power=0.9, futility="spending:pocock", binding=binding)
        for binding in (False, True)
    )
    plain = GroupSequential(THIRDS, alpha=0.025)
    assert free.critical_values == pytest.approx(plain.critical_values, abs=1e-14)
    assert free.power(0.0, heed_futility=False) == pytest.approx(0.025, abs=1e-14)
    assert free.power(0.0) < 0.0249
    assert bound.power(0.0) == pytest.approx(0.025, abs=1e-12)
    assert bound.power(0.0, heed_futility=False) > 0.0251
    assert bound.critical_values[-1] < free.critical_values[-1]


def test_fixed_futility_values_are_kept_and_cost_power() -> None:
    plain = GroupSequential(THIRDS, alpha=0.025, power=0.9)
    free = GroupSequential(THIRDS, alpha=0.025, power=0.9, futility=[0.0, 0.5])
    assert free.futility_values == pytest.approx([0.0, 0.5, free.critical_values[-1]])
    assert free.inflation > plain.inflation
    assert free.power() == pytest.approx(0.9, abs=1e-10)


def test_classical_bounds_may_be_bound_by_beta_spending() -> None:
    design = GroupSequential(THIRDS, alpha=0.025, power=0.9, bounds="pocock", futility="spending:hsd:-2", binding=True)
    assert np.ptp(design.critical_values) < 1e-12
    assert design.power(0.0) == pytest.approx(0.025, abs=1e-11)
    assert design.power() == pytest.approx(0.9, abs=1e-10)


def test_harm_bounds_spend_their_own_alpha() -> None:
    free, bound = (
        GroupSequential(THIRDS, alpha=0.025, harm="spending:pocock", harm_alpha=0.1, binding=binding)
        for binding in (False, True)
    )
    spent = 0.1 * np.log(1 + (math.e - 1) * np.array(THIRDS))
    for design in (free, bound):
        assert np.cumsum(design.crossing(0.0).lower) == pytest.approx(spent, abs=1e-13)
    assert free.power(0.0, heed_futility=False) == pytest.approx(0.025, abs=1e-13)
    assert bound.power(0.0) == pytest.approx(0.025, abs=1e-13)
    assert bound.critical_values[-1] < free.critical_values[-1]


def test_harm_bounds_may_be_numbers() -> None:
    design = GroupSequential(THIRDS, alpha=0.025, harm=[-3.0, -2.5, -2.0], power=0.9)
    assert design.harm_values == pytest.approx([-3.0, -2.5, -2.0])
    assert np.isneginf(design.futility_values).all()
    assert "harm given values, not binding" in str(design)


def test_critical_hazard_ratios_follow_from_the_events() -> None:
    # gsDesign's zn2hr: exp(-z (1 + r) / sqrt(r n)); z = 1.959964, 100 events, 1:1 gives 0.675728
    fixed = GroupSequential([1.0], alpha=0.025)
    assert fixed.critical_hazard_ratios(100) == pytest.approx([math.exp(-1.9599639845400545 * 2 / 10)])
    design = GroupSequential([0.5, 1.0], alpha=0.025, power=0.9, futility=[0.0])
    assert design.critical_hazard_ratios(200, ratio=2) == pytest.approx(
        np.exp(-design.critical_values * 3 / np.sqrt([200, 400]))
    )
    assert design.futility_hazard_ratios([120, 200])[0] == 1.0


def test_probabilities_under_several_drifts_stand_in_one_table() -> None:
    design = GroupSequential(THIRDS, alpha=0.025, power=0.9, futility="spending:pocock")
    table = design.probabilities([0.0, design.drift])
    assert table.power == pytest.approx([design.power(0.0), 0.9])
    assert table.expected_information[1] == pytest.approx(design.expected_information())
    assert table.to_frame().shape == (6, 7)
    assert "2 drifts" in str(table)


def test_the_table_of_a_design_says_what_it_is() -> None:
    design = GroupSequential(THIRDS, alpha=0.025, power=0.9, futility="spending:hsd:-2")
    text = str(design)
    assert "one-sided alpha 0.025, bounds spending:obrien-fleming" in text
    assert "futility spending:hsd:-2, not binding" in text
    assert f"inflation {design.inflation:.5g}" in text
    frame = design.to_frame()
    assert frame["critical_value"].to_list() == pytest.approx(design.critical_values)
    assert frame["beta_spent"][-1] == pytest.approx(0.1)
    assert "<table>" in design._repr_html_()


# --- looks that come elsewhere ---------------------------------------------------------------------------------------


def test_a_last_look_that_comes_early_spends_all_that_is_left() -> None:
    # JCOG1017 ended at 221 of 359 planned deaths, one-sided 0.05: 1.645; by the planned curve it would be 2.242
    plan = GroupSequential([1.0], alpha=0.05)
    assert plan.at([221 / 359]).critical_values == pytest.approx([1.6449], abs=5e-5)
    assert plan.at([221 / 359], last=False).critical_values == pytest.approx([2.242], abs=5e-4)


def test_looks_as_planned_change_nothing() -> None:
    plans: list[dict[str, Any]] = [
        {"bounds": "spending:hsd:-4", "power": 0.9, "futility": "spending:hsd:-2"},
        {"bounds": "spending:hsd:-4", "power": 0.9, "futility": "spending:hsd:-2", "binding": True},
        {"bounds": "obrien-fleming"},
        {"bounds": "haybittle-peto"},
        {"bounds": "spending:cumulative:0.001,0.01,0.025", "harm": "spending:pocock", "harm_alpha": 0.05},
    ]
    for options in plans:
        plan = GroupSequential(THIRDS, alpha=0.025, **options)
        moved = plan.at(THIRDS)
        assert moved.critical_values == pytest.approx(plan.critical_values, abs=1e-9)
        assert moved.futility_values == pytest.approx(plan.futility_values, abs=1e-9)
        assert moved.harm_values == pytest.approx(plan.harm_values, abs=1e-9)


@pytest.mark.parametrize("bounds", ["spending:obrien-fleming", "spending:pocock", "obrien-fleming", "haybittle-peto"])
@pytest.mark.parametrize("information", [(0.4, 0.7), (0.3, 0.6, 0.8, 1.1), (0.5, 1.2)])
def test_alpha_is_spent_at_the_end_whatever_the_looks(bounds: str, information: tuple[float, ...]) -> None:
    plan = GroupSequential(THIRDS, alpha=0.05, sides=2, bounds=bounds, power=0.8)
    moved = plan.at(information)
    assert moved.alpha_spent[-1] == pytest.approx(0.05, abs=1e-13)
    assert moved.drift == plan.drift
    assert moved.inflation == plan.inflation


def test_looks_already_taken_keep_their_values_when_another_is_added() -> None:
    plan = GroupSequential(THIRDS, alpha=0.025, power=0.9, futility="spending:hsd:-2")
    first = plan.at([0.4], last=False)
    second = plan.at([0.4, 0.61], last=False)
    final = plan.at([0.4, 0.61, 0.97])
    assert second.critical_values[0] == pytest.approx(first.critical_values[0], abs=1e-13)
    assert final.critical_values[:2] == pytest.approx(second.critical_values, abs=1e-13)
    assert final.futility_values[:2] == pytest.approx(second.futility_values, abs=1e-13)


def test_what_used_values_spent_otherwise_is_made_up_for_at_the_next_look() -> None:
    plan = GroupSequential(THIRDS, alpha=0.025)
    moved = plan.at(THIRDS, used=[3.0])
    spent = plan.alpha_spent
    assert moved.critical_values[0] == 3.0
    assert moved.alpha_spent == pytest.approx([ndtr(-3.0), spent[1], 0.025], abs=1e-13)


def test_amounts_by_look_have_nothing_more_for_further_looks() -> None:
    plan = GroupSequential([0.5, 1.0], alpha=0.025, bounds="spending:cumulative:0.01,0.025")
    assert np.isposinf(plan.at([0.5, 1.0, 1.1]).critical_values[2])


def test_given_critical_values_leave_the_last_look_what_is_left() -> None:
    plan = GroupSequential([0.5, 1.0], alpha=0.025, bounds=[2.8, 1.98])
    moved = plan.at([0.6, 0.9])
    assert moved.critical_values[0] == 2.8
    assert moved.alpha_spent[-1] == pytest.approx(0.025, abs=1e-14)


def test_more_looks_than_given_critical_values_need_those_that_were_used() -> None:
    plan = GroupSequential([0.5, 1.0], alpha=0.025, bounds=[2.8, 1.98])
    with pytest.raises(DesignError, match="look 3"):
        plan.at([0.3, 0.6, 0.8, 1.0])
    assert plan.at([0.3, 0.6, 0.8, 1.0], used=[2.9, 2.8, 2.7]).alpha_spent[-1] == pytest.approx(0.025, abs=1e-14)


def test_a_trial_that_goes_on_past_futility_that_does_not_bind_keeps_its_critical_values() -> None:
    plan = GroupSequential([0.2, 0.4, 0.6, 0.8, 1.0], alpha=0.025, power=0.9, futility="spending:pocock")
    moved = plan.at([0.99, 1.0, 1.1])
    free = GroupSequential([0.2, 0.4, 0.6, 0.8, 1.0], alpha=0.025).at([0.99, 1.0, 1.1])
    assert moved.critical_values == pytest.approx(free.critical_values, abs=1e-14)
    assert moved.futility_values[0] == moved.critical_values[0]


def test_values_used_that_overspend_leave_nothing() -> None:
    plan = GroupSequential([0.5, 1.0], alpha=0.025)
    moved = plan.at([0.5, 1.0], used=[1.5])
    assert np.isposinf(moved.critical_values[1])


def test_a_plan_by_calendar_time_asks_for_the_time_of_the_looks() -> None:
    plan = GroupSequential([0.3, 1.0], alpha=0.025, spending_time=[0.5, 1.0])
    with pytest.raises(DesignError, match="spending_time"):
        plan.at([0.4, 1.0])
    assert plan.at([0.4, 1.0], spending_time=[0.5, 1.0]).alpha_spent[0] == pytest.approx(plan.alpha_spent[0])


def test_values_used_for_the_look_in_question_are_refused() -> None:
    plan = GroupSequential([0.5, 1.0], alpha=0.025)
    with pytest.raises(DesignError, match="used: 2 values for 1 earlier"):
        plan.at([0.5, 1.0], used=[2.9, 1.97])


# --- what is refused -------------------------------------------------------------------------------------------------

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"information": [0.5, 0.4, 1.0]}, "does not increase"),
    ({"information": [50, 100]}, "fractions of the planned maximum"),
    ({"information": []}, "no looks"),
    ({"alpha": 0.0}, "alpha"),
    ({"alpha": 0.6}, "alpha"),
    ({"sides": 3}, "sides"),
    ({"power": 0.02}, "power"),
    ({"power": 1.0}, "power"),
    ({"bounds": "lan-demets"}, "is not known"),
    ({"bounds": "pocock:2"}, "is not known"),
    ({"bounds": "wang-tsiatis"}, "a number is missing"),
    ({"bounds": "wang-tsiatis:9"}, "from -0.5 to 0.7"),
    ({"bounds": "haybittle-peto:1"}, "more than alpha"),
    ({"bounds": [2.0]}, "1 critical values for 2 looks"),
    ({"bounds": [2.0, math.nan]}, "one number a look"),
    ({"bounds": [-2.0, -1.0], "sides": 2}, "overlap"),
    ({"futility": "spending:hsd:-2"}, "needs a power"),
    ({"futility": "spending:hsd:-2", "power": 0.9, "sides": 2}, "one-sided"),
    ({"futility": [0.0, 0.0, 0.0]}, "3 values for 2 looks"),
    ({"futility": [5.0]}, "at look 1 it reaches the critical value"),
    ({"futility": [0.0], "harm": [-2.0, -2.0]}, "one of them"),
    ({"harm": "spending:pocock"}, "harm_alpha"),
    ({"harm_alpha": 0.1}, "harm_alpha"),
    ({"harm": "spending:pocock", "harm_alpha": 1.5}, "harm_alpha"),
    ({"binding": True}, "nothing to be bound by"),
    ({"spending_time": [0.5]}, "1 numbers for 2 looks"),
    ({"spending_time": [0.5, 0.4]}, "increasing"),
]


@pytest.mark.parametrize(("changes", "complaint"), REFUSED)
def test_impossible_and_contradictory_designs_are_refused(changes: dict[str, Any], complaint: str) -> None:
    options: dict[str, Any] = {"information": [0.5, 1.0], "alpha": 0.025} | changes
    with pytest.raises(DesignError, match=complaint):
        GroupSequential(options.pop("information"), **options)


def test_a_drift_is_not_made_up_where_no_power_was_asked_for() -> None:
    design = GroupSequential([0.5, 1.0], alpha=0.025)
    for asked in (lambda: design.drift, lambda: design.inflation, design.power, design.expected_information):
        with pytest.raises(DesignError, match="power: none was given"):
            asked()
    assert design.power(3.0) == pytest.approx(0.844, abs=0.01)


def test_events_must_belong_to_the_looks() -> None:
    design = GroupSequential([0.5, 1.0], alpha=0.025)
    with pytest.raises(DesignError, match="3 numbers for 2 looks"):
        design.critical_hazard_ratios([10, 20, 30])
    with pytest.raises(DesignError, match="events"):
        design.critical_hazard_ratios(-5)
