"""The store: ledgers of trials on SQLite or PostgreSQL, which the database itself keeps from being changed."""

from equipoise.errors import StoreError
from equipoise.ledger import Checkpoint
from equipoise.store.answers import Answer
from equipoise.store.identities import Erased
from equipoise.store.opening import prepare
from equipoise.store.store import Store

__all__ = ["Answer", "Checkpoint", "Erased", "Store", "StoreError", "prepare"]
