"""The safety table by arm, and ADAE."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import equipoise
from equipoise.allocation import commitment
from equipoise.analysis import make_datasets, safety_of
from equipoise.conduct import Accepted, Desk, commands
from equipoise.protocol import loads

TEXT = """\
id: safe
title: A trial that collects adverse events
versions: [{number: "1", summary: The first.}]
variables:
  age: {label: Age, type: integer, range: [0, 120]}
forms:
  screening: {label: Screening, variables: [age]}
eligibility:
  - {id: I1, kind: inclusion, at: registration, label: Grown up, rule: age >= 18}
interventions:
  drug: {label: Drug, kind: drug}
arms:
  A: {label: Nothing, reference: true}
  B: {label: Drug, interventions: [drug]}
pathway:
  - register: {id: registration}
  - randomise: {list: main}
allocation:
  main: {method: simple, ratio: {A: 1, B: 1}}
events:
  death: {label: Death, kind: death}
endpoints:
  os: {label: Overall survival, param: OS, origin: randomisation, events: [death]}
adverse_events:
  ctcae: "5.0"
  collected: [{from: registration}]
  terms_of_interest: [Sepsis]
  sae: {days: 1}
"""
SEED = bytes(range(32))
PROTOCOL = loads(TEXT, file="safe.yaml")
CUT = date(2024, 12, 31)


class Trial:
    """Six participants, registered in January, randomised on 1 February; told apart by arm."""

    def __init__(self) -> None:
        self.desk = Desk(PROTOCOL, seeds={"main": SEED})
        self.count = 0
        promised = {"main": commitment(SEED)}
        self.do(commands.Open, date(2024, 1, 1), protocol_digest=PROTOCOL.digest, commitments=promised)
        self.arms: dict[str, list[str]] = {"A": [], "B": []}
        for number in range(1, 9):
            name = f"P{number}"
            self.do(commands.Screen, date(2024, 1, 2), name)
            self.do(commands.Record, date(2024, 1, 2), name, form="screening", values={"age": 50})
            self.do(commands.Register, date(2024, 1, 2), name, step="registration")
        self.event("P1", date(2024, 1, 20), "Pain", 3)
        for number in range(1, 9):
            made = self.do(commands.Allocate, date(2024, 2, 1), f"P{number}", step="randomisation")
            assert made.arm is not None
            self.arms[made.arm].append(f"P{number}")

    def do(self, kind: Any, day: date, participant: str | None = None, **settings: Any) -> Accepted:
        self.count += 1
        if participant is not None:
            settings = {"participant": participant, "on": day, **settings}
        at = datetime.combine(max(day, settings.get("aware", day)), time(9), UTC)
        command = kind(
            id=f"c{self.count}", actor="anna", **{"role": "investigator", "at": at, "site": "01", **settings}
        )
        decision = self.desk.submit(command)
        assert isinstance(decision, Accepted), decision
        return decision

    def event(self, who: str, day: date, term: str, grade: int, **settings: Any) -> int:
        self.do(commands.ReportAdverseEvent, day, who, term=term, grade=grade, **{"aware": day, **settings})
        return list(self.desk.journal)[-1].seq


def table(trial: Trial, cut: date = CUT) -> dict[str, dict[str, int]]:
    found = safety_of(PROTOCOL, trial.desk.participants, cut)
    assert found is not None
    names = [name for name in found.arms[0].__dataclass_fields__ if name not in ("arm", "label")]
    return {arm.arm: {name: getattr(arm, name) for name in names} for arm in found.arms}


def test_each_participant_counts_once_in_a_row_and_events_before_allocation_in_no_arm() -> None:
    trial = Trial()
    first, second, third = trial.arms["B"][:3]
    trial.event(first, date(2024, 3, 1), "Nausea", 1, related={"drug": True})
    trial.event(first, date(2024, 4, 1), "Nausea", 2, related={"drug": False})
    trial.event(second, date(2024, 3, 1), "Sepsis", 4, serious=("life-threatening",))
    fatal = {"serious": ("death",), "outcome": "fatal", "related": {"drug": True}}
    trial.event(third, date(2024, 5, 1), "Sepsis", 5, **fatal)
    trial.do(commands.Happen, date(2024, 5, 2), third, event="death")
    found = table(trial)
    assert found["B"] == {
        "participants": len(trial.arms["B"]),
        "any_event": 3,
        "grade_3_to_5": 2,
        "serious": 2,
        "related": 2,
        "related_grade_3_to_5": 1,
        "not_judged": 1,
        "of_interest": 2,
        "deaths": 1,
        "fatal_events": 1,
        "treatment_related_deaths": 1,
        "events": 4,
    }
    assert {name: value for name, value in found["A"].items() if value} == {"participants": len(trial.arms["A"])}
    whole = safety_of(PROTOCOL, trial.desk.participants, CUT)
    assert whole is not None
    assert whole.before_allocation == 1


def test_the_worst_grade_counts_whatever_it_became_later_and_what_was_serious_stays_so() -> None:
    trial = Trial()
    number = trial.event("P2", date(2024, 3, 1), "Rash", 3, serious=("hospitalisation",))
    trial.do(commands.FollowUpAdverseEvent, date(2024, 3, 9), "P2", entry=number, grade=1, serious=())
    arm = next(name for name, members in trial.arms.items() if "P2" in members)
    assert (table(trial)[arm]["grade_3_to_5"], table(trial)[arm]["serious"]) == (1, 1)


def test_at_a_cut_off_what_was_known_later_has_not_been_known() -> None:
    trial = Trial()
    number = trial.event("P2", date(2024, 3, 1), "Rash", 2)
    trial.do(commands.FollowUpAdverseEvent, date(2024, 6, 1), "P2", entry=number, grade=4)
    trial.event("P2", date(2024, 7, 1), "Pain", 3)
    arm = next(name for name, members in trial.arms.items() if "P2" in members)
    early, late = table(trial, date(2024, 5, 1))[arm], table(trial)[arm]
    assert (early["events"], early["grade_3_to_5"]) == (1, 0)
    assert (late["events"], late["grade_3_to_5"]) == (2, 1)


def test_adae_has_a_row_for_every_event_and_is_written_beside_the_others(tmp_path: Any) -> None:
    trial = Trial()
    number = trial.event("P2", date(2024, 3, 1), "Sepsis", 4, serious=("life-threatening",), related={"drug": True})
    datasets = make_datasets(PROTOCOL, trial.desk.participants, CUT)
    assert datasets.adae is not None
    before, row = datasets.adae.rows(named=True)
    assert (before["AEDECOD"], before["TRTEMFL"], before["AREL"]) == ("Pain", "N", "")
    told = {
        "AEDECOD",
        "ATOXGRN",
        "AETOXGR",
        "AESER",
        "AESLIFE",
        "AESDTH",
        "AREL",
        "AERELTO",
        "TRTEMFL",
        "AESIFL",
        "SRCSEQ",
    }
    assert {name: row[name] for name in told} == {
        "AEDECOD": "Sepsis",
        "ATOXGRN": 4,
        "AETOXGR": "4",
        "AESER": "Y",
        "AESLIFE": "Y",
        "AESDTH": "N",
        "AREL": "RELATED",
        "AERELTO": "drug",
        "TRTEMFL": "Y",
        "AESIFL": "Y",
        "SRCSEQ": number,
    }
    datasets.write(tmp_path)
    again = type(datasets).read(tmp_path)
    assert again.adae is not None
    assert again.adae.equals(datasets.adae)


def test_a_trial_that_collects_no_adverse_events_has_no_table() -> None:
    assert safety_of(equipoise.load("breclim2"), {}, CUT) is None
