"""The canonical text of a JSON value (RFC 8785), for what a ledger admits: no binary float, no unsafe integer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NoReturn, TypeAlias

import rfc8785

from equipoise.errors import LedgerError

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

MAX_SAFE_INTEGER = 2**53 - 1


def canonical_text(value: Any) -> bytes:
    """The canonical text of a value.

    Raises:
        LedgerError: it holds a binary float, an integer beyond 2^53 - 1, a text that UTF-8 cannot hold, a key that is
            no text, or something that JSON has no form for.
    """
    _require_safe(value)
    try:
        return rfc8785.dumps(value)
    except (ValueError, RecursionError) as error:
        raise LedgerError(f"a value that cannot stand in an entry ({error})", mend="write it as text") from None


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
    try:
        value = json.loads(text.decode(), parse_float=_no_float, parse_constant=_no_float, parse_int=_safe_integer)
        if text != _written(value, text):
            raise ValueError("its text is not canonical (RFC 8785): white space, order or spelling was changed")
    except (json.JSONDecodeError, UnicodeError):
        raise ValueError("its text is not JSON in UTF-8") from None
    except RecursionError:
        raise ValueError("its text is nested too deeply") from None
    return value


def _written(value: Any, text: bytes) -> bytes:
    """The canonical text of what was read from `text`.

    Without floats, and with ASCII keys, the standard library's writer gives RFC 8785 to the byte, and is much faster;
    other keys are ordered by UTF-16, which it does not do.
    """
    if text.isascii():
        return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return rfc8785.dumps(value)


def _no_float(text: str) -> NoReturn:
    raise ValueError(f"it holds the number {text[:40]}, and numbers are whole or written as text")


def _safe_integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > MAX_SAFE_INTEGER:
        raise ValueError(f"it holds the integer {text[:40]}, which is beyond 2^53 - 1")
    return int(text)
