"""Forms, pathway, arms, allocation: what a participant walks through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from equipoise.protocol.checks.allocation import SITE, check_lists, list_variables
from equipoise.protocol.checks.report import fail, require, require_each
from equipoise.protocol.model.allocation import ClassifiedList
from equipoise.protocol.model.pathway import (
    Assess,
    Assign,
    Classify,
    Crossover,
    FollowUp,
    Randomise,
    Register,
    Repeat,
    StepSettings,
    Treat,
    settings,
)
from equipoise.protocol.model.questionnaire import score_variables

if TYPE_CHECKING:
    from equipoise.protocol.checks.rules import Rules
    from equipoise.protocol.model.pathway import Step
    from equipoise.protocol.model.trial import Path, Protocol


def check_conduct(protocol: Protocol, rules: Rules) -> None:
    """Check everything that running the trial rests on; `rules` are the compiled ones by path."""
    _check_forms(protocol)
    _check_response(protocol)
    _check_unique_ids(protocol)
    _check_steps(protocol)
    _check_arms(protocol)
    check_lists(protocol)
    _check_reachable(protocol, rules)


def placed_steps(steps: tuple[Step, ...], at: Path = ("pathway",)) -> Iterator[tuple[Path, StepSettings]]:
    """Every step with its place in the file; a loop comes before its steps."""
    for i, step in enumerate(steps):
        key = next(iter(type(step).model_fields)).rstrip("_")
        found = settings(step)
        yield (*at, i, key), found
        if isinstance(found, Repeat):
            yield from placed_steps(found.steps, (*at, i, key, "steps"))


def _check_forms(protocol: Protocol) -> None:
    for name, form in protocol.forms.items():
        for i, variable in enumerate(form.variables):
            path: Path = ("forms", name, "variables", i)
            require(protocol, path, variable, protocol.dictionary, "variable", "variables")
            if variable in protocol.score_variables:
                what = f"'{variable}' is scored from the questionnaire, so nobody fills it in"
                fail(protocol, path, what, "take it out of the form")
            if protocol.dictionary[variable].derived is not None:
                fail(
                    protocol,
                    path,
                    f"'{variable}' is derived, so nobody fills it in",
                    "take it out of the form",
                )
    names = Counter(v.adam for v in protocol.variables.values() if v.adam)
    for name, variable_ in protocol.variables.items():
        if variable_.adam and names[variable_.adam] > 1:
            fail(
                protocol,
                ("variables", name, "adam"),
                f"'{variable_.adam}' stands twice",
                "give each its own name",
            )


def _check_response(protocol: Protocol) -> None:
    """What an assessment and a classification declare must not collide."""
    parts = protocol.response.compartments if protocol.response else ()
    for i, part in enumerate(parts):
        if part in ("date", "response") or part in parts[:i]:
            fail(protocol, ("response", "compartments", i), f"'{part}' is taken already", "take another name")
    for name, table in protocol.classifications.items():
        values = [row.value for row in table.rows]
        if (again := repeated(values)) is not None:
            place = ("classifications", name, "rows", again, "value")
            fail(protocol, place, f"the class '{values[again]}' stands twice", "give each its own; use OR in when:")


def _check_unique_ids(protocol: Protocol) -> None:
    sections = {
        "eligibility": [c.id for c in protocol.eligibility],
        "cohort_rules": [c.id for c in protocol.cohort_rules],
        "withdrawal": [w.id for w in protocol.withdrawal],
        "claims": [c.id for c in protocol.claims],
        "versions": [v.number for v in protocol.versions],
    }
    for section, ids in sections.items():
        if (i := repeated(ids)) is not None:
            fail(protocol, (section, i), f"the id '{ids[i]}' stands twice", "give each its own")


def repeated(names: Sequence[str]) -> int | None:
    """Where the first name stands that stood before; None if each stands once."""
    seen: set[str] = set()
    for i, name in enumerate(names):
        if name in seen:
            return i
        seen.add(name)
    return None


def _check_steps(protocol: Protocol) -> None:
    entry = Counter(step.id for step in protocol.entry_steps)
    for name, form in protocol.forms.items():
        require(protocol, ("forms", name, "at"), form.at, {"screening", *entry}, "the step", "pathway")
    for i, criterion in enumerate(protocol.eligibility):
        require(protocol, ("eligibility", i, "at"), criterion.at, entry, "the step", "pathway")
    for i, rule in enumerate(protocol.cohort_rules):
        require(protocol, ("cohort_rules", i, "of"), rule.of, entry, "the step", "pathway")
    for path, step in placed_steps(protocol.pathway):
        _check_step(protocol, path, step)
    if not any(isinstance(step, Randomise | Assign) for step in protocol.steps):
        fail(protocol, ("pathway",), "the pathway never allocates an arm", "add a randomise or an assign step")
    for path, step in placed_steps(protocol.pathway):
        if isinstance(step, Randomise | Assign | Register) and entry[step.id] > 1:
            fail(protocol, path, f"two steps have the id '{step.id}'", "give each its own id")


def _check_step(protocol: Protocol, path: Path, step: StepSettings) -> None:
    match step:
        case Treat():
            _check_treatment(protocol, path, step)
        case Assess():
            if protocol.response is None:
                what = "an assessment needs to know how response is judged"
                fail(protocol, path, what, "add a response section")
        case Classify():
            require(protocol, (*path, "by"), step.by, protocol.classifications, "classification", "classifications")
        case Randomise() | Assign():
            require(protocol, (*path, "list"), step.list, protocol.allocation, "list", "allocation")
            classified = isinstance(protocol.allocation[step.list], ClassifiedList)
            if classified != isinstance(step, Assign):
                what = "randomise takes a list with chance, assign one by class"
                fail(protocol, path, what, "use the other step")
        case FollowUp():
            require_each(protocol, (*path, "forms"), step.forms, protocol.forms, "form", "forms")
        case Crossover():
            require_each(protocol, (*path, "arms"), step.arms, protocol.arms, "arm", "arms")
            require(protocol, (*path, "event"), step.event, protocol.events, "event", "events")
            _require_interventions(protocol, path, ("intervention",), (step.intervention,))
        case _:
            pass


def _check_treatment(protocol: Protocol, path: Path, step: Treat) -> None:
    _require_interventions(protocol, path, ("interventions",), step.interventions)
    for arm, names in step.by_arm.items():
        require(protocol, (*path, "by_arm", arm), arm, protocol.arms, "arm", "arms")
        _require_interventions(protocol, path, ("by_arm", arm), names)
    if step.form is not None:
        require(protocol, (*path, "form"), step.form, protocol.forms, "form", "forms")


def _require_interventions(protocol: Protocol, path: Path, at: Path, names: Iterable[str]) -> None:
    require_each(protocol, (*path, *at), names, protocol.interventions, "intervention", "interventions")


def _check_arms(protocol: Protocol) -> None:
    for name, arm in protocol.arms.items():
        for i, intervention in enumerate(arm.interventions):
            path: Path = ("arms", name, "interventions", i)
            require(protocol, path, intervention, protocol.interventions, "intervention", "interventions")
    if sum(arm.reference for arm in protocol.arms.values()) > 1:
        fail(protocol, ("arms",), "more than one arm is the reference", "mark one of them")
    if len(protocol.arms) > 1 and not any(arm.reference for arm in protocol.arms.values()):
        what = "no arm is the reference, so it is open which way round an effect is"
        fail(protocol, ("arms",), what, "mark the arm that others are compared with: reference: true")
    for table_name, table in protocol.classifications.items():
        for j, row in enumerate(table.rows):
            if row.arm is not None:
                path = ("classifications", table_name, "rows", j, "arm")
                require(protocol, path, row.arm, protocol.arms, "arm", "arms")


def _check_reachable(protocol: Protocol, rules: Rules) -> None:
    """Every value that admits to a step must be recorded somewhere before it; else the step is never passed."""
    later = {step.id for step in protocol.entry_steps}
    given: set[str | None] = set()
    seen = {"screening_date"} | {c.judgement_variable for c in protocol.eligibility if c.judgement}
    for path, step in placed_steps(protocol.pathway):
        match step:
            case Assess():
                compartments = protocol.response.compartments if protocol.response else ()
                seen |= {f"{step.name}_{part}" for part in ("date", "response", *compartments)}
            case Classify():
                seen.add(step.by)
            case Treat():
                given.add(step.form)
            case Register() | Randomise() | Assign():
                seen.add(f"{step.id}_date")
                later.discard(step.id)
                _check_admission(protocol, rules, (path, step), _on_forms(protocol, later, given) | seen)
                if isinstance(step, Randomise | Assign):
                    seen.add("arm")
            case _:
                pass


def _on_forms(protocol: Protocol, later: set[str], given: set[str | None]) -> set[str]:
    """Variables on forms that have been filled in: not those of later steps, of events, or of visits to come."""
    of_treatments = {step.form for step in protocol.steps if isinstance(step, Treat)} - given
    of_events = {event.form for event in protocol.events.values()}
    return {
        variable
        for name, form in protocol.forms.items()
        if form.at not in later and not form.repeats and name not in of_treatments | of_events
        for variable in (*protocol.on_form(name), *_scores(protocol, name))
    }


def _scores(protocol: Protocol, name: str) -> Iterator[str]:
    """The scores that a form gives, if it is a questionnaire."""
    questionnaire = protocol.forms[name].questionnaire
    yield from score_variables(questionnaire) if questionnaire else ()


def _check_admission(
    protocol: Protocol,
    rules: Rules,
    placed: tuple[Path, Register | Randomise | Assign],
    known: set[str],
) -> None:
    path, step = placed
    needed: list[Path] = [
        ("eligibility", i, "rule")
        for i, criterion in enumerate(protocol.eligibility)
        if criterion.at == step.id and criterion.rule is not None
    ]
    if isinstance(step, Randomise) and step.when is not None:
        needed.append((*path, "when"))
    for place in needed:
        for name in rules[place].variables:
            if name not in known:
                what = f"'{name}' is never recorded before '{step.id}', so nobody can pass it"
                fail(protocol, place, what, "put it on a form, or move the step that gives it before")
    if isinstance(step, Randomise):
        for name in list_variables(protocol, step.list):
            if name != SITE and not set(_recorded_for(rules, name)) <= known:
                what = f"factor '{name}' is never recorded before '{step.id}'"
                fail(protocol, path, what, "put it on a form")


def _recorded_for(rules: Rules, name: str) -> tuple[str, ...]:
    """The recorded variables that `name` rests on: itself, or what it is derived from."""
    derived = rules.get(("variables", name, "derived"))
    return (name,) if derived is None else derived.variables
