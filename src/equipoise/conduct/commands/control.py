"""Commands about who may do what, what may still change, who has seen what, and who answers for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from equipoise.conduct.commands.base import AboutParticipant, CommandBase

Meaning = Literal["authorship", "review", "approval", "responsibility"]
"""What a signature means (21 CFR 11.50(a)(3))."""

Proof = Literal["entered", "session"]
"""How a component of a signature was shown: entered for this signature, or entered earlier in the same session."""

Looked = Literal["export", "unblinded look", "identities"]
"""What somebody looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant(CommandBase):
    """Give an account a role, at one site or, without one, in the whole trial.

    Attributes:
        account: the account.
        account_role: the role it gets.
        account_site: the site where it acts in that role.
        printed_name: of the person whose account it is; an account is one person's for ever.
    """

    account: str
    account_role: str
    account_site: str | None = None
    printed_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoke(CommandBase):
    """Take a role from an account; a reason is asked for."""

    account: str
    account_role: str
    account_site: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock(AboutParticipant):
    """Lock a participant's data: nothing recorded of the participant changes until they are unlocked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlock(AboutParticipant):
    """Unlock a participant's data; a reason is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockTrial(CommandBase):
    """The final lock of the whole trial's data, before it is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlockTrial(CommandBase):
    """Take the final lock away; a reason is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze(CommandBase):
    """Freeze the database for an analysis: what has been entered so far, as things were at the data cut-off date.

    Attributes:
        analysis: what the analysis is called: `interim`, `final`.
        cut_off: the data cut-off date.
    """

    analysis: str
    cut_off: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Unblind(AboutParticipant):
    """Tell somebody a participant's arm; a reason is asked for.

    Attributes:
        learns: who learns the arm; the account that asks, if not said.
    """

    learns: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Access(CommandBase):
    """Somebody looks at what is watched; a reason is asked for.

    Attributes:
        looked: at what kind of thing.
        scope: at what exactly: the file, the table, the site.
    """

    looked: Looked
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign(AboutParticipant):
    """Sign entries about a participant, or without any all that the participant's state adds up to.

    Attributes:
        entries: numbers of the entries that are signed; none for the whole state.
        digest: of what the signer was shown; see `equipoise.conduct.signing.digest_of`.
        meaning: what the signature means.
        printed_name: of the signer.
        session: the sign-in session in which it is signed.
        identification: how the first component, which says who, was shown.
        secret: how the second component, which only the signer has, was shown.
    """

    entries: tuple[int, ...] = ()
    digest: str
    meaning: Meaning
    printed_name: str
    session: str
    identification: Proof
    secret: Proof


@dataclass(frozen=True, slots=True, kw_only=True)
class SignTrial(CommandBase):
    """Sign acts about the whole trial: its opening, a freeze, the final lock. Otherwise as `Sign`."""

    entries: tuple[int, ...]
    digest: str
    meaning: Meaning
    printed_name: str
    session: str
    identification: Proof
    secret: Proof
