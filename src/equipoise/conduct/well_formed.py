"""Is a command well formed, whatever the state: every field holds what its type says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, get_args, get_type_hints

from equipoise.conduct import commands
from equipoise.conduct.commands import Command
from equipoise.conduct.commands.control import Looked, Meaning, Proof
from equipoise.conduct.commands.safety import Clock, Grade
from equipoise.conduct.values import MAX_TEXT, Recorded, check_day, is_day, is_unicode
from equipoise.protocol.model.quality import PerProtocol, Severity

MAX_NAME = 100
"""Longest text of a command, but for its reason, other sentences, and the values it records."""

_LONG = frozenset({"reason", "message", "answer", "description"})
"""Fields that hold sentences."""

MAX_PLACES = 1_000
"""Most entries that a command can name."""


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
    if name in _LONG:
        fine = len(value) <= MAX_TEXT and is_unicode(value)
        return None if fine else f"the {name} is a text of up to {MAX_TEXT} characters"
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


def _place_or_nothing(name: str, value: Any) -> str | None:
    return None if value is None else _place(name, value)


def _severity(name: str, value: Any) -> str | None:
    fine = isinstance(value, str) and value in ("minor", "major")
    return None if fine else f"the {name} is minor or major"


def _per_protocol(name: str, value: Any) -> str | None:  # noqa: ARG001 - as every check
    fine = isinstance(value, str) and value in ("excluded", "kept")
    return None if fine else "in the per-protocol set a participant is excluded or kept"


def _status(name: str, value: Any) -> str | None:
    fine = isinstance(value, str) and value in ("started", "done", "stopped")
    return None if fine else f"the {name} of a treatment is started, done or stopped"


def _one_of(*known: str) -> Callable[[str, Any], str | None]:
    """Whether it is one of the words that a field takes."""

    def check(name: str, value: Any) -> str | None:
        fine = isinstance(value, str) and value in known
        return None if fine else f"the {name} of a command is one of {', '.join(known)}"

    return check


def _places(name: str, value: Any) -> str | None:
    fine = isinstance(value, tuple) and len(value) <= MAX_PLACES and all(_place(name, item) is None for item in value)
    return None if fine and len(set(value)) == len(value) else f"the {name} of a command are numbers of entries"


def _anything(name: str, value: Any) -> str | None:  # noqa: ARG001 - as every check
    return None


def _truth_or_nothing(name: str, value: Any) -> str | None:
    return None if value is None else _truth(name, value)


def _day_or_nothing(name: str, value: Any) -> str | None:
    return None if value is None else _day(name, value)


def _grade(name: str, value: Any) -> str | None:
    fine = type(value) is int and 1 <= value <= 5
    return None if fine else f"the {name} of an adverse event is 1 to 5"


def _grade_or_nothing(name: str, value: Any) -> str | None:
    return None if value is None else _grade(name, value)


def _list(name: str, value: Any) -> str | None:
    fine = isinstance(value, tuple) and all(isinstance(item, str) for item in value)
    return None if fine else f"the {name} of a command is a tuple of texts"


def _list_or_nothing(name: str, value: Any) -> str | None:
    return None if value is None else _list(name, value)


def _named_or_nothing(name: str, value: Any) -> str | None:
    return None if value is None else _named(name, value)


def _clock(name: str, value: Any) -> str | None:
    fine = isinstance(value, str) and value in ("sae", "susar")
    return None if fine else f"the {name} of a command is sae or susar"


_TYPES: dict[Any, Callable[[str, Any], str | None]] = {
    str: _text,
    str | None: _text_or_nothing,
    datetime: _time,
    date: _day,
    bool: _truth,
    int: _place,
    int | None: _place_or_nothing,
    Severity: _severity,
    PerProtocol: _per_protocol,
    Literal["started", "done", "stopped"]: _status,
    Meaning: _one_of(*get_args(Meaning)),
    Proof: _one_of(*get_args(Proof)),
    Looked: _one_of(*get_args(Looked)),
    tuple[int, ...]: _places,
    Mapping[str, str]: _texts,
    Mapping[str, bool]: _named,
    Mapping[str, Recorded]: _named,
    Recorded: _anything,
    bool | None: _truth_or_nothing,
    date | None: _day_or_nothing,
    Grade: _grade,
    Grade | None: _grade_or_nothing,
    tuple[str, ...]: _list,
    tuple[str, ...] | None: _list_or_nothing,
    Mapping[str, bool] | None: _named_or_nothing,
    Clock: _clock,
}
"""How the value of a field is checked, by the type that the command declares."""
