"""`equipoise check T`: what in a protocol does not add up."""

from __future__ import annotations

import typer

from equipoise.cli.output import AsJson, Trial, print_json, say

NAME = "check"
EXAMPLE = "Examples: equipoise check tehran; equipoise check my-trial.yaml --json"


def run(trial: Trial, as_json: AsJson = False) -> None:
    """Check that a protocol loads, and that its numbers, dates and definitions fit. Status 1 if they do not."""
    from equipoise.checker import findings
    from equipoise.protocol import load

    protocol = load(trial)
    found = findings(protocol)
    serious = [item for item in found if item.severity != "note"]
    if as_json:
        print_json({"trial": protocol.id, "version": protocol.version, "findings": [item.to_dict() for item in found]})
    else:
        for item in found:
            say(str(item))
        say(f"{protocol.id}: {len(serious)} findings, {len(found) - len(serious)} notes")
    if serious:
        raise typer.Exit(1)
