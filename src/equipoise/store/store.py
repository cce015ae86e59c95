"""A store: the ledgers of trials in one database, on SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from django.db import connections

from equipoise.allocation import SEED_BYTES, commitment
from equipoise.conduct import Criteria, ParticipantState, Refused, TrialState, identity
from equipoise.conduct.commands import Amend, Command, Erase, Open, Reveal
from equipoise.conduct.decision import refuse
from equipoise.conduct.values import Recorded, utc_text
from equipoise.conduct.well_formed import malformed
from equipoise.errors import ProtocolError, StoreError
from equipoise.ledger import GENESIS, Checkpoint, Verification
from equipoise.protocol import Protocol, loads
from equipoise.store import database, guards, identities, importing, keys, opening, projections, rebuild
from equipoise.store import seeds as kept_seeds
from equipoise.store.amending import amend
from equipoise.store.answers import Answer
from equipoise.store.append import Counter, locks, participant_of
from equipoise.store.driver import Cursor
from equipoise.store.due import OF_SITE, SELECT, Due, due_of
from equipoise.store.identities import Erased
from equipoise.store.keys import Key
from equipoise.store.pseudonyms import pseudonym_key
from equipoise.store.reading import Ledger
from equipoise.store.remembered import Remembered
from equipoise.store.trouble import told

_TRIALS = "SELECT name FROM store_trial ORDER BY id"
_TRIAL = "SELECT id FROM store_trial WHERE name = %s"
_HEAD = "SELECT entries, hash FROM store_head WHERE trial_id = %s"
_TEXTS = "SELECT digest, text FROM store_protocoltext WHERE trial_id = %s ORDER BY number DESC"
_DIGEST = "SELECT protocol FROM store_head WHERE trial_id = %s"


class Store:
    """Trials and their ledgers. Open one with `Store.open`; it closes as a context manager does.

    Every method is one transaction. Threads have connections of their own, and processes are kept apart by the
    database, so any number of them can work on the same trials.

    Args:
        alias: the database, as Django knows it.
    """

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self._protocols: dict[tuple[int, str], Criteria] = {}
        self._numbers: dict[str, int] = {}
        self._remembered = Remembered()

    @classmethod
    def open(cls, location: str | Path, *, guarded: bool = True) -> Store:
        """Open the store in a data folder, or in the PostgreSQL database with a URL; it is made if there is none.

        Args:
            location: the folder or the URL.
            guarded: refuse a store whose guards do not stand. Without, a store is opened as it is, so that what is in
                it can be verified; nothing is made and nothing is mended.

        Raises:
            StoreError: it cannot be reached or written, a guard is missing, or it is of a newer Equipoise.
        """
        alias = database.connect(location)
        try:
            (opening.make_ready if guarded else opening.require_tables)(alias)
        except BaseException:
            database.disconnect(alias)
            raise
        return cls(alias)

    def close(self) -> None:
        """Close this thread's connection; the store cannot be used after it."""
        database.disconnect(self.alias)

    def __enter__(self) -> Store:
        """The store."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def missing_guards(self) -> tuple[str, ...]:
        """The guards that are missing or were changed, which somebody did who could alter the database."""
        with told(self.alias):
            there = connections[self.alias].introspection.table_names()  # an older store has fewer tables
            named = ((name, f"guard_{table}_") for name in guards.missing(self.alias) for table in there)
            return tuple(name for name, of_table in named if name.startswith(of_table))

    def trials(self) -> tuple[str, ...]:
        """The names of the trials, in the order in which they were made."""
        with self._reading() as cursor:
            cursor.execute(_TRIALS)
            return tuple(name for (name,) in cursor.fetchall())

    def create_trial(self, protocol_text: str, *, name: str | None = None, at: datetime | None = None) -> str:
        """Make a trial with an empty ledger; its first command is `Open`.

        Args:
            protocol_text: the text of the protocol file, to the byte: its digest is what `Open` states.
            name: what the trial is called here; the protocol's id if not said.
            at: when, for the record; now if not said.

        Returns:
            The name.

        Raises:
            ProtocolError: the text is no protocol.
            StoreError: there is a trial of that name.
        """
        protocol = loads(protocol_text, file=f"{name or 'protocol'}.yaml")
        name = name or protocol.id
        with self._writing() as cursor:
            importing.make_trial(cursor, name, protocol, protocol_text, at or datetime.now(UTC))
        return name

    def open_trial(
        self,
        protocol_text: str,
        *,
        id: str,
        at: datetime,
        actor: str,
        role: str,
        site: str | None = None,
        reason: str | None = None,
        name: str | None = None,
    ) -> str:
        """Make a trial, draw the secret seed of every list with chance, keep it sealed, and open the trial with the
        commitments: all of it or nothing. The same call again, with the same id, finds the trial open and adds nothing.

        Args:
            protocol_text: the text of the protocol file, to the byte.
            id: of the command `Open`.
            at: when it is entered, UTC.
            actor: the account.
            role: the role the account acts in.
            site: the site, where it acts for one.
            reason: why, if that is to be said.
            name: what the trial is called here; the protocol's id if not said.

        Returns:
            The name.

        Raises:
            ProtocolError: the text is no protocol.
            StoreError: there is a trial of that name, there is no key, or the command is not well formed.
        """
        protocol = loads(protocol_text, file=f"{name or 'protocol'}.yaml")
        name = name or protocol.id
        who: dict[str, Any] = {"id": id, "at": at, "actor": actor, "role": role, "site": site, "reason": reason}
        command = Open(**who, protocol_digest=protocol.digest, commitments={})
        if problem := malformed(command):
            raise StoreError(f"'{name}' cannot be opened: {problem}")
        with self._writing() as cursor:
            if importing.is_there(cursor, name):
                number = self._number(cursor, name)
                promised = self._state(cursor, number).commitments
            else:
                seeds = kept_seeds.draw(protocol)
                promised = kept_seeds.commitments(seeds)
                number = importing.make_trial(cursor, name, protocol, protocol_text, at)
                kept_seeds.keep(cursor, number, seeds)
            answer = self._counter(cursor, number).submit(replace(command, commitments=promised), None)
            if isinstance(answer.decision, Refused):
                raise StoreError(f"'{name}' cannot be opened: {'; '.join(answer.decision.reasons)}")
        return name

    def keep_seeds(self, trial: str, seeds: Mapping[str, bytes]) -> None:
        """Keep the seeds of an open trial, sealed, which its caller kept until now: of one that was imported, say.

        Args:
            trial: its name.
            seeds: the secret seed of each list, 32 bytes.

        Raises:
            StoreError: a seed is not the one committed to, or is kept already; or there is no key.
        """
        with self._writing() as cursor:
            number = self._number(cursor, trial)
            promised = self._state(cursor, number).commitments
            for name, seed in seeds.items():
                if len(seed) != SEED_BYTES or commitment(seed) != promised.get(name):
                    raise StoreError(f"the seed of list '{name[:100]}' is not the one that '{trial}' is committed to")
            kept_seeds.keep(cursor, number, seeds)

    def reveal(
        self,
        trial: str,
        *,
        id: str,
        at: datetime,
        actor: str,
        role: str,
        site: str | None = None,
        reason: str | None = None,
    ) -> Answer:
        """Submit `Reveal` with the seeds that are kept here; from then on they stand in the ledger for all to read.

        Raises:
            StoreError: there is no such trial, there is no key or another one, or the database cannot write.
        """
        with self._writing() as cursor:
            counter = self._counter(cursor, self._number(cursor, trial))
            seeds = {name: seed.hex() for name, seed in kept_seeds.opened(cursor, counter.trial).items()}
            command = Reveal(id=id, at=at, actor=actor, role=role, site=site, reason=reason, seeds=seeds)
            problem = malformed(command)
            return Answer(refuse(problem)) if problem else counter.submit(command, {})

    def change_key(self, new: Key, *, old: Key | None = None) -> int:
        """Seal the seeds of every trial anew with another key; how many were. What else is in the store stays.

        Copies of the database that were made before still open with the old key. Pseudonyms are made with the key, so
        under the new one nobody is recognised who was given one before.

        Args:
            new: the key that is to open them from now on.
            old: the key that opens them now; the one of the environment if not said.

        Raises:
            StoreError: `old` is not the key of a seed, or a seed's row was changed. Nothing was changed then.
        """
        with self._writing() as cursor:
            return kept_seeds.reseal(cursor, old or keys.from_environment(), new)

    def submit(self, trial: str, command: Command, *, seeds: Mapping[str, bytes] | None = None) -> Answer:
        """Carry out a command, durably; the same command again gets its first answer.

        Args:
            trial: its name.
            command: what is asked.
            seeds: the secret seed of each list, 32 bytes, where the caller keeps them. They are not kept here. Without
                it an allocation takes the seed that the store keeps.

        Returns:
            The decision and its entries. When this returns, they are on the disk.

        Raises:
            StoreError: there is no such trial, the key that opens its seed is not at hand, or the database cannot
                write (a full or read-only disk, a lost connection). Nothing was written. Send the same command with
                the same id again: it is carried out once.
        """
        if problem := malformed(command):
            return Answer(refuse(problem))
        with self._writing(together=True) as cursor:
            return self._counter(cursor, self._number(cursor, trial)).submit(command, seeds)

    def amend(self, trial: str, protocol_text: str, command: Amend) -> Answer:
        """Amend a trial to a new version of its protocol: the entry and the text are written together.

        Args:
            trial: its name.
            protocol_text: the text of the new version's file, to the byte: its digest is what the command names.
            command: what is asked.

        Returns:
            The decision: a refusal says what the new version could not carry.

        Raises:
            ProtocolError: the text is no protocol.
            StoreError: as of `submit`.
        """
        protocol = loads(protocol_text, file=f"{trial}.yaml")
        if problem := malformed(command):
            return Answer(refuse(problem))
        with self._writing() as cursor:
            return amend(self._counter(cursor, self._number(cursor, trial)), protocol, protocol_text, command)

    def protocols(self, trial: str) -> tuple[Protocol, ...]:
        """Every version of the protocol, in order."""
        with self._reading() as cursor:
            criteria = self._criteria_in_force(cursor, self._number(cursor, trial))
        newest, *others = (item.protocol for item in criteria.versions.values())
        return (*reversed(others), newest)

    def pseudonym(self, trial: str, values: Mapping[str, Recorded]) -> str:
        """The pseudonym of a person, for `Screen`: made of the protocol's `identity`, under the store's key.

        Raises:
            StoreError: a value is missing or none of its variable, no `identity` is declared, or there is no key.
        """
        protocol = self.protocol(trial)
        if not protocol.identity:
            raise StoreError(f"the protocol of '{trial}' declares no `identity`; name there what tells a person")
        if problems := [*identity.problems_of(protocol, values), *identity.missing(protocol, values)]:
            raise StoreError(f"no pseudonym without all of {', '.join(protocol.identity)} ({'; '.join(problems)})")
        key = keys.from_environment(why="pseudonyms are made with the store's key")
        return identity.pseudonym(pseudonym_key(key.secret, protocol.id), protocol, values)

    def identify(self, trial: str, number: str, values: Mapping[str, Recorded], *, site: str) -> tuple[str, ...]:
        """Keep who a participant is, outside the ledger; what was kept before is replaced.

        Args:
            trial: its name.
            number: the participant's.
            values: of the protocol's identifying variables.
            site: the participant's.

        Returns:
            Warnings: participants of the site who may be the same person.

        Raises:
            StoreError: there is no such participant at the site, it was erased, or a value is none of its variable.
        """
        with identities.secure(self.alias), self._writing() as cursor:
            at = self._counter(cursor, self._number(cursor, trial))
            return identities.identify(at, self._criteria_in_force(cursor, at.trial), number, site, values)

    def identity(self, trial: str, number: str, *, site: str, record: Callable[[], object]) -> Mapping[str, Recorded]:
        """Who a participant is, for the participant's own site.

        Args:
            trial: its name.
            number: the participant's.
            site: where it is read.
            record: leaves a record of the reading; called before anything is read, and if it raises, nothing is.

        Raises:
            StoreError: there is no such participant at the site.
        """
        with self._reading() as cursor:
            at = self._counter(cursor, self._number(cursor, trial))
            return identities.read(at, self._criteria_in_force(cursor, at.trial), number, site, record)

    def erase_identity(self, trial: str, command: Erase) -> tuple[Answer, Erased | None]:
        """Erase who a participant is: the entry says who, when and why; the database then holds nothing of the name.

        On SQLite the whole file is written anew, which takes as long as copying it and keeps other writers waiting.

        Returns:
            The answer; and, unless it was refused, what became of the traces in the database's files.

        Raises:
            StoreError: as of `submit`. If the entry is there and traces could not be taken away, `scrub` does it.
        """
        if problem := malformed(command):
            return Answer(refuse(problem)), None
        with identities.secure(self.alias):
            with self._writing() as cursor:
                at = self._counter(cursor, self._number(cursor, trial))
                answer = at.submit(command, {})
                if answer.accepted:
                    identities.erase(at, command.participant)
            return answer, self.scrub() if answer.accepted else None

    def scrub(self) -> Erased:
        """Take away what erased identifying values left in the database's files; says what may remain elsewhere."""
        with told(self.alias, writing=True):
            return identities.scrub(self.alias)

    def ledger(self, trial: str) -> Ledger:
        """The ledger as it stands: iterate over its entries."""
        with self._reading() as cursor:
            number = self._number(cursor, trial)
            cursor.execute(_HEAD, (number,))
            row = cursor.fetchone()
        # a head that is gone, or counts with something else than a number, counts nothing: verifying then says so
        entries, head = row if row is not None and isinstance(row[0], int) else (0, GENESIS)
        return Ledger(connections[self.alias], number, entries, head)

    def protocol(self, trial: str) -> Protocol:
        """The newest version of the protocol."""
        with self._reading() as cursor:
            return self._criteria_in_force(cursor, self._number(cursor, trial)).protocol

    def state(self, trial: str) -> TrialState:
        """The trial's state, its lists among it. It tells what may come next: not for those who enrol."""
        with self._reading() as cursor:
            number = self._number(cursor, trial)
            state = self._state(cursor, number)
            cursor.execute(projections.STRATUM.select(), (number,))
            strata: dict[str, list[tuple[str, str]]] = {}
            for name, stratum, counts in cursor.fetchall():
                strata.setdefault(name, []).append((stratum, counts))
        return replace(state, lists={name: projections.list_state(rows) for name, rows in strata.items()})

    def participant(self, trial: str, number: str) -> ParticipantState:
        """All that is known of a participant: the page's data.

        Raises:
            StoreError: there is none of that number.
        """
        with self._reading() as cursor:
            trial_number = self._number(cursor, trial)
            criteria = self._criteria_in_force(cursor, trial_number)
            found = participant_of(cursor, trial_number, criteria, number)
        if found is None:
            raise StoreError(f"'{trial}' has no participant {number}; check the number")
        return found

    def due(self, trial: str, today: date, *, site: str | None = None) -> Due:
        """What is due on a day, at one site or all: visits, queries that stand, whom to ask after."""
        with self._reading() as cursor:
            number = self._number(cursor, trial)
            criteria, state = self._criteria_in_force(cursor, number), self._state(cursor, number)
            where, more = (OF_SITE, (site,)) if site is not None else ("", ())
            cursor.execute(SELECT.format(where), (number, *more))
            return due_of(criteria, state, cursor.fetchall(), today)

    def export(self, trial: str, path: str | Path) -> int:
        """Write the ledger to a file of JSON lines, which appears whole or not at all; how many entries.

        Raises:
            OSError: the file cannot be written.
        """
        return self.ledger(trial).write(Path(path))

    def import_(
        self, path: str | Path, protocol_text: str, *, name: str | None = None, amendments: Sequence[str] = ()
    ) -> str:
        """Make a trial of a ledger file, whose chain has to hold and whose entries have to fold.

        Args:
            path: the file, as `export` or a rehearsal writes it.
            protocol_text: the text of the protocol that the ledger was opened under.
            name: what the trial is called here; the protocol's id if not said.
            amendments: the texts of the versions that the trial was amended to.

        Returns:
            The name.

        Raises:
            LedgerError: the file cannot be read, its chain is broken, or an entry cannot follow; names it.
            StoreError: there is a trial of that name, or the protocol is another text than the ledger's.
        """
        protocol = loads(protocol_text, file=f"{name or 'protocol'}.yaml")
        name = name or protocol.id
        rows = importing.read_rows(Path(path), protocol)
        with self._writing() as cursor:
            number = importing.make_trial(cursor, name, protocol, protocol_text, datetime.now(UTC))
            importing.keep_amendments(cursor, number, rows, amendments)
            importing.insert(cursor, number, rows)
            rebuild.rebuild(cursor, number, self._criteria_in_force(cursor, number))
        return name

    def rebuild(self, trial: str) -> rebuild.Rebuilt:
        """Make the projections anew from the entries; says how many rows were not what they should be.

        Raises:
            StoreError: the ledger does not hold: what is broken cannot be built on.
        """
        with self._writing() as cursor:
            number = self._number(cursor, trial)
            cursor.execute(_HEAD + locks(cursor), (number,))
            return rebuild.rebuild(cursor, number, self._criteria_in_force(cursor, number))

    def verify(
        self, trial: str, *, head: str | None = None, progress: Callable[[int, int], None] | None = None
    ) -> Verification:
        """Verify the ledger as it is stored; see `Ledger.verify`."""
        return self.ledger(trial).verify(head=head, progress=progress)

    def checkpoint(self, trial: str, *, at: datetime | None = None) -> Checkpoint:
        """Where the ledger stands, to be signed and written down elsewhere.

        Raises:
            StoreError: there is no such trial, or its ledger is empty.
        """
        ledger = self.ledger(trial)
        if not ledger.entries:
            raise StoreError(f"the ledger of '{trial}' is empty; open the trial first")
        return Checkpoint(trial, ledger.entries, ledger.head, utc_text(at or datetime.now(UTC)))

    def difference(
        self, trial: str, checkpoint: Checkpoint, *, progress: Callable[[int, int], None] | None = None
    ) -> str | None:
        """What in the ledger's beginning is not what a checkpoint saw; None if it begins with those very entries."""
        return checkpoint.difference(self.ledger(trial).verify_first(checkpoint.entries, progress=progress))

    @contextmanager
    def _writing(self, *, together: bool = False) -> Iterator[Cursor]:
        """A transaction that may write: on SQLite nobody else does meanwhile."""
        with told(self.alias, writing=True), database.writing(self.alias, together=together) as cursor:
            yield cursor

    @contextmanager
    def _reading(self) -> Iterator[Cursor]:
        with told(self.alias), database.reading(self.alias) as cursor:
            yield cursor

    def _counter(self, cursor: Cursor, trial: int) -> Counter:
        return Counter(cursor, trial, lambda digest: self._criteria(cursor, trial, digest), self._remembered)

    def _number(self, cursor: Cursor, trial: str) -> int:
        """The row of a trial; a trial that was made stays."""
        if trial not in self._numbers:
            cursor.execute(_TRIAL, (trial,))
            row = cursor.fetchone()
            if row is None:
                cursor.execute(_TRIALS)
                there = ", ".join(name for (name,) in cursor.fetchall())
                raise StoreError(f"there is no trial '{trial[:100]}' in this store; it has {there[:500] or 'none'}")
            self._numbers[trial] = int(row[0])
        return self._numbers[trial]

    def _state(self, cursor: Cursor, trial: int) -> TrialState:
        """The trial's state but for its lists."""
        cursor.execute("SELECT entries, hash, state_json FROM store_head WHERE trial_id = %s", (trial,))
        entries, head, text = cursor.fetchone()
        return projections.trial_state(text, entries=entries, head=head, lists={})[0]

    def _criteria_in_force(self, cursor: Cursor, trial: int) -> Criteria:
        cursor.execute(_DIGEST, (trial,))
        return self._criteria(cursor, trial, cursor.fetchone()[0])

    def _criteria(self, cursor: Cursor, trial: int, digest: str) -> Criteria:
        """The newest version of a trial's protocol, and beside it the others, made ready once in the life of a store.

        Args:
            cursor: within the transaction.
            trial: the trial's row.
            digest: of the text of the newest version.
        """
        if (trial, digest) not in self._protocols:
            cursor.execute(_TEXTS, (trial,))
            texts = [_protocol(kept, text) for kept, text in cursor.fetchall()]
            if not texts or texts[0].digest != digest:
                raise ProtocolError("the protocol's text is missing in the store", mend="take it from a copy")
            self._protocols[trial, digest] = Criteria(texts[0], texts[1:])
        return self._protocols[trial, digest]


def _protocol(digest: str, text: str) -> Protocol:
    """A version of the protocol, whose text has to be what it was."""
    protocol = loads(text)
    if protocol.digest != digest:
        raise ProtocolError("the protocol's text in the store was changed", mend="take it from a copy")
    return protocol
