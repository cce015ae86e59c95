"""The command line as a user meets it: exit statuses, one line for a mistake, JSON and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import equipoise
from equipoise.cli import main
from equipoise.ledger import Journal
from equipoise.trials import shipped


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "equipoise", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run the command line in this process: status, standard output, standard error."""
    with pytest.raises(SystemExit) as left:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(left.value.code or 0), out, err


@pytest.fixture(scope="module")
def rehearsed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rehearsal's folder, made once."""
    folder = tmp_path_factory.mktemp("rehearsal") / "tehran"
    done = run("rehearse", "tehran", "--seed", "3", "--out", str(folder))
    assert done.returncode == 0, done.stderr
    return folder


HEAVY = ("numba", "scipy", "polars", "duckdb", "sqlglot", "django")


@pytest.mark.parametrize(
    "code",
    ["import equipoise", "from equipoise.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass"],
    ids=["import", "help"],
)
def test_importing_and_asking_for_help_load_nothing_heavy(code: str) -> None:
    check = f"import sys\n{code}\nsys.stderr.write(','.join(m for m in {HEAVY} if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_the_public_names_are_these() -> None:
    """A name that is added or lost is a change of the public surface: it belongs into the changelog."""
    assert sorted(equipoise.__all__) == [
        "Estimate",
        "Protocol",
        "Rehearsal",
        "Results",
        "Screening",
        "__version__",
        "analyse",
        "analyse_rehearsal",
        "findings",
        "load",
        "loads",
        "make_datasets",
        "rehearse",
        "screen",
        "shipped",
        "verify_file",
    ]
    assert all(getattr(equipoise, name) is not None for name in equipoise.__all__)


