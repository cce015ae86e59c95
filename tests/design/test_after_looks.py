"""What a group-sequential trial says after its looks: against rpact, against theory and by simulation."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from reference import entry

from equipoise.design.formulas import normal_cdf, normal_quantile
from equipoise.design.sequential.after_looks import after_looks
from equipoise.design.sequential.after_looks_result import AfterLooks
from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.design.sequential.other_levels import critical_values_at, repeated_p_value
from equipoise.design.sequential.stage_wise import StageWiseOrdering
from equipoise.errors import DesignError

THIRDS = [1 / 3, 2 / 3, 1.0]
EVENTS = [30, 60, 90]


def one_sided(**options: Any) -> GroupSequential:
    return GroupSequential(THIRDS, alpha=0.025, **options)


def two_sided(**options: Any) -> GroupSequential:
    return GroupSequential(THIRDS, alpha=0.05, sides=2, **options)


def seen(design: GroupSequential, z: list[float], **options: Any) -> AfterLooks:
    """With the events of the comparisons, benefit above 1, as rpact's positive log-rank statistics have it."""
    return after_looks(design, z, events=EVENTS[: len(z)], **({"benefit": "above"} | options))


def test_the_published_analysis_of_two_stages_with_binding_futility_is_met() -> None:
    e = entry("rpact-analysis-2stage")
    design = GroupSequential(
        e.inputs["information"],
        alpha=e.inputs["alpha"],
        bounds=f"wang-tsiatis:{e.inputs['WT_Delta']}",
        futility=[e.inputs["futility"]],
        binding=e.inputs["binding"],
    )
    found = after_looks(design, e.inputs["logrank_z"], events=e.inputs["events"], benefit="above")
    assert found.final is not None
    e.check(
        rci_lower=found.repeated_low,
        rci_upper=found.repeated_high,
        repeated_p=found.repeated_p,
        final_p=found.final.p_value,
        final_ci=[found.final.conf_low, found.final.conf_high],
        median_unbiased_hr=found.final.median_unbiased,
    )


def test_three_stages_without_binding_futility_agree_with_rpacts_own_tests() -> None:
    # rpact v4.0.0, tests/testthat/test-f_analysis_base_survival.R, x1: printed to 8 digits; its repeated p-values come
    # from a bisection that stops at 1e-6
    design = GroupSequential([0.2, 0.4, 1.0], alpha=0.025, bounds="wang-tsiatis:0.25", futility=[0, 0])
    found = after_looks(design, [1.52, 1.38, 2.9], events=[8, 15, 38], benefit="above")
    np.testing.assert_allclose(found.repeated_low, [0.34217973, 0.54553509, 1.325822], rtol=3e-7)
    np.testing.assert_allclose(found.repeated_high, [25.078822, 7.6235796, 4.9517237], rtol=3e-7)
    np.testing.assert_allclose(found.repeated_p, [0.22249182, 0.19345822, 0.0019646115], atol=1e-6)
    assert found.final is not None
    assert found.final.p_value == pytest.approx(0.0074535505, rel=1e-7)
    assert found.final.conf_low == pytest.approx(1.222663, rel=1e-6)
    assert found.final.conf_high == pytest.approx(4.752454, rel=1e-6)
    assert found.final.median_unbiased == pytest.approx(2.4764002, rel=1e-7)


