"""Commands about what happens to a participant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from equipoise.conduct.commands.base import AboutParticipant


@dataclass(frozen=True, slots=True, kw_only=True)
class Treat(AboutParticipant):
    """An intervention was started, done or stopped."""

    intervention: str
    status: Literal["started", "done", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happen(AboutParticipant):
    """An event of the protocol: a death with its cause, a progression, a procedure; a crossover with its reason.

    Where not the whole date is known, `partial` is what is (`2019-03`, `2019`), and `on` the day it was learnt.
    """

    event: str
    cause: str | None = None
    crossover_reason: str | None = None
    partial: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw(AboutParticipant):
    """A withdrawal, by a rule of the protocol."""

    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lose(AboutParticipant):
    """Lost to follow-up: last known alive on that day."""
