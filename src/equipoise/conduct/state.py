"""The state of a trial and of a participant: what the entries so far add up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from equipoise.allocation import ListState
from equipoise.conduct.values import Recorded
from equipoise.ledger import GENESIS, Entry

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
        data_cut: the data cut-off date.
        last_time: time of the last entry.
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
    data_cut: date | None = None
    last_time: str = ""
    versions: tuple[ProtocolVersion, ...] = ()


@dataclass(frozen=True, slots=True)
class FormRecord:
    """One filled-in form."""

    form: str
    on: date
    visit: str | None
    values: Mapping[str, Recorded]


@dataclass(frozen=True, slots=True)
class Assessment:
    """One assessment of response."""

    name: str
    on: date
    visit: str | None
    responses: Mapping[str, str]
    overall: str


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
    """An event that happened; `cause` of a death, `kind` as the protocol declares it."""

    event: str
    kind: str
    cause: str | None
    on: date
    entry: int

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
        corrections: how many there were, entries struck out among them.
        struck: numbers of the entries that were struck out.
        history: the entries that this state adds up to, in order: all about the participant but those struck out.
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
    left: Left | None = None
    last_alive: date | None = None
    corrections: int = 0
    struck: tuple[int, ...] = ()
    history: tuple[Entry, ...] = field(default=(), repr=False)
    pseudonym: str | None = None
    rescreens: str | None = None
    rescreened: Rescreened | None = None
    erased_on: date | None = None

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