# rpact 3.3.4, getAnalysisResults with directionUpper = TRUE, O'Brien-Fleming spending, tolerance = 1e-10: z; repeated
# limits and p at the last of these looks; final p, limits and estimate. Its repeated p-values stop at a width of 1e-6.
RPACT = [
    ("stopped at look 2", one_sided, {}, [1.2, 2.9], (1.105534527, 4.043960757, 0.01110270051),
     (0.00192375274, 1.272772641, 3.505552271, 2.112802801)),
    ("rejects at the end", one_sided, {}, [1.2, 1.9, 2.05], (1.012078984, 2.345149724, 0.02171707443),
     (0.02225529895, 1.010604153, 2.321666268, 1.533468513)),
    ("accepts at the end", one_sided, {}, [1.2, 0.4, -0.3], (0.6166725742, 1.428929773, 0.5),
     (0.6179115576, 0.6209886542, 1.418998111, 0.9387128668)),
    ("two-sided, stopped at look 2", two_sided, {}, [1.2, 2.9], (1.105534527, 4.043960757, 0.0222053547),
     (0.00384750548, 1.272772641, 3.505552271, 2.112802801)),
    ("two-sided, to the end", two_sided, {}, [1.2, 1.9, 2.05], (1.012078984, 2.345149724, 0.04343600987),
     (0.04451059791, 1.010604153, 2.321666268, 1.533468513)),
    ("past futility that does not bind", one_sided, {"futility": [0.0, 0.5]}, [1.2, 0.2, 2.3],
     (1.066850831, 2.472065103, 0.01133730393), (0.0137442139, 1.054899048, 2.439458534, 1.608301516)),
    ("stopped for binding futility", one_sided, {"futility": [0.0, 0.5], "binding": True}, [1.2, 0.2],
     (0.5507181104, 2.013373057, 0.4572363755), (0.3322291108, 0.659871493, 2.072298189, 1.130007555)),
    ("binding futility, to the end", one_sided, {"futility": [0.0, 0.5], "binding": True}, [0.2, 0.6, 2.1],
     (1.026156063, 2.35600436, 0.01813508086), (0.01924786927, 1.023946654, 2.403702195, 1.561040481)),
    ("binding futility, stopped at look 2", one_sided, {"futility": [0.0, 0.5], "binding": True}, [0.2, 2.7],
     (1.050183906, 3.839371549, 0.01702691352), (0.003507542238, 1.209782069, 3.331460701, 2.007674925)),
    ("a limit that an earlier look would have accepted", one_sided, {"futility": [0.0, 0.5], "binding": True},
     [0.01, 2.4, 3.5], (1.003658134, 3.164873327, 0.0002346497402),
     (0.006089880528, 1.150595846, 2.957803752, 1.873852558)),
]  # fmt: skip  # short items of one kind share a line


@pytest.mark.parametrize(
    ("make", "options", "z", "repeated", "final"), [r[1:] for r in RPACT], ids=[r[0] for r in RPACT]
)
def test_analyses_agree_with_rpact(
    make: Any, options: dict[str, Any], z: list[float], repeated: tuple[float, ...], final: tuple[float, ...]
) -> None:
    found = seen(make(**options), z)
    assert found.final is not None
    assert (found.repeated_low[-1], found.repeated_high[-1]) == pytest.approx(repeated[:2], rel=5e-7)
    assert found.repeated_p[-1] == pytest.approx(repeated[2], abs=2e-6)
    f = found.final
    assert (f.p_value, f.conf_low, f.conf_high, f.median_unbiased) == pytest.approx(final, rel=5e-7)


def test_the_allocation_ratio_widens_the_interval_as_in_rpact() -> None:
    # rpact 3.3.4 with overallAllocationRatios = 2
    found = seen(one_sided(), [1.2, 2.9], ratio=2)
    assert found.final is not None
    assert (found.final.conf_low, found.final.conf_high) == pytest.approx((1.291531594, 3.782696233), rel=5e-7)
    assert found.final.median_unbiased == pytest.approx(2.210878949, rel=5e-7)


def test_a_hazard_ratio_below_one_as_benefit_is_the_mirror_image() -> None:
    # rpact 3.3.4 with directionUpper = FALSE and z = -1.2, -2.9
    found = seen(one_sided(), [1.2, 2.9], benefit="below")
    assert found.final is not None
    assert (found.repeated_low[-1], found.repeated_high[-1]) == pytest.approx((0.2472823548, 0.9045397819), rel=5e-7)
    assert (found.final.conf_low, found.final.conf_high) == pytest.approx((0.285261757, 0.785686279), rel=5e-7)


def test_a_stop_at_the_lower_bound_of_two_is_the_mirror_image_of_one_at_the_upper() -> None:
    # rpact 3.3.4 leaves out the lower bounds of earlier looks: 0.2851222 to 0.7844941, not 0.2852618 to 0.7856863
    up, down = seen(two_sided(), [1.2, 2.9]).final, seen(two_sided(), [1.2, -2.9]).final
    assert up is not None
    assert down is not None
    assert down.p_value == pytest.approx(up.p_value, rel=1e-9)
    assert (down.conf_low, down.conf_high) == pytest.approx((1 / up.conf_high, 1 / up.conf_low), rel=1e-9)
    assert down.median_unbiased == pytest.approx(1 / up.median_unbiased, rel=1e-9)
    assert (down.reason, down.rejected) == ("harm", False)


