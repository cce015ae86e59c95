"""Visits: planned days, windows, what is due, overdue and missing, and where follow-up ends."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_trial import DAY, Clerk, after

from equipoise.conduct import commands
from equipoise.conduct.quality.schedule import PlannedVisit, by_site, schedule
from equipoise.protocol import Protocol

BOTH = {"primary": "SD", "metastatic": "SD"}
M3, M6 = after(92), after(183)  # 3 and 6 months of 30.4375 days, rounded up: 91.3125 and 182.625


def visits(clerk: Clerk, today: date) -> dict[str, PlannedVisit]:
    return {item.name: item for item in schedule(clerk.desk.criteria, clerk.state(), today)}


@pytest.fixture
def allocated(careful: Clerk) -> Clerk:
    careful.allocate()
    return careful


def test_visits_are_numbered_and_planned_from_the_allocation_with_their_window(allocated: Clerk) -> None:
    first, second = visits(allocated, M3).values()
    assert (first.number, first.name, first.title, first.planned) == (1, "M3", "Visit 1 (M3)", M3)
    assert (first.opens, first.closes) == (after(92 - 14), after(92 + 10))
    assert (second.number, second.name, second.planned, second.status) == (2, "M6", M6, "not yet")


def test_nobody_has_visits_before_the_allocation(careful: Clerk) -> None:
    careful.register()
    assert visits(careful, after(1000)) == {}


@pytest.mark.parametrize(("day", "status"), [(77, "not yet"), (78, "due"), (92, "due"), (102, "due"), (103, "overdue")])
def test_a_visit_is_due_while_its_window_is_open_and_overdue_the_day_after(
    allocated: Clerk, day: int, status: str
) -> None:
    visit = visits(allocated, after(day))["M3"]
    assert visit.status == status
    assert visit.missing == (() if status == "not yet" else ("form visit", "assessment"))


@pytest.mark.parametrize(
    ("day", "status"), [(77, "out of window"), (78, "done"), (102, "done"), (103, "out of window")]
)
def test_a_visit_is_done_and_its_window_says_whether_in_time(allocated: Clerk, day: int, status: str) -> None:
    allocated.accepted(commands.Record, form="visit", values={"pain": 1}, visit="M3", day=after(day))
    visit = visits(allocated, after(200))["M3"]
    assert (visit.status, visit.done_on, visit.missing) == (status, after(day), ("assessment",))


def test_what_a_visit_lacks_is_named_until_it_is_recorded(allocated: Clerk) -> None:
    allocated.accepted(commands.Visit, visit="M3", day=M3)
    assert visits(allocated, M3)["M3"].missing == ("form visit", "assessment")
    allocated.accepted(commands.Assess, name="follow_up", responses=BOTH, visit="M3", day=M3)
    assert visits(allocated, M3)["M3"].missing == ("form visit",)
    allocated.accepted(commands.Record, form="visit", values={"pain": 1}, visit="M3", day=after(95))
    found = visits(allocated, after(95))["M3"]
    assert (found.missing, found.status, found.done_on) == ((), "done", M3)


def test_a_missed_visit_is_neither_due_nor_overdue(allocated: Clerk) -> None:
    allocated.accepted(commands.Visit, visit="M3", missed=True, day=M3)
    assert (visits(allocated, after(150))["M3"].status, visits(allocated, after(150))["M3"].missing) == ("missed", ())


def test_a_visit_that_was_struck_out_is_due_again(allocated: Clerk) -> None:
    allocated.accepted(commands.Visit, visit="M3", day=M3)
    number = allocated.last().seq
    allocated.accepted(commands.Strike, entry=number, reason="another participant", day=M3)
    assert visits(allocated, M3)["M3"].status == "due"


@pytest.mark.parametrize(
    "end",
    [
        (commands.Happen, {"event": "death", "cause": "cancer"}),
        (commands.Lose, {}),
        (commands.Withdraw, {"rule": "W1"}),
        (commands.Withdraw, {"rule": "W3"}),
    ],
    ids=["death", "loss", "withdrawal of follow-up", "no more data"],
)
def test_nothing_is_due_after_the_end_and_what_was_overdue_stays_so(allocated: Clerk, end: tuple) -> None:  # type: ignore[type-arg]
    kind, options = end
    allocated.accepted(kind, day=after(180), **options)
    found = visits(allocated, after(2000))
    assert {name: item.status for name, item in found.items()} == {"M3": "overdue"}
    before = [item.status for item in visits(allocated, after(170)).values()]
    assert before == ["overdue", "due", "not yet"]


def test_a_visit_whose_window_was_open_at_the_end_is_not_needed(allocated: Clerk) -> None:
    allocated.accepted(commands.Happen, event="death", cause="other", day=after(95))
    assert visits(allocated, after(400))["M3"].status == "not needed"


def test_withdrawal_from_treatment_leaves_visits_due(allocated: Clerk) -> None:
    allocated.accepted(commands.Withdraw, rule="W2", day=after(10))
    assert visits(allocated, M3)["M3"].status == "due"


def test_what_was_recorded_of_later_days_is_not_seen(allocated: Clerk) -> None:
    allocated.accepted(commands.Visit, visit="M3", day=after(95))
    assert visits(allocated, after(94))["M3"].status == "due"
    assert visits(allocated, after(95))["M3"].status == "done"


def test_without_a_window_a_visit_is_due_until_the_next_is_planned(clerk: Clerk) -> None:
    clerk.allocate()
    assert visits(clerk, after(182))["M3"].status == "due"
    assert visits(clerk, after(183))["M3"].status == "overdue"
    clerk.accepted(commands.Visit, visit="M3", day=after(10))
    assert visits(clerk, after(183))["M3"].status == "done"


def test_where_arms_follow_a_class_visits_are_planned_once_the_classification_is_over(board: Clerk) -> None:
    board.accepted(commands.Screen)
    board.accepted(commands.Record, form="screening", values={"fit": True})
    board.accepted(commands.Register, step="registration")
    for turn in range(4):
        assert visits(board, after(600)) == {}
        board.accepted(commands.Assess, name="evaluation", responses=BOTH, day=after(90 * turn))
    assert visits(board, after(600))["M3"].planned == after(270 + 92)


def test_a_site_sees_how_many_are_due_overdue_and_missing(careful: Clerk) -> None:
    for number, site in (("P1", "01"), ("P2", "01"), ("P3", "02"), ("P4", "02")):
        careful.allocate(number, site=site)
    careful.register("P5", site="03")
    careful.accepted(commands.Visit, "P2", visit="M3", day=M3)
    careful.accepted(commands.Visit, "P3", visit="M3", missed=True, day=M3)
    states = careful.desk.participants.values()
    found = by_site((state.site, schedule(careful.desk.criteria, state, after(170))) for state in states)
    counts = [(item.site, item.participants, item.due, item.overdue, item.missed, item.missing) for item in found]
    assert counts == [("01", 2, 2, 1, 0, 2), ("02", 2, 2, 1, 1, 0), ("03", 0, 0, 0, 0, 0)]


@given(days=st.lists(st.integers(1, 900), max_size=4), today=st.integers(0, 1200), end=st.none() | st.integers(1, 900))
def test_every_visit_up_to_a_day_has_one_status_that_fits_it(
    quality: Protocol, days: list[int], today: int, end: int | None
) -> None:
    clerk = Clerk(quality)
    clerk.open()
    clerk.allocate()
    for place, day in enumerate(sorted(days), start=1):
        clerk(commands.Visit, visit=f"M{3 * place}", day=after(day))
    if end is not None:
        clerk(commands.Lose, day=after(end))
    found = schedule(clerk.desk.criteria, clerk.state(), after(today))
    assert [item.number for item in found] == list(range(1, len(found) + 1))
    left = clerk.state().left
    for item in found:
        assert item.opens <= item.planned <= item.closes
        assert (item.done_on is not None) == (item.status in ("done", "out of window"))
        if item.status in ("due", "overdue"):
            assert item.opens <= after(today)
            assert left is None or left.on > after(today) or item.closes < left.on
    assert min((item.planned for item in found), default=after(1)) > DAY
