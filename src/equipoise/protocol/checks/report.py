"""How a check says what it found."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from typing import TYPE_CHECKING, NoReturn

from equipoise.errors import ProtocolError

if TYPE_CHECKING:
    from equipoise.protocol.model.trial import Path, Protocol


def fail(protocol: Protocol, path: Path, message: str, mend: str) -> NoReturn:
    """Raise a `ProtocolError` at the line of `path`."""
    where = ".".join(str(part) for part in path)
    raise ProtocolError(f"{where}: {message}", file=protocol.file, line=protocol.line(path), mend=mend)


def require(protocol: Protocol, path: Path, name: str, known: Collection[str], what: str, where: str) -> None:
    """Fail unless `name` is among the `known`; `where` says in which section they are declared."""
    if name in known:
        return
    close = get_close_matches(name, known, n=1)
    mend = f"did you mean '{close[0]}'?" if close else f"declare it under {where}"
    fail(protocol, path, f"{what} '{name}' is not defined", mend)
