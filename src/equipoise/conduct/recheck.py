"""Judge again who did what: roles, locks, freezes and signatures of a ledger, by the entries before each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from equipoise.conduct.control import NO_DATA_KINDS, WHILE_LOCKED, late_for
from equipoise.conduct.folds.whole_trial import control_changes
from equipoise.conduct.permissions import COMMANDS_OF, Accounts, evolve_accounts, forbidden
from equipoise.conduct.signing import signature_problem
from equipoise.conduct.state import ParticipantState, TrialState
from equipoise.ledger import Entry
from equipoise.protocol import Protocol


def is_beside(entry: Entry) -> bool:
    """Whether conduct added it by itself beside another entry of the command: no role is asked for."""
    data = entry.data
    return (
        (entry.kind == "query" and "rule" in data)
        or (entry.kind == "close_query" and data.get("by") == "rule")
        or (entry.kind == "deviation" and "found" in data)
    )


_WHILE_LOCKED = frozenset(kind.__name__ for kind in WHILE_LOCKED)


class Recheck:
    """Takes the entries in order: `problems` of one, then `take` it."""

    def __init__(self) -> None:
        self._trial = TrialState()
        self._accounts: Accounts = {}
        self._before: dict[int, Entry] = {}
        self._sessions: set[tuple[str, str]] = set()

    def take(self, entry: Entry) -> None:
        """Count an entry among those before."""
        self._before[entry.seq] = entry
        self._accounts = evolve_accounts(self._accounts, entry)
        self._trial = replace(self._trial, **control_changes(self._trial, entry, ""))

    def problems(self, protocol: Protocol, entry: Entry, participant: ParticipantState | None) -> Iterator[str]:
        """What does not fit, given the version that judges and the state of the participant whom the entry is about."""
        if problem := self._permitted(protocol, entry, participant):
            yield problem
        yield from self._locks(entry, participant)
        late = late_for(self._trial.freezes, entry.kind, entry.participant, entry.data)
        if entry.data.get("after_freeze") != late:
            yield f"after_freeze: recorded {entry.data.get('after_freeze')!r}, by the freezes before {late!r}"
        data: Any = entry.data
        if entry.kind == "freeze" and (data["entries"], data["head"]) != (entry.seq - 1, entry.prev):
            yield "the freeze does not hold the number and the head of the entries before it"
        if entry.kind == "sign" and (problem := signature_problem(entry, self._before, self._sessions)):
            yield f"the signature does not verify: {problem}"

    def _permitted(self, protocol: Protocol, entry: Entry, participant: ParticipantState | None) -> str | None:
        """Whether the account had the role; roles are checked from an `open` entry on that names an administrator."""
        if not self._accounts or entry.kind == "open":
            return None
        if is_beside(entry):
            before = self._before.get(entry.seq - 1)
            fine = before is not None and (before.command, before.actor) == (entry.command, entry.actor)
            return None if fine else "it follows from an entry of the same command, and there is none before it"
        return forbidden(
            protocol,
            self._accounts.get(entry.actor),
            actor=entry.actor,
            role=entry.role,
            site=entry.site,
            kinds=COMMANDS_OF.get(entry.kind, frozenset()),
            # who is screened again may have been screened at another site
            about=None if participant is None or entry.kind == "rescreened" else participant.site,
        )

    def _locks(self, entry: Entry, participant: ParticipantState | None) -> Iterator[str]:
        if participant is not None and participant.locked and entry.kind not in NO_DATA_KINDS:
            yield f"the data of {participant.number} were locked"
        kinds = COMMANDS_OF.get(entry.kind, frozenset())
        if self._trial.locked and not kinds & _WHILE_LOCKED:
            yield "the data of the trial were locked"
        if entry.kind == "close" and self._accounts and not self._trial.locked:
            yield "the trial was closed before its final lock"
