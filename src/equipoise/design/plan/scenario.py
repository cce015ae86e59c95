"""A protocol as a trial to be simulated: by the numbers of its design, or by the disease model of its assumptions.

By its design a trial has two arms, exponential survival and one population, as the derivation has them. By its
assumptions every participant follows the multi-state disease model that a rehearsal draws from, with visits, covariates
and whole days. Looks, level and bounds are those of the design in both. Time is counted from randomisation.

What the protocol leaves open is said in `notes` where a choice was made, and refused where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from equipoise.design._checks import check_count, check_fraction, check_increasing
from equipoise.design.effects import delayed_effect
from equipoise.design.expected import dropout_by
from equipoise.design.plan.disease import disease_scenario
from equipoise.design.plan.from_protocol import Sizing, sizing_of
from equipoise.design.rounding import round_up
from equipoise.design.simulation.disease_scenario import DiseaseScenario
from equipoise.design.simulation.run import Plan
from equipoise.design.simulation.scenario import Scenario
from equipoise.design.simulation.settings import Bounds, Settings
from equipoise.design.simulation.tests_at_looks import Test
from equipoise.design.survival_function import Survival
from equipoise.errors import DesignError
from equipoise.protocol import Protocol
from equipoise.protocol.model.endpoints import Milestone, TimeToEvent
from equipoise.protocol.model.pathway import Randomise
from equipoise.protocol.model.statistics import Analysis

Model = Literal["design", "disease"]

CHANGES: Mapping[Model, Mapping[str, str]] = {
    "design": {
        "hazard_ratio": "experimental over control",
        "control_median": "months, of exponential survival",
        "participants": "randomised",
        "accrual": "months over which they come, evenly",
        "follow_up": "months from the last one to the last look",
        "events": "at the last look",
        "dropout": "share lost by the end of the follow-up that everybody has",
        "ratio": "experimental to control participants",
        "delay": "months before the effect begins",
        "crossover": "share of the control arm that lives under the experimental hazard",
        "non_adherence": "share of the experimental arm that lives under the control hazard",
    },
    "disease": {
        "participants": "randomised",
        "accrual": "months over which they come, evenly",
        "follow_up": "months from the last one to the last look",
        "events": "at the last look",
        "ratio": "experimental to control participants",
        "crossover": "share of the control participants who go over to the experimental arm at progression",
        "non_adherence": "share of the experimental arm that lives under the control hazards",
    },
}
"""What can be other than the protocol has it."""

_LIMITS: Mapping[str, tuple[float, float]] = {
    "hazard_ratio": (0.001, 1000.0),
    "control_median": (0.01, 10_000.0),
    "participants": (2, 1_000_000),
    "accrual": (0.01, 10_000.0),
    "follow_up": (0.0, 10_000.0),
    "events": (1, 1_000_000),
    "dropout": (0.0, 0.99),
    "ratio": (0.01, 100.0),
    "delay": (0.0, 10_000.0),
    "crossover": (0.0, 0.99),
    "non_adherence": (0.0, 0.99),
}
"""Beyond these a trial is a slip of the pen, and its times are no longer told apart in a computer's numbers."""

