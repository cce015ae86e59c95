"""An entry: its canonical text, its hash, what cannot stand in it."""

from __future__ import annotations

import json
from dataclasses import asdict
from decimal import Decimal

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from sealed_by_hand import WHO, lines_of, sealed, small_journal

from equipoise.errors import LedgerError
from equipoise.ledger import GENESIS, Entry, Journal, entry_of_line, line_of
from equipoise.ledger.canonical import canonical_text, read_canonical

# Written by hand after RFC 8785: keys in order, no white space, only the escapes that JSON demands, UTF-8.
# The hash is that of `printf '%s' TEXT | openssl dgst -sha256`.
KNOWN_TEXT = (
    '{"actor":"dr-münch","command":"c-1","data":{"arm":"B","levels":{"site":"上海"},"n":9007199254740991,"p":"4/5",'
    '"yes":true},"kind":"allocate","participant":"P\\"1\\\\","prev":"' + "0" * 64 + '","reason":"line\\nfeed\\u0001",'
    '"role":"investigator","seq":1,"site":null,"time":"2024-02-29T09:00:00Z","version":"1"}'
)
KNOWN_HASH = "7a1066ff7ba5128b2b994add5883e3d68bc67cae2759a2691286cbe3937a31eb"


def known_entry() -> Entry:
    return Entry(
        seq=1,
        prev=GENESIS,
        time="2024-02-29T09:00:00Z",
        actor="dr-münch",
        role="investigator",
        site=None,
        participant='P"1\\',
        kind="allocate",
        command="c-1",
        version="1",
        reason="line\nfeed\x01",
        data={"yes": True, "p": "4/5", "levels": {"site": "上海"}, "arm": "B", "n": 2**53 - 1},
    )


def test_the_text_of_an_entry_is_its_canonical_json_and_the_hash_is_that_of_the_text() -> None:
    line, digest = line_of(known_entry())
    assert known_entry().canonical() == KNOWN_TEXT.encode()
    assert digest == KNOWN_HASH
    assert line == b'{"entry":' + KNOWN_TEXT.encode() + b',"hash":"' + KNOWN_HASH.encode() + b'"}'


def test_an_entry_is_read_back_from_its_line() -> None:
    assert entry_of_line(line_of(known_entry())[0]) == known_entry()


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (1.5, "binary float"),
        (1.0, "binary float"),
        (float("nan"), "binary float"),
        ([{"deep": (0.1,)}], "binary float"),
        (2**53, "2^53"),
        (-(2**53), "2^53"),
        ([10**400], "2^53"),
        (Decimal("1.5"), "cannot stand"),
        (b"bytes", "cannot stand"),
        ({1: "a key that is no text"}, "cannot stand"),
        ("half a pair \ud800", "cannot stand"),
    ],
)
def test_what_json_cannot_hold_exactly_is_refused_and_nothing_is_appended(value: object, what: str) -> None:
    journal = small_journal(closed=False)
    before = journal.to_bytes(), journal.head, len(journal)
    with pytest.raises(LedgerError, match=what.replace("^", r"\^")):
        journal.append(**WHO | {"kind": "form", "data": {"value": value}})
    assert (journal.to_bytes(), journal.head, len(journal)) == before


def test_the_largest_safe_integers_stand_in_an_entry() -> None:
    entry = Journal().append(**WHO | {"kind": "form", "data": {"most": 2**53 - 1, "least": -(2**53) + 1}})
    assert b'"least":-9007199254740991,"most":9007199254740991' in entry.canonical()


def test_whoever_changes_the_data_an_entry_was_made_from_changes_nothing() -> None:
    journal, values = Journal(), {"age": 54}
    entry = journal.append(**WHO | {"kind": "form", "data": {"values": values}})
    before = journal.to_bytes()
    values["age"] = 45
    assert entry.data == {"values": {"age": 54}}
    assert journal.to_bytes() == before