def test_trials_lists_the_five(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = call(capsys, "trials", "--json")
    listed = json.loads(out)
    assert status == 0
    assert [item["id"] for item in listed] == list(shipped()) == ["breclim2", "changhai", "henan", "jcog1017", "tehran"]
    assert all(item["title"] for item in listed)


@pytest.mark.parametrize("trial", shipped())
def test_every_trial_can_be_shown_and_checked(trial: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = call(capsys, "show", trial)
    assert status == 0
    assert "Who may enter" in out
    status, out, _ = call(capsys, "show", trial, "--json")
    assert json.loads(out)["id"] == trial
    status, out, _ = call(capsys, "check", trial, "--json")
    found = json.loads(out)
    serious = [item for item in found["findings"] if item["severity"] != "note"]
    assert status == (1 if serious else 0)


def test_the_json_schema_describes_a_shipped_protocol(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = call(capsys, "show", "--json-schema")
    schema = json.loads(out)
    assert status == 0
    assert {"id", "title", "eligibility", "pathway", "endpoints"} <= set(schema["properties"])


MISTAKES = {
    "a verb that is misspelt": (["rehearsee", "jcog1017"], "Did you mean 'rehearse'"),
    "a trial that is not there": (["show", "jcog1071"], "did you mean 'jcog1017'?"),
    "no trial": (["rehearse"], "Missing argument"),
    "an option that is not there": (["trials", "--sed", "1"], "--sed"),
    "a seed that is no number": (["rehearse", "jcog1017", "--seed", "x"], "--seed"),
    "a seed below 0": (["rehearse", "jcog1017", "--seed", "-1"], "--seed"),
    "a folder for a protocol": (["show", "."], "folder"),
    "a ledger that is not there": (["verify", "nowhere.jsonl"], "nowhere.jsonl"),
    "a head that is no hash": (["verify", __file__, "--head", "xyz"], "not a hash"),
    "data that are not there": (["analyse", "jcog1017", "--data", "nowhere.parquet"], "nowhere.parquet"),
    "neither data nor a ledger": (["analyse", "jcog1017"], "give either --data, or --ledger"),
    "a freeze without a ledger": (
        ["analyse", "jcog1017", "--data", "x.csv", "--freeze", "final"],
        "give either --data",
    ),
    "an audit of a ledger that is not there": (["audit", "nowhere.jsonl"], "nowhere.jsonl"),
    "data that are no table": (["analyse", "jcog1017", "--data", __file__], "cannot read the table"),
    "a folder that cannot be made": (["rehearse", "tehran", "--out", f"{__file__}/x"], "not a directory"),
}


@pytest.mark.parametrize(("arguments", "said"), MISTAKES.values(), ids=list(MISTAKES))
def test_a_mistake_is_told_in_one_line_with_status_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = call(capsys, *arguments)
    assert status == 2
    assert out == ""
    assert err.count("\n") == 1
    assert said in err
    assert "Traceback" not in err


def test_a_mistake_with_json_is_one_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = call(capsys, "show", "nothing", "--json")
    assert status == 2
    assert json.loads(out)["error"]["status"] == 2
    assert err.count("\n") == 1


def test_a_defect_of_ours_says_how_to_report_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("surprise")

    monkeypatch.setattr("equipoise.protocol.load", broken)
    status, _, err = call(capsys, "show", "jcog1017")
    assert status == 3
    assert "ZeroDivisionError: surprise" in err
    assert "please report" in err
    assert "Traceback" not in err


def test_no_arguments_print_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = call(capsys)
    assert status == 0
    assert "Usage: equipoise" in out
    assert err == ""


def test_a_rehearsal_writes_its_folder(rehearsed: Path) -> None:
    names = {path.name for path in rehearsed.iterdir()}
    assert {"ledger.jsonl", "adsl.parquet", "adtte.parquet", "results.json", "report.html"} <= names
    assert not any(name.endswith(".unfinished") for name in names)


def test_rehearse_prints_one_json_document(tmp_path: Path) -> None:
    done = run("rehearse", "tehran", "--seed", "3", "--out", str(tmp_path / "t"), "--json")
    document = json.loads(done.stdout)
    assert document["trial"] == "tehran"
    assert document["seed"] == 3
    assert document["estimates"]


def test_analysing_the_written_data_gives_the_rehearsals_estimates(
    rehearsed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = call(capsys, "analyse", "tehran", "--data", str(rehearsed / "adtte.parquet"), "--json")
    ours = json.loads(out)["estimates"]
    theirs = json.loads((rehearsed / "results.json").read_text(encoding="utf-8"))["estimates"]
    assert status == 0
    kept = [{k: v for k, v in item.items() if k not in ("source", "data_cut")} for item in theirs]
    assert [{k: v for k, v in item.items() if k not in ("source", "data_cut")} for item in ours] == kept


def test_analysing_a_freeze_of_the_ledger_gives_the_rehearsals_estimates(
    rehearsed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = str(rehearsed / "ledger.jsonl")
    status, out, _ = call(capsys, "analyse", "tehran", "--ledger", ledger, "--freeze", "final", "--json")
    ours = json.loads(out)["estimates"]
    theirs = json.loads((rehearsed / "results.json").read_text(encoding="utf-8"))["estimates"]
    assert status == 0
    kept = [{k: v for k, v in item.items() if k != "source"} for item in theirs]
    assert [{k: v for k, v in item.items() if k != "source"} for item in ours] == kept
    status, _, err = call(capsys, "analyse", "tehran", "--ledger", ledger, "--freeze", "interim")
    assert status == 2
    assert "no freeze for 'interim'; there is final" in err


def test_an_audit_prints_who_did_what_and_the_roles_that_were_given(
    rehearsed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = str(rehearsed / "ledger.jsonl")
    status, out, _ = call(capsys, "audit", ledger, "--participant", "00002", "--json")
    found = json.loads(out)
    assert status == 0
    assert {row["participant"] for row in found["rows"]} == {"00002"}
    assert {row["role"] for row in found["rows"]} == {"investigator"}
    assert found["signatures"] == []
    status, out, _ = call(capsys, "audit", ledger)
    assert "(Synthetic coordinator)" in out
    assert "(not shown)" in out
    assert call(capsys, "audit", ledger, "--participant", "99999")[0] == 2


def test_verify_proves_a_ledger_and_replays_its_allocations(
    rehearsed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = call(capsys, "verify", str(rehearsed / "ledger.jsonl"), "--json")
    found = json.loads(out)
    assert status == 0
    assert found["ok"] is True
    assert found["end"] == "closed"
    assert found["replayed"] is True
    assert found["replay"]["allocations"] == 236
    assert call(capsys, "verify", str(rehearsed / "ledger.jsonl"), "--head", found["head"])[0] == 0


def resealed(lines: list[bytes], change: Callable[[list[dict[str, Any]]], None]) -> bytes:
    """A ledger with something changed and every hash made anew, as a forger would."""
    bodies = [json.loads(line)["entry"] for line in lines if line]
    change(bodies)
    journal = Journal()
    for body in bodies:
        journal.append(**{name: value for name, value in body.items() if name not in ("seq", "prev")})
    return journal.to_bytes()


def test_a_ledger_whose_opening_names_another_text_of_the_protocol_does_not_escape_replay(
    rehearsed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def another_digest(bodies: list[dict[str, Any]]) -> None:
        bodies[0]["data"]["digest"] = "ab" * 32

    forged = tmp_path / "forged.jsonl"
    forged.write_bytes(resealed((rehearsed / "ledger.jsonl").read_bytes().split(b"\n"), another_digest))
    for options in ([], ["--trial", "tehran"]):
        status, out, _ = call(capsys, "verify", str(forged), *options, "--json")
        found = json.loads(out)
        assert (status, found["ok"], found["replayed"], found["problem"]) == (1, False, False, None)
        assert found["replay"]["problems"][0]["entry"] == 1
        assert "under another text of the protocol" in found["replay"]["summary"]


def test_a_protocol_that_was_asked_for_and_is_not_the_ledgers_is_a_problem(
    rehearsed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = call(capsys, "verify", str(rehearsed / "ledger.jsonl"), "--trial", "henan")
    assert status == 1
    assert "not replayed: the ledger was opened under another text of the protocol than henan has here" in out


def test_a_ledger_of_a_protocol_that_is_not_at_hand_is_verified_and_not_replayed(
    rehearsed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def another_trial(bodies: list[dict[str, Any]]) -> None:
        bodies[0]["data"]["protocol"] = "elsewhere"

    ledger = tmp_path / "ledger.jsonl"
    ledger.write_bytes(resealed((rehearsed / "ledger.jsonl").read_bytes().split(b"\n"), another_trial))
    status, out, _ = call(capsys, "verify", str(ledger), "--json")
    found = json.loads(out)
    assert (status, found["ok"], found["replayed"]) == (0, True, False)
    assert found["replay"]["summary"].endswith("give the protocol file of 'elsewhere' with --trial")
    assert call(capsys, "verify", str(ledger), "--trial", "tehran")[0] == 0


def test_a_ledger_that_no_entry_opens_is_a_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = Journal()
    told: dict[str, Any] = {"actor": "eve", "role": "x", "site": None, "participant": None, "reason": None}
    journal.append(**told, time="2024-03-01T09:00:00Z", kind="close", command="c", version="1", data={"entries": 1})
    ledger = tmp_path / "ledger.jsonl"
    ledger.write_bytes(journal.to_bytes())
    status, out, _ = call(capsys, "verify", str(ledger))
    assert status == 1
    assert "no entry opens the trial" in out


def test_verify_names_the_entry_that_was_changed(
    rehearsed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = (rehearsed / "ledger.jsonl").read_bytes().split(b"\n")
    lines[6] = lines[6].replace(b'"actor":"', b'"actor":"some', 1)
    changed = tmp_path / "changed.jsonl"
    changed.write_bytes(b"\n".join(lines))
    status, out, _ = call(capsys, "verify", str(changed))
    assert status == 1
    assert "broken at entry 7 (line 7)" in out


def test_the_same_seed_gives_the_same_bytes_in_another_process(rehearsed: Path, tmp_path: Path) -> None:
    again, other = tmp_path / "again", tmp_path / "other"
    assert run("rehearse", "tehran", "--seed", "3", "--out", str(again), PYTHONHASHSEED="5").returncode == 0
    assert run("rehearse", "tehran", "--seed", "4", "--out", str(other)).returncode == 0
    for name in ("ledger.jsonl", "results.json", "report.html"):
        assert (again / name).read_bytes() == (rehearsed / name).read_bytes(), name
        assert (other / name).read_bytes() != (rehearsed / name).read_bytes(), name
