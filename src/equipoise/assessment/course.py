"""The course of a patient's disease by RECIST 1.1: every assessment judged, by compartment and overall.

Source: Eisenhauer et al., Eur J Cancer 2009;45:228-247. The rules for compartments and for surgery are those of trials
that resect the primary tumour or metastases; RECIST 1.1 has none.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from equipoise.assessment.best_response import (
    BestResponse,
    ResponseDuration,
    TimePoint,
    best_response,
    duration_of_response,
)
from equipoise.assessment.criteria import Recist
from equipoise.assessment.lesion import PRIMARY, Lesion
from equipoise.assessment.non_target_response import NonTargetResult, NonTargetState, assess_non_targets
from equipoise.assessment.tables import Response, combined_response, response_with_targets, response_without_targets
from equipoise.assessment.target_response import TargetResult, TargetState, assess_targets, start_targets
from equipoise.assessment.targets import target_problems
from equipoise.assessment.visit import Baseline, Resection, Visit, in_order, resected_before
from equipoise.errors import DataError

OVERALL = "overall"


@dataclass(frozen=True, slots=True)
class Judgement:
    """The response of one compartment, or of the whole, at one assessment.

    Attributes:
        response: CR, PR, SD, non-CR/non-PD, PD or NE.
        targets: the sum of diameters and what it says; None without target lesions, or put together.
        non_targets: None without non-target lesions, or put together.
        new_lesions: ids of the new lesions that count.
        after_progression: whether an earlier assessment was progression already. What comes after is judged against
            the same baseline and decides nothing; a new line of treatment starts from a new baseline.
        why: what decided, in words.
    """

    response: Response
    targets: TargetResult | None
    non_targets: NonTargetResult | None
    new_lesions: tuple[str, ...]
    after_progression: bool
    why: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """One assessment: its day, the judgement of each compartment by name, and the overall one."""

    on: date
    parts: Mapping[str, Judgement]
    overall: Judgement


@dataclass(frozen=True, slots=True)
class Course:
    """Every assessment of a patient, judged. `print` shows the overall responses with what decided them.

    Attributes:
        assessments: by day.
        criteria: the rules that judged.
    """

    assessments: tuple[Assessment, ...]
    criteria: Recist
    _memory: _Memory | None = field(default=None, repr=False, compare=False)

    def points(self, part: str = OVERALL) -> tuple[TimePoint, ...]:
        """Day and response of each assessment, overall or of a compartment (from when there is something to judge)."""
        judged = ((each.on, each.overall if part == OVERALL else each.parts.get(part)) for each in self.assessments)
        return tuple(TimePoint(on, judgement.response) for on, judgement in judged if judgement is not None)

    def progression(self, part: str = OVERALL) -> date | None:
        """The day of the first progression: of the visit that found it."""
        return next((point.on for point in self.points(part) if point.response == "PD"), None)

    def best(self, origin: date, *, until: date | None = None, part: str = OVERALL) -> BestResponse:
        """The best response by the criteria's rule; see `best_response`."""
        return best_response(self.points(part), origin, self.criteria.best, until=until)

    def duration(
        self, *, death: date | None = None, cut_off: date | None = None, part: str = OVERALL
    ) -> ResponseDuration | None:
        """How long the response lasted; see `duration_of_response`."""
        return duration_of_response(self.points(part), self.criteria.best, death=death, cut_off=cut_off)

    def _cells(self) -> list[tuple[str, ...]]:
        names = sorted({name for each in self.assessments for name in each.parts}, key=_primary_first)
        rows = [("day", *names, OVERALL, "decided by")]
        for each in self.assessments:
            of_parts = (each.parts[name].response if name in each.parts else "-" for name in names)
            rows.append((each.on.isoformat(), *of_parts, each.overall.response, each.overall.why))
        return rows

    def __str__(self) -> str:
        """A row an assessment."""
        rows = self._cells()
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
        lines = ([*(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=True)), row[-1]] for row in rows)
        return "\n".join("  ".join(line) for line in lines)

    def _repr_html_(self) -> str:
        """The same as a table in a notebook."""
        cells = [[html.escape(cell) for cell in row] for row in self._cells()]
        head = "".join(f"<th>{cell}</th>" for cell in cells[0])
        body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in cells[1:])
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


