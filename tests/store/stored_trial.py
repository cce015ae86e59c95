"""The small trial of conduct's tests in a store: what the store answers is compared with what a desk in memory does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from small_trial import SEEDS, TEXT, Clerk

from equipoise.conduct import Decision, Desk, ParticipantState
from equipoise.ledger import Journal
from equipoise.protocol import loads
from equipoise.store import Store


@dataclass
class BothDesks:
    """Takes commands as a desk does, gives them to a store too, and holds the two to one answer."""

    store: Store
    trial: str
    memory: Desk
    seeds: Mapping[str, bytes]

    def submit(self, command: Any) -> Decision:
        stored = self.store.submit(self.trial, command, seeds=self.seeds)
        decision = self.memory.submit(command)
        assert stored.decision == decision
        assert list(stored.entries) == list(self.journal)[len(self.journal) - len(stored.entries) :]
        return decision

    @property
    def participants(self) -> dict[str, ParticipantState]:
        return self.memory.participants

    @property
    def journal(self) -> Journal:
        return self.memory.journal


@dataclass
class StoreClerk(Clerk):
    """Submits commands to a store and a desk."""

    desk: Any = field(init=False)

    @classmethod
    def of(cls, store: Store, text: str = TEXT, *, name: str | None = None) -> StoreClerk:
        """A clerk of a new trial."""
        clerk = cls(loads(text, file="small.yaml"), dict(SEEDS))
        trial = store.create_trial(text, name=name)
        clerk.desk = BothDesks(store, trial, clerk.desk, clerk.seeds)
        return clerk
