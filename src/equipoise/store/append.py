"""Carry out a command: in one transaction the state is read, the command decided, and everything written.

Appends to a trial follow one another because the database makes them: SQLite takes the write lock when the transaction
begins, PostgreSQL locks the trial's row in `store_head`. What `decide` needs is read from rows, and never the whole
ledger: the trial's state and what cohort rules count from its head, the lists from their strata (for an allocation),
and the participant from the participant's own entries, of which those that this process has folded already are not
folded again; of a screening, whom else it may be about. All of it is asked for at once, and everything written at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from equipoise.allocation import ListState
from equipoise.conduct import (
    Criteria,
    Draft,
    ParticipantState,
    TrialState,
    VersionTallies,
    evolve_participant,
    evolve_trial,
    tallies_by_version_after,
)
from equipoise.conduct.commands import Allocate, AllocateByHand, Amend, Command, Screen, TrialCommand
from equipoise.conduct.context import Amendment, Others
from equipoise.conduct.decide import decide_well_formed
from equipoise.conduct.decision import Accepted, refuse, unsealed
from equipoise.conduct.versions import criteria_for
from equipoise.errors import EquipoiseError, StoreError
from equipoise.ledger import Entry
from equipoise.ledger.entry import entry_of_text
from equipoise.store import answers, cohort, projections, roles
from equipoise.store import seeds as kept_seeds
from equipoise.store.answers import Answer
from equipoise.store.driver import Cursor, Rows
from equipoise.store.remembered import Folded, Remembered

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
_OF_PARTICIPANT = (
    "SELECT seq, hash, text FROM store_entry WHERE trial_id = %s AND participant = %s AND seq >= %s ORDER BY seq"
)
_STRATA = "SELECT list, stratum, state_json FROM store_stratum WHERE trial_id = %s"
_SAME = "SELECT number FROM store_participant WHERE trial_id = %s AND pseudonym = %s ORDER BY screened"
_NEW_HEAD = "UPDATE store_head SET entries = %s, hash = %s, state_json = %s WHERE trial_id = %s"


@dataclass(frozen=True, slots=True)
class Counter:
    """Where a trial's commands are carried out: within a transaction that holds the trial.

    Attributes:
        cursor: of the connection whose transaction it is.
        trial: the trial's row.
        criteria: every version of the trial's protocol made ready, by the digest of the newest one's text.
        remembered: participants as this process folded them last.
    """

    cursor: Cursor
    trial: int
    criteria: Callable[[str], Criteria]
    remembered: Remembered

    def submit(
        self,
        command: Command,
        seeds: Mapping[str, bytes] | None,
        amendment: Callable[[Criteria], Amendment] | None = None,
    ) -> Answer:
        """Decide a command that is well formed and write what follows, or give the first answer again.

        Without `seeds`, an allocation takes the seed that is kept here, if it is. `amendment` makes what an `Amend`
        proposes.
        """
        asked = self._ask(command, sealed=seeds is None)
        entries, head, digest, text = asked.head()[0]  # from here on nobody else appends to it
        every = self.criteria(digest)
        if first := asked.answer():
            return self._again(command, *first[0])
        state, kept = projections.trial_state(text, entries=entries, head=head, lists=_lists(asked.strata()))
        before = self._participant(asked, every, digest)
        others = self._others(every, digest, command)
        criteria = criteria_for(every, state, None if before is None else before.state, command)
        tallies = cohort.tallies(every, digest, kept, self._everybody)
        accounts = {} if state.administrators is None else roles.accounts_of(asked.accounts())
        proposed = None if amendment is None else amendment(every)
        if seeds is None:
            seeds = kept_seeds.of_step(asked.sealed(), criteria.protocol, command)
        decision = decide_well_formed(
            criteria,
            state,
            None if before is None else before.state,
            command,
            seeds=seeds,
            cohort=tallies[criteria.protocol.version],
            grants=accounts,
            amendment=proposed,
            others=others.told,
        )
        if proposed is not None and isinstance(decision, Accepted):
            digest = proposed.protocol.digest
            tallies = cohort.tallies(every.also(proposed.protocol), digest, None, self._everybody)
        work = _Work(criteria, state, (*others.folded, *([] if before is None else [before])), tallies)
        for draft in decision.drafts:
            work.add(command, draft)
        self._write(work, state, digest)
        roles.write(self.cursor, self.trial, accounts, work.entries)
        first_seq = state.entries + 1 if work.entries else 0
        answer = (answers.fingerprint(command), first_seq, len(work.entries), answers.to_text(decision))
        self.cursor.execute(COMMAND, (self.trial, command.id, *answer))
        return Answer(decision, tuple(work.entries))

    def _ask(self, command: Command, *, sealed: bool) -> _Asked:
        """Ask for everything that deciding a command needs; PostgreSQL is asked for all of it at once."""
        ask, trial = self.cursor.ask, self.trial
        number = None if isinstance(command, TrialCommand) else command.participant
        known = None if number is None else self.remembered.get(trial, number)
        return _Asked(
            head=ask(_HEAD + locks(self.cursor), (trial,)),
            answer=ask(_ANSWER, (trial, command.id)),
            number=number,
            known=known,
            since=list if number is None else ask(_OF_PARTICIPANT, (trial, number, known.seq if known else 0)),
            strata=ask(_STRATA, (trial,)) if isinstance(command, Allocate | AllocateByHand | Amend) else list,
            sealed=ask(kept_seeds.OF_TRIAL, (trial,)) if sealed and isinstance(command, Allocate) else list,
            accounts=ask(roles.OF, (trial, *roles.concerned(command))),
        )

    def _participant(self, asked: _Asked, criteria: Criteria, digest: str) -> Folded | None:
        """The participant as the entries add up to: what is remembered, if that still holds, and what came since."""
        if asked.number is None:
            return None
        known, found = asked.known, asked.since()
        if known is not None and (known.protocol != digest or not found or found[0][:2] != (known.seq, known.hash)):
            known, found = None, self.cursor.ask(_OF_PARTICIPANT, (self.trial, asked.number, 0))()
        elif known is not None:
            del found[0]
        return self._folded(criteria, digest, known, found)

    def _others(self, criteria: Criteria, digest: str, command: Command) -> _Others:
        """Who else a screening is about: the earlier number, and everybody with the pseudonym."""
        if not isinstance(command, Screen) or command.rescreens is command.pseudonym is None:
            return _Others(None, ())
        same: list[str] = []
        if command.pseudonym is not None:
            same = [number for (number,) in self.cursor.ask(_SAME, (self.trial, command.pseudonym))()]
        found: dict[str, Folded] = {}
        for number in dict.fromkeys([*([] if command.rescreens is None else [command.rescreens]), *same]):
            rows = self.cursor.ask(_OF_PARTICIPANT, (self.trial, number, 0))()
            if (folded := self._folded(criteria, digest, None, rows)) is not None:
                found[number] = folded
        states = {number: folded.state for number, folded in found.items()}
        earlier = None if command.rescreens is None else states.get(command.rescreens)
        told = Others(earlier, tuple(states[number] for number in same if number in states))
        return _Others(told, tuple(found.values()))

    def _folded(self, criteria: Criteria, digest: str, known: Folded | None, found: Rows) -> Folded | None:
        """A participant after further entries; None if there are none at all."""
        if not found:
            return known
        state = fold_rows(criteria, None if known is None else known.state, found)
        last, last_hash, _ = found[-1]
        return Folded(digest, last, last_hash, state, _rows_of(criteria, state, known))

    def _everybody(self) -> Rows:
        return self.cursor.ask(cohort.EVERYBODY, (self.trial,))()

    def _again(self, command: Command, asked: str, first: int, count: int, text: str) -> Answer:
        """The first answer to a command with this id; a refusal, if that was another command."""
        self.cursor.execute(_ANSWERED, (self.trial, first, first + count - 1))
        entries = tuple(read_entry(text) for (text,) in self.cursor.fetchall())
        same = asked == answers.fingerprint(command) if asked else answers.same_caller(command, entries[0])
        if not same:
            return Answer(refuse(f"the id '{command.id}' was given to another command"))
        decision = answers.from_text(text, entries) if asked else answers.imported(entries)
        return Answer(decision, entries, repeated=True)

    def _write(self, work: _Work, state: TrialState, digest: str) -> None:
        """Write the entries and what follows from them."""
        if not work.entries:
            return
        for row in work.rows:
            self.cursor.execute(ENTRY, (self.trial, *row))
        for number, (last, last_hash) in work.last.items():
            before, after = work.before.get(number), work.participants[number]
            rows = _rows_of(work.criteria, after, before)
            projections.write(self.cursor, self.trial, {} if before is None else before.rows, rows)
            self.remembered.keep(self.trial, number, Folded(digest, last, last_hash, after, rows))
        if work.state.lists is not state.lists:
            changed = projections.changed_strata(state.lists, work.state.lists)
            projections.write(self.cursor, self.trial, {}, changed)
        trial = work.state
        text = projections.trial_text(trial, cohort.to_json(work.tallies, digest))
        self.cursor.execute(_NEW_HEAD, (trial.entries, trial.head, text, self.trial))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What deciding a command needs, on its way from the database."""

    head: Callable[[], Rows]
    answer: Callable[[], Rows]
    number: str | None
    known: Folded | None
    since: Callable[[], Rows]
    strata: Callable[[], Rows]
    sealed: Callable[[], Rows]
    accounts: Callable[[], Rows]


