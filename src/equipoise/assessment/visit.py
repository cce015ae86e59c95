"""What is recorded of the disease: at baseline, at each visit, and by the surgeon; and whether the records fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from equipoise.assessment.criteria import Progression
from equipoise.assessment.lesion import Finding, Lesion, NewLesion
from equipoise.errors import DataError

_OF_A_TARGET = frozenset({"measured", "absent", "too small", "merged", "not evaluated"})
_OF_A_NON_TARGET = frozenset({"measured", "absent", "too small", "present", "worse", "not evaluated"})


@dataclass(frozen=True, slots=True)
class Baseline:
    """The disease before treatment.

    Attributes:
        on: day.
        lesions: every lesion, target or not.
        findings: the diameter of each target lesion, and of a non-target node where it was measured.
    """

    on: date
    lesions: tuple[Lesion, ...]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Visit:
    """An assessment after baseline.

    Attributes:
        on: day.
        findings: of the lesions of baseline; a lesion that is not named was not evaluated.
        new_lesions: lesions that were not there at baseline and are seen at this visit.
        markers_normal: whether the tumour markers, if high before, are normal now; None if they are not followed.
            High markers withhold a complete response.
        progression: a rule of its own for this visit, as JCOG1017 has at the end of induction.
    """

    on: date
    findings: tuple[Finding, ...] = ()
    new_lesions: tuple[NewLesion, ...] = ()
    markers_normal: bool | None = None
    progression: Progression | None = None


@dataclass(frozen=True, slots=True)
class Resection:
    """Lesions of baseline that were taken out; an assessment of the same day is taken to be before the operation."""

    on: date
    lesions: tuple[str, ...]


def in_order(baseline: Baseline, visits: Iterable[Visit], resections: Iterable[Resection]) -> tuple[Visit, ...]:
    """The visits by day, once every record is found to fit baseline.

    Raises:
        DataError: two visits on a day, one not after baseline, a finding of an unknown or resected lesion, two
            findings of one lesion, a finding that such a lesion cannot have, a new lesion with an old one's id.
    """
    lesions = _by_id(baseline)
    removed = _resected_on(lesions, resections)
    _check_findings(baseline.findings, lesions, "at baseline")
    ordered = tuple(sorted(visits, key=lambda visit: visit.on))
    for previous, day in pairwise((baseline.on, *(visit.on for visit in ordered))):
        if day <= previous:
            raise DataError(
                f"the visit of {day} is not after that of {previous}; give each assessment a day of its own"
            )
    for visit in ordered:
        _check_findings(visit.findings, lesions, f"on {visit.on}")
        gone = sorted(each.lesion for each in visit.findings if removed.get(each.lesion, visit.on) < visit.on)
        if gone:
            raise DataError(
                f"{', '.join(gone)} on {visit.on}: resected before that day; record disease that came back as new"
            )
        old = sorted(each.id for each in visit.new_lesions if each.id in lesions)
        if old:
            raise DataError(f"new lesion {', '.join(old)} on {visit.on}: known from baseline; give it another id")
    return ordered


def resected_before(day: date, resections: Iterable[Resection]) -> frozenset[str]:
    """The lesions that were taken out before a day."""
    return frozenset(lesion for resection in resections if resection.on < day for lesion in resection.lesions)


def _by_id(baseline: Baseline) -> dict[str, Lesion]:
    lesions = {lesion.id: lesion for lesion in baseline.lesions}
    if len(lesions) < len(baseline.lesions):
        raise DataError("two lesions of baseline have one id; give each its own")
    return lesions


def _resected_on(lesions: dict[str, Lesion], resections: Iterable[Resection]) -> dict[str, date]:
    removed: dict[str, date] = {}
    for resection in resections:
        for lesion in resection.lesions:
            if lesion not in lesions:
                raise DataError(f"{lesion} was resected on {resection.on} and is not a lesion of baseline")
            if lesion in removed:
                raise DataError(f"{lesion} was resected on {removed[lesion]} and on {resection.on}; leave out one")
            removed[lesion] = resection.on
    return removed


def _check_findings(findings: Sequence[Finding], lesions: dict[str, Lesion], when: str) -> None:
    seen: set[str] = set()
    for finding in findings:
        lesion = lesions.get(finding.lesion)
        if lesion is None:
            raise DataError(f"{finding.lesion} {when}: no lesion of baseline; record it as a new lesion")
        if finding.lesion in seen:
            raise DataError(f"{finding.lesion} {when}: found twice; leave out one")
        seen.add(finding.lesion)
        if finding.state not in (_OF_A_TARGET if lesion.role == "target" else _OF_A_NON_TARGET):
            raise DataError(f"{finding.lesion} {when}: a {lesion.role} lesion cannot be '{finding.state}'")
        if (finding.state == "measured") != (finding.micrometres is not None):
            raise DataError(f"{finding.lesion} {when}: a diameter goes with 'measured' and with nothing else")
