"""Everything that the protocol assumes, found by walking through it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from equipoise.protocol import Protocol
from equipoise.protocol.model.base import Sourced
from equipoise.protocol.model.statistics import Analysis
from equipoise.protocol.model.trial import Path
from equipoise.report.words import endpoint_labels

_LISTS = {
    "simple": "List by the ratio alone",
    "blocks": "List of permuted blocks",
    "block-urn": "Block urn",
    "biased-coin": "Biased coin",
    "big-stick": "Big stick",
    "maximal": "Maximal procedure",
    "minimisation": "Minimisation",
    "classified": "Assignment by class",
}
_SECTIONS = {"reported": "Published results", "document": "Source", "pathway": "Pathway"}


@dataclass(frozen=True, slots=True)
class Assumption:
    """One value that the source document leaves open.

    Attributes:
        section: the part of the protocol, as a heading.
        label: what is assumed, in the protocol's labels.
        text: why.
        line: in the protocol file, if it was read from one.
    """

    section: str
    label: str
    text: str
    line: int | None


def assumptions(protocol: Protocol) -> list[Assumption]:
    """Every `assumed` of the protocol, in the order of the file's parts."""
    return list(_walk(protocol, protocol, (), ()))


def _walk(protocol: Protocol, value: Any, path: Path, labels: tuple[str, ...]) -> Iterator[Assumption]:
    """Those at `value` and inside it; `labels` names the elements on the way."""
    if isinstance(value, BaseModel):
        if isinstance(value, Sourced) and value.assumed:
            yield Assumption(_section(path), _label(labels, path), value.assumed, protocol.line((*path, "assumed")))
        for name, field in type(value).model_fields.items():
            inner = getattr(value, name)
            yield from _walk(protocol, inner, (*path, field.alias or name), (*labels, *_name(protocol, inner)))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _walk(protocol, inner, (*path, key), (*labels, *(_name(protocol, inner) or (str(key),))))
    elif isinstance(value, tuple | list):
        for index, inner in enumerate(value):
            yield from _walk(protocol, inner, (*path, index), (*labels, *_name(protocol, inner)))


def _name(protocol: Protocol, value: Any) -> tuple[str, ...]:
    """What an element is called: its id and its label, as far as it has them; an analysis by its endpoint."""
    if not isinstance(value, BaseModel):
        return ()
    if isinstance(value, Analysis) and value.label is None:
        return (endpoint_labels(protocol).get(value.endpoint, value.endpoint),)
    if (method := getattr(value, "method", None)) in _LISTS:
        return (_LISTS[method],)
    title = getattr(value, "title", None) or getattr(value, "label", None) or getattr(value, "what", None)
    own = getattr(value, "id", None) or getattr(value, "number", None) or getattr(value, "endpoint", None)
    short = str(own) if own and str(own).isupper() else ""
    if isinstance(title, str):
        return (f"{short} {title}".strip().rstrip(" ;."),)
    return (str(own).replace("_", " "),) if own else ()


def _section(path: Path) -> str:
    key = str(path[0]) if path else "trial"
    return _SECTIONS.get(key, key.replace("_", " ").capitalize())


def _label(labels: tuple[str, ...], path: Path) -> str:
    """The names on the way, each once; the path's own words where nothing has a name."""
    kept = [label for index, label in enumerate(labels) if index == 0 or label != labels[index - 1]]
    if kept:
        return " › ".join((kept[0][:1].upper() + kept[0][1:], *kept[1:]))
    words = [str(part).replace("_", " ") for part in path[1:] if not isinstance(part, int)]
    return (" › ".join(words) or _section(path)).capitalize()
