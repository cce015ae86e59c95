"""The trial that a protocol's assumptions describe: participants who follow its disease model from randomisation."""

from __future__ import annotations

from collections.abc import Mapping

from equipoise.design._checks import check_count
from equipoise.design.plan.from_protocol import Sizing
from equipoise.design.plan.randomised import Randomised, randomised
from equipoise.design.simulation.disease_scenario import DiseaseEndpoint, DiseaseScenario, ProgressionCrossover
from equipoise.disease import PROGRESSIONS
from equipoise.errors import DesignError
from equipoise.protocol import Protocol
from equipoise.protocol.disease_model import covariates_of, disease_model
from equipoise.protocol.model.allocation import ChanceList, SimpleList
from equipoise.protocol.model.assumptions import Assumptions
from equipoise.protocol.model.endpoints import Milestone, TimeToEvent
from equipoise.protocol.model.pathway import FollowUp, Randomise, Treat, settings
from equipoise.protocol.model.statistics import Analysis
from equipoise.units import days_to_months

_SITE = "site"


def disease_scenario(
    protocol: Protocol, sizing: Sizing, step: Randomise, analysis: Analysis | None, changes: Mapping[str, float]
) -> tuple[DiseaseScenario, float, list[str]]:
    """The scenario of the assumptions.

    Args:
        protocol: with assumptions.
        sizing: of its design.
        step: its randomisation.
        analysis: of its primary endpoint.
        changes: what is other than assumed.

    Returns:
        The scenario, the month of the data cut-off (0 is the first randomisation), and what there is to know.

    Raises:
        DesignError: no assumptions, or some that no simulation from randomisation can have.
    """
    model, assumptions = disease_model(protocol), protocol.assumptions
    assert assumptions is not None  # disease_model has refused a protocol without
    assert sizing.experimental_arm is not None
    if assumptions.disease.origin != step.id:
        raise DesignError(
            f"{protocol.id}: its disease model runs from {assumptions.disease.origin}, and a simulation from "
            f"{step.id}; use the model of the design"
        )
    strata, balanced = _strata(protocol, step, analysis)
    asked = tuple(dict.fromkeys((*covariates_of(protocol), *strata, *balanced)))
    entering = randomised(protocol, step, asked)
    n, notes = _participants(assumptions, entering, changes)
    accrual = changes.get("accrual", days_to_months((assumptions.accrual.end - assumptions.accrual.start).days))
    end = accrual + changes.get("follow_up", assumptions.cut_off_months - _lead(protocol, step))
    if end <= accrual:
        raise DesignError(f"{protocol.id}: the data cut-off comes before the last participant; state a later one")
    if _SITE in _listed(protocol, step):
        notes.append("sites are all alike, and allocation does not balance them")
    notes += [f"{one} and {other} are drawn independently of each other" for one, other in entering.together]
    follow_up = next((item for item in protocol.steps if isinstance(item, FollowUp)), None)
    crossover = changes.get("crossover", 0.0)
    assert protocol.design is not None
    scenario = DiseaseScenario(
        model=model,
        n=n,
        accrual=accrual,
        arms=(sizing.control_arm, sizing.experimental_arm),
        endpoint=_endpoint(protocol, protocol.design.primary),
        visits_every=_visits(follow_up, end),
        covariates=entering.levels,
        stratify_by=strata,
        balance_by=balanced,
        ratio=changes.get("ratio", sizing.ratio),
        crossover=ProgressionCrossover(probability=crossover, after=_progressions(protocol)) if crossover else None,
        non_adherence=(0.0, changes.get("non_adherence", 0.0)),
        allocation="simple" if isinstance(protocol.allocation[step.list], SimpleList) else "balanced",
        follow_up=None if follow_up is None else follow_up.months,
    )
    return scenario, end, notes


def _participants(
    assumptions: Assumptions, entering: Randomised, changes: Mapping[str, float]
) -> tuple[int, list[str]]:
    """How many are randomised."""
    if "participants" in changes:
        return check_count("participants", changes["participants"]), []
    registered = assumptions.accrual.participants
    n = round(entering.share * registered)
    if n == registered:
        return n, []
    return n, [f"{n} of the {registered} registered are randomised, as the assumptions and the criteria let them"]


def _listed(protocol: Protocol, step: Randomise) -> tuple[str, ...]:
    """The variables that the list balances or stratifies by."""
    listed = protocol.allocation[step.list]
    return listed.variables if isinstance(listed, ChanceList) else ()


def _strata(protocol: Protocol, step: Randomise, analysis: Analysis | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """By what the test is stratified, and by what the allocation is balanced; by site in neither."""
    balanced = tuple(name for name in _listed(protocol, step) if name != _SITE)
    if analysis is None or analysis.strata == "none":
        return (), balanced
    if analysis.strata == "allocation":
        return balanced, balanced
    return tuple(name for name in analysis.strata if name != _SITE), balanced


def _lead(protocol: Protocol, step: Randomise) -> float:
    """Months from the first registration to the randomisation."""
    months = 0.0
    for item in protocol.pathway:
        found = settings(item)
        if found is step:
            break
        if isinstance(found, Treat) and found.months is not None:
            months += found.months
    return months


def _visits(step: FollowUp | None, end: float) -> tuple[tuple[float, float], ...]:
    """Pairs of interval and month until which it holds."""
    if step is None:
        return ()
    last = end + step.every_months if step.months is None else step.months
    change = step.change_after_months
    if step.then_every_months is None or change is None or change >= last:
        return ((step.every_months, last),)
    return ((step.every_months, change), (step.then_every_months, last))


def _progressions(protocol: Protocol) -> tuple[str, ...]:
    """The progressions that the disease model has."""
    assert protocol.assumptions is not None
    found = tuple(name for name in PROGRESSIONS if getattr(protocol.assumptions.disease, name) is not None)
    if not found:
        raise DesignError(f"{protocol.id}: its disease model has no progression after which anybody could cross over")
    return found


def _endpoint(protocol: Protocol, name: str) -> DiseaseEndpoint:
    """The primary endpoint in terms of the disease model."""
    endpoint = protocol.endpoints[name]
    timed = protocol.endpoints[endpoint.of] if isinstance(endpoint, Milestone) else endpoint
    if not isinstance(timed, TimeToEvent):
        raise DesignError(f"{protocol.id}: the primary endpoint {name} is a {timed.kind}, not a time to an event")
    by_arm = {_events(protocol, timed.events_of(arm)) for arm in protocol.arms}
    if len(by_arm) > 1:
        raise DesignError(f"{protocol.id}: the events of {name} differ between the arms even in the disease model")
    (events,) = by_arm
    seen_at_visits = timed.censor == "last_assessment" and bool(set(events) & set(PROGRESSIONS))
    return DiseaseEndpoint(events, censor="last_visit" if seen_at_visits else "last_alive")


def _events(protocol: Protocol, refs: tuple[str, ...]) -> tuple[str, ...]:
    """Events of the protocol as those of the disease model."""
    found: set[str] = set()
    for ref in refs:
        name, _, cause = ref.partition(":")
        event = protocol.events[name]
        if event.kind == "death":
            # the first of the causes is the cancer, as in a rehearsal
            found.add("death" if not cause else "cancer_death" if cause == event.causes[0] else "other_death")
        elif event.kind == "progression":
            sites = {"local": PROGRESSIONS[:1], "regional": PROGRESSIONS[:1], "distant": PROGRESSIONS[1:]}
            found.update(sites.get(event.site or "any", PROGRESSIONS))
        else:
            raise DesignError(f"{protocol.id}: {event.label} is an event that the disease model does not have")
    return tuple(sorted(found))
