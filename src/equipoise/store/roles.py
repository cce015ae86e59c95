"""Who may do what in a trial, as rows: what a command needs of them, and what its entries change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from equipoise.conduct.commands import Command, Grant, Revoke
from equipoise.conduct.permissions import Account, Accounts, Held, changed_by, evolve_accounts
from equipoise.ledger import Entry
from equipoise.store import projections

ROLE = projections.ROLE
OF = "SELECT account, role, site, printed_name, held FROM store_role WHERE trial_id = %s AND account IN (%s, %s)"


def concerned(command: Command) -> tuple[str, str]:
    """The account that gives a command, and the one that it grants a role to or takes one from."""
    return command.actor, command.account if isinstance(command, Grant | Revoke) else command.actor


def accounts_of(rows: Iterable[tuple[str, str, str, str, bool]]) -> Accounts:
    """Accounts from their rows."""
    found: dict[str, Account] = {}
    for name, role, site, printed, held in rows:
        before = found.get(name, Account(printed))
        pair: Held = (role, site or None)
        roles, former = (before.roles | {pair}, before.former) if held else (before.roles, before.former | {pair})
        found[name] = Account(printed, roles, former)
    return found


def rows_of(accounts: Accounts) -> projections.Rows:
    """The rows of accounts."""
    rows: dict[projections.Key, tuple[Any, ...]] = {}
    for name, account in accounts.items():
        for held, pairs in ((False, account.former), (True, account.roles)):
            for role, site in pairs:
                rows[(name, role, site or "")] = (account.name, held)
    return {ROLE.name: rows}


def write(cursor: Any, trial: int, before: Accounts, entries: Iterable[Entry]) -> None:
    """Write what entries change of the accounts; nothing, for nearly all."""
    changing = [entry for entry in entries if changed_by(entry) is not None]
    after = before
    for entry in changing:
        after = evolve_accounts(after, entry)
    if changing:
        projections.write(cursor, trial, rows_of(before), rows_of(after))
