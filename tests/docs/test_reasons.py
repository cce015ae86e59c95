"""Whoever tells a checker to look away says why, in the same place."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = [path for folder in ("src", "tests", "scripts") for path in sorted((ROOT / folder).rglob("*.py"))]

SWITCH = re.compile(
    r"#\s*(?:ruff:\s*noqa|flake8:|noqa|type:\s*ignore|mypy:|fmt:\s*(?:skip|off)|pragma:)", re.IGNORECASE
)
REASONED = (
    re.compile(r"# noqa: [A-Z]+[0-9]+(?:, [A-Z]+[0-9]+)* - \w.{4,}"),
    re.compile(r"# type: ignore\[[a-z-]+(?:, [a-z-]+)*\]  # \w.{4,}"),
    re.compile(r"# fmt: skip  # \w.{4,}"),
    # the formatter heeds only a comment that says nothing else, so why stands in the line above
    re.compile(r"# \w.{4,}\n# fmt: off"),
)


def silenced(text: str) -> Iterator[tuple[int, str]]:
    """Every comment that switches a checker off without a reason: its line and its text."""
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        switch = SWITCH.search(token.string) if token.type == tokenize.COMMENT else None
        if switch is None:
            continue
        line, comment = token.start[0], token.string[switch.start() :]
        if comment == "# fmt: off":
            comment = f"{lines[line - 2]}\n{comment}"
        if not any(form.fullmatch(comment) for form in REASONED):
            yield line, comment


def test_every_comment_that_switches_a_checker_off_says_why() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {comment}"
        for path in FILES
        for line, comment in silenced(path.read_text(encoding="utf-8"))
    ]
    assert found == []


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa",
        "# noqa: S608",
        "# noqa: S608 -",
        "# noqa - our own names",
        "# NOQA:S608",
        "# ruff: noqa: S608 - our own names",
        "# type: ignore",
        "# type: ignore[arg-type]",
        "# type: ignore  # a wrong type is what is tried",
        "# fmt: skip",
        "# fmt: off",
        "# pragma: no cover",
    ],
)
def test_a_switch_without_a_reason_is_found(comment: str) -> None:
    assert list(silenced(f"x = 1\n\ny = 2  {comment}\n" if comment != "# fmt: off" else f"x = 1\n\n{comment}\n"))


@pytest.mark.parametrize(
    "text",
    [
        "x = 1  # noqa: S608 - our own names",
        "x = 1  # noqa: S608, PLR0912 - our own names, a branch a kind",
        "x = 1  # type: ignore[arg-type]  # a wrong type is what is tried",
        "x = 1  # fmt: skip  # short words of one list",
        "# a case reads best as a paragraph\n# fmt: off",
        'x = "# noqa"',
    ],
)
def test_a_switch_with_its_reason_is_none_to_mend(text: str) -> None:
    assert list(silenced(f"{text}\n")) == []


def test_a_test_that_is_skipped_says_why() -> None:
    bare = re.compile(r"@pytest\.mark\.(?:skip|xfail)\s*$|pytest\.(?:skip|xfail)\(\)|mark\.skip\(\)")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in FILES
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if bare.search(line) or ("mark.skipif(" in line and "reason=" not in line)
    ]
    assert found == []
