"""A finding: one thing in a protocol that does not add up, or that a reader should know."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from equipoise.checker.places import place
from equipoise.protocol import Protocol
from equipoise.protocol.model.trial import Path

Severity = Literal["error", "warning", "note"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""Gravest first. An error contradicts itself; a warning has to be answered before the trial is run as written; a note
is what a reader should know."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Attributes:
        id: what kind of finding it is; stable, such as `hr-ci-p`.
        severity: `error`, `warning` or `note`.
        where: the place in the protocol, such as `eligibility.I2.rule`; items that have an id go by it.
        line: its line in the file, counted from 1; None where the protocol came from no file.
        what: what was found, with the numbers.
        mend: what to do, or what to ask.
        file: the protocol file.
    """

    id: str
    severity: Severity
    where: str
    line: int | None
    what: str
    mend: str
    file: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Every field, ready for JSON."""
        return asdict(self)

    def __str__(self) -> str:
        """One line: `file:line: severity: what; mend`."""
        head = ":".join(str(part) for part in (self.file, self.line) if part)
        text = f"{head + ': ' if head else ''}{self.severity}: {self.what}; {self.mend}"
        return " ".join(text.split())


def error(protocol: Protocol, path: Path, name: str, what: str, mend: str) -> Finding:
    """A finding that contradicts itself or the source."""
    return _finding("error", protocol, path, name, what, mend)


def warning(protocol: Protocol, path: Path, name: str, what: str, mend: str) -> Finding:
    """A finding that has to be answered before the trial is run as written."""
    return _finding("warning", protocol, path, name, what, mend)


def note(protocol: Protocol, path: Path, name: str, what: str, mend: str) -> Finding:
    """A finding that a reader should know."""
    return _finding("note", protocol, path, name, what, mend)


def _finding(  # noqa: PLR0917 - private, and called by the three above in this order only
    severity: Severity, protocol: Protocol, path: Path, name: str, what: str, mend: str
) -> Finding:
    return Finding(name, severity, place(protocol, path), protocol.line(path), what, mend, protocol.file)
