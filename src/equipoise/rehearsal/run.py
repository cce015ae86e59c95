"""Rehearse a trial: synthetic participants come in, and the conduct core does with them what it does with real ones."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from equipoise.conduct import Desk, ParticipantState, TrialState, commands
from equipoise.conduct.quality.sweep import is_followed, still_to_ask
from equipoise.disease import uniforms
from equipoise.errors import DesignError
from equipoise.ledger import Journal
from equipoise.protocol import Protocol
from equipoise.protocol.model.allocation import ClassifiedList
from equipoise.rehearsal.clock import Office
from equipoise.rehearsal.course import Course
from equipoise.rehearsal.draws import list_seed
from equipoise.rehearsal.people import open_trial
from equipoise.rehearsal.setting import Setting
from equipoise.rehearsal.walk import enter, walk
from equipoise.units import date_after_months

MAX_SCREENED_PER_PLACE = 200
"""So many in a row who fail screening mean that the assumptions let nobody in."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A trial that never took place.

    Attributes:
        protocol: the protocol that was rehearsed.
        seed: everything follows from it.
        journal: the ledger, closed, its seeds revealed.
        trial: the state that it adds up to.
        participants: each participant's state, by number.
        data_cut: the data cut-off date.
    """

    protocol: Protocol
    seed: int
    journal: Journal
    trial: TrialState
    participants: Mapping[str, ParticipantState]
    data_cut: date


def rehearse(protocol: Protocol, *, seed: int, progress: Progress | None = None) -> Rehearsal:
    """Rehearse a trial from the protocol's assumptions.

    Args:
        protocol: with an `assumptions` section.
        seed: a whole number from 0; the same seed gives the same ledger, byte for byte.
        progress: called with days done and days in all.

    Raises:
        DesignError: no assumptions, a negative seed, or assumptions under which nobody can enter.
    """
    if seed < 0:
        raise DesignError(f"the seed is {seed}: use a whole number from 0")
    setting = Setting.of(protocol, seed)
    lists = [name for name, item in protocol.allocation.items() if not isinstance(item, ClassifiedList)]
    seeds = {name: list_seed(seed, protocol.id, name) for name in lists}
    desk = Desk(protocol, seeds=seeds)
    office = Office(desk)
    accrual = setting.assumptions.accrual
    open_trial(office, accrual.start, seeds, sites=accrual.sites)
    days = _registration_days(setting)
    data_cut = date_after_months(days[-1], setting.assumptions.cut_off_months)
    _run(setting, office, days, data_cut, progress)
    _finish(office, data_cut, seeds)
    return Rehearsal(protocol, seed, desk.journal, desk.trial, desk.participants, data_cut)


def _registration_days(setting: Setting) -> list[date]:
    """The day of each registration, uniform over the accrual window."""
    accrual = setting.assumptions.accrual
    length = (accrual.end - accrual.start).days + 1
    u = uniforms(setting.seed, "rehearsal accrual", range(accrual.participants))[:, 0]
    return sorted(accrual.start + timedelta(days=min(int(x * length), length - 1)) for x in u)


def _run(setting: Setting, office: Office, days: list[date], data_cut: date, progress: Progress | None) -> None:
    """Let all participants walk, in the order of the calendar."""
    waiting: list[tuple[date, int, Iterator[date]]] = []
    arrivals = _arrivals(setting, office, days, waiting)
    heapq.heappush(waiting, (days[0], 0, arrivals))
    total = (data_cut - days[0]).days
    while waiting:
        day, order, walk = heapq.heappop(waiting)
        if progress is not None:
            progress((day - days[0]).days, total)
        following = next(walk, None)
        if following is not None and following <= data_cut:
            heapq.heappush(waiting, (max(following, day), order, walk))


def _arrivals(setting: Setting, office: Office, days: list[date], waiting: list[Any]) -> Iterator[date]:
    """Screen participants until each place is filled; who is registered goes on alone."""
    number = 0
    for place, day in enumerate(days):
        if place:
            yield day
        for _ in range(MAX_SCREENED_PER_PLACE):
            number += 1
            course = Course(setting, office, number)
            if enter(course, day):
                heapq.heappush(waiting, (day, number, walk(course)))
                break
        else:
            raise DesignError(
                f"{MAX_SCREENED_PER_PLACE} synthetic participants in a row failed screening: "
                f"check assumptions.variables against the criteria ({course.why_not()})"
            )


def _finish(office: Office, data_cut: date, seeds: Mapping[str, bytes]) -> None:
    """Ask after everybody at the cut-off, freeze, judge the cohort rules, lock, reveal the seeds, close."""
    protocol = office.desk.protocol
    if protocol.sweep is not None:
        office.submit(commands.Sweep, data_cut, role="coordinator", on=data_cut)
    for state in list(office.desk.participants.values()):
        if not is_followed(protocol, state) or state.died_on is not None or state.left is not None:
            continue
        if protocol.sweep is None:
            office.submit(commands.Visit, data_cut, state.number, site=state.site, visit="cut-off")
        elif still_to_ask(protocol, office.desk.trial, [state]):
            source = protocol.sweep.sources[0]
            office.submit(commands.Alive, data_cut, state.number, site=state.site, source=source)
    office.submit(commands.Freeze, data_cut, role="statistician", analysis="final", cut_off=data_cut)
    if protocol.cohort_rules:
        office.submit(commands.CheckCohort, data_cut, role="coordinator")
    office.submit(commands.LockTrial, data_cut, role="coordinator")
    if seeds:
        revealed = {name: value.hex() for name, value in seeds.items()}
        office.submit(commands.Reveal, data_cut, role="coordinator", seeds=revealed)
    office.submit(commands.Close, data_cut, role="coordinator")
