"""Patients in a few words: lesions with their diameters, visit by visit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from equipoise.assessment import Baseline, Course, Finding, Lesion, NewLesion, Recist, Resection, Visit, judge

DAY0 = date(2024, 1, 1)
Size = int | float | str | None

LIVER = (Lesion("T1", "liver"),)
PRIMARY_AND_LIVER = (Lesion("B", "breast"), Lesion("L", "liver"))
LIVER_AND_BONE = (*LIVER, Lesion("N1", "bone", role="non-target"))
BONE = (Lesion("N1", "bone", role="non-target"), Lesion("N2", "bone", role="non-target"))


def day(number: int) -> date:
    """A day so many days after baseline."""
    return DAY0 + timedelta(days=number)


def finding(lesion: str, size: Size | Finding) -> Finding:
    """A diameter, or None for a lesion that was not evaluated."""
    if isinstance(size, Finding):
        return size
    return Finding.not_evaluated(lesion) if size is None else Finding.measured(lesion, size)


def visit(number: int, sizes: Mapping[str, Size | Finding], new: Sequence[NewLesion] = ()) -> Visit:
    """A visit so many days after baseline."""
    return Visit(day(number), tuple(finding(lesion, size) for lesion, size in sizes.items()), tuple(new))


def baseline(lesions: Sequence[Lesion], sizes: Mapping[str, Size]) -> Baseline:
    """Baseline at day 0."""
    return Baseline(DAY0, tuple(lesions), tuple(finding(lesion, size) for lesion, size in sizes.items()))


def course(
    lesions: Sequence[Lesion],
    sizes: Mapping[str, Sequence[Size]],
    *,
    resections: Mapping[int, Sequence[str]] | None = None,
    criteria: Recist | None = None,
    every: int = 42,
) -> Course:
    """Target lesions by id with their diameters, baseline first, one visit every six weeks.

    A lesion is left out of the visits for which it has no diameter any more.
    """
    visits = [
        visit(every * k, {lesion: row[k] for lesion, row in sizes.items() if k < len(row)})
        for k in range(1, max(map(len, sizes.values())))
    ]
    return judge(
        baseline(lesions, {lesion: row[0] for lesion, row in sizes.items()}),
        visits,
        resections=[Resection(day(number), tuple(ids)) for number, ids in (resections or {}).items()],
        criteria=criteria,
    )


def responses(judged: Course, part: str = "overall") -> list[str]:
    """The responses of a course, in order."""
    return [point.response for point in judged.points(part)]
