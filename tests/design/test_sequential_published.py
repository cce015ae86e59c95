"""Boundaries, inflation and expected sizes that gsDesign, East, SAS and rpact published, one test an id."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from reference import entry

from equipoise.design.formulas import events_required
from equipoise.design.sequential.crossing import crossing_probabilities
from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.design.sequential.spending import read_spending


def equal_looks(k: int) -> NDArray[np.float64]:
    return np.arange(1, k + 1) / k


def percent_of_fixed(design: GroupSequential, multiples: list[float]) -> list[float]:
    """Expected sizes at multiples of the planned drift, in per cent of the fixed test."""
    return [100 * design.expected_information(m * design.drift, relative_to="fixed") for m in multiples]


@pytest.mark.parametrize("name", ["gs-repeated-196-K2", "gs-repeated-196-K4", "gs-repeated-196-K20"])
def test_looking_repeatedly_at_196_has_the_published_type_i_error(name: str) -> None:
    e = entry(name)
    z = e.inputs["critical_z"]
    exits = crossing_probabilities(equal_looks(e.inputs["K"]), -z, z)
    e.check(upper_crossing_probability=exits.upper.sum())


def test_obrien_fleming_bounds_of_four_looks_are_those_of_gs_obf_k4_bounds() -> None:
    e = entry("gs-obf-K4-bounds")
    design = GroupSequential(equal_looks(4), alpha=2 * e.inputs["alpha_one_sided"], sides=2, bounds="obrien-fleming")
    e.check(z=design.critical_values)


def test_obrien_fleming_sizes_of_five_looks_are_those_of_gs_obf_k5_inflation() -> None:
    e = entry("gs-obf-K5-inflation")
    alpha, power = 2 * e.inputs["alpha_per_side"], 1 - e.inputs["beta"]
    design = GroupSequential(equal_looks(5), alpha=alpha, sides=2, bounds="obrien-fleming", power=power)
    e.check(max_n_percent=100 * design.inflation, asn_h0_percent=percent_of_fixed(design, [0.0])[0])


def test_pocock_sizes_of_fifteen_looks_are_those_of_gs_pocock_k15_asn() -> None:
    e = entry("gs-pocock-K15-asn")
    design = GroupSequential(equal_looks(15), alpha=0.05, sides=2, bounds="pocock", power=1 - e.inputs["beta"])
    e.check(max_n_percent=100 * design.inflation, asn_percent=percent_of_fixed(design, [0.0, 0.5, 1.0, 1.5]))


@pytest.mark.parametrize("name", ["gs-powerspend-K3-rho1", "gs-powerspend-K2-rho3"])
def test_power_family_spending_gives_the_published_sizes(name: str) -> None:
    e = entry(name)
    design = GroupSequential(
        equal_looks(e.inputs["K"]),
        alpha=2 * e.inputs["alpha_per_side"],
        sides=2,
        power=1 - e.inputs["beta"],
        bounds=f"spending:kim-demets:{e.inputs['rho']}",
    )
    sizes = percent_of_fixed(design, e.inputs["theta_multiples"])
    e.check(max_n_percent=100 * design.inflation, asn_percent=sizes)


@pytest.mark.parametrize(
    "name",
    [
        "gs-onesided-binding-K5-rho2-b0.05",
        "gs-onesided-binding-K10-rho3-b0.05",
        "gs-onesided-binding-K3-rho2-b0.1",
        "gs-onesided-binding-K15-rho3-b0.2",
    ],
)
def test_binding_beta_spending_gives_the_published_sizes(name: str) -> None:
    e = entry(name)
    words = f"spending:kim-demets:{e.inputs['rho']}"
    design = GroupSequential(
        equal_looks(e.inputs["K"]),
        alpha=e.inputs["alpha"],
        power=1 - e.inputs["beta"],
        bounds=words,
        futility=words,
        binding=True,
    )
    e.check(max_n_percent=100 * design.inflation, asn_percent=percent_of_fixed(design, [0.0, 0.5, 1.0]))


@pytest.mark.parametrize("name", ["gs-wt-0.25-K6", "gs-wt-0.4-K7"])
def test_wang_tsiatis_gives_the_published_inflation_and_last_bound(name: str) -> None:
    e = entry(name)
    bounds = f"wang-tsiatis:{e.inputs['Delta']}"
    design = GroupSequential(
        equal_looks(e.inputs["K"]),
        alpha=2 * e.inputs["alpha_per_side"],
        sides=2,
        bounds=bounds,
        power=1 - e.inputs["beta"],
    )
    e.check(inflation=design.inflation, final_z=design.critical_values[-1])


def test_even_spending_is_that_of_gs_hsd0_rpact() -> None:
    e = entry("gs-hsd0-rpact")
    design = GroupSequential(e.inputs["information"], alpha=e.inputs["alpha"], bounds="spending:hsd:0")
    e.check(alpha_spent=design.alpha_spent, z=design.critical_values, stage_levels=design.stage_levels)


@pytest.mark.parametrize(
    ("name", "family"), [("gs-hsd-beta-nonbinding-rpact", "hsd"), ("gs-kd-beta-nonbinding-rpact", "kim-demets")]
)
def test_non_binding_beta_spending_gives_the_published_bounds_power_and_inflation(name: str, family: str) -> None:
    e = entry(name)
    design = GroupSequential(
        e.inputs["information"],
        alpha=e.inputs["alpha"],
        power=1 - e.inputs["beta"],
        bounds=f"spending:{family}:{e.inputs['gammaA']}",
        futility=f"spending:{family}:{e.inputs['gammaB']}",
    )
    e.check(
        z=design.critical_values,
        futility=design.futility_values[:-1],
        power=np.cumsum(design.power_by_look()),
        inflation=design.inflation,
    )


def test_amounts_given_by_look_are_spent_as_in_gs_user_spend_rpact() -> None:
    e = entry("gs-user-spend-rpact")
    amounts = ",".join(str(amount) for amount in e.inputs["cumulative_alpha"])
    design = GroupSequential(e.inputs["information"], alpha=0.05, bounds=f"spending:cumulative:{amounts}")
    e.check(z=design.critical_values)


def test_information_that_ends_early_spends_what_is_allowed_as_in_gs_pocock_spend_partial_rpact() -> None:
    e = entry("gs-pocock-spend-partial-rpact")
    design = GroupSequential(e.inputs["information"], alpha=e.inputs["alpha"], bounds="spending:pocock")
    e.check(z=design.critical_values, alpha_spent=design.alpha_spent)


def test_two_sided_wang_tsiatis_bounds_are_those_of_gs_wt024_twosided_rpact() -> None:
    e = entry("gs-wt024-twosided-rpact")
    alpha = e.inputs["alpha_total_two_sided"]
    design = GroupSequential(e.inputs["information"], alpha=alpha, sides=2, bounds="wang-tsiatis:0.24")
    e.check(z=design.critical_values)


def test_haybittle_peto_bounds_are_those_of_gs_haybittle_peto_rpact() -> None:
    e = entry("gs-haybittle-peto-rpact")
    design = GroupSequential(equal_looks(e.inputs["K"]), alpha=e.inputs["alpha"], bounds="haybittle-peto")
    e.check(z=design.critical_values, alpha_spent=design.alpha_spent)


def test_obrien_fleming_spending_is_that_of_gs_ldof_spend_east() -> None:
    e = entry("gs-ldof-spend-east")
    spent = read_spending("spending:obrien-fleming", "bounds").spent(np.array(e.inputs["t"]), e.inputs["alpha"])
    assert spent == pytest.approx(e.expected["spend"], abs=e.tolerance)


def test_expected_sizes_are_those_of_gs_asn_east() -> None:
    e = entry("gs-asn-east")
    design = GroupSequential([0.5, 1.0], alpha=0.025, power=0.9)
    multiples = [delta / e.inputs["delta1"] for delta in e.inputs["delta"]]
    sizes = [e.inputs["n_fix"] * percent / 100 for percent in percent_of_fixed(design, multiples)]
    assert sizes == pytest.approx(e.expected["asn"], abs=e.tolerance)


def test_a_two_sided_design_has_all_the_numbers_of_sas_gs_ldof4() -> None:
    e = entry("sas-gs-ldof4")
    alpha, power = e.inputs["alpha_two_sided"], e.inputs["power"]
    design = GroupSequential(equal_looks(4), alpha=alpha, sides=2, power=power)
    fixed = events_required(e.inputs["hazard_ratio"], alpha=alpha, sides=2, power=power)
    null, alternative = percent_of_fixed(design, [0.0, 1.0])
    e.check(
        z=design.critical_values,
        events=fixed * design.inflation * design.information,
        max_info_percent=100 * design.inflation,
        asn_alt_percent=alternative,
        asn_null_percent=null,
        drift=design.drift,
    )


def test_information_of_whole_events_gives_the_bounds_of_sas_gs_ceiling_info() -> None:
    e = entry("sas-gs-ceiling-info")
    design = GroupSequential(e.inputs["information"], alpha=e.inputs["alpha_two_sided"], sides=2)
    e.check(z=design.critical_values)


def test_a_plan_moved_to_whole_events_has_the_bounds_of_gs_two_look_integer() -> None:
    # gsDesign's SurvivalOverview: hazard ratio 0.7, power 0.9, two equal looks, then toInteger(), which keeps the
    # effect and reads the spending functions at the fractions of the rounded maximum
    e = entry("gs-two-look-integer")
    alpha = e.inputs["alpha"]
    plan = GroupSequential([0.5, 1], alpha=alpha, power=0.9, bounds="spending:hsd:-4", futility="spending:hsd:-2")
    maximum = plan.inflation * events_required(0.7, alpha=alpha, sides=1, power=0.9)
    events = np.array(e.inputs["events"])
    times = events / events[-1]
    moved = plan.at(events / maximum, spending_time=times)
    e.check(z=moved.critical_values, futility_z1=moved.futility_values[0])


def test_futility_of_another_family_gives_the_bounds_of_gssurv_basic_gs() -> None:
    e = entry("gsSurv-basic-gs")
    design = GroupSequential(
        e.inputs["timing"], alpha=e.inputs["alpha"], power=1 - e.inputs["beta"], futility="spending:hsd:-7"
    )
    e.check(z=design.critical_values, futility_z=design.futility_values)


def test_two_looks_at_whole_events_have_the_bounds_of_camis_sas_pfs() -> None:
    e = entry("camis-sas-pfs")
    events = np.array(e.inputs["events"])
    design = GroupSequential(
        events / events[-1], alpha=e.inputs["alpha"], power=e.inputs["power"], futility="spending:hsd:-10"
    )
    e.check(z=design.critical_values, futility_z=design.futility_values[0])


def test_three_equal_looks_of_a_two_sided_test_have_the_textbook_spending_bounds() -> None:
    # Lan and DeMets 1983 with the O'Brien-Fleming function: 3.7103, 2.5114, 1.9930 (also gsDesign and rpact)
    design = GroupSequential([1 / 3, 2 / 3, 1], alpha=0.05, sides=2)
    assert design.critical_values == pytest.approx([3.7103, 2.5114, 1.9930], abs=5e-5)


def table_rows() -> list[tuple[str, int, float]]:
    # Jennison and Turnbull 2000, tables 2.1 and 2.3: constants of two-sided tests at 0.05, equal looks
    pocock = {2: 2.178, 3: 2.289, 4: 2.361, 5: 2.413, 10: 2.555, 20: 2.672}
    obrien = {2: 1.977, 3: 2.004, 4: 2.024, 5: 2.040, 10: 2.087, 20: 2.126}
    return [("pocock", k, c) for k, c in pocock.items()] + [("obrien-fleming", k, c) for k, c in obrien.items()]


@pytest.mark.parametrize(("bounds", "k", "constant"), table_rows())
def test_classical_constants_are_those_of_jennison_and_turnbull(bounds: str, k: int, constant: float) -> None:
    design = GroupSequential(equal_looks(k), alpha=0.05, sides=2, bounds=bounds)
    assert design.critical_values[-1] == pytest.approx(constant, abs=5.1e-4)
    assert all(later <= earlier + 1e-9 for earlier, later in pairwise(design.critical_values))
