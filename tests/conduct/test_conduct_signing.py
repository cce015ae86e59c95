"""Electronic signatures: who, when, what it means, and that it belongs to one record (21 CFR 11.50, 11.70, 11.200)."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace
from typing import Any

import pytest
from guarded_trial import PROOFS, Guarded, as_
from hypothesis import given, settings
from hypothesis import strategies as st
from small_trial import Clerk, after

from equipoise.conduct import commands, digest_of, replay_allocations, shown, signatures, whole_state
from equipoise.conduct.signing import hash_of, signature_problem
from equipoise.ledger import Entry, Journal
from equipoise.protocol import Protocol

SIGN = {"meaning": "approval", "printed_name": "Anna Person", "session": "s1", **PROOFS}


@pytest.fixture
def trial(protocol: Protocol) -> Guarded:
    clerk = Guarded(protocol)
    clerk.begin()
    clerk.screen()
    return clerk


def entry_of(clerk: Clerk, kind: str, number: int = -1) -> Entry:
    """The newest entry of a kind."""
    return [entry for entry in clerk.desk.journal if entry.kind == kind][number]


def sign(clerk: Clerk, *signed: Entry, **said: Any) -> Any:
    """Sign entries as they are, or without any the whole state."""
    what = signed or whole_state(clerk.state().history)
    numbers = tuple(entry.seq for entry in signed)
    return clerk.accepted(commands.Sign, entries=numbers, digest=shown(what), **{**SIGN, **said})


def test_a_signature_says_who_when_and_what_it_means_and_is_bound_by_number_and_hash(trial: Guarded) -> None:
    form = entry_of(trial, "form")
    sign(trial, form)
    entry = trial.last()
    assert (entry.kind, entry.actor, entry.participant, entry.time) == ("sign", "anna", "P1", "2024-03-01T09:00:00Z")
    line = f"{form.seq} {hashlib.sha256(form.canonical()).hexdigest()}\n"
    assert entry.data == {
        "entries": [form.seq],
        "digest": hashlib.sha256(line.encode()).hexdigest(),
        "meaning": "approval",
        "printed_name": "Anna Person",
        "session": "s1",
        "identification": "entered",
        "secret": "entered",
        "on": "2024-03-01",
    }
    (found,) = signatures(trial.desk.journal)
    assert (found.printed_name, found.meaning, found.time) == ("Anna Person", "approval", "2024-03-01T09:00:00Z")
    assert (found.account, found.role, found.participant) == ("anna", "investigator", "P1")
    assert (found.signed, found.standing) == ((form.seq,), "valid")


def test_a_whole_state_is_signed_by_one_after_the_other(trial: Guarded) -> None:
    sign(trial)
    sign(trial, **as_("sura"), printed_name="Sura Person", meaning="review")
    first, second = signatures(trial.desk.journal, "P1")
    assert first.signed == second.signed == tuple(entry.seq for entry in trial.state().history if entry.kind != "sign")
    assert signatures(trial.desk.journal, "P2") == ()


def test_what_has_changed_since_it_was_shown_is_not_signed(trial: Guarded) -> None:
    form = entry_of(trial, "form")
    digest = shown([form])
    trial.accepted(commands.Correct, variable="age", value=55, reason="typed wrongly")
    correction = trial.last()
    reason = trial.refused(commands.Sign, entries=(form.seq,), digest=digest, **SIGN)
    assert reason == f"age of entry {form.seq} was changed by entry {correction.seq}: sign that too, or the whole state"
    old = shown([entry for entry in trial.state().history if entry.seq < correction.seq])
    assert "not what the signer was shown" in trial.refused(commands.Sign, digest=old, **SIGN)
    sign(trial, form, correction)
    sign(trial)


def test_a_struck_entry_and_one_about_somebody_else_are_not_signed(trial: Guarded) -> None:
    trial.accepted(commands.Visit, visit="M1")
    visit = trial.last()
    trial.accepted(commands.Strike, entry=visit.seq, reason="another person's")
    assert "(it was struck out)" in trial.refused(commands.Sign, entries=(visit.seq,), digest=shown([visit]), **SIGN)
    trial.screen("P2")
    other = trial.last()
    assert "is not one of P1" in trial.refused(commands.Sign, entries=(other.seq,), digest=shown([other]), **SIGN)


def test_a_correction_leaves_the_signature_and_marks_it_superseded(trial: Guarded) -> None:
    form, judged = entry_of(trial, "form"), entry_of(trial, "judge")
    sign(trial, form)
    sign(trial, judged)
    sign(trial)
    trial.accepted(commands.Visit, visit="M1")  # something new changes nothing that was signed
    assert [item.standing for item in signatures(trial.desk.journal)] == ["valid"] * 3
    trial.accepted(commands.Correct, variable="age", value=55, reason="typed wrongly")
    changed = trial.last().seq
    assert [item.standing for item in signatures(trial.desk.journal)] == ["superseded", "valid", "superseded"]
    assert signatures(trial.desk.journal)[0].why == f"age of entry {form.seq} was changed by entry {changed}"
    answer = {next(iter(judged.data["answers"])): True}
    trial.accepted(commands.Judge, answers=answer)
    assert [item.standing for item in signatures(trial.desk.journal)] == ["superseded"] * 3
    sign(trial)
    assert signatures(trial.desk.journal)[-1].standing == "valid"
    assert replay_allocations(trial.protocol, trial.desk.journal).problems == ()


def test_a_correction_of_one_visits_form_leaves_the_signature_of_anothers(trial: Guarded) -> None:
    for day, visit in ((10, "M1"), (20, "M2")):
        trial.accepted(commands.Record, form="visit", values={"pain": 3}, visit=visit, day=after(day))
    first, second = (entry_of(trial, "form", number) for number in (-2, -1))
    sign(trial, first, day=after(21))
    sign(trial, second, day=after(21))
    trial.accepted(commands.Correct, variable="pain", value=4, reason="typed wrongly", day=after(22))
    assert [item.standing for item in signatures(trial.desk.journal)] == ["valid", "superseded"]
    sign(trial, first, day=after(23))


def test_a_struck_entry_supersedes_its_signature(trial: Guarded) -> None:
    trial.accepted(commands.Visit, visit="M1")
    visit = trial.last()
    sign(trial, visit)
    trial.accepted(commands.Strike, entry=visit.seq, reason="another person's")
    (found,) = signatures(trial.desk.journal)
    assert (found.standing, found.why) == ("superseded", f"entry {visit.seq} was struck out by entry {visit.seq + 2}")


def test_the_printed_name_is_the_accounts(trial: Guarded) -> None:
    wrong = {**SIGN, "printed_name": "Eve", "digest": shown(whole_state(trial.state().history))}
    assert trial.refused(commands.Sign, **wrong) == "the account anna is that of Anna Person, and not of Eve"


def test_every_signing_needs_what_only_the_signer_has_and_the_first_of_a_session_both(trial: Guarded) -> None:
    said = {**SIGN, "digest": shown(whole_state(trial.state().history)), "secret": "session"}
    assert "enters what only they have" in trial.refused(commands.Sign, **said)
    sign(trial)
    sign(trial, identification="session")
    assert [item.standing for item in signatures(trial.desk.journal)] == ["valid", "valid"]
    sign(trial, identification="session", session="s2")
    (*_, found) = signatures(trial.desk.journal)
    assert (found.standing, found.why) == (
        "broken",
        "the first signature of a session was not made with both components",
    )
    problems = replay_allocations(trial.protocol, trial.desk.journal).problems
    assert [number for number, _ in problems] == [found.entry]


def test_a_session_is_one_accounts(trial: Guarded) -> None:
    sign(trial)
    sign(trial, **as_("sura"), printed_name="Sura Person", identification="session")
    assert [item.standing for item in signatures(trial.desk.journal)] == ["valid", "broken"]


def test_acts_about_the_whole_trial_are_signed(trial: Guarded) -> None:
    trial.accepted(commands.Freeze, None, **as_("stan"), analysis="final", cut_off=after(10), day=after(10))
    freeze = trial.last()
    said: dict[str, Any] = {**SIGN, **as_("stan"), "printed_name": "Stan Person"}
    digest = shown([freeze])
    trial.accepted(commands.SignTrial, None, entries=(freeze.seq,), digest=digest, **said)
    assert signatures(trial.desk.journal)[0].signed == (freeze.seq,)
    assert signatures(trial.desk.journal)[0].standing == "valid"
    assert "names the entries" in trial.refused(commands.SignTrial, None, entries=(), digest=digest, **said)
    screened = entry_of(trial, "screen").seq
    assert "is no act" in trial.refused(commands.SignTrial, None, entries=(screened,), digest=digest, **said)
    assert "not what the signer" in trial.refused(commands.SignTrial, None, entries=(1,), digest=digest, **said)


def test_a_final_lock_that_is_taken_away_supersedes_its_signature(clerk: Clerk) -> None:
    clerk.accepted(commands.LockTrial)
    lock = clerk.last()
    clerk.accepted(commands.SignTrial, None, entries=(lock.seq,), digest=shown([lock]), **SIGN)
    clerk.accepted(commands.UnlockTrial, reason="a late report")
    assert signatures(clerk.desk.journal)[0].standing == "superseded"


# --- it can be held to nothing else


@settings(max_examples=60)
@given(data=st.data())
def test_a_signature_verifies_for_the_entries_it_was_made_of_and_for_no_others(
    protocol: Protocol, data: st.DataObject
) -> None:
    clerk = Clerk(protocol)
    clerk.open()
    clerk.allocate()
    clerk.accepted(commands.Visit, visit="M1")
    ledger = {entry.seq: entry for entry in clerk.desk.journal}
    own = [seq for seq, entry in ledger.items() if entry.participant == "P1"]
    some = st.lists(st.sampled_from(own), min_size=1, unique=True)
    signed, other = data.draw(some), data.draw(some)
    sign(clerk, *(ledger[seq] for seq in signed))
    signature = clerk.last()
    assert signature_problem(signature, ledger, set()) is None
    moved = replace(signature, data={**signature.data, "entries": sorted(other)})
    assert (signature_problem(moved, ledger, set()) is None) == (sorted(other) == sorted(signed))
    # another record under the same number: one part of one signed entry is another
    number = data.draw(st.sampled_from(signed))
    field = data.draw(st.sampled_from(["time", "actor", "role", "kind", "command", "reason", "prev", "version"]))
    changed = replace(ledger[number], **{field: f"{getattr(ledger[number], field)}."})
    assert signature_problem(signature, {**ledger, number: changed}, set()) is not None


@given(
    st.dictionaries(st.integers(1, 10**6), st.binary(min_size=32, max_size=32).map(bytes.hex), min_size=1), st.data()
)
def test_a_digest_is_of_numbers_and_hashes_in_whatever_order(hashes: dict[int, str], data: st.DataObject) -> None:
    shuffled = dict(data.draw(st.permutations(list(hashes.items()))))
    assert digest_of(shuffled) == digest_of(hashes)
    number = data.draw(st.sampled_from(sorted(hashes)))
    assert digest_of({**hashes, number: "00" * 31 + "zz"}) != digest_of(hashes)
    assert digest_of({(seq + 10**7 if seq == number else seq): text for seq, text in hashes.items()}) != digest_of(
        hashes
    )


def test_a_signature_that_was_moved_in_a_forged_ledger_is_broken_and_the_replay_names_it(trial: Guarded) -> None:
    form, screened = entry_of(trial, "form"), entry_of(trial, "screen")
    sign(trial, form)
    for change in ({"entries": [screened.seq]}, {"entries": [10**6]}, {"entries": []}, {"digest": "00" * 32}):
        journal = Journal()
        for entry in trial.desk.journal:
            parts = {field.name: getattr(entry, field.name) for field in fields(entry)}
            if entry.kind == "sign":
                parts["data"] = {**entry.data, **change}
            journal.append(**{name: value for name, value in parts.items() if name not in ("seq", "prev")})
        number = trial.last().seq
        assert [item.standing for item in signatures(journal)] == ["broken"]
        assert [seq for seq, _ in replay_allocations(trial.protocol, journal).problems] == [number]


def test_the_hash_that_is_signed_is_the_ledgers(trial: Guarded) -> None:
    entries = list(trial.desk.journal)
    assert [hash_of(entry) for entry in entries[:-1]] == [entry.prev for entry in entries[1:]]
