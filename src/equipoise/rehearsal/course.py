"""One synthetic participant: what is known, what is recorded, and what the disease does meanwhile."""

from __future__ import annotations

from collections.abc import Generator
from datetime import date, timedelta
from typing import Any

import numpy as np

from equipoise.conduct import Decision, ParticipantState, commands
from equipoise.conduct.lists import level
from equipoise.disease import NO_ARM, Histories, linear_predictors, simulate
from equipoise.disease.histories import CANCER
from equipoise.errors import DesignError
from equipoise.protocol.model.pathway import Crossover, Treat
from equipoise.rehearsal.agenda import Agenda
from equipoise.rehearsal.clock import Office
from equipoise.rehearsal.draws import Draws
from equipoise.rehearsal.fate import LOCAL, Fate
from equipoise.rehearsal.responses import Responses
from equipoise.rehearsal.setting import Setting
from equipoise.units import days_to_months


class Course:
    """One participant.

    Args:
        setting: what all share.
        office: where commands go.
        number: of the participant, from 1 in the order of screening; all chance is keyed by it.
    """

    def __init__(self, setting: Setting, office: Office, number: int) -> None:
        self.setting = setting
        self.office = office
        self.index = number
        self.number = f"{number:05}"
        self.draws = Draws(setting.seed, number)
        self.site = f"S{self.draws.whole('site', 1, setting.assumptions.accrual.sites):02}"
        self.fate: Fate | None = None
        self.over = False
        compartments = setting.protocol.response.compartments if setting.protocol.response else ()
        self.responses = Responses(setting.assumptions, self.draws, compartments)
        self.agenda = Agenda()
        self.treated: set[tuple[str | None, str]] = set()
        """Steps of treatment by arm that were given, as arm and label."""
        self._found: set[str] = set()

    @property
    def state(self) -> ParticipantState:
        """What the desk knows of the participant."""
        return self.office.desk.participants[self.number]

    def why_not(self) -> str:
        """The criteria that kept the participant out."""
        return ", ".join(name for item in self.state.refusals for name in (*item.failed, *item.unknown)) or "none"

    def submit(self, kind: Any, day: date, **options: Any) -> Decision:
        """Submit a command about this participant."""
        return self.office.submit(kind, day, self.number, site=self.site, **options)

    def accepted(self, kind: Any, day: date, **options: Any) -> bool:
        """Submit a command that may be refused; whether it was accepted."""
        return self.office.accepted(kind, day, self.number, site=self.site, **options)

    def until(self, day: date, target: date) -> Generator[date, None, bool]:
        """Let time pass from `day` to `target`, yielding every day on which something happens on the way.

        On one day death comes before what else is due, and both before what `target` is waited for.

        Returns:
            Whether the participant is still there on `target`. If not, the end is recorded on its day.
        """
        while True:
            end = self.end
            due = self.agenda.next_day
            if end is not None and end <= min(due, target):
                yield max(end, day)
                self._record_end()
                return False
            if due > target:
                yield target
                return True
            yield max(due, day)
            self.agenda.do_next()

    @property
    def end(self) -> date | None:
        """The day of death or loss, as far as it is determined."""
        return self.fate.end if self.fate is not None else None

    def fill_forms(self, at: str, day: date) -> None:
        """Every form of a step that does not belong to a treatment or an event, and does not repeat."""
        protocol = self.setting.protocol
        elsewhere = {step.form for step in protocol.steps if isinstance(step, Treat)}
        elsewhere |= {event.form for event in protocol.events.values()}
        for name, form in protocol.forms.items():
            if form.at == at and not form.repeats and name not in elsewhere:
                self.fill(name, day)

    def fill(self, form: str, day: date) -> None:
        """Fill in a form from the assumptions; a variable without one stays empty."""
        protocol = self.setting.protocol
        values: dict[str, Any] = {}
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

    def judge(self, step: str, day: date) -> None:
        """Answer the judgements of a step, each in the role that it asks for."""
        probability = self.setting.assumptions.judgements
        for criterion in self.setting.protocol.criteria_at(step):
            if criterion.judgement is not None:
                passes = self.draws.happens(f"judged {criterion.id}", probability)
                holds = passes == (criterion.kind == "inclusion")
                self.submit(commands.Judge, day, role=criterion.judgement, answers={criterion.id: holds})

    def meet_fate(self, day: date) -> None:
        """Draw the course of the disease under the arms assigned so far; its clock starts on `day` if it has not.

        What happens before an arm is in force is the same whatever the arm will be.
        """
        origin = self.fate.origin if self.fate is not None else day
        self.fate = Fate(self._histories(origin), origin)

    def _histories(self, origin: date) -> Histories:
        setting, assigned = self.setting, self.state.assignments
        arms = [setting.model.arms.index(item.arm) for item in assigned] or [NO_ARM]
        starts = [days_to_months((item.on - origin).days) for item in assigned] or [0.0]
        return simulate(
            setting.packed,
            np.array([arms]),
            seed=setting.seed,
            participant=[self.index],
            arm_from=np.array([starts]),
            linear_predictors=linear_predictors(setting.model, self._covariates()),
        )

    def _covariates(self) -> dict[str, Any]:
        columns = {}
        for name in self.setting.covariates:
            value = self.office.desk.criteria.derive(name, self.state.values)
            if value is None:
                raise DesignError(f"{name} is not recorded, and the disease model depends on it: put it on a form")
            columns[name] = np.array([level(value)])
        return columns

    def assess(self, day: date, visit: str) -> None:
        """An assessment at a follow-up visit, and the progressions that it finds."""
        found = self._find(day)
        if self.responses.compartments:
            responses = self.responses.at_visit(found)
            self.submit(commands.Assess, day, name="follow_up", responses=responses, visit=visit)
        else:
            self.submit(commands.Visit, day, visit=visit)
        self._record_found(found, day)

    def assess_response(self, day: date, name: str) -> None:
        """An assessment of the pathway, and the progressions that it finds."""
        found = self._find(day)
        self.submit(commands.Assess, day, name=name, responses=self.responses.at(name, found))
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
        parts = self.responses.compartments
        return {(parts[0] if name == LOCAL else parts[-1]) if parts else name: name for name in new}

    def _record_found(self, found: dict[str, str], day: date) -> None:
        for part, name in found.items():
            self._found.add(name)
            self.responses.progressed(part)
            for event in self._events_of(name):
                self.happen(event, day)

    def _events_of(self, progression: str) -> list[str]:
        """The protocol's event for a progression of the disease model, as it is called in this arm."""
        sites = ("local", "regional") if progression == LOCAL else ("distant",)
        events = self.setting.protocol.events
        fitting = [
            name
            for name, event in events.items()
            if event.kind == "progression" and (not event.arms or self.state.arm in event.arms)
        ]
        exact = [name for name in fitting if events[name].site in sites]
        return (exact or [name for name in fitting if events[name].site in (None, "any")])[:1]

    def happen(self, event: str, day: date) -> None:
        """Record an event, its form, and set off what follows."""
        item = self.setting.protocol.events[event]
        if item.arms and self.state.arm not in item.arms:
            return
        self.submit(commands.Happen, day, event=event, **self._crossover(event))
        if item.form is not None:
            self.fill(item.form, day)
        self.set_off(event, day)

    def _crossover(self, event: str) -> dict[str, Any]:
        """What a crossover is recorded with: the role that confirms it, and why it was done.

        The reason is the first that is an event this participant had, else the last that is none.
        """
        steps = (step for step in self.setting.protocol.steps if isinstance(step, Crossover))
        step = next((item for item in steps if item.event == event and self.state.arm in item.arms), None)
        if step is None:
            return {}
        had = {item.event for item in self.state.events}
        reasons = list(step.reasons or ())
        others = [name for name in reasons if name not in self.setting.protocol.events]
        fallback = (others or reasons)[-1] if reasons else None
        reason = next((name for name in reasons if name in had), fallback)
        return {"crossover_reason": reason} | ({} if step.judged_by is None else {"role": step.judged_by})

    def set_off(self, after: str, day: date) -> None:
        """Draw what follows an event or an intervention, and plan it."""
        for i, item in enumerate(self.setting.assumptions.consequences):
            chance = item.probability
            p = chance.get(self.state.arm or "", 0.0) if isinstance(chance, dict) else chance
            key = f"consequence {i} {day}"
            if item.after == after and self.draws.happens(key, p):
                self._plan(item.event, day + timedelta(days=self.draws.whole(f"{key} days", *item.days)))

    def _plan(self, event: str, day: date) -> None:
        self.agenda.plan(day, lambda on: self.happen(event, on))

    def _record_end(self) -> None:
        """Record the death with its cause, or the loss to follow-up."""
        assert self.fate is not None
        assert self.fate.end is not None
        self.over = True
        if not self.fate.dies:
            self.submit(commands.Lose, self.fate.end)
            return
        event, item = self.setting.death
        # the first of the protocol's causes is taken to be the cancer
        cause = (item.causes[0] if self.fate.cause == CANCER else item.causes[-1]) if item.causes else None
        self.submit(commands.Happen, self.fate.end, event=event, cause=cause)
        if item.form is not None:
            self.fill(item.form, self.fate.end)
