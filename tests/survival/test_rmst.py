"""Restricted mean survival time: published numbers, conventions and refusals."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from equipoise import survival
from equipoise.errors import DataError

Frames = dict[str, pl.DataFrame]
REFERENCE = {
    entry["id"]: entry
    for entry in json.loads(
        (Path(__file__).parent.parent / "data" / "survival" / "reference_more.json").read_text(encoding="utf-8")
    )
    if "rmst" in entry["id"] or "survrm2" in entry["id"]
}


def lung_by_sex(frames: Frames) -> dict[str, Any]:
    lung = frames["lung"]
    found = survival.rmst(lung["time"], lung["status"] == 2, lung["sex"], tau=965)
    assert found.difference is not None
    test = found.difference
    return {
        "rmst": found.value,
        "se": found.std_error,
        "diff": test,
        "diff_se": test.std_error,
        "p": test.p_value,
    }


def lung_by_ecog(frames: Frames) -> dict[str, Any]:
    lung = frames["lung"].filter(pl.col("ph.ecog") < 3)
    found = survival.rmst(lung["time"], lung["status"] == 2, lung["ph.ecog"], tau=730)
    return {"rmst": found.value, "se": found.std_error}


def ovarian(frames: Frames) -> dict[str, Any]:
    data = frames["ovarian"]
    return {"diff": survival.rmst(data["futime"], data["fustat"], data["rx"], tau=500).difference}


def pbc(frames: Frames, covariates: tuple[str, ...] = ()) -> survival.Rmst:
    # the arm is D-penicillamine, trt == 1; the source prints it first
    data = frames["pbc"].head(312)
    years, died, arm = data["time"] / 365.25, data["status"] == 2, data["trt"] == 1
    return survival.rmst(years, died, arm, tau=10, covariates=data.select(covariates) if covariates else None)


def unadjusted(frames: Frames) -> dict[str, Any]:
    found = pbc(frames)
    assert found.difference is not None
    assert found.ratio is not None
    assert found.lost_ratio is not None
    limits = np.column_stack([found.conf_low, found.conf_high])
    return {
        "rmst": found.value[::-1], "se": found.std_error[::-1], "ci": limits[::-1], "diff": found.difference,
        "diff_ci": [found.difference.conf_low, found.difference.conf_high], "p": found.difference.p_value,
        "ratio": found.ratio, "ratio_ci": [found.ratio.conf_low, found.ratio.conf_high],
        "rmtl_ratio": found.lost_ratio, "rmtl_ci": [found.lost_ratio.conf_low, found.lost_ratio.conf_high],
    }  # fmt: skip  # short items of one kind share a line


def adjusted(frames: Frames) -> dict[str, Any]:
    found = pbc(frames, ("age", "bili", "albumin")).adjusted
    assert found is not None
    return {"diff": found, "ci": [found.conf_low, found.conf_high], "p": found.p_value}


COMPUTE: dict[str, Callable[[Frames], dict[str, Any]]] = {
    "lung-rmst-sex": lung_by_sex,
    "lung-rmst-ecog": lung_by_ecog,
    "ovarian-rmst-diff": ovarian,
    "survrm2-unadj": unadjusted,
    "survrm2-adj": adjusted,
}


@pytest.mark.parametrize("entry_id", COMPUTE)
def test_published_numbers_are_met(entry_id: str, classic: Frames) -> None:
    entry = REFERENCE[entry_id]
    found = COMPUTE[entry_id](classic)
    for name, expected in entry["expected"].items():
        difference = np.abs(np.asarray(found[name], dtype=float) - np.asarray(expected, dtype=float))
        assert np.all(difference <= np.asarray(entry["tolerance"][name])), (name, found[name], expected)


def test_the_mean_is_the_area_under_the_curve() -> None:
    # S is 3/4 from 1, 1/2 from 2 and 1/4 from 3 on: 1 + 3/4 + 1/2 + 1/4 * 1/2
    curve = survival.kaplan_meier([1, 2, 3, 4], [1, 1, 1, 1])
    mean = curve.rmst(3.5)
    assert mean == 1 + 0.75 + 0.5 + 0.125
    assert mean.tau == 3.5
    # areas after 1, 2, 3 are 1.375, 0.625, 0.125; Greenwood's d/(n (n - d)) are 1/12, 1/6, 1/2
    assert mean.std_error == pytest.approx(math.sqrt(1.375**2 / 12 + 0.625**2 / 6 + 0.125**2 / 2))
    assert curve.rmst(0.5) == 0.5
    assert curve.rmst(0.5).std_error == 0.0


def test_without_censoring_the_mean_is_the_average_of_the_times_cut_at_tau() -> None:
    time = np.random.default_rng(3).exponential(size=50)
    found = survival.rmst(time, np.ones(50, int), tau=1.2)
    cut = np.minimum(time, 1.2)
    assert found.value[0] == pytest.approx(cut.mean(), rel=1e-12)
    assert found.std_error[0] == pytest.approx(cut.std() / math.sqrt(50), rel=1e-12)


def test_whole_and_halved_weights_give_the_jackknife_of_repeated_rows() -> None:
    rng = np.random.default_rng(8)
    time, event = rng.exponential(size=40), rng.integers(0, 2, 40)
    time[0], event[0] = time.max() + 1, 0
    entry = time * 0.3 * (rng.random(40) < 0.5)
    weights = rng.choice([0.5, 1.5, 2.25], 40)
    found = survival.rmst(time, event, tau=1.5, entry=entry, weights=weights)
    total, step = 0.0, 1e-6
    for i in range(40):
        ends = []
        for sign in (1, -1):
            w = weights.copy()
            w[i] += sign * step
            ends.append(survival.rmst(time, event, tau=1.5, entry=entry, weights=w).value[0])
        total += (weights[i] * (ends[0] - ends[1]) / (2 * step)) ** 2
    assert found.std_error[0] == pytest.approx(math.sqrt(total), rel=1e-6)


def test_adjusting_for_nothing_but_noise_leaves_the_difference_near_the_plain_one() -> None:
    rng = np.random.default_rng(2)
    n = 2000
    arm = np.arange(n) % 2
    time, censored = rng.exponential(1 + arm), rng.exponential(4.0, n)
    found = survival.rmst(
        np.minimum(time, censored), time <= censored, arm, tau=2, covariates=rng.normal(size=n), names=["noise"]
    )
    assert found.difference is not None
    assert found.adjusted is not None
    assert found.regression is not None
    assert found.adjusted == pytest.approx(found.difference, abs=0.3 * found.difference.std_error)
    assert found.adjusted.std_error == pytest.approx(found.difference.std_error, rel=0.05)
    assert found.regression.names == ("intercept", "group", "noise")


ROBUST = survival.kaplan_meier([1, 2], [1, 1], variance="robust")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: survival.kaplan_meier([1, 2], [1, 1]).rmst(3), "tau: 3 is beyond the last time, 2"),
        (lambda: survival.kaplan_meier([1, 2], [1, 1]).rmst(0), "tau: 0 is no time after the origin"),
        (lambda: survival.rmst([1, 2, 5, 6], [1] * 4, list("aabb"), tau=4), "tau: 4 is beyond the last time of group"),
        (lambda: ROBUST.rmst(1), "rmst: the curve has robust variance"),
        (lambda: survival.rmst([1, 2], [1, 1], tau=1, covariates=[1, 2]), "covariates: the adjusted difference needs"),
        (
            lambda: survival.rmst([1, 2, 3, 4], [1] * 4, [0, 1, 0, 1], tau=2, covariates=[0, 1, 0, 1]),
            "covariates: one is a combination",
        ),
    ],
)
def test_what_cannot_be_estimated_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(DataError) as refused:
        call()
    assert str(refused.value).startswith(message)
