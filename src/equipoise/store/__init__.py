"""The store: ledgers of trials on SQLite or PostgreSQL, which the database itself keeps from being changed."""

from equipoise.store.answers import Answer
from equipoise.store.checkpoint import Checkpoint
from equipoise.store.errors import StoreError
from equipoise.store.identities import Erased
from equipoise.store.store import Store, prepare

__all__ = ["Answer", "Checkpoint", "Erased", "Store", "StoreError", "prepare"]
