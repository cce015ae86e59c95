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


def test_nothing_raises_an_error_of_ours_that_stands_outside_the_tree() -> None:
    import equipoise.store  # noqa: F401 - the package that had one of its own

    def below(kind: type[Exception]) -> set[type[Exception]]:
        return {kind}.union(*map(below, kind.__subclasses__()))

    assert {kind.__module__ for kind in below(errors.EquipoiseError)} == {errors.__name__}
