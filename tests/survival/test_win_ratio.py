"""The win ratio, by hand, by its definition, beside R and by chance.

`tests/data/survival/win_ratio_numbers.R` computes the published variances on the trial of Moertel et al. 1990 from
whole matrices of pairs and makes `win_ratio_numbers.json`.
"""

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
from equipoise.errors import DataError, NoEventsError

Endpoints = dict[str, tuple[np.ndarray, np.ndarray]]


def sample(seed: int, n: int = 120, effect: float = 1.5) -> tuple[Endpoints, np.ndarray]:
    """Death and hospital stay under censoring, in days, with ties."""
    rng = np.random.default_rng(seed)
    arm = np.arange(n) % 2
    death = np.ceil(rng.exponential(900 * np.where(arm, effect, 1.0)))
    stay = np.ceil(rng.exponential(300 * np.where(arm, effect, 1.0)))
    end = np.ceil(rng.uniform(100, 700, n))
    last = np.minimum(death, end)
    return {"death": (last, death <= end), "stay": (np.minimum(stay, last), stay <= last)}, arm


def outcome(endpoints: Endpoints, i: int, j: int) -> int:
    """1 where i beats j, -1 where it loses, by the definition of Pocock and others."""
    for time, event in endpoints.values():
        if event[j] and (time[i] > time[j] or (time[i] == time[j] and not event[i])):
            return 1
        if event[i] and (time[j] > time[i] or (time[j] == time[i] and not event[j])):
            return -1
    return 0


def test_pairs_by_hand() -> None:
    # Treated: dies at 5; alive at 8, stay at 2; control: dies at 3; alive at 6, no stay.
    endpoints = {"death": ([5, 8, 3, 6], [1, 0, 1, 0]), "stay": ([5, 2, 3, 6], [0, 1, 0, 0])}
    found = survival.win_ratio(endpoints, [1, 1, 0, 0])
    # 5 beats 3, and loses to 6 by death; the survivor beats 3, and has a stay that 6 has not
    assert (found.wins, found.losses, found.ties) == (2, 2, 0)
    assert found.wins_by_endpoint.tolist() == [2, 0]
    assert found.losses_by_endpoint.tolist() == [1, 1]
    assert found.ratio == 1.0
    assert found.net_benefit == 0.0


def test_counts_and_variance_follow_their_definition() -> None:
    endpoints, arm = sample(3)
    found = survival.win_ratio(endpoints, arm)
    last, first = np.flatnonzero(arm == 1), np.flatnonzero(arm == 0)
    table = np.array([[outcome(endpoints, i, j) for j in first] for i in last])
    won, lost = table == 1, table == -1
    assert (found.wins, found.losses, found.ties) == (won.sum(), lost.sum(), (table == 0).sum())
    assert found.ratio == pytest.approx(won.sum() / lost.sum())
    # the projection of both U-statistics on each participant
    influence = won / won.mean() - lost / lost.mean()
    variance = influence.mean(axis=1).var(ddof=1) / last.size + influence.mean(axis=0).var(ddof=1) / first.size
    assert found.ratio.log_std_error == pytest.approx(math.sqrt(variance), rel=1e-10)
    assert found.ratio.conf_high == pytest.approx(found.ratio * math.exp(1.959963985 * math.sqrt(variance)))
    benefit = won.mean() - lost.mean()
    assert found.net_benefit == pytest.approx(benefit)
    assert found.odds == pytest.approx((1 + benefit) / (1 - benefit))


FOLDER = Path(__file__).parent.parent / "data" / "survival"


