"""The audit trail for people: every entry as rows of who, when, in which role, what, old and new value, and why.

The ledger is the audit trail; this reads it. See 21 CFR 11.10(e) and ICH E6(R3) 4.2.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from equipoise.ledger import Entry

NOT_SHOWN = "(not shown)"

Change: TypeAlias = tuple[str, str | None, str | None]
"""What, the old value, and the new one."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One thing that was done.

    Attributes:
        entry: number of the entry.
        time: when it was entered, UTC.
        account: who.
        role: in which role.
        site: at which site.
        participant: about whom.
        what: was done, to what.
        old: value before; None if there was none.
        new: value after.
        reason: why, where one was given.
    """

    entry: int
    time: str
    account: str
    role: str
    site: str | None
    participant: str | None
    what: str
    old: str | None
    new: str | None
    reason: str | None


def audit_trail(
    entries: Iterable[Entry], participant: str | None = None, *, arms: bool = False
) -> tuple[AuditRow, ...]:
    """The audit trail of a ledger, or that of one participant.

    Args:
        entries: the whole ledger in order: old values are looked up in it.
        participant: a number, for the rows about that participant only.
        arms: whether allocated arms are shown.
    """
    reader = _Reader(arms)
    rows: list[AuditRow] = []
    for entry in entries:
        changes = list(reader.changes(entry))
        if participant is None or entry.participant == participant:
            said = (entry.time, entry.actor, entry.role, entry.site, entry.participant)
            rows += [AuditRow(entry.seq, *said, what, old, new, entry.reason) for what, old, new in changes]
    return tuple(rows)


class _Reader:
    """Remembers what was the case, so that a change shows it."""

    def __init__(self, arms: bool) -> None:
        self._arms = arms
        self._was: dict[tuple[str | None, str], str] = {}
        self._of: dict[int, str] = {}

    def changes(self, entry: Entry) -> Iterator[Change]:
        """What an entry changed."""
        read = _CHANGES.get(entry.kind, _other)
        found = [*read(self, entry)]
        self._of[entry.seq] = "; ".join(f"{what} = {new}" for what, _, new in found)
        if entry.data.get("clock"):
            found = [(f"{what} (the clock went back)", old, new) for what, old, new in found]
        if entry.data.get("after_freeze"):
            found = [(f"{what} (after the freeze {entry.data['after_freeze']})", old, new) for what, old, new in found]
        yield from found

    def becomes(self, entry: Entry, what: str, new: Any, *, keep: bool = True) -> Change:
        """A change to `new`, from what was the case before if that is kept."""
        key, shown = (entry.participant, what), _text(new)
        old = self._was.get(key) if keep else None
        self._was[key] = shown
        return what, old, shown

    def form(self, entry: Entry) -> Iterator[Change]:
        """Each value of a form; what a form holds is new, and a correction is what changes it."""
        data: Any = entry.data
        where = f" of {data['visit']}" if data.get("visit") else ""
        for name, value in data["values"].items():
            yield f"{name} (form {data['form']}{where}, {data['on']})", None, _text(value)

    def correct(self, entry: Entry) -> Iterator[Change]:
        """A correction holds both values."""
        data: Any = entry.data
        yield f"{data['variable']} corrected", _text(data["old"]), _text(data["new"])

    def strike(self, entry: Entry) -> Iterator[Change]:
        """What was struck out is the old value."""
        data: Any = entry.data
        number = data["entry"]
        yield f"entry {number} ({data['struck']}) struck out", self._of.get(number, ""), "struck out"

    def judge(self, entry: Entry) -> Iterator[Change]:
        """Each answer, and the one before it."""
        data: Any = entry.data
        for name, answer in data["answers"].items():
            yield self.becomes(entry, f"judgement {name}", answer)

    def assess(self, entry: Entry) -> Iterator[Change]:
        """The response; of an assessment that is made again, the one before."""
        data: Any = entry.data
        visit = data.get("visit")
        found = f"{data['overall']} ({_text(data['responses'])})"
        yield self.becomes(entry, f"response at {data['name']} {visit or ''}".rstrip(), found, keep=visit is None)

    def allocate(self, entry: Entry) -> Iterator[Change]:
        """The arm, where it may be seen."""
        data: Any = entry.data
        arm = data["arm"] if self._arms else NOT_SHOWN
        yield self.becomes(entry, f"arm at {data['step']} ({data['method']})", arm)

    def grant(self, entry: Entry) -> Iterator[Change]:
        """A role given."""
        data: Any = entry.data
        yield f"role of account {data['account']} ({data['printed_name']})", None, _place(data)

    def revoke(self, entry: Entry) -> Iterator[Change]:
        """A role taken away."""
        data: Any = entry.data
        yield f"role of account {data['account']}", _place(data), "taken away"

    def locks(self, entry: Entry) -> Iterator[Change]:
        """Locked or unlocked."""
        what = "final lock of the trial" if entry.participant is None else "lock of the data"
        yield self.becomes(entry, what, "unlocked" if entry.kind.startswith("unlock") else "locked")

    def sign(self, entry: Entry) -> Iterator[Change]:
        """A signature, as 11.50(b) has it in every form that people read."""
        data: Any = entry.data
        count = len(data["entries"])
        what = f"entry {data['entries'][0]}" if count == 1 else f"{count} entries"
        yield f"signature of {what}", None, f"{data['printed_name']}, {data['meaning']}, {entry.time}"


def _other(reader: _Reader, entry: Entry) -> Iterator[Change]:  # noqa: ARG001 - as every reader
    """An entry of another kind: what it holds."""
    data: Any = entry.data
    hidden = {"clock", "after_freeze", "commitments", "seeds", "criteria", "number"}
    told = "; ".join(f"{name} {_text(value)}" for name, value in data.items() if name not in hidden)
    if entry.kind == "refuse":
        told += "; against it: " + ", ".join(f"{item['criterion']} {item['verdict']}" for item in data["criteria"])
    yield entry.kind, None, told


def _place(data: Any) -> str:
    return str(data["role"]) + (f" at site {data['site']}" if data.get("site") else "")


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(item)}" for name, item in value.items())
    return str(value)


_CHANGES: dict[str, Callable[[_Reader, Entry], Iterable[Change]]] = {
    "form": _Reader.form,
    "correct": _Reader.correct,
    "strike": _Reader.strike,
    "judge": _Reader.judge,
    "assess": _Reader.assess,
    "allocate": _Reader.allocate,
    "grant": _Reader.grant,
    "revoke": _Reader.revoke,
    "lock": _Reader.locks,
    "unlock": _Reader.locks,
    "lock_trial": _Reader.locks,
    "unlock_trial": _Reader.locks,
    "sign": _Reader.sign,
}
