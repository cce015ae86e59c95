"""Canonical texts are read quickly where that is safe, and the quick way admits nothing that RFC 8785 does not."""

from __future__ import annotations

import json
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from equipoise.errors import LedgerError
from equipoise.ledger.canonical import _is_simple, _quickly, canonical_text, read_canonical

SAFE = st.integers(-(2**53) + 1, 2**53 - 1)
JSON = st.recursive(
    st.none() | st.booleans() | SAFE | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), JSON, max_size=5))
@example({"\ue000": 1, "\U0001f600": 2})  # by UTF-16 the second comes first, by code point the first
def test_what_rfc8785_writes_is_read(value: dict[str, Any]) -> None:
    text = rfc8785.dumps(value)
    assert read_canonical(text) == value
    if all(ord(character) < 0x10000 for character in text.decode()):
        assert _quickly(text) == value


def test_every_character_is_read_in_the_spelling_of_rfc8785_and_no_other() -> None:
    for code in (*range(0xD800), *range(0xE000, 0x10000)):
        text = rfc8785.dumps({"a": chr(code)})
        assert _quickly(text) == {"a": chr(code)}
        escaped = b'{"a":"\\u%04x"}' % code
        assert (_quickly(escaped) is None) == (escaped != text)


@given(st.dictionaries(st.text(), JSON, max_size=4), st.randoms(), st.booleans())
def test_what_is_read_quickly_is_what_rfc8785_writes(value: dict[str, Any], chance: Any, ascii_only: bool) -> None:
    names = list(value)
    chance.shuffle(names)
    text = json.dumps({name: value[name] for name in names}, ensure_ascii=ascii_only, separators=(",", ":"))
    encoded = text.encode(errors="replace")
    assert _quickly(encoded) is None or encoded == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":1.0}', b'{"a":1e2}', b'{"a":-0}', b'{"a":01}', b'{"a":NaN}', b'{"a":Infinity}', b'{"a":[1.5]}',
        b'{"a":9007199254740992}', b'{"a":-9007199254740992}', b'{"a":{"b":9007199254740992}}', b'{"b":1,"a":2}',
        b'{"a":{"c":1,"b":2}}', b'{"a":[{"c":1,"b":2}]}', b'{"a":1,"a":1}', b'{"a":1} ', b' {"a":1}', b'{"a":1}\n',
        b'{"a":"\\/"}', b'{"a":"\\u0041"}', b'{"a":"\\ud800"}', b'{"a":"\xff"}', b"\xef\xbb\xbf{}", b"", b"{",
        b'{"a":"\\u000A"}', b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}",
    ],
)  # fmt: skip  # short items of one kind share a line
def test_a_text_that_is_not_canonical_is_read_in_no_way(text: bytes) -> None:
    assert _quickly(text) is None
    with pytest.raises(ValueError, match=r"its text|it holds|"):
        read_canonical(text)


@given(JSON | st.dictionaries(st.sampled_from("abcdefgh"), JSON) | st.lists(JSON).map(tuple))
@example({"\ue000": 1, "\U0001f600": 2})
@example({"a": {"\ue000": 1, "\U0001f600": 2}})
@example({"a": ({"b": (1, [None, True, -0])},)})
def test_what_is_written_is_what_rfc8785_writes(value: Any) -> None:
    assert canonical_text(value) == rfc8785.dumps(value)


def test_every_character_is_written_as_rfc8785_writes_it() -> None:
    for code in (*range(0xD800), *range(0xE000, 0x10000), 0x10000, 0x10FFFF):
        value = {"a": chr(code), "b": [f"x{chr(code)}y"]}
        assert _is_simple(value)
        assert canonical_text(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1.0}, {"a": [float("nan")]}, {"a": 2**53}, {"a": -(2**53)}, {"a": [{"b": 2**60}]}, {"a": "\ud800"},
        {"\udc00": 1}, {1: 1}, {"a": {None: 1}}, {"a": {1, 2}}, {"a": b"x"}, {"a": object()},
    ],
)  # fmt: skip  # short items of one kind share a line
def test_what_a_ledger_does_not_admit_is_not_written(value: Any) -> None:
    with pytest.raises(LedgerError):
        canonical_text(value)


def test_what_is_nested_beyond_measure_or_holds_itself_is_an_error_and_no_crash() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    within: dict[str, Any] = {}
    within["a"] = within
    for value in (deep, within):
        with pytest.raises(LedgerError):
            canonical_text(value)
