"""Synthetic lesions: what is judged of them is the response that was drawn."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import equipoise as eq
from equipoise.assessment import Baseline, Finding, Lesion, NewLesion, Resection, Visit, judge
from equipoise.protocol import loads
from equipoise.protocol.model.response import ResponseCriteria
from equipoise.rehearsal.draws import Draws
from equipoise.rehearsal.lesions import Lesions
from equipoise.trials import protocol_path

RULES = ResponseCriteria(compartments=("primary", "metastatic"), recorded="lesions")
DAY = date(2024, 1, 1)
PARTS = ("primary", "metastatic")


def finding(lesion: str, text: str) -> Finding:
    return Finding.absent(lesion) if text == "absent" else Finding.measured(lesion, text)


def possible(wanted: str, before: list[str], *, gone: bool) -> str | None:
    """The response that RECIST 1.1 gives where one is wanted; None where it depends on sizes."""
    if wanted == "PD":
        return "PD"
    if gone:
        return None  # what stood before the resection stands, or a recurrence
    if wanted == "CR":
        return "CR"
    if "CR" in before:
        return "PD"  # disease after a complete response
    since = before[len(before) - before[::-1].index("PD") :] if "PD" in before else before
    if wanted == "SD" and "PR" in before:
        return "PR" if "PR" in since else None  # kept until progression; after it, as small as before is PR again
    return wanted


@settings(max_examples=300)
@given(
    turns=st.lists(
        st.fixed_dictionaries(dict.fromkeys(PARTS, st.sampled_from(["CR", "PR", "SD", "PD"]))), min_size=1, max_size=6
    ),
    operated=st.none() | st.tuples(st.integers(0, 5), st.sampled_from(PARTS)),
    participant=st.integers(1, 500),
)
def test_the_response_that_is_wanted_is_the_one_that_is_judged(
    turns: list[dict[str, str]], operated: tuple[int, str] | None, participant: int
) -> None:
    lesions = Lesions(RULES, Draws(1, participant))
    described = lesions.described()
    baseline = Baseline(
        DAY,
        tuple(Lesion(item.id, item.site) for item in described),
        tuple(Finding.measured(item.id, item.found or "") for item in described),
    )
    visits, gone, before = [], [], {part: [] for part in PARTS}
    for turn, wanted in enumerate(turns):
        on = DAY + timedelta(days=90 * (turn + 1))
        findings, new = lesions.found(wanted)
        seen = tuple(NewLesion(name, site) for name, site in new.items())
        visits.append(Visit(on, tuple(finding(k, v) for k, v in findings.items()), seen))
        judged = judge(baseline, visits, resections=gone, criteria=RULES.recist).assessments[-1]
        removed = {part for item in gone for part in PARTS if operated is not None and part == operated[1]}
        for part in PARTS:
            response = judged.parts[part].response
            expected = possible(wanted[part], before[part], gone=part in removed)
            assert expected in (None, response), (wanted, judged.parts[part].why)
            before[part].append(response)
        if "PD" in wanted.values():
            assert judged.overall.response == "PD"
        if operated is not None and operated[0] == turn:
            gone.append(Resection(on, lesions.of(operated[1])))
            lesions.resected(operated[1])


def responses_of(text: str) -> dict[tuple[str | None, str], Any]:
    """The responses at the assessments of the pathway, by participant and day."""
    rehearsal = eq.rehearse(loads(text, file="x.yaml"), seed=3)
    return {
        (entry.participant, str(entry.data["on"])): entry.data["responses"]
        for entry in rehearsal.journal
        if entry.kind == "assess" and entry.data["name"] != "follow_up"
    }


@pytest.mark.parametrize("trial", ["jcog1017"])
def test_a_trial_that_records_lesions_has_the_responses_of_one_that_records_responses(trial: str) -> None:
    text = protocol_path(trial).read_text(encoding="utf-8")
    whole = "accrual: {start: 2011-05-05, end: 2018-05-31, participants: 570"
    short = text.replace(whole, "accrual: {start: 2011-05-05, end: 2012-05-31, participants: 80")
    assert short != text
    plain = short.replace("  recorded: lesions\n", "")
    assert plain != short
    by_lesions, typed = responses_of(short), responses_of(plain)
    assert len(typed) > 60
    assert by_lesions == typed


def test_progressions_that_assessments_find_are_the_ones_that_would_be_entered() -> None:
    text = protocol_path("jcog1017").read_text(encoding="utf-8").replace("participants: 570", "participants: 60")
    found = text.replace("site: local}", "site: local, assessed: primary}")
    found = found.replace("site: distant}", "site: distant, assessed: metastatic}")
    assert found.count("assessed: ") == 2
    events = []
    for each in (text, found):
        rehearsal = eq.rehearse(loads(each, file="x.yaml"), seed=3)
        events.append(
            {
                (state.number, item.event, item.on)
                for state in rehearsal.participants.values()
                for item in state.events
                if item.kind == "progression" and state.arm is not None
            }
        )
    assert len(events[0]) > 20
    assert events[0] == events[1]
