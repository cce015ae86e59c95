"""An amendment: what it changes, and what of a running trial the new version could not carry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from equipoise.allocation import ListState
from equipoise.conduct.commands import Activate, Amend, Reconsent
from equipoise.conduct.context import Amendment, Context
from equipoise.conduct.decision import Decider, Decision, accept, refuse
from equipoise.conduct.state import LOST, ParticipantState, ProtocolVersion, TrialState
from equipoise.conduct.values import shown
from equipoise.conduct.versions import in_force
from equipoise.ledger import Json
from equipoise.protocol import Protocol
from equipoise.protocol.checks.allocation import SITE
from equipoise.protocol.model.allocation import (
    BlockUrnList,
    ClassifiedList,
    MaximalList,
    MinimisationList,
    SimpleList,
    StratifiedList,
)
from equipoise.protocol.model.base import Element

_HASH = re.compile("[0-9a-f]{64}")
_NOT_COMPARED = frozenset({"versions"})


def decide_amend(context: Context, command: Amend) -> Decision:
    """A new version: newer than the last, of the same trial, and able to carry on with what is there."""
    amendment = context.amendment
    if amendment is None or amendment.protocol.digest != command.protocol_digest:
        return refuse("the text of the new version is not at hand: give the one whose digest the command names")
    new, trial = amendment.protocol, context.trial
    so_far = [context.criteria.of(item.version).protocol for item in trial.versions]
    if problems := [
        *not_next(so_far, new, trial.versions[-1], command.on),
        *_uncommitted(trial, new, command.commitments),
    ]:
        return refuse(*problems)
    if problems := [*not_carried(so_far, trial.lists, amendment)]:
        return refuse(*problems)
    old = so_far[-1]
    commitments: dict[str, Json] = dict(command.commitments)
    accepted = accept(
        "amend",
        None,
        version=new.version,
        digest=new.digest,
        on=command.on.isoformat(),
        by_site=True if command.by_site else None,
        commitments=commitments or None,
        summary=new.versions[-1].summary,
        changes=[*changes(old, new)],
    )
    past = (
        f"version '{new.version}' takes effect before today: what was judged since {command.on} stays as it was judged"
    )
    return replace(accepted, warnings=(*_reworded(old, new), *([past] if command.on < command.at.date() else [])))


def not_next(so_far: Sequence[Protocol], new: Protocol, last: ProtocolVersion, on: date) -> Iterator[str]:
    """Why a text is not the next version of the trial's protocol from that day on."""
    old = so_far[-1]
    if new.id != old.id:
        yield f"the new text is of trial '{new.id}', and this is '{old.id}'"
    elif any(item.version == new.version for item in so_far):
        yield f"version '{new.version}' is not newer: the trial has run by a version of that number"
    elif old.version not in [item.number for item in new.versions][:-1]:
        yield f"version '{new.version}' is not newer: its list of versions does not name '{old.version}' before it"
    if last.on is not None and on < last.on:
        yield f"version '{last.version}' is in force from {last.on}, and a later one not from a day before"


def _uncommitted(trial: TrialState, new: Protocol, given: Mapping[str, str]) -> Iterator[str]:
    """Every list with chance is committed to before its first use, and only once."""
    lists = {name for name, item in new.allocation.items() if not isinstance(item, ClassifiedList)}
    wanted = lists - set(trial.commitments)
    if set(given) != wanted:
        yield f"an amendment holds one commitment for each new list with chance ({', '.join(sorted(wanted)) or 'none'})"
    elif wanted and trial.revealed:
        yield "the seeds have been revealed, so no list can be added"
    for name, text in given.items():
        if not _HASH.fullmatch(text):
            yield f"the commitment of list '{name[:100]}' is not 64 hexadecimal digits"


