"""The pages of docs/validation are all in their index, and what their scripts compute beside the package is right."""

from __future__ import annotations

import importlib
import math
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts"
PAGES = ROOT / "docs" / "validation"


@pytest.fixture
def script(monkeypatch):
    """Import a script by name; the scripts are forgotten afterwards."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    before = set(sys.modules)

    def of(name: str) -> ModuleType:
        return importlib.import_module(name)

    yield of
    for name in set(sys.modules) - before:
        if (SCRIPTS / f"{name}.py").exists():
            del sys.modules[name]


def links(page: Path) -> set[str]:
    """The relative links of a page, without anchors."""
    found = re.findall(r"\]\(([^)\s#]+)[^)\s]*\)", page.read_text(encoding="utf-8"))
    return {target for target in found if not target.startswith(("https://", "http://"))}


def test_every_validation_page_is_in_the_index_and_the_index_in_contributing():
    index = PAGES / "README.md"
    assert {page.name for page in PAGES.glob("*.md")} - {"README.md"} == links(index)
    assert "docs/validation/README.md" in links(ROOT / "CONTRIBUTING.md")


def test_the_index_names_every_part_of_make_validate(script):
    text = (PAGES / "README.md").read_text(encoding="utf-8")
    for part in script("validate").PARTS:
        assert f"`{part}` |" in text


@pytest.mark.parametrize(("option", "participants"), [([], None), (["--quick"], "60"), (["--long"], "5000")])
def test_killed_clients_are_part_of_make_validate_in_three_sizes(script, monkeypatch, tmp_path, option, participants):
    validate, ran = script("validate"), []

    def run(command, **_):
        ran.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(validate.subprocess, "run", run)
    monkeypatch.setattr(sys, "argv", ["validate.py", "--only", "crash", "--out", str(tmp_path), *option])
    assert validate.main() == 0
    (command,) = ran
    assert command[1].endswith("crash_page.py")
    assert participants == (command[command.index("--participants") + 1] if "--participants" in command else None)


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.name)
def test_every_relative_link_of_a_validation_page_resolves(page):
    for target in links(page):
        assert (page.parent / target).exists(), target


def test_shares_are_as_many_joint_errors_apart_as_by_hand(script):
    apart = script("simulation_page").errors_apart
    # (50 + 40 + 1) / (200 + 2) = 0.4505; 0.1 / sqrt(0.4505 x 0.5495 x 0.02) = 1.4212
    assert apart(0.5, 100, 0.4, 100) == pytest.approx(1.4212, abs=5e-5)
    assert apart(0.4, 100, 0.5, 100) == -apart(0.5, 100, 0.4, 100)
    assert apart(0.0, 1000, 0.0, 500) == 0.0
    assert 1.0 < apart(0.0, 100_000, 0.001, 1000) * -1.0 < math.inf


def test_shares_of_one_truth_are_rarely_four_joint_errors_apart(script):
    rng = np.random.default_rng(3)
    ours, theirs = rng.binomial(10_000, 0.03, 2000) / 10_000, rng.binomial(1500, 0.03, 2000) / 1500
    apart = [
        script("simulation_page").errors_apart(one, 10_000, other, 1500)
        for one, other in zip(ours, theirs, strict=True)
    ]
    assert np.std(apart) == pytest.approx(1.0, abs=0.05)
    assert np.max(np.abs(apart)) < 4.5


def test_means_are_apart_by_the_joint_error_and_constants_by_none_or_infinitely_many(script):
    apart = script("simulation_page").means_apart
    assert apart(15.0, 3.0, 5.0, 4.0) == pytest.approx(2.0)
    assert apart(221.0, 0.0, 221.0, 0.0) == 0.0
    assert apart(221.0, 0.0, 220.0, 0.0) == math.inf


def test_the_grid_has_thirty_trials_that_differ_and_rpacts_kinds_of_looks(script):
    cases = script("simulation_cases")
    assert len(set(cases.GRID)) == len(cases.GRID) >= 30
    assert {len(case.events) for case in cases.GRID} == {1, 2, 3}
    assert {case.sides for case in cases.GRID} == {1, 2}
    assert 1.0 in {case.hazard_ratio for case in cases.GRID}
    assert {0.5, 1.0, 2.0} <= {case.ratio for case in cases.GRID}


def test_entries_of_a_case_are_those_of_rpact(script):
    case = script("simulation_cases").Case
    uniform = case(60, (20,), 0.4, 6.0, 12.0).scenario
    # getRawData of getSimulationSurvival of rpact 3.3.4, maxNumberOfSubjects = 60, accrualTime = 12: accrualTime is
    # 0.2, 0.4, ... 12.0 and treatmentGroup 1, 2, 1, 2 ...; rpact is given our control arm as its first
    entered = uniform.participants(1, 0)
    assert entered["entry"].to_list() == pytest.approx([0.2 * i for i in range(1, 61)])
    assert entered["arm"].to_list() == [0, 1] * 30
    stepped = case(300, (180,), 0.7, 12.0, ((6.0, 27.0), (15.0, 10.0))).scenario.participants(1, 0)["entry"].to_list()
    assert stepped == pytest.approx([i / 15 for i in range(1, 91)] + [6 + i / 10 for i in range(1, 211)])


def test_what_is_expected_at_the_stop_is_the_single_look_where_there_is_one(script):
    case = script("simulation_cases").Case(407, (221,), 0.75, 60, 85, dropout=0.05)
    month, events, participants = case.expectations()
    assert events == 221.0
    assert participants == pytest.approx(407.0)
    assert case.scenario.expected_events([month]) == pytest.approx(221.0)
    assert case.power_by("schoenfeld") == pytest.approx(0.57, abs=0.005)  # by hand: sqrt(221) x 0.28768 / 2 - 1.95996


def test_walks_with_one_look_are_unbiased_and_their_intervals_hold(script):
    case = script("simulation_cases").Case(407, (221,), 0.75, 60, 85)
    walks = script("after_stopping").Walks.of(case, walks=200_000)
    assert abs(walks.bias) < 4 * 2 / math.sqrt(221 * 200_000)
    assert walks.coverage == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / 200_000))


def test_a_missed_target_is_the_exit_status_and_one_not_measured_is_not(script, capsys):
    targets = script("targets")
    reached, missed = targets.within("at most 1", 0.5, 1.0, "0.5"), targets.at_least("at least 1", 0.5, 1.0, "0.5")
    absent = targets.within("nothing to compare with", None, 1.0, "")
    assert targets.judged("Page", [reached, absent]) == 0
    assert targets.judged("Page", [reached, missed, absent]) == 1
    assert "not reached  at least 1" in capsys.readouterr().err
    assert targets.target_table([missed]).endswith("| at least 1 | 0.5 | **not reached** |")
