"""Electronic signatures: what is signed, how it is bound, and how each stands now (21 CFR 11.50, 11.70, 11.200).

A signature is an entry. It holds the numbers of the entries that were signed and one SHA-256 over their numbers and
hashes, so it can be held to no other entry: not to another of the same ledger, and to none of another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from equipoise.ledger import Entry

Standing = Literal["valid", "superseded", "broken"]

_UNSIGNED = frozenset({"sign"})
"""Kinds that are no part of a participant's state: two people sign the same state."""


def hash_of(entry: Entry) -> str:
    """The hash of an entry: the SHA-256 of its canonical text."""
    return hashlib.sha256(entry.canonical()).hexdigest()


def digest_of(hashes: Mapping[int, str]) -> str:
    """What binds a signature: the SHA-256 of a line `NUMBER HASH` for each signed entry, in their order."""
    lines = "".join(f"{seq} {hashes[seq]}\n" for seq in sorted(hashes))
    return hashlib.sha256(lines.encode()).hexdigest()


def whole_state(history: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries that are signed with a participant's whole state: all that it adds up to but signatures."""
    return tuple(entry for entry in history if entry.kind not in _UNSIGNED)


def shown(entries: Iterable[Entry]) -> str:
    """The digest of entries that a signer was shown."""
    return digest_of({entry.seq: hash_of(entry) for entry in entries})


@dataclass(frozen=True, slots=True)
class Signature:
    """One electronic signature, and how it stands.

    Attributes:
        entry: number of the entry that is the signature.
        account: of the signer.
        printed_name: of the signer.
        role: the role the signer acted in.
        time: when it was signed, UTC.
        meaning: authorship, review, approval or responsibility.
        participant: whose entries were signed; None for acts about the whole trial.
        signed: numbers of the entries that were signed.
        standing: `valid`; `superseded` if a signed value was changed since; `broken` if it does not verify.
        why: of a standing that is not valid.
    """

    entry: int
    account: str
    printed_name: str
    role: str
    time: str
    meaning: str
    participant: str | None
    signed: tuple[int, ...]
    standing: Standing
    why: str = ""


def signatures(entries: Iterable[Entry], participant: str | None = None) -> tuple[Signature, ...]:
    """Every signature of a ledger, or those about one participant, with its standing now.

    Args:
        entries: the whole ledger in order.
        participant: a number, to list the signatures about that participant only.
    """
    ledger = {entry.seq: entry for entry in entries}
    sessions: set[tuple[str, str]] = set()
    found: list[Signature] = []
    for entry in ledger.values():
        if entry.kind != "sign":
            continue
        problem = signature_problem(entry, ledger, sessions)
        if participant is None or entry.participant == participant:
            found.append(_standing(entry, ledger, problem))
    return tuple(found)


def signature_problem(entry: Entry, ledger: Mapping[int, Entry], sessions: set[tuple[str, str]]) -> str | None:
    """Why a signature does not verify; None if it does.

    Args:
        entry: the signature.
        ledger: every entry before it, by number.
        sessions: accounts and sessions that have signed so far; this one is added.
    """
    data: Any = entry.data
    first = (entry.actor, data["session"]) not in sessions
    sessions.add((entry.actor, data["session"]))
    if any(seq not in ledger or seq >= entry.seq for seq in data["entries"]):
        return "it names an entry that is not there before it"
    signed = [ledger[seq] for seq in data["entries"]]
    if not signed or shown(signed) != data["digest"]:
        return "it was not made of these entries"
    if any(item.participant != entry.participant for item in signed):
        return "it names entries about somebody else"
    proofs = [data["identification"], data["secret"]]
    if data["secret"] != "entered":
        return "its signer did not enter what only they have"
    return (
        "the first signature of a session was not made with both components" if first and "session" in proofs else None
    )


def _standing(entry: Entry, ledger: Mapping[int, Entry], problem: str | None) -> Signature:
    data: Any = entry.data
    changed = None if problem else changed_since(data["entries"], ledger.values())
    standing: Standing = "broken" if problem else "superseded" if changed else "valid"
    return Signature(
        entry.seq,
        entry.actor,
        data["printed_name"],
        entry.role,
        entry.time,
        data["meaning"],
        entry.participant,
        tuple(data["entries"]),
        standing,
        problem or changed or "",
    )


def changed_since(signed: Collection[int], entries: Iterable[Entry]) -> str | None:
    """How an entry that is not signed changed what an earlier signed one says; None if none did.

    Args:
        signed: numbers of the signed entries, all about one participant or all about the whole trial.
        entries: at least every entry about that participant, or the trial, in order.
    """
    stated: dict[tuple[str | None, str], int] = {}
    forms: list[Entry] = []
    for entry in entries:
        data: Any = entry.data
        if entry.kind == "strike":
            forms = [form for form in forms if form.seq != data["entry"]]
            if data["entry"] in signed:
                return f"entry {data['entry']} was struck out by entry {entry.seq}"
        elif entry.kind == "form":
            forms.append(entry)
        said = _said(entry)
        if entry.kind == "correct" and (form := _corrected(forms, entry)) is not None:
            said = (f"{data['variable']} of entry {form}",)
        about = entry.participant
        if entry.seq in signed:
            stated |= {(about, name): entry.seq for name in said}
        elif changed := [name for name in said if (about, name) in stated]:
            return f"{changed[0]} was changed by entry {entry.seq}"
    return None


def _corrected(forms: list[Entry], entry: Entry) -> int | None:
    """The form that a correction changes: the one of the newest day that holds the variable, as the fold has it."""
    name: Any = entry.data["variable"]
    found: tuple[str, int] | None = None
    for form in forms:
        data: Any = form.data
        if form.participant == entry.participant and name in data["values"]:
            found = max(found or ("", 0), (data["on"], form.seq))
    return None if found is None else found[1]


def _said(entry: Entry) -> tuple[str, ...]:
    """What an entry states that a later one can state otherwise."""
    data: Any = entry.data
    match entry.kind:
        case "form":
            return tuple(f"{name} of entry {entry.seq}" for name in data["values"])
        case "judge":
            return tuple(f"the judgement {name}" for name in data["answers"])
        case "assess" if data.get("visit") is None:
            return (f"the assessment {data['name']}",)
        case "lock_trial" | "unlock_trial":
            return ("the final lock",)
        case _:
            return ()
