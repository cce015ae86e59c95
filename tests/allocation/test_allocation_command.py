"""`equipoise allocation T`, and the population it takes from a rehearsal."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from equipoise.cli import main
from equipoise.errors import DesignError
from equipoise.protocol import Protocol, load, loads
from equipoise.rehearsal.allocated import allocated_population
from equipoise.trials import protocol_path


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run the command line in this process: status, standard output, standard error."""
    with pytest.raises(SystemExit) as left:
        main(["allocation", *arguments])
    out, err = capsys.readouterr()
    return int(left.value.code or 0), out, err


def without_assumptions() -> str:
    """JCOG1017's protocol without its section of assumptions."""
    text = protocol_path("jcog1017").read_text(encoding="utf-8")
    return re.sub(r"^assumptions:\n(?:[ \n].*\n?|\n)*", "", text, count=1, flags=re.MULTILINE)


@pytest.fixture(scope="module")
def bare() -> Protocol:
    protocol = loads(without_assumptions(), file="bare.yaml")
    assert protocol.assumptions is None
    return protocol


def test_the_table_names_the_trials_method_and_ends_with_what_it_means(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = call(capsys, "tehran", "--replicates", "30")
    assert (status, err) == (0, "")
    first, *table = out.splitlines()
    assert first == (
        "Allocation of 236 participants at one site, 30 times. "
        "This trial: minimisation over dominant_site, hormone_receptor, her2, p = 4/5."
    )
    assert [line.split("  ")[0] for line in table[2:10]] == [
        "this trial",
        "simple",
        "blocks of 2",
        "blocks of 4",
        "blocks of 4 and 6",
        "block urn of 4",
        "biased coin of 2/3",
        "big stick of 2",
    ]
    assert table[-2].startswith("Participants: 236 allocated in a rehearsal of 236 registered, seed 1.")
    assert table[-1].startswith("An investigator who expects the arm that lags at the own site is right ")


def test_as_json_it_is_one_document_that_the_seed_decides(capsys: pytest.CaptureFixture[str]) -> None:
    options = ("tehran", "--replicates", "10", "--sites", "8", "--participants", "90", "--json")
    status, out, _ = call(capsys, *options)
    found = json.loads(out)
    assert status == 0
    assert (found["trial"], found["list"], found["sites"], found["participants"]) == ("tehran", "main", 8, 90)
    assert found["methods"][0]["by_factor"].keys() == {"dominant_site", "hormone_receptor", "her2"}
    blocks = {item["label"]: item for item in found["methods"]}["blocks of 4 per site"]
    assert 0.6 < blocks["guess"] < 0.72
    assert call(capsys, *options)[1] == out
    assert json.loads(call(capsys, *options, "--seed", "2")[1])["methods"] != found["methods"]


def test_a_list_without_chance_has_nothing_to_guess(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = call(capsys, "changhai")
    assert status == 0
    assert out.startswith("Arms follow a class, without chance")
    assert json.loads(call(capsys, "changhai", "--json")[1])["methods"] == []


def test_mistakes_are_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = call(capsys, "tehran", "--list", "side")
    assert (status, err) == (2, "tehran has no list 'side'; it has main\n")
    path = tmp_path / "bare.yaml"
    path.write_text(without_assumptions(), encoding="utf-8")
    status, _, err = call(capsys, str(path))
    assert status == 2
    assert err.startswith("jcog1017 has no assumptions")
    status, out, _ = call(capsys, str(path), "--sites", "3", "--participants", "40", "--replicates", "5")
    assert status == 0
    assert "Participants: as asked for; every combination of levels is equally likely." in out


# --- populations


def test_a_population_is_of_those_whom_a_rehearsal_allocates() -> None:
    protocol = load("tehran")
    found = allocated_population(protocol, "main", seed=3)
    assert (found.participants, found.sites) == (236, 1)
    assert {name: len(column) for name, column in found.levels.items()} == {
        "dominant_site": 236,
        "hormone_receptor": 236,
        "her2": 236,
    }
    assert set(found.levels["her2"]) == {"overexpressed", "not_overexpressed"}  # those that the assumptions draw
    fewer = allocated_population(protocol, "main", seed=3, participants=50, sites=4)
    assert (fewer.participants, fewer.sites, fewer.levels) == (50, 4, found.levels)
    assert fewer.source.startswith("50 as asked for, with the levels of 236 allocated")


def test_without_assumptions_every_combination_of_levels_is_there_once(bare: Protocol) -> None:
    found = allocated_population(bare, "main", participants=40, sites=3)
    rows = list(zip(*found.levels.values(), strict=True))
    assert list(found.levels) == ["organs_involved", "subtype"]
    assert len(rows) == len(set(rows)) == 2 * len(bare.dictionary["subtype"].values or ())


def test_without_assumptions_the_numbers_have_to_be_given(bare: Protocol) -> None:
    with pytest.raises(DesignError, match="give participants and sites"):
        allocated_population(bare, "main", participants=40)


def test_a_trial_that_allocates_nobody_has_no_population() -> None:
    protocol = load("jcog1017")
    assert protocol.assumptions is not None
    accrual = protocol.assumptions.accrual.model_copy(update={"participants": 1})
    # cut off within the induction, nobody has reached randomisation yet
    assumptions = protocol.assumptions.model_copy(update={"accrual": accrual, "cut_off_months": 1})
    with pytest.raises(DesignError, match="allocates nobody from list 'main'"):
        allocated_population(protocol.model_copy(update={"assumptions": assumptions}), "main")
