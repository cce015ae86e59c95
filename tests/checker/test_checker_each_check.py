"""Each check fires on a protocol with one edit, and is silent on the protocol without what it finds."""

from __future__ import annotations

from datetime import date

import pytest
from edited_protocols import edited, found_in, of

from equipoise import trials
from equipoise.checker import findings

_HENAN_DISTANT = """    events: [death, local_recurrence, local_progression, distant_progression]
    censor: last_assessment
    horizon_months: 24
    text: >-
      distant PFS"""

FIRES = [
    ("jcog1017", "text: randomly assigned 1:1\n", "text: randomly assigned 1:2\n", "text-not-in-document", "error"),
    (
        "jcog1017",
        "source: 003_41a07ba6caf5d74e.txt\nsummary",
        "source: mine.txt\nsummary",
        "document-not-shipped",
        "note",
    ),
    ("jcog1017", "rule: age >= 20", "rule: age >= 20 AND age < 19", "criterion-never-passed", "error"),
    ("jcog1017", "rule: measurable_metastases >= 1", "rule: age < 20", "criteria-contradict", "error"),
    ("jcog1017", "rule: age >= 20", "rule: 20 < age", "age-limit-strict", "warning"),
    (
        "jcog1017",
        "origin: randomisation\n    events: [death]\n",
        "origin: registration\n    events: [death]\n",
        "origin-before-allocation",
        "warning",
    ),
    (
        "jcog1017",
        "origin: randomisation\n    events: [death]\n",
        "origin: registration\n    events: [death]\n",
        "origins-differ",
        "warning",
    ),
    ("jcog1017", "events: [death, local_progression]", "events: [death]", "endpoints-same-events", "warning"),
    (
        "jcog1017",
        "events: [death, local_progression]",
        "events_by_arm: {A: [death], B: [death, local_progression]}",
        "events-differ-by-arm",
        "warning",
    ),
    ("jcog1017", "  power: 0.8\n", "", "design-incomplete", "warning"),
    (
        "jcog1017",
        "  participants: 410\n  events: 359\n",
        "  participants: 410\n  events: 300\n",
        "design-events",
        "warning",
    ),
    ("jcog1017", "  participants: 410\n", "  participants: 300\n", "design-too-few", "warning"),
    ("jcog1017", "  participants: 410\n", "  participants: 300\n", "enrolment-against-design", "warning"),
    ("jcog1017", "  participants: 410\n", "  participants: 600\n", "design-conservative", "note"),
    ("jcog1017", "conf_level: 0.90\n    sides: 1", "conf_level: 0.95\n    sides: 1", "level-against-alpha", "warning"),
    ("jcog1017", "  - {endpoint: margins}\n", "", "endpoint-not-analysed", "note"),
    ("jcog1017", "enrolled: 570", "enrolled: 0", "results-without-participants", "error"),
    ("jcog1017", "status: Published", "status: Withdrawn", "withdrawn-with-participants", "error"),
    ("jcog1017", "  completion: 2022-05-31", "  completion: 2010-05-31", "dates-order", "error"),
    ("jcog1017", "  completion: 2022-05-31", "  completion: 2018-05-31", "window-too-short", "warning"),
    (
        "jcog1017",
        "status: Published",
        "status: Published\n  allocation: Non-Randomized",
        "allocation-contradiction",
        "error",
    ),
    ("jcog1017", "status: Published", "status: Published\n  sex: Female", "sex-not-enforced", "warning"),
    ("jcog1017", "status: Published", "status: Published\n  minimum_age: 18 Years", "age-not-enforced", "warning"),
    ("jcog1017", "status: Published", "status: Published\n  duration_months: 120", "duration-against-dates", "warning"),
    (
        "changhai",
        "landmark_months: 12\n    time_dependent: true\n    assumed",
        "landmark_months: 12\n    assumed",
        "guarantee-time-unguarded",
        "error",
    ),
    ("changhai", "last_update: 2022-07-19", "last_update: 2032-07-19", "status-past-completion", "warning"),
    ("changhai", "maximum_age: 75 Years", "maximum_age: 70 Years", "age-not-enforced", "warning"),
    ("changhai", "  duration_months: 105\n", "  duration_months: 90\n", "duration-against-dates", "warning"),
    (
        "changhai",
        'unit: arm, text: "362 4 105"',
        'unit: arm, inputs: {a: 1}, text: "362 5 105"',
        "text-not-in-document",
        "error",
    ),
]

