"""Whatever is done to a protocol file, loading it gives a protocol or an error that a user can mend."""

from __future__ import annotations

import copy
import json
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from equipoise import trials
from equipoise.errors import EquipoiseError, InputError
from equipoise.protocol import load, loads
from equipoise.protocol.yaml_tree import read_tree

TEXTS = {trial: trials.protocol_path(trial).read_text(encoding="utf-8") for trial in trials.shipped()}
TREES = {trial: read_tree(text, trial)[0] for trial, text in TEXTS.items()}
PLACES = {trial: list(read_tree(text, trial)[1])[1:] for trial, text in TEXTS.items()}


def examples(count: int) -> settings:
    """So many examples, of files that are large for hypothesis."""
    return settings(max_examples=count, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@dataclass
class Mangled:
    """A mangled file; shown by what was done to it, since the text is long."""

    text: str = field(repr=False)
    done: list[object]


def check(mangled: Mangled) -> None:
    """Load it: no exception but ours, its message one clean line; what loads can be written as JSON."""
    try:
        protocol = loads(mangled.text, file="mangled.yaml")
    except EquipoiseError as error:
        check_message(error)
    else:
        assert json.dumps(protocol.model_dump(mode="json"))


def check_message(error: EquipoiseError, file: str = "mangled.yaml") -> None:
    message = str(error).replace(file, "", 1)
    assert message.isprintable(), repr(message)
    assert len(message) < 400, message
    assert isinstance(error, InputError)
    assert error.line is not None
    assert error.line >= 1
    assert error.mend
    assert not re.search(r"sqlglot|pydantic|ruamel|<class|Traceback|constrained|\[key\]", message), message


trial_names = st.sampled_from(sorted(TEXTS))
# each a line or two: a longer list would hide that one is like the other
# fmt: off
odd_scalars = st.sampled_from([
    "", "~", "[]", "{}", "1e999", "-1", "0", "true", "x", "'", '"', "|", ">", "&a b", "*a", "!t x", "- - -", "? x",
    ": ", "2020-02-30", ".inf", "nan", "9" * 40, "<<: {a: 1}", "\x00", "\u2028", "\x1b[31m", '"\\e[31m"', '"\\ud800"',
    "%YAML 9", "\tx", "[[[[", "}}", "a: b: c", "#", "---", "...", "'it''s", "@", "`", "é", "\u202e", "x" * 300,
])
# fmt: on

LINE_CHANGES = ["drop", "double", "swap", "in", "out", "cut", "odd", "splice", "rest", "value"]


@st.composite
def mangled_lines(draw: st.DrawFn) -> Mangled:
    """A file with lines dropped, doubled, swapped, indented or cut, or a part of another file in it."""
    trial = draw(trial_names)
    lines, done = TEXTS[trial].split("\n"), [trial]
    for _ in range(draw(st.integers(1, 4))):
        i, j = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        change = draw(st.sampled_from(LINE_CHANGES))
        done.append(f"{change} {i} {j}")
        match change:
            case "drop":
                del lines[min(i, j) : min(i, j) + draw(st.integers(1, 8))]
            case "double":
                lines.insert(j % len(lines), lines[i])
            case "swap":
                lines[i], lines[j] = lines[j], lines[i]
            case "in":
                lines[i] = " " * draw(st.integers(1, 3)) + lines[i]
            case "out":
                lines[i] = lines[i].removeprefix(" " * draw(st.integers(1, 3)))
            case "cut":
                lines[i] = lines[i][: draw(st.integers(0, max(len(lines[i]), 1)))]
            case "odd":
                lines.insert(i, " " * draw(st.integers(0, 6)) + draw(odd_scalars))
            case "splice":
                other = TEXTS[draw(trial_names)].split("\n")
                start = draw(st.integers(0, len(other) - 1))
                lines[i:i] = other[start : start + draw(st.integers(1, 20))]
            case "rest":
                lines = lines[: max(i, 1)]
            case "value":
                head, colon, _ = lines[i].partition(": ")
                lines[i] = head + colon + draw(odd_scalars)
        if not lines:
            lines = [""]
    return Mangled("\n".join(lines), [*done])


@st.composite
def mangled_characters(draw: st.DrawFn) -> Mangled:
    """A file with a few characters changed, taken out or put in."""
    trial = draw(trial_names)
    text, done = TEXTS[trial], [trial]
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, len(text) - 1))
        new = draw(st.text(max_size=2) | st.sampled_from(list(" \t\n:-,'\"[]{}#&*!|>%@?\\\x85\ufeff")))
        out = draw(st.integers(0, 3))
        done.append(f"{out} for {new!r} at {at}")
        text = text[:at] + new + text[at + out :]
    return Mangled(text, [*done])


