"""Names and what else identifies a person: made comparable, and turned into a pseudonym. Nothing of it is kept here.

The pseudonym is HMAC-SHA256 under a secret key, so that who reads the ledger can neither read a name from it nor try
names until one fits.
"""

from __future__ import annotations

import hmac
import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from equipoise.conduct.values import MAX_TEXT, Recorded, check_day, from_json, is_day, is_unicode, to_json
from equipoise.ledger import Json
from equipoise.protocol import Protocol
from equipoise.protocol.model.variables import Variable

_SPELLED = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŋ": "n"}
)
"""Letters that are no letter with a mark to Unicode, though people leave the stroke out."""
_MARKED = ("LATIN", "GREEK", "CYRILLIC")
"""Scripts whose marks are left out. In others a mark makes another letter: the voiced kana, the Indic vowels."""
_KATAKANA, _TO_HIRAGANA = range(0x30A1, 0x30F7), 0x30A1 - 0x3041
_APART = re.compile(r"[\W_]+")
_WITHIN_WORDS = re.compile(r"['\u2019\u02bc`\u00b4.\u00b7]")


def problems_of(protocol: Protocol, values: Mapping[str, Any]) -> list[str]:
    """Why values cannot be kept as a participant's identifying data."""
    problems = []
    for name, value in values.items():
        variable = protocol.variables.get(name)
        if variable is None or not variable.identifying:
            problems.append("a name that is no identifying variable of the protocol was given")
        elif not _fits(variable, value):
            problems.append(f"{name} is of type {variable.type}, and this is not")
    return problems


def _fits(variable: Variable, value: Any) -> bool:
    """Whether a value is of its variable's type. A message never quotes it."""
    match variable.type:
        case "date":
            return is_day(value) and check_day("", value) is None
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53
        case "decimal":
            return isinstance(value, int | Decimal) and not isinstance(value, bool) and Decimal(value).is_finite()
        case "boolean":
            return isinstance(value, bool)
        case "choice":
            return isinstance(value, str) and value in (variable.values or {})
        case "text":
            return isinstance(value, str) and len(value) <= MAX_TEXT and is_unicode(value)


def kept_json(values: Mapping[str, Recorded]) -> dict[str, Json]:
    """Identifying values as they are kept."""
    return {name: to_json(value) for name, value in values.items()}


def from_kept(variables: Mapping[str, Variable], kept: Mapping[str, Json]) -> dict[str, Recorded]:
    """The inverse: here alone, since an entry of a ledger may hold none."""
    plain = {name: variables[name].model_copy(update={"identifying": False}) for name in kept}
    return {name: from_json(plain[name], value) for name, value in kept.items()}


def missing(protocol: Protocol, values: Mapping[str, Recorded]) -> list[str]:
    """The variables of the protocol's `identity` that are not given, or say nothing."""
    return [name for name in protocol.identity if not _parts(values.get(name))]


def pseudonym(key: bytes, protocol: Protocol, values: Mapping[str, Recorded]) -> str:
    """The pseudonym of a person: 64 hexadecimal digits, the same however the name is written (see `normalised`)."""
    return hmac.digest(key, normalised(protocol, values).encode(), "sha256").hex()


def normalised(protocol: Protocol, values: Mapping[str, Recorded]) -> str:
    """What is compared of a person: the words of all texts in one order, and dates and numbers by variable.

    Case, accents, width, spaces and punctuation do not count, nor the order of names, nor which of them is called the
    family name; katakana counts as hiragana. A text with a digit in it is a number and keeps the order of its signs.
    """
    words: list[str] = []
    others: dict[str, Any] = {}
    for name in protocol.identity:
        value = values[name]
        if isinstance(value, str):
            words += _parts(value)
        else:
            others[name] = to_json(value)
    return json.dumps([sorted(words), others], sort_keys=True, ensure_ascii=True)


def _parts(value: Recorded | None) -> list[str]:
    """What a value comes to: the words of a text, or itself."""
    if value is None:
        return []
    if not isinstance(value, str):
        return [value.isoformat() if isinstance(value, date) else str(value)]
    text = folded(value)
    if any(character.isdigit() for character in text):
        return [whole] if (whole := _APART.sub("", text)) else []
    return [word for word in _APART.split(_WITHIN_WORDS.sub("", text)) if word]


def folded(text: str) -> str:
    """A text without what people write differently: width, case, accents, kana."""
    wide = unicodedata.normalize("NFKC", text).casefold()
    kept: list[str] = []
    marked = False
    for character in unicodedata.normalize("NFD", wide):
        if not unicodedata.combining(character):
            marked = unicodedata.name(character, "").startswith(_MARKED)
        elif marked:
            continue
        kept.append(character)
    plain = unicodedata.normalize("NFC", "".join(kept)).translate(_SPELLED)
    return "".join(chr(ord(c) - _TO_HIRAGANA) if ord(c) in _KATAKANA else c for c in plain)
