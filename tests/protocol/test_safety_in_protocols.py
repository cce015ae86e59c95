"""The sections on adverse events, advice and crossover: what is wrong is found with its line."""

from __future__ import annotations

import pytest

import equipoise
from equipoise.errors import ProtocolError
from equipoise.protocol import loads

TEXT = """\
id: safe
title: A trial that collects adverse events
versions: [{number: "1", summary: The first.}]
variables:
  age: {label: Age, type: integer, range: [0, 120]}
forms:
  screening: {label: Screening, variables: [age]}
eligibility:
  - {id: I1, kind: inclusion, at: randomisation, label: Grown up, rule: age >= 18}
interventions:
  drug: {label: Drug, kind: drug}
  surgery: {label: Surgery, kind: procedure}
arms:
  A: {label: Drug, interventions: [drug], reference: true}
  B: {label: Both, interventions: [drug, surgery]}
guidance:
  - id: dose
    label: Dose
    departure: minor
    rows:
      - {when: age >= 70, advise: Half the dose, departs: age >= 90}
pathway:
  - randomise: {list: main}
  - crossover: {arms: [A], intervention: surgery, event: operated, judged_by: surgeon, reasons: {bleeding: Bleeding}}
allocation:
  main: {method: simple, ratio: {A: 1, B: 1}}
events:
  death: {label: Death, kind: death, causes: [cancer, other]}
  operated: {label: Operated, kind: procedure}
endpoints:
  os: {label: Overall survival, param: OS, origin: randomisation, events: [death]}
adverse_events:
  ctcae: "5.0"
  collected:
    - {grades: [3, 5], from: randomisation, months: 12}
  terms_of_interest: [Sepsis, Bleeding]
  related_to: [drug]
  sae: {days: 1}
  susar: {urgent_days: 7, other_days: 15}
  deaths_apart: [cancer]
"""


def test_the_section_is_read_with_the_days_of_ich_where_none_are_given() -> None:
    section = loads(TEXT.replace("{urgent_days: 7, other_days: 15}", "{}"), file="safe.yaml").adverse_events
    assert section is not None
    assert section.susar is not None
    # ICH E2A III.B: 7 days if fatal or life-threatening, else 15
    assert (section.susar.urgent_days, section.susar.other_days) == (7, 15)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("related_to: [drug]", "related_to: [drugs]", "intervention 'drugs' is not defined"),
        ("deaths_apart: [cancer]", "deaths_apart: [cancre]", "cause of death 'cancre' is not defined"),
        ("from: randomisation, m", "from: randomization, m", "the step or date 'randomization' is not defined"),
        ("months: 12}", "until: age}", "the step or date 'age' is not defined"),
        ("grades: [3, 5]", "grades: [5, 3]", "the range ends below its start"),
        ("grades: [3, 5]", "grades: [3, 6]", "at most 5"),
        ("grades: [3, 5]", "grades: [0, 5]", "at least 1"),
        ('ctcae: "5.0"', 'ctcae: "five"', "has the wrong form"),
        ('ctcae: "5.0"', "ctcae: 5.0", "should be a text"),
        ("[Sepsis, Bleeding]", "[Sepsis, sepsis]", "'sepsis' stands twice"),
        ("sae: {days: 1}", "sae: {days: -1}", "at least 0"),
        ("  collected:\n    - {grades: [3, 5], from: randomisation, months: 12}", "  collected: []", "too few"),
        ("departs: age >= 90", "departs: aged >= 90", "'aged'"),
        ("departure: minor", "departure: grave", "'none', 'minor' or 'major'"),
        ("reasons: {bleeding: Bleeding}", "reasons: {}", "reasons needs at least one"),
    ],
)
def test_what_is_wrong_is_found_with_its_line(old: str, new: str, words: str) -> None:
    assert old in TEXT
    text = TEXT.replace(old, new)
    with pytest.raises(ProtocolError) as caught:
        loads(text, file="wrong.yaml")
    assert words in str(caught.value)
    line = text[: text.index(new)].count("\n") + 1
    assert caught.value.line in (line, line + 1)


def test_shipped_protocols_say_what_their_sources_leave_open_on_adverse_events() -> None:
    for name in ("jcog1017", "tehran"):
        section = equipoise.load(name).adverse_events
        assert section is not None
        assert section.assumed
        for part in (*section.collected, section.sae, section.susar):
            assert part is not None
            assert part.assumed or part.source
