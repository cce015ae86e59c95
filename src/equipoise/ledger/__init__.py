"""The ledger: entries in a chain of hashes, and its file form, JSON lines."""

from equipoise.ledger.canonical import Json
from equipoise.ledger.checkpoint import Checkpoint
from equipoise.ledger.entry import GENESIS, Entry, entry_of_line, line_of
from equipoise.ledger.journal import Journal
from equipoise.ledger.verify import Problem, Verification, verify_bytes, verify_file

__all__ = [
    "GENESIS",
    "Checkpoint",
    "Entry",
    "Journal",
    "Json",
    "Problem",
    "Verification",
    "entry_of_line",
    "line_of",
    "verify_bytes",
    "verify_file",
]
