"""One synthetic participant's course: in through screening, along the pathway, to the end of follow-up.

`walk` yields the day on which it wants to go on; the run resumes it on that day, so that the entries of all participants
come in the order of the calendar.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from equipoise.conduct import ParticipantState, commands
from equipoise.conduct.lists import level
from equipoise.disease import NO_ARM, PackedModel, linear_predictors, pack, simulate
from equipoise.disease.model import DiseaseModel
from equipoise.errors import DesignError
from equipoise.protocol import Protocol
from equipoise.protocol.disease_model import covariates_of, disease_model
from equipoise.protocol.model.assumptions import Assumptions
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
from equipoise.rehearsal.draws import Draws
from equipoise.rehearsal.fate import LOCAL, Fate
from equipoise.rehearsal.follow_up import Follower
from equipoise.rehearsal.responses import Responses
from equipoise.units import date_after_months, days_to_months


CANCER = 1
"""Cause of death in the disease model; the first of the protocol's causes is taken to be the cancer."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What all participants of a rehearsal share."""

    protocol: Protocol
    assumptions: Assumptions
    seed: int
    model: DiseaseModel
    packed: PackedModel
    covariates: tuple[str, ...]

    @classmethod
    def of(cls, protocol: Protocol, seed: int) -> Setting:
        """The setting of a protocol's assumptions."""
        model = disease_model(protocol)
        assert protocol.assumptions is not None  # disease_model has refused a protocol without
        return cls(protocol, protocol.assumptions, seed, model, pack(model), covariates_of(protocol))


