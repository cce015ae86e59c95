"""The trial as a whole: opening, ids of commands, times, the cut-off, revealing, closing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from small_trial import BASELINE, DAY, SEEDS, Clerk, after

from equipoise.conduct import Accepted, Decision, Refused, commands, utc_text
from equipoise.errors import LedgerError
from equipoise.ledger import verify_bytes
from equipoise.protocol import Protocol

HASH = "ab" * 32


# --- opening


def test_nothing_is_done_before_the_trial_is_opened(protocol: Protocol) -> None:
    clerk = Clerk(protocol)
    for kind in (commands.Screen, commands.Close, commands.CheckCohort):
        assert clerk.refused(kind) == "the trial has not been opened"
    assert clerk.refused(commands.Freeze, analysis="final", cut_off=DAY) == "the trial has not been opened"
    assert clerk.refused(commands.Reveal, seeds={}) == "the trial has not been opened"


def test_a_trial_is_opened_once(clerk: Clerk) -> None:
    assert clerk.refused(commands.Open, protocol_digest="", commitments={}).startswith("the protocol_digest of a")
    digest = clerk.protocol.digest
    assert clerk.refused(commands.Open, protocol_digest=digest, commitments={}) == "the trial is open already"
    entry = next(iter(clerk.desk.journal))
    assert (entry.kind, entry.seq, entry.participant) == ("open", 1, None)
    assert entry.data["digest"] == clerk.protocol.digest
    assert (entry.data["protocol"], entry.data["version"]) == ("small", "1")


@pytest.mark.parametrize(
    ("commitments", "reason"),
    [
        ({}, "the trial opens with one commitment for each list with chance (main)"),
        ({"other": HASH}, "the trial opens with one commitment for each list with chance (main)"),
        ({"main": HASH, "other": HASH}, "the trial opens with one commitment for each list with chance (main)"),
        ({"main": "ab"}, "the commitment of list 'main' is not 64 hexadecimal digits"),
        ({"main": HASH.upper()}, "the commitment of list 'main' is not 64 hexadecimal digits"),
        ({"main": HASH + "\n"}, "the commitment of list 'main' is not 64 hexadecimal digits"),
    ],
)
def test_the_commitments_match_the_lists(protocol: Protocol, commitments: dict[str, str], reason: str) -> None:
    clerk = Clerk(protocol)
    settings = {"protocol_digest": protocol.digest, "commitments": commitments}
    assert clerk.refused(commands.Open, **settings) == reason
    assert not clerk.desk.trial.opened


def test_a_list_without_chance_has_no_commitment_and_no_seed(board: Clerk) -> None:
    assert board.desk.trial.opened
    assert board.refused(commands.Reveal, seeds={}).startswith("no list of this trial allocates by chance")
    assert Clerk(board.protocol).refused(
        commands.Open, protocol_digest=board.protocol.digest, commitments={"main": HASH}
    ) == ("the trial opens with one commitment for each list with chance (none)")


def test_a_trial_is_opened_under_the_text_that_is_at_hand(protocol: Protocol) -> None:
    clerk = Clerk(protocol)
    assert isinstance(clerk.open(protocol_digest=HASH), Refused)
    assert isinstance(clerk.open(), Accepted)


# --- ids


def test_a_command_repeated_gets_its_first_answer_and_leaves_no_entry(clerk: Clerk) -> None:
    clerk.register()
    clerk.assess()
    command = clerk.command(commands.Allocate, step="randomisation")
    first = clerk.desk.submit(command)
    before = clerk.desk.journal.to_bytes(), clerk.desk.trial, clerk.state()
    assert clerk.desk.submit(command) is first
    assert clerk.desk.submit(replace(command, at=command.at + timedelta(hours=1))) is first
    assert (clerk.desk.journal.to_bytes(), clerk.desk.trial, clerk.state()) == before


def test_a_refusal_repeated_is_the_first_refusal_even_if_it_would_now_be_accepted(clerk: Clerk) -> None:
    clerk.screen(age=None)
    command = clerk.command(commands.Register, step="registration")
    first = clerk.desk.submit(command)
    assert isinstance(first, Refused)
    clerk.accepted(commands.Record, form="screening", values={"age": 50})
    entries = len(clerk.desk.journal)
    assert clerk.desk.submit(command) is first
    assert len(clerk.desk.journal) == entries
    assert isinstance(clerk.desk.submit(replace(command, id="another")), Accepted)


def test_a_command_with_an_id_that_another_one_had_is_refused(clerk: Clerk) -> None:
    clerk.allocate("P1")
    clerk.register("P2")
    clerk.assess("P2")
    first = clerk.command(commands.Allocate, "P2", step="randomisation", id="mine")
    clerk.desk.submit(first)
    for other in (replace(first, participant="P1"), clerk.command(commands.Screen, "P3", id="mine")):
        entries = len(clerk.desk.journal)
        decision = clerk.desk.submit(other)
        assert isinstance(decision, Refused)
        assert decision.reasons == ("the id 'mine' was given to another command",)
        assert len(clerk.desk.journal) == entries
    assert isinstance(clerk.desk.submit(first), Accepted)


@pytest.mark.parametrize("name", ["id", "actor", "role", "site", "participant"])
@pytest.mark.parametrize("text", ["", " ", "a ", "a\nb", "a\x1b[2J", "half \ud800", "x" * 101])
def test_who_and_what_is_said_in_printable_texts_of_bounded_length(clerk: Clerk, name: str, text: str) -> None:
    reason = clerk.refused(commands.Screen, **{name: text})
    assert reason == f"the {name} of a command has 1 to 100 characters, all printable, no space around"


def test_a_reason_may_have_lines_and_is_bounded(clerk: Clerk) -> None:
    clerk.accepted(commands.Screen, reason="first line\nsecond line")
    assert clerk.last().reason == "first line\nsecond line"
    for reason in ("x" * 2001, "half \ud800"):
        assert clerk.refused(commands.Screen, "P2", reason=reason) == "the reason is a text of up to 2000 characters"


def test_an_entry_says_who_when_where_and_on_which_command(clerk: Clerk) -> None:
    at = datetime(2024, 3, 1, 23, 59, 59, 999_999, tzinfo=UTC)
    clerk.accepted(commands.Screen, at=at, actor="berta", role="nurse", site="07", id="x-1")
    entry = clerk.last()
    assert (entry.actor, entry.role, entry.site, entry.command) == ("berta", "nurse", "07", "x-1")
    assert entry.time == "2024-03-01T23:59:59Z"
    assert entry.version == "1"


# --- times


@pytest.mark.parametrize("zone", [None, timezone(timedelta(hours=9)), timezone(timedelta(seconds=-1))])
def test_a_time_that_is_not_utc_is_refused(clerk: Clerk, zone: timezone | None) -> None:
    at = datetime(2024, 3, 1, 9, tzinfo=zone)
    assert clerk.refused(commands.Screen, at=at) == "the time of a command is UTC"
    assert clerk.refused(commands.Close, at=at) == "the time of a command is UTC"


def test_a_day_in_the_future_is_refused_and_the_one_east_of_greenwich_is_not(clerk: Clerk) -> None:
    at = datetime(2024, 3, 1, 20, tzinfo=UTC)
    assert clerk.refused(commands.Screen, at=at, on=after(2)) == "2024-03-03 lies in the future"
    clerk.accepted(commands.Screen, at=at, on=after(1))


def test_a_day_that_rules_cannot_reckon_with_is_refused(clerk: Clerk) -> None:
    at = datetime.max.replace(tzinfo=UTC)
    for day in (date.min, date(1799, 12, 31), date(2501, 1, 1), date.max):
        expected = f"the day lies within the years 1800 to 2500, this is {day}"
        assert clerk.refused(commands.Screen, at=at, on=day) == expected
        assert clerk.refused(commands.Freeze, at=at, analysis="final", cut_off=day) == expected
    clerk.accepted(commands.Screen, at=at, on=date(2500, 12, 31))
    clerk.accepted(commands.Screen, "P2", at=at, on=date(1800, 1, 1))
    assert clerk.last().time == "9999-12-31T23:59:59Z"
    assert utc_text(datetime.min.replace(tzinfo=UTC)) == "0001-01-01T00:00:00Z"


def test_a_point_in_time_is_no_day(clerk: Clerk) -> None:
    moment = datetime(2024, 3, 1, 9, tzinfo=UTC)
    expected = "the day of a command is a date, without a time"
    assert clerk.refused(commands.Screen, on=moment) == expected
    assert clerk.refused(commands.Freeze, analysis="final", cut_off=moment) == expected


# --- types

PROOFS = {"identification": "entered", "secret": "entered"}
SIGN = {"digest": HASH, "meaning": "review", "printed_name": "Anna", "session": "s1", **PROOFS}
WRONG: list[tuple[Any, dict[str, Any]]] = [
    (commands.Open, {"protocol_digest": HASH, "commitments": {"main": None}}),
    (commands.Open, {"protocol_digest": HASH, "commitments": ["main"]}),
    (commands.Open, {"protocol_digest": 7, "commitments": {}}),
    (commands.Reveal, {"seeds": {"main": None}}),
    (commands.Reveal, {"seeds": {1: "00"}}),
    (commands.Reveal, {"seeds": None}),
    (commands.Treat, {"intervention": "drug", "status": "banana"}),
    (commands.Treat, {"intervention": "drug", "status": ["started"]}),
    (commands.Treat, {"intervention": ["drug"], "status": "started"}),
    (commands.Visit, {"visit": 5}),
    (commands.Visit, {"visit": None}),
    (commands.Visit, {"visit": "M3", "missed": "no"}),
    (commands.Visit, {"visit": "M3", "on": "2024-03-01"}),
    (commands.Visit, {"visit": "M3", "at": "2024-03-01T09:00:00Z"}),
    (commands.Visit, {"visit": "M3", "id": ["x"]}),
    (commands.Visit, {"visit": "M3", "participant": {"P1": 1}}),
    (commands.Visit, {"visit": "M3", "reason": 5}),
    (commands.Visit, {"visit": "M3", "site": 1}),
    (commands.Record, {"form": "visit", "values": [("pain", 3)]}),
    (commands.Record, {"form": "visit", "values": {3: "pain"}}),
    (commands.Record, {"form": "visit", "values": {"pain": 3}, "visit": 3}),
    (commands.Record, {"form": None, "values": {"pain": 3}}),
    (commands.Judge, {"answers": None}),
    (commands.Judge, {"answers": {1: True}}),
    (commands.Assess, {"name": "induction", "responses": {"primary": None, "metastatic": "PR"}}),
    (commands.Assess, {"name": "induction", "responses": "PR"}),
    (commands.Classify, {"by": 1}),
    (commands.Register, {"step": 1}),
    (commands.Allocate, {"step": None}),
    (commands.Happen, {"event": b"death"}),
    (commands.Happen, {"event": "death", "cause": 1}),
    (commands.Withdraw, {"rule": 1}),
    (commands.Correct, {"variable": ["age"], "value": 5, "reason": "x"}),
    (commands.Correct, {"variable": "age", "value": {"age": 5}, "reason": "x"}),
    (commands.Strike, {"entry": "3", "reason": "x"}),
    (commands.Strike, {"entry": True, "reason": "x"}),
    (commands.Strike, {"entry": 0, "reason": "x"}),
    (commands.Freeze, {"analysis": "final", "cut_off": 5}),
    (commands.Freeze, {"analysis": 1, "cut_off": DAY}),
    (commands.Grant, {"account": "berta", "account_role": 5, "printed_name": "Berta"}),
    (commands.Sign, {"digest": HASH, "meaning": "liking", "printed_name": "A", "session": "s", **PROOFS}),
    (commands.Sign, {"digest": HASH, "meaning": "review", "printed_name": "A", "session": "s", **PROOFS, "secret": 1}),
    (commands.Sign, {**SIGN, "entries": [1]}),
    (commands.Sign, {**SIGN, "entries": (0,)}),
    (commands.Sign, {**SIGN, "entries": (1, 1)}),
    (commands.Access, {"looked": "something", "scope": "all"}),
]


@pytest.mark.parametrize(("kind", "settings"), WRONG, ids=[f"{kind.__name__} {said}" for kind, said in WRONG])
def test_what_is_of_another_type_than_its_field_is_refused(clerk: Clerk, kind: Any, settings: dict[str, Any]) -> None:
    clerk.screen()
    assert clerk.refused(kind, **settings)


# --- cut-off, reveal, close


def test_an_entry_that_comes_after_one_of_a_later_time_keeps_its_place_and_says_so(clerk: Clerk) -> None:
    clerk.accepted(commands.Screen, day=after(2))
    assert "clock" not in clerk.last().data
    clerk.accepted(commands.Screen, "P2", day=after(1))
    assert clerk.last().data["clock"] == "behind"
    clerk.accepted(commands.Screen, "P3", day=after(1))
    assert "clock" not in clerk.last().data  # the entry before it has the same time
    assert [entry.participant for entry in clerk.desk.journal] == [None, "P1", "P2", "P3"]


def test_who_acts_for_a_participant_acts_at_the_participants_site_or_in_a_central_role(clerk: Clerk) -> None:
    clerk.accepted(commands.Screen, site="01")
    for site in ("02", None):
        reason = clerk.refused(commands.Visit, visit="M1", site=site)
        assert reason == "P1 is a participant of site 01, and the investigator acts at another or none"
        for role in ("coordinator", "monitor", "data manager"):
            clerk.accepted(commands.Visit, visit="M1", site=site, role=role)


@pytest.mark.parametrize(
    ("seeds", "reason"),
    [
        ({}, "the seed of list 'main' is not the one committed to"),
        ({"main": ""}, "the seed of list 'main' is not the one committed to"),
        ({"main": "no digits"}, "the seed of list 'main' is not the one committed to"),
        ({"main": "abc"}, "the seed of list 'main' is not the one committed to"),
        ({"main": "ab" * 31}, "the seed of list 'main' is not the one committed to"),
        ({"main": "00" * 32}, "the seed of list 'main' is not the one committed to"),
        ({"main": SEEDS["main"].hex(), "other": "00" * 32}, "there is no list 'other' with a seed"),
    ],
)
def test_a_seed_that_was_not_committed_to_is_not_revealed(clerk: Clerk, seeds: dict[str, str], reason: str) -> None:
    assert clerk.refused(commands.Reveal, seeds=seeds) == reason
    assert not clerk.desk.trial.revealed


def test_the_seeds_are_revealed_once_in_small_digits(clerk: Clerk) -> None:
    seed = SEEDS["main"].hex()
    clerk.accepted(commands.Reveal, seeds={"main": seed.upper()})
    assert clerk.last().data == {"seeds": {"main": seed}}
    assert clerk.refused(commands.Reveal, seeds={"main": seed}) == "the seeds have been revealed"


def test_a_seed_is_never_shown_with_its_command(clerk: Clerk) -> None:
    assert SEEDS["main"].hex() not in repr(clerk.command(commands.Reveal, seeds={"main": SEEDS["main"].hex()}))


def every_command(clerk: Clerk) -> list[Any]:
    """One command of each kind, which an open trial would accept or judge."""
    both = {"primary": "PR", "metastatic": "PR"}
    settings: dict[Any, dict[str, Any]] = {
        commands.Open: {"protocol_digest": clerk.protocol.digest, "commitments": {"main": HASH}},
        commands.Screen: {"participant": "P9"},
        commands.Record: {"form": "visit", "values": {"pain": 1}},
        commands.Judge: {"answers": {"E1": True}},
        commands.Register: {"step": "registration"},
        commands.Assess: {"name": "induction", "responses": both},
        commands.Classify: {"by": "class"},
        commands.Allocate: {"step": "randomisation"},
        commands.AllocateByHand: {"step": "randomisation", "arm": "A", "role": "coordinator", "reason": "offline"},
        commands.Treat: {"intervention": "drug", "status": "started"},
        commands.Happen: {"event": "progression"},
        commands.Visit: {"visit": "M3"},
        commands.Withdraw: {"rule": "W1"},
        commands.Lose: {},
        commands.Correct: {"variable": "age", "value": 5, "reason": "x"},
        commands.Strike: {"entry": 1, "reason": "x"},
        commands.ReportAdverseEvent: {"term": "Sepsis", "grade": 4, "aware": DAY},
        commands.FollowUpAdverseEvent: {"entry": 1, "grade": 3},
        commands.ReportSafety: {"entry": 1, "report": "sae"},
        commands.Depart: {"guidance": "drugs", "given": "another", "reason": "x"},
        commands.Find: {},
        commands.OpenQuery: {"message": "sure?", "variable": "age", "role": "monitor"},
        commands.AnswerQuery: {"query": 1, "answer": "yes"},
        commands.CloseQuery: {"query": 1},
        commands.Deviate: {"category": "other", "description": "x", "severity": "minor", "per_protocol": "kept"},
        commands.Reclassify: {"deviation": 1, "severity": "minor", "per_protocol": "kept", "reason": "x"},
        commands.Alive: {"source": "phone"},
        commands.Sweep: {"on": DAY},
        commands.DescribeLesions: {"lesions": BASELINE},
        commands.AssessLesions: {"name": "induction", "findings": {}},
        commands.Adjudicate: {"name": "induction", "agrees_with": "local"},
        commands.Decide: {"by": "class", "decision": "followed"},
        commands.Stage: {"staging": "tnm", "prefix": "c", "t": "T1", "n": "N0", "m": "M0"},
        commands.CheckCohort: {},
        commands.Freeze: {"analysis": "final", "cut_off": DAY},
        commands.Grant: {"account": "berta", "account_role": "monitor", "printed_name": "Berta"},
        commands.Revoke: {"account": "berta", "account_role": "monitor", "reason": "x"},
        commands.Lock: {},
        commands.Unlock: {"reason": "x"},
        commands.LockTrial: {},
        commands.UnlockTrial: {"reason": "x"},
        commands.Unblind: {"reason": "x"},
        commands.Access: {"looked": "export", "scope": "all", "reason": "x"},
        commands.Sign: SIGN,
        commands.SignTrial: {**SIGN, "entries": (1,)},
        commands.Reveal: {"seeds": {}},
        commands.Close: {},
        commands.Amend: {"protocol_digest": HASH, "on": DAY},
        commands.Activate: {"version": "1", "at_site": "01", "on": DAY},
        commands.Reconsent: {"version": "2"},
        commands.Erase: {"reason": "asked for"},
    }
    listed = {*commands.ParticipantCommand.__args__, *commands.TrialCommand.__args__}
    assert listed == set(settings)
    return [clerk.command(kind, **options) for kind, options in settings.items()]


def test_a_closed_trial_refuses_everything(clerk: Clerk) -> None:
    clerk.allocate()
    clerk.finish()
    ledger = clerk.desk.journal.to_bytes()
    for command in every_command(clerk):
        decision: Decision = clerk.desk.submit(command)
        assert decision == Refused(("the trial is closed",))
    assert clerk.desk.journal.to_bytes() == ledger


def test_a_closed_ledger_holds_its_count_and_proves_its_end(clerk: Clerk) -> None:
    clerk.allocate()
    clerk.finish()
    assert clerk.last().data == {"entries": len(clerk.desk.journal)}
    result = verify_bytes(clerk.desk.journal.to_bytes())
    assert (result.ok, result.end, result.head) == (True, "closed", clerk.desk.trial.head)
    assert clerk.desk.trial.entries == len(clerk.desk.journal)


def test_closing_without_the_seeds_is_accepted_with_a_warning(clerk: Clerk) -> None:
    assert "no allocation of this ledger can be replayed" in clerk.accepted(commands.Close).warnings[0]


def test_a_command_that_cannot_be_refused_raises_if_it_is(clerk: Clerk) -> None:
    with pytest.raises(LedgerError, match=r"Visit c2 was refused: there is no participant P1"):
        clerk.desk.require(clerk.command(commands.Visit, visit="M1"))
