"""The report of one trial."""

import re
from dataclasses import replace

import numpy as np
import pytest
from html_checks import Page, assert_sound

import made_up
from equipoise.analysis.results import Results
from equipoise.estimates import Estimate
from equipoise.figures import numbers
from equipoise.protocol import load
from equipoise.report import render_report
from equipoise.report.assumed import assumptions
from equipoise.trials import protocol_path, shipped

JCOG1017 = load("jcog1017")


@pytest.fixture(scope="module")
def results():
    return made_up.jcog1017()


@pytest.fixture(scope="module")
def page(results):
    return assert_sound(render_report(JCOG1017, results, seed=7, seconds=12.34, files=("ledger.jsonl",)))


@pytest.mark.parametrize("trial", shipped())
def test_every_shipped_trial_has_a_sound_page_even_without_results(trial):
    protocol = load(trial)
    found = assert_sound(render_report(protocol, Results(trial, protocol.version, "rehearsal", "2030-01-01", ())))
    assert " ".join(protocol.title.split()) in found.text


def test_the_same_input_gives_the_same_bytes(results):
    assert render_report(JCOG1017, results, seed=7) == render_report(JCOG1017, made_up.jcog1017(), seed=7)
    assert render_report(JCOG1017, results, seed=7) != render_report(JCOG1017, made_up.jcog1017(seed=2), seed=7)


def test_a_rehearsal_says_so_and_a_trial_does_not(results):
    assert "Rehearsal: synthetic participants" in render_report(JCOG1017, results)
    real = replace(results, source="trial data")
    assert "ynthetic" not in render_report(JCOG1017, real)
    assert "ehearsal" not in Page(render_report(JCOG1017, real, seed=None)).text


def test_the_brief_quotes_the_estimates(results, page):
    ratio = results.of("os", "hazard ratio")[0]
    assert (
        f"The hazard ratio of B versus A was {ratio.value:.2f} (90 % CI {ratio.conf_low:.2f}–{ratio.conf_high:.2f}"
        in page.text
    )
    medians = {item.arm: item.value for item in results.of("os", "median")}
    assert f"The median was {medians['A']:.0f} months (arm A) and {medians['B']:.0f} months (arm B)." in page.text
    assert "Of 570 registered, 407 were randomised to systemic therapy alone (arm A, n = 205)" in page.text
    assert "Median follow-up was 88 months (reverse Kaplan–Meier) and 58 months" in page.text


def test_every_estimate_stands_on_the_page(results, page):
    for item in results.estimates:
        shown = (
            item.note
            if item.value is None
            else numbers.quantity(item.value, item.unit, difference=item.null_value == 0)
        )
        assert shown.replace("\u00a0", " ") in page.text, item


def test_every_p_value_has_its_sides(results):
    ours = JCOG1017.model_copy(update={"reported": ()})  # notes of publications quote p-values as they are printed
    text = Page(render_report(ours, results)).text
    values = re.findall(r"(\S+) p [=<>] [\d.]+", text)
    assert len(values) > 10
    assert {word.lstrip("(") for word in values} == {"one-sided", "two-sided"}


def test_the_endpoints_have_their_curves_forest_and_flow(page):
    names = {svg["aria-labelledby"].split()[0].removesuffix("-title") for svg in page.all("svg")}
    for stem in ("flow", "curves-os-0", "curves-lrfs-0", "curves-dmfs-0", "forest-os-0"):
        assert {f"{stem}-wide", f"{stem}-narrow"} <= names


def test_events_and_participants_stand_beside_each_comparison(results, page):
    ratio = results.of("lrfs", "hazard ratio")[0]
    for arm in ("A", "B"):
        assert f"{arm}: {ratio.events_by_arm[arm]}/{ratio.n_by_arm[arm]}" in page.text


def test_delayed_entry_is_said_under_the_curves(results):
    late = tuple(replace(curve, at_risk=np.array([0, *curve.at_risk[1:]])) for curve in results.curves)
    assert "delayed entry" in render_report(JCOG1017, replace(results, curves=late))
    assert "delayed entry" not in render_report(JCOG1017, results)


def test_published_results_stand_beside_ours(results, page):
    ours = next(item for item in results.of("os", "median") if item.arm == "A")
    assert f"Overall survival Median A {ours.value:.1f} months" in page.text
    assert "0.86 90 % CI 0.69–1.07 one-sided p = 0.13 source document" in page.text
    assert "ASCO 2023 abstract 523" in page.text


@pytest.mark.parametrize("trial", shipped())
def test_every_assumption_of_the_file_is_on_the_page(trial):
    text = protocol_path(trial).read_text(encoding="utf-8")
    written = len(re.findall(r"(?<![\w#])assumed:", text))
    found = assumptions(load(trial))
    assert len(found) == written
    lines = text.splitlines()
    for item in found:
        assert item.line is not None
        assert "assumed" in lines[item.line - 1]
        assert item.label


def test_the_page_says_how_to_check_and_repeat_it(page):
    assert "equipoise verify ledger.jsonl --head " + "9f" * 32 in page.text
    assert "equipoise rehearse jcog1017 --seed 7" in page.text
    assert "12.3 seconds" in page.text
    assert "31 May 2022" in page.text


def test_a_hostile_protocol_stays_text(results):
    evil = "<script>alert('x')</script>"
    protocol = JCOG1017.model_copy(update={"title": evil, "summary": f"</style>{evil}", "acronym": '"><img src=x>'})
    arms = tuple(replace(arm, label=evil, left={evil: 3}) for arm in results.flow.arms)
    hostile = replace(
        results,
        flow=replace(results.flow, arms=arms),
        curves=tuple(replace(curve, label=evil) for curve in results.curves),
        estimates=(*results.estimates, Estimate(endpoint="os", measure=evil, method=evil, note=evil, arm="A")),
        head='"><b>',
    )
    html = render_report(protocol, hostile, seed=evil, files=(evil,), software=evil)
    found = assert_sound(html)
    assert "<script" not in html
    assert evil in found.text
    assert found.all("b") == []


def test_missing_values_are_said(results):
    unreached = {"value": None, "conf_low": None, "conf_high": None, "note": "not reached"}
    changed = (replace(item, **unreached) if item.measure == "median" else item for item in results.estimates)
    short = replace(results, estimates=tuple(changed))
    assert assert_sound(render_report(JCOG1017, short)).text.count("not reached") > 4


def test_an_estimate_of_an_unknown_endpoint_and_kind_is_shown(results):
    odd = Estimate(
        endpoint="later", measure="restricted mean", unit="day", value=1234.5, arm="C", note="of another arm"
    )
    found = assert_sound(render_report(JCOG1017, replace(results, estimates=(*results.estimates, odd))))
    assert "Restricted mean 1,234.5 days" in found.text
    assert "another arm" in found.text


def test_without_a_flow_or_curves_the_page_is_sound(results):
    found = assert_sound(render_report(JCOG1017, replace(results, flow=None, curves=(), head="")))
    assert "verify" not in found.text


def test_four_arms_and_three_steps_are_drawn():
    changhai = load("changhai")
    curves, flow = made_up.four_arms()
    found = Results("changhai", "1", "rehearsal", "2031-01-01", (), curves, flow)
    text = assert_sound(render_report(changhai, found)).text
    assert "Assigned to arm4" in text
    assert "440 were assigned to" in text
