"""Adverse events: reported, followed up, and until when a serious one must be reported on."""

from __future__ import annotations

from typing import Any

import pytest
from small_trial import DAY, SAFETY, Clerk, after

from equipoise.conduct import commands, fold, open_reports, unmatched_death
from equipoise.protocol import loads

PROTOCOL = loads(SAFETY, file="safety.yaml")


@pytest.fixture
def clerk() -> Clerk:
    """A trial with one participant, allocated on the first day."""
    made = Clerk(PROTOCOL)
    made.open()
    made.allocate()
    return made


def event(clerk: Clerk, *, day: int = 10, aware: int = 12, **settings: Any) -> int:
    """Report an adverse event; the number of its entry."""
    said = {"term": "Sepsis", "grade": 4, "serious": ("life-threatening",), "aware": after(aware), **settings}
    clerk.accepted(commands.ReportAdverseEvent, day=after(day), **at(aware), **said)
    return int(clerk.last().seq)


def at(day: int) -> dict[str, Any]:
    """Entered at nine o'clock of that day."""
    return {"at": Clerk(PROTOCOL).command(commands.CheckCohort, day=after(day)).at}


def due(clerk: Clerk) -> list[tuple[str, Any]]:
    return [(item.due.report, item.due.on) for item in open_reports(PROTOCOL, clerk.state())]


def test_a_serious_event_is_due_within_the_days_of_the_protocol_from_the_day_of_awareness(clerk: Clerk) -> None:
    # a fatal or life-threatening reaction: 7 days by ICH E2A III.B.1; the other clock is the protocol's own day
    event(clerk)
    assert due(clerk) == [("sae", after(13)), ("susar", after(19))]
    assert clerk.last().data["due"] == {
        "sae": {"aware": after(12).isoformat(), "days": 1, "on": after(13).isoformat()},
        "susar": {"aware": after(12).isoformat(), "days": 7, "on": after(19).isoformat()},
    }
    assert open_reports(PROTOCOL, clerk.state())[0].due.overdue(after(14))
    assert not open_reports(PROTOCOL, clerk.state())[0].due.overdue(after(13))


def test_seriousness_and_not_the_grade_opens_the_clock(clerk: Clerk) -> None:
    event(clerk, term="Neutropenia", grade=4, serious=())
    assert due(clerk) == []
    event(clerk, term="Fever", grade=1, serious=("hospitalisation",))
    assert due(clerk) == [("sae", after(13)), ("susar", after(27))]


def test_what_is_not_related_needs_no_susar_report_and_relatedness_to_one_treatment_suffices(clerk: Clerk) -> None:
    event(clerk, related={"drug": False, "surgery": False})
    event(clerk, term="Wound dehiscence", related={"drug": False})
    event(clerk, term="Embolism", related={"drug": False, "surgery": True})
    assert [(item.event.term, item.due.report) for item in open_reports(PROTOCOL, clerk.state())] == [
        ("Sepsis", "sae"),
        ("Wound dehiscence", "sae"),
        ("Embolism", "sae"),
        ("Wound dehiscence", "susar"),
        ("Embolism", "susar"),
    ]
    assert [item.of_interest for item in clerk.state().adverse_events] == [False, True, False]


def test_expectedness_is_judged_by_the_role_that_the_protocol_names_and_ends_the_susar_clock(clerk: Clerk) -> None:
    number = event(clerk)
    said = {"entry": number, "expected": True, "day": after(14)}
    assert "judged by the sponsor, not by the investigator" in clerk.refused(commands.FollowUpAdverseEvent, **said)
    clerk.accepted(commands.FollowUpAdverseEvent, role="sponsor", **said)
    assert due(clerk) == [("sae", after(13))]


def test_a_report_that_is_sent_closes_its_clock_and_a_late_one_says_so(clerk: Clerk) -> None:
    number = event(clerk)
    late = clerk.accepted(commands.ReportSafety, entry=number, report="sae", day=after(15))
    assert late.warnings == (f"the report was due on {after(13)}, and is 2 days late",)
    assert clerk.last().data["days_late"] == 2
    assert due(clerk) == [("susar", after(19))]
    in_time = clerk.accepted(commands.ReportSafety, entry=number, report="susar", day=after(19))
    assert in_time.warnings == ()
    assert "days_late" not in clerk.last().data
    assert due(clerk) == []
    assert "was sent on" in clerk.refused(commands.ReportSafety, entry=number, report="susar", day=after(20))
    assert "before anybody was aware" in clerk.refused(
        commands.ReportSafety, entry=event(clerk, term="Other", aware=12), report="sae", day=after(11)
    )


