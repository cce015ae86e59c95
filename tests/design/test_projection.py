"""When events are due, blinded: closed forms, calibration of the interval, and re-estimation of the size."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from equipoise.design.accrual import Accrual
from equipoise.design.expected import Arm, expected_events, expected_exposure
from equipoise.design.fixed.projection import project_events
from equipoise.design.fixed.reestimation import blinded_control, reestimate
from equipoise.design.survival_function import Survival
from equipoise.errors import DataError, DesignError


def trial(random: np.random.Generator, n: int = 250, cut: float = 30.0, end: float = 50.0) -> dict[str, Any]:
    """A trial at its cut-off: uniform accrual until `end`, medians 20, and the truth to come."""
    entry = np.sort(random.uniform(0, end, n))
    event, loss = random.exponential(20 / math.log(2), n), random.exponential(200, n)
    known = entry < cut
    follow = cut - entry[known]
    time = np.minimum(np.minimum(event, loss)[known], follow)
    data = {
        "time": time,
        "event": (event <= np.minimum(loss, cut - entry))[known],
        "lost": (loss < event)[known] & (loss[known] <= follow),
        "since_entry": follow,
        "accrual": Accrual.uniform(int((~known).sum()), end - cut),
    }
    return {"data": data, "due": np.sort(np.where(event < loss, entry + event, np.inf)) - cut}


def test_the_expected_time_follows_from_the_pooled_hazard() -> None:
    # 40 people followed for 10 months each with 8 events: a hazard of 8 / 400. 32 left, all at risk, nobody to come:
    # half of them, 16 more, after log(2) / 0.02 months
    time, event = np.full(40, 10.0), np.arange(40) < 8
    found = project_events([8, 24], time=time, event=event, replicates=10, seed=1)
    assert found.hazard.rates == pytest.approx((0.02,))
    assert found.expected == pytest.approx([0.0, math.log(2) / 0.02], rel=1e-9)
    assert (found.conf_low[0], found.conf_high[0]) == (0, 0)


def test_events_to_come_from_new_participants_are_added() -> None:
    time, event = np.full(40, 10.0), np.arange(40) < 8
    accrual = Accrual.uniform(60, 12)
    found = project_events(40, time=time, event=event, accrual=accrual, replicates=10, seed=1)
    month = found.expected[0]
    new = expected_events(month, arms=[Arm(Survival.exponential(0.02), 1)], accrual=accrual).sum()
    assert 8 + 32 * (1 - math.exp(-0.02 * month)) + new == pytest.approx(40, rel=1e-9)


def test_pieces_of_the_pooled_hazard_are_events_over_exposure() -> None:
    time, event = np.array([2.0, 6, 6, 9, 12, 15]), np.array([1, 1, 0, 1, 0, 1])
    found = project_events(5, time=time, event=event, cuts=(6, 10), replicates=10, seed=1)
    # months before 6: 2 + 5 x 6; from 6 to 10: 3 + 4 + 4; after: 2 + 5; an event at a cut belongs to the piece before
    assert found.hazard.rates == pytest.approx((2 / 32, 1 / 11, 1 / 7), rel=1e-12)
    assert (found.events, found.exposure) == (4, 50)


def test_the_interval_holds_what_comes_as_often_as_it_says() -> None:
    random = np.random.default_rng(7)
    inside = []
    for seed in range(150):
        made = trial(random)
        found = project_events([130], **made["data"], conf_level=0.8, replicates=200, seed=seed)
        inside.append(found.conf_low[0] <= made["due"][129] <= found.conf_high[0])
    # 0.8 with a standard error of 0.033
    assert np.mean(inside) == pytest.approx(0.8, abs=0.11)


def test_a_projection_s_median_is_near_what_is_expected() -> None:
    made = trial(np.random.default_rng(2))
    found = project_events([120, 160], **made["data"], seed=4)
    assert found.median == pytest.approx(found.expected, rel=0.05)
    assert (found.conf_low < found.median).all()
    assert (found.median < found.conf_high).all()
    assert (found.reached == 1).all()


def test_the_same_seed_gives_the_same_bytes_and_more_replicates_begin_the_same() -> None:
    data = trial(np.random.default_rng(2))["data"]
    one = project_events([120], **data, replicates=50, seed=9)
    more = project_events([120], **data, replicates=80, seed=9)
    assert one.simulated.tobytes() == more.simulated[:50].tobytes()
    assert project_events([120], **data, replicates=50, seed=10).simulated.tobytes() != one.simulated.tobytes()


def test_events_that_never_come_are_infinitely_late() -> None:
    found = project_events([35, 60], time=np.full(40, 10.0), event=np.arange(40) < 8, replicates=20, seed=1)
    assert found.expected[1] == math.inf
    assert found.median[1] == math.inf
    assert found.reached.tolist() == [1, 0]
    assert "8 events in 400 person-months" in str(found)
    assert found.to_frame()["target"].to_list() == [35, 60]


def test_events_since_the_last_contact_may_be_due_at_once() -> None:
    # all were last seen 60 months ago: at 0.02 a month about 70 % of the 32 have had the event by now
    found = project_events(
        20, time=np.full(40, 10.0), event=np.arange(40) < 8, since_entry=np.full(40, 70.0), replicates=50, seed=1
    )
    assert found.expected[0] == 0
    assert found.median[0] == 0


@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        ({"time": [1.0, math.nan, 2]}, DataError, "rows 1 are missing"),
        ({"time": [1.0, -1, 2]}, DataError, "time: rows 1"),
        ({"event": [1, 0]}, DataError, "one value a participant"),
        ({"event": [1, 2, 0]}, DataError, "neither true nor false"),
        ({"lost": [1, 0, 0]}, DataError, "rows 0 have the event and are lost"),
        ({"since_entry": [1.0, 1, 1]}, DataError, "since_entry"),
        ({"target": 2.5}, DesignError, "whole numbers"),
        ({"cuts": (30,)}, DesignError, "fewer cuts"),
        ({"accrual": Accrual((math.inf,), (1,))}, DesignError, "until"),
        ({"conf_level": 1.0}, DesignError, "conf_level"),
        ({"replicates": 0}, DesignError, "replicates"),
    ],
)
def test_data_that_do_not_fit_are_refused(asked: dict[str, Any], error: type[Exception], says: str) -> None:
    usual: dict[str, Any] = {"target": 2, "time": [1.0, 2, 3], "event": [1, 0, 0], "replicates": 5, "seed": 1}
    with pytest.raises(error, match=says):
        project_events(**{**usual, **asked})


ACCRUAL = Accrual.uniform(410, 84)
PLANNED: dict[str, Any] = {"hazard_ratio": 20 / 26, "control": Survival.from_median(20), "accrual": ACCRUAL}


def seen_by(month: float, median: float) -> tuple[float, float]:
    """Events and exposure that a control median brings about, at a hazard ratio of 20/26."""
    control = Survival.from_median(median)
    arms = [Arm(control, 0.5), Arm(control.scaled(20 / 26), 0.5)]
    events = expected_events(month, arms=arms, accrual=ACCRUAL).sum()
    return float(events), float(expected_exposure(month, arms=arms, accrual=ACCRUAL).sum())


@pytest.mark.parametrize("median", [8, 20, 69])
def test_the_control_median_is_found_from_pooled_data(median: float) -> None:
    events, exposure = seen_by(48, median)
    assert blinded_control(events, exposure, at=48, **PLANNED).median == pytest.approx(median, rel=1e-9)


def test_jcog1017_could_have_known_by_month_48() -> None:
    # had its control median of 69 months been seen at month 48
    anew = reestimate(*seen_by(48, 69), at=48, follow_up=48, alpha=0.05, power=0.8, **PLANNED)
    assert anew.hazard_factor == pytest.approx(20 / 69, rel=1e-9)
    more, longer = anew.with_more_participants, anew.with_longer_follow_up
    assert more.events == pytest.approx(359.27, abs=0.005)
    assert more.n > 590
    assert more.accrual_duration == pytest.approx(84 * more.n / 410, rel=1e-9)
    assert longer is not None
    assert longer.n == pytest.approx(410, rel=1e-12)
    assert longer.follow_up > 150


def test_participants_who_die_sooner_need_no_follow_up() -> None:
    accrual = Accrual.uniform(600, 84)
    planned = {**PLANNED, "accrual": accrual}
    events, exposure = seen_by(48, 8)
    anew = reestimate(events, exposure, at=48, follow_up=12, alpha=0.05, power=0.8, **planned)
    assert anew.with_longer_follow_up is None
    assert anew.with_more_participants.accrual_duration < 84


def test_a_rate_that_no_hazard_gives_is_refused() -> None:
    with pytest.raises(DesignError, match="no multiple"):
        blinded_control(100, 1e-6, at=48, **PLANNED)