@dataclass(frozen=True, slots=True)
class _Unit:
    """Lesions that are judged together, and what earlier assessments left behind."""

    targets: Mapping[str, Lesion]
    non_targets: Mapping[str, Lesion]
    target_state: TargetState | None
    non_target_state: NonTargetState | None
    was_complete: bool = False
    progressed: bool = False


@dataclass(frozen=True, slots=True)
class _Memory:
    """What a course was judged from, and what its last assessment leaves behind: the next one goes on from there.

    Attributes:
        new: new lesions as they were known. gone: lesions taken out before each visit.
    """

    baseline: Baseline
    visits: tuple[Visit, ...]
    new: tuple[tuple[str, str, date], ...]
    gone: tuple[frozenset[str], ...]
    units: Mapping[str, _Unit]
    whole: _Unit


def judge(
    baseline: Baseline,
    visits: Iterable[Visit],
    *,
    resections: Iterable[Resection] = (),
    criteria: Recist | None = None,
    known: Course | None = None,
) -> Course:
    """Judge every assessment after baseline, in every compartment and overall.

    Visits may come in any order. The records are judged as they are known now: a new lesion in doubt that a later
    visit confirms is progression from the visit that saw it first.

    Args:
        baseline: lesions and diameters before treatment; `target_problems` must find nothing.
        visits: the assessments.
        resections: lesions taken out. They leave the sums; the next assessment is a new baseline for what is left,
            where the response from before stands unless the lesions left have progressed.
        criteria: the rules; RECIST 1.1 if not given.
        known: the course up to an earlier visit. What follows is judged from there where the records before are the
            same, and all is judged anew where they are not; the result does not depend on it.

    Raises:
        DataError: lesions of baseline that cannot be, or records that do not fit it.
    """
    rules = criteria or Recist()
    operations = tuple(resections)
    ordered = in_order(baseline, visits, operations)
    new = _new_lesions(ordered)
    gone = tuple(resected_before(visit.on, operations) for visit in ordered)
    memory = _that_holds(known, baseline, ordered, new, gone, rules)
    if memory is None and (problems := target_problems(baseline, rules)):
        raise DataError("baseline: " + "; ".join(problems))
    names = sorted(
        {lesion.compartment for lesion in baseline.lesions} | {name for _, name, _ in new}, key=_primary_first
    )
    before = {} if memory is None else memory.units
    units = {name: before.get(name) or _unit(baseline, name) for name in names}
    whole = _unit(baseline, None) if memory is None else memory.whole
    assessments = [] if memory is None or known is None else list(known.assessments)
    for visit, out in list(zip(ordered, gone, strict=True))[len(assessments) :]:
        parts = {}
        for name, unit in units.items():
            seen = tuple(lesion for lesion, place, on in new if place == name and on <= visit.on)
            units[name], judgement = _judge_unit(unit, replace(visit, markers_normal=None), out, seen, rules)
            if judgement is not None:
                parts[name] = judgement
        if rules.overall == "compartments":
            whole, overall = _put_together(whole, parts, visit)
        else:
            seen = tuple(lesion for lesion, _, on in new if on <= visit.on)
            whole, judged = _judge_unit(whole, visit, out, seen, rules)
            assert judged is not None  # baseline has a lesion, or `target_problems` had stopped it
            overall = judged
        assessments.append(Assessment(visit.on, parts, overall))
    return Course(tuple(assessments), rules, _Memory(baseline, ordered, tuple(new), gone, units, whole))


def _that_holds(  # noqa: PLR0917 - what a course was judged from, in the order of its memory
    known: Course | None,
    baseline: Baseline,
    visits: tuple[Visit, ...],
    new: list[tuple[str, str, date]],
    gone: tuple[frozenset[str], ...],
    rules: Recist,
) -> _Memory | None:
    """What is remembered of a course judged before, if nothing that it was judged from is otherwise now."""
    if known is None or known._memory is None or known.criteria != rules:
        return None
    memory = known._memory
    count = len(memory.visits)
    same = memory.baseline == baseline and memory.visits == visits[:count] and memory.gone == gone[:count]
    if not same or (count and tuple(item for item in new if item[2] <= visits[count - 1].on) != memory.new):
        return None
    return memory


def _primary_first(name: str) -> tuple[bool, str]:
    return name != PRIMARY, name


