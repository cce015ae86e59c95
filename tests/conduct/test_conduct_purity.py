"""Conduct is pure: no storage, no clock, no file, no chance of its own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from equipoise import conduct

MODULES = sorted(Path(str(conduct.__file__)).parent.glob("*.py"))
FORBIDDEN = frozenset(
    {"asyncio", "builtins", "django", "glob", "importlib", "io", "logging", "multiprocessing", "numpy", "os", "pathlib"}
    | {"random", "secrets", "shutil", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time"}
    | {"urllib", "uuid"}
)
CLOCKS = frozenset({"now", "utcnow", "today", "fromtimestamp", "time", "monotonic", "perf_counter"})
CALLS = frozenset({"open", "print", "input", "exec", "eval", "__import__", "compile"})


def test_there_are_modules_to_look_at() -> None:
    assert {path.stem for path in MODULES} >= {"decide", "evolve", "desk", "admission", "data", "course", "replay"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_imports_no_storage_no_clock_and_no_chance(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        assert not {name.partition(".")[0] for name in names} & FORBIDDEN, f"{path.name}:{node.lineno}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_reads_no_clock_and_no_file(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute):
            assert node.func.attr not in CLOCKS, f"{path.name}:{node.lineno}"
        elif isinstance(node.func, ast.Name):
            assert node.func.id not in CALLS, f"{path.name}:{node.lineno}"
