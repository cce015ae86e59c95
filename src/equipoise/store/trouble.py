"""What a database says when it cannot, in words that a user can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, InterfaceError, connections

from equipoise.errors import StoreError

_LOST = "the database cannot be reached; check that its server runs"

_SQLITE = {
    "SQLITE_FULL": "the disk is full; make room",
    "SQLITE_IOERR": "the disk cannot be read or written; is it full, or failing?",
    "SQLITE_READONLY": "the data folder is read-only; check its permissions and its file system",
    "SQLITE_CANTOPEN": "the data folder cannot be written; check its permissions and its file system",
    "SQLITE_PERM": "the data folder cannot be written; check its permissions and its file system",
    "SQLITE_BUSY": "another program holds the database; try again",
    "SQLITE_LOCKED": "another program holds the database; try again",
    "SQLITE_CORRUPT": "the database file is damaged; take the last copy, and verify it",
    "SQLITE_NOTADB": "the file is not a database of ours; check the folder",
}
"""By the beginning of SQLite's name of the error."""

_POSTGRESQL = {
    "53100": "the server's disk is full; make room",
    "53": "the server has run out of resources; look at its log",
    "25006": "the server is read-only; is it a replica?",
    "55P03": "another transaction holds the trial; try again",
    "57": "the server is shutting down or starting; try again",
    "08": _LOST,
    "42501": "the database role may not do this; see docs/store.md for what it needs",
    "28": "the server does not let this role in; check the user and the password",
    "3D": "the server has no such database; create it",
    "58": "the server's disk cannot be read or written; look at its log",
}
"""By the beginning of PostgreSQL's code of the error."""


@contextmanager
def told(alias: str, *, writing: bool = False) -> Iterator[None]:
    """Turn what is wrong with the database, and not with us, into a `StoreError`. The transaction was rolled back.

    Whether a commit took hold is not known if the connection was lost in it; the same command with the same id then
    gets the first answer, or is carried out now.

    Args:
        alias: the database.
        writing: whether it was to be written, so that somebody may want to know what became of that.
    """
    try:
        yield
    except (DatabaseError, InterfaceError) as error:
        connections[alias].close_if_unusable_or_obsolete()
        what = _what(error.__cause__ or error)
        if what is None:
            raise
        if not writing:
            raise StoreError(what) from error
        if connections[alias].vendor == "postgresql" and what == _LOST:
            raise StoreError(f"{what}; whether it was written is known when the same command is sent again") from error
        raise StoreError(f"nothing was written: {what}, and send the command again with the same id") from error


def _what(error: BaseException) -> str | None:
    name: Any = getattr(error, "sqlite_errorname", None)
    if isinstance(name, str):
        return next((text for start, text in _SQLITE.items() if name.startswith(start)), None)
    code: Any = getattr(error, "sqlstate", None)
    if isinstance(code, str):
        return next((text for start, text in _POSTGRESQL.items() if code.startswith(start)), None)
    if type(error).__name__ in ("OperationalError", "InterfaceError"):  # psycopg, without a server to give a code
        return _LOST
    return None
