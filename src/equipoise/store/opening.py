"""Make a database ready to be a store: its tables, and the guards that have to stand."""

from __future__ import annotations

from pathlib import Path

from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from equipoise.errors import StoreError
from equipoise.store import database, guards
from equipoise.store.trouble import told


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


def make_ready(alias: str) -> None:
    """Make the tables of a new store, or bring them up to date, and check the guards.

    Raises:
        StoreError: it cannot be reached or written, a guard is missing, or it is of a newer Equipoise.
    """
    if _is_behind(alias):
        _migrate(alias)
    _check_guards(alias)


def require_tables(alias: str) -> None:
    """Make sure that there is a store, and change nothing.

    Raises:
        StoreError: it cannot be reached, there is none, or it is of a newer Equipoise.
    """
    _is_behind(alias)
    with told(alias):
        if guards.ENTRY not in connections[alias].introspection.table_names():
            raise StoreError("there is no store in this database; check its name")


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
