"""Verifying: whatever is changed, the first entry that does not hold is named; and whether the end is proven."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sealed_by_hand import WHO, bodies_of, lines_of, resealed, sealed, small_journal, text_of

from equipoise.errors import LedgerError
from equipoise.ledger import GENESIS, Journal, Verification, verify_bytes, verify_file

LINES = lines_of(small_journal())
LEDGER = b"".join(LINES)
OPEN_LINES = lines_of(small_journal(closed=False))
OPEN_LEDGER = b"".join(OPEN_LINES)


def line_at(position: int) -> int:
    """The number of the line that a byte of the ledger stands in."""
    return LEDGER[:position].count(b"\n") + 1


def first_change(changed: bytes) -> int:
    """The number of the line in which a changed ledger first differs."""
    pairs = zip(changed, LEDGER, strict=False)
    same = next((i for i, (one, other) in enumerate(pairs) if one != other), min(len(changed), len(LEDGER)))
    return line_at(same)


def broken(result: Verification) -> tuple[int, int]:
    """Line and entry of the first problem."""
    assert result.problem is not None
    assert not result.ok
    assert result.entries == result.problem.seq - 1
    assert str(result).startswith(f"broken at entry {result.problem.seq} (line {result.problem.line}): ")
    return result.problem.line, result.problem.seq


# --- nothing is wrong


def test_a_closed_ledger_is_unbroken_and_its_end_is_proven() -> None:
    result = verify_bytes(LEDGER)
    assert (result.ok, result.entries, result.head, result.end) == (True, 5, small_journal().head, "closed")
    assert str(result) == f"5 entries: unbroken, closed by its last entry; head {small_journal().head}"


def test_a_ledger_with_neither_close_entry_nor_head_is_unbroken_and_its_end_not_proven() -> None:
    result = verify_bytes(OPEN_LEDGER)
    assert (result.ok, result.entries, result.end) == (True, 4, "not proven")
    assert "unbroken, end not proven" in str(result)


@pytest.mark.parametrize("write", [str, str.upper])
def test_the_head_proves_the_end_in_small_or_capital_digits(write: type[str]) -> None:
    result = verify_bytes(OPEN_LEDGER, head=write(small_journal(closed=False).head))
    assert (result.ok, result.end) == (True, "head")
    assert "its end is the head that was given" in str(result)


def test_the_head_of_a_closed_ledger_fits_too() -> None:
    assert verify_bytes(LEDGER, head=small_journal().head).ok


# --- something is wrong


@given(st.integers(0, len(LEDGER) - 1), st.integers(0, 255))
@example(0, 0x20)
@example(len(LEDGER) - 1, 0x20)
@example(len(LEDGER) - 2, 0x0A)
def test_one_byte_changed_anywhere_is_found_in_its_line(position: int, value: int) -> None:
    changed = LEDGER[:position] + bytes([value]) + LEDGER[position + 1 :]
    if changed == LEDGER:
        assert verify_bytes(changed).ok
    else:
        assert broken(verify_bytes(changed)) == (line_at(position), line_at(position))


@pytest.mark.parametrize("bit", range(8))
def test_one_bit_changed_anywhere_is_found_in_its_line(bit: int) -> None:
    for position, value in enumerate(LEDGER):
        changed = LEDGER[:position] + bytes([value ^ (1 << bit)]) + LEDGER[position + 1 :]
        assert broken(verify_bytes(changed)) == (line_at(position), line_at(position)), position


@pytest.mark.parametrize("space", [b" ", b"\t", b"\n", b"\r", b"\r\n", b"\xef\xbb\xbf", b"\xc2\xa0", b"\0"])
def test_white_space_added_anywhere_is_found_in_its_line(space: bytes) -> None:
    for position in range(len(LEDGER) + 1):
        changed = LEDGER[:position] + space + LEDGER[position:]
        assert broken(verify_bytes(changed)) == (first_change(changed), first_change(changed)), position


def test_one_byte_lost_anywhere_is_found_in_its_line() -> None:
    for position in range(len(LEDGER)):
        changed = LEDGER[:position] + LEDGER[position + 1 :]
        assert broken(verify_bytes(changed)) == (line_at(position), line_at(position)), position


@pytest.mark.parametrize("dropped", range(4))
def test_a_line_dropped_before_the_last_is_found_where_it_stood(dropped: int) -> None:
    changed = b"".join(LINES[:dropped] + LINES[dropped + 1 :])
    assert broken(verify_bytes(changed)) == (dropped + 1, dropped + 1)


def test_the_last_line_dropped_is_found_against_the_head() -> None:
    cut = b"".join(LINES[:-1])
    assert broken(verify_bytes(cut, head=small_journal().head)) == (5, 5)
    assert "entries are missing" in str(verify_bytes(cut, head=small_journal().head))


def test_a_close_entry_dropped_leaves_an_end_that_is_not_proven() -> None:
    assert verify_bytes(b"".join(LINES[:-1])).end == "not proven"


@pytest.mark.parametrize("dropped", range(4))
def test_entries_dropped_and_the_chain_made_anew_are_found_against_the_close_entry(dropped: int) -> None:
    bodies = bodies_of(small_journal())
    del bodies[dropped]
    result = verify_bytes(resealed(bodies))
    assert broken(result) == (4, 4)
    assert "it closes a ledger of 5 entries, and is number 4" in str(result)


@pytest.mark.parametrize("first", range(4))
@pytest.mark.parametrize("second", range(5))
def test_two_lines_swapped_are_found_at_the_first(first: int, second: int) -> None:
    if first >= second:
        return
    lines = list(LINES)
    lines[first], lines[second] = lines[second], lines[first]
    assert broken(verify_bytes(b"".join(lines))) == (first + 1, first + 1)


@pytest.mark.parametrize("doubled", range(5))
def test_a_line_doubled_is_found_at_its_copy(doubled: int) -> None:
    changed = b"".join(LINES[: doubled + 1] + LINES[doubled:])
    assert broken(verify_bytes(changed)) == (doubled + 2, doubled + 2)


def test_a_final_line_feed_removed_is_found() -> None:
    assert broken(verify_bytes(LEDGER[:-1])) == (5, 5)
    assert "does not end with a line feed" in str(verify_bytes(LEDGER[:-1]))


def test_a_final_line_feed_added_is_found() -> None:
    assert broken(verify_bytes(LEDGER + b"\n")) == (6, 6)


def test_line_ends_of_another_system_are_found() -> None:
    assert broken(verify_bytes(LEDGER.replace(b"\n", b"\r\n"))) == (1, 1)


def test_an_empty_file_holds_no_entry() -> None:
    assert broken(verify_bytes(b"")) == (1, 1)
    assert "there is no entry" in str(verify_bytes(b"", head=GENESIS))


def test_what_comes_after_the_close_entry_is_found() -> None:
    more = {**bodies_of(small_journal())[1], "kind": "screen"}
    result = verify_bytes(resealed([*bodies_of(small_journal()), more]))
    assert broken(result) == (6, 6)
    assert "after the entry that closed the trial" in str(result)


@pytest.mark.parametrize("earlier", [1, 2, 3])
def test_the_head_of_an_earlier_entry_says_how_many_follow_it(earlier: int) -> None:
    head = verify_bytes(b"".join(OPEN_LINES[:earlier])).head
    result = verify_bytes(OPEN_LEDGER, head=head)
    assert result.problem is not None
    assert result.problem.seq == earlier + 1
    assert f"is entry {earlier}, and {4 - earlier} more follow it" in str(result)


def test_the_head_of_another_ledger_does_not_fit() -> None:
    result = verify_bytes(LEDGER, head="ab" * 32)
    assert broken(result) == (6, 6)
    assert "the head is of another ledger" in str(result)


@pytest.mark.parametrize("head", ["", "xyz", "0" * 63, "0" * 65, "g" * 64, " " + "0" * 63, "ü" * 64])
def test_a_head_that_is_no_hash_is_an_error_of_the_user(head: str) -> None:
    with pytest.raises(LedgerError, match="is not a hash"):
        verify_bytes(LEDGER, head=head)


# --- somebody hashed anew


def test_an_entry_changed_and_hashed_anew_no_longer_leads_to_the_next() -> None:
    body = bodies_of(small_journal())[1]
    forged = sealed(text_of({**body, "actor": "eve"}))
    assert broken(verify_bytes(b"".join([LINES[0], forged, *LINES[2:]]))) == (3, 3)


def test_a_whole_chain_made_anew_is_found_only_by_the_head() -> None:
    bodies = bodies_of(small_journal())
    bodies[1]["actor"] = "eve"
    forged = resealed(bodies)
    assert verify_bytes(forged).ok
    assert not verify_bytes(forged, head=small_journal().head).ok


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (b'"age":54', b'"age": 54', "not canonical"),
        (b'{"age"', b'{ "age"', "not canonical"),
        (b'"data":{', b'"data":{\r', "not canonical"),
        (b'"data":{', b'"data":{\n', "not a line of a ledger"),
        (b'"age":54', b'"age":45,"age":54', "not canonical"),
        (b"\xc3\xbc", b"\\u00fc", "not canonical"),
        (b'"age":54', b'"age":54.0', "whole or written as text"),
        (b'"age":54', b'"age":9007199254740993', "beyond"),
        (b'"seq":3', b'"seq":3.0', "whole or written as text"),
        (b'"role":', b'"rule":', "an entry has the parts"),
        (b'"time":"2024-03-01T09:00:00Z"', b'"time":20240301', "its 'time'"),
    ],
)
def test_a_text_that_we_would_never_write_is_found_though_its_hash_fits(old: bytes, new: bytes, what: str) -> None:
    text = LINES[2][len(b'{"entry":') : -len(b',"hash":""}\n') - 64]
    assert text.count(old) == 1
    result = verify_bytes(LINES[0] + LINES[1] + sealed(text.replace(old, new)))
    assert broken(result) == (3, 3)
    assert what in str(result)


def test_a_text_in_another_encoding_is_found_though_its_hash_fits() -> None:
    text = text_of(bodies_of(small_journal())[0])
    for encoded in (text.decode().encode("utf-16"), b"{\0" + text[1:], b"\xef\xbb\xbf" + text):
        assert broken(verify_bytes(sealed(encoded)))[0] == 1


def test_a_first_entry_that_follows_from_something_is_found() -> None:
    body = bodies_of(small_journal())[0]
    assert broken(verify_bytes(sealed(text_of({**body, "prev": "ab" * 32})))) == (1, 1)
    assert broken(verify_bytes(sealed(text_of({**body, "seq": 2})))) == (1, 1)


@given(st.binary(max_size=400))
def test_any_bytes_are_verified_without_a_defect(data: bytes) -> None:
    result = verify_bytes(LINES[0] + data)
    assert result.ok == (data == b"")


@given(st.binary(max_size=60))
def test_any_text_is_verified_without_a_defect_though_its_hash_fits(text: bytes) -> None:
    assert broken(verify_bytes(LINES[0] + sealed(b"{" + text + b"}"))) == (2, 2)


# --- files


def test_the_bytes_of_an_entry_are_never_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(LEDGER)
    journal = Journal.read(path)
    assert journal.to_bytes() == LEDGER
    assert list(journal) == list(small_journal())
    assert journal.head == small_journal().head


def test_a_journal_that_was_read_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(OPEN_LEDGER)
    journal = Journal.read(path)
    journal.append(**WHO | {"kind": "close", "data": {"entries": 5}})
    assert journal.to_bytes() == LEDGER


def test_a_file_is_verified_as_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(LEDGER)
    assert verify_file(path) == verify_bytes(LEDGER)
    assert verify_file(path, head="ab" * 32) == verify_bytes(LEDGER, head="ab" * 32)


def test_a_broken_file_is_no_journal_and_the_error_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(b"".join(LINES[:2] + LINES[3:]))
    with pytest.raises(LedgerError, match=r"ledger\.jsonl:3: entry 4 stands where entry 3 belongs"):
        Journal.read(path)


def test_a_file_that_cannot_be_read_is_an_error_of_the_user(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere.jsonl", tmp_path / "a\0b"):
        for read in (verify_file, Journal.read):
            with pytest.raises(LedgerError):
                read(path)


def test_a_ledger_of_one_entry_that_closes_itself_is_a_ledger() -> None:
    journal = Journal()
    journal.append(**WHO | {"kind": "close", "data": {"entries": 1}})
    assert verify_bytes(journal.to_bytes()).end == "closed"


@pytest.mark.parametrize("data", [{}, {"entries": None}, {"entries": "5"}, {"entries": 4}, {"entries": 6}])
def test_a_close_entry_with_another_count_is_found(data: dict[str, object]) -> None:
    bodies = bodies_of(small_journal())
    bodies[4]["data"] = data
    assert broken(verify_bytes(resealed(bodies))) == (5, 5)
