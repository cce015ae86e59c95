"""`equipoise rebuild T`: the projections of a trial, made anew from its entries."""

from __future__ import annotations

import typer

from equipoise.cli.output import AsJson, print_json, say
from equipoise.cli.place import DEFAULT, Place, StoredTrial, require_store

NAME = "rebuild"
EXAMPLE = "Example: equipoise rebuild jcog1017 --store equipoise-data"


def run(trial: StoredTrial, place: Place = DEFAULT, as_json: AsJson = False) -> None:
    """Verify a trial's ledger in a store, and make what is shown of it anew from the entries."""
    require_store(place)
    from equipoise.store import Store

    with Store.open(place) as store:
        result = store.verify(trial)
        rebuilt = store.rebuild(trial) if result.ok else None
    if as_json:
        problem = None if result.problem is None else {"entry": result.problem.seq, "what": result.problem.what}
        changed = None if rebuilt is None else rebuilt.changed
        print_json({"trial": trial, "entries": result.entries, "problem": problem, "changed": changed})
    else:
        say(f"{trial}: {result}")
        say(f"{trial}: {'not rebuilt: a broken ledger is nothing to build on' if rebuilt is None else rebuilt}")
    if rebuilt is None or rebuilt.changed:
        raise typer.Exit(1)
