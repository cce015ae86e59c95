"""`equipoise export T --to F`: a ledger out of a store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from equipoise.cli.output import AsJson, print_json, say
from equipoise.cli.place import DEFAULT, Place, StoredTrial, require_store
from equipoise.errors import EquipoiseError

NAME = "export"
EXAMPLE = "Example: equipoise export jcog1017 --to ledger.jsonl --store equipoise-data"


def run(
    trial: StoredTrial,
    *,
    to: Annotated[Path, typer.Option("--to", help="The file; it appears whole or not at all.")],
    account: Annotated[
        str | None, typer.Option("--account", help="Who exports; asked for while a trial that checks roles is open.")
    ] = None,
    role: Annotated[str | None, typer.Option("--role", help="The role in which the account acts.")] = None,
    site: Annotated[str | None, typer.Option("--site", help="The site at which the account acts, if at one.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; it is kept in the ledger.")] = None,
    place: Place = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Write a trial's ledger from a store to a file of JSON lines; who exports is an entry of the ledger."""
    require_store(place)
    from equipoise.store import Store

    with Store.open(place) as store:
        _tell(store, trial, {"actor": account, "role": role, "site": site, "reason": reason}, to)
        ledger = store.ledger(trial)
        entries = ledger.write(to)
    if as_json:
        print_json({"trial": trial, "file": str(to), "entries": entries, "head": ledger.head})
    else:
        say(f"{to}: {entries:,} entries of '{trial}'; head {ledger.head}")


def _tell(store: Any, trial: str, who: dict[str, str | None], to: Path) -> None:
    """Enter the export in the ledger, where the trial checks roles and still takes entries.

    Raises:
        EquipoiseError: who exports, or why, is not said, or the account may not.
    """
    from datetime import UTC, datetime
    from uuid import uuid4

    from equipoise.conduct import Refused
    from equipoise.conduct.commands import Access

    state = store.state(trial)
    if state.administrators is None or state.closed:
        return
    if not (who["actor"] and who["role"] and who["reason"]):
        raise EquipoiseError(f"an export of '{trial}' is entered in its ledger: give --account, --role and --reason")
    said: dict[str, Any] = who
    command = Access(id=f"export {uuid4()}", at=datetime.now(UTC), looked="export", scope=to.name[:100], **said)
    decision = store.submit(trial, command).decision
    if isinstance(decision, Refused):
        raise EquipoiseError(f"'{trial}' is not exported: {'; '.join(decision.reasons)}")
