"""Is a command well formed, whatever the state: every field holds what its type says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, get_type_hints

from equipoise.conduct import commands
from equipoise.conduct.commands import Command, Described
from equipoise.conduct.values import MAX_TEXT, Recorded, check_day, is_day, is_unicode

MAX_NAME = 100
"""Longest text of a command, but for its reason and the values it records."""


def malformed(command: Command) -> str | None:
    """What is wrong with a command whatever the state; None if nothing is."""
    for name, wanted in _fields(type(command).__name__):
        value = getattr(command, name)
        if problem := _TYPES[wanted](name, value):
            return problem
        if name == "at" and value.utcoffset() != timedelta(0):
            return "the time of a command is UTC"
    return None


def has_reason(command: Command) -> bool:
    """Whether it says why."""
    return bool((command.reason or "").strip())


@lru_cache(maxsize=64)
def _fields(kind: str) -> tuple[tuple[str, Any], ...]:
    """Every field of a kind of commands with its type."""
    return tuple(get_type_hints(getattr(commands, kind)).items())


def _text(name: str, value: Any) -> str | None:
    if not isinstance(value, str):
        return f"the {name} of a command is a text"
    if name == "reason":
        fine = len(value) <= MAX_TEXT and is_unicode(value)
        return None if fine else f"the reason is a text of up to {MAX_TEXT} characters"
    fine = 0 < len(value) <= MAX_NAME and value.isprintable() and value == value.strip()
    return None if fine else f"the {name} of a command has 1 to {MAX_NAME} characters, all printable, no space around"


def _text_or_nothing(name: str, value: Any) -> str | None:
    return None if value is None else _text(name, value)


def _texts(name: str, value: Any) -> str | None:
    fine = isinstance(value, Mapping) and all(isinstance(part, str) for item in value.items() for part in item)
    return None if fine else f"the {name} of a command are texts by name"


def _named(name: str, value: Any) -> str | None:
    """What is named is judged by its variable, or its criterion."""
    fine = isinstance(value, Mapping) and all(isinstance(key, str) for key in value)
    return None if fine else f"the {name} of a command are given by name"


def _time(name: str, value: Any) -> str | None:
    return None if isinstance(value, datetime) else f"the {name} of a command is a point in time"


def _day(name: str, value: Any) -> str | None:  # noqa: ARG001 - as every check
    return check_day("the day", value) if is_day(value) else "the day of a command is a date, without a time"


def _truth(name: str, value: Any) -> str | None:
    return None if isinstance(value, bool) else f"'{name}' is true or false"


def _place(name: str, value: Any) -> str | None:
    fine = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53
    return None if fine else f"the {name} of a command is the number of an entry"


def _status(name: str, value: Any) -> str | None:
    fine = isinstance(value, str) and value in ("started", "done", "stopped")
    return None if fine else f"the {name} of a treatment is started, done or stopped"


def _names(name: str, value: Any) -> str | None:
    fine = isinstance(value, tuple) and all(_text("name", item) is None for item in value)
    return None if fine else f"the {name} of a command are names, of 1 to {MAX_NAME} printable characters each"


def _maybe(name: str, value: Any) -> str | None:
    return None if value is None else _truth(name, value)


def _decision(name: str, value: Any) -> str | None:
    fine = isinstance(value, str) and value in ("followed", "declined", "missed")
    return None if fine else f"the {name} on a proposal is followed, declined or missed"


def _described(name: str, value: Any) -> str | None:
    """Lesions, every field of them what it says."""
    if not isinstance(value, tuple) or not all(isinstance(item, Described) for item in value):
        return f"the {name} of a command are lesions as they are described at baseline"
    for lesion in value:
        for part, text in (("id", lesion.id), ("site", lesion.site), ("role", lesion.role), ("method", lesion.method)):
            if _text(part, text):
                return f"the {part} of a lesion has 1 to {MAX_NAME} characters, all printable, no space around"
        for part, text in (("finding", lesion.found), ("slice_mm", lesion.slice_mm)):
            if _text_or_nothing(part, text):
                return f"the {part} of lesion {lesion.id} is a text of 1 to {MAX_NAME} characters, or nothing"
        if lesion.not_measurable != "" and _text("reason", lesion.not_measurable):
            return f"why lesion {lesion.id} is not measurable is a text of up to {MAX_TEXT} characters"
        if not isinstance(lesion.node, bool):
            return f"whether lesion {lesion.id} is a node is true or false"
    return None


def _anything(name: str, value: Any) -> str | None:  # noqa: ARG001 - as every check
    return None


_TYPES: dict[Any, Callable[[str, Any], str | None]] = {
    str: _text,
    str | None: _text_or_nothing,
    datetime: _time,
    date: _day,
    bool: _truth,
    int: _place,
    Literal["started", "done", "stopped"]: _status,
    Literal["followed", "declined", "missed"]: _decision,
    bool | None: _maybe,
    tuple[str, ...]: _names,
    tuple[Described, ...]: _described,
    Mapping[str, str]: _texts,
    Mapping[str, bool]: _named,
    Mapping[str, Recorded]: _named,
    Recorded: _anything,
}
"""How the value of a field is checked, by the type that the command declares."""
