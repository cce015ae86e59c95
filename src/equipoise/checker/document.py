"""The source document of a protocol: its words, and its sections."""

from __future__ import annotations

import re

from equipoise import trials
from equipoise.protocol import Protocol

_NEXT_SECTION = (
    r"Study & Design|Study Design|Contacts and Locations|Outcome Measures|Arms (?:and|&&) Interventions"
    r"|Randomi[sz]ation|Treatment|Withdrawal|Discontinuation"
)
_EXCLUSIONS = re.compile(rf"Exclusion [Cc]riteria(.*?)(?:{_NEXT_SECTION}|$)", re.DOTALL)
_INCLUSIONS = re.compile(r"(?:Inclusion|[Ee]ligibility) [Cc]riteria(.*?)Exclusion [Cc]riteria", re.DOTALL)


def collapsed(text: str) -> str:
    """A text with every run of white space made one space."""
    return " ".join(text.split())


def document(protocol: Protocol) -> str | None:
    """The source document's text as it is, if it ships."""
    return None if protocol.document is None else trials.document(protocol.document)


def words(protocol: Protocol) -> str:
    """The source document with white space collapsed; empty if it does not ship."""
    return collapsed(document(protocol) or "")


def exclusions(protocol: Protocol) -> str:
    """What the source document prints under exclusion criteria."""
    return _longest(_EXCLUSIONS, words(protocol))


def inclusions(protocol: Protocol) -> str:
    """What the source document prints between the headings of inclusion and exclusion criteria."""
    return _longest(_INCLUSIONS, words(protocol))


def _longest(pattern: re.Pattern[str], text: str) -> str:
    return max(pattern.findall(text), key=len, default="")
