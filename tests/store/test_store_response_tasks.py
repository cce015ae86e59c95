"""What is open of responses and classes stands in the table of tasks, and goes when it is done."""

from __future__ import annotations

from typing import Any

from small_trial import LESIONS, LOOP, TEXT, after
from stored_trial import StoreClerk

from equipoise.conduct import Criteria, commands
from equipoise.store import Store
from equipoise.store.tasks_of_response import response_tasks
from equipoise.units import date_after_months

KINDS = ("lesions", "reading", "adjudicate", "event", "classify", "decision")


def tasks(clerk: StoreClerk) -> set[tuple[str, str]]:
    """In the table, which is held to what the state says."""
    from equipoise.store.models import Task

    stored = {
        (task.kind, task.name)
        for task in Task.objects.using(clerk.desk.store.alias).filter(participant="P1", kind__in=KINDS)
    }
    found = {(task.kind, task.name) for task in response_tasks(Criteria(clerk.protocol), clerk.state())}
    assert stored == found
    return stored


def test_lesions_are_described_once_a_participant_is_registered(store: Store) -> None:
    clerk = StoreClerk.of(store, LESIONS)
    clerk.open()
    clerk.screen()
    assert tasks(clerk) == set()
    clerk.accepted(commands.Register, step="registration")
    assert tasks(clerk) == {("lesions", "baseline")}
    clerk.describe()
    assert tasks(clerk) == set()


def test_a_reading_is_waited_for_and_readings_that_differ_are_adjudicated(store: Store) -> None:
    clerk = StoreClerk.of(store, LESIONS.replace("lesions}", 'lesions, reading: "agreed, else adjudicator"}'))
    clerk.open()
    clerk.register()
    clerk.describe()
    clerk.describe(reading="central")
    clerk.find("induction", day=after(90))
    assert tasks(clerk) == {("reading", f"induction {after(90)}")}
    clerk.find("induction", day=after(90), reading="central", L1="20")
    assert tasks(clerk) == {("adjudicate", f"induction {after(90)}")}
    clerk.accepted(commands.Adjudicate, name="induction", agrees_with="central", role="adjudicator", day=after(90))
    assert tasks(clerk) == set()


def test_a_progression_waits_for_its_event_even_after_a_death(store: Store) -> None:
    clerk = StoreClerk.of(store, TEXT.replace("events: [death]}", "events: [death, progression]}"))
    clerk.open()
    clerk.allocate()
    worse = {"primary": "SD", "metastatic": "PD"}
    clerk.accepted(commands.Assess, name="follow_up", responses=worse, day=after(90))
    clerk.accepted(commands.Happen, event="death", cause="cancer", day=after(100))
    assert tasks(clerk) == {("event", f"metastatic {after(90)}")}
    clerk.accepted(commands.Happen, event="progression", day=after(90))
    assert tasks(clerk) == set()


def test_a_proposal_is_open_until_the_team_has_decided_and_a_stale_class_until_it_is_given_anew(store: Store) -> None:
    clerk = StoreClerk.of(store, LOOP)
    clerk.seeds.clear()
    clerk.open()
    clerk.accepted(commands.Screen)
    clerk.accepted(commands.Record, form="screening", values={"fit": True})
    clerk.accepted(commands.Register, step="registration")
    clerk.describe()
    clerk.find("evaluation", day=after(90))
    assert tasks(clerk) == {("decision", "response_class d")}
    clerk.accepted(commands.Decide, by="response_class", decision="followed", day=after(91))
    assert tasks(clerk) == set()
    clerk.find("evaluation", day=after(180), L1="absent", K1="absent")
    until = date_after_months(after(180), 2)
    assert tasks(clerk) == {("decision", f"response_class b until {until}")}
    assess: Any = next(entry for entry in reversed(list(clerk.desk.journal)) if entry.kind == "assess")
    clerk.accepted(commands.Strike, entry=assess.seq, reason="another patient", day=after(181))
    assert ("classify", "response_class") in tasks(clerk)
