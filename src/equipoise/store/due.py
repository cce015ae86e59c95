"""What is due in a trial: visits, queries that stand, survival to be asked after, read from one projected row each.

A participant's row (`store_quality`) holds what the schedule rests on, and not the schedule: what is due depends on the
day, and the entries do not. A site's rows are found by an index and read without touching an entry.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from equipoise.conduct import Criteria, ParticipantState, TrialState
from equipoise.conduct.quality.records import Query
from equipoise.conduct.quality.schedule import (
    Followed,
    PlannedVisit,
    Recorded,
    SiteVisits,
    by_site,
    followed,
    visits_on,
)
from equipoise.conduct.quality.sweep import is_asked_after

SELECT = (
    "SELECT q.participant, p.version, q.site, q.asked, q.last_alive, q.lost, q.quality_json FROM store_quality q "
    "JOIN store_participant p ON p.trial_id = q.trial_id AND p.number = q.participant WHERE q.trial_id = %s{} "
    "ORDER BY q.participant"
)
OF_SITE = " AND q.site = %s"


@dataclass(frozen=True, slots=True)
class StandingQuery:
    """A query that has not been closed.

    Attributes:
        query: number of its entry.
        status: `open` or `answered`.
        about: the variable, the form, or the entry.
        age: in days.
    """

    query: int
    status: str
    severity: str
    message: str
    about: str
    on: date
    age: int


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What is open for one participant.

    Attributes:
        visits: those that are due or overdue, and those that took place of which something is missing.
        queries: those that stand.
        ask_alive: whether the sweep in force asks after the participant.
        lost: whether the participant is lost to follow-up, so that it is a register that may know.
    """

    participant: str
    site: str
    visits: tuple[PlannedVisit, ...]
    queries: tuple[StandingQuery, ...]
    ask_alive: bool
    last_alive: date | None
    lost: bool


@dataclass(frozen=True, slots=True)
class Due:
    """What is due in a trial, or at one of its sites, on a day.

    Attributes:
        on: the day.
        sites: counts of visits by site.
        participants: those for whom something is open.
    """

    on: date
    sites: tuple[SiteVisits, ...]
    participants: tuple[Outstanding, ...]


def quality_row(criteria: Criteria, state: ParticipantState) -> tuple[Any, ...]:
    """The columns of a participant's row."""
    known = followed(criteria, state)
    document: dict[str, Any] = {
        "start": _text(known.start),
        "ended": _text(known.ended),
        "visits": {
            name: [[[what, on.isoformat()] for what, on in item.done], _text(item.missed)]
            for name, item in known.visits.items()
        },
        "queries": [_query(item) for item in state.queries if item.status != "closed"],
    }
    return (
        state.site,
        int(is_asked_after(criteria.protocol, state)),
        _text(state.last_alive),
        int(known.why.startswith("lost")),
        json.dumps(document, sort_keys=True, separators=(",", ":")),
    )


def _query(item: Query) -> list[Any]:
    about = item.variable or (f"form {item.form}" if item.form else f"entry {item.about}")
    where = f"{about}, {item.visit}" if item.visit else about
    return [item.entry, item.status, item.severity, item.message, where, item.on.isoformat()]


def due_of(criteria: Criteria, trial: TrialState, rows: Iterable[tuple[Any, ...]], today: date) -> Due:
    """What is due by the rows of participants on a day, each by the version of the protocol consented to."""
    since = None if trial.sweep is None else trial.sweep[1]
    closed = date.fromisoformat(trial.last_time[:10]) if trial.closed else None
    schedules: list[tuple[str, tuple[PlannedVisit, ...]]] = []
    found: list[Outstanding] = []
    for number, version, site, asked, last_alive, lost, text in rows:
        document = json.loads(text)
        visits = visits_on(criteria.of(version).protocol, _followed(document, closed), today)
        schedules.append((site, visits))
        alive = _day(last_alive)
        outstanding = Outstanding(
            participant=number,
            site=site,
            visits=tuple(visit for visit in visits if visit.missing or visit.status in ("due", "overdue")),
            queries=tuple(_standing(item, today) for item in document["queries"]),
            ask_alive=since is not None and bool(asked) and (alive is None or alive < since),
            last_alive=alive,
            lost=bool(lost),
        )
        asks = outstanding.visits or outstanding.queries or outstanding.ask_alive
        if asks and not trial.closed:  # what is missing then stays so
            found.append(outstanding)
    return Due(today, by_site(schedules), tuple(found))


def _followed(document: Any, closed: date | None) -> Followed:
    """What the schedule rests on; nothing is due after a trial was closed."""
    visits = {
        name: Recorded(tuple((what, date.fromisoformat(on)) for what, on in done), _day(missed))
        for name, (done, missed) in document["visits"].items()
    }
    ends = [day for day in (_day(document["ended"]), closed) if day is not None]
    return Followed(_day(document["start"]), min(ends, default=None), visits=visits)


def _standing(item: list[Any], today: date) -> StandingQuery:
    on = date.fromisoformat(item[5])
    return StandingQuery(item[0], item[1], item[2], item[3], item[4], on, (today - on).days)


def as_json(due: Due) -> dict[str, Any]:
    """As JSON can hold it, days as texts."""
    document: dict[str, Any] = json.loads(json.dumps(asdict(due), default=str))
    return document


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
