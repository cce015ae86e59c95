"""Write what can be generated of the documentation; `make docs` runs it, and a test asserts that nothing is stale.

Generated are the JSON Schema of protocol files, the command reference, the references of `equipoise.survival` and
`equipoise.design`, and the outputs and pictures shown on the pages. A page is Markdown. On it

- a `python` block is run, all blocks of a page in one process and one namespace, in an empty folder;
- a `sh` block that is followed by a `text` block is run too, as long as its lines are calls of `equipoise`;
- a `text` block that stands straight after one of them is its output, and is written anew;
- a picture `images/NAME` is written anew if a block saves a file NAME.

A block is left alone if its opening line goes on with `not run`, as in "```python not run".
"""

from __future__ import annotations

import contextlib
import dataclasses
import inspect
import io
import json
import re
import shlex
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from typer.main import get_command

from equipoise import design, survival
from equipoise.cli import main as equipoise
from equipoise.cli.app import app
from equipoise.protocol import json_schema
from equipoise.survival import datasets

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "docs" / "protocol.schema.json"
COMMANDS = ROOT / "docs" / "commands.md"
SURVIVAL = ROOT / "docs" / "survival_reference.md"
DESIGN = ROOT / "docs" / "design_reference.md"
WIDTH = 100

BLOCK = re.compile(r"^```(?P<language>\w+)(?P<rest>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def main() -> None:
    """Write every file that is not as it would be made now."""
    for path, text in made().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"written: {path.relative_to(ROOT)}")


def made() -> dict[Path, str]:
    """Every file with generated parts, as it would be made now."""
    whole = {
        SCHEMA: schema(),
        COMMANDS: commands(),
        SURVIVAL: survival_reference(),
        DESIGN: design_reference(),
    }
    for path in pages():
        whole |= outcome(path)
    return whole


def pages() -> list[Path]:
    """The pages that are written by hand."""
    every = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    return [path for path in every if path not in (COMMANDS, SURVIVAL, DESIGN)]


def schema() -> str:
    """The JSON Schema of protocol files."""
    return json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n"


def commands() -> str:
    """The command reference: what every verb says of itself."""
    group: Any = get_command(app)
    names = {"help_option_names": ["-h", "--help"]}
    root = group.context_class(group, info_name="equipoise", terminal_width=WIDTH, **names)
    lines = [
        "# Commands",
        "",
        "<!-- Made by `make docs` from the commands' own help. Do not edit. -->",
        "",
        group.help,
        "",
        "Every command takes `--json`: it then prints one JSON document on standard output and nothing else. Progress",
        "and messages go to standard error.",
        "",
        group.epilog,
        "",
        "| command | what it does |",
        "|---|---|",
        *(f"| [`{name}`](#{name}) | {command.help} |" for name, command in group.commands.items()),
    ]
    for name, command in group.commands.items():
        context = command.context_class(command, info_name=name, parent=root, terminal_width=WIDTH, **names)
        lines += ["", f"## {name}", "", "```text", command.get_help(context).rstrip(), "```"]
    return "\n".join(lines) + "\n"


def survival_reference() -> str:
    """The reference of `equipoise.survival`: what every public name says of itself."""
    objects = {name: getattr(survival, name) for name in survival.__all__}
    functions = {name: value for name, value in objects.items() if not inspect.isclass(value)}
    results = {name: value for name, value in objects.items() if name not in functions}
    lines = [
        "# Reference of equipoise.survival",
        "",
        "<!-- Made by `make docs` from the docstrings. Do not edit. -->",
        "",
        "Arguments and errors are in the docstrings: `help(survival.cox)`. How to use them is in",
        "[survival.md](survival.md).",
        "",
        "## Functions",
        "",
        "| function | what it does | gives | source |",
        "|---|---|---|---|",
        *(
            f"| `{name}` | {summary(value)} | `{value.__annotations__['return']}` | {source(value)} |"
            for name, value in functions.items()
        ),
        "",
        "## Results",
        "",
        "`print` and notebooks show them as tables, `.to_frame()` gives a polars frame. Numbers have no frame:",
        f"{', '.join(f'`{name}`' for name, value in results.items() if not hasattr(value, 'to_frame'))}.",
        "",
        "| result | what it is | holds |",
        "|---|---|---|",
        *(f"| `{name}` | {summary(value)} | {members(value)} |" for name, value in results.items()),
        "",
        "## Data sets",
        "",
        "In `equipoise.survival.datasets`.",
        "",
        "| name | what it is |",
        "|---|---|",
        *(f"| `{name}` | {summary(getattr(datasets, name))} |" for name in datasets.__all__),
    ]
    return "\n".join(lines) + "\n"


