"""Import, export and rebuild on the command line; and what needs no Django does not import it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connections
from guarded_trial import Guarded
from small_trial import SEEDS, TEXT, Clerk, small

from equipoise.cli import main
from equipoise.ledger import Journal
from equipoise.store import Store


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger file, and its protocol beside it."""
    clerk = Clerk(small(), dict(SEEDS))
    clerk.open()
    clerk.allocate("P1")
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(clerk.desk.journal.to_bytes())
    (tmp_path / "small.yaml").write_text(TEXT)
    return path


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(left.value.code or 0), out, err


def test_a_ledger_goes_in_and_out_by_the_command_line(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = ("--store", str(ledger.parent / "data"))
    protocol = ("--trial", str(ledger.parent / "small.yaml"))
    status, out, err = call(capsys, "import", str(ledger), *protocol, *place, "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["trial"] == "small"
    copy = ledger.parent / "copy.jsonl"
    status, out, _ = call(capsys, "export", "small", "--to", str(copy), *place)
    assert status == 0
    assert "entries of 'small'" in out
    assert copy.read_bytes() == ledger.read_bytes()
    status, out, _ = call(capsys, "rebuild", "small", *place, "--json")
    assert status == 0
    assert json.loads(out) == {"trial": "small", "entries": 8, "problem": None, "changed": 0}


def test_an_export_of_an_open_trial_that_checks_roles_is_entered_in_its_ledger(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clerk = Guarded(small(), dict(SEEDS))
    clerk.begin()
    clerk.screen()
    (tmp_path / "small.yaml").write_text(TEXT)
    file = tmp_path / "ledger.jsonl"
    file.write_bytes(clerk.desk.journal.to_bytes())
    place = ("--store", str(tmp_path / "data"))
    call(capsys, "import", str(file), "--trial", str(tmp_path / "small.yaml"), *place)
    wanted = ("export", "small", "--to", str(tmp_path / "out.jsonl"), *place)
    status, _, err = call(capsys, *wanted)
    assert (status, "give --account, --role and --reason" in err) == (2, True)
    for account, role, said in (("eve", "monitor", "does not have the role"), ("stan", "statistician", "may not do")):
        status, _, err = call(capsys, *wanted, "--account", account, "--role", role, "--reason", "x")
        assert (status, said in err) == (2, True)
    assert not (tmp_path / "out.jsonl").exists()
    assert call(capsys, *wanted, "--account", "moni", "--role", "monitor", "--reason", "visit of May")[0] == 0
    *_, last = Journal.read(tmp_path / "out.jsonl")
    assert (last.kind, last.actor, last.reason) == ("access", "moni", "visit of May")
    assert last.data == {"looked": "export", "scope": "out.jsonl"}
    status, out, _ = call(capsys, "audit", "small", *place)
    assert (status, "visit of May" in out) == (0, True)


def test_rebuilding_says_with_its_status_that_rows_were_wrong(ledger: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = ("--store", str(ledger.parent / "data"))
    call(capsys, "import", str(ledger), "--trial", str(ledger.parent / "small.yaml"), *place)
    with Store.open(place[1]) as store, connections[store.alias].cursor() as cursor:
        cursor.execute("UPDATE store_participant SET arm = 'none'")
    status, out, _ = call(capsys, "rebuild", "small", *place)
    assert (status, "1 rows were not" in out) == (1, True)
    assert call(capsys, "rebuild", "small", *place)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("export", "small", "--to", "x.jsonl", "--store", "nowhere"), "there is no store"),
        (("rebuild", "small", "--store", "nowhere"), "there is no store"),
        (("import", "nowhere.jsonl"), "no such file"),
        (("import", "{ledger}", "--store", "{data}"), "give its file with --trial"),
        (("import", "{ledger}", "--trial", "jcog1017", "--store", "{data}"), "another text of the protocol"),
        (("import", "{yaml}", "--store", "{data}"), "not a line of a ledger"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(
    arguments: tuple[str, ...],
    said: str,
    ledger: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ledger.parent)
    names = {"ledger": str(ledger), "data": str(ledger.parent / "data"), "yaml": str(ledger.parent / "small.yaml")}
    status, out, err = call(capsys, *(argument.format(**names) for argument in arguments))
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert said in err


def test_the_command_line_and_the_core_do_not_import_django() -> None:
    code = "import sys, equipoise, equipoise.cli.app, equipoise.conduct; sys.exit('django' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
