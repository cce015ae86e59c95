"""Which version of the protocol a command, or an entry, is judged by.

Who may enter is judged by the version in force at the participant's site on the day of the step. What is recorded of a
participant, and what a withdrawal means, follows the version consented to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from equipoise.conduct.commands import (
    Allocate,
    AllocateByHand,
    Command,
    Judge,
    Register,
    Screen,
    TrialCommand,
)
from equipoise.conduct.eligibility import Criteria
from equipoise.conduct.state import ParticipantState, ProtocolVersion, TrialState
from equipoise.errors import LedgerError
from equipoise.ledger import Entry

BY_FORCE = frozenset({"screen", "register", "refuse", "allocate", "judge"})
"""Kinds of entries about a participant that are judged by the version in force; the others by that consented to."""

_BY_FORCE = (Screen, Register, Allocate, AllocateByHand, Judge)


def in_force(versions: tuple[ProtocolVersion, ...], site: str | None, day: date) -> str:
    """The version in force on a day at a site; without a site, in the trial: where it is so at any."""
    for version in reversed(versions[1:]):
        start = version.on
        if version.sites is not None and site is not None:
            start = version.sites.get(site)
        if start is not None and start <= day:
            return version.version
    return versions[0].version


def criteria_for(
    criteria: Criteria, trial: TrialState, participant: ParticipantState | None, command: Command
) -> Criteria:
    """The version that a well-formed command is judged by."""
    if len(trial.versions) < 2:
        return criteria.of(trial.versions[0].version) if trial.versions else criteria
    if isinstance(command, TrialCommand):
        return criteria.of(in_force(trial.versions, None, command.at.date()))
    if participant is not None and not isinstance(command, _BY_FORCE):
        return criteria.of(participant.version)
    site = command.site if participant is None else participant.site
    return criteria.of(in_force(trial.versions, site, command.on))


def version_of_entry(versions: tuple[ProtocolVersion, ...], participant: ParticipantState | None, entry: Entry) -> str:
    """The version that an entry has to name, by the entries before it; `participant` is the one that the command was
    about, before it was carried out."""
    if entry.participant is None and participant is None:
        return in_force(versions, None, date.fromisoformat(entry.time[:10]))
    if participant is not None and entry.kind not in BY_FORCE:
        return participant.version
    data: Any = entry.data
    site = entry.site if participant is None else participant.site
    return in_force(versions, site, date.fromisoformat(data["on"]))


def folded(versions: tuple[ProtocolVersion, ...], entry: Entry) -> tuple[ProtocolVersion, ...]:
    """The versions after one more entry."""
    data: Any = entry.data
    match entry.kind:
        case "open":
            return (ProtocolVersion(data["version"], data["digest"]),)
        case "amend":
            on = date.fromisoformat(data["on"])
            sites: Mapping[str, date] | None = {} if data.get("by_site") else None
            return (*versions, ProtocolVersion(data["version"], data["digest"], on, sites))
        case "activate":
            on = date.fromisoformat(data["on"])
            return tuple(
                replace(item, sites={**(item.sites or {}), data["at_site"]: on})
                if item.version == data["version"]
                else item
                for item in versions
            )
        case _:
            return versions


def amended_to(criteria: Criteria, entry: Entry) -> Criteria:
    """The criteria of the version that an `amend` entry is about.

    Raises:
        LedgerError: its text is not at hand, or is another than the one that the entry names.
    """
    data: Any = entry.data
    found = criteria.of(data["version"])
    if found.protocol.digest != data["digest"]:
        what = f"entry {entry.seq} amends to another text of version '{data['version'][:100]}' than the one at hand"
        raise LedgerError(what, mend="give the text whose SHA-256 the entry holds")
    return found
