"""Who may do what: the roles, the kinds of commands that each may give, and the roles that accounts have.

Default deny: what is not listed here nobody may do. Roles that the protocol itself names (who answers a judgement, who
fills in a form) may do that, and sign it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeAlias

from equipoise.ledger import Entry
from equipoise.protocol import Protocol
from equipoise.protocol.model.pathway import Crossover

ADMINISTRATOR = "administrator"
"""The role that gives and takes roles, always in the whole trial."""

_OF_PARTICIPANT = frozenset(
    {
        "Screen", "Record", "Register", "Assess", "Classify", "Allocate", "Treat", "Happen", "Visit", "Withdraw",
        "Lose", "Find", "Correct", "Strike", "ReportAdverseEvent", "FollowUpAdverseEvent", "Depart",
        "AnswerQuery", "Deviate", "Alive",
        "DescribeLesions", "AssessLesions", "Decide", "Stage", "Reconsent",
    }
)  # fmt: skip  # short items of one kind share a line

PERMISSIONS: Mapping[str, frozenset[str]] = {
    ADMINISTRATOR: frozenset({"Grant", "Revoke"}),
    "coordinator": _OF_PARTICIPANT
    | {
        "AllocateByHand", "CheckCohort", "Lock", "Unlock", "LockTrial", "UnlockTrial", "Unblind", "Access", "Reveal",
        "Close", "ReportSafety", "OpenQuery", "CloseQuery", "Reclassify", "Sweep",
        "Sign", "SignTrial", "Amend", "Activate", "Erase",
    },
    "investigator": _OF_PARTICIPANT | {"Unblind", "Access", "Sign"},
    "data manager": frozenset(
        {"Record", "Correct", "Strike", "CheckCohort", "Lock", "Unlock", "LockTrial", "UnlockTrial", "Access",
         "OpenQuery", "CloseQuery", "Deviate", "SignTrial"}
    ),
    "monitor": frozenset({"Access", "OpenQuery", "CloseQuery", "Deviate", "Sign"}),
    "sponsor": frozenset({"ReportSafety", "Sign"}),
    "central reader": frozenset({"DescribeLesions", "AssessLesions", "Sign"}),
    "adjudicator": frozenset({"Adjudicate", "Sign"}),
    "statistician": frozenset({"CheckCohort", "Freeze", "SignTrial"}),
}  # fmt: skip  # short items of one kind share a line
"""Role, and the kinds of commands that it may give."""

JUDGING = frozenset({"Judge", "Sign"})
"""What a role may do that the protocol names for a judgement."""

FILLING = frozenset({"Record", "Sign"})
"""What a role may do that the protocol names for a form."""

EXPECTING = frozenset({"FollowUpAdverseEvent", "Sign"})
"""What the role may do that the protocol names to judge whether an adverse event is expected."""

REPORTING = frozenset({"ReportSafety", "Sign"})
"""What a role may do that the protocol names for a report of serious adverse events."""

CONFIRMING = frozenset({"Happen", "Sign"})
"""What a role may do that the protocol names to confirm a crossover."""

COMMANDS_OF: Mapping[str, frozenset[str]] = {
    "screen": frozenset({"Screen"}),
    "form": frozenset({"Record"}),
    "judge": frozenset({"Judge"}),
    "register": frozenset({"Register"}),
    "refuse": frozenset({"Register", "Allocate", "AllocateByHand"}),
    "lesions": frozenset({"DescribeLesions"}),
    "assess": frozenset({"Assess", "AssessLesions"}),
    "adjudicate": frozenset({"Adjudicate"}),
    "classify": frozenset({"Classify", "Assess", "AssessLesions", "Adjudicate"}),
    "decision": frozenset({"Decide"}),
    "stage": frozenset({"Stage"}),
    "allocate": frozenset({"Allocate", "AllocateByHand"}),
    "treat": frozenset({"Treat"}),
    "event": frozenset({"Happen"}),
    "visit": frozenset({"Visit"}),
    "missed": frozenset({"Visit"}),
    "withdraw": frozenset({"Withdraw"}),
    "lose": frozenset({"Lose"}),
    "found": frozenset({"Find"}),
    "adverse_event": frozenset({"ReportAdverseEvent"}),
    "adverse_event_follow_up": frozenset({"FollowUpAdverseEvent"}),
    "safety_report": frozenset({"ReportSafety"}),
    "depart": frozenset({"Depart"}),
    "query": frozenset({"OpenQuery"}),
    "answer_query": frozenset({"AnswerQuery"}),
    "close_query": frozenset({"CloseQuery"}),
    "deviation": frozenset({"Deviate"}),
    "reclassify": frozenset({"Reclassify"}),
    "alive": frozenset({"Alive"}),
    "sweep": frozenset({"Sweep"}),
    "correct": frozenset({"Correct"}),
    "strike": frozenset({"Strike"}),
    "cohort": frozenset({"CheckCohort", "Register", "Allocate", "AllocateByHand"}),
    "grant": frozenset({"Grant"}),
    "revoke": frozenset({"Revoke"}),
    "lock": frozenset({"Lock"}),
    "unlock": frozenset({"Unlock"}),
    "lock_trial": frozenset({"LockTrial"}),
    "unlock_trial": frozenset({"UnlockTrial"}),
    "freeze": frozenset({"Freeze"}),
    "unblind": frozenset({"Unblind"}),
    "access": frozenset({"Access"}),
    "sign": frozenset({"Sign", "SignTrial"}),
    "amend": frozenset({"Amend"}),
    "activate": frozenset({"Activate"}),
    "reconsent": frozenset({"Reconsent"}),
    "rescreened": frozenset({"Screen"}),
    "erase": frozenset({"Erase"}),
    "reveal": frozenset({"Reveal"}),
    "close": frozenset({"Close"}),
}
"""Kind of entry, and the kinds of commands that leave it; `open`, which names the first administrator, aside, and what
conduct adds by itself beside another entry."""

Held: TypeAlias = tuple[str, str | None]
"""A role, and the site at which it is held; None in the whole trial."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of one trial. It stays the person's for ever, also when no role is left.

    Attributes:
        name: printed name of the person.
        roles: what it may act as.
        former: roles that were taken from it.
    """

    name: str
    roles: frozenset[Held] = frozenset()
    former: frozenset[Held] = frozenset()


Accounts: TypeAlias = Mapping[str, Account]
"""Accounts by name."""


def may(protocol: Protocol, role: str) -> frozenset[str]:
    """The kinds of commands that a role may give in a trial."""
    return PERMISSIONS.get(role, frozenset()) | _named(protocol).get(role, frozenset())


def roles_of(protocol: Protocol) -> tuple[str, ...]:
    """Every role that can be given in a trial."""
    return (*PERMISSIONS, *sorted(_named(protocol).keys() - PERMISSIONS.keys()))


def _named(protocol: Protocol) -> Mapping[str, frozenset[str]]:
    """The roles that a protocol names, and what each may do for that."""
    return _named_by(tuple(_asked_of(protocol)))


@lru_cache(maxsize=64)
def _named_by(asked: tuple[tuple[str, frozenset[str]], ...]) -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for role, kinds in asked:
        found[role] = found.get(role, frozenset()) | kinds
    return found


def _asked_of(protocol: Protocol) -> Iterator[tuple[str, frozenset[str]]]:
    yield from ((item.judgement, JUDGING) for item in protocol.eligibility if item.judgement is not None)
    yield from ((form.role, FILLING) for form in protocol.forms.values())
    for step in protocol.steps:
        if isinstance(step, Crossover) and step.judged_by is not None:
            yield step.judged_by, CONFIRMING
    if (safety := protocol.adverse_events) is not None:
        yield safety.expected_by, EXPECTING
        yield from ((report.role, REPORTING) for report in (safety.sae, safety.susar) if report is not None)


def forbidden(
    protocol: Protocol,
    account: Account | None,
    *,
    actor: str,
    role: str,
    site: str | None,
    kinds: frozenset[str],
    about: str | None = None,
) -> str | None:
    """Why an account may not do something; None if it may.

    Args:
        protocol: the protocol in force.
        account: what is known of the account; None if nothing is.
        actor: its name.
        role: the role that it acts in.
        site: the site that it acts at.
        kinds: the kinds of commands that would do it; one of them is enough.
        about: the site of the participant whom it is about, if there is one.
    """
    held = frozenset() if account is None else account.roles
    places = {place for name, place in held if name == role}
    if not places:
        return f"the account {actor} does not have the role '{role}' in this trial"
    if None not in places and (site not in places or about not in (None, site)):
        where = ", ".join(sorted(place for place in places if place is not None))
        at = "at no site" if site is None else f"at site {site}" if about in (None, site) else f"for site {about}"
        return f"the account {actor} has the role '{role}' at site {where}, and acts {at}"
    if not may(protocol, role) & kinds:
        return f"the role '{role}' may not do this ({' or '.join(sorted(kinds)) or 'nobody may'})"
    return None


def evolve_accounts(accounts: Accounts, entry: Entry) -> Accounts:
    """The accounts after one more entry; the same object where the entry changes none."""
    data: Any = entry.data
    match entry.kind:
        case "open" if data.get("administrator") is not None:
            name, held = data["administrator"], (ADMINISTRATOR, None)
            return {**accounts, name: Account(data["printed_name"], frozenset({held}))}
        case "grant":
            held = (data["role"], data.get("site"))
            before = accounts.get(data["account"], Account(data["printed_name"]))
            after = replace(before, roles=before.roles | {held}, former=before.former - {held})
            return {**accounts, data["account"]: after}
        case "revoke":
            held = (data["role"], data.get("site"))
            before = accounts[data["account"]]
            after = replace(before, roles=before.roles - {held}, former=before.former | {held})
            return {**accounts, data["account"]: after}
        case _:
            return accounts


def changed_by(entry: Entry) -> str | None:
    """The account whose roles an entry changes."""
    name = {"open": "administrator", "grant": "account", "revoke": "account"}.get(entry.kind)
    found = None if name is None else entry.data.get(name)
    return found if isinstance(found, str) else None
