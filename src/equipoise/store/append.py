"""Carry out a command: in one transaction the state is read, the command decided, and everything written.

Appends to a trial follow one another because the database makes them: SQLite takes the write lock when the transaction
begins, PostgreSQL locks the trial's row in `store_head`. What `decide` needs is read from rows, and never the whole
ledger: the trial's state from its head, the lists from their strata (for an allocation), the participant from the
participant's own entries, and the cohort from the participants' values (if a rule asks).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from equipoise.allocation import ListState
from equipoise.conduct import (
    Criteria,
    Draft,
    ParticipantState,
    TrialState,
    decide,
    evolve_participant,
    evolve_trial,
    utc_text,
)
from equipoise.conduct.commands import (
    Allocate,
    AllocateByHand,
    Amend,
    CheckCohort,
    Command,
    Register,
    Screen,
    TrialCommand,
)
from equipoise.conduct.context import Amendment, Others
from equipoise.conduct.decision import refuse
from equipoise.conduct.versions import criteria_for
from equipoise.errors import EquipoiseError
from equipoise.ledger import Entry
from equipoise.ledger.entry import entry_of_text
from equipoise.store import answers, projections
from equipoise.store.answers import Answer
from equipoise.store.errors import StoreError

ENTRY = (
    "INSERT INTO store_entry (trial_id, seq, hash, prev, time, actor, site, participant, kind, command, text) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
COMMAND = (
    "INSERT INTO store_command (trial_id, command, fingerprint, first, entries, answer_json) "
    "VALUES (%s, %s, %s, %s, %s, %s)"
)
_HEAD = "SELECT entries, hash, protocol, state_json FROM store_head WHERE trial_id = %s"
_ANSWER = "SELECT fingerprint, first, entries, answer_json FROM store_command WHERE trial_id = %s AND command = %s"
_ANSWERED = "SELECT text FROM store_entry WHERE trial_id = %s AND seq BETWEEN %s AND %s ORDER BY seq"
_OF_PARTICIPANT = "SELECT text FROM store_entry WHERE trial_id = %s AND participant = %s ORDER BY seq"
_STRATA = "SELECT stratum, state_json FROM store_stratum WHERE trial_id = %s AND list = %s"
_PASSED = "SELECT steps_json, values_json FROM store_participant WHERE trial_id = %s ORDER BY screened"
_ALL_STRATA = "SELECT list, stratum, state_json FROM store_stratum WHERE trial_id = %s"
_SAME = "SELECT number FROM store_participant WHERE trial_id = %s AND pseudonym = %s ORDER BY screened"
_NEW_HEAD = "UPDATE store_head SET entries = %s, hash = %s, state_json = %s WHERE trial_id = %s"


@dataclass(frozen=True, slots=True)
class Compiled:
    """A protocol made ready, once in the life of a process."""

    criteria: Criteria
    values: projections.Values


@dataclass(frozen=True, slots=True)
class Counter:
    """Where a trial's commands are carried out: within a transaction that holds the trial.

    Attributes:
        cursor: of the connection whose transaction it is.
        trial: the trial's row.
        locks: what a SELECT ends with to lock its row; SQLite has locked the whole database already.
        compiled: the trial's protocol, by the digest of its text.
    """

    cursor: Any
    trial: int
    locks: str
    compiled: Callable[[str], Compiled]

    def submit(
        self, command: Command, seeds: Mapping[str, bytes], amendment: Callable[[Criteria], Amendment] | None = None
    ) -> Answer:
        """Decide a command that is well formed and write what follows, or give the first answer again.

        `amendment` makes what an `Amend` proposes.
        """
        compiled, state = self._held()
        if (first := self._answered(command)) is not None:
            return first
        every = compiled.criteria
        participant = None if isinstance(command, TrialCommand) else participant_of(self, every, command.participant)
        criteria = criteria_for(every, state, participant, command)
        if isinstance(command, Allocate | AllocateByHand):
            state = replace(state, lists=self._lists(criteria, command.step))
        elif isinstance(command, Amend):
            state = replace(state, lists=self._all_lists())
        decision = decide(
            criteria,
            state,
            participant,
            command,
            seeds=seeds,
            cohort=self._cohort(compiled, criteria, command),
            amendment=None if amendment is None else amendment(every),
            others=self._others(every, command) if isinstance(command, Screen) else None,
        )
        work = _Work(criteria, state, participant)
        for draft in decision.drafts:
            if draft.participant not in (None, getattr(command, "participant", None)):
                work.take_in(participant_of(self, every, str(draft.participant)))
            work.add(command, draft)
        if work.entries:
            self._write(work, participant, state)
        first_seq = state.entries + 1 if work.entries else 0
        kept = (answers.fingerprint(command), first_seq, len(work.entries), answers.to_text(decision))
        self.cursor.execute(COMMAND, (self.trial, command.id, *kept))
        return Answer(decision, tuple(work.entries))

    def _held(self) -> tuple[Compiled, TrialState]:
        """The trial's protocol and its state but for the lists; from here on nobody else appends to it."""
        self.cursor.execute(_HEAD + self.locks, (self.trial,))
        entries, head, digest, text = self.cursor.fetchone()
        return self.compiled(digest), projections.trial_state(text, entries=entries, head=head, lists={})

    def _answered(self, command: Command) -> Answer | None:
        """The first answer to a command with this id; a refusal, if that was another command."""
        self.cursor.execute(_ANSWER, (self.trial, command.id))
        row = self.cursor.fetchone()
        if row is None:
            return None
        asked, first, count, text = row
        self.cursor.execute(_ANSWERED, (self.trial, first, first + count - 1))
        entries = tuple(read_entry(text) for (text,) in self.cursor.fetchall())
        same = asked == answers.fingerprint(command) if asked else answers.same_caller(command, entries[0])
        if not same:
            return Answer(refuse(f"the id '{command.id}' was given to another command"))
        decision = answers.from_text(text, entries) if asked else answers.imported(entries)
        return Answer(decision, entries, repeated=True)

    def _lists(self, criteria: Criteria, name: str) -> dict[str, ListState]:
        """The list of a step, as it stands."""
        lists = (getattr(step, "list", None) for step in criteria.protocol.entry_steps if step.id == name)
        found: dict[str, ListState] = {}
        for name_of_list in filter(None, lists):
            self.cursor.execute(_STRATA, (self.trial, name_of_list))
            found[name_of_list] = projections.list_state(self.cursor.fetchall())
        return found

    def _all_lists(self) -> dict[str, ListState]:
        self.cursor.execute(_ALL_STRATA, (self.trial,))
        strata: dict[str, list[tuple[str, str]]] = {}
        for name, stratum, text in self.cursor.fetchall():
            strata.setdefault(name, []).append((stratum, text))
        return {name: projections.list_state(rows) for name, rows in strata.items()}

    def _others(self, criteria: Criteria, command: Screen) -> Others:
        """Who else a screening is about."""
        earlier = None if command.rescreens is None else participant_of(self, criteria, command.rescreens)
        if command.pseudonym is None:
            return Others(earlier)
        self.cursor.execute(_SAME, (self.trial, command.pseudonym))
        found = (participant_of(self, criteria, number) for (number,) in self.cursor.fetchall())
        return Others(earlier, tuple(state for state in found if state is not None))

    def _cohort(self, compiled: Compiled, criteria: Criteria, command: Command) -> dict[str, list[Mapping[str, Any]]]:
        """Values of the participants that cohort rules count, by the step they have passed, where a command asks."""
        steps = {rule.of for rule in criteria.protocol.cohort_rules}
        if isinstance(command, Register | Allocate | AllocateByHand):
            steps &= {command.step}
        elif not isinstance(command, CheckCohort):
            return {}
        found: dict[str, list[Mapping[str, Any]]] = {step: [] for step in steps}
        if steps:
            self.cursor.execute(_PASSED, (self.trial,))
            for passed, values in self.cursor.fetchall():
                for step in steps:
                    if f'"{step}":' in passed:  # names of steps need no escape
                        found[step].append(compiled.values.of(values))
        return found

    def _write(self, work: _Work, participant: ParticipantState | None, before: TrialState) -> None:
        for row in work.rows:
            self.cursor.execute(ENTRY, (self.trial, *row))
        rows = projections.participant_rows
        for one, after in ((participant, work.participant), *work.others.values()):
            if after is not one:
                projections.write(self.cursor, self.trial, rows(work.criteria, one), rows(work.criteria, after))
        if work.state.lists is not before.lists:
            strata = projections.stratum_rows
            projections.write(self.cursor, self.trial, strata(before.lists), strata(work.state.lists))
        state = work.state
        self.cursor.execute(_NEW_HEAD, (state.entries, state.head, projections.trial_text(state), self.trial))


