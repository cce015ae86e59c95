"""A trial run in memory: commands in, entries into a journal, state folded. Rehearsal uses it; a store replaces it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from equipoise.conduct.commands import Command
from equipoise.conduct.decide import decide
from equipoise.conduct.decision import Decision, Refused
from equipoise.conduct.eligibility import Criteria
from equipoise.conduct.evolve import evolve_participant, evolve_trial
from equipoise.conduct.state import ParticipantState, TrialState
from equipoise.errors import LedgerError
from equipoise.ledger import Entry, Journal
from equipoise.protocol import Protocol

CohortRow = Callable[[ParticipantState], Mapping[str, Any]]


class Desk:
    """Takes commands one after the other.

    Every command carries an id; a command whose id was answered before gets the first answer, and nothing happens.

    Args:
        protocol: the protocol.
        seeds: the secret seed of each list with chance, 32 bytes.
    """

    def __init__(self, protocol: Protocol, *, seeds: Mapping[str, bytes] | None = None) -> None:
        self.criteria = Criteria(protocol)
        self.trial = TrialState()
        self.participants: dict[str, ParticipantState] = {}
        self.journal = Journal()
        self._seeds = dict(seeds or {})
        self._answers: dict[str, Decision] = {}
        self._counted = tuple(dict.fromkeys(rule.of for rule in protocol.cohort_rules))

    @property
    def protocol(self) -> Protocol:
        """The protocol that is run."""
        return self.criteria.protocol

    def submit(self, command: Command) -> Decision:
        """Decide a command, append its entries, fold them into the state, and answer."""
        if command.id in self._answers:
            return self._answers[command.id]
        number = getattr(command, "participant", None)
        participant = self.participants.get(number) if number is not None else None
        decision = decide(
            self.criteria, self.trial, participant, command, seeds=self._seeds, cohort=self._cohort(command)
        )
        for draft in decision.drafts:
            self._append(command, draft.kind, draft.participant, draft.data)
        self._answers[command.id] = decision
        return decision

    def require(self, command: Command) -> Decision:
        """Like `submit`, for a command that cannot be refused.

        Raises:
            LedgerError: it was refused.
        """
        decision = self.submit(command)
        if isinstance(decision, Refused):
            raise LedgerError(f"{type(command).__name__} {command.id} was refused: {'; '.join(decision.reasons)}")
        return decision

    def _append(self, command: Command, kind: str, participant: str | None, data: Mapping[str, Any]) -> None:
        entry = self.journal.append(
            time=utc_text(command.at),
            actor=command.actor,
            role=command.role,
            site=command.site,
            participant=participant,
            kind=kind,
            command=command.id,
            version=self.trial.version or self.protocol.version,
            reason=command.reason,
            data=data,
        )
        self._fold(entry, self.journal.head)

    def _fold(self, entry: Entry, head: str) -> None:
        self.trial = evolve_trial(self.protocol, self.trial, entry, head)
        if entry.participant is not None:
            before = self.participants.get(entry.participant)
            self.participants[entry.participant] = evolve_participant(self.criteria, before, entry)

    def _cohort(self, command: Command) -> list[Mapping[str, Any]]:
        """Values of the participants that cohort rules count; with the one who would be added by this command."""
        if not self._counted:
            return []
        asking = getattr(command, "participant", None) if getattr(command, "step", None) in self._counted else None
        return [
            state.values
            for number, state in self.participants.items()
            if number == asking or any(step in state.steps for step in self._counted)
        ]


def utc_text(moment: datetime) -> str:
    """`2011-05-05T09:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def fold(protocol: Protocol, journal: Journal) -> tuple[TrialState, dict[str, ParticipantState]]:
    """The states that a ledger adds up to."""
    desk = Desk(protocol)
    for entry, head in _with_heads(journal):
        desk._fold(entry, head)
    return desk.trial, desk.participants


def _with_heads(journal: Journal) -> Iterator[tuple[Entry, str]]:
    """Every entry with its hash: the `prev` of the one after it, and the journal's head for the last."""
    entries = list(journal)
    for entry, after in pairwise(entries):
        yield entry, after.prev
    if entries:
        yield entries[-1], journal.head
