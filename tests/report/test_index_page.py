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


def test_several_effects_are_quoted_with_their_names_and_the_picture_carries_its_bias(results):
    ratio = results.of("os", "hazard ratio")[0]
    note = "biased: whoever reached this class had to live until then (guarantee-time bias)"
    biased = replace(ratio, role="biased", note=note)
    landmark = replace(ratio, method="cox, landmark at 12 months", value=1.04)
    dependent = replace(ratio, method="cox, time-dependent class", value=0.91)
    several = replace(results, estimates=(biased, landmark, dependent))
    row = index_row(JCOG1017, several)
    assert "Hazard ratio, B versus A (Cox, landmark at 12 months): 1.04" in row.result
    assert "; Hazard ratio, B versus A (Cox, time-dependent class): 0.91" in row.result
    assert "classes formed by later response (guarantee-time)" in row.picture.description
    assert "Biased: classes formed by later response" in assert_sound(render_index([row])).text
    assert index_row(JCOG1017, results).warning == ""


def test_events_are_those_of_all_participants_and_not_of_the_landmark(results):
    ratio = results.of("os", "hazard ratio")[0]
    landmark = replace(ratio, method="cox, landmark at 12 months", events_by_arm={"A": 3, "B": 4})
    whole = replace(ratio, role="biased", note="biased: guarantee-time", events_by_arm={"A": 30, "B": 40})
    assert index_row(JCOG1017, replace(results, estimates=(landmark, whole))).events == 70
