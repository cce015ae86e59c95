"""How fast a store is: durable allocations beside bare inserts, a participant's page, verifying.

The bare rate is that of transactions that insert the same number of rows, of the same bytes, as an allocation writes:
on the same engine and disk, in the same run, as durable (SQLite: WAL and synchronous FULL; PostgreSQL: synchronous_commit
on), through the driver alone, one INSERT a row, into one table with a primary key. What an allocation writes is read back
from the store: every row that the last one inserted, changed or deleted, with the bytes of all its columns. The bare
table has no second index, no trigger and no row to find, and nothing is decided. Rounds of both take turns, so that a
disk whose mood changes favours neither; the rates are medians over rounds, and so is the share, which is ours over theirs
of the same turn.

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
from django.db import connections
from small_trial import SEEDS, TEXT

from equipoise.conduct.decision import Draft
from equipoise.ledger import Entry, verify_bytes
from equipoise.ledger.entry import line_of
from equipoise.protocol import loads
from equipoise.store import Store

PLAIN = TEXT[: TEXT.index("cohort_rules:")] + TEXT[TEXT.index("withdrawal:") :]
"""The small trial without cohort rules, which count everybody at every step and are no part of storing."""
ROUND = 50
TABLES = {
    "entry": "command = %s", "command": "command = %s", "head": "true", "participant": "number = %s",
    "allocation": "participant = %s", "stratum": "true",
}  # fmt: skip
"""Tables in which an allocation inserts or changes one row; it deletes one more, the open task."""
TASK_BYTES = 60


def written(store: Store, command: Any) -> list[int]:
    """The bytes of every row that an allocation wrote."""
    found = [TASK_BYTES]
    with connections[store.alias].cursor() as cursor:
        for table, where in TABLES.items():
            value = command.participant if "part" in where or "number" in where else command.id
            cursor.execute(f"SELECT * FROM store_{table} WHERE {where}", [value] if "%s" in where else [])
            ((row),) = cursor.fetchall()
            found.append(sum(8 if isinstance(part, int) else len(part) for part in row if part is not None))
    return found


@contextmanager
def bare(engine: str, location: str, sizes: list[int]) -> Iterator[Callable[[int], None]]:
    """A function that inserts rows of these sizes in one durable transaction, through the driver."""
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
    payloads = ["x" * (size - 16) for size in sizes]  # the key has two numbers

    def insert(number: int) -> None:
        connection.execute(begin)
        for row, payload in enumerate(payloads):
            connection.execute(sql, (number, row, payload))
        connection.execute("COMMIT")

    try:
        yield insert
    finally:
        connection.close()


def allocations(engine: str, count: int, text: str = PLAIN) -> dict[str, Any]:
    """Allocations a second, and bare transactions a second, in turns."""
    with place(engine) as location, Store.open(location) as store:
        store.create_trial(text)
        store.submit(TRIAL, first_command(text))
        asked = [asked_of(number) for number in range(count + 1)]
        for every in asked:
            for command in every[:-1]:
                store.submit(TRIAL, command)
        last = asked.pop()[-1]
        allocate(store, last)
        ours, theirs = [], []
        sizes = written(store, last)
        with bare(engine, location, sizes) as insert:
            for start in range(0, count, ROUND):
                numbers = range(start, min(start + ROUND, count))
                ours.append(rate(lambda number: allocate(store, asked[number][-1]), numbers))
                theirs.append(rate(insert, numbers))
        assert store.verify(TRIAL).ok
        assert not store.rebuild(TRIAL).changed
    shares = [made / inserted for made, inserted in zip(ours, theirs, strict=True)]
    return {
        "engine": engine, "allocations a second": round(statistics.median(ours)),
        "bare": round(statistics.median(theirs)), "rows": len(sizes), "bytes": sum(sizes),
        "share": statistics.median(shares), "least": min(shares), "most": max(shares),
    }  # fmt: skip


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
