"""The state of a trial and of a participant: what the entries so far add up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from equipoise.allocation import ListState
from equipoise.assessment import Assessment as Judged
from equipoise.assessment import Baseline, Course, Resection, Tnm, Visit
from equipoise.conduct.adverse_events import AdverseEventRecord
from equipoise.conduct.quality.records import Contact, Deviation, Query
from equipoise.conduct.values import Recorded
from equipoise.ledger import GENESIS, Entry
from equipoise.protocol.rules import PartialDate

LOST = "lost"
"""`Left.rule` of a participant lost to follow-up."""


@dataclass(frozen=True, slots=True)
class ProtocolVersion:
    """A version of the protocol that the trial was opened under or amended to.

    Attributes:
        version: its number.
        digest: SHA-256 of its text.
        on: the day from which it is in force; None for the one that the trial was opened under.
        sites: by site, the day from which it is in force there; None if it is so at all sites from `on`.
    """

    version: str
    digest: str
    on: date | None = None
    sites: Mapping[str, date] | None = None


@dataclass(frozen=True, slots=True)
class Freezing:
    """What was frozen for an analysis: the first `entries` of the ledger, up to `head`, as at the cut-off date."""

    analysis: str
    cut_off: date
    entries: int
    head: str


@dataclass(frozen=True, slots=True)
class TrialState:
    """One small record: what a command must know of the whole trial.

    Attributes:
        opened: whether the trial is open.
        closed: whether it is closed.
        version: the newest version of the protocol; which one is in force is a matter of the day and the site.
        entries: how many there are.
        head: hash of the last.
        screened: participants so far.
        passed: participants who passed each entry step.
        lists: counters and margins of each allocation list.
        commitments: of each list's seed.
        revealed: whether the seeds have been revealed.
        last_time: time of the last entry.
        locked: whether the final lock is on.
        freezes: for analyses, in order.
        acts: entries about the whole trial that can be signed, and their hashes.
        administrators: accounts that give roles; None if roles are not checked in this trial.
        sweep: the data cut-off at which survival is asked after, and the day since which it has to be known.
        versions: the versions of the protocol, in order.
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
    last_time: str = ""
    locked: bool = False
    freezes: tuple[Freezing, ...] = ()
    acts: Mapping[int, str] = field(default_factory=dict)
    administrators: tuple[str, ...] | None = None
    sweep: tuple[date, date] | None = None
    versions: tuple[ProtocolVersion, ...] = ()

    @property
    def data_cut(self) -> date | None:
        """The data cut-off date of the newest freeze."""
        return self.freezes[-1].cut_off if self.freezes else None


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
    """An arm, the step that gave it, when, and the method of its list (`by-hand` by the coordinating centre)."""

    step: str
    arm: str
    on: date
    method: str = ""


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
        recorded: what is known of the day, where that is not all; `on` is then imputed.
        found: whether it is a progression that an assessment found, and nobody entered.
    """

    event: str
    kind: str
    cause: str | None
    on: date
    entry: int
    recorded: PartialDate | None = None
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
    """How and when participation ended, or a part of it, other than by death.

    Attributes:
        rule: id of the protocol's rule, or `LOST`.
        on: the day.
        follow_up: whether follow-up `stops` or `continues`.
        before: the first entry step that had not been passed.
        treatment: whether treatment `stops` or `continues`.
        data: what was recorded is `kept`, there is `no-more`, or what identifies the person is `erased`.
        until: of a loss to follow-up: the day of the news that ended it.
    """

    rule: str
    on: date
    follow_up: str
    before: str | None = None
    treatment: str = "stops"
    data: str = "kept"
    until: date | None = None

    @property
    def ends_observation(self) -> bool:
        """Whether nothing is recorded of the participant after it."""
        return self.follow_up == "stops" or self.data != "kept"


@dataclass(frozen=True, slots=True)
class Departure:
    """Treatment that departed from advice.

    Attributes:
        guidance: id of the table.
        on: the day.
        advice: what was advised.
        given: what was done instead.
        deviation: `minor` or `major` where the protocol counts it as one.
        entry: the entry that says it, with its reason.
    """

    guidance: str
    on: date
    advice: tuple[str, ...]
    given: str
    deviation: str | None
    entry: int


@dataclass(frozen=True, slots=True)
class Rescreened:
    """The number under which somebody was screened again, and when."""

    number: str
    on: date


@dataclass(frozen=True, slots=True)
class ParticipantState:
    """What is known of one participant.

    Attributes:
        number: the participant's number; names live outside the ledger.
        site: the site that screened the participant.
        version: the protocol version consented to, at first or again.
        values: the newest value of every recorded variable, dates of steps and responses among them.
        at_allocation: the values that counted when the arm was given; later corrections do not change them.
        steps: date of each entry step that was passed.
        forms: by day; of one day, in the order of entry. So are assessments and classes.
        assignments: arms given; the first counts, and the rest are assignments by class.
        leavings: every withdrawal and loss, in order; each stays, whatever comes after.
        departures: treatment that departed from advice.
        corrections: how many there were, entries struck out among them.
        struck: numbers of the entries that were struck out.
        locked: whether the data are locked.
        queries: questions about what was recorded, in the order in which they were asked.
        deviations: from the protocol, in the order of entry, those whose cause was struck out left out.
        contacts: that the participant was known to be alive, by source.
        imputed: in a state made for analysis, ADaM's flag of every date that was imputed, by variable.
        baselines: the lesions before treatment, every reading's. readings: every reading of every assessment, in the
            order of entry, from which `assessments` and the progressions among `events` follow.
        resections: lesions that were taken out.
        proposals: what each class proposed. decisions: what was done with the proposals.
        stagings: by day.
        history: the entries that this state adds up to, in order: all about the participant but those struck out.
        courses: what was judged of each reading's baseline, so that the next assessment goes on from there.
        pseudonym: what tells the same person under another number, where the protocol asks for it.
        rescreens: the earlier number of somebody who is screened again.
        rescreened: the later number, if this screening failed and there was another.
        erased_on: when name and other identifying data were erased, which the ledger never held.
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
    leavings: tuple[Left, ...] = ()
    adverse_events: tuple[AdverseEventRecord, ...] = ()
    departures: tuple[Departure, ...] = ()
    last_alive: date | None = None
    corrections: int = 0
    struck: tuple[int, ...] = ()
    locked: bool = False
    queries: tuple[Query, ...] = ()
    deviations: tuple[Deviation, ...] = ()
    contacts: tuple[Contact, ...] = ()
    imputed: Mapping[str, str] = field(default_factory=dict)
    baselines: tuple[Described, ...] = ()
    readings: tuple[Reading, ...] = ()
    resections: tuple[Resection, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    decisions: tuple[TeamDecision, ...] = ()
    stagings: tuple[Staged, ...] = ()
    history: tuple[Entry, ...] = field(default=(), repr=False)
    courses: Mapping[tuple[str, date], Course] = field(default_factory=dict, repr=False, compare=False)
    pseudonym: str | None = None
    rescreens: str | None = None
    rescreened: Rescreened | None = None
    erased_on: date | None = None

    @property
    def gone(self) -> tuple[Left, ...]:
        """The withdrawals and losses in force: a loss is over once there was news."""
        return tuple(item for item in self.leavings if item.until is None)

    @property
    def left(self) -> Left | None:
        """What ended participation: the first that ended observation, else the first that ended a part of it."""
        return next((item for item in self.gone if item.ends_observation), next(iter(self.gone), None))

    @property
    def treatment_stopped(self) -> Left | None:
        """The first that stopped treatment."""
        return next((item for item in self.gone if item.treatment == "stops"), None)

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
