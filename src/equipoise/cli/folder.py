"""The folder of a rehearsal: ledger, data sets, results, report."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from equipoise.analysis import Results, primary_estimate
from equipoise.protocol import Protocol
from equipoise.rehearsal import analyse_rehearsal, rehearse
from equipoise.report import render_report


@dataclass(frozen=True, slots=True)
class Written:
    """What was written, and what there is to say of it."""

    protocol: Protocol
    results: Results
    document: dict[str, Any]
    files: tuple[str, ...]

    @property
    def lines(self) -> list[str]:
        """For people: the flow in a line, then the primary result and every comparison."""
        flow = self.results.flow
        assert flow is not None
        steps = ", ".join(f"{step.passed} passed {step.label.lower()}" for step in flow.steps)
        first = primary_estimate(self.protocol, self.results)
        return [f"{self.protocol.id}: {flow.screened} screened, {steps}", f"primary result: {first}"]


def write_rehearsal(
    protocol: Protocol, seed: int, folder: Path, progress: Callable[[int, int], None] | None = None
) -> Written:
    """Rehearse, analyse, and write everything into a folder. Each file appears whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    rehearsal = rehearse(protocol, seed=seed, progress=progress)
    datasets, results = analyse_rehearsal(rehearsal)
    document = {"seed": seed, **results.to_dict()}
    files: dict[str, Callable[[Path], object]] = {
        "ledger.jsonl": lambda path: path.write_bytes(rehearsal.journal.to_bytes()),
        "results.json": lambda path: path.write_text(results_text(document), encoding="utf-8"),
    }
    files |= {name: partial(datasets.write_one, name) for name in datasets.files}
    page = render_report(protocol, results, seed=seed, files=tuple(files))
    files["report.html"] = lambda path: path.write_text(page, encoding="utf-8")
    for name, write in files.items():
        whole(folder / name, write)
    for leftover in {f"{name}.parquet" for name in ("adsl", "adtte", "adqs", "adae")} - files.keys():
        (folder / leftover).unlink(missing_ok=True)  # of another trial, rehearsed into this folder before
    return Written(protocol, results, document, tuple(sorted(files)))


def results_text(document: dict[str, Any]) -> str:
    """`results.json`, the same bytes for the same results."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def whole(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside its place, then move it there."""
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        write(unfinished)
        os.replace(unfinished, path)  # noqa: PTH105 - replaces on every platform
    finally:
        unfinished.unlink(missing_ok=True)
