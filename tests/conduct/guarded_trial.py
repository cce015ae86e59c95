"""The small trial opened with an administrator: roles are checked, and everybody acts under an account of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from small_trial import Clerk

from equipoise.conduct import Decision, Refused, commands

PEOPLE: dict[str, tuple[str, str | None]] = {
    "cora": ("coordinator", None),
    "anna": ("investigator", "01"),
    "bert": ("investigator", "02"),
    "sura": ("surgeon", "01"),
    "dana": ("data manager", None),
    "moni": ("monitor", None),
    "stan": ("statistician", None),
}
"""Accounts that the administrator `root` grants a role to."""
ADMIN = {"actor": "root", "role": "administrator", "site": None}
PROOFS = {"identification": "entered", "secret": "entered"}


def as_(account: str) -> dict[str, Any]:
    """What a command of an account says."""
    role, site = PEOPLE[account]
    return {"actor": account, "role": role, "site": site}


def printed(account: str) -> str:
    """The printed name of an account's person."""
    return f"{account.title()} Person"


@dataclass
class Guarded(Clerk):
    """A clerk whose commands come from the account that has the role; a test may say another."""

    def command(self, kind: Any, participant: str | None = "P1", **settings: Any) -> Any:
        role = settings.get("role", "investigator")
        site = settings.get("site", "01")
        for account, held in PEOPLE.items():
            if "actor" not in settings and held[0] == role and held[1] in (None, site):
                settings = {"actor": account, **settings}
        return super().command(kind, participant, **settings)

    def begin(self) -> None:
        """Open the trial and grant everybody their role."""
        assert not isinstance(self.open(**ADMIN, administrator="root", printed_name="Root Person"), Refused)
        for account, (role, site) in PEOPLE.items():
            self.grant(account, role, site)

    def grant(self, account: str, role: str, site: str | None = None, **settings: Any) -> Decision:
        """Grant a role."""
        said = {"account": account, "account_role": role, "account_site": site, "printed_name": printed(account)}
        return self.accepted(commands.Grant, None, **{**ADMIN, **said, **settings})