def not_carried(so_far: Sequence[Protocol], lists: Mapping[str, ListState], amendment: Amendment) -> Iterator[str]:
    """What is recorded and counted, and what the new version has no place for.

    Args:
        so_far: the versions of the trial's protocol, in order.
        lists: the state of every list.
        amendment: the new version, and everybody.
    """
    new = amendment.protocol
    for name, state in lists.items():
        last = next((one for one in reversed(so_far) if name in one.allocation), None)
        if last is not None and any(here.allocated for here in state.strata.values()):
            for what in _list_differs(last, new, name):
                yield f"list '{name}' {what}; give the new list a name of its own"
    yield from _types_differ(so_far, new)
    seen: set[str] = set()
    known = so_far[-1].identity
    for participant in amendment.participants:
        if participant.pseudonym is not None and new.identity != known:
            yield f"persons are told apart by {_named(known)}: their pseudonyms cannot be compared with others"
            known = new.identity  # said once
        for what in _not_recorded(so_far, new, participant):
            if what not in seen:
                seen.add(what)
                yield f"{what} (recorded of {participant.number})"


def _list_differs(old: Protocol, new: Protocol, name: str) -> Iterator[str]:
    """In what the method of a list differs, where its counts hold the old one. A list may go: its counts then rest."""
    before, after = old.allocation[name], new.allocation.get(name)
    if after is None or isinstance(before, ClassifiedList):
        return
    if isinstance(after, ClassifiedList) or before.method != after.method:
        yield f"has allocated by '{before.method}', and '{after.method}' cannot take its counts over"
        return
    if before.ratio != after.ratio and not isinstance(before, SimpleList):
        yield f"has counts by the ratio {_ratio(before.ratio)}, and not by {_ratio(after.ratio)}"
    if isinstance(before, StratifiedList) and isinstance(after, StratifiedList) and before.strata != after.strata:
        yield f"has counts by stratum of {_named(before.strata)}, and not of {_named(after.strata)}"
    if isinstance(before, MinimisationList) and isinstance(after, MinimisationList):
        known = {item.variable for item in before.factors}
        if added := [item.variable for item in after.factors if item.variable not in known]:
            yield f"has no margins of {_named(added)}: those allocated so far were not counted by it"
    if isinstance(before, BlockUrnList) and isinstance(after, BlockUrnList) and before.size != after.size:
        yield f"has filled urns of {before.size}, and not of {after.size}"
    if isinstance(before, MaximalList) and (before.limit, before.length) != _sequence(after):
        yield f"is within a sequence of limit {before.limit} and length {before.length}"
    for variable in before.variables:
        if variable == SITE or variable not in after.variables:
            continue
        if old.dictionary[variable].derived != new.dictionary[variable].derived:
            yield f"has counted '{variable}' as derived before, and it is now derived otherwise"


def _sequence(after: object) -> tuple[int, int] | None:
    return (after.limit, after.length) if isinstance(after, MaximalList) else None


def _ratio(ratio: Mapping[str, int]) -> str:
    return ", ".join(f"{arm} {share}" for arm, share in ratio.items())