class _Work:
    """Entries being added, and what they add up to."""

    def __init__(self, criteria: Criteria, state: TrialState, participant: ParticipantState | None) -> None:
        self.criteria, self.state, self.participant = criteria, state, participant
        self.others: dict[str, tuple[ParticipantState, ParticipantState]] = {}  # before and after
        self.entries: list[Entry] = []
        self.rows: list[tuple[Any, ...]] = []

    def take_in(self, other: ParticipantState | None) -> None:
        """Somebody else whom an entry will be about."""
        if other is not None:
            self.others[other.number] = (other, other)

    def add(self, command: Command, draft: Draft) -> None:
        """Seal one more entry, and fold it into the states."""
        drafted = Entry(
            seq=self.state.entries + 1,
            prev=self.state.head,
            time=utc_text(command.at),
            actor=command.actor,
            role=command.role,
            site=command.site,
            participant=draft.participant,
            kind=draft.kind,
            command=command.id,
            version=self.criteria.protocol.version,
            reason=command.reason,
            data=draft.data,
        )
        text = drafted.canonical()
        digest = hashlib.sha256(text).hexdigest()
        entry = read_entry(text)
        self.entries.append(entry)
        self.rows.append(entry_row(entry, digest, text))
        self.state = evolve_trial(self.criteria.protocol, self.state, entry, digest)
        if entry.participant in self.others:
            before, now = self.others[entry.participant]
            self.others[entry.participant] = (before, evolve_participant(self.criteria, now, entry))
        elif entry.participant is not None:
            self.participant = evolve_participant(self.criteria, self.participant, entry)


