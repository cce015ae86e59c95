"""What a rehearsal draws from: that every name and value in it is the protocol's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from equipoise.protocol.checks.report import fail, require
from equipoise.protocol.model.pathway import Assess, FollowUp

if TYPE_CHECKING:
    from equipoise.protocol.model.assumptions import Assumptions, Distribution, Transition
    from equipoise.protocol.model.trial import Path, Protocol

MAX_DAYS = 36_525
TRANSITIONS = ("local_progression", "distant_progression", "cancer_death", "other_death", "dropout")
_FITS = {
    "constant": ("integer", "decimal", "boolean", "choice", "date", "text"),
    "probability": ("boolean",),
    "choice": ("choice",),
    "normal": ("integer", "decimal"),
    "uniform": ("integer", "decimal"),
    "choice_count": ("integer",),
    "poisson": ("integer",),
    "days": ("date",),
}


def check_assumptions(protocol: Protocol, assumptions: Assumptions) -> None:
    """Check the assumptions against variables, arms, events and steps."""
    at: Path = ("assumptions",)
    for name, distribution in assumptions.variables.items():
        path = (*at, "variables", name)
        require(protocol, path, name, protocol.variables, "variable", "variables")
        _check_distribution(protocol, path, name, distribution)
    for name, value in assumptions.at_visits.items():
        path = (*at, "at_visits", name)
        require(protocol, path, name, protocol.variables, "variable", "variables")
        _check_distribution(protocol, path, name, value.distribution)
        for arm, other in value.by_arm.items():
            require(protocol, (*path, "by_arm", arm), arm, protocol.arms, "arm", "arms")
            _check_distribution(protocol, (*path, "by_arm", arm), name, other)
        for arm in value.shift:
            require(protocol, (*path, "shift", arm), arm, protocol.arms, "arm", "arms")
    _check_order(protocol, (*at, "visit_days"), assumptions.visit_days)
    _check_responses(protocol, assumptions)
    _check_disease(protocol, assumptions)
    steps = [step.id for step in protocol.entry_steps]
    for i, leaving in enumerate(assumptions.leaving):
        require(protocol, (*at, "leaving", i, "before"), leaving.before, steps, "the step", "pathway")
        known = [rule.id for rule in protocol.withdrawal]
        require(protocol, (*at, "leaving", i, "withdrawal"), leaving.withdrawal, known, "the reason", "withdrawal")
    events, causes = protocol.event_refs(), {*protocol.events, *protocol.interventions}
    for i, consequence in enumerate(assumptions.consequences):
        path = (*at, "consequences", i)
        require(protocol, (*path, "event"), consequence.event, events, "event", "events")
        _check_order(protocol, (*path, "days"), consequence.days)
        require(protocol, (*path, "after"), consequence.after, causes, "event or intervention", "events")
        if isinstance(consequence.probability, dict):
            for arm in consequence.probability:
                require(protocol, (*path, "probability", arm), arm, protocol.arms, "arm", "arms")


def _check_distribution(protocol: Protocol, path: Path, name: str, distribution: Distribution) -> None:
    variable = protocol.variables[name]
    kind = next(key for key in type(distribution).model_fields if getattr(distribution, key) is not None)
    if variable.type not in _FITS[kind]:
        fail(
            protocol,
            (*path, kind),
            f"'{kind}' does not fit a variable of type {variable.type}",
            "use another",
        )
    values = variable.values or {}
    if distribution.choice is not None:
        for value in distribution.choice:
            require(protocol, (*path, "choice", value), value, values, "the value", "the variable's values")
    if variable.type == "choice" and distribution.constant is not None:
        require(protocol, (*path, "constant"), str(distribution.constant), values, "the value", "its values")
    if distribution.days is not None:
        _check_order(protocol, (*path, "days", "between"), distribution.days.between)
        of = distribution.days.of
        if of != "screening":
            require(
                protocol,
                (*path, "days", "of"),
                protocol.origin_variable(of),
                protocol.dictionary,
                "date",
                "variables",
            )


def _check_order(protocol: Protocol, path: Path, between: tuple[int, int]) -> None:
    """Days, from the first to the last."""
    if between[0] > between[1]:
        fail(protocol, path, f"the days end ({between[1]}) before they start ({between[0]})", "swap the two")
    if max(map(abs, between)) > MAX_DAYS:
        fail(protocol, path, "over a hundred years", f"stay within {MAX_DAYS:,} days")


def _check_responses(protocol: Protocol, assumptions: Assumptions) -> None:
    names = {step.name for step in protocol.steps if isinstance(step, Assess)}
    compartments = set(protocol.response.compartments) if protocol.response else set()
    for name, outcomes in assumptions.responses.items():
        path: Path = ("assumptions", "responses", name)
        require(protocol, path, name, names, "the assessment", "pathway")
        for i, outcome in enumerate(outcomes):
            if set(outcome.response) != compartments:
                parts = ", ".join(sorted(compartments))
                fail(
                    protocol,
                    (*path, i, "response"),
                    "one response for each compartment",
                    f"name exactly {parts}",
                )


def _check_disease(protocol: Protocol, assumptions: Assumptions) -> None:
    disease = assumptions.disease
    at: Path = ("assumptions", "disease")
    entry = [step.id for step in protocol.entry_steps]
    require(protocol, (*at, "origin"), disease.origin, entry, "the step", "pathway")
    for name in TRANSITIONS:
        transition = getattr(disease, name)
        if transition is not None:
            _check_transition(protocol, (*at, name), transition)
    if not any(isinstance(step, FollowUp) for step in protocol.steps):
        fail(protocol, ("pathway",), "nobody is followed up, so no event is found", "add a follow_up step")


def _check_transition(protocol: Protocol, path: Path, transition: Transition) -> None:
    if protocol.reference_arm in transition.hazard_ratio and len(protocol.arms) > 1:
        what = f"arm '{protocol.reference_arm}' is the reference, whose hazard ratio is 1"
        fail(protocol, (*path, "hazard_ratio"), what, "give the ratio of the other arm, or change the hazard itself")
    for arm in transition.hazard_ratio:
        require(protocol, (*path, "hazard_ratio", arm), arm, protocol.arms, "arm", "arms")
    for name, ratios in transition.covariates.items():
        place = (*path, "covariates", name)
        require(protocol, place, name, protocol.variables, "variable", "variables")
        variable = protocol.variables[name]
        known = {"true", "false"} if variable.type == "boolean" else set(variable.values or {})
        if not known:
            fail(protocol, place, f"'{name}' has no fixed set of values", "use a choice, or derive one")
        for value in ratios:
            require(protocol, (*place, value), value, known, "the value", "the variable's values")
