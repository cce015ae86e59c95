"""A trial run in memory: commands in, entries into a journal, state folded. Rehearsal uses it; a store replaces it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from equipoise.conduct.commands import Amend, Command, Screen, TrialCommand
from equipoise.conduct.context import Amendment, Others
from equipoise.conduct.decide import decide_well_formed
from equipoise.conduct.decision import Accepted, Decision, Draft, Refused, refuse, unsealed
from equipoise.conduct.eligibility import Criteria
from equipoise.conduct.evolve import evolve_participant, evolve_trial
from equipoise.conduct.permissions import Accounts, evolve_accounts
from equipoise.conduct.state import ParticipantState, TrialState
from equipoise.conduct.tally import tallies_by_version, tallies_by_version_after
from equipoise.conduct.versions import amended_to, criteria_for
from equipoise.conduct.well_formed import malformed
from equipoise.errors import AllocationError, LedgerError
from equipoise.ledger import Entry, Journal
from equipoise.protocol import Protocol


class Desk:
    """Takes commands one after the other.

    Every command carries an id. The same command again, be it later, gets the first answer, and nothing happens;
    another command with an id that was used is refused.

    Args:
        protocol: the protocol.
        seeds: the secret seed of each list with chance, 32 bytes.
    """

    def __init__(self, protocol: Protocol, *, seeds: Mapping[str, bytes] | None = None) -> None:
        self.criteria = Criteria(protocol)
        self.trial = TrialState()
        self.participants: dict[str, ParticipantState] = {}
        self.journal = Journal()
        self.accounts: Accounts = {}
        self._seeds = dict(seeds or {})
        self._answers: dict[str, tuple[Command, Decision]] = {}
        self._tallies = tallies_by_version(self.criteria)

    @property
    def protocol(self) -> Protocol:
        """The protocol that is run: its newest version."""
        return self.criteria.protocol

    def submit(self, command: Command) -> Decision:
        """Decide a command, append its entries, fold them into the state, and answer."""
        return self._submit(command, None)

    def amend(self, protocol: Protocol, command: Amend) -> Decision:
        """Like `submit`, for the command that amends the trial to a new version of the protocol."""
        return self._submit(command, Amendment(protocol, self.participants.values()))

    def _submit(self, command: Command, amendment: Amendment | None) -> Decision:
        if problem := malformed(command):
            return refuse(problem)
        if command.id in self._answers:
            first, answer = self._answers[command.id]
            return answer if _same(first, command) else refuse(f"the id '{command.id}' was given to another command")
        participant = None if isinstance(command, TrialCommand) else self.participants.get(command.participant)
        judging = criteria_for(self.criteria, self.trial, participant, command)
        decision = decide_well_formed(
            judging,
            self.trial,
            participant,
            command,
            seeds=self._seeds,
            cohort=self._tallies[judging.protocol.version],
            grants=self.accounts,
            amendment=amendment,
            others=self._others(command),
        )
        if amendment is not None and isinstance(decision, Accepted):
            self.criteria = self.criteria.also(amendment.protocol)
        for draft in decision.drafts:
            self._append(command, draft, judging.protocol.version)
        self._answers[command.id] = command, decision
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

    def _append(self, command: Command, draft: Draft, version: str) -> None:
        entry = self.journal.append(**unsealed(command, draft, version))
        self._fold(entry, self.journal.head)

    def _fold(self, entry: Entry, head: str) -> None:
        self.trial = evolve_trial(self.criteria.of(entry.version).protocol, self.trial, entry, head)
        self.accounts = evolve_accounts(self.accounts, entry)
        if entry.kind == "amend":
            self.criteria = amended_to(self.criteria, entry)
            everybody = ((state.steps, state.values) for state in self.participants.values())
            self._tallies = tallies_by_version(self.criteria, everybody)
        if entry.participant is not None:
            before = self.participants.get(entry.participant)
            after = evolve_participant(self.criteria, before, entry)
            self.participants[entry.participant] = after
            self._tallies = tallies_by_version_after(self.criteria, self._tallies, before, after)

    def _others(self, command: Command) -> Others | None:
        """Who else a screening is about."""
        if not isinstance(command, Screen) or command.pseudonym is command.rescreens is None:
            return None
        return others_among(self.participants, command.rescreens, command.pseudonym)


def _same(first: Command, again: Command) -> bool:
    """Whether a command is the first one repeated; the time of a repetition may be its own."""
    return type(first) is type(again) and replace(again, at=first.at) == first


def others_among(participants: Mapping[str, ParticipantState], rescreens: str | None, pseudonym: str | None) -> Others:
    """Who else a screening is about, of everybody."""
    earlier = None if rescreens is None else participants.get(rescreens)
    if pseudonym is None:
        return Others(earlier)
    return Others(earlier, tuple(state for state in participants.values() if state.pseudonym == pseudonym))


def fold(
    protocol: Protocol, journal: Journal, amendments: Sequence[Protocol] = ()
) -> tuple[TrialState, dict[str, ParticipantState]]:
    """The states that a ledger adds up to.

    Args:
        protocol: the text that the ledger was opened under.
        journal: the ledger.
        amendments: the texts of the versions that the trial was amended to.

    Raises:
        LedgerError: an entry that cannot follow from those before it; names it.
    """
    desk = Desk(protocol)
    desk.criteria = Criteria(protocol, amendments)
    desk._tallies = tallies_by_version(desk.criteria)
    for entry, head in _with_heads(journal):
        try:
            desk._fold(entry, head)
        except (KeyError, TypeError, ValueError, AttributeError, AllocationError) as error:
            what = f"entry {entry.seq} ('{entry.kind}') is not one of this protocol ({type(error).__name__}: {error})"
            raise LedgerError(what, mend="give the protocol that the ledger was run by, or compare it") from None
    return desk.trial, desk.participants


def _with_heads(journal: Journal) -> Iterator[tuple[Entry, str]]:
    """Every entry with its hash: the `prev` of the one after it, and the journal's head for the last."""
    entries = list(journal)
    for entry, after in pairwise(entries):
        yield entry, after.prev
    if entries:
        yield entries[-1], journal.head
