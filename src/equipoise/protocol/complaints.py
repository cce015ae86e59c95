"""What pydantic says of a file that does not fit the model, in our words: where, what is wrong, how to mend it.

A location of pydantic's mixes keys of the file with names of its own (the branch of a union, `[key]`). It is read
against the file's tree: what is not there is passed over. Of a union it complains once a branch; those are merged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from equipoise.errors import ProtocolError
from equipoise.estimates import Estimate
from equipoise.protocol.wording import (
    MAX_MEND,
    MAX_MESSAGE,
    character_name,
    clipped,
    described,
    did_you_mean,
    dotted,
)
from equipoise.protocol.yaml_tree import Lines

Path = tuple[str | int, ...]

_MISSING = ("missing", "missing_argument")
_UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
_MAPPINGS = ("model_type", "dataclass_type", "dict_type", "model_attributes_type", "mapping_type")
_WANTED = {
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number of a sensible size",
    "float_type": "a number",
    "float_parsing": "a number",
    "decimal_type": "a number",
    "decimal_parsing": "a number",
    "finite_number": "a finite number",
    "decimal_max_digits": "a number of fewer digits",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list",
    "list_type": "a list",
    "date_type": "a date",
    "date_parsing": "a date",
    "date_from_datetime_parsing": "a date",
    "date_from_datetime_inexact": "a date",
    **dict.fromkeys(_MAPPINGS, "keys with values"),
}
_SHAPES = {
    r"^[a-z][a-z0-9_]{0,39}$": "up to 40 of a-z, 0-9 and _, a letter first",
    r"^[A-Za-z0-9][A-Za-z0-9_]{0,19}$": "up to 20 letters, digits and _",
    r"^[A-Z][A-Z0-9]{0,7}$": "up to 8 of A-Z and 0-9, a letter first",
    r"^[0-9]{1,2}(\.[0-9]{1,2})?$": "a version such as '5.0'",
    r"^[0-9A-Za-z.-]{1,20}$": "up to 20 letters, digits, dots and hyphens",
    r"^[a-z][a-z0-9_]*(:[a-z][a-z0-9_]*)?$": "an event, as death, or one cause of it, as death:cancer",
}
_BOUNDS = {
    "greater_than": ("above", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("below", "lt"),
    "less_than_equal": ("at most", "le"),
}
_HOW = (
    (" sum to ", "make them sum to 1"),
    ("ends below", "swap the two"),
    ("ends before", "correct one of the two"),
    ("reaches to less", "give a smaller one"),
    ("exactly one of", "give exactly one of them"),
    ("and not both", "give exactly one of them"),
    (" needs ", "add it"),
)


@dataclass(frozen=True)
class _Complaint:
    """One complaint of pydantic's, at its place in the file."""

    kind: str
    message: str
    context: dict[str, Any]
    last: str | int
    path: Path
    at_key: bool
    in_branch: bool
    line: int


def first_complaint(error: ValidationError, tree: Any, lines: Lines, file: str) -> ProtocolError:
    """The first complaint by line. The input never enters the message whole."""
    items = error.errors(include_url=False, include_input=False, include_context=True)
    found = [_placed(item, tree, lines) for item in items]
    within = {complaint.path[:n] for complaint in found for n in range(len(complaint.path))}
    # where one branch of a union got further into the value than another, only the further one has to be heard
    told = [complaint for complaint in found if not (complaint.in_branch and complaint.path in within)]
    # items that are wrong are not counted, so that a list looks too short as well; the former says more
    told = [complaint for complaint in told if not (complaint.kind == "too_short" and complaint.path in within)]
    # a misspelt key is also a missing one; the former says more
    misspelt = {complaint.path[:-1] for complaint in told if complaint.kind in _UNKNOWN}
    told = [complaint for complaint in told if not (complaint.kind in _MISSING and complaint.path in misspelt)]
    first = min(told or found, key=lambda complaint: complaint.line)
    alike = [other for other in told if other.in_branch and other.path == first.path]
    what, mend = _words(first, alike, _at(tree, first.path))
    where = dotted(first.path)
    message = f"{where}: {what}" if where else what
    return ProtocolError(clipped(message, MAX_MESSAGE), file=file, line=first.line, mend=clipped(mend, MAX_MEND))


def _placed(item: Any, tree: Any, lines: Lines) -> _Complaint:
    loc: Sequence[str | int] = item["loc"]
    path: Path = ()
    at: Any = tree
    passed = False
    for part in loc:
        passed = not _is_in(part, at)
        if not passed:
            path, at = (*path, part), at[part]
    kind = str(item["type"])
    context = item.get("ctx", {})
    if kind == "union_tag_invalid" and isinstance(at, dict) and (key := _tag_key(context)) in at:
        path = (*path, key)
    last = loc[-1] if loc else ""
    at_key = last == "[key]"
    branch = passed and not at_key and kind not in (*_MISSING, *_UNKNOWN)
    return _Complaint(kind, str(item["msg"]), context, last, path, at_key, branch, lines.get(path, 1))


def _is_in(part: str | int, at: Any) -> bool:
    """Whether a part of a location is a key or an item of what the file holds there."""
    return part in at if isinstance(at, dict) else isinstance(at, list) and part in range(len(at))


def _at(tree: Any, path: Path) -> Any:
    for part in path:
        tree = tree[part]
    return tree


