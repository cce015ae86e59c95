"""The table of adverse events in the report."""

from __future__ import annotations

from dataclasses import replace

from html_checks import assert_sound

import made_up
from equipoise.analysis.results import SafetyArm, SafetyTable
from equipoise.protocol import load
from equipoise.report import render_report

COUNTED = "any_event grade_3_to_5 serious related related_grade_3_to_5 not_judged of_interest deaths fatal_events"
NOTHING = dict.fromkeys([*COUNTED.split(), "treatment_related_deaths", "events"], 0)
A = SafetyArm(arm="A", label="Systemic therapy alone", participants=205, **NOTHING)
B = replace(A, arm="B", label="Surgery", participants=202, any_event=101, grade_3_to_5=40, events=230)
RESULTS = made_up.jcog1017()
JCOG1017 = load("jcog1017")


def test_the_table_gives_numbers_and_percentages_of_those_allocated() -> None:
    safety = SafetyTable("4.0", (A, B), before_allocation=3)
    page = assert_sound(render_report(JCOG1017, replace(RESULTS, safety=safety, source="trial data")))
    text = page.text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Any adverse event 0 (0.0 %) 101 (50.0 %)" in " ".join(text.split())
    assert "Treatment-related death 0 (0.0 %) 0 (0.0 %)" in " ".join(text.split())
    assert "graded by CTCAE 4.0" in text
    assert "3 had an event before allocation" in text
    assert "Of special interest" not in text  # a row that is empty in every arm


def test_a_rehearsal_that_draws_no_events_shows_no_zeros_as_if_they_were_found() -> None:
    safety = SafetyTable("4.0", (A,), before_allocation=0)
    assert 'id="safety"' not in render_report(JCOG1017, replace(RESULTS, safety=safety))
    assert 'id="safety"' in render_report(JCOG1017, replace(RESULTS, safety=safety, source="trial data"))
