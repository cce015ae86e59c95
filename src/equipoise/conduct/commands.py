"""What can be asked of a running trial. A command says who asks, in which role, when and, where needed, why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, TypeAlias

from equipoise.conduct.values import Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class _Command:
    """What every command says.

    Attributes:
        id: given by the caller, unique in the trial; repeating it returns the first answer.
        at: when it is entered, UTC.
        actor: the account.
        role: the role the account acts in.
        site: the site, where it acts for one.
        reason: why, where a reason is asked for.
    """

    id: str
    at: datetime
    actor: str
    role: str
    site: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Open(_Command):
    """Open the trial: the protocol's digest, and the commitment of every list's secret seed."""

    protocol_digest: str
    commitments: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _AboutParticipant(_Command):
    participant: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen(_AboutParticipant):
    """A new participant, under the protocol version in force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(_AboutParticipant):
    """Values on a form; `visit` names the visit of a form that repeats."""

    form: str
    values: Mapping[str, Recorded]
    visit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge(_AboutParticipant):
    """Answers to judgements, by id of the criterion: whether its text holds."""

    answers: Mapping[str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Register(_AboutParticipant):
    """Ask for a registration: the criteria of the step are judged."""

    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assess(_AboutParticipant):
    """Response by compartment. `name` is an assessment of the pathway, or `follow_up`."""

    name: str
    responses: Mapping[str, str]
    visit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Classify(_AboutParticipant):
    """Give the class that a classification table says."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocate(_AboutParticipant):
    """Ask for an arm: the criteria of the step are judged, then the list is drawn from, or the class read."""

    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AllocateByHand(_AboutParticipant):
    """The coordinating centre gave an arm itself, since the site was offline; a reason is asked for.

    The criteria of the step are judged as for a draw, and the list counts the participant.
    """

    step: str
    arm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Treat(_AboutParticipant):
    """An intervention was started, done or stopped."""

    intervention: str
    status: Literal["started", "done", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happen(_AboutParticipant):
    """An event of the protocol: a death with its cause, a progression, a procedure."""

    event: str
    cause: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit(_AboutParticipant):
    """A visit, or that it was missed. Who came was alive on that day."""

    visit: str
    missed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw(_AboutParticipant):
    """A withdrawal, by a rule of the protocol."""

    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lose(_AboutParticipant):
    """Lost to follow-up: last known alive on that day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correct(_AboutParticipant):
    """Correct a recorded value; a reason is asked for. The old value stays in the ledger."""

    variable: str
    value: Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike(_AboutParticipant):
    """Strike out an entry that was made in error; a reason is asked for. The entry stays in the ledger."""

    entry: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckCohort(_Command):
    """Judge the cohort rules now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut(_Command):
    """Set the data cut-off date of the analysis."""

    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Reveal(_Command):
    """Reveal the secret seeds after the last allocation, so that anyone can replay them."""

    seeds: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Close(_Command):
    """Close the trial: nothing comes after."""


ParticipantCommand: TypeAlias = (
    Screen
    | Record
    | Judge
    | Register
    | Assess
    | Classify
    | Allocate
    | AllocateByHand
    | Treat
    | Happen
    | Visit
    | Withdraw
    | Lose
    | Correct
    | Strike
)
TrialCommand: TypeAlias = Open | CheckCohort | Cut | Reveal | Close
Command: TypeAlias = ParticipantCommand | TrialCommand
