"""The quoted texts, and what the source document itself leaves empty or garbled."""

from __future__ import annotations

import re
from collections.abc import Iterator

from equipoise.checker.document import collapsed, document, words
from equipoise.checker.finding import Finding, error, note, warning
from equipoise.checker.places import listed, sourced
from equipoise.protocol import Protocol
from equipoise.protocol.model.trial import Path
from equipoise.protocol.wording import clipped

_SCIENCE = (
    r"Interim analysis",
    r"Primary Outcome Measures\s+NameTimeMethod",
    r"Secondary Outcome Measures\s+NameTimeMethod",
    r"Inclusion Criteria",
    r"Exclusion Criteria",
    r"Brief Summary",
)
_FURNITURE = (
    r"Study Design",
    r"Related Conditions & MeSH terms",
    r"Additional relevant MeSH terms",
    r"Keywords provided by [^\n]*",
    r"Contact",
)
_END = (r"Trial Locations", r"Study Results", r"Study & Design", r"NCT number", r"Status", r"Contacts and Locations")
_STRAY = re.compile(r"(?<=[a-z]\. )\d ?(?=[A-Z][a-z])[A-Z][a-z]+")


def quotes_not_in_the_document(protocol: Protocol) -> Iterator[Finding]:
    """Every `text` is in the source document to the letter."""
    if protocol.document is None:
        return
    source = words(protocol)
    if not source:
        what = f"the source document {clipped(protocol.document, 60)} does not ship, so no quoted text was compared"
        yield note(protocol, ("source",), "document-not-shipped", what, "compare the quoted texts by eye")
        return
    for path, quote in _quotes(protocol):
        if collapsed(quote) not in source:
            what = f"'{clipped(quote, 70)}' is not in the source document {protocol.document}"
            mend = "quote it to the letter, or say under source or assumed where it is from"
            yield error(protocol, path, "text-not-in-document", what, mend)


def _quotes(protocol: Protocol) -> Iterator[tuple[Path, str]]:
    for path, item in sourced(protocol):
        for i, quote in enumerate(item.quotes):
            yield (*path, "text", *(() if isinstance(item.text, str) else (i,))), quote
    for name in ("official_title", "summary", "description"):
        if value := getattr(protocol.registry, name):
            yield ("registry", name), value


def empty_sections(protocol: Protocol) -> Iterator[Finding]:
    """Headings of the source with nothing under them."""
    text = document(protocol) or ""
    found = {heading: _empty(text, headings) for heading, headings in (("science", _SCIENCE), ("page", _FURNITURE))}
    if found["science"]:
        what = f"the source document has nothing under {_quoted(found['science'])}"
        yield warning(
            protocol, ("source",), "section-empty", what, "ask the investigators what was meant to stand there"
        )
    if found["page"]:
        what = f"the source document has nothing under {_quoted(found['page'])}"
        yield note(protocol, ("source",), "page-section-empty", what, "look it up in the registry itself")


def _quoted(names: list[str]) -> str:
    return listed([f"'{name}'" for name in names])


def _empty(text: str, headings: tuple[str, ...]) -> list[str]:
    following = "|".join((*_SCIENCE, *_FURNITURE, *_END))
    # a heading begins its line or follows a full stop, so that a word of a sentence is not taken for one
    pattern = re.compile(rf"(?:^|(?<=[.:] )|(?<=\n))({'|'.join(headings)})[\s;:.•]*(?=(?:{following})\b|\Z)")
    return [collapsed(match.group(1)).removesuffix(" NameTimeMethod") for match in pattern.finditer(text)]


def stray_digits(protocol: Protocol) -> Iterator[Finding]:
    """Digits before a sentence, as are left when the numbers of references lose their list."""
    found = [match.group() for match in _STRAY.finditer(words(protocol))]
    if found:
        what = f"stray digits stand before sentences of the source document: {_quoted(found)}"
        mend = "they look like numbers of references; ask for the document with its references"
        yield note(protocol, ("source",), "stray-digits", what, mend)


def subgroups_without_interaction(protocol: Protocol) -> Iterator[Finding]:
    """Effects in subgroups, and no test that they differ (Wang et al., N Engl J Med 2007;357:2189-2194)."""
    text = words(protocol).lower()
    if "subgroup" not in text or "interaction" in text:
        return
    sentence = next(part for part in re.split(r"(?<=\.) ", words(protocol)) if "subgroup" in part.lower())
    what = f"the source speaks of effects in subgroups and gives no test of interaction: '{clipped(sentence, 150)}'"
    mend = "ask for the interaction test; without it the subgroups may differ by chance"
    yield warning(protocol, ("source",), "subgroup-without-interaction", what, mend)
