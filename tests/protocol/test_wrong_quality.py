"""Errors in what keeps the data right: each names its line, what is wrong, and how to mend it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from equipoise.errors import ProtocolError
from equipoise.protocol import loads

sys.path.append(str(Path(__file__).parents[1] / "conduct"))

from small_quality import QUALITY

WINDOW = "window: {before: 14, after: 10}"
Q1 = "{id: Q1, form: screening, when: diagnosis_date > screening_date, message: Diagnosed after screening?}"
PARTIAL = "partial: {impute: middle, not_after: registration_date}"


def test_the_text_that_the_errors_are_made_of_is_right() -> None:
    loads(QUALITY, file="q.yaml")


@pytest.mark.parametrize(
    ("old", "new", "where", "message"),
    [
        (WINDOW, "window: {before: 50, after: 50}", WINDOW, "the windows of visits overlap: 101 days wide"),
        (WINDOW, "window: {before: -1, after: 5}", WINDOW, "before"),
        (Q1, Q1.replace("form: screening", "form: sceening"), "id: Q1", "form 'sceening' is not defined"),
        (Q1, Q1.replace("form: screening", "form: visit"), "id: Q1", "names no variable of the form 'visit'"),
        (Q1, Q1.replace("diagnosis_date >", "diagnose >"), "id: Q1", "diagnose"),
        (Q1, Q1.replace("> screening_date", "> 7"), "id: Q1", "queries"),
        (Q1, Q1.replace("Q1", "Q2"), "id: Q2, form: visit", "the id 'Q2' stands twice"),
        (", " + WINDOW, "", "  out_of_window:", "no visit has a window to be out of"),
        ("outside_arm: {severity: major", "outside_arm: {severity: huge", "  outside_arm:", "severity"),
        (PARTIAL, PARTIAL.replace("middle", "any"), "diagnosis_date: {label", "impute"),
        (PARTIAL, PARTIAL.replace("registration_date", "regist_date"), "diagnosis_date: {label", "is not defined"),
        (PARTIAL, PARTIAL.replace("registration_date", "age"), "diagnosis_date: {label", "no date that bounds"),
        (
            PARTIAL,
            PARTIAL.replace("registration_date", "diagnosis_date"),
            "diagnosis_date: {label",
            "no date that bounds",
        ),
        ("type: integer, unit: year", "type: integer, partial: {impute: first}", "  age:", "partial belongs to a date"),
        ("allowance_days: 30", "allowance_days: -3", "sweep:", "allowance_days"),
    ],
)
def test_an_error_names_its_line(old: str, new: str, where: str, message: str) -> None:
    assert old in QUALITY
    text = QUALITY.replace(old, new, 1)
    with pytest.raises(ProtocolError) as caught:
        loads(text, file="q.yaml")
    assert message in str(caught.value)
    marker = where if where in text else new
    line = next(number for number, content in enumerate(text.splitlines(), start=1) if marker in content)
    assert f"q.yaml:{line}:" in str(caught.value)


def test_a_per_protocol_analysis_needs_to_know_what_excludes_from_it() -> None:
    analyses = "analyses:\n  - {endpoint: os, population: per-protocol}\n"
    loads(QUALITY + analyses, file="q.yaml")
    start, end = QUALITY.index("deviations:\n"), QUALITY.index("sweep: {")
    text = QUALITY[:start] + QUALITY[end:] + analyses
    line = text[: text.index("  - {endpoint: os, population")].count("\n") + 1
    with pytest.raises(ProtocolError, match="who belongs to the per-protocol population is not said") as caught:
        loads(text, file="q.yaml")
    assert f"q.yaml:{line}:" in str(caught.value)
