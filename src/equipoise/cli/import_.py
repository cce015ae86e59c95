"""`equipoise import F`: a ledger file into a store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from equipoise.cli.output import AsJson, print_json, say
from equipoise.cli.place import DEFAULT, Place, require_extra, shown

NAME = "import"
EXAMPLE = "Example: equipoise import rehearsals/jcog1017/ledger.jsonl --store equipoise-data"


def run(
    file: Annotated[Path, typer.Argument(metavar="F", help="A ledger, as JSON lines.")],
    trial: Annotated[
        str | None, typer.Option("--trial", help="Its protocol: id or file; read from the ledger if not said.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="Name in the store; the protocol's id if not said.")
    ] = None,
    place: Place = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Make a trial in a store of a ledger file, whose chain has to hold."""
    require_extra()
    from equipoise.protocol.yaml_tree import read_file
    from equipoise.store import Store

    text = read_file(_protocol(file, trial))
    with Store.open(place) as store:
        made = store.import_(file, text, name=name)
        ledger = store.ledger(made)
    if as_json:
        print_json({"trial": made, "store": shown(place), "entries": ledger.entries, "head": ledger.head})
    else:
        say(f"{file}: {ledger.entries:,} entries are trial '{made}' in {shown(place)}; head {ledger.head}")


def _protocol(file: Path, trial: str | None) -> Path:
    """Where the protocol's text is."""
    from equipoise import trials
    from equipoise.errors import LedgerError
    from equipoise.ledger import entry_of_line

    name = trial
    if name is None:
        try:
            with file.open("rb") as lines:
                name = str(entry_of_line(lines.readline(1_000_000).rstrip(b"\n")).data.get("protocol"))
        except OSError as error:
            raise LedgerError((error.strerror or "cannot be read").lower(), file=file, mend="check the name") from None
        if name not in trials.shipped():
            raise LedgerError(f"it is of protocol '{name[:80]}'", file=file, mend="give its file with --trial")
    return trials.protocol_path(name) if name in trials.shipped() else Path(name)
