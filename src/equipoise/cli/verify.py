"""`equipoise verify`: is a ledger what it was, in a file or in a store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from equipoise.cli.output import AsJson, print_json, progress, say
from equipoise.cli.place import require_store, shown
from equipoise.cli.proof import Proof, PublicKey, prove
from equipoise.errors import LedgerError, ProtocolError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from equipoise.ledger import Journal, Verification
    from equipoise.protocol import Protocol

NAME = "verify"
EXAMPLE = (
    "Examples: equipoise verify rehearsals/jcog1017/ledger.jsonl --head HASH; "
    "equipoise verify jcog1017 --store equipoise-data; "
    "equipoise verify ledger.jsonl --checkpoint 2026-07-01.checkpoint --public-key monitor.key.pub"
)


def run(
    what: Annotated[
        str, typer.Argument(metavar="FILE|T", help="A ledger, as JSON lines; with --store the name of a trial in it.")
    ],
    *,
    head: Annotated[str | None, typer.Option("--head", help="Hash of the last entry, as it was written down.")] = None,
    trial: Annotated[
        list[str] | None,
        typer.Option(
            "--trial",
            help="Protocol, to replay; read from the ledger or the store if not said. Amended: once a version.",
        ),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", metavar="FILE", help="Prove too that it begins with what this checkpoint saw."),
    ] = None,
    public_key: PublicKey = None,
    # without the variable that other verbs read: the argument is a file unless somebody says otherwise here
    place: Annotated[
        str | None,
        typer.Option(
            "--store", metavar="PATH|URL", help="Verify a trial in this store: a folder, or postgresql://USER@HOST/DB."
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify a ledger: every byte, the chain, its end; and, once the seeds are revealed, every allocation.

    Status 1 if anything is not what it was, and the entry is named.
    """
    asked = _Asked(head, trial, checkpoint, public_key)
    if public_key is not None and checkpoint is None:
        raise LedgerError("--public-key goes with --checkpoint", mend="see equipoise verify --help")
    found = _file(Path(what), asked) if place is None else _stored(what, place, asked)
    if as_json:
        print_json(found.to_dict())
    else:
        for line in found.lines():
            say(line)
    if not found.ok:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The options."""

    head: str | None
    trial: list[str] | None
    checkpoint: Path | None
    public_key: Path | None


@dataclass(frozen=True, slots=True)
class _Found:
    """What verifying found.

    Attributes:
        name: of the file or the trial.
        where: what names it in a JSON document.
        result: of the chain.
        replay: of the allocations.
        proof: that it begins with a checkpoint, if that was asked for.
        guards: of the database that are missing.
    """

    name: str
    where: dict[str, str]
    result: Verification
    replay: dict[str, Any]
    proof: Proof | None = None
    guards: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything is what it was."""
        proved = self.proof is None or self.proof.ok
        return self.result.ok and not self.replay["problems"] and proved and not self.guards

    def lines(self) -> list[str]:
        """For people."""
        said, problem = str(self.result), self.result.problem
        if problem is not None and "store" in self.where:  # rows have no lines
            said = f"broken at entry {problem.seq}: {problem.what}"
        lines = [f"{self.name}: {said}", f"{self.name}: {self.replay['summary']}"]
        if self.guards:
            what = f"the database's guard {self.guards[0]} is missing or was changed, so somebody altered the database"
            lines.append(f"{self.name}: {what}; `equipoise.store.prepare` makes it anew")
        return lines + ([] if self.proof is None else self.proof.lines(self.name))

    def to_dict(self) -> dict[str, Any]:
        """For programs."""
        problem = self.result.problem
        told = None if problem is None else {"line": problem.line, "entry": problem.seq, "what": problem.what}
        if told is not None and "store" in self.where:
            del told["line"]
        return {
            **self.where,
            "ok": self.ok,
            "entries": self.result.entries,
            "head": self.result.head,
            "end": self.result.end,
            "problem": told,
            "replayed": self.replay["replayed"],
            "replay": self.replay,
            "missing_guards": list(self.guards),
            "checkpoint": None if self.proof is None else self.proof.to_dict(),
        }


def _file(file: Path, asked: _Asked) -> _Found:
    """Verify a ledger file."""
    from equipoise.ledger import Journal, verify_file

    if not file.exists():
        raise LedgerError("no such file", file=file, mend="check the name; a trial in a store is named with --store")
    result = verify_file(file, head=asked.head)
    replay = _replay(Journal.read(file), asked.trial) if result.ok else _not_replayed("the chain is broken")
    proof = None
    if asked.checkpoint is not None:
        proof = prove(asked.checkpoint, asked.public_key, lambda seen: seen.difference_from_file(file))
    return _Found(str(file), {"file": str(file)}, result, replay, proof)


def _stored(trial: str, place: str, asked: _Asked) -> _Found:
    """Verify a trial in a store, be its guards in place or not."""
    require_store(place)
    from equipoise.store import Store

    with Store.open(place, guarded=False) as store:
        guards = store.missing_guards()
        ledger = store.ledger(trial)
        with progress(f"verifying {trial}") as advance:
            result = ledger.verify(head=asked.head, progress=advance)
        replay = _not_replayed("the chain is broken")
        if result.ok:
            try:
                kept = () if asked.trial else store.protocols(trial)
            except ProtocolError as error:
                replay = _not_replayed(f"the protocol in the store is damaged: {error}", entry=1)
            else:
                replay = _replay(ledger.journal(), asked.trial, kept)
        proof = None
        if asked.checkpoint is not None:
            proof = prove(asked.checkpoint, asked.public_key, lambda seen: store.difference(trial, seen))
    return _Found(trial, {"trial": trial, "store": shown(place)}, result, replay, proof, guards)


def _replay(journal: Journal, given: list[str] | None, kept: Sequence[Protocol] = ()) -> dict[str, Any]:
    """Draw the allocations again, if the protocol is at hand: the texts that are given, or kept with the ledger.

    A ledger that names a shipped protocol, or is held to the one asked for, and was opened under another text, has a
    problem: whoever rewrites its first entry must not escape the replay.
    """
    from equipoise import trials
    from equipoise.conduct import replay_allocations
    from equipoise.protocol import load

    opened = next((entry for entry in journal if entry.kind == "open"), None)
    if opened is None:
        return _not_replayed("no entry opens the trial", entry=1)
    name = str(opened.data.get("protocol"))
    if not given and not kept and name not in trials.shipped():
        return _not_replayed(f"give the protocol file of '{name}' with --trial")
    texts = kept or [load(item) for item in given or [name]]
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