def test_an_event_that_becomes_serious_later_counts_from_the_day_on_which_that_was_known(clerk: Clerk) -> None:
    number = event(clerk, grade=3, serious=())
    clerk.accepted(commands.FollowUpAdverseEvent, entry=number, serious=("hospitalisation",), day=after(30))
    assert due(clerk) == [("sae", after(31)), ("susar", after(45))]


def test_a_reported_event_that_becomes_fatal_is_due_again(clerk: Clerk) -> None:
    number = event(clerk, grade=3, serious=("hospitalisation",))
    clerk.accepted(commands.ReportSafety, entry=number, report="susar", day=after(13))
    clerk.accepted(commands.ReportSafety, entry=number, report="sae", day=after(13))
    fatal = {"grade": 5, "serious": ("death",), "outcome": "fatal"}
    warned = clerk.accepted(commands.FollowUpAdverseEvent, entry=number, day=after(20), **fatal)
    assert warned.warnings == ("grade 5 is death, and no death of P1 is recorded: record it as an event",)
    assert due(clerk) == [("susar", after(27))]


def test_a_more_urgent_event_is_never_due_later_than_it_was(clerk: Clerk) -> None:
    number = event(clerk, grade=3, serious=("hospitalisation",))
    clerk.accepted(commands.FollowUpAdverseEvent, entry=number, grade=4, serious=("life-threatening",), day=after(24))
    assert ("susar", after(27)) in due(clerk)


def test_old_values_of_a_followed_up_event_stay(clerk: Clerk) -> None:
    number = event(clerk)
    clerk.accepted(
        commands.FollowUpAdverseEvent,
        entry=number,
        grade=2,
        outcome="recovering",
        related={"drug": True},
        day=after(20),
    )
    clerk.accepted(commands.FollowUpAdverseEvent, entry=number, outcome="recovered", ended=after(25), day=after(26))
    record = clerk.state().adverse_events[0]
    assert [item.grade for item in record.findings] == [4, 2, 2]
    assert [item.outcome for item in record.findings] == [None, "recovering", "recovered"]
    assert (record.worst_grade, record.now.ended, record.now.related) == (4, after(25), {"drug": True})
    assert "nothing new" in clerk.refused(commands.FollowUpAdverseEvent, entry=number, day=after(27))
    assert "before what is known" in clerk.refused(commands.FollowUpAdverseEvent, entry=number, grade=1, day=after(21))
    assert "reports no adverse event" in clerk.refused(commands.FollowUpAdverseEvent, entry=1, grade=1, day=after(30))


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"grade": 5}, "grade 5 and death do not agree"),
        ({"grade": 3, "serious": ("death",)}, "grade 3 and death do not agree"),
        ({"grade": 3, "outcome": "fatal"}, "fatal is grade 5"),
        ({"grade": 5, "serious": ("death",), "outcome": "recovered"}, "fatal is grade 5"),
        ({"serious": ("annoying",)}, "serious by annoying"),
        ({"related": {"diet": True}}, "judged for drug, surgery, and not for 'diet'"),
        ({"related": {"drug": "perhaps"}}, "true or false"),
        ({"expected": False}, "judged by the sponsor"),
        ({"outcome": "fine"}, "'fine' is no outcome"),
        ({"action": "prayed"}, "'prayed' is no action"),
        ({"grade": 6}, "1 to 5"),
        ({"grade": True}, "1 to 5"),
        ({"ended": after(9)}, "before it started"),
        ({"ended": after(40)}, "lies in the future"),
        ({"aware": after(40)}, "lies in the future"),
        ({"aware": after(9)}, "before it started"),
    ],
)
def test_an_event_that_contradicts_itself_is_refused(clerk: Clerk, said: dict[str, Any], problem: str) -> None:
    usual = {"term": "Sepsis", "grade": 4, "aware": after(12)}
    assert problem in clerk.refused(commands.ReportAdverseEvent, day=after(10), **at(12), **{**usual, **said})


