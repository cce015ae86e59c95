"""A synthetic participant's way: in through screening, along the pathway, to the end of follow-up.

`walk` yields the day on which it wants to go on; the run resumes it on that day, so that the entries of all
participants come in the order of the calendar.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from datetime import date

from equipoise.conduct import commands
from equipoise.protocol.model.pathway import (
    Assess,
    Assign,
    Classify,
    FollowUp,
    Randomise,
    Register,
    Repeat,
    Step,
    StepSettings,
    Treat,
    settings,
)
from equipoise.rehearsal.course import Course
from equipoise.rehearsal.follow_up import fill_repeated, follow
from equipoise.units import date_after_months

ACTS = ("procedure", "radiation", "combination")
"""Kinds of interventions that are done on a day; others are started."""

NOBODY = {"reason": "synthetic: there is nobody to tell apart"}
"""Why a screening has no pseudonym, where the protocol asks for one."""


def enter(course: Course, day: date) -> bool:
    """Screen the participant and ask for the first registration; whether it was given."""
    course.submit(commands.Screen, day, **(NOBODY if course.setting.protocol.identity else {}))
    course.fill_forms("screening", day)
    first = course.setting.protocol.entry_steps[0]
    entered = _pass(course, first, day) if isinstance(first, Register) else True
    if entered:
        course.describe_lesions(day)
    return entered


def walk(course: Course) -> Iterator[date]:
    """Go along the pathway after the first registration."""
    steps = course.setting.protocol.pathway
    first = isinstance(settings(steps[0]), Register)
    yield from _along(course, steps[1:] if first else steps, course.state.screened_on)


def _along(course: Course, steps: tuple[Step, ...], day: date) -> Iterator[date]:
    """Take the steps in order from `day`; a refusal, death or loss ends the course."""
    for step in steps:
        found = settings(step)
        if isinstance(found, FollowUp):
            yield from follow(course, found, _follow_up_start(course, day), day)
            return
        if isinstance(found, Repeat):
            day = yield from _loop(course, found, day)
            if course.over:
                return
        elif not _take(course, found, day):
            return
        elif isinstance(found, Treat) and found.months is not None:
            later = date_after_months(day, found.months)
            if not (yield from course.until(day, later)):
                return
            day = later


def _follow_up_start(course: Course, day: date) -> date:
    """Visits are planned from randomisation; where arms follow a class, from the end of the classification."""
    step = course.setting.protocol.allocation_step
    return course.state.steps.get(step.id, day) if isinstance(step, Randomise) else day


def _loop(course: Course, loop: Repeat, start: date) -> Generator[date, None, date]:
    """Turn after turn, the first at once; returns the day of the last."""
    day = start
    for turn in range(1, loop.times + 1):
        next_day = date_after_months(start, (turn - 1) * loop.every_months)
        if not (yield from course.until(day, next_day)):
            break
        day = next_day
        course.responses.turn = turn
        if not all(_take(course, settings(step), day) for step in loop.steps):
            break
        course.follow_proposals(day)
        until = loop.until
        if until is not None and course.office.desk.criteria.rule(until).judge(course.state.values).value is True:
            break
    return day


def _take(course: Course, step: StepSettings, day: date) -> bool:
    """Take one step; False ends the course, or the loop that the step stands in."""
    match step:
        case Register() | Randomise() | Assign():
            return _admit(course, step, day)
        case Assess():
            course.assess_response(day, step.name)
        case Classify():
            # a response that is not evaluable gives no class: the earlier one stands
            course.accepted(commands.Classify, day, by=step.by)
        case Treat():
            _treat(course, step, day)
        case _:
            pass
    return True


def _admit(course: Course, step: Register | Randomise | Assign, day: date) -> bool:
    """Ask to pass an entry step, unless the participant leaves before it."""
    setting = course.setting
    for leaving in setting.assumptions.leaving:
        if leaving.before == step.id and course.draws.happens(f"leaving {step.id}", leaving.probability):
            rule = next(item for item in setting.protocol.withdrawal if item.id == leaving.withdrawal)
            course.submit(commands.Withdraw, day, rule=rule.id)
            return False
    before = len(course.state.assignments)
    if not _pass(course, step, day):
        return False
    if len(course.state.assignments) > before:
        course.meet_fate(day)
        if not before:
            _baseline(course, day)
    return True


def _pass(course: Course, step: Register | Randomise | Assign, day: date) -> bool:
    """Answer the judgements of a step and ask to pass it; the disease's clock may start with it."""
    course.fill_forms(step.id, day)
    course.judge(step.id, day)
    kind = commands.Register if isinstance(step, Register) else commands.Allocate
    passed = course.accepted(kind, day, step=step.id)
    if passed and step.id == course.setting.assumptions.disease.origin and course.fate is None:
        course.meet_fate(day)
    return passed


def _baseline(course: Course, day: date) -> None:
    """Forms that repeat are filled in for the first time on the day of allocation."""
    step = next((item for item in course.setting.protocol.steps if isinstance(item, FollowUp)), None)
    if step is not None:
        fill_repeated(course, step, day, "M0", baseline=True)


def _treat(course: Course, step: Treat, day: date) -> None:
    """Give the interventions of the step; a form is filled in where something was done, not given."""
    state, protocol = course.state, course.setting.protocol
    if step.when is not None and course.office.desk.criteria.rule(step.when).judge(state.values).value is not True:
        return  # whoever does not meet the condition, or of whom it is not known, is not treated
    arm = state.assignments[-1].arm if state.assignments else None
    if step.by_arm and (arm, step.label) in course.treated:
        return  # in a loop, the same class again is not treated anew
    course.treated.add((arm, step.label))
    chosen = step.by_arm.get(arm, ()) if arm is not None else ()
    done = False
    for name in (*step.interventions, *chosen):
        is_act = protocol.interventions[name].kind in ACTS
        done |= is_act
        course.treat(name, "done" if is_act else "started", day)
        course.set_off(name, day)
    if done and step.form is not None:
        course.fill(step.form, day)
