"""How fast a store is: durable allocations beside bare inserts, a participant's page, verifying.

The bare rate is that of transactions which insert the rows that an allocation writes, and do nothing else: on the same
engine and disk, in the same run, as durable (SQLite: WAL and synchronous FULL; PostgreSQL: synchronous_commit on), by
the driver alone, one INSERT a row. What an allocation writes is read back from the store: every row that the last one
inserted, changed or deleted. The very same values go into copies of the same tables, with their keys and indexes and
without triggers; so the bytes, and the pages that reach the disk, are about the same. `plain` is the rate of as many
rows of as many bytes in one table that has a key of two numbers and no further index: fewer pages than a store of
trials could do with. In neither is anything looked up or decided. Rounds of all three take turns, so that a disk whose
mood changes favours none; rates are medians over rounds, and so are shares, each ours over theirs of one turn.

Run: python scripts/bench_store.py [--allocations 400] [--participants 10000] [--entries 1000000]
         [--out docs/validation | --json]
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
from typing import Any, TypeAlias

from crash_page import DAY, TRIAL, asked_of, first_command, place
from django.db import connections
from machine import stamp, table
from small_trial import SEEDS, TEXT

from equipoise.conduct.decision import Draft
from equipoise.ledger import Entry, verify_bytes
from equipoise.ledger.entry import line_of
from equipoise.protocol import loads
from equipoise.store import Store

PLAIN = TEXT[: TEXT.index("cohort_rules:")] + TEXT[TEXT.index("withdrawal:") :]
"""The small trial without cohort rules, which count everybody at every step and are no part of storing."""
ROUND = 50
Act: TypeAlias = Callable[[int], None]
TABLES = {
    "entry": "command = %s", "command": "command = %s", "head": "true", "participant": "number = %s",
    "allocation": "participant = %s", "stratum": "true", "task": "participant = %s",
}  # fmt: skip  # short items of one kind share a line
"""Tables in which an allocation inserts, changes or deletes one row each."""


def written(store: Store, command: Any, table: str) -> dict[str, Any]:
    """The row of a command, or of its participant, in a table: its columns by name, the trial's among them."""
    where = TABLES[table]
    value = command.id if "command" in where else command.participant
    with connections[store.alias].cursor() as cursor:
        sql = f"SELECT * FROM store_{table} WHERE {where}"  # noqa: S608 - our own names
        cursor.execute(sql, [value] if "%s" in where else [])
        (row,) = cursor.fetchall()
        return dict(zip((column[0] for column in cursor.description), row, strict=True))


@contextmanager
def bare(engine: str, location: str, rows: dict[str, dict[str, Any]]) -> Iterator[tuple[Act, Act]]:
    """Two functions that insert such rows in one durable transaction: into copies of their tables, into one table."""
    if engine == "sqlite":
        connection: Any = sqlite3.connect(Path(location) / "equipoise.sqlite3", isolation_level=None, timeout=60)
        connection.execute("PRAGMA synchronous = FULL")
        begin, slot = "BEGIN IMMEDIATE", "?"
        for table in rows:
            made = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL AND type IN ('table', 'index')"
            for (sql,) in connection.execute(made, (f"store_{table}",)).fetchall():
                copy = sql.replace('INDEX "', 'INDEX "bare_').replace(f'"store_{table}"', f'"bare_{table}"')
                connection.execute(copy)
    else:
        import psycopg

        connection = psycopg.connect(location, autocommit=True)
        begin, slot = "BEGIN", "%s"
        for table in rows:
            connection.execute(f"CREATE TABLE bare_{table} (LIKE store_{table} INCLUDING ALL)")
    connection.execute("CREATE TABLE plain (a BIGINT, b BIGINT, c TEXT, PRIMARY KEY (a, b))")
    copies = []
    for table, row in rows.items():
        slots = ", ".join([slot] * len(row))
        copies.append((f"INSERT INTO bare_{table} ({', '.join(row)}) VALUES ({slots})", row))  # noqa: S608 - our own names
    payloads = ["x" * (size(row) - 16) for row in rows.values()]
    plain_row = f"INSERT INTO plain VALUES ({slot}, {slot}, {slot})"  # noqa: S608 - our own names

    def copied(number: int) -> None:
        connection.execute(begin)
        for sql, values in copies:
            connection.execute(sql, tuple((values | {"trial_id": number}).values()))  # a part of every key
        connection.execute("COMMIT")

    def plain(number: int) -> None:
        connection.execute(begin)
        for count, payload in enumerate(payloads):
            connection.execute(plain_row, (number, count, payload))
        connection.execute("COMMIT")

    try:
        yield copied, plain
    finally:
        connection.close()


