"""Visits: which are planned, which took place in their window, which are due, and what is missing of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal, TypeAlias

from equipoise.conduct.eligibility import Criteria
from equipoise.conduct.state import LOST, ParticipantState
from equipoise.protocol import Protocol
from equipoise.protocol.model.pathway import Assess, Assign, FollowUp, Repeat, Treat
from equipoise.protocol.model.trial import walk
from equipoise.protocol.visits import visit_months, visit_name
from equipoise.units import date_after_months

Status: TypeAlias = Literal["done", "out of window", "missed", "due", "overdue", "not yet", "not needed"]

ASSESSMENT = "assessment"
"""How the assessment of response at a visit is named among what is missing."""
_FOLLOW_UP = "follow_up"


def of_form(name: str) -> str:
    """How a form is named among what is missing; no other thing of a visit is named with a blank in it."""
    return f"form {name}"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was recorded of one visit: the days of what was done, by what it was, or the day it was missed."""

    done: tuple[tuple[str, date], ...] = ()
    missed: date | None = None


@dataclass(frozen=True, slots=True)
class Followed:
    """What a participant's schedule rests on, and nothing else of the participant.

    Attributes:
        start: the day from which visits are planned; None while there is none.
        ended: the day after which nothing is due: death, loss, or the end of follow-up.
        why: how it ended.
        visits: what was recorded, by name of the visit.
    """

    start: date | None = None
    ended: date | None = None
    why: str = ""
    visits: Mapping[str, Recorded] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """A visit as things are on a day.

    Attributes:
        number: 1 for the first of follow-up.
        name: as it is recorded, `M3`.
        planned: its planned day.
        opens: first day of its window.
        closes: last day of its window; of a protocol without windows, the day before the next visit.
        status: `done`, `out of window` (done, but not in its window), `missed` (recorded so), `due` (its window is
            open), `overdue`, `not yet`, or `not needed` (follow-up ended while its window was open or before).
        done_on: the day it took place.
        missing: forms, and `assessment`, that have not been recorded of a visit that was done, is due or is overdue.
    """

    number: int
    name: str
    planned: date
    opens: date
    closes: date
    status: Status
    done_on: date | None = None
    missing: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """`Visit 1 (M3)`."""
        return f"Visit {self.number} ({self.name})"


def schedule(criteria: Criteria, state: ParticipantState, today: date) -> tuple[PlannedVisit, ...]:
    """Every visit of a participant up to `today`, and the next one, as known on that day.

    After death, withdrawal from follow-up or loss no visit is due. What was recorded of days after `today` is not seen.
    """
    return visits_on(criteria.protocol, followed(criteria, state), today)


def visits_on(protocol: Protocol, known: Followed, today: date) -> tuple[PlannedVisit, ...]:
    """The schedule from what it rests on."""
    step = follow_up_step(protocol)
    if step is None or known.start is None or known.start > today:
        return ()
    ended = known.ended if known.ended is not None and known.ended <= today else None
    last = None if ended is None else (ended - known.start).days
    wanted = _wanted(protocol, step)
    found: list[PlannedVisit] = []
    for place in _plan(protocol, step):
        if last is not None and place.planned > last and place.name not in known.visits:
            break
        found.append(_visit(place, known, wanted, (today, ended)))
        if found[-1].status == "not yet":
            break
    return tuple(found)


def visit_named(criteria: Criteria, state: ParticipantState, name: str) -> PlannedVisit | None:
    """One visit of a participant by all that is recorded; None if there is none of that name."""
    protocol, known = criteria.protocol, followed(criteria, state)
    step = follow_up_step(protocol)
    if step is None or known.start is None or name not in known.visits:
        return None
    place = next((item for item in _plan(protocol, step) if item.name == name), None)
    return None if place is None else _visit(place, known, _wanted(protocol, step), (date.max, known.ended))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a visit stands in the plan: days after the start, the window's ends among them.

    `counts` says whether there is a window that a visit can be out of.
    """

    number: int
    name: str
    planned: int
    opens: int
    closes: int
    counts: bool


def _plan(protocol: Protocol, step: FollowUp) -> tuple[_Place, ...]:
    """Every visit of follow-up; one that is planned while a treatment before it lasts gives way to that."""
    after, allocated = 0.0, False
    for settings in protocol.steps:
        if settings is step:
            break
        allocated = allocated or settings is protocol.allocation_step
        if allocated and isinstance(settings, Treat):
            after += settings.months or 0.0
    months = (step.every_months, step.then_every_months, step.change_after_months, step.months)
    return _planned(months, after, None if step.window is None else (step.window.before, step.window.after))


@lru_cache(maxsize=64)  # the same for every participant, and a site's page asks for all of them
def _planned(
    settings: tuple[float, float | None, float | None, float | None], after: float, window: tuple[int, int] | None
) -> tuple[_Place, ...]:
    every, then_every, change_after, length = settings
    step = FollowUp(every_months=every, then_every_months=then_every, change_after_months=change_after, months=length)
    months = [month for month in visit_months(step) if month > after + 1e-9]
    found = []
    for number, (month, following) in enumerate(pairwise([*months, None]), start=1):
        assert month is not None
        planned = _days(month)
        if window is None:
            opens, closes = planned, max(planned, _days(following or month + every) - 1)
        else:
            opens, closes = planned - window[0], planned + window[1]
        found.append(_Place(number, visit_name(month), planned, opens, closes, window is not None))
    return tuple(found)


def _days(months: float) -> int:
    """Days after the start at which so many months have passed."""
    return (date_after_months(_EPOCH, months) - _EPOCH).days


_EPOCH = date(2000, 1, 1)
_NOTHING = Recorded()


def _visit(place: _Place, known: Followed, wanted: tuple[str, ...], days: tuple[date, date | None]) -> PlannedVisit:
    """A visit as things are, by the day and the end of follow-up."""
    today, ended = days
    start = known.start
    assert start is not None
    opens, closes = start + timedelta(days=place.opens), start + timedelta(days=place.closes)
    recorded = known.visits.get(place.name, _NOTHING)
    status, done_on = _status(place, recorded, (opens, closes), today, ended)
    missing = wanted if status in ("done", "out of window", "due", "overdue") else ()
    if missing and recorded.done:
        had = {what for what, on in recorded.done if on <= today}
        missing = tuple(what for what in wanted if what not in had)
    planned = start + timedelta(days=place.planned)
    return PlannedVisit(place.number, place.name, planned, opens, closes, status, done_on, missing)


def follow_up_step(protocol: Protocol) -> FollowUp | None:
    """The step that plans visits."""
    return next((step for step in protocol.steps if isinstance(step, FollowUp)), None)


def _wanted(protocol: Protocol, step: FollowUp) -> tuple[str, ...]:
    """What is recorded at each visit: the step's forms, and the response where the trial assesses it."""
    forms = (
        of_form(name)
        for name in step.forms
        if any(not protocol.dictionary[variable].identifying for variable in protocol.forms[name].variables)
    )
    return (*forms, *((ASSESSMENT,) if protocol.response is not None else ()))


