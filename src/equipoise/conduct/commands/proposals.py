"""What the team did with the proposal of a class, and a staging."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from equipoise.conduct.commands.base import AboutParticipant


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide(AboutParticipant):
    """The proposal of a class was followed, was declined, or its window passed; the last two have a reason."""

    by: str
    decision: Literal["followed", "declined", "missed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage(AboutParticipant):
    """A staging by TNM. `stage` is the group as somebody wrote it down; it follows from the categories if not given."""

    staging: str
    prefix: str
    t: str
    n: str
    m: str
    stage: str | None = None