_GONE = 1000.0
"""Rate a month at which participants leave once they have been followed as long as is planned: within the hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTrial:
    """A trial to be simulated, and how it is looked at.

    Attributes:
        scenario: what is assumed.
        events: (k,) at which to look, or empty.
        dates: (k,) months at which to look, or empty.
        max_duration: month of the last look of a trial that has not reached its events; None: when nothing more can
            happen.
        alpha: total over the sides.
        sides: 1 or 2.
        bounds: of the looks, as `simulate` takes them.
        information: (k,) fractions of the last look's.
        tests: the primary test first.
        notes: choices that were made where the protocol leaves one.
    """

    scenario: Scenario | DiseaseScenario
    events: tuple[int, ...]
    dates: tuple[float, ...]
    max_duration: float | None
    alpha: float
    sides: int
    bounds: Bounds
    information: tuple[float, ...]
    tests: tuple[Test, ...]
    notes: tuple[str, ...]

    def without_effect(self) -> PlannedTrial:
        """The same trial with both arms alike: for the size."""
        return replace(self, scenario=self.scenario.without_effect())

    def plan(self, *, replicates: int, seed: int, keep: Literal["all", "summary"] = "summary") -> Plan:
        """What is to be simulated, for `equipoise.design.simulation.run.run_plans`."""
        return Settings(
            replicates=replicates,
            seed=seed,
            events=self.events or None,
            dates=self.dates or None,
            alpha=self.alpha,
            sides=self.sides,
            bounds=self.bounds,
            information=self.information,
            tests=self.tests,
            max_duration=self.max_duration,
            keep=keep,
        ).plan(self.scenario)


def protocol_scenario(
    protocol: Protocol,
    *,
    model: Model = "design",
    changes: Mapping[str, float] | None = None,
    tests: Sequence[Test] | None = None,
    bounds: str | Sequence[float] | None = None,
    interim: Sequence[float] | None = None,
) -> PlannedTrial:
    """A protocol as a trial to be simulated.

    Looks are at the planned events and no later than the planned end of the trial; a trial whose protocol plans no
    events, or whose primary endpoint is survival at a milestone, is looked at once, at its end.

    Args:
        protocol: with a design; for `disease` with assumptions too.
        model: `design`: what the number of participants was derived from; `disease`: the multi-state model of the
            assumptions, with as many participants as its criteria let through.
        changes: what is other than the protocol has it, by the names of `CHANGES`.
        tests: instead of the primary test of the protocol's analyses.
        bounds: instead of the protocol's.
        interim: information fractions of the interim looks, instead of the protocol's.

    Raises:
        DesignError: a protocol that does not randomise between two arms, one that leaves out what is needed, or
            changes of something that the model does not have.
    """
    changes = dict(changes or {})
    if unknown := sorted(changes.keys() - CHANGES[model].keys()):
        known = ", ".join(CHANGES[model])
        other = " (the disease model has a hazard ratio for each transition)" if "hazard_ratio" in unknown else ""
        raise DesignError(f"{', '.join(unknown)} cannot be varied in the {model} model{other}; vary some of {known}")
    for name, value in changes.items():
        low, high = _LIMITS[name]
        if not low <= value <= high:
            raise DesignError(f"{name} = {value:g}; give a number from {low:g} to {high:,g}")
    for fraction in check_increasing("interim", interim or ()):
        check_fraction("interim", fraction)
    sizing = sizing_of(protocol)
    step = _randomisation(protocol, sizing)
    if sizing.hazard_ratio is not None and sizing.hazard_ratio > 1:
        raise DesignError(f"{protocol.id}: a hazard ratio above 1 as a benefit is not simulated; exchange the arms")
    assert protocol.design is not None  # or it would have no sizing
    analysis = next((item for item in protocol.analyses if item.endpoint == protocol.design.primary), None)
    notes = list(_notes(protocol, protocol.design.primary, step))
    scenario: Scenario | DiseaseScenario
    end: float | None
    if model == "disease":
        scenario, end, more = disease_scenario(protocol, sizing, step, analysis, changes)
    else:
        scenario, end, more = _design_scenario(protocol, sizing, analysis, changes)
    notes += more
    information = (*(sizing.information[:-1] if interim is None else interim), 1.0)
    events, dates = _looks(protocol, sizing, changes, information, end)
    if events and end is not None:
        notes.append(f"a trial that has not reached its events by month {end:.4g}, the planned end, is analysed then")
    if bounds is None and len(information) > 1:
        bounds = sizing.bounds_at_looks
    if sizing.alpha is None or sizing.sides is None:
        raise DesignError(f"{protocol.id}: its design states no level or no sides; state alpha and sides in the file")
    return PlannedTrial(
        scenario=scenario,
        events=events,
        dates=dates,
        max_duration=end if events else None,
        alpha=sizing.alpha,
        sides=sizing.sides,
        bounds=bounds,
        information=tuple(count / events[-1] for count in events) or (1.0,),
        tests=tuple(tests) if tests is not None else _primary_tests(sizing, analysis),
        notes=tuple(notes),
    )


def _randomisation(protocol: Protocol, sizing: Sizing) -> Randomise:
    """The step that randomises between the two arms."""
    step = protocol.allocation_step
    if not isinstance(step, Randomise):
        raise DesignError(
            f"{protocol.id} allocates nobody by chance: its {len(protocol.arms)} arms follow from a classification, "
            "and a simulation of a design compares two randomised arms; rehearse it instead"
        )
    if sizing.experimental_arm is None:
        raise DesignError(f"{protocol.id} has {len(protocol.arms)} arms; a simulation of a design compares two")
    return step


def _notes(protocol: Protocol, primary: str, step: Randomise) -> list[str]:
    endpoint = protocol.endpoints[primary]
    timed = protocol.endpoints[endpoint.of] if isinstance(endpoint, Milestone) else endpoint
    if isinstance(timed, TimeToEvent) and protocol.origin_precedes_allocation(timed.origin):
        return [f"{timed.label} is defined from {timed.origin}; it is simulated from {step.label.lower()}"]
    return []


def _primary_tests(sizing: Sizing, analysis: Analysis | None) -> tuple[str, ...]:
    """The test that the protocol names; beside a milestone's the log-rank test that it was sized by."""
    if sizing.milestone is not None:
        return (f"milestone:{sizing.milestone:g}", "logrank")
    return ("cox",) if analysis is not None and analysis.test == "none" and analysis.model == "cox" else ("logrank",)


