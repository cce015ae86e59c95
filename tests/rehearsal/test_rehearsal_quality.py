"""Rehearsals keep to the schedule that conduct reads from the protocol, and their deviations are on record."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import cache

import pytest

import equipoise as eq
from equipoise import trials
from equipoise.conduct import Criteria
from equipoise.conduct.quality.schedule import schedule
from equipoise.conduct.quality.sweep import still_to_ask
from equipoise.report import render_report


@cache
def rehearsed(name: str) -> eq.Rehearsal:
    return eq.rehearse(eq.load(name), seed=1)


@pytest.mark.parametrize("name", trials.shipped())
def test_every_visit_of_a_rehearsal_is_one_that_conduct_plans_and_none_is_overdue(name: str) -> None:
    rehearsal = rehearsed(name)
    criteria = Criteria(rehearsal.protocol)
    assert rehearsal.protocol.assumptions is not None
    latest = timedelta(days=rehearsal.protocol.assumptions.visit_days[1])
    statuses: Counter[str] = Counter()
    for state in rehearsal.participants.values():
        visits = schedule(criteria, state, rehearsal.data_cut)
        statuses.update(visit.status for visit in visits)
        # a visit that would have been late, and before it came the cut-off, death or loss, is overdue
        end = min(filter(None, (rehearsal.data_cut, state.died_on, state.left.on if state.left else None)))
        late = {visit.name for visit in visits if visit.planned + latest >= end}
        assert {visit.name for visit in visits if visit.status == "overdue"} <= late
        recorded = {str(entry.data["visit"]) for entry in state.history if entry.data.get("visit", "M0") != "M0"}
        assert recorded <= {visit.name for visit in visits}
    assert statuses["done"] > 1000


@pytest.mark.parametrize("name", trials.shipped())
def test_missed_visits_and_visits_out_of_their_window_are_deviations_and_nothing_else_is(name: str) -> None:
    rehearsal = rehearsed(name)
    criteria = Criteria(rehearsal.protocol)
    expected: Counter[str] = Counter()
    for state in rehearsal.participants.values():
        for visit in schedule(criteria, state, rehearsal.data_cut):
            expected["missed_visit"] += visit.status == "missed"
            expected["out_of_window"] += visit.status == "out of window"
    found = Counter(str(item.found) for state in rehearsal.participants.values() for item in state.deviations)
    assert found == +expected
    assumptions = rehearsal.protocol.assumptions
    assert assumptions is not None
    assert (found["missed_visit"] > 0) == (assumptions.missed_visits > 0)
    assert (found["out_of_window"] > 0) == (name == "breclim2"), "whose visits are up to 18 days late"


@pytest.mark.parametrize("name", trials.shipped())
def test_at_the_cut_off_only_who_was_lost_is_still_to_be_asked_after(name: str) -> None:
    rehearsal = rehearsed(name)
    left = still_to_ask(rehearsal.protocol, rehearsal.trial, rehearsal.participants.values())
    assert all(item.lost for item in left)
    _, results = eq.analyse_rehearsal(rehearsal)
    everybody = results.completeness[0]
    assert everybody.participants - everybody.known >= len(left)
    assert everybody.index is not None
    assert 0.8 < everybody.index <= 1


def test_the_report_lists_deviations_by_arm_and_the_completeness_of_follow_up() -> None:
    rehearsal = rehearsed("breclim2")
    _, results = eq.analyse_rehearsal(rehearsal)
    page = render_report(rehearsal.protocol, results)
    (together,) = (item for item in results.deviations if item.category == "all" and item.arm == "surgery")
    assert f"<td>{together.participants}</td><td>{together.minor}</td><td>{together.major}</td>" in page
    everybody = results.completeness[0]
    assert everybody.index is not None
    assert f"{100 * everybody.index:.1f}\N{NO-BREAK SPACE}%" in page
    assert "Deviations and completeness of follow-up" not in render_report(
        rehearsal.protocol, eq.Results("breclim2", "1", "trial data", "2030-01-01", ())
    )
