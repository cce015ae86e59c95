"""A store: the ledgers of trials in one database, on SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from equipoise.conduct import Criteria, ParticipantState, TrialState, identity
from equipoise.conduct.commands import Amend, Command, Erase
from equipoise.conduct.decision import refuse
from equipoise.conduct.values import Recorded, utc_text
from equipoise.conduct.well_formed import malformed
from equipoise.ledger import Verification
from equipoise.protocol import Protocol, loads
from equipoise.store import database, guards, identities, importing, projections, rebuild
from equipoise.store.amending import amend
from equipoise.store.answers import Answer
from equipoise.store.append import Compiled, Counter, participant_of
from equipoise.store.checkpoint import Checkpoint
from equipoise.store.errors import StoreError
from equipoise.store.identities import Erased
from equipoise.store.pseudonyms import pseudonym_key, store_key
from equipoise.store.reading import Ledger
from equipoise.store.trouble import told

_TRIALS = "SELECT name FROM store_trial ORDER BY id"
_TRIAL = "SELECT id FROM store_trial WHERE name = %s"
_HEAD = "SELECT entries, hash FROM store_head WHERE trial_id = %s"
_TEXTS = "SELECT text FROM store_protocoltext WHERE trial_id = %s ORDER BY number DESC"
_DIGEST = "SELECT protocol FROM store_head WHERE trial_id = %s"
_HASH = "SELECT hash FROM store_entry WHERE trial_id = %s AND seq = %s"


def prepare(location: str | Path) -> None:
    """Make the tables and the guards of a store, or bring them up to date. What is there already stays.

    Raises:
        StoreError: the location is none, or cannot be written.
    """
    alias = database.connect(location)
    try:
        _migrate(alias)
    finally:
        database.disconnect(alias)


def _migrate(alias: str) -> None:
    with told(alias), database.migrating(alias):
        call_command("migrate", database=alias, verbosity=0, interactive=False)


class Store:
    """Trials and their ledgers. Open one with `Store.open`; it closes as a context manager does.

    Every method is one transaction. Threads have connections of their own, and processes are kept apart by the
    database, so any number of them can work on the same trials.

    Args:
        alias: the database, as Django knows it.
    """

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self._protocols: dict[tuple[int, str], Compiled] = {}
        self._numbers: dict[str, int] = {}

    @classmethod
    def open(cls, location: str | Path) -> Store:
        """Open the store in a data folder, or in the PostgreSQL database with a URL; it is made if there is none.

        Raises:
            StoreError: it cannot be reached or written, a guard is missing, or it is of a newer Equipoise.
        """
        alias = database.connect(location)
        try:
            if _is_behind(alias):
                _migrate(alias)
            _check_guards(alias)
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

    def submit(self, trial: str, command: Command, *, seeds: Mapping[str, bytes] | None = None) -> Answer:
        """Carry out a command, durably; the same command again gets its first answer.

        Args:
            trial: its name.
            command: what is asked.
            seeds: the secret seed of each list, 32 bytes; needed to allocate by chance. It is not kept.

        Returns:
            The decision and its entries. When this returns, they are on the disk.

        Raises:
            StoreError: there is no such trial, or the database cannot write (a full or read-only disk, a lost
                connection). Send the same command with the same id again: it is carried out once.
        """
        if problem := malformed(command):
            return Answer(refuse(problem))
        with self._writing() as cursor:
            return self._counter(cursor, trial).submit(command, seeds or {})

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
            return amend(self._counter(cursor, trial), protocol, protocol_text, command)

    def protocols(self, trial: str) -> tuple[Protocol, ...]:
        """Every version of the protocol, in order."""
        with self._reading() as cursor:
            criteria = self._criteria(cursor, self._number(cursor, trial))
        newest, *others = (item.protocol for item in criteria.versions.values())
        return (*reversed(others), newest)

    def pseudonym(self, trial: str, values: Mapping[str, Recorded]) -> str:
        """The pseudonym of a person, for `Screen`: made of the protocol's `identity`, under the key in `EQUIPOISE_KEY`.

        Raises:
            StoreError: a value is missing or none of its variable, no `identity` is declared, or there is no key.
        """
        protocol = self.protocol(trial)
        if not protocol.identity:
            raise StoreError(f"the protocol of '{trial}' declares no `identity`; name there what tells a person")
        if problems := [*identity.problems_of(protocol, values), *identity.missing(protocol, values)]:
            raise StoreError(f"no pseudonym without all of {', '.join(protocol.identity)} ({'; '.join(problems)})")
        return identity.pseudonym(pseudonym_key(store_key(), protocol.id), protocol, values)

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
            at = self._counter(cursor, trial)
            return identities.identify(at, self._criteria(cursor, at.trial), number, site, values)

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
            at = self._counter(cursor, trial)
            return identities.read(at, self._criteria(cursor, at.trial), number, site, record)

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
                at = self._counter(cursor, trial)
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
            entries, head = cursor.fetchone()
        return Ledger(connections[self.alias], number, entries, head)

    def protocol(self, trial: str) -> Protocol:
        """The newest version of the protocol."""
        with self._reading() as cursor:
            return self._criteria(cursor, self._number(cursor, trial)).protocol

    def state(self, trial: str) -> TrialState:
        """The trial's state, its lists among it. It tells what may come next: not for those who enrol."""
        with self._reading() as cursor:
            number = self._number(cursor, trial)
            cursor.execute("SELECT entries, hash, state_json FROM store_head WHERE trial_id = %s", (number,))
            entries, head, text = cursor.fetchone()
            cursor.execute(projections.STRATUM.select(), (number,))
            strata: dict[str, list[tuple[str, str]]] = {}
            for name, stratum, state in cursor.fetchall():
                strata.setdefault(name, []).append((stratum, state))
        lists = {name: projections.list_state(rows) for name, rows in strata.items()}
        return projections.trial_state(text, entries=entries, head=head, lists=lists)

    def participant(self, trial: str, number: str) -> ParticipantState:
        """All that is known of a participant: the page's data.

        Raises:
            StoreError: there is none of that number.
        """
        with self._reading() as cursor:
            at = self._counter(cursor, trial)
            found = participant_of(at, self._criteria(cursor, at.trial), number)
        if found is None:
            raise StoreError(f"'{trial}' has no participant {number}; check the number")
        return found

    def export(self, trial: str, path: str | Path) -> int:
        """Write the ledger to a file of JSON lines, which appears whole or not at all; how many entries.

        Raises:
            OSError: the file cannot be written.
        """
        with told(self.alias):
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
            rebuild.rebuild(self._counter(cursor, name), self._criteria(cursor, number))
        return name

    def rebuild(self, trial: str) -> rebuild.Rebuilt:
        """Make the projections anew from the entries; says how many rows were not what they should be.

        Raises:
            StoreError: the ledger does not hold: what is broken cannot be built on.
        """
        with self._writing() as cursor:
            at = self._counter(cursor, trial)
            cursor.execute(_HEAD + at.locks, (at.trial,))
            return rebuild.rebuild(at, self._criteria(cursor, at.trial))

    def verify(self, trial: str, *, head: str | None = None) -> Verification:
        """Verify the ledger as it is stored; see `Ledger.verify`."""
        ledger = self.ledger(trial)
        with told(self.alias):
            return ledger.verify(head=head)

    def checkpoint(self, trial: str, *, at: datetime | None = None) -> Checkpoint:
        """Where the ledger stands, to be signed and written down elsewhere.

        Raises:
            StoreError: there is no such trial, or its ledger is empty.
        """
        ledger = self.ledger(trial)
        if not ledger.entries:
            raise StoreError(f"the ledger of '{trial}' is empty; open the trial first")
        return Checkpoint(trial, ledger.entries, ledger.head, utc_text(at or datetime.now(UTC)))

    def begins_with(self, checkpoint: Checkpoint) -> bool:
        """Whether the ledger begins with the entries that a checkpoint saw: that entry's hash, and the chain to it."""
        ledger = self.ledger(checkpoint.trial)
        with self._reading() as cursor:
            cursor.execute(_HASH, (ledger.trial, checkpoint.entries))
            row = cursor.fetchone()
        if row is None or row[0] != checkpoint.head:
            return False
        with told(self.alias):
            return Ledger(ledger.connection, ledger.trial, checkpoint.entries, checkpoint.head).verify_prefix()

    @contextmanager
    def _writing(self) -> Iterator[Any]:
        """A transaction that may write: on SQLite nobody else does meanwhile."""
        with told(self.alias, writing=True), database.writing(self.alias), connections[self.alias].cursor() as cursor:
            yield cursor

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        with told(self.alias), connections[self.alias].cursor() as cursor:
            yield cursor

    def _counter(self, cursor: Any, trial: str) -> Counter:
        locks = " FOR UPDATE" if connections[self.alias].vendor == "postgresql" else ""
        number = self._number(cursor, trial)
        return Counter(cursor, number, locks, lambda digest: self._compiled(cursor, number, digest))

    def _number(self, cursor: Any, trial: str) -> int:
        """The row of a trial; a trial that was made stays."""
        if trial not in self._numbers:
            cursor.execute(_TRIAL, (trial,))
            row = cursor.fetchone()
            if row is None:
                raise StoreError(f"there is no trial '{trial[:100]}' in this store; see `Store.trials`")
            if connections[self.alias].in_atomic_block:
                return int(row[0])  # not kept: the transaction that makes it may yet fail
            self._numbers[trial] = int(row[0])
        return self._numbers[trial]

    def _criteria(self, cursor: Any, trial: int) -> Criteria:
        """The criteria of the newest version, and beside them those of the others."""
        cursor.execute(_DIGEST, (trial,))
        return self._compiled(cursor, trial, cursor.fetchone()[0]).criteria

    def _compiled(self, cursor: Any, trial: int, digest: str) -> Compiled:
        """The protocol whose newest version has a digest; made ready once."""
        if (trial, digest) not in self._protocols:
            cursor.execute(_TEXTS, (trial,))
            newest, *others = [loads(text) for (text,) in cursor.fetchall()]
            criteria = Criteria(newest, others)
            self._protocols[trial, digest] = Compiled(criteria, projections.Values(criteria.dictionary))
        return self._protocols[trial, digest]


def _check_guards(alias: str) -> None:
    """Check the guards, once more if another process may just be making them."""
    with told(alias):
        try:
            guards.check(alias)
        except StoreError:
            with database.migrating(alias):
                guards.check(alias)


def _is_behind(alias: str) -> bool:
    """Whether tables have yet to be made.

    Raises:
        StoreError: the database was made by a newer Equipoise.
    """
    with told(alias):
        executor = MigrationExecutor(connections[alias])
        known = set(executor.loader.disk_migrations)
        if newer := [
            name for app, name in executor.loader.applied_migrations if app == "store" and (app, name) not in known
        ]:
            raise StoreError(f"the store was made by a newer Equipoise ({newer[0]}); install that one")
        return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
