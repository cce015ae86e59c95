"""What is open for a participant of whose adverse events reports are due, and of departures without a reason."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import equipoise
from equipoise.allocation import commitment
from equipoise.conduct import Accepted, Desk, commands
from equipoise.store.tasks import open_tasks

TRIAL = equipoise.load("tehran")
FIRST = date(2026, 1, 5)
SCREENING = {
    "informed_consent": True,
    "age": 51,
    "m_stage": "M1",
    "histology_proven": True,
    "er": "positive",
    "her2": "overexpressed",
    "t_stage": "T2",
    "n_stage": "N1",
    "dominant_site": "bone",
    "other_malignancy": "none",
    "prior_invasive_breast_cancer": False,
    "breast_tumour_surgery": False,
    "breast_tumour_radiotherapy": False,
    "bilateral": False,
}


class Ward:
    """One participant of the Tehran trial, randomised on the first day."""

    def __init__(self) -> None:
        self.desk = Desk(TRIAL, seeds={"main": bytes(32)})
        promised = {"main": commitment(bytes(32))}
        self.do(commands.Open, 0, None, protocol_digest=TRIAL.digest, commitments=promised)
        self.do(commands.Screen, 0)
        self.do(commands.Record, 0, form="screening", values=SCREENING)
        self.do(commands.Judge, 0, answers={"I2": True, "I6": True})
        self.do(commands.Register, 0, step="registration")
        self.do(commands.Allocate, 0, step="randomisation")

    def do(self, kind: Any, day: int, participant: str | None = "P1", **said: Any) -> int:
        on = FIRST + timedelta(days=day)
        about = {} if participant is None else {"participant": participant, "on": on}
        who = {
            "id": f"c{len(self.desk.journal)}{kind.__name__}",
            "actor": "anna",
            "role": "investigator",
            "site": "S01",
        }
        decision = self.desk.submit(kind(**{**who, "at": datetime.combine(on, time(9), UTC), **about, **said}))
        assert isinstance(decision, Accepted), decision
        return list(self.desk.journal)[-1].seq

    def open(self) -> list[tuple[str, str, str | None]]:
        found = open_tasks(TRIAL, self.desk.participants["P1"], self.desk.criteria)
        return [(task.kind, task.name, task.role) for task in found if task.kind in ("report", "explain")]


def test_reports_are_open_until_sent_even_after_death_and_say_until_when() -> None:
    ward = Ward()
    aware = FIRST + timedelta(days=10)
    said = {"term": "Sepsis", "grade": 5, "serious": ("death",), "aware": aware, "outcome": "fatal"}
    event = ward.do(commands.ReportAdverseEvent, 10, **said)
    sae = ("report", f"sae on entry {event} by {aware + timedelta(days=1)}", "investigator")
    susar = ("report", f"susar on entry {event} by {aware + timedelta(days=7)}", "sponsor")
    assert ward.open() == [sae, susar, ("explain", "death and grade 5", None)]
    ward.do(commands.Happen, 10, event="death", cause="other")
    assert ward.open() == [sae, susar]
    ward.do(commands.ReportSafety, 11, entry=event, report="sae")
    assert ward.open() == [susar]
    ward.do(commands.ReportSafety, 12, entry=event, report="susar")
    assert ward.open() == []


def test_a_departure_is_open_until_its_reason_is_entered() -> None:
    ward = Ward()
    ward.do(commands.Record, 90, form="operation", values={"axillary_surgery": "not_done"}, visit="1")
    assert ward.open() == [("explain", "departure from axilla", None)]
    ward.do(commands.Depart, 91, guidance="axilla", given="No dissection", reason="refused by the participant")
    assert ward.open() == []
