"""Survival at the cut-off: everybody is asked after of whom it is not known."""

from __future__ import annotations

from typing import Any

import pytest
from small_trial import Clerk, after

from equipoise.conduct import commands, fold
from equipoise.conduct.quality.sweep import still_to_ask


def asked(clerk: Clerk) -> dict[str, bool]:
    """Who is still to be asked after, and whether they are lost."""
    found = still_to_ask(clerk.protocol, clerk.desk.trial, clerk.desk.participants.values())
    return {item.participant: item.lost for item in found}


@pytest.fixture
def swept(careful: Clerk) -> Clerk:
    """P1 silent, P2 seen 30 days before, P3 seen 31 before, P4 dead, P5 withdrawn, P6 lost, P7 only registered."""
    for place in range(1, 7):
        careful.allocate(f"P{place}")
    careful.register("P7")
    careful.accepted(commands.Visit, "P2", visit="M3", day=after(70))
    careful.accepted(commands.Visit, "P3", visit="M3", day=after(69))
    careful.accepted(commands.Happen, "P4", event="death", cause="cancer", day=after(50))
    careful.accepted(commands.Withdraw, "P5", rule="W1", day=after(50))
    careful.accepted(commands.Lose, "P6", day=after(50))
    careful.accepted(commands.Sweep, on=after(100), day=after(100))
    return careful


def test_a_sweep_asks_after_the_living_who_were_last_seen_before_the_allowance(swept: Clerk) -> None:
    # the allowance is 30 days; who withdrew from follow-up must not be asked after, who is lost has to be
    assert asked(swept) == {"P1": False, "P3": False, "P6": True}
    assert fold(swept.protocol, swept.desk.journal)[0] == swept.desk.trial


def test_nobody_is_asked_after_before_there_is_a_sweep(careful: Clerk) -> None:
    careful.allocate()
    assert asked(careful) == {}


def test_being_alive_or_dead_closes_the_task(swept: Clerk) -> None:
    swept.accepted(commands.Alive, "P1", source="phone", day=after(100))
    assert swept.state("P1").last_alive == after(100)
    assert dict(swept.last().data) == {"on": after(100).isoformat(), "source": "phone"}
    swept.accepted(commands.Alive, "P3", source="registry", day=after(69))
    assert asked(swept) == {"P3": False, "P6": True}, "alive on a day before the allowance is not enough"
    swept.accepted(commands.Happen, "P3", event="death", cause="other", day=after(90))
    assert asked(swept) == {"P6": True}


def test_who_was_lost_may_be_found_in_a_register_alive_or_dead(swept: Clerk) -> None:
    swept.accepted(commands.Alive, "P6", source="registry", day=after(100))
    assert asked(swept) == {"P1": False, "P3": False}
    swept.accepted(commands.Happen, "P6", event="death", cause="cancer", day=after(101))
    assert swept.state("P6").died_on == after(101)


def test_who_withdrew_from_follow_up_is_not_looked_up(swept: Clerk) -> None:
    assert "follow-up of P5 stopped" in swept.refused(commands.Alive, "P5", source="registry", day=after(100))


def test_a_contact_that_was_struck_out_opens_the_task_again(swept: Clerk) -> None:
    swept.accepted(commands.Alive, "P1", source="phone", day=after(100))
    swept.accepted(commands.Strike, "P1", entry=swept.last().seq, reason="a namesake", day=after(100))
    assert "P1" in asked(swept)


@pytest.mark.parametrize(
    ("kind", "options", "reason"),
    [
        (commands.Alive, {"source": "hearsay"}, "'hearsay' is no source of survival (there is registry, phone)"),
        (commands.Sweep, {"on": after(99)}, "which is later"),
        (commands.Sweep, {"on": after(300)}, "lies in the future"),
    ],
)
def test_a_source_or_a_day_that_cannot_be_is_refused(
    swept: Clerk, kind: Any, options: dict[str, Any], reason: str
) -> None:
    assert reason in swept.refused(kind, "P1", day=options.pop("day", after(101)), **options)


def test_a_trial_without_the_section_has_no_sweep(clerk: Clerk) -> None:
    assert "no sweep section" in clerk.refused(commands.Sweep, on=after(0))
