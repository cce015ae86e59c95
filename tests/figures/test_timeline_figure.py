"""The timeline of a design."""

import numpy as np
import pytest
from checks import assert_sound, texts

from equipoise.design.plan.timeline import Due, Timeline
from equipoise.errors import DataError
from equipoise.figures import timeline
from equipoise.figures.scene import Shape


def plan(**changes):
    months = np.array([0.0, 12.0, 24.0, 36.0])
    fields = {
        "months": months,
        "enrolled": np.array([0.0, 100.0, 200.0, 200.0]),
        "events": {
            "as planned": np.array([0.0, 10.0, 50.0, 90.0]),
            "no difference": np.array([0.0, 12.0, 60.0, 110.0]),
        },
        "required": 80.0,
        "moments": (Due("end of accrual", 24.0), Due("80 deaths expected: the analysis", 33.0)),
        "unit": "deaths",
    }
    return Timeline(**(fields | changes))


@pytest.mark.parametrize("narrow", [False, True])
def test_the_timeline_is_sound_in_both_widths(narrow):
    assert_sound(timeline(plan(), title="Overall survival, " * 4, narrow=narrow))


def test_every_curve_has_its_row_in_the_legend_and_every_moment_its_line():
    written = texts(timeline(plan()))
    assert {"Participants", "Expected deaths, as planned", "Expected deaths, no difference"} <= set(written)
    assert "80 deaths required" in written
    assert "2  Month 33: 80 deaths expected: the analysis" in written


def test_the_description_says_the_numbers():
    words = timeline(plan()).description
    assert "200 participants are enrolled." in words
    assert "90 deaths are expected by month 36: as planned." in words
    assert "The analysis waits for 80 deaths." in words


def test_counts_above_every_curve_and_the_required_events():
    figure = timeline(plan(required=231.0))
    ticks = [int(text) for text in texts(figure) if text.isdigit()]
    assert 250 in ticks
    without = timeline(plan(required=None))
    assert not any("required" in text for text in texts(without))


def test_more_participants_are_drawn_higher():
    curves = [mark for mark in timeline(plan()).marks if isinstance(mark, Shape) and mark.width == 2]
    heights = [path[-1][1] for mark in curves for path in mark.paths]
    assert heights[0] < heights[2] < heights[1]  # y points down: 200 participants, 110 and 90 events


def test_one_month_is_no_timeline():
    one = np.array([0.0])
    with pytest.raises(DataError, match="at least two months"):
        timeline(plan(months=one, enrolled=one, events={}))
