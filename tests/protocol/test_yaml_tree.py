"""Reading YAML: what a protocol file needs and nothing else, refused before anything is built from it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from equipoise.errors import ProtocolError
from equipoise.protocol import loads
from equipoise.protocol.yaml_tree import MAX_BYTES, MAX_VALUES, read_file, read_tree

# a protocol of the tests' own, so that the shipped ones can change
TEXT = (Path(__file__).parents[1] / "data" / "protocol" / "exemplar.yaml").read_text(encoding="utf-8")


def values(text: str) -> Any:
    return read_tree(text, "x.yaml")[0]


def refused(text: str) -> ProtocolError:
    with pytest.raises(ProtocolError) as found:
        read_tree(text, "x.yaml")
    assert str(found.value).isprintable()
    return found.value


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("no", "no"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("12", 12),
        ("-3", -3),
        ("0.5", 0.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2020-02-29", "2020-02-29"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1" * 60, "1" * 60),
        ("1e99999999", "1e99999999"),
        ("'12'", "12"),
        ('"true"', "true"),
        ('"\\u00e9"', "é"),
        ('"\\ud83c\\udde8"', "\U0001f1e8"),
        ("[a, b]", ["a", "b"]),
        ("{b: 1}", {"b": 1}),
        ("|\n  one\n  two\n", "one\ntwo\n"),
        (">-\n  one\n  two", "one two"),
        ("one # comment", "one"),
    ],
)
def test_a_scalar_is_read_by_the_core_schema_of_yaml_1_2(written: str, read: object) -> None:
    """YAML 1.2.2, section 10.3.2; octal, hexadecimal, .inf and .nan are texts here, since no protocol needs them."""
    found = values(f"a: {written}")["a"]
    assert found == read
    assert type(found) is type(read)


def test_every_key_and_item_has_its_line() -> None:
    text = "# head\na: 1\nb:\n  - x\n  - {c: 1,\n     d: 2}\n\n'e': |\n  one\n  two\nf: 3\n"
    lines = read_tree(text, "x.yaml")[1]
    assert lines[("a",)] == 2
    assert lines[("b",)] == 3
    assert lines[("b", 0)] == 4
    assert lines[("b", 1, "c")] == 5
    assert lines[("b", 1, "d")] == 6
    assert lines[("e",)] == 8
    assert lines[("f",)] == 11


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_whatever_ends_them(end: str) -> None:
    assert read_tree(end.join(["a: 1", "", "b: 2"]), "x.yaml")[1][("b",)] == 3


class Case(NamedTuple):
    name: str
    old: str
    new: str
    what: str
    mend: str
    line: int


def wrong(name: str, old: str, new: str, what: str, mend: str, *, line: int = 0) -> Any:
    return pytest.param(Case(name, old, new, what, mend, line), id=name.replace(" ", "-"))


# a case reads best as a paragraph
# fmt: off
WRONG = [
    wrong("broken indentation", "  status: Published\n", " status: Published\n",
          "broken YAML: a ':' where no key can stand", "check the line above, or quote a text that holds ': '",
          line=+1),
    wrong("a key without colon", "  status: Published\n", "  status Published\n",
          "broken YAML: a ':' where no key can stand", "check the line above, or quote a text that holds ': '",
          line=+1),
    wrong("two colons in a line", "  status: Published\n", "  status: it is: published\n",
          "broken YAML: a ':' where no key can stand", "check the line above, or quote a text that holds ': '"),
    wrong("an open quote", "  status: Published\n", "  status: \"Published\n",
          "broken YAML: the indentation, or a bracket or quote, does not fit", "check them here and above", line=+2),
    wrong("an open bracket", "registrations: [UMIN000005586, jRCTs031180151]",
          "registrations: [UMIN000005586, jRCTs031180151",
          "broken YAML: a '[' that is never closed, or a ',' missing after it", "close it with ']'"),
    wrong("a tab", "  status: Published\n", '\tstatus: Published\n',
          "broken YAML: a text that starts with a reserved character, or a tab", "quote it; use spaces"),
    wrong("a key twice", "  status: Published\n", "  status: Published\n  status: Recruiting\n",
          "the key 'status' stands twice", "keep one of them", line=1),
    wrong("an anchor", "  status: Published\n", "  status: &s Published\n", "an anchor (&name)",
          "write the value out where it is needed"),
    wrong("an alias", "  status: Published\n", "  status: *s\n", "an alias (*name)", "write the value out"),
    wrong("a tag", "  status: Published\n", "  status: !!python/object:os.system Published\n", "a tag (!name)",
          "take it out, or quote the text"),
    wrong("a merge key", "  status: Published\n", "  <<: {status: Published}\n", "a merge key (<<)",
          "write the keys out"),
    wrong("a key that is a mapping", "  status: Published\n", "  ? {a: b}\n  : Published\n",
          "a key that is not a plain name", "write 'name: value'"),
    wrong("an empty key", "  status: Published\n", "  : Published\n", "a key that is not a plain name",
          "write 'name: value'"),
    wrong("a NUL", "  status: Published\n", '  status: Pub\x00lished\n',
          "the character U+0000, which a text file does not hold", "take it out"),
    wrong("an escape code", "  status: Published\n", '  status: \x1b[31mPublished\n',
          "the character U+001B, which a text file does not hold", "take it out"),
    wrong("an escaped escape code", "  status: Published\n", '  status: "\\e[31mPublished"\n',
          "the character U+001B, which a text file does not hold", "take the escape out"),
    wrong("half a surrogate pair", "  status: Published\n", '  status: "\\ud800"\n',
          "the character U+D800, which a text file does not hold", "take the escape out"),
    wrong("an unknown escape", "  status: Published\n", '  status: "\\q"\n',
          "broken YAML: a backslash in double quotes that is no escape", "use single quotes"),
    wrong("a line separator", "  status: Published\n", '  status: Pub\u2028lished\n',
          "the character U+2028, which a text file does not hold", "take it out"),
    wrong("deep flow", "  status: Published\n", "  status: " + "[" * 60 + "]" * 60 + "\n", "nested deeper than 50",
          "flatten it"),
    wrong("a second document", "registry:\n", "---\nregistry:\n", "a second document starts here",
          "a protocol file holds one document"),
    wrong("a directive", "id: jcog1017\n", "%YAML 1.1\n---\nid: jcog1017\n", "a directive (% line)", "take it out",
          line=+1),]
# fmt: on


@pytest.mark.parametrize("case", WRONG)
def test_what_a_protocol_file_does_not_need_is_refused_at_its_line(case: Case) -> None:
    assert case.old in TEXT, "the shipped trial was changed: choose another passage"
    first = TEXT[: TEXT.index(case.old)].count("\n") + 1 + case.line
    with pytest.raises(ProtocolError) as found:
        loads(TEXT.replace(case.old, case.new, 1), file="trial.yaml")
    assert str(found.value) == f"trial.yaml:{first}: {case.what}; {case.mend}"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "an empty file, and not a protocol"),
        ("# only a comment\n", "an empty file, and not a protocol"),
        ("---\n...\n", "an empty file, and not a protocol"),
        ("- a\n- b\n", "a list, and not a protocol"),
        ("just words", "a text, and not a protocol"),
        ("[]", "a list, and not a protocol"),
    ],
)
def test_a_file_without_keys_is_no_protocol(text: str, what: str) -> None:
    error = refused(text)
    assert (error.message, error.line, error.mend) == (what, 1, "start with 'id: ...'")


def test_a_bomb_of_aliases_is_refused_at_its_first_anchor() -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{n}: &{n} [*{p}, *{p}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True))
    error = refused(bomb)
    assert (error.message, error.line) == ("an anchor (&name)", 1)


HOSTILE = {
    "5,000 open brackets": "a: " + "[" * 5000,
    "5,000 open braces": "a: " + "{a: " * 5000,
    "100,000 keys": "".join(f"k{i}: 1\n" for i in range(100_000)),
    "200,000 items": "a: [" + "1, " * 199_999 + "1]",
    "200,000 items on lines": "a:\n" + "- 1\n" * 200_000,
    "empty lists on one line": "a: [" + "[]," * 330_000 + "]",
    "empty lists on many lines": "a: [\n" + ("[]," * 100 + "\n") * 3_000 + "]",
    "nested lists": "a: [\n" + ("[" * 45 + "]" * 45 + ",\n") * 10_000 + "]",
    "exclamation marks": "a: " + "!" * 900_000,
    "lines of exclamation marks": ("a: " + "!" * 190_000 + "\n") * 5,
    "directives": "%a\n" * 300_000,
    "blank lines": "a: 1\n" + "\n" * 900_000,
    "stairs": "".join(" " * i + "a:\n" for i in range(1300)),
    "documents": "---\n" * 200_000,
    "one long key": "? " + "k" * 900_000 + "\n: 1\n",
    "quotes": '"' * 900_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_is_refused_before_it_costs_much(name: str) -> None:
    """Refused by a bound on bytes, lines, values or depth, not by a clock: the bound is in the message."""
    error = refused(HOSTILE[name])
    bounds = (
        "nested deeper than 50",
        "10,000 values",
        "more than 20,000 lines",
        "a line of",
        "characters",
        "second document",
    )
    assert any(bound in error.message for bound in (*bounds, "directive", "a key of", "a tag", "broken YAML")), (
        error.message
    )


def test_as_many_values_as_a_protocol_may_have_are_read() -> None:
    assert len(values("a: [" + "1, " * (MAX_VALUES - 4) + "1]")["a"]) == MAX_VALUES - 3
    assert "more than 10,000 values" in str(refused("a: [" + "1, " * MAX_VALUES + "1]"))


def test_depth_50_is_read_and_depth_51_is_not() -> None:
    assert values("a: " + "[" * 49 + "]" * 49)
    assert refused("a: " + "[" * 51 + "]" * 51).message == "nested deeper than 50"


def test_a_file_over_a_megabyte_is_refused_without_being_read(tmp_path: Path) -> None:
    """50 MB, of which no more than the bound is read."""
    path = tmp_path / "large.yaml"
    with path.open("wb") as stream:
        stream.truncate(50_000_000)
    with pytest.raises(ProtocolError, match="larger than 1,000,000 bytes; a protocol is a small text file"):
        read_file(path)


def test_a_text_over_a_megabyte_is_refused() -> None:
    assert "larger than" in refused("a" * (MAX_BYTES + 1)).message


def test_a_file_that_is_not_utf_8_is_refused_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("id: x\ntitle: Caf\xe9\n".encode("latin-1"))
    with pytest.raises(ProtocolError, match=r"latin\.yaml:2: not UTF-8 text; save it as UTF-8"):
        read_file(path)


def test_a_file_in_utf_16_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wide.yaml"
    path.write_bytes(TEXT.encode("utf-16"))
    with pytest.raises(ProtocolError, match=r"wide\.yaml:1: not UTF-8 text"):
        read_file(path)


@pytest.mark.skipif(os.name != "posix", reason="the words of POSIX")
def test_a_file_that_cannot_be_read_is_said_to_be_so(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("x")
    with pytest.raises(ProtocolError, match=r"cannot read it: not a directory; check the name and its permissions"):
        read_file(path / "below")


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "bom.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert values(read_file(path)) == {"a": 1}
    assert values("\ufeffa: 1") == {"a": 1}


def test_reading_a_protocol_leaves_the_heavy_libraries_alone() -> None:
    code = (
        "import sys, equipoise.protocol.yaml_tree\n"
        "print(sorted({'numba', 'scipy', 'polars', 'duckdb', 'django', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