def design_reference() -> str:
    """The reference of `equipoise.design`: what every public name says of itself, and every result of a function."""
    objects = {name: getattr(design, name) for name in design.__all__}
    functions = {name: value for name, value in objects.items() if not inspect.isclass(value)}
    classes = {name: value for name, value in objects.items() if name not in functions}
    lines = [
        "# Reference of equipoise.design",
        "",
        "<!-- Made by `make docs` from the docstrings. Do not edit. -->",
        "",
        "Arguments and errors are in the docstrings: `help(design.sample_size)`. How to use them is in",
        "[design.md](design.md). No source is given for what follows from definitions or only puts others together.",
        "",
        "## Functions",
        "",
        "| function | what it does | gives | source |",
        "|---|---|---|---|",
        *(
            f"| `{name}` | {summary(value)} | `{value.__annotations__['return']}` | {published(value)} |"
            for name, value in functions.items()
        ),
        "",
        "## Classes",
        "",
        "What is assumed or asked for.",
        "",
        "| class | what it is | holds | source |",
        "|---|---|---|---|",
        *(
            f"| `{name}` | {summary(value)} | {members(value)} | {published(value)} |"
            for name, value in classes.items()
        ),
        "",
        "## Results",
        "",
        "What the functions give. `print` and notebooks show them as tables, `.to_frame()` gives a polars frame.",
        "",
        "| result | what it is | holds |",
        "|---|---|---|",
        *(f"| `{value.__name__}` | {summary(value)} | {members(value)} |" for value in results_of(functions)),
    ]
    return "\n".join(lines) + "\n"


def results_of(functions: dict[str, Any]) -> list[type]:
    """The classes of results that functions are annotated to give, each once."""
    found = {}
    for function in functions.values():
        name = function.__annotations__["return"].removeprefix("list[").removesuffix("]")
        kind = vars(sys.modules[function.__module__]).get(name)
        if inspect.isclass(kind) and hasattr(kind, "to_frame"):
            found[name] = kind
    return [found[name] for name in sorted(found)]


def summary(documented: Any) -> str:
    """The first paragraph of a docstring."""
    return one_line((inspect.getdoc(documented) or "").split("\n\n")[0])


def source(function: Any) -> str:
    """Where the method of a function is published, as it must say."""
    found = published(function)
    if not found:
        raise ValueError(f"the docstring of {function.__module__} has no paragraph that begins with 'Source: '")
    return found


def published(documented: Any) -> str:
    """What a function or class, or else its module, says of where its method is published; empty if neither does."""
    module: ModuleType = sys.modules[documented.__module__]
    for text in (inspect.getdoc(documented), module.__doc__):
        if found := re.search(r"^Sources?: (.*?)(?:\n\n|\Z)", text or "", re.MULTILINE | re.DOTALL):
            return one_line(found[1])
    return ""


def members(kind: type) -> str:
    """The public attributes of a class, and its methods with brackets."""
    slots = sorted(getattr(kind, "__slots__", ()))
    held = [field.name for field in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else slots
    for name, value in vars(kind).items():
        if isinstance(value, property):
            held.append(name)
        elif inspect.isfunction(value) or isinstance(value, classmethod):
            held.append(f"{name}()")
    return ", ".join(f"`{name}`" for name in dict.fromkeys(held) if not name.startswith("_"))


def one_line(text: str) -> str:
    """A paragraph as a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def outcome(page: Path) -> dict[Path, str]:
    """A page, its blocks run and their outputs put in place, and the pictures that it shows of those they saved."""
    text = page.read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(text))
    parts, at = [], 0
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for number, block in enumerate(blocks, start=1):
            following = blocks[number] if number < len(blocks) else None
            shown = is_output(text, block, following)
            output = run(page, text, block, namespace, shown=shown)
            if output is not None and shown and following is not None:
                parts += [text[at : following.start("body")], output]
                at = following.end("body")
        shown_there = {path.name: path for path in Path().iterdir() if f"](images/{path.name})" in text}
        pictures = {name: path.read_text(encoding="utf-8") for name, path in shown_there.items()}
    whole = {page: "".join([*parts, text[at:]])}
    return whole | {page.parent / "images" / name: picture for name, picture in pictures.items()}


def is_output(text: str, block: re.Match[str], following: re.Match[str] | None) -> bool:
    """Whether the block that follows holds the output of this one."""
    if following is None or following["language"] != "text":
        return False
    return not text[block.end() : following.start()].strip()


def run(page: Path, text: str, block: re.Match[str], namespace: dict[str, Any], *, shown: bool) -> str | None:
    """What a block prints, each line without blanks at its end; None if it is not one that runs."""
    if block["rest"].strip() == "not run" or block["language"] not in ("python", "sh"):
        return None
    if block["language"] == "sh" and not shown:
        return None
    line = text.count("\n", 0, block.start("body"))
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        if block["language"] == "python":
            # blank lines before it, so that a traceback names the line of the page
            exec(compile("\n" * line + block["body"], str(page), "exec"), namespace)
        else:
            for command in block["body"].splitlines():
                call(command, err)
    return "".join(f"{row.rstrip()}\n" for row in out.getvalue().splitlines())


def call(command: str, err: io.StringIO) -> None:
    """Run one line of a `sh` block in this process; a status of 2 or more is an error of the page."""
    name, *arguments = shlex.split(command, comments=True)
    if name != "equipoise":
        raise ValueError(f"a sh block whose output is shown calls equipoise, not {name}")
    try:
        equipoise(arguments)
    except SystemExit as left:
        if int(left.code or 0) > 1:
            raise ValueError(f"'{command}' left with status {left.code}: {err.getvalue()}") from None


if __name__ == "__main__":
    main()
