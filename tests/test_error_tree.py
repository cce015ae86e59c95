"""The tree of errors that the docstring of `equipoise.errors` draws is the one that the classes make."""

from __future__ import annotations

import inspect
import re

from equipoise import errors

DRAWN = re.compile(r"^    ([ │]*)(?:[├└]── )?(\w+Error)\b", re.MULTILINE)


def test_the_tree_in_the_docstring_is_that_of_the_classes() -> None:
    above: list[str] = []
    drawn: dict[str, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        if match := DRAWN.match(line):
            depth = 0 if "──" not in match[0] else len(match[1]) // 4 + 1
            above[depth:] = [match[2]]
            drawn[match[2]] = above[depth - 1] if depth else "Exception"
    classes = (item for _, item in inspect.getmembers(errors, inspect.isclass) if item.__module__ == errors.__name__)
    assert drawn == {item.__name__: item.__base__.__name__ for item in classes if item.__base__ is not None}


def test_the_error_of_the_store_stands_in_the_tree() -> None:
    from equipoise.store import StoreError

    assert StoreError is errors.StoreError
