"""The first answer to a command, kept so that a repetition gets the same; and what tells a repetition from another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from equipoise.conduct import Accepted, CriterionResult, Decision, Draft, Refused
from equipoise.conduct.commands import Command
from equipoise.ledger import Entry
from equipoise.protocol.rules import Verdict


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a command.

    Attributes:
        decision: accepted, or refused with the reasons.
        entries: the entries that it left, in order.
        repeated: whether this is the first answer given again.
    """

    decision: Decision
    entries: tuple[Entry, ...] = ()
    repeated: bool = False

    @property
    def accepted(self) -> bool:
        """Whether the command was carried out."""
        return isinstance(self.decision, Accepted)

    @property
    def arm(self) -> str | None:
        """The arm, of an allocation."""
        return self.decision.arm if isinstance(self.decision, Accepted) else None


def fingerprint(command: Command) -> str:
    """SHA-256 of what a command asks, its time aside: a repetition may have a time of its own.

    Numbers count as they are spelled: 54 and 54.0 make two commands.
    """
    asked = {field.name: _tagged(getattr(command, field.name)) for field in fields(command) if field.name != "at"}
    text = _SORTED([type(command).__name__, asked])
    return hashlib.sha256(text.encode()).hexdigest()


_SORTED = json.JSONEncoder(sort_keys=True).encode


def to_text(decision: Decision) -> str:
    """A decision as JSON, but for its drafts, which the entries hold."""
    if isinstance(decision, Accepted):
        return json.dumps({"arm": decision.arm, "warnings": decision.warnings, "advice": decision.advice})
    criteria = [[*_named(result), _tagged(result.decided_by)] for result in decision.criteria]
    return json.dumps({"reasons": decision.reasons, "criteria": criteria})


def from_text(text: str, entries: tuple[Entry, ...]) -> Decision:
    """The decision that `to_text` wrote, its drafts taken from its entries."""
    kept: Any = json.loads(text)
    drafts = tuple(Draft(entry.kind, entry.data, entry.participant) for entry in entries)
    if "reasons" not in kept:
        return Accepted(drafts, kept["arm"], tuple(kept["warnings"]), tuple(kept["advice"]))
    criteria = tuple(_criterion(*result) for result in kept["criteria"])
    return Refused(tuple(kept["reasons"]), criteria, drafts)


def imported(entries: tuple[Entry, ...]) -> Decision:
    """The decision that entries tell of where the answer itself was not kept: an exported ledger holds entries."""
    first: Any = entries[0]
    drafts = tuple(Draft(entry.kind, entry.data, entry.participant) for entry in entries)
    if first.kind != "refuse":
        return Accepted(drafts, first.data.get("arm"))
    reasons = (f"{item['criterion']} {item['verdict']}" for item in first.data["criteria"])
    return Refused(tuple(reasons), drafts=drafts)


def same_caller(command: Command, entry: Entry) -> bool:
    """Whether an entry can be of this command, as far as an exported ledger tells."""
    asked = (command.actor, command.role, command.site, command.reason, getattr(command, "participant", None))
    return asked == (entry.actor, entry.role, entry.site, entry.reason, entry.participant)


def _criterion(criterion: str, kind: str, title: str, verdict: Verdict, decided_by: Any) -> CriterionResult:
    return CriterionResult(criterion, kind, title, verdict, _untagged(decided_by))


def _named(result: CriterionResult) -> tuple[str, str, str, str]:
    return result.criterion, result.kind, result.title, result.verdict


def _tagged(value: Any) -> Any:
    """A value as JSON that tells its type; whatever a command holds can be told."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return {"int": hex(value)}  # no limit to its length, as decimal digits have
        case Decimal():
            return {"decimal": str(value)}
        case datetime():
            return {"time": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case Mapping():
            return {"by name": [[_tagged(key), _tagged(item)] for key, item in sorted(value.items(), key=_by_key)]}
        case _:
            return {"other": f"{type(value).__name__} {value!r}"}


def _by_key(item: tuple[Any, Any]) -> str:
    return repr(item[0])


def _untagged(value: Any) -> Any:
    """The inverse, for what a decision holds."""
    match value:
        case {"int": digits}:
            return int(digits, 16)
        case {"decimal": digits}:
            return Decimal(digits)
        case {"date": day}:
            return date.fromisoformat(day)
        case {"by name": pairs}:
            return {_untagged(key): _untagged(item) for key, item in pairs}
        case _:
            return value
