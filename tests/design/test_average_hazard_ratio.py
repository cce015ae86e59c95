"""Average hazard ratio, expected events and information over calendar time."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import entry

from equipoise.design.accrual import Accrual
from equipoise.design.effects import cure_effect, delayed_effect, piecewise_effect, proportional
from equipoise.design.expected import Arm, calendar_time, expected_events
from equipoise.design.survival_function import Survival
from equipoise.design.weighted.at_risk import Stratum
from equipoise.design.weighted.average_hazard_ratio import average_hazard_ratio
from equipoise.errors import DesignError

LOSS = Survival.exponential(0.001)


def stratum(control: Survival, experimental: Survival, accrual: Accrual, loss: Survival | None = LOSS) -> Stratum:
    return Stratum(Arm(control, 0.5, loss), Arm(experimental, 0.5, loss), accrual)


def default_of_gsdesign2(rates: tuple[float, float, float] = (3, 6, 9)) -> Stratum:
    """Accrual in three steps, medians 9 and 18 months, hazard ratios 0.9 and 0.6, changing at 3 months."""
    control = Survival.piecewise((3.0,), (math.log(2) / 9, math.log(2) / 18))
    return stratum(control, control.times((0.9, 0.6)), Accrual.periods((2, 2, 10), rates))


def test_reference_ahr_stratified() -> None:
    low = Survival.piecewise((1.0,), (0.1, 0.2))
    high = Survival.piecewise((1.0,), (0.3, 0.4))
    strata = (
        stratum(low, low.times((0.9, 0.75)), Accrual.periods((2, 10), (5, 10))),
        stratum(high, high.times((0.8, 0.6)), Accrual.periods((4, 4, 8), (0, 3, 6))),
    )
    known = entry("ahr-stratified")
    found = average_hazard_ratio(known.inputs["T"], strata=strata)
    known.check(ahr=found.average_hazard_ratio, events=found.events, information=found.information)
    # info0 and n of the same example, https://merck.github.io/gsDesign2/reference/ahr.html
    assert found.information_null == pytest.approx([28.31954, 41.54590], abs=1e-5)
    assert found.participants == pytest.approx([164, 170])


def test_reference_expected_time_with_its_average_hazard_ratio() -> None:
    known = entry("expected-time")
    one = default_of_gsdesign2((15, 30, 45))
    time = calendar_time(known.inputs["target_events"], arms=one.arms, accrual=one.accrual)
    found = average_hazard_ratio(time, strata=[one])
    known.check(time=time, ahr=found.average_hazard_ratio[0])


def test_events_of_reference_expected_event_ramp() -> None:
    known = entry("expected-event-ramp")
    control = Survival.from_median(6.0)
    one = stratum(control, control, Accrual.periods((5, 5), (10, 20)), Survival.exponential(0.01))
    found = average_hazard_ratio(known.inputs["T"], strata=[one])
    known.check(events=found.events[0])
    assert found.average_hazard_ratio[0] == pytest.approx(1.0, abs=1e-14)


def test_events_of_reference_expected_event_strata_arm_by_arm() -> None:
    known = entry("expected-event-strata")
    arms = [Survival.piecewise((3.0,), (math.log(2) / 8, math.log(2) / late)) for late in (12, 10)]
    accrual = Accrual.periods((2, 2, 2, 6), (1, 2, 3, 4))
    # each half of the strata has its own accrual of the same rates
    found = average_hazard_ratio(known.inputs["T"], strata=[stratum(*arms, accrual)])
    known.check(events=2.0 * found.events_by_arm[:, 0])


def test_information_of_the_default_example_of_gsdesign2() -> None:
    # https://merck.github.io/gsDesign2/reference/ahr.html, example 2
    found = average_hazard_ratio([15, 30], strata=[default_of_gsdesign2()])
    assert found.average_hazard_ratio == pytest.approx([0.7857415, 0.6952153], abs=1e-7)
    assert found.events == pytest.approx([30.27841, 58.49097], abs=1e-5)
    assert found.information == pytest.approx([7.441186, 14.327243], abs=1e-6)
    assert found.information_null == pytest.approx([7.569603, 14.622742], abs=1e-6)


@given(ratio=st.floats(0.2, 3.0), median=st.floats(2.0, 60.0), months=st.floats(1.0, 80.0), share=st.floats(0.1, 0.9))
def test_under_proportional_hazards_the_event_and_cox_averages_are_the_hazard_ratio(
    ratio: float, median: float, months: float, share: float
) -> None:
    control = Survival.from_median(median)
    arms = Arm(control, 1 - share, LOSS), Arm(proportional(control, ratio), share)
    for definition in ("events", "cox"):
        found = average_hazard_ratio(months, arms=arms, accrual=Accrual.uniform(100, 20), definition=definition)
        assert found.average_hazard_ratio[0] == pytest.approx(ratio, rel=1e-9)


@given(ratio=st.floats(0.2, 3.0))
def test_the_odds_of_pairs_are_the_hazard_ratio_under_proportional_hazards(ratio: float) -> None:
    control = Survival.piecewise((2.0, 8.0), (0.1, 0.0, 0.3))
    arms = Arm(control, 0.5), Arm(proportional(control, ratio), 0.5)
    found = average_hazard_ratio(30.0, arms=arms, accrual=Accrual.uniform(100, 20), definition="kalbfleisch-prentice")
    assert found.average_hazard_ratio[0] == pytest.approx(ratio, rel=1e-9)


@given(cured=st.floats(0.0, 0.6), cut=st.floats(0.5, 30.0), ratio=st.floats(0.3, 2.0), months=st.floats(2.0, 70.0))
def test_events_agree_with_the_closed_form(cured: float, cut: float, ratio: float, months: float) -> None:
    control = Survival.piecewise((4.0,), (0.08, 0.03)).with_cure(cured)
    arms = (
        Arm(control, 0.4, Survival.piecewise((6.0,), (0.02, 0.0))),
        Arm(delayed_effect(control, cut, ratio), 0.6, Survival.exponential(0.01)),
    )
    accrual = Accrual((5.0, 9.0, 21.0), (3.0, 0.0, 8.0))
    found = average_hazard_ratio(months, arms=arms, accrual=accrual)
    exact = expected_events(months, arms=arms, accrual=accrual)[:, 0]
    assert found.events_by_arm[:, 0] == pytest.approx(exact, rel=1e-10, abs=1e-12)


def test_a_delayed_effect_shows_more_the_longer_the_follow_up() -> None:
    control = Survival.from_median(12.0)
    arms = Arm(control, 0.5), Arm(delayed_effect(control, 6.0, 0.5), 0.5)
    found = average_hazard_ratio(np.arange(6.0, 120.0, 6.0), arms=arms, accrual=Accrual.uniform(300, 18))
    assert found.average_hazard_ratio[0] == pytest.approx(1.0)  # nobody is beyond six months yet
    assert bool((np.diff(found.average_hazard_ratio) < 0).all())
    assert bool((np.diff(found.information) > 0).all())


def test_two_strata_of_halves_are_the_whole() -> None:
    one = default_of_gsdesign2()
    halves = [Stratum(*one.arms, Accrual(one.accrual.ends, (1.5, 3, 4.5)))] * 2
    whole, split = (average_hazard_ratio([10.0, 25.0], strata=strata) for strata in ([one], halves))
    for name in ("participants", "events", "average_hazard_ratio", "information", "information_null"):
        assert getattr(split, name) == pytest.approx(getattr(whole, name), rel=1e-12)


def test_a_cured_fraction_gives_a_ratio_that_falls_with_time() -> None:
    control = Survival.from_median(10.0).with_cure(0.1)
    arms = Arm(control, 0.5), Arm(cure_effect(control, 0.3), 0.5)
    found = average_hazard_ratio([12.0, 36.0, 120.0], arms=arms, accrual=Accrual.uniform(300, 12))
    assert bool((np.diff(found.average_hazard_ratio) < 0).all())
    # at the start the ratio is that of the uncured: 0.7 / 0.9
    early = average_hazard_ratio(0.01, arms=arms, accrual=Accrual.uniform(300, 12))
    assert early.average_hazard_ratio[0] == pytest.approx(0.7 / 0.9, abs=1e-3)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"times": [5.0, 5.0]}, "increasing calendar times"),
        ({"times": [0.0]}, "increasing calendar times"),
        ({"times": []}, "increasing calendar times"),
        ({"definition": "mean"}, "kalbfleisch-prentice"),
        ({"accrual": None}, "missing"),
        ({"arms": (Arm(Survival.exponential(0.1), 1.0),)}, "a comparison has two"),
        ({"strata": ()}, "the strata have their own"),
    ],
)
def test_contradictions_are_refused(changed: dict[str, object], message: str) -> None:
    arms = Arm(Survival.exponential(0.1), 0.5), Arm(Survival.exponential(0.05), 0.5)
    given_: dict[str, object] = {"times": 10.0, "arms": arms, "accrual": Accrual.uniform(100, 12)}
    with pytest.raises(DesignError, match=message):
        average_hazard_ratio(**{**given_, **changed})


def test_no_strata_no_event_and_one_sided_hazards_are_refused() -> None:
    accrual = Accrual.uniform(100, 12)
    never = Survival.exponential(0.0)
    with pytest.raises(DesignError, match="there are none"):
        average_hazard_ratio(10.0, strata=())
    with pytest.raises(DesignError, match="no event is expected"):
        average_hazard_ratio(10.0, arms=(Arm(never, 0.5), Arm(never, 0.5)), accrual=accrual)
    one = Arm(Survival.exponential(0.1), 0.5), Arm(never, 0.5)
    for definition, message in (("events", "no geometric mean"), ("cox", "only one arm")):
        with pytest.raises(DesignError, match=message):
            average_hazard_ratio(10.0, arms=one, accrual=accrual, definition=definition)


def test_the_cox_average_stands_where_one_period_has_events_in_one_arm_only() -> None:
    control = Survival.exponential(0.1)
    experimental = Survival.piecewise((3.0,), (0.1, 0.0))
    arms = Arm(control, 0.5), Arm(experimental, 0.5)
    found = average_hazard_ratio(24.0, arms=arms, accrual=Accrual.uniform(100, 12), definition="cox")
    assert 0.1 < found.average_hazard_ratio[0] < 0.6


def test_the_result_shows_itself() -> None:
    found = average_hazard_ratio([15, 30], strata=[default_of_gsdesign2()])
    assert "average_hazard_ratio" in str(found)
    assert found.to_frame().height == 2
    assert "0.69522" in found._repr_html_()


def test_pieces_of_equal_ratios_change_nothing_but_the_planned_information() -> None:
    control = Survival.exponential(0.06)
    accrual = Accrual.uniform(100, 12)
    plain = average_hazard_ratio(30.0, arms=(Arm(control, 0.5), Arm(proportional(control, 0.7), 0.5)), accrual=accrual)
    cut = piecewise_effect(control, (5.0,), (0.7, 0.7))
    pieces = average_hazard_ratio(30.0, arms=(Arm(control, 0.5), Arm(cut, 0.5)), accrual=accrual)
    assert pieces.events == pytest.approx(plain.events, rel=1e-12)
    assert pieces.average_hazard_ratio == pytest.approx(plain.average_hazard_ratio, rel=1e-12)
    # by Cauchy's inequality pieces cannot have more information than the whole
    assert pieces.information[0] < plain.information[0]