MENDED = [
    ("tehran", "t_stage = 'T4' AND NOT t4_resectable", "t_stage = 'T3' AND NOT t4_resectable", "exclusion-redundant"),
    (
        "henan",
        "rule: \"induction_metastatic = 'PD'\"",
        "rule: bilateral AND pregnancy = 'pregnant'",
        "exclusion-redundant",
    ),
    (
        "breclim2",
        "rule: \"liver_response = 'PD' OR skeletal_response = 'PD' OR progression_elsewhere\"",
        "rule: progression_elsewhere",
        "exclusion-partly-redundant",
    ),
    ("breclim2", "rule: age > 18", "rule: age >= 18", "age-limit-strict"),
    ("jcog1017", "judgement: investigator", "rule: informed_consent", "judgement-only"),
    (
        "jcog1017",
        "{label: Date of diagnosis, type: date}",
        "{label: Date of diagnosis, type: date, adam: DIAGDT}",
        "variable-unused",
    ),
    ("henan", "origin: diagnosis\n", "origin: randomisation\n", "origin-before-allocation"),
    ("henan", "origin: diagnosis\n", "origin: randomisation\n", "origins-differ"),
    (
        "henan",
        _HENAN_DISTANT,
        _HENAN_DISTANT.replace("local_recurrence, local_progression, ", ""),
        "endpoints-same-events",
    ),
    (
        "henan",
        "events_by_arm: {surgery: [local_recurrence], systemic: [local_progression]}",
        "events: [local_recurrence, local_progression]",
        "events-differ-by-arm",
    ),
    (
        "henan",
        "horizon_months: 24\n    text:\n      - OSup",
        "horizon_months: 36\n    text:\n      - OSup",
        "horizon-before-median",
    ),
    ("henan", "    text: pregnancy;\n    by:", "    by:", "exclusion-and-withdrawal"),
    ("henan", "enrolment: Not specified", "enrolment: 248", "enrolment-not-specified"),
    (
        "changhai",
        "      - Distant disease free survival (D-DFS), which",
        "      - Survival, which",
        "endpoint-two-names",
    ),
    (
        "changhai",
        'horizon_months: 60\n    text:\n      - "Overall',
        'horizon_months: 100\n    text:\n      - "Overall',
        "horizon-short",
    ),
    ("changhai", "last_update: 2022-07-19", "last_update: 2022-08-19", "start-after-update"),
    (
        "changhai",
        "  status: Not yet recruiting\n",
        "  status: Not yet recruiting\n  conditions: [Breast cancer]\n  locations: [Shanghai]\n",
        "registry-fields-missing",
    ),
    ("breclim2", "horizon_months: 36", "horizon_months: 60", "time-frame-twice"),
    ("breclim2", "  power: 0.8\n", "  power: 0.8\n  hazard_ratio: 0.6\n", "sample-size-not-derived"),
    (
        "breclim2",
        'locations: ["Umeå University Hospital, Umeå, Sweden"]',
        "locations: [Umeå, Uppsala]",
        "one-site-multicentre",
    ),
    ("tehran", "unit: events per person-2 years", "unit: events per 100 person-years", "claim-unit"),
    ("tehran", "  participants: 236\n", "  participants: 160\n", "design-conservative"),
    ("tehran", "  hazard_ratio: 0.5\n", "  hazard_ratio: 0.65\n", "effect-beyond-cited"),
    ("tehran", "      - with the minimization factors as covariables\n", "", "allocation-method-unsaid"),
    ("tehran", "      - Patients who are randomized to upfront surgery of the breast tumor\n", "", "arm-order"),
    ("tehran", "completion: 2021-12-20", "completion: 2025-11-20", "window-too-short"),
    (
        "jcog1017",
        "strata: none\n    conf_level: 0.90",
        "strata: allocation\n    conf_level: 0.90",
        "allocation-factors-left-out",
    ),
    ("jcog1017", "  control_median: 20\n", "  control_median: 60\n", "control-lived-longer"),
]


@pytest.mark.parametrize(("trial", "old", "new", "name", "severity"), FIRES, ids=[f"{c[0]}-{c[3]}" for c in FIRES])
def test_a_check_fires_on_the_edit_that_it_is_for(trial: str, old: str, new: str, name: str, severity: str) -> None:
    assert of(name, found_in(trial)) == []
    found = of(name, found_in(trial, (old, new)))
    assert [item.severity for item in found] == [severity]


