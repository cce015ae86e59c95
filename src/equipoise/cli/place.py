"""What the verbs that work on a store share: where it is, and the protocol of a ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from equipoise.errors import EquipoiseError

DEFAULT = "equipoise-data"

Place = Annotated[
    str,
    typer.Option(
        "--store",
        metavar="PATH|URL",
        envvar="EQUIPOISE_STORE",
        help="The store: a data folder, or postgresql://USER@HOST/DATABASE.",
    ),
]
StoredTrial = Annotated[str, typer.Argument(metavar="T", help="Name of a trial in the store.")]


def shown(place: str) -> str:
    """A store as a message names it: a URL without what it may hold of a password."""
    return place if "://" not in place else place.rpartition("@")[2].partition("?")[0]


def require_extra() -> None:
    """Say what to install where Django is missing.

    Raises:
        EquipoiseError: it is.
    """
    from importlib.util import find_spec

    if find_spec("django") is None:
        raise EquipoiseError("a store needs Django; install equipoise[site]")


def require_store(place: str) -> None:
    """A verb that reads makes no new store of a name that was mistyped.

    Raises:
        EquipoiseError: there is no such folder.
    """
    require_extra()
    if "://" not in place and not (Path(place) / "equipoise.sqlite3").exists():
        raise EquipoiseError(f"{place}: there is no store; name the one meant with --store")
