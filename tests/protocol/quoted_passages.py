"""What a protocol quotes from its source document, and what of the document nobody quotes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from equipoise import trials
from equipoise.protocol import Protocol
from equipoise.protocol.model.base import Element, Sourced


def collapsed(text: str) -> str:
    """A text with every run of white space made one space."""
    return " ".join(text.split())


def document_of(protocol: Protocol) -> str:
    """The source document, white space collapsed."""
    assert protocol.document is not None
    text = trials.document(protocol.document)
    assert text is not None, f"{protocol.document} is not shipped"
    return collapsed(text)


def quotes(part: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every passage quoted as `text` anywhere below `part`: its place in the file, and its words."""
    if isinstance(part, Sourced):
        yield from ((f"{place}.text".lstrip("."), collapsed(quote)) for quote in part.quotes)
    if isinstance(part, Element):
        for name in type(part).model_fields:
            yield from quotes(getattr(part, name), f"{place}.{name}")
    elif isinstance(part, dict):
        for name, item in part.items():
            yield from quotes(item, f"{place}.{name}")
    elif isinstance(part, tuple):
        for i, item in enumerate(part):
            yield from quotes(item, f"{place}[{i}]")


def registry_quotes(protocol: Protocol) -> Iterator[tuple[str, str]]:
    """The registry's fields that hold whole passages as printed."""
    registry = protocol.registry
    for name in ("official_title", "summary", "description"):
        if value := getattr(registry, name):
            yield f"registry.{name}", collapsed(value)
    for i, item in enumerate(registry.see_also):
        line = f"{item.status} {item.id} - {item.title} {item.phase or ''}"
        yield f"registry.see_also[{i}]", collapsed(line)


def all_quotes(protocol: Protocol) -> list[tuple[str, str]]:
    """Every passage that is said to be the document's own words."""
    return [*quotes(protocol), *registry_quotes(protocol)]


def missing(protocol: Protocol) -> list[str]:
    """Quotes that are not in the document, by place."""
    document = document_of(protocol)
    return [f"{place}: {words}" for place, words in all_quotes(protocol) if words not in document]


def unquoted(protocol: Protocol) -> list[str]:
    """The stretches of the document that no quote covers, bullets and separators aside."""
    document = document_of(protocol)
    covered = bytearray(len(document))
    for _, words in all_quotes(protocol):
        start = document.find(words)
        while start >= 0:
            covered[start : start + len(words)] = b"\x01" * len(words)
            start = document.find(words, start + 1)
    marked = "".join("\n" if done else letter for letter, done in zip(document, covered, strict=True))
    stretches = (stretch.strip(" •-,.;") for stretch in marked.split("\n"))
    return [stretch for stretch in stretches if stretch]
