"""Killed processes, full and read-only disks: nothing is lost, doubled or half written, and the refusal is clear."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from small_trial import TEXT
from stored_trial import StoreClerk

from equipoise.conduct import commands
from equipoise.store import Store, StoreError

ROOT = Path(__file__).parents[2]
CHILD = """
import os, resource, sys, tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from equipoise.conduct import commands
from equipoise.store import Store, StoreError

folder, fault = sys.argv[1:]

def screen(number):
    return commands.Screen(id=f"s{number}", at=datetime(2024, 3, 1, 9, tzinfo=UTC), actor="anna", role="investigator",
                           site="01", participant=f"P{number}", on=date(2024, 3, 1), reason="x" * 1900)

acknowledged = 0
if fault == "read-only" and os.geteuid() == 0:
    Store.open(tempfile.mkdtemp()).close()  # all that is imported late is imported now
    os.setuid(65534)  # root may write whatever the permissions say
try:
    with Store.open(folder) as store:
        if fault == "full":
            size = sum(path.stat().st_size for path in Path(folder).iterdir() if path.suffix != ".sqlite3-shm")
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 40_000, size + 40_000))
        for number in range(1, 1000):
            store.submit("small", screen(number))
            acknowledged += 1
except StoreError as error:
    print(acknowledged, error)
"""


def child(folder: Path, fault: str) -> tuple[int, str]:
    """Screen participants in a process that something is wrong for: how many were answered, and what was said."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder), fault], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    count, _, said = done.stdout.partition(" ")
    return int(count), said


@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.xdist_group("postgresql"))])
def test_clients_that_are_killed_lose_double_and_reuse_nothing(engine: str, request: pytest.FixtureRequest) -> None:
    if engine == "postgresql":
        request.getfixturevalue("server")  # skips, or fails, where there is none
    size = ["--clients", "8", "--participants", "60", "--kills", "10", "--engine", engine, "--json"]
    run = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "crash_page.py"), *size],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert run.returncode in (0, 1), run.stderr
    (outcome,) = json.loads(run.stdout)
    assert outcome["kills"] >= 5
    assert outcome["acknowledged"] >= outcome["commands"] == 60 * 7
    assert {what: count for what, count in outcome["wrong"].items() if count} == {}, run.stderr


def test_a_full_disk_is_a_clear_refusal_and_nothing_is_half_written(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store:
        StoreClerk.of(store).open()
    acknowledged, said = child(tmp_path, "full")
    assert "nothing was written: the disk" in said
    with Store.open(tmp_path) as store:
        assert 0 < acknowledged == store.ledger("small").entries - 1
        assert store.verify("small").ok
        assert store.rebuild("small").changed == 0
        clerk = StoreClerk.of(store, name="next")  # and it goes on when there is room
        clerk.open()
        clerk.allocate("P1")


def test_a_read_only_folder_is_a_clear_refusal() -> None:
    with tempfile.TemporaryDirectory() as above:  # pytest's own folders are closed to whom root becomes in the child
        Path(above).chmod(0o755)
        folder = Path(above) / "data"
        with Store.open(folder) as store:
            StoreClerk.of(store).open()
        for path in (*folder.iterdir(), folder):
            path.chmod(0o555 if path.is_dir() else 0o444)
        acknowledged, said = child(folder, "read-only")
        assert acknowledged == 0
        assert "read-only" in said or "cannot be written" in said
        for path in (folder, *folder.iterdir()):
            path.chmod(0o755)
        with Store.open(folder) as store:
            assert store.ledger("small").entries == 1


OPENER = """
import sys
from equipoise.store import Store
with Store.open(sys.argv[1]) as store:
    store.trials()
"""


def test_processes_that_open_a_new_store_at_once_wait_for_the_one_that_makes_it(location: str) -> None:
    openers = [subprocess.Popen([sys.executable, "-c", OPENER, location]) for _ in range(5)]
    assert [opener.wait(120) for opener in openers] == [0] * 5


def test_a_folder_that_cannot_be_one_and_an_unknown_url_are_errors_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="a store is a folder"):
        Store.open(tmp_path / "file")
    with pytest.raises(StoreError, match="no database of ours"):
        Store.open("mysql://localhost/trial")
    with pytest.raises(StoreError, match="cannot be reached"):
        Store.open(f"postgresql://nobody@/nothing?host={tmp_path}")


def test_a_file_that_is_no_database_is_an_error_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "equipoise.sqlite3").write_text("not a database, and long enough to be read as the head of one " * 20)
    with pytest.raises(StoreError, match="not a database of ours"):
        Store.open(tmp_path)


def test_an_error_of_a_url_never_shows_its_password() -> None:
    with pytest.raises(StoreError) as said:
        Store.open("postgresql://anna:geheim@localhost:notaport/x?nonsense=1")
    assert "geheim" not in str(said.value)


def test_a_second_writer_waits_and_then_goes_on(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store, Store.open(tmp_path) as other:
        clerk = StoreClerk.of(store, TEXT)
        clerk.open()
        for number in range(1, 6):
            for desk in (store, other):
                answer = desk.submit("small", clerk.command(commands.Screen, f"P{number}{desk.alias}"))
                assert answer.accepted
        assert store.ledger("small").entries == 11
