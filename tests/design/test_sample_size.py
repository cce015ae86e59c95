"""Sizes and powers of survival designs: closed forms, invariants, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.design.accrual import Accrual
from equipoise.design.expected import Arm, expected_events
from equipoise.design.fixed.power import power
from equipoise.design.fixed.sample_size import sample_size
from equipoise.design.formulas import critical_hazard_ratio
from equipoise.design.population import PopulationStratum
from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.design.survival_function import Survival
from equipoise.errors import DesignError

USUAL: dict[str, Any] = {"control_median": 20, "accrual": 24, "follow_up": 12, "alpha": 0.025, "power": 0.9}


def test_lachin_foulkes_by_hand() -> None:
    # events of n exponential participants, in each arm, under both hypotheses; equation 2.4
    control, experimental = math.log(2) / 20, 0.7 * math.log(2) / 20
    pooled = (control + experimental) / 2

    def share(rate: float) -> float:
        return 1 - math.exp(-12 * rate) * (1 - math.exp(-24 * rate)) / (24 * rate)

    at_null, alternative = 4 / share(pooled), 2 / share(control) + 2 / share(experimental)
    n = ((1.959963984540054 * math.sqrt(at_null) + 1.2815515655446004 * math.sqrt(alternative)) / math.log(0.7)) ** 2
    assert sample_size(0.7, method="lachin-foulkes", **USUAL).n == pytest.approx(n, rel=1e-12)


ratios = st.floats(0.3, 0.9)


@given(
    hazard_ratio=ratios,
    median=st.floats(3, 60),
    accrual=st.floats(1, 80),
    follow_up=st.floats(0, 60),
    ratio=st.sampled_from((0.5, 1.0, 2.0)),
    target=st.floats(0.5, 0.95),
    method=st.sampled_from(("schoenfeld", "freedman", "hsieh-freedman", "lachin-foulkes")),
)
def test_the_power_of_a_size_is_the_one_asked_for(**drawn: Any) -> None:
    target = drawn.pop("target")
    hazard_ratio, median = drawn.pop("hazard_ratio"), drawn.pop("median")
    shared: dict[str, Any] = {"control_median": median, "alpha": 0.025, "dropout": 0.05, "loss": 0.1, **drawn}
    size = sample_size(hazard_ratio, power=target, **shared)
    assert power(hazard_ratio, n=size.n, **shared).power == pytest.approx(target, rel=1e-9)


@given(hazard_ratio=ratios, accrual=st.floats(6, 60), follow_up=st.floats(1, 40), crossover=st.floats(0, 0.3))
def test_accrual_time_and_follow_up_are_found_again(
    hazard_ratio: float, accrual: float, follow_up: float, crossover: float
) -> None:
    shared: dict[str, Any] = {
        "control_median": 15,
        "alpha": 0.025,
        "power": 0.85,
        "dropout": 0.04,
        "loss": 0.05,
        "crossover": crossover,
    }
    size = sample_size(hazard_ratio, accrual=accrual, follow_up=follow_up, **shared)
    by_rate = sample_size(hazard_ratio, accrual_rate=size.n / accrual, follow_up=follow_up, **shared)
    assert by_rate.accrual_duration == pytest.approx(accrual, rel=1e-8)
    by_n = sample_size(hazard_ratio, n=size.n, accrual=accrual, **shared)
    assert by_n.follow_up == pytest.approx(follow_up, rel=1e-7)
    both = sample_size(hazard_ratio, n=size.n, accrual_rate=size.n / accrual, **shared)
    assert both.follow_up == pytest.approx(follow_up, rel=1e-7)


@given(hazard_ratio=ratios, ratio=st.floats(0.3, 3))
def test_naming_the_arms_the_other_way_round_needs_as_many(hazard_ratio: float, ratio: float) -> None:
    control = Survival.exponential(0.05)
    shared: dict[str, Any] = {"accrual": 24, "follow_up": 12, "alpha": 0.025, "power": 0.9}
    one = sample_size(hazard_ratio, control=control, ratio=ratio, **shared)
    other = sample_size(1 / hazard_ratio, control=control.scaled(hazard_ratio), ratio=1 / ratio, **shared)
    assert other.n == pytest.approx(one.n, rel=1e-9)
    assert other.events_by_arm == pytest.approx(one.events_by_arm[::-1], rel=1e-9)


def test_events_by_arm_are_those_expected_at_the_end() -> None:
    size = sample_size(0.7, **USUAL)
    assert sum(size.events_by_arm) == pytest.approx(size.events, rel=1e-12)
    assert size.events_by_arm[0] > size.events_by_arm[1]
    assert size.events == pytest.approx(size.n * size.event_probability, rel=1e-12)


def test_equal_strata_are_no_strata() -> None:
    control = Survival.from_median(20)
    strata = [PopulationStratum(share=share, control=control) for share in (0.2, 0.3, 0.5)]
    shared = {name: value for name, value in USUAL.items() if name != "control_median"}
    for method in ("schoenfeld", "lachin-foulkes"):
        split = sample_size(0.7, strata=strata, method=method, **shared)
        assert split.n == pytest.approx(sample_size(0.7, method=method, **USUAL).n, rel=1e-12)


def test_strata_with_their_own_survival_add_their_events() -> None:
    strata = [
        PopulationStratum(share=0.3, control=Survival.from_median(6), label="visceral"),
        PopulationStratum(share=0.7, control=Survival.from_median(20), label="bone"),
    ]
    shared = {name: value for name, value in USUAL.items() if name != "control_median"}
    size = sample_size(0.7, strata=strata, **shared)
    alone = [sample_size(0.7, control=part.control, **shared) for part in strata]
    assert size.events == pytest.approx(alone[0].events, rel=1e-12)
    probability = sum(part.share * one.event_probability for part, one in zip(strata, alone, strict=True))
    assert size.event_probability == pytest.approx(probability, rel=1e-12)


def test_strata_with_their_own_effects_weigh_by_their_events() -> None:
    strata = [
        PopulationStratum(share=0.4, control=Survival.from_median(8), hazard_ratio=0.9),
        PopulationStratum(share=0.6, control=Survival.from_median(24), hazard_ratio=0.6),
    ]
    shared = {name: value for name, value in USUAL.items() if name != "control_median"}
    size = sample_size(strata=strata, **shared)
    weights = []
    for part in strata:
        assert part.hazard_ratio is not None
        one = power(part.hazard_ratio, control=part.control, n=part.share, accrual=24, follow_up=12, alpha=0.025)
        weights.append(one.events)
    mean = np.average(np.log([0.9, 0.6]), weights=weights)
    assert size.hazard_ratio == pytest.approx(math.exp(mean), rel=1e-12)
    drift = 1.959963984540054 + 1.2815515655446004
    assert size.events == pytest.approx(4 * (drift / mean) ** 2, rel=1e-12)


def test_crossover_dilutes_as_lachin_and_foulkes_say() -> None:
    # EA2108: 22 of 131 in control were operated; hazards are mixed
    crossed = 22 / 131
    plain, diluted = sample_size(0.7, **USUAL), sample_size(0.7, crossover=crossed, **USUAL)
    expected = 0.7 / (1 - crossed + crossed * 0.7)
    assert diluted.diluted_hazard_ratio == pytest.approx(expected, rel=1e-12)
    assert diluted.hazard_ratio == pytest.approx(0.7, rel=1e-12)
    assert diluted.events / plain.events == pytest.approx((math.log(0.7) / math.log(expected)) ** 2, rel=1e-12)
    both = sample_size(0.7, crossover=crossed, non_adherence=0.1, **USUAL)
    assert both.diluted_hazard_ratio == pytest.approx((0.9 * 0.7 + 0.1) / (1 - crossed + crossed * 0.7), rel=1e-12)
    # near no effect the rule of thumb 1 / (1 - c - a)^2 holds
    near = sample_size(0.99, crossover=0.1, non_adherence=0.05, **USUAL).n / sample_size(0.99, **USUAL).n
    assert near == pytest.approx(1 / 0.85**2, rel=0.01)


def test_competing_deaths_leave_fewer_events_as_pintilie_says() -> None:
    # Pintilie 2002, equation 6: P(event) = h1 / (h1 + h2) (1 - (exp(-h f) - exp(-h (a + f))) / (a h)), h = h1 + h2
    cause, other = 0.03, 0.02
    size = sample_size(
        0.6,
        control=Survival.exponential(cause),
        competing=Survival.exponential(other),
        accrual=24,
        follow_up=12,
        alpha=0.025,
        power=0.9,
    )

    def share(rate: float) -> float:
        h = rate + other
        return rate / h * (1 - (math.exp(-12 * h) - math.exp(-36 * h)) / (24 * h))

    assert size.event_probability == pytest.approx((share(cause) + share(0.6 * cause)) / 2, rel=1e-12)
    drift = 1.959963984540054 + 1.2815515655446004
    assert size.events == pytest.approx(4 * (drift / math.log(0.6)) ** 2, rel=1e-12)


def test_cured_participants_give_no_events() -> None:
    control = Survival.from_median(10).with_cure(0.4)
    shared = {name: value for name, value in USUAL.items() if name != "control_median"}
    size = sample_size(0.7, control=control, **shared)
    uncured = sample_size(0.7, control=Survival.from_median(10), **shared)
    assert size.events == pytest.approx(uncured.events, rel=1e-12)
    assert size.n == pytest.approx(uncured.n / 0.6, rel=1e-12)


def test_loss_and_registration_inflate_the_numbers() -> None:
    plain = sample_size(0.7, **USUAL)
    size = sample_size(0.7, loss=0.1, randomised_share=0.714, **USUAL)
    assert size.n == pytest.approx(plain.n / 0.9, rel=1e-12)
    assert size.n_evaluable == pytest.approx(plain.n, rel=1e-12)
    assert size.registered == pytest.approx(size.n / 0.714, rel=1e-12)
    assert size.registered_rounded == math.ceil(size.n_rounded / 0.714)


def test_rounding_is_up_and_in_whole_blocks() -> None:
    size = sample_size(0.7, ratio=2, **USUAL)
    assert size.events_rounded == math.ceil(size.events)
    assert size.n_rounded_by_arm[1] == 2 * size.n_rounded_by_arm[0]
    assert 0 <= size.n_rounded - size.n < 3


def test_looks_come_when_their_events_are_expected() -> None:
    size = sample_size(0.7, information=(0.4, 0.8, 1), futility="spending:hsd:-2", **USUAL)
    arms_events = size.looks.events
    assert arms_events == pytest.approx(size.events * np.array([0.4, 0.8, 1]), rel=1e-12)
    assert (np.diff(size.looks.time) > 0).all()
    assert size.looks.time[-1] == pytest.approx(36, rel=1e-12)
    assert size.looks.enrolled[-1] == pytest.approx(size.n, rel=1e-12)
    assert size.events == pytest.approx(size.fixed_events * size.inflation, rel=1e-12)
    found = power(
        0.7,
        n=size.n,
        control_median=20,
        accrual=24,
        follow_up=12,
        alpha=0.025,
        information=(0.4, 0.8, 1),
        futility="spending:hsd:-2",
        planned_power=0.9,
    )
    assert found.power == pytest.approx(0.9, rel=1e-8)


def test_looks_with_lachin_foulkes_are_inverted_to_1e_3_of_power() -> None:
    shared: dict[str, Any] = {"method": "lachin-foulkes", "information": (0.3, 0.7, 1), "ratio": 2.0}
    size = sample_size(0.5, **shared, **USUAL)
    again = power(0.5, n=size.n, control_median=20, accrual=24, follow_up=12, alpha=0.025, **shared).power
    assert again == pytest.approx(0.9, abs=1e-3)


def test_dilution_mixes_the_hazards_of_arms_that_are_given() -> None:
    # a late effect: before month 6 the arms are the same, whoever crosses over
    control = Survival.from_median(20)
    late = control.refined([6]).times([1.0, 0.5])
    shared: dict[str, Any] = {"accrual": 1e-6, "alpha": 0.025, "n": 100, "control": control, "experimental": late}
    early = power(0.6, follow_up=6, crossover=0.2, non_adherence=0.1, **shared)
    assert early.events == pytest.approx(
        power(1.0, n=100, control=control, accrual=1e-6, follow_up=6, alpha=0.025).events
    )
    later = power(0.6, follow_up=40, crossover=0.2, non_adherence=0.1, **shared)
    h = math.log(2) / 20
    expected = sum(1 - math.exp(-6 * h - 34 * h * mix) for mix in (0.8 + 0.2 * 0.5, 0.9 * 0.5 + 0.1)) * 50
    assert later.events == pytest.approx(expected, rel=1e-6)


def test_a_fixed_design_has_one_look_at_the_critical_ratio() -> None:
    size = sample_size(0.7, **USUAL)
    assert size.looks.hazard_ratio == pytest.approx([critical_hazard_ratio(size.events, alpha=0.025)], rel=1e-12)


def test_power_at_no_effect_is_alpha_and_below_it_on_the_wrong_side() -> None:
    shared: dict[str, Any] = {"n": 400, "control_median": 20, "accrual": 24, "follow_up": 12, "alpha": 0.025}
    assert power(1.0, **shared).power == pytest.approx(0.025, rel=1e-9)
    assert power(1.3, **shared).power < 0.025
    assert power(1.3, benefit="above", **shared).power > 0.3
    looked = power(1.0, bounds="pocock", information=(0.5, 1), **shared)
    assert looked.power == pytest.approx(0.025, rel=1e-8)


@given(one=st.floats(0.4, 1.2), other=st.floats(0.4, 1.2))
def test_power_rises_with_the_effect(one: float, other: float) -> None:
    shared: dict[str, Any] = {"n": 400, "control_median": 20, "accrual": 24, "events": 150, "alpha": 0.025}
    stronger, weaker = (power(ratio, **shared).power for ratio in sorted((one, other)))
    assert stronger >= weaker - 1e-15


def test_results_show_themselves() -> None:
    size = sample_size(0.7, information=(0.5, 1), **USUAL)
    text = str(size)
    assert "Size for a hazard ratio of 0.7: one-sided alpha 0.025, power 0.9" in text
    assert "Analyses" in text
    assert size.to_frame().columns == ["quantity", "value", "rounded"]
    assert size.looks.to_frame().height == 2
    assert "<table>" in size._repr_html_()
    found = power(0.7, n=400, control_median=20, accrual=24, follow_up=12, alpha=0.025)
    assert found.to_frame()["power"].to_list() == [found.power]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"hazard_ratio": 1.0}, "null hypothesis"),
        ({"hazard_ratio": None}, "the effect is missing"),
        ({"power": 0.02}, "above 0.025"),
        ({"control_median": None}, "control arm is missing"),
        ({"control": Survival.exponential(0.1)}, "both given"),
        ({"control_median": 0}, "control_median|median"),
        ({"accrual": 0}, "accrual"),
        ({"accrual": -5}, "accrual"),
        ({"accrual": None}, "there is follow_up"),
        ({"follow_up": None}, "there is accrual"),
        ({"follow_up": -1}, "follow_up"),
        ({"n": 100}, "accrual, follow_up, n"),
        ({"n": 100, "follow_up": None}, "never have the events"),
        ({"n": 5000, "follow_up": None}, "before accrual ends"),
        ({"accrual": Accrual((math.inf,), (5,))}, "accrual_rate"),
        ({"dropout": 1.0}, "dropout"),
        ({"loss": -0.1}, "loss"),
        ({"crossover": 0.6, "non_adherence": 0.5}, "no contrast"),
        ({"randomised_share": 0.0}, "randomised_share"),
        ({"method": "cox"}, "give one of"),
        ({"bounds": "pocock"}, "information is missing"),
        ({"strata": []}, "strata bring their own|leave control"),
        ({"information": (0.5, 1), "bounds": GroupSequential((0.5, 1), alpha=0.05)}, "leave information"),
        ({"bounds": GroupSequential((0.5, 1), alpha=0.05, power=0.9)}, "give both the same"),
        ({"bounds": GroupSequential((0.5, 1), alpha=0.025, power=0.8)}, "a power of 0.8, the design has 0.9"),
        ({"bounds": GroupSequential((0.5, 1), alpha=0.025)}, "bounds have no power"),
        ({"control_median": None, "control": 20}, "give a survival function"),
        ({"experimental": 30}, "give a survival function"),
    ],
)
def test_contradictions_are_refused_with_a_way_to_mend_them(asked: dict[str, Any], says: str) -> None:
    with pytest.raises(DesignError, match=says):
        sample_size(**{"hazard_ratio": 0.7, **USUAL, **asked})


def test_hazards_that_are_not_proportional_need_a_hazard_ratio() -> None:
    control = Survival.from_median(20)
    late = control.refined([6]).times([1.0, 0.5])
    shared = {name: value for name, value in USUAL.items() if name != "control_median"}
    with pytest.raises(DesignError, match="not proportional"):
        sample_size(control=control, experimental=late, **shared)
    size = sample_size(0.65, control=control, experimental=late, **shared)
    assert size.events == pytest.approx(sample_size(0.65, control=control, **shared).events, rel=1e-12)


def test_strata_are_parts_of_a_whole() -> None:
    part = PopulationStratum(share=0.4, control=Survival.from_median(20))
    shared = {name: value for name, value in USUAL.items() if name != "control_median"}
    with pytest.raises(DesignError, match=r"sum to 0\.8"):
        sample_size(0.7, strata=[part, part], **shared)


def test_events_of_a_size_are_expected_by_simulated_participants() -> None:
    size = sample_size(0.7, dropout=0.1, **USUAL)
    random = np.random.default_rng(5)
    n = 400_000
    into = random.random(n) * 24
    treated = np.arange(n) % 2 == 0
    event = random.exponential(20 / math.log(2), n) / np.where(treated, 0.7, 1.0)
    loss = random.exponential(-12 / math.log(0.9), n)
    seen = ((event < loss) & (event < 36 - into)).mean()
    assert seen == pytest.approx(size.event_probability, abs=4 * math.sqrt(0.25 / n))


def test_expected_events_of_the_found_accrual_are_the_events() -> None:
    size = sample_size(0.7, **USUAL)
    control = Survival.from_median(20)
    arms = [Arm(control, 0.5), Arm(control.scaled(0.7), 0.5)]
    assert expected_events(size.duration, arms=arms, accrual=size.accrual).sum() == pytest.approx(size.events)
