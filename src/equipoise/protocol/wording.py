"""Wording of errors: one printable line of bounded length, whatever the file held."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Any

MAX_MESSAGE = 180
MAX_MEND = 150
_LONGEST_GUESS = 60
_MOST_GUESSED = 2_000


def printable(text: object) -> str:
    """`text` on one line; characters that a terminal would obey, or not show, are written as escapes."""
    line = " ".join(str(text).split())
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in line)


def clipped(text: object, limit: int = 40) -> str:
    """`text` as `printable`, cut to `limit` characters."""
    line = printable(str(text)[: 4 * limit])
    return line if len(line) <= limit and len(str(text)) <= 4 * limit else line[: limit - 3] + "..."


def dotted(path: Iterable[object]) -> str:
    """A place in the file, as `variables.age.range`; of a list, items are counted from 0."""
    return clipped(".".join(clipped(part) for part in path), 100)


def did_you_mean(name: object, known: Collection[str], otherwise: str) -> str:
    """How to mend an unknown name: the known one that is close to it, or `otherwise`."""
    text = str(name)
    if len(text) > _LONGEST_GUESS or len(known) > _MOST_GUESSED:
        return otherwise
    close = get_close_matches(text, known, n=1, cutoff=0.65)
    return f"did you mean '{clipped(close[0])}'?" if close else otherwise


def character_name(character: str) -> str:
    """A character and its name, since some look like others: `'а' (CYRILLIC SMALL LETTER A)`."""
    code = f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()
    return f"'{character}' ({code})" if character.isprintable() and not character.isspace() else code


def described(value: Any) -> str:
    """A value of the file, as a message speaks of it."""
    match value:
        case None:
            return "empty"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {clipped(value, 30)}"
        case str():
            return f"the text '{clipped(value)}'" if value else "an empty text"
        case list() | tuple():
            return "a list"
        case _:
            return "a set of keys"
