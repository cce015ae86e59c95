"""Forms, pathway, arms, allocation: what a participant walks through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from equipoise.protocol.checks.report import fail, require
from equipoise.protocol.checks.rules import compiled
from equipoise.protocol.model.allocation import BlockList, ClassifiedList, MinimisationList
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

if TYPE_CHECKING:
    from equipoise.protocol.model.pathway import Step
    from equipoise.protocol.model.trial import Path, Protocol

SITE = "site"


def check_conduct(protocol: Protocol) -> None:
    """Check everything that running the trial rests on."""
    _check_forms(protocol)
    _check_unique_ids(protocol)
    _check_steps(protocol)
    _check_arms(protocol)
    _check_lists(protocol)
    _check_reachable(protocol)


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


def _check_unique_ids(protocol: Protocol) -> None:
    sections = {
        "eligibility": [c.id for c in protocol.eligibility],
        "cohort_rules": [c.id for c in protocol.cohort_rules],
        "withdrawal": [w.id for w in protocol.withdrawal],
        "claims": [c.id for c in protocol.claims],
        "versions": [v.number for v in protocol.versions],
    }
    for section, ids in sections.items():
        for i, name in enumerate(ids):
            if name in ids[:i]:
                fail(protocol, (section, i), f"the id '{name}' stands twice", "give each its own")


def _check_steps(protocol: Protocol) -> None:
    entry = [step.id for step in protocol.entry_steps]
    for i, criterion in enumerate(protocol.eligibility):
        require(protocol, ("eligibility", i, "at"), criterion.at, entry, "the step", "pathway")
    for i, rule in enumerate(protocol.cohort_rules):
        require(protocol, ("cohort_rules", i, "of"), rule.of, entry, "the step", "pathway")
    for path, step in placed_steps(protocol.pathway):
        _check_step(protocol, path, step)
    if not any(isinstance(step, Randomise | Assign) for step in protocol.steps):
        fail(
            protocol, ("pathway",), "the pathway never allocates an arm", "add a randomise or an assign step"
        )
    for path, step in placed_steps(protocol.pathway):
        if isinstance(step, Randomise | Assign | Register) and entry.count(step.id) > 1:
            fail(protocol, path, f"two steps have the id '{step.id}'", "give each its own id")


def _check_step(protocol: Protocol, path: Path, step: StepSettings) -> None:
    match step:
        case Treat():
            for i, name in enumerate(step.interventions):
                require(
                    protocol,
                    (*path, "interventions", i),
                    name,
                    protocol.interventions,
                    "intervention",
                    "interventions",
                )
            for arm, names in step.by_arm.items():
                require(protocol, (*path, "by_arm", arm), arm, protocol.arms, "arm", "arms")
                for i, name in enumerate(names):
                    place = (*path, "by_arm", arm, i)
                    require(protocol, place, name, protocol.interventions, "intervention", "interventions")
            if step.form is not None:
                require(protocol, (*path, "form"), step.form, protocol.forms, "form", "forms")
        case Assess():
            if protocol.response is None:
                fail(
                    protocol,
                    path,
                    "an assessment needs to know how response is judged",
                    "add a response section",
                )
        case Classify():
            require(
                protocol,
                (*path, "by"),
                step.by,
                protocol.classifications,
                "classification",
                "classifications",
            )
        case Randomise() | Assign():
            require(protocol, (*path, "list"), step.list, protocol.allocation, "list", "allocation")
            classified = isinstance(protocol.allocation[step.list], ClassifiedList)
            if classified != isinstance(step, Assign):
                fail(
                    protocol,
                    path,
                    "randomise takes a list with chance, assign one by class",
                    "use the other step",
                )
        case FollowUp():
            for i, form in enumerate(step.forms):
                require(protocol, (*path, "forms", i), form, protocol.forms, "form", "forms")
        case Crossover():
            for i, arm in enumerate(step.arms):
                require(protocol, (*path, "arms", i), arm, protocol.arms, "arm", "arms")
            require(protocol, (*path, "event"), step.event, protocol.events, "event", "events")
            require(
                protocol,
                (*path, "intervention"),
                step.intervention,
                protocol.interventions,
                "intervention",
                "interventions",
            )
        case _:
            pass


def _check_arms(protocol: Protocol) -> None:
    for name, arm in protocol.arms.items():
        for i, intervention in enumerate(arm.interventions):
            path: Path = ("arms", name, "interventions", i)
            require(protocol, path, intervention, protocol.interventions, "intervention", "interventions")
    if sum(arm.reference for arm in protocol.arms.values()) > 1:
        fail(protocol, ("arms",), "more than one arm is the reference", "mark one of them")
    for table_name, table in protocol.classifications.items():
        for j, row in enumerate(table.rows):
            if row.arm is not None:
                path = ("classifications", table_name, "rows", j, "arm")
                require(protocol, path, row.arm, protocol.arms, "arm", "arms")


def _check_lists(protocol: Protocol) -> None:
    for name, item in protocol.allocation.items():
        path: Path = ("allocation", name)
        if isinstance(item, ClassifiedList):
            known = protocol.classifications
            require(
                protocol,
                (*path, "classification"),
                item.classification,
                known,
                "classification",
                "classifications",
            )
            for j, row in enumerate(known[item.classification].rows):
                if row.arm is None:
                    place = ("classifications", item.classification, "rows", j)
                    fail(
                        protocol, place, "this class leads to no arm, and arms are assigned by it", "add arm:"
                    )
            continue
        for arm in item.ratio:
            require(protocol, (*path, "ratio", arm), arm, protocol.arms, "arm", "arms")
        if missing := [arm for arm in protocol.arms if arm not in item.ratio]:
            fail(
                protocol,
                (*path, "ratio"),
                f"arm '{missing[0]}' is not in the ratio",
                "add it, or take the arm out",
            )
        strata = item.strata if isinstance(item, BlockList) else ()
        for i, variable in enumerate(strata):
            _check_factor(protocol, (*path, "strata", i), variable)
        if isinstance(item, BlockList):
            total = sum(item.ratio.values())
            for i, size in enumerate(item.sizes):
                if size < 1 or size % total:
                    fail(
                        protocol,
                        (*path, "sizes", i),
                        f"a block of {size} cannot hold the ratio",
                        f"use a multiple of {total}",
                    )
        if isinstance(item, MinimisationList):
            _check_minimisation(protocol, path, item)


def _check_minimisation(protocol: Protocol, path: Path, item: MinimisationList) -> None:
    names = [factor.variable for factor in item.factors]
    for i, factor in enumerate(item.factors):
        _check_factor(protocol, (*path, "factors", i, "variable"), factor.variable)
        if names.count(factor.variable) > 1:
            fail(
                protocol,
                (*path, "factors", i),
                f"factor '{factor.variable}' stands twice",
                "keep one, with its weight",
            )
        if factor.weight <= 0:
            fail(
                protocol,
                (*path, "factors", i, "weight"),
                "a weight is above 0",
                "raise it, or take the factor out",
            )
    share = max(item.ratio.values()) / sum(item.ratio.values())
    if not share <= item.probability <= 1:
        fail(
            protocol,
            (*path, "probability"),
            f"the preferred arm's probability {item.probability} is below its share by the ratio, or above 1",
            f"use {share:g} to 1",
        )


def _check_factor(protocol: Protocol, path: Path, name: str) -> None:
    if name == SITE:
        return
    require(protocol, path, name, protocol.dictionary, "variable", "variables")
    if protocol.dictionary[name].type not in ("choice", "boolean"):
        fail(protocol, path, f"'{name}' has no fixed set of values to balance", "use a choice, or derive one")


def _check_reachable(protocol: Protocol) -> None:
    """Every value that admits to a step must be recorded somewhere before it; else the step is never passed."""
    on_forms = {variable for form in protocol.forms.values() for variable in form.variables}
    recorded = (
        on_forms | {"screening_date"} | {c.judgement_variable for c in protocol.eligibility if c.judgement}
    )
    seen: set[str] = set()
    for path, step in placed_steps(protocol.pathway):
        match step:
            case Assess():
                compartments = protocol.response.compartments if protocol.response else ()
                seen |= {f"{step.name}_{part}" for part in ("date", "response", *compartments)}
            case Classify():
                seen.add(step.by)
            case Register() | Randomise() | Assign():
                seen.add(f"{step.id}_date")
                _check_admission(protocol, path, step, recorded | seen)
                if isinstance(step, Randomise | Assign):
                    seen.add("arm")
            case _:
                pass


def _check_admission(
    protocol: Protocol, path: Path, step: Register | Randomise | Assign, known: set[str]
) -> None:
    needed: list[tuple[Path, str]] = [
        (("eligibility", i, "rule"), criterion.rule)
        for i, criterion in enumerate(protocol.eligibility)
        if criterion.at == step.id and criterion.rule is not None
    ]
    if isinstance(step, Randomise) and step.when is not None:
        needed.append(((*path, "when"), step.when))
    for place, text in needed:
        for name in compiled(protocol, place, text).variables:
            if name not in known:
                fail(
                    protocol,
                    place,
                    f"'{name}' is never recorded before '{step.id}', so nobody can pass it",
                    "put it on a form, or move the step that gives it before",
                )
    if isinstance(step, Randomise):
        for name in list_variables(protocol, step.list):
            if name != SITE and not set(compiled_variables(protocol, name)) <= known:
                fail(
                    protocol,
                    path,
                    f"factor '{name}' is never recorded before '{step.id}'",
                    "put it on a form",
                )


def list_variables(protocol: Protocol, name: str) -> tuple[str, ...]:
    """The variables that an allocation list balances or stratifies by."""
    item = protocol.allocation[name]
    if isinstance(item, BlockList):
        return item.strata
    if isinstance(item, MinimisationList):
        return tuple(factor.variable for factor in item.factors)
    return ()


def compiled_variables(protocol: Protocol, name: str) -> tuple[str, ...]:
    """The recorded variables that `name` rests on: itself, or what it is derived from."""
    variable = protocol.dictionary[name]
    if variable.derived is None:
        return (name,)
    return compiled(protocol, ("variables", name, "derived"), variable.derived, gives="choice").variables
