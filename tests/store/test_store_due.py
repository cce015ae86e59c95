"""What is due, read from projections: the same as from the states, at one site or all, whatever was rebuilt."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from small_quality import QUALITY
from small_trial import after
from stored_trial import StoreClerk
from typer.testing import CliRunner

from equipoise.cli.app import app
from equipoise.conduct import Criteria, commands, replay_allocations
from equipoise.conduct.quality.schedule import by_site, schedule
from equipoise.conduct.quality.sweep import still_to_ask
from equipoise.protocol import loads
from equipoise.store import Store
from equipoise.store.due import as_json


@pytest.fixture
def careful(store: Store) -> StoreClerk:
    """Three allocated at two sites: P1 has visits, a query and a deviation, P2 is silent, P3 is lost."""
    clerk = StoreClerk.of(store, QUALITY)
    clerk.open()
    for number, site in (("P1", "01"), ("P2", "02"), ("P3", "02")):
        clerk.allocate(number, site=site)
    clerk.accepted(commands.Record, "P1", form="visit", values={"pain": 9}, visit="M3", day=after(110))
    clerk.accepted(commands.OpenQuery, "P1", message="54 or 45?", variable="age", role="monitor", day=after(111))
    clerk.accepted(commands.Lose, "P3", day=after(20))
    clerk.accepted(commands.Sweep, on=after(200), day=after(200))
    return clerk


@pytest.mark.parametrize("today", [0, 95, 120, 200, 400])
def test_what_is_due_is_what_the_states_say(store: Store, careful: StoreClerk, today: int) -> None:
    found = store.due("quality", after(today))
    criteria, states = Criteria(careful.protocol), list(careful.desk.participants.values())
    schedules = [(state.site, schedule(criteria, state, after(today))) for state in states]
    assert found.sites == by_site(schedules)
    shown = {item.participant: item for item in found.participants}
    for state, (_, visits) in zip(states, schedules, strict=True):
        wanted = tuple(visit for visit in visits if visit.missing or visit.status in ("due", "overdue"))
        assert (shown[state.number].visits if state.number in shown else ()) == wanted
    asked = {item.participant for item in still_to_ask(careful.protocol, careful.desk.memory.trial, states)}
    assert {number for number, item in shown.items() if item.ask_alive} == asked == {"P1", "P2", "P3"}


def test_nothing_is_asked_for_once_the_trial_is_closed(store: Store, careful: StoreClerk) -> None:
    assert store.due("quality", after(4000)).participants
    careful.finish()
    found = store.due("quality", after(4000))
    assert found.participants == ()
    assert found.sites == store.due("quality", after(300)).sites  # no visit is planned after the end


def test_a_site_sees_its_own(store: Store, careful: StoreClerk) -> None:
    found = store.due("quality", after(200), site="01")
    assert [item.site for item in found.sites] == ["01"]
    (mine,) = found.participants
    assert [(query.status, query.about, query.age) for query in mine.queries] == [
        ("open", "form visit, M3", 90),
        ("open", "age", 89),
    ]
    lost = next(item for item in store.due("quality", after(200), site="02").participants if item.participant == "P3")
    assert (lost.lost, lost.visits, lost.last_alive) == (True, (), after(20))
    assert store.due("quality", after(200), site="nowhere").participants == ()


def test_a_closed_query_and_a_contact_are_open_no_more(store: Store, careful: StoreClerk) -> None:
    before = store.due("quality", after(200), site="01").participants[0]
    for query in before.queries:
        careful.accepted(commands.AnswerQuery, "P1", query=query.query, answer="yes", day=after(200))
    careful.accepted(commands.CloseQuery, "P1", query=before.queries[1].query, role="monitor", day=after(200))
    careful.accepted(commands.Alive, "P1", source="phone", day=after(190))
    mine = store.due("quality", after(200), site="01").participants[0]
    assert ([query.status for query in mine.queries], mine.ask_alive) == (["answered"], False)


def test_rebuilt_from_the_entries_the_projections_are_the_same(store: Store, careful: StoreClerk) -> None:
    before = store.due("quality", after(200))
    assert store.rebuild("quality").changed == 0
    assert store.due("quality", after(200)) == before
    assert store.state("quality") == careful.desk.memory.trial


def test_the_command_line_lists_what_is_due(tmp_path: Path) -> None:
    place = str(tmp_path / "data")
    with Store.open(place) as store:
        clerk = StoreClerk.of(store, QUALITY)
        clerk.open()
        clerk.allocate("P1", site="01")
        wanted = as_json(store.due("quality", after(100)))
    runner = CliRunner()
    told = runner.invoke(app, ["due", "quality", "--store", place, "--on", after(100).isoformat(), "--json"])
    assert told.exit_code == 0
    assert json.loads(told.stdout) == {"trial": "quality", **wanted}
    assert json.loads(told.stdout)["participants"][0]["visits"][0]["status"] == "due"
    table = runner.invoke(app, ["due", "quality", "--store", place, "--on", after(100).isoformat(), "--site", "01"])
    assert "Visit 1 (M3): form visit, assessment" in table.stdout
    early = runner.invoke(app, ["due", "quality", "--store", place, "--on", date(2024, 3, 2).isoformat()])
    assert "nothing is due on 2024-03-02" in early.stdout
    wrong = runner.invoke(app, ["due", "quality", "--store", place, "--on", "yesterday"])
    assert "write it as 2026-07-01" in str(wrong.exception)


def test_each_participant_has_the_visits_of_the_version_consented_to(store: Store, careful: StoreClerk) -> None:
    newer = QUALITY.replace("{before: 14, after: 10}", "{before: 7, after: 40}").replace(
        'versions: [{number: "1", summary: The first.}]',
        'versions: [{number: "1", summary: The first.}, {number: "2", summary: Wider windows.}]',
    )
    new = loads(newer, file="newer.yaml")
    said = {"protocol_digest": new.digest, "on": after(200), "day": after(200)}
    command = careful.command(commands.Amend, None, **said)
    assert store.amend("quality", newer, command).decision == careful.desk.memory.amend(new, command)
    careful.accepted(commands.Reconsent, "P2", version="2", day=after(201))
    # a rule opens a query beside the form, by the version consented to
    careful.accepted(commands.Record, "P2", form="visit", values={"pain": 9}, visit="M6", day=after(201))
    assert len(careful.desk.memory.participants["P2"].queries) == 1
    assert store.rebuild("quality").changed == 0
    found = {item.participant: item for item in store.due("quality", after(300)).participants}
    by_version = careful.desk.memory.criteria
    for number, version in (("P1", "1"), ("P2", "2")):
        state = careful.desk.memory.participants[number]
        assert state.version == version
        visits = schedule(by_version.of(version), state, after(300))
        wanted = tuple(visit for visit in visits if visit.missing or visit.status in ("due", "overdue"))
        assert found[number].visits == wanted
    last = {number: found[number].visits[-1] for number in ("P1", "P2")}
    windows = {number: (visit.closes - visit.planned).days for number, visit in last.items()}
    assert windows == {"P1": 10, "P2": 40}
    journal = careful.desk.memory.journal
    assert replay_allocations(careful.protocol, journal, [new]).problems == ()
