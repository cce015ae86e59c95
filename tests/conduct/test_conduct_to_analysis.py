"""What deviations, imputed dates and last contacts mean for the analysis."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest
from small_quality import QUALITY
from small_trial import Clerk, after

from equipoise.analysis import Datasets, analyse, completeness, deviation_counts, make_datasets
from equipoise.conduct import commands
from equipoise.conduct.quality.schedule import schedule
from equipoise.protocol import loads

CUT = after(200)
ANALYSES = (
    "analyses:\n"
    "  - {endpoint: os, population: itt, strata: none}\n"
    "  - {endpoint: os, population: per-protocol, label: Per protocol, strata: none}\n"
)


@pytest.fixture
def trial() -> Clerk:
    clerk = Clerk(loads(QUALITY + ANALYSES, file="quality.yaml"))
    clerk.open()
    return clerk


def datasets(clerk: Clerk) -> Datasets:
    return make_datasets(clerk.protocol, clerk.desk.participants, CUT)


def row(table: pl.DataFrame, participant: str) -> dict[str, Any]:
    return table.filter(pl.col("SUBJID") == participant).row(0, named=True)


def died(clerk: Clerk, participant: str, day: int) -> None:
    clerk.accepted(commands.Happen, participant, event="death", cause="cancer", day=after(day))


def test_found_ineligible_after_randomisation_stays_in_itt_is_a_deviation_and_is_never_replaced(trial: Clerk) -> None:
    arms = {number: trial.allocate(number) for number in ("P1", "P2", "P3", "P4", "P5", "P6")}
    lists = trial.desk.trial.lists
    trial.accepted(commands.Correct, "P3", variable="age", value=75, reason="the passport says so", day=after(30))
    assert {item.category for item in trial.state("P3").deviations} == {"eligibility", "allocation"}
    # never replaced: the list's counts are what they were, and the next allocation takes the next place
    assert trial.desk.trial.lists == lists
    assert (trial.desk.trial.passed["randomisation"], trial.state("P3").arm) == (6, arms["P3"])
    trial.allocate("P7", day=after(0))
    assert trial.desk.trial.passed["randomisation"] == 7
    for place, number in enumerate(("P1", "P2", "P3", "P4", "P5", "P6", "P7")):
        died(trial, number, 100 + place)
    made = datasets(trial)
    for table in (made.adsl, made.adtte):
        assert table is not None
        found = row(table, "P3")
        assert (found["ITTFL"], found["PPROTFL"], found["TRTP" if "TRTP" in found else "TRT01P"]) == (
            "Y",
            "N",
            arms["P3"],
        )
        assert set(table.filter(pl.col("SUBJID") != "P3")["PPROTFL"]) == {"Y"}
    results = analyse(trial.protocol, made, source="trial data")
    ratios = [item for item in results.estimates if item.measure == "hazard ratio"]
    sizes = {item.population: sum(item.n_by_arm.values()) for item in ratios}
    assert sizes == {"itt": 7, "per-protocol": 6}


def test_a_reclassification_brings_back_into_the_per_protocol_set(trial: Clerk) -> None:
    trial.allocate()
    said = {"category": "treatment", "description": "half the dose", "severity": "major", "per_protocol": "excluded"}
    trial.accepted(commands.Deviate, **said)
    entry = trial.last().seq
    assert row(datasets(trial).adsl, "P1")["PPROTFL"] == "N"  # type: ignore[arg-type]
    again: dict[str, Any] = {"deviation": entry, "severity": "minor", "per_protocol": "kept", "reason": "one cycle"}
    trial.accepted(commands.Reclassify, role="coordinator", day=after(300), **again)
    assert row(datasets(trial).adsl, "P1")["PPROTFL"] == "Y"  # type: ignore[arg-type]


def test_a_deviation_after_the_cut_off_has_not_happened_and_one_seen_later_has(trial: Clerk) -> None:
    trial.allocate("P1")
    trial.allocate("P2")
    said = {"category": "other", "description": "x", "severity": "major", "per_protocol": "excluded"}
    trial.accepted(commands.Deviate, "P1", day=after(201), **said)
    # what had been true at the randomisation counts whenever it was seen
    trial.accepted(commands.Correct, "P2", variable="age", value=75, reason="passport", day=after(300))
    adsl = datasets(trial).adsl
    assert adsl is not None
    assert [row(adsl, number)["PPROTFL"] for number in ("P1", "P2")] == ["Y", "N"]


def test_deviations_are_counted_by_arm_and_severity(trial: Clerk) -> None:
    arm = trial.allocate("P1")
    trial.accepted(commands.Correct, "P1", variable="age", value=75, reason="passport")
    trial.accepted(commands.Visit, "P1", visit="M3", missed=True, day=after(92))
    found = deviation_counts(trial.protocol, trial.desk.participants, CUT)
    mine = {
        item.category: (item.participants, item.minor, item.major, item.excluded) for item in found if item.arm == arm
    }
    assert mine == {"eligibility": (1, 0, 2, 1), "allocation": (1, 1, 0, 0), "visit": (1, 1, 0, 0), "all": (1, 2, 2, 1)}
    other = [item for item in found if item.arm != arm]
    assert [(item.category, item.participants) for item in other] == [("all", 0)]


def test_an_analysis_sees_the_imputed_day_and_its_flag(trial: Clerk) -> None:
    trial.allocate("P1", diagnosis_date="2023-11")
    trial.allocate("P2", diagnosis_date="2024")  # 15 July would be after the registration on 1 March
    trial.allocate("P3")
    trial.accepted(commands.Happen, "P1", event="death", cause="cancer", partial="2024-05", day=after(120))
    died(trial, "P3", 90)
    made = datasets(trial)
    assert made.adsl is not None
    rows = [row(made.adsl, number) for number in ("P1", "P2", "P3")]
    assert [(item["DIAGDT"], item["DIAGDTF"]) for item in rows] == [
        (date(2023, 11, 15), "D"),
        (date(2024, 3, 1), "M"),
        (date(2024, 2, 1), ""),
    ]
    assert [(item["DTHDT"], item["DTHDTF"]) for item in rows] == [
        (date(2024, 5, 15), "D"),
        (None, ""),
        (after(90), ""),
    ]
    events = [row(made.adtte, number) for number in ("P1", "P2", "P3")]
    assert [item["ADTF"] for item in events] == ["D", "", ""]
    assert events[0]["AVAL"] == (date(2024, 5, 15) - after(0)).days + 1
    assert str(trial.state("P1").values["diagnosis_date"]) == "2023-11", "the ledger's state stays as recorded"


def test_an_origin_that_was_imputed_is_flagged() -> None:
    clerk = Clerk(loads(QUALITY.replace("origin: randomisation, events", "origin: diagnosis, events"), file="q.yaml"))
    clerk.open()
    clerk.allocate(diagnosis_date="2023-11")
    found = row(datasets(clerk).adtte, "P1")
    assert (found["STARTDT"], found["STARTDTF"]) == (date(2023, 11, 15), "D")


def test_a_contact_of_the_sweep_moves_the_day_of_censoring(trial: Clerk) -> None:
    trial.allocate("P1")
    trial.allocate("P2")
    trial.accepted(commands.Lose, "P2", day=after(20))
    for number in ("P1", "P2"):
        trial.accepted(commands.Alive, number, source="registry", day=after(150))
    for number in ("P1", "P2"):
        found = row(datasets(trial).adtte, number)
        assert (found["CNSR"], found["ADT"]) == (1, after(150))


def test_completeness_of_follow_up_is_observed_over_potential_time(trial: Clerk) -> None:
    # by hand, cut-off on day 200, allowance 30: seen to day 200; seen to day 170; lost on day 50; died on day 100
    for number in ("P1", "P2", "P3", "P4"):
        trial.allocate(number)
    trial.register("P5")
    trial.accepted(commands.Alive, "P1", source="phone", day=after(250))
    trial.accepted(commands.Alive, "P2", source="phone", day=after(170))
    trial.accepted(commands.Lose, "P3", day=after(50))
    died(trial, "P4", 100)
    everybody, *arms = completeness(trial.protocol, trial.desk.participants, CUT)
    assert (everybody.arm, everybody.participants, everybody.known) == (None, 4, 3)
    assert (everybody.observed_days, everybody.potential_days) == (200 + 170 + 50 + 100, 200 + 200 + 200 + 100)
    assert everybody.index == 520 / 700
    assert everybody.known_share == 0.75
    assert sum(item.participants for item in arms) == 4
    assert sum(item.observed_days for item in arms) == 520


def test_nobody_gives_no_share(trial: Clerk) -> None:
    (found,) = completeness(trial.protocol, trial.desk.participants, CUT)
    assert (found.index, found.known_share) == (None, None)


def test_visits_after_an_imputed_death_are_not_due(trial: Clerk) -> None:
    trial.allocate()
    trial.accepted(commands.Happen, event="death", cause="cancer", partial="2024-05", day=after(120))
    assert [item.status for item in schedule(trial.desk.criteria, trial.state(), CUT)] == []
