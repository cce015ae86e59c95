"""How fast a store is: durable allocations beside bare inserts, a participant's page, verifying.

The bare rate is that of the same number of rows, inserted in one transaction for each allocation on the same engine in
the same run, through the driver alone. Rounds of both take turns, so that a disk whose mood changes favours neither.

Run: python scripts/bench_store.py [--allocations 400] [--participants 10000] [--entries 1000000] [--json]
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from crash_page import DAY, TRIAL, asked_of, first_command, place
from small_trial import SEEDS, TEXT

from equipoise.conduct.decision import Draft
from equipoise.ledger import Entry, verify_bytes
from equipoise.ledger.entry import line_of
from equipoise.protocol import loads
from equipoise.store import Store

PLAIN = TEXT[: TEXT.index("cohort_rules:")] + TEXT[TEXT.index("withdrawal:") :]
"""The small trial without cohort rules, which count everybody at every step and are no part of storing."""
ROUND = 50
ROWS = 6
"""Rows that an allocation inserts or changes: entry, command, head, allocation, stratum, participant; tasks aside."""
PAYLOAD = "x" * 500


@contextmanager
def bare(engine: str, location: str) -> Iterator[Callable[[int], None]]:
    """A function that inserts `ROWS` rows in one durable transaction, through the driver."""
    table = "CREATE TABLE bare (a BIGINT, b BIGINT, c TEXT, PRIMARY KEY (a, b))"
    if engine == "sqlite":
        connection: Any = sqlite3.connect(Path(location) / "bare.sqlite3", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        begin, sql = "BEGIN IMMEDIATE", "INSERT INTO bare VALUES (?, ?, ?)"
    else:
        import psycopg

        connection = psycopg.connect(location, autocommit=True)
        begin, sql = "BEGIN", "INSERT INTO bare VALUES (%s, %s, %s)"
    connection.execute(table)

    def insert(number: int) -> None:
        connection.execute(begin)
        for row in range(ROWS):
            connection.execute(sql, (number, row, PAYLOAD))
        connection.execute("COMMIT")

    try:
        yield insert
    finally:
        connection.close()


def allocations(engine: str, count: int) -> dict[str, Any]:
    """Allocations a second, and bare transactions a second, in turns."""
    with place(engine) as location, bare(engine, location) as insert, Store.open(location) as store:
        store.create_trial(PLAIN)
        store.submit(TRIAL, first_command(PLAIN))
        asked = [asked_of(number) for number in range(1, count + 1)]
        for every in asked:
            for command in every[:-1]:
                store.submit(TRIAL, command)
        ours, theirs = [], []
        for start in range(0, count, ROUND):
            numbers = range(start, min(start + ROUND, count))
            ours.append(rate(lambda number: allocate(store, asked[number][-1]), numbers))
            theirs.append(rate(insert, numbers))
    made, inserted = statistics.median(ours), statistics.median(theirs)
    return {"engine": engine, "allocations a second": round(made), "bare": round(inserted), "share": made / inserted}


def allocate(store: Store, command: Any) -> None:
    if store.submit(TRIAL, command, seeds=SEEDS).arm is None:
        raise AssertionError(command.id)


def rate(act: Callable[[int], None], numbers: range) -> float:
    """How often a second."""
    started = time.perf_counter()
    for number in numbers:
        act(number)
    return len(numbers) / (time.perf_counter() - started)


def large(path: Path, participants: int, entries: int) -> None:
    """A ledger of that size: everybody is screened and has a form, then visits until there are enough entries."""
    forms = [asked_of(number)[:2] for number in range(1, participants + 1)]
    first = first_command(PLAIN)
    protocol = loads(PLAIN)
    head, seq = "0" * 64, 0
    with path.open("wb") as file:

        def add(command: Any, draft: Draft) -> None:
            nonlocal head, seq
            seq += 1
            about = {"actor": command.actor, "role": command.role, "site": command.site, "reason": None}
            line, head = line_of(Entry(
                seq=seq, prev=head, time="2024-03-01T09:00:00Z", participant=draft.participant, kind=draft.kind,
                command=f"c{seq}", version="1", data=draft.data, **about,
            ))  # fmt: skip  # arguments that belong together share a line
            file.write(line + b"\n")

        opened = {"protocol": protocol.id, "version": "1", "digest": protocol.digest}
        add(first, Draft("open", {**opened, "commitments": dict(first.commitments)}))
        for screen, _ in forms:
            add(screen, Draft("screen", {"on": DAY.isoformat()}, screen.participant))
        visit = 0
        while seq < entries:
            visit += 1
            on = (DAY + timedelta(days=visit)).isoformat()
            for screen, _ in forms[: entries - seq]:
                values = {"pain": visit % 11}
                form = {"form": "visit", "on": on, "visit": f"v{visit}", "values": values}
                add(screen, Draft("form", dict(form), screen.participant))


def pages(engine: str, ledger: Path, participants: int) -> dict[str, Any]:
    """How long a participant's page takes, and how fast the store verifies its ledger."""
    with place(engine) as location, Store.open(location) as store:
        started = time.perf_counter()
        store.import_(ledger, PLAIN)
        imported = time.perf_counter() - started
        times = []
        for number in range(1, participants, max(participants // 200, 1)):
            started = time.perf_counter()
            store.participant(TRIAL, f"P{number:05}")
            times.append(time.perf_counter() - started)
        started = time.perf_counter()
        verified = store.verify(TRIAL)
        seconds = time.perf_counter() - started
        assert verified.ok
        another = replace(asked_of(1)[0], id="new", participant="new")
        started = time.perf_counter()
        store.submit(TRIAL, another)
        appended = time.perf_counter() - started
    return {
        "engine": engine,
        "entries": verified.entries,
        "import, s": imported,
        "page, ms (median)": 1000 * statistics.median(times),
        "page, ms (slowest)": 1000 * max(times),
        "append, ms": 1000 * appended,
        "verified a second": verified.entries / seconds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--allocations", type=int, default=400)
    parser.add_argument("--participants", type=int, default=10_000)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    engines = asked.engine or ["sqlite", "postgresql"]
    found: dict[str, Any] = {"allocations": [allocations(engine, asked.allocations) for engine in engines]}
    show(found["allocations"], asked.json)
    if asked.entries:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "large.jsonl"
            large(path, asked.participants, asked.entries)
            data = path.read_bytes()
            started = time.perf_counter()
            assert verify_bytes(data).ok
            found["file, entries verified a second"] = asked.entries / (time.perf_counter() - started)
            del data
            show([{"file, entries verified a second": found["file, entries verified a second"]}], asked.json)
            found["pages"] = [pages(engine, path, asked.participants) for engine in engines]
            show(found["pages"], asked.json)
    if asked.json:
        print(json.dumps(found, indent=1))


def show(rows: list[dict[str, Any]], quiet: bool) -> None:
    for row in () if quiet else rows:
        print(
            ", ".join(
                f"{name}: {value:,.3g}" if isinstance(value, float) else f"{name}: {value}"
                for name, value in row.items()
            )
        )


if __name__ == "__main__":
    sys.exit(main())
