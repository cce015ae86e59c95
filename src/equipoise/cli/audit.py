"""`equipoise audit FILE|T`: who did what, when and why, with old and new values, and who signed."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from equipoise.cli.output import AsJson, print_json, print_table, say
from equipoise.cli.place import DEFAULT, Place, require_store
from equipoise.errors import EquipoiseError

NAME = "audit"
EXAMPLE = "Example: equipoise audit rehearsals/jcog1017/ledger.jsonl --participant 00028"


def run(
    ledger: Annotated[
        str, typer.Argument(metavar="FILE|T", help="A ledger, as JSON lines, or the name of a trial in the store.")
    ],
    participant: Annotated[
        str | None, typer.Option("--participant", help="A participant's number; everybody if not said.")
    ] = None,
    arms: Annotated[bool, typer.Option("--arms", help="Show the arms that were allocated.")] = False,
    place: Place = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Print the audit trail: time, account, role, site, what, old and new value, reason; and every signature."""
    from equipoise.conduct import audit_trail, signatures

    entries = _entries(ledger, place)
    rows, signed = audit_trail(entries, participant, arms=arms), signatures(entries, participant)
    if participant is not None and not rows:
        raise EquipoiseError(f"{ledger}: no entry is about participant {participant}; check the number")
    if as_json:
        print_json({"ledger": ledger, "rows": [*map(asdict, rows)], "signatures": [*map(asdict, signed)]})
        return
    columns = ["entry", "time", "account", "role", "site", "participant", "what", "old", "new", "reason"]
    print_table(columns, [[_shown(getattr(row, name)) for name in columns] for row in rows], right=frozenset({0}))
    if signed:
        say("")
        columns = ["entry", "time", "printed_name", "role", "participant", "meaning", "standing", "why"]
        print_table(columns, [[_shown(getattr(item, name)) for name in columns] for item in signed])


def _entries(ledger: str, place: str) -> list[Any]:
    """The entries of a file whose chain holds, or of a trial in the store whose chain does.

    Raises:
        LedgerError: the chain is broken, so there is no trail to show.
    """
    from equipoise.errors import LedgerError
    from equipoise.ledger import Journal

    if Path(ledger).exists() or ledger.endswith(".jsonl"):
        return list(Journal.read(Path(ledger)))
    require_store(place)
    from equipoise.store import Store

    with Store.open(place) as store:
        if (problem := store.verify(ledger).problem) is not None:
            raise LedgerError(f"'{ledger}' is broken at entry {problem.seq}: {problem.what}", mend="verify it")
        return list(store.ledger(ledger))


def _shown(value: Any) -> str:
    return "" if value is None else str(value)
