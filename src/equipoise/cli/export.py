"""`equipoise export T --to F`: a ledger out of a store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from equipoise.cli.output import AsJson, print_json, say
from equipoise.cli.place import DEFAULT, Place, StoredTrial, require_store

NAME = "export"
EXAMPLE = "Example: equipoise export jcog1017 --to ledger.jsonl --store equipoise-data"


def run(
    trial: StoredTrial,
    to: Annotated[Path, typer.Option("--to", help="The file; it appears whole or not at all.")],
    place: Place = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Write a trial's ledger from a store to a file of JSON lines."""
    require_store(place)
    from equipoise.store import Store

    with Store.open(place) as store:
        ledger = store.ledger(trial)
        entries = ledger.write(to)
    if as_json:
        print_json({"trial": trial, "file": str(to), "entries": entries, "head": ledger.head})
    else:
        say(f"{to}: {entries:,} entries of '{trial}'; head {ledger.head}")
