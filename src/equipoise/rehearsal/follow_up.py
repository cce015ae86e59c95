"""Follow-up of a synthetic participant: visits on their days, and what they find."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from equipoise.conduct import commands
from equipoise.protocol.model.pathway import FollowUp
from equipoise.protocol.visits import visit_months, visit_name
from equipoise.rehearsal.agenda import NEVER
from equipoise.units import date_after_months

if TYPE_CHECKING:
    from equipoise.rehearsal.course import Course


def follow(course: Course, step: FollowUp, start: date, day: date) -> Iterator[date]:
    """Visits planned from `start` that lie after `day`, until death or loss; then whatever is still to come."""
    for month in visit_months(step):
        planned = date_after_months(start, month)
        if planned > day:
            on = max(planned + timedelta(days=_off(course, visit_name(month))), day)
            if not (yield from course.until(day, on)):
                return
            _visit(course, step, on, visit_name(month))
            day = on
    yield from course.until(day, NEVER)


def _off(course: Course, label: str) -> int:
    """Days from the planned day of a visit to its own."""
    first, last = course.setting.assumptions.visit_days
    return course.draws.whole(f"day of {label}", first, last) if first < last else first


def _visit(course: Course, step: FollowUp, day: date, label: str) -> None:
    if course.draws.happens(f"missed {label}", course.setting.assumptions.missed_visits):
        course.submit(commands.Visit, day, visit=label, missed=True)
    else:
        course.assess(day, label)
        fill_repeated(course, step, day, label)


def fill_repeated(course: Course, step: FollowUp, day: date, label: str, *, baseline: bool = False) -> None:
    """The forms of follow-up; at baseline arms do not differ yet."""
    setting = course.setting
    for name in step.forms:
        values: dict[str, Any] = {}
        for variable in setting.protocol.forms[name].variables:
            drawn = setting.assumptions.at_visits.get(variable)
            if drawn is not None:
                arm = "" if baseline else course.state.arm or ""
                chosen, shift = drawn.by_arm.get(arm, drawn.distribution), drawn.shift.get(arm, 0.0)
                item = setting.protocol.variables[variable]
                values[variable] = course.draws.value(f"{variable} {label}", item, chosen, {}, shift=shift)
        if values:
            course.submit(commands.Record, day, form=name, values=values, visit=label)
