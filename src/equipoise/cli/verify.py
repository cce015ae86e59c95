"""`equipoise verify FILE`: is a ledger what it was."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from equipoise.cli.output import AsJson, print_json, say

NAME = "verify"
EXAMPLE = "Example: equipoise verify rehearsals/jcog1017/ledger.jsonl --head HASH"


def run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A ledger, as JSON lines.")],
    head: Annotated[str | None, typer.Option("--head", help="Hash of the last entry, as it was written down.")] = None,
    trial: Annotated[
        list[str] | None,
        typer.Option(
            "--trial",
            help="Protocol, to replay allocations; read from the ledger if not said. Amended: once a version.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify a ledger: every byte, the chain, its end; and, once the seeds are revealed, every allocation."""
    from equipoise.ledger import verify_file

    result = verify_file(file, head=head)
    replay = _replay(file, trial or []) if result.ok else _not_replayed("the chain is broken")
    found = not result.ok or bool(replay["problems"])
    if as_json:
        problem = result.problem
        print_json(
            {
                "file": str(file),
                "ok": not found,
                "entries": result.entries,
                "head": result.head,
                "end": result.end,
                "problem": None
                if problem is None
                else {"line": problem.line, "entry": problem.seq, "what": problem.what},
                "replayed": replay["replayed"],
                "replay": replay,
            }
        )
    else:
        say(f"{file}: {result}")
        say(f"{file}: {replay['summary']}")
    if found:
        raise typer.Exit(1)


def _replay(file: Path, given: list[str]) -> dict[str, Any]:
    """Draw the allocations again, if the protocol is at hand.

    A ledger that names a shipped protocol, or is held to the one asked for, and was opened under another text, has a
    problem: whoever rewrites its first entry must not escape the replay.
    """
    from equipoise import trials
    from equipoise.conduct import replay_allocations
    from equipoise.ledger import Journal
    from equipoise.protocol import load

    journal = Journal.read(file)
    opened = next((entry for entry in journal if entry.kind == "open"), None)
    if opened is None:
        return _not_replayed("no entry opens the trial", entry=1)
    name = str(opened.data.get("protocol"))
    if not given and name not in trials.shipped():
        return _not_replayed(f"give the protocol file of '{name}' with --trial")
    texts = [load(item) for item in given or [name]]
    first = next((text for text in texts if text.digest == opened.data.get("digest")), None)
    if first is None:
        what = f"the ledger was opened under another text of the protocol than {texts[0].id} has here"
        return _not_replayed(what, entry=opened.seq)
    replay = replay_allocations(first, journal, [text for text in texts if text is not first])
    return {
        "replayed": True,
        "allocations": replay.allocations,
        "by_hand": replay.by_hand,
        "revealed": replay.revealed,
        "problems": [{"entry": entry, "what": what} for entry, what in replay.problems],
        "summary": str(replay),
    }


def _not_replayed(why: str, *, entry: int | None = None) -> dict[str, Any]:
    """Why nothing was replayed; a problem if it is said of an entry."""
    return {
        "replayed": False,
        "allocations": 0,
        "by_hand": 0,
        "revealed": False,
        "problems": [] if entry is None else [{"entry": entry, "what": why}],
        "summary": f"allocations not replayed: {why}",
    }
