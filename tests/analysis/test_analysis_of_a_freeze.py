"""An analysis takes what its freeze took: what is entered later, and what a forged freeze says, does not get in."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import polars as pl
import pytest

from equipoise.analysis import analyse_ledger
from equipoise.conduct import Desk, commands
from equipoise.errors import LedgerError
from equipoise.ledger import Journal
from equipoise.protocol import Protocol, load
from equipoise.rehearsal import Rehearsal, analyse_rehearsal, rehearse


@pytest.fixture(scope="module")
def protocol() -> Protocol:
    whole = load("jcog1017")
    assert whole.assumptions is not None
    accrual = whole.assumptions.accrual
    short = accrual.model_copy(update={"participants": 40, "end": accrual.start + timedelta(days=200)})
    assumptions = whole.assumptions.model_copy(update={"accrual": short, "cut_off_months": 30})
    return whole.model_copy(update={"assumptions": assumptions})


@pytest.fixture(scope="module")
def rehearsal(protocol: Protocol) -> Rehearsal:
    return rehearse(protocol, seed=4)


def continued(rehearsal: Rehearsal, *asked: object, until: str = "lock_trial") -> Journal:
    """The rehearsal's ledger up to a kind of entry, and what was asked then."""
    desk = Desk(rehearsal.protocol)
    stop = next(entry.seq for entry in rehearsal.journal if entry.kind == until)
    desk.journal = rehearsal.journal.first(stop - 1)
    for count, entry in enumerate(desk.journal, start=1):
        desk._fold(entry, rehearsal.journal.first(count).head)
    for command in asked:
        desk.require(command)
    return desk.journal


def statistician(rehearsal: Rehearsal, kind: type, name: str, **said: object) -> object:
    """A command on the day after the cut-off."""
    at = rehearsal.data_cut + timedelta(days=1)
    who = {"actor": "statistician", "role": "statistician", "at": datetime.combine(at, time(9), UTC)}
    return kind(id=name, **{**who, **said})


def death(rehearsal: Rehearsal, number: str) -> object:
    """The death of somebody, found after the freeze."""
    site = rehearsal.participants[number].site
    who = {"actor": f"investigator {site}", "role": "investigator", "site": site, "participant": number}
    on = rehearsal.data_cut
    return statistician(rehearsal, commands.Happen, "late", event="death", cause="breast_cancer", on=on, **who)


def alive(rehearsal: Rehearsal) -> str:
    """Somebody with an arm who has not died."""
    return next(
        number
        for number, state in rehearsal.participants.items()
        if state.arm and state.died_on is None and state.left is None
    )


def deaths(datasets: object) -> int:
    """How many deaths the overall survival of a data set counts."""
    table = datasets.adtte
    return int(table.filter((pl.col("PARAMCD") == "OS") & (pl.col("CNSR") == 0)).height)


def test_the_analysis_of_a_rehearsals_ledger_is_that_of_the_rehearsal(rehearsal: Rehearsal) -> None:
    datasets, results = analyse_ledger(rehearsal.protocol, rehearsal.journal, source="rehearsal")
    expected, of_rehearsal = analyse_rehearsal(rehearsal)
    assert datasets.adtte.equals(expected.adtte)
    assert results.estimates == of_rehearsal.estimates
    assert results.cohort == of_rehearsal.cohort
    frozen = next(entry for entry in rehearsal.journal if entry.kind == "freeze")
    assert results.head == frozen.data["head"]


def test_what_is_entered_after_a_freeze_is_marked_and_enters_only_the_next(rehearsal: Rehearsal) -> None:
    number = alive(rehearsal)
    freeze = {"analysis": "final, with late reports", "cut_off": rehearsal.data_cut}
    journal = continued(
        rehearsal, death(rehearsal, number), statistician(rehearsal, commands.Freeze, "again", **freeze)
    )
    late = next(entry for entry in journal if entry.command == "late")
    assert late.data["after_freeze"] == "final"
    before, _ = analyse_ledger(rehearsal.protocol, journal, freeze="final")
    newest, results = analyse_ledger(rehearsal.protocol, journal)
    assert deaths(newest) == deaths(before) + 1
    assert results.data_cut == rehearsal.data_cut.isoformat()


def test_a_freeze_that_is_not_there_is_named(rehearsal: Rehearsal) -> None:
    with pytest.raises(LedgerError, match="no freeze for 'interim'; there is final"):
        analyse_ledger(rehearsal.protocol, rehearsal.journal, freeze="interim")
    with pytest.raises(LedgerError, match="has not been frozen"):
        analyse_ledger(rehearsal.protocol, continued(rehearsal, until="freeze"))


def test_a_freeze_that_does_not_fit_its_ledger_is_refused(rehearsal: Rehearsal) -> None:
    forged = continued(rehearsal, until="freeze")
    forged.append(
        kind="freeze",
        time="2014-01-01T09:00:00Z",
        actor="statistician",
        role="statistician",
        site=None,
        participant=None,
        command="x",
        version="2",
        reason=None,
        data={"analysis": "final", "cut_off": "2013-01-01", "entries": len(forged), "head": "00" * 32},
    )
    with pytest.raises(LedgerError, match="does not hold the number and the head"):
        analyse_ledger(rehearsal.protocol, forged)