def _words(first: _Complaint, alike: list[_Complaint], value: Any) -> tuple[str, str]:
    """What is wrong and how to mend it."""
    if first.kind in _UNKNOWN:
        return f"unknown key '{clipped(first.last)}'", _of_unknown(first)
    if first.kind in _MISSING:
        return _of_missing(first, value)
    if first.kind in ("union_tag_invalid", "union_tag_not_found"):
        return _of_tag(first, value)
    if first.kind in ("value_error", "assertion_error"):
        return _of_the_model(first)
    if first.at_key:
        return _of_form(first, first.path[-1])
    wanted = [_wanted(one) for one in ([first] if len(alike) < 2 else alike)]
    if all(wanted):
        return _of_type(" or ".join(dict.fromkeys(map(str, wanted))), value)
    return _of_form(first, value)


def _of_unknown(first: _Complaint) -> str:
    """How to mend a key that the model does not know there."""
    if first.last not in _known_keys():
        return did_you_mean(first.last, _known_keys(), "take it out")
    return "it belongs elsewhere; take it out" + (", or say the kind:" if first.path[0] == "endpoints" else "")


def _of_missing(first: _Complaint, value: Any) -> tuple[str, str]:
    if isinstance(first.last, int):
        return f"{first.last + 1} items are needed, and there are {len(value)}", "add the others"
    name = clipped(first.last)
    endpoint = first.path[:1] == ("endpoints",) and "kind" not in value
    return f"the key '{name}' is missing", f"add '{name}:'" + (", or say its 'kind:'" if endpoint else "")


def _of_tag(first: _Complaint, value: Any) -> tuple[str, str]:
    """A step of no known name, an endpoint of no known kind, a list of no known method."""
    expected = clipped(first.context.get("expected_tags", ""), 130)
    key = _tag_key(first.context)
    otherwise = f"use one of {expected}"
    if first.path and first.path[-1] == key:
        guess = did_you_mean(value, _tags(expected), otherwise) if isinstance(value, str) else otherwise
        return f"{described(value)} is not known here", guess
    if not isinstance(value, dict):
        return f"should be keys with values, and is {described(value)}", "write 'key: value'"
    if key:
        return f"the key '{key}' is missing", f"add '{key}:'"
    if len(value) != 1:
        return f"a step is one key with its settings, and this has {len(value)}", "start each step with '- '"
    name = next(iter(value))
    return f"the step '{clipped(name)}' is not known", did_you_mean(name, _tags(expected), otherwise)


def _tag_key(context: dict[str, Any]) -> str:
    """The key that says which of several kinds an entry is; of a step, it is the one key itself, so there is none."""
    name = str(context.get("discriminator", "")).strip("'")
    return {"_key()": "", "_kind()": "kind"}.get(name, name)


def _tags(expected: str) -> list[str]:
    return [tag.strip(" '") for tag in expected.split(",")]


def _of_the_model(first: _Complaint) -> tuple[str, str]:
    """What a check of the model itself says; after a semicolon it says how to mend it."""
    text = first.message.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    what, _, mend = text.partition("; ")
    return what, mend or next((how for words, how in _HOW if words in what), "correct it")


def _wanted(complaint: _Complaint) -> str | None:
    """What stands there in a file that is right, if the complaint is about that."""
    if complaint.kind in ("literal_error", "enum"):
        return str(complaint.context.get("expected", ""))
    return _WANTED.get(complaint.kind)


def _of_type(wanted: str, value: Any) -> tuple[str, str]:
    what = f"should be {wanted}, and is {described(value)}"
    if "'" in wanted and isinstance(value, str):
        return what, did_you_mean(value, _tags(wanted.replace(" or ", ", ")), "use one of these")
    if "number" in wanted and isinstance(value, str) and value.strip("+-").isdigit():
        return what, "take the quotes away"
    mends = {
        "a date": "write a date that exists, as 2020-02-29",
        "true or false": "write true or false",
        "a list": "write [ ] around it",
        "a text": "put it in quotes" if isinstance(value, int | float) else "write a text",
        "keys with values": "write 'key: value'",
    }
    return what, mends.get(wanted, f"write {wanted}")


def _of_form(first: _Complaint, value: Any) -> tuple[str, str]:
    """Of the right type, and still not right: too small, too long, of the wrong form."""
    shown, context = described(value), first.context
    if first.kind in _BOUNDS:
        words, key = _BOUNDS[first.kind]
        bound = f"{words} {_plain(context.get(key))}"
        return f"should be {bound}, and is {shown}", f"write a number {bound}"
    if first.kind == "string_pattern_mismatch":
        shape = _SHAPES.get(str(context.get("pattern")), "another form")
        foreign = next((c for c in str(value) if not c.isascii()), None)
        holds = f"holds {character_name(foreign)}" if foreign else "has the wrong form"
        return f"{shown} {holds}", f"write {shape}"
    if first.kind == "string_too_long":
        return f"a text of {len(str(value)):,} characters", f"keep it to {context.get('max_length'):,}"
    if first.kind == "string_too_short":
        return "an empty text", "write it, or take the key out"
    if first.kind == "too_short":
        return f"{len(value)} items are too few", f"give {context.get('min_length')} or more"
    if first.kind == "too_long":
        count, most = len(value), context.get("max_length")
        return f"{most} items are wanted, and there are {count}", "take the others out"
    message = first.message[:1].lower() + first.message[1:]
    return f"{message}, and is {shown}", "correct it"


def _plain(number: Any) -> str:
    return f"{number:,.10g}" if isinstance(number, int | float) else str(number)


@cache
def _known_keys() -> tuple[str, ...]:
    """Every key that the model knows somewhere."""
    keys: set[str] = set(Estimate.__dataclass_fields__)
    waiting: list[type[BaseModel]] = [BaseModel]
    while waiting:
        for model in waiting.pop().__subclasses__():
            if model.__module__.startswith("equipoise.protocol"):
                keys |= {field.alias or name for name, field in model.model_fields.items()}
            waiting.append(model)
    return tuple(sorted(keys))
