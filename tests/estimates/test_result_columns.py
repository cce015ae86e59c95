"""What the columns of results are called: names that a data frame is asked by."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import equipoise

PACKAGE = Path(equipoise.__file__).parent


def methods() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Every method that says the columns of a result, and where it stands."""
    for path in sorted(set(PACKAGE.rglob("*.py")) - set(PACKAGE.glob("figures/*.py"))):  # those are of pictures
        for kind in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for node in kind.body if isinstance(kind, ast.ClassDef) else ():
                if isinstance(node, ast.FunctionDef) and node.name == "_columns":
                    yield path.relative_to(PACKAGE).as_posix(), node


def names(method: ast.FunctionDef) -> Iterator[str]:
    """The names of columns in a method: keys of its mappings, what it assigns to, and the fixed parts of f-strings."""
    for node in ast.walk(method):
        keys: list[ast.expr | None] = []
        if isinstance(node, ast.Dict):
            keys = list(node.keys)
        elif isinstance(node, ast.Subscript):
            keys = [node.slice]
        elif isinstance(node, ast.JoinedStr):
            keys = list(node.values)
        yield from (key.value for key in keys if isinstance(key, ast.Constant) and isinstance(key.value, str))


LABELS = {"more participants", "longer follow-up", "ratio of time lost"}
"""Keys of mappings whose keys become a column's values."""


def test_no_column_of_a_result_has_a_blank_in_its_name() -> None:
    found = {(where, name) for where, method in methods() for name in names(method)}
    assert len(found) > 100
    assert [(where, name) for where, name in sorted(found) if " " in name and name not in LABELS] == []