def _named(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"


def _types_differ(so_far: Sequence[Protocol], new: Protocol) -> Iterator[str]:
    """A variable keeps its type, recorded or not: under the version consented to it can be recorded at any time."""
    for name, variable in {name: item for one in so_far for name, item in one.dictionary.items()}.items():
        other = new.dictionary.get(name)
        if other is not None and other.type != variable.type:
            yield f"'{name}' is of type {variable.type}, and would be {other.type}; give the new variable another name"
    judged = {item.id: item for item in new.eligibility}
    for one in so_far:
        for item in one.eligibility:
            other_ = judged.get(item.id)
            if other_ is None or item.judgement is None or other_.judgement is None:
                continue
            if (item.kind, item.judgement) != (other_.kind, other_.judgement):
                what = f"{item.id} is an {item.kind} judged by the {item.judgement}"
                yield f"{what}, and would be an {other_.kind} judged by the {other_.judgement}; give it another id"


def _not_recorded(so_far: Sequence[Protocol], new: Protocol, state: ParticipantState) -> Iterator[str]:
    """What is recorded of a participant, and what the new version does not know. An answer to a judgement may rest."""
    judgements = {item.judgement_variable for one in so_far for item in one.eligibility}
    for name, value in state.values.items():
        variable = new.dictionary.get(name)
        if variable is None:
            if name not in judgements:
                yield f"'{name}' has been recorded, and the new version has no such variable"
        elif variable.identifying or variable.derived is not None:
            yield f"'{name}' has been recorded, and would be {'identifying' if variable.identifying else 'derived'}"
        elif variable.values is not None and isinstance(value, str) and value not in variable.values:
            yield f"'{name}' has been recorded as {shown(value)}, which the new version does not admit"
    events = {name: item.kind for name, item in new.events.items()}
    for event in state.events:
        if events.get(event.event) != event.kind:
            yield f"event '{event.event}' has happened, and the new version has none of that kind ({event.kind})"
    for treatment in state.treatments:
        if treatment.intervention not in new.interventions:
            yield f"intervention '{treatment.intervention}' has been given, and the new version has no such"
    rules = {item.id for item in new.withdrawal} | {LOST}
    if state.left is not None and state.left.rule not in rules:
        yield f"withdrawal rule '{state.left.rule}' has been used, and the new version has no such"


def _reworded(old: Protocol, new: Protocol) -> Iterator[str]:
    """Judgements whose answers so far go on to count though their words changed."""
    after = {item.id: item for item in new.eligibility}
    for item in old.eligibility:
        other = after.get(item.id)
        if item.judgement is None or other is None or other.judgement is None:
            continue
        if (item.title, item.quotes) != (other.title, other.quotes):
            yield f"{item.id} is worded otherwise and keeps its id: answers given so far count for it as it is now"


def changes(old: Protocol, new: Protocol) -> Iterator[str]:
    """What differs, by section of the file, in the order of the file: `eligibility I2 removed`."""
    for section in type(new).model_fields:
        if section in _NOT_COMPARED:
            continue
        before, after = getattr(old, section), getattr(new, section)
        if before == after:
            continue
        one, other = _by_name(before), _by_name(after)
        if one is None or other is None:
            yield f"{section} changed"
            continue
        yield from (f"{section} {name} removed" for name in one if name not in other)
        yield from (f"{section} {name} added" for name in other if name not in one)
        yield from (f"{section} {name} changed" for name in other if name in one and one[name] != other[name])
        if [name for name in one if name in other] != [name for name in other if name in one]:
            yield f"{section} in another order"


def _by_name(section: Any) -> Mapping[str, Any] | None:
    """The parts of a section by name or id, if they have one."""
    if isinstance(section, Mapping):
        return section
    if isinstance(section, tuple) and all(isinstance(item, Element) and hasattr(item, "id") for item in section):
        return {item.id: item for item in section}
    return None


def decide_activate(context: Context, command: Activate) -> Decision:
    """A site takes up a version that comes into force site by site; once, and not before its date of effect."""
    if problem := not_activated(context.trial.versions, command.version, command.at_site, command.on):
        return refuse(problem)
    return accept("activate", None, version=command.version, at_site=command.at_site, on=command.on.isoformat())


def not_activated(versions: Sequence[ProtocolVersion], number: str, site: str, on: date) -> str | None:
    """Why a version cannot come into force at a site from that day on."""
    version = next((item for item in versions if item.version == number), None)
    if version is None:
        return f"the trial has no version '{number}' (there is {', '.join(item.version for item in versions)})"
    if version.sites is None or version.on is None:
        return f"version '{number}' comes into force at every site at once"
    if site in version.sites:
        return f"version '{number}' is in force at {site} from {version.sites[site]}"
    return f"version '{number}' takes effect on {version.on}, and not before at any site" if on < version.on else None


def decide_reconsent(context: Context, command: Reconsent) -> Decision:
    """Consent to a newer version, which is in force at the participant's site."""
    state = context.known
    if problem := not_consented(context.trial.versions, state, command.version, command.on):
        return refuse(problem)
    on = command.on.isoformat()
    return accept("reconsent", state.number, version=command.version, before=state.version, on=on)


def not_consented(versions: tuple[ProtocolVersion, ...], state: ParticipantState, number: str, on: date) -> str | None:
    """Why a participant cannot consent to a version on that day."""
    order = [item.version for item in versions]
    if number not in order:
        return f"the trial has no version '{number}' (there is {', '.join(order)})"
    if order.index(number) <= order.index(state.version):
        return f"{state.number} has consented to version '{state.version}'"
    if number != (current := in_force(versions, state.site, on)):
        return f"version '{current}' is in force at {state.site} on {on}, and not '{number}'"
    return None


DECIDERS: dict[type[Any], Decider] = {
    Amend: decide_amend,
    Activate: decide_activate,
    Reconsent: decide_reconsent,
}
