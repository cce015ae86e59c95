"""What an analysis of a trial gives: estimates, the curves behind them, and the flow of participants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from equipoise.analysis.completeness import Completeness
from equipoise.analysis.deviations import DeviationCount
from equipoise.estimates import Estimate

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """One step curve: survival, or the cumulative incidence of one kind of event. Times in months.

    Attributes:
        endpoint: id of the endpoint.
        kind: `survival` starts at 1 and falls, `incidence` starts at 0 and rises.
        arm: id of the arm.
        label: of the arm.
        time: where the curve steps, shape (k,), increasing.
        value: from that time on, shape (k,).
        conf_low: lower limit, shape (k,); NaN where there is none.
        conf_high: upper limit, shape (k,).
        conf_level: of the limits.
        censored: times of censored participants, shape (c,).
        risk_times: where participants at risk are counted, shape (r,).
        at_risk: participants at risk just before those times, shape (r,).
        cause: the event that an incidence counts.
    """

    endpoint: str
    kind: Literal["survival", "incidence"]
    arm: str
    label: str
    time: Floats
    value: Floats
    conf_low: Floats
    conf_high: Floats
    conf_level: float
    censored: Floats
    risk_times: Floats
    at_risk: NDArray[np.int64]
    cause: str = ""


@dataclass(frozen=True, slots=True)
class FlowStep:
    """A step that admits participants, and why others did not get through it."""

    step: str
    label: str
    assessed: int
    passed: int
    not_passed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FlowArm:
    """What became of those allocated to one arm.

    `by_hand` were given it by the coordinating centre itself. `left` counts by reason who is no longer observed,
    `treatment_stopped` who withdrew from treatment and still is.
    """

    arm: str
    label: str
    allocated: int
    received: Mapping[str, int] = field(default_factory=dict)
    left: Mapping[str, int] = field(default_factory=dict)
    died: int = 0
    in_follow_up: int = 0
    analysed: int = 0
    by_hand: int = 0
    treatment_stopped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flow:
    """The participants' way through the trial, as a CONSORT diagram draws it.

    Attributes:
        screened: persons.
        steps: who passed them; a person who was screened again counts once, by the last screening.
        arms: those allocated.
        rescreened: screenings that followed a failed one of the same person.
    """

    screened: int
    steps: tuple[FlowStep, ...]
    arms: tuple[FlowArm, ...]
    rescreened: int = 0

    @property
    def screenings(self) -> int:
        """Screenings of all persons."""
        return self.screened + self.rescreened

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class CohortVerdict:
    """How a rule about all participants together was judged, once.

    Attributes:
        rule: its id.
        on: the day, ISO 8601.
        participants: how many it was judged over.
        verdict: `pass`, `fail` or `unknown`.
        final: whether this is the verdict at analysis.
    """

    rule: str
    on: str
    participants: int
    verdict: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class SafetyArm:
    """Participants of one arm with adverse events from allocation on; each is counted once in a row.

    Attributes:
        arm: id of the arm.
        label: of the arm.
        participants: allocated to it.
        any_event: with any adverse event.
        grade_3_to_5: whose worst grade is 3 or more.
        serious: with one that was ever serious.
        related: with one that may be caused by treatment.
        related_grade_3_to_5: with one that may be, of grade 3 or more.
        not_judged: with one of which that has not been judged.
        of_interest: with one whose term the protocol asks for in particular.
        deaths: who died, of whatever cause.
        fatal_events: with an event of grade 5.
        treatment_related_deaths: with one of grade 5 that may be caused by treatment.
        events: how many adverse events there were.
    """

    arm: str
    label: str
    participants: int
    any_event: int
    grade_3_to_5: int
    serious: int
    related: int
    related_grade_3_to_5: int
    not_judged: int
    of_interest: int
    deaths: int
    fatal_events: int
    treatment_related_deaths: int
    events: int


@dataclass(frozen=True, slots=True)
class SafetyTable:
    """Adverse events by arm as allocated.

    Attributes:
        ctcae: version that grades them.
        arms: in the order of the protocol.
        before_allocation: participants with one before the allocation, or never allocated; in no arm's numbers.
    """

    ctcae: str
    arms: tuple[SafetyArm, ...]
    before_allocation: int

    @property
    def empty(self) -> bool:
        """Whether no event is on record at all."""
        return not self.before_allocation and not any(arm.events for arm in self.arms)


@dataclass(frozen=True, slots=True)
class Results:
    """The analysis of one trial.

    Attributes:
        trial: id of the protocol.
        protocol_version: version analysed under.
        source: `rehearsal` or `trial data`.
        data_cut: the data cut-off date, ISO 8601.
        estimates: every estimate, in the order of the protocol's analyses.
        curves: Kaplan-Meier and incidence curves by endpoint and arm.
        flow: None where only data sets were analysed.
        head: hash of the ledger's last entry; empty where there is no ledger.
        safety: adverse events by arm; None where there is no ledger, or the protocol does not collect them.
        cohort: verdicts of the cohort rules, in order: each warning at an entry, and the verdict at analysis.
        deviations: from the protocol, by category and arm.
        completeness: of follow-up, of all and of each arm.
    """

    trial: str
    protocol_version: str
    source: str
    data_cut: str
    estimates: tuple[Estimate, ...]
    curves: tuple[Curve, ...] = ()
    flow: Flow | None = None
    head: str = ""
    cohort: tuple[CohortVerdict, ...] = ()
    safety: SafetyTable | None = None
    deviations: tuple[DeviationCount, ...] = ()
    completeness: tuple[Completeness, ...] = ()

    def of(self, endpoint: str, measure: str | None = None) -> tuple[Estimate, ...]:
        """The estimates of one endpoint, of one measure if named."""
        return tuple(item for item in self.estimates if item.endpoint == endpoint and measure in (None, item.measure))

    def to_dict(self) -> dict[str, Any]:
        """As `results.json` holds it; curves are left to the report."""
        return {
            "trial": self.trial,
            "protocol_version": self.protocol_version,
            "source": self.source,
            "data_cut": self.data_cut,
            "ledger_head": self.head,
            "flow": None if self.flow is None else self.flow.to_dict(),
            "cohort_rules": [asdict(item) for item in self.cohort],
            "safety": None if self.safety is None else asdict(self.safety),
            "deviations": [asdict(item) for item in self.deviations],
            "completeness": [asdict(item) for item in self.completeness],
            "estimates": [item.to_dict() for item in self.estimates],
        }
