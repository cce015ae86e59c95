"""Follow-up of a synthetic participant: visits, what they find, what follows from it, and the end."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from equipoise.conduct import commands
from equipoise.protocol.model.pathway import FollowUp
from equipoise.units import date_after_months

if TYPE_CHECKING:
    from equipoise.rehearsal.course import Course

_ORDER = {"end": 0, "event": 1, "visit": 2}
"""On one day death comes before progression, and both before what a visit finds."""

MAX_MONTHS = 600


class Follower:
    """Follows one participant from `start`."""

    def __init__(self, course: Course, step: FollowUp, start: date) -> None:
        self.course = course
        self.step = step
        self.start = start
        self._agenda: list[tuple[date, int, int, Callable[[date], None]]] = []
        self._count = 0
        self._over = False

    def visits(self) -> Iterator[date]:
        """Yield each day on which something is due, and do it when resumed."""
        self._baseline()
        self._plan_end()
        months = self._months()
        self._plan_visit(months)
        while self._agenda and not self._over:
            for event, day in self.course.take_pending():
                self._plan(day, "event", self._happening(event))
            day, _, _, act = heapq.heappop(self._agenda)
            yield day
            act(day)

    def _plan(self, day: date, kind: str, act: Callable[[date], None]) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (day, _ORDER[kind], self._count, act))

    def _plan_end(self) -> None:
        end = self.course.fate.end if self.course.fate is not None else None
        if end is not None:
            self._plan(max(end, self.start), "end", self._end)

    def _end(self, day: date) -> None:  # noqa: ARG002 - every act takes its day; the end has its own
        self.course.record_end()
        self._over = True

    def _happening(self, event: str) -> Callable[[date], None]:
        return lambda day: self.course.happen(event, day)

    def _months(self) -> Iterator[float]:
        """Months of the visits after the start."""
        step, month = self.step, 0.0
        limit = min(step.months or MAX_MONTHS, MAX_MONTHS)
        while True:
            late = step.change_after_months is not None and month >= step.change_after_months
            month += step.then_every_months if late and step.then_every_months is not None else step.every_months
            if month > limit + 1e-9:
                return
            yield month

    def _plan_visit(self, months: Iterator[float]) -> None:
        month = next(months, None)
        if month is not None:
            day = date_after_months(self.start, month)
            self._plan(day, "visit", lambda on: self._visit(on, month, months))

    def _baseline(self) -> None:
        """Forms that repeat are filled in for the first time when follow-up starts."""
        if not self.course.gone(self.start):
            self._forms(self.start, "M0", baseline=True)

    def _visit(self, day: date, month: float, months: Iterator[float]) -> None:
        course, label = self.course, f"M{month:g}"
        if course.draws.happens(f"missed {label}", course.setting.assumptions.missed_visits):
            course.submit(commands.Visit, day, visit=label, missed=True)
        else:
            course.assess(day, label)
            self._forms(day, label)
        self._plan_visit(months)

    def _forms(self, day: date, label: str, *, baseline: bool = False) -> None:
        course = self.course
        for name in self.step.forms:
            values: dict[str, Any] = {}
            for variable in course.setting.protocol.forms[name].variables:
                drawn = course.setting.assumptions.at_visits.get(variable)
                if drawn is not None:
                    shift = 0.0 if baseline else drawn.shift.get(course.state.arm or "", 0.0)
                    item = course.setting.protocol.variables[variable]
                    values[variable] = course.draws.value(
                        f"{variable} {label}", item, drawn.distribution, {}, shift=shift
                    )
            if values:
                course.submit(commands.Record, day, form=name, values=values, visit=label)
