"""What every command says: who asks, in which role, when and, where needed, why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandBase:
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
class AboutParticipant(CommandBase):
    """A command about one participant: the number, and the day on which it happened."""

    participant: str
    on: date
