"""One browser for the tests of this folder."""

import pytest

from browser import open_browser


@pytest.fixture(scope="session")
def chromium():
    with open_browser() as running:
        yield running
