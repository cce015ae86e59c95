"""Read YAML into plain values with line numbers, refusing what could do harm before anything is built.

A protocol file needs mappings, lists and scalars and nothing else: anchors, aliases, tags, directives, several
documents, keys that stand twice, control characters, files over 1 MB, over 20,000 lines, lines over 200,000 characters,
over 10,000 values and nesting over 50 are refused. Plain scalars follow YAML 1.2's core schema, so `no` is a text and
dates stay texts until the model asks for a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from equipoise.errors import ProtocolError
from equipoise.protocol.wording import clipped, printable

MAX_BYTES = 1_000_000
MAX_DEPTH = 50
MAX_VALUES = 10_000
"""Values of a file; the shipped ones have about a thousand."""
MAX_LINES = 20_000
MAX_LINE = 200_000
"""Characters of a line: the scanner takes quadratic time over some long tokens."""
MAX_KEY = 200

Lines = dict[tuple[str | int, ...], int]

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,40}|[0-9]{1,40}(\.[0-9]{0,40})?)([eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, bool | None] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
# control characters (tab and line feed aside), line breaks that editors do not count, halves of surrogate pairs
_HARMFUL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_SMALL = "a protocol is a small text file"


def read_file(path: Path) -> str:
    """The text of a protocol file.

    Raises:
        ProtocolError: not there, not readable, over 1 MB, not UTF-8.
    """
    name = printable(path)
    try:
        if path.is_dir():
            raise ProtocolError("this is a folder", file=name, mend="name the protocol file in it")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "not a file name").lower()
        raise ProtocolError(f"cannot read it: {reason}", file=name, mend="check the name and its permissions") from None
    if len(data) > MAX_BYTES:
        raise ProtocolError(f"larger than {MAX_BYTES:,} bytes", file=name, line=1, mend=_SMALL)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ProtocolError("not UTF-8 text", file=name, line=line, mend="save it as UTF-8") from None


def read_tree(text: str, file: str) -> tuple[dict[str, Any], Lines]:
    """The values of a YAML text, and the line of every key and item by its path.

    Raises:
        ProtocolError: broken YAML, or something that a protocol file does not need.
    """
    if len(text) > MAX_BYTES:
        raise ProtocolError(f"larger than {MAX_BYTES:,} characters", file=file, line=1, mend=_SMALL)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    _check_characters(text, file)
    builder = _Builder(file)
    try:
        return builder.document(YAML(typ="safe", pure=True).parse(text)), builder.lines
    except MarkedYAMLError as error:
        raise _broken(error, file) from None
    except (YAMLError, ValueError, IndexError, AttributeError, AssertionError, OverflowError, TypeError):
        # the scanner itself stumbles over some mangled texts, escapes and directives among them
        raise ProtocolError(
            "broken YAML after this line",
            file=file,
            line=builder.line,
            mend="check quotes, escapes and % lines",
        ) from None


def _check_characters(text: str, file: str) -> None:
    """Refuse control characters, and lines that are too long to be written by anybody."""
    if found := _HARMFUL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise ProtocolError(_harmful(found.group()), file=file, line=line, mend="take it out")
    lines = text.split("\n")
    if len(lines) > MAX_LINES:
        raise ProtocolError(f"more than {MAX_LINES:,} lines", file=file, line=MAX_LINES, mend=_SMALL)
    for number, written in enumerate(lines, start=1):
        if len(written) > MAX_LINE:
            what = f"a line of {len(written):,} characters"
            raise ProtocolError(what, file=file, line=number, mend=f"keep lines under {MAX_LINE:,}")


def _harmful(character: str) -> str:
    return f"the character U+{ord(character):04X}, which a text file does not hold"


_PROBLEMS = (
    (
        "mapping values are not allowed",
        "a ':' where no key can stand",
        "check the line above, or quote a text that holds ': '",
    ),
    ("could not find expected ':'", "a key without its ':'", "write 'key: value'"),
    ("unexpected end of stream", "a quote that is never closed", "close it"),
    ("cannot start any token", "a text that starts with a reserved character, or a tab", "quote it; use spaces"),
    ("or ']', but got", "a '[' that is never closed, or a ',' missing after it", "close it with ']'"),
    ("or '}', but got", "a '{' that is never closed, or a ',' missing after it", "close it with '}'"),
    ("expected <block end>", "the indentation, or a bracket or quote, does not fit", "check them here and above"),
    ("expected the node content", "a value is missing", "write it, or quote it"),
    ("unknown escape character", "a backslash in double quotes that is no escape", "use single quotes"),
    ("expected escape sequence", "an escape in double quotes that breaks off", "use single quotes"),
    ("indentation", "the indentation does not fit", "indent with spaces, alike in one list or mapping"),
)


def _broken(error: MarkedYAMLError, file: str) -> ProtocolError:
    """A scanner's or parser's complaint in our words, at the line where the mistake was opened."""
    problem = str(error.problem or error.context or "")
    opened = "flow" in str(error.context) or "quoted" in str(error.context)
    mark = (error.context_mark if opened else None) or error.problem_mark or error.context_mark
    what, mend = next(
        ((what, mend) for words, what, mend in _PROBLEMS if words in problem),
        (clipped(problem, 80), "check indentation, colons, quotes and brackets"),
    )
    line = None if mark is None else mark.line + 1
    return ProtocolError(f"broken YAML: {what}", file=file, line=line, mend=mend)


class _Builder:
    """Builds values from events; the events come one by one, so a refusal comes before the rest is read."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: Lines = {}
        self.line = 1

    def document(self, events: Iterator[Event]) -> dict[str, Any]:
        """The one document of the stream."""
        found: Any = None
        count = 0
        for event in events:
            self._note(event)
            if isinstance(event, DocumentStartEvent):
                if count:
                    raise self._error("a second document starts here", "a protocol file holds one document")
                if event.version is not None or event.tags:
                    raise self._error("a directive (% line)", "take it out")
            elif isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent | AliasEvent):
                count += 1
                found = self._value(event, events, (), 0)
        if not isinstance(found, dict):
            what = "a list" if isinstance(found, list) else "a text" if found is not None else "an empty file"
            raise ProtocolError(f"{what}, and not a protocol", file=self.file, line=1, mend="start with 'id: ...'")
        return found

    def _note(self, event: Event) -> None:
        if event.start_mark is not None:
            self.line = event.start_mark.line + 1

    def _error(self, message: str, mend: str) -> ProtocolError:
        return ProtocolError(message, file=self.file, line=self.line, mend=mend)

    def _value(self, event: Event, events: Iterator[Event], path: tuple[str | int, ...], depth: int) -> Any:
        self._note(event)
        self.lines.setdefault(path, self.line)
        self._refuse_extras(event)
        if depth > MAX_DEPTH:
            raise self._error(f"nested deeper than {MAX_DEPTH}", "flatten it")
        if len(self.lines) > MAX_VALUES:
            raise self._error(f"more than {MAX_VALUES:,} values", _SMALL)
        if isinstance(event, MappingStartEvent):
            return self._mapping(events, path, depth)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(events, path, depth)
        assert isinstance(event, ScalarEvent)
        return _scalar(self._text(event), quoted=event.style is not None)

    def _refuse_extras(self, event: Event) -> None:
        """Refuse what YAML has and a protocol file does not need."""
        if isinstance(event, AliasEvent):
            raise self._error("an alias (*name)", "write the value out")
        if getattr(event, "anchor", None) is not None:
            raise self._error("an anchor (&name)", "write the value out where it is needed")
        if getattr(event, "tag", None) is not None:
            raise self._error("a tag (!name)", "take it out, or quote the text")

    def _text(self, event: ScalarEvent) -> str:
        """The text of a scalar, without control characters that an escape in double quotes brought in."""
        text = str(event.value)
        if _HARMFUL.search(text) is None:
            return text
        with suppress(UnicodeDecodeError):  # JSON writes a character beyond the first 65,536 as two escapes
            text = text.encode("utf-16", "surrogatepass").decode("utf-16")
        if found := _HARMFUL.search(text):
            raise self._error(_harmful(found.group()), "take the escape out")
        return text

    def _key(self, event: Event, made: dict[str, Any]) -> str:
        """The text of a key, refused if it is anything but a short plain one that is new."""
        self._note(event)
        if not isinstance(event, ScalarEvent) or event.anchor is not None or event.tag is not None:
            raise self._error("a key that is not a plain name", "write 'name: value'")
        key = self._text(event)
        if key == "<<" and event.style is None:
            raise self._error("a merge key (<<)", "write the keys out")
        if not key or "\n" in key or "\t" in key:
            raise self._error("a key that is not a plain name", "write 'name: value'")
        if len(key) > MAX_KEY:
            raise self._error(f"a key of {len(key):,} characters", f"keep keys under {MAX_KEY}")
        if key in made:
            raise self._error(f"the key '{clipped(key)}' stands twice", "keep one of them")
        return key

    def _mapping(self, events: Iterator[Event], path: tuple[str | int, ...], depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for event in events:
            if isinstance(event, MappingEndEvent):
                break
            key = self._key(event, made)
            self.lines[(*path, key)] = self.line
            made[key] = self._value(next(events), events, (*path, key), depth + 1)
        return made

    def _sequence(self, events: Iterator[Event], path: tuple[str | int, ...], depth: int) -> list[Any]:
        made: list[Any] = []
        for event in events:
            if isinstance(event, SequenceEndEvent):
                break
            made.append(self._value(event, events, (*path, len(made)), depth + 1))
        return made


def _scalar(text: str, *, quoted: bool) -> str | int | float | bool | None:
    """A scalar by YAML 1.2's core schema; quoted ones are texts."""
    if quoted:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
