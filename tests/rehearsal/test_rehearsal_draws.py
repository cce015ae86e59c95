"""Chance of a rehearsal: ranges, distributions, and independence of the order of asking."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.disease import Histories
from equipoise.errors import DesignError
from equipoise.protocol.model.assumptions import Distribution
from equipoise.protocol.model.pathway import FollowUp
from equipoise.protocol.model.variables import Variable
from equipoise.protocol.visits import visit_months
from equipoise.rehearsal.agenda import NEVER, Agenda
from equipoise.rehearsal.draws import Draws, list_seed
from equipoise.rehearsal.fate import DISTANT, LOCAL, Fate

AGE = Variable(label="Age", type="integer", range=(Decimal(18), Decimal(110)))


def value(participant, variable=AGE, seed=1, **distribution):
    return Draws(seed, participant).value("x", variable, Distribution.model_validate(distribution), {})


@given(mean=st.floats(-50, 200), sd=st.floats(10, 100), participant=st.integers(0, 10_000))
def test_a_normal_value_lies_in_the_variable_s_range_and_is_whole(mean, sd, participant):
    drawn = value(participant, normal={"mean": mean, "sd": sd})
    assert isinstance(drawn, int)
    assert 18 <= drawn <= 110


def test_a_truncated_normal_keeps_its_shape_inside_the_range():
    drawn = [value(i, normal={"mean": 55, "sd": 11}) for i in range(2000)]
    # mean 55 and sd 11, cut at 18 and 110, which takes almost nothing; four standard errors are 1
    assert abs(fmean(drawn) - 55) < 1
    assert abs(fmean(abs(x - 55) for x in drawn) - 11 * 0.7979) < 0.6  # E|x| of a normal is sd sqrt(2 / pi)


def test_a_normal_that_never_falls_into_the_range_is_refused():
    with pytest.raises(DesignError, match="never falls into 18 to 110"):
        value(1, normal={"mean": -5000, "sd": 1})


def test_a_decimal_is_recorded_with_its_decimals():
    weight = Variable(label="Weight", type="decimal", decimals=1, range=(Decimal(30), Decimal(200)))
    drawn = [value(i, weight, normal={"mean": 65, "sd": 12}) for i in range(50)]
    assert all(isinstance(x, Decimal) and x == round(x, 1) for x in drawn)
    assert len(set(drawn)) > 30


@pytest.mark.parametrize("mean", [0.7, 12.0, 900.0])
def test_poisson_counts_have_their_mean(mean):
    count = Variable(label="Count", type="integer", range=(Decimal(0), Decimal(10_000)))
    drawn = [value(i, count, poisson=mean) for i in range(400)]
    assert abs(fmean(drawn) - mean) < 4 * (mean / 400) ** 0.5


def test_shares_of_a_choice_are_those_stated():
    side = Variable(label="Side", type="choice", values={"left": "Left", "right": "Right", "never": "Never"})
    drawn = [value(i, side, choice={"left": 0.3, "right": 0.7, "never": 0.0}) for i in range(2000)]
    assert abs(drawn.count("left") / 2000 - 0.3) < 4 * (0.21 / 2000) ** 0.5
    assert "never" not in drawn


def test_a_probability_of_zero_or_one_leaves_nothing_to_chance():
    assert not any(Draws(1, i).happens("x", 0.0) for i in range(100))
    assert all(Draws(1, i).happens("x", 1.0) for i in range(100))


def test_a_draw_depends_on_its_name_seed_and_participant_only():
    one = Draws(1, 7)
    first = one.uniform("age")
    one.uniform("sex")
    assert one.uniform("age") == first == Draws(1, 7).uniform("age")
    others = {Draws(1, 8).uniform("age"), Draws(2, 7).uniform("age"), one.uniform("sex")}
    assert first not in others
    assert len(others) == 3


def test_whole_numbers_and_dates_reach_both_ends():
    assert {Draws(1, i).whole("x", 2, 4) for i in range(200)} == {2, 3, 4}
    day = Variable(label="Day", type="date")
    distribution = Distribution.model_validate({"days": {"of": "screening", "between": [-2, 0]}})
    drawn = {Draws(1, i).value("d", day, distribution, {"screening": date(2020, 3, 1)}) for i in range(200)}
    assert drawn == {date(2020, 2, 28), date(2020, 2, 29), date(2020, 3, 1)}


def test_seeds_of_lists_differ_by_list_trial_and_seed():
    assert (
        len({list_seed(1, "a", "main"), list_seed(2, "a", "main"), list_seed(1, "b", "main"), list_seed(1, "a", "x")})
        == 4
    )
    assert len(list_seed(1, "a", "main")) == 32


def histories(**months):
    import numpy as np

    never = {"local_progression": np.inf, "distant_progression": np.inf, "death": np.inf, "dropout": np.inf}
    columns = {name: np.array([month]) for name, month in (never | months).items()}
    return Histories(death_cause=np.array([1]), **columns)


def test_times_round_up_to_whole_days_and_what_never_happens_has_no_date():
    fate = Fate(histories(local_progression=1.0, death=12.0), date(2020, 1, 1))
    assert fate.progressions == {LOCAL: date(2020, 2, 1), DISTANT: None}  # 30.4375 days: 31
    assert fate.death == date(2021, 1, 1)  # 365.25 days: 366, and 2020 has 366
    assert (fate.end, fate.dies, fate.dropout) == (fate.death, True, None)


def test_death_comes_before_loss_on_one_day():
    assert Fate(histories(death=3.0, dropout=3.0), date(2020, 1, 1)).dies
    assert not Fate(histories(death=3.1, dropout=3.0), date(2020, 1, 1)).dies


def test_visits_are_spaced_as_the_protocol_says():
    step = FollowUp(every_months=3, then_every_months=6, change_after_months=12, months=30)
    assert list(visit_months(step)) == [3, 6, 9, 12, 18, 24, 30]
    assert list(visit_months(FollowUp(every_months=4, months=11))) == [4, 8]


def test_the_agenda_keeps_the_order_of_days_and_of_planning():
    agenda, done = Agenda(), []
    for name, day in (("c", 3), ("a", 1), ("b", 1)):
        agenda.plan(date(2020, 1, day), lambda on, name=name: done.append((name, on.day)))
    assert agenda.next_day == date(2020, 1, 1)
    for _ in range(3):
        agenda.do_next()
    assert done == [("a", 1), ("b", 1), ("c", 3)]
    assert agenda.next_day == NEVER
