"""A store on each engine, and a small trial in it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path += [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "conduct")]

from stored_trial import StoreClerk

import postgres
from equipoise.store import Store


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Server]:
    with postgres.server() as running:
        yield running


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgresql"))])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new store is."""
    if request.param == "sqlite":
        return str(tmp_path / "data")
    server: postgres.Server = request.getfixturevalue("server")
    return server.new_database()


@pytest.fixture
def store(location: str) -> Iterator[Store]:
    with Store.open(location) as opened:
        yield opened


@pytest.fixture
def clerk(store: Store) -> StoreClerk:
    """A clerk with an open trial, whose commands go to the store and to a desk in memory."""
    clerk = StoreClerk.of(store)
    clerk.open()
    return clerk
