"""What `decide` answers: entries to append, or a refusal that says why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from equipoise.conduct.context import Context
from equipoise.conduct.eligibility import CriterionResult
from equipoise.conduct.values import utc_text
from equipoise.ledger import Json

CENTRAL_ROLES = frozenset({"coordinator", "monitor", "data manager", "sponsor", "central reader", "adjudicator"})
"""Roles that act for participants of every site. Everybody else acts at the participant's own."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before it is sealed: the command adds who and when, the ledger its place."""

    kind: str
    data: Mapping[str, Json]
    participant: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The command is carried out by these entries.

    Attributes:
        drafts: the entries; none where everything was so already.
        arm: the arm, of an allocation.
        warnings: what does not stand against it, and should be looked at.
        advice: of an allocation, the advice on treatment that holds, and of which it cannot be told, with the values.
    """

    drafts: tuple[Draft, ...]
    arm: str | None = None
    warnings: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """The command is refused.

    Attributes:
        reasons: what stands against it, one line each; every failed or unknown criterion is among them.
        criteria: how every criterion of the step was judged, where criteria were.
        drafts: a refused entry to a step is itself an entry; other refusals leave none.
    """

    reasons: tuple[str, ...]
    criteria: tuple[CriterionResult, ...] = ()
    drafts: tuple[Draft, ...] = ()


Decision: TypeAlias = Accepted | Refused

Decider: TypeAlias = Callable[[Context, Any], Decision]
"""Decides one kind of command."""


def accept(kind: str, participant: str | None = None, /, **data: Json) -> Accepted:
    """Accept with one entry; what is None is left out of its data."""
    kept = {name: value for name, value in data.items() if value is not None}
    return Accepted((Draft(kind, kept, participant),))


def refuse(*reasons: str) -> Refused:
    """Refuse without leaving an entry."""
    return Refused(reasons)


def unsealed(command: Any, draft: Draft, version: str) -> dict[str, Any]:
    """The members of the entry that a draft will be, but for its place in the ledger.

    Args:
        command: what it answers.
        draft: the draft.
        version: the protocol version that it was judged by.
    """
    return {
        "time": utc_text(command.at),
        "actor": command.actor,
        "role": command.role,
        "site": command.site,
        "participant": draft.participant,
        "kind": draft.kind,
        "command": command.id,
        "version": version,
        "reason": command.reason,
        "data": draft.data,
    }
