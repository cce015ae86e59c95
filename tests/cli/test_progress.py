"""The progress bar of the verbs."""

from __future__ import annotations

from contextlib import contextmanager

import pytest

from equipoise.cli import output


@pytest.fixture
def shown(monkeypatch):
    """What is done where a bar would show it; the clock goes one second on each time that it is read."""
    seen = []
    seconds = iter(range(100))
    monkeypatch.setattr(output.time, "monotonic", lambda: next(seconds))

    @contextmanager
    def bar(label):
        seen.append(label)
        yield lambda done, total: seen.append((done, total))
        seen.append("gone")

    monkeypatch.setattr(output, "_bar", bar)
    return seen


def test_a_progress_bar_appears_after_two_seconds_of_work_and_goes_at_the_end(shown):
    with output.progress("rehearsing") as advance:
        for done in range(1, 6):
            advance(done, 5)
    assert shown == ["rehearsing", (3, 5), (4, 5), (5, 5), "gone"]


def test_work_of_two_seconds_shows_no_progress_bar(shown):
    with output.progress("rehearsing") as advance:
        for done in (1, 2):
            advance(done, 2)
    assert shown == []
