"""The state of a trial and of a participant: what the entries so far add up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from equipoise.allocation import ListState
from equipoise.assessment import Assessment as Judged
from equipoise.assessment import Baseline, Course, Resection, Tnm, Visit
from equipoise.conduct.values import Recorded
from equipoise.ledger import GENESIS, Entry

LOST = "lost"
"""`Left.rule` of a participant lost to follow-up."""


@dataclass(frozen=True, slots=True)
class TrialState:
    """One small record: what a command must know of the whole trial.

    Attributes:
        opened: whether the trial is open.
        closed: whether it is closed.
        version: the protocol version in force.
        entries: how many there are.
        head: hash of the last.
        screened: participants so far.
        passed: participants who passed each entry step.
        lists: counters and margins of each allocation list.
        commitments: of each list's seed.
        revealed: whether the seeds have been revealed.
        data_cut: the data cut-off date.
        last_time: time of the last entry.
    """

    opened: bool = False
    closed: bool = False
    version: str = ""
    entries: int = 0
    head: str = GENESIS
    screened: int = 0
    passed: Mapping[str, int] = field(default_factory=dict)
    lists: Mapping[str, ListState] = field(default_factory=dict)
    commitments: Mapping[str, str] = field(default_factory=dict)
    revealed: bool = False
    data_cut: date | None = None
    last_time: str = ""


@dataclass(frozen=True, slots=True)
class FormRecord:
    """One filled-in form."""

    form: str
    on: date
    visit: str | None
    values: Mapping[str, Recorded]


@dataclass(frozen=True, slots=True)
class Assessment:
    """One assessment of response, as the reading that counts has it.

    Attributes:
        reading: which reading counts; empty where none does yet, and the response is NE.
        entry: number of the ledger entry that holds it; 0 where none counts.
        line: day of the baseline that it is judged against; None where responses are recorded.
        why: what decided overall, where lesions are recorded.
    """

    name: str
    on: date
    visit: str | None
    responses: Mapping[str, str]
    overall: str
    reading: str = "local"
    entry: int = 0
    line: date | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Described:
    """The lesions of a baseline as one reading has them."""

    reading: str
    baseline: Baseline
    entry: int


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading of one assessment.

    Attributes:
        entry: number of the ledger entry that holds it.
        seen: what was found of the lesions; None where the response is recorded.
        agrees_with: the reading that an adjudicator agreed with.
        responses: by compartment: as recorded, or as judged by all that is known now.
        judged: the judgement with its numbers, where lesions are recorded.
        line: day of the baseline that it is judged against.
        why: what decided overall, or why nothing could be judged.
    """

    name: str
    on: date
    visit: str | None
    reading: str
    entry: int
    seen: Visit | None = None
    agrees_with: str | None = None
    responses: Mapping[str, str] = field(default_factory=dict)
    overall: str = "NE"
    judged: Judged | None = None
    line: date | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The proposal of a class that was given.

    Attributes:
        by: the classification. value: the class.
        on: the day that opens its window. closes: the last day of it; None if it has none.
        entry: number of the ledger entry that gave the class.
    """

    by: str
    value: str
    proposes: str
    on: date
    closes: date | None
    entry: int


@dataclass(frozen=True, slots=True)
class TeamDecision:
    """What the team did with a proposal: `followed`, `declined` or `missed`; `of` is the entry of the class."""

    of: int
    decision: str
    on: date
    reason: str | None


@dataclass(frozen=True, slots=True)
class Staged:
    """One staging: the categories, the group that follows, and why."""

    staging: str
    on: date
    tnm: Tnm
    stage: str | None
    why: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """An arm, the step that gave it, and when."""

    step: str
    arm: str
    on: date


@dataclass(frozen=True, slots=True)
class Treatment:
    """An intervention."""

    intervention: str
    status: str
    on: date


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An event that happened; `cause` of a death, `kind` as the protocol declares it.

    Attributes:
        entry: number of the ledger entry that holds it.
        found: whether it is a progression that an assessment found, and nobody entered.
    """

    event: str
    kind: str
    cause: str | None
    on: date
    entry: int
    found: bool = False

    def matches(self, ref: str) -> bool:
        """Whether it is what an endpoint's event reference names."""
        event, _, cause = ref.partition(":")
        return self.event == event and (not cause or self.cause == cause)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A step that was refused: the ids of criteria that failed, and of those not known."""

    step: str
    on: date
    failed: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Left:
    """How and when participation ended, other than by death.

    Attributes:
        rule: id of the protocol's rule, or `LOST`.
        on: the day.
        follow_up: whether follow-up `stops` or `continues`.
        before: the first entry step that had not been passed.
        treatment: whether treatment `stops` or `continues`.
        data: what was recorded is `kept`, there is `no-more`, or what identifies the person is `erased`.
    """

    rule: str
    on: date
    follow_up: str
    before: str | None = None
    treatment: str = "stops"
    data: str = "kept"


@dataclass(frozen=True, slots=True)
class ParticipantState:
    """What is known of one participant.

    Attributes:
        number: the participant's number; names live outside the ledger.
        site: the site that screened the participant.
        version: the protocol version consented to.
        values: the newest value of every recorded variable, dates of steps and responses among them.
        at_allocation: the values that counted when the arm was given; later corrections do not change them.
        steps: date of each entry step that was passed.
        forms: by day; of one day, in the order of entry. So are assessments and classes.
        assignments: arms given; the first counts, and the rest are assignments by class.
        corrections: how many there were, entries struck out among them.
        struck: numbers of the entries that were struck out.
        baselines: the lesions before treatment, every reading's. readings: every reading of every assessment, in the
            order of entry, from which `assessments` and the progressions among `events` follow.
        resections: lesions that were taken out.
        proposals: what each class proposed. decisions: what was done with the proposals.
        stagings: by day.
        history: the entries that this state adds up to, in order: all about the participant but those struck out.
        courses: what was judged of each reading's baseline, so that the next assessment goes on from there.
    """

    number: str
    site: str
    version: str
    screened_on: date
    values: Mapping[str, Recorded] = field(default_factory=dict)
    at_allocation: Mapping[str, str] = field(default_factory=dict)
    steps: Mapping[str, date] = field(default_factory=dict)
    forms: tuple[FormRecord, ...] = ()
    assessments: tuple[Assessment, ...] = ()
    classes: tuple[Assignment, ...] = ()
    assignments: tuple[Assignment, ...] = ()
    treatments: tuple[Treatment, ...] = ()
    events: tuple[Occurrence, ...] = ()
    visits: tuple[date, ...] = ()
    missed: tuple[date, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    left: Left | None = None
    last_alive: date | None = None
    corrections: int = 0
    struck: tuple[int, ...] = ()
    baselines: tuple[Described, ...] = ()
    readings: tuple[Reading, ...] = ()
    resections: tuple[Resection, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    decisions: tuple[TeamDecision, ...] = ()
    stagings: tuple[Staged, ...] = ()
    history: tuple[Entry, ...] = field(default=(), repr=False)
    courses: Mapping[tuple[str, date], Course] = field(default_factory=dict, repr=False, compare=False)

    @property
    def arm(self) -> str | None:
        """The arm as first allocated; nothing that happens later changes it."""
        return self.assignments[0].arm if self.assignments else None

    @property
    def current_arm(self) -> str | None:
        """The arm whose treatment is due: the newest, where a change of class gives a new assignment."""
        return self.assignments[-1].arm if self.assignments else None

    @property
    def reached(self) -> tuple[tuple[str, date], ...]:
        """Every entry step that was passed and every assignment, with its day."""
        return (*self.steps.items(), *((item.step, item.on) for item in self.assignments))

    @property
    def died_on(self) -> date | None:
        """The day of death."""
        return next((item.on for item in self.events if item.kind == "death"), None)