@dataclass(frozen=True, slots=True)
class _Others:
    """Who else a screening may be about."""

    told: Others | None
    folded: tuple[Folded, ...]


class _Work:
    """Entries being added, and what they add up to.

    Args:
        criteria: of the version that judges, beside those of the others.
        state: the trial's.
        known: the participants whom the entries can be about, but for one who is screened.
        tallies: what cohort rules count before the entries.
    """

    def __init__(self, criteria: Criteria, state: TrialState, known: Iterable[Folded], tallies: VersionTallies) -> None:
        self.criteria, self.state, self.tallies = criteria, state, tallies
        self.before = {folded.state.number: folded for folded in known}
        self.participants = {number: folded.state for number, folded in self.before.items()}
        self.last: dict[str, tuple[int, str]] = {}  # by participant: number and hash of the last entry
        self.entries: list[Entry] = []
        self.rows: list[tuple[Any, ...]] = []

    def add(self, command: Command, draft: Draft) -> None:
        """Seal one more entry, and fold it into the states."""
        said = unsealed(command, draft, self.criteria.protocol.version)
        drafted = Entry(seq=self.state.entries + 1, prev=self.state.head, **said)
        text = drafted.canonical()
        digest = hashlib.sha256(text).hexdigest()
        entry = read_entry(text)
        self.entries.append(entry)
        self.rows.append(entry_row(entry, digest, text))
        self.state = evolve_trial(self.criteria.protocol, self.state, entry, digest)
        if entry.participant is not None:
            before = self.participants.get(entry.participant)
            after = evolve_participant(self.criteria, before, entry)
            self.tallies = tallies_by_version_after(self.criteria, self.tallies, before, after)
            self.participants[entry.participant] = after
            self.last[entry.participant] = entry.seq, digest


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


