"""Commands about safety: adverse events and their reports, departures from advice, news of somebody lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from equipoise.conduct.commands.base import AboutParticipant

Grade: TypeAlias = Literal[1, 2, 3, 4, 5]
Clock: TypeAlias = Literal["sae", "susar"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAdverseEvent(AboutParticipant):
    """An adverse event; `on` is its first day.

    Attributes:
        term: the preferred term.
        grade: severity by the CTCAE.
        aware: the day on which the site knew of it.
        serious: why it is serious, apart from its grade; empty if it is not.
        related: by intervention, whether it may be caused by it; what is left out has not been judged.
        expected: whether the reference safety information names it; only the role that judges it may say so.
        outcome: `recovered`, `recovering`, `not recovered`, `recovered with sequelae`, `fatal` or `unknown`.
        action: what was done with the treatment.
        ended: its last day.
    """

    term: str
    grade: Grade
    aware: date
    serious: tuple[str, ...] = ()
    related: Mapping[str, bool] | None = None
    expected: bool | None = None
    outcome: str | None = None
    action: str | None = None
    ended: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpAdverseEvent(AboutParticipant):
    """What became of an adverse event, known on the day `on`; what is None stays as it was.

    Attributes:
        entry: number of the entry that reported it.
    """

    entry: int
    grade: Grade | None = None
    serious: tuple[str, ...] | None = None
    related: Mapping[str, bool] | None = None
    expected: bool | None = None
    outcome: str | None = None
    action: str | None = None
    ended: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSafety(AboutParticipant):
    """A report on a serious adverse event was sent on that day.

    Attributes:
        entry: number of the entry that reported the event.
        report: which: of every serious event, or of a suspected unexpected reaction.
    """

    entry: int
    report: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Depart(AboutParticipant):
    """Treatment departs from the advice of a guidance table; a reason is asked for.

    Attributes:
        guidance: its id.
        given: what was done instead.
    """

    guidance: str
    given: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Find(AboutParticipant):
    """There is news of somebody lost to follow-up, which is taken up again.

    Attributes:
        alive: whether the participant was alive on that day; a death is then entered as an event.
    """

    alive: bool = True
