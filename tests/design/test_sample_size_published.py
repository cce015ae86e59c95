"""Sizes and powers of survival designs: published numbers by id, and a grid beside rpact."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reference import entry

from equipoise.design.accrual import Accrual
from equipoise.design.fixed.power import power
from equipoise.design.fixed.sample_size import sample_size
from equipoise.design.formulas import hazard_ratio_of_survival, participants_for_events
from equipoise.design.sequential.group_sequential import GroupSequential
from equipoise.design.survival_function import Survival

RPACT = json.loads((Path(__file__).parent.parent / "data" / "design" / "rpact_sizes.json").read_text())
CONTROL = Survival.piecewise([8, 20], [0.03, 0.06, 0.02])


def test_sas_fixed_acctime() -> None:
    item = entry("sas-fixed-acctime")
    size = sample_size(
        control=Survival.exponential(item.inputs["hazard0"]),
        experimental=Survival.exponential(item.inputs["hazard1"]),
        accrual_rate=item.inputs["accrual_rate"],
        follow_up=item.inputs["followup"],
        alpha=0.05,
        sides=2,
        power=item.inputs["power"],
    )
    item.check(accrual_time=size.accrual_duration, total_time=size.duration, N=size.n)


def test_gs_surv_basic_gs() -> None:
    item = entry("gsSurv-basic-gs")
    given_ = item.inputs
    size = sample_size(
        given_["hr"],
        control_median=given_["control_median"],
        dropout=-math.expm1(-12 * given_["dropout"]),
        dropout_time=12,
        accrual=Accrual.periods(given_["R"], given_["gamma_relative"]).until(given_["T"] - given_["minfup"]),
        follow_up=given_["minfup"],
        alpha=given_["alpha"],
        power=1 - given_["beta"],
        method="lachin-foulkes",
        bounds="spending:obrien-fleming",
        information=given_["timing"],
        futility="spending:hsd:-7",
    )
    item.check(z=size.looks.z, futility_z=size.looks.futility_z, N=size.n_rounded, events=np.ceil(size.looks.events))
    # gsDesign searches its drift to 1e-6, so its rates hold to that and not to their last printed digit: the inflation
    # of the same bounds is 1.02075947272 by rpact 3.3.4 (getDesignCharacteristics), and the rates are linear in it
    assert size.inflation == pytest.approx(1.02075947272, rel=1e-8)
    assert size.accrual.rates == pytest.approx(item.expected["rates"], rel=1.5e-6)
    assert size.looks.time[-1] == given_["T"]


def test_rpact_fixed_alpha01() -> None:
    item = entry("rpact-fixed-alpha01")
    given_ = item.inputs
    control = Survival.from_survival(1 - given_["pi2"], given_["event_time"])
    experimental = [Survival.from_survival(1 - pi, given_["event_time"]) for pi in given_["pi1"]]
    sizes = [
        sample_size(
            control=control,
            experimental=arm,
            accrual=given_["accrual"],
            follow_up=given_["followup"],
            alpha=given_["alpha"],
            power=1 - given_["beta"],
        )
        for arm in experimental
    ]
    item.check(
        hazard_ratio=[size.hazard_ratio for size in sizes],
        events=[size.events for size in sizes],
        N=[size.n for size in sizes],
        lambda1=[arm.rates[0] for arm in experimental],
        lambda2=control.rates[0],
    )


def test_rpact_wt03_schoenfeld_2to1() -> None:
    item = entry("rpact-wt03-schoenfeld-2to1")
    given_ = item.inputs
    test = GroupSequential(
        given_["information"],
        alpha=given_["alpha"],
        bounds=f"wang-tsiatis:{given_['Delta']}",
        power=1 - given_["beta"],
    )
    ratio = hazard_ratio_of_survival(1 - given_["pi1"], 1 - given_["pi2"])
    size = sample_size(
        ratio,
        control=Survival.from_survival(1 - given_["pi2"], 12),
        accrual=12,
        follow_up=6,
        alpha=given_["alpha"],
        power=1 - given_["beta"],
        ratio=given_["allocation_ratio"],
        bounds=test,
    )
    item.check(
        events=size.events,
        # the probabilities of an event are those of month 12, whenever participants came in
        N=participants_for_events(size.events, given_["pi1"], given_["pi2"], ratio=given_["allocation_ratio"]),
        critical_hr=size.looks.hazard_ratio,
        reject_per_stage=test.power_by_look(),
    )


def test_rpact_relative_accrual() -> None:
    item = entry("rpact-relative-accrual")
    size = sample_size(
        item.inputs["hr"],
        control_median=9,
        accrual=Accrual(tuple(item.inputs["accrual_time"][1:]), tuple(item.inputs["relative_intensity"])),
        follow_up=item.inputs["followup"],
        alpha=item.inputs["alpha"],
        power=1 - item.inputs["beta"],
    )
    item.check(events=size.events, N=size.n, intensity=size.accrual.rates)


def test_rpact_max_subjects_given_fu() -> None:
    item = entry("rpact-max-subjects-given-fu")
    size = sample_size(
        control=Survival.exponential(item.inputs["lambda2"]),
        experimental=Survival.exponential(item.inputs["lambda1"]),
        accrual_rate=Accrual((6, math.inf), (22, 53)),
        follow_up=item.inputs["followup"],
        alpha=item.inputs["alpha"],
        power=1 - item.inputs["beta"],
    )
    item.check(N=size.n, events=size.events, accrual_end=size.accrual_duration, total_time=size.duration)


def test_rpact_piecewise_gs() -> None:
    item = entry("rpact-piecewise-gs")
    given_ = item.inputs
    sizes = [
        sample_size(
            ratio,
            control=Survival.piecewise(given_["piecewise_times"][1:], given_["lambda2"]),
            accrual=given_["accrual"],
            follow_up=given_["followup"],
            alpha=given_["alpha"],
            power=1 - given_["beta"],
            bounds="obrien-fleming",
            information=(0.5, 1),
        )
        for ratio in given_["hr"]
    ]
    item.check(events=[size.events for size in sizes], N=[size.n for size in sizes])


def test_rpact_power_gs() -> None:
    item = entry("rpact-power-gs")
    given_ = item.inputs
    found = power(
        control=Survival.from_survival(1 - given_["pi2"], given_["event_time"]),
        experimental=Survival.from_survival(1 - given_["pi1"], given_["event_time"]),
        n=given_["N"],
        events=given_["max_events"],
        accrual=given_["accrual"],
        alpha=0.025,
        bounds="obrien-fleming",
        information=(0.5, 1),
    )
    item.check(
        power=found.power,
        critical_hr=found.looks.hazard_ratio,
        analysis_time=found.looks.time,
        expected_events=found.expected_events,
    )


METHODS = {"Schoenfeld": "schoenfeld", "Freedman": "freedman", "HsiehFreedman": "hsieh-freedman"}


@pytest.mark.parametrize("case", RPACT["sizes"], ids=lambda case: "-".join(map(str, list(case.values())[:4])))
def test_a_grid_of_sizes_agrees_with_rpact(case: dict[str, Any]) -> None:
    # rpact_sizes.R; its event probabilities are integrated numerically, which n shows from the seventh digit on
    size = sample_size(
        case["hazard_ratio"],
        control=CONTROL,
        ratio=case["ratio"],
        sides=case["sides"],
        alpha=0.05,
        power=0.85,
        accrual=Accrual(tuple(case["ends"]), tuple(case["rates"])),
        follow_up=10,
        dropout=tuple(case["dropout"]),
        method=METHODS[case["method"]],
    )
    assert size.events == pytest.approx(case["events"], rel=1e-10)
    assert size.n == pytest.approx(case["n"], rel=2e-6)


@pytest.mark.parametrize("case", RPACT["follow_up"], ids=lambda case: str(case["n"]))
def test_follow_up_for_given_participants_agrees_with_rpact(case: dict[str, float]) -> None:
    size = sample_size(
        0.7, control=Survival.exponential(0.05), accrual=20, n=case["n"], alpha=0.025, power=0.9, dropout=0.03
    )
    assert size.follow_up == pytest.approx(case["follow_up"], rel=1e-6)
    assert size.n == pytest.approx(case["n"], rel=1e-12)


BOUNDS = {"OF": "obrien-fleming", "P": "pocock", "asOF": "spending:obrien-fleming", "asP": "spending:pocock"}


@pytest.mark.parametrize("case", RPACT["sequential"], ids=lambda case: case["type"])
def test_sequential_sizes_and_powers_agree_with_rpact(case: dict[str, Any]) -> None:
    design: dict[str, Any] = {"alpha": 0.025, "bounds": BOUNDS[case["type"]], "information": (0.3, 0.7, 1)}
    control = Survival.exponential(0.04)
    size = sample_size(0.65, control=control, accrual=18, follow_up=9, power=0.8, **design)
    # rpact's spending bounds are searched to 1e-6 or so
    assert size.events == pytest.approx(case["events"], rel=1e-6)
    assert size.n == pytest.approx(case["n"], rel=1e-6)
    assert size.looks.events == pytest.approx(case["look_events"], rel=1e-6)
    assert size.looks.time == pytest.approx(case["look_times"], rel=1e-6)
    found = power(0.7, control=control, accrual=18, n=400, events=180, **design)
    assert found.power == pytest.approx(case["power"], rel=1e-5)
    assert found.looks.time == pytest.approx(case["power_times"], rel=1e-6)
    assert found.expected_events == pytest.approx(case["expected_events"], rel=1e-5)
    assert found.expected_duration == pytest.approx(case["expected_duration"], rel=1e-5)


@pytest.mark.parametrize("case", RPACT["margins"], ids=lambda case: str(case["margin"]))
def test_margins_of_non_inferiority_agree_with_rpact(case: dict[str, float]) -> None:
    size = sample_size(
        0.95,
        control=Survival.exponential(0.04),
        accrual=18,
        follow_up=9,
        alpha=0.025,
        power=0.9,
        ratio=2,
        null=case["margin"],
    )
    assert size.events == pytest.approx(case["events"], rel=1e-10)
    assert size.n == pytest.approx(case["n"], rel=1e-6)
    assert 0.95 < size.looks.hazard_ratio[0] < case["margin"]
