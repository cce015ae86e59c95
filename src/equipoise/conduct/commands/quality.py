"""Commands that keep the data right: queries, deviations, survival at the cut-off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from equipoise.conduct.commands.base import AboutParticipant, CommandBase
from equipoise.protocol.model.quality import PerProtocol, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuery(AboutParticipant):
    """Ask the site about a recorded variable, or about an entry by its number."""

    message: str
    variable: str | None = None
    entry: int | None = None
    severity: Severity = "minor"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerQuery(AboutParticipant):
    """Answer a query; `query` is the number of the entry that opened it."""

    query: int
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseQuery(AboutParticipant):
    """Close a query; a reason is asked for if it was not answered."""

    query: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviate(AboutParticipant):
    """Record a deviation from the protocol."""

    category: str
    description: str
    severity: Severity
    per_protocol: PerProtocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Reclassify(AboutParticipant):
    """Classify a deviation anew, with a reason; `deviation` is the number of its entry."""

    deviation: int
    severity: Severity
    per_protocol: PerProtocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Alive(AboutParticipant):
    """The participant was alive on that day, as one of the protocol's sources says."""

    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep(CommandBase):
    """Ask after the survival of everybody at a data cut-off."""

    on: date
