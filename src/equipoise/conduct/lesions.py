"""Lesions at baseline and at every assessment, from which the response is judged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from equipoise.assessment import judge, target_problems
from equipoise.conduct.admission import condition_of
from equipoise.conduct.commands import Adjudicate, Assess, AssessLesions, DescribeLesions
from equipoise.conduct.context import Context
from equipoise.conduct.decision import Accepted, Decider, Decision, Draft, refuse
from equipoise.conduct.hindsight import warnings_of
from equipoise.conduct.progressions import newly_unmatched
from equipoise.conduct.proposals import classified
from equipoise.conduct.recorded_lesions import baseline_of, described_json, judged_json, seen_of
from equipoise.conduct.responses import (
    ADJUDICATOR,
    CENTRAL,
    LOCAL,
    READINGS,
    ROLES,
    assessment_names,
    disagreements,
    not_judged,
    overall_of,
    with_baseline,
    with_reading,
)
from equipoise.conduct.state import Described, ParticipantState, Reading
from equipoise.conduct.well_formed import MAX_NAME, has_reason
from equipoise.errors import EquipoiseError
from equipoise.ledger import Json
from equipoise.protocol.model.pathway import Assign
from equipoise.protocol.model.response import RESPONSES, ResponseCriteria
from equipoise.protocol.wording import clipped

FOLLOW_UP = "follow_up"
"""Name of an assessment at a follow-up visit."""


def decide_describe(context: Context, command: DescribeLesions) -> Decision:
    """The lesions before treatment: targets that can be, and findings made before that still fit."""
    response = _of_lesions(context)
    if isinstance(response, str):
        return refuse(response)
    state = context.known
    lesions: list[Json] = [described_json(lesion) for lesion in command.lesions]
    try:
        baseline = baseline_of(response, command.on, lesions)  # type: ignore[arg-type]  # made just above
        problems = [*_reader(command), *target_problems(baseline, response.recist)]
        if not problems:
            judge(baseline, (), criteria=response.recist)
    except EquipoiseError as error:
        return refuse(str(error))
    before = [item.baseline.on for item in state.baselines if item.reading == command.reading]
    if before and not has_reason(command):
        again = "describes them again" if command.on in before else "is a new baseline"
        problems.append(f"the lesions of {before[0]} are described, so what {again} needs a reason")
    if problems:
        return refuse(*problems)
    after = with_baseline(context.protocol, state, Described(command.reading, baseline, context.trial.entries + 1))
    if broken := newly_broken(state, after):
        return refuse(*broken)
    data: dict[str, Json] = {"on": command.on.isoformat(), "lesions": lesions, **_read_by(command.reading)}
    return Accepted((Draft("lesions", data, command.participant),), warnings=changes(context, after))


def decide_assess(context: Context, command: Assess) -> Decision:
    """Response of every compartment, where the trial records responses."""
    names = assessment_names(context.protocol)
    response = context.protocol.response
    if response is None or command.name not in {*names, FOLLOW_UP}:
        return refuse(f"there is no assessment '{command.name}' (there is {', '.join(sorted({*names, FOLLOW_UP}))})")
    if response.recorded == "lesions":
        return refuse("the response is judged from the lesions: record what was found of them")
    compartments = response.compartments
    problems = [f"the response of '{part}' is missing" for part in compartments if part not in command.responses]
    problems += [f"there is no compartment '{clipped(part)}'" for part in command.responses if part not in compartments]
    problems += [
        f"'{clipped(value)}' is no response (one of {', '.join(RESPONSES)})"
        for value in command.responses.values()
        if value not in RESPONSES
    ]
    problems += _reader(command) or _again(context, command)
    if problems:
        return refuse(*problems)
    responses: dict[str, Json] = {part: command.responses[part] for part in compartments}
    told = {"name": command.name, "on": command.on.isoformat(), "visit": command.visit, "responses": responses}
    data = {**told, **_read_by(command.reading), "overall": overall_of(command.responses)}
    return _assessed(context, command, data)


def decide_assess_lesions(context: Context, command: AssessLesions) -> Decision:
    """What was found of the lesions; the response is judged from it."""
    response = _of_lesions(context)
    if isinstance(response, str):
        return refuse(response)
    names = {*assessment_names(context.protocol), FOLLOW_UP}
    problems = _reader(command)
    if command.name not in names:
        problems.append(f"there is no assessment '{command.name}' (there is {', '.join(sorted(names))})")
    others = [item for item in context.known.readings if item.on == command.on and item.reading != command.reading]
    if other := next((item.name for item in others if item.name != command.name), None):
        problems.append(f"the assessment of {command.on} is '{other}' by another reading")
    new = {**command.new, **command.doubtful}
    if wrong := [name for name, site in new.items() if not (is_name(name) and is_name(site))]:
        what = f"has a name and a site of 1 to {MAX_NAME} printable characters"
        problems.append(f"a new lesion {what}, which '{clipped(wrong[0])}' has not")
    problems += _again(context, command)
    if problems:
        return refuse(*problems)
    given: dict[str, Json] = {
        "name": command.name, "on": command.on.isoformat(), "visit": command.visit, **_read_by(command.reading),
        "findings": dict(command.findings), "markers_normal": command.markers_normal,
    }  # fmt: skip  # short items of one kind share a line
    given |= {part: dict(of) for part, of in (("new", command.new), ("doubtful", command.doubtful)) if of}
    return _assessed(context, command, given)


def decide_adjudicate(context: Context, command: Adjudicate) -> Decision:
    """The adjudicator agrees with one of two readings that differ."""
    if command.role != ADJUDICATOR:
        return refuse(f"readings that differ are adjudicated by the {ADJUDICATOR}, not by the {command.role}")
    if command.agrees_with not in (LOCAL, CENTRAL):
        return refuse(f"'{command.agrees_with}' is none of the readings to agree with (local, central)")
    if not any((name, on) == (command.name, command.on) for name, on, _ in disagreements(context.known)):
        return refuse(f"the local and the central reading of '{command.name}' on {command.on} do not disagree")
    if problems := _again(context, command):
        return refuse(*problems)
    data: dict[str, Json] = {
        "name": command.name, "on": command.on.isoformat(), "reading": ADJUDICATOR, "agrees_with": command.agrees_with,
    }  # fmt: skip  # short items of one kind share a line
    return _assessed(context, command, data)


def _assessed(context: Context, command: Assess | AssessLesions | Adjudicate, data: dict[str, Json]) -> Decision:
    """The entries of a reading: what was judged of it, the classes that follow, and warnings of what changes."""
    state = context.known
    told: dict[str, Json] = {name: value for name, value in data.items() if value is not None}
    try:
        reading = reading_of(context, told, command.on, context.trial.entries + 1)
        after = with_reading(context.protocol, state, reading)
    except EquipoiseError as error:
        return refuse(str(error))
    if broken := newly_broken(state, after):
        return refuse(*broken)
    told |= as_judged(after, reading.entry)
    drafts, unclassed = classified(context, after, command.name, command.on)
    kind = "adjudicate" if isinstance(command, Adjudicate) else "assess"
    warnings = (*changes(context, after), *unclassed)
    return Accepted((Draft(kind, told, command.participant), *drafts), warnings=warnings)


def reading_of(context: Any, data: Mapping[str, Any], on: date, entry: int) -> Reading:
    """A reading from its entry; `context` has the protocol.

    Raises:
        DataError: what is recorded of the lesions cannot be.
    """
    seen = seen_of(context.protocol, data["name"], on, data) if "findings" in data else None
    return Reading(
        data["name"],
        on,
        data.get("visit"),
        data.get("reading", LOCAL),
        entry,
        seen=seen,
        agrees_with=data.get("agrees_with"),
        responses=dict(data.get("responses", {})),
        overall=data.get("overall", "NE"),
    )


def as_judged(after: ParticipantState, entry: int) -> dict[str, Json]:
    """What an entry of a reading holds of the response, by what was known when it was made."""
    reading = next(item for item in after.readings if item.entry == entry)
    if reading.judged is None:
        return {} if reading.agrees_with is None else _told(reading)
    more: dict[str, Json] = {} if reading.agrees_with is not None else {"judged": dict(judged_json(reading.judged))}
    return {**_told(reading), **more}


def _told(reading: Reading) -> dict[str, Json]:
    return {"responses": dict(reading.responses), "overall": reading.overall}


def newly_broken(before: ParticipantState, after: ParticipantState) -> list[str]:
    """Why readings can no longer be judged, or a new one cannot."""
    old = not_judged(before)
    on = {item.entry: (item.name, item.on) for item in after.readings}
    return [
        f"'{on[entry][0]}' on {on[entry][1]} cannot be judged: {why}"
        for entry, why in not_judged(after).items()
        if entry not in old
    ][:1]


def changes(context: Context, after: ParticipantState) -> tuple[str, ...]:
    """Warnings: assessments that are judged otherwise now, passed steps, progressions without an event."""
    state = context.known
    now = {(item.name, item.on): item for item in after.assessments}
    told = []
    for old in state.assessments:
        new = now.get((old.name, old.on))
        if new is not None and (old.overall, old.responses) != (new.overall, new.responses):
            parts = ", ".join(f"{part} {old.responses.get(part, '-')}" for part in old.responses)
            changed = ", ".join(f"{part} {new.responses.get(part, '-')}" for part in new.responses)
            told.append(f"'{old.name}' on {old.on} was {old.overall} ({parts}), and is {new.overall} ({changed}) now")
    told += newly_unmatched(context.protocol, state, after)
    return (*told, *(() if after.values == state.values else warnings_of(context, after.values)))


def _of_lesions(context: Context) -> ResponseCriteria | str:
    response = context.protocol.response
    if response is None:
        return "the trial assesses no response"
    return response if response.recorded == "lesions" else "the trial records responses, and no lesions"


def _reader(command: Assess | AssessLesions | DescribeLesions) -> list[str]:
    """Whether there is such a reading, and whether it is made by those who make it: readings are independent."""
    reading = command.reading
    if reading in READINGS:
        makes = ROLES.get(reading, command.role)
        if makes == command.role and (reading != LOCAL or command.role not in ROLES.values()):
            return []
        return [f"a {reading} reading is not made by the {command.role}"]
    return [f"'{clipped(reading)}' is no reading (one of {', '.join(READINGS)})"]


def _read_by(reading: str) -> dict[str, Json]:
    return {} if reading == LOCAL else {"reading": reading}


def is_name(text: object) -> bool:
    """Whether a text can be the name of a lesion or of a site."""
    return isinstance(text, str) and 0 < len(text) <= MAX_NAME and text.isprintable() and text == text.strip()


def _again(context: Context, command: Assess | AssessLesions | Adjudicate) -> list[str]:
    """Why a reading that was made before, or that a passed step rests on, needs a reason."""
    if has_reason(command):
        return []
    reader = ADJUDICATOR if isinstance(command, Adjudicate) else command.reading
    own = [item for item in context.known.readings if item.reading == reader]
    lesions = context.protocol.response is not None and context.protocol.response.recorded == "lesions"
    if lesions and any(item.on == command.on for item in own):
        return [f"the {reader} reading of {command.on} is recorded, and another one needs a reason"]
    if any(item.name == command.name for item in own) and (rests := _step_that_rests_on(context, command.name)):
        return [f"'{rests}' was passed on '{command.name}', so to assess it again needs a reason"]
    return []


def _step_that_rests_on(context: Context, name: str) -> str | None:
    """A step that was passed on an assessment of that name. An assignment is judged anew each time."""
    compartments = context.protocol.response.compartments if context.protocol.response is not None else ()
    own = {f"{name}_{part}" for part in ("response", "date", *compartments)}
    for step in context.protocol.entry_steps:
        if step.id not in context.known.steps or isinstance(step, Assign):
            continue
        if own & context.criteria.entry_variables(step.id, when=condition_of(step)):
            return step.id
    return None


DECIDERS: dict[type[Any], Decider] = {
    DescribeLesions: decide_describe,
    Assess: decide_assess,
    AssessLesions: decide_assess_lesions,
    Adjudicate: decide_adjudicate,
}