def test_a_two_sided_stop_at_the_first_look_has_a_two_sided_p() -> None:
    # rpact 3.3.4 gives the one-sided 0.00621 here, beside a two-sided interval
    found = after_looks(GroupSequential([0.5, 1], alpha=0.05, sides=2, bounds="pocock"), [2.5], events=[50])
    assert found.final is not None
    assert found.final.p_value == pytest.approx(2 * normal_cdf(-2.5), rel=1e-12)
    # rpact 3.3.4: 0.02178573884, to the 1e-6 of its bisection
    assert found.repeated_p[0] == pytest.approx(0.02178573884, abs=1e-6)


def test_one_look_is_the_fixed_test() -> None:
    found = after_looks(GroupSequential([1.0], alpha=0.025), [2.2])
    f = found.final
    assert f is not None
    q = normal_quantile(0.975)
    expected = (normal_cdf(-2.2), 2.2 - q, 2.2 + q, 2.2)
    assert (f.p_value, f.conf_low, f.conf_high, f.median_unbiased) == pytest.approx(expected, rel=1e-10)
    assert (found.repeated_low[0], found.repeated_high[0]) == pytest.approx((2.2 - q, 2.2 + q), rel=1e-9)
    assert found.repeated_p[0] == pytest.approx(normal_cdf(-2.2), rel=1e-9)


def test_an_estimate_that_the_trial_stopped_early_on_is_drawn_towards_no_effect() -> None:
    found = seen(one_sided(), [1.2, 2.6])
    assert found.final is not None
    assert 1.0 < found.final.median_unbiased < found.final.unadjusted


def test_hazard_ratios_with_standard_errors_say_the_same_as_z_and_events() -> None:
    from_z = seen(one_sided(), [1.2, 2.9], benefit="below")
    std_error = [2 / math.sqrt(30), 2 / math.sqrt(60)]
    ratios = [math.exp(-z * s) for z, s in zip([1.2, 2.9], std_error, strict=True)]
    from_ratios = after_looks(one_sided(), hazard_ratio=ratios, std_error=std_error)
    assert from_z.final is not None
    assert from_ratios.final is not None
    np.testing.assert_allclose(from_ratios.repeated_low, from_z.repeated_low, rtol=1e-12)
    assert from_ratios.final.median_unbiased == pytest.approx(from_z.final.median_unbiased, rel=1e-12)


designs = st.sampled_from(
    [
        one_sided(),
        one_sided(bounds="pocock"),
        one_sided(bounds="spending:hsd:-4", futility=[-0.5, 0.4]),
        one_sided(bounds="obrien-fleming", futility=[0.0, 0.5], binding=True),
        two_sided(),
        two_sided(bounds="haybittle-peto"),
        GroupSequential([0.3, 0.55, 0.8, 1.0], alpha=0.05, sides=2, bounds="wang-tsiatis:0.3"),
        GroupSequential([0.4, 1.0], alpha=0.025, bounds=[2.6, 2.0]),
    ]
)


@given(design=designs, data=st.data())
@hypothesis_settings(max_examples=60)
def test_intervals_and_p_values_decide_as_the_bounds_do(design: GroupSequential, data: st.DataObject) -> None:
    looks = data.draw(st.integers(1, design.looks))
    # never on a bound itself
    z = [data.draw(st.integers(-350, 400)) / 100 + 0.00314 for _ in range(looks)]
    found = after_looks(design, z)
    crossed = np.abs(found.z) >= found.critical_values if design.sides == 2 else found.z >= found.critical_values
    excluded = found.repeated_low > 0 if design.sides == 1 else (found.repeated_low > 0) | (found.repeated_high < 0)
    if not design.binding:  # a binding design keeps in the interval what an earlier look accepted
        np.testing.assert_array_equal(excluded, crossed)
    known = np.isfinite(found.repeated_p)
    spent = design.alpha_spent[-1]
    np.testing.assert_array_equal((found.repeated_p <= design.alpha * (1 + 1e-7))[known], crossed[known])
    if found.final is not None:
        final = found.final
        assert final.conf_low < final.median_unbiased < final.conf_high
        if design.sides == 1 and (design.binding or not np.any(np.isfinite(design.futility_values[:-1]))):
            # the p-value, the interval and the bounds are of one ordering
            assert (final.conf_low > 0) == (final.p_value < (1 - found.conf_level) / 2)
            if abs(final.p_value - spent) > 1e-6:
                assert final.rejected == (final.p_value < spent)


