"""Expected events, exposure and times: published numbers, rpact, quadrature, simulation of counts, and invariants."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import entry

from equipoise.design.accrual import Accrual
from equipoise.design.expected import (
    Arm,
    calendar_time,
    dropout_by,
    event_probability,
    expected_events,
    expected_exposure,
    expected_losses,
)
from equipoise.design.survival_function import Survival
from equipoise.errors import DesignError

LOG2 = math.log(2)
RPACT = json.loads((Path(__file__).parent.parent / "data" / "design" / "rpact_sizes.json").read_text())


def test_expected_event_ramp() -> None:
    arm = Arm(Survival.exponential(LOG2 / 6), 1, Survival.exponential(0.01))
    accrual = Accrual.periods((5, 5), (10, 20))
    entry("expected-event-ramp").check(events=expected_events(22, arms=[arm], accrual=accrual)[0, 0])


def test_expected_event_strata() -> None:
    accrual = Accrual.periods((2, 2, 2, 6), (1, 2, 3, 4))
    arms = [Arm(Survival.piecewise([3], [LOG2 / 8, LOG2 / late]), 1, Survival.exponential(0.001)) for late in (12, 10)]
    entry("expected-event-strata").check(events=expected_events(36, arms=arms, accrual=accrual)[:, 0])


def test_expected_time() -> None:
    control = Survival.piecewise([3], [LOG2 / 9, LOG2 / 18])
    loss = Survival.exponential(0.001)
    arms = [Arm(control, 0.5, loss), Arm(control.times([0.9, 0.6]), 0.5, loss)]
    accrual = Accrual.periods((2, 2, 10), (15, 30, 45))
    item = entry("expected-time")
    time = calendar_time(item.inputs["target_events"], arms=arms, accrual=accrual)
    item.check(time=time)
    # the events were printed for month 20: to their digits
    assert time == pytest.approx(20, abs=1e-5)


def test_rpact_event_prob_os() -> None:
    item = entry("rpact-event-prob-os")
    control = Survival.piecewise([14, 24, 44], [0.015, 0.01, 0.005, 0.0025])
    rate = Accrual((12, 13, 14, 15, 16, math.inf), (15, 21, 27, 33, 39, 45))
    accrual = rate.until(rate.time_of(item.inputs["N"]))
    loss = dropout_by(item.inputs["dropout_12m"], 12)
    arms = [Arm(control, 0.5, loss), Arm(control.scaled(item.inputs["hr"]), 0.5, loss)]
    item.check(events=expected_events(item.inputs["times"], arms=arms, accrual=accrual).sum(axis=0))


def test_event_probabilities_agree_with_rpact_as_far_as_its_quadrature_goes() -> None:
    # rpact_sizes.R: getEventProbabilities, piecewise hazards, two accrual rates, unequal losses, 2:1.
    # rpact integrates numerically, to about 3e-7; the closed forms here agree with Gauss-Legendre to 1e-13 (below)
    given_ = RPACT["event_probabilities"]
    control = Survival.piecewise([8, 20], [0.03, 0.06, 0.02])
    accrual = Accrual((6, 30), (5, 12))
    arms = [Arm(control, 1 / 3, dropout_by(0.05, 12)), Arm(control.scaled(0.6), 2 / 3, dropout_by(0.1, 12))]
    events = expected_events(given_["time"], arms=arms, accrual=accrual) / accrual.total
    assert events[0] * 3 == pytest.approx(given_["control"], rel=1e-6)
    assert events[1] * 1.5 == pytest.approx(given_["experimental"], rel=1e-6)
    assert events.sum(axis=0) == pytest.approx(given_["overall"], rel=1e-6)


def integrated(function, edges: list[float]) -> float:
    """An integral by Gauss-Legendre quadrature between the edges."""
    nodes, weights = np.polynomial.legendre.leggauss(30)
    total = 0.0
    for low, high in itertools.pairwise(edges):
        x = low + (high - low) * (nodes + 1) / 2
        total += (high - low) / 2 * float(weights @ function(x))
    return total


def test_closed_forms_agree_with_quadrature_with_cured_in_both_survival_and_dropout() -> None:
    survival = Survival.piecewise([2, 7], [0.1, 0.0, 0.3]).with_cure(0.2)
    loss = Survival.piecewise([4], [0.05, 0.2]).with_cure(0.1)
    arm, accrual, month = Arm(survival, 0.4, loss), Accrual((3, 5), (2, 7)), 9.0
    cuts = [0, 2, 4, 7, 9]

    def on_study(u):
        return survival.density(u) * loss.survival(u)

    assert event_probability(month, arm) == pytest.approx(integrated(on_study, cuts), rel=1e-13)
    # an event at u months counts if the participant came in by month - u
    edges = [0, 2, 4, 6, 7, 9]
    events = integrated(lambda u: on_study(u) * accrual.enrolled(month - u), edges)
    assert expected_events(month, arms=[arm], accrual=accrual)[0, 0] == pytest.approx(0.4 * events, rel=1e-13)
    months = integrated(lambda u: survival.survival(u) * loss.survival(u) * accrual.enrolled(month - u), edges)
    assert expected_exposure(month, arms=[arm], accrual=accrual)[0, 0] == pytest.approx(0.4 * months, rel=1e-13)
    lost = integrated(lambda u: survival.survival(u) * loss.density(u) * accrual.enrolled(month - u), edges)
    assert expected_losses(month, arms=[arm], accrual=accrual)[0, 0] == pytest.approx(0.4 * lost, rel=1e-13)


@pytest.mark.parametrize("rate", [1e-300, 1e-16, 1e-12, 1e-9, 1e-6])
def test_tiny_rates_and_tiny_accrual_keep_their_digits(rate: float) -> None:
    # to first order n x rate x mean time at risk, which is 10 months less half of the accrual
    arm = Arm(Survival.exponential(rate), 1, Survival.exponential(rate / 3))
    for months in (1e-9, 1.0):
        events = expected_events(10, arms=[arm], accrual=Accrual.uniform(100, months))[0, 0]
        assert events == pytest.approx(100 * rate * (10 - months / 2), rel=1e-4 if rate == 1e-6 else 1e-7)


def test_a_piece_without_any_hazard_is_passed_by_all() -> None:
    arm = Arm(Survival.piecewise([6], [0.0, 0.1]), 1)
    assert event_probability([3, 6, 16], arm) == pytest.approx([0, 0, 1 - math.exp(-1)], rel=1e-14)
    assert event_probability(math.inf, arm) == 1
    assert event_probability(math.inf, Arm(Survival.exponential(0.0), 1)) == 0


def test_competing_hazards_share_the_events_by_their_rates() -> None:
    arm = Arm(Survival.exponential(0.03), 1, Survival.exponential(0.01))
    assert event_probability(math.inf, arm) == pytest.approx(0.75, rel=1e-14)
    assert event_probability(12, arm) == pytest.approx(0.75 * (1 - math.exp(-0.48)), rel=1e-13)


shapes = st.builds(
    lambda cut, one, two, cured: Survival(cuts=(cut,), rates=(one, two), cured=cured),
    st.floats(1, 30),
    st.floats(0, 0.3),
    st.floats(0.001, 0.3),
    st.sampled_from((0.0, 0.3)),
)
accruals = st.builds(
    lambda first, second, one, two: Accrual((first, first + second), (one, two)),
    st.floats(0.5, 20),
    st.floats(0.5, 20),
    st.floats(0, 10),
    st.floats(1, 10),
)


@given(survival=shapes, loss=shapes, accrual=accruals, months=st.lists(st.floats(0, 100), min_size=2, max_size=6))
def test_events_rise_with_time_and_never_pass_the_participants(
    survival: Survival, loss: Survival, accrual: Accrual, months: list[float]
) -> None:
    arms = [Arm(survival, 0.4, loss), Arm(survival.scaled(0.7), 0.6, loss)]
    times = np.sort(months)
    events = expected_events(times, arms=arms, accrual=accrual)
    assert events.shape == (2, len(months))
    assert (np.diff(events, axis=1) >= -1e-12).all()
    lost = expected_losses(times, arms=arms, accrual=accrual)
    there = np.array([[0.4], [0.6]]) * accrual.enrolled(times)
    assert (events + lost <= there * (1 + 1e-12) + 1e-12).all()


@given(survival=shapes, accrual=accruals, share=st.floats(0.05, 0.95))
def test_the_calendar_time_of_events_is_when_they_are_expected(
    survival: Survival, accrual: Accrual, share: float
) -> None:
    arm = Arm(survival, 1)
    events = share * accrual.total * float(event_probability(math.inf, arm))
    month = calendar_time(events, arms=[arm], accrual=accrual)
    assert expected_events(month, arms=[arm], accrual=accrual).sum() == pytest.approx(events, rel=1e-9)


def test_events_of_simulated_participants_are_as_many_as_expected() -> None:
    random = np.random.default_rng(20)
    n, month = 200_000, 26.0
    accrual = Accrual((10, 20), (1, 3)).scaled_to(n)
    arm = Arm(Survival.exponential(0.05).with_cure(0.3), 1, Survival.exponential(0.02))
    target = np.arange(n) + 0.5
    into = np.interp(target, [0, accrual.enrolled(10.0), n], [0, 10, 20])
    event = np.where(random.random(n) < 0.3, np.inf, random.exponential(20, n))
    loss = random.exponential(50, n)
    seen = (event < loss) & (event < month - into)
    expected = expected_events(month, arms=[arm], accrual=accrual).sum()
    assert abs(seen.sum() - expected) < 4 * math.sqrt(n / 4)


def test_events_that_never_come_are_refused() -> None:
    arm = Arm(Survival.exponential(0.1).with_cure(0.5), 1)
    with pytest.raises(DesignError, match="never reached: 50 is the most"):
        calendar_time(60, arms=[arm], accrual=Accrual.uniform(100, 10))
    assert calendar_time(0, arms=[arm], accrual=Accrual.uniform(100, 10)) == 0
    assert calendar_time(600, arms=[arm], accrual=Accrual((math.inf,), (10,))) > 120


@pytest.mark.parametrize("times", [-1, math.inf, math.nan])
def test_times_that_are_none_are_refused(times: float) -> None:
    with pytest.raises(DesignError, match="calendar times"):
        expected_events(times, arms=[Arm(Survival.exponential(0.1), 1)], accrual=Accrual.uniform(10, 10))


@pytest.mark.parametrize("share", [0, -0.1, 1.1])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(DesignError, match="share"):
        Arm(Survival.exponential(0.1), share)
