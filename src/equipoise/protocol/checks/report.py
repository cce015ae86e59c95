"""How a check says what it found."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, NoReturn

from equipoise.errors import ProtocolError
from equipoise.protocol.wording import MAX_MEND, MAX_MESSAGE, clipped, did_you_mean, dotted

if TYPE_CHECKING:
    from equipoise.protocol.model.trial import Path, Protocol


def fail(protocol: Protocol, path: Path, message: str, mend: str) -> NoReturn:
    """Raise a `ProtocolError` at the line of `path`."""
    raise located(ProtocolError, protocol, path, message, mend)


def located(kind: type[ProtocolError], protocol: Protocol, path: Path, message: str, mend: str) -> ProtocolError:
    """An error of this kind at the line of `path`, of bounded length."""
    text = clipped(f"{dotted(path)}: {message}", MAX_MESSAGE)
    return kind(text, file=protocol.file, line=protocol.line(path), mend=clipped(mend, MAX_MEND))


def require_each(  # noqa: PLR0917 - as `require`
    protocol: Protocol, path: Path, names: Iterable[str], known: Collection[str], what: str, where: str
) -> None:
    """`require` of every name in a list."""
    for i, name in enumerate(names):
        require(protocol, (*path, i), name, known, what, where)


def require(  # noqa: PLR0917 - six short ones read best in order, as a sentence
    protocol: Protocol, path: Path, name: str, known: Collection[str], what: str, where: str
) -> None:
    """Fail unless `name` is among the `known`; `where` says in which section they are declared."""
    if name not in known:
        mend = did_you_mean(name, known, f"declare it under {where}")
        fail(protocol, path, f"{what} '{clipped(name)}' is not defined", mend)
