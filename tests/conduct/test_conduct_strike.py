"""Striking out: an entry that was made in error stays in the ledger and counts no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_trial import DAY, Clerk, after, small

from equipoise.conduct import Accepted, ParticipantState, commands, fold, replay_allocations
from equipoise.conduct.evolve import STRIKABLE
from equipoise.errors import LedgerError
from equipoise.ledger import Journal

PROTOCOL = small()
WHY = "entered for the wrong participant"


def entry_of(clerk: Clerk, kind: str) -> int:
    """Number of the newest entry of a kind."""
    return [entry.seq for entry in clerk.desk.journal if entry.kind == kind][-1]


def test_a_wrong_death_is_struck_out_and_entered_anew(clerk: Clerk) -> None:
    clerk.allocate()
    clerk.accepted(commands.Happen, event="death", cause="cancer", day=after(100))
    wrong = entry_of(clerk, "event")
    clerk.accepted(commands.Strike, entry=wrong, reason=WHY, day=after(120))
    assert clerk.last().data == {"entry": wrong, "struck": "event", "on": after(120).isoformat()}
    assert clerk.last().reason == WHY
    state = clerk.state()
    assert (state.died_on, state.events, state.last_alive) == (None, (), DAY)
    assert (state.struck, state.corrections) == ((wrong,), 1)
    clerk.accepted(commands.Visit, visit="M4", day=after(119))
    clerk.accepted(commands.Happen, event="death", cause="other", day=after(120))
    assert clerk.state().died_on == after(120)
    assert [entry.seq for entry in clerk.desk.journal if entry.kind == "event"] == [wrong, len(clerk.desk.journal)]


def test_to_strike_out_needs_a_reason_and_an_entry_of_the_participant_that_counts(clerk: Clerk) -> None:
    clerk.allocate("P1")
    clerk.screen("P2")
    clerk.accepted(commands.Visit, "P1", visit="M1")
    visit = entry_of(clerk, "visit")
    for reason in (None, "", " "):
        assert clerk.refused(commands.Strike, entry=visit, reason=reason) == "to strike out an entry needs a reason"
    assert clerk.refused(commands.Strike, "P2", entry=visit, reason=WHY) == f"entry {visit} is not about P2"
    assert clerk.refused(commands.Strike, entry=999, reason=WHY) == "entry 999 is not about P1"
    clerk.accepted(commands.Strike, entry=visit, reason=WHY)
    assert clerk.refused(commands.Strike, entry=visit, reason=WHY) == f"entry {visit} has been struck out"
    strike = entry_of(clerk, "strike")
    assert clerk.refused(commands.Strike, entry=strike, reason=WHY) == f"entry {strike} is not about P1"


@pytest.mark.parametrize("kind", ["screen", "judge", "register", "allocate", "correct"])
def test_what_was_asked_and_decided_cannot_be_struck_out(clerk: Clerk, kind: str) -> None:
    clerk.allocate()
    clerk.accepted(commands.Correct, variable="age", value=50, reason="read wrongly")
    number = entry_of(clerk, kind)
    reason = clerk.refused(commands.Strike, entry=number, reason=WHY)
    assert reason.startswith(f"entry {number} ('{kind}') cannot be struck out (only adverse_event, ")


def test_a_form_whose_value_was_corrected_since_is_corrected_again_and_not_struck_out(clerk: Clerk) -> None:
    clerk.accepted(commands.Screen)
    clerk.accepted(commands.Record, form="screening", values={"age": 54})
    clerk.accepted(commands.Correct, variable="age", value=45, reason="read wrongly")
    number = entry_of(clerk, "form")
    reason = clerk.refused(commands.Strike, entry=number, reason=WHY)
    assert reason == f"age of entry {number} has been corrected since: correct it again"


def test_a_form_struck_out_can_be_filled_in_again(clerk: Clerk) -> None:
    clerk.accepted(commands.Screen)
    clerk.accepted(commands.Record, form="screening", values={"age": 54})
    clerk.accepted(commands.Strike, entry=entry_of(clerk, "form"), reason=WHY)
    assert "age" not in clerk.state().values
    clerk.accepted(commands.Record, form="screening", values={"age": 45})


def test_to_strike_out_what_a_passed_step_rested_on_is_accepted_with_a_warning(clerk: Clerk) -> None:
    arm = clerk.allocate()
    warned = clerk.accepted(commands.Strike, entry=entry_of(clerk, "assess"), reason=WHY).warnings
    assert [text.partition(":")[0] for text in warned] == ["'randomisation' was passed, and randomisation unknown"]
    assert clerk.state().arm == arm


def test_whose_withdrawal_was_struck_out_goes_on(clerk: Clerk) -> None:
    clerk.register()
    clerk.assess()
    clerk.accepted(commands.Withdraw, rule="W1")
    clerk.accepted(commands.Strike, entry=entry_of(clerk, "withdraw"), reason=WHY)
    assert clerk.state().left is None
    clerk.accepted(commands.Allocate, step="randomisation")


@pytest.mark.parametrize("entry", [1, 2, 999, None, "4"])
def test_a_strike_in_a_ledger_of_what_cannot_be_struck_out_is_named(clerk: Clerk, entry: object) -> None:
    clerk.screen()
    told = {"time": "2024-03-01T09:00:00Z", "actor": "eve", "role": "x", "site": "01", "participant": "P1"}
    data: Any = {"on": "2024-03-01", "entry": entry}
    clerk.desk.journal.append(**told, kind="strike", command="x", version="1", reason="x", data=data)
    with pytest.raises(LedgerError, match="none about participant P1 that can be struck out"):
        fold(clerk.protocol, clerk.desk.journal)


# --- the state is as if the entry had not been made

BOTH = {"primary": "PD", "metastatic": "PR"}
ACTS: list[Callable[[Clerk, int], Any]] = [
    lambda clerk, n: clerk(commands.Record, form="visit", values={"pain": n % 11}, day=after(n)),
    lambda clerk, n: clerk(commands.Record, form="screening", values={"remark": str(n)}, day=after(n)),
    lambda clerk, n: clerk(commands.Assess, name="induction", responses=BOTH, day=after(n), reason="again"),
    lambda clerk, n: clerk(commands.Assess, name="follow_up", responses=BOTH, day=after(n)),
    lambda clerk, n: clerk(commands.Treat, intervention="drug", status="started", day=after(n)),
    lambda clerk, n: clerk(commands.Happen, event="progression", day=after(n)),
    lambda clerk, n: clerk(commands.Happen, event="death", cause="other", day=after(n)),
    lambda clerk, n: clerk(commands.Visit, visit="M", day=after(n)),
    lambda clerk, n: clerk(commands.Visit, visit="M", day=after(n), missed=True),
    lambda clerk, n: clerk(commands.Withdraw, rule=f"W{1 + n % 4}", day=after(n)),
    lambda clerk, n: clerk(commands.Lose, day=after(n)),
    lambda clerk, n: clerk(commands.Correct, variable="age", value=20 + n, day=after(n), reason="read wrongly"),
    lambda clerk, n: clerk(commands.Allocate, step="randomisation", day=after(n)),
]


def comparable(state: ParticipantState) -> ParticipantState:
    """A state without the numbers of entries, which follow from how many there were."""
    events = tuple(replace(item, entry=0) for item in state.events)
    return replace(state, events=events, struck=(), history=(), corrections=0)


def without(journal: Journal, seq: int) -> Journal:
    """The entries but one, as if it had never been made."""
    copy = Journal()
    for entry in journal:
        if entry.seq != seq:
            copy.append(**{name: getattr(entry, name) for name in entry.__slots__ if name not in ("seq", "prev")})
    return copy


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(
    acts=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 40)), min_size=1, max_size=12), which=st.integers(0)
)
def test_what_is_struck_out_is_as_if_it_had_never_been_entered(acts: list[Any], which: int) -> None:
    clerk = Clerk(PROTOCOL)
    clerk.open()
    clerk.register()
    clerk.assess()
    for act, n in acts:
        act(clerk, n)
    before = clerk.state()
    held = clerk.desk.journal
    numbers = [entry.seq for entry in held if entry.participant == "P1" and entry.kind in STRIKABLE]
    struck = numbers[which % len(numbers)]
    as_if = fold(PROTOCOL, without(held, struck))[1]["P1"]
    answer = clerk(commands.Strike, entry=struck, reason=WHY, day=after(40))
    if not isinstance(answer, Accepted):
        assert "has been corrected since" in "; ".join(answer.reasons)
        return
    assert comparable(clerk.state()) == comparable(as_if)
    assert clerk.state().corrections == as_if.corrections + 1 == before.corrections + 1
    assert clerk.state().struck == (struck,)
    assert fold(PROTOCOL, clerk.desk.journal)[1] == clerk.desk.participants
    assert replay_allocations(PROTOCOL, clerk.desk.journal).problems == ()
