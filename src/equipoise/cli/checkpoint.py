"""`equipoise checkpoint T`: where a trial's ledger stands, written down elsewhere; and the proof that it did."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from equipoise.cli.output import AsJson, print_json, progress, say
from equipoise.cli.place import DEFAULT, Place, require_store, shown
from equipoise.cli.proof import PublicKey, prove
from equipoise.errors import EquipoiseError

NAME = "checkpoint"
EXAMPLE = (
    "Examples: equipoise checkpoint --make-key monitor.key; "
    "equipoise checkpoint jcog1017 --to 2026-07-01.checkpoint --key monitor.key; "
    "equipoise checkpoint jcog1017 --prove 2026-07-01.checkpoint --public-key monitor.key.pub"
)


def run(
    trial: Annotated[str | None, typer.Argument(metavar="T", help="Name of a trial in the store.")] = None,
    *,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Write a checkpoint to this new file.")
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="With --to: sign it with this private key.")
    ] = None,
    proved: Annotated[
        Path | None,
        typer.Option("--prove", metavar="FILE", help="Prove that the ledger begins with what this checkpoint saw."),
    ] = None,
    public_key: PublicKey = None,
    make_key: Annotated[
        Path | None,
        typer.Option(
            "--make-key",
            metavar="FILE",
            help="Make a key pair: the private key in FILE, for you alone, the public one in FILE.pub, for everybody.",
        ),
    ] = None,
    place: Place = DEFAULT,
    as_json: AsJson = False,
) -> None:
    """Write down where a trial's ledger stands, or prove that it still begins as it did. Status 1 if it does not.

    A checkpoint is a line to keep where the keeper of the database cannot change it: with the monitor, in the mail.
    """
    if [to, proved, make_key].count(None) != 2:
        raise EquipoiseError("say one of --to, --prove and --make-key; see equipoise checkpoint --help")
    if (key is not None and to is None) or (public_key is not None and proved is None):
        raise EquipoiseError("--key goes with --to, and --public-key with --prove; see equipoise checkpoint --help")
    if make_key is not None:
        _make_key(make_key, as_json=as_json)
        return
    if trial is None:
        raise EquipoiseError("name the trial, as in equipoise checkpoint jcog1017; see equipoise checkpoint --help")
    require_store(place)
    if to is not None:
        _write(trial, to, key, place, as_json=as_json)
    elif proved is not None:
        _prove(trial, proved, public_key, place, as_json=as_json)


def _make_key(file: Path, *, as_json: bool) -> None:
    from equipoise.ledger.signing import make_key_pair

    public = make_key_pair(file)
    if as_json:
        print_json({"private": str(file), "public": str(public)})
    else:
        say(f"{file}: the private key, which you alone can read; sign with --key {file}")
        say(f"{public}: the public key; give it to whoever is to prove your checkpoints")


def _write(trial: str, to: Path, key: Path | None, place: str, *, as_json: bool) -> None:
    """Write a checkpoint of a ledger that holds."""
    from equipoise.ledger.signing import read_private_key
    from equipoise.store import Store

    if to.exists():
        raise EquipoiseError(f"{to}: there is a file already, and a checkpoint is not overwritten; name another")
    signer = None if key is None else read_private_key(key)
    with Store.open(place) as store:
        made = store.checkpoint(trial)
        with progress(f"verifying {trial}") as advance:
            wrong = store.difference(trial, made, progress=advance)
    if wrong is None:
        made = made if signer is None else made.signed(signer)
        with to.open("x", encoding="utf-8") as file:
            file.write(made.to_text())
    if as_json:
        said = {"entries": made.entries, "head": made.head, "time": made.time, "signed": made.signature is not None}
        written = None if wrong is not None else str(to)
        print_json({"trial": trial, "store": shown(place), "file": written, **said, "problem": wrong})
    elif wrong is not None:
        say(f"{trial}: {wrong}; no checkpoint was written")
    else:
        how = "not signed: --key signs it" if signer is None else "signed"
        say(f"{to}: '{trial}' has {made.entries:,} entries, head {made.head}; {how}")
    if wrong is not None:
        raise typer.Exit(1)


def _prove(trial: str, file: Path, public_key: Path | None, place: str, *, as_json: bool) -> None:
    from equipoise.store import Store

    with Store.open(place, guarded=False) as store, progress(f"verifying {trial}") as advance:
        proof = prove(file, public_key, lambda seen: store.difference(trial, seen, progress=advance))
    if as_json:
        print_json({"trial": trial, "store": shown(place), "ok": proof.ok, "checkpoint": proof.to_dict()})
    else:
        for line in proof.lines(trial):
            say(line)
    if not proof.ok:
        raise typer.Exit(1)
