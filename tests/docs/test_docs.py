"""The documentation is tested: what is generated is current, every block runs, every name that it promises exists."""

from __future__ import annotations

import importlib.util
import inspect
import re
import shlex
import tomllib
from dataclasses import fields
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.main import get_command

import equipoise as eq
from equipoise import design, survival
from equipoise.cli.app import app
from equipoise.estimates import Estimate
from equipoise.ledger import Entry
from equipoise.protocol import Protocol
from equipoise.survival import datasets
from equipoise.trials import protocol_path, shipped

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "equipoise"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
VERBS: dict[str, Any] = get_command(app).commands


@cache
def make_docs() -> ModuleType:
    """`scripts/make_docs.py` as a module."""
    spec = importlib.util.spec_from_file_location("make_docs", ROOT / "scripts" / "make_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read(name: str) -> str:
    """The text of a file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(text: str, opening: str) -> list[str]:
    """The fenced blocks whose opening line is exactly this."""
    return re.findall(rf"^```{re.escape(opening)}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def first_column(text: str, heading: str) -> list[set[str]]:
    """The names in backquotes in the first column of the table under a heading, a set a row."""
    section = text.split(f"\n{heading}\n", 1)[1]
    table = re.search(r"^\|.*\n\|---.*\n((?:\|.*\n)+)", section, re.MULTILINE)
    assert table is not None
    return [set(re.findall(r"`([^`]+)`", row.split("|")[1])) for row in table[1].splitlines()]


def named(text: str, heading: str) -> set[str]:
    """All names of `first_column` together."""
    return set().union(*first_column(text, heading))


def test_the_json_schema_is_what_make_docs_writes() -> None:
    assert read("docs/protocol.schema.json") == make_docs().schema(), "run `make docs`"


def test_the_command_reference_is_what_make_docs_writes() -> None:
    assert read("docs/commands.md") == make_docs().commands(), "run `make docs`"


def test_the_reference_of_survival_is_what_make_docs_writes() -> None:
    assert read("docs/survival_reference.md") == make_docs().survival_reference(), "run `make docs`"


def test_the_reference_of_design_is_what_make_docs_writes() -> None:
    assert read("docs/design_reference.md") == make_docs().design_reference(), "run `make docs`"


@pytest.mark.parametrize("page", make_docs().pages(), ids=lambda page: page.name)
def test_every_block_of_a_page_runs_and_prints_and_draws_what_the_page_shows(page: Path) -> None:
    for path, text in make_docs().outcome(page).items():
        assert path.read_text(encoding="utf-8") == text, "run `make docs`, read the difference"


def test_a_shown_output_that_is_stale_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    stale = "```python\nprint(1 + 1)\n```\n\n```text\n3\n```\n\n```python not run\n1 / 0\n```\n"
    page.write_text(stale, encoding="utf-8")
    assert make_docs().outcome(page) == {page: stale.replace("\n3\n", "\n2\n")}


def test_a_picture_that_a_block_saves_and_the_page_shows_is_made(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    saves = "from pathlib import Path\nfor name in ('one.svg', 'other.svg'):\n    Path(name).write_text(name)\n"
    page.write_text(f"```python\n{saves}```\n\n![one](images/one.svg)\n", encoding="utf-8")
    found = make_docs().outcome(page)
    assert set(found) == {page, tmp_path / "images" / "one.svg"}
    assert found[tmp_path / "images" / "one.svg"] == "one.svg"


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    plain = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.*)$", plain, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_of_a_page_resolves(page: Path) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    for target in targets:
        if target.startswith(("https://", "http://")):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        if anchor:
            assert anchor in anchors(found), target


def options(verb: str) -> set[str]:
    """The options of a verb."""
    return {"-h", "--help"} | {name for item in VERBS[verb].params for name in item.opts}


def check_command(line: str) -> None:
    """A command of the documentation: its program, verb and options exist."""
    program, *arguments = shlex.split(line, comments=True)
    if program == "make":
        targets = re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE)
        assert set(arguments) <= set(targets), line
    else:
        assert Path(program).name == "equipoise", line
        verb, *rest = arguments
        assert verb in VERBS, line
        assert {item for item in rest if item.startswith("-")} <= options(verb), line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_shell_command_of_a_page_exists(page: Path) -> None:
    for block in blocks(page.read_text(encoding="utf-8"), "sh"):
        for line in block.splitlines():
            check_command(line)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_and_an_example_that_exists(verb: str) -> None:
    command = VERBS[verb]
    assert command.help
    head, _, examples = command.epilog.partition(": ")
    assert head in ("Example", "Examples")
    for example in examples.split(";"):
        line = example.split(">")[0].strip()
        check_command(line)
        assert shlex.split(line)[1] == verb
    for item in command.params:
        assert item.help or item.name == "help", item.name


@cache
def example() -> dict[str, str]:
    """The sections of the protocol that the examples of protocol.md are, by key."""
    text = "\n".join(blocks(read("docs/protocol.md"), "yaml"))
    parts = re.split(r"^(?=[a-z_]+:)", text, flags=re.MULTILINE)
    return {part.partition(":")[0]: part for part in parts if part.strip()}


def test_the_examples_of_a_protocol_show_every_section_of_it() -> None:
    sections = {item.alias or name for name, item in Protocol.model_fields.items()}
    mentioned = set(re.findall(r"`(\w+)`", read("docs/protocol.md")))
    assert sections - set(example()) <= mentioned
    assert set(example()) <= sections


def test_the_examples_that_replace_a_section_load() -> None:
    replacements = blocks(read("docs/protocol.md"), "yaml instead")
    assert replacements
    for block in replacements:
        changed = example() | {block.partition(":")[0]: block}
        assert eq.loads("".join(changed.values())).id == "example"


@pytest.fixture(scope="module")
def rehearsed() -> tuple[eq.Rehearsal, Any, eq.Results]:
    """The protocol that the examples are, rehearsed and analysed."""
    rehearsal = eq.rehearse(eq.loads("".join(example().values())), seed=1)
    return rehearsal, *eq.analyse_rehearsal(rehearsal)


def test_the_examples_are_one_protocol_that_rehearses(rehearsed: Any) -> None:
    rehearsal, _, results = rehearsed
    assert {item.endpoint for item in results.estimates} == set(rehearsal.protocol.endpoints)
    assert all(arm.allocated > 0 for arm in results.flow.arms)


def test_results_md_names_every_field_of_an_estimate_and_no_other() -> None:
    assert named(read("docs/results.md"), "## Estimate") == {item.name for item in fields(Estimate)}


def test_results_md_names_every_member_of_results_json_and_no_other(rehearsed: Any) -> None:
    results = rehearsed[2]
    assert named(read("docs/results.md"), "## results.json") == {"seed", *results.to_dict()}


def test_results_md_names_every_measure_of_the_example_and_the_shipped_trials(rehearsed: Any) -> None:
    measures = {item.measure for item in rehearsed[2].estimates}
    assert measures <= named(read("docs/results.md"), "### Measures")


@pytest.mark.parametrize("name", ["adsl", "adtte", "adqs", "adae"])
def test_results_md_names_the_columns_that_every_trial_has(name: str, rehearsed: Any) -> None:
    rehearsal, datasets, _ = rehearsed
    dictionary = rehearsal.protocol.dictionary
    of_the_trial = {item.adam or key.upper() for key, item in dictionary.items() if key != "arm"}
    of_the_trial |= {f"{item.adam}F" for item in dictionary.values() if item.partial is not None}
    columns = set(getattr(datasets, name).columns)
    assert named(read("docs/results.md"), f"## {name.upper()}") == columns - of_the_trial


def test_ledger_md_names_every_member_of_an_entry_and_no_other() -> None:
    assert named(read("docs/ledger.md"), "## An entry") == {item.name for item in fields(Entry)}


def test_ledger_md_names_every_kind_of_entry_and_its_data(rehearsed: Any) -> None:
    text = read("docs/ledger.md")
    kinds = named(text, "### Kinds")
    source = "".join(path.read_text(encoding="utf-8") for path in sorted((PACKAGE / "conduct").rglob("*.py")))
    assert set(re.findall(r'(?:accept|Draft)\(\s*"(\w+)"', source)) <= kinds
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]* \| (.*) \|$", text.split("### Kinds")[1], re.MULTILINE))
    rows["allocate"] = text.split("### What an allocation keeps")[1]
    for entry in rehearsed[0].journal:
        assert entry.kind in kinds
        for member in entry.data:
            assert f"`{member}`" in rows[entry.kind], (entry.kind, member)


def test_the_floors_in_architecture_md_are_those_of_the_import_contract() -> None:
    contracts = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = [{name.strip() for name in layer.split("|")} for layer in contracts[0]["layers"]]
    built = [{name for name in layer if not name.startswith("(")} for layer in layers]
    text = read("docs/architecture.md")
    rows = re.findall(r"^\| ([0-9]+) \| ([^|]*) \|", text.split("## The house")[1], re.MULTILINE)
    told = {int(floor): set(re.findall(r"`(\w+)`", names)) for floor, names in rows}
    assert told == {len(built) - i: names for i, names in enumerate(built) if names}
    reserved = {(name.strip("()"), len(layers) - i) for i, layer in enumerate(layers) for name in layer if "(" in name}
    assert {(name, int(floor)) for name, floor in re.findall(r"`(\w+)` \(([0-9]+)\)", text)} == reserved


def test_the_packages_in_architecture_md_are_the_packages_present() -> None:
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    rows = re.findall(r"^\| [0-9]+ \| ([^|]*) \|", read("docs/architecture.md"), re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == packages | modules


def test_architecture_md_gives_a_reason_for_every_dependency() -> None:
    wanted = tomllib.loads(read("pyproject.toml"))["project"]["dependencies"]
    section = read("docs/architecture.md").split("## What it is built on, and why")[1].split("\n## ")[0]
    told = re.findall(r"^\| ([a-z0-9.]+) \|", section, re.MULTILINE)
    assert sorted(told[1:]) == sorted(re.split("[<>=]", item)[0] for item in wanted)


def test_the_lines_that_architecture_md_quotes_are_in_the_protocol() -> None:
    protocol = protocol_path("jcog1017").read_text(encoding="utf-8")
    quoted = blocks(read("docs/architecture.md"), "yaml")
    assert quoted
    for block in quoted:
        assert block in protocol


@pytest.mark.parametrize("page", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_every_module_that_a_page_names_exists(page: str) -> None:
    present = [f"/{path.relative_to(ROOT).as_posix()}" for path in ROOT.glob("[st]*/**/*.py")]
    modules = set(re.findall(r"`([\w/]+\.py)`", read(page)))
    assert modules
    for module in modules - {"src/equipoise/cli/VERB.py"}:
        assert any(path.endswith(f"/{module}") for path in present), module


def test_readme_names_the_shipped_trials() -> None:
    assert named(read("README.md"), "## The five trials") == set(shipped())


def test_the_reference_of_survival_names_every_public_name_and_no_other() -> None:
    text = read("docs/survival_reference.md")
    assert named(text, "## Functions") | named(text, "## Results") == set(survival.__all__)
    assert named(text, "## Data sets") == set(datasets.__all__)


def survival_functions() -> dict[str, Any]:
    """The public functions of `equipoise.survival`."""
    public = {name: getattr(survival, name) for name in survival.__all__}
    return {name: value for name, value in public.items() if inspect.isfunction(value)}


@pytest.mark.parametrize("name", survival_functions())
def test_survival_md_shows_or_mentions_every_function(name: str) -> None:
    assert re.search(rf"\b{name}\b", read("docs/survival.md"))


def test_every_name_and_option_in_the_table_for_users_of_r_and_sas_exists() -> None:
    section = read("docs/survival.md").split("\n## If you come from R or SAS\n")[1].split("\n## ")[0]
    ours = [row.split("|")[3] for row in re.findall(r"^\| .*$", section, re.MULTILINE)][1:]
    functions = survival_functions()
    options = {option for function in functions.values() for option in inspect.signature(function).parameters}
    members = {member for name in survival.__all__ for member in dir(getattr(survival, name))}
    assert len(ours) > len(functions)
    for cell in ours:
        assert set(re.findall(r"(\w+)=", cell)) <= options, cell
        assert set(re.findall(r"`\.(\w+)", cell)) <= members, cell
        assert set(re.findall(r"`(\w+)(?![\w=])", cell)) <= {*functions, "DataError"}, cell


def test_the_reference_of_design_names_every_public_name_and_no_other() -> None:
    text = read("docs/design_reference.md")
    assert named(text, "## Functions") | named(text, "## Classes") == set(design.__all__)


def public_design() -> dict[str, Any]:
    """The public functions and classes of `equipoise.design`."""
    return {name: getattr(design, name) for name in design.__all__}


@pytest.mark.parametrize("name", design.__all__)
def test_design_md_shows_or_mentions_every_public_name(name: str) -> None:
    assert re.search(rf"\b{name}\b", read("docs/design.md"))


def test_every_name_option_and_bound_in_the_table_for_users_of_other_design_software_exists() -> None:
    title = "If you come from rpact, gsDesign, East or SAS"
    section = read("docs/design.md").split(f"\n## {title}\n")[1].split("\n## ")[0]
    ours = [row.split("|")[4] for row in re.findall(r"^\| .*$", section, re.MULTILINE)][1:]
    public = public_design()
    results = make_docs().results_of({name: value for name, value in public.items() if inspect.isfunction(value)})
    options = {option for value in public.values() for option in inspect.signature(value).parameters}
    members = {member for kind in (*public.values(), *results) for member in dir(kind)}
    assert len(ours) > 20
    for name in (name for cell in ours for name in re.findall(r"`([^`]+)`", cell)):
        if name.endswith("="):
            assert name[:-1] in options, name
        elif name.startswith("."):
            assert name[1:] in members, name
        elif name not in public:  # then it is a word for bounds, which refuses what it does not know
            design.GroupSequential([0.5, 1], alpha=0.025, bounds=name)
