"""Expected statistics, information and power of weighted log-rank and max-combo tests, and their sample sizes."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from equipoise.design.accrual import Accrual
from equipoise.design.effects import crossing_hazards, cure_effect, delayed_effect, proportional
from equipoise.design.expected import Arm, calendar_time
from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.design.survival_function import Survival
from equipoise.design.weighted.at_risk import Stratum
from equipoise.design.weighted.combined_looks import passing_by_look, solve_critical_values
from equipoise.design.weighted.log_rank_weights import Weight, read_test, read_tests
from equipoise.design.weighted.max_combo_design import max_combo_power
from equipoise.design.weighted.score_moments import score_moments
from equipoise.design.weighted.weighted_sample_size import sample_size_weighted
from equipoise.design.weighted.weighted_tests import weighted_test
from equipoise.errors import DesignError
from equipoise.survival import logrank

LOSS = Survival.exponential(0.001)
ALPHA = 0.025


def stratum(control: Survival, experimental: Survival, accrual: Accrual, loss: Survival | None = LOSS) -> Stratum:
    return Stratum(Arm(control, 0.5, loss), Arm(experimental, 0.5, loss), accrual)


def delayed(n: float = 500.0, median: float = 15.0, accrual: float = 12.0) -> Stratum:
    """The delayed effect of the gsDesign2 manual: 4 months, then 0.6."""
    control = Survival.from_median(median)
    return stratum(control, delayed_effect(control, 4.0, 0.6), Accrual.uniform(n, accrual))


# --- against published numbers ---------------------------------------------------------------------------------------


def test_the_log_rank_of_gs_info_wlr() -> None:
    # https://merck.github.io/gsDesign2/reference/gs_info_wlr.html: delta and sigma2 are per planned participant; at 10
    # months R's integration across the kinks leaves 5e-8 and 3e-7
    moments = score_moments([delayed()], np.array([10.0, 24.0, 30.0]), [(k, Weight()) for k in range(3)])
    assert moments.mean / 500 == pytest.approx([0.005325328, 0.040920239, 0.052942680], abs=1e-7)
    assert moments.information == pytest.approx([19.44920, 61.35217, 72.91885], abs=5e-3)
    assert moments.information[1] == pytest.approx(61.35217, abs=1e-5)
    assert np.exp(moments.log_hazard_ratio) == pytest.approx([0.8720599, 0.7164215, 0.6955693], abs=2e-5)


def test_the_fleming_harrington_tests_of_gs_info_combo() -> None:
    # https://merck.github.io/gsDesign2/reference/gs_info_combo.html
    control = Survival.piecewise((3.0,), (math.log(2) / 9, math.log(2) / 18))
    one = stratum(control, control.times((0.9, 0.6)), Accrual.periods((2, 2, 10), (3, 6, 9)))
    looks = [(k, weight) for weight in read_tests(("fh:0:0.5", "fh:0.5:0")) for k in (0, 1)]
    moments = score_moments([one], np.array([12.0, 24.0]), looks)
    n = np.array([90, 108, 90, 108])
    assert moments.mean / n == pytest.approx(
        [0.004130002 * 108 / 90, 0.020174155, 0.008800844 * 1.2, 0.031421204], rel=2e-6
    )
    assert moments.information == pytest.approx([0.6842997, 2.8274229, 4.4152129, 9.4062683], abs=5e-5)
    assert np.exp(moments.log_hazard_ratio) == pytest.approx([0.7739222, 0.6744758, 0.8182558, 0.7278445], abs=2e-6)


def test_the_sizes_of_npsurvss_within_its_own_integration_error() -> None:
    # size_two_arm of npsurvSS, power 0.8, printed in Anderson et al., Group Sequential Design Under Non-Proportional
    # Hazards (Deming course 2021), section 6.7. The same page has 276.6798 for the first by another integration.
    published = {"fh:0:1": 276.78707, "fh:1:1": 261.51302, "fh:1:0": 475.1964, "logrank": 329.95252}
    for test, n in published.items():
        found = sample_size_weighted(test, times=36.0, alpha=ALPHA, power=0.8, strata=[delayed()], variance="null")
        assert found.participants == pytest.approx(n, rel=5e-4)
        assert found.power == pytest.approx(0.8, abs=1e-9)


def test_the_max_combo_of_the_deming_course() -> None:
    # the same, section 6.9: FH(0, 0.5) and FH(0.5, 0.5); qmvnorm and pmvnorm are random in the fifth digit
    options = {"times": 36.0, "alpha": ALPHA, "variance": "null"}
    found = max_combo_power(("fh:0:0.5", "fh:0.5:0.5"), strata=[delayed(150.0)], **options)
    assert found.null_correlation[0, 0, 1] == pytest.approx(0.989493, abs=2e-6)
    assert found.critical_values[0] == pytest.approx(2.014555, abs=1e-5)
    assert found.power[0] == pytest.approx(0.5493368, abs=1e-4)
    size = sample_size_weighted(("fh:0:0.5", "fh:0.5:0.5"), power=0.8, strata=[delayed()], **options)
    assert size.participants == pytest.approx(271.0453, abs=0.05)
    assert size.events == pytest.approx(179.5897, abs=0.05)


def test_the_fixed_max_combo_of_gsdesign2() -> None:
    # fixed_design_maxcombo, examples 1 and 2, https://merck.github.io/gsDesign2/reference/fixed_design.html
    options = {"times": 36.0, "alpha": ALPHA, "variance": "null"}
    tests = ("logrank", "fh:0.5:0")
    found = max_combo_power(tests, strata=[delayed(360.0, 12.0, 18.0)], **options)
    assert found.critical_values[0] == pytest.approx(2.02, abs=0.005)
    assert found.power[0] == pytest.approx(0.797, abs=0.0005)
    assert found.events[0] == pytest.approx(252, abs=0.5)
    size = sample_size_weighted(tests, power=0.9, strata=[delayed(18.0, 12.0, 18.0)], **options)
    assert size.participants == pytest.approx(483, abs=0.5)
    assert size.events == pytest.approx(339, abs=0.5)


def test_the_weighted_hazard_ratios_of_gsdesign2() -> None:
    # fixed_design_fh and fixed_design_mb print AHR 0.644 and 0.688. Their power, 0.906 and 0.844, mixes the variances
    # under both hypotheses of a null with averaged hazards and is not ours: 0.901 and 0.837
    for test, ratio in (("fh:1:1", 0.644), ("mwlrt:4", 0.688)):
        found = weighted_test(test, times=36.0, alpha=ALPHA, strata=[delayed(360.0, 12.0, 18.0)])
        assert found.weighted_hazard_ratio[0] == pytest.approx(ratio, abs=0.0005)


def test_two_looks_of_prior_2020_as_lrstat_computes_them() -> None:
    # lrstat's vignette maxcombo.R holds mu and sigma to 3 digits; Prior reports a power of about 0.73
    control = Survival.exponential(0.25)
    one = stratum(control, Survival.piecewise((1.5,), (0.25, 0.125)), Accrual.uniform(100, 4), None)
    times = [calendar_time(events, arms=one.arms, accrual=one.accrual) for events in (50, 99.9)]
    assert times == pytest.approx([5.363, 50.324], abs=5e-4)
    options = {"times": times, "alpha": ALPHA, "strata": [one], "bounds": "spending:cumulative:0.0015,0.025"}
    tests = (("logrank",), ("logrank", "fh:0:1"))
    null = max_combo_power(tests, variance="null", **options)
    assert null.z[0, 0] == pytest.approx(0.900, abs=1e-3)
    assert null.z[1] == pytest.approx([2.234, 2.662], abs=1e-3)
    assert math.isnan(null.z[0, 1])
    sigma = [[1, 0.748, 0.370], [0.748, 1, 0.861], [0.370, 0.861, 1]]
    assert null.null_correlation == pytest.approx(np.array(sigma), abs=1e-3)
    assert null.critical_values[0] == pytest.approx(2.968, abs=5e-4)
    assert null.power[-1] == pytest.approx(0.73, abs=0.01)
    assert max_combo_power(tests, **options).power[-1] == pytest.approx(0.73, abs=0.01)


def test_three_looks_of_gs_power_combo() -> None:
    # https://merck.github.io/gsDesign2/reference/gs_power_combo.html, with its own spending given: probability0 and z.
    # Its futility bound takes 0.0003 of power before the second look.
    found = max_combo_power(
        (("logrank",), ("logrank",), ("logrank", "fh:0:0.5", "fh:0.5:0.5")),
        times=[12, 24, 36],
        alpha=ALPHA,
        strata=[delayed()],
        bounds="spending:cumulative:3.299865e-10,0.00256583,0.025",
    )
    assert found.critical_values[0] == pytest.approx(6.175397, abs=1e-6)
    assert found.critical_values[1:] == pytest.approx([2.798651, 2.097368], abs=5e-4)
    assert found.power[1] == pytest.approx(0.4260145, abs=5e-4)
    assert found.events == pytest.approx([107.3943, 246.2834, 331.2910], abs=1e-4)


# --- limits and invariants -------------------------------------------------------------------------------------------


@given(ratio=st.floats(0.9, 0.99), median=st.floats(5.0, 40.0))
def test_near_the_null_the_log_rank_power_is_schoenfelds(ratio: float, median: float) -> None:
    control = Survival.from_median(median)
    n = 2e4
    found = weighted_test(
        times=48.0, alpha=ALPHA, strata=[stratum(control, proportional(control, ratio), Accrual.uniform(n, 24))]
    )
    schoenfeld = ndtr(abs(math.log(ratio)) * math.sqrt(found.events[0] / 4) - ndtri(1 - ALPHA))
    # at ratio 0.9 the two are 0.001 apart, and closer as it nears 1
    assert found.power[0] == pytest.approx(schoenfeld, abs=0.002)
    assert found.z[0] == pytest.approx(-math.log(ratio) * math.sqrt(found.information[0]), rel=2e-3)


@given(
    test=st.sampled_from(["logrank", "fh:0:1", "fh:0.5:0.5", "fh:1:0", "mwlrt:6"]),
    share=st.floats(0.2, 0.8),
    cured=st.sampled_from([0.0, 0.3]),
)
def test_without_an_effect_z_is_standard_normal_and_power_is_alpha(test: str, share: float, cured: float) -> None:
    same = Survival.piecewise((5.0,), (0.1, 0.04)).with_cure(cured)
    arms = Arm(same, 1 - share, LOSS), Arm(same, share, Survival.exponential(0.02))
    found = weighted_test(
        test,
        times=[12.0, 20.0, 40.0],
        alpha=ALPHA,
        arms=arms,
        accrual=Accrual((6.0, 15.0), (5.0, 12.0)),
        bounds="spending:pocock",
    )
    assert found.z == pytest.approx(np.zeros(3), abs=1e-12)
    assert found.spread == pytest.approx(np.ones(3), abs=1e-10)
    assert found.correlation is not None
    # without an effect information grows independently: the correlation is the root of the fraction
    fraction = np.sqrt(found.information[:, None] / found.information)
    assert found.correlation == pytest.approx(np.minimum(fraction, 1 / fraction), abs=1e-6)
    assert found.power[-1] == pytest.approx(ALPHA, abs=1e-6)


@pytest.mark.parametrize(("one", "other"), [("fh:0:0", "logrank"), ("mwlrt:0", "logrank"), ("mwlrt:36", "mwlrt:500")])
def test_weights_that_are_the_same_give_the_same_design(one: str, other: str) -> None:
    first, second = (weighted_test(test, times=[20, 36], alpha=ALPHA, strata=[delayed()]) for test in (one, other))
    for name in ("z", "spread", "information", "information_null", "power", "weighted_hazard_ratio"):
        assert getattr(first, name) == pytest.approx(getattr(second, name), rel=1e-10)


def test_the_log_rank_information_under_the_null_is_a_quarter_of_the_events() -> None:
    found = weighted_test(times=[12, 24, 36], alpha=ALPHA, strata=[delayed()])
    assert found.information_null == pytest.approx(found.events / 4, rel=1e-12)


def test_a_late_weight_finds_a_late_effect_and_an_early_weight_does_not() -> None:
    power = {
        test: float(weighted_test(test, times=36.0, alpha=ALPHA, strata=[delayed(300.0)]).power[0])
        for test in ("fh:0:1", "mwlrt:4", "logrank", "fh:1:0")
    }
    assert list(power) == sorted(power, key=lambda test: -power[test])


@given(factor=st.floats(0.5, 20.0))
def test_z_grows_with_the_root_of_the_participants(factor: float) -> None:
    small, large = (
        weighted_test("fh:0:1", times=36.0, alpha=ALPHA, strata=[delayed(n)]) for n in (100.0, 100.0 * factor)
    )
    assert large.z == pytest.approx(math.sqrt(factor) * small.z, rel=1e-12)
    assert large.spread == pytest.approx(small.spread, rel=1e-12)


@given(unit=st.floats(0.05, 30.0))
def test_the_unit_of_time_does_not_matter(unit: float) -> None:
    def found(scale: float) -> np.ndarray:
        control = Survival.piecewise((3.0 * scale,), (0.08 / scale, 0.05 / scale)).with_cure(0.2)
        experimental = crossing_hazards(control, 1.2, 0.6, 5.0 * scale)
        one = stratum(control, experimental, Accrual.uniform(200, 12 * scale), Survival.exponential(0.01 / scale))
        result = weighted_test(
            f"mwlrt:{8 * scale!r}",
            times=[20 * scale, 40 * scale],
            alpha=ALPHA,
            strata=[one],
            bounds="spending:obrien-fleming",
        )
        return np.concatenate([result.z, result.spread, result.power])

    assert found(unit) == pytest.approx(found(1.0), rel=1e-7)


def test_strata_alike_are_one_population() -> None:
    whole = delayed(300.0)
    parts = [Stratum(*whole.arms, whole.accrual.scaled_to(n)) for n in (100.0, 200.0)]
    for test in ("logrank", "fh:0:1"):
        one, split = (
            weighted_test(test, times=[20.0, 36.0], alpha=ALPHA, strata=strata, bounds="pocock")
            for strata in ([whole], parts)
        )
        for name in ("z", "spread", "information", "power", "correlation"):
            assert getattr(split, name) == pytest.approx(getattr(one, name), rel=1e-9)


def test_exchanging_the_arms_turns_the_sign() -> None:
    one = delayed()
    turned = Stratum(one.experimental, one.control, one.accrual)
    for test in ("logrank", "fh:0:1", "mwlrt:6"):
        there, back = (weighted_test(test, times=30.0, alpha=ALPHA, strata=[each]) for each in (one, turned))
        assert back.z == pytest.approx(-there.z, rel=1e-12)
        assert back.spread == pytest.approx(there.spread, rel=1e-10)


def test_a_long_delay_is_no_effect_and_a_short_one_is_proportional() -> None:
    control = Survival.from_median(12.0)
    options = {"times": 36.0, "alpha": ALPHA}
    late, early, always = (
        weighted_test("fh:0:1", strata=[stratum(control, experimental, Accrual.uniform(300, 12))], **options)
        for experimental in (
            delayed_effect(control, 40.0, 0.5),
            delayed_effect(control, 1e-6, 0.5),
            proportional(control, 0.5),
        )
    )
    assert late.power[0] == pytest.approx(ALPHA, abs=1e-9)
    assert early.power == pytest.approx(always.power, abs=1e-6)


def test_the_critical_values_of_one_test_are_those_of_its_group_sequential_design() -> None:
    found = weighted_test("fh:0:1", times=[18, 26, 36], alpha=0.05, sides=2, strata=[delayed()], bounds="pocock")
    design = GroupSequential(found.information / found.information[-1], alpha=0.05, sides=2, bounds="pocock")
    assert found.critical_values == pytest.approx(design.critical_values, abs=1e-12)


def test_the_power_of_looks_with_independent_increments_is_that_of_the_recursion() -> None:
    information = np.array([0.3, 0.6, 1.0])
    ratio = np.sqrt(information[:, None] / information)
    design = GroupSequential(information, alpha=ALPHA, bounds="pocock")
    found = passing_by_look(
        design.critical_values, range(3), 2.5 * np.sqrt(information), np.ones(3), np.minimum(ratio, 1 / ratio)
    )
    assert found[-1] == pytest.approx(design.power(2.5), abs=1e-6)


def test_what_the_looks_add_is_the_power() -> None:
    looks = weighted_test(times=[18, 26, 36], alpha=0.05, sides=2, strata=[delayed()], bounds="pocock")
    assert looks.power_by_look.sum() == pytest.approx(looks.power[-1])
    apart = weighted_test(times=[18, 26, 36], alpha=0.05, sides=2, strata=[delayed()])
    assert apart.power_by_look == pytest.approx(apart.power)
    assert bool((apart.power > looks.power).all())


def test_the_solved_critical_values_of_correlated_looks_are_those_of_the_recursion() -> None:
    information = np.array([0.3, 0.6, 1.0])
    ratio = np.sqrt(information[:, None] / information)
    design = GroupSequential(information, alpha=ALPHA, bounds="spending:hsd:-2")
    found = solve_critical_values(np.minimum(ratio, 1 / ratio), range(3), design.alpha_spent, 1)
    assert found == pytest.approx(design.critical_values, abs=1e-6)


def test_the_max_combo_spends_alpha_and_no_more() -> None:
    control = Survival.from_median(12.0)
    one = stratum(control, control, Accrual.uniform(300, 18))
    found = max_combo_power(times=[20.0, 36.0], alpha=ALPHA, strata=[one], bounds="spending:pocock")
    assert found.power[-1] == pytest.approx(ALPHA, abs=2e-5)
    apart = max_combo_power(times=[20.0, 36.0], alpha=ALPHA, strata=[one])
    assert apart.power == pytest.approx([ALPHA, ALPHA], abs=1e-7)
    # four tests cost less than Bonferroni's
    assert bool((ndtri(1 - ALPHA) < apart.critical_values).all())
    assert bool((apart.critical_values < ndtri(1 - ALPHA / 4)).all())


def test_a_two_sided_max_combo_holds_the_largest_absolute_z() -> None:
    one_sided, two_sided = (
        max_combo_power(times=36.0, alpha=alpha, sides=sides, strata=[delayed()])
        for alpha, sides in ((0.025, 1), (0.05, 2))
    )
    # the two tails exclude each other but for opposite tests far apart
    assert two_sided.critical_values == pytest.approx(one_sided.critical_values, abs=1e-3)
    assert two_sided.power == pytest.approx(one_sided.power, abs=1e-3)


def test_a_combination_of_one_test_is_the_test() -> None:
    alone = weighted_test("fh:0:1", times=[24, 36], alpha=ALPHA, strata=[delayed()], bounds=[2.9, 1.98])
    combined = max_combo_power(["fh:0:1"], times=[24, 36], alpha=ALPHA, strata=[delayed()], bounds=[2.9, 1.98])
    assert combined.power == pytest.approx(alone.power, abs=1e-12)
    assert combined.critical_values == pytest.approx([2.9, 1.98])


@settings(max_examples=25)
@given(power=st.floats(0.3, 0.99), test=st.sampled_from(["logrank", "fh:0:1", "mwlrt:6"]))
def test_a_size_that_was_found_has_the_power(power: float, test: str) -> None:
    size = sample_size_weighted(test, times=36.0, alpha=ALPHA, power=power, strata=[delayed(100.0)])
    back = weighted_test(test, times=36.0, alpha=ALPHA, strata=size.strata)
    assert back.power[0] == pytest.approx(power, abs=1e-8)
    assert back.participants[0] == pytest.approx(size.participants)
    assert back.events[0] == pytest.approx(size.events)
    # in closed form: (critical value + z of the power x spread)^2 / z^2
    assert size.scale == pytest.approx(
        ((ndtri(1 - ALPHA) + ndtri(power) * back.spread[0]) * math.sqrt(size.scale) / back.z[0]) ** 2, rel=1e-8
    )


def test_looks_cost_participants() -> None:
    options = {"alpha": ALPHA, "power": 0.9, "strata": [delayed()]}
    fixed = sample_size_weighted("fh:0:1", times=36.0, **options)
    looks = sample_size_weighted("fh:0:1", times=[18, 26, 36], bounds="pocock", **options)
    assert 1.0 < looks.participants / fixed.participants < 1.35
    assert looks.power == pytest.approx(0.9, abs=1e-5)
    # without bounds only the last time counts
    assert sample_size_weighted("fh:0:1", times=[18, 36], **options).participants == pytest.approx(fixed.participants)


def test_cure_widens_what_a_late_look_finds() -> None:
    control = Survival.from_median(10.0).with_cure(0.1)
    one = stratum(control, cure_effect(control, 0.25), Accrual.uniform(400, 18))
    found = weighted_test("fh:0:1", times=np.arange(12.0, 72.0, 6.0), alpha=ALPHA, strata=[one])
    assert bool((np.diff(found.z) > 0).all())
    assert found.correlation is None


def test_a_time_without_hazard_and_one_with_events_in_one_arm_only_are_no_trouble() -> None:
    control = Survival.piecewise((3.0,), (0.0, 0.1))
    experimental = Survival.piecewise((3.0, 20.0), (0.0, 0.05, 0.0))
    one = stratum(control, experimental, Accrual.uniform(200, 12), None)
    for test in ("fh:0:0.5", "fh:0.5:0.25", "mwlrt:2", "logrank"):
        found = weighted_test(test, times=[12.0, 40.0], alpha=ALPHA, strata=[one], bounds="pocock")
        assert bool(np.isfinite(found.z).all())
        assert bool((found.spread > 0.5).all())
        assert math.isnan(found.average_hazard_ratio[1])  # a ratio of 0 after 20 months
    # the weight of mwlrt follows S, which is 1 for 3 months
    same = [weighted_test(test, times=40.0, alpha=ALPHA, strata=[one]).z for test in ("mwlrt:2", "logrank")]
    assert same[0] == pytest.approx(same[1], rel=1e-12)


def test_a_stratum_that_opens_later_adds_nothing_before() -> None:
    late = Stratum(*delayed().arms, Accrual((6.0, 20.0), (0.0, 10.0)))
    alone, both = (
        weighted_test(times=[5.0, 30.0], alpha=ALPHA, strata=s, bounds="pocock")
        for s in ([delayed()], [delayed(), late])
    )
    assert both.z[0] == pytest.approx(alone.z[0], rel=1e-9)
    assert both.information[1] > alone.information[1]


def test_hazards_that_leave_nobody_are_no_trouble() -> None:
    control = Survival.exponential(8.0)
    one = stratum(control, proportional(control, 0.7), Accrual.uniform(100, 12))
    for test in ("logrank", "fh:0:1", "mwlrt:0.5"):
        found = weighted_test(test, times=100.0, alpha=ALPHA, strata=[one])
        assert found.events[0] == pytest.approx(100.0, abs=0.1)
        assert 1.0 < found.z[0] < 3.0


@pytest.mark.parametrize("test", ["logrank", "fh:0:1", "fh:1:0", "mwlrt:6"])
def test_the_means_and_covariances_are_those_of_simulated_trials(test: str) -> None:
    # 1500 trials of 200, two dates, allocation 1:2, cure and loss: within four Monte-Carlo errors and the 0.03 by which
    # the expected z of so small a trial may be too high
    control, loss = Survival.from_median(8.0).with_cure(0.2), Survival.exponential(0.02)
    experimental = delayed_effect(control, 3.0, 0.5)
    n, months, dates = (68, 132), 12.0, (12.0, 30.0)
    arms = Arm(control, n[0] / 200, loss), Arm(experimental, n[1] / 200, loss)
    found = weighted_test(
        test, times=dates, alpha=ALPHA, arms=arms, accrual=Accrual.uniform(200, months), bounds="pocock"
    )
    rng = np.random.default_rng(7)
    options = {"mwlrt:6": {"t_star": 6.0}, "fh:0:1": {"gamma": 1.0}, "fh:1:0": {"rho": 1.0}}.get(test, {})
    z = np.empty((1500, 2))
    for row in z:
        event = np.concatenate([draw(rng, arm.survival, size) for arm, size in zip(arms, n, strict=True)])
        lost, entry = draw(rng, loss, 200), months * rng.random(200)
        for k, date in enumerate(dates):
            until = np.minimum(lost, date - entry)
            here = until > 0
            row[k] = -logrank(
                np.minimum(event, until)[here], (event <= until)[here], np.repeat([0, 1], n)[here], **options
            ).z
    error = 4 * found.spread / math.sqrt(1500)
    assert bool((np.abs(z.mean(axis=0) - found.z) < error + 0.03).all())
    assert z.std(axis=0) == pytest.approx(found.spread, rel=4 / math.sqrt(2 * 1500))
    assert found.correlation is not None
    # the error of a correlation r is (1 - r^2) / sqrt(trials)
    r = float(found.correlation[0, 1])
    assert np.corrcoef(z.T)[0, 1] == pytest.approx(r, abs=4 * (1 - r * r) / math.sqrt(1500))


def draw(rng: np.random.Generator, survival: Survival, n: int) -> np.ndarray:
    """Times from a piecewise-exponential with cure, one quantile each."""
    return np.array([survival.quantile(u) for u in rng.random(n)])


# --- words and refusals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["logrank", "fh:0:1", "fh:0.5:0", "mwlrt:12", "mwlrt:2.5"])
def test_a_test_is_named_as_it_was_asked_for(word: str) -> None:
    assert read_test(word).word == word


def test_maxcombo_is_its_four_tests() -> None:
    assert [weight.word for weight in read_tests("maxcombo")] == ["logrank", "fh:0:1", "fh:1:0", "fh:1:1"]


@pytest.mark.parametrize(
    "word", ["", "gehan", "fh", "fh:1", "fh:a:1", "fh:-1:0", "fh:0:inf", "mwlrt", "mwlrt:-2", "logrank:1", "maxcombo"]
)
def test_words_that_are_no_single_test_are_refused(word: str) -> None:
    with pytest.raises(DesignError, match=r"fh:RHO:GAMMA"):
        read_test(word)


REFUSED: list[tuple[Callable[[], object], str]] = [
    (lambda: weighted_test(times=36, alpha=0.6, strata=[delayed()]), "alpha"),
    (lambda: weighted_test(times=36, alpha=ALPHA, sides=3, strata=[delayed()]), "sides"),
    (lambda: weighted_test(times=36, alpha=ALPHA, variance="wald", strata=[delayed()]), "variance"),
    (lambda: weighted_test(times=36, alpha=ALPHA, bounds=[2.0, 2.0], strata=[delayed()]), "bounds"),
    (lambda: max_combo_power([], times=36, alpha=ALPHA, strata=[delayed()]), "there are none"),
    (lambda: max_combo_power(["logrank", "fh:0:0"], times=36, alpha=ALPHA, strata=[delayed()]), "twice"),
    (lambda: max_combo_power([["logrank"]], times=[20, 36], alpha=ALPHA, strata=[delayed()]), "one a time"),
    (
        lambda: max_combo_power([["logrank"], ["fh:0:1"]], times=[20, 36], alpha=ALPHA, strata=[delayed()]),
        "give bounds",
    ),
    (lambda: max_combo_power(times=[20, 36], alpha=ALPHA, strata=[delayed()], bounds=[2.0]), "one critical value"),
    (lambda: max_combo_power(times=[20, 36], alpha=ALPHA, strata=[delayed()], bounds="pocock"), "spending"),
    (lambda: sample_size_weighted(times=36, alpha=ALPHA, power=0.01, strata=[delayed()]), "power"),
    (lambda: sample_size_weighted(times=3, alpha=ALPHA, power=0.9, strata=[delayed()]), "favours"),
    (
        lambda: sample_size_weighted(
            times=36,
            alpha=ALPHA,
            power=0.9,
            strata=[Stratum(delayed().experimental, delayed().control, Accrual.uniform(100, 12))],
        ),
        "favours",
    ),
]


@pytest.mark.parametrize(("wrong", "message"), REFUSED)
def test_contradictory_requests_are_refused(wrong: Callable[[], object], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        wrong()


def test_results_show_themselves() -> None:
    single = weighted_test("fh:0:1", times=[24, 36], alpha=ALPHA, strata=[delayed()], bounds="spending:pocock")
    combined = max_combo_power(times=[24, 36], alpha=ALPHA, strata=[delayed()])
    size = sample_size_weighted("mwlrt:6", times=36, alpha=ALPHA, power=0.9, strata=[delayed()])
    for result, rows, text in ((single, 2, "look by look"), (combined, 2, "z_fh:1:1"), (size, 1, "mwlrt:6")):
        assert result.to_frame().height == rows
        assert text in str(result)
        assert "<table>" in result._repr_html_()