odd_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([10**30, -1.5, 1e300, float("inf"), float("nan"), 0.5, 1e-320, 1e12]),
    st.sampled_from(
        ["", "x", "os", "death", "A", "B", "site", "arm", "age", "main", "randomisation", "her2 = 'positive'"]
    ),
    st.sampled_from(
        ["count(*) > 1", "age > ", "(((", "age > 'x'", "2020-02-30", "2020-01-01", "4/0", "-1/2", "true", "é"]
    ),
    st.sampled_from(
        ["x" * 20_000, "arm = 'A'", "registration_date > DATE '2020-01-01'", "1 = 1", "NOT", "time-to-event"]
    ),
    st.text(max_size=5),
    st.lists(st.integers(0, 2) | st.text(max_size=2), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(0, 2), max_size=2),
)


def parent_of(tree: Any, path: tuple[str | int, ...]) -> Any:
    for part in path[:-1]:
        tree = tree[part]
    return tree


@st.composite
def mangled_values(draw: st.DrawFn) -> Mangled:
    """A file whose structure stands, with values replaced, moved, doubled or taken out, and keys renamed."""
    trial = draw(trial_names)
    tree, done = copy.deepcopy(TREES[trial]), [trial]
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(PLACES[trial]))
        try:
            parent = parent_of(tree, path)
            parent[path[-1]]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took it away
        if not isinstance(parent, dict | list):
            continue
        change = draw(st.sampled_from(VALUE_CHANGES))
        done.append(f"{change} {path}")
        mangle(draw, change, trial, parent, path[-1])
    return Mangled(json.dumps(tree, indent=0), [*done])


VALUE_CHANGES = ["odd", "odd", "drop", "rename", "list", "map", "text", "borrow", "double", "empty"]


def mangle(draw: st.DrawFn, change: str, trial: str, parent: Any, key: Any) -> None:
    """One change of one value, in place."""
    value = parent[key]
    match change:
        case "odd":
            parent[key] = draw(odd_values)
        case "drop":
            del parent[key]
        case "rename" if isinstance(parent, dict):
            parent[draw(st.text(max_size=4)) if draw(st.booleans()) else f"{key}x"] = parent.pop(key)
        case "list":
            parent[key] = [value, value]
        case "map":
            parent[key] = {"label": value}
        case "text":
            parent[key] = str(value)[:100]
        case "borrow":
            source = draw(st.sampled_from(PLACES[trial]))
            parent[key] = copy.deepcopy(parent_of(TREES[trial], source)[source[-1]])
        case "double" if isinstance(parent, list):
            parent.append(copy.deepcopy(value))
        case "empty" if isinstance(value, dict | list):
            value.clear()


@pytest.mark.parametrize("trial", sorted(TEXTS))
def test_a_shipped_protocol_loads_and_can_be_written_as_json(trial: str) -> None:
    assert json.dumps(load(trial).model_dump(mode="json"))


@pytest.mark.parametrize("trial", sorted(TEXTS))
def test_a_protocol_written_as_flow_yaml_is_the_same_protocol(trial: str) -> None:
    """The structured mangling below rests on this."""
    assert loads(json.dumps(TREES[trial])).model_dump() == loads(TEXTS[trial]).model_dump()


@examples(80)
@given(mangled_lines())
def test_mangled_lines_never_give_a_traceback(mangled: Mangled) -> None:
    check(mangled)


@examples(80)
@given(mangled_characters())
def test_mangled_characters_never_give_a_traceback(mangled: Mangled) -> None:
    check(mangled)


@examples(100)
@given(mangled_values())
def test_mangled_values_never_give_a_traceback(mangled: Mangled) -> None:
    check(mangled)


@examples(150)
@given(st.text(max_size=60) | st.text(alphabet=list("a:-,'\"[]{}#&*!|>%@? \n\t\\"), max_size=60))
def test_any_text_never_gives_a_traceback(text: str) -> None:
    check(Mangled(text, [text]))


@examples(40)
@given(st.sampled_from(sorted(TEXTS)), st.data())
def test_mangled_bytes_of_a_file_never_give_a_traceback(trial: str, data: st.DataObject) -> None:
    raw = bytearray(TEXTS[trial].encode())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mangled.yaml"
        path.write_bytes(bytes(raw))
        try:
            load(path)
        except EquipoiseError as error:
            check_message(error, file=str(path))
