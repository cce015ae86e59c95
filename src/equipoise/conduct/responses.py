"""From readings to responses: every reading judged by all that is known, the one that counts, and what follows.

Nothing here is entered. When an entry is struck out, or lesions are described anew, all of it is judged again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, TypeAlias

from equipoise.assessment import (
    OVERALL,
    RULES,
    Baseline,
    BestResponse,
    Course,
    Resection,
    ResponseDuration,
    TimePoint,
    best_response,
    combined_response,
    duration_of_response,
    judge,
)
from equipoise.assessment import Reading as Read
from equipoise.conduct.state import Assessment, Described, Occurrence, ParticipantState, Reading
from equipoise.conduct.values import Recorded
from equipoise.errors import DataError
from equipoise.protocol import Protocol
from equipoise.protocol.model.endpoints import Event
from equipoise.protocol.model.pathway import Assess
from equipoise.protocol.model.response import ResponseCriteria

LOCAL, CENTRAL, ADJUDICATOR = "local", "central", "adjudicator"
READINGS = (LOCAL, CENTRAL, ADJUDICATOR)
CENTRAL_READER = "central reader"
ROLES = {CENTRAL: CENTRAL_READER, ADJUDICATOR: ADJUDICATOR}
"""The role that makes a reading; a local one is made by whoever acts at the site."""


def with_reading(protocol: Protocol, state: ParticipantState, reading: Reading) -> ParticipantState:
    """The state with one more reading; one of the same assessment by the same reader takes the place of the first."""
    new = _key(protocol, reading)
    kept = tuple(item for item in state.readings if _key(protocol, item) != new)
    return rejudged(protocol, replace(state, readings=(*kept, reading)))


def with_baseline(protocol: Protocol, state: ParticipantState, described: Described) -> ParticipantState:
    """The state with one more baseline; one of the same day by the same reader takes the place of the first."""
    new = described.reading, described.baseline.on
    kept = tuple(item for item in state.baselines if (item.reading, item.baseline.on) != new)
    return rejudged(protocol, replace(state, baselines=(*kept, described)))


def with_resection(protocol: Protocol, state: ParticipantState, resection: Resection) -> ParticipantState:
    """The state once lesions are taken out."""
    return rejudged(protocol, replace(state, resections=(*state.resections, resection)))


def _key(protocol: Protocol, reading: Reading) -> tuple[Any, ...]:
    """What makes two readings the same: the day and the reader, and the name where no lesions are followed."""
    lesions = protocol.response is not None and protocol.response.recorded == "lesions"
    return (reading.reading, reading.on, "" if lesions else reading.name)


def rejudged(protocol: Protocol, state: ParticipantState) -> ParticipantState:
    """The state with everything that follows from its readings, baselines and resections."""
    if protocol.response is None:
        return state
    courses = dict(state.courses)
    readings = tuple(_agreeing(_judged(protocol.response, state, courses)))
    assessments = tuple(_that_count(protocol.response, readings))
    values = with_responses(protocol, state.values, assessments)
    after = replace(state, readings=readings, assessments=assessments, values=values, courses=courses)
    return with_found(protocol, after)


_Courses: TypeAlias = dict[tuple[str, date], Course]


def _judged(response: ResponseCriteria, state: ParticipantState, courses: _Courses) -> Sequence[Reading]:
    """Every reading, judged from its lesions where they are recorded; in the order of entry."""
    if response.recorded == "response":
        return state.readings
    found: dict[int, Reading] = {}
    for reader in READINGS:
        own = sorted((item for item in state.readings if item.reading == reader and item.seen), key=lambda r: r.on)
        lines = sorted(
            (item.baseline for item in state.baselines if item.reading == reader), key=lambda baseline: baseline.on
        )
        for line, readings in _by_line(lines, own):
            for reading in _of_line(response, line, readings, state.resections, courses):
                found[reading.entry] = reading
    return [found.get(item.entry, item) for item in state.readings]


def _by_line(lines: Sequence[Baseline], readings: Sequence[Reading]) -> Iterator[tuple[Baseline | None, list[Reading]]]:
    """The readings with the newest baseline before their day; None where there is none."""
    first = lines[0].on if lines else date.max
    yield None, [item for item in readings if item.on <= first]
    for place, line in enumerate(lines):
        until = lines[place + 1].on if place + 1 < len(lines) else date.max
        yield line, [item for item in readings if line.on < item.on <= until]


def _of_line(
    response: ResponseCriteria,
    line: Baseline | None,
    readings: Sequence[Reading],
    resections: tuple[Resection, ...],
    courses: _Courses,
) -> Iterator[Reading]:
    if not readings:
        return
    if line is None:
        yield from (_not_judged(item, "no lesions are described before that day") for item in readings)
        return
    ids = {lesion.id for lesion in line.lesions}
    own = (Resection(item.on, tuple(name for name in item.lesions if name in ids)) for item in resections)
    operations = tuple(item for item in own if item.lesions and item.on >= line.on)
    visits = tuple(item.seen for item in readings if item.seen is not None)
    place = readings[0].reading, line.on
    try:
        course = judge(line, visits, resections=operations, criteria=response.recist, known=courses.get(place))
    except DataError as error:
        yield from (_not_judged(replace(item, line=line.on), str(error)) for item in readings)
        return
    courses[place] = course
    for item, judged in zip(readings, course.assessments, strict=True):
        if item.judged is judged and item.line == line.on:
            yield item  # as it was judged before
            continue
        parts = {part: judged.parts[part].response for part in response.compartments if part in judged.parts}
        yield replace(
            item,
            responses=parts,
            overall=judged.overall.response,
            judged=judged,
            line=line.on,
            why=judged.overall.why,
        )


def _not_judged(reading: Reading, why: str) -> Reading:
    return replace(reading, responses={}, overall="NE", judged=None, why=why)


def not_judged(state: ParticipantState) -> dict[int, str]:
    """Why readings of lesions could not be judged, by the number of their entry."""
    return {item.entry: item.why for item in state.readings if item.seen is not None and item.judged is None}


def _agreeing(readings: Sequence[Reading]) -> Iterator[Reading]:
    """An adjudicator who agrees with a reading has its responses."""
    of = {(item.name, item.on, item.reading): item for item in readings}
    for item in readings:
        if item.agrees_with is None:
            yield item
            continue
        chosen = of.get((item.name, item.on, item.agrees_with))
        if chosen is None:
            yield _not_judged(item, f"the {item.agrees_with} reading is gone")
        else:
            yield replace(
                item, responses=chosen.responses, overall=chosen.overall, judged=chosen.judged, line=chosen.line,
                why=chosen.why,
            )  # fmt: skip  # short items of one kind share a line


def _that_count(response: ResponseCriteria, readings: Sequence[Reading]) -> Iterator[Assessment]:
    """Each assessment by day, as the reading that counts has it; of one day in the order of entry."""
    events: dict[tuple[str, date], dict[str, Reading]] = {}
    for item in readings:
        events.setdefault((item.name, item.on), {})[item.reading] = item
    for (name, on), of in sorted(events.items(), key=lambda event: event[0][1]):
        chosen = _chosen(response.reading, of)
        if chosen is None:
            none = dict.fromkeys(response.compartments, "NE")
            visit = next((item.visit for item in of.values() if item.visit is not None), None)
            why = f"by '{response.reading}' no reading counts yet"
            yield Assessment(name, on, visit, none, "NE", reading="", why=why)
        else:
            yield Assessment(
                name, on, chosen.visit, chosen.responses, chosen.overall, chosen.reading, chosen.entry, chosen.line,
                chosen.why,
            )  # fmt: skip  # short items of one kind share a line


def _chosen(rule: str, of: Mapping[str, Reading]) -> Reading | None:
    """The reading that counts. Local and central agree where they do so overall and in every compartment."""
    if len(of) == 1 and rule in of:
        return of[rule]
    assessors = set()
    for part in parts_of(of.values()):
        chosen = RULES[rule](_reads(of, part))
        assessors.add(None if chosen is None else chosen.assessor)
    who = assessors.pop() if len(assessors) == 1 else ADJUDICATOR
    return None if who is None else of.get(who)


def parts_of(readings: Iterable[Reading]) -> tuple[str, ...]:
    """Overall, and every compartment of one of the readings."""
    return (OVERALL, *sorted({part for item in readings for part in item.responses}))


def _reads(of: Mapping[str, Reading], part: str) -> dict[Any, Read]:
    """The response of one part by reader, as `assessment` takes it."""
    return {
        who: Read(item.on, who, response_of(item, part) or "ND")  # type: ignore[arg-type]  # texts of the ledger
        for who, item in of.items()
    }


def response_of(item: Reading | Assessment, part: str) -> str | None:
    """The response of a compartment, or overall; None where there is nothing to judge."""
    return item.overall if part == OVERALL else item.responses.get(part)


def disagreements(state: ParticipantState) -> tuple[tuple[str, date, tuple[str, ...]], ...]:
    """Assessments of which the local and the central reading differ: name, day, and the parts that differ."""
    events: dict[tuple[str, date], dict[str, Reading]] = {}
    for item in state.readings:
        events.setdefault((item.name, item.on), {})[item.reading] = item
    found = []
    for (name, on), of in sorted(events.items(), key=lambda event: (event[0][1], event[0][0])):
        if LOCAL in of and CENTRAL in of:
            local, central = of[LOCAL], of[CENTRAL]
            parts = parts_of((local, central))
            differing = tuple(part for part in parts if response_of(local, part) != response_of(central, part))
            if differing:
                found.append((name, on, differing))
    return tuple(found)


def assessment_names(protocol: Protocol) -> tuple[str, ...]:
    """Names of the assessments of the pathway."""
    return tuple(dict.fromkeys(step.name for step in protocol.steps if isinstance(step, Assess)))


def with_responses(
    protocol: Protocol, values: Mapping[str, Recorded], assessments: Sequence[Assessment]
) -> dict[str, Recorded]:
    """Values with the responses of the newest assessment of each name; none where no reading counts yet."""
    named = assessment_names(protocol)
    parts = protocol.response.compartments if protocol.response else ()
    implied = {f"{name}_{part}" for name in named for part in ("response", "date", *parts)}
    kept = {name: value for name, value in values.items() if name not in implied}
    newest = {item.name: item for item in assessments if item.name in named}
    for name, item in newest.items():
        if item.reading:
            kept |= {f"{name}_{part}": response for part, response in item.responses.items()}
            kept |= {f"{name}_response": item.overall, f"{name}_date": item.on}
    return kept


def first_progressions(state: ParticipantState, part: str) -> list[Assessment]:
    """The first progression of a part in each line of treatment."""
    found: dict[date | None, Assessment] = {}
    for item in state.assessments:
        if response_of(item, part) == "PD":
            found.setdefault(item.line, item)
    return list(found.values())


def with_found(protocol: Protocol, state: ParticipantState) -> ParticipantState:
    """The state with the progressions that its assessments find, where the protocol says that they do."""
    finding = {name: event for name, event in protocol.events.items() if event.assessed is not None}
    if not finding:
        return state
    found = [
        Occurrence(name, event.kind, None, item.on, item.entry, found=True)
        for name, event in finding.items()
        for item in first_progressions(state, str(event.assessed))
        if is_of_arm(event, state, item.on)
    ]
    return replace(state, events=(*(item for item in state.events if not item.found), *found))


def is_of_arm(event: Event, state: ParticipantState, on: date) -> bool:
    """Whether an event counts for a participant on that day: it may be one of some arms, from allocation on."""
    return not event.arms or (state.arm in event.arms and state.assignments[0].on <= on)


def overall_of(responses: Mapping[str, str]) -> str:
    """The overall response of compartments that are recorded apart."""
    parts: Any = responses.values()
    return combined_response(parts)


def _points(state: ParticipantState, origin: date, part: str) -> list[TimePoint]:
    """The newest response of each day after the origin."""
    by_day = {item.on: response_of(item, part) for item in state.assessments if item.on > origin}
    return [TimePoint(on, response) for on, response in by_day.items() if response is not None]  # type: ignore[arg-type]  # texts of the ledger


def best_of(
    protocol: Protocol, state: ParticipantState, origin: date, *, until: date | None = None, part: str = OVERALL
) -> BestResponse:
    """The best response from the origin to the first progression, by the protocol's rule.

    Args:
        protocol: the protocol; it assesses response.
        state: the participant.
        origin: start of treatment, or randomisation.
        until: the last day that counts, as of the start of another treatment.
        part: a compartment, or overall.

    Raises:
        DataError: the protocol assesses no response.
    """
    return best_response(_points(state, origin, part), origin, _response(protocol).best_rule(), until=until)


def duration_of(
    protocol: Protocol, state: ParticipantState, origin: date, *, cut_off: date | None = None, part: str = OVERALL
) -> ResponseDuration | None:
    """How long the response lasted, to progression or death; None without a response. Arguments as of `best_of`.

    Raises:
        DataError: the protocol assesses no response.
    """
    rule = _response(protocol).best_rule()
    return duration_of_response(_points(state, origin, part), rule, death=state.died_on, cut_off=cut_off)


def progressed_on(state: ParticipantState, origin: date, part: str = OVERALL) -> date | None:
    """The day of the first assessment after the origin that found progression."""
    return next((point.on for point in _points(state, origin, part) if point.response == "PD"), None)


def _response(protocol: Protocol) -> ResponseCriteria:
    if protocol.response is None:
        raise DataError(f"{protocol.id} assesses no response; give a protocol with a response section")
    return protocol.response