def test_the_same_event_twice_is_refused_and_named(clerk: Clerk) -> None:
    number = event(clerk)
    again = {"term": "SEPSIS", "grade": 4, "aware": after(12), "day": after(10)}
    assert f"is entry {number}" in clerk.refused(commands.ReportAdverseEvent, **at(12), **again)


def test_what_the_protocol_does_not_collect_is_recorded_with_a_warning(clerk: Clerk) -> None:
    mild = {"term": "Nausea", "grade": 2, "aware": after(3), "day": after(3)}
    warned = clerk.accepted(commands.ReportAdverseEvent, **mild)
    assert warned.warnings == (f"the protocol does not collect an event of grade 2 of {after(3)}; it is recorded",)
    # 12 months after randomisation, at 30.4375 days each: 365.25, rounded up to day 366
    for day, warnings in ((366, 0), (367, 1)):
        severe = {"term": f"Late {day}", "grade": 3, "aware": after(day), "day": after(day)}
        assert len(clerk.accepted(commands.ReportAdverseEvent, **severe).warnings) == warnings
    serious = {"term": "Very late", "grade": 1, "serious": ("hospitalisation",), "aware": after(900), "day": after(900)}
    assert clerk.accepted(commands.ReportAdverseEvent, **serious).warnings == ()


def test_grade_5_and_a_death_go_together_both_ways(clerk: Clerk) -> None:
    number = event(clerk, grade=5, serious=("death",), outcome="fatal")
    assert (
        unmatched_death(PROTOCOL, clerk.state()) == f"entry {number} (Sepsis) is of grade 5, and no death is recorded"
    )
    died = clerk.accepted(commands.Happen, event="death", cause="other", day=after(14))
    assert died.warnings == ()
    assert unmatched_death(PROTOCOL, clerk.state()) is None
    clerk.allocate("P2")
    warned = clerk.accepted(commands.Happen, "P2", event="death", cause="other", day=after(14))
    assert "no adverse event of grade 5" in warned.warnings[0]
    assert unmatched_death(PROTOCOL, clerk.state("P2")) == "a death is recorded, and no adverse event of grade 5"
    clerk.allocate("P3")
    assert clerk.accepted(commands.Happen, "P3", event="death", cause="cancer", day=after(14)).warnings == ()
    assert unmatched_death(PROTOCOL, clerk.state("P3")) is None


def test_what_is_known_and_sent_after_a_death_can_be_entered(clerk: Clerk) -> None:
    number = event(clerk)
    clerk.accepted(commands.Happen, event="death", cause="other", day=after(14))
    fatal = {"grade": 5, "serious": ("death",), "outcome": "fatal", "ended": after(14)}
    clerk.accepted(commands.FollowUpAdverseEvent, entry=number, day=after(16), **fatal)
    clerk.accepted(commands.ReportSafety, entry=number, report="susar", day=after(17))
    onset = {"term": "Later", "grade": 3, "aware": after(15), "day": after(15)}
    assert "died on" in clerk.refused(commands.ReportAdverseEvent, **onset)


def test_an_event_struck_out_is_gone_and_one_with_follow_ups_asks_for_those_first(clerk: Clerk) -> None:
    number = event(clerk)
    clerk.accepted(commands.FollowUpAdverseEvent, entry=number, grade=2, day=after(20))
    second = int(clerk.last().seq)
    wrong = {"reason": "wrong participant", "day": after(21)}
    assert f"entry {second} is about entry {number}" in clerk.refused(commands.Strike, entry=number, **wrong)
    clerk.accepted(commands.Strike, entry=second, **wrong)
    assert clerk.state().adverse_events[0].now.grade == 4
    clerk.accepted(commands.Strike, entry=number, **wrong)
    assert clerk.state().adverse_events == ()
    assert fold(PROTOCOL, clerk.desk.journal) == (clerk.desk.trial, clerk.desk.participants)


def test_without_the_section_no_event_is_recorded() -> None:
    plain = Clerk(loads(SAFETY[: SAFETY.index("adverse_events:")], file="plain.yaml"))
    plain.open()
    plain.allocate()
    said = {"term": "Sepsis", "grade": 4, "aware": DAY}
    assert "no section adverse_events" in plain.refused(commands.ReportAdverseEvent, **said)
