"""What was decided for the source document, by section."""

from __future__ import annotations

from collections.abc import Iterator

from equipoise.checker.finding import Finding, note
from equipoise.checker.places import place, sourced
from equipoise.protocol import Protocol
from equipoise.protocol.model.trial import Path

_MOST_NAMED = 6


def values_left_open(protocol: Protocol) -> Iterator[Finding]:
    """One note a section: how many of its parts carry `assumed`, and which."""
    sections: dict[str, list[Path]] = {}
    for path, item in sourced(protocol):
        if item.assumed:
            sections.setdefault(str(path[0]), []).append(path)
    for section, paths in sections.items():
        names = list(dict.fromkeys(_name(protocol, path) for path in paths if len(path) > 1))
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        which = f" ({', '.join(names[:_MOST_NAMED])}{more})" if names else ""
        said = "1 value is" if len(paths) == 1 else f"{len(paths)} values are"
        what = f"{section}: {said} assumed where the source leaves {'it' if len(paths) == 1 else 'them'} open{which}"
        mend = "read why under assumed there, and confirm or replace it"
        yield note(protocol, (section,), "assumed", what, mend)


def _name(protocol: Protocol, path: Path) -> str:
    """A part by the name that a reader of the file looks for."""
    part = dict(sourced(protocol))[path]
    keys = ("id", "number", "name", "endpoint", "what", *(["label"] if path[0] == "pathway" else []))
    own = [getattr(part, key, None) for key in keys]
    return str(next((value for value in own if value), place(protocol, path).partition(".")[2]))
