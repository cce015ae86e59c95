"""The ledger alone is enough to replay it: by the JavaScript of docs/ledger.md, by Python without this project."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_trial import BLOCKS, TWICE, Clerk, small

from equipoise.conduct import commands
from equipoise.ledger import Journal
from equipoise.protocol import loads

HERE = Path(__file__).parent
INDEPENDENT = HERE / "independent_replay.py"
NODE = shutil.which("node")
Body = dict[str, Any]


def javascript() -> str:
    """The program that docs/ledger.md prints."""
    text = (HERE.parents[1] / "docs" / "ledger.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"^```js\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return str(program)


def node_major() -> int:
    """The version of node here; 0 without one."""
    if NODE is None:
        return 0
    said = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    return int(said.strip().removeprefix("v").partition(".")[0])


@pytest.fixture(params=["javascript", "python"])
def replay(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[bytes], tuple[int, str]]:
    """Replay a ledger in another process: exit status and what was printed."""
    if request.param == "python":
        command = [sys.executable, "-I", str(INDEPENDENT)]
    else:
        if node_major() < 18:
            pytest.skip("no node of version 18 or newer on this machine")
        program = tmp_path / "replay.mjs"
        program.write_text(javascript(), encoding="utf-8")
        command = [str(NODE), str(program)]

    def run(ledger: bytes) -> tuple[int, str]:
        path = tmp_path / "ledger.jsonl"
        path.write_bytes(ledger)
        done = subprocess.run([*command, str(path), "A", "B"], capture_output=True, text=True, check=False)
        assert done.stderr == ""
        return done.returncode, done.stdout.strip()

    return run


def ledger(text: str | None = None) -> Journal:
    """Nine participants, of whom the fourth was given an arm by hand; the seeds revealed."""
    clerk = Clerk(small(BLOCKS) if text is None else small() if text == "minimisation" else loads(text, file="t.yaml"))
    if text == TWICE:
        clerk = Clerk(clerk.protocol, seeds={"main": bytes(range(32)), "second": bytes(range(1, 33))})
    clerk.open()
    for i in range(9):
        her2 = ("positive", "negative")[i % 3 == 0]
        if i == 3:
            clerk.register("P3", her2=her2)
            clerk.assess("P3")
            reason = "the site's line was down"
            clerk.accepted(
                commands.AllocateByHand, "P3", step="randomisation", arm="B", role="coordinator", reason=reason
            )
        else:
            clerk.allocate(f"P{i}", her2=her2)
        if text == TWICE:
            clerk.accepted(commands.Allocate, f"P{i}", step="maintenance")
    clerk.finish()
    return clerk.desk.journal


LEDGERS = {"blocks": ledger(), "minimisation": ledger("minimisation"), "two lists": ledger(TWICE)}


@pytest.mark.parametrize(("name", "draws"), [("blocks", 8), ("minimisation", 8), ("two lists", 17)])
def test_a_ledger_replays_in_another_language(
    replay: Callable[[bytes], tuple[int, str]], name: str, draws: int
) -> None:
    assert replay(LEDGERS[name].to_bytes()) == (0, f"{draws} draws replayed")


def resealed(journal: Journal, change: Callable[[list[Body]], int]) -> tuple[bytes, int]:
    """The ledger with something changed and every hash made anew, and the number of the entry that was changed."""
    bodies: list[Body] = [json.loads(line)["entry"] for line in journal.to_bytes().splitlines()]
    seq = change(bodies)
    forged = Journal()
    for body in bodies:
        forged.append(**{name: value for name, value in body.items() if name not in ("seq", "prev")})
    return forged.to_bytes(), seq


def drawn(bodies: list[Body]) -> Body:
    """The entry of the third allocation."""
    return [body for body in bodies if body["kind"] == "allocate"][2]


def another_arm(bodies: list[Body]) -> int:
    body = drawn(bodies)
    body["data"]["arm"] = "A" if body["data"]["arm"] == "B" else "B"
    return int(body["seq"])


def another_draw(bodies: list[Body]) -> int:
    body = drawn(bodies)
    body["data"]["draw"] = str(int(body["data"]["draw"]) ^ 1)
    return int(body["seq"])


def another_number(bodies: list[Body]) -> int:
    body = drawn(bodies)
    body["data"]["k"] += 1
    return int(body["seq"])


def another_block(bodies: list[Body]) -> int:
    body = next(body for body in bodies if (body["data"].get("block") or {}).get("draw"))
    body["data"]["block"]["draw"] = "1"
    return int(body["seq"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (another_arm, "not the arm of the draw"),
        (another_draw, "not the draw of the seed"),
        (another_number, "is not the next draw"),
        (another_block, "not the draw of the block's size"),
    ],
)
def test_what_was_changed_is_found_in_another_language(
    replay: Callable[[bytes], tuple[int, str]], change: Callable[[list[Body]], int], said: str
) -> None:
    forged, seq = resealed(LEDGERS["blocks"], change)
    status, out = replay(forged)
    assert status == 1
    assert any(line.startswith(f"entry {seq}: ") and line.endswith(said) for line in out.splitlines())


def test_another_seed_than_the_one_committed_to_is_found_in_another_language(
    replay: Callable[[bytes], tuple[int, str]],
) -> None:
    def another_seed(bodies: list[Body]) -> int:
        body = next(body for body in bodies if body["kind"] == "reveal")
        body["data"]["seeds"]["main"] = "ab" * 32
        return int(body["seq"])

    status, out = replay(resealed(LEDGERS["blocks"], another_seed)[0])
    assert status == 1
    assert out.startswith("list main: not the seed committed to")


def test_the_examples_are_short_and_use_nothing_of_this_project() -> None:
    source = INDEPENDENT.read_text(encoding="utf-8")
    imported = {
        name.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert imported == {"hashlib", "hmac", "json", "sys", "collections", "pathlib"}
    program = [line for line in javascript().splitlines() if line.strip()]
    assert len(program) <= 40
    assert set(re.findall(r'from "([^"]+)"', javascript())) == {"node:crypto", "node:fs"}