def _looks(
    protocol: Protocol, sizing: Sizing, changes: Mapping[str, float], information: Sequence[float], end: float | None
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Events or dates at which to look."""
    count = changes.get("events", sizing.events)
    if sizing.milestone is None and count is not None:
        check_count("events", count)
        return tuple(round_up(fraction * count) for fraction in information), ()
    if len(information) > 1:
        what = "at events" if sizing.milestone is None else "of a milestone"
        raise DesignError(f"{protocol.id}: interim looks {what} need planned events at the last look; state events")
    if sizing.milestone is not None and "events" in changes:
        raise DesignError(f"{protocol.id} is judged {sizing.milestone:g} months after everybody's entry, not at events")
    if end is None:
        raise DesignError(f"{protocol.id}: its design says neither how many events nor when it ends; state follow_up")
    return (), (end,)


def _design_scenario(
    protocol: Protocol, sizing: Sizing, analysis: Analysis | None, changes: Mapping[str, float]
) -> tuple[Scenario, float | None, list[str]]:
    """The scenario of the design, the month of its end, and what was chosen."""
    control = Survival.from_median(changes["control_median"]) if "control_median" in changes else sizing.control
    hazard_ratio = changes.get("hazard_ratio", sizing.hazard_ratio)
    participants = changes.get("participants", sizing.participants)
    accrual = changes.get("accrual", sizing.accrual)
    if hazard_ratio is None or control is None or participants is None or accrual is None:
        wanted = {
            "hazard_ratio": hazard_ratio,
            "control_median": control,
            "participants": participants,
            "accrual": accrual,
        }
        missing = ", ".join(name for name, value in wanted.items() if value is None)
        raise DesignError(
            f"{protocol.id}: its design does not say {missing}; state it there or vary it, or use the disease model"
        )
    notes = []
    if analysis is not None and analysis.strata not in ("none", ()):
        notes.append("the analysis is stratified; the design knows one population, so the test is not")
    delay = changes.get("delay", 0.0)
    follow_up = changes.get("follow_up", sizing.follow_up)
    losses, more = _dropout(sizing, changes.get("dropout", sizing.loss), follow_up)
    scenario = Scenario.two_arm(
        n=check_count("participants", participants),
        accrual=accrual,
        control=control,
        hazard_ratio=None if delay else hazard_ratio,
        experimental=delayed_effect(control, delay, hazard_ratio) if delay else None,
        ratio=changes.get("ratio", sizing.ratio),
        crossover=changes.get("crossover", 0.0),
        non_adherence=changes.get("non_adherence", 0.0),
    )
    end = None if follow_up is None else accrual + follow_up
    if sizing.milestone is not None:
        end = max(end or 0.0, accrual + sizing.milestone)
    return replace(scenario, dropout=(losses, losses)), end, notes + more


def _dropout(sizing: Sizing, share: float, follow_up: float | None) -> tuple[Survival, list[str]]:
    """Loss to follow-up: exponential; and at a milestone everybody has been followed long enough."""
    until = sizing.milestone if sizing.milestone is not None else follow_up
    notes = []
    loss = Survival.exponential(0.0)
    if share:
        if until is None:
            raise DesignError("a share is lost, and no follow-up says by when; state follow_up")
        loss = dropout_by(share, until)
        notes.append(f"{100 * share:g} % are lost by {until:g} months, exponentially")
    if sizing.milestone is not None:
        loss = Survival.piecewise((sizing.milestone,), (loss.rates[0], _GONE))
        notes.append(f"everybody is followed for {sizing.milestone:g} months and no longer, as the derivation has it")
    return loss, notes
