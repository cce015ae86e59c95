"""Amend a trial in the store: the new text is kept in the transaction that adds the entry."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.conduct import Criteria, ParticipantState
from equipoise.conduct.commands import Amend
from equipoise.conduct.context import Amendment
from equipoise.protocol import Protocol
from equipoise.store.answers import Answer
from equipoise.store.append import Counter, participant_of
from equipoise.store.driver import Cursor

_NUMBERS = "SELECT number FROM store_participant WHERE trial_id = %s ORDER BY screened"
_NEXT = "SELECT COALESCE(MAX(number), 0) + 1 FROM store_protocoltext WHERE trial_id = %s"
_KEEP = "INSERT INTO store_protocoltext (trial_id, digest, number, text) VALUES (%s, %s, %s, %s)"
_NEWEST = "UPDATE store_head SET protocol = %s WHERE trial_id = %s"


def amend(at: Counter, protocol: Protocol, text: str, command: Amend) -> Answer:
    """Amend within a transaction that holds the trial."""

    def proposed(criteria: Criteria) -> Amendment:
        return Amendment(protocol, _everybody(at, criteria))

    answer = at.submit(command, {}, proposed)
    if answer.accepted and not answer.repeated:
        keep(at.cursor, at.trial, protocol, text)
    return answer


def keep(cursor: Cursor, trial: int, protocol: Protocol, text: str) -> None:
    """Keep the text of one more version, which is the newest from now on."""
    cursor.execute(_NEXT, (trial,))
    number = cursor.fetchone()[0]
    cursor.execute(_KEEP, (trial, protocol.digest, number, text))
    cursor.execute(_NEWEST, (protocol.digest, trial))


def _everybody(at: Counter, criteria: Criteria) -> Iterator[ParticipantState]:
    """All participants, one after the other: a new version has to carry what is recorded of each."""
    at.cursor.execute(_NUMBERS, (at.trial,))
    for (number,) in at.cursor.fetchall():
        state = participant_of(at.cursor, at.trial, criteria, number)
        if state is not None:
            yield state
