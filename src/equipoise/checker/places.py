"""Places in a protocol: every sourced part with its path, and the path as a reader names it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from equipoise.protocol import Protocol
from equipoise.protocol.model.base import Sourced
from equipoise.protocol.model.trial import Path


def sourced(protocol: Protocol) -> Iterator[tuple[Path, Sourced]]:
    """Every part that says where it comes from, with its path in the file."""
    return _walk(protocol, ())


def _walk(value: Any, path: Path) -> Iterator[tuple[Path, Sourced]]:
    if isinstance(value, Sourced):
        yield path, value
    if isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _walk(getattr(value, name), (*path, field.alias or name))
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _walk(item, (*path, name))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _walk(item, (*path, index))


def place(protocol: Protocol, path: Path) -> str:
    """A path in words, such as `eligibility.I2.rule`: an item goes by its id, or else by its number from 0."""
    parts: list[str] = []
    value: Any = protocol
    for key in path:
        value = _inside(value, key)
        name = getattr(value, "id", None) if isinstance(key, int) else None
        parts.append(str(name or key))
    return ".".join(parts) or "protocol"


def _inside(value: Any, key: str | int) -> Any:
    if isinstance(value, BaseModel):
        aliases = {field.alias: name for name, field in type(value).model_fields.items() if field.alias}
        return getattr(value, aliases.get(str(key), str(key)), None)
    try:
        return value[key]
    except (KeyError, IndexError, TypeError):
        return None


def listed(names: Iterator[str] | list[str] | tuple[str, ...]) -> str:
    """Names as prose: `a`, `a and b`, `a, b and c`."""
    every = list(names)
    return " and ".join([", ".join(every[:-1]), every[-1]] if len(every) > 1 else every)
