"""`equipoise simulate` as a user meets it: tables, JSON, grids, an interrupt and how to go on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from equipoise.cli import main
from equipoise.cli.grid import read_grid
from equipoise.errors import DesignError


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run the command line in this process: status, standard output, standard error."""
    with pytest.raises(SystemExit) as left:
        main(["simulate", *arguments])
    out, err = capsys.readouterr()
    return int(left.value.code or 0), out, err


def test_a_trial_gives_its_operating_characteristics(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = call(capsys, "jcog1017", "--replicates", "500", "--interim", "0.5", "--tests", "logrank,fh:0:1")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "jcog1017: Overall survival, B versus A; model of its design"
    assert lines[1] == "500 simulated trials, seed 1; one-sided level 0.05"
    assert lines[2] == "410 participants over 84 months, hazard ratio 0.7692"
    assert lines[4].split()[:3] == ["look", "planned", "events"]
    assert [line.split()[:2] for line in lines[5:7]] == [["1", "180"], ["2", "359"]]
    heads = ["test", "power", "size", "events", "participants", "months", "not", "reached", "bias", "coverage"]
    assert lines[8].split() == heads
    assert [line.split()[0] for line in lines[9:11]] == ["logrank", "fh:0:1"]


def test_json_is_one_document_and_the_same_for_one_thread_and_two(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["jcog1017", "--replicates", "5000", "--vary", "control_median=20,69", "--interim", "0.5", "--json"]
    status, one, err = call(capsys, *command, "--threads", "1")
    assert (status, err) == (0, "")
    assert call(capsys, *command, "--threads", "2") == (0, one, "")
    document = json.loads(one)
    assert (document["trial"], document["model"], document["replicates"]) == ("jcog1017", "design", 5000)
    first, second = document["cases"]
    assert (first["changes"], second["changes"]) == ({"control_median": 20}, {"control_median": 69})
    assert (first["planned_events"], first["latest_month"]) == ([180, 359], 132)
    test = first["tests"][0]
    assert test["power"] == pytest.approx(sum(look["power"] for look in test["looks"]))
    assert 0.7 < test["power"] < 0.9
    assert 0.03 < test["size"] < 0.07
    assert second["tests"][0]["not_reached"] == 1


def test_a_milestone_is_tested_in_the_disease_model(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = call(capsys, "tehran", "--model", "disease", "--replicates", "300", "--json")
    assert status == 0
    (case,) = json.loads(out)["cases"]
    assert [test["test"] for test in case["tests"]] == ["milestone:24", "logrank"]
    assert case["hazard_ratio"] is None
    assert case["tests"][0]["bias"] is None


def test_ranges_hold_both_ends_and_clean_numbers() -> None:
    grid = read_grid(["hazard_ratio=0.6:1.0:0.05", "control_median=20, 40,69", "events=100:300:100,359"])
    assert grid == {
        "hazard_ratio": [0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.0],
        "control_median": [20.0, 40.0, 69.0],
        "events": [100.0, 200.0, 300.0, 359.0],
    }
    assert read_grid(["delay=3:3:1"]) == {"delay": [3.0]}


def test_a_grid_prints_a_row_for_every_combination(capsys: pytest.CaptureFixture[str]) -> None:
    vary = ["--vary", "hazard_ratio=0.6:1.0:0.05", "--vary", "control_median=20,40,69"]
    status, out, _ = call(capsys, "jcog1017", *vary, "--replicates", "64")
    assert status == 0
    rows = [line.split()[:2] for line in out.splitlines() if " logrank " in line]
    ratios = ["0.6", "0.65", "0.7", "0.75", "0.8", "0.85", "0.9", "0.95", "1"]
    assert rows == [[ratio, median] for ratio in ratios for median in ("20", "40", "69")]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("hazard_ratio", "names no values"),
        ("hazard_ratio=", "names no values"),
        ("=1", "names no values"),
        ("hazard_ratio=0.6:1.0", "start:end:step"),
        ("hazard_ratio=1.0:0.6:0.05", "holds no values"),
        ("hazard_ratio=0.6:1.0:0", "holds no values"),
        ("hazard_ratio=0.6:1.0:0.15", "come to 0.90 and miss 1.0"),
        ("hazard_ratio=0.6:1.0:1e-9", "more than 10,000 values"),
        ("hazard_ratio=0.6,0.6", "a value twice"),
        ("hazard_ratio=0.6,", "'' is no number"),
        ("hazard_ratio=nan", "'nan' is no number"),
        ("hazard_ratio=1e999999", "is no number"),
        ("hazard_ratio=" + "9" * 100, "is no number"),
        ("hazard_ratio=small", "'small' is no number"),
    ],
)
def test_a_slip_in_a_range_is_said_so(option: str, message: str) -> None:
    with pytest.raises(DesignError, match="--vary") as caught:
        read_grid([option])
    assert message in str(caught.value)


def test_a_name_is_varied_once() -> None:
    with pytest.raises(DesignError, match="twice"):
        read_grid(["events=1", "events=2"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["changhai"], "allocates nobody by chance"),
        (["breclim2"], "does not say hazard_ratio"),
        (["jcog1017", "--vary", "median=3"], "median cannot be varied"),
        (["jcog1017", "--threads", "2", "--scheduler", "tcp://127.0.0.1:1"], "exclude each other"),
        (["jcog1017", "--tests", "logrnk"], "test = 'logrnk' is none"),
        (["jcog1017", "--tests", "logrank+cox"], "cox"),
        (["jcog1017", "--bounds", "oldham"], "'oldham' is not known"),
        (["jcog1017", "--bounds", "2,x"], "give numbers with commas"),
        (["jcog1017", "--interim", "half"], "give numbers with commas"),
        (["jcog1017", "--resume", "no/file"], "no/file: a saved simulation cannot be read"),
        (["jcog1017", "--save", "no/file"], "there is no folder"),
        (["jcog1017", "--replicates", "0"], "--replicates"),
    ],
)
def test_what_cannot_be_simulated_is_one_line_and_status_2(
    capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    status, out, err = call(capsys, *arguments)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert message in err


def test_a_file_that_was_saved_is_extended(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "kept.json"
    command = ["henan", "--vary", "hazard_ratio=0.6,0.8", "--json"]
    status, _, err = call(capsys, *command, "--replicates", "3000", "--save", str(file))
    assert (status, err) == (0, f"kept in {file}\n")
    whole = call(capsys, *command, "--replicates", "6000")
    assert call(capsys, *command, "--replicates", "6000", "--resume", str(file)) == whole
    status, out, err = call(capsys, *command, "--replicates", "6000", "--seed", "2", "--resume", str(file))
    assert status == 2
    assert "something else" in json.loads(out)["error"]["message"]


def interrupted(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, interrupted once it has done some trials."""
    for patience in (3, 6, 12, 24, 48):  # kernels may have to be compiled first
        with subprocess.Popen(
            [sys.executable, "-m", "equipoise", "simulate", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
        ) as process:
            try:
                time.sleep(patience)
                os.kill(process.pid, signal.SIGINT)
                out, err = process.communicate(timeout=60)
            finally:
                process.kill()
        done = subprocess.CompletedProcess(process.args, process.returncode, out, err)
        if "are kept in" in err:
            return done
        assert done.returncode in {130, -signal.SIGINT}, err
        assert list(folder.iterdir()) == []
    raise AssertionError("nothing was done in the time given")


@pytest.mark.parametrize(
    ("options", "name"),
    [(["--threads", "1", "--save", "mine.json"], "mine.json"), (["--threads", "2"], "jcog1017-*.simulation.json")],
)
def test_an_interrupt_keeps_what_is_done_and_the_resumed_result_is_the_same_bytes(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, options: list[str], name: str
) -> None:
    # so many trials that they are not done before the signal comes
    stopped = interrupted(tmp_path, "jcog1017", *options, "--replicates", "1000000000", "--json")
    assert stopped.returncode == 130
    (file,) = tmp_path.iterdir()
    assert file.match(name)
    message = json.loads(stopped.stdout)["error"]["message"]
    assert f"to go on give the same command with --resume {file.name}" in message
    assert stopped.stderr.splitlines()[-1] == message
    done = json.loads(file.read_text())["simulations"][0]["settled"]["replicates"]
    assert f"interrupted after {done:,} trials" in message
    command = ["jcog1017", "--replicates", str(done + 5_000), "--json"]
    assert call(capsys, *command, "--resume", str(file)) == call(capsys, *command)
