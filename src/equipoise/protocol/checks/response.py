"""How response is judged, which progressions the assessments find, and what a staging declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from equipoise.assessment import OVERALL
from equipoise.assessment.lengths import micrometres
from equipoise.errors import EquipoiseError
from equipoise.protocol.checks.report import fail, require
from equipoise.protocol.model.pathway import Assess

if TYPE_CHECKING:
    from equipoise.protocol.checks.conduct import Placed
    from equipoise.protocol.model.response import ResponseCriteria
    from equipoise.protocol.model.trial import Protocol

_LENGTHS = ("progression_at_least_mm", "measurable_mm", "node_target_mm", "node_normal_mm", "too_small_mm")
_OF_LESIONS = (
    "progression_increase",
    "progression_at_least_mm",
    "partial_decrease",
    "measurable_mm",
    "node_target_mm",
    "node_normal_mm",
    "too_small_mm",
    "max_targets",
    "max_per_organ",
    "reappearance",
    "after_resection",
    "overall",
    "primary_sites",
)
"""Fields that only lesions are judged by."""


def check_response_rules(protocol: Protocol, steps: Placed) -> None:
    """Check that the rules of response agree with each other and with what is recorded."""
    if protocol.response is not None:
        _check_criteria(protocol, protocol.response)
    for path, step in steps:
        if isinstance(step, Assess) and protocol.response is not None:
            try:
                protocol.response.progression(step.progression_increase, step.progression_at_least_mm)
            except EquipoiseError as error:
                fail(protocol, path, str(error), "correct progression_increase or progression_at_least_mm")
    _check_staging(protocol)
    _check_resected(protocol)
    _check_assessed(protocol)


def _check_staging(protocol: Protocol) -> None:
    steps_named = {getattr(step, "name", None) or getattr(step, "id", None) for step in protocol.steps}
    for name in protocol.staging:
        if name in steps_named | {"screening"}:
            fail(protocol, ("staging", name), f"a step is named '{name}' too", "give the staging a name of its own")


def _check_resected(protocol: Protocol) -> None:
    parts = protocol.response.compartments if protocol.response is not None else ()
    for name, item in protocol.interventions.items():
        if item.resects is not None:
            at = ("interventions", name, "resects")
            if item.kind != "procedure":
                fail(protocol, at, f"a {item.kind} takes no lesion out", "take it out, or make it a procedure")
            require(protocol, at, item.resects, parts, "the compartment", "response")


def _check_assessed(protocol: Protocol) -> None:
    for name, event in protocol.events.items():
        if event.assessed is None:
            continue
        at = ("events", name, "assessed")
        if event.kind != "progression":
            fail(protocol, at, f"assessments find a progression, and not a {event.kind}", "take it out")
        if protocol.response is None:
            fail(protocol, at, "there is no assessment of response to find it", "add a response section")
        require(protocol, at, event.assessed, {OVERALL, *protocol.response.compartments}, "the compartment", "response")


def _check_criteria(protocol: Protocol, response: ResponseCriteria) -> None:
    for name in _LENGTHS:
        try:
            micrometres(getattr(response, name))
        except EquipoiseError as error:
            fail(protocol, ("response", name), str(error), "give millimetres with at most three decimals")
    try:
        _ = response.recist
    except EquipoiseError as error:
        fail(protocol, ("response",), str(error), "correct the numbers of this section")
    if response.recorded == "lesions":
        if response.criteria != "recist-1.1":
            what = f"lesions are judged by recist-1.1, and the criteria are '{response.criteria}'"
            fail(protocol, ("response", "recorded"), what, "record the response, or judge by recist-1.1")
        if not response.sorts_by_site:
            what = f"which lesion belongs to {' or '.join(response.compartments)} does not follow from its site"
            mend = "name the compartments primary and metastatic, or give a single one"
            fail(protocol, ("response", "compartments"), what, mend)
        if "primary" not in response.compartments and response.primary_sites:
            fail(protocol, ("response", "primary_sites"), "there is no compartment 'primary'", "take it out")
        return
    if response.criteria == "investigator":
        given = next((name for name in _OF_LESIONS if name in response.model_fields_set), None)
        if given is not None:
            what = f"'{given}' judges lesions, and the investigator's response is recorded"
            fail(protocol, ("response", given), what, "take it out")