def participant_of(cursor: Cursor, trial: int, criteria: Criteria, number: str) -> ParticipantState | None:
    """What a participant's entries add up to; None if there are none.

    Raises:
        StoreError: an entry is damaged, or cannot follow from those before it; names it.
    """
    rows = cursor.ask(_OF_PARTICIPANT, (trial, number, 0))()
    return fold_rows(criteria, None, rows) if rows else None


def fold_rows(criteria: Criteria, state: ParticipantState | None, rows: Rows) -> ParticipantState:
    """A participant's state after the entries in some rows (number, hash, text), of which there is one at least."""
    for _, _, text in rows:
        entry = read_entry(text)
        with following(entry):
            state = evolve_participant(criteria, state, entry)
    assert state is not None
    return state


def locks(cursor: Cursor) -> str:
    """What a SELECT ends with to lock its row; SQLite has locked the whole database already."""
    return " FOR UPDATE" if cursor.db.vendor == "postgresql" else ""


def _rows_of(criteria: Criteria, state: ParticipantState, before: Folded | None) -> projections.Rows:
    """A participant's projections, of which those that cannot have changed since `before` are not made anew."""
    return projections.participant_rows(criteria, state, None if before is None else (before.state, before.rows))


def _lists(rows: Rows) -> dict[str, ListState]:
    """Allocation lists by name, from the rows of their strata: list, stratum and state."""
    strata: dict[str, list[tuple[str, str]]] = {}
    for name, stratum, text in rows:
        strata.setdefault(name, []).append((stratum, text))
    return {name: projections.list_state(found) for name, found in strata.items()}


@contextmanager
def following(entry: Entry) -> Iterator[None]:
    """Name the entry that cannot be folded, whatever it is that it holds."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, EquipoiseError) as error:
        what = f"entry {entry.seq} ('{entry.kind}') cannot follow from those before it ({error})"
        raise StoreError(f"{what}; verify the ledger, and give the protocol that it was run by") from None
