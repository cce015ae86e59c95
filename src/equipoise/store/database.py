"""Where a store's data live: a folder with SQLite in it, or PostgreSQL by its URL; and how Django gets to it."""

from __future__ import annotations

import itertools
import os
import random
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.db import connections

from equipoise.errors import StoreError
from equipoise.store.driver import Cursor, cursor_of

FILE = "equipoise.sqlite3"
"""The database in a data folder."""

BUSY_SECONDS = 60
"""How long to wait for another writer before refusing."""

_POLL, _LONGEST_POLL = 0.002, 0.04
"""Seconds between two looks whether the writer has finished, at first and at most: each up to these, by chance."""

_PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA recursive_triggers = ON",
)
_URL = re.compile(r"postgres(ql)?://", re.IGNORECASE)
_numbers = itertools.count(1)


def set_up() -> None:
    """Set Django up, unless somebody did: a web site has settings of its own, which hold this application."""
    # A notebook, like some test tools, has an event loop in the thread that calls: Django would then refuse. The store
    # is synchronous throughout, and whoever calls it from an event loop waits for it knowingly.
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    if not settings.configured:
        settings.configure(
            INSTALLED_APPS=["equipoise.store"],
            DATABASES={},
            USE_TZ=True,
            TIME_ZONE="UTC",
            DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        )
    if not django.apps.apps.ready:
        django.setup()


def connect(location: str | Path) -> str:
    """Make a database known to Django, and return the alias it is known by.

    Raises:
        StoreError: the location is neither a folder nor the URL of a PostgreSQL database.
    """
    set_up()
    if isinstance(location, str) and _URL.match(location):
        database = _postgresql(location)
    elif isinstance(location, str) and "://" in location:
        raise StoreError(f"'{location.split('://')[0]}://' is no database of ours; give a folder, or postgresql://...")
    else:
        database = _sqlite(Path(location))
    alias = f"store{next(_numbers)}"
    defaults = {"TEST": {}, "AUTOCOMMIT": True, "ATOMIC_REQUESTS": False, "CONN_MAX_AGE": None, "TIME_ZONE": None}
    empty = dict.fromkeys(("USER", "PASSWORD", "HOST", "PORT"), "")
    connections.settings[alias] = {**defaults, "CONN_HEALTH_CHECKS": False, **empty, **database}
    return alias


def disconnect(alias: str) -> None:
    """Close this thread's connection, and forget the database."""
    connections[alias].close()
    del connections[alias]
    connections.settings.pop(alias, None)


def _sqlite(folder: Path) -> dict[str, Any]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = (error.strerror or "cannot be made").lower()
        raise StoreError(f"{folder}: {what}; a store is a folder, or the URL of a PostgreSQL database") from None
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(folder.resolve() / FILE),
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": BUSY_SECONDS},
    }


def _postgresql(url: str) -> dict[str, Any]:
    try:
        import psycopg  # noqa: PLC0415 - only where PostgreSQL is asked for
    except ImportError:
        raise StoreError("PostgreSQL needs the package psycopg; install equipoise[postgres]") from None
    try:
        parts: dict[str, Any] = dict(psycopg.conninfo.conninfo_to_dict(url))
    except psycopg.Error as error:  # its text may quote the URL, and so a password
        raise StoreError(f"not the URL of a PostgreSQL database ({type(error).__name__})") from None
    named = {ours: str(parts.pop(theirs, "") or "") for ours, theirs in _PARTS.items()}
    level = psycopg.IsolationLevel.READ_COMMITTED
    return {"ENGINE": "django.db.backends.postgresql", **named, "OPTIONS": {**parts, "isolation_level": level}}


_PARTS = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}


def on_connected(connection: Any, **_: Any) -> None:
    """Every connection is durable, waits for other writers, and lets no REPLACE slip past the guards."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for pragma in _PRAGMAS:
                cursor.execute(pragma)
        elif connection.vendor == "postgresql":
            cursor.execute(
                "SELECT set_config('lock_timeout', %s, false), CASE current_setting('synchronous_commit') "
                "WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END",
                [f"{BUSY_SECONDS}s"],
            )


@contextmanager
def reading(alias: str) -> Iterator[Cursor]:
    """Statements that only read, each a transaction of its own."""
    connection = connections[alias]
    with connection.wrap_database_errors:
        yield cursor_of(connection)


@contextmanager
def writing(alias: str, *, together: bool = False) -> Iterator[Cursor]:
    """A durable transaction that may write.

    It is not Django's, which begins and ends with a statement of its own on the way to the server; but it runs on
    Django's connection, and like a durable one of Django's it cannot be within another.

    Args:
        alias: the database.
        together: send PostgreSQL the statements without waiting for each one's answer: for few at a time. An error is
            then raised at the next rows that are fetched, or at the end.
    """
    connection = connections[alias]
    if connection.in_atomic_block:
        raise RuntimeError("a transaction of the store cannot be within another: it would not be durable by itself")
    with connection.wrap_database_errors:
        if connection.vendor == "sqlite":
            transaction = _sqlite_transaction(connection)
        else:
            transaction = _postgresql_transaction(connection, together=together)
        with transaction as cursor:
            yield cursor


@contextmanager
def _sqlite_transaction(connection: Any) -> Iterator[Cursor]:
    """Begin when nobody else writes.

    SQLite's own way to wait for another writer polls ever more rarely, so that of many writers those who have waited
    longest are served last, and some never. Here all who wait look equally often after a few looks, and at random.
    """
    cursor = cursor_of(connection)
    driver = connection.connection
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        _begin(driver)
    finally:
        driver.execute(_PRAGMAS[0])
    try:
        yield cursor
        driver.execute("COMMIT")
    except BaseException:
        if driver.in_transaction:  # a full disk may have ended it
            _roll_back(connection, driver.rollback)
        raise


def _begin(driver: Any) -> None:
    """Begin as soon as no other connection writes; give up after `BUSY_SECONDS`."""
    until, pause = time.monotonic() + BUSY_SECONDS, _POLL
    while True:
        try:
            driver.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > until:
                raise
            time.sleep(random.uniform(0, pause))
            pause = min(1.5 * pause, _LONGEST_POLL)
        else:
            return


@contextmanager
def _postgresql_transaction(connection: Any, *, together: bool) -> Iterator[Cursor]:
    from equipoise.store import pipeline  # noqa: PLC0415 - only where PostgreSQL is asked for

    connection.ensure_connection()
    driver = connection.connection
    if not (together and pipeline.is_supported()):
        with driver.transaction():
            yield cursor_of(connection)
        return
    cursor = pipeline.PipelineCursor(connection)
    try:
        cursor.execute("BEGIN")
        yield cursor
        cursor.commit()
    except Exception:
        _roll_back(connection, cursor.roll_back)
        raise
    except BaseException:  # interrupted, perhaps while waiting for the server
        connection.close()
        raise


def _roll_back(connection: Any, rollback: Callable[[], None]) -> None:
    """Roll back; a connection that cannot is closed, so that nobody writes into what is left of its transaction."""
    try:
        rollback()
    except connection.Database.Error:
        connection.close()


@contextmanager
def migrating(alias: str) -> Iterator[None]:
    """One process at a time makes or alters tables; the others wait."""
    connection = connections[alias]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext('equipoise.store'))")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtext('equipoise.store'))")
        return
    beside = Path(connection.settings_dict["NAME"]).with_suffix(".lock")
    try:
        lock = sqlite3.connect(beside, timeout=BUSY_SECONDS, isolation_level=None)
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        raise StoreError(f"{beside}: {error}; check the folder's permissions and its file system") from None
    try:
        yield
    finally:
        lock.close()
