"""A small trial whose seeds only its store knows, and every way in which a seed could be written down."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.db import connections
from small_trial import TWICE, Clerk

from equipoise.conduct import Decision, ParticipantState
from equipoise.errors import StoreError
from equipoise.protocol import loads
from equipoise.store import Store
from equipoise.store import seeds as kept_seeds

WHO: dict[str, Any] = {"at": datetime(2024, 3, 1, 9, tzinfo=UTC), "actor": "anna", "role": "statistician"}
KEY, OTHER = (hashlib.sha256(name).hexdigest() for name in (b"a key", b"another key"))


@dataclass
class SealedDesk:
    """Takes commands as a desk does, and gives them to a store without a seed."""

    store: Store
    trial: str

    def submit(self, command: Any) -> Decision:
        return self.store.submit(self.trial, command).decision

    @property
    def participants(self) -> SealedDesk:
        return self

    @property
    def journal(self) -> list[Any]:
        return list(self.store.ledger(self.trial))

    def get(self, number: str) -> ParticipantState | None:
        try:
            return self.store.participant(self.trial, number)
        except StoreError:
            return None


@dataclass
class SealedClerk(Clerk):
    """A clerk who knows no seed."""

    desk: Any = field(init=False)

    @classmethod
    def of(cls, store: Store, text: str = TWICE, *, name: str | None = None) -> SealedClerk:
        """A clerk of a new trial, which the store has opened."""
        clerk = cls(loads(text, file="small.yaml"), {})
        clerk.desk = SealedDesk(store, store.open_trial(text, id="open", name=name, **WHO))
        return clerk


def secret_seeds(store: Store, trial: str = "small") -> dict[str, bytes]:
    """The seeds, as the key opens them."""
    with connections[store.alias].cursor() as cursor:
        cursor.execute("SELECT id FROM store_trial WHERE name = %s", (trial,))
        return {name: bytes(seed) for name, seed in kept_seeds.opened(cursor, cursor.fetchone()[0]).items()}


def spellings(secret: bytes) -> Iterator[bytes]:
    """The bytes, and every text that says them."""
    digits = secret.hex()
    yield secret
    yield from (digits.encode(), digits.upper().encode(), digits.encode().hex().encode())
    yield from (base64.b64encode(secret).rstrip(b"="), base64.urlsafe_b64encode(secret).rstrip(b"="))
    yield repr(secret)[2:-1].encode()
    yield str(int.from_bytes(secret, "big")).encode()


def shown(secrets: Iterable[bytes], *places: str | bytes) -> bool:
    """Whether one of the secrets can be read in one of the places."""
    whole = [place.encode(errors="surrogateescape") if isinstance(place, str) else place for place in places]
    return any(spelling in place for secret in secrets for spelling in spellings(secret) for place in whole)
