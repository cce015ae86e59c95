"""Small trials that tests of conduct share, loaded once, and clerks with an open trial."""

from __future__ import annotations

import pytest
from small_quality import QUALITY
from small_trial import CLASSES, Clerk, small

from equipoise.protocol import Protocol, loads


@pytest.fixture(scope="session")
def protocol() -> Protocol:
    return small()


@pytest.fixture(scope="session")
def classes() -> Protocol:
    return loads(CLASSES, file="classes.yaml")


@pytest.fixture
def clerk(protocol: Protocol) -> Clerk:
    clerk = Clerk(protocol)
    clerk.open()
    return clerk


@pytest.fixture
def board(classes: Protocol) -> Clerk:
    clerk = Clerk(classes, seeds={})
    clerk.open()
    return clerk


@pytest.fixture(scope="session")
def quality() -> Protocol:
    return loads(QUALITY, file="quality.yaml")


@pytest.fixture
def careful(quality: Protocol) -> Clerk:
    """A clerk with an open trial that keeps its data right."""
    clerk = Clerk(quality)
    clerk.open()
    return clerk
