"""The five trials that ship with Equipoise: protocol files, and the documents they were written from."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent


def shipped() -> tuple[str, ...]:
    """The ids of the shipped trials, in alphabetical order."""
    return tuple(sorted(path.stem for path in (_FOLDER / "protocols").glob("*.yaml")))


def protocol_path(trial: str) -> Path:
    """Where the protocol file of a shipped trial is."""
    return _FOLDER / "protocols" / f"{trial}.yaml"


def document(name: str) -> str | None:
    """The text of a source document by its file name; None if it does not ship."""
    path = _FOLDER / "documents" / Path(name).name
    return path.read_text(encoding="utf-8") if path.is_file() else None
