"""Commands that record what was found, and that correct it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from equipoise.conduct.commands.base import AboutParticipant
from equipoise.conduct.values import Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(AboutParticipant):
    """Values on a form; `visit` names the visit of a form that repeats."""

    form: str
    values: Mapping[str, Recorded]
    visit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge(AboutParticipant):
    """Answers to judgements, by id of the criterion: whether its text holds."""

    answers: Mapping[str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assess(AboutParticipant):
    """Response by compartment, where no lesions are recorded; `name` is one of the pathway, or `follow_up`."""

    name: str
    responses: Mapping[str, str]
    visit: str | None = None
    reading: str = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Classify(AboutParticipant):
    """Give the class that a classification table says."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit(AboutParticipant):
    """A visit, or that it was missed. Who came was alive on that day."""

    visit: str
    missed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Correct(AboutParticipant):
    """Correct a recorded value; a reason is asked for. The old value stays in the ledger."""

    variable: str
    value: Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike(AboutParticipant):
    """Strike out an entry that was made in error; a reason is asked for. The entry stays in the ledger."""

    entry: int