def size(row: dict[str, Any]) -> int:
    """The bytes of a row's values, about."""
    return sum(8 if isinstance(part, int) else len(part) for part in row.values() if part is not None)


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
        rows = {"task": written(store, last, "task")}  # which goes with the allocation
        allocate(store, last)
        rows |= {table: written(store, last, table) for table in TABLES if table != "task"}
        rates: list[list[float]] = []

        def ours(number: int) -> None:
            allocate(store, asked[number][-1])

        with bare(engine, location, rows) as (copied, plain):
            for start in range(0, count, ROUND):
                numbers = range(start, min(start + ROUND, count))
                rates.append([rate(act, numbers) for act in (ours, copied, plain)])
        assert store.verify(TRIAL).ok
        assert not store.rebuild(TRIAL).changed
    found: dict[str, Any] = {"engine": engine, "rows": len(rows), "bytes": sum(map(size, rows.values()))}
    medians = [statistics.median(column) for column in zip(*rates, strict=True)]
    found |= zip(("allocations a second", "bare", "plain"), map(round, medians), strict=True)
    shares = sorted(made / inserted for made, inserted, _ in rates)
    return found | {
        "share": statistics.median(shares), "least": shares[0], "most": shares[-1],
        "share of plain": statistics.median(made / inserted for made, _, inserted in rates),
    }  # fmt: skip  # short items of one kind share a line


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
        "import in s": imported,
        "page in ms (median)": 1000 * statistics.median(times),
        "page in ms (slowest)": 1000 * max(times),
        "append in ms": 1000 * appended,
        "verified a second": verified.entries / seconds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--allocations", type=int, default=400)
    parser.add_argument("--participants", type=int, default=10_000)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--engine", choices=["sqlite", "postgresql"], action="append")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=Path, help="folder of the page store_speed.md")
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
    if asked.out:
        (asked.out / "store_speed.md").write_text(page(found))


def page(found: dict[str, Any]) -> str:
    """The page in docs/validation."""
    parts = [
        "# How fast the store is", "", "Written by `python scripts/bench_store.py --out docs/validation`.", "",
        stamp("django", "psycopg"), "", "## Allocations", "",
        "Durable allocations a second beside bare transactions that insert the very rows that an allocation writes,",
        "with the keys and indexes of the store's tables and without its triggers (`bare`), and as many bytes in one",
        "table without further indexes (`plain`); through the driver alone, on the same engine and disk, in turns.",
        "Shares are medians over turns. Half of `bare` is the aim; how near it is depends on how long the disk takes",
        "to sync, for an allocation costs some 0.4 to 0.5 ms of processor time on top.", "",
        in_columns(found["allocations"]), "",
    ]  # fmt: skip  # lines of a page
    if "pages" in found:
        verified = found["file, entries verified a second"]
        parts += [
            "## A large trial", "",
            "A participant's page (in less than 50 ms), one more entry, and verifying (over 100,000 entries a second).",
            f"A ledger file is verified at {verified:,.0f} entries a second.", "", in_columns(found["pages"]), "",
        ]  # fmt: skip  # lines of a page
    return "\n".join(parts)


def in_columns(rows: list[dict[str, Any]]) -> str:
    """A table in Markdown."""
    return table(list(rows[0]), [[shown(value) for value in row.values()] for row in rows])


def shown(value: Any) -> str:
    """Three digits, and thousands whole."""
    if isinstance(value, int):
        return f"{value:,}"
    return value if isinstance(value, str) else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


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
