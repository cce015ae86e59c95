"""What a participant's state holds of queries, deviations, and of whoever was known to be alive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, TypeAlias

from equipoise.ledger import Json
from equipoise.protocol.model.quality import PerProtocol, Severity

QueryStatus: TypeAlias = Literal["open", "answered", "closed"]


@dataclass(frozen=True, slots=True)
class QueryAnswer:
    """What a site answered."""

    on: date
    actor: str
    text: str


@dataclass(frozen=True, slots=True)
class Query:
    """A question about what was recorded.

    Attributes:
        entry: number of the entry that opened it, by which it is named.
        message: what is asked.
        severity: `minor` or `major`.
        on: the day it was opened.
        actor: who opened it; of a rule, whose entry made it true.
        role: in which role.
        rule: id of the protocol's rule that opened it; None if a person did.
        form: the form of that rule.
        visit: of a form that repeats, which one.
        variable: the variable that a person asks about.
        about: number of the entry that a person asks about.
        values: what the rule found, by variable.
        answers: in order.
        closed_on: the day it was closed.
        closed_by: `rule` if the value that it was about changed, else `person`.
    """

    entry: int
    message: str
    severity: Severity
    on: date
    actor: str
    role: str
    rule: str | None = None
    form: str | None = None
    visit: str | None = None
    variable: str | None = None
    about: int | None = None
    values: Mapping[str, Json] = field(default_factory=dict)
    answers: tuple[QueryAnswer, ...] = ()
    closed_on: date | None = None
    closed_by: str | None = None

    @property
    def status(self) -> QueryStatus:
        """Open, answered, or closed."""
        if self.closed_on is not None:
            return "closed"
        return "answered" if self.answers else "open"

    def age(self, today: date) -> int:
        """Days from its opening to its closing, or to `today` if it stands."""
        return ((self.closed_on or today) - self.on).days


@dataclass(frozen=True, slots=True)
class Classification:
    """How a deviation was classified: when, by whom, and of a later one why."""

    severity: Severity
    per_protocol: PerProtocol
    on: date
    actor: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Deviation:
    """A deviation from the protocol.

    Attributes:
        entry: number of its entry, by which it is named.
        category: what it is about.
        description: what happened.
        on: the day it happened on.
        classified: every classification, the last of which counts.
        found: how conduct found it: `outside_arm`, `ineligible`, ...; None if a person recorded it.
        about: what conduct found it of: the intervention, the criterion, the variable, the visit.
        cause: number of the entry that it was found at.
    """

    entry: int
    category: str
    description: str
    on: date
    classified: tuple[Classification, ...]
    found: str | None = None
    about: str | None = None
    cause: int | None = None

    @property
    def severity(self) -> Severity:
        """As it counts now."""
        return self.classified[-1].severity

    @property
    def per_protocol(self) -> PerProtocol:
        """As it counts now."""
        return self.classified[-1].per_protocol


@dataclass(frozen=True, slots=True)
class Contact:
    """That a participant was known to be alive on a day, and from where."""

    on: date
    source: str
