"""Who may do what and what may still change: roles, locks, freezes, unblinding, access, signatures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from equipoise.conduct.commands import (
    Access,
    AnswerQuery,
    Close,
    CloseQuery,
    Erase,
    Freeze,
    Grant,
    Lock,
    LockTrial,
    OpenQuery,
    Reveal,
    Revoke,
    Sign,
    SignTrial,
    Unblind,
    Unlock,
    UnlockTrial,
)
from equipoise.conduct.context import Context
from equipoise.conduct.decision import Accepted, Decider, Decision, Draft, accept, refuse
from equipoise.conduct.permissions import ADMINISTRATOR, COMMANDS_OF, forbidden, roles_of
from equipoise.conduct.signing import changed_since, digest_of, hash_of, whole_state
from equipoise.conduct.state import Freezing, ParticipantState
from equipoise.conduct.well_formed import has_reason
from equipoise.ledger import Json
from equipoise.protocol import Protocol

NO_DATA = (Lock, Unlock, Unblind, Sign, OpenQuery, AnswerQuery, CloseQuery, Erase)
"""Commands about a participant that change nothing that is recorded of them."""

NO_DATA_KINDS = frozenset(kind for kind, given in COMMANDS_OF.items() if given & {item.__name__ for item in NO_DATA})
"""The kinds of entries that those commands leave."""

WHILE_LOCKED = (Reveal, Sign, SignTrial, Close, UnlockTrial, Access, Grant, Revoke, Erase)
"""What is done while the final lock is on."""


# --- what stands against any command


def not_permitted(context: Context, command: Any) -> str | None:
    """Why the account may not give this command, in a trial that checks roles."""
    if context.trial.administrators is None:
        return None
    state = context.participant if hasattr(command, "participant") else None
    return forbidden(
        context.protocol,
        context.accounts.get(command.actor),
        actor=command.actor,
        role=command.role,
        site=command.site,
        kinds=frozenset({type(command).__name__}),
        about=None if state is None else state.site,
    )


def locked_trial(context: Context, command: Any) -> str | None:
    """Why nothing of the kind is done under the final lock."""
    if context.trial.locked and not isinstance(command, WHILE_LOCKED):
        return "the data of the trial are locked for good: to unlock them needs a reason"
    return None


def locked_participant(state: ParticipantState, command: Any) -> str | None:
    """Why nothing about a participant is recorded whose data are locked."""
    if state.locked and not isinstance(command, NO_DATA):
        return f"the data of {state.number} are locked: to unlock them needs a reason"
    return None


def marked_after_freeze(context: Context, draft: Draft) -> Draft:
    """An entry that would have changed what the newest freeze saw, and is too late for it, says so."""
    late = late_for(context.trial.freezes, draft.kind, draft.participant, draft.data)
    return draft if late is None else replace(draft, data={**draft.data, "after_freeze": late})


def late_for(freezes: tuple[Freezing, ...], kind: str, participant: str | None, data: Mapping[str, Json]) -> str | None:
    """The analysis of the newest freeze, if an entry would have changed what that saw."""
    if not freezes or participant is None or kind in NO_DATA_KINDS:
        return None
    newest = freezes[-1]
    in_time = kind not in ("correct", "strike") and str(data.get("on", "")) > newest.cut_off.isoformat()
    return None if in_time else newest.analysis


# --- roles


def decide_grant(context: Context, command: Grant) -> Decision:
    """A role for an account: one that there is, not held yet, under the one name of its person."""
    known = context.accounts.get(command.account)
    if problem := _unknown_role(context, command):
        return refuse(problem)
    if known is not None and known.name != command.printed_name:
        return refuse(f"the account {command.account} is that of {known.name}: an account is one person's for ever")
    if known is not None and (command.account_role, command.account_site) in known.roles:
        return refuse(f"the account {command.account} has the role '{command.account_role}'{_at(command)} already")
    return accept(
        "grant",
        None,
        account=command.account,
        role=command.account_role,
        site=command.account_site,
        printed_name=command.printed_name,
    )


def decide_revoke(context: Context, command: Revoke) -> Decision:
    """A role taken from an account; one administrator always remains."""
    known = context.accounts.get(command.account)
    if problem := _unknown_role(context, command):
        return refuse(problem)
    if not has_reason(command):
        return refuse("to take a role away needs a reason")
    if known is None or (command.account_role, command.account_site) not in known.roles:
        return refuse(f"the account {command.account} does not have the role '{command.account_role}'{_at(command)}")
    if command.account_role == ADMINISTRATOR and context.trial.administrators == (command.account,):
        return refuse(f"{command.account} is the only administrator: without one nobody could give a role")
    return accept("revoke", None, account=command.account, role=command.account_role, site=command.account_site)


def _unknown_role(context: Context, command: Grant | Revoke) -> str | None:
    if context.trial.administrators is None:
        return "roles are not checked in this trial: it was opened without an administrator"
    known = roles_of(context.protocol)
    if command.account_role not in known:
        return f"there is no role '{command.account_role}' (there is {', '.join(known)})"
    if command.account_role == ADMINISTRATOR and command.account_site is not None:
        return "an administrator is one of the whole trial, and of no site"
    return None


def _at(command: Grant | Revoke) -> str:
    return "" if command.account_site is None else f" at site {command.account_site}"


# --- locks and freezes


def decide_lock(context: Context, command: Lock) -> Decision:
    """The data of a participant are locked."""
    if context.known.locked:
        return refuse(f"the data of {command.participant} are locked already")
    return accept("lock", command.participant, on=command.on.isoformat())


def decide_unlock(context: Context, command: Unlock) -> Decision:
    """The data of a participant are unlocked, for a reason."""
    if not context.known.locked:
        return refuse(f"the data of {command.participant} are not locked")
    if not has_reason(command):
        return refuse("to unlock data needs a reason")
    return accept("unlock", command.participant, on=command.on.isoformat())


def decide_lock_trial(context: Context, command: LockTrial) -> Decision:  # noqa: ARG001 - as every decider
    """The final lock; a second one is refused, as everything is under it."""
    return accept("lock_trial")


def decide_unlock_trial(context: Context, command: UnlockTrial) -> Decision:
    """The final lock is taken away, for a reason."""
    if not context.trial.locked:
        return refuse("the data of the trial are not locked")
    if not has_reason(command):
        return refuse("to unlock the data of the trial needs a reason")
    return accept("unlock_trial")


def decide_freeze(context: Context, command: Freeze) -> Decision:
    """What has been entered so far is what an analysis sees, as at the cut-off date."""
    trial = context.trial
    if (command.cut_off - command.at.date()).days > 1:
        return refuse(f"{command.cut_off} lies in the future")
    if any(item.analysis == command.analysis for item in trial.freezes):
        return refuse(f"there is a freeze for '{command.analysis}' already: give the new one a name of its own")
    if trial.data_cut is not None and command.cut_off < trial.data_cut:
        return refuse(f"the data cut-off of the freeze before is {trial.data_cut}, and this one's is earlier")
    return accept(
        "freeze",
        None,
        analysis=command.analysis,
        cut_off=command.cut_off.isoformat(),
        entries=trial.entries,
        head=trial.head,
    )


# --- unblinding and access


def decide_unblind(context: Context, command: Unblind) -> Decision:
    """Somebody learns an arm, for a reason; the answer holds the arm, the entry does not."""
    state = context.known
    if is_open_label(context.protocol):
        return refuse("the trial is open-label, so every arm is known and there is nothing to unblind")
    if state.arm is None:
        return refuse(f"{state.number} has no arm yet")
    if not has_reason(command):
        return refuse("to unblind needs a reason")
    data: dict[str, Json] = {"on": command.on.isoformat(), "learns": command.learns or command.actor}
    return Accepted((Draft("unblind", data, state.number),), arm=state.current_arm)


def is_open_label(protocol: Protocol) -> bool:
    """Whether the registry says that nobody is masked. What it does not say, is not known to be open."""
    words = (protocol.registry.masking or "").lower().replace("-", " ")
    return "open label" in words or words.startswith("none")


def decide_access(context: Context, command: Access) -> Decision:  # noqa: ARG001 - as every decider
    """Somebody looks at what is watched, for a reason."""
    if not has_reason(command):
        return refuse("to look at this needs a reason")
    return accept("access", None, looked=command.looked, scope=command.scope)


# --- signatures


def decide_sign(context: Context, command: Sign) -> Decision:
    """A signature of what is recorded of a participant."""
    history = context.known.history
    known = {entry.seq: entry for entry in whole_state(history)}
    signed = command.entries or tuple(known)
    if strange := [str(seq) for seq in signed if seq not in known]:
        struck = " (it was struck out)" if any(int(seq) in context.known.struck for seq in strange) else ""
        return refuse(f"entry {strange[0]} is not one of {command.participant} that can be signed{struck}")
    if changed := changed_since(signed, history):
        return refuse(f"{changed}: sign that too, or the whole state")
    hashes = {seq: hash_of(known[seq]) for seq in signed}
    return _sign(context, command, hashes, command.participant, on=command.on.isoformat())


def decide_sign_trial(context: Context, command: SignTrial) -> Decision:
    """A signature of acts about the whole trial."""
    acts = context.trial.acts
    if not command.entries:
        return refuse("a signature names the entries that are signed")
    if strange := [str(seq) for seq in command.entries if seq not in acts]:
        listed = ", ".join(map(str, acts))
        return refuse(f"entry {strange[0]} is no act about the whole trial that can be signed (these are: {listed})")
    return _sign(context, command, {seq: acts[seq] for seq in command.entries}, None)


def _sign(
    context: Context, command: Sign | SignTrial, hashes: dict[int, str], participant: str | None, **more: Json
) -> Decision:
    """The signature, if it is of what the signer was shown, and by the person whose account it is."""
    account = context.accounts.get(command.actor)
    if account is not None and account.name != command.printed_name:
        return refuse(f"the account {command.actor} is that of {account.name}, and not of {command.printed_name}")
    if command.secret != "entered":
        return refuse("who signs enters what only they have (a password, a code) for each signature")
    if command.digest != digest_of(hashes):
        return refuse("what is signed is not what the signer was shown: show it again as it is now")
    entries: list[Json] = [*sorted(hashes)]
    return accept(
        "sign",
        participant,
        entries=entries,
        digest=command.digest,
        meaning=command.meaning,
        printed_name=command.printed_name,
        session=command.session,
        identification=command.identification,
        secret=command.secret,
        **more,
    )


DECIDERS: dict[type[Any], Decider] = {
    Grant: decide_grant,
    Revoke: decide_revoke,
    Lock: decide_lock,
    Unlock: decide_unlock,
    LockTrial: decide_lock_trial,
    UnlockTrial: decide_unlock_trial,
    Freeze: decide_freeze,
    Unblind: decide_unblind,
    Access: decide_access,
    Sign: decide_sign,
    SignTrial: decide_sign_trial,
}
