"""An adverse event as a participant's state holds it: each finding stays, the newest counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from equipoise.assessment.adverse_event import AdverseEvent, Seriousness


@dataclass(frozen=True, slots=True)
class Finding:
    """What was known of an adverse event from one day on.

    Attributes:
        on: the day on which it was known.
        entry: the entry that says it.
        grade: by the CTCAE.
        serious: why it is serious.
        related: by intervention, as far as judged.
        expected: None if not yet judged.
        outcome: None if not said.
        action: what was done with the treatment; None if not said.
        ended: its last day; None while it goes on.
    """

    on: date
    entry: int
    grade: int
    serious: frozenset[Seriousness] = frozenset()
    related: Mapping[str, bool] = field(default_factory=dict)
    expected: bool | None = None
    outcome: str | None = None
    action: str | None = None
    ended: date | None = None

    def judged_related(self, to: tuple[str, ...]) -> bool | None:
        """Whether it may be caused by one of these interventions; None while that is open."""
        judged = [self.related.get(name) for name in to]
        if any(judged):
            return True
        return None if None in judged or not judged else False

    def event(self, term: str, started: date, ctcae: str, to: tuple[str, ...]) -> AdverseEvent:
        """The same for `assessment`.

        Raises:
            DataError: it contradicts itself.
        """
        related = self.judged_related(to)
        return AdverseEvent(term, self.grade, started, ctcae, self.serious, self.expected, related, self.ended)


@dataclass(frozen=True, slots=True)
class Due:
    """A report that is or was due.

    Attributes:
        report: `sae` or `susar`.
        aware: the day from which it counts.
        days: how many there are.
        on: the last day on which it is in time.
        sent: the day on which it was sent.
    """

    report: str
    aware: date
    days: int
    on: date
    sent: date | None = None

    def overdue(self, today: date) -> bool:
        """Whether the last day has passed without it."""
        return self.sent is None and today > self.on


@dataclass(frozen=True, slots=True)
class AdverseEventRecord:
    """One adverse event of a participant.

    Attributes:
        entry: number of the entry that reported it, by which it is known.
        started: its first day.
        ctcae: version that grades it.
        of_interest: whether the protocol asks for its term in particular.
        findings: the first report and every follow-up, in order.
        due: the reports on it, open and sent.
    """

    entry: int
    term: str
    started: date
    ctcae: str
    of_interest: bool
    findings: tuple[Finding, ...]
    due: tuple[Due, ...] = ()

    @property
    def now(self) -> Finding:
        """What is known last."""
        return self.findings[-1]

    @property
    def worst_grade(self) -> int:
        """The highest grade it ever had."""
        return max(item.grade for item in self.findings)

    @property
    def ever_serious(self) -> bool:
        """Whether it was serious at any time."""
        return any(item.serious for item in self.findings)

    def report(self, name: str) -> Due | None:
        """The report of that name, if it is or was due."""
        return next((item for item in self.due if item.report == name), None)