@pytest.mark.parametrize(("trial", "old", "new", "name"), MENDED, ids=[f"{c[0]}-{c[3]}" for c in MENDED])
def test_a_check_is_silent_once_the_protocol_is_mended(trial: str, old: str, new: str, name: str) -> None:
    assert of(name, found_in(trial)) != []
    assert of(name, found_in(trial, (old, new))) == []


def test_a_protocol_without_a_design_is_told_so() -> None:
    found = findings(edited("jcog1017").model_copy(update={"design": None}))
    assert [item.where for item in of("design-missing", found)] == ["protocol"]


def test_a_primary_endpoint_in_no_analysis_is_an_error() -> None:
    protocol = edited("jcog1017")
    found = of("primary-not-analysed", findings(protocol.model_copy(update={"analyses": protocol.analyses[1:]})))
    assert [(item.severity, item.where) for item in found] == [("error", "endpoints.os")]


def test_a_criterion_that_a_person_judges_needs_no_threshold() -> None:
    protocol = edited("changhai")
    kept = [item for item in protocol.eligibility if item.id != "I3"]
    asked = next(item for item in protocol.eligibility if item.id == "I3")
    judged = asked.model_copy(update={"rule": None, "judgement": "investigator"})
    found = findings(protocol.model_copy(update={"eligibility": (*kept, judged)}))
    assert of("threshold-not-in-text", found) == []


def test_the_status_is_held_against_a_day_that_is_given() -> None:
    # the record carries no date of its own, and completion was due on 2021-12-20
    protocol = edited("tehran")
    assert of("status-past-completion", findings(protocol)) == []
    assert of("status-past-completion", findings(protocol, today=date(2021, 12, 20))) == []
    (late,) = of("status-past-completion", findings(protocol, today=date(2021, 12, 21)))
    assert "2021-12-20" in late.what


def _patched(monkeypatch: pytest.MonkeyPatch, trial: str, old: str, new: str) -> None:
    protocol = edited(trial)
    assert protocol.document is not None
    text = trials.document(protocol.document)
    assert text is not None
    assert text.count(old) == 1
    monkeypatch.setattr(trials, "document", {protocol.document: text.replace(old, new)}.get)


@pytest.mark.parametrize(
    ("trial", "old", "new", "name"),
    [
        ("tehran", "Interim analysis ;", "Interim analysis ; none is planned.", "section-empty"),
        ("tehran", "\nContact\n", "\nContact\nProfessor A\n", None),
        (
            "jcog1017",
            "or those with single-organ metastasis. LRFS",
            "single-organ (p for interaction 0.04). LRFS",
            "subgroup-without-interaction",
        ),
        (
            "breclim2",
            "Secondary Outcome Measures\nNameTimeMethod",
            "Secondary Outcome Measures\nNameTimeMethod\nSurvival",
            "section-empty",
        ),
        ("henan", "Exclusion Criteria\n", "Exclusion Criteria\nnone\nWithdrawal\n", "withdrawal-in-exclusions"),
        ("henan", "Inclusion Criteria\n", "The cohort\n", "cohort-rule-in-criteria"),
    ],
)
def test_what_the_document_says_decides(
    monkeypatch: pytest.MonkeyPatch, trial: str, old: str, new: str, name: str | None
) -> None:
    before = found_in(trial)
    _patched(monkeypatch, trial, old, new)
    after = findings(edited(trial))
    if name is None:
        (page,) = of("page-section-empty", after)
        assert "Contact" not in page.what
    else:
        assert of(name, before) != []
        assert of(name, after) == []


def test_a_quote_of_the_document_may_break_its_lines_otherwise() -> None:
    found = found_in(
        "jcog1017",
        (
            "text: The primary endpoint was overall survival (OS)",
            "text: >-\n      The primary endpoint\n      was overall survival (OS)",
        ),
    )
    assert of("text-not-in-document", found) == []


def test_intervals_of_one_level_are_not_called_mixed() -> None:
    same = [
        (f"conf_high: {high}, conf_level: 0.95", f"conf_high: {high}, conf_level: 0.90") for high in ("0.527", "0.53")
    ]
    assert of("conf-levels-mixed", found_in("jcog1017")) != []
    assert of("conf-levels-mixed", found_in("jcog1017", *same)) == []


def test_an_endpoint_sized_and_analysed_as_what_it_is_is_not_called_a_mismatch() -> None:
    label = "    label: Overall survival\n    param: OS\n"
    changes = (("  primary: survival_2y", "  primary: os"), (label, label + "    role: primary\n"))
    assert of("endpoint-sizing-analysis", found_in("tehran")) != []
    assert of("endpoint-sizing-analysis", found_in("tehran", *changes)) == []
