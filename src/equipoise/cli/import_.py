"""`equipoise import F`: a ledger file into a store."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from equipoise.cli.output import AsJson, print_json, say
from equipoise.cli.place import DEFAULT, Place, require_extra, shown

if TYPE_CHECKING:
    from equipoise.ledger import Json

NAME = "import"
EXAMPLE = "Example: equipoise import rehearsals/jcog1017/ledger.jsonl --store equipoise-data"


def run(
    file: Annotated[Path, typer.Argument(metavar="F", help="A ledger, as JSON lines.")],
    trial: Annotated[
        list[str] | None,
        typer.Option(
            "--trial",
            help="Its protocol: id or file; read from the ledger if not said. Amended: once a version.",
        ),
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

    first, later = _texts(file, [read_file(path) for path in _protocols(file, trial or [])])
    with Store.open(place) as store:
        made = store.import_(file, first, name=name, amendments=later)
        ledger = store.ledger(made)
    if as_json:
        print_json({"trial": made, "store": shown(place), "entries": ledger.entries, "head": ledger.head})
    else:
        say(f"{file}: {ledger.entries:,} entries are trial '{made}' in {shown(place)}; head {ledger.head}")


def _protocols(file: Path, given: list[str]) -> list[Path]:
    """Where the protocol's texts are."""
    from equipoise import trials
    from equipoise.errors import LedgerError

    shipped = trials.shipped()
    if not given:
        named = str(_opening(file).get("protocol"))
        if named not in shipped:
            raise LedgerError(f"it is of protocol '{named[:80]}'", file=file, mend="give its file with --trial")
        given = [named]
    return [trials.protocol_path(name) if name in shipped else Path(name) for name in given]


def _texts(file: Path, texts: list[str]) -> tuple[str, list[str]]:
    """The text that the ledger was opened under, and the others; the first one where none is it."""
    digest = _opening(file).get("digest")
    opened = next((text for text in texts if sha256(text.encode()).hexdigest() == digest), texts[0])
    return opened, [text for text in texts if text is not opened]


def _opening(file: Path) -> Mapping[str, Json]:
    """The data of the first entry."""
    from equipoise.errors import LedgerError
    from equipoise.ledger import entry_of_line

    try:
        with file.open("rb") as lines:
            return entry_of_line(lines.readline(1_000_000).rstrip(b"\n")).data
    except OSError as error:
        raise LedgerError((error.strerror or "cannot be read").lower(), file=file, mend="check the name") from None