class Course:
    """One participant."""

    def __init__(self, setting: Setting, office: Any, number: int) -> None:
        self.setting = setting
        self.office = office
        self.index = number
        self.number = f"{number:05}"
        self.draws = Draws(setting.seed, number)
        self.site = f"S{self.draws.whole('site', 1, setting.assumptions.accrual.sites):02}"
        self.fate: Fate | None = None
        compartments = setting.protocol.response.compartments if setting.protocol.response else ()
        self.responses = Responses(setting.assumptions, self.draws, compartments)
        self._found: set[str] = set()
        self._treated: set[tuple[str | None, str]] = set()
        self._pending: list[tuple[str, date]] = []

    @property
    def state(self) -> ParticipantState:
        """What the desk knows of the participant."""
        state: ParticipantState = self.office.desk.participants[self.number]
        return state

    def why_not(self) -> str:
        """The criteria that kept the participant out."""
        return ", ".join(name for item in self.state.refusals for name in (*item.failed, *item.unknown)) or "none"

    def submit(self, kind: Any, day: date, **options: Any) -> Any:
        """Submit a command about this participant."""
        return self.office.submit(kind, day, self.number, site=self.site, **options)

    def enter(self, day: date) -> bool:
        """Screen the participant and ask for the first registration."""
        self.submit(commands.Screen, day)
        self._fill_forms("screening", day)
        first = self.setting.protocol.entry_steps[0]
        if not isinstance(first, Register):
            return True
        return self._pass(first, day)

    def _pass(self, step: Register | Randomise | Assign, day: date) -> bool:
        """Answer the judgements of a step and ask to pass it."""
        self._fill_forms(step.id, day)
        self._judge(step.id, day)
        kind = commands.Register if isinstance(step, Register) else commands.Allocate
        passed: bool = self.office.accepted(kind, day, self.number, site=self.site, step=step.id)
        if passed and step.id == self.setting.assumptions.disease.origin and self.fate is None:
            self._meet_fate(day)
        return passed

    def _fill_forms(self, at: str, day: date) -> None:
        """Every form of a step that does not belong to a treatment or an event, and does not repeat."""
        protocol = self.setting.protocol
        elsewhere = {step.form for step in protocol.steps if isinstance(step, Treat)}
        elsewhere |= {event.form for event in protocol.events.values()}
        for name, form in protocol.forms.items():
            if form.at == at and not form.repeats and name not in elsewhere:
                self.fill(name, day)

    def fill(self, form: str, day: date) -> None:
        """Fill in a form from the assumptions; a variable without one stays empty."""
        protocol, values = self.setting.protocol, {}
        known: dict[str, Any] = {"screening": day, **self.state.values}
        for name in protocol.forms[form].variables:
            distribution = self.setting.assumptions.variables.get(name)
            recorded = name in known and not protocol.forms[form].repeats  # a second operation: the first's stand
            if distribution is not None and not recorded:
                of = None if distribution.days is None else distribution.days.of
                dates = known if of is None else {of: known.get(protocol.origin_variable(of), known["screening"])}
                values[name] = self.draws.value(name, protocol.variables[name], distribution, dates)
                known[name] = values[name]
        if values:
            self.submit(commands.Record, day, form=form, values=values)

    def _judge(self, step: str, day: date) -> None:
        probability = self.setting.assumptions.judgements
        for criterion in self.setting.protocol.criteria_at(step):
            if criterion.judgement is not None:
                passes = self.draws.happens(f"judged {criterion.id}", probability)
                holds = passes == (criterion.kind == "inclusion")
                self.submit(commands.Judge, day, role=criterion.judgement, answers={criterion.id: holds})

    def _meet_fate(self, day: date) -> None:
        """Draw the course of the disease, its clock starting on this day."""
        self.fate = Fate(self._histories(None, day), day)

    def _histories(self, arm: str | None, day: date) -> Any:
        """Latent times; what happens before the arm is known is the same whatever the arm will be."""
        setting = self.setting
        columns = {}
        for name in setting.covariates:
            value = self.office.desk.criteria.derive(name, self.state.values)
            if value is None:
                raise DesignError(f"{name} is not recorded, and the disease model depends on it: put it on a form")
            columns[name] = np.array([level(value)])
        origin = self.fate.origin if self.fate is not None else day
        return simulate(
            setting.packed,
            [NO_ARM if arm is None else setting.model.arms.index(arm)],
            seed=setting.seed,
            participant=[self.index],
            arm_from=[days_to_months((day - origin).days)],
            linear_predictors=linear_predictors(setting.model, columns),
        )

    def walk(self) -> Iterator[date]:
        """Go along the pathway after the first registration."""
        day = self.state.screened_on
        steps = self.setting.protocol.pathway
        first = isinstance(settings(steps[0]), Register)
        yield from self._along(steps[1:] if first else steps, day)

    def _along(self, steps: tuple[Step, ...], day: date) -> Iterator[date]:
        """Take the steps in order from `day`; a refusal ends the course, death or loss ends it with an entry."""
        for step in steps:
            found = settings(step)
            if isinstance(found, FollowUp):
                yield from Follower(self, found, day).visits()
                return
            if isinstance(found, Repeat):
                day = yield from self._loop(found, day)
            elif self.gone(day) or not self._take(found, day):
                break
            elif isinstance(found, Treat) and found.months is not None and not self.state.assignments:
                day = date_after_months(day, found.months)
                yield day
        if self.gone(day):
            self.record_end()

    def _loop(self, loop: Repeat, start: date) -> Generator[date, None, date]:
        """Turn after turn, the first at once; returns the day of the last."""
        day = start
        for turn in range(1, loop.times + 1):
            day = date_after_months(start, (turn - 1) * loop.every_months)
            yield day
            if not self._turn(loop, day, turn):
                break
        return day

    def _turn(self, loop: Repeat, day: date, turn: int) -> bool:
        """One turn of a loop; whether there is another."""
        self.responses.turn = turn
        for step in loop.steps:
            if self.gone(day) or not self._take(settings(step), day):
                return False
        if loop.until is None:
            return True
        return self.office.desk.criteria.rule(loop.until).judge(self.state.values).value is not True

    def gone(self, day: date) -> bool:
        """Whether the participant has died or was lost by this day."""
        return self.fate is not None and self.fate.ended_by(day)

    def _take(self, step: StepSettings, day: date) -> bool:
        """Take one step; False ends the course."""
        match step:
            case Register() | Randomise() | Assign():
                return self._admit(step, day)
            case Assess():
                found = self._find(day)
                self.submit(commands.Assess, day, name=step.name, responses=self.responses.at(step.name, found))
                self._record_found(found, day)
            case Classify():
                # a response that is not evaluable gives no class: the earlier one stands
                self.office.accepted(commands.Classify, day, self.number, site=self.site, by=step.by)
            case Treat():
                self._treat(step, day)
            case _:
                pass
        return True

    def _admit(self, step: Register | Randomise | Assign, day: date) -> bool:
        for leaving in self.setting.assumptions.leaving:
            if leaving.before == step.id and self.draws.happens(f"leaving {step.id}", leaving.probability):
                rule = next(item for item in self.setting.protocol.withdrawal if item.id == leaving.withdrawal)
                self.submit(commands.Withdraw, day, role=rule.by, rule=rule.id)
                return False
        first = not self.state.assignments
        if not self._pass(step, day):
            return False
        if first and self.state.assignments:
            if self.fate is None:
                self._meet_fate(day)
            assert self.fate is not None
            self.fate = Fate(self._histories(self.state.arm, day), self.fate.origin)
        return True

    def _treat(self, step: Treat, day: date) -> None:
        """Give the interventions of the step; a form is filled in where something was done, not given."""
        arm = self.state.assignments[-1].arm if self.state.assignments else None
        if step.by_arm and (arm, step.label) in self._treated:
            return  # in a loop, the same class again is not treated anew
        self._treated.add((arm, step.label))
        chosen = step.by_arm.get(arm, ()) if arm is not None else ()
        done = False
        for name in (*step.interventions, *chosen):
            kind = self.setting.protocol.interventions[name].kind
            is_act = kind in ("procedure", "radiation", "combination")
            done |= is_act
            self.submit(commands.Treat, day, intervention=name, status="done" if is_act else "started")
            self._set_off(name, day)
        if done and step.form is not None:
            self.fill(step.form, day)

    def assess(self, day: date, visit: str) -> None:
        """An assessment at a follow-up visit, and the progressions that it finds."""
        found = self._find(day)
        if self.responses.compartments:
            responses = self.responses.at_visit(found)
            self.submit(commands.Assess, day, name="follow_up", responses=responses, visit=visit)
        else:
            self.submit(commands.Visit, day, visit=visit)
        self._record_found(found, day)

    def _find(self, day: date) -> dict[str, str]:
        """Progressions that have happened by this day and were not found before: by compartment."""
        if self.fate is None:
            return {}
        new = [
            name
            for name, when in self.fate.progressions.items()
            if when is not None and when <= day and name not in self._found
        ]
        compartments = self.responses.compartments
        return {
            (compartments[0] if name == LOCAL else compartments[-1]) if compartments else name: name for name in new
        }

    def _record_found(self, found: dict[str, str], day: date) -> None:
        for part, name in found.items():
            self._found.add(name)
            self.responses.progressed(part)
            for event in self._events_of(name):
                self.happen(event, day)

    def _events_of(self, progression: str) -> list[str]:
        """The protocol's event for a progression of the disease model, as it is called in this arm."""
        sites = ("local", "regional") if progression == LOCAL else ("distant",)
        fitting = [
            name
            for name, event in self.setting.protocol.events.items()
            if event.kind == "progression" and (not event.arms or self.state.arm in event.arms)
        ]
        events = self.setting.protocol.events
        exact = [name for name in fitting if events[name].site in sites]
        return (exact or [name for name in fitting if events[name].site in (None, "any")])[:1]

    def happen(self, event: str, day: date) -> None:
        """Record an event, its form, and set off what follows."""
        item = self.setting.protocol.events[event]
        if item.arms and self.state.arm not in item.arms:
            return
        self.submit(commands.Happen, day, event=event)
        if item.form is not None:
            self.fill(item.form, day)
        self._set_off(event, day)

    def record_end(self) -> None:
        """Record the death with its cause, or the loss to follow-up."""
        fate = self.fate
        if fate is None or fate.end is None:
            return
        if not fate.dies:
            self.submit(commands.Lose, fate.end)
            return
        event, item = next((name, e) for name, e in self.setting.protocol.events.items() if e.kind == "death")
        cause = (item.causes[0] if fate.cause == CANCER else item.causes[-1]) if item.causes else None
        self.submit(commands.Happen, fate.end, event=event, cause=cause)
        if item.form is not None:
            self.fill(item.form, fate.end)

    def _set_off(self, after: str, day: date) -> None:
        """Draw what follows an event or an intervention."""
        for i, item in enumerate(self.setting.assumptions.consequences):
            chance = item.probability
            p = chance.get(self.state.arm or "", 0.0) if isinstance(chance, dict) else chance
            key = f"consequence {i} {day}"
            if item.after == after and self.draws.happens(key, p):
                self._pending.append((item.event, day + timedelta(days=self.draws.whole(f"{key} days", *item.days))))

    def take_pending(self) -> list[tuple[str, date]]:
        """What was set off and is not planned yet."""
        taken, self._pending = self._pending, []
        return taken