@given(design=designs, data=st.data())
@hypothesis_settings(max_examples=40)
def test_a_larger_z_at_the_end_is_stronger_in_every_way(design: GroupSequential, data: st.DataObject) -> None:
    last = design.looks - 1
    lower = np.maximum(design.futility_values, design.harm_values)
    inside = [min(float(design.critical_values[k]), 4.0) - 0.3 for k in range(last)]
    before = [max(value - 1.0, float(lower[k]) + 0.05) for k, value in enumerate(inside)]
    less = data.draw(st.floats(-3.0, 3.0))
    more = less + data.draw(st.floats(0.01, 2.0))
    a, b = after_looks(design, [*before, less]), after_looks(design, [*before, more])
    assert a.final is not None
    assert b.final is not None
    assert a.final.look == b.final.look == design.looks
    for name in ("conf_low", "median_unbiased", "conf_high"):
        # far below the futility values another z moves a limit by less than a root is found to
        assert getattr(a.final, name) < getattr(b.final, name) + 1e-9
    if design.sides == 1:
        assert a.final.p_value > b.final.p_value


@given(z=st.floats(-3, 5), drift=st.floats(-4, 6), probability=st.floats(0.001, 0.999))
@hypothesis_settings(max_examples=50)
def test_the_drift_of_a_tail_probability_has_that_tail_probability(z: float, drift: float, probability: float) -> None:
    design = two_sided()
    ordering = StageWiseOrdering(design.information, design.harm_values[:2], design.critical_values[:2], z)
    below, above = ordering.tails(drift)
    assert below + above == pytest.approx(1.0, abs=1e-11)
    assert ordering.tails(ordering.drift_where(probability))[1] == pytest.approx(probability, rel=1e-8)


def paths(design: GroupSequential, drift: float, trials: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """z at all looks of simulated trials, and the look (from 0) at which each ends."""
    steps = np.diff(design.information, prepend=0.0)
    noise = np.random.default_rng(seed).standard_normal((trials, design.looks))
    z = np.cumsum(noise * np.sqrt(steps) + drift * steps, axis=1) / np.sqrt(design.information)
    lower = np.maximum(design.futility_values, design.harm_values)
    if design.sides == 1 and not design.binding:
        lower = np.full(design.looks, -np.inf)
    stops = (z >= design.critical_values) | (z <= lower)
    stops[:, -1] = True
    return z, stops.argmax(axis=1)


CALIBRATED = [
    (one_sided(), 0.0),
    (one_sided(), 3.3),
    (two_sided(bounds="pocock"), -2.0),
    (one_sided(bounds="wang-tsiatis:0.25", futility=[0.0, 0.8], binding=True), 1.5),
]


@pytest.mark.parametrize(("design", "drift"), CALIBRATED)
def test_the_stage_wise_interval_covers_and_the_estimate_is_median_unbiased(
    design: GroupSequential, drift: float
) -> None:
    trials = 4000
    z, end = paths(design, drift, trials, seed=1)
    lower = np.maximum(design.futility_values, design.harm_values)
    if design.sides == 1 and not design.binding:
        lower = np.full(design.looks, -np.inf)
    # limits and estimate enclose the truth just where the tail probability at the truth says so
    tails = np.array(
        [
            StageWiseOrdering(design.information[: m + 1], lower[:m], design.critical_values[:m], float(z[i, m])).tails(
                drift
            )[1]
            for i, m in enumerate(end)
        ]
    )
    error = math.sqrt(0.05 * 0.95 / trials)
    assert np.mean((tails > 0.025) & (tails < 0.975)) == pytest.approx(0.95, abs=4 * error)
    assert np.mean(tails < 0.5) == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(trials))
    expected = np.linspace(0, 1, trials + 1)[1:]
    assert np.abs(np.sort(tails) - expected).max() < 1.95 / math.sqrt(trials)  # Kolmogorov's 0.1 % point


