"""The page on clauses names tests that exist, every clause once, and evidence for all that it says is met."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "compliance.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"^\|.*\|$", PAGE, re.MULTILINE)]
CLAUSES = [row for row in ROWS if re.match(r"(11\.|4\.)", row[0])]
NAMED = sorted({name for row in CLAUSES for name in re.findall(r"`(tests/[^`]+)`", row[4])})


@pytest.mark.parametrize("name", NAMED)
def test_every_test_that_the_page_names_exists(name: str) -> None:
    file, _, test = name.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    tests = {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    assert tests
    assert not test or test in tests


@pytest.mark.parametrize("row", CLAUSES, ids=lambda row: row[0])
def test_a_clause_has_evidence_if_and_only_if_it_is_met_at_least_in_part(row: list[str]) -> None:
    assert row[2] in ("met", "in part", "not met", "procedure")
    assert bool(re.findall(r"`tests/", row[4])) == (row[2] in ("met", "in part"))
    assert row[3] or row[2] == "procedure"


def test_every_clause_that_is_asked_for_stands_once() -> None:
    names = [row[0] for row in CLAUSES]
    assert len(names) == len(set(names))
    assert {f"11.10({letter})" for letter in "abcdefghijk"} <= set(names)
    for section in ("11.50(a)(1)", "11.50(a)(2)", "11.50(a)(3)", "11.50(b)", "11.70", "11.100(a)", "11.200(a)(1)"):
        assert section in names
    assert any(name.startswith("11.300") for name in names)
    assert {"4.2.2(a)(i)", "4.2.2(a)(ii)", "4.2.2(a)(iii)", *(f"4.2.2({letter})" for letter in "bcde")} <= set(names)
