"""`equipoise demo`: all shipped trials, rehearsed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from equipoise.cli.output import AsJson, note, print_json, print_table, progress, say
from equipoise.cli.rehearse import Seed

NAME = "demo"
EXAMPLE = "Example: equipoise demo --out rehearsals"


def run(
    seed: Seed = 1,
    out: Annotated[Path, typer.Option("--out", help="Folder for what it writes.")] = Path("rehearsals"),
    as_json: AsJson = False,
) -> None:
    """Rehearse all shipped trials and write a report for each, and one page over all of them."""
    from equipoise.cli.folder import Written, whole, write_rehearsal
    from equipoise.protocol import load
    from equipoise.report import index_row, render_index
    from equipoise.trials import shipped

    written: list[Written] = []
    for name in shipped():
        started = time.perf_counter()
        with progress(f"rehearsing {name}") as advance:
            written.append(write_rehearsal(load(name), seed, out / name, advance))
        note(f"{name}: {time.perf_counter() - started:.1f} s")
    index = [index_row(item.protocol, item.results) for item in written]
    whole(out / "index.html", lambda path: path.write_text(render_index(index), encoding="utf-8"))
    rows = [_row(item) for item in index]
    if as_json:
        print_json({"seed": seed, "out": str(out), "trials": rows})
        return
    columns = ["trial", "registered", "allocated", "events", "primary result"]
    print_table(columns, [[str(row[key]) for key in columns] for row in rows], right=frozenset({1, 2, 3}))
    say(f"Reports: {out / 'index.html'}")


def _row(item: Any) -> dict[str, Any]:
    """The same figures as in the index page."""
    return {
        "trial": item.trial,
        "registered": item.registered,
        "allocated": item.allocated,
        "events": item.events,
        "primary result": f"{item.endpoint}: {item.result}",
    }
