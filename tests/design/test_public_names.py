"""What `equipoise.design` offers: one list of names wherever it stands, one object a name however it is got."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

from equipoise import design

SUBMODULES = sorted(found.name for found in pkgutil.walk_packages(design.__path__, "equipoise.design."))

AFTER_STAR = """
import inspect
from importlib import import_module
from equipoise.design import *
from equipoise import design
first = {name: globals()[name] for name in design.__all__}
for module in SUBMODULES:
    import_module(module)
for name, value in first.items():
    assert getattr(design, name) is value, name
    assert inspect.isfunction(value) or inspect.isclass(value), name
"""
SUBMODULES_FIRST = """
import inspect
from importlib import import_module
for module in SUBMODULES:
    import_module(module)
from equipoise import design
for name in design.__all__:
    value = getattr(design, name)
    assert inspect.isfunction(value) or inspect.isclass(value), name
    assert value is getattr(import_module(value.__module__), name), name
"""


@pytest.mark.parametrize("program", [AFTER_STAR, SUBMODULES_FIRST], ids=["names first", "submodules first"])
def test_names_are_functions_and_classes_whatever_is_imported_before_or_after(program: str) -> None:
    # in a fresh interpreter, since importing a submodule sets an attribute of its package for good
    code = f"SUBMODULES = {SUBMODULES}\n{program}"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_no_public_name_is_that_of_a_submodule_which_would_hide_it() -> None:
    assert not {name.removeprefix("equipoise.design.") for name in SUBMODULES} & set(design.__all__)


def test_dir_lists_every_public_name_in_order_and_each_once() -> None:
    assert dir(design) == sorted(design.__all__)
    assert len(set(design.__all__)) == len(design.__all__)


@pytest.mark.parametrize("name", design.__all__)
def test_a_public_name_says_what_it_is(name: str) -> None:
    found = getattr(design, name)
    assert found.__name__ == name
    told = inspect.getdoc(found)
    assert told
    assert not told.startswith(f"{name}(")  # the signature that a dataclass without a docstring is given


def test_type_checkers_see_the_names_that_are_offered_where_they_are_defined() -> None:
    tree = ast.parse(Path(design.__file__).read_text(encoding="utf-8"))
    checked = [node for node in tree.body if isinstance(node, ast.If)]
    imports = [node for block in checked for node in ast.walk(block) if isinstance(node, ast.ImportFrom)]
    seen = {alias.name: node.module for node in imports for alias in node.names}
    assert seen == {name: getattr(design, name).__module__ for name in design.__all__}


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'samplesize'"):
        _ = design.samplesize
