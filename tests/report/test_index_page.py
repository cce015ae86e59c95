"""The index over trials."""

from dataclasses import replace

import pytest
from html_checks import assert_sound

import made_up
from equipoise.protocol import load
from equipoise.report import index_row, render_index

JCOG1017 = load("jcog1017")


@pytest.fixture(scope="module")
def results():
    return made_up.jcog1017()


def test_a_row_holds_the_trial_in_short(results):
    row = index_row(JCOG1017, results)
    ratio = results.of("os", "hazard ratio")[0]
    assert (row.trial, row.registered, row.allocated, row.verb) == ("jcog1017", 570, 407, "Randomised")
    assert row.events == sum(ratio.events_by_arm.values())
    assert row.href == "jcog1017/report.html"
    assert f"Hazard ratio, B versus A: {ratio.value:.2f} (90" in row.result
    assert [arm for arm, _ in row.arms] == ["A", "B"]


def test_the_index_links_every_report_and_is_sound(results):
    rows = [index_row(JCOG1017, results, "x/report.html"), (load("changhai"), replace(results, trial="changhai"))]
    html = render_index(rows, title="Two trials", software="E 1")
    page = assert_sound(html)
    assert [link["href"] for link in page.all("a")] == ["x/report.html", "changhai/report.html"]
    assert "Rehearsal: synthetic participants" in page.text
    assert html == render_index(rows, title="Two trials", software="E 1")


def test_data_of_a_trial_are_not_called_a_rehearsal(results):
    assert "ehearsal" not in assert_sound(render_index([(JCOG1017, replace(results, source="trial data"))])).text


def test_a_trial_without_results_has_a_row(results):
    empty = replace(results, estimates=(), curves=(), flow=None)
    page = assert_sound(render_index([(JCOG1017, empty)]))
    assert "no estimate" in page.text
    assert page.all("svg") == []


def test_titles_are_text(results):
    protocol = JCOG1017.model_copy(update={"title": "<script>x</script>"})
    html = render_index([(protocol, results)], title="<b>")
    assert "<script" not in html
    assert "<b>" not in html