def _status(
    place: _Place, recorded: Recorded, window: tuple[date, date], today: date, ended: date | None
) -> tuple[Status, date | None]:
    opens, closes = window
    days = [on for _, on in recorded.done if on <= today]
    if days:
        done_on = min(days)
        inside = not place.counts or opens <= done_on <= closes
        return "done" if inside else "out of window", done_on
    if recorded.missed is not None and recorded.missed <= today:
        return "missed", None
    if ended is not None and closes >= ended:
        return "not needed", None
    if today < opens:
        return "not yet", None
    return ("due" if today <= closes else "overdue"), None


def followed(criteria: Criteria, state: ParticipantState) -> Followed:
    """What the schedule of a participant rests on."""
    visits: dict[str, Recorded] = {}
    for entry in state.history:
        data: Any = entry.data
        name = data.get("visit")
        what = _what(entry.kind, data)
        if name is None or what is None:
            continue
        before, on = visits.get(name, Recorded()), date.fromisoformat(data["on"])
        if what == "missed":
            visits[name] = Recorded(before.done, on)
        else:
            visits[name] = Recorded((*before.done, (what, on)), before.missed)
    ended, why = _end(state)
    return Followed(_start(criteria, state, visits), ended, why, visits)


def _what(kind: str, data: Any) -> str | None:
    """What an entry records of a visit."""
    match kind:
        case "form":
            return of_form(data["form"])
        case "assess":
            return ASSESSMENT if data["name"] == _FOLLOW_UP else None
        case "visit" | "missed":
            return kind
        case _:
            return None


def _end(state: ParticipantState) -> tuple[date | None, str]:
    """The day after which no visit is due, and why."""
    if state.died_on is not None:
        return state.died_on, "death"
    left = state.left
    if left is not None and (left.follow_up == "stops" or left.data != "kept"):
        return left.on, "lost to follow-up" if left.rule == LOST else f"withdrawn ({left.rule})"
    return None, ""


def _start(criteria: Criteria, state: ParticipantState, visits: Mapping[str, Recorded]) -> date | None:
    """The day of the allocation; where arms follow a class, of the assessment that ended the classification."""
    protocol = criteria.protocol
    step = protocol.allocation_step
    if not isinstance(step, Assign):
        return state.steps.get(step.id)
    loop = next((item for item in protocol.steps if isinstance(item, Repeat)), None)
    if loop is None:
        return state.steps.get(step.id)
    names = {item.name for item in walk(loop.steps) if isinstance(item, Assess)}
    days = [item.on for item in state.assessments if item.name in names]
    if not days:
        return None
    follow_up = follow_up_step(protocol)
    planned = set() if follow_up is None else {visit_name(month) for month in visit_months(follow_up)}
    over = len(days) >= loop.times or not planned.isdisjoint(visits)
    if not over and loop.until is not None:
        over = criteria.rule(loop.until).judge(state.values).value is True
    return max(days) if over else None


@dataclass(frozen=True, slots=True)
class SiteVisits:
    """Visits of a site, or of all: how many.

    Attributes:
        participants: who have a schedule.
        due: visits whose window is open.
        overdue: visits whose window has closed without one.
        missed: visits that were recorded as missed.
        out_of_window: visits that took place outside their window.
        missing: forms and assessments that are missing of visits that took place.
    """

    site: str
    participants: int = 0
    due: int = 0
    overdue: int = 0
    missed: int = 0
    out_of_window: int = 0
    missing: int = 0


def by_site(schedules: Iterable[tuple[str, tuple[PlannedVisit, ...]]]) -> tuple[SiteVisits, ...]:
    """Counts for each site, in the order of their names, from pairs of a participant's site and schedule."""
    counts: dict[str, dict[str, int]] = {}
    for site, visits in schedules:
        here = counts.setdefault(site, dict.fromkeys(SiteVisits.__dataclass_fields__.keys() - {"site"}, 0))
        here["participants"] += bool(visits)
        for visit in visits:
            name = visit.status.replace(" ", "_")
            if name in here:
                here[name] += 1
            if visit.done_on is not None:
                here["missing"] += len(visit.missing)
    return tuple(SiteVisits(site, **counts[site]) for site in sorted(counts))
