"""Lesions and findings as they stand in a command and in an entry, and as `assessment` takes them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from equipoise.assessment import Assessment as Judged
from equipoise.assessment import Baseline, Finding, Judgement, Lesion, NewLesion, Visit
from equipoise.conduct.commands import Described
from equipoise.errors import DataError
from equipoise.ledger import Json
from equipoise.protocol import Protocol
from equipoise.protocol.model.pathway import Assess
from equipoise.protocol.model.response import ResponseCriteria
from equipoise.protocol.wording import clipped

METHODS = ("CT", "MRI", "caliper", "chest X-ray")
_STATES = ("absent", "too small", "merged", "present", "worse", "not evaluated")
_MM = re.compile(r"[0-9]{1,4}(\.[0-9]{1,3})?")


def finding_of(lesion: str, text: str) -> Finding:
    """A finding from its text.

    Raises:
        DataError: neither a state nor diameters.
    """
    if text in _STATES:
        return Finding(lesion, text)  # type: ignore[arg-type]  # one of the states
    pieces = [piece.strip(" ") for piece in text.split("+")]
    if not all(_MM.fullmatch(piece) for piece in pieces):
        states = ", ".join(_STATES)
        raise DataError(f"{clipped(lesion)}: '{clipped(text)}' is no finding (a diameter in mm, or {states})")
    return Finding.measured(lesion, *pieces)


def described_json(lesion: Described) -> dict[str, Json]:
    """A lesion of baseline for the ledger; what does not apply is left out."""
    found: dict[str, Json] = {
        "id": lesion.id, "site": lesion.site, "role": lesion.role, "node": lesion.node, "found": lesion.found,
        "method": lesion.method, "slice_mm": lesion.slice_mm, "not_measurable": lesion.not_measurable or None,
    }  # fmt: skip  # short items of one kind share a line
    return {name: value for name, value in found.items() if value is not None}


def baseline_of(response: ResponseCriteria, on: date, lesions: Iterable[Mapping[str, Any]]) -> Baseline:
    """A baseline from its entry.

    Raises:
        DataError: what is recorded of a lesion cannot be.
    """
    listed = list(lesions)
    for item in listed:
        if item.get("method", "CT") not in METHODS:
            raise DataError(f"{item['id']}: '{clipped(item['method'])}' is no method (one of {', '.join(METHODS)})")
        if "slice_mm" in item and not _MM.fullmatch(item["slice_mm"]):
            raise DataError(f"{item['id']}: '{clipped(item['slice_mm'])}' is no thickness of slices in mm")
    return Baseline(
        on,
        tuple(
            Lesion(
                item["id"],
                item["site"],
                role=item.get("role", "target"),
                node=item.get("node", False),
                compartment=response.compartment(item["site"]),
                method=item.get("method", "CT"),
                slice_mm=item.get("slice_mm"),
                not_measurable_because=item.get("not_measurable", ""),
            )
            for item in listed
        ),
        tuple(finding_of(item["id"], item["found"]) for item in listed if "found" in item),
    )


def seen_of(protocol: Protocol, name: str, on: date, data: Mapping[str, Any]) -> Visit:
    """What was seen at an assessment, from its entry; `progression` is the assessment's own rule if it has one.

    Raises:
        DataError: what is recorded cannot be.
    """
    response = protocol.response
    assert response is not None
    new = [
        NewLesion(lesion, site, unequivocal=sure, compartment=response.compartment(site))
        for sites, sure in ((data.get("new", {}), True), (data.get("doubtful", {}), False))
        for lesion, site in sorted(sites.items())
    ]
    if twice := sorted(set(data.get("new", {})) & set(data.get("doubtful", {}))):
        raise DataError(f"new lesion {', '.join(map(clipped, twice))} is both beyond doubt and doubtful; give one")
    own = next(
        (step for step in protocol.steps if isinstance(step, Assess) and step.name == name and _has_a_rule(step)), None
    )
    return Visit(
        on,
        tuple(finding_of(lesion, text) for lesion, text in sorted(data["findings"].items())),
        tuple(new),
        data.get("markers_normal"),
        None if own is None else response.progression(own.progression_increase, own.progression_at_least_mm),
    )


def _has_a_rule(step: Assess) -> bool:
    return step.progression_increase is not None or step.progression_at_least_mm is not None


def judged_json(judged: Judged) -> dict[str, Json]:
    """What was judged, by compartment and overall: response, sums in mm, and why."""
    return {part: _part(found) for part, found in (*judged.parts.items(), ("overall", judged.overall))}


def _part(found: Judgement) -> dict[str, Json]:
    told: dict[str, Json] = {"response": found.response, "why": found.why}
    if found.new_lesions:
        told["new"] = list(found.new_lesions)
    if found.after_progression:
        told["after_progression"] = True
    if found.targets is not None:
        sums = found.targets
        told |= {"sum_mm": str(sums.sum_mm), "nadir_mm": str(sums.nadir_mm)}
        if sums.baseline_mm is not None:
            told["baseline_mm"] = str(sums.baseline_mm)
        if sums.missing:
            told["missing"] = list(sums.missing)
    return told