def test_an_entry_in_memory_is_what_its_line_says() -> None:
    journal = Journal()
    entry = journal.append(**WHO | {"kind": "form", "data": {"z": (1, 2), "a": {"y": 1, "x": 2}}})
    assert entry == entry_of_line(lines_of(journal)[0].rstrip())
    assert list(entry.data) == ["a", "z"]
    assert entry.data["z"] == [1, 2]


# --- reading a text that has to be canonical


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (b'{"a": 1}', "not canonical"),
        (b'{"a":1} ', "not canonical"),
        (b'{"b":1,"a":2}', "not canonical"),
        (b'{"a":1,"a":2}', "not canonical"),
        (b'{"a":2,"a":2}', "not canonical"),
        (b'{"a":-0}', "not canonical"),
        (b'{"a":"\\u0041"}', "not canonical"),
        (b'{"a":"\\/"}', "not canonical"),
        (b'{"a":"\\u000A"}', "not canonical"),
        (b'{"a":"\\u00e9"}', "not canonical"),
        (b'{"a":1.0}', "the number 1.0"),
        (b'{"a":1e2}', "the number 1e2"),
        (b'{"a":NaN}', "the number NaN"),
        (b'{"a":-Infinity}', "the number -Infinity"),
        (b'{"a":9007199254740992}', "beyond"),
        (b'{"a":' + b"9" * 10_000 + b"}", "beyond"),
        (b'{"a":01}', "not JSON"),
        (b'{"a":"\xe9"}', "not JSON"),
        (b'{"a":"\xed\xa0\x80"}', "not JSON"),
        (b'{"a":"\t"}', "not JSON"),
        (b"[" * 100_000, "nested"),
        ('{"\U00010000":1,"\ufb33":2}'.encode(), None),
        ('{"\ufb33":2,"\U00010000":1}'.encode(), "not canonical"),
    ],
)
def test_only_canonical_text_is_read(text: bytes, what: str | None) -> None:
    # the last two: RFC 8785 section 3.2.3 orders keys by UTF-16, in which U+10000 comes before U+FB33
    if what is None:
        assert canonical_text(read_canonical(text)) == text
    else:
        with pytest.raises(ValueError, match=what):
            read_canonical(text)


texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_canonical_text_is_read_back_as_what_it_was(value: object) -> None:
    text = canonical_text(value)
    assert text == rfc8785.dumps(value)
    assert read_canonical(text) == value


@given(values)
def test_the_quick_comparison_and_rfc8785_agree_on_what_is_canonical(value: object) -> None:
    # the same value as the standard library would write it, with and without its own white space
    for text in (json.dumps(value), json.dumps(value, separators=(",", ":"), ensure_ascii=False)):
        if text.encode() == rfc8785.dumps(value):
            assert read_canonical(text.encode()) == value
        else:
            with pytest.raises(ValueError, match="not canonical"):
                read_canonical(text.encode())


# --- lines that hold no entry


def bodies() -> dict[str, object]:
    return asdict(known_entry())


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("seq", True),
        ("seq", "1"),
        ("time", None),
        ("data", []),
        ("data", None),
        ("participant", 7),
        ("reason", ["why"]),
    ],
)
def test_a_line_with_a_part_of_the_wrong_kind_is_no_entry(part: str, value: object) -> None:
    with pytest.raises(LedgerError, match=f"'{part}'"):
        entry_of_line(sealed(rfc8785.dumps({**bodies(), part: value}))[:-1])


def test_a_line_that_lacks_a_part_or_has_one_more_is_no_entry() -> None:
    less = {name: value for name, value in bodies().items() if name != "role"}
    for body in (less, {**bodies(), "more": 1}, {}):
        with pytest.raises(LedgerError, match="an entry has the parts"):
            entry_of_line(sealed(rfc8785.dumps(body))[:-1])


@pytest.mark.parametrize("line", [b"", b"{}", b'{"entry":{},"hash":"0"}', b'{"entry":[],"hash":"' + b"0" * 64 + b'"}'])
def test_a_line_of_another_form_is_none_of_a_ledger(line: bytes) -> None:
    with pytest.raises(LedgerError, match="not a line of a ledger"):
        entry_of_line(line)