def _new_lesions(visits: Iterable[Visit]) -> list[tuple[str, str, date]]:
    """New lesions that are certain by now: id, compartment and the day that saw them first."""
    first: dict[str, tuple[str, date]] = {}
    certain: set[str] = set()
    for visit in visits:
        for lesion in visit.new_lesions:
            place, _ = first.setdefault(lesion.id, (lesion.compartment, visit.on))
            if place != lesion.compartment:
                raise DataError(f"new lesion {lesion.id} on {visit.on}: {lesion.compartment}, before {place}")
            if lesion.unequivocal:
                certain.add(lesion.id)
    return sorted((lesion, *first[lesion]) for lesion in certain)


def _unit(baseline: Baseline, compartment: str | None) -> _Unit:
    lesions = [each for each in baseline.lesions if compartment in (None, each.compartment)]
    targets = {lesion.id: lesion for lesion in lesions if lesion.role == "target"}
    others = {lesion.id: lesion for lesion in lesions if lesion.role == "non-target"}
    sizes = {each.lesion: each.micrometres or 0 for each in baseline.findings if each.lesion in targets}
    return _Unit(targets, others, start_targets(sizes), NonTargetState(frozenset(others)) if others else None)


def _judge_unit(
    unit: _Unit, visit: Visit, gone: frozenset[str], new: tuple[str, ...], criteria: Recist
) -> tuple[_Unit, Judgement | None]:
    """Judge lesions that belong together; None as long as there is nothing to judge."""
    target = non_target = None
    if unit.target_state is not None:
        state, target = assess_targets(unit.target_state, unit.targets, visit, gone, criteria)
        unit = replace(unit, target_state=state)
    if unit.non_target_state is not None:
        looked, non_target = assess_non_targets(unit.non_target_state, unit.non_targets, visit, gone, criteria)
        unit = replace(unit, non_target_state=looked)
    if target is None and non_target is None and not new:
        return unit, None
    response = _by_tables(target, non_target, bool(new))
    reasons = [each.why for each in (target, non_target) if each is not None]
    if new:
        reasons.append(f"new: {', '.join(new)}")
    if response == "CR" and visit.markers_normal is False:
        response = "PR" if target is not None else "non-CR/non-PD"
        reasons.append("tumour markers are above normal, so no complete response")
    disease = any(each.disease for each in (target, non_target) if each is not None)
    if unit.was_complete and disease and response != "PD" and criteria.reappearance == "progression":
        response = "PD"
        unit = _came_back(unit, target, non_target)
        reasons.append("disease after a complete response is progression")
    judgement = Judgement(response, target, non_target, new, unit.progressed, "; ".join(reasons))
    return _remembered(unit, response), judgement


def _came_back(unit: _Unit, target: TargetResult | None, non_target: NonTargetResult | None) -> _Unit:
    """What is remembered of lesions that came back after a complete response: they have progressed."""
    if unit.target_state is not None and target is not None and target.disease:
        unit = replace(unit, target_state=unit.target_state.progressed())
    if unit.non_target_state is not None and non_target is not None and non_target.disease:
        unit = replace(unit, non_target_state=replace(unit.non_target_state, standing="PD"))
    return unit


def _by_tables(target: TargetResult | None, non_target: NonTargetResult | None, new: bool) -> Response:
    if target is not None:
        others = None if non_target is None else non_target.response
        return response_with_targets(target.response, others, new_lesion=new)
    if non_target is not None:
        return response_without_targets(non_target.response, new_lesion=new)
    return "PD"


def _put_together(whole: _Unit, parts: Mapping[str, Judgement], visit: Visit) -> tuple[_Unit, Judgement]:
    """The overall response of compartments judged apart."""
    response = combined_response(part.response for part in parts.values())
    why = ", ".join(f"{name} {part.response}" for name, part in parts.items())
    if response == "CR" and visit.markers_normal is False:
        response = "PR"
        why += "; tumour markers are above normal, so no complete response"
    new = tuple(lesion for part in parts.values() for lesion in part.new_lesions)
    return _remembered(whole, response), Judgement(response, None, None, new, whole.progressed, why)


def _remembered(unit: _Unit, response: Response) -> _Unit:
    return replace(
        unit,
        was_complete=unit.was_complete or response == "CR",
        progressed=unit.progressed or response == "PD",
    )
