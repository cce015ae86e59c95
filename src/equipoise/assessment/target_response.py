"""The response of target lesions: a sum of diameters, followed from assessment to assessment.

Source: Eisenhauer et al., Eur J Cancer 2009;45:228-247, sections 4.3.1, 4.3.2 and 4.4.2. Lengths are whole micrometres.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction

from equipoise.assessment.criteria import Recist
from equipoise.assessment.lengths import as_mm, micrometres, percent_text, relative_change, signed_mm
from equipoise.assessment.lesion import Finding, Lesion
from equipoise.assessment.tables import TargetResponse
from equipoise.assessment.visit import Visit


@dataclass(frozen=True, slots=True)
class TargetResult:
    """The response of the target lesions at one assessment, and the numbers that decided it.

    Attributes:
        response: CR, PR, SD, PD or NE.
        sum_mm: of the diameters that were measured; of all target lesions where `missing` is empty.
        baseline_mm: the sum that a partial response is judged against; None where this assessment makes a new one.
        nadir_mm: the smallest sum before this assessment, of the lesions that are left.
        from_baseline: relative change; None without a baseline above 0.
        from_nadir: relative change; None with a nadir of 0.
        missing: lesions that were not evaluated.
        disease: whether target disease was seen: a lesion that is there, or a node that is not normal.
        why: the same in words.
    """

    response: TargetResponse
    sum_mm: Decimal
    baseline_mm: Decimal | None
    nadir_mm: Decimal
    from_baseline: Fraction | None
    from_nadir: Fraction | None
    missing: tuple[str, ...]
    disease: bool
    why: str


@dataclass(frozen=True, slots=True)
class TargetState:
    """What earlier assessments leave behind.

    Attributes:
        left: the target lesions not resected.
        seen: diameters by lesion, an assessment each, baseline first.
        baseline: the sum to compare with; None after a resection until the next assessment makes a new one.
        nadir: the smallest sum of the lesions left.
        standing: the last response that was evaluable.
        partial_since: when the sum was first small enough for the partial response that is under way.
        kept: whether a partial response was reached and is kept until progression.
        held: after a resection that left nothing to respond, the response that stands while nothing comes back.
        lost: not evaluable since a resection, where that is the rule.
    """

    left: frozenset[str]
    seen: tuple[Mapping[str, int], ...]
    baseline: int | None
    nadir: int
    standing: TargetResponse | None = None
    partial_since: date | None = None
    kept: bool = False
    held: TargetResponse | None = None
    lost: bool = False

    def progressed(self) -> TargetState:
        """The state after progression: no partial response is kept."""
        return replace(self, standing="PD", partial_since=None, kept=False)


@dataclass(frozen=True, slots=True)
class _Reading:
    """The diameters of the lesions left, as one visit has them."""

    values: Mapping[str, int]
    missing: tuple[str, ...]
    clear: bool
    disease: bool

    @property
    def total(self) -> int:
        return sum(self.values.values())


def start_targets(baseline: Mapping[str, int]) -> TargetState | None:
    """The state at baseline, from the diameters of the target lesions; None if there are none."""
    if not baseline:
        return None
    total = sum(baseline.values())
    return TargetState(frozenset(baseline), (dict(baseline),), total, total)


def assess_targets(
    state: TargetState, lesions: Mapping[str, Lesion], visit: Visit, resected: frozenset[str], criteria: Recist
) -> tuple[TargetState, TargetResult]:
    """Judge the target lesions at a visit.

    Args:
        state: what earlier assessments left.
        lesions: the target lesions by id.
        visit: the findings.
        resected: lesions taken out before the visit.
        criteria: the rules.
    """
    if state.left & resected:
        state = _without(state, resected, criteria)
    reading = _read(state, lesions, visit, criteria)
    response, how = _response(state, reading, visit, criteria)
    result = TargetResult(
        response=response,
        sum_mm=as_mm(reading.total),
        baseline_mm=None if state.baseline is None else as_mm(state.baseline),
        nadir_mm=as_mm(state.nadir),
        from_baseline=None if state.baseline is None else relative_change(reading.total, state.baseline),
        from_nadir=relative_change(reading.total, state.nadir),
        missing=reading.missing,
        disease=reading.disease,
        why=f"target lesions {response}: {_numbers(state, reading)}{how}",
    )
    return _after(state, reading, response, visit, criteria), result


def _without(state: TargetState, resected: frozenset[str], criteria: Recist) -> TargetState:
    """The state once lesions are resected: they leave every sum, and the next assessment is the new baseline."""
    left = state.left - resected
    complete = [each for each in state.seen if left <= each.keys()]
    return replace(
        state,
        left=left,
        baseline=None,
        nadir=min(sum(each[lesion] for lesion in left) for each in complete),
        partial_since=None,
        held=None,
        lost=criteria.after_resection == "not evaluable",
    )


def _read(state: TargetState, lesions: Mapping[str, Lesion], visit: Visit, criteria: Recist) -> _Reading:
    findings = {finding.lesion: finding for finding in visit.findings}
    values, missing, there = {}, [], False
    for lesion in sorted(state.left):
        diameter = _diameter(findings.get(lesion), criteria)
        if diameter is None:
            missing.append(lesion)
        else:
            values[lesion] = diameter
            there |= _is_disease(findings[lesion], lesions[lesion], diameter, criteria)
    return _Reading(values, tuple(missing), clear=not missing and not there, disease=there)


def _diameter(finding: Finding | None, criteria: Recist) -> int | None:
    if finding is None or finding.state == "not evaluated":
        return None
    return micrometres(criteria.too_small_mm) if finding.state == "too small" else finding.micrometres or 0


def _is_disease(finding: Finding, lesion: Lesion, diameter: int, criteria: Recist) -> bool:
    if lesion.node and finding.state != "merged":
        return diameter >= micrometres(criteria.node_normal_mm)
    return diameter > 0 or finding.state == "merged"


def _response(state: TargetState, reading: _Reading, visit: Visit, criteria: Recist) -> tuple[TargetResponse, str]:
    """The response, and how it came about where the numbers alone do not say it."""
    rule = visit.progression or criteria.progression
    if rule.reached(reading.total, state.nadir):
        proven = "; the lesions measured prove it" if reading.missing else ""
        return "PD", f"; progression is {rule}{proven}"
    if reading.missing:
        return "NE", f"; not evaluated: {', '.join(reading.missing)}"
    if state.lost:
        return "NE", "; a lesion was resected"
    if not state.left:
        return _nothing_left(state, criteria)
    if state.baseline is None:
        return _across_surgery(state, reading, criteria)
    if state.held == "PD":
        return "PD", "; progressed before the resection, which left nothing to respond"
    if reading.clear:
        if state.held is not None:
            return state.held, "; held since the resection, which left no target disease"
        return "CR", "; no lesion left, nodes normal"
    if criteria.partial(reading.total, state.baseline):
        return "PR", ""
    if state.kept:
        return "PR", "; kept, since the sum has not progressed"
    return "SD", ""


def _across_surgery(state: TargetState, reading: _Reading, criteria: Recist) -> tuple[TargetResponse, str]:
    """The first assessment after a resection: the response from before stands, and surgery makes none."""
    response = state.standing or "SD"
    if response == "CR" and not reading.clear:
        response = "PR"
    if response == "PR" and _unconfirmed(state, criteria):
        response = "SD"
    return response, "; as before the resection, this sum is the new baseline"


def _nothing_left(state: TargetState, criteria: Recist) -> tuple[TargetResponse, str]:
    """Every target lesion is resected: the last response stands, unless it still had to be confirmed."""
    if state.standing is None or (state.standing in ("CR", "PR") and _unconfirmed(state, criteria)):
        return "NE", "; every target lesion was resected"
    return state.standing, "; every target lesion was resected, the response from before stands"


def _unconfirmed(state: TargetState, criteria: Recist) -> bool:
    return criteria.best.confirmation and not state.kept


def _after(
    state: TargetState, reading: _Reading, response: TargetResponse, visit: Visit, criteria: Recist
) -> TargetState:
    state = replace(state, seen=(*state.seen, reading.values))
    state = _with_partial(state, reading, response, visit.on, criteria)
    if response != "NE":
        state = replace(state, standing=response)
    if reading.missing:
        return state
    if state.baseline is None:
        held = response if reading.clear and response != "NE" else None
        return replace(state, baseline=reading.total, nadir=reading.total, held=held)
    return replace(state, nadir=min(state.nadir, reading.total))


def _with_partial(
    state: TargetState, reading: _Reading, response: TargetResponse, on: date, criteria: Recist
) -> TargetState:
    """Whether a partial response is under way, and whether it is kept from now on."""
    if response == "PD":
        return state.progressed()
    if response == "NE" or state.baseline is None or (reading.clear and state.held is not None):
        return state
    if not reading.clear and not criteria.partial(reading.total, state.baseline):
        return replace(state, partial_since=state.partial_since if state.kept else None)
    since = state.partial_since or on
    confirmed = not criteria.best.confirmation or (on - since).days >= criteria.best.confirm_days
    return replace(state, partial_since=since, kept=state.kept or confirmed)


def _numbers(state: TargetState, reading: _Reading) -> str:
    text = f"sum {as_mm(reading.total)} mm"
    if state.baseline is not None:
        change = relative_change(reading.total, state.baseline)
        text += f", baseline {as_mm(state.baseline)} mm" + ("" if change is None else f" ({percent_text(change)})")
    growth = relative_change(reading.total, state.nadir)
    text += f", nadir {as_mm(state.nadir)} mm ("
    return text + ("" if growth is None else f"{percent_text(growth)}, ") + f"{signed_mm(reading.total - state.nadir)})"
