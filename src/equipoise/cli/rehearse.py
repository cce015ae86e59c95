"""`equipoise rehearse T`: the whole trial with synthetic participants."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from equipoise.cli.output import AsJson, Trial, print_json, progress, say

NAME = "rehearse"
EXAMPLE = "Example: equipoise rehearse jcog1017 --seed 1 --out rehearsals/jcog1017"

Seed = Annotated[int, typer.Option("--seed", min=0, max=2**63 - 1, help="Everything follows from it.")]


def run(
    trial: Trial,
    seed: Seed = 1,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for what it writes; rehearsals/ID if not said.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Rehearse a trial: synthetic participants walk through the real conduct code, from screening to report."""
    from equipoise.cli.folder import write_rehearsal
    from equipoise.protocol import load

    protocol = load(trial)
    folder = out if out is not None else Path("rehearsals") / protocol.id
    with progress(f"rehearsing {protocol.id}") as advance:
        written = write_rehearsal(protocol, seed, folder, advance)
    if as_json:
        print_json(written.document)
        return
    for line in written.lines:
        say(line)
    say(f"written to {folder}: {', '.join(written.files)}")
