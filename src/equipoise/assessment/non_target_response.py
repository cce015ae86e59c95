"""The response of non-target lesions, which are looked at and not summed.

Source: Eisenhauer et al., Eur J Cancer 2009;45:228-247, sections 4.3.3 and 4.3.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from equipoise.assessment.criteria import Recist
from equipoise.assessment.lengths import micrometres
from equipoise.assessment.lesion import Finding, Lesion
from equipoise.assessment.tables import NonTargetResponse
from equipoise.assessment.visit import Visit


@dataclass(frozen=True, slots=True)
class NonTargetResult:
    """The response of the non-target lesions at one assessment.

    Attributes:
        response: CR, non-CR/non-PD, PD or NE.
        present: lesions that are there. worse: lesions that have progressed beyond doubt.
        missing: lesions that were not evaluated.
        why: the same in words.
    """

    response: NonTargetResponse
    present: tuple[str, ...]
    worse: tuple[str, ...]
    missing: tuple[str, ...]
    why: str

    @property
    def disease(self) -> bool:
        """Whether non-target disease was seen."""
        return bool(self.present or self.worse)


@dataclass(frozen=True, slots=True)
class NonTargetState:
    """What earlier assessments leave behind.

    Attributes:
        left: the non-target lesions not resected.
        standing: the last response that was evaluable.
        resected: whether lesions were resected and no assessment could be evaluated since.
        held: after a resection that left nothing to respond, the response that stands while nothing comes back.
        lost: not evaluable since a resection, where that is the rule.
    """

    left: frozenset[str]
    standing: NonTargetResponse | None = None
    resected: bool = False
    held: NonTargetResponse | None = None
    lost: bool = False


def assess_non_targets(
    state: NonTargetState, lesions: Mapping[str, Lesion], visit: Visit, resected: frozenset[str], criteria: Recist
) -> tuple[NonTargetState, NonTargetResult]:
    """Judge the non-target lesions at a visit.

    Args:
        state: what earlier assessments left.
        lesions: the non-target lesions by id.
        visit: the findings.
        resected: lesions taken out before the visit.
        criteria: the rules.
    """
    if state.left & resected:
        lost = criteria.after_resection == "not evaluable"
        state = replace(state, left=state.left - resected, resected=True, held=None, lost=lost)
    findings = {finding.lesion: finding for finding in visit.findings}
    found: dict[str, list[str]] = {"present": [], "worse": [], "missing": [], "absent": []}
    for lesion in sorted(state.left):
        found[_what(findings.get(lesion), lesions[lesion], criteria)].append(lesion)
    response, how = _response(state, found)
    result = NonTargetResult(
        response=response,
        present=tuple(found["present"]),
        worse=tuple(found["worse"]),
        missing=tuple(found["missing"]),
        why=f"non-target lesions {response}" + how,
    )
    return _after(state, found, response), result


def _what(finding: Finding | None, lesion: Lesion, criteria: Recist) -> str:
    if finding is None or finding.state == "not evaluated":
        return "missing"
    if finding.state in ("worse", "absent"):
        return finding.state
    if lesion.node and finding.state != "present":
        normal = finding.state == "too small" or (finding.micrometres or 0) < micrometres(criteria.node_normal_mm)
        return "absent" if normal else "present"
    return "absent" if finding.micrometres == 0 else "present"


def _response(state: NonTargetState, found: Mapping[str, list[str]]) -> tuple[NonTargetResponse, str]:
    if found["worse"]:
        return "PD", f": unequivocal progression of {', '.join(found['worse'])}"
    if found["missing"]:
        return "NE", f": not evaluated: {', '.join(found['missing'])}"
    if state.lost or (not state.left and state.standing is None):
        return "NE", ": resected"
    clear = not found["present"]
    if state.resected:
        # The knife makes no complete response: only one that was there before stands.
        response = state.standing or "non-CR/non-PD"
        return ("non-CR/non-PD" if response == "CR" and not clear else response), ": as before the resection"
    if clear:
        return (state.held, ": held since the resection") if state.held else ("CR", ": none left")
    return "non-CR/non-PD", f": {', '.join(found['present'])} present"


def _after(state: NonTargetState, found: Mapping[str, list[str]], response: NonTargetResponse) -> NonTargetState:
    if response == "NE":
        return state
    if state.resected and not found["missing"]:
        state = replace(state, resected=False, held=None if found["present"] or found["worse"] else response)
    return replace(state, standing=response)
