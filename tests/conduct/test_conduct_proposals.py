"""The loop of a trial by class: each assessment classifies, proposes, and opens a window; the team decides."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_trial import LOOP, Clerk, after

from equipoise.conduct import Accepted, commands, fold, replay_allocations
from equipoise.conduct.proposals import stale, undecided, windows
from equipoise.ledger import Journal
from equipoise.protocol import loads
from equipoise.units import date_after_months

PROTOCOL = loads(LOOP, file="loop.yaml")
BY = "response_class"
GONE = {"B1": "absent", "G1": "8"}
METASTASES_GONE = {"L1": "absent", "K1": "absent"}
AS_CLASS: dict[str, dict[str, str]] = {"a": GONE | METASTASES_GONE, "b": METASTASES_GONE, "c": GONE, "d": {}}


@pytest.fixture
def loop() -> Clerk:
    return enter()


def enter() -> Clerk:
    clerk = Clerk(PROTOCOL, seeds={})
    clerk.open()
    clerk.accepted(commands.Screen)
    clerk.accepted(commands.Record, form="screening", values={"fit": True})
    clerk.accepted(commands.Register, step="registration")
    clerk.describe()
    return clerk


def evaluate(clerk: Clerk, wanted: str, days: int, **options: Any) -> Accepted:
    """An assessment that leads to a class."""
    return clerk.find("evaluation", day=after(days), **AS_CLASS[wanted], **options)


def decide(decision: str, days: int, reason: str | None = None) -> dict[str, Any]:
    return {"by": BY, "decision": decision, "day": after(days), "reason": reason}


def test_each_assessment_gives_the_class_and_says_until_when_its_window_is_open(loop: Clerk) -> None:
    decision = evaluate(loop, "b", 90)
    assert [draft.kind for draft in decision.drafts] == ["assess", "classify"]
    data: Any = loop.last().data
    assert (data["value"], data["proposes"]) == ("b", "Operate on the primary tumour")
    assert data["closes"] == date_after_months(after(90), 2).isoformat()
    assert loop.state().values[BY] == "b"
    entries = len(loop.desk.journal)
    loop.accepted(commands.Classify, by=BY, day=after(90))
    assert len(loop.desk.journal) == entries  # asked again, the class stands


def test_a_class_that_changes_back_is_followed_and_every_class_is_kept(loop: Clerk) -> None:
    for n, wanted in enumerate("dbd", start=1):
        evaluate(loop, wanted, 90 * n)
    assert loop.state().values[BY] == "d"
    found = windows(loop.state(), BY)
    assert [(item.proposal.value, item.proposal.on) for item in found] == [
        ("d", after(90)),
        ("b", after(180)),
        ("d", after(270)),
    ]
    assert [item.status(after(280)) for item in found] == ["changed", "passed", "open"]  # two months are 61 days
    assert [item.last for item in found] == [after(179), date_after_months(after(180), 2), None]


def test_a_window_that_closes_soon_is_told(loop: Clerk) -> None:
    evaluate(loop, "b", 90)
    (window,) = windows(loop.state())
    assert window.last is not None
    left = (window.last - after(0)).days
    told = [window.status(after(left - days)) for days in (15, 14, 0, -1)]
    assert told == ["open", "closing", "closing", "passed"]
    assert window.status(after(left - 20), closing_days=30) == "closing"


def test_what_the_team_did_is_recorded_once_and_within_the_window(loop: Clerk) -> None:
    assert "nothing is proposed" in loop.refused(commands.Decide, **decide("followed", 10))
    evaluate(loop, "b", 90)
    assert [item.proposal.value for item in undecided(loop.state())] == ["b"]
    assert loop.refused(commands.Decide, **decide("declined", 95)) == "that a proposal was declined needs a reason"
    late = loop.refused(commands.Decide, **decide("followed", 155))
    closes = date_after_months(after(90), 2)
    assert late.startswith(f"the window of class b closed on {closes}: record that it was missed")
    early = loop.refused(commands.Decide, **decide("missed", 95, "no theatre"))
    assert early == f"no window passed unanswered before {after(95)}: that of class b lasts until {closes}"
    loop.accepted(commands.Decide, **decide("followed", 100))
    data: Any = loop.last().data
    assert (data["value"], data["decision"], data["of"]) == ("b", "followed", loop.state().proposals[0].entry)
    assert undecided(loop.state()) == ()
    again = loop.refused(commands.Decide, **decide("declined", 101, "changed their mind"))
    assert again == f"class b of {after(90)} was followed on {after(100)}"


def test_a_missed_window_is_recorded_with_its_reason_even_after_the_class_changed(loop: Clerk) -> None:
    evaluate(loop, "b", 90)
    evaluate(loop, "d", 120)
    loop.accepted(commands.Decide, **decide("missed", 121, "progressed before the operation"))
    first, second = windows(loop.state())
    assert (first.status(after(121)), second.status(after(121))) == ("missed", "open")
    assert first.decision is not None
    assert first.decision.reason == "progressed before the operation"
    loop.accepted(commands.Decide, **decide("declined", 122, "no other regimen"))
    assert windows(loop.state())[1].status(after(122)) == "declined"


def test_what_was_followed_stays_so_while_the_class_stays_the_same(loop: Clerk) -> None:
    evaluate(loop, "b", 90)
    loop.accepted(commands.Decide, **decide("followed", 95))
    evaluate(loop, "b", 180)
    assert [item.status(after(180)) for item in windows(loop.state())] == ["followed", "followed"]
    evaluate(loop, "c", 270)
    assert [item.proposal.value for item in undecided(loop.state())] == ["c"]


def test_a_response_that_is_not_evaluable_gives_no_class_and_the_earlier_one_stands(loop: Clerk) -> None:
    evaluate(loop, "b", 90)
    warned = loop.find("evaluation", day=after(180), B1="not evaluated").warnings
    assert "no class is given: no row of 'response_class' holds" in warned
    assert loop.state().values[BY] == "b"


def test_an_assessment_struck_out_leaves_its_class_on_record_and_asks_for_the_class_anew(loop: Clerk) -> None:
    evaluate(loop, "d", 90)
    evaluate(loop, "a", 180)
    number = next(e.seq for e in reversed(list(loop.desk.journal)) if e.kind == "assess")
    loop.accepted(commands.Strike, entry=number, reason="the scan of another patient", day=after(181))
    assert loop.state().values[BY] == "a"
    assert stale(loop.desk.criteria, loop.state()) == (BY,)
    loop.accepted(commands.Classify, by=BY, day=after(181))
    assert loop.state().values[BY] == "d"
    assert [item.arm for item in loop.state().classes] == ["d", "a", "d"]
    assert stale(loop.desk.criteria, loop.state()) == ()


def test_replay_finds_a_class_that_does_not_follow_from_the_responses(loop: Clerk) -> None:
    evaluate(loop, "b", 90)
    copy = Journal()
    for entry in loop.desk.journal:
        members = {name: getattr(entry, name) for name in entry.__slots__ if name not in ("seq", "prev")}
        if entry.kind == "classify":
            members["data"] = {**entry.data, "value": "a"}
        copy.append(**members)
    ((_, what),) = replay_allocations(PROTOCOL, copy).problems
    assert what == "value: recorded 'a', by the entries before 'b'"


def test_a_decision_that_was_entered_in_error_is_struck_out(loop: Clerk) -> None:
    evaluate(loop, "a", 90)
    loop.accepted(commands.Decide, **decide("followed", 95))
    loop.accepted(commands.Strike, entry=loop.last().seq, reason="another patient", day=after(96))
    assert windows(loop.state())[0].status(after(96)) == "open"


@settings(max_examples=100)
@given(
    turns=st.lists(
        st.tuples(st.sampled_from("abcd"), st.integers(1, 200), st.sampled_from([None, "followed", "declined"])),
        min_size=1,
        max_size=8,
    )
)
def test_every_class_is_kept_the_newest_counts_and_no_two_windows_are_open_at_once(turns: list[Any]) -> None:
    clerk = enter()
    days, expected, decided = 0, [], 0
    for wanted, gap, decision in turns:
        days += gap
        left = {**AS_CLASS["a"], **{k: {"B1": "40", "G1": "20", "L1": "40", "K1": "present"}[k] for k in AS_CLASS["a"]}}
        clerk.find("evaluation", day=after(days), **{**left, **AS_CLASS[wanted]})
        expected.append((wanted, after(days)))
        if decision is not None:
            decided += isinstance(clerk(commands.Decide, **decide(decision, days, "as agreed")), Accepted)
    state = clerk.state()
    found = windows(state)
    assert [(item.proposal.value, item.proposal.on) for item in found] == expected
    assert [(item.arm, item.on) for item in state.classes] == expected
    assert state.values[BY] == expected[-1][0]
    assert stale(clerk.desk.criteria, state) == ()
    for earlier, later in pairwise(found):
        assert earlier.last is not None
        assert earlier.last < later.proposal.on
        assert earlier.proposal.closes is None or earlier.last <= earlier.proposal.closes
    for day in range(0, days + 400, 17):
        assert (
            sum(item.proposal.on <= after(day) and item.status(after(day)) in ("open", "closing") for item in found)
            <= 1
        )
    assert len(state.decisions) == decided
    assert fold(PROTOCOL, clerk.desk.journal)[1] == clerk.desk.participants
    assert replay_allocations(PROTOCOL, clerk.desk.journal).problems == ()