def entry_row(entry: Entry, digest: str, text: bytes) -> tuple[Any, ...]:
    """The columns of an entry's row, the trial's aside."""
    about = (entry.time, entry.actor, entry.site, entry.participant, entry.kind, entry.command)
    return (entry.seq, digest, entry.prev, *about, text)


def read_entry(text: Any) -> Entry:
    """The entry of a stored text.

    Raises:
        StoreError: the text is none of an entry, so the database was changed.
    """
    try:
        return entry_of_text(bytes(text))
    except ValueError as error:
        raise StoreError(f"a stored entry is damaged ({error}); verify the trial") from None


def participant_of(at: Counter, criteria: Criteria, number: str) -> ParticipantState | None:
    """What a participant's entries add up to; None if there are none.

    Raises:
        StoreError: an entry is damaged, or cannot follow from those before it; names it.
    """
    at.cursor.execute(_OF_PARTICIPANT, (at.trial, number))
    state: ParticipantState | None = None
    for (text,) in at.cursor.fetchall():
        entry = read_entry(text)
        with following(entry):
            state = evolve_participant(criteria, state, entry)
    return state


@contextmanager
def following(entry: Entry) -> Iterator[None]:
    """Name the entry that cannot be folded, whatever it is that it holds."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, EquipoiseError) as error:
        what = f"entry {entry.seq} ('{entry.kind}') cannot follow from those before it ({error})"
        raise StoreError(f"{what}; verify the ledger, and give the protocol that it was run by") from None