@pytest.mark.parametrize("what", ["all", "strata"])
def test_death_and_recurrence_of_colon_cancer_are_compared_as_by_the_published_formulas_in_r(what: str) -> None:
    d = pl.read_csv(FOLDER / "colon_win_ratio.csv")
    expected = json.loads((FOLDER / "win_ratio_numbers.json").read_text(encoding="utf-8"))[what]
    endpoints = {"death": (d["death_time"], d["death"]), "recurrence": (d["recurrence_time"], d["recurrence"])}
    found = survival.win_ratio(endpoints, d["arm"], strata=d["node4"] if what == "strata" else None)
    assert [*found.wins_by_endpoint, *found.losses_by_endpoint] == expected["counts"]
    assert found.ratio == pytest.approx(expected["ratio"], rel=1e-12)
    assert found.net_benefit == pytest.approx(expected["net_benefit"], rel=1e-12)
    # Bebu and Lachin 2016
    assert found.ratio.log_std_error == pytest.approx(expected["log_ratio_se"], rel=1e-12)
    assert found.net_benefit.std_error == pytest.approx(expected["net_benefit_se"], rel=1e-12)
    # Dong et al. 2016 and 2018: the same but for the centre, the point without effect
    assert found.ratio.log_std_error == pytest.approx(expected["dong_log_ratio_se"], rel=0.005)
    assert found.net_benefit.std_error == pytest.approx(expected["dong_net_benefit_se"], rel=0.04)


@pytest.mark.parametrize("strata", [1, 3])
def test_the_variance_of_four_participants_is_that_of_buysetest(strata: int) -> None:
    # BuyseTest, tests/testthat/test-BuyseTest-iid.R: group C, C, T, T, toxicity 1, 0, 1, 0, order 1: variance of the
    # net benefit 1/4 and of the ratio 4, over the number of such strata; it divides by n = 2, here it is n - 1
    group, toxicity = np.tile([0, 0, 1, 1], strata), np.tile([1.0, 0.0, 1.0, 0.0], strata)
    stratum = np.repeat(np.arange(strata), 4) if strata > 1 else None
    found = survival.win_ratio([(toxicity + 1.0, np.ones(4 * strata))], group, strata=stratum)
    assert (found.ratio, found.net_benefit) == (1.0, 0.0)
    assert found.net_benefit.std_error**2 == pytest.approx(2 * (1 / 4) / strata, rel=1e-12)
    assert found.ratio.log_std_error**2 == pytest.approx(2 * 4 / strata, rel=1e-12)


def test_one_endpoint_without_censoring_is_the_rank_sum() -> None:
    rng = np.random.default_rng(2)
    time, arm = rng.permutation(60) + 1.0, np.arange(60) % 2
    found = survival.win_ratio([(time, np.ones(60, int))], arm)
    ranks = np.argsort(np.argsort(time)) + 1
    assert found.wins == ranks[arm == 1].sum() - 30 * 31 / 2
    assert found.ties == 0


def test_strata_weigh_by_1_over_their_size() -> None:
    endpoints, arm = sample(5, 150)
    stratum = np.random.default_rng(1).integers(0, 3, 150)
    found = survival.win_ratio(endpoints, arm, strata=stratum)
    wins, losses = 0.0, 0.0
    for s in range(3):
        rows = stratum == s
        part = survival.win_ratio({k: (t[rows], e[rows]) for k, (t, e) in endpoints.items()}, arm[rows])
        wins, losses = wins + part.wins / rows.sum(), losses + part.losses / rows.sum()
    assert found.ratio == pytest.approx(wins / losses)
    assert found.strata == 3


def test_the_interval_covers_no_effect_as_often_as_it_says() -> None:
    covered = 0
    for seed in range(400):
        endpoints, arm = sample(1000 + seed, 80, 1.0)
        ratio = survival.win_ratio(endpoints, arm).ratio
        covered += int(ratio.conf_low <= 1.0 <= ratio.conf_high)
    assert 0.92 < covered / 400 < 0.98


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: survival.win_ratio([], [0, 1]), "endpoints: give at least one pair"),
        (lambda: survival.win_ratio([([1, 2], [1, 1])], [0, 0]), "group: 1 groups; a win ratio compares two"),
        (lambda: survival.win_ratio({"death": ([1, -2], [1, 1])}, [0, 1]), "time of death: negative value in row 1"),
        (lambda: survival.win_ratio([([1, 2], [1, 1]), ([1], [1])], [0, 1]), "time of endpoint 2: 1 rows"),
    ],
)
def test_what_cannot_be_compared_is_refused(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(DataError) as refused:
        call()
    assert str(refused.value).startswith(message)


def test_without_a_lost_pair_there_is_no_ratio() -> None:
    with pytest.raises(NoEventsError, match="no pair is won or none is lost"):
        survival.win_ratio([([1, 2], [1, 1])], [0, 1])