def test_whole_analyses_of_simulated_trials_cover_the_hazard_ratio() -> None:
    design, drift, trials = one_sided(bounds="pocock"), 2.5, 400
    z, end = paths(design, drift, trials, seed=2)
    truth = math.exp(-drift * 2 / math.sqrt(90))
    finals = [seen(design, z[i, : m + 1].tolist(), benefit="below").final for i, m in enumerate(end)]
    covered = np.mean([f is not None and f.conf_low < truth < f.conf_high for f in finals])
    below = np.mean([f is not None and f.median_unbiased < truth for f in finals])
    naive = np.mean([f is not None and f.unadjusted < truth for f in finals])
    assert covered == pytest.approx(0.95, abs=4 * math.sqrt(0.05 * 0.95 / trials))
    assert below == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(trials))
    assert naive > below  # the plain estimate of trials that may stop early exaggerates


@pytest.mark.parametrize("drift", [0.0, 2.0])
def test_repeated_intervals_hold_at_all_looks_at_once(drift: float) -> None:
    design, trials = two_sided(bounds="spending:pocock"), 40_000
    z, _ = paths(design, drift, trials, seed=3)
    root = np.sqrt(design.information)
    inside = np.all(np.abs(z - drift * root) < design.critical_values, axis=1)
    assert inside.mean() == pytest.approx(0.95, abs=4 * math.sqrt(0.05 * 0.95 / trials))


def test_intervals_of_another_level_are_those_of_the_design_at_that_alpha() -> None:
    found = seen(two_sided(), [1.2, 1.0], conf_level=0.9)
    ninety = GroupSequential(THIRDS, alpha=0.1, sides=2)
    np.testing.assert_allclose(found.repeated_low, seen(ninety, [1.2, 1.0]).repeated_low, rtol=1e-9)
    assert found.conf_level == 0.9


@pytest.mark.parametrize(
    "bounds", ["pocock", "obrien-fleming", "wang-tsiatis:0.2", "spending:pocock", "spending:hsd:-4", "haybittle-peto"]
)
def test_a_design_at_another_alpha_has_the_bounds_of_one_made_there(bounds: str) -> None:
    design = GroupSequential([0.4, 0.7, 1.0], alpha=0.04, sides=2, bounds=bounds)
    there = GroupSequential([0.4, 0.7, 1.0], alpha=0.01, sides=2, bounds=bounds)
    np.testing.assert_allclose(critical_values_at(design, 0.01), there.critical_values, rtol=1e-8)
    p = repeated_p_value(design, 2, float(there.critical_values[-1]))
    assert p == pytest.approx(0.01, rel=1e-7)


def test_repeated_p_values_at_the_bounds_are_alpha() -> None:
    designs = (
        one_sided(),
        two_sided(),
        one_sided(bounds=[3.2, 2.6, 2.0]),
        one_sided(bounds="obrien-fleming"),
        one_sided(bounds="spending:cumulative:0.001,0.01,0.025"),
        one_sided(futility=[0.2, 0.6], binding=True),
        one_sided().at([0.3, 0.616]),
        one_sided().at([0.3, 0.616, 1.1], used=[2.9]),
        two_sided(bounds="obrien-fleming").at([0.3, 0.7], last=False),
    )
    for design in designs:
        for look, bound in enumerate(design.critical_values):
            assert repeated_p_value(design, look, float(bound)) == pytest.approx(design.alpha, rel=1e-7)


def test_an_interim_value_that_no_alpha_moves_has_no_repeated_p() -> None:
    found = after_looks(one_sided(bounds="haybittle-peto"), [1.0, 2.0, 2.5])
    assert np.isnan(found.repeated_p[:2]).all()
    assert 0 < found.repeated_p[2] < 0.025


def test_a_level_that_the_interim_values_have_overspent_has_no_interval() -> None:
    # z = 3 at two looks spends more than 0.00005 a side
    with pytest.raises(DesignError, match="no bounds at that level"):
        after_looks(one_sided(bounds="haybittle-peto"), [1.0, 2.0, 2.5], conf_level=0.9999)


