"""The canonical text of a JSON value (RFC 8785), for what a ledger admits: no binary float, no unsafe integer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, NoReturn, TypeAlias

import rfc8785
from pydantic_core import from_json, to_json

from equipoise.errors import LedgerError

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

MAX_SAFE_INTEGER = 2**53 - 1


def canonical_text(value: Any) -> bytes:
    """The canonical text of a value.

    Raises:
        LedgerError: it holds a binary float, an integer beyond 2^53 - 1, a text that UTF-8 cannot hold, a key that is
            no text, or something that JSON has no form for.
    """
    try:
        if _is_simple(value):
            return _WRITER(value).encode()
        _require_safe(value)
        return rfc8785.dumps(value)
    except (ValueError, RecursionError) as error:
        raise LedgerError(f"a value that cannot stand in an entry ({error})", mend="write it as text") from None


def _is_simple(value: Any) -> bool:
    """Whether Python's own writer gives the text of RFC 8785: plain types, safe integers, keys in ASCII.

    RFC 8785 orders keys by UTF-16 and Python by code points, which is one order in ASCII.
    """
    kind = type(value)
    if kind is dict:
        for key, item in value.items():
            if type(key) is not str or not key.isascii() or not (type(item) is str or _is_simple(item)):
                return False
        return True
    if kind is list or kind is tuple:
        return all(map(_is_simple, value))
    if kind is int:
        return -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER  # type: ignore[no-any-return]  # an int compared
    return kind is str or kind is bool or value is None


def _require_safe(value: Any) -> None:
    if isinstance(value, Mapping):
        for item in value.values():
            _require_safe(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _require_safe(item)
    elif isinstance(value, float):
        raise LedgerError(f"a binary float ({value!r}) in an entry", mend="write decimals as text")
    elif isinstance(value, int) and abs(value) > MAX_SAFE_INTEGER:
        raise LedgerError("an integer beyond 2^53 - 1 in an entry", mend="write it as text")


def read_canonical(text: bytes) -> Any:
    """The value of a text that has to be canonical to the byte.

    Raises:
        ValueError: it is no JSON, holds a number that a ledger does not admit, or is not written canonically (white
            space, order of keys, escapes, a key that stands twice); says which.
    """
    if (value := _quickly(text)) is not None:
        return value
    try:
        value = _READER.decode(text.decode())
        if text != rfc8785.dumps(value):
            raise ValueError("its text is not canonical (RFC 8785): white space, order or spelling was changed")
    except (json.JSONDecodeError, UnicodeError):
        raise ValueError("its text is not JSON in UTF-8") from None
    except RecursionError:
        raise ValueError("its text is nested too deeply") from None
    return value


def _quickly(text: bytes) -> dict[str, Any] | None:
    """The object in a canonical text; None if that cannot be told quickly, and another way has to tell.

    Written as it was read, a text comes out the same if it has no needless blank or escape, no key twice, and its
    numbers are spelled in the one way. What remains is that keys are in order and numbers whole. RFC 8785 orders keys
    by UTF-16, which is the order of code points but for characters that need four bytes in UTF-8.
    """
    if not text.isascii() and _FOUR_BYTES.search(text):
        return None
    try:
        value = from_json(text)
        return value if type(value) is dict and to_json(value) == text and _is_plain(value) else None
    except ValueError:
        return None


def _is_plain(value: Any) -> bool:
    """Whether keys are in order and numbers safe, all the way down."""
    kind = type(value)
    if kind is dict:
        before = ""
        for key, item in value.items():
            if key < before or not (type(item) is str or _is_plain(item)):
                return False
            before = key
        return True
    if kind is list:
        return all(map(_is_plain, value))
    if kind is int:
        return -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER  # type: ignore[no-any-return]  # an int compared
    return kind is not float


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"it holds the number {text[:40]}, and numbers are whole or written as text")


def _safe_integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > MAX_SAFE_INTEGER:
        raise ValueError(f"it holds the integer {text[:40]}, which is beyond 2^53 - 1")
    return int(text)


_WRITER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), check_circular=False).encode
_READER = json.JSONDecoder(parse_float=_no_float, parse_constant=_no_float, parse_int=_safe_integer)
_FOUR_BYTES = re.compile(rb"[\xf0-\xff]")
