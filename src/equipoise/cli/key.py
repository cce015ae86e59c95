"""`equipoise key`: the key that a store's secret seeds are sealed with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from equipoise.cli.output import AsJson, print_json, say
from equipoise.cli.place import DEFAULT, Place, require_extra, require_store, shown
from equipoise.errors import EquipoiseError

NAME = "key"
EXAMPLE = "Examples: equipoise key --make store.key; equipoise key --change-to new.key --store equipoise-data"


def run(
    make: Annotated[
        Path | None, typer.Option("--make", metavar="FILE", help="Write a new key to this file, for you alone to read.")
    ] = None,
    change_to: Annotated[
        Path | None,
        typer.Option(
            "--change-to",
            metavar="FILE",
            help="Seal every seed of the store anew with the key in this file. The environment holds the old key.",
        ),
    ] = None,
    place: Place = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Make or change the key that seals the secret seeds of a store's allocation lists.

    The key is never in the store: set EQUIPOISE_KEY_FILE to its file, or EQUIPOISE_KEY to its 64 hexadecimal digits.
    Who has lost it cannot randomise any more, nor reveal the seeds: keep a copy apart from the copies of the store.
    """
    if (make is None) == (change_to is None):
        raise EquipoiseError("say one of --make and --change-to; see equipoise key --help")
    if make is not None:
        require_extra()
        from equipoise.store import keys

        made = keys.make_file(make)
        if as_json:
            print_json({"file": str(make), "fingerprint": made.fingerprint})
        else:
            say(f"{make}: a key of fingerprint {made.fingerprint}, which you alone can read; keep a copy apart")
    elif change_to is not None:
        _change(change_to, place, as_json=as_json)


def _change(file: Path, place: str, *, as_json: bool) -> None:
    require_store(place)
    from equipoise.store import Store, keys

    new = keys.from_file(file)
    with Store.open(place) as store:
        seeds = store.change_key(new)
    if as_json:
        print_json({"store": shown(place), "file": str(file), "fingerprint": new.fingerprint, "seeds": seeds})
    else:
        say(f"{shown(place)}: {seeds:,} seeds are sealed with the key in {file} now; set {keys.FILE_VARIABLE} to it")
