"""Adverse events: severity by CTCAE grade, seriousness, expectedness, and until when a serious one must be reported.

Severity and seriousness are two things: a grade says how bad, seriousness what must be reported. The terms and the
descriptions of the grades are in the CTCAE and are not copied here.

Source: ICH E2A (1994), sections II.B (serious), II.C (expected) and III.B (7 and 15 days); 21 CFR 312.32(c);
Regulation (EU) 536/2014, article 42.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

from equipoise.errors import DataError, DesignError

Seriousness = Literal[
    "death",
    "life-threatening",
    "hospitalisation",
    "disability",
    "congenital anomaly",
    "medically important",
]
"""Why an event is serious (ICH E2A II.B); hospitalisation includes that it is prolonged."""

SERIOUSNESS: tuple[Seriousness, ...] = get_args(Seriousness)
_URGENT = frozenset({"death", "life-threatening"})
_DEATH_GRADE = 5


@dataclass(frozen=True, slots=True)
class AdverseEvent:
    """An adverse event.

    Attributes:
        term: the preferred term.
        grade: severity, 1 mild to 5 death.
        started: first day.
        ctcae: version of the CTCAE that graded it.
        serious: why it is serious; empty if it is not.
        expected: whether the reference safety information names it, of that severity; None if not yet judged.
        related: whether it may be caused by the treatment; None if not yet judged.
        ended: last day; None while it goes on.

    Raises:
        DataError: a grade outside 1 to 5, a reason that is none, death without grade 5 or the reverse, an end before
            the start.
    """

    term: str
    grade: int
    started: date
    ctcae: str = "5.0"
    serious: frozenset[Seriousness] = frozenset()
    expected: bool | None = None
    related: bool | None = None
    ended: date | None = None

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if type(self.grade) is not int or not 1 <= self.grade <= _DEATH_GRADE:
            raise DataError(f"{self.term}: grade {self.grade!r}; a CTCAE grade is 1 to 5")
        if unknown := sorted(self.serious - set(SERIOUSNESS)):
            raise DataError(f"{self.term}: serious by {', '.join(unknown)}; give {', '.join(SERIOUSNESS)}")
        if ("death" in self.serious) != (self.grade == _DEATH_GRADE):
            raise DataError(
                f"{self.term}: grade {self.grade} and death do not agree; grade 5 is death, and no other is"
            )
        if self.ended is not None and self.ended < self.started:
            raise DataError(f"{self.term}: ended on {self.ended}, before it started on {self.started}")

    @property
    def is_serious(self) -> bool:
        """Whether it is serious, whatever its grade."""
        return bool(self.serious)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportingRule:
    """Within how many days of being aware of it an event must be reported; the day of awareness is day 0.

    What has not been judged counts as what must be reported: not judged for expectedness as unexpected, not judged for
    causality as related.

    Attributes:
        urgent_days: serious, unexpected, fatal or life-threatening.
        other_days: serious, unexpected, otherwise.
        expected_days: serious and expected; None where nothing is due.
        related_only: whether only events that may be caused by the treatment are due.

    Raises:
        DesignError: a number of days below 0.
    """

    urgent_days: int = 7
    other_days: int = 15
    expected_days: int | None = None
    related_only: bool = True

    def __post_init__(self) -> None:
        """Refuse days below 0."""
        if min(self.urgent_days, self.other_days, self.expected_days or 0) < 0:
            raise DesignError("a deadline lies before the day of awareness; give 0 days or more")


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when an event must be reported.

    Attributes:
        on: last day. days: how many days after awareness.
        why: in words.
    """

    on: date
    days: int
    why: str

    def overdue(self, today: date) -> bool:
        """Whether the last day has passed."""
        return today > self.on


def report_by(event: AdverseEvent, aware: date, rule: ReportingRule | None = None) -> Deadline | None:
    """Until when an event must be reported; None if no expedited report is due.

    When an event becomes serious, fatal or unexpected later, the day of awareness is the day on which that was known.

    Args:
        event: as it is known now.
        aware: the day on which the sponsor knew.
        rule: the days; ICH E2A's if not given.

    Raises:
        DataError: awareness before the event started.
    """
    by = rule or ReportingRule()
    if aware < event.started:
        raise DataError(f"{event.term}: known on {aware}, before it started on {event.started}; correct one of them")
    if not event.is_serious or (by.related_only and event.related is False):
        return None
    reasons = ", ".join(each for each in SERIOUSNESS if each in event.serious)
    if event.expected:
        if by.expected_days is None:
            return None
        days, novelty = by.expected_days, "expected"
    else:
        days = by.urgent_days if event.serious & _URGENT else by.other_days
        novelty = "unexpected" if event.expected is False else "not yet judged for expectedness, so as unexpected"
    return Deadline(aware + timedelta(days=days), days, f"serious ({reasons}), {novelty}: {days} days from {aware}")


def worst_grades(events: Iterable[AdverseEvent]) -> dict[str, int]:
    """The highest grade by term, in alphabetical order.

    Raises:
        DataError: events graded by more than one version of the CTCAE.
    """
    worst: dict[str, int] = {}
    versions: set[str] = set()
    for event in events:
        worst[event.term] = max(event.grade, worst.get(event.term, 0))
        versions.add(event.ctcae)
    if len(versions) > 1:
        raise DataError(f"events graded by CTCAE {' and '.join(sorted(versions))}; grades of one version compare")
    return dict(sorted(worst.items()))
