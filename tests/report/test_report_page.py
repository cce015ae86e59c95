"""The report of one trial."""

import re
from dataclasses import replace

import numpy as np
import pytest
from html_checks import Page, assert_sound

import made_up
from equipoise.analysis.results import CohortVerdict, Results
from equipoise.estimates import Estimate
from equipoise.figures import numbers
from equipoise.protocol import load, loads
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


def changhai_by_class(**changes):
    """Overall survival of two classes, with a landmark and a time-dependent comparison."""
    biased = {"role": "biased", "note": "biased: whoever reached this class had to live (guarantee-time bias)"}
    common = {"endpoint": "os", "origin": "diagnosis", "source": "rehearsal", "population": "registered"}
    ratio = common | {"measure": "hazard ratio", "unit": "ratio", "null_value": 1, "arm": "any other", "reference": "4"}
    ratio |= {"conf_low": 0.7, "conf_high": 1.4, "conf_level": 0.95}
    medians = [
        Estimate(
            **common | biased,
            measure="median",
            unit="month",
            value=40,
            arm=arm,
            n_by_arm={arm: n},
            events_by_arm={arm: events},
        )
        for arm, n, events in (("1", 170, 116), ("4", 193, 147))
    ]
    curves, flow = made_up.four_arms()
    estimates = (
        *medians,
        Estimate(**ratio | biased, method="cox, as written", value=0.69),
        Estimate(**ratio, method="cox, landmark at 12 months", value=1.04, events_by_arm={"4": 100, "any other": 92}),
        Estimate(**ratio, method="cox, time-dependent class", value=0.91),
    )
    named = tuple(replace(curve, arm=curve.arm.removeprefix("arm")) for curve in curves)
    return replace(Results("changhai", "1", "rehearsal", "2031-01-01", estimates, named, flow), **changes)


def test_deaths_at_the_top_are_those_of_the_population_analysed():
    text = assert_sound(render_report(load("changhai"), changhai_by_class())).text
    assert "263 Died" in text or "Died 263" in text
    assert "263 events were counted" in text
    without = assert_sound(render_report(load("changhai"), changhai_by_class(estimates=()))).text
    assert "Died after allocation" in without


def test_curves_of_classes_formed_later_carry_their_bias_in_text_and_picture():
    warning = "iased: classes formed by later response (guarantee-time)"
    html = render_report(load("changhai"), changhai_by_class())
    page = assert_sound(html)
    assert f"B{warning}." in page.text  # the caption
    assert html.split("<desc", 3)[3].split("</desc>")[0].count(warning) == 1
    assert page.text.count("only the landmark and the time-dependent comparisons are quoted here") == 1


def test_other_curves_carry_no_such_warning(page):
    assert "guarantee-time" not in page.text


def test_the_time_frame_of_the_source_is_told_from_what_is_analysed():
    text = assert_sound(render_report(load("changhai"), changhai_by_class())).text
    assert "time frame in the source: 60 months; all follow-up is analysed" in text


def test_an_incidence_names_its_event_and_not_a_survival():
    rng = np.random.default_rng(3)
    time, event = made_up.times(rng, 80, 40)
    curve = made_up.curve(
        "bcss", "surgery", "Surgery", time, event, kind="incidence", cause="Breast cancer-specific survival"
    )
    shares = Estimate(
        endpoint="bcss", measure="cumulative incidence", unit="probability", value=0.205, at=24, arm="surgery"
    )
    html = render_report(load("henan"), Results("henan", "1", "rehearsal", "2030-01-01", (shares,), (curve,)))
    text = assert_sound(html).text
    assert "Cumulative incidence of death (breast cancer) at 24 months" in text
    assert "Breast cancer-specific survival. Cumulative incidence of death (breast cancer), Aalen–Johansen" in text
    assert "Curves of Breast cancer-specific survival: cumulative incidence of death (breast cancer) by arm" in html


def test_a_cohort_rule_has_its_verdict_at_analysis_and_those_before():
    def text(*verdicts):
        found = Results("henan", "1", "rehearsal", "2030-01-01", (), cohort=verdicts)
        return assert_sound(render_report(load("henan"), found)).text

    def at(participants, verdict="fail", *, final=False):
        return CohortVerdict("C1", "2020-01-01", participants, verdict, final)

    assert "At analysis: met (252 participants) Before: not met at 23 and 24 participants" in text(
        at(23), at(24), at(252, "pass", final=True)
    )
    many = text(*(at(n) for n in range(18, 25)), at(252, "unknown", final=True))
    assert "Before: not met at 7 entries, the first at 18 and the last at 24 participants" in many
    assert "At analysis: not known to be met (252 participants)" in many
    assert "Before:" not in text(at(1, final=True))


def test_rules_as_written_fold_away_under_the_words():
    html = render_report(JCOG1017, made_up.jcog1017())
    assert "<details><summary>rule</summary><code>resection_margin = &#39;free&#39;</code></details>" in html
    definition = html.split('<p class="definition">Share of participants, among')[1].split("</p>")[0]
    assert "resection margin free of tumour" in definition
    assert "<code>" not in definition


def test_a_published_bound_of_p_stays_a_bound(page):
    assert "two-sided p < 0.0001" in page.text
    assert "p printed as" not in page.text


def test_a_published_share_without_its_time_does_not_stand_under_ours(results):
    ours = Estimate(endpoint="mets_free", measure="survival", unit="probability", value=0.683, at=12, arm="A")
    html = render_report(JCOG1017, replace(results, estimates=(*results.estimates, ours)))
    text = Page(html).text
    assert "Time without progression at metastatic sites Survival, time not stated A 68.3 % at 12 months 81.5 %" in text


def test_events_of_a_milestone_are_those_up_to_its_time(results):
    share = Estimate(
        endpoint="mets_free",
        measure="survival",
        unit="probability",
        value=0.683,
        at=12,
        arm="A",
        n_by_arm={"A": 205},
        events_by_arm={"A": 65},
    )
    text = Page(render_report(JCOG1017, replace(results, estimates=(share,)))).text
    assert "65 events by 12 months in 205" in text
    overall = replace(share, endpoint="os")
    assert "65 events in 205" in Page(render_report(JCOG1017, replace(results, estimates=(overall,)))).text


def test_commands_name_the_file_of_a_protocol_that_is_not_shipped(results):
    text = protocol_path("jcog1017").read_text(encoding="utf-8").replace("id: jcog1017", "id: mine")
    page = Page(render_report(loads(text, file="my trials/mine.yaml"), results, seed=7)).text
    assert "equipoise rehearse 'my trials/mine.yaml' --seed 7" in page
    assert f"equipoise verify ledger.jsonl --head {'9f' * 32} --trial 'my trials/mine.yaml'" in page
    changed = loads(protocol_path("jcog1017").read_text(encoding="utf-8") + "# changed\n", file="j.yaml")
    assert "equipoise rehearse j.yaml --seed 7" in Page(render_report(changed, results, seed=7)).text


def test_assumptions_are_called_by_labels():
    labels = {item.label for trial in shipped() for item in assumptions(load(trial))}
    assert not labels & {"Main", "Pfs", "Bcss", "Local pfs", "Distant pfs"}
    assert "Breast cancer-specific survival" in labels
    assert not [label for label in labels if label.endswith((";", "."))]
