"""Speed of screening: ten million records against Henan's criteria, beside DuckDB queries written by hand.

The table is made in a temporary folder: Henan's variables, each not recorded for 3 of 100 records. All counts are
compared before times are believed: a difference is an error. Then the statements are timed in turn, and the fastest of
several runs counts.

Run: python scripts/bench_screening.py [--records 10000000] [--runs 5]
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill

import duckdb
from machine import stamp, table

from equipoise.protocol import load
from equipoise.screening import screen

RECORDS, RUNS = 10_000_000, 5
FACTOR = 1.5
"""How many times as long as the query by hand screening may take."""

NOT_RECORDED = 3
"""Of 100 values of every variable."""

# What a record holds, as SQL of its number: `n(k, m)` is a whole number below m and `u(k)` one below 100, drawn anew
# for every k. Dates are set so that most participants may enter.
COLUMNS = {
    "informed_consent": "u(0) < 95",
    "consent_date": "DATE '2020-01-01' + n(1, 700)",
    "screening_date": "DATE '2021-06-01' + n(2, 700)",
    "age": "18 + n(3, 65)",
    "sex": "CASE WHEN u(4) < 97 THEN 'female' ELSE 'male' END",
    "diagnosis_date": "DATE '2021-04-01' + n(5, 400)",
    "histology_invasive": "u(6) < 95",
    "m_stage": "CASE WHEN u(7) < 90 THEN 'M1' ELSE 'M0' END",
    "metastases_measured": "u(8) < 90",
    "metastatic_organs": "1 + n(9, 4)",
    "er": "CASE WHEN u(10) < 65 THEN 'positive' WHEN u(10) < 95 THEN 'negative' ELSE 'unknown' END",
    "pr": "CASE WHEN u(11) < 55 THEN 'positive' WHEN u(11) < 95 THEN 'negative' ELSE 'unknown' END",
    "her2": "CASE WHEN u(12) < 20 THEN 'positive' WHEN u(12) < 95 THEN 'negative' ELSE 'unknown' END",
    "bilateral": "u(13) < 3",
    "other_malignancy": "CASE WHEN u(14) < 93 THEN 'none' WHEN u(14) < 98 THEN 'other' ELSE 'skin_non_melanoma' END",
    "other_malignancy_date": "CASE WHEN u(14) >= 93 THEN DATE '2010-01-01' + n(15, 4000) END",
    "ecog": "n(16, 5) // 2",
    "regimen": "CASE WHEN u(17) < 50 THEN 'chemotherapy' WHEN u(17) < 80 THEN 'endocrine' ELSE 'both' END",
    "systemic_start_date": "DATE '2021-06-01' + n(18, 400)",
    "chemotherapy_cycles": "2 + n(19, 7)",
    "endocrine_months": "CAST(n(20, 180) / 10 AS DECIMAL(4, 1))",
    "targeted_therapy": "u(21) < 85",
    "brain_metastases": "CASE WHEN u(22) < 90 THEN 'none' WHEN u(22) < 96 THEN 'controlled' ELSE 'uncontrolled' END",
    "liver_metastases": "CASE WHEN u(23) < 70 THEN 'none' WHEN u(23) < 90 THEN 'controlled' ELSE 'uncontrolled' END",
    "metastases_controlled": "u(24) < 85",
    "breast_radiotherapy": "u(25) < 5",
    "breast_radiotherapy_date": "CASE WHEN u(25) < 5 THEN DATE '2021-06-01' + n(26, 400) END",
    "major_surgery": "u(27) < 5",
    "major_surgery_date": "CASE WHEN u(27) < 5 THEN DATE '2021-10-01' + n(28, 400) END",
    "major_surgery_recovered": "CASE WHEN u(27) < 5 THEN u(29) < 90 END",
    "pregnancy": "CASE WHEN u(30) < 60 THEN 'not_possible' WHEN u(30) < 98 THEN 'not_pregnant' ELSE 'pregnant' END",
    "randomisation_date": "DATE '2022-01-01' + n(31, 250)",
    "induction_response": "['PR', 'PR', 'SD', 'SD', 'CR', 'PD', 'NE'][1 + n(32, 7)]",
    "induction_metastatic": "['PR', 'PR', 'SD', 'SD', 'CR', 'PD', 'NE'][1 + n(33, 7)]",
}

# Henan's criteria with a rule, as they would be written by hand, true where a record passes.
BY_HAND = {
    "I1": "informed_consent AND consent_date <= screening_date",
    "I2": "age BETWEEN 18 AND 70 AND sex = 'female'",
    "I3": "histology_invasive AND m_stage = 'M1' AND metastases_measured",
    "I4": "er IN ('positive', 'negative') AND pr IN ('positive', 'negative') AND her2 IN ('positive', 'negative')",
    "I5": "ecog <= 1",
    # least() of DuckDB passes over NULL, and the earlier of two dates is not known while one of them is not
    "I7": """CASE WHEN diagnosis_date IS NOT NULL AND systemic_start_date IS NOT NULL
             THEN randomisation_date <= least(diagnosis_date, systemic_start_date) + INTERVAL 1 YEAR END""",
    "I8": """induction_response IN ('CR', 'PR', 'SD') AND (
             regimen IN ('chemotherapy', 'both') AND chemotherapy_cycles >= 4
             OR regimen = 'endocrine' AND endocrine_months >= 6)""",
    "E1": "NOT bilateral",
    "E2": "induction_metastatic <> 'PD'",
    "E3": """NOT (brain_metastases = 'uncontrolled' OR liver_metastases = 'uncontrolled'
             OR (metastatic_organs > 1 AND NOT metastases_controlled))""",
    "E4": "NOT (breast_radiotherapy AND breast_radiotherapy_date > diagnosis_date)",
    "E5": "NOT (other_malignancy = 'other' AND other_malignancy_date >= screening_date - INTERVAL 5 YEAR)",
    "E6": """NOT (major_surgery AND (major_surgery_date >= randomisation_date - INTERVAL 4 WEEK
             OR NOT major_surgery_recovered))""",
    "E8": "pregnancy <> 'pregnant'",
}
FIVE = ("I2", "I3", "I4", "I5", "E1")
"""Five criteria of a plain kind, for a figure that other work can be held against."""


@dataclass(frozen=True)
class Row:
    """One way to the answer, and how long it took."""

    what: str
    gives: str
    work: Callable[[], object]
    seconds: float = float("inf")
    processor: float = float("inf")


def make(path: Path, records: int) -> None:
    """The table of records, as Parquet."""
    connection = duckdb.connect()
    shown = [
        f"CASE WHEN hash(i * 128 + {64 + place}) % 100 >= {NOT_RECORDED} THEN {drawn(value)} END AS {name}"
        for place, (name, value) in enumerate(COLUMNS.items())
    ]
    table = f"SELECT i AS patient, {', '.join(shown)} FROM range({records}) AS numbers(i)"  # noqa: S608 - constants
    connection.execute(f"COPY ({table}) TO '{path}' (FORMAT parquet)")
    connection.close()


def drawn(value: str) -> str:
    """SQL of a value, with its draws written out."""
    value = re.sub(r"\bu\((\d+)\)", r"n(\1, 100)", value)
    return re.sub(r"\bn\((\d+), (\d+)\)", r"CAST(hash(i * 128 + \1) % \2 AS INTEGER)", value)


def bare(path: Path, criteria: tuple[str, ...]) -> str:
    """How many records pass: nothing else."""
    wanted = " AND ".join(f"({BY_HAND[name]})" for name in criteria)
    return f"SELECT count(*) FROM '{path}' WHERE {wanted}"  # noqa: S608 - constants


def by_filters(path: Path) -> str:
    """The counts of a screening as most would write them: one aggregate with its FILTER for each."""
    names = list(BY_HAND)
    failing = " + ".join(f"CAST({name} IS FALSE AS INTEGER)" for name in names)
    unknown = " + ".join(f"CAST({name} IS NULL AS INTEGER)" for name in names)
    first = " ".join(f"WHEN {name} IS FALSE THEN '{name}'" for name in names)
    counts = [
        f"count(*) FILTER (first = '{name}'), count(*) FILTER ({name} IS FALSE AND failing = 1 AND unknowns = 0), "
        f"count(*) FILTER ({name} IS FALSE), count(*) FILTER ({name} IS NULL)"
        for name in names
    ]
    judged = ", ".join(f"({rule}) AS {name}" for name, rule in BY_HAND.items())
    return (
        f"WITH judged AS (SELECT {judged} FROM '{path}'), "  # noqa: S608 - constants
        f"summed AS (SELECT *, {failing} AS failing, {unknown} AS unknowns, CASE {first} END AS first FROM judged) "
        "SELECT count(*), count(*) FILTER (failing = 0 AND unknowns = 0), "
        f"count(*) FILTER (failing = 0 AND unknowns > 0), {', '.join(counts)} FROM summed"
    )


def by_pattern(path: Path) -> str:
    """The counts as someone would write them who knows that patterns are few: records by pattern, the rest left out."""
    judged = ", ".join(f"({rule}) AS {name}" for name, rule in BY_HAND.items())
    packed = " + ".join(f"coalesce(CAST({name} AS INTEGER), 2) * {4**i}" for i, name in enumerate(BY_HAND))
    return (
        f"WITH judged AS (SELECT {judged} FROM '{path}') "  # noqa: S608 - constants
        f"SELECT {packed} AS pattern, count(*) FROM judged GROUP BY pattern"
    )


def compare(path: Path) -> tuple[int, int]:
    """Stop unless screening gives what the queries by hand do; the records that are eligible, and the patterns."""
    found = screen(load("henan"), path)
    at = [found.criterion.index(name) for name in BY_HAND]
    ours = [found.records, found.eligible, found.undecided]
    for place in at:
        ours += [int(counts[place]) for counts in (found.first, found.alone, found.failed, found.unknown)]
    theirs = list(duckdb.sql(by_filters(path)).fetchall()[0])
    if ours != theirs:
        raise SystemExit(f"screening counts {ours}, and the query by hand {theirs}")
    if found.eligible != duckdb.sql(bare(path, tuple(BY_HAND))).fetchall()[0][0]:
        raise SystemExit("screening and the bare query by hand disagree on who is eligible")
    return found.eligible, len(duckdb.sql(by_pattern(path)).fetchall())


def timed(ways: list[Row], runs: int) -> list[Row]:
    """Every way in turn, several times: the fastest counts, since other work seldom leaves a machine alone."""
    best = list(ways)
    for _ in range(runs):
        for place, way in enumerate(best):
            began, worked = time.perf_counter(), time.process_time()
            way.work()
            seconds, processor = time.perf_counter() - began, time.process_time() - worked
            best[place] = Row(way.what, way.gives, way.work, min(seconds, way.seconds), min(processor, way.processor))
    return best


def ways(path: Path) -> list[Row]:
    """Screening, and what it is held against."""
    protocol = load("henan")

    def run(statement: str) -> Callable[[], object]:
        return lambda: duckdb.sql(statement).fetchall()

    every = "all counts"
    return [
        Row(
            "**Equipoise**, 14 criteria",
            f"{every}, the cohort rule, wrong values refused",
            lambda: screen(protocol, path),
        ),
        Row("by hand, an aggregate for each count", every, run(by_filters(path))),
        Row("by hand, records by pattern", "patterns, from which all counts follow", run(by_pattern(path))),
        Row("by hand, bare WHERE", "how many are eligible", run(bare(path, tuple(BY_HAND)))),
        Row("by hand, bare WHERE of five criteria", "how many are eligible", run(bare(path, FIVE))),
    ]


def page(records: int, runs: int) -> str:
    """What was found, as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.parquet"
        make(path, records)
        eligible, patterns = compare(path)
        found = timed(ways(path), runs)
    ours = found[0]
    rows = [
        [row.what, row.gives, f"{row.seconds:.2f}", f"{row.processor:.2f}", f"{ours.processor / row.processor:.2f}"]
        for row in found
    ]
    factor = ours.processor / found[1].processor
    verdict = "reached" if factor <= FACTOR else "**not reached**"
    text = (
        f"{records:,} records of {len(COLUMNS)} columns as Parquet; {eligible:,} are eligible, and there are "
        f"{patterns:,} patterns of pass, fail and unknown. The counts were compared first and are the same. "
        f"Fastest of {runs} runs, each in turn; processor time is that of all threads together "
        "and suffers less from other work on the machine. "
        f"Screening is to take at most {FACTOR} times as long as a query by hand for the same counts: {factor:.2f} "
        f"times by processor time, {verdict}."
    )
    columns = ["way", "gives", "seconds", "of processor time", "Equipoise / this"]
    return f"{stamp('duckdb', 'equipoise')}\n\n{fill(text, 120)}\n\n{table(columns, rows)}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Time screening beside DuckDB queries written by hand.")
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--runs", type=int, default=RUNS)
    options = parser.parse_args()
    print(page(options.records, options.runs))


if __name__ == "__main__":
    main()