def test_a_trial_that_goes_on_has_no_final_analysis_and_says_so() -> None:
    found = seen(one_sided(), [1.2])
    assert found.final is None
    assert "goes on" in str(found)
    ended = seen(one_sided(), [1.2], ended=True)
    assert ended.final is not None
    assert ended.final.reason == "by decision"
    assert ended.final.p_value == pytest.approx(normal_cdf(-1.2), rel=1e-12)


def test_an_interim_look_off_plan_is_not_taken_for_the_last() -> None:
    design = one_sided()
    assert after_looks(design.at([0.4, 0.6], last=False), [1.0, 1.0]).final is None
    assert after_looks(design.at([0.4, 0.6]), [1.0, 1.0]).final is not None


def test_a_lower_bound_that_does_not_bind_leaves_the_end_to_the_user() -> None:
    design = one_sided(futility=[0.0, 0.5])
    assert seen(design, [-0.5]).final is None
    assert any("ended=True" in note for note in seen(design, [-0.5]).notes)
    ended = seen(design, [-0.5], ended=True).final
    assert ended is not None
    assert not ended.rejected


def test_looks_after_the_end_do_not_change_the_final_analysis() -> None:
    stopped, went_on = seen(one_sided(), [1.2, 2.9]), seen(one_sided(), [1.2, 2.9, 2.4])
    assert stopped.final == went_on.final
    assert any("later looks" in note for note in went_on.notes)


def test_looks_at_other_information_than_the_bounds_are_for_are_noted() -> None:
    found = after_looks(one_sided(), [1.0, 1.0], events=[40, 60])
    assert any("design.at" in note for note in found.notes)
    assert seen(one_sided(), [1.0, 1.0]).notes == ("the trial goes on: no stage-wise analysis before it ends",)


def test_estimates_carry_level_sides_method_and_direction() -> None:
    found = seen(one_sided(), [1.2, 2.9], benefit="below")
    main, plain, repeated = found.estimates("os", arm="B", reference="A", data_cut="2025-01-31")
    assert main.method == "median-unbiased, stage-wise ordering"
    assert (main.conf_level, main.sides, main.null_value, main.measure) == (0.95, 1, 1.0, "hazard ratio")
    assert (main.arm, main.reference, main.data_cut) == ("B", "A", "2025-01-31")
    assert main.value is not None
    assert main.value < 1
    assert (plain.role, repeated.role, repeated.p_method) == ("sensitivity", "sensitivity", "repeated p-value")
    (only,) = seen(two_sided(), [1.2]).estimates("os", arm="B", reference="A")
    assert (only.role, only.sides) == ("main", 2)


def test_the_table_shows_each_look_and_the_end() -> None:
    found = seen(one_sided(), [1.2, 2.9], benefit="below")
    text = str(found)
    assert "hazard ratio, benefit below 1, one-sided alpha 0.025" in text
    assert "ended at look 2: efficacy; benefit shown" in text
    assert found.to_frame().columns[0] == "look"
    assert found.to_frame().height == 2
    assert "<table>" in found._repr_html_()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "z, hazard_ratio"),
        ({"z": [1.0], "hazard_ratio": [0.8]}, "not both"),
        ({"hazard_ratio": [0.8]}, "needs std_error"),
        ({"z": [1.0, 1.0, 1.0, 1.0]}, "4 looks of a design with 3"),
        ({"z": [1.0, math.nan]}, "look 2 is missing"),
        ({"z": [1.0, 2.0], "events": [30]}, "for each of the 2 looks"),
        ({"z": [1.0, 2.0], "events": [60, 30]}, "grow surer"),
        ({"z": [1.0], "events": [30], "std_error": [0.3]}, "give one of them"),
        ({"z": [1.0], "events": [30], "benefit": "left"}, "benefit"),
        ({"hazard_ratio": [-0.8], "std_error": [0.3]}, "above 0"),
        ({"z": [1.0], "conf_level": 95}, "conf_level"),
    ],
)
def test_what_cannot_be_read_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(DesignError, match=message):
        after_looks(one_sided(), **options)


def test_a_repeated_interval_is_wider_for_each_look_planned() -> None:
    widths = []
    for looks in (1, 2, 5):
        design = GroupSequential(np.arange(1, looks + 1) / looks, alpha=0.025, bounds="pocock")
        found = after_looks(design, [0.5] * looks)
        widths.append(found.repeated_high[-1] - found.repeated_low[-1])
    assert all(a < b for a, b in pairwise(widths))
