"""Rules of response, events that assessments find, and staging: what is wrong is told at its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from equipoise.assessment import BestRule, Progression, Recist
from equipoise.errors import ProtocolError
from equipoise.protocol import Protocol, loads
from equipoise.protocol.model.response import ResponseCriteria

TEXT = (Path(__file__).parents[1] / "data" / "protocol" / "exemplar.yaml").read_text(encoding="utf-8")
RESPONSE = TEXT[TEXT.index("\nresponse:") : TEXT.index("\npathway:")]


def with_response(*lines: str) -> str:
    return TEXT.replace(RESPONSE, "\n".join(("\nresponse:", *(f"  {line}" for line in lines), "")))


def load(*lines: str) -> Protocol:
    return loads(with_response(*lines), file="exemplar.yaml")


BOTH = "compartments: [primary, metastatic]"


def test_what_a_protocol_does_not_say_is_as_in_recist() -> None:
    response = load(BOTH, "recorded: lesions").response
    assert response is not None
    assert response.recist == Recist()
    assert response.reading == "local"


def test_every_field_reaches_the_criteria() -> None:
    response = load(
        BOTH,
        "recorded: lesions",
        'reading: "central, else local"',
        "progression_increase: 0.25",
        "progression_at_least_mm: 3",
        "partial_decrease: 0.4",
        "measurable_mm: 12",
        "node_target_mm: 16",
        "node_normal_mm: 8",
        "too_small_mm: 4",
        "max_targets: 7",
        "max_per_organ: 3",
        "reappearance: sum",
        "after_resection: not evaluable",
        "overall: compartments",
        "minimum_stable_weeks: 8",
        "confirmation: true",
        "confirm_days: 35",
        "max_not_evaluable: 2",
        "accept_stable: true",
        "missing_as_ne: true",
        "after_complete: partial",
    ).response
    assert response is not None
    assert response.recist == Recist(
        progression=Progression("0.25", 3),
        decrease="0.4",
        measurable_mm=12,
        node_target_mm=16,
        node_normal_mm=8,
        too_small_mm=4,
        max_targets=7,
        max_per_organ=3,
        reappearance="sum",
        after_resection="not evaluable",
        overall="compartments",
        best=BestRule(
            confirmation=True,
            confirm_days=35,
            minimum_stable_days=56,
            max_not_evaluable=2,
            accept_stable=True,
            missing_as_ne=True,
            after_complete="partial",
        ),
    )


def test_the_compartment_follows_from_the_site() -> None:
    response = load(BOTH, "recorded: lesions").response
    assert response is not None
    assert [response.compartment(site) for site in ("Breast", "axillary", "contralateral axillary", "liver")] == [
        "primary", "primary", "metastatic", "metastatic",
    ]  # fmt: skip  # short items of one kind share a line
    other = load(BOTH, "primary_sites: [Colon]").response
    assert other is not None
    assert [other.compartment(site) for site in ("colon", "breast")] == ["primary", "metastatic"]
    single = ResponseCriteria(compartments=("primary",))
    assert single.compartment("liver") == "primary"


@pytest.mark.parametrize(
    ("lines", "at", "what"),
    [
        ((BOTH, "reading: remote"), 2, "response.reading: should be 'local', 'central', 'central, else local'"),
        ((BOTH, "recorded: scans"), 2, "response.recorded: should be 'response' or 'lesions'"),
        ((BOTH, "progression_at_least_mm: -1"), 2, "response.progression_at_least_mm: "),
        ((BOTH, "progression_increase: 0"), 0, "progression at an increase of 0.0; give a share above 0"),
        ((BOTH, "node_target_mm: 9"), 0, "a target node must not be smaller than a normal one"),
        ((BOTH, "max_targets: 1"), 0, "2 targets an organ of 1 in all"),
        ((BOTH, "max_targets: 0"), 2, "response.max_targets: "),
        ((BOTH, "too_small_mm: 0.0001"), 2, "a diameter of 0.0001 mm is finer than 0.001 mm"),
        ((BOTH, "recorded: lesions", "criteria: investigator"), 2, "lesions are judged by recist-1.1"),
        (("compartments: [liver, bone]", "recorded: lesions"), 1, "does not follow from its site"),
        (("compartments: [metastatic]", "recorded: lesions", "primary_sites: [colon]"), 3, "no compartment 'primary'"),
        ((BOTH, "criteria: investigator", "max_targets: 3"), 3, "'max_targets' judges lesions"),
        (("compartments: [primary, overall]",), 1, "'overall' is taken already"),
    ],
)
def test_rules_that_cannot_be_are_told_at_their_line(lines: tuple[str, ...], at: int, what: str) -> None:
    text = with_response(*lines)
    section = text[: text.index("\nresponse:")].count("\n") + 2
    with pytest.raises(ProtocolError) as caught:
        loads(text, file="exemplar.yaml")
    assert what in str(caught.value)
    assert f"exemplar.yaml:{section + at}: " in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("kind: progression, site: local}", "kind: progression, site: local, assessed: liver}", "compartment 'liver'"),
        ("  death:\n", "  death:\n    assessed: overall\n", "assessments find a progression, and not a death"),
        ("resection: {label:", "resection: {resects: liver, label:", "the compartment 'liver' is not defined"),
        ("systemic: {label:", "systemic: {resects: primary, label:", "a drug takes no lesion out"),
        ("\npathway:", "\nstaging: {induction: {}}\n\npathway:", "a step is named 'induction' too"),
        ("\npathway:", "\nstaging: {tnm: {prefixes: [q]}}\n\npathway:", "staging.tnm.prefixes"),
    ],
)
def test_what_assessments_find_and_stagings_declare_is_checked_at_its_line(old: str, new: str, what: str) -> None:
    assert TEXT.count(old) >= 1
    text = TEXT.replace(old, new, 1)
    line = next(i for i, (a, b) in enumerate(zip(TEXT.splitlines(), text.splitlines(), strict=False), 1) if a != b)
    with pytest.raises(ProtocolError) as caught:
        loads(text, file="exemplar.yaml")
    assert what in str(caught.value)
    assert f"exemplar.yaml:{line}: " in str(caught.value)


def test_an_assessment_has_the_trials_rule_but_for_what_it_sets() -> None:
    response = load(BOTH, "recorded: lesions", "progression_at_least_mm: 4").response
    assert response is not None
    assert response.progression(0.1) == Progression("0.1", 4)
    assert response.progression(None, 0) == Progression("0.2", 0)
